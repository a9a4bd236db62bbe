//! What the bench programs share: interleaved pairs, medians, and the lines that they print.

use std::time::Instant;

/// Runs `work` for about a quarter of a second and returns how often it ran per second: the best
/// of five tries, since whatever else the machine does only ever slows it down.
pub(crate) fn per_second(mut work: impl FnMut()) -> f64 {
    work();
    let mut best: f64 = 0.0;
    for _ in 0..5 {
        let (start, mut runs) = (Instant::now(), 0u32);
        while start.elapsed().as_millis() < 50 || runs < 2 {
            work();
            runs += 1;
        }
        best = best.max(f64::from(runs) / start.elapsed().as_secs_f64());
    }
    best
}

/// The seconds that `work` takes.
pub(crate) fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The median ratio of baseline to ours over interleaved pairs: how many times as fast ours is.
pub(crate) fn speed_ratio(pairs: usize, mut baseline: impl FnMut(), mut ours: impl FnMut()) -> f64 {
    let mut ratios: Vec<_> =
        (0..pairs).map(|_| seconds(&mut baseline) / seconds(&mut ours)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// Prints a result that scripts read: name, value, and the target as `>0.9` or `<0.7`.
pub(crate) fn ratio(name: &str, value: f64, target: &str) {
    println!("RATIO {name} {value:.3} {target}");
}

/// Prints how fast something is, in operations.
pub(crate) fn operations(name: &str, per_second: f64) {
    println!("{name:<34} {per_second:>12.0} operations/s");
}

/// Prints how fast something is, in bytes.
pub(crate) fn throughput(name: &str, bytes: usize, per_second: f64) {
    println!("{name:<34} {:>12.2} GB/s", bytes as f64 * per_second / 1e9);
}
