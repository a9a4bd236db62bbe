//! Eve, who has an account like everybody, and whose program is none of ours: what she says is shown as text
//! wherever it comes out, and what she may not ask is refused.

use crate::terminal::Terminal;
use crate::town::{PASSWORD, Serving, Town};
use rustix::process::{Signal, kill_process};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use waxwing::codec::{List, Text};
use waxwing::crypto::{Identity, Password, random};
use waxwing::link::{
    AskError, Backoff, Conversation, Deadlines, Dialler, Expected, Incoming, Listener, Side,
};
use waxwing::model::{
    Audience, Entry, EntryPath, Keywords, Modified, Name, Share, ShareId, UserName,
};
use waxwing::wire::index::{
    AccountAsk, EntrySaid, Join, Login, Named, Online, PasswordText, PeopleAsk, Publish,
    ShareChange,
};
use waxwing::wire::{Ask, Code, Explanation, Features, GetGrant, Kind, Party, SendAsk, StreamEnd};

/// What would clear a screen, write a clipboard, ring, forge a line, turn a name around, hide, and begin a
/// line of its own.
pub(crate) const STEERING: &str = "\u{1b}[2Jcleared\u{1b}]52;c;c3RvbGVu\u{7}\rforged> \u{9b}31mred\u{202e}gnp.exe\
                        \u{200b}hidden\nnext line";

/// None of it has come through, and it is shown in its place.
#[track_caller]
fn is_shown_as_text(shown: &str) {
    steers_nothing(shown);
    assert!(shown.contains("cleared"), "it is not shown at all: {shown:?}");
}

#[track_caller]
fn steers_nothing(shown: &str) {
    let parts = ["\u{1b}[2J", "\u{1b}]", "\u{7}", "\rforged", "\u{9b}", "\u{202e}", "\u{200b}"];
    for part in parts.iter().chain(["\nnext line", "\r\nnext line"].iter()) {
        assert!(!shown.contains(part), "{part:?} came through: {shown:?}");
    }
}

/// Eve, online.
struct Eve {
    runtime: Runtime,
    _index: (Conversation, Incoming),
    stop: CancellationToken,
}

fn identity() -> Arc<Identity> {
    Arc::new(crate::stage::person("mallory"))
}

async fn dial(to: SocketAddr) -> (Conversation, Incoming) {
    dial_as(identity(), to).await
}

/// Somebody's program, which is none of ours, dials whoever is there.
pub(crate) async fn dial_as(who: Arc<Identity>, to: SocketAddr) -> (Conversation, Incoming) {
    let side = Side::new(who, Party::Person, Features::ALL, Deadlines::default());
    let dialler = Dialler::new(side.unwrap()).with_backoff(Backoff::never());
    dialler.dial(&to.into(), Expected::Anyone).await.unwrap()
}

impl Eve {
    /// Joins, shares a file, and answers whoever comes for it with [`STEERING`].
    fn new(town: &Town) -> Self {
        let (runtime, stop) = (Runtime::new().unwrap(), CancellationToken::new());
        let index = runtime.block_on(async {
            let (index, incoming) = dial(town.index.address()).await;
            let user: UserName = "eve".parse().unwrap();
            let password = PasswordText::new(&Password::new(PASSWORD).unwrap());
            let contact = Some(Text::new(STEERING).unwrap());
            let (request, invitation) = (random().into(), None);
            let join = Join { id: 0, request, user: Named(user), password, invitation, contact };
            index.ask(join).await.unwrap();
            publish(&index).await;
            let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = Some(sockets.local_addr().unwrap().port());
            let side = Side::new(identity(), Party::Person, Features::ALL, Deadlines::default());
            let listener = Listener::new(sockets, side.unwrap());
            tokio::spawn(listener.run(answer, stop.clone()));
            index.ask(Online { id: 0, port }).await.unwrap();
            (index, incoming)
        });
        Self { runtime, _index: index, stop }
    }

    /// Offers Bob files, and takes them back with [`STEERING`] when he wants to know more.
    fn visits(&self, at: SocketAddr) {
        self.runtime.block_on(async {
            let (bob, _incoming) = dial(at).await;
            let ask = SendAsk { id: 0, entries: 1, data_length: 1 };
            let (_, frames) = bob.ask_stream(ask).await.unwrap();
            let (stream, text) = (frames.number(), Explanation::new(STEERING));
            bob.tell(&StreamEnd { stream, code: Code::Cancelled, text }).unwrap();
            // What comes behind it is answered after it was read.
            let _ = bob.ask(PeopleAsk { id: 0, after: None, only: None }).await;
        });
    }
}

