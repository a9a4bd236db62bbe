//! The row of rooms holds: each room imports only from rooms to its left, and the outside world is
//! first met in the room that the row says.
//!
//! This reads sources as text, which is coarser than a compiler and enough: a path that begins with
//! `crate::`, or a crate's name before `::` or in an import, is what it looks like.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The row, from left to right. A room may import from those before it.
const ROW: &[&str] =
    &["codec", "crypto", "model", "seal", "wire", "link", "index", "peer", "node", "ui"];

/// Rooms without a door between them, though the row would allow one: a person's program knows
/// nothing of how an index works inside.
const NO_DOOR: &[(&str, &str)] = &[("peer", "index"), ("node", "index"), ("ui", "index")];

/// Crates and parts of the standard library that only some rooms may know.
const FIRST_MET: &[(&str, &[&str])] = &[
    ("rsa", &["crypto/raw_rsa.rs"]),
    ("aws_lc_rs", &["crypto/cipher.rs", "crypto/raw_rsa.rs"]),
    ("bcrypt", &["crypto/password.rs"]),
    ("getrandom", &["crypto/secret.rs", "crypto/raw_rsa.rs"]),
    ("sha2", &["crypto/labels.rs", "crypto/raw_rsa.rs"]),
    (
        "std::fs",
        &[
            "crypto/key_folder/",
            "crypto/private.rs",
            "model/content/read_at.rs",
            "index/data_folder.rs",
            "link/local.rs",
            "index/store/sqlite/",
            "node/home/files.rs",
            "peer/disk.rs",
            "peer/folder/",
            "peer/landing/",
            "peer/receipts.rs",
            "peer/sources.rs",
            "ui/ask.rs",
            "ui/log_file.rs",
            // Whether a hang-up was ignored, which the system says in a file.
            "ui/signals.rs",
            "bin/",
        ],
    ),
    (
        "std::net",
        &[
            "model/address.rs",
            "wire/index/presence.rs",
            "link/",
            "index/",
            "node/index/live.rs",
            "node/user/online.rs",
            "bin/",
        ],
    ),
    ("std::env", &["ui/output.rs", "ui/settings/", "bin/"]),
    (
        "std::process",
        &[
            "crypto/private.rs",
            "index/data_folder.rs",
            "node/error/exit.rs",
            "ui/signals.rs",
            "bin/",
        ],
    ),
    (
        "std::time",
        &[
            "crypto/certificate.rs",
            "crypto/key_folder/",
            "model/entry.rs",
            "model/event.rs",
            "link/",
            "index/",
            "peer/",
            "node/",
            "ui/log.rs",
            "ui/progress/",
            "ui/settings/",
            "bin/",
        ],
    ),
    (
        "std::thread",
        &[
            "crypto/key_folder/",
            "model/content/file.rs",
            "link/",
            "index/hashing.rs",
            "index/rules.rs",
            "index/store/sqlite/mod.rs",
            "index/store/sqlite/readers.rs",
            "node/user/moves/",
            "peer/landing/",
            "ui/log.rs",
            "ui/progress/",
            "ui/shell.rs",
            "bin/",
        ],
    ),
    ("blake3", &["crypto/tag.rs", "model/content/"]),
    ("minicbor", &["codec/", "wire/"]),
    ("bytes", &["wire/", "link/"]),
    ("tokio", &["link/", "index/", "peer/", "node/", "ui/signals.rs", "bin/"]),
    ("tokio_util", &["link/", "index/", "node/", "bin/"]),
    ("cap_std", &["peer/"]),
    ("cap_fs_ext", &["peer/"]),
    ("rusqlite", &["index/store/sqlite/"]),
    ("clap", &["ui/", "bin/"]),
    ("indicatif", &["ui/"]),
    ("rustyline", &["ui/"]),
    ("tokio_rustls", &["link/tls.rs", "link/place.rs"]),
    ("rustls", &["link/tls.rs"]),
    ("rcgen", &["link/tls.rs"]),
];

/// What must not be used bare: whoever could choose a nonce could use it twice, and whoever unwraps
/// must have verified a signature first. Passwords are judged in one place, which bounds what that costs.
const BARE: &[(&str, &[&str])] = &[
    ("Keystream", &["crypto/", "seal/secret.rs"]),
    ("TagKey", &["crypto/", "seal/secret.rs"]),
    ("unwrap_secret", &["crypto/", "seal/header.rs"]),
    ("verify_nobody", &["crypto/", "index/hashing.rs"]),
];

