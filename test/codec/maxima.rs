//! Maxima, and the budget for what is small in a message and large in memory.

use super::*;

#[test]
fn texts_bytes_and_lists_are_accepted_up_to_their_maximum() {
    let text_of = |count| fields(&[(0, &[head(TEXT, count), vec![b'a'; count as usize]].concat())]);
    let blob_of = |count| fields(&[(0, &[head(BYTES, count), vec![7; count as usize]].concat())]);
    let list_of = |count| fields(&[(0, &[head(ARRAY, count), vec![7; count as usize]].concat())]);
    type Texts = Holder<Text<300>>;
    type Blobs = Holder<Blob<300>>;
    type Lists = Holder<List<u8, 300>>;
    assert_eq!(open::decode::<Texts>(&text_of(300)).unwrap().it.len(), 300);
    assert_eq!(open::decode::<Blobs>(&blob_of(300)).unwrap().it.len(), 300);
    assert_eq!(open::decode::<Lists>(&list_of(300)).unwrap().it.len(), 300);
    assert_eq!(open::decode::<Texts>(&text_of(301)), Err(too_long("a text")));
    assert_eq!(open::decode::<Blobs>(&blob_of(301)), Err(too_long("a byte string")));
    assert_eq!(open::decode::<Lists>(&list_of(301)), Err(too_long("a list")));
}

#[test]
fn a_maximum_is_named_wherever_it_is_exceeded() {
    let long = [head(TEXT, 301), vec![b'a'; 301]].concat();
    let in_list = fields(&[(0, &[&[0x82], &b"\x61a"[..], &long].concat())]);
    assert_eq!(open::decode::<Holder<List<Text<300>, 2>>>(&in_list), Err(too_long("a text")));
    let optional = fields(&[(0, &long)]);
    assert_eq!(open::decode::<Holder<Option<Text<300>>>>(&optional), Err(too_long("a text")));
}

#[test]
fn values_are_made_up_to_their_maximum_and_counted_in_bytes() {
    assert_eq!(&*Text::<4>::new("éé").unwrap(), "éé");
    assert_eq!(Text::<3>::new("éé"), Err(Error::TooLong { what: "a text", max: 3 }));
    assert_eq!(Blob::<4>::new([1; 4]).unwrap().into_inner(), [1; 4]);
    assert_eq!(Blob::<3>::new([1; 4]), Err(Error::TooLong { what: "a byte string", max: 3 }));
    assert_eq!(List::<u8, 4>::new(vec![1; 4]).unwrap().into_inner(), [1; 4]);
    assert_eq!(List::<u8, 3>::new(vec![1; 4]), Err(Error::TooLong { what: "a list", max: 3 }));
}

#[test]
fn a_maximum_of_nothing_accepts_nothing_else() {
    assert_eq!(open::decode(&[0xa1, 0x00, 0x80]), Ok(Holder { it: List::<u8, 0>::default() }));
    let one = open::decode::<Holder<List<u8, 0>>>(&[0xa1, 0x00, 0x81, 0x00]);
    assert_eq!(one, Err(Error::TooLong { what: "a list", max: 0 }));
}

#[test]
fn items_that_are_tiny_on_the_wire_and_large_in_memory_exceed_the_budget() {
    let many = |count: u64| {
        let empty_maps = vec![0xa0; count as usize];
        fields(&[(0, &[head(ARRAY, count), empty_maps].concat())])
    };
    type Wides = Holder<List<Wide, 1_000_000>>;
    assert!(size_of::<Wide>() > 200);
    assert_eq!(open::decode::<Wides>(&many(250)).unwrap().it.len(), 250);
    assert_eq!(open::decode::<Wides>(&many(400)), Err(Error::OverBudget));
    assert_eq!(open::decode::<Wides>(&many(1_000_000)), Err(Error::OverBudget));
}

#[test]
fn many_small_lists_share_one_budget() {
    let lists = |count: u64| {
        let list_of_ten_empty_maps = [&[0x8a][..], &[0xa0; 10]].concat();
        let lists = list_of_ten_empty_maps.repeat(count as usize);
        fields(&[(0, &[head(ARRAY, count), lists].concat())])
    };
    type Lists = Holder<List<List<Wide, 10>, 1000>>;
    assert_eq!(open::decode::<Lists>(&lists(20)).unwrap().it.len(), 20);
    assert_eq!(open::decode::<Lists>(&lists(200)), Err(Error::OverBudget));
}

#[test]
fn a_list_of_plain_numbers_is_within_the_budget() {
    let list = Holder { it: List::<u32, 100_000>::new((0..100_000).collect()).unwrap() };
    assert_eq!(open::decode(&open::encode(&list)), Ok(list));
}
