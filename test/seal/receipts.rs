//! The receiver's proof of one file: what it shows to anyone, what it hides, and that nothing else
//! can be made of it.

use super::people::NOW;
use super::stage::{
    ALICE, BOB, CHUNK, Computed, MIB, Wire, bytes_of, id_of, merged, parts, seal_all, sealed,
    sealer, small, whole,
};
use super::taken_apart::flipped;
use sha2::{Digest, Sha256};
use waxwing::codec::{Reader, Writer};
use waxwing::crypto::Label;
use waxwing::model::Content;
use waxwing::model::limits::RECEIPT_BYTES;
use waxwing::seal::{FileReceipt, Refusal, SentFile};

#[test]
fn a_receipt_proves_name_size_content_sender_recipient_and_time() {
    let listed = vec![whole("folder/large", CHUNK + 5), whole("b", 7)];
    for (number, receipt) in (0..).zip(receipts(&sealed(listed.clone()))) {
        let entry = listed[number as usize].entry.clone();
        let expected = SentFile {
            sender: ALICE.fingerprint(),
            recipient: BOB.fingerprint(),
            created: NOW,
            content: Content::of(&bytes_of(number, 0..entry.size())),
            entry,
        };
        assert_eq!(verify(&receipt), Some(expected));
    }
}

#[test]
fn every_entry_of_a_stream_of_any_length_has_a_receipt() {
    for count in [1, 2, 3, 4, 5, 7, 8, 9, 33] {
        for (number, receipt) in receipts(&sealed(small(count))).iter().enumerate() {
            let sent = verify(receipt).unwrap();
            assert_eq!(sent.entry.path().to_string(), format!("folder/{number}"));
            assert_eq!(FileReceipt::parse(receipt).unwrap().to_bytes(), *receipt);
        }
    }
}

#[test]
fn a_receipt_of_a_file_that_was_pieced_together_proves_all_of_it() {
    let size = 2 * MIB + 3;
    let mut sealer = sealer(vec![parts("a", size, &[MIB..2 * MIB]), whole("b", 2)]);
    sealer.give_id(0, id_of(0, size));
    let stream = seal_all(sealer, &Computed, usize::MAX).opened();
    let proof = stream.proof_of_merged(0, merged(0, size)).unwrap();
    let sent = verify(&stream.receipt(&proof).unwrap().to_bytes()).unwrap();
    assert_eq!((sent.content.id(), sent.content.size()), (id_of(0, size), size));
}

#[test]
fn a_receipt_shows_nothing_of_the_other_entries() {
    let names = ["first", "second-name", "third-name", "fourth-name", "fifth-name"];
    let listed: Vec<_> = (0..).zip(names).map(|(n, name)| whole(name, 50 + n)).collect();
    let receipts = receipts(&sealed(listed));
    let salts: Vec<_> = receipts.iter().map(|receipt| Fields::of(receipt).salt).collect();
    for (own, receipt) in receipts.iter().enumerate() {
        for (other, name) in names.iter().enumerate() {
            let id = id_of(other as u32, 50 + other as u64);
            assert_eq!(holds(receipt, name.as_bytes()), own == other);
            assert_eq!(holds(receipt, id.as_bytes()), own == other);
            assert_eq!(holds(receipt, &salts[other]), own == other);
            let bytes = bytes_of(other as u32, 0..16);
            assert!(!holds(receipt, &bytes), "a receipt shows no data at all");
        }
    }
}

#[test]
fn a_receipt_with_any_byte_changed_proves_nothing() {
    let receipt = &receipts(&sealed(small(5)))[2];
    assert!(verify(receipt).is_some());
    for at in 0..receipt.len() {
        for by in [1 << (at % 8), 0xff] {
            assert_eq!(verify(&flipped(receipt, at, by)), None, "byte {at} by {by}");
        }
    }
}

