//! Lists of numbers in messages of streams, sound by construction: ascending, and none twice.

use crate::codec::{self, Charge, List, refuse};
use crate::model::limits::{LANDED_RUNS, MANIFEST_ENTRIES, MISSING_CHUNKS};
use minicbor::{Decode, Decoder, Encode, decode};

/// Chunks that did not come: at least one, ascending.
#[derive(Encode, Debug, Clone, PartialEq, Eq)]
#[cbor(transparent)]
pub struct MissingChunks(List<u32, MISSING_CHUNKS>);

impl MissingChunks {
    /// These chunks.
    pub fn new(chunks: Vec<u32>) -> Result<Self, codec::Error> {
        Self::check(List::new(chunks)?)
    }

    /// The chunks' numbers.
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    fn check(chunks: List<u32, MISSING_CHUNKS>) -> Result<Self, codec::Error> {
        if chunks.is_empty() || !chunks.is_sorted_by(|one, next| one < next) {
            return Err(codec::Error::Invalid("missing chunks that do not ascend"));
        }
        Ok(Self(chunks))
    }
}

/// Entries that landed, as runs: each holds at least one, and between two of them lies a gap.
///
/// No run reaches beyond the entries that a manifest can have, so what they stand for is never
/// many more than a message has bytes.
#[derive(Encode, Debug, Clone, PartialEq, Eq, Default)]
#[cbor(transparent)]
pub struct Landed(List<Run, LANDED_RUNS>);

/// Numbers in a row: the first one, and how many.
#[derive(Encode, Decode, Debug, Clone, Copy, PartialEq, Eq)]
#[cbor(array)]
struct Run {
    #[n(0)]
    first: u32,
    #[n(1)]
    count: u32,
}

impl Landed {
    /// The entries with these numbers, which must ascend.
    pub fn new(numbers: &[u32]) -> Result<Self, codec::Error> {
        let mut runs: Vec<Run> = Vec::new();
        for number in numbers {
            match runs.last_mut() {
                Some(run) if run.end() == u64::from(*number) => {
                    run.count = run.count.saturating_add(1);
                }
                _ => runs.push(Run { first: *number, count: 1 }),
            }
        }
        Self::check(List::new(runs)?)
    }

    /// The entries' numbers, ascending.
    pub fn numbers(&self) -> Vec<u32> {
        let numbers = |run: &Run| run.first..run.first.saturating_add(run.count);
        self.0.iter().flat_map(numbers).collect()
    }

    fn check(runs: List<Run, LANDED_RUNS>) -> Result<Self, codec::Error> {
        let have_gaps = runs.is_sorted_by(|one, next| one.end() < u64::from(next.first));
        let are_some = runs.iter().all(|run| run.count > 0);
        let exist = runs.iter().all(|run| run.end() <= MANIFEST_ENTRIES as u64);
        if have_gaps && are_some && exist {
            Ok(Self(runs))
        } else {
            Err(codec::Error::Invalid("runs of entries that do not ascend with gaps"))
        }
    }
}

impl Run {
    /// The number behind the last one.
    fn end(self) -> u64 {
        u64::from(self.first).saturating_add(u64::from(self.count))
    }
}

impl<'b, C: Charge> Decode<'b, C> for MissingChunks {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let chunks = List::decode(d, ctx)?;
        Self::check(chunks).map_err(|reason| refuse(ctx, reason))
    }
}

impl<'b, C: Charge> Decode<'b, C> for Landed {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let runs = List::decode(d, ctx)?;
        Self::check(runs).map_err(|reason| refuse(ctx, reason))
    }
}
