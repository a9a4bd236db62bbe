//! Secrets in files, and words as a prompt cuts them.

use std::fs;
use waxwing::ui::{read_secret, split_words};

#[test]
fn one_newline_at_the_end_of_a_secret_is_not_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let read = |text: &[u8]| {
        let path = folder.path().join("secret");
        fs::write(&path, text).unwrap();
        read_secret(&path).map(|secret| secret.to_string()).map_err(|error| error.to_string())
    };
    assert_eq!(read(b"my secret\n").unwrap(), "my secret");
    assert_eq!(read(b"my secret\r\n").unwrap(), "my secret");
    assert_eq!(read(b"my secret").unwrap(), "my secret");
    assert_eq!(read(b" two\nlines \n\n").unwrap(), " two\nlines \n");
    assert_eq!(read(b"").unwrap(), "");
    assert!(read(&[0xff, 0xfe]).is_err());
    assert!(read(&[b'a'; 8192]).unwrap_err().contains("too long"));
    assert!(read_secret(&folder.path().join("nothing")).is_err());
}

#[test]
fn words_are_cut_as_a_shell_cuts_them() {
    let words = |line: &str| split_words(line).map(|words| words.join("|"));
    assert_eq!(words("get  alice:a.txt ").unwrap(), "get|alice:a.txt");
    assert_eq!(words(r"get 'a b' c\ d").unwrap(), "get|a b|c d");
    assert_eq!(words(r#"say "it's \"so\"" ''"#).unwrap(), r#"say|it's "so"|"#);
    assert_eq!(words("a'b'c").unwrap(), "abc");
    assert_eq!(words("  ").unwrap(), "");
    assert_eq!(words("get 'a b"), None);
}
