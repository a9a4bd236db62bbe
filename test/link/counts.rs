//! Who comes in and who goes for it, without a socket.

use crate::stage::identity;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use waxwing::crypto::Fingerprint;
use waxwing::link::{ConnectionId, Counts, Full, Limits};

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, last).into()
}

fn admit(counts: &mut Counts, from: IpAddr) -> (ConnectionId, Option<ConnectionId>) {
    let admitted = counts.admit(from).unwrap();
    (admitted.id, admitted.closes)
}

#[test]
fn the_33rd_of_one_address_takes_the_place_of_its_oldest() {
    let mut counts = Counts::new(Limits::default());
    let (other, _) = admit(&mut counts, address(2));
    let ids: Vec<_> = (0..32).map(|_| admit(&mut counts, address(1))).collect();
    assert!(ids.iter().all(|(_, closes)| closes.is_none()));
    assert_eq!(admit(&mut counts, address(1)).1, Some(ids[0].0));
    assert_eq!(admit(&mut counts, address(1)).1, Some(ids[1].0));
    assert_eq!(counts.unproven(), 33);
    assert!(counts.is_unproven(other));
}

#[test]
fn the_65th_in_all_takes_the_place_of_the_oldest_of_the_address_that_holds_most() {
    let mut counts = Counts::new(Limits::default());
    let quiet: Vec<_> = (0..20).map(|_| admit(&mut counts, address(1)).0).collect();
    let busy: Vec<_> = (0..30).map(|_| admit(&mut counts, address(2)).0).collect();
    (0..14).for_each(|_| assert_eq!(admit(&mut counts, address(3)).1, None));
    let newcomers = (0..11).map(|n| admit(&mut counts, address(10 + n)).1.unwrap());
    let gone: Vec<_> = newcomers.collect();
    assert_eq!(gone[..10], busy[..10]);
    assert_eq!(gone[10], quiet[0], "both hold 20 now, and this one is the oldest");
    assert_eq!(counts.unproven(), 64);
}

#[test]
fn a_crowd_of_single_addresses_gives_way_from_the_oldest() {
    let mut counts = Counts::new(Limits::default());
    let crowd: Vec<_> = (0..64).map(|n| admit(&mut counts, address(n)).0).collect();
    let gone: Vec<_> = (64..128).map(|n| admit(&mut counts, address(n)).1.unwrap()).collect();
    assert_eq!(gone, crowd);
}

#[test]
fn addresses_of_ipv6_count_by_their_network_and_mapped_ones_as_ipv4() {
    let mut counts = Counts::new(Limits { unproven_of_address: 1, ..Limits::default() });
    let v6 = |network: u16, host: u16| Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host);
    let (first, _) = admit(&mut counts, v6(1, 1).into());
    assert_eq!(admit(&mut counts, v6(2, 1).into()).1, None);
    assert_eq!(admit(&mut counts, v6(1, 2).into()).1, Some(first));
    let (mapped, _) = admit(&mut counts, Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().into());
    assert_eq!(admit(&mut counts, address(1)).1, Some(mapped));
}

#[test]
fn the_proven_are_never_closed_for_a_newcomer() {
    let mut counts = Counts::new(Limits { all: 3, ..Limits::default() });
    let who = identity("alice").fingerprint();
    let ids: Vec<_> = (0..3).map(|n| admit(&mut counts, address(n)).0).collect();
    counts.prove(ids[0], who).unwrap();
    counts.prove(ids[1], who).unwrap();
    let (newest, gone) = admit(&mut counts, address(9));
    assert_eq!(gone, Some(ids[2]));
    assert_eq!((counts.proven(), counts.unproven()), (2, 1));
    counts.prove(newest, who).unwrap();
    assert_eq!(counts.admit(address(11)), Err(Full), "three are proven, and nobody can go");
    counts.leave(newest);
    assert_eq!(admit(&mut counts, address(11)).1, None);
}

#[test]
fn one_identity_holds_so_many_and_no_more() {
    let mut counts = Counts::new(Limits { of_identity: 2, ..Limits::default() });
    let (alice, bob) = (identity("alice").fingerprint(), identity("bob").fingerprint());
    let ids: Vec<_> = (0..4).map(|n| admit(&mut counts, address(n)).0).collect();
    counts.prove(ids[0], alice).unwrap();
    counts.prove(ids[1], alice).unwrap();
    assert_eq!(counts.prove(ids[2], alice), Err(Full));
    counts.prove(ids[2], bob).unwrap();
    counts.leave(ids[0]);
    counts.prove(ids[3], alice).unwrap();
}

#[test]
fn the_usual_limits_are_64_of_one_identity_and_20_000_in_all() {
    let mut counts = Counts::new(Limits::default());
    let person = |n: u32| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Fingerprint::from_bytes(bytes)
    };
    for n in 0..20_000 {
        let (id, gone) = admit(&mut counts, Ipv4Addr::from(n).into());
        assert_eq!(gone, None);
        if n == 64 {
            assert_eq!(counts.prove(id, person(0)), Err(Full), "the 65th of the first");
        }
        counts.prove(id, person(n / 64)).unwrap();
    }
    assert_eq!((counts.proven(), counts.unproven()), (20_000, 0));
    assert_eq!(counts.admit(address(1)), Err(Full));
}

#[test]
fn who_had_to_go_cannot_prove_itself_any_more() {
    let mut counts = Counts::new(Limits { unproven: 1, ..Limits::default() });
    let (gone, _) = admit(&mut counts, address(1));
    admit(&mut counts, address(2));
    assert_eq!(counts.prove(gone, identity("alice").fingerprint()), Err(Full));
    counts.leave(gone);
    assert_eq!((counts.unproven(), counts.proven()), (1, 0));
}
