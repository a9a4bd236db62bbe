//! One's own keys: they change without anything being lost, and go to another machine in one file.

use crate::town::{Home, PASSWORD, Town};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

fn fingerprint(home: &Home<'_>) -> String {
    home.objects(&["keys"])[0]["fingerprint"].as_str().unwrap().to_owned()
}

fn one(objects: Vec<Value>) -> Value {
    objects.into_iter().next().unwrap()
}

/// What somebody who was met under another key than now is stopped with: both keys are named, to be compared.
#[track_caller]
fn is_stopped(home: &Home<'_>, arguments: &[&str], (before, now): (&str, &str)) {
    let err = home.run(arguments).failed(6);
    assert!(err.contains("has another key than before") && err.contains("--replace"), "{err}");
    assert!(err.contains(&format!(": {now}, and not {before}\n")), "{err}");
}

#[test]
fn new_keys_are_followed_by_who_compared_words_and_stop_all_others() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    let alice = town.joined("alice");
    let koala = bob.write("koala.txt", b"a koala");
    bob.run(&["share", "add", koala.to_str().unwrap()]).ok();
    mallory.run(&["verify", "bob", "--yes"]).ok();
    alice.run(&["verify", "bob"]).ok();
    let serving = bob.serve();
    mallory.run(&["get", "bob:koala.txt"]).ok();
    // Whoever shares from the home goes on with the keys that they opened.
    let rotate = ["keys", "rotate", "--password-file", "password"];
    assert!(bob.run(&rotate).failed(7).contains("another program"));
    drop(serving);

    let before = fingerprint(&bob);
    let rotated = one(bob.objects(&rotate));
    assert_eq!((&rotated["type"], &rotated["from"]), (&"rotated".into(), &before.clone().into()));
    let now = fingerprint(&bob);
    assert_eq!(rotated["fingerprint"], *now);
    assert_ne!(now, before);
    let former = bob.path.join("keys.former").join(&before);
    assert_eq!(rotated["former"], former.to_str().unwrap());
    assert_eq!(fs::read_to_string(former.join("fingerprint")).unwrap().trim(), before);
    assert_eq!(
        fs::metadata(bob.path.join("keys.former")).unwrap().permissions().mode() & 0o777,
        0o700
    );

    // What was shared is, and the session goes on.
    let _serving = bob.serve();
    let again = ["get", "bob:koala.txt", "--out", "again"];
    mallory.run(&again).ok();
    let bob_as_seen = mallory.objects(&["people"]);
    let bob_as_seen = bob_as_seen.iter().find(|it| it["user"] == "bob").unwrap();
    assert_eq!(
        (&bob_as_seen["key"], &bob_as_seen["fingerprint"]),
        (&"verified".into(), &now.clone().into())
    );
    // Who signed under the old ones is known still.
    let file = mallory.path.join("downloads/koala.txt");
    let receipts = mallory.objects(&["verify", file.to_str().unwrap()]);
    assert_eq!(receipts.iter().find(|it| it["fingerprint"] == *before).unwrap()["user"], "bob");

    is_stopped(&alice, &["get", "bob:koala.txt"], (&before, &now));
    let wrong = fingerprint(&mallory);
    let err = alice.run(&["trust", "bob", "--replace", &wrong]).failed(6);
    assert!(err.contains("by a way that is not this index"), "{err}");
    is_stopped(&alice, &["get", "bob:koala.txt"], (&before, &now));
    let trusted = one(alice.objects(&["trust", "bob", "--replace", &now]));
    assert_eq!((&trusted["type"], &trusted["user"]), (&"trusted".into(), &"bob".into()));
    alice.run(&["get", "bob:koala.txt"]).ok();
}

#[test]
fn keys_are_made_before_there_is_an_account() {
    let town = Town::new();
    let zoe = town.home("zoe");
    let made = one(zoe.objects(&["keys", "generate", "--no-passphrase"]));
    assert_eq!((&made["type"], &made["passphrase"]), (&"keys".into(), &false.into()));
    zoe.run(&["keys", "generate", "--no-passphrase"]).failed(7);
    assert_eq!(made["fingerprint"], *fingerprint(&zoe));
    let invitation = town.invitation();
    zoe.run(&["join", &invitation, "--user", "zoe", "--password-file", "password"]).ok();
}

