//! One file from several people: all are used, bad ones are dropped, nobody waits for the slow.

use crate::stage::{
    Answered, FetchedFile, MIB, Stage, bytes_of, identity, path, sharer, soon, user, wanted,
};
use std::fs;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Barrier;
use waxwing::codec::Writer;
use waxwing::link::{AskError, Request, Streams};
use waxwing::model::content::{Leaf, of_file};
use waxwing::model::{Audience, Content, ShareId};
use waxwing::peer::{
    Error, Landed, Published, Receipts, Rules, ShareFolder, Sharer, Source, Spread,
};
use waxwing::wire::index::{PathSaid, SizeSaid};
use waxwing::wire::{Code, ContentSaid, Kind, LeavesAsk, LeavesTold};

const SIZE: usize = 24 * MIB + 17;
const LEAVES: u32 = 25;

/// Somebody with a file, who answers requests for parts of it as the test says.
async fn somebody<F: Future<Output = Option<Request>> + Send + 'static>(
    bytes: &[u8],
    when_asked: impl Fn(usize, Request) -> F + Clone + Send + Sync + 'static,
) -> Stage {
    let (bob, asked) = (sharer("bob"), Arc::new(AtomicUsize::new(0)));
    let polite = bob.clone();
    let answer = move |request: Request, streams: Streams| {
        let (bob, when_asked) = (polite.clone(), when_asked.clone());
        let asked = Arc::clone(&asked);
        async move {
            answer(&bob, request, &streams, |it| {
                when_asked(asked.fetch_add(1, Ordering::SeqCst), it)
            })
            .await
        }
    };
    let stage = Stage::answering(tempfile::tempdir().unwrap(), bob, answer).await;
    stage.make("film", bytes);
    stage.publish(Audience::Everyone);
    stage
}

async fn answer<F: Future<Output = Option<Request>>>(
    bob: &Sharer,
    request: Request,
    streams: &Streams,
    when_asked: impl FnOnce(Request) -> F,
) -> Option<Answered> {
    if request.kind() == Kind::LeavesAsk {
        bob.serve_leaves(request, &user("alice")).await.ok();
        return None;
    }
    let request = when_asked(request).await?;
    Some(Answered::Served(bob.serve_get(request, streams, &user("alice")).await))
}

/// Somebody who does what they are asked.
async fn polite(bytes: &[u8]) -> Stage {
    somebody(bytes, |_, request| async { Some(request) }).await
}

fn source(number: usize, stage: &Stage) -> Source {
    let (streams, share) = (stage.streams.clone(), stage.share);
    Source { number, name: "bob".to_owned(), streams, share, path: path("film") }
}

/// Alice begins to fetch it into her downloads on this stage.
async fn begin(stage: &Stage, bytes: &[u8]) -> Spread {
    let landing = stage.landing(Rules::default());
    let receipts = Receipts::in_folder(&stage.at("receipts")).unwrap();
    let alice = stage.alice.clone().with_receipts(receipts);
    let spread = alice.spread(Content::of(bytes), &path("film"), &landing, "bob").await;
    spread.unwrap().unwrap()
}

