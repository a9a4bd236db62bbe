//! What the index tells by itself, honestly and in floods.

use crate::stub::{Stub, by, next_news, seen, soon, until, until_here, user};
use bytes::Bytes;
use waxwing::codec::{self, List};
use waxwing::link::{AskError, Conversation, Ending};
use waxwing::node::index::{Age, Error, News, PEOPLE_KNOWN, Person, Status, Trouble};
use waxwing::wire::index::{News as NewsMessage, Noted, People, PersonSeen};
use waxwing::wire::{Ask, Code, Kind, Message, Numbered, SendAsk};

fn message(people: Vec<PersonSeen>, wanted_by: Vec<PersonSeen>) -> NewsMessage {
    let (people, wanted_by) = (List::new(people).unwrap(), List::new(wanted_by).unwrap());
    NewsMessage { id: 0, people, wanted_by, missed: false }
}

fn changed(news: News) -> Person {
    let News::Changed(person) = news else { panic!("{news:?}") };
    person
}

#[tokio::test(start_paused = true)]
async fn changes_and_wishes_are_told_and_remembered() {
    let mut stub = Stub::new().await;
    stub.books().people = vec![seen("ann", &[]), seen("bea", &[])];
    let session = stub.session();
    soon(session.people()).await.unwrap();
    let mut news = session.news();
    let index = stub.conversation();
    let bea = seen("bea", &["127.0.0.1:7400"]);
    let told = message(vec![bea, seen("cid", &[])], vec![seen("ann", &["198.51.100.2:7400"])]);
    soon(index.ask(told)).await.unwrap();
    let bea = changed(next_news(&mut news).await);
    assert_eq!((bea.user.as_str(), bea.online), ("bea", true));
    assert_eq!(bea.addresses[0].to_string(), "192.0.2.7:7400");
    assert_eq!(changed(next_news(&mut news).await).user.as_str(), "cid");
    let News::Wanted(ann) = next_news(&mut news).await else { panic!("nobody wants to reach us") };
    assert_eq!(ann.user.as_str(), "ann");
    let missed = NewsMessage { missed: true, ..message(Vec::new(), Vec::new()) };
    soon(index.ask(missed)).await.unwrap();
    assert_eq!(next_news(&mut news).await, News::Missed);
    // What was told is known when the index is away.
    drop(index);
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let known = soon(session.people()).await.unwrap();
    let names: Vec<_> = known.value.iter().map(|person| person.user.as_str()).collect();
    assert_eq!((names, known.value[1].clone()), (vec!["ann", "bea", "cid"], bea));
    assert!(matches!(known.age, Age::Cached { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_is_told_while_people_are_asked_for_is_newer_than_the_answer() {
    let mut stub = Stub::new().await;
    stub.books().people = vec![seen("ann", &[]), seen("bea", &[]), seen("cid", &[])];
    let session = stub.session();
    until_here(&session).await;
    let index = stub.conversation();
    // The first page is as it was before; the second comes when that was told.
    stub.once(Kind::PeopleAsk, by(|books, request| books.answer(request)));
    stub.once(
        Kind::PeopleAsk,
        by(move |_, request| {
            let index = index.clone();
            tokio::spawn(async move {
                let told = message(vec![seen("ann", &["192.0.2.9:7400"])], Vec::new());
                index.ask(told).await.unwrap();
                let people = List::new(vec![seen("cid", &[])]).unwrap();
                request.answer(People { id: 0, people, more: false }).unwrap();
            });
        }),
    );
    let people = soon(session.people()).await.unwrap().value;
    assert_eq!(people.iter().map(|person| person.online).collect::<Vec<_>>(), [true, false, false]);
    // Who is not there any more is not remembered either.
    stub.books().people.remove(1);
    assert_eq!(soon(session.person(&user("bea"))).await.unwrap().value, None);
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let known = soon(session.people()).await.unwrap();
    assert!(matches!(known.age, Age::Cached { .. }));
    let names: Vec<_> = known.value.iter().map(|person| person.user.as_str()).collect();
    assert_eq!((names, known.value[0].online), (vec!["ann", "cid"], true));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_news_holds_nothing_up_and_takes_no_memory() {
    let mut stub = Stub::new().await;
    let session = stub.session();
    soon(session.people()).await.unwrap();
    let mut news = session.news();
    let index = stub.conversation();
    for round in 0..PEOPLE_KNOWN / 64 + 10 {
        let people = (0..64).map(|n| seen(&format!("p{round}-{n}"), &[])).collect();
        soon(index.ask(message(people, Vec::new()))).await.unwrap();
    }
    // More at once than the conversation takes.
    let many = (0..500).map(|_| {
        let index = index.clone();
        tokio::spawn(async move { index.ask(message(vec![seen("bea", &[])], Vec::new())).await })
    });
    for told in many.collect::<Vec<_>>() {
        let told = soon(told).await.unwrap();
        let busy = |error: &AskError| matches!(error, AskError::Refused { code: Code::Busy, .. });
        assert!(told.as_ref().err().is_none_or(busy), "{told:?}");
    }
    assert!(soon(session.account()).await.is_ok());
    // Who did not take the news is told so, and then the last ones.
    assert_eq!(soon(news.next()).await, Some(News::Missed));
    let mut count = 0;
    while let Ok(Some(News::Changed(_))) =
        tokio::time::timeout(std::time::Duration::from_secs(1), news.next()).await
    {
        count += 1;
    }
    assert_eq!(count, 256);
    drop(index);
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    assert_eq!(soon(session.people()).await.unwrap().value.len(), PEOPLE_KNOWN);
}

#[tokio::test(start_paused = true)]
async fn news_that_are_none_end_it() {
    let stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    let _ = soon(stub.conversation().ask(NoNews(0))).await;
    let status = until(&session, |status| matches!(status, Status::Stopped(_))).await;
    let ours = |ending: &Ending| matches!(ending, Ending::Ours { code: Code::Malformed, .. });
    assert!(matches!(&status, Status::Stopped(Trouble::Ended(e)) if ours(e)), "{status:?}");
    assert!(matches!(soon(session.people()).await, Err(Error::Stopped(_))));
}

#[tokio::test(start_paused = true)]
async fn an_index_asks_a_person_for_nothing_else() {
    let stub = Stub::new().await;
    let session = stub.session();
    until_here(&session).await;
    let index: Conversation = stub.conversation();
    let refused = soon(index.ask(SendAsk { id: 0, entries: 1, data_length: 1 })).await;
    assert!(matches!(refused, Err(AskError::Refused { code: Code::NotAllowed, .. })));
    assert!(soon(session.account()).await.is_ok());
    assert_eq!(session.status(), Status::Here(user("alice")));
}

/// A frame of the news' kind, with a text where the people are.
struct NoNews(u32);

impl Message for NoNews {
    const KIND: Kind = Kind::News;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0xa2, 0, 0x1a]);
        out.extend_from_slice(&self.0.to_be_bytes());
        out.extend_from_slice(&[1, 0x61, b'x']);
    }

    fn decode(_: &Bytes) -> Result<Self, codec::Error> {
        Err(codec::Error::Cut)
    }
}

impl Numbered for NoNews {
    fn id(&self) -> u32 {
        self.0
    }

    fn set_id(&mut self, id: u32) {
        self.0 = id;
    }
}

impl Ask for NoNews {
    type Answer = Noted;
}
