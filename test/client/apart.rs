//! What people share and send is between them: the index has the names of files, and none of their bytes.

use crate::town::{Serving, Town, in_the_end};
use rustix::process::Signal;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use waxwing::crypto::random;

/// The bytes of each file of a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.iter().filter_map(|path| fs::read(path).ok());
    files.chain(folders.iter().flat_map(|folder| self::files(folder))).collect()
}

/// How often this many bytes in a row stand anywhere in these files.
pub(crate) fn holds(files: &[Vec<u8>], parts: &HashSet<&[u8]>) -> usize {
    let length = parts.iter().next().unwrap().len();
    let windows = files.iter().flat_map(|bytes| bytes.windows(length));
    windows.filter(|window| parts.contains(window)).count()
}

#[test]
fn no_byte_of_a_file_is_on_the_index() {
    let town = Town::new();
    let (bob, mallory) = (town.joined("bob"), town.joined("mallory"));
    // Small and large: what goes on the channel, and what goes on lanes.
    let small: Vec<u8> = (0..256).flat_map(|_| random::<32>()).collect();
    let large: Vec<u8> = (0..1 << 18).flat_map(|_| random::<32>()).collect();
    bob.write("zoo/a-small-film", &small);
    bob.write("zoo/a-large-film", &large);
    bob.run(&["share", "add", bob.path.join("zoo").to_str().unwrap()]).ok();
    bob.run(&["verify", "mallory", "--yes"]).ok();
    let taking = ["serve", "--json", "--receive", "verified"];
    let _serving = Serving::of(&mut bob.command(&taking));
    mallory.run(&["get", "bob:zoo"]).ok();
    assert!(fs::read(mallory.path.join("downloads/zoo/a-large-film")).unwrap() == large);
    let letter: Vec<u8> = (0..256).flat_map(|_| random::<32>()).collect();
    let path = mallory.write("letter", &letter);
    mallory.run(&["send", "bob", path.to_str().unwrap()]).ok();
    assert!(fs::read(bob.path.join("downloads/letter")).unwrap() == letter);

    let contents = [&small, &large, &letter];
    let parts: HashSet<_> = contents.iter().flat_map(|bytes| bytes.chunks_exact(32)).collect();
    let names: HashSet<&[u8]> = [&b"a-small-film"[..], b"a-large-film"].into();
    let look = || {
        let data = files(&town.machine.data());
        assert!(holds(&data, &names) >= 2, "it is not looked where the names are");
        assert_eq!(holds(&data, &parts), 0);
    };
    look();
    town.index.signal(Signal::TERM);
    // What was in its log is in the database then.
    in_the_end(false, || town.machine.data().join("index.db-wal").exists());
    look();
    // It would be seen.
    fs::write(town.machine.data().join("planted"), &letter[64..96]).unwrap();
    assert_eq!(holds(&files(&town.machine.data()), &parts), 1);
}
