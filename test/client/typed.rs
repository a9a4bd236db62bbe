//! Secrets are asked for or read in files: there is no way to type one where others of the machine, or a
//! history of a shell, could see it.

use crate::stage::Done;
use crate::town::Town;
use std::fs;

const SECRET: &str = "correct horse battery nine";

#[test]
fn no_secret_is_an_argument_or_a_variable() {
    let town = Town::new();
    let bob = town.joined("bob");
    for verb in [&["login"][..], &["passwd"], &["keys", "rotate"], &["join"], &["people"]] {
        for name in ["password", "new-password", "passphrase", "token"] {
            let flag = [format!("--{name}"), SECRET.to_owned()];
            let joint = [format!("--{name}={SECRET}")];
            for arguments in [&flag[..], &joint] {
                let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
                let err = bob.run(&[verb, &arguments].concat()).failed(2);
                assert!(!err.contains(SECRET), "{err}");
            }
        }
    }
    // Nobody is asked here, and no variable answers.
    let mut login = bob.command(&["login"]);
    for name in ["PASSWORD", "PASSWORD_FILE", "PASSPHRASE"] {
        login.env(format!("WAXWING_{name}"), SECRET);
    }
    let err = Done::of(&mut login).failed(2);
    assert!(err.contains("--password-file FILE") && !err.contains(SECRET), "{err}");
    let log = fs::read_to_string(bob.path.join("state/client.log")).unwrap();
    assert!(!log.contains(SECRET), "{log}");
}
