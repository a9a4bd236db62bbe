//! Searching: what is found and how it is shown, page by page, over reconnects, and while the index is
//! away; and what an index can answer that cannot be.

use crate::library::{Row, row, said, tables};
use crate::stub::{Stub, Turn, by, setup, soon, until, until_here, user};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use waxwing::codec::{List, Text};
use waxwing::model::{Content, ContentId, Entry, EntryPath, FileKind, Modified, Name};
use waxwing::node::index::{
    Age, Error, Findings, Found, IndexSession, Known, Query, Section, Setup, Status, Trouble,
};
use waxwing::wire::index::{Found as FoundSaid, Located, Results, Search};
use waxwing::wire::{Code, Kind};

const CACHED: Age = Age::Cached { since: crate::keys::NOW };

fn file(path: &str) -> Entry {
    let content = Content::of(path.as_bytes());
    with_content(path, &content)
}

fn with_content(path: &str, content: &Content) -> Entry {
    let entry =
        Entry::new(EntryPath::parse(path).unwrap(), content.size(), Modified::from_nanos(0));
    entry.unwrap().with_content(Some(content.id()))
}

/// Bob's pictures, so many of them.
fn pictures(count: usize) -> Vec<Row> {
    let picture = |n| row("bob", &["192.0.2.9:7400"], "photos", file(&format!("koala{n:03}.jpg")));
    (0..count).map(picture).collect()
}

fn names(found: &[Found]) -> Vec<String> {
    found.iter().map(|found| found.sources[0].entry.path().to_string()).collect()
}

fn koalas(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("koala{n:03}.jpg")).collect()
}

async fn search(session: &IndexSession, query: &Query) -> Findings {
    let seen = soon(session.search(query)).await.unwrap();
    assert_eq!(seen.age, Age::Fresh);
    seen.value
}

fn most(text: &str, most: usize) -> Query {
    Query { most, ..Query::new(text) }
}

async fn restart(stub: &mut Stub, session: &IndexSession) {
    stub.go().await;
    until(session, |status| matches!(status, Status::Away(_))).await;
    stub.come();
    until_here(session).await;
}

