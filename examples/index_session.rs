//! Two people on an index, which runs in this program, too: `cargo run --example index_session`.
//!
//! Alice and Bob join, see each other online, look up each other's keys, and one reaches the other.
//! The index keeps everything in memory; the keys of all three stay in `index-example/`.

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
use waxwing::crypto::{Identity, Password, UnixTime};
use waxwing::link::{Deadlines, Side, Tcp};
use waxwing::model::Invitation;
use waxwing::node::index::{IndexSession, News, Setup};
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

async fn run() -> Result<(), Box<dyn Error>> {
    let (home, now) = (Home::open("index-example")?, UnixTime::now());
    let index = begin_index(home.person("index", now)?).await?;
    println!("the index is at {index}");
    let alice = join("alice", home.person("alice", now)?, &index).await?;
    let bob = join("bob", home.person("bob", now)?, &index).await?;

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
    for (session, name) in [(&alice, "bob"), (&bob, "alice")] {
        let keys = session.keys(&name.parse()?).await?.value;
        println!("{name}'s key is {}, says the key directory", keys.key.fingerprint());
    }
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