/// All has come, is right, and lies under its name alone; gives how many bytes came from whom.
async fn landed(stage: &Stage, spread: Spread, bytes: &[u8]) -> Vec<(usize, u64)> {
    let gathering = spread.land().await.unwrap();
    assert_eq!(gathering.landed, Landed::New);
    assert!(gathering.unkept.is_none(), "{:?}", gathering.unkept);
    assert!(fs::read(stage.at("downloads/film")).unwrap() == bytes);
    assert_eq!(stage.names("downloads"), ["film"]);
    let receipts = Receipts::in_folder(&stage.at("receipts")).unwrap();
    let sent = receipts.of_content(Content::of(bytes)).unwrap();
    assert_eq!(sent.len(), gathering.signed.len());
    assert!(sent.iter().all(|sent| sent.sender == identity("bob").fingerprint()));
    gathering.signed
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_have_it_are_both_used() {
    let bytes = bytes_of(1, SIZE);
    // Neither is served before both were asked.
    let both = Arc::new(Barrier::new(2));
    let waiting = move |nth: usize, request| {
        let both = Arc::clone(&both);
        async move {
            if nth == 0 {
                both.wait().await;
            }
            Some(request)
        }
    };
    let (one, two) = (somebody(&bytes, waiting.clone()).await, somebody(&bytes, waiting).await);
    let spread = begin(&one, &bytes).await;
    let (of_one, of_two) = (source(0, &one), source(1, &two));
    let (first, second) =
        soon(async { tokio::join!(spread.work(&of_one), spread.work(&of_two)) }).await;
    first.unwrap();
    second.unwrap();
    let signed = landed(&one, spread, &bytes).await;
    assert_eq!(signed.len(), 2);
    assert!(signed.iter().all(|(_, came)| *came >= 4 * MIB as u64), "{signed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_in_the_middle_leaves_the_rest_to_others() {
    let bytes = bytes_of(1, SIZE);
    let dying = |nth, request: Request| async move {
        if nth == 1 {
            request.conversation().end(Code::Stopping, "");
            return None;
        }
        Some(request)
    };
    let (one, two) = (somebody(&bytes, dying).await, polite(&bytes).await);
    let spread = begin(&one, &bytes).await;
    let why = soon(spread.work(&source(0, &one))).await.unwrap_err();
    assert!(why.may_pass() && !why.is_of_sender(), "{why}");
    let before = spread.came_from(0);
    assert!(before >= 4 * MIB as u64 && !spread.is_over());
    soon(spread.work(&source(1, &two))).await.unwrap();
    assert_eq!(spread.came_from(0), before);
    assert_eq!(landed(&one, spread, &bytes).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lies_in_one_leaf_is_found_out_and_the_file_is_right() {
    let bytes = bytes_of(1, SIZE);
    let (liar, honest) = (polite(&bytes).await, polite(&bytes).await);
    let spread = begin(&honest, &bytes).await;
    // It has shown the true leaves, and changes a byte of the file only then.
    let asked = ask(liar.share, "film", Content::of(&bytes), 0);
    liar.streams.conversation().ask(asked).await.unwrap();
    let mut others = bytes.clone();
    others[3 * MIB + 7] ^= 1;
    liar.make("film", &others);
    lie(&liar, Content::of(&bytes));

    let why = soon(spread.work(&source(0, &liar))).await.unwrap_err();
    assert!(matches!(why, Error::NotAsked("a part of the file has other bytes")), "{why}");
    assert!(why.is_of_sender() && !why.may_pass());
    soon(spread.work(&source(1, &honest))).await.unwrap();
    let signed = landed(&honest, spread, &bytes).await;
    assert!(matches!(signed[..], [(1, _)]), "the liar signed nothing: {signed:?}");
}

fn ask(share: ShareId, name: &str, content: Content, first: u32) -> LeavesAsk {
    let (id, size) = ((*content.id().as_bytes()).into(), SizeSaid(content.size()));
    let (share, path) = ((*share.as_bytes()).into(), PathSaid(path(name)));
    LeavesAsk { id: 0, share, path, content: ContentSaid { id, size }, first }
}

/// Publishes what is there as if it were this content.
fn lie(stage: &Stage, content: Content) {
    let folder = Arc::new(ShareFolder::open(&stage.at("share")).unwrap());
    let files = folder.scan().unwrap().files;
    let files = files
        .iter()
        .map(|file| Published { entry: file.entry(Some(content)).unwrap(), stamp: file.stamp });
    let share = stage.bob.shelf().shares().remove(0);
    stage.bob.shelf().put(share, folder, files.collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_another_content_is_not_believed() {
    let bytes = bytes_of(1, SIZE);
    let forge = |request: Request, _: Streams| async move {
        let ask: LeavesAsk = request.decode().unwrap();
        let leaf = Leaf::from_bytes([7; 32]);
        let told = LeavesTold::new(&vec![leaf; (LEAVES - ask.first) as usize]);
        request.answer(told).unwrap();
        None
    };
    let stage = Stage::answering(tempfile::tempdir().unwrap(), sharer("bob"), forge).await;
    let spread = begin(&stage, &bytes).await;
    let why = soon(spread.work(&source(0, &stage))).await.unwrap_err();
    assert!(why.is_of_sender(), "{why}");
    assert!(!spread.has_list());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_who_brings_nothing() {
    let bytes = bytes_of(1, SIZE);
    let silent = |_, request: Request| async move {
        pending::<()>().await;
        Some(request)
    };
    let (stuck, quick) = (somebody(&bytes, silent).await, polite(&bytes).await);
    let spread = begin(&quick, &bytes).await;
    let (of_stuck, of_quick) = (source(0, &stuck), source(1, &quick));
    let (first, second) =
        soon(async { tokio::join!(spread.work(&of_stuck), spread.work(&of_quick)) }).await;
    first.expect("it is let go, and not waited for until it fails");
    second.unwrap();
    let signed = landed(&quick, spread, &bytes).await;
    assert_eq!(signed, [(1, SIZE as u64)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_who_shows_no_list() {
    let bytes = bytes_of(1, SIZE);
    let silent = |request: Request, _: Streams| async move {
        pending::<()>().await;
        drop(request);
        None
    };
    let stuck = Stage::answering(tempfile::tempdir().unwrap(), sharer("bob"), silent).await;
    let quick = polite(&bytes).await;
    let spread = begin(&quick, &bytes).await;
    let (of_stuck, of_quick) = (source(0, &stuck), source(1, &quick));
    let (first, second) =
        soon(async { tokio::join!(spread.work(&of_stuck), spread.work(&of_quick)) }).await;
    first.expect("it is let go, and not waited for until it fails");
    second.unwrap();
    assert_eq!(landed(&quick, spread, &bytes).await, [(1, SIZE as u64)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_later_joins() {
    let bytes = bytes_of(1, SIZE);
    // After its first part the one does nothing any more.
    let tired = |nth, request: Request| async move {
        if nth > 0 { pending().await } else { Some(request) }
    };
    let (one, two) = (somebody(&bytes, tired).await, polite(&bytes).await);
    let spread = begin(&one, &bytes).await;
    let (of_one, of_two) = (source(0, &one), source(1, &two));
    let later = async {
        while spread.came_from(0) < 4 * MIB as u64 {
            tokio::task::yield_now().await;
        }
        spread.work(&of_two).await
    };
    let (first, second) = soon(async { tokio::join!(spread.work(&of_one), later) }).await;
    first.unwrap();
    second.unwrap();
    let signed = landed(&one, spread, &bytes).await;
    assert_eq!(signed.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_from_one_goes_on_from_another_a_day_later() {
    let bytes = bytes_of(1, SIZE);
    let dying = |nth, request: Request| async move {
        if nth == 1 {
            request.conversation().end(Code::Stopping, "");
            return None;
        }
        Some(request)
    };
    let (one, mut two) = (somebody(&bytes, dying).await, polite(&bytes).await);
    let spread = begin(&one, &bytes).await;
    soon(spread.work(&source(0, &one))).await.unwrap_err();
    let came = spread.came_from(0);
    soon(spread.break_off()).await;

    let spread = begin(&one, &bytes).await;
    soon(spread.work(&source(0, &two))).await.unwrap();
    landed(&one, spread, &bytes).await;
    let mut again = 0;
    while again < SIZE as u64 - came {
        again += two.served().await.unwrap().bytes;
    }
    assert_eq!(again, SIZE as u64 - came, "what was held came again");
}

/// A file as somebody left it who was cut off: of these leaves it was signed that they are there.
fn cut_off(stage: &Stage, of: Content, on_disk: &[u8], held: &[u64]) {
    let mut leaves = Vec::new();
    of_file(on_disk, on_disk.len() as u64, |leaf| leaves.push(leaf)).unwrap();
    let mut head = Writer::default();
    head.u8(1).u8(2).count(1).u32(0).block(b"film");
    head.u8(0).raw(of.id().as_bytes()).u64(of.size());
    let mut record = Writer::default();
    record.u8(2).count(held.len());
    for number in held {
        record.u32(0).u64(*number).raw(leaves[*number as usize].as_bytes());
    }
    let mut journal = Writer::default();
    for body in [head, record] {
        let body = body.into_bytes();
        let check = Content::of(&body).id();
        journal.count(body.len()).raw(&check.as_bytes()[..8]).raw(&body);
    }
    let folder = ".waxwing-00000000000000000000000000000001";
    stage.write(&format!("downloads/{folder}/lock"), b"");
    stage.write(&format!("downloads/{folder}/0"), on_disk);
    // It is of today.
    fs::write(stage.at(&format!("downloads/{folder}/journal")), journal.into_bytes()).unwrap();
}

/// The file with other bytes in its first two leaves, whose sender lied, and one other byte in leaf 9:
/// it was changed while it was sent. The others that are held are right, with more gaps between them than
/// one request asks for.
fn left_by_bad_senders(stage: &Stage, bytes: &[u8]) {
    let mut on_disk = bytes_of(2, SIZE);
    for right in [4..5, 6..7, 8..10, 20..21, 22..23] {
        let right = right.start * MIB..right.end * MIB;
        on_disk[right.clone()].copy_from_slice(&bytes[right]);
    }
    on_disk[9 * MIB + 5] ^= 1;
    cut_off(stage, Content::of(bytes), &on_disk, &[0, 1, 4, 6, 8, 9, 20, 22]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_sender_left_counts_only_if_it_is_of_the_list() {
    let bytes = bytes_of(1, SIZE);
    let mut honest = polite(&bytes).await;
    left_by_bad_senders(&honest, &bytes);
    let spread = begin(&honest, &bytes).await;
    soon(spread.work(&source(0, &honest))).await.unwrap();
    landed(&honest, spread, &bytes).await;
    let (mut came, needed) = (0, (SIZE - 5 * MIB) as u64);
    while came < needed {
        came += honest.served().await.unwrap().bytes;
    }
    assert_eq!(came, needed, "what was right came again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_of_the_list_is_not_held_any_more() {
    let bytes = bytes_of(1, SIZE);
    // She shows the list, and is gone.
    let gone = |_, request: Request| async move {
        request.conversation().end(Code::Stopping, "");
        None
    };
    let (gone, honest) = (somebody(&bytes, gone).await, polite(&bytes).await);
    left_by_bad_senders(&honest, &bytes);
    let spread = begin(&honest, &bytes).await;
    soon(spread.work(&source(0, &gone))).await.unwrap_err();
    soon(spread.break_off()).await;

    // So it comes whole from one alone, too, who is not told of any parts that are no parts of it.
    let fetched = honest.fetch_all(vec![wanted("film", Some(Content::of(&bytes)))]).await;
    assert!(
        matches!(fetched.files[..], [FetchedFile { landed: Ok(Landed::New), .. }]),
        "{fetched:?}"
    );
    assert!(fs::read(honest.at("downloads/film")).unwrap() == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_are_for_those_who_may_have_the_file() {
    let bytes = bytes_of(1, SIZE);
    let stage = polite(&bytes).await;
    let content = Content::of(&bytes);
    let conversation = stage.streams.conversation();
    let refused = async |asked: LeavesAsk| match soon(conversation.ask(asked)).await {
        Err(AskError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    let all = soon(conversation.ask(ask(stage.share, "film", content, 0))).await.unwrap();
    assert_eq!(all.leaves().count(), LEAVES as usize);
    let rest = soon(conversation.ask(ask(stage.share, "film", content, LEAVES - 1))).await.unwrap();
    assert_eq!(rest.leaves().last(), all.leaves().last());
    assert_eq!(refused(ask(stage.share, "film", content, LEAVES)).await, Code::Malformed);
    assert_eq!(refused(ask(stage.share, "other", content, 0)).await, Code::NotFound);
    let elsewhere = ShareId::from_bytes([9; 16]);
    assert_eq!(refused(ask(elsewhere, "film", content, 0)).await, Code::NotFound);
    let other = Content::of(&bytes_of(2, SIZE));
    assert_eq!(refused(ask(stage.share, "film", other, 0)).await, Code::SourceChanged);
    // Not any more what was published.
    fs::write(stage.at("share/film"), b"other").unwrap();
    assert_eq!(refused(ask(stage.share, "film", content, 0)).await, Code::SourceChanged);
    // Not for her.
    stage.make("film", &bytes);
    stage.publish(Audience::people([user("carol")]).unwrap());
    assert_eq!(refused(ask(stage.share, "film", content, 0)).await, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_others_first_holds_up_nobody() {
    let bytes = bytes_of(1, SIZE);
    let (one, two) = (polite(&bytes).await, polite(&bytes).await);
    // All that one person may have of the second is taken, and never ends.
    let page = || {
        let path = PathSaid(path("film"));
        let wanted = waxwing::wire::Wanted { path, content: None, parts: None };
        std::iter::once(waxwing::codec::List::new(vec![wanted]).unwrap())
    };
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(soon(two.streams.get(two.share, [3; 32], &mut { page })).await.unwrap());
    }
    let spread = begin(&one, &bytes).await;
    let (of_one, of_two) = (source(0, &one), source(1, &two));
    let (first, second) =
        soon(async { tokio::join!(spread.work(&of_one), spread.work(&of_two)) }).await;
    first.unwrap();
    second.unwrap();
    assert_eq!(landed(&one, spread, &bytes).await, [(0, SIZE as u64)]);
}
