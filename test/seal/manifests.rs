//! Which entries one stream may carry, and what binds it to its occasion.

use super::people::{CONTEXT, NOW, entry};
use super::stage::{ALICE, BOB, MIB, whole};
use sha2::{Digest, Sha256};
use waxwing::codec::closed;
use waxwing::crypto::{Label, sha256};
use waxwing::model::limits::{ENTRY_SIZE, MANIFEST_ENTRIES};
use waxwing::model::{Content, Ranges};
use waxwing::seal::{
    Context, Manifest, ManifestEntry, ManifestProblem, SealError, Sealer, seal_bytes,
};

#[test]
fn a_manifest_has_an_entry_at_least() {
    assert_eq!(Manifest::new(Vec::new()), Err(ManifestProblem::Entries(0)));
    let envelope = waxwing::seal::Envelope {
        to: BOB.certificate(),
        from: ALICE.signing(),
        context: Context::from_bytes(CONTEXT),
        created: NOW,
    };
    let error = seal_bytes(&[], envelope).unwrap_err();
    assert!(matches!(error, SealError::Manifest(ManifestProblem::Entries(0))));
}

#[test]
fn a_manifest_has_100_000_entries_at_most() {
    let mut listed = numbered(MANIFEST_ENTRIES + 1, "");
    assert_eq!(Manifest::new(listed.clone()), Err(ManifestProblem::Entries(100_001)));
    listed.pop();
    assert_eq!(Manifest::new(listed).unwrap().count(), 100_000);
}

#[test]
fn parts_of_a_file_of_another_size_are_refused() {
    for (size, parts) in [(5, 6), (5, 4), (0, 1), (MIB + 5, MIB + 6)] {
        let listed = ManifestEntry { ranges: Ranges::whole(parts), ..whole("a", size) };
        let problem = Manifest::new(vec![whole("b", 1), listed]).unwrap_err();
        assert!(matches!(problem, ManifestProblem::Ranges(_)), "{size} {parts}: {problem}");
    }
}

#[test]
fn paths_that_collide_are_refused() {
    let refused = [
        ["a", "a"],
        ["a", "A"],
        ["a/b", "a"],
        ["a", "a/b/c"],
        ["A/b", "a/c"],
        ["straße", "STRASSE"],
        ["ﬁ", "fi"],
    ];
    for [one, other] in refused {
        let listed = vec![whole("other", 1), whole(one, 1), whole("more", 1), whole(other, 1)];
        let problem = Manifest::new(listed).unwrap_err();
        let ManifestProblem::Collision(collision) = problem else { panic!("{problem}") };
        let mut pair = [collision.0.to_string(), collision.1.to_string()];
        pair.sort();
        let mut expected = [one, other];
        expected.sort_unstable();
        assert_eq!(pair, expected);
    }
    assert!(Manifest::new(vec![whole("a/b", 1), whole("a/c", 1), whole("ab", 1)]).is_ok());
}

#[test]
fn names_of_more_than_16_mib_do_not_go_into_one_stream() {
    let long = format!("{}/{}/{}", "x".repeat(255), "y".repeat(255), "z".repeat(250));
    let listed = numbered(22_000, &long);
    assert!(matches!(begin(listed), Err(SealError::Manifest(ManifestProblem::TooLong))));
    assert!(begin(numbered(2000, &long)).is_ok());
}

#[test]
fn more_chunks_than_can_be_numbered_do_not_go_into_one_stream() {
    let large = |count| {
        let entry = |n| whole(&format!("{n}"), ENTRY_SIZE);
        begin((0..count).map(entry).collect())
    };
    assert!(matches!(large(64), Err(SealError::TooLarge)));
    assert!(large(63).is_ok());
}

#[test]
fn an_entry_reads_as_it_was_written() {
    let id = Content::of(b"known").id();
    let plain = entry("folder/Überlänge.txt", 3 << 20);
    let ranges = vec![waxwing::model::ByteRange { start: 1 << 20, end: 2 << 20 }];
    let listed = [
        ManifestEntry::whole(plain.clone()),
        ManifestEntry::whole(plain.clone().executable(true).with_content(Some(id))),
        ManifestEntry { ranges: Ranges::new(3 << 20, ranges).unwrap(), entry: plain.clone() },
        ManifestEntry { ranges: Ranges::new(3 << 20, Vec::new()).unwrap(), entry: plain },
    ];
    for listed in listed {
        let bytes = closed::encode(&listed);
        assert_eq!(closed::decode(&bytes), Ok(listed));
        for length in 0..bytes.len() {
            assert!(closed::decode::<ManifestEntry>(&bytes[..length]).is_err());
        }
    }
}

#[test]
fn the_context_of_a_conversation_is_a_hash_of_its_challenge_and_its_channel() {
    let (challenge, exporter) = ([1; 32], [2; 32]);
    let mut label = b"waxwing 1 live context".to_vec();
    label.resize(32, 0);
    let hash: [u8; 32] = Sha256::new()
        .chain_update(label)
        .chain_update(challenge)
        .chain_update(exporter)
        .finalize()
        .into();
    let context = Context::live(&challenge, &exporter);
    assert_eq!(context, Context::from_bytes(hash));
    assert_eq!(hash, sha256(Label::LiveContext, &[&challenge, &exporter]));
    assert_ne!(context, Context::live(&exporter, &challenge));
    assert_ne!(context, Context::live(&challenge, &[3; 32]));
    assert_ne!(context, Context::live(&[3; 32], &exporter));
}

/// So many small entries below a folder.
fn numbered(count: usize, folder: &str) -> Vec<ManifestEntry> {
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    (0..count).map(|n| whole(&format!("{prefix}{n}"), 1)).collect()
}

fn begin(listed: Vec<ManifestEntry>) -> Result<(), SealError> {
    let (manifest, context) = (Manifest::new(listed)?, Context::from_bytes(CONTEXT));
    Sealer::new(manifest, BOB.certificate(), ALICE.signing(), context, NOW).map(drop)
}
