use super::*;
use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use proptest::prelude::*;

/// The keystream, block by block: AES of the nonce plus the number of the block.
fn expected(key: &[u8; 32], nonce: [u8; 16], position: u64, data: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new(key.into());
    let byte = |at: u64| {
        let counter = u128::from_be_bytes(nonce).wrapping_add(u128::from(at / 16));
        let mut block = counter.to_be_bytes().into();
        cipher.encrypt_block(&mut block);
        block[(at % 16) as usize]
    };
    data.iter().zip(position..).map(|(data, at)| data ^ byte(at)).collect()
}

fn applied(stream: &Keystream, position: u64, data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    stream.apply(position, &mut data).unwrap();
    data
}

#[test]
fn the_keystream_has_the_known_answer_of_nist() {
    // SP 800-38A, F.5.5.
    let key = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";
    let nonce = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").try_into().unwrap();
    let plain = hex(concat!(
        "6bc1bee22e409f96e93d7e117393172a",
        "ae2d8a571e03ac9c9eb76fac45af8e51",
        "30c81c46a35ce411e5fbc1191a0a52ef",
        "f69f2445df4f9b17ad2b417be66c3710",
    ));
    let sealed = hex(concat!(
        "601ec313775789a5b7a7f504bbf3d228",
        "f443e3ca4d62b59aca84e990cacaf5c5",
        "2b0930daa23de94ce87017ba2d84988d",
        "dfc9c58db67aada613c2dd08457941a6",
    ));
    let stream = Keystream::new(&known_secret(hex(key).try_into().unwrap()), nonce);
    assert_eq!(applied(&stream, 0, &plain), sealed);
    assert_eq!(applied(&stream, 0, &sealed), plain);
    assert_eq!(applied(&stream, 17, &plain[17..]), sealed[17..]);
}

#[test]
fn the_counter_carries_through_all_128_bits() {
    let secret = Secret::<32>::random();
    let nonces = [[0; 16], [0xff; 16], *b"0123456789abcdef"];
    let one_carry = |at: usize| {
        let mut nonce = [0xff; 16];
        nonce[..at].fill(7);
        nonce
    };
    let nonces = nonces.into_iter().chain([4, 8, 12, 15].map(one_carry));
    for nonce in nonces {
        let stream = Keystream::new(&secret, nonce);
        let data = [0x5a; 100];
        for position in positions(data.len() as u64) {
            let expected = expected(secret.expose(), nonce, position, &data);
            assert_eq!(applied(&stream, position, &data), expected, "{nonce:?} at {position}");
        }
    }
}

/// Where counters of 32 and 64 bits would go wrong, and the ends.
fn positions(length: u64) -> Vec<u64> {
    let borders = [1 << 32, 1 << 36, 1 << 37, 1 << 40, 1 << 48, 1 << 63];
    let around = borders.into_iter().flat_map(|border: u64| [border - 17, border - 1, border]);
    [0, 1, 15, 16, 17].into_iter().chain(around).chain([u64::MAX - length]).collect()
}

#[test]
fn a_position_beyond_the_end_is_refused_and_changes_nothing() {
    let stream = Keystream::new(&Secret::random(), [1; 16]);
    for (position, length) in
        [(u64::MAX, 1), (u64::MAX - 15, 16), (u64::MAX - 99, 1000), (1 << 63, 0)]
    {
        let mut data = vec![9; length];
        let refused = stream.apply(position, &mut data);
        assert_eq!(refused.is_err(), length > 0, "{length} bytes at {position}");
        assert_eq!(data, vec![9; length]);
    }
}

#[test]
fn another_key_or_nonce_gives_another_keystream() {
    let (one, other) = (Secret::random(), Secret::random());
    let streams = [(&one, [1; 16]), (&other, [1; 16]), (&one, [2; 16])];
    let [a, b, c] = streams.map(|(key, nonce)| applied(&Keystream::new(key, nonce), 0, &[0; 32]));
    assert!(a != b && a != c && b != c);
}

proptest! {
    #[test]
    fn pieces_by_position_are_the_whole_in_order(
        start in any::<u64>().prop_map(|start| start >> 1),
        data in prop::collection::vec(any::<u8>(), 0..3000),
        nonce in any::<[u8; 16]>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let secret = Secret::random();
        let stream = Keystream::new(&secret, nonce);
        let whole = applied(&stream, start, &data);
        prop_assert_eq!(&whole, &expected(secret.expose(), nonce, start, &data));
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(data.len() + 1)).collect();
        cuts.extend([0, data.len()]);
        cuts.sort_unstable();
        // Last piece first: nothing depends on what was encrypted before.
        for piece in cuts.windows(2).rev() {
            let part = applied(&stream, start + piece[0] as u64, &data[piece[0]..piece[1]]);
            prop_assert_eq!(&part, &whole[piece[0]..piece[1]]);
        }
    }
}
