//! Where no terminal is: a line about what takes long, and another one after a while.

use super::Lines;
use crate::model::{Events, Transfer, Work};
use crate::ui::progress::burst::Burst;
use crate::ui::{Look, Printer};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_now_and_then() {
    let (err, look) = (Kept::default(), Look { colours: false, width: None });
    let out = (Box::new(Kept::default()) as Box<_>, look);
    let mut lines = Lines::new(Printer::new(out, (Box::new(err.clone()), look), false));
    let (events, listener) = Events::channel();
    let transfer = Transfer { name: "6 files", total: 24 << 20, files: 6, with: Some("alice") };
    let mut task = events.begin_transfer(Work::Receiving, &transfer);
    let (mut burst, begun) = (Burst::default(), Instant::now());
    let mut at = |seconds: u64| {
        let now = begun + Duration::from_secs(seconds);
        listener.try_iter().for_each(|event| burst.take(event, now));
        lines.draw(&burst, now);
    };
    at(0);
    at(4);
    task.advance(6 << 20);
    task.file(0, "one", (4 << 20, 4 << 20), 1);
    at(5);
    at(9);
    task.advance(12 << 20);
    task.file(1, "two", (4 << 20, 4 << 20), 4);
    at(10);
    let said = String::from_utf8(err.0.lock().unwrap().clone()).unwrap();
    let first = "receiving 6 files from alice: 1 of 6 done, 6 MiB, 25%";
    let second = "receiving 6 files from alice: 4 of 6 done, 18 MiB, 75%";
    assert_eq!(said, format!("{first}\n{second}\n"));
}

#[test]
fn who_waits_is_told_with_the_place() {
    let (err, look) = (Kept::default(), Look { colours: false, width: None });
    let out = (Box::new(Kept::default()) as Box<_>, look);
    let mut lines = Lines::new(Printer::new(out, (Box::new(err.clone()), look), false));
    let (events, listener) = Events::channel();
    let transfer = Transfer { name: "film", total: 0, files: 1, with: Some("bob") };
    let task = events.begin_transfer(Work::Waiting, &transfer);
    task.place(3, 5);
    let (mut burst, begun) = (Burst::default(), Instant::now());
    for seconds in [0, 5] {
        let now = begun + Duration::from_secs(seconds);
        listener.try_iter().for_each(|event| burst.take(event, now));
        lines.draw(&burst, now);
    }
    let said = String::from_utf8(err.0.lock().unwrap().clone()).unwrap();
    assert_eq!(said, "waiting film for bob, place 3 of 5...\n");
}
