//! When tries begin anew.

use super::Came;
use crate::link::Follower;

#[test]
fn tries_begin_anew_only_when_less_is_to_go_than_at_any_before() {
    let came = Came::default();
    assert!(!came.has_more(), "nobody was reached");
    let after = [(44, false), (44, false), (40, true), (40, false), (42, false), (39, true)];
    for (bytes, is_more) in after {
        came.carries(bytes);
        assert_eq!(came.has_more(), is_more, "{bytes}");
        assert!(!came.has_more(), "nobody was reached");
    }
}
