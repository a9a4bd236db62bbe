//! What is kept of people's passwords.

use crate::orders::join;
use crate::stage::Machine;
use rusqlite::Connection;
use tokio::runtime::Builder;

#[test]
fn of_a_password_a_salted_and_slow_hash_is_kept() {
    let machine = Machine::with_keys();
    let server = machine.start();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for name in ["bob", "mallory"] {
            drop(join(&server, name, None).await);
        }
    });
    server.stop();
    let database = Connection::open(machine.data().join("index.db")).unwrap();
    let mut kept = database.prepare("SELECT password FROM accounts").unwrap();
    let kept: Vec<String> =
        kept.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    // Bcrypt, 2 to the 12th rounds, 22 characters of salt, 31 of hash.
    assert_eq!(kept.len(), 2);
    for hash in &kept {
        assert!(hash.starts_with("$2b$12$") && hash.len() == 60, "{hash}");
    }
    let salts = kept.iter().map(|hash| &hash[7..29]).collect::<Vec<_>>();
    assert_ne!(salts[0], salts[1], "they have the same password, and nobody can see that");
}
