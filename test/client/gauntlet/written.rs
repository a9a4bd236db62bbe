//! All that programs have said and written, in the end: it steers no terminal, and tells no secret.

use super::ground::{PEOPLE, SAID, SERVER_LOG};
use super::watch::PANICS;
pub(super) use crate::secrets::Written;
use crate::town::Town;
use std::fs;
use std::ops::RangeInclusive;

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
        let steering = text.lines().find(|line| line.chars().any(steers));
        assert_eq!(steering, None, "what steers terminals comes from {who}");
        let panic = PANICS.iter().find(|told| text.contains(**told));
        assert_eq!(panic, None, "{who}: {text}");
    }
    // It was said, and is shown as text.
    let shown = written.who_told(b"cleared");
    assert!([PEOPLE, BOBS_LOG].iter().all(|place| shown.contains(place)), "only by {shown:?}");
    for secret in secrets {
        let told = written.who_told(secret);
        assert_eq!(told, [""; 0], "a secret was told: {}", secret.escape_ascii());
    }
}

/// Whether a character moves the cursor, colours, rings, turns text around, or is not seen.
fn steers(c: char) -> bool {
    UNSEEN.iter().any(|some| some.contains(&c)) || c.is_control() && !matches!(c, '\n' | '\t')
}

/// Marks of direction, joiners and separators that have no width.
const UNSEEN: [RangeInclusive<char>; 5] = [
    '\u{61c}'..='\u{61c}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
];
