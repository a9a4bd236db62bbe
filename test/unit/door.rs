use super::{A_WHILE, Door};
use std::time::Instant;

#[test]
fn a_crowd_at_the_door_is_one_line_and_then_one_a_minute_that_counts_it() {
    let (mut door, begin) = (Door::default(), Instant::now());
    assert!(door.opens(begin));
    assert_eq!(door.due(), None);
    for _ in 0..1000 {
        assert!(!door.opens(begin + A_WHILE / 2));
    }
    assert_eq!(door.due(), Some(begin + A_WHILE));
    assert_eq!(door.close(begin + A_WHILE), 1000);
    assert!(!door.opens(begin + A_WHILE));
    assert_eq!(door.due(), Some(begin + 2 * A_WHILE));
    assert_eq!(door.close(begin + 2 * A_WHILE), 1);
    // Nobody came meanwhile.
    assert_eq!(door.due(), None);
    assert!(door.opens(begin + 3 * A_WHILE));
}
