//! Frames, as they come: whole, in pieces, too long, of nothing.

use crate::samples::{largest, small};
use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use waxwing::wire::{Code, Frame, FrameDecoder, FrameError, Kind, Phase};

#[test]
fn every_frame_comes_back() {
    for sample in small().into_iter().chain(largest()) {
        let mut input = BytesMut::from(&sample.frame[..]);
        let frame = decoder_for(sample.kind).decode(&mut input).unwrap().unwrap();
        assert_eq!((frame.kind, &frame.body), (sample.kind, &sample.body));
        assert!(input.is_empty());
    }
}

#[test]
fn frames_that_came_together_are_told_apart() {
    let mut input: BytesMut = small()[2..].iter().flat_map(|sample| sample.frame.clone()).collect();
    for sample in &small()[2..] {
        let frame = open().decode(&mut input).unwrap().unwrap();
        assert_eq!((frame.kind, frame.body), (sample.kind, sample.body.clone()));
    }
    assert_eq!(open().decode(&mut input), Ok(None));
    assert_eq!(open().finish(&input), Ok(()));
}

#[test]
fn a_frame_that_comes_byte_by_byte_is_there_with_its_last() {
    for sample in small() {
        let (mut decoder, mut input) = (decoder_for(sample.kind), BytesMut::new());
        let (last, before) = sample.frame.split_last().unwrap();
        assert_eq!(decoder.finish(&input), Ok(()));
        for byte in before {
            input.extend_from_slice(&[*byte]);
            assert_eq!(decoder.decode(&mut input), Ok(None), "{}", sample.kind);
            assert_eq!(decoder.finish(&input), Err(FrameError::Cut), "{}", sample.kind);
        }
        input.extend_from_slice(&[*last]);
        let frame = Frame { kind: sample.kind, body: sample.body };
        assert_eq!(decoder.decode(&mut input), Ok(Some(frame)));
        assert_eq!(decoder.finish(&input), Ok(()));
    }
}

#[test]
fn every_kind_at_its_maximum_and_a_byte_around_it() {
    for kind in Kind::ALL {
        let max = kind.max_length();
        for length in [1, max - 1, max] {
            let mut input = frame(length, kind.tag());
            input.resize(4 + length, 9);
            let read = decoder_for(*kind).decode(&mut input).unwrap().unwrap();
            assert_eq!((read.kind, read.body.len()), (*kind, length - 1));
        }
        let refused = decoder_for(*kind).decode(&mut frame(max + 1, kind.tag()));
        assert!(matches!(refused, Err(FrameError::TooLong { length, .. }) if length == max + 1));
        assert_eq!(Code::from(refused.unwrap_err()), Code::FrameSize, "{kind}");
    }
}

#[test]
fn the_largest_of_a_phase_is_known_from_the_length_alone() {
    let cases = [(FrameDecoder::new(), Phase::Greeting, 16_384), (open(), Phase::Open, 655_360)];
    for (mut decoder, phase, max) in cases {
        let allowed = Kind::ALL.iter().filter(|kind| kind.is_allowed_in(phase));
        assert_eq!(allowed.map(|kind| kind.max_length()).max(), Some(max));
        assert_eq!(decoder.decode(&mut length_only(max)), Ok(None));
        for length in [max + 1, 1 << 24, u32::MAX as usize] {
            let refused = decoder.decode(&mut length_only(length));
            assert_eq!(refused, Err(FrameError::TooLong { length, max }));
        }
    }
}

#[test]
fn an_empty_frame_is_refused_from_its_length() {
    for mut decoder in [FrameDecoder::new(), open()] {
        assert_eq!(decoder.decode(&mut length_only(0)), Err(FrameError::Empty));
    }
    assert_eq!(Code::from(FrameError::Empty), Code::FrameSize);
}

#[test]
fn every_tag_that_is_no_kind_is_refused_before_the_body_is_there() {
    for tag in (0..=u8::MAX).filter(|tag| Kind::from_tag(*tag).is_none()) {
        for mut decoder in [FrameDecoder::new(), open()] {
            assert_eq!(decoder.decode(&mut frame(100, tag)), Err(FrameError::Kind(tag)));
        }
    }
    assert_eq!(Code::from(FrameError::Kind(0)), Code::Kind);
}

#[test]
fn a_greeting_takes_its_own_kinds_and_no_others() {
    let greeting = [Kind::Hello, Kind::Proof, Kind::Goodbye];
    for kind in Kind::ALL {
        let read = FrameDecoder::new().decode(&mut frame(1, kind.tag()));
        let refused = Err(FrameError::Unexpected(*kind));
        assert_eq!(read == refused, !greeting.contains(kind), "{kind}");
        let read = open().decode(&mut frame(1, kind.tag()));
        assert_eq!(read == refused, matches!(kind, Kind::Hello | Kind::Proof), "{kind}");
    }
    assert_eq!(Code::from(FrameError::Unexpected(Kind::Ping)), Code::Unexpected);
}

#[test]
fn a_decoder_that_was_opened_stays_open() {
    let mut decoder = open();
    assert!(decoder.decode(&mut frame(1, Kind::Ping.tag())).unwrap().is_some());
    assert!(decoder.decode(&mut frame(1, Kind::Hello.tag())).is_err());
}

proptest! {
    #[test]
    fn pieces_make_the_same_frames(
        which in prop::collection::vec(2..Kind::ALL.len(), 1..8),
        sizes in prop::collection::vec(1usize..600, 1..20),
    ) {
        let samples = small();
        let whole: Vec<u8> = which.iter().flat_map(|at| samples[*at].frame.to_vec()).collect();
        let expected: Vec<_> = which.iter().map(|at| (samples[*at].kind, samples[*at].body.clone())).collect();
        let (mut decoder, mut input, mut rest) = (open(), BytesMut::new(), &whole[..]);
        let mut read: Vec<(Kind, Bytes)> = Vec::new();
        for size in sizes.iter().cycle() {
            let (piece, behind) = rest.split_at((*size).min(rest.len()));
            input.extend_from_slice(piece);
            while let Some(frame) = decoder.decode(&mut input).unwrap() {
                read.push((frame.kind, frame.body));
            }
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(read, expected);
        prop_assert_eq!(decoder.finish(&input), Ok(()));
    }

    #[test]
    fn any_bytes_are_frames_or_refused(bytes: Vec<u8>, is_open: bool) {
        let mut decoder = if is_open { open() } else { FrameDecoder::new() };
        let mut input = BytesMut::from(&bytes[..]);
        while let Ok(Some(frame)) = decoder.decode(&mut input) {
            prop_assert!(frame.body.len() < frame.kind.max_length());
        }
    }
}

pub(crate) fn open() -> FrameDecoder {
    let mut decoder = FrameDecoder::new();
    decoder.open();
    decoder
}

pub(crate) fn decoder_for(kind: Kind) -> FrameDecoder {
    if kind.is_allowed_in(Phase::Greeting) { FrameDecoder::new() } else { open() }
}

pub(crate) fn frame(length: usize, tag: u8) -> BytesMut {
    let mut bytes = length_only(length);
    bytes.extend_from_slice(&[tag]);
    bytes
}

fn length_only(length: usize) -> BytesMut {
    BytesMut::from(&u32::try_from(length).unwrap().to_be_bytes()[..])
}
