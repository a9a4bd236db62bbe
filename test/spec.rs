//! `protocol.md` and the pages of `docs/` say what the code does: their tables are compared with the
//! code's, and their examples with what the code computes.

#[path = "docs/cargo.rs"]
mod cargo;
#[path = "spec/catalog.rs"]
mod catalog;
#[path = "spec/commands.rs"]
mod commands;
#[path = "spec/database.rs"]
mod database;
#[path = "spec/help.rs"]
mod help;
#[path = "spec/index.rs"]
mod index;
#[path = "common/known.rs"]
mod known;
#[path = "spec/page.rs"]
mod page;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "common/people.rs"]
mod people;
#[path = "spec/said.rs"]
mod said;
#[path = "spec/settings.rs"]
mod settings;
#[path = "spec/structure.rs"]
mod structure;
#[path = "spec/threats.rs"]
mod threats;
#[path = "spec/troubleshooting.rs"]
mod troubleshooting;
#[path = "spec/typed.rs"]
mod typed;
#[path = "spec/wire.rs"]
mod wire;

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use people::{alice, bob};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use waxwing::codec::{Reader, closed};
use waxwing::crypto::{
    Keystream, Label, Rotation, SealingCertificate, Secret, Signed, TagKey, UnixTime, pair_words,
    sha256,
};
use waxwing::link::Deadlines;
use waxwing::model::content::ContentHasher;
use waxwing::model::{Entry, EntryPath, Modified, limits};
use waxwing::seal::{Context, Delivery, FileReceipt, ManifestEntry, Refusal};

#[test]
fn the_table_of_labels_is_that_of_the_code() {
    let rows: Vec<_> = table("| label | text | used in |")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].trim_matches('`').to_owned()))
        .collect();
    let code: Vec<_> =
        Label::ALL.iter().map(|label| (format!("{label:?}"), label.text().to_owned())).collect();
    assert_eq!(rows, code);
}

#[test]
fn the_table_of_limits_is_that_of_the_code() {
    let rows = table("| limit | value | of |");
    assert!(rows.len() >= 13);
    for row in rows {
        let limit = limits::TABLE.iter().find(|limit| limit.name == row[0]);
        let limit = limit.unwrap_or_else(|| panic!("no limit {}", row[0]));
        assert_eq!(limit.value.to_string(), row[1], "{}", row[0]);
        assert_eq!(limit.meaning, row[2], "{}", row[0]);
    }
}

#[test]
fn the_table_of_times_is_that_of_the_code() {
    let Deadlines { connect, tls, proof, signing, answer, ping, silence, .. } =
        Deadlines::default();
    let Deadlines { progress, stalled, crowded, durable, .. } = Deadlines::default();
    let code = [
        ("connect", connect),
        ("tls", tls),
        ("proof", proof),
        ("signing", signing),
        ("answer", answer),
        ("ping", ping),
        ("silence", silence),
        ("progress", progress),
        ("stalled", stalled),
        ("crowded", crowded),
        ("durable", durable),
    ];
    let code = code.map(|(name, time)| (name.to_owned(), time.as_secs().to_string()));
    let rows = table("| time | seconds | for |");
    let rows: Vec<_> = rows.iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(rows, code);
}

#[test]
fn every_limit_of_the_stream_stands_in_the_table() {
    let rows = table("| limit | value | of |");
    // What only programs of ours keep to is no matter of the protocol.
    let own = ["EVENTS_WAITING"];
    for limit in limits::TABLE.iter().filter(|limit| !own.contains(&limit.name)) {
        assert!(rows.iter().any(|row| row[0] == limit.name), "{} is not told", limit.name);
    }
}

#[test]
fn the_table_of_refusals_is_that_of_the_code() {
    let rows: Vec<_> =
        table("| refusal | meaning |").into_iter().map(|row| row[0].clone()).collect();
    let code: Vec<_> = Refusal::ALL.iter().map(|refusal| refusal.name()).collect();
    assert_eq!(rows, code);
}

/// An example is a line `name = value` in a block marked `example`. Each is computed here anew.
#[test]
fn every_example_is_what_the_code_computes() {
    let of_index = [index::examples(), catalog::examples()].concat();
    let (told, computed) = (examples(), [computed_examples(), said::examples(), of_index].concat());
    let is_told = |(name, value): &&(&str, String)| {
        told.iter().any(|(told_name, told)| told_name == name && told == value)
    };
    let wrong: Vec<_> = computed.iter().filter(|example| !is_told(example)).collect();
    let wrong: String = wrong.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    assert!(wrong.is_empty(), "should stand in protocol.md:\n{wrong}");
    let names: BTreeSet<_> = told.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), told.len(), "two examples of one name");
    assert_eq!(told.len(), computed.len(), "an example that nobody computes");
}

