//! Of a job whose source was found out, nothing is written any more, and nothing counts as done.

use super::super::plan::Next;
use super::*;
use crate::crypto::key_file::{Protection, decode};
use crate::crypto::{Identity, SealingKey, SigningKey, UnixTime};
use crate::model::content::{ContentHasher, Leaf};
use crate::model::{Content, EntryPath, UserName};
use crate::peer::{Landing, Rules, Sharer, Shelf};
use crate::seal::EntryLeaf;

const LENGTH: usize = 9 * LEAF_BYTES;

#[tokio::test]
async fn what_comes_behind_a_wrong_leaf_is_neither_written_nor_done() {
    let (home, bytes) = (tempfile::tempdir().unwrap(), vec![7; LENGTH]);
    let (content, leaves) = read(&bytes);
    let landing = Landing::in_folder(home.path(), Rules::default()).unwrap();
    let at = EntryPath::parse("film").unwrap();
    let spread = alice().spread(content, &at, &landing, "bob").await.unwrap().unwrap();

    let Next::Fetch { job, .. } = spread.0.plan().next(0, Duration::ZERO) else { panic!() };
    let list = Arc::new(LeafList::verify(content, leaves.clone()).unwrap());
    let is_wrong = AtomicBool::new(false);
    let place = JobPlace { spread: Arc::downgrade(&spread.0), job, list, is_wrong };
    place.put(0, 0, &[8; LEAF_BYTES]).unwrap();
    place.passed(leaf(0, Leaf::from_bytes([8; 32])));

    place.put(0, LEAF, &[8; LEAF_BYTES]).unwrap_err();
    place.passed(leaf(1, leaves[1]));
    let owned = (0..8).filter(|leaf| spread.0.plan().owns(job, *leaf)).count();
    assert_eq!(owned, 8, "nothing is done");
    assert_eq!(spread.came_from(0), 0);
}

#[tokio::test]
async fn what_is_of_the_list_is_held_although_its_segment_did_not_end() {
    let (home, bytes) = (tempfile::tempdir().unwrap(), vec![7; 12 * LEAF_BYTES]);
    let (content, leaves) = read(&bytes);
    let landing = Landing::in_folder(home.path(), Rules::default()).unwrap();
    let at = EntryPath::parse("film").unwrap();
    let begin = async || alice().spread(content, &at, &landing, "bob").await.unwrap().unwrap();

    let spread = begin().await;
    let Next::Fetch { job, run, .. } = spread.0.plan().next(0, Duration::ZERO) else { panic!() };
    let claim = Claim::new(&spread, (job, run), false);
    let list = Arc::new(LeafList::verify(content, leaves.clone()).unwrap());
    let is_wrong = AtomicBool::new(false);
    let place = JobPlace { spread: Arc::downgrade(&spread.0), job, list, is_wrong };
    place.put(0, 0, &bytes[..2 * LEAF_BYTES]).unwrap();
    place.passed(leaf(0, leaves[0]));
    drop(claim);
    spread.break_off().await;

    let again = begin().await;
    let Next::Fetch { run, .. } = again.0.plan().next(0, Duration::ZERO) else { panic!() };
    assert_eq!(run.start, 1, "the first is here, and of the second it is not known");
}

fn read(bytes: &[u8]) -> (Content, Vec<Leaf>) {
    let mut leaves = Vec::new();
    let mut hasher = ContentHasher::new(|leaf| leaves.push(leaf));
    hasher.update(bytes);
    (hasher.finish(), leaves)
}

fn leaf(number: u64, leaf: Leaf) -> Passed {
    Passed::Leaf(EntryLeaf { entry: 0, number, leaf })
}

fn alice() -> Sharer {
    let der = |pem: &str| decode(pem, Protection::NoneAsked).unwrap();
    let signing = SigningKey::load(&der(include_str!("../keys/alice-signing.pem"))).unwrap();
    let sealing = SealingKey::load(&der(include_str!("../keys/alice-sealing.pem"))).unwrap();
    let identity = Identity::new(signing, sealing, UnixTime(1_800_000_000)).unwrap();
    let name: UserName = "alice".parse().unwrap();
    Sharer::new(Arc::new(identity), Shelf::new(name)).with_clock(|| UnixTime(1_800_000_000))
}
