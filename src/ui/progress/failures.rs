//! What failed with somebody, and when it is tried again: a line, or an object for a program.

use crate::model::{Again, Event};
use crate::ui::printer::Printer;
use crate::ui::words::span;
use serde::Serialize;

#[derive(Serialize)]
struct Failed {
    #[serde(rename = "type")]
    kind: &'static str,
    with: String,
    why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    again_in_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u32>,
}

/// Tells it, if this is what an event says.
pub(super) fn tell(printer: &Printer, event: &Event) {
    let Event::Failed { with, why, again } = event else { return };
    let (with, why) = (with.to_string(), why.to_string());
    if printer.is_json() {
        let pause = again.map(|again| u64::try_from(again.pause.as_millis()).unwrap_or(u64::MAX));
        let (next, of) = (again.map(|again| again.next), again.map(|again| again.of));
        printer.object(&Failed { kind: "failed", with, why, again_in_ms: pause, next, of });
    } else {
        printer.note(match again {
            Some(Again { pause, next, of }) => {
                // Nobody waits for a part of a second.
                let pause = span(pause.as_secs().saturating_add(1));
                format!("{why}; {with} is asked again in {pause} ({next} of {of})")
            }
            None => format!("{why}; {with} is not asked any more"),
        });
    }
}
