//! What is shared is published as it is on the disk, whatever happens there meanwhile.

use crate::town::{Town, options, user};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use waxwing::crypto::key_file::Protection;
use waxwing::model::{Audience, Event, Events, UnixTime, Work};
use waxwing::node::index::{Query, Section, Summary};
use waxwing::node::{
    Config, Error, Exit, GetRules, Got, Looked, Options, Pace, SharedFolder, User, Watched,
};

const NEVER: Duration = Duration::from_secs(86_400);
const MOMENT: Duration = Duration::from_millis(20);
const HOUR: Duration = Duration::from_secs(3600);
/// Everything is looked at when it was quiet for a moment, and not before.
const QUIET: Pace = Pace { quiet: MOMENT, noisy: NEVER, always: NEVER, glance: MOMENT };

/// Alice, who shares the folder `zoo`, in which a koala is.
struct Zoo {
    town: Town,
    alice: User,
    folder: SharedFolder,
    told: Receiver<Event>,
}

impl Zoo {
    async fn new(pace: Pace) -> Self {
        let town = Town::new().await;
        write(&town.path("zoo/koala"), b"asleep");
        drop(town.member("alice").await);
        let (alice, told) = person(&town, pace);
        let folder = alice.add_share(&town.path("zoo"), &[], Audience::Everyone).unwrap();
        Self { town, alice, folder, told }
    }

    /// Looks at it once, and keeps it as it is on the disk from then on.
    async fn watched(pace: Pace) -> (Self, mpsc::Receiver<Watched>) {
        let zoo = Self::new(pace).await;
        zoo.alice.go_online(false).await.unwrap();
        let look = zoo.alice.begin_look(&zoo.folder);
        let mut told = zoo.alice.watch_shares(vec![look]);
        assert_eq!(looked(&mut told).await.added, 1);
        (zoo, told)
    }

    /// Looks; gives how many bytes were to be read for it.
    async fn look(&self) -> (Looked, u64) {
        self.told.try_iter().for_each(drop);
        let looked = soon(self.alice.look_at(&self.folder)).await.unwrap();
        let read = self.told.try_iter().filter_map(|event| match event {
            Event::Began { work: Work::Hashing, total, .. } => Some(total),
            _ => None,
        });
        (looked, read.sum())
    }

    /// Much is told of a large file, for which there has to be room, or nobody to hear it.
    fn nobody_listens(&mut self) {
        self.told = Events::channel().1;
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        write(&self.town.path("zoo").join(name), bytes);
    }

    /// As another program of Alice does it.
    fn take_off_the_list(&self) {
        fs::write(self.town.path("alice/state/shares.json"), "[]").unwrap();
    }

    async fn found(&self, words: &str) -> usize {
        soon(self.alice.search(&Query::new(words))).await.unwrap().value.found.len()
    }

    async fn stop(self) {
        self.alice.close().await;
        self.town.stop().await;
    }
}

/// Alice's program: to her all files are older than they are, so that they are known again.
fn person(town: &Town, pace: Pace) -> (User, Receiver<Event>) {
    let (events, told) = Events::channel();
    let clock = Arc::new(|| UnixTime::now().plus(60));
    let options = Options { pace, events, clock, ..options() };
    let home = town.home("alice");
    (User::open(home, Config::default(), Protection::NoneAsked, options).unwrap(), told)
}

#[tokio::test]
async fn what_changes_is_published_by_itself() {
    let (zoo, mut told) = Zoo::watched(QUIET).await;
    zoo.write("birds/emu", b"runs");
    assert_eq!(zoo.until(&mut told, |all| all.added == 1).await, 1);
    assert_eq!(zoo.found("emu").await, 1);
    // Also in a folder that was not there before, and by another file under the same name.
    zoo.write("new", b"runs faster");
    fs::rename(zoo.town.path("zoo/new"), zoo.town.path("zoo/birds/emu")).unwrap();
    zoo.until(&mut told, |all| all.changed == 1).await;
    fs::rename(zoo.town.path("zoo/birds"), zoo.town.path("zoo/runners")).unwrap();
    zoo.until(&mut told, |all| all.added == 1 && all.removed == 1).await;
    fs::remove_dir_all(zoo.town.path("zoo/runners")).unwrap();
    zoo.until(&mut told, |all| all.removed == 1).await;
    assert_eq!(zoo.found("emu").await, 0);
    zoo.stop().await;
}

