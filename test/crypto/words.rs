use super::*;
use std::collections::HashSet;

#[test]
fn the_words_of_a_pair_have_a_known_answer() {
    let known = "giggle spice office frame seed view swamp ankle slide tent ice morning";
    assert_eq!(pair_words(&alice().fingerprint(), &bob().fingerprint()).join(" "), known);
    let (zeros, ones) = (Fingerprint::from_bytes([0; 32]), Fingerprint::from_bytes([255; 32]));
    let known = "phone diamond degree gossip direct govern vocal delay oxygen sock friend speed";
    assert_eq!(pair_words(&ones, &zeros).join(" "), known);
}

#[test]
fn both_people_see_the_same_words() {
    let (one, other) = (alice().fingerprint(), bob().fingerprint());
    assert_eq!(pair_words(&one, &other), pair_words(&other, &one));
}

#[test]
fn any_other_pair_has_other_words() {
    let (one, other) = (alice().fingerprint(), bob().fingerprint());
    let mut seen = HashSet::from([pair_words(&one, &other)]);
    for at in 0..32 {
        let bytes = flipped(other.as_bytes(), at).try_into().unwrap();
        assert!(seen.insert(pair_words(&one, &Fingerprint::from_bytes(bytes))), "byte {at}");
    }
    assert!(seen.insert(pair_words(&one, &one)));
}
