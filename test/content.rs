//! What a content is called: the plain BLAKE3 hash, however its bytes come, and no list of leaves
//! but its own.

#[path = "content/any_order.rs"]
mod any_order;
#[path = "content/files.rs"]
mod files;
#[path = "content/ids.rs"]
mod ids;
#[path = "content/leaf_lists.rs"]
mod leaf_lists;

use waxwing::model::Content;
use waxwing::model::content::{ContentHasher, Leaf};

const MI: usize = 1 << 20;
const PIECE: usize = 256 * 1024;

/// Bytes as BLAKE3's official test vectors have them.
fn data(size: usize) -> Vec<u8> {
    (0..=250).cycle().take(size).collect()
}

/// Content and leaves of bytes that come in pieces of these sizes, over and over.
fn hashed_in_pieces(mut bytes: &[u8], sizes: &[usize]) -> (Content, Vec<Leaf>) {
    let mut leaves = Vec::new();
    let mut hasher = ContentHasher::new(|leaf| leaves.push(leaf));
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (now, later) = bytes.split_at((*size).min(bytes.len()));
        hasher.update(now);
        bytes = later;
    }
    (hasher.finish(), leaves)
}

fn hashed(bytes: &[u8]) -> (Content, Vec<Leaf>) {
    hashed_in_pieces(bytes, &[bytes.len().max(1)])
}
