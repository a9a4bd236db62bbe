//! Secrets in files, and words as a prompt cuts them.

use std::fs;
use std::process::Command;
use waxwing::ui::{join_words, read_secret, split_words};

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

#[test]
fn words_that_are_joined_are_cut_as_they_were_and_do_nothing_in_a_shell() {
    let names = [
        "film;{touch,PWNED};.bin",
        "$(touch PWNED)",
        "`touch PWNED`",
        "it's",
        "a b",
        "",
        "~",
        "a&b",
    ];
    let others = [
        "*",
        "[x]",
        "#c",
        "!!",
        "\\",
        "\"",
        "a\tb",
        "<in",
        ">out",
        "x|y",
        "-n",
        "alice:zoo/koala.txt",
    ];
    let words: Vec<String> = [&names[..], &others].concat().into_iter().map(String::from).collect();
    let line = join_words(&words);
    assert_eq!(split_words(&line).as_ref(), Some(&words));
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", &format!("printf '%s\\n' {line}")]).current_dir(folder.path());
    let shown = shell.output().unwrap();
    assert_eq!(String::from_utf8(shown.stdout).unwrap().lines().collect::<Vec<_>>(), words);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "something was carried out");
    assert_eq!(join_words(&words[19..]), "alice:zoo/koala.txt", "what is plain stays as it is");
}
