//! What is left of an earlier try is worth nothing when whoever sent it lied.

use crate::town::Town;
use std::fs;
use std::path::Path;
use waxwing::codec::Writer;
use waxwing::model::content::{Leaf, Piece};
use waxwing::model::limits::{LEAF_BYTES, PIECE_BYTES};
use waxwing::model::{Audience, Content};
use waxwing::node::{GetRules, Wanted};
use waxwing::peer::Landed;

const SIZE: usize = 3 * LEAF_BYTES;

/// Leaves in a folder the first leaf of what somebody sent as this content, and is not.
fn leave_garbage(downloads: &Path, content: Content) {
    let garbage = vec![7; LEAF_BYTES];
    let pieces = garbage.chunks(PIECE_BYTES).enumerate();
    let pieces = pieces.map(|(at, piece)| {
        Piece::of_content(SIZE as u64, (at * PIECE_BYTES) as u64, piece).unwrap()
    });
    let leaf = Leaf::of_pieces(&pieces.collect::<Vec<_>>()).unwrap();
    let (mut head, mut held) = (Writer::default(), Writer::default());
    head.u8(1).u8(2).count(1).u32(0).block(b"koala");
    head.u8(0).raw(content.id().as_bytes()).u64(SIZE as u64);
    held.u8(2).count(1).u32(0).u64(0).raw(leaf.as_bytes());
    let mut journal = Writer::default();
    for record in [head, held] {
        let record = record.into_bytes();
        let check = Content::of(&record).id();
        journal.count(record.len()).raw(&check.as_bytes()[..8]).raw(&record);
    }
    let folder = downloads.join(".waxwing-0123");
    fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in [("lock", vec![]), ("journal", journal.into_bytes()), ("0", garbage)] {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

#[tokio::test]
async fn what_a_liar_left_does_not_spoil_the_file_of_who_is_honest() {
    let town = Town::new().await;
    let (alice, bob) = (town.member("alice").await, town.member("bob").await);
    let bytes: Vec<u8> = (0..SIZE as u32).map(|at| (at ^ at >> 9) as u8).collect();
    fs::create_dir(town.path("zoo")).unwrap();
    fs::write(town.path("zoo/koala"), &bytes).unwrap();
    let zoo = alice.add_share(&town.path("zoo"), &[], Audience::Everyone).unwrap();
    alice.go_online(true).await.unwrap();
    alice.look_at(&zoo).await.unwrap().published.unwrap();
    let content = Content::of(&bytes);
    let out = town.path("out");
    leave_garbage(&out, content);

    let wanted: Wanted = "alice:zoo/koala".parse().unwrap();
    let rules = GetRules { out: Some(out.clone()), ..GetRules::default() };
    let got = bob.get(&[wanted], &rules).await.unwrap();
    assert!(matches!(got[0].landed, Ok(Landed::New)), "{got:?}");
    assert!(fs::read(out.join("koala")).unwrap() == bytes);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "the garbage is gone");
    alice.close().await;
    bob.close().await;
    town.stop().await;
}
