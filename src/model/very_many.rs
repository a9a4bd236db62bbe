//! Lists of hundreds of thousands of files, which are made one from the other.

use std::iter;

/// All of these in their order, whose room goes as they are taken: what is made of them is not there beside
/// them. Large lists are made smaller where they lie.
pub(crate) fn given_back<T>(mut all: Vec<T>) -> impl Iterator<Item = T> {
    all.reverse();
    iter::from_fn(move || {
        let next = all.pop();
        if all.len().is_multiple_of(AT_ONCE) {
            all.shrink_to_fit();
        }
        next
    })
}

/// The room of so many goes at once.
const AT_ONCE: usize = 4096;