impl Zoo {
    /// Until the looks that nobody asked for have found so much in all.
    async fn until(
        &self,
        told: &mut mpsc::Receiver<Watched>,
        is_all: impl Fn(&Summary) -> bool,
    ) -> usize {
        let mut sum = Summary::default();
        while !is_all(&sum) {
            let now = looked(told).await;
            sum.added += now.added;
            sum.changed += now.changed;
            sum.removed += now.removed;
        }
        sum.added
    }
}

#[tokio::test]
async fn who_is_in_the_audience_no_longer_sees_nothing_of_it_at_once_and_for_good() {
    let (zoo, mut told) = Zoo::watched(QUIET).await;
    let bob = zoo.town.member("bob").await;
    let sees = async || {
        let listing = soon(bob.browse(&user("alice"), Section::default(), 10)).await;
        listing.is_ok_and(|listing| !listing.entries.is_empty())
    };
    assert!(sees().await);
    let (name, only) = (zoo.folder.share.name.clone(), Audience::people([user("alice")]).unwrap());
    let changed = soon(zoo.alice.change_share(&name, None, Some(only.clone()))).await.unwrap();
    assert_eq!(changed.share.audience, only);
    assert!(!sees().await);
    // A look at it as it was changes nothing, and those that nobody asks for know what it is now.
    let late = soon(zoo.alice.look_at(&zoo.folder)).await;
    assert!(matches!(late, Err(Error::Stopped)), "{late:?}");
    zoo.write("emu", b"runs");
    zoo.until(&mut told, |all| all.added == 1).await;
    assert!(!sees().await);
    assert_eq!(zoo.found("emu").await, 1);
    bob.close().await;
    zoo.stop().await;
}

#[tokio::test]
async fn a_share_that_is_changed_while_it_is_looked_at_is_soon_looked_at_anew() {
    let (zoo, mut told) = Zoo::watched(QUIET).await;
    // What it begins with, since nobody tells of what happened right before.
    assert_eq!(looked(&mut told).await.unchanged, 1);
    let (name, only) = (&zoo.folder.share.name, Audience::people([user("alice")]).unwrap());
    zoo.alice.change_share(name, None, Some(only)).await.unwrap();
    // As it was before: it ends without a word.
    assert!(zoo.alice.hand_over(zoo.alice.begin_look(&zoo.folder)).is_none());
    assert_eq!(looked(&mut told).await.unchanged, 1);
    zoo.stop().await;
}

#[tokio::test]
async fn a_file_that_is_always_written_puts_nothing_off_for_ever() {
    let (zoo, mut told) = Zoo::watched(Pace { quiet: NEVER, noisy: MOMENT, ..QUIET }).await;
    let (log, stop) = (zoo.town.path("zoo/log"), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let writing = std::thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            write(&log, b"once more");
        }
    });
    zoo.until(&mut told, |all| all.added >= 1).await;
    stop.store(true, Ordering::Relaxed);
    writing.join().unwrap();
    zoo.stop().await;
}

#[tokio::test]
async fn what_nobody_tells_of_is_seen_now_and_then() {
    let pace = Pace { quiet: NEVER, noisy: NEVER, always: MOMENT, glance: MOMENT };
    let zoo = Zoo::new(pace).await;
    // One that cannot be watched, since it is not there yet.
    fs::rename(zoo.town.path("zoo"), zoo.town.path("elsewhere")).unwrap();
    let mut told = zoo.alice.watch_shares(Vec::new());
    let failed = soon(told.recv()).await.unwrap();
    assert!(matches!(failed, Watched::Failed { why: Error::ShareGone { .. }, .. }), "{failed:?}");
    fs::rename(zoo.town.path("elsewhere"), zoo.town.path("zoo")).unwrap();
    zoo.until(&mut told, |all| all.added == 1).await;
    zoo.stop().await;
}