#[test]
fn a_receipt_cut_or_with_more_behind_it_is_none() {
    let receipt = &receipts(&sealed(small(5)))[4];
    for length in 0..receipt.len() {
        assert!(FileReceipt::parse(&receipt[..length]).is_err(), "{length}");
    }
    assert!(FileReceipt::parse(&[receipt, [0].as_slice()].concat()).is_err());
    let endless = [receipt.as_slice(), &vec![0; RECEIPT_BYTES]].concat();
    assert!(FileReceipt::parse(&endless).is_err());
}

#[test]
fn a_receipt_with_anything_of_another_entry_proves_nothing() {
    let all = receipts(&sealed(small(9)));
    for (number, receipt) in all.iter().enumerate() {
        for other in all.iter().enumerate().filter(|(other, _)| *other != number).map(|it| it.1) {
            for mixed in mixtures(&Fields::of(receipt), &Fields::of(other)) {
                let bytes = mixed.put_together();
                assert!(bytes == *receipt || verify(&bytes).is_none());
            }
        }
    }
}

#[test]
fn a_receipt_with_anything_of_another_stream_proves_nothing() {
    let (one, other) = (receipts(&sealed(small(3))), receipts(&sealed(small(3))));
    for (one, other) in one.iter().zip(&other) {
        let (one, other) = (Fields::of(one), Fields::of(other));
        assert_eq!(one.entry, other.entry);
        let mixed = [
            Fields { inner: other.inner.clone(), ..one.clone() },
            Fields { wraps_hash: other.wraps_hash, ..one.clone() },
            Fields { signature: other.signature.clone(), ..one.clone() },
            Fields { body: other.body.clone(), ..one.clone() },
            Fields { body_signature: other.body_signature.clone(), ..one.clone() },
            Fields { salt: other.salt, ..one.clone() },
            Fields { path: other.path.clone(), ..one.clone() },
            one.with_header_of(&other),
            one.with_record_of(&other),
            other.with_record_of(&one),
            one.with_header_of(&other).with_record_of(&other),
        ];
        for mixed in mixed {
            assert_eq!(verify(&mixed.put_together()), None);
        }
    }
}

/// Each is signed by Alice for this very stream, and none is its final record.
#[test]
fn no_other_record_of_the_stream_passes_for_the_final_one() {
    let wire = super::stage::sealed_in_segments_of(1, small(3));
    let receipt = Fields::of(&receipts(&wire)[1]);
    for segment in &wire.segments[..wire.segments.len() - 1] {
        let waxwing::seal::Record::Segment(record) = &segment.record else { panic!("not final") };
        let (body, body_signature) =
            (record.body().to_vec(), record.signature().as_bytes().to_vec());
        let short = Fields { body, body_signature, ..receipt.clone() };
        let mut long = short.clone();
        long.body[0] = 2;
        long.body.extend_from_slice(&receipt.body[107..]);
        assert_eq!(verify(&short.put_together()), None);
        assert_eq!(verify(&long.put_together()), None);
    }
}

#[test]
fn the_path_of_a_receipt_has_exactly_its_siblings() {
    for (number, receipt) in receipts(&sealed(small(5))).iter().enumerate() {
        let fields = Fields::of(receipt);
        let siblings = if number == 4 { 1 } else { 3 };
        assert_eq!(fields.path.len(), siblings);
        let mut shorter = fields.clone();
        shorter.path.pop();
        let mut longer = fields.clone();
        longer.path.push([0; 32]);
        let doubled = Fields { path: fields.path.repeat(2), ..fields.clone() };
        for other in [shorter, longer, doubled] {
            assert_eq!(verify(&other.put_together()), None);
        }
        let beyond = Fields { number: fields.number + 8, ..fields.clone() };
        let verified = FileReceipt::parse(&beyond.put_together()).unwrap().verify();
        assert_eq!(verified, Err(Refusal::Ids));
        let many = Fields { path: vec![[0; 32]; 18], ..fields };
        assert!(FileReceipt::parse(&many.put_together()).is_err());
    }
}

