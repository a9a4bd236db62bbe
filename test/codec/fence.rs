//! What the fence refuses before anything is decoded.

use super::*;

#[test]
fn indefinite_lengths_are_refused_wherever_they_stand() {
    let forms: [&[u8]; 6] = [
        &[0x9f, 0x01, 0xff],
        &[0xbf, 0x00, 0x01, 0xff],
        b"\x7f\x61a\xff",
        b"\x5f\x41a\xff",
        &[0x1f],
        &[0xdf],
    ];
    for form in forms {
        for bytes in everywhere(form) {
            assert_eq!(lenient(&bytes), Err(Error::Indefinite), "{bytes:02x?}");
        }
    }
}

#[test]
fn floats_tags_undefined_and_simple_values_are_refused_wherever_they_stand() {
    let foreign: [&[u8]; 10] = [
        &[0xf9, 0x3c, 0x00],
        &[0xfa, 0x3f, 0x80, 0x00, 0x00],
        &[0xfb, 0x3f, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
        &[0xc0, 0x00],
        &[0xd8, 0x18, 0x41, 0x00],
        &[0xf7],
        &[0xe0],
        &[0xf3],
        &[0xf8, 0x20],
        &[0xff],
    ];
    for form in foreign {
        for bytes in everywhere(form) {
            assert_eq!(lenient(&bytes), Err(Error::ForeignItem), "{bytes:02x?}");
        }
    }
}

#[test]
fn reserved_length_forms_are_refused() {
    for major in 0..=6u8 {
        for info in 28..=30u8 {
            let expected = Err(Error::Invalid("a reserved length form"));
            assert_eq!(lenient(&[major << 5 | info, 0, 0]), expected);
        }
    }
}

#[test]
fn sixteen_levels_are_accepted_and_seventeen_refused() {
    let nested = |arrays: usize, innermost: u8| {
        let mut bytes = vec![0xa1, 0x09];
        bytes.extend(std::iter::repeat_n(0x81, arrays - 1));
        bytes.push(innermost);
        lenient(&bytes)
    };
    let (empty_array, empty_map) = (0x80, 0xa0);
    assert_eq!(nested(15, empty_array), Ok(Lenient { number: None }));
    assert_eq!(nested(15, empty_map), Ok(Lenient { number: None }));
    assert_eq!(nested(16, 0x00), Ok(Lenient { number: None }), "a number is no level");
    assert_eq!(nested(16, empty_array), Err(Error::TooDeep));
    assert_eq!(nested(16, empty_map), Err(Error::TooDeep));
    assert_eq!(nested(1_000_000, 0x00), Err(Error::TooDeep));
}

#[test]
fn a_finished_level_makes_room_for_another() {
    let branch = [&[0x81; 14][..], &[0x80]].concat();
    let bytes = fields(&[(5, &branch), (6, &branch), (7, &branch)]);
    assert_eq!(lenient(&bytes), Ok(Lenient { number: None }));
}

#[test]
fn keys_that_are_not_ascending_numbers_are_refused() {
    let wrong: [(&str, &[u8]); 10] = [
        ("twice", &[0xa2, 0x05, 0x00, 0x05, 0x00]),
        ("twice, spelled otherwise", &[0xa2, 0x05, 0x00, 0x18, 0x05, 0x00]),
        ("descending", &[0xa2, 0x06, 0x00, 0x05, 0x00]),
        ("descending at the end", &[0xa3, 0x05, 0x00, 0x07, 0x00, 0x06, 0x00]),
        ("a text", b"\xa1\x61a\x00"),
        ("bytes", b"\xa1\x41a\x00"),
        ("negative", &[0xa1, 0x20, 0x00]),
        ("an array", &[0xa1, 0x80, 0x00]),
        ("true", &[0xa1, 0xf5, 0x00]),
        ("twice behind an array", &[0xa2, 0x05, 0x82, 0x00, 0x00, 0x05, 0x00]),
    ];
    for (what, bytes) in wrong {
        assert_eq!(lenient(bytes), Err(Error::KeyOrder), "{what}");
        let inside_unknown = fields(&[(9, &[&[0x81], bytes].concat())]);
        assert_eq!(lenient(&inside_unknown), Err(Error::KeyOrder), "{what}, inside a field");
    }
}

#[test]
fn maps_side_by_side_count_their_keys_apart() {
    let bytes = fields(&[(5, &[0xa1, 0x07, 0x00]), (6, &[0xa1, 0x07, 0x00])]);
    assert_eq!(lenient(&bytes), Ok(Lenient { number: None }));
}

#[test]
fn bytes_behind_the_message_are_refused() {
    let mut bytes = open::encode(&good());
    bytes.extend([0x00, 0x00]);
    assert_eq!(open::decode::<Everything>(&bytes), Err(Error::LeftOver(2)));
}

#[test]
fn an_open_message_cut_at_every_byte_is_cut() {
    let bytes = open::encode(&good());
    for end in 0..bytes.len() {
        assert_eq!(open::decode::<Everything>(&bytes[..end]), Err(Error::Cut), "at {end}");
    }
}

#[test]
fn lengths_that_claim_more_than_there_is_are_cut_whatever_follows() {
    for claim in [1_000, u64::from(u32::MAX), u64::MAX / 2 + 1, u64::MAX] {
        for major in [BYTES, TEXT, ARRAY, MAP] {
            let claiming = [head(major, claim), vec![FOREIGN; 100]].concat();
            for bytes in everywhere(&claiming) {
                assert_eq!(lenient(&bytes), Err(Error::Cut), "{major} of {claim}");
            }
            let bytes = fields(&[(0, &claiming)]);
            assert_eq!(open::decode::<Holder<List<u8, 5>>>(&bytes), Err(Error::Cut));
        }
    }
}

#[test]
fn a_map_needs_two_items_for_each_of_its_pairs() {
    assert_eq!(lenient(&[0xa2, 0x05, 0x00, 0x06]), Err(Error::Cut));
    assert_eq!(lenient(&[0xa1, 0x05]), Err(Error::Cut));
    let sixty_pairs = [head(MAP, 60), vec![FOREIGN; 119]].concat();
    assert_eq!(lenient(&sixty_pairs), Err(Error::Cut));
    assert_eq!(lenient(&[head(MAP, 60), vec![FOREIGN; 120]].concat()), Err(Error::KeyOrder));
}

#[test]
fn texts_that_are_not_utf_8_are_refused_wherever_they_stand() {
    for wrong in [&b"\x61\xff"[..], b"\x61\xc3", b"\x63\xed\xa0\x80", b"\x62\xc0\x80"] {
        for bytes in everywhere(wrong) {
            assert_eq!(lenient(&bytes), Err(Error::Invalid("a text is not UTF-8")), "{bytes:02x?}");
        }
    }
}

/// The first byte of an item that no message holds: who gets as far as here says so.
const FOREIGN: u8 = 0xf7;
