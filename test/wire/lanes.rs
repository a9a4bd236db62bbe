//! A lane opens for who knows its ticket, and for no other role, id or ticket.

use crate::samples::{lane, ticket};
use proptest::prelude::*;
use waxwing::crypto::{Tag, Ticket};
use waxwing::wire::{LaneId, LaneOpening, Message, Role};

#[test]
fn both_sides_open_a_lane() {
    let opening = LaneOpening::new(lane(1), &ticket());
    let bytes = opening.to_bytes();
    assert_eq!(bytes.len(), LaneOpening::BYTES);
    assert_ne!(bytes[0], 0x16, "the first byte of TLS");
    let heard = LaneOpening::parse(&bytes).unwrap();
    assert_eq!(heard, opening);
    let answer = heard.verify(&ticket()).unwrap();
    assert_eq!(answer, lane(1).mac(&ticket(), Role::Listener));
    assert_eq!(answer.as_bytes().len(), LaneOpening::ANSWER_BYTES);
}

#[test]
fn another_role_id_or_ticket_does_not_open() {
    let other = Ticket::take_from(&mut [9; 32]);
    assert!(LaneOpening::new(lane(1), &other).verify(&ticket()).is_none());
    let by_the_listener = lane(1).mac(&ticket(), Role::Listener);
    let of_another_lane = lane(2).mac(&ticket(), Role::Dialler);
    for mac in [by_the_listener, of_another_lane, Tag::from_bytes([0; 32])] {
        assert!(LaneOpening { lane: lane(1), mac }.verify(&ticket()).is_none());
    }
}

#[test]
fn no_two_macs_are_alike() {
    let tickets = [ticket(), Ticket::take_from(&mut [9; 32]), Ticket::random()];
    let mut macs = Vec::new();
    for ticket in &tickets {
        for lane in [lane(1), lane(2), LaneId::random()] {
            macs.extend(
                [Role::Dialler, Role::Listener].map(|role| *lane.mac(ticket, role).as_bytes()),
            );
        }
    }
    let count = macs.len();
    macs.sort();
    macs.dedup();
    assert_eq!(macs.len(), count);
}

#[test]
fn an_opening_is_exactly_its_bytes() {
    let bytes = LaneOpening::new(lane(1), &ticket()).to_bytes();
    for end in 0..bytes.len() {
        assert!(LaneOpening::parse(&bytes[..end]).is_err(), "cut at {end}");
    }
    assert!(LaneOpening::parse(&[&bytes[..], &[0]].concat()).is_err());
    for at in 0..8 {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert!(LaneOpening::parse(&other).is_err(), "magic {at}");
    }
}

#[test]
fn tickets_and_ids_are_fresh_and_tickets_are_not_shown() {
    assert_ne!(Ticket::random().expose(), Ticket::random().expose());
    assert_ne!(LaneId::random(), LaneId::random());
    assert_eq!(format!("{:?}", Ticket::take_from(&mut [8; 32])), "Ticket(hidden)");
    let mut source = [8; 32];
    Ticket::take_from(&mut source);
    assert_eq!(source, [0; 32], "wiped");
}

#[test]
fn a_grant_hands_the_ticket_over() {
    use waxwing::wire::{LaneIds, LanesGrant};
    let lanes = LaneIds::new(vec![lane(1)]).unwrap();
    let said = LanesGrant { id: 5, ticket: ticket(), lanes: lanes.clone() };
    let heard = LanesGrant::decode(&said.encode()).unwrap();
    assert_eq!((heard.id, heard.lanes, heard.ticket.expose()), (5, lanes, &[8; 32]));
    assert!(!format!("{said:?}").contains("8, 8"));
    assert_eq!(said.lanes.as_slice(), [lane(1)]);
    assert_eq!(LaneId::from_bytes([3; 16]).as_bytes(), &[3; 16]);
}

proptest! {
    #[test]
    fn a_changed_bit_does_not_open(at in 0usize..56, bit in 0u8..8) {
        let mut bytes = LaneOpening::new(lane(1), &ticket()).to_bytes();
        bytes[at] ^= 1 << bit;
        let opened = LaneOpening::parse(&bytes).ok().and_then(|heard| heard.verify(&ticket()));
        prop_assert!(opened.is_none());
    }
}
