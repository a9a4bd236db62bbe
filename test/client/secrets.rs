//! No secret is where it does not belong: one story in which each of them is used, by programs that say as
//! much as they can, and then a look at every byte that was written.

use crate::locked::lock;
use crate::stage::{Done, Machine};
use crate::town::{Home, Serving, Town};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use rustix::process::{Signal, kill_process};
use std::fs::{self, File};
use std::path::Path;

const PASSWORD: &str = "correct horse battery one";
const WRONG: &str = "wrong horse battery two";
const NEXT: &str = "another horse battery three";
const PASSPHRASE: &str = "a passphrase for zoe";
const WRONG_PASSPHRASE: &str = "a passphrase for eve";
const WAY: &str = "a passphrase for the way";

/// All that was written, and by whom.
#[derive(Default)]
pub(crate) struct Written(pub(crate) Vec<(String, Vec<u8>)>);

impl Written {
    pub(crate) fn by(&mut self, who: String, bytes: impl Into<Vec<u8>>) {
        self.0.push((who, bytes.into()));
    }

    /// Somebody's program does this, and ends so.
    #[track_caller]
    fn client(&mut self, home: &Home<'_>, exit: i32, arguments: &[&str]) {
        let louds = [&["-v"][..], &["-v", "--json"]];
        let is_once = exit != 0 || ONCE.contains(&arguments[0]);
        // What cannot be done twice is told in the one way or the other.
        let louds = if is_once { &louds[self.0.len() % 2..][..1] } else { &louds[..] };
        for loud in louds {
            let done = home.run(&[arguments, loud].concat());
            self.done(format!("client {}", arguments[0]), &done);
            assert_eq!(done.exit, exit, "{arguments:?}: {done:?}");
        }
    }

    #[track_caller]
    fn server(&mut self, machine: &Machine, arguments: &[&str]) -> String {
        let done = machine.verb(arguments);
        self.done(format!("server {}", arguments.join(" ")), &done);
        done.ok()
    }

    /// An invitation for somebody, and the token in it.
    fn invitation(&mut self, machine: &Machine, arguments: &[&str]) -> (String, String) {
        let out = self.server(machine, &[&["invite"], arguments].concat());
        let is_end = |c: char| c == '"' || c.is_whitespace();
        let link = out.split(is_end).find(|word| word.starts_with("waxwing://")).unwrap();
        let token = link.rsplit('.').next().unwrap();
        assert_eq!(token.len(), 32);
        (link.to_owned(), token.to_owned())
    }

    pub(crate) fn done(&mut self, who: String, done: &Done) {
        self.by(who, format!("{}{}", done.out, done.err));
    }

    /// All files of a folder.
    fn files(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            match () {
                () if kind.is_dir() => self.files(&path),
                () if kind.is_file() => {
                    self.by(path.display().to_string(), fs::read(&path).unwrap())
                }
                () => {}
            }
        }
    }

    /// Who has written this, in any form in which it could be read.
    pub(crate) fn who_told(&self, secret: &[u8]) -> Vec<&str> {
        let numbers: Vec<_> = secret.iter().map(u8::to_string).collect();
        let texts =
            [&HEXLOWER, &HEXUPPER, &BASE64, &BASE64URL_NOPAD].map(|form| form.encode(secret));
        let forms = texts.into_iter().chain([numbers.join(","), numbers.join(", ")]);
        let forms: Vec<_> = forms.map(String::into_bytes).chain([secret.to_vec()]).collect();
        let told = |bytes: &[u8]| forms.iter().any(|form| holds(bytes, form));
        let told = self.0.iter().filter(|(_, bytes)| told(bytes));
        told.map(|(who, _)| who.as_str()).collect()
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window[0] == part[0] && window == part)
}

const ONCE: &[&str] = &["share", "join", "login", "passwd", "keys", "logout", "send", "get"];