#[test]
fn a_change_that_was_broken_off_is_finished() {
    let town = Town::new();
    let bob = town.joined("bob");
    let koala = bob.write("koala.txt", b"a koala");
    bob.run(&["share", "add", koala.to_str().unwrap()]).ok();
    // A wrong password begins nothing.
    fs::write(town.machine.at("wrong"), "not the password").unwrap();
    bob.run(&["keys", "rotate", "--password-file", "wrong"]).failed(4);
    assert_eq!(one(bob.objects(&["keys"]))["rotating"], false);
    assert!(!bob.path.join("keys.next").exists() && !bob.path.join("state/rotation").exists());
    // New keys were made, and nobody was told.
    bob.give_keys_in("keys.next", "alice");
    let before = fingerprint(&bob);
    assert_eq!(one(bob.objects(&["keys"]))["rotating"], true);
    bob.run(&["people"]).ok();
    // A wrong password changes nothing.
    bob.run(&["keys", "rotate", "--password-file", "wrong"]).failed(4);
    assert_eq!(fingerprint(&bob), before);
    let rotation = fs::read(bob.path.join("state/rotation")).unwrap();

    let rotate = ["keys", "rotate", "--password-file", "password"];
    bob.run(&rotate).ok();
    let now = fingerprint(&bob);
    assert_ne!(now, before);

    // The index was told, and the new keys were not put in their place.
    let (keys, next) = (bob.path.join("keys"), bob.path.join("keys.next"));
    let former = bob.path.join("keys.former").join(&before);
    fs::rename(&keys, &next).unwrap();
    fs::rename(&former, &keys).unwrap();
    fs::write(bob.path.join("state/rotation"), rotation).unwrap();
    fs::set_permissions(bob.path.join("state/rotation"), fs::Permissions::from_mode(0o600))
        .unwrap();
    for verb in [&["people"][..], &["login", "--password-file", "password"]] {
        let err = bob.run(verb).failed(4);
        assert!(err.contains("`keys rotate` finishes it"), "{err}");
    }
    bob.run(&rotate).ok();
    assert_eq!(fingerprint(&bob), now);

    // The old ones were put away, and the new ones not in their place.
    fs::rename(&keys, &next).unwrap();
    assert_eq!(fingerprint(&bob), now);
    assert!(!next.exists());
    bob.run(&["people"]).ok();
    bob.run(&["search", "koala"]).ok();
}

#[test]
fn keys_go_to_another_machine_in_one_file_and_replace_nothing() {
    let town = Town::new();
    let (bob, laptop) = (town.joined("bob"), town.home("laptop"));
    let secret = "a passphrase for the way";
    fs::write(town.machine.at("secret"), secret).unwrap();
    let file = town.machine.at("bob.keys");
    let path = file.to_str().unwrap();
    let err = bob.run(&["keys", "export", path]).failed(2);
    assert!(err.contains("--passphrase-file") && err.contains("--no-passphrase"), "{err}");
    assert!(!file.exists());
    // A disk that is full leaves no half of a file.
    let home = bob.path.to_str().unwrap();
    let full = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"])
        .args([env!("CARGO_BIN_EXE_client"), "--home", home, "keys", "export", path])
        .args(["--passphrase-file", "secret"])
        .current_dir(town.machine.at(""))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&full.stderr).contains("bob.keys: File too large"), "{full:?}");
    assert!(!file.exists());
    let exported = bob.run(&["keys", "export", path, "--passphrase-file", "secret"]);
    let said = format!("{}{}", exported.out, exported.err);
    exported.ok();
    assert!(!said.contains(secret), "{said}");
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(text.matches("BEGIN ENCRYPTED PRIVATE KEY").count(), 2);
    assert!(
        !text.contains("BEGIN PRIVATE KEY") && !text.contains(secret) && !text.contains(PASSWORD)
    );
    let err = bob.run(&["keys", "export", path, "--passphrase-file", "secret"]).failed(7);
    assert!(err.contains("bob.keys"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    laptop.run(&["keys", "import", path]).failed(2);
    fs::write(town.machine.at("wrong"), "another").unwrap();
    laptop.run(&["keys", "import", path, "--passphrase-file", "wrong"]).failed(4);
    assert!(!laptop.path.join("keys").exists());
    let imported = one(laptop.objects(&["keys", "import", path, "--passphrase-file", "secret"]));
    assert_eq!((&imported["type"], &imported["passphrase"]), (&"imported".into(), &true.into()));
    assert_eq!(imported["fingerprint"], *fingerprint(&bob));
    laptop.run(&["keys", "import", path, "--passphrase-file", "secret"]).failed(7);
    let invitation = town.invitation();
    let login = ["login", &invitation, "--user", "bob", "--password-file", "password"];
    laptop.run(&[&login[..], &["--passphrase-file", "secret"]].concat()).ok();
    let me = one(laptop.objects(&["whoami", "--passphrase-file", "secret"]));
    assert_eq!(me["user"], "bob");

    // A file without a passphrase is closed to others, or it is not taken.
    let plain = town.machine.at("plain.keys");
    let path = plain.to_str().unwrap();
    let said = bob.run(&["keys", "export", path, "--no-passphrase"]);
    assert!(said.err.contains("NO passphrase"), "{said:?}");
    said.ok();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    let phone = town.home("phone");
    phone.run(&["keys", "generate"]).failed(2);
    assert!(!phone.path.join("keys").exists());
    assert!(phone.run(&["keys", "import", path]).failed(4).contains("chmod 600"));
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(
        &plain,
        fs::read_to_string(&plain).unwrap().replacen("fingerprint: ", "fingerprint: 0", 1),
    )
    .unwrap();
    phone.run(&["keys", "import", path]).failed(6);
    assert!(!phone.path.join("keys").exists());
}
