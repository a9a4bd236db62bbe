//! Progress: bars that go when they are done, lines that stay whole beside them, and what stands in
//! their place where no terminal is.

use super::printing::{Kept, printer};
use std::time::{Duration, Instant};
use waxwing::model::{Again, Events, Task, Transfer, Work};
use waxwing::ui::{Look, Printer, Progress};

/// Somebody to tell, and what is drawn of it.
struct Stage {
    printer: Printer,
    events: Events,
    progress: Progress,
    out: Kept,
    err: Kept,
}

impl Stage {
    fn new(width: Option<u16>, json: bool) -> Self {
        let (printer, out, err) = printer(Look { colours: false, width }, json);
        let (events, listener) = Events::channel();
        let progress = Progress::start(&printer, listener).unwrap();
        Self { printer, events, progress, out, err }
    }

    fn half_done(&self, work: Work, name: &str) -> Task {
        let mut task = self.events.begin(work, name, 4 << 20);
        task.advance(2 << 20);
        task
    }

    /// Waits until something was drawn that holds this.
    #[track_caller]
    fn await_drawn(&self, what: &str) {
        let begun = Instant::now();
        while !self.err.text().contains(what) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}: {:?}", self.err.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What is left on the screen in the end.
    fn end(self) -> (String, String) {
        drop(self.events);
        self.progress.finish();
        (self.out.text(), screen(&self.err.text()))
    }
}

/// What a terminal shows of this: as many of the ways to steer one as bars use.
fn screen(text: &str) -> String {
    let (mut lines, mut row, mut column) = (vec![String::new()], 0_usize, 0_usize);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' => (row, column) = (row + 1, 0),
            '\u{1b}' => {
                assert_eq!(rest.next(), Some('['));
                let mut number = String::new();
                while rest.peek().is_some_and(char::is_ascii_digit) {
                    number.extend(rest.next());
                }
                let steps = number.parse().unwrap_or(1);
                match rest.next().unwrap() {
                    'A' => row -= steps,
                    'B' => row += steps,
                    'K' => lines[row].clear(),
                    'J' => lines.truncate(row),
                    other => panic!("{other} steers"),
                }
            }
            c => {
                // A line that is full goes on in the next one.
                if column == WIDTH {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), String::new());
                let mut line: Vec<char> = lines[row].chars().collect();
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                lines[row] = line.into_iter().collect();
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), String::new());
    }
    let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n").trim_end().to_owned()
}

const WIDTH: usize = 60;

#[test]
fn a_bar_tells_name_part_and_rate_and_is_gone_in_the_end() {
    let stage = Stage::new(Some(60), false);
    let task = stage.half_done(Work::Opening, "koala.jpg");
    stage.await_drawn("koala.jpg");
    let shown = screen(&stage.err.text());
    assert!(shown.starts_with("↓ koala.jpg"), "{shown}");
    assert!(shown.contains("[####>---]  50% ") && shown.contains("/s "), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 60), "{shown}");
    task.complete();
    assert_eq!(stage.end(), (String::new(), String::new()));
}

#[test]
fn lines_stay_whole_beside_bars() {
    let stage = Stage::new(Some(60), false);
    let task = stage.half_done(Work::Sealing, "a long film.mkv");
    stage.await_drawn("film");
    for number in 0..5 {
        stage.printer.note(format!("note {number}"));
    }
    let shown = screen(&stage.err.text());
    let lines: Vec<_> = shown.lines().take(5).collect();
    assert_eq!(lines, ["note 0", "note 1", "note 2", "note 3", "note 4"], "{shown}");
    task.complete();
    let (_, left) = stage.end();
    assert_eq!(left, "note 0\nnote 1\nnote 2\nnote 3\nnote 4");
}

#[test]
fn of_many_tasks_four_have_a_bar_and_all_have_one_together() {
    let stage = Stage::new(Some(60), false);
    let names = ["one", "two", "three", "four", "five", "six"];
    let tasks: Vec<_> = names.map(|name| stage.half_done(Work::Hashing, name)).into();
    stage.await_drawn("four");
    stage.await_drawn("0 of 6 done");
    let shown = screen(&stage.err.text());
    assert_eq!(shown.lines().filter(|line| line.starts_with("= ")).count(), 4, "{shown}");
    assert!(shown.lines().next().unwrap().contains("0 of 6 done"), "{shown}");
    assert!(!shown.contains("five"), "{shown}");
    let mut tasks = tasks.into_iter();
    tasks.next().unwrap().complete();
    stage.await_drawn("five");
    stage.await_drawn("1 of 6 done");
    drop(tasks);
    assert_eq!(stage.end().1, "");
}

#[test]
fn of_the_files_of_a_transfer_four_have_a_bar_and_the_transfer_has_one() {
    let stage = Stage::new(Some(60), false);
    let transfer = Transfer { name: "6 files", total: 24 << 20, files: 6, with: Some("alice") };
    let mut task = stage.events.begin_transfer(Work::Receiving, &transfer);
    task.advance(12 << 20);
    for (number, name) in (0..).zip(["one", "two", "three", "four", "five", "six"]) {
        task.file(number, name, (2 << 20, 4 << 20), 0);
    }
    stage.await_drawn("four");
    stage.await_drawn("0 of 6 files from alice");
    let shown = screen(&stage.err.text());
    let mut lines = shown.lines();
    assert!(lines.next().unwrap().starts_with("  0 of 6 files from alice"), "{shown}");
    assert!(lines.all(|line| line.starts_with("↓ ") && line.contains("50% ")), "{shown}");
    assert_eq!(shown.lines().count(), 5, "{shown}");
    assert!(!shown.contains("five"), "{shown}");
    task.file(0, "one", (4 << 20, 4 << 20), 1);
    stage.await_drawn("five");
    stage.await_drawn("1 of 6 files from alice");
    assert!(!screen(&stage.err.text()).contains("one"));
    task.complete();
    assert_eq!(stage.end().1, "");
}

