//! Several ways to send the same file, in turn, and how they compare.

use crate::common::ratio;
use crate::files::Files;
use crate::process::{Sending, Way};

const ROUNDS: usize = 5;

/// Every round of every way.
pub(crate) struct Contest<'w> {
    rounds: Vec<Vec<Sending>>,
    ways: &'w [(&'w str, Way)],
}

/// Sends the file every way, once to warm up and to see that it arrives, and then in rounds.
pub(crate) fn hold<'w>(files: &Files, ways: &'w [(&'w str, Way)]) -> Contest<'w> {
    for (_, way) in ways {
        way.send(files.path());
        files.verify();
        files.clear();
    }
    let send = |way: &Way| {
        let sending = way.send(files.path());
        files.clear();
        sending
    };
    let round = |_| ways.iter().map(|(_, way)| send(way)).collect();
    let contest = Contest { rounds: (0..ROUNDS).map(round).collect(), ways };
    for (name, _) in ways {
        let (size, seconds) = (files.size() as f64 / 1e9, contest.seconds(name));
        let computed = contest.computed(name) / size;
        println!("{name:<34} {:>12.2} GB/s, {computed:.2} s of computing a GB", size / seconds);
    }
    contest
}

impl Contest<'_> {
    /// Prints the median, over the rounds, of how many times as fast ours was.
    pub(crate) fn compare(&self, name: &str, ours: &str, baseline: &str, target: &str) {
        let pairs = self.of(baseline).zip(self.of(ours));
        ratio(name, median(pairs.map(|(baseline, ours)| baseline.seconds / ours.seconds)), target);
    }

    /// Prints the most memory that either side held in any round of these ways.
    pub(crate) fn peaks(&self, ways: &[&str], target: &str) {
        let all = || ways.iter().flat_map(|name| self.of(name));
        ratio("sender_peak_MiB", all().map(|of| of.sender.peak).fold(f64::NAN, f64::max), target);
        let receivers = all().map(|of| of.receiver.peak);
        ratio("receiver_peak_MiB", receivers.fold(f64::NAN, f64::max), target);
    }

    /// The seconds that a way takes.
    pub(crate) fn seconds(&self, way: &str) -> f64 {
        median(self.of(way).map(|sending| sending.seconds))
    }

    /// The seconds that both processes of a way compute.
    pub(crate) fn computed(&self, way: &str) -> f64 {
        median(self.of(way).map(|sending| sending.sender.computed + sending.receiver.computed))
    }

    fn of(&self, name: &str) -> impl Iterator<Item = &Sending> {
        let at = self.ways.iter().position(|(known, _)| *known == name).expect("a known way");
        self.rounds.iter().map(move |round| &round[at])
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
