//! Every message comes back as it went, and nothing that is not quite one is taken for it.

use crate::samples::{Sample, chunk, largest, small};
use bytes::Bytes;
use minicbor::Decoder;
use proptest::prelude::*;
use waxwing::codec::{Error, closed};
use waxwing::model::directory::Head;
use waxwing::model::limits::DIRECTORY_ENTRIES;
use waxwing::model::{Content, ContentId};
use waxwing::seal::ChunkHead;
use waxwing::wire::{
    ContentSaid, Frame, HeadAsk, HeadTold, Kind, Message, Ping, Pong, StreamChunk, StreamEnd,
};

#[test]
fn there_is_a_sample_of_each_kind() {
    for samples in [small(), largest()] {
        let kinds: Vec<_> = samples.iter().map(|sample| sample.kind).collect();
        assert_eq!(kinds, Kind::ALL);
    }
}

#[test]
fn every_message_comes_back() {
    for Sample { kind, body, again, .. } in small().into_iter().chain(largest()) {
        assert_eq!(again(&body), Ok(body), "{kind}");
    }
}

#[test]
fn every_message_is_refused_when_it_is_cut_anywhere() {
    for Sample { kind, body, again, .. } in small() {
        for end in 0..body.len() {
            assert!(again(&body.slice(..end)).is_err(), "{kind} cut at {end}");
        }
    }
    for Sample { kind, body, again, .. } in largest() {
        for end in (0..body.len()).step_by(1 + body.len() / 500) {
            assert!(again(&body.slice(..end)).is_err(), "{kind} cut at {end}");
        }
    }
}

#[test]
fn a_byte_behind_a_message_is_refused() {
    for Sample { kind, body, again, .. } in small() {
        let longer = [&body[..], &[0]].concat();
        assert!(again(&longer.into()).is_err(), "{kind}");
    }
}

#[test]
fn fields_of_newer_programs_are_skipped() {
    // A number, a text, and a list of a map.
    let newer: [&[u8]; 3] = [&[0x18, 0x2a], b"\x63new", &[0x81, 0xa1, 0x00, 0xf6]];
    for Sample { kind, body, again, .. } in open_ones() {
        for value in newer {
            let longer = [&[body[0] + 1], &body[1..], &[0x18, 99], value].concat();
            assert_eq!(again(&longer.into()), Ok(body.clone()), "{kind}");
        }
    }
}

#[test]
fn no_field_may_be_missing_but_an_optional_one() {
    for Sample { kind, body, again, .. } in open_ones() {
        let fields = fields(&body);
        for (at, field) in fields.iter().enumerate() {
            let others = fields.iter().enumerate().filter(|(other, _)| *other != at);
            let others: Vec<u8> = others.flat_map(|(_, bytes)| bytes.to_vec()).collect();
            let shorter = [&[body[0] - 1], &others[..]].concat();
            let is_optional = optional(kind).contains(&field[0]);
            assert_eq!(again(&shorter.into()).is_ok(), is_optional, "{kind} without {}", field[0]);
        }
    }
}

#[test]
fn no_field_may_hold_what_is_not_of_its_type() {
    for Sample { kind, body, again, .. } in open_ones() {
        let fields = fields(&body);
        for (at, field) in fields.iter().enumerate() {
            let mut wrong = fields.clone();
            // A negative number stands in no message of ours.
            wrong[at] = vec![field[0], 0x20];
            let bytes = [&[body[0]], &wrong.concat()[..]].concat();
            assert!(again(&bytes.into()).is_err(), "{kind} with -1 as {}", field[0]);
        }
    }
}

#[test]
fn a_frame_is_decoded_as_its_own_kind_only() {
    let body = Ping { token: 7 }.encode();
    let frame = Frame { kind: Kind::Pong, body };
    assert_eq!(frame.decode::<Pong>(), Ok(Pong { token: 7 }));
    assert!(frame.decode::<Ping>().is_err());
}

#[test]
fn a_frame_tells_what_it_names_before_it_is_decoded() {
    let named = |sample: Sample| Frame { kind: sample.kind, body: sample.body }.number();
    let numbers: Vec<_> = small().into_iter().map(|sample| named(sample).unwrap()).collect();
    let mut expected = vec![None; 5];
    expected.extend([Some(3); 12]);
    expected.extend([Some(5); 2]);
    expected.extend([Some(7); 34]);
    expected.extend([Some(3); 8]);
    assert_eq!(numbers, expected);
    for kind in [Kind::StreamChunk, Kind::StreamEnd, Kind::SendGrant] {
        for body in [&b""[..], &[0xa0], &[1, 2, 3]] {
            assert!(Frame { kind, body: Bytes::copy_from_slice(body) }.number().is_err(), "{kind}");
        }
    }
}

