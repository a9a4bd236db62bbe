//! The content id of something that can be read at any position, on all cores.

use super::tree::{Leaf, Stack};
use super::{Content, ContentHasher, ReadAt, leaf_count};
use crate::model::limits::{ENTRY_SIZE, LEAF_BYTES, PIECE_BYTES};
use blake3::hazmat::HasherExt;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Reads a file of `size` bytes and names its content; `on_leaf` gets the leaves in order.
///
/// Fails when the file is not `size` bytes long while it is read: it is being changed, and has no
/// name yet.
pub fn of_file<R: ReadAt + ?Sized>(
    source: &R,
    size: u64,
    on_leaf: impl FnMut(Leaf),
) -> io::Result<Content> {
    if size > ENTRY_SIZE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_WORKERS));
    let content = if workers == 1 || size <= WORTH_A_THREAD {
        alone(source, size, on_leaf)?
    } else {
        together(source, size, workers as u64, on_leaf)?
    };
    if goes_on(source, size)? {
        return Err(io::Error::other("the file grew while it was read"));
    }
    Ok(content)
}

/// Whether there are bytes from `end` on.
fn goes_on<R: ReadAt + ?Sized>(source: &R, end: u64) -> io::Result<bool> {
    match source.read_exact_at(&mut [0], end) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn alone<R: ReadAt + ?Sized>(
    source: &R,
    size: u64,
    on_leaf: impl FnMut(Leaf),
) -> io::Result<Content> {
    let mut hasher = ContentHasher::new(on_leaf);
    read_range(source, 0, size, |bytes| hasher.update(bytes))?;
    Ok(hasher.finish())
}

/// Each worker takes every so manieth leaf and passes its values on through a channel of its own,
/// so that they are received in order, and a worker that is ahead waits.
fn together<R: ReadAt + ?Sized>(
    source: &R,
    size: u64,
    workers: u64,
    mut on_leaf: impl FnMut(Leaf),
) -> io::Result<Content> {
    let leaves = leaf_count(size);
    thread::scope(|threads| {
        let begin = |first| {
            let (sender, receiver) = sync_channel(LEAVES_AHEAD);
            let mine = (first..leaves).step_by(usize::try_from(workers).unwrap_or(1));
            let work = move || send_leaves(source, size, mine, &sender);
            thread::Builder::new().spawn_scoped(threads, work).map(|_| receiver)
        };
        let receivers: io::Result<Vec<Receiver<_>>> = (0..workers).map(begin).collect();
        // Without a thread for each, nobody listens to those that have begun, and they end.
        let Ok(receivers) = receivers else { return alone(source, size, on_leaf) };
        let mut above = Stack::default();
        for receiver in receivers.iter().cycle().take(usize::try_from(leaves).unwrap_or(0)) {
            let leaf = receiver.recv().map_err(io::Error::other)??;
            above.push_leaf(leaf);
            on_leaf(leaf);
        }
        let id = above.root().ok_or(io::ErrorKind::InvalidData)?;
        Ok(Content { id, size })
    })
}

/// Ends early when nobody listens any more, which is so after the first failure.
fn send_leaves<R: ReadAt + ?Sized>(
    source: &R,
    size: u64,
    indices: impl Iterator<Item = u64>,
    to: &SyncSender<io::Result<Leaf>>,
) {
    for index in indices {
        let leaf = read_leaf(source, size, index);
        let failed = leaf.is_err();
        if to.send(leaf).is_err() || failed {
            return;
        }
    }
}

fn read_leaf<R: ReadAt + ?Sized>(source: &R, size: u64, index: u64) -> io::Result<Leaf> {
    let start = index.saturating_mul(LEAF_BYTES as u64);
    let end = start.saturating_add(LEAF_BYTES as u64).min(size);
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(start);
    read_range(source, start, end, |bytes| {
        hasher.update(bytes);
    })?;
    Ok(Leaf::finish(&hasher))
}

/// Passes the bytes from `start` to `end` on, a piece at a time.
fn read_range<R: ReadAt + ?Sized>(
    source: &R,
    mut start: u64,
    end: u64,
    mut pass_on: impl FnMut(&[u8]),
) -> io::Result<()> {
    let whole = end.saturating_sub(start).min(PIECE_BYTES as u64);
    let mut buffer = vec![0; usize::try_from(whole).unwrap_or(PIECE_BYTES)];
    while start < end {
        let left = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let count = left.min(buffer.len());
        let piece = buffer.get_mut(..count).ok_or(io::ErrorKind::InvalidData)?;
        source.read_exact_at(piece, start)?;
        pass_on(piece);
        start = start.saturating_add(count as u64);
    }
    Ok(())
}

const MAX_WORKERS: usize = 8;
const WORTH_A_THREAD: u64 = 4 * LEAF_BYTES as u64;
const LEAVES_AHEAD: usize = 16;
