//! Homes: where they are found, and that nobody else can look into them.

use crate::town::{Town, open, user};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};
use waxwing::node::{Config, Error, Exit, Home, HomeError};

#[test]
fn a_home_is_named_or_at_or_above_the_current_folder_or_the_platforms() {
    let folder = tempfile::tempdir().unwrap();
    let (deep, named) = (folder.path().join("user/share/koala"), folder.path().join("named"));
    fs::create_dir_all(&deep).unwrap();
    let platform = Home::find(None, &deep).unwrap();
    assert_eq!(platform.path().file_name().unwrap(), "waxwing");
    assert_eq!(platform.downloads(), None);
    fs::write(folder.path().join("user/waxwing.toml"), "").unwrap();
    let above = Home::find(None, &deep).unwrap();
    assert_eq!(above, Home::in_folder(folder.path().join("user")));
    assert_eq!(above.downloads().unwrap(), folder.path().join("user/downloads"));
    assert_eq!(Home::find(Some(&named), &deep).unwrap(), Home::in_folder(&named));
    assert!(!named.exists(), "finding makes nothing");
}

#[tokio::test]
async fn files_go_to_one_folder_wherever_the_program_goes_meanwhile() {
    let town = Town::new().await;
    let config = Config { downloads: Some("files".into()), ..Config::default() };
    let alice = open(town.home("alice"), config);
    assert_eq!(alice.downloads(), std::env::current_dir().unwrap().join("files"));
    town.stop().await;
}

#[test]
fn settings_are_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::in_folder(folder.path().join("alice"));
    let index = "127.0.0.1:7311".parse().unwrap();
    assert!(home.write_settings(&index, &user("alice")).unwrap());
    let text = fs::read_to_string(home.settings()).unwrap();
    assert!(text.contains("index = \"127.0.0.1:7311\"\nuser = \"alice\"\n"), "{text}");
    assert!(!home.write_settings(&index, &user("bob")).unwrap());
    assert_eq!(fs::read_to_string(home.settings()).unwrap(), text);
}

#[test]
fn one_program_shares_from_a_home() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::in_folder(folder.path().join("alice"));
    let lock = home.lock().unwrap();
    let error = home.lock().unwrap_err();
    assert!(matches!(error, HomeError::InUse { by: Some(by), .. } if by == std::process::id()));
    assert_eq!(Error::from(error).advice().exit, Exit::Conflict);
    drop(lock);
    home.lock().unwrap();
}

#[test]
fn what_a_killed_program_has_half_written_goes_and_what_is_being_written_stays() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::in_folder(folder.path().join("alice"));
    drop(home.lock().unwrap());
    let state = folder.path().join("alice/state");
    let write = |name: &str, age: u64| {
        let file = fs::File::create(state.join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    };
    write(".pins.json.new", 7200);
    write(".results.json.new", 60);
    write("results.json", 7200);
    drop(home.lock().unwrap());
    let is_there = |name: &str| state.join(name).exists();
    assert!(!is_there(".pins.json.new"));
    assert!(is_there(".results.json.new") && is_there("results.json"));
}

#[tokio::test]
async fn nothing_in_a_home_can_be_read_by_others() {
    let town = Town::new().await;
    let (alice, bob) = (town.member("alice").await, town.member("bob").await);
    alice.meet(&user("bob")).await.unwrap();
    alice.search(&waxwing::node::index::Query::new("koala")).await.unwrap();
    alice.close().await;
    bob.close().await;
    let mut seen = Vec::new();
    all_below(&town.path("alice"), &mut seen);
    for name in ["token", "chain", "pins.json", "results.json", "index.json", "changing"] {
        assert!(
            seen.iter().any(|path| path.ends_with(&format!("state/{name}"))),
            "{name}: {seen:?}"
        );
    }
    // The other way round, it is refused.
    let state = town.path("bob").join("state");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o750)).unwrap();
    let options = crate::town::options();
    let protection = waxwing::crypto::key_file::Protection::NoneAsked;
    let opened =
        waxwing::node::User::open(town.home("bob"), Config::default(), protection, options);
    let error = opened.unwrap_err();
    assert!(matches!(&error, Error::Home(HomeError::OpenToOthers { found: 0o750, .. })), "{error}");
    assert!(error.advice().hint.unwrap().starts_with("chmod 700 "));
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    let token = state.join("token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o604)).unwrap();
    let bob = open(town.home("bob"), Config::default());
    assert!(matches!(
        bob.people().await.unwrap_err(),
        Error::Home(HomeError::OpenToOthers { found: 0o604, .. })
    ));
    town.stop().await;
}

/// Every path below, each of which others cannot reach.
fn all_below(folder: &Path, seen: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = fs::symlink_metadata(&path).unwrap();
        assert_eq!(about.mode() & 0o077, 0, "{}", path.display());
        seen.push(path.to_str().unwrap().to_owned());
        if about.is_dir() {
            all_below(&path, seen);
        }
    }
}
