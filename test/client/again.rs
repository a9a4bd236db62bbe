//! Whose session is over meanwhile: what was answered before is not asked again.

use crate::terminal::Terminal;
use crate::town::{PASSWORD, Town};

#[test]
fn who_shares_and_has_to_log_in_answers_once_and_knows_what_everyone_means() {
    let town = Town::new();
    let bob = town.joined("bob");
    bob.write("ant.txt", b"an animal");
    town.machine.verb(&["sessions", "--end", "bob"]).ok();
    let call = format!("{} -q share add ant.txt", env!("CARGO_BIN_EXE_client"));
    let mut adds = Terminal::open(&bob.path, &call, &town.machine.at("home"));
    adds.sees("Everyone is whoever the index admits, now or later.");
    adds.sees("Share it with everyone? [Y/n] ").types("\r");
    adds.sees("Password: ").types(&format!("{PASSWORD}\r"));
    adds.sees("ant.txt: 1 file, 9 bytes, shared with everyone");
    assert_eq!(adds.exit(), Some(0));
}