#[test]
fn a_head_is_told_as_it_is_if_a_directory_can_have_it() {
    let hash = [7; 32];
    for (length, hash, can_be) in [
        (0, [0; 32], true),
        (0, hash, false),
        (1, hash, true),
        (DIRECTORY_ENTRIES as u64, hash, true),
        (DIRECTORY_ENTRIES as u64 + 1, hash, false),
    ] {
        let ask = HeadAsk::decode(&HeadAsk { id: 3, index: [9; 32], length, hash }.encode());
        let told = HeadTold::decode(&HeadTold { id: 3, length, hash }.encode());
        let head = can_be.then_some(Head { length, hash });
        let heard = (ask.ok().map(|ask| ask.head()), told.ok().map(|told| told.head()));
        assert_eq!(heard, (head, head), "{length}");
    }
}

#[test]
fn a_content_is_told_as_it_is_if_there_can_be_one() {
    let id = ContentId::from_bytes([5; 32]);
    let content = Content::new(id, 7).unwrap();
    assert_eq!(ContentSaid::from(content).content(), Some(content));
}

#[test]
fn a_chunk_has_the_length_that_its_head_says() {
    let whole = chunk(7).encode();
    for length in [0u32, 6, 8, 262_145, u32::MAX] {
        let mut body = whole.to_vec();
        body[8..12].copy_from_slice(&length.to_be_bytes());
        assert!(StreamChunk::decode(&body.into()).is_err(), "{length}");
    }
    let head = ChunkHead { length: 262_145, ..chunk(7).head() };
    assert!(StreamChunk::new(3, head, vec![0; 262_145].into()).is_err());
    assert_eq!(&whole[4..44], closed::encode(&chunk(7).head()));
    assert_eq!(chunk(7).into_ciphertext(), vec![7; 7]);
}

#[test]
fn a_chunk_is_read_without_being_copied() {
    let body = chunk(1000).encode();
    let read = StreamChunk::decode(&body).unwrap();
    assert_eq!(read.stream(), 3);
    assert_eq!(read.into_ciphertext().as_ptr(), body[44..].as_ptr());
}

#[test]
fn an_item_other_than_a_record_is_refused() {
    let sample = small().into_iter().find(|sample| sample.kind == Kind::StreamRecord).unwrap();
    for item in [0, 1, 4, 255] {
        let mut body = sample.body.to_vec();
        body[4] = item;
        assert!((sample.again)(&body.into()).is_err(), "{item}");
    }
}

#[test]
fn a_number_beyond_its_type_is_refused() {
    // Stream 2^32.
    let body: Bytes =
        [&[0xa3, 0, 0x1b, 0, 0, 0, 1, 0, 0, 0, 0][..], &[1, 0x14, 2, 0x60]].concat().into();
    assert_eq!(StreamEnd::decode(&body), Err(Error::Invalid("not a message of this kind")));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_come_back(tag in 0..Kind::ALL.len(), body: Vec<u8>) {
        let sample = &small()[tag];
        if let Ok(once) = (sample.again)(&body.into()) {
            prop_assert_eq!((sample.again)(&once), Ok(once));
        }
    }

    #[test]
    fn a_changed_byte_is_refused_or_comes_back(tag in 0..Kind::ALL.len(), at: prop::sample::Index, to: u8) {
        let sample = &small()[tag];
        let mut body = sample.body.to_vec();
        *at.get_mut(&mut body) = to;
        if let Ok(once) = (sample.again)(&body.into()) {
            prop_assert_eq!((sample.again)(&once), Ok(once));
        }
    }
}

fn open_ones() -> impl Iterator<Item = Sample> {
    let is_closed = |kind| matches!(kind, Kind::StreamChunk | Kind::StreamRecord);
    small().into_iter().filter(move |sample| !is_closed(sample.kind))
}

/// The fields of a kind that may be left out.
fn optional(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Proof | Kind::Logout | Kind::Online => &[1],
        Kind::Join => &[4, 5],
        Kind::ContactChange | Kind::Account | Kind::KeysAsk => &[2],
        Kind::OnlineGrant => &[2, 3],
        Kind::Keys => &[4],
        Kind::PeopleAsk => &[1, 2],
        Kind::SharesAsk => &[1],
        Kind::Publish | Kind::GetMore => &[3],
        Kind::GetAsk => &[5],
        Kind::Search => &[2, 3, 4, 5, 7, 8],
        Kind::Results => &[5],
        Kind::Browse => &[2, 3, 4],
        _ => &[],
    }
}

/// The fields of a body, each with its number.
pub(crate) fn fields(body: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(body);
    let count = decoder.map().unwrap().unwrap();
    let mut field = || {
        let start = decoder.position();
        decoder.skip().unwrap();
        decoder.skip().unwrap();
        body[start..decoder.position()].to_vec()
    };
    (0..count).map(|_| field()).collect()
}