#[test]
fn no_secret_is_told_or_kept_where_it_does_not_belong() {
    let machine = Machine::with_keys();
    let server = [
        &["--data", "data", "--listen", "127.0.0.1:0", "--open-joining=false"][..],
        &["--log", "server.log"],
    ];
    let town = Town { index: machine.start_with(&server.concat()), machine };
    let at = |name: &str| town.machine.at(name);
    for (name, text) in [
        ("password", PASSWORD),
        ("wrong", WRONG),
        ("next", NEXT),
        ("passphrase", PASSPHRASE),
        ("wrong-passphrase", WRONG_PASSPHRASE),
        ("way", WAY),
    ] {
        fs::write(at(name), format!("{text}\n")).unwrap();
    }
    let mut written = Written::default();
    let (zoe, bob, laptop) = (town.home("zoe"), town.home("bob"), town.home("laptop"));
    let mut sessions = Vec::new();
    let token = |home: &Home<'_>| fs::read(home.path.join("state/token")).unwrap();

    // Coming.
    let (for_zoe, one) = written.invitation(&town.machine, &["--for", "zoe"]);
    let (for_bob, two) = written.invitation(&town.machine, &["--for", "bob", "--json"]);
    let (_, three) = written.invitation(&town.machine, &[]);
    written.server(&town.machine, &["invite", "--list"]);
    let (password, passphrase) =
        (["--password-file", "password"], ["--passphrase-file", "passphrase"]);
    let as_zoe = |verb: &[&'static str]| [verb, &passphrase].concat();
    let join = ["join", &for_zoe, "--user", "zoe"];
    written.client(&zoe, 0, &[&join[..], &password, &passphrase].concat());
    sessions.push(token(&zoe));
    let first_keys = lock(&zoe, PASSPHRASE);
    bob.give_keys("bob");
    let mistyped = format!("{for_bob}.");
    written.client(&bob, 2, &[&["join", &mistyped, "--user", "bob"][..], &password].concat());
    written.client(&bob, 4, &[&["join", &for_zoe, "--user", "bob"][..], &password].concat());
    written.client(&bob, 0, &[&["join", &for_bob, "--user", "bob"][..], &password].concat());
    sessions.push(token(&bob));
    // Mistakes.
    written.client(&zoe, 4, &["people", "--passphrase-file", "wrong-passphrase"]);
    written.client(&zoe, 4, &as_zoe(&["login", "--password-file", "wrong"]));
    written.client(&zoe, 4, &as_zoe(&["keys", "rotate", "--password-file", "wrong"]));
    // Sharing.
    let koala = bob.write("koala.txt", b"a koala");
    written.client(&bob, 0, &["verify", "zoe", "--yes"]);
    let mut serve = bob.command(&["serve", "-v", "--json", "--receive", "verified"]);
    let mut serving = Serving::telling(&mut serve, File::create(at("serving")).unwrap());
    written.client(&bob, 0, &["share", "add", koala.to_str().unwrap()]);
    written.client(&zoe, 0, &as_zoe(&["search", "koala"]));
    written.client(&zoe, 0, &as_zoe(&["get", "1"]));
    written.client(&zoe, 0, &as_zoe(&["send", "bob", "zoe/waxwing.toml"]));
    // Other words and keys.
    let next = ["--new-password-file", "next"];
    written.client(&zoe, 0, &[&as_zoe(&["passwd"])[..], &password, &next].concat());
    sessions.push(token(&zoe));
    written.client(&zoe, 0, &as_zoe(&["login", "--password-file", "next"]));
    sessions.push(token(&zoe));
    for verb in ["whoami", "keys", "paths", "doctor", "people", "transfers"] {
        written.client(&zoe, 0, &as_zoe(&[verb]));
    }
    written.client(&zoe, 0, &as_zoe(&["keys", "rotate", "--password-file", "next"]));
    sessions.push(token(&zoe));
    written.client(&bob, 0, &["keys", "export", "bob.keys", "--passphrase-file", "way"]);
    written.client(&laptop, 4, &["keys", "import", "bob.keys", "--passphrase-file", "wrong"]);
    written.client(&laptop, 0, &["keys", "import", "bob.keys", "--passphrase-file", "way"]);
    let login = ["login", &for_bob, "--user", "bob", "--passphrase-file", "way"];
    written.client(&laptop, 0, &[&login[..], &password].concat());
    sessions.push(token(&laptop));
    // The owner, and the end.
    for verb in ["users", "sessions", "stats", "check"] {
        written.server(&town.machine, &[verb]);
        written.server(&town.machine, &[verb, "--json"]);
    }
    written.server(&town.machine, &["backup", "backup.db"]);
    written.server(&town.machine, &["sessions", "--end", "bob"]);
    written.client(&zoe, 0, &as_zoe(&["logout"]));
    written.server(&town.machine, &["users", "--close", "zoe", "--json"]);
    kill_process(serving.pid(), Signal::TERM).unwrap();
    written.by("serving".to_owned(), serving.rest());
    written.by("serving".to_owned(), fs::read(at("serving")).unwrap());
    let Town { machine, index } = town;
    let (out, err) = index.stop_and_tell();
    written.by("the server".to_owned(), out + &err);
    written.by("the server's log".to_owned(), fs::read(machine.at("server.log")).unwrap());
    for folder in ["zoe", "bob", "laptop", "data"] {
        written.files(&machine.at(folder));
    }
    written.by("backup".to_owned(), fs::read(machine.at("backup.db")).unwrap());
    let logs = written.0.iter().filter(|(who, bytes)| who.ends_with(".log") && !bytes.is_empty());
    assert_eq!(logs.count(), 3, "each home has a log");

    for secret in [PASSWORD, WRONG, NEXT, PASSPHRASE, WRONG_PASSPHRASE, WAY] {
        assert_eq!(written.who_told(secret.as_bytes()), [""; 0], "{secret}");
    }
    // What is shared and searched for is nothing that a server says.
    for (who, bytes) in &written.0 {
        let of_server = who.starts_with("the server") || who.starts_with("server ");
        assert!(!of_server || !holds(bytes, b"koala"), "{who}");
    }
    // An invitation is told to who asked for it, once.
    for (token, who) in [(one, "--for zoe"), (two, "--for bob --json"), (three, "")] {
        let who = format!("server invite {who}");
        assert_eq!(written.who_told(token.as_bytes()), [who.trim_end()]);
        let bytes = HEXLOWER.decode(token.as_bytes()).unwrap();
        assert_eq!(written.who_told(&bytes), [who.trim_end()]);
    }
    let places = ["zoe", "bob", "laptop"].map(|home| machine.at(home).join("state/token"));
    for session in sessions {
        assert_eq!(session.len(), 32);
        for who in written.who_told(&session) {
            assert!(places.iter().any(|place| place == Path::new(who)), "a session is in {who}");
        }
    }
    no_key_is_elsewhere(&written, &machine);
    for line in first_keys.iter().flat_map(|pem| secret_lines(pem)) {
        assert_eq!(written.who_told(line.as_bytes()), [""; 0], "{line}");
    }
}

/// A line of each private key is in its own file alone.
fn no_key_is_elsewhere(written: &Written, machine: &Machine) {
    let is_key = |path: &str| path.ends_with(".key");
    let keys: Vec<_> = written.0.iter().filter(|(who, _)| is_key(who)).collect();
    let folders = ["zoe/keys", "zoe/keys.former", "bob/keys", "laptop/keys", "data/keys"];
    for folder in folders.map(|folder| machine.at(folder)) {
        let here = keys.iter().filter(|(who, _)| Path::new(who).starts_with(&folder));
        assert_eq!(here.count(), 2, "{}", folder.display());
    }
    for (file, pem) in keys {
        let pem = std::str::from_utf8(pem).unwrap();
        for line in secret_lines(pem) {
            for secret in [line.as_bytes().to_vec(), BASE64.decode(line.as_bytes()).unwrap()] {
                assert_eq!(written.who_told(&secret), [file], "{line}");
            }
        }
    }
}

/// Some lines of a private key; what comes first is public.
pub(crate) fn secret_lines(pem: &str) -> impl Iterator<Item = &str> {
    pem.lines().skip(12).step_by(9).filter(|line| line.len() == 64)
}
