use super::Clock;
use waxwing::model::UnixTime;

#[test]
fn a_clock_is_wrong_by_more_than_what_the_index_says_may_be_old() {
    let now = UnixTime(1_800_000_000);
    let beside = |seconds: i64| Clock::beside(UnixTime(now.0.saturating_add_signed(seconds)), now);
    // What was written down some minutes ago, and clocks that differ by less than it matters.
    for seconds in [-1199, -300, 0, 299] {
        assert_eq!(beside(seconds), Clock::Right, "{seconds}");
    }
    assert_eq!(beside(-1200), Clock::Ahead(300));
    assert_eq!(beside(-7200), Clock::Ahead(6300));
    assert_eq!(beside(300), Clock::Behind(300));
    assert_eq!(beside(86_400), Clock::Behind(86_400));
    assert_eq!(Clock::beside(UnixTime(u64::MAX), UnixTime(0)), Clock::Behind(u64::MAX));
}
