//! Any bytes are a message or an error.

use super::*;

proptest! {
    #[test]
    fn any_open_message_comes_back_as_it_was(message in everything()) {
        prop_assert_eq!(open::decode(&open::encode(&message)), Ok(message));
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = open::decode::<Everything>(&bytes);
        let _ = open::decode::<Lenient>(&bytes);
    }

    #[test]
    fn any_fields_are_a_message_or_an_error(
        items in proptest::collection::btree_map(0u64..12, item(), 0..12),
    ) {
        let items: Vec<_> = items.iter().map(|(key, item)| (*key, item.as_slice())).collect();
        prop_assert!(lenient(&fields(&items[..])).is_ok() || items.iter().any(|(key, _)| *key == 0));
        let _ = open::decode::<Everything>(&fields(&items));
    }
}

#[test]
fn every_change_of_one_byte_gives_a_message_or_an_error() {
    let bytes = open::encode(&good());
    let mut refused = 0;
    for_each_mutation(&bytes, |mutated| {
        refused += usize::from(open::decode::<Everything>(mutated).is_err());
    });
    assert!(refused > bytes.len() * 100, "only {refused} refused");
}

/// Any item that the fence accepts, a few levels deep.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(|n| head(0, n)),
        any::<u64>().prop_map(|n| head(1, n)),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| [
            head(BYTES, bytes.len() as u64),
            bytes
        ]
        .concat()),
        any::<String>().prop_map(|text| [head(TEXT, text.len() as u64), text.into()].concat()),
        (20u8..=22).prop_map(|simple| vec![0xe0 | simple]),
    ];
    leaf.prop_recursive(4, 32, 5, |item| {
        let array = proptest::collection::vec(item.clone(), 0..5)
            .prop_map(|items| [head(ARRAY, items.len() as u64), items.concat()].concat());
        let map = proptest::collection::btree_map(any::<u32>(), item, 0..5).prop_map(|items| {
            let items: Vec<_> =
                items.iter().map(|(key, item)| (u64::from(*key), item.as_slice())).collect();
            fields(&items)
        });
        prop_oneof![array, map]
    })
}
