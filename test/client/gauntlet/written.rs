//! All that programs have said and written, in the end: it steers no terminal, and tells no secret.

use super::ground::{PEOPLE, SAID, SERVER_LOG};
use crate::conduct::is_proper;
pub(super) use crate::secrets::Written;
use crate::town::Town;
use std::fs;

const BOBS_LOG: &str = "bob/state/client.log";

impl Written {
    /// What is in the logs, and what the index said: it ends.
    pub(super) fn by_all(&mut self, Town { machine, index }: Town) {
        let (out, err) = index.stop_and_tell();
        self.by("the index".to_owned(), out + &err);
        let of_bob = format!("bob/{SAID}");
        for log in [SERVER_LOG, BOBS_LOG, "alice/state/client.log", &of_bob] {
            let bytes = fs::read(machine.at(log)).unwrap();
            assert!(!bytes.is_empty(), "nothing is in {log}");
            self.by(log.to_owned(), bytes);
        }
    }
}

#[track_caller]
pub(super) fn is_harmless(written: &Written, secrets: &[Vec<u8>]) {
    for (who, bytes) in &written.0 {
        let text = std::str::from_utf8(bytes).unwrap();
        is_proper(who, text);
    }
    // It was said, and is shown as text.
    let shown = written.who_told(b"cleared");
    assert!([PEOPLE, BOBS_LOG].iter().all(|place| shown.contains(place)), "only by {shown:?}");
    for secret in secrets {
        let told = written.who_told(secret);
        assert_eq!(told, [""; 0], "a secret was told: {}", secret.escape_ascii());
    }
}
