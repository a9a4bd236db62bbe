//! The ids of requests.

use waxwing::wire::{Ask, Code, Failure, LanesAsk, Numbered, RequestIds, Role, SendAsk};

#[test]
fn the_dialler_counts_odd_and_the_listener_even() {
    for (role, expected) in [(Role::Dialler, [1, 3, 5]), (Role::Listener, [2, 4, 6])] {
        let (mut own, mut seen) = (RequestIds::of(role), RequestIds::of(role));
        for id in expected {
            assert_eq!(own.next_own(), Some(id));
            assert_eq!(seen.take(id), Ok(()));
        }
        assert_ne!(role, role.other());
        assert_eq!(RequestIds::of(role.other()).take(expected[0]), Err(Code::Unexpected));
    }
}

#[test]
fn an_id_that_does_not_grow_is_refused() {
    let mut ids = RequestIds::of(Role::Dialler);
    assert_eq!(ids.take(7), Ok(()), "some may be left out");
    for id in [7, 5, 1, 8, 0, u32::MAX - 1] {
        assert_eq!(ids.take(id), Err(Code::Unexpected), "{id}");
    }
    assert_eq!(ids.take(9), Ok(()), "what was refused changed nothing");
    assert_eq!(RequestIds::of(Role::Listener).take(0), Err(Code::Unexpected));
}

#[test]
fn ids_end_and_never_begin_again() {
    for (role, last) in [(Role::Dialler, u32::MAX), (Role::Listener, u32::MAX - 1)] {
        let mut ids = RequestIds::of(role);
        assert_eq!(ids.take(last), Ok(()));
        assert_eq!(ids.next_own(), None);
        assert_eq!(ids.next_own(), None);
    }
}

#[test]
fn a_request_and_its_answer_carry_one_id() {
    fn answered<A: Ask>(mut ask: A) -> u32 {
        ask.set_id(9);
        ask.id()
    }
    assert_eq!(answered(SendAsk { id: 0, entries: 1, data_length: 1 }), 9);
    assert_eq!(answered(LanesAsk { id: 0, stream: 1, count: 1 }), 9);
    let mut failure = Failure { id: 0, code: Code::Busy, text: Default::default() };
    failure.set_id(9);
    assert_eq!(failure.id, 9);
}