/// Its sender signed all of it, and no reader took the stream.
#[test]
fn a_receipt_whose_entry_announces_another_id_proves_nothing() {
    let mut known = whole("a", 9);
    known.entry = known.entry.clone().with_content(Some(id_of(0, 9)));
    let good = Fields::of(&receipts(&sealed(vec![known]))[0]);
    let signed_again = |fields: &Fields| {
        let salted = [[0].as_slice(), &Label::EntryId.bytes(), &fields.salt].concat();
        let number = fields.number.to_be_bytes();
        let leaf = Sha256::digest([&salted, number.as_slice(), &fields.entry, &fields.id].concat());
        let mut body = good.body.clone();
        body.splice(body.len() - 32.., leaf);
        let signature = ALICE.signing().sign(Label::FinalRecord, &[&body]).unwrap();
        let body_signature = signature.as_bytes().to_vec();
        verify(&Fields { body, body_signature, ..fields.clone() }.put_together())
    };
    assert!(signed_again(&good).is_some());
    assert!(signed_again(&Fields { id: [9; 32], ..good.clone() }).is_none());
}

/// The receipts of all entries.
fn receipts(wire: &Wire) -> Vec<Vec<u8>> {
    let stream = wire.opened();
    let receipt = |number| stream.receipt(&stream.proof(number).unwrap()).unwrap().to_bytes();
    (0..stream.manifest().count()).map(receipt).collect()
}

/// What a receipt proves, to somebody who has nothing but its bytes.
fn verify(bytes: &[u8]) -> Option<SentFile> {
    FileReceipt::parse(bytes).ok()?.verify().ok()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// One receipt with some of the fields of another of the same stream.
fn mixtures(one: &Fields, other: &Fields) -> Vec<Fields> {
    let mix = |bits: u8| Fields {
        number: if bits & 1 != 0 { other.number } else { one.number },
        entry: if bits & 2 != 0 { &other.entry } else { &one.entry }.clone(),
        salt: if bits & 4 != 0 { other.salt } else { one.salt },
        id: if bits & 8 != 0 { other.id } else { one.id },
        path: if bits & 16 != 0 { &other.path } else { &one.path }.clone(),
        ..one.clone()
    };
    (1..0b11111).map(mix).collect()
}

/// A receipt taken apart, by the layout alone.
#[derive(Clone)]
struct Fields {
    key: Vec<u8>,
    inner: Vec<u8>,
    wraps_hash: [u8; 32],
    signature: Vec<u8>,
    body: Vec<u8>,
    body_signature: Vec<u8>,
    number: u32,
    entry: Vec<u8>,
    salt: [u8; 32],
    id: [u8; 32],
    path: Vec<[u8; 32]>,
}

impl Fields {
    fn of(receipt: &[u8]) -> Self {
        let mut rest = Reader::new(receipt);
        let block = |rest: &mut Reader<'_>| rest.block("a part", 4096).unwrap().to_vec();
        assert_eq!(rest.u16(), Ok(1));
        let fields = Self {
            key: block(&mut rest),
            inner: block(&mut rest),
            wraps_hash: rest.array().unwrap(),
            signature: block(&mut rest),
            body: block(&mut rest),
            body_signature: block(&mut rest),
            number: rest.u32().unwrap(),
            entry: block(&mut rest),
            salt: rest.array().unwrap(),
            id: rest.array().unwrap(),
            path: (0..rest.u8().unwrap()).map(|_| rest.array().unwrap()).collect(),
        };
        rest.finish().unwrap();
        assert!(fields.put_together() == receipt);
        fields
    }

    fn put_together(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u16(1).block(&self.key).block(&self.inner).raw(&self.wraps_hash);
        out.block(&self.signature).block(&self.body).block(&self.body_signature);
        out.u32(self.number).block(&self.entry).raw(&self.salt).raw(&self.id);
        out.u8(self.path.len() as u8).raw(self.path.as_flattened());
        out.into_bytes()
    }

    fn with_header_of(&self, other: &Self) -> Self {
        let (inner, signature) = (other.inner.clone(), other.signature.clone());
        Self { inner, wraps_hash: other.wraps_hash, signature, ..self.clone() }
    }

    fn with_record_of(&self, other: &Self) -> Self {
        let (body, body_signature) = (other.body.clone(), other.body_signature.clone());
        Self { body, body_signature, ..self.clone() }
    }
}
