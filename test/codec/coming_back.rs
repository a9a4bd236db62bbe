//! What is written comes back, also between programs of different age.

use super::*;

#[test]
fn an_open_message_comes_back_as_it_was() {
    let message = good();
    assert_eq!(open::decode(&open::encode(&message)), Ok(message));
}

#[test]
fn an_open_message_has_the_bytes_that_the_layout_says() {
    let older = Older { name: text("ab"), size: Some(500) };
    assert_eq!(open::encode(&older), b"\xa2\x00\x62ab\x04\x19\x01\xf4");
}

#[test]
fn an_old_reader_skips_the_fields_of_a_new_writer() {
    let inside = Some(Inner { name: text("in"), rank: Some(-3) });
    let newer = Newer {
        name: text("n"),
        between: Some(list(vec![list(vec![1, 2]), list(vec![])])),
        size: Some(9),
        inside,
        flag: Some(true),
        nothing: Some(Blob::new([7; 4]).unwrap()),
        below_zero: Some(i64::MIN),
    };
    let older = Older { name: text("n"), size: Some(9) };
    assert_eq!(open::decode(&open::encode(&newer)), Ok(older));
}

#[test]
fn a_new_reader_takes_the_message_of_an_old_writer() {
    let older = Older { name: text("n"), size: Some(9) };
    let read: Newer = open::decode(&open::encode(&older)).unwrap();
    assert_eq!((read.name, read.size), (older.name, older.size));
    assert_eq!((read.between, read.inside, read.flag), (None, None, None));
}

#[test]
fn unknown_fields_of_every_accepted_kind_are_skipped() {
    let kinds: [&[u8]; 14] = [
        &[0x17],
        &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x20],
        &[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        b"\x42\xff\xfe",
        b"\x58\x01\xff",
        b"\x62\xc3\xa9",
        &[0x80],
        &[0x83, 0x01, 0x80, 0xa0],
        &[0xa0],
        &[0xa2, 0x00, 0xa1, 0x05, 0x06, 0x01, 0x80],
        &[0xf4],
        &[0xf5],
        &[0xf6],
    ];
    for kind in kinds {
        let bytes = fields(&[(0, &[0x01]), (5, kind), (6, &[0x02])]);
        assert_eq!(open::decode(&bytes), Ok(Lenient { number: Some(1) }), "{kind:02x?}");
    }
}

#[test]
fn optional_fields_may_be_missing_or_null_and_others_may_not() {
    let without = fields(&[(0, b"\x61n")]);
    let null = fields(&[(0, b"\x61n"), (4, &[0xf6])]);
    let expected = Older { name: text("n"), size: None };
    assert_eq!(open::decode::<Older>(&without).as_ref(), Ok(&expected));
    assert_eq!(open::decode::<Older>(&null).as_ref(), Ok(&expected));
    assert_eq!(open::decode::<Older>(&fields(&[(4, &[0x01])])), NOT_OF_THIS_KIND);
    assert_eq!(open::decode::<Older>(&fields(&[(0, &[0xf6])])), NOT_OF_THIS_KIND);
}

#[test]
fn a_field_of_another_type_is_refused() {
    for wrong in [&[0x00][..], &[0x80], &[0xa0], &[0x41, 0x61], &[0xf5]] {
        assert_eq!(open::decode::<Older>(&fields(&[(0, wrong)])), NOT_OF_THIS_KIND, "{wrong:02x?}");
    }
    let too_large = fields(&[(0, &[0x18, 0x02])]);
    assert_eq!(open::decode::<Holder<Kind>>(&too_large), NOT_OF_THIS_KIND_HELD);
    let beyond_u8 = fields(&[(0, &[0x19, 0x01, 0x00])]);
    assert!(open::decode::<Holder<u8>>(&beyond_u8).is_err());
}

#[test]
fn a_message_that_is_no_map_is_refused() {
    for item in [&[0x00][..], &[0x80], &[0x81, 0x00], b"\x61a", &[0xf6]] {
        assert_eq!(lenient(item), Err(Error::Invalid("not a message of this kind")), "{item:02x?}");
    }
}