#[tokio::test(start_paused = true)]
async fn a_result_has_all_that_is_needed_to_fetch_it() {
    let stub = Stub::new().await;
    let tree = Content::of(b"a tree");
    let entry = |path| with_content(path, &tree).executable(true);
    stub.books().library.rows = vec![
        row("bob", &["192.0.2.9:7400"], "photos", entry("park/tree.jpg")),
        row("alice", &[], "films", file("koala.mp4")),
        row("carol", &[], "pictures", entry("tree (copy).jpg")),
    ];
    let session = stub.session();
    let findings = search(&session, &Query::new("tree")).await;
    let [found] = findings.results.as_slice() else { panic!("{findings:?}") };
    assert!(findings.more.is_none() && findings.nothing.is_empty());
    let [bobs, carols] = found.sources.as_slice() else { panic!("{found:?}") };
    assert_eq!((bobs.owner.user.as_str(), bobs.share.name.as_str()), ("bob", "photos"));
    assert_eq!(bobs.owner.addresses[0].to_string(), "192.0.2.9:7400");
    assert!(bobs.owner.online && !carols.owner.online);
    assert_eq!(bobs.entry, entry("park/tree.jpg"));
    assert_eq!(carols.share.name.as_str(), "pictures");
    assert_ne!(bobs.share.id, carols.share.id);
    // Who was found is known, and where they are: without the index, too.
    let people = session.known().clone();
    let located = soon(session.locate(&tree)).await.unwrap().unwrap();
    assert_eq!(located, *found);
    assert_eq!(soon(session.locate(&Content::of(b"another"))).await, Ok(None));
    session.close().await;
    let stub = Stub::away();
    let session = stub.session_with(Setup { known: people, ..setup() });
    let bob = soon(session.person(&user("bob"))).await.unwrap();
    assert_eq!(bob.value.unwrap().addresses.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_is_what_is_said() {
    let stub = Stub::new().await;
    let (keep, kept) = std::sync::mpsc::sync_channel(8);
    let keeping = by(move |books, request| {
        keep.send(request.decode::<Search>().unwrap()).unwrap();
        books.answer(request);
    });
    stub.always(Kind::Search, keeping);
    let session = stub.session();
    let query = Query {
        owner: Some(user("bob")),
        kind: Some(FileKind::Image),
        smallest: Some(1),
        largest: Some(1000),
        online: true,
        most: 7,
        ..Query::new("koal* tree")
    };
    search(&session, &query).await;
    let asked = kept.recv().unwrap();
    let expected = Search {
        id: asked.id,
        text: Text::new("koal* tree").unwrap(),
        owner: Some(waxwing::wire::index::Named(user("bob"))),
        kind: Some(FileKind::Image.number()),
        smallest: Some(1),
        largest: Some(1000),
        online: true,
        most: Some(7),
        from: None,
    };
    assert_eq!(asked, expected);
    search(&session, &Query::new("koala")).await;
    let asked = kept.recv().unwrap();
    assert_eq!((asked.owner, asked.kind, asked.most, asked.online), (None, None, Some(100), false));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_searched_for_is_not_asked() {
    let stub = Stub::new().await;
    let session = stub.session();
    let words = |count| (0..count).map(|n| format!("w{n} ")).collect::<String>();
    for text in ["", "  ", "!?", &words(11)] {
        let refused = soon(session.search(&Query::new(text))).await.unwrap_err();
        assert!(matches!(refused, Error::Query(_)), "{text}: {refused}");
    }
    let long = soon(session.search(&Query::new("x".repeat(1025)))).await.unwrap_err();
    assert!(matches!(long, Error::TooLong(_)), "{long}");
    assert!(stub.asked(Kind::Search).is_empty());
    search(&session, &Query::new(words(10))).await;
    search(&session, &Query { owner: Some(user("bob")), ..Query::default() }).await;
    search(&session, &Query { kind: Some(FileKind::Audio), ..Query::new(" ") }).await;
    assert_eq!(stub.asked(Kind::Search).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn words_of_which_there_is_nothing_are_named() {
    let stub = Stub::new().await;
    stub.books().library.rows = pictures(1);
    let session = stub.session();
    let findings = search(&session, &Query::new("koala unicorn 007")).await;
    let nothing: Vec<_> = findings.nothing.iter().map(ToString::to_string).collect();
    assert_eq!((findings.results.len(), nothing), (0, vec!["unicorn".into(), "007".into()]));
    assert!(findings.more.is_none());
    assert!(search(&session, &Query::new("koala")).await.nothing.is_empty());
}

#[tokio::test(start_paused = true)]
async fn results_come_page_by_page_as_many_as_are_wanted() {
    let stub = Stub::new().await;
    stub.books().library.rows = pictures(11);
    let session = stub.session();
    // The index gives three at once.
    for wanted in [1, 3, 4, 6] {
        let mut asked = stub.asked(Kind::Search).len();
        let findings = search(&session, &most("koala", wanted)).await;
        assert_eq!(names(&findings.results), koalas(0..wanted));
        assert_eq!(stub.asked(Kind::Search).len() - asked, wanted.div_ceil(3));
        let (mut more, mut given) = (findings.more.unwrap(), wanted);
        while !more.is_over() {
            asked = stub.asked(Kind::Search).len();
            let next = soon(session.more(&mut more)).await.unwrap();
            let until = (given + wanted).min(11);
            assert_eq!(names(&next), koalas(given..until), "{wanted}");
            assert!(stub.asked(Kind::Search).len() - asked <= wanted.div_ceil(3));
            given = until;
        }
        assert_eq!(given, 11);
        asked = stub.asked(Kind::Search).len();
        assert_eq!(soon(session.more(&mut more)).await, Ok(Vec::new()));
        assert_eq!(stub.asked(Kind::Search).len(), asked);
    }
    // None at once would never come to an end.
    assert_eq!(names(&search(&session, &most("koala", 0)).await.results), koalas(0..1));
    let all = search(&session, &Query::new("koala")).await;
    assert!(names(&all.results) == koalas(0..11) && all.more.is_none());
}

#[tokio::test(start_paused = true)]
async fn pages_go_on_after_a_reconnect_and_nothing_comes_twice() {
    let mut stub = Stub::new().await;
    stub.books().library.rows = pictures(11);
    let mut plain = row("bob", &[], "photos", file("koala999.jpg"));
    plain.entry = plain.entry.with_content(None);
    stub.books().library.rows.insert(2, plain.clone());
    let session = stub.session();
    let findings = search(&session, &most("koala", 4)).await;
    let given = names(&findings.results);
    assert_eq!(given, ["koala000.jpg", "koala001.jpg", "koala999.jpg", "koala002.jpg"]);
    let mut more = findings.more.unwrap();
    restart(&mut stub, &session).await;
    // Another search has the number now that ours had.
    let other = search(&session, &most("jpg", 4)).await;
    assert_eq!(names(&other.results), given);
    // What was there changed meanwhile: the first one is gone, and a new one comes first.
    stub.books().library.rows.remove(0);
    stub.books().library.rows.insert(0, row("bob", &[], "photos", file("koala-new.jpg")));
    let next = names(&soon(session.more(&mut more)).await.unwrap());
    assert_eq!(next, ["koala-new.jpg", "koala003.jpg", "koala004.jpg", "koala005.jpg"]);
    // The index has forgotten it though the conversation is the same.
    stub.books().library.forget();
    assert_eq!(names(&soon(session.more(&mut more)).await.unwrap()), koalas(6..10));
    // And the answer is lost.
    stub.once(Kind::Search, Turn::HangUp);
    assert_eq!(names(&soon(session.more(&mut more)).await.unwrap()), koalas(10..11));
    assert!(more.is_over());
}

#[tokio::test(start_paused = true)]
async fn however_much_was_given_the_next_page_is_found_after_a_reconnect() {
    let mut stub = Stub::new().await;
    stub.books().library.rows = pictures(120);
    let session = stub.session();
    let mut more = search(&session, &most("koala", 1)).await.more.unwrap();
    for n in 1..100 {
        assert_eq!(names(&soon(session.more(&mut more)).await.unwrap()), koalas(n..n + 1));
    }
    restart(&mut stub, &session).await;
    for n in 100..120 {
        assert_eq!(names(&soon(session.more(&mut more)).await.unwrap()), koalas(n..n + 1));
    }
    assert!(more.is_over());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_when_a_page_fails() {
    let mut stub = Stub::new().await;
    stub.books().library.rows = pictures(9);
    let session = stub.session();
    stub.once(Kind::Search, by(|books, request| books.answer(request)));
    stub.once(Kind::Search, Turn::Refuse(Code::Query));
    let findings = search(&session, &most("koala", 6)).await;
    assert_eq!(names(&findings.results), koalas(0..3));
    let mut more = findings.more.unwrap();
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let away = soon(session.more(&mut more)).await;
    assert!(matches!(away, Err(Error::Away(Trouble::Link(_)))), "{away:?}");
    stub.come();
    until_here(&session).await;
    // Nobody waits for what comes behind what was given, and behind the first new page.
    stub.once(Kind::Search, by(|books, request| books.answer(request)));
    stub.once(Kind::Search, by(|books, request| books.answer(request)));
    stub.once(Kind::Search, Turn::Silent);
    let dropped = tokio::time::timeout(Duration::from_secs(1), session.more(&mut more)).await;
    assert!(dropped.is_err());
    assert_eq!(names(&soon(session.more(&mut more)).await.unwrap()), koalas(3..9));
}

#[tokio::test(start_paused = true)]
async fn an_index_that_finds_nothing_for_long_is_asked_on_and_not_for_ever() {
    let stub = Stub::new().await;
    let empty = |next| Results {
        id: 0,
        people: List::default(),
        shares: List::default(),
        results: List::default(),
        nothing: List::default(),
        next,
    };
    // Nothing on the first pages, as when much is to be looked through.
    stub.books().library.rows = pictures(1);
    for number in 0..5 {
        stub.once(Kind::Search, by(move |_, it| it.answer(empty(Some(number))).unwrap()));
    }
    let session = stub.session();
    let findings = search(&session, &Query::new("koala")).await;
    assert_eq!((findings.results.len(), stub.asked(Kind::Search).len()), (1, 7));
    assert!(findings.nothing.is_empty());
    // Without end.
    stub.always(Kind::Search, by(move |_, it| it.answer(empty(Some(7))).unwrap()));
    let findings = search(&session, &Query::new("tree")).await;
    assert!(findings.results.is_empty() && findings.nothing.is_empty());
    let asked = stub.asked(Kind::Search).len();
    assert!((20..200).contains(&asked), "{asked}");
    let mut more = findings.more.unwrap();
    assert_eq!(soon(session.more(&mut more)).await, Ok(Vec::new()));
    assert!(!more.is_over());
    let mut calls = 0;
    let why = loop {
        match soon(session.more(&mut more)).await {
            Ok(found) => assert!(found.is_empty() && !more.is_over()),
            Err(why) => break why,
        }
        calls += 1;
        assert!(calls < 100, "it asks without end");
    };
    assert_eq!(why, Error::Nonsense("it goes on searching and finds nothing"));
    // And one that always finds something new.
    stub.always(Kind::Search, by(endless));
    let mut more = search(&session, &Query::new("koala")).await.more.unwrap();
    let mut given = 100;
    while !more.is_over() {
        given += soon(session.more(&mut more)).await.unwrap().len();
        assert!(given <= 20_000, "it asks without end");
    }
    assert_eq!(given, 10_000);
}

/// A hundred results, and more.
fn endless(books: &mut crate::stub::Books, request: waxwing::link::Request) {
    let from = books.asked.len() * 100;
    let rows: Vec<_> = (from..from + 100).map(|n| Row { ..many_row(n) }).collect();
    request
        .answer(results(&rows.iter().map(|row| vec![row]).collect::<Vec<_>>(), Some(1)))
        .unwrap();
}

fn many_row(n: usize) -> Row {
    row("bob", &[], "photos", file(&format!("koala{n}.jpg")))
}

/// An answer with these results, each of these sources.
fn results(groups: &[Vec<&Row>], next: Option<u32>) -> Results {
    let (people, shares) = tables(&groups.concat());
    let found = |rows: &Vec<&Row>| {
        let sources = rows.iter().map(|row| said(row, &shares)).collect();
        FoundSaid { sources: List::new(sources).unwrap(), others: 0 }
    };
    let results = List::new(groups.iter().map(found).collect()).unwrap();
    let (people, nothing) = (List::new(people).unwrap(), List::default());
    Results { id: 0, people, results, nothing, next, shares: List::new(shares).unwrap() }
}

#[tokio::test(start_paused = true)]
async fn answers_that_cannot_be_are_not_believed() {
    let (a, b) = (many_row(1), many_row(2));
    let plain = |n| Row { entry: many_row(n).entry.with_content(None), ..many_row(n) };
    let (plain, other_plain) = (plain(1), plain(2));
    let longer = Row { entry: with_size(&a.entry, 1000), ..a.clone() };
    let alices = row("alice", &[], "photos", file("koala.jpg"));
    let several = "one result has several contents";
    let others = "it found what was not asked for";
    let of_bob = Query { owner: Some(user("bob")), ..Query::new("koala") };
    let small = Query { largest: Some(999), ..Query::new("koala") };
    let large = Query { smallest: Some(1001), ..Query::new("koala") };
    let plus = |count, answer: Results| {
        let mut results = answer.results.clone().into_inner();
        results[0].others = count;
        Results { results: List::new(results).unwrap(), ..answer }
    };
    let lies = [
        (Query::new("koala"), results(&[vec![&a, &b]], None), several),
        (Query::new("koala"), results(&[vec![&a, &longer]], None), several),
        (Query::new("koala"), results(&[vec![&plain, &other_plain]], None), several),
        (Query::new("koala"), plus(1, results(&[vec![&plain]], None)), several),
        (of_bob, results(&[vec![&alices]], None), others),
        (small, results(&[vec![&longer]], None), others),
        (large, results(&[vec![&longer]], None), others),
        (
            most("koala", 1),
            results(&[vec![&a], vec![&b]], None),
            "it found more than was asked for",
        ),
    ];
    for (query, answer, reason) in lies {
        let stub = Stub::new().await;
        stub.always(Kind::Search, by(move |_, request| request.answer(answer.clone()).unwrap()));
        let session = stub.session();
        let error = soon(session.search(&query)).await.map(|seen| seen.value.results);
        assert_eq!(error, Err(Error::Nonsense(reason)));
    }
    // Right at the borders, and with others.
    for (query, answer) in [
        (Query { largest: Some(1000), ..Query::new("koala") }, results(&[vec![&longer]], None)),
        (Query { smallest: Some(1000), ..Query::new("koala") }, results(&[vec![&longer]], None)),
        (Query::new("koala"), plus(7, results(&[vec![&a]], None))),
    ] {
        let stub = Stub::new().await;
        stub.always(Kind::Search, by(move |_, request| request.answer(answer.clone()).unwrap()));
        assert_eq!(search(&stub.session(), &query).await.results.len(), 1);
    }
}

fn with_size(entry: &Entry, size: u64) -> Entry {
    let other = Entry::new(entry.path().clone(), size, entry.modified()).unwrap();
    other.with_content(entry.content())
}

#[tokio::test(start_paused = true)]
async fn a_content_that_is_another_one_is_not_believed() {
    let content = Content::of(b"koala");
    let right = with_content("koala.jpg", &content);
    let wrong = [with_size(&right, 6), right.clone().with_content(None), file("koala.jpg")];
    for entry in wrong {
        let stub = Stub::new().await;
        let lie = by(move |_, request| {
            let row = row("bob", &[], "photos", entry.clone());
            let Results { people, shares, results, .. } = results(&[vec![&row]], None);
            let sources = List::new(results[0].sources.to_vec()).unwrap();
            let (people, shares) = (people.into_inner(), shares.into_inner());
            let (people, shares) = (List::new(people).unwrap(), List::new(shares).unwrap());
            request.answer(Located { id: 0, people, shares, sources, others: 0 }).unwrap();
        });
        stub.always(Kind::Locate, lie);
        let located = soon(stub.session().locate(&content)).await;
        let reason = "it shows another content than was asked for";
        assert_eq!(located, Err(Error::Nonsense(reason)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_found_is_answered_while_the_index_is_away() {
    let mut stub = Stub::new().await;
    stub.books().library.rows = pictures(5);
    let known = Known::default();
    let session = stub.session_with(Setup { known: known.clone(), ..setup() });
    let fresh = search(&session, &most("koala", 4)).await;
    session.close().await;
    stub.go().await;

    let later = || waxwing::model::UnixTime(crate::keys::NOW.0 + 1000);
    let session = stub.session_with(Setup { known, clock: Arc::new(later), ..setup() });
    let seen = soon(session.search(&most("koala", 4))).await.unwrap();
    assert_eq!((seen.age, seen.value.results), (CACHED, fresh.results));
    // Other searches are not known.
    for other in [most("koala", 5), most("koal*", 4), Query { online: true, ..most("koala", 4) }] {
        assert!(matches!(soon(session.search(&other)).await, Err(Error::Away(_))));
    }
    stub.come();
    until_here(&session).await;
    // It goes on where what was known ended.
    let mut more = seen.value.more.unwrap();
    assert_eq!(names(&soon(session.more(&mut more)).await.unwrap()), koalas(4..5));
    stub.books().library.rows = pictures(1);
    assert_eq!(search(&session, &most("koala", 4)).await.results.len(), 1);
    // An index that does not answer is as good as away.
    stub.always(Kind::Search, Turn::Silent);
    let begun = Instant::now();
    let seen = soon(session.search(&most("koala", 4))).await.unwrap();
    assert_eq!(seen.age, Age::Cached { since: later() });
    assert_eq!((seen.value.results.len(), begun.elapsed().as_secs()), (1, 30));
}

#[tokio::test(start_paused = true)]
async fn the_last_searches_are_kept_and_no_more_than_fit() {
    let mut stub = Stub::new().await;
    stub.books().library.rows = pictures(1);
    let session = stub.session();
    let text = |n: usize| Query::new(format!("koala{n:03}"));
    for n in 0..70 {
        search(&session, &text(n)).await;
    }
    // Asked again, it is among the last.
    search(&session, &text(6)).await;
    search(&session, &text(70)).await;
    // Far too much to be kept.
    stub.books().library.rows = pictures(5000);
    stub.books().library.page = 100;
    search(&session, &most("jpg", 5000)).await;
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let mut known = Vec::new();
    for n in 0..=70 {
        if soon(session.search(&text(n))).await.is_ok() {
            known.push(n);
        }
    }
    let last = std::iter::once(6).chain(8..=70).collect::<Vec<_>>();
    assert_eq!(known, last);
    assert!(soon(session.search(&most("jpg", 5000))).await.is_err());
    // Some large ones take the room of all others.
    stub.come();
    until_here(&session).await;
    for n in 0..5 {
        search(&session, &most("jpg", 1000 + n)).await;
    }
    stub.go().await;
    until(&session, |status| matches!(status, Status::Away(_))).await;
    let mut known = Vec::new();
    for n in 0..5 {
        known.push(soon(session.search(&most("jpg", 1000 + n))).await.is_ok());
    }
    assert_eq!(known, [false, false, true, true, true]);
    assert!(soon(session.search(&text(70))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_somebody_shares_is_listed_to_its_end() {
    let stub = Stub::new().await;
    let mut rows = pictures(7);
    rows.push(row("bob", &["192.0.2.9:7400"], "films", file("koala.mp4")));
    rows.push(row("alice", &[], "photos", file("tree.jpg")));
    stub.books().library.rows = rows;
    let session = stub.session();
    let bob = user("bob");
    let listing = soon(session.browse(&bob, Section::default(), 1000)).await.unwrap().unwrap();
    assert_eq!((listing.owner.user.as_str(), listing.more), ("bob", false));
    let shown = |source: &waxwing::node::index::Source| {
        format!("{}/{}", source.share.name, source.entry.path())
    };
    let shown: Vec<_> = listing.entries.iter().map(shown).collect();
    let photos = koalas(0..7).into_iter().map(|name| format!("photos/{name}"));
    let all: Vec<_> = std::iter::once("films/koala.mp4".to_owned()).chain(photos).collect();
    assert_eq!(shown, all);
    assert_eq!(stub.asked(Kind::Browse).len(), 3);
    for (most, count, asked) in [(0, 0, 1), (1, 1, 1), (3, 3, 1), (4, 4, 2), (7, 7, 3), (8, 8, 3)] {
        let before = stub.asked(Kind::Browse).len();
        let listing = soon(session.browse(&bob, Section::default(), most)).await.unwrap().unwrap();
        assert_eq!((listing.entries.len(), listing.more), (count, count < 8), "{most}");
        assert_eq!(stub.asked(Kind::Browse).len() - before, asked, "{most}");
    }
    let films = Name::new("films").unwrap();
    let listing =
        soon(session.browse(&bob, Section { share: Some(&films), ..Section::default() }, 1000))
            .await
            .unwrap()
            .unwrap();
    assert_eq!(listing.entries.len(), 1);
    let below = EntryPath::parse("koala.mp4").unwrap();
    let listing =
        soon(session.browse(&bob, Section { below: Some(&below), ..Section::default() }, 1000))
            .await
            .unwrap()
            .unwrap();
    assert_eq!(listing.entries.len(), 1);
    assert_eq!(soon(session.browse(&user("carol"), Section::default(), 1000)).await, Ok(None));
    assert_eq!(
        soon(session.browse(
            &user("alice"),
            Section { share: Some(&films), ..Section::default() },
            1000
        ))
        .await,
        Ok(None)
    );
}

#[tokio::test(start_paused = true)]
async fn listings_that_cannot_be_are_not_believed() {
    let photos = |path: &str| row("bob", &[], "photos", file(path));
    let order = "entries are not in the order of shares and paths";
    let lies = [
        (vec![photos("b"), photos("a")], false, order),
        (vec![photos("a"), photos("a")], false, order),
        (vec![photos("a"), row("bob", &[], "films", file("b"))], false, order),
        // The same again and again.
        (vec![photos("a")], true, order),
    ];
    let whole = Some(Name::new("films").unwrap());
    let other_share = "it shows another share than was asked for";
    let lies = lies.map(|(rows, more, reason)| (rows, more, None, reason));
    let lies = lies.into_iter().chain([(vec![photos("a")], false, whole, other_share)]);
    let alices = vec![row("alice", &[], "photos", file("a"))];
    let other = "it shows somebody else than was asked for";
    for (rows, more, share, reason) in lies.chain([(alices, false, None, other)]) {
        let stub = Stub::new().await;
        let lie = by(move |_, request| {
            let rows: Vec<_> = rows.iter().collect();
            let (people, shares) = tables(&rows);
            let entries = rows.iter().map(|row| said(row, &shares)).collect();
            let listing = waxwing::wire::index::Listing {
                id: 0,
                person: people[0].clone(),
                shares: List::new(shares).unwrap(),
                entries: List::new(entries).unwrap(),
                more,
            };
            request.answer(listing).unwrap();
        });
        stub.always(Kind::Browse, lie);
        let listed = soon(stub.session().browse(
            &user("bob"),
            Section { share: share.as_ref(), ..Section::default() },
            1000,
        ))
        .await;
        assert_eq!(listed, Err(Error::Nonsense(reason)));
        assert!(stub.asked(Kind::Browse).len() <= 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_about_the_catalog_waits_for_an_index_that_comes_in_time() {
    let mut stub = Stub::away();
    stub.books().library.rows = pictures(2);
    let session = stub.session();
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.search(&Query::new("koala")).await }
    });
    sleep(Duration::from_secs(10)).await;
    stub.come();
    assert_eq!(soon(asking).await.unwrap().unwrap().value.results.len(), 2);
    let id = ContentId::from_bytes([1; 32]);
    assert_eq!(soon(session.locate(&Content::new(id, 1).unwrap())).await, Ok(None));
}
