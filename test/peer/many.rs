//! Very many files take little memory: with each of them, what both sides of a transfer hold at once grows
//! by no more than this.

use crate::held::most_held_by;
use crate::landing::{assert_passes, child, this_program};
use crate::stage::{Stage, path};
use std::fs;
use std::process::Command;
use std::time::Duration;
use tokio::time::timeout;
use waxwing::model::{Audience, Content};
use waxwing::peer::{Files, Portion, Rules, Wanted, Wants};

/// Bytes of one file more: what is got comes in several streams, of which one is held at a time.
const MOST_GOT: usize = 100;
/// What is sent is one stream, of which each side holds the manifest.
const MOST_SENT: usize = 1100;

/// Prints what it takes.
/// `cargo test --test peer -- --ignored --nocapture one_file_more_takes_little_memory`
#[test]
#[ignore = "takes long"]
fn one_file_more_takes_little_memory() {
    // Nobody else may hold anything meanwhile.
    let args = format!("{} --test-threads 1", child("many::alone"));
    let run = Command::new(this_program()).args(args.split(' ')).output();
    assert_passes(&run.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by another"]
async fn alone() {
    let (few, many) = (got(8192).await, got(2 * 8192).await);
    let more = many.saturating_sub(few) / 8192;
    println!("got: {few} bytes, and {more} for each file more");
    assert!(more < MOST_GOT, "{more}");
    let (few, many) = (sent(2048).await, sent(8192).await);
    let more = many.saturating_sub(few) / (8192 - 2048);
    println!("sent: {few} bytes, and {more} for each file more");
    assert!(more < MOST_SENT, "{more}");
}

async fn got(count: usize) -> usize {
    let stage = stage(count).await;
    stage.publish(Audience::Everyone);
    let (landing, mut all) = (stage.landing(Rules::default()), All { count, came: 0 });
    let fetch = stage.alice.fetch(&stage.streams, stage.share, &landing, &mut all);
    let (most, (_, stopped)) = most_held_by(in_time(fetch)).await;
    assert!(stopped.is_none(), "{stopped:?}");
    assert_eq!(all.came, count);
    most
}

async fn sent(count: usize) -> usize {
    let mut stage = stage(count).await;
    let all = [stage.at("share")];
    let both = async {
        let files = Files::open(&all).unwrap();
        let patience = Duration::from_secs(60);
        let reply = stage.alice.send(&stage.streams, files, patience).await.unwrap();
        assert_eq!(reply.landed.len(), count);
    };
    let (most, ()) = most_held_by(in_time(both)).await;
    assert_eq!(stage.received().await.unwrap().files.len(), count);
    most
}

async fn stage(count: usize) -> Stage {
    let stage = Stage::new().await;
    for number in 0..count {
        let file = stage.at("share").join(name(number));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, number.to_string()).unwrap();
    }
    stage
}

/// So many files take some minutes where much else is done.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(600), what).await.expect("it hangs")
}

fn name(number: usize) -> String {
    format!("{}/animal number {number}", number % 97)
}

/// All of them, of which nothing is held here.
struct All {
    count: usize,
    came: usize,
}

impl Wants for All {
    fn count(&self) -> usize {
        self.count
    }

    fn wanted(&self, number: usize) -> Option<Wanted> {
        let (path, content) = (path(&name(number)), Content::of(number.to_string().as_bytes()));
        Some(Wanted { to: path.clone(), path, content: Some(content), most: u64::MAX })
    }

    fn took(&mut self, portion: Portion) {
        assert!(portion.files.iter().all(|file| file.landed.is_ok()));
        self.came += portion.files.len();
    }
}
