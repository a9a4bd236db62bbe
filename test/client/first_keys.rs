//! Whoever begins, an index or a person, makes keys that nobody else has.

use crate::stage::Machine;
use crate::town::Town;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

/// Both secret keys, which are their owner's alone.
fn secrets(folder: &Path) -> [String; 2] {
    ["signing.key", "sealing.key"].map(|name| {
        let path = folder.join(name);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::read_to_string(path).unwrap()
    })
}

#[test]
fn no_two_begin_with_the_same_keys() {
    let machines = [Machine::new(), Machine::new()];
    let town = Town::new();
    let people = [town.home("zoe"), town.home("yan")];
    let index = |machine: &Machine| {
        let server = machine.start_with(&["--data", "data", "--listen", "127.0.0.1:0"]);
        (server.fingerprint().to_string(), secrets(&machine.data().join("keys")))
    };
    let person = |home: &crate::town::Home<'_>| {
        let made = home.objects(&["keys", "generate", "--no-passphrase"]);
        let fingerprint = made[0]["fingerprint"].as_str().unwrap().to_owned();
        (fingerprint, secrets(&home.path.join("keys")))
    };
    let mut made = thread::scope(|scope| {
        let indexes = scope.spawn(|| machines.each_ref().map(index).to_vec());
        let mut made = people.each_ref().map(person).to_vec();
        made.extend(indexes.join().unwrap());
        made
    });
    // Those that lie in the folder of tests, for everybody to read, are among nobody's.
    made.push((town.index.fingerprint().to_string(), secrets(&town.machine.data().join("keys"))));
    let names: BTreeSet<_> = made.iter().map(|(name, _)| name).collect();
    let keys: BTreeSet<_> = made.iter().flat_map(|(_, keys)| keys).collect();
    assert_eq!((names.len(), keys.len()), (5, 10));
}
