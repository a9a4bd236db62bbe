use super::*;

fn key() -> TagKey {
    TagKey::new(known_secret(*b"whats the Elvish word for friend"))
}

/// A tag is over ciphertext, index and length, so the last eight bytes of a known input are
/// its index and its length.
fn tag_of(key: &TagKey, input: &[u8]) -> Tag {
    let (rest, length) = input.split_last_chunk().unwrap();
    let (ciphertext, index) = rest.split_last_chunk().unwrap();
    key.tag(ciphertext, u32::from_be_bytes(*index), u32::from_be_bytes(*length))
}

#[test]
fn a_tag_has_the_known_answer_of_blake3() {
    // From the test vectors of BLAKE3, `keyed_hash`.
    for (length, known) in [
        (1023, "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e"),
        (1024, "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4"),
        (1025, "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69"),
        (3073, "68dede9bef00ba89e43f31a6825f4cf433389fedae75c04ee9f0cf16a427c95a"),
    ] {
        let input: Vec<u8> = (0..=250).cycle().take(length).collect();
        assert_eq!(tag_of(&key(), &input).as_bytes().to_vec(), hex(known), "{length} bytes");
        let direct = blake3::keyed_hash(b"whats the Elvish word for friend", &input);
        assert_eq!(direct.as_bytes().to_vec(), hex(known), "{length} bytes");
    }
}

#[test]
fn a_tag_changes_with_every_bit_of_the_chunk_its_index_and_its_length() {
    let input = [0x33; 64 + 8];
    let key = key();
    let tag = tag_of(&key, &input);
    assert!(tag_of(&key, &input) == tag);
    for bit in 0..input.len() * 8 {
        let mut changed = input;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(tag_of(&key, &changed) != tag, "bit {bit}");
    }
}

#[test]
fn a_tag_changes_with_its_key() {
    let other = TagKey::new(Secret::random());
    assert!(key().tag(b"chunk", 0, 5) != other.tag(b"chunk", 0, 5));
}

#[test]
fn every_byte_of_a_tag_is_compared() {
    let tag = key().tag(b"chunk", 0, 5);
    assert!(Tag::from_bytes(*tag.as_bytes()) == tag);
    for at in 0..32 {
        let bytes = flipped(tag.as_bytes(), at).try_into().unwrap();
        assert!(Tag::from_bytes(bytes) != tag, "byte {at}");
    }
}
