//! A limit holds over all streams together, none gets more than another, and who waits may stop.

use super::*;
use futures_util::FutureExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::task::JoinSet;

#[test]
fn bytes_pass_one_after_the_other_at_the_rate() {
    let (mut plan, now) = (Plan::new(1_000_000), Duration::from_secs(9));
    let milli = Duration::from_millis;
    assert_eq!(plan.take(now, 300_000), now, "a moment's worth was not used before");
    assert_eq!(plan.take(now, 500_000), now + milli(200));
    assert_eq!(plan.take(now, 1), now + milli(700));
    let later = Duration::from_secs(100);
    assert_eq!(plan.take(later, 1_000_000), later, "what was not used is lost");
    assert_eq!(plan.take(later, 1), later + milli(900));
}

#[tokio::test(start_paused = true)]
async fn all_streams_together_have_the_rate_and_each_its_part() {
    let flow = Flow::new(Some(1_000_000));
    let (began, mut streams) = (Instant::now(), JoinSet::new());
    let passed: [_; 4] = std::array::from_fn(|_| Arc::new(AtomicU64::new(0)));
    for (number, passed) in passed.iter().enumerate() {
        let (meter, passed) = (Meter::of(&flow), Arc::clone(passed));
        // The first stream has several carriers, the others have one with large pieces.
        let (carriers, bytes) = if number == 0 { (4, 5_000) } else { (1, 256 << 10) };
        for _ in 0..carriers {
            let (meter, passed) = (meter.clone(), Arc::clone(&passed));
            streams.spawn(async move {
                while began.elapsed() < Duration::from_secs(60) {
                    meter.pass(bytes, || ()).await;
                    passed.fetch_add(bytes as u64, Ordering::Relaxed);
                }
            });
        }
    }
    streams.join_all().await;
    let each = passed.map(|passed| passed.load(Ordering::Relaxed));
    let (all, took) = (each.iter().sum::<u64>(), began.elapsed().as_secs());
    assert!(all.abs_diff(took * 1_000_000) < 2_000_000, "{all} in {took} s");
    let [small, large @ ..] = each;
    assert!(large.iter().all(|it| it.abs_diff(large[0]) <= 512 << 10), "{each:?}");
    assert!(small <= large[0], "carriers of one stream share its part: {each:?}");
}

#[tokio::test(start_paused = true)]
async fn of_many_chunks_on_a_slow_line_one_leaves_after_the_other() {
    const CHUNK: usize = 256 << 10;
    let flow = Flow::new(Some(Rates::LEAST));
    let (began, mut streams) = (Instant::now(), JoinSet::new());
    for _ in 0..20 {
        let meter = Meter::of(&flow);
        streams.spawn(async move {
            let mut passed = Vec::new();
            for _ in 0..3 {
                meter.pass(CHUNK, || ()).await;
                passed.push(began.elapsed().as_secs());
            }
            passed
        });
    }
    let each = streams.join_all().await;
    let mut all = each.concat();
    all.sort_unstable();
    let (last, silence) = (all[59], all.windows(2).map(|two| two[1] - two[0]).max());
    // A quarter of the time after which a line counts as dead; all at once, they need 82 seconds.
    assert!(all[0] < 15 && silence < Some(15), "{all:?}");
    let due = 60 * CHUNK as u64 / Rates::LEAST;
    assert!(last.abs_diff(due) < 10, "{last} instead of {due}");
    assert!(each.iter().all(|passed| passed[0] < 90 && passed[1] - passed[0] < 100), "{each:?}");
    assert!(flow.0.as_ref().is_some_and(|limited| limited.turnstile.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn who_waits_says_so_and_may_stop() {
    let meter = Meter::of(&Flow::new(Some(1_000)));
    meter.pass(200_000, || ()).now_or_never();
    let said = AtomicU64::new(0);
    let wait = meter.pass(1, || {
        said.fetch_add(1, Ordering::Relaxed);
    });
    let waited = tokio::time::timeout(Duration::from_secs(10), wait).await;
    assert!(waited.is_err() && said.load(Ordering::Relaxed) >= 99);
    let goes_on = AtomicBool::new(true);
    assert!(!meter.pass_or_stop(1, || goes_on.swap(false, Ordering::Relaxed)));
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nobody_waits_and_nothing_is_sliced() {
    let meter = Meter::free();
    assert!(meter.pass(usize::MAX, || panic!("held")).now_or_never().is_some());
    assert!(meter.pass_or_stop(usize::MAX, || panic!("held")));
    assert_eq!(meter.slice(usize::MAX), usize::MAX);
    assert_eq!(Meter::of(&Flow::new(Some(1))).slice(1 << 20), SLICE);
}