#[test]
fn who_waits_for_somebody_sees_for_whom() {
    let stage = Stage::new(Some(60), false);
    let transfer = Transfer { name: "2 files", total: 0, files: 2, with: Some("bob") };
    let waiting = stage.events.begin_transfer(Work::Waiting, &transfer);
    stage.await_drawn("… 2 files for bob");
    waiting.complete();
    let sending = stage.events.begin_transfer(Work::Sending, &transfer);
    stage.await_drawn("0 of 2 files to bob");
    drop(sending);
    assert_eq!(stage.end().1, "");
}

#[test]
fn looking_and_landing_count_as_no_files() {
    let stage = Stage::new(Some(60), false);
    let transfer = Transfer { name: "6 files", total: 24 << 20, files: 6, with: Some("alice") };
    let mut receiving = stage.events.begin_transfer(Work::Receiving, &transfer);
    receiving.advance(1 << 20);
    for work in [Work::Looking, Work::Landing] {
        stage.events.begin_transfer(work, &Transfer { files: 1, total: 0, ..transfer }).complete();
    }
    stage.await_drawn("0 of 6 files from alice");
    receiving.complete();
    let drawn = stage.err.text();
    assert!(!drawn.contains(" of 7") && !drawn.contains(" of 8"), "{drawn}");
    assert_eq!(stage.end().1, "");
}

#[test]
fn names_steer_nothing() {
    let stage = Stage::new(Some(60), false);
    let task = stage.half_done(Work::Opening, "a\u{1b}[2Jb\n");
    stage.await_drawn("u{1b}");
    assert!(!stage.err.text().contains("\u{1b}[2J"));
    drop(task);
    stage.end();
}

#[test]
fn what_is_over_in_a_moment_is_not_drawn() {
    let stage = Stage::new(Some(60), false);
    for number in 0..1000 {
        stage.half_done(Work::Opening, &format!("{number}.txt")).complete();
    }
    let (out, err) = (stage.out.clone(), stage.err.clone());
    stage.end();
    assert_eq!(out.text(), "");
    assert!(!err.text().contains(".txt"), "{:?}", err.text());
}

#[test]
fn a_program_is_told_of_begin_and_end_and_no_terminal_of_nothing_short() {
    let stage = Stage::new(None, true);
    stage.half_done(Work::Opening, "koala.jpg").complete();
    drop(stage.half_done(Work::Sealing, "tree.jpg"));
    let (out, err) = stage.end();
    let told: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary: Vec<_> = told
        .iter()
        .map(|it| (it["type"].as_str().unwrap(), it["task"].as_u64().unwrap(), &it["complete"]))
        .collect();
    let (yes, no, nothing) = (true.into(), false.into(), serde_json::Value::Null);
    let expected =
        [("began", 0, &nothing), ("ended", 0, &yes), ("began", 1, &nothing), ("ended", 1, &no)];
    assert_eq!(summary, expected, "{out}");
    assert_eq!((&told[1]["done"], &told[1]["total"]), (&(2 << 20).into(), &(4 << 20).into()));
    assert_eq!((&told[0]["work"], &told[0]["name"]), (&"receiving".into(), &"koala.jpg".into()));
    assert_eq!(err, "");

    let plain = Stage::new(None, false);
    plain.half_done(Work::Opening, "koala.jpg").complete();
    assert_eq!(plain.end(), (String::new(), String::new()));
}

#[test]
fn what_is_printed_behind_a_mark_stands_behind_what_was_told_before_it() {
    let stage = Stage::new(None, true);
    let marks = stage.progress.marks();
    for number in 1..=50 {
        stage.half_done(Work::Opening, "koala.jpg").complete();
        marks.settle(&stage.events);
        stage.printer.object(&serde_json::json!({ "type": "got" }));
        let out = stage.out.text();
        let kinds: Vec<serde_json::Value> =
            out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let kinds: Vec<_> = kinds.iter().map(|it| it["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["began", "ended", "got"].repeat(number), "{out}");
    }
    stage.end();
}

#[test]
fn what_failed_is_told_everywhere_with_the_next_try() {
    let again = Again { pause: Duration::from_millis(1400), next: 2, of: 3 };
    for width in [None, Some(120)] {
        let stage = Stage::new(width, false);
        stage.events.failed("alice", "alice is not reached", Some(again));
        stage.events.failed("carol", "other bytes", None);
        let (out, err) = stage.end();
        let first = "alice is not reached; alice is asked again in 2 s (2 of 3)";
        assert_eq!(
            (out, err),
            (String::new(), format!("{first}\nother bytes; carol is not asked any more"))
        );
    }
    let stage = Stage::new(None, true);
    stage.events.failed("alice", "gone", Some(again));
    stage.events.failed("carol", "bad", None);
    let (out, _) = stage.end();
    let first =
        r#"{"type":"failed","with":"alice","why":"gone","again_in_ms":1400,"next":2,"of":3}"#;
    let second = r#"{"type":"failed","with":"carol","why":"bad"}"#;
    assert_eq!(out, format!("{first}\n{second}\n"));
}
