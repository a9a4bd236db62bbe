//! People, page by page, and what an index can say of them that is not so.

use crate::stub::{Stub, Turn, by, seen, soon, user};
use waxwing::codec::{List, open};
use waxwing::node::index::{Age, Error, PEOPLE_KNOWN};
use waxwing::wire::index::{People, PeopleAsk, PersonSeen, SeenAddress};
use waxwing::wire::{Code, Kind};

#[tokio::test(start_paused = true)]
async fn all_pages_are_asked_for() {
    let stub = Stub::new().await;
    let names = ["ann", "bea", "cid", "dot", "eve"];
    for count in 0..=names.len() {
        stub.books().people = names[..count].iter().map(|name| seen(name, &[])).collect();
        let session = stub.session();
        let people = soon(session.people()).await.unwrap();
        let seen: Vec<_> = people.value.iter().map(|person| person.user.as_str()).collect();
        assert_eq!(seen, names[..count]);
        assert_eq!(people.age, Age::Fresh);
        session.close().await;
    }
    // Pages of two: none, one, two, one more than two, and so on.
    assert_eq!(stub.asked(Kind::PeopleAsk).len(), 1 + 1 + 1 + 2 + 2 + 3);
}

#[tokio::test(start_paused = true)]
async fn a_person_is_shown_as_the_index_says() {
    let stub = Stub::new().await;
    stub.books().people = vec![seen("bea", &["198.51.100.2:7400", "127.0.0.1:7401"])];
    let session = stub.session();
    let bea = soon(session.person(&user("bea"))).await.unwrap().value.unwrap();
    assert_eq!((bea.user.as_str(), bea.online), ("bea", true));
    assert_eq!(bea.last_online.map(|time| time.0), Some(1_700_000_000));
    assert_eq!(bea.contact.unwrap().to_string(), "room 7");
    // Who is on the index's own machine is where the index was reached.
    let addresses: Vec<_> = bea.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["198.51.100.2:7400", "192.0.2.7:7401"]);
    assert_eq!(soon(session.person(&user("nobody"))).await.unwrap().value, None);
    stub.once(Kind::PeopleAsk, Turn::Refuse(Code::NotFound));
    let nobody = soon(session.person(&user("nobody"))).await.unwrap();
    assert_eq!((nobody.value, nobody.age), (None, Age::Fresh));
}

#[tokio::test(start_paused = true)]
async fn addresses_that_no_peer_can_have_are_left_out() {
    let stub = Stub::new().await;
    let right = seen("bea", &["198.51.100.2:7400"]).addresses[0];
    let wrong = [
        address(&[224, 0, 0, 1], 7400),
        address(&[0, 0, 0, 0], 7400),
        address(&[255; 4], 7400),
        address(&[198, 51, 100, 2], 80),
        right,
        address(&[0xff; 16], 7400),
    ];
    let addresses = List::new(wrong.to_vec()).unwrap();
    stub.books().people = vec![PersonSeen { addresses, ..seen("bea", &[]) }];
    let session = stub.session();
    let bea = &soon(session.people()).await.unwrap().value[0];
    let addresses: Vec<_> = bea.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["198.51.100.2:7400"]);
}

/// An address as an index could write it, whether a peer can have it or not.
fn address(ip: &[u8], port: u16) -> SeenAddress {
    let mut bytes = vec![0xa2, 0, 0x40 | ip.len() as u8];
    bytes.extend_from_slice(ip);
    bytes.extend_from_slice(&[1, 0x19]);
    bytes.extend_from_slice(&port.to_be_bytes());
    open::decode(&bytes).unwrap()
}

#[tokio::test(start_paused = true)]
async fn pages_that_make_no_sense_are_not_believed() {
    let order = "people are not in the order of their names";
    let lies: [(&[&str], bool, &str); 5] = [
        (&["bea", "ann"], false, order),
        (&["ann", "ann"], false, order),
        (&[], true, "there are more people, and it does not show them"),
        // The same page again and again.
        (&["ann", "bea"], true, order),
        (&["ann"], true, order),
    ];
    for (names, more, reason) in lies {
        let stub = Stub::new().await;
        let people: Vec<_> = names.iter().map(|name| seen(name, &[])).collect();
        let page = People { id: 0, people: List::new(people).unwrap(), more };
        stub.always(Kind::PeopleAsk, by(move |_, request| request.answer(page.clone()).unwrap()));
        let session = stub.session();
        assert_eq!(soon(session.people()).await, Err(Error::Nonsense(reason)), "{names:?}");
        assert!(stub.asked(Kind::PeopleAsk).len() <= 2);
    }
    let stub = Stub::new().await;
    let other = || People { people: List::new(vec![seen("ann", &[])]).unwrap(), ..none() };
    stub.always(Kind::PeopleAsk, by(move |_, request| request.answer(other()).unwrap()));
    let session = stub.session();
    let reason = "it shows somebody else than was asked for";
    assert_eq!(soon(session.person(&user("bea"))).await, Err(Error::Nonsense(reason)));
    assert!(soon(session.person(&user("ann"))).await.is_ok());
}

fn none() -> People {
    People { id: 0, people: List::default(), more: false }
}

#[tokio::test(start_paused = true)]
async fn people_without_end_are_not_asked_for_without_end() {
    let stub = Stub::new().await;
    let endless = by(|_, request| {
        let ask: PeopleAsk = request.decode().unwrap();
        let after = ask.after.map_or(0, |after| after.as_str()[1..].parse().unwrap());
        assert!(after < 100_000, "it asks without end");
        let next = (after + 1..=after + 64).map(|n: u64| seen(&format!("p{n:09}"), &[])).collect();
        let page = People { people: List::new(next).unwrap(), more: true, ..none() };
        request.answer(page).unwrap();
    });
    stub.always(Kind::PeopleAsk, endless);
    let session = stub.session();
    let reason = "there are more people than there may be";
    assert_eq!(soon(session.people()).await, Err(Error::Nonsense(reason)));
    assert_eq!(stub.asked(Kind::PeopleAsk).len(), PEOPLE_KNOWN / 64 + 1);
}

#[tokio::test(start_paused = true)]
async fn somebody_is_reached_or_not() {
    let stub = Stub::new().await;
    let session = stub.session();
    soon(session.reach(&user("bea"))).await.unwrap();
    stub.once(Kind::Reach, Turn::Refuse(Code::NotFound));
    let refused = soon(session.reach(&user("bea"))).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { code: Code::NotFound, .. }), "{refused}");
}