#[test]
fn bare_cryptography_is_used_where_it_is_guarded() {
    let files = source_files(&src());
    let uses = |word: &str| {
        let naming = files.iter().filter(|(_, text)| without_comments(text).contains(word));
        naming.map(|(file, _)| file.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (word, places) in BARE {
        let found = uses(word);
        assert!(found.len() >= 2, "{word} has another name now");
        let elsewhere = |file: &&String| !places.iter().any(|place| file.starts_with(place));
        assert_eq!(found.iter().find(elsewhere), None, "{word}");
    }
}

#[test]
fn rooms_import_only_from_their_left() {
    let found = violations(&source_files(&src()));
    assert!(found.is_empty(), "\n{}", lines(&found));
}

#[test]
fn every_folder_of_the_sources_is_a_room() {
    for entry in fs::read_dir(src()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let room = name.trim_end_matches(".rs");
        assert!(room == "lib" || room == "bin" || ROW.contains(&room), "{name} is not in the row");
    }
}

#[test]
fn a_planted_violation_is_found_with_file_and_line() {
    let planted = tempfile::tempdir().unwrap();
    let plant = |name: &str, text: &str| {
        let path = planted.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    plant("codec/mod.rs", "//! Room.\nuse crate::crypto::Label;\n");
    plant(
        "crypto/labels.rs",
        "use crate::codec::Error;\nuse crate::{\n    codec::{Closed, closed},\n    model::Name,\n};\n",
    );
    plant("crypto/raw_rsa.rs", "// crate::model is only spoken of here\nuse rsa::Oaep;\n");
    plant("model/mod.rs", "fn f() {\n    std::fs::read(\"x\").ok();\n    rsa::Oaep::new();\n}\n");
    plant(
        "model/name.rs",
        "use std::fs;\nuse std::{fmt, net as _};\nuse std::{io::{self}, fs as f};\n",
    );
    plant(
        "model/user.rs",
        "#[derive(Debug, Decode)]\n#[cbor(map)]\nstruct S {\n    #[n(0)]\n    s: Vec<u8>,\n}\n",
    );
    plant("model/text.rs", "use waxwing::model;\nuse super::super::crypto;\n");
    let found = violations(&source_files(planted.path()));
    let told: Vec<_> = found.iter().map(|v| (v.file.to_str().unwrap(), v.line)).collect();
    let expected = [
        ("codec/mod.rs", 2),
        ("crypto/labels.rs", 2),
        ("model/mod.rs", 2),
        ("model/mod.rs", 3),
        ("model/name.rs", 1),
        ("model/name.rs", 2),
        ("model/name.rs", 3),
        ("model/text.rs", 1),
        ("model/text.rs", 2),
        ("model/user.rs", 5),
    ];
    assert_eq!(told, expected, "\n{}", lines(&found));
}

struct Violation {
    file: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

fn lines(violations: &[Violation]) -> String {
    violations.iter().map(|v| format!("{v}\n")).collect()
}

/// Sources with their path below `src`, in order.
fn source_files(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn violations(files: &[(PathBuf, String)]) -> Vec<Violation> {
    let mut found: Vec<_> =
        files.iter().flat_map(|(file, text)| violations_in(file, text)).collect();
    found.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    found
}

fn violations_in(file: &Path, text: &str) -> Vec<Violation> {
    let code = without_comments(text);
    let wrong = wrong_rooms(file, &code).into_iter();
    let wrong = wrong.chain(ways_around(file, &code)).chain(wrong_crates(file, &code));
    let wrong = wrong.chain(uncounted_collections(&code));
    let line = |at: usize| code[..at].matches('\n').count() + 1;
    wrong.map(|(at, what)| Violation { file: file.to_owned(), line: line(at), what }).collect()
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned() + "\n";
    text.lines().map(code).collect()
}

/// Rooms that a file names though they stand to the right of its own.
fn wrong_rooms(file: &Path, code: &str) -> Vec<(usize, String)> {
    let Some(own) = room_of(file) else { return Vec::new() };
    let place = |room: &str| ROW.iter().position(|r| *r == room);
    named_rooms(code)
        .into_iter()
        .filter(|(_, room)| {
            place(room).is_none_or(|at| at > own) || NO_DOOR.contains(&(ROW[own], room))
        })
        .map(|(at, room)| (at, format!("room `{}` must not know `{room}`", ROW[own])))
        .collect()
}

/// Where a file's room stands in the row.
fn room_of(file: &Path) -> Option<usize> {
    let first = file.components().next()?.as_os_str().to_str()?;
    ROW.iter().position(|room| *room == first.trim_end_matches(".rs"))
}

/// Paths that leave the room without saying `crate::`.
fn ways_around(file: &Path, code: &str) -> Vec<(usize, String)> {
    if room_of(file).is_none() {
        return Vec::new();
    }
    let depth = file.components().count() - usize::from(file.ends_with("mod.rs"));
    let to_the_root = "super::".repeat(depth);
    let detours = [to_the_root.as_str(), "waxwing::"];
    let found = detours.iter().flat_map(|detour| code.match_indices(detour));
    found.map(|(at, detour)| (at, format!("`{detour}` leaves the room; write crate::"))).collect()
}

/// What stands behind `crate::`, alone or in braces, and where.
fn named_rooms(code: &str) -> Vec<(usize, &str)> {
    let behind = |at: usize| &code[at + "crate::".len()..];
    let paths = code.match_indices("crate::").flat_map(|(at, _)| {
        let rooms = match behind(at).strip_prefix('{') {
            Some(group) => top_level_names(group),
            None => vec![first_word(behind(at))],
        };
        rooms.into_iter().map(move |room| (at, room))
    });
    paths.collect()
}

/// The first words of a group's items; `group` begins behind its opening brace.
fn top_level_names(group: &str) -> Vec<&str> {
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(Some(first_word(&group[start..at])).filter(|name| !name.is_empty()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Crates that a file names though it may not know them.
fn wrong_crates(file: &Path, code: &str) -> Vec<(usize, String)> {
    let file = file.to_str().unwrap().replace('\\', "/");
    let unknown = FIRST_MET.iter().filter(|(_, files)| !files.iter().any(|f| file.starts_with(f)));
    let found = unknown.flat_map(|(name, files)| {
        let uses = uses_of(code, name).into_iter();
        uses.map(move |at| (at, format!("`{name}` is only for {files:?}")))
    });
    found.collect()
}

/// Where a path begins with `name`: in the code as it stands, or in an import, groups unfolded.
fn uses_of(code: &str, name: &str) -> Vec<usize> {
    let begins = |at: usize| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    };
    let path = format!("{name}::");
    let inline = code.match_indices(&path).map(|(at, _)| at).filter(|at| begins(*at));
    let is_it = |import: &str| import == name || import.starts_with(&path);
    let imported = imports(code).into_iter().filter(|(_, import)| is_it(import)).map(|(at, _)| at);
    let mut found: Vec<_> = inline.chain(imported).collect();
    found.sort_unstable();
    found.dedup_by_key(|at| code[..*at].matches('\n').count());
    found
}

/// Every path that a file imports, and where its statement begins.
fn imports(code: &str) -> Vec<(usize, String)> {
    let statements = code
        .match_indices("use ")
        .filter(|(at, _)| code[..*at].chars().next_back().is_none_or(char::is_whitespace));
    let unfolded = statements.flat_map(|(at, _)| {
        let statement = code[at + "use ".len()..].split(';').next().unwrap_or_default();
        unfold("", statement).into_iter().map(move |path| (at, path))
    });
    unfolded.collect()
}

/// `a::{b, c::{d as e}}` as `a::b` and `a::c::d`.
fn unfold(before: &str, tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((path, group)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        let path = path.trim_end_matches("::self").trim_end_matches("::*");
        let itself = path == "self";
        let whole = if itself {
            before.trim_end_matches("::").to_owned()
        } else {
            format!("{before}{path}")
        };
        return vec![whole];
    };
    let before = format!("{before}{}", path.trim());
    let group = group.rsplit_once('}').map_or(group, |(inside, _)| inside);
    split_at_commas(group).into_iter().flat_map(|item| unfold(&before, item)).collect()
}

/// The items of a group, those of inner groups left together.
fn split_at_commas(group: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&group[start..]);
    items.into_iter().filter(|item| !item.trim().is_empty()).collect()
}

/// Collections in messages whose memory nobody would count.
fn uncounted_collections(code: &str) -> Vec<(usize, String)> {
    let derived = code.match_indices("#[derive(").filter(|(at, _)| {
        let traits = code[*at..].split(')').next().unwrap_or_default();
        traits.split(['(', ',']).any(|name| name.trim() == "Decode")
    });
    let found = derived.flat_map(|(start, _)| {
        let end = code[start..].find("\n}").map_or(code.len(), |end| start + end);
        let names = ["Vec<", "String", "Box<", "BTreeMap<", "HashMap<", "VecDeque<", "Cow<"];
        let uses = names.into_iter().flat_map(move |name| {
            code[start..end].match_indices(name).map(move |(at, _)| (start + at, name))
        });
        uses.map(|(at, name)| (at, format!("`{name}` in a message; use List, Text or Blob")))
    });
    found.collect()
}
