//! Foreign leaf lists.

use super::{MI, PIECE, data, hashed};
use blake3::hazmat::{Mode, merge_subtrees_non_root};
use proptest::prelude::*;
use waxwing::model::content::{Leaf, LeafList};
use waxwing::model::{Content, Error};

#[test]
fn the_right_list_is_accepted_and_kept() {
    for size in [0, 1, PIECE + 1, MI, MI + 1, 2 * MI, 3 * MI + 1, 9 * MI] {
        let (content, leaves) = hashed(&data(size));
        let list = LeafList::verify(content, leaves.clone()).unwrap();
        assert_eq!((list.content(), list.leaves()), (content, leaves.as_slice()), "{size}");
    }
}

#[test]
fn a_changed_or_moved_leaf_is_refused() {
    let (content, leaves) = hashed(&data(5 * MI + 7));
    for at in 0..leaves.len() {
        let mut changed = leaves.clone();
        changed[at] = flipped(leaves[at], at);
        assert_eq!(LeafList::verify(content, changed), Err(OTHER_CONTENT), "{at} changed");
        for other in 0..at {
            let mut swapped = leaves.clone();
            swapped.swap(at, other);
            assert_eq!(LeafList::verify(content, swapped), Err(OTHER_CONTENT), "{at} and {other}");
        }
    }
}

#[test]
fn a_missing_or_added_leaf_is_refused() {
    let (content, leaves) = hashed(&data(5 * MI + 7));
    for at in 0..leaves.len() {
        let mut fewer = leaves.clone();
        let leaf = fewer.remove(at);
        assert_eq!(LeafList::verify(content, fewer), Err(OTHER_COUNT), "{at} missing");
        let mut more = leaves.clone();
        more.insert(at, leaf);
        assert_eq!(LeafList::verify(content, more), Err(OTHER_COUNT), "{at} twice");
    }
    assert_eq!(LeafList::verify(content, Vec::new()), Err(OTHER_COUNT));
    assert_eq!(LeafList::verify(content, vec![leaves[0]; 100_000]), Err(OTHER_COUNT));
}

#[test]
fn a_list_for_another_size_is_refused() {
    let (content, leaves) = hashed(&data(5 * MI));
    for size in [0, 1, MI, 4 * MI, 5 * MI + 1, 1 << 44] {
        let other = Content::new(content.id(), size as u64).unwrap();
        assert_eq!(LeafList::verify(other, leaves.clone()), Err(OTHER_COUNT), "{size}");
    }
}

#[test]
fn a_list_of_another_content_of_the_same_size_is_refused() {
    let (content, _) = hashed(&data(3 * MI));
    let (_, leaves) = hashed(&vec![7; 3 * MI]);
    assert_eq!(LeafList::verify(content, leaves), Err(OTHER_CONTENT));
}

#[test]
fn leaves_for_a_content_that_has_none_are_refused() {
    for size in [0, 1, PIECE, MI] {
        let content = Content::of(&data(size));
        let leaf = Leaf::from_bytes(*content.id().as_bytes());
        assert_eq!(LeafList::verify(content, vec![leaf]), Err(OTHER_COUNT), "{size}");
        assert_eq!(LeafList::verify(content, vec![leaf, leaf]), Err(OTHER_COUNT), "{size}");
    }
}

/// Merging pairs of a content's leaves gives half as many values that merge to the same id: they
/// would pass for its leaves, and each honest leaf would then seem wrong. Only the size tells.
#[test]
fn the_true_list_of_another_tree_with_the_same_root_is_refused() {
    let (content, leaves) = hashed(&data(4 * MI));
    let nodes: Vec<_> = leaves.chunks(2).map(|pair| parent(pair[0], pair[1])).collect();
    let half = Content::new(content.id(), 2 * MI as u64).unwrap();
    assert!(LeafList::verify(half, nodes.clone()).is_ok(), "it does merge to the same id");
    assert_eq!(LeafList::verify(content, nodes), Err(OTHER_COUNT));
}

#[test]
fn the_true_list_of_a_part_of_the_tree_is_refused() {
    let (content, leaves) = hashed(&data(4 * MI));
    let uneven = vec![leaves[0], leaves[1], parent(leaves[2], leaves[3])];
    assert_eq!(LeafList::verify(content, uneven.clone()), Err(OTHER_COUNT));
    let three = Content::new(content.id(), 3 * MI as u64).unwrap();
    assert!(LeafList::verify(three, uneven).is_ok(), "it does merge to the same id");
}

#[test]
fn a_leaf_comes_back_from_its_bytes() {
    let (_, leaves) = hashed(&data(2 * MI));
    for leaf in leaves {
        assert_eq!(Leaf::from_bytes(*leaf.as_bytes()), leaf);
    }
}

proptest! {
    #[test]
    fn any_list_is_refused_or_right(
        wrong in proptest::collection::vec(any::<[u8; 32]>(), 0..40),
        size in 0u64..40 << 20,
    ) {
        let content = Content::new(Content::of(b"x").id(), size).unwrap();
        let leaves: Vec<_> = wrong.into_iter().map(Leaf::from_bytes).collect();
        let accepted = LeafList::verify(content, leaves.clone()).is_ok();
        prop_assert_eq!(accepted, leaves.is_empty() && size <= 1 << 20);
    }
}

/// One bit of a leaf changed; which one depends on where.
fn flipped(leaf: Leaf, at: usize) -> Leaf {
    let mut bytes = *leaf.as_bytes();
    bytes[(at * 7) % 32] ^= 1 << (at % 8);
    Leaf::from_bytes(bytes)
}

fn parent(left: Leaf, right: Leaf) -> Leaf {
    Leaf::from_bytes(merge_subtrees_non_root(left.as_bytes(), right.as_bytes(), Mode::Hash))
}

const OTHER_COUNT: Error = Error::Leaves("it has not as many leaves as the content");
const OTHER_CONTENT: Error = Error::Leaves("they merge to another content");
