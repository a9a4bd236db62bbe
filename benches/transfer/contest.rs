//! Several ways to do the same, in turn, and how they compare.

use crate::common::ratio;
use crate::number;
use crate::run::Took;

/// A way to do it.
pub(crate) struct Way<'a> {
    name: &'static str,
    go: Box<dyn FnMut() -> Took + 'a>,
}

pub(crate) fn way<'a>(name: &'static str, go: impl FnMut() -> Took + 'a) -> Way<'a> {
    Way { name, go: Box::new(go) }
}

/// What each way took in each round.
pub(crate) struct Contest(Vec<(&'static str, Vec<Took>)>);

/// Goes every way once to warm up, and then in rounds.
pub(crate) fn hold(mut ways: Vec<Way<'_>>) -> Contest {
    for way in &mut ways {
        (way.go)();
    }
    let mut took: Vec<_> = ways.iter().map(|way| (way.name, Vec::new())).collect();
    for _ in 0..number("WAXWING_BENCH_ROUNDS", 5).max(1) {
        for (way, (_, took)) in ways.iter_mut().zip(&mut took) {
            took.push((way.go)());
        }
    }
    let contest = Contest(took);
    for (name, took) in &contest.0 {
        let mut seconds: Vec<_> = took.iter().map(|took| took.seconds).collect();
        let median = median(&mut seconds);
        let (least, most) = (seconds[0], seconds[seconds.len() - 1]);
        let computed = contest.computed(name);
        println!(
            "{name:<20} {median:>9.4} s ({least:.4} to {most:.4}), {computed:.2} s of computing"
        );
    }
    contest
}

impl Contest {
    /// Prints the median, over the rounds, of the seconds of ours to those of the baseline, if that was
    /// there.
    pub(crate) fn time(&self, name: &str, ours: &str, baseline: &str, target: &str) {
        self.compare(name, target, (ours, baseline));
    }

    /// The same the other way round: how many times as fast ours was.
    pub(crate) fn speed(&self, name: &str, ours: &str, baseline: &str, target: &str) {
        self.compare(name, target, (baseline, ours));
    }

    fn compare(&self, name: &str, target: &str, (one, other): (&str, &str)) {
        let (Some(one), Some(other)) = (self.of(one), self.of(other)) else {
            return println!("{name}: not measured, see above");
        };
        let ratios = one.iter().zip(other).map(|(one, other)| one.seconds / other.seconds);
        ratio(name, median(&mut ratios.collect::<Vec<_>>()), target);
    }

    /// What a way computes, in seconds.
    pub(crate) fn computed(&self, way: &str) -> f64 {
        let took = self.of(way).unwrap_or_default().iter();
        median(&mut took.map(|took| took.computed).collect::<Vec<_>>())
    }

    /// Prints the most memory that a way took in any round.
    pub(crate) fn peak(&self, name: &str, way: &str, target: &str) {
        let took = self.of(way).unwrap_or_default();
        ratio(name, took.iter().map(|took| took.peak).fold(f64::NAN, f64::max), target);
    }

    fn of(&self, name: &str) -> Option<&[Took]> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, took)| took.as_slice())
    }
}

/// The one in the middle; they are in order afterwards.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
