use super::*;

const LABEL: [u8; 32] = [3; 32];

#[test]
fn a_wrap_opens_for_its_receiver_only_and_under_its_label_only() {
    let secret = Secret::<80>::random();
    for name in ["alice-sealing", "large"] {
        let key = sealing_key(name);
        let wrapped = key.wrapping_key().wrap(&LABEL, &secret).unwrap();
        assert_eq!(wrapped.len(), key.wrapping_key().wrap_bytes());
        assert_eq!(key.unwrap_secret::<80>(&LABEL, &wrapped).unwrap().expose(), secret.expose());
        assert_eq!(key.unwrap_secret::<80>(&[4; 32], &wrapped).err(), Some(Error::Unwrap));
        let other = sealing_key("bob-sealing").unwrap_secret::<80>(&LABEL, &wrapped);
        assert_eq!(other.err(), Some(Error::Unwrap));
    }
}

#[test]
fn a_secret_of_another_length_does_not_open() {
    let key = sealing_key("alice-sealing");
    let wrapped = key.wrapping_key().wrap(&LABEL, &Secret::<80>::random()).unwrap();
    assert_eq!(key.unwrap_secret::<79>(&LABEL, &wrapped).err(), Some(Error::Unwrap));
    assert_eq!(key.unwrap_secret::<81>(&LABEL, &wrapped).err(), Some(Error::Unwrap));
    assert_eq!(key.unwrap_secret::<0>(&LABEL, &wrapped).err(), Some(Error::Unwrap));
}

#[test]
fn a_secret_that_does_not_fit_is_not_wrapped() {
    let key = wrapping_key("alice-sealing");
    assert!(key.wrap(&LABEL, &Secret::<318>::random()).is_ok());
    assert_eq!(key.wrap(&LABEL, &Secret::<319>::random()), Err(Error::Operation));
}

#[test]
fn secrets_are_random() {
    assert_ne!(Secret::<32>::random().expose(), Secret::<32>::random().expose());
    assert_ne!(random::<32>(), random::<32>());
    let mut bytes = [0; 32];
    fill_random(&mut bytes);
    assert_ne!(bytes, [0; 32]);
}