#[tokio::test]
async fn a_folder_that_goes_away_is_told_once_and_stays_listed_until_it_is_back() {
    let (zoo, mut told) = Zoo::watched(QUIET).await;
    let bob = zoo.town.member("bob").await;
    let get = async || {
        let rules = GetRules { overwrite: true, ..GetRules::default() };
        let got = soon(bob.get(&["alice:zoo/koala".parse().unwrap()], &rules)).await.unwrap();
        got[0].landed.is_ok()
    };
    fs::rename(zoo.town.path("zoo"), zoo.town.path("elsewhere")).unwrap();
    loop {
        match soon(told.recv()).await.unwrap() {
            Watched::Failed { why: Error::ShareGone { name, .. }, .. } => {
                assert_eq!(name.as_str(), "zoo");
                break;
            }
            Watched::Looked(looked) => assert_eq!(looked.published.unwrap().removed, 0),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(zoo.found("koala").await, 1, "it is not listed any more");
    assert!(!get().await, "it is served though it is gone");
    fs::rename(zoo.town.path("elsewhere"), zoo.town.path("zoo")).unwrap();
    // The next word is that it is there again.
    let back = looked(&mut told).await;
    assert_eq!((back.unchanged, back.removed), (1, 0));
    assert!(get().await);
    bob.close().await;
    zoo.stop().await;
}

#[tokio::test]
async fn what_was_read_is_not_read_again_unless_it_is_another_file() {
    let zoo = Zoo::new(QUIET).await;
    zoo.write("birds/emu", b"runs");
    assert_eq!(zoo.look().await.1, 10);
    assert_eq!(zoo.look().await.1, 0);
    fs::rename(zoo.town.path("zoo/birds"), zoo.town.path("zoo/runners")).unwrap();
    let (looked, read) = zoo.look().await;
    assert_eq!((read, looked.published.unwrap().added), (0, 1), "its folder was renamed");
    // As many bytes, and the times put back: its time of change tells.
    let emu = zoo.town.path("zoo/runners/emu");
    let before = fs::metadata(&emu).unwrap().modified().unwrap();
    write(&emu, b"rans");
    set_modified(&emu, before);
    let (looked, read) = zoo.look().await;
    assert_eq!((read, looked.published.unwrap().changed), (4, 1));
    // In the next run nothing is read, and the index has all of it.
    zoo.alice.close().await;
    let (alice, told) = person(&zoo.town, QUIET);
    let zoo = Zoo { alice, told, ..zoo };
    let (looked, read) = zoo.look().await;
    assert_eq!((read, looked.published.unwrap().unchanged), (0, 2));
    let figures = zoo.alice.figures(&zoo.folder).unwrap();
    assert_eq!((figures.files, figures.bytes, figures.left_out), (2, 10, 0));
    zoo.stop().await;
}

#[tokio::test]
async fn a_large_share_is_there_in_portions_and_a_look_that_is_broken_off_was_not_in_vain() {
    let zoo = Zoo::new(QUIET).await;
    for name in ["whale", "elephant", "rhino"] {
        let file = File::create(zoo.town.path("zoo").join(name)).unwrap();
        file.set_len(if name == "whale" { 200 << 20 } else { 180 << 20 }).unwrap();
    }
    let mut look = zoo.alice.begin_look(&zoo.folder);
    assert!(soon(look.goes_on()).await, "it was one portion");
    // The smallest are there.
    assert_eq!(zoo.found("koala").await, 1);
    drop(look);
    zoo.alice.close().await;
    let (alice, told) = person(&zoo.town, QUIET);
    let zoo = Zoo { alice, told, ..zoo };
    let (looked, read) = zoo.look().await;
    assert!(read <= 380 << 20, "{read} bytes were read again");
    assert_eq!(looked.preview.files, 4);
    for name in ["whale", "elephant", "rhino"] {
        assert_eq!(zoo.found(name).await, 1, "{name}");
    }
    zoo.stop().await;
}

#[tokio::test]
async fn a_file_that_is_read_once_more_is_served_meanwhile() {
    let zoo = Zoo::new(QUIET).await;
    let bob = zoo.town.member("bob").await;
    zoo.alice.go_online(false).await.unwrap();
    for (name, size) in [("rhino", 270 << 20), ("whale", 280 << 20)] {
        let path = zoo.town.path("zoo").join(name);
        File::create(&path).unwrap().set_len(size).unwrap();
        // Of what changed a moment ago nobody knows whether it has changed again.
        set_modified(&path, SystemTime::now() + HOUR);
    }
    zoo.look().await;
    let mut look = zoo.alice.begin_look(&zoo.folder);
    assert!(soon(look.goes_on()).await, "it was one portion");
    assert_eq!(get(&bob, "alice:zoo/whale").await, Exit::Done);
    drop(look);
    // A program that has just begun does not know it: it is waited for.
    fs::remove_file(zoo.town.path("bob/downloads/whale")).unwrap();
    zoo.alice.close().await;
    let (alice, told) = person(&zoo.town, QUIET);
    let zoo = Zoo { alice, told, ..zoo };
    let mut look = zoo.alice.begin_look(&zoo.folder);
    assert!(soon(look.goes_on()).await);
    zoo.alice.go_online(false).await.unwrap();
    assert_eq!(get(&bob, "alice:zoo/whale").await, Exit::Done);
    bob.close().await;
    zoo.stop().await;
}

#[tokio::test]
async fn while_all_is_read_anew_the_index_keeps_what_looks_the_same() {
    let zoo = Zoo::new(QUIET).await;
    for (name, size) in [("rhino", 200 << 20), ("whale", 250 << 20)] {
        File::create(zoo.town.path("zoo").join(name)).unwrap().set_len(size).unwrap();
    }
    zoo.look().await;
    zoo.alice.close().await;
    // What was read is forgotten.
    for entry in fs::read_dir(zoo.town.path("alice/state")).unwrap().map(Result::unwrap) {
        if entry.file_name().to_str().unwrap().starts_with("hashes-") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    zoo.write("emu", b"runs");
    let (alice, told) = person(&zoo.town, QUIET);
    let zoo = Zoo { alice, told, ..zoo };
    let (looked, read) = zoo.look().await;
    assert_eq!(read, (450 << 20) + 10);
    let now = looked.published.unwrap();
    assert_eq!((now.added, now.changed, now.removed), (1, 0, 0));
    zoo.stop().await;
}

#[tokio::test]
async fn lines_that_were_not_written_to_their_end_are_read_anew() {
    let zoo = Zoo::new(QUIET).await;
    zoo.write("emu", b"runs");
    zoo.look().await;
    let state = fs::read_dir(zoo.town.path("alice/state")).unwrap();
    let names = state.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (hashes, looks): (Vec<_>, Vec<_>) = names
        .filter(|name| name.starts_with("hashes-") || name.starts_with("look-"))
        .partition(|name| name.starts_with("hashes-"));
    let cut = |name: &str, less: usize| {
        let at = zoo.town.path("alice/state").join(name);
        let bytes = fs::read(&at).unwrap();
        File::options()
            .write(true)
            .open(&at)
            .unwrap()
            .set_len((bytes.len() - less) as u64)
            .unwrap();
    };
    cut(&hashes[0], 10);
    cut(&looks[0], 10);
    zoo.alice.close().await;
    let (alice, told) = person(&zoo.town, QUIET);
    let zoo = Zoo { alice, told, ..zoo };
    let (looked, read) = zoo.look().await;
    assert!(read == 4 || read == 6, "{read}");
    assert_eq!(looked.preview.files, 2);
    assert_eq!(zoo.look().await.1, 0, "what was written behind a torn line is lost");
    zoo.stop().await;
}

#[tokio::test]
async fn an_empty_folder_where_a_disk_was_taken_out_is_not_published() {
    let zoo = Zoo::new(QUIET).await;
    zoo.look().await;
    zoo.alice.close().await;
    // As if it had been on another disk.
    let state = zoo.town.path("alice/state");
    let names = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name());
    let name = names.map(|name| name.into_string().unwrap()).find(|name| name.starts_with("look-"));
    let look = state.join(name.unwrap());
    let text = fs::read_to_string(&look).unwrap();
    fs::write(&look, text.replacen("\"device\":", "\"device\":1", 1)).unwrap();
    let (alice, told) = person(&zoo.town, QUIET);
    let zoo = Zoo { alice, told, ..zoo };
    fs::rename(zoo.town.path("zoo/koala"), zoo.town.path("koala")).unwrap();
    let gone = soon(zoo.alice.look_at(&zoo.folder)).await.unwrap_err();
    assert!(matches!(gone, Error::ShareGone { .. }), "{gone}");
    assert_eq!(gone.advice().exit, Exit::NotFound);
    assert_eq!(zoo.found("koala").await, 1);
    fs::rename(zoo.town.path("koala"), zoo.town.path("zoo/koala")).unwrap();
    assert_eq!(zoo.look().await.0.published.unwrap().unchanged, 1);
    // On the same disk, empty is empty.
    fs::remove_file(zoo.town.path("zoo/koala")).unwrap();
    assert_eq!(zoo.look().await.0.published.unwrap().removed, 1);
    zoo.stop().await;
}

/// `cargo test --test node -- --ignored --nocapture many_files`
#[tokio::test]
#[ignore = "measures"]
async fn many_files_are_looked_at() {
    let zoo = Zoo::new(QUIET).await;
    for at in 0..100_000 {
        zoo.write(&format!("{}/{}/file-{at}.txt", at % 100, at % 1000), at.to_string().as_bytes());
    }
    for what in ["new", "again", "again"] {
        let began = std::time::Instant::now();
        let (_, read) = zoo.look().await;
        println!("{what}: {:?}, {read} bytes read", began.elapsed());
    }
    for entry in fs::read_dir(zoo.town.path("alice/state")).unwrap().map(Result::unwrap) {
        println!("{:?}: {} bytes", entry.file_name(), entry.metadata().unwrap().len());
    }
    zoo.stop().await;
}

#[tokio::test]
async fn what_is_removed_while_it_is_read_is_read_no_further_and_not_served() {
    let mut zoo = Zoo::new(QUIET).await;
    zoo.nobody_listens();
    // The last would take many times as long to read as it takes to remove the share.
    for (name, size) in [("rhino", 250 << 20), ("whale", 8 << 30)] {
        File::create(zoo.town.path("zoo").join(name)).unwrap().set_len(size).unwrap();
    }
    let mut look = zoo.alice.begin_look(&zoo.folder);
    assert!(soon(look.goes_on()).await);
    soon(zoo.alice.remove_share(&zoo.folder.share.name)).await.unwrap();
    assert!(matches!(soon(look.end()).await, Err(Error::Stopped)));
    assert_eq!(zoo.found("koala").await, 0);
    let error = soon(zoo.alice.browse(&user("alice"), Section::default(), 10)).await;
    assert!(error.is_err() || error.unwrap().entries.is_empty());
    zoo.stop().await;
}

#[tokio::test]
async fn a_share_is_watched_though_one_around_it_is_not_any_more() {
    let (zoo, mut told) = Zoo::watched(QUIET).await;
    zoo.write("birds/emu", b"runs");
    let birds = zoo.alice.add_share(&zoo.town.path("zoo/birds"), &[], Audience::Everyone).unwrap();
    let mut until = async |is_it: fn(&Watched) -> bool| {
        while !is_it(&soon(told.recv()).await.expect("it is not watched any more")) {}
    };
    let has_one_more: fn(&Watched) -> bool = |told| match told {
        Watched::Looked(Looked { folder, published: Ok(now), .. }) => {
            folder.share.name.as_str() == "birds" && now.added == 1
        }
        _ => false,
    };
    until(has_one_more).await;
    zoo.write(".waxwingignore", b"{a\n");
    until(|told| matches!(told, Watched::Failed { share, .. } if share.as_str() == "zoo")).await;
    zoo.write("birds/ostrich", b"runs faster");
    until(has_one_more).await;
    assert_eq!(zoo.alice.figures(&birds).unwrap().files, 2);
    zoo.stop().await;
}

#[tokio::test]
async fn what_another_program_has_taken_off_the_list_is_neither_served_nor_published() {
    let (mut zoo, _told) = Zoo::watched(QUIET).await;
    let bob = zoo.town.member("bob").await;
    assert_eq!(get(&bob, "alice:zoo/koala").await, Exit::Done);
    // It was killed before it told anybody.
    zoo.take_off_the_list();
    soon(async {
        while zoo.found("koala").await != 0 {
            tokio::time::sleep(MOMENT).await;
        }
    })
    .await;
    let error = soon(zoo.alice.look_at(&zoo.folder)).await.unwrap_err();
    assert!(matches!(error, Error::NoShare(_)), "{error}");
    assert_eq!(zoo.found("koala").await, 0);
    // She does not give it herself either.
    zoo.town.close().await;
    assert_eq!(get(&bob, "alice:zoo/koala").await, Exit::NotFound);
    bob.close().await;
    zoo.alice.close().await;
}

#[tokio::test]
async fn what_another_program_takes_off_the_list_while_it_is_read_is_published_no_further() {
    let mut zoo = Zoo::new(QUIET).await;
    zoo.nobody_listens();
    for (name, size) in [("rhino", 200 << 20), ("whale", 1 << 30)] {
        File::create(zoo.town.path("zoo").join(name)).unwrap().set_len(size).unwrap();
    }
    let mut look = zoo.alice.begin_look(&zoo.folder);
    assert!(soon(look.goes_on()).await);
    zoo.take_off_the_list();
    let error = soon(look.end()).await.unwrap_err();
    assert!(matches!(error, Error::NoShare(_)), "{error}");
    assert_eq!(zoo.found("whale").await, 0);
    zoo.stop().await;
}

#[tokio::test]
async fn while_nobody_knows_what_is_to_be_kept_back_nothing_of_a_share_is_served() {
    let zoo = Zoo::new(QUIET).await;
    let bob = zoo.town.member("bob").await;
    zoo.alice.go_online(false).await.unwrap();
    zoo.look().await;
    assert_eq!(get(&bob, "alice:zoo/koala").await, Exit::Done);
    fs::remove_file(zoo.town.path("bob/downloads/koala")).unwrap();
    zoo.write(".waxwingignore", b"koala\n{a\n");
    let error = soon(zoo.alice.look_at(&zoo.folder)).await.unwrap_err();
    assert!(error.to_string().contains(".waxwingignore"), "{error}");
    assert_ne!(get(&bob, "alice:zoo/koala").await, Exit::Done);
    fs::remove_file(zoo.town.path("zoo/.waxwingignore")).unwrap();
    zoo.look().await;
    assert_eq!(get(&bob, "alice:zoo/koala").await, Exit::Done);
    bob.close().await;
    zoo.stop().await;
}

#[tokio::test]
async fn who_cannot_be_looked_up_for_now_is_not_told_to_stay_away() {
    let zoo = Zoo::new(QUIET).await;
    let bob = zoo.town.member("bob").await;
    zoo.alice.go_online(false).await.unwrap();
    zoo.look().await;
    let pins = zoo.town.path("alice/state/pins.json");
    fs::write(&pins, "[{}]").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&pins, private).unwrap();
    assert_eq!(get(&bob, "alice:zoo/koala").await, Exit::Unreachable);
    fs::remove_file(pins).unwrap();
    assert_eq!(get(&bob, "alice:zoo/koala").await, Exit::Done);
    bob.close().await;
    zoo.stop().await;
}

/// Gets something; gives how the program would end.
async fn get(who: &User, what: &str) -> Exit {
    let rules = GetRules { overwrite: true, ..GetRules::default() };
    match soon(who.get(&[what.parse().unwrap()], &rules)).await {
        Ok(got) => Got::exit(&got),
        Err(error) => error.advice().exit,
    }
}

/// What the next look that nobody asked for has found.
async fn looked(told: &mut mpsc::Receiver<Watched>) -> Summary {
    loop {
        match soon(told.recv()).await.expect("it is not watched any more") {
            Watched::Looked(looked) => return looked.published.unwrap(),
            // Gone between two steps.
            Watched::Failed { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    // On the heap: what is tested is much for the stack of a thread of tests.
    tokio::time::timeout(Duration::from_secs(60), Box::pin(what)).await.expect("it hangs")
}
