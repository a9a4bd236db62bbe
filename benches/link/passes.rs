//! The passes over the bytes that cryptography needs, by themselves.

use crate::files::PIECE;
use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;
use waxwing::crypto::{Keystream, Secret, TagKey};
use waxwing::model::Content;

/// The seconds of computing that a GB takes while all cores do the same, for there is no time at
/// which a core would be alone.
pub(crate) struct Passes {
    encryption: f64,
    tag: f64,
    id: f64,
}

impl Passes {
    pub(crate) fn measure() -> Self {
        let keystream = Keystream::new(&Secret::random(), [0; 16]);
        let tags = TagKey::new(Secret::random());
        let passes = Self {
            encryption: pass(|piece| keystream.apply(0, piece).expect("a position")),
            tag: pass(|piece| {
                black_box(tags.tag(piece, 0, 0));
            }),
            id: pass(|piece| {
                black_box(Content::of(piece));
            }),
        };
        let Self { encryption, tag, id } = passes;
        println!("seconds a GB: encryption {encryption:.3}, tag {tag:.3}, content id {id:.3}");
        passes
    }

    /// What both sides of a sealed stream compute for each GB.
    pub(crate) fn both_sides(&self, is_id_known: bool) -> f64 {
        let ids = if is_id_known { 1.0 } else { 2.0 };
        2.0 * (self.encryption + self.tag) + ids * self.id
    }
}

pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The best of five tries.
fn pass(work: impl Fn(&mut [u8]) + Sync) -> f64 {
    (0..5).map(|_| together(&work)).fold(f64::INFINITY, f64::min)
}

fn together(work: &(impl Fn(&mut [u8]) + Sync)) -> f64 {
    let (threads, start) = (cores(), Barrier::new(cores()));
    let worker = || {
        let mut piece = vec![7; PIECE];
        start.wait();
        let (began, computed) = (Instant::now(), computed());
        (0..ROUNDS).for_each(|_| work(&mut piece));
        let waited = began.elapsed().as_secs_f64();
        computed.zip(self::computed()).map_or(waited, |(before, after)| after - before)
    };
    let seconds: f64 = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("measures")).sum()
    });
    seconds / threads as f64 / (ROUNDS * PIECE) as f64 * 1e9
}

/// The seconds that this thread has computed, without what others took from it, where the system
/// tells.
fn computed() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = told.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

const ROUNDS: usize = 1000;