fn examples() -> Vec<(String, String)> {
    let text = protocol();
    let blocks = text.split("```example\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.split_once(" = "));
    lines.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

fn computed_examples() -> Vec<(&'static str, String)> {
    let (alice, bob) = (alice(), bob());
    let certificate = SealingCertificate {
        identity: alice.fingerprint(),
        epoch: 1,
        not_after: UnixTime(1_800_000_000),
        key: alice.sealing().wrapping_key().clone(),
    };
    let mut leaves = Vec::new();
    let mut hasher = ContentHasher::new(|leaf| leaves.push(hex(leaf.as_bytes())));
    hasher.update(&(0..=1 << 20).map(|i: u32| (i % 251) as u8).collect::<Vec<_>>());
    let content = hasher.finish();
    let mut chunk = *b"waxwing";
    let keystream = Keystream::new(&secret(0), [0xff; 16]);
    keystream.apply(5 * 262_144, &mut chunk).unwrap();
    let tag = TagKey::new(secret(32)).tag(&chunk, 5, 7);
    let context = Context::live(&[1; 32], &[2; 32]);
    let (inner, wrap_block, record) = parts_of_a_vector();
    let wraps_hash = sha256(Label::StreamWraps, &[&wrap_block]);
    let mut examples = vec![
        ("label SigningKey", hex(&Label::SigningKey.bytes())),
        ("fingerprint of alice", alice.fingerprint().to_string()),
        ("id of alice's sealing key", alice.sealing().wrapping_key().id().to_string()),
        ("words of alice and bob", pair_words(&alice.fingerprint(), &bob.fingerprint()).join(" ")),
        ("body, its first 48 bytes", hex(&closed::encode(&certificate)[..48])),
        ("id", content.id().to_string()),
        ("leaf 0", leaves[0].clone()),
        ("leaf 1", leaves[1].clone()),
        ("ciphertext", hex(&chunk)),
        ("tag", hex(tag.as_bytes())),
        ("live context", context_hex(&context)),
        ("inner", hex(&inner)),
        ("wraps hash", hex(&wraps_hash)),
        ("header hash", hex(&sha256(Label::HeaderHash, &[&inner, &wraps_hash]))),
        ("entry", hex(&closed::encode(&example_entry()))),
        ("record", hex(&record)),
        ("hash of the record", hex(&sha256(Label::RecordHash, &[&record]))),
        ("tags", hex(&sha256(Label::ChunkTags, &[tag.as_bytes()]))),
        ("landed", hex(&sha256(Label::LandedEntries, &[&[0, 0, 0, 0, 0, 0, 0, 2]]))),
        ("delivery", hex(&delivery_body())),
    ];
    examples.extend(rotation_examples());
    examples.extend(wrap_examples(&inner, &wrap_block));
    examples.extend(receipt_examples());
    examples
}

fn rotation_examples() -> Vec<(&'static str, String)> {
    let (old, new) =
        (alice().signing().verifying_key().clone(), bob().signing().verifying_key().clone());
    let body = closed::encode(&Rotation { time: UnixTime(1_800_000_000), old, new });
    vec![
        ("rotation, its first 48 bytes", hex(&body[..48])),
        ("rotation, 48 bytes from 434 on", hex(&body[434..482])),
        ("rotation, SHA-256 of the body", hex(&Sha256::digest(&body))),
    ]
}

fn wrap_examples(inner: &[u8], wrap_block: &[u8]) -> Vec<(&'static str, String)> {
    let bob = bob();
    let (recipient, epoch) = (bob.fingerprint(), 1_u32.to_be_bytes());
    let label = sha256(Label::WrapLabel, &[inner, recipient.as_bytes(), &epoch]);
    let secret: Secret<80> = bob.sealing().unwrap_secret(&label, &wrap_block[4..]).unwrap();
    let commitment = sha256(Label::KeyCommitment, &[&inner[5..21], secret.expose()]);
    assert_eq!(inner[117..149], commitment);
    vec![
        ("wrap label", hex(&label)),
        ("secret", hex(secret.expose())),
        ("key commitment", hex(&commitment)),
    ]
}

/// Of the first of three entries: its path is the leaf of the second, then that of the third.
fn receipt_examples() -> Vec<(&'static str, String)> {
    let bytes = vector("receipts/good/receipt-first");
    assert!(FileReceipt::parse(&bytes).unwrap().verify().is_ok());
    let mut rest = Reader::new(&bytes);
    rest.u16().unwrap();
    let block = |rest: &mut Reader<'_>| rest.block("a part", 4096).unwrap().to_vec();
    let (_spki, _inner) = (block(&mut rest), block(&mut rest));
    let _wraps_hash: [u8; 32] = rest.array().unwrap();
    let [_, body, _] = [(); 3].map(|()| block(&mut rest));
    assert_eq!(rest.u32(), Ok(0));
    let entry = block(&mut rest);
    let (salt, id): ([u8; 32], [u8; 32]) = (rest.array().unwrap(), rest.array().unwrap());
    assert_eq!(rest.u8(), Ok(2));
    let (second, third): ([u8; 32], [u8; 32]) = (rest.array().unwrap(), rest.array().unwrap());
    let leaf = [[0].as_slice(), &Label::EntryId.bytes(), &salt, &[0; 4], &entry, &id].concat();
    let leaf = Sha256::digest(leaf);
    let node = Sha256::digest([[1].as_slice(), &leaf, &second].concat());
    let root = Sha256::digest([[1].as_slice(), &node, &third].concat());
    assert_eq!(body[107..], *root);
    vec![
        ("entry 0", hex(&entry)),
        ("salt of entry 0", hex(&salt)),
        ("id of entry 0", hex(&id)),
        ("leaf of entry 0", hex(&leaf)),
        ("leaf of entry 1", hex(&second)),
        ("leaf of entry 2", hex(&third)),
        ("node over entries 0 and 1", hex(&node)),
        ("root", hex(&root)),
        ("receipt, its length", bytes.len().to_string()),
        ("receipt, its first 48 bytes", hex(&bytes[..48])),
        ("receipt, its last 65 bytes", hex(&bytes[bytes.len() - 65..])),
        ("receipt, SHA-256 of all bytes", hex(&Sha256::digest(&bytes))),
    ]
}

fn delivery_body() -> Vec<u8> {
    let signed: Signed<Delivery> = closed::decode(&vector("receipts/good/delivery-some")).unwrap();
    assert!(signed.verify(bob().signing().verifying_key(), UnixTime(0)).is_ok());
    signed.body().to_vec()
}

fn context_hex(context: &Context) -> String {
    let expected = sha256(Label::LiveContext, &[&[1; 32], &[2; 32]]);
    assert_eq!(*context, Context::from_bytes(expected));
    hex(&expected)
}

fn example_entry() -> ManifestEntry {
    let path = EntryPath::parse("photos/tree.jpg").unwrap();
    let modified = Modified::from_nanos(1_700_000_000_000_000_000);
    ManifestEntry::whole(Entry::new(path, 5, modified).unwrap())
}

/// The secret of 32 bytes that count up from `first`. Only unwrapping makes a secret of known
/// bytes, so another library wraps them first.
fn secret(first: u8) -> Secret<32> {
    let bytes: [u8; 32] = std::array::from_fn(|i| first + i as u8);
    let alice = alice();
    let key = alice.sealing().wrapping_key();
    let public = PublicEncryptingKey::from_der(key.spki()).unwrap();
    let public = OaepPublicEncryptingKey::new(public).unwrap();
    let mut wrapped = vec![0; key.wrap_bytes()];
    public.encrypt(&OAEP_SHA256_MGF1SHA256, &bytes, &mut wrapped, Some(&[0; 32])).unwrap();
    alice.sealing().unwrap_secret(&[0; 32], &wrapped).unwrap()
}

/// Inner, wrap block and the body of the first record of the vector `good/one-byte`.
fn parts_of_a_vector() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let stream = vector("good/one-byte");
    let number = |at: usize| u32::from_be_bytes(stream[at..at + 4].try_into().unwrap()) as usize;
    let inner = stream[4..4 + 187].to_vec();
    let wrap_block = stream[191..191 + 4 + number(191)].to_vec();
    let chunk = 4 + number(0);
    let record = chunk + 1 + 40 + number(chunk + 5) + 1;
    (inner, wrap_block, stream[record + 4..record + 4 + 107].to_vec())
}

/// The bytes of a vector, behind its text.
fn vector(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("test/vectors").join(name);
    let bytes = fs::read(path).unwrap();
    let at = bytes.windows(5).position(|at| at == b"\n---\n").unwrap() + 5;
    bytes[at..].to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The rows of the table under this head, each as its cells.
fn table(head: &str) -> Vec<Vec<String>> {
    let text = protocol();
    let mut lines = text.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "no table {head}");
    lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

fn protocol() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol.md")).unwrap()
}
