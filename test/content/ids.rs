//! Ids are what any BLAKE3 tool computes.

use super::{MI, PIECE, data, hashed, hashed_in_pieces};
use proptest::prelude::*;
use std::io::Write;
use waxwing::model::content::{ContentHasher, LeafList, of_file};
use waxwing::model::{Content, ContentId};

/// Lengths and hashes: BLAKE3's official vectors, and larger ones by its reference implementation.
const KNOWN: [(usize, &str); 15] = [
    (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
    (1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"),
    (1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"),
    (1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"),
    (1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"),
    (2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"),
    (3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"),
    (31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"),
    (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
    (262_144, "d57dc906e20d3fd326ffaa85535500486f46a0979f5a323f028dcabfd381fd4a"),
    (262_145, "531c319935cf78f34869faebd865e5748266b1799039103bfb851a680d9ed30c"),
    (1_048_576, "74cb441fd087764ca9c3694da742ebe30cbeb3060a17009ca81825c7a8d10343"),
    (1_048_577, "2f053cd7472cf0cd2f9adaf45c1180255b91b9a865404a63671a0ee5f792ed33"),
    (3_145_729, "fd984eaa20053d346cc7c79a175338f91556e68b871d877b23568a4587d9875b"),
    (5_242_887, "4ad8fff7183fb6486dc1a2d368d5bd3daa4f8fca845648ec36b78934559989cd"),
];

/// Around every border that the tree has.
const SIZES: [usize; 19] = [
    0,
    1,
    1023,
    1024,
    1025,
    PIECE - 1,
    PIECE,
    PIECE + 1,
    MI - 1,
    MI,
    MI + 1,
    2 * MI,
    3 * MI,
    3 * MI + 1,
    4 * MI,
    4 * MI + 1,
    5 * MI + 7,
    8 * MI,
    17 * MI + 3,
];

#[test]
fn known_answers_in_all_three_ways() {
    for (size, expected) in KNOWN {
        let bytes = data(size);
        let expected = Content::new(expected.parse().unwrap(), size as u64).unwrap();
        assert_eq!(Content::of(&bytes), expected);
        assert_eq!(hashed(&bytes).0, expected);
        assert_eq!(of_file(&bytes, size as u64, |_| {}).unwrap(), expected);
    }
}

#[test]
fn every_way_gives_the_plain_hash_and_the_same_leaves() {
    for size in SIZES {
        let bytes = data(size);
        let expected = Content::of(&bytes);
        assert_eq!(expected.id().as_bytes(), blake3::hash(&bytes).as_bytes());
        let (content, leaves) = hashed_in_pieces(&bytes, &[1, 63, 65_537, 7, 1_048_579, 300_000]);
        assert_eq!(content, expected, "{size}");
        assert_eq!(leaves.len() as u64, content.leaf_count());
        assert_eq!(leaves.len(), if size <= MI { 0 } else { size.div_ceil(MI) });

        let (mut of_vec, mut of_disk) = (Vec::new(), Vec::new());
        let content = of_file(&bytes, size as u64, |leaf| of_vec.push(leaf)).unwrap();
        assert_eq!((content, &of_vec), (expected, &leaves), "{size} in memory");
        let content = of_file(&on_disk(&bytes), size as u64, |leaf| of_disk.push(leaf)).unwrap();
        assert_eq!((content, &of_disk), (expected, &leaves), "{size} on disk");
        assert!(LeafList::verify(expected, leaves).is_ok());
    }
}

#[test]
fn leaves_are_told_as_soon_as_they_are_known() {
    let told = std::cell::Cell::new(0);
    let mut hasher = ContentHasher::new(|_| told.set(told.get() + 1));
    hasher.update(&data(MI));
    assert_eq!(told.get(), 0, "it might be the root");
    hasher.update(&[7]);
    assert_eq!(told.get(), 1);
    hasher.update(&data(MI - 1));
    assert_eq!(told.get(), 1, "it might be the last");
    hasher.finish();
    assert_eq!(told.get(), 2);
}

#[test]
fn updates_of_nothing_change_nothing() {
    for size in [0, 1, MI, 2 * MI] {
        let bytes = data(size);
        let mut hasher = ContentHasher::new(|_| {});
        hasher.update(&[]);
        hasher.update(&bytes);
        hasher.update(&[]);
        assert_eq!(hasher.finish(), Content::of(&bytes), "{size}");
    }
}

#[test]
fn an_id_is_written_as_64_digits_and_read_again() {
    let id = Content::of(b"").id();
    assert_eq!(id.to_string(), KNOWN[0].1);
    assert_eq!(format!("{id:?}"), format!("ContentId({})", KNOWN[0].1));
    assert_eq!(KNOWN[0].1.to_uppercase().parse(), Ok(id));
    let digits = KNOWN[0].1;
    for wrong in ["", &digits[1..], &digits[2..], &format!("{digits}00"), &digits.replace('f', "g")]
    {
        assert!(wrong.parse::<ContentId>().is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn the_cut_of_the_pieces_does_not_matter(
        size in 0usize..3 * MI,
        sizes in proptest::collection::vec(1usize..700_000, 1..6),
    ) {
        let bytes = data(size);
        prop_assert_eq!(hashed_in_pieces(&bytes, &sizes), hashed(&bytes));
        prop_assert_eq!(hashed(&bytes).0, Content::of(&bytes));
    }
}

fn on_disk(bytes: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}
