//! Each stream cut around each border of a field and at some bytes between, and at every byte of its first
//! 8 KiB when it is asked for.
//!
//! A reader that is cut off before it has read all that it reads of the whole stream says `cut`,
//! whatever fault would have come. What stands behind is never read: one cut there shows it, and
//! more would each repeat it.

use super::{Hashes, Keys, Vector, outcome, vectors};
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use waxwing::model::{Events, Work};
use waxwing::seal::{Header, ManifestOpener, open_behind_header};

#[test]
fn a_stream_cut_anywhere_is_refused_as_cut() {
    are_cut(|vector| if vector.expect == "opened" { 8 } else { 64 });
}

/// `cargo test --test vectors -- --ignored cut_at_every_byte`
#[test]
#[ignore = "takes a minute"]
fn a_stream_cut_at_every_byte_is_refused_as_cut() {
    are_cut(|_| 1);
}

/// Each vector, at each byte of so many.
fn are_cut(step: fn(&Vector) -> usize) {
    let keys = Keys::load();
    let vectors = vectors();
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let failures: Vec<String> = thread::scope(|scope| {
        let work = || {
            let mut failures = Vec::new();
            while let Some(vector) = vectors.get(next.fetch_add(1, Ordering::Relaxed)) {
                failures.extend(vector.cut_everywhere(&keys, step(vector)));
            }
            failures
        };
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

impl Vector {
    fn cut_everywhere(&self, keys: &Keys, step: usize) -> Vec<String> {
        let mut counted = Counted { stream: &self.stream, read: 0 };
        let whole = self.run(keys, &mut counted);
        let read = counted.read;
        let behind = self.behind_header(keys);
        let mut failures = Vec::new();
        for at in self.cuts(read, step) {
            let found = match &behind {
                Some((opener, start)) if at >= *start => {
                    self.run_behind_header(opener.again(), *start, at)
                }
                _ => self.run(keys, &mut &self.stream[..at]),
            };
            let expected = match whole.as_str() {
                _ if at >= read => &whole,
                // The first byte of what is left over is cut off, and then nothing is wrong.
                "left-over" if at == read - 1 && self.ends(at) => "opened",
                _ => "cut",
            };
            if found != expected {
                failures.push(format!("{} cut at {at}: {found}, not {expected}", self.name));
            }
        }
        failures
    }

    /// What follows the header, cut at `at` of the whole: the private key was used once, before.
    fn run_behind_header(&self, opener: ManifestOpener, start: usize, at: usize) -> String {
        let mut silent = Events::ignored().begin(Work::Opening, "", 0);
        let mut rest = &self.stream[start..at];
        let mut sink = Hashes::default();
        match outcome(open_behind_header(&mut rest, opener, &mut sink, &mut silent)) {
            Ok(()) => "opened".into(),
            Err(refusal) => refusal.name().into(),
        }
    }

    /// The opener behind the header, and where that is; none when the header is refused.
    fn behind_header(&self, keys: &Keys) -> Option<(ManifestOpener, usize)> {
        let end = 4 + self.number_at(0)?;
        let header = Header::parse(self.stream.get(4..end)?).ok()?;
        let checked = header.check(&self.expected(keys)).ok()?;
        Some((checked.open(&keys.sealing[&self.receiver.1]).ok()?, end))
    }

    /// Each byte of so many in the first 8 KiB, and the bytes around each border of a field, as far as
    /// they are read and one cut further.
    fn cuts(&self, read: usize, step: usize) -> BTreeSet<usize> {
        let around = |at: usize| at.saturating_sub(1)..=at.saturating_add(1);
        let near = self.borders().into_iter().chain([read]).flat_map(around);
        (0..8192)
            .step_by(step)
            .chain(near)
            .filter(|at| *at <= read && *at < self.stream.len())
            .collect()
    }

    /// Whether the final record ends here, so that what comes is left over.
    fn ends(&self, at: usize) -> bool {
        self.items().iter().any(|item| self.stream[item.start] == 3 && item.end == at)
    }

    /// Where the items of the stream and their fields begin, as far as it is well-formed.
    fn borders(&self) -> Vec<usize> {
        let mut borders = Vec::new();
        for item in self.items() {
            borders.push(item.start);
            let mut at = item.start + 1;
            for field in self.fields(at) {
                borders.push(at);
                at = at.saturating_add(field);
            }
            borders.push(item.end);
        }
        borders
    }

    /// Where each item stands.
    fn items(&self) -> Vec<Range<usize>> {
        let mut items = Vec::new();
        let mut start = 4 + self.number_at(0).unwrap_or(0);
        while matches!(self.stream.get(start), Some(1..=3)) {
            let fields = self.fields(start + 1);
            let end = fields.into_iter().fold(start + 1, usize::saturating_add);
            items.push(start..end);
            start = end;
        }
        items
    }

    /// The lengths of the fields of the item whose kind stands before `at`.
    fn fields(&self, at: usize) -> Vec<usize> {
        let number_at = |at| self.number_at(at).unwrap_or(0);
        if self.stream[at - 1] == 1 {
            return vec![4, 4, 32, number_at(at + 4)];
        }
        let body = number_at(at);
        let signature = number_at(at.saturating_add(body).saturating_add(4));
        vec![4, 1, 32, 32, 4, 4, 2, body.saturating_sub(75), 4, signature]
    }

    fn number_at(&self, at: usize) -> Option<usize> {
        let bytes = self.stream.get(at..at.checked_add(4)?)?;
        Some(u32::from_be_bytes(bytes.try_into().unwrap()) as usize)
    }
}

/// Counts what is read of a stream.
struct Counted<'s> {
    stream: &'s [u8],
    read: usize,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = (&self.stream[self.read..]).read(buffer)?;
        self.read += count;
        Ok(count)
    }
}
