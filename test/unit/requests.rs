//! What of a request does not come is said in its order, and of what was asked for.

use super::*;
use crate::wire::Without;

fn said(runs: &[(u32, u32)]) -> Result<Vec<usize>, &'static str> {
    let run = |(first, count): &(u32, u32)| Without {
        first: *first,
        count: *count,
        code: Code::NotFound,
    };
    let runs = List::new(runs.iter().map(run).collect()).unwrap();
    let grant = GetGrant { id: 0, entries: 1, data_length: 0, without: Some(runs) };
    without(&grant, 9).map(|without| without.into_keys().collect())
}

#[test]
fn what_does_not_come_is_among_what_was_asked_for_and_stands_in_order() {
    assert_eq!(said(&[]), Ok(vec![]));
    assert_eq!(said(&[(0, 1), (1, 2), (8, 1)]), Ok(vec![0, 1, 2, 8]));
    let wrong: [&[(u32, u32)]; 5] =
        [&[(3, 0)], &[(8, 2)], &[(9, 1)], &[(2, 2), (3, 1)], &[(0, u32::MAX)]];
    for runs in wrong {
        assert!(said(runs).is_err(), "{runs:?}");
    }
}
