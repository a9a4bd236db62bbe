//! The sealed stream as its two sides use it: what goes in comes out, and nothing else does.

#[path = "common/people.rs"]
mod people;

use people::{Person, alice, bob, entry, expected, mallory, noise};
use waxwing::seal::{Context, Envelope, open_bytes, seal_bytes};

#[test]
fn what_is_sealed_opens_for_the_receiver() {
    let (alice, bob) = (alice(), bob());
    let sizes = [0, 1, 5, 4096, 262_143, 262_144, 262_145, 1 << 20, (1 << 20) + 1, 3_000_000];
    let files: Vec<_> = sizes.iter().map(|size| noise(*size)).collect();
    let listed: Vec<_> =
        (0..).zip(&files).map(|(n, f)| (entry(&format!("d/{n}"), f.len()), f.as_slice())).collect();
    let sealed = seal_bytes(&listed, envelope(&alice, &bob)).unwrap();
    let opened = open_bytes(&sealed, &expected(&alice, &bob), bob.sealing()).unwrap();
    assert_eq!(opened.len(), files.len());
    for ((proof, bytes), file) in opened.iter().zip(&files) {
        assert!(bytes == file);
        assert_eq!(proof.content(), waxwing::model::Content::of(file));
        assert_eq!(proof.sender(), alice.fingerprint());
    }
    assert!(open_bytes(&sealed, &expected(&alice, &mallory()), mallory().sealing()).is_err());
}

fn envelope<'a>(from: &'a Person, to: &'a Person) -> Envelope<'a> {
    Envelope {
        to: to.certificate(),
        from: from.signing(),
        context: Context::from_bytes(people::CONTEXT),
        created: people::NOW,
    }
}
