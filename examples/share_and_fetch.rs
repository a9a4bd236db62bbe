//! Two people share and fetch a file by the crate alone: `cargo run --example share_and_fetch`.
//!
//! An index runs in this program, too. Events tell of the work as it goes on; homes and files stay in
//! `share-example/`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

#[allow(dead_code, reason = "the other example uses all of it")]
#[path = "shared/home.rs"]
mod home;
#[path = "shared/index.rs"]
mod index;

use home::Home;
use index::begin_index;
use std::error::Error;
use std::fs;
use waxwing::crypto::key_file::Protection;
use waxwing::crypto::{Password, UnixTime};
use waxwing::model::{Audience, Event, Events, Invitation};
use waxwing::node::index::Query;
use waxwing::node::{self, Config, GetRules, Options, User, Wanted};

/// Tells of somebody's work, on a thread of its own.
fn tell(who: String, events: impl IntoIterator<Item = Event>) {
    for event in events {
        match event {
            Event::Began { work, name, total, .. } => {
                println!("{who}: {work:?} {name}, {total} bytes")
            }
            Event::Ended { .. } => println!("{who}: done"),
            _ => {}
        }
    }
}

async fn join(folder: &Home, name: &str, index: &Invitation) -> Result<User, Box<dyn Error>> {
    let (events, listener) = Events::channel();
    let (who, home) = (name.to_owned(), node::Home::in_folder(folder.join(name)));
    std::thread::spawn(move || tell(who, listener));
    let options = Options { events, ..Options::default() };
    let user = User::create(home, Config::default(), Protection::NoneAsked, options)?;
    user.join(index, &name.parse()?, &Password::new("correct horse battery")?, None).await?;
    Ok(user)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = Home::open("share-example")?;
    ["alice", "bob", "zoo"].iter().try_for_each(|name| folder.remove(name))?;
    let index = begin_index(folder.person("index", UnixTime::now())?).await?;
    let (alice, bob) =
        tokio::try_join!(join(&folder, "alice", &index), join(&folder, "bob", &index))?;

    fs::create_dir_all(folder.join("zoo"))?;
    fs::write(folder.join("zoo/koala.txt"), "a koala sleeps twenty hours a day")?;
    let zoo = alice.add_share(&folder.join("zoo"), &["animals".parse()?], Audience::Everyone)?;
    alice.look_at(&zoo).await?;
    alice.go_online(false).await?;

    let results = bob.search(&Query::new("koala animals")).await?.value;
    for (number, found) in &results.found {
        println!("bob: number {number} is {}", found.sources[0].entry.path());
    }
    for got in bob.get(&[Wanted::Number(1)], &GetRules::default()).await? {
        let from = got.from.map_or_else(|| "nobody".to_owned(), |sender| sender.user.to_string());
        println!("bob: {} is here, sent by {from}: {:?}", got.path, got.landed?);
    }
    alice.close().await;
    bob.close().await;
    Ok(())
}
