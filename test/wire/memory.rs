//! What is announced and not sent costs nothing.

use crate::alloc::allocated_by;
use crate::frames::{decoder_for, frame, open};
use crate::samples::{largest, small};
use bytes::BytesMut;
use waxwing::codec::Error;
use waxwing::wire::{FrameDecoder, Kind, Message, StreamDelivered};

const STEP: usize = 16 * 1024;

#[test]
fn an_announced_frame_reserves_one_step() {
    for kind in Kind::ALL {
        let mut input = frame(kind.max_length(), kind.tag());
        let mut decoder = decoder_for(*kind);
        let (bytes, read) = allocated_by(|| decoder.decode(&mut input));
        assert_eq!(read, Ok(None), "{kind}");
        assert!(bytes <= STEP + 64, "{kind}: {bytes}");
        let (bytes, _) = allocated_by(|| decoder.decode(&mut input));
        assert_eq!(bytes, 0, "{kind}, asked again");
    }
}

#[test]
fn what_is_refused_reserves_nothing() {
    let kind = Kind::ALL.iter().map(|kind| frame(kind.max_length() + 1, kind.tag()));
    let refused = [frame(u32::MAX as usize, Kind::Ping.tag()), frame(0, 0), frame(60_000, 0xff)];
    for mut input in kind.chain(refused) {
        for mut decoder in [FrameDecoder::new(), open()] {
            let (bytes, read) = allocated_by(|| decoder.decode(&mut input));
            assert!(read.is_err());
            assert_eq!(bytes, 0);
        }
    }
}

#[test]
fn the_buffer_is_never_much_larger_than_what_came() {
    for piece in [1, 1000, 4096, 65_536] {
        for sample in largest() {
            let (mut decoder, mut input) = (decoder_for(sample.kind), BytesMut::new());
            let mut came = 0;
            for piece in sample.frame.chunks(piece) {
                input.extend_from_slice(piece);
                came += piece.len();
                let is_whole = decoder.decode(&mut input).unwrap().is_some();
                assert_eq!(is_whole, came == sample.frame.len());
                let bound = 3 * came + STEP + 64;
                assert!(
                    input.capacity() <= bound,
                    "{}: {} of {came}",
                    sample.kind,
                    input.capacity()
                );
            }
        }
    }
}

#[test]
fn between_frames_nothing_is_reserved() {
    let (bytes, _) = allocated_by(|| open().decode(&mut BytesMut::new()));
    assert_eq!(bytes, 0);
}

#[test]
fn decoding_costs_no_more_than_the_body_justifies() {
    for sample in small().into_iter().chain(largest()) {
        // Reading and writing again, which is a few copies of the body.
        let bound = 12 * sample.body.len() + 64 * 1024;
        let (bytes, read) = allocated_by(|| (sample.again)(&sample.body));
        assert!(read.is_ok());
        assert!(bytes <= bound, "{}: {bytes} of {}", sample.kind, sample.body.len());
    }
}

#[test]
fn runs_that_stand_for_billions_are_refused_before_they_are_unfolded() {
    let body =
        [&[0xa3, 0, 3, 1, 0x40, 2, 0x81, 0x82, 0, 0x1a][..], &u32::MAX.to_be_bytes()].concat();
    let body = body.into();
    let (bytes, read) = allocated_by(|| StreamDelivered::decode(&body));
    assert_eq!(read, Err(Error::Invalid("runs of entries that do not ascend with gaps")));
    assert!(bytes < 1024, "{bytes}");
}
