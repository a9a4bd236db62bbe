//! Lists of entries that no program of ours makes: names that lead out, collide or deceive, and lists that lie.

use crate::raw_sender::entry;

/// An entry of one byte, at these components.
pub(crate) fn at(names: &[&str]) -> Vec<u8> {
    entry(&names.iter().map(|name| name.as_bytes()).collect::<Vec<_>>())
}

/// All of them, each with what is wrong with it.
pub(crate) fn hostile() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let one = |names: &[&str]| vec![at(names)];
    vec![
        ("climbs", one(&["..", "secret"])),
        ("climbs from within", one(&["a", "..", "..", "secret"])),
        ("climbs in one name", one(&["../secret"])),
        ("is absolute", one(&["/etc/passwd"])),
        ("begins at the root", one(&["", "etc", "passwd"])),
        ("climbs elsewhere", one(&["..\\secret"])),
        ("names a drive", one(&["C:\\secret"])),
        ("names a stream of a file", one(&["a:b"])),
        ("is empty", one(&[""])),
        ("has no name at all", one(&[])),
        ("is the folder itself", one(&["."])),
        ("ends early", one(&["a\0b"])),
        ("steers the terminal", one(&["a\u{1b}[2J"])),
        ("breaks the line", one(&["a\rb"])),
        ("reads backwards", one(&["a\u{202e}txt.exe"])),
        ("is not seen", one(&["a\u{200b}"])),
        ("is a device", one(&["CON"])),
        ("is a device with an ending", one(&["nul.txt"])),
        ("ends in a dot", one(&["x."])),
        ("ends in a space", one(&["x "])),
        ("is one of ours", one(&[".waxwing-0123"])),
        ("is spelled in parts", one(&["e\u{301}"])),
        ("is no text", vec![entry(&[b"\xff\xfe"])]),
        ("is too deep", one(&["a"; 65])),
        ("is too long", one(&[&*"a".repeat(250); 5])),
        ("collides by case", vec![at(&["A.txt"]), at(&["a.txt"])]),
        ("collides by spelling", vec![at(&["\u{e9}"]), at(&["e\u{301}"])]),
        ("is there twice", vec![at(&["a"]), at(&["a"])]),
        ("is a file and a folder", vec![at(&["a"]), at(&["a", "b"])]),
        ("is cut", vec![at(&["a"])[..20].to_vec()]),
        ("goes on", vec![[at(&["a"]), at(&["b"])].concat()]),
    ]
}