impl Drop for Eve {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn publish(index: &Conversation) {
    let id = ShareId::from_bytes([1; 16]);
    let (name, keywords) = (Name::new("bait").unwrap(), Keywords::default());
    let share = Share { id, name, keywords, audience: Audience::Everyone };
    index.ask(ShareChange::new([1; 16].into(), &share)).await.unwrap();
    let entries = ["koala.txt", "other.txt"].map(|name| {
        Entry::new(EntryPath::parse(name).unwrap(), 5, Modified::from_nanos(0)).unwrap()
    });
    let add = List::new(entries.iter().map(EntrySaid::from).collect()).unwrap();
    let (share, sync) = ([1; 16].into(), [1; 16].into());
    let (base, remove) = (None, List::default());
    let part = Publish { id: 0, share, sync, base, part: 0, add, remove, last: true };
    index.ask(part).await.unwrap();
}

/// Who wants a file is granted a stream that ends at once; all else is refused.
async fn answer(conversation: Conversation, mut incoming: Incoming) {
    while let Some(request) = incoming.next().await {
        if request.kind() == Kind::GetAsk
            && let Some(frames) = request.open_stream()
        {
            let (stream, text) = (frames.number(), Explanation::new(STEERING));
            let grant = GetGrant { id: 0, entries: 1, data_length: 5, without: None };
            // Whoever has gone does not hear it.
            let _ = request.answer(grant);
            let _ = conversation.tell(&StreamEnd { stream, code: Code::Declined, text });
        } else {
            request.refuse(Code::Declined, STEERING);
        }
    }
}

#[test]
fn what_others_say_steers_no_terminal_and_no_log() {
    let town = Town::new();
    let (bob, eve) = (town.joined("bob"), Eve::new(&town));
    let note = bob.write("note.txt", b"a note");
    let note = note.to_str().unwrap();
    bob.run(&["verify", "eve", "--yes"]).ok();
    let home = town.machine.at("home");
    // Whose line it is that she wrote, what is not given, and what is not taken.
    for (verb, exit) in
        [(&["people"][..], 0), (&["get", "eve:bait/koala.txt"], 4), (&["send", "eve", note], 4)]
    {
        for loud in [&[][..], &["-v"], &["--json"]] {
            let done = bob.run(&[verb, loud].concat());
            assert_eq!(done.exit, exit, "{verb:?}: {done:?}");
            is_shown_as_text(&(done.out + &done.err));
        }
        let program = format!("{} {}", env!("CARGO_BIN_EXE_client"), verb.join(" "));
        let mut at = Terminal::wide(200, &bob.path, &program, &home);
        at.ends();
        is_shown_as_text(&at.raw());
    }
    // At the prompt, and in what somebody tells who serves: there she offers something herself.
    let mut at = Terminal::wide(200, &bob.path, env!("CARGO_BIN_EXE_client"), &home);
    at.sees("bob> ").types("people\r").sees("cleared").sees("bob> ");
    at.types("get eve:bait/other.txt\r").sees("cleared").sees("bob> ").types("quit\r");
    at.ends();
    is_shown_as_text(&at.raw());
    let serve = ["serve", "--json", "--receive", "verified"];
    let mut serving = Serving::of(&mut bob.command(&serve));
    eve.visits(serving.first["address"].as_str().unwrap().parse().unwrap());
    serving.await_event("broken off");
    kill_process(serving.pid(), Signal::INT).unwrap();
    is_shown_as_text(&serving.rest());

    is_shown_as_text(&fs::read_to_string(bob.path.join("state/client.log")).unwrap());
    drop(eve);
    let Town { index, .. } = town;
    let (out, err) = index.stop_and_tell();
    assert!(out.contains("eve"), "{out}");
    steers_nothing(&(out + &err));
}

#[test]
fn a_person_is_asked_in_vain_for_what_an_index_does() {
    let town = Town::new();
    let (bob, eve) = (town.joined("bob"), Eve::new(&town));
    let serving = bob.serve();
    let at: SocketAddr = serving.first["address"].as_str().unwrap().parse().unwrap();
    eve.runtime.block_on(async {
        let (bob, _incoming) = dial(at).await;
        let user = || Named("bob".parse().unwrap());
        let password = PasswordText::new(&Password::new(PASSWORD).unwrap());
        is_refused(&bob, Login { id: 0, user: user(), password }).await;
        is_refused(&bob, AccountAsk { id: 0 }).await;
        is_refused(&bob, PeopleAsk { id: 0, after: None, only: None }).await;
        is_refused(&bob, Online { id: 0, port: None }).await;
        assert!(bob.ending().is_none(), "{:?}", bob.ending());
    });
    drop(serving);
}

async fn is_refused<A: Ask>(bob: &Conversation, ask: A)
where
    A::Answer: std::fmt::Debug,
{
    let refused = bob.ask(ask).await;
    let is_so = matches!(refused, Err(AskError::Refused { code: Code::NotAllowed, .. }));
    assert!(is_so, "{refused:?}");
}
