//! Two people on an index, which runs in this program, too: `cargo run --example index_session`.
//!
//! Alice and Bob join, see each other online, look up each other's keys, and one reaches the other.
//! Alice publishes a share; Bob finds what is in it, and asks who has a content. The index keeps
//! everything in memory; the keys of all three stay in `index-example/`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

#[allow(dead_code, reason = "the other example uses all of it")]
#[path = "shared/home.rs"]
mod home;
#[path = "shared/index.rs"]
mod index;

use home::Home;
use index::begin_index;
use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;
use waxwing::crypto::{Identity, Password, UnixTime};
use waxwing::link::{Deadlines, Side, Tcp};
use waxwing::model::{
    Audience, Content, Entry, EntryPath, Invitation, Keywords, Modified, Name, Share, ShareId,
};
use waxwing::node::index::{IndexSession, News, NewsStream, Query, Setup, Source};
use waxwing::wire::{Features, Party};

/// Somebody with an account, who is told what changes.
async fn join(
    name: &str,
    identity: Identity,
    index: &Invitation,
) -> Result<IndexSession, Box<dyn Error>> {
    let (party, deadlines) = (Party::Person, Deadlines::default());
    let side = Side::new(Arc::new(identity), party, Features::ALL, deadlines)?;
    let session = IndexSession::begin(Tcp, side, index, Setup::default());
    session.join(&name.parse()?, &Password::new("correct horse battery")?, None, None).await?;
    session.watch(true).await?;
    Ok(session)
}

async fn meet(alice: &IndexSession, bob: &IndexSession) -> Result<(), Box<dyn Error>> {
    let (mut alices_news, mut bobs_news) = (alice.news(), bob.news());
    bob.go_online(Some(7400)).await?;
    while let Some(news) = alices_news.next().await {
        if let News::Changed(person) = news
            && let [address, ..] = person.addresses.as_slice()
        {
            println!("alice sees that {} is online at {address}", person.user);
            break;
        }
    }
    alice.reach(&"bob".parse()?).await?;
    while let Some(news) = bobs_news.next().await {
        if let News::Wanted(person) = news {
            println!("bob hears that {} wants to reach him", person.user);
            break;
        }
    }
    for (session, name) in [(alice, "bob"), (bob, "alice")] {
        let keys = session.keys(&name.parse()?).await?.value;
        println!("{name}'s key is {}, says the key directory", keys.key.fingerprint());
    }
    Ok(())
}

/// A file as it is published. A program that has real ones reads their sizes and times, and makes
/// their ids in the background.
fn file(path: &str, content: &Content) -> Result<Entry, Box<dyn Error>> {
    let modified = Modified::from_system(SystemTime::now());
    let entry = Entry::new(EntryPath::parse(path)?, content.size(), modified)?;
    Ok(entry.with_content(Some(content.id())))
}

async fn tell_how_far(mut news: NewsStream) {
    while let Some(news) = news.next().await {
        if let News::Publishing { told, of, .. } = news {
            println!("the index has taken {told} of {of} files");
        }
    }
}

async fn publish_and_find(alice: &IndexSession, bob: &IndexSession) -> Result<(), Box<dyn Error>> {
    let (koala, wombat) = (Content::of(b"a koala"), Content::of(b"a wombat"));
    let photos = Share {
        id: ShareId::random(),
        name: Name::new("photos")?,
        keywords: Keywords::new(["Australia".parse()?])?,
        audience: Audience::Everyone,
    };
    let mut files = vec![file("zoo/KoalaBear.jpg", &koala)?, file("zoo/wombat.jpg", &wombat)?];
    for number in 0..5000_u32 {
        files.push(file(&format!("album/{number}.jpg"), &Content::of(&number.to_be_bytes()))?);
    }
    let how_far = tell_how_far(alice.news());
    // From now on this is what the index has, whatever becomes of it; what changes is published anew.
    let summary = tokio::select! {
        biased;
        () = how_far => return Err("the session is over".into()),
        summary = alice.publish(photos, files) => summary?,
    };
    println!("alice publishes {} files", summary.added);

    let findings = bob.search(&Query::new("koal* australia")).await?.value;
    for source in findings.results.iter().flat_map(|found| &found.sources) {
        let Source { owner, share, entry } = source;
        println!(
            "bob finds {}:{}/{} ({} bytes)",
            owner.user,
            share.name,
            entry.path(),
            entry.size()
        );
    }
    let nothing = bob.search(&Query::new("koala unicorn")).await?.value.nothing;
    println!("bob finds nothing of {nothing:?}");
    let holders = bob.locate(&wombat).await?.map_or(0, |found| found.sources.len());
    println!("{holders} entry has the content {}", wombat.id());
    Ok(())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let (home, now) = (Home::open("index-example")?, UnixTime::now());
    let index = begin_index(home.person("index", now)?).await?;
    println!("the index is at {index}");
    let alice = join("alice", home.person("alice", now)?, &index).await?;
    let bob = join("bob", home.person("bob", now)?, &index).await?;
    meet(&alice, &bob).await?;
    publish_and_find(&alice, &bob).await?;
    alice.close().await;
    bob.close().await;
    Ok(())
}

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
