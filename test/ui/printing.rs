//! The printer: results apart from notes, no colours where they do not belong, no panic on a pipe that
//! was closed; and tables, in which nothing foreign steers the terminal.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use waxwing::model::Foreign;
use waxwing::ui::{Cell, Exit, Failure, Look, Printer, Table};

/// Keeps what was written.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes nothing.
struct Shut(io::ErrorKind);

impl Write for Shut {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

pub(crate) fn printer(look: Look, json: bool) -> (Printer, Kept, Kept) {
    let (out, err) = (Kept::default(), Kept::default());
    let (to_out, to_err) = (Box::new(out.clone()), Box::new(err.clone()));
    (Printer::new((to_out, look), (to_err, look), json), out, err)
}

fn table() -> Table {
    let mut table = Table::new(&["name", "says"]);
    table.row(["alice", "hello"]);
    table.row(["bob", "\u{1b}[2J\u{202e}gpj.exe\r"]);
    table
}

#[test]
fn results_go_to_stdout_and_notes_to_stderr() {
    let (printer, out, err) = printer(Look::default(), false);
    printer.result("a result");
    printer.note("a note");
    printer.object(&"for programs only");
    printer.failure(&Failure::new(Exit::NotFound, "nothing is there").hint("look elsewhere"));
    assert_eq!(out.text(), "a result\n");
    assert_eq!(err.text(), "a note\nerror: nothing is there\nhint: look elsewhere\n");
}

#[test]
fn a_program_gets_json_and_nothing_else() {
    let (printer, out, err) = printer(Look::default(), true);
    printer.result("for people only");
    printer.headline("for people only");
    printer.table(table());
    printer.object(&serde_json::json!({ "type": "row" }));
    printer.failure(&Failure::new(Exit::Conflict, "in the way"));
    let lines: Vec<serde_json::Value> =
        out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["type"], "row");
    assert_eq!((&lines[1]["type"], &lines[1]["exit"]), (&"failed".into(), &7.into()));
    assert_eq!(err.text(), "error: in the way\n");
}

#[test]
fn colours_stand_only_where_they_may_and_say_nothing_of_their_own() {
    let told = |colours| {
        let (printer, out, err) = printer(Look { colours, width: None }, false);
        printer.headline("headline");
        printer.table(table());
        printer.failure(&Failure::new(Exit::Error, "wrong").hint("do it right"));
        out.text() + &err.text()
    };
    let (plain, coloured) = (told(false), told(true));
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    assert!(coloured.contains("\u{1b}[1mheadline\u{1b}[0m\n"), "{coloured:?}");
    let stripped = ["\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[0m"]
        .into_iter()
        .fold(coloured, |text, code| text.replace(code, ""));
    assert_eq!(stripped, plain);
}

#[test]
fn whoever_closed_the_pipe_has_seen_enough_but_a_full_disk_is_told() {
    let finish = |kind| {
        let printer = Printer::new(
            (Box::new(Shut(kind)), Look::default()),
            (Box::new(Shut(kind)), Look::default()),
            false,
        );
        printer.result("lost");
        printer.note("lost");
        printer.failure(&Failure::new(Exit::Error, "lost"));
        printer.finish().map_err(|failure| failure.exit)
    };
    assert_eq!(finish(io::ErrorKind::BrokenPipe), Ok(()));
    assert_eq!(finish(io::ErrorKind::StorageFull), Err(Exit::NoSpace));
    assert_eq!(finish(io::ErrorKind::Other), Err(Exit::Error));
}

#[test]
fn foreign_texts_steer_no_terminal() {
    let (printer, out, err) = printer(Look::default(), false);
    printer.table(table());
    printer.failure(&Failure::new(Exit::Error, "file \u{1b}]52;c;x\u{7} is bad").hint("\u{9b}2J"));
    let told = out.text() + &err.text();
    assert!(told.chars().all(|c| !c.is_control() || c == '\n'), "{told:?}");
    assert!(!told.contains('\u{202e}'), "{told:?}");
    assert!(told.contains(r"\u{1b}[2J"), "{told}");
}

#[test]
fn foreign_texts_in_json_steer_no_terminal_and_mean_what_they_meant() {
    let (printer, out, _) = printer(Look::default(), true);
    let foreign = "Zoë \\ \"\u{9b}2J\u{7f}\u{202e}\u{e0001}\n";
    printer.object(&serde_json::json!({ "contact": foreign }));
    let told = out.text();
    let line = told.strip_suffix('\n').unwrap();
    assert!(!line.contains(['\u{9b}', '\u{7f}', '\u{202e}', '\u{e0001}', '\n']), "{line:?}");
    assert!(line.contains("Zoë") && line.contains(r"\u009b2J\u007f\u202e\udb40\udc01"), "{line}");
    let read: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(read["contact"], foreign);
}

#[test]
fn what_is_escaped_is_so_once_also_where_it_is_cut() {
    let foreign = Foreign::new("C:\\\u{1b}Users\\zoë-from-the-other-house");
    let once = r"C:\u{5c}\u{1b}Users\u{5c}zoë-from-the-other-house";
    assert_eq!(foreign.to_string(), once);
    let mut table = Table::without_heading();
    table.cells([Cell::from(&foreign), Cell::with_parts_shown(once), Cell::new("a\\b")]);
    assert_eq!(table.lines(None), [format!("{once}  {once}  a\\u{{5c}}b")]);
    let mut table = Table::without_heading();
    table.cells([Cell::from(&foreign)]);
    let narrow = table.lines(Some(20)).concat();
    assert!(once.starts_with(narrow.strip_suffix('…').unwrap()), "{narrow}");
    let (printer, _, err) = printer(Look::default(), false);
    printer.failure(&Failure::new(Exit::Error, format!("{foreign} is \u{7}bad")));
    assert_eq!(err.text(), format!("error: {once} is \\u{{7}}bad\n"));
}

#[test]
fn of_fingerprints_and_addresses_nothing_is_cut() {
    let fingerprint = "13399b877e0220c55ee321b43b21883943bc69d43b763869ea3971a6c775ff4c";
    let address = "[2001:db8:1234:5678:9abc:def0:1234:5678]:7400";
    let invitation = format!("waxwing://127.0.0.1:7311#{fingerprint}");
    for whole in [fingerprint, address, invitation.as_str()] {
        for width in [20, 40, 60] {
            let mut table = Table::new(&["name", "it"]);
            table.row(["bob", whole]);
            let lines = table.lines(Some(width));
            assert!(lines.iter().all(|line| line.len() <= usize::from(width)), "{lines:#?}");
            let shown: String = lines.iter().skip(1).map(|line| line.replace(' ', "")).collect();
            assert_eq!(shown, format!("bob{whole}"), "{lines:#?}");
        }
    }
}

#[test]
fn a_command_to_be_copied_stays_in_one_line_and_as_it_is() {
    let (printer, _, err) = printer(Look { colours: false, width: Some(40) }, false);
    let command = "`client get 'bob:zoo/a  koala in a tree.txt' --out over/there`";
    let stopped = Failure::new(Exit::Interrupted, "stopped; what was verified of it is kept");
    printer.failure(&stopped.hint(format!("to go on: {command}")));
    printer.note(
        "a ` that stands alone is a letter like others, and lines end where they ended before",
    );
    // Nor is it another one if somebody called a file so.
    let odd = r"`client get 'bob:a ` b  c'\''s `  d' --out over/there --json`";
    printer.note(format!("to go on: {odd}"));
    let told = err.text();
    assert!(told.lines().any(|line| line == odd), "{told}");
    let told = told.replacen(odd, "", 1);
    assert!(told.lines().any(|line| line == command), "{told}");
    let others: Vec<_> = told.lines().filter(|line| *line != command).collect();
    assert!(others.len() >= 5, "{told}");
    assert!(others.iter().all(|line| line.len() <= 40), "{told}");
}

#[test]
fn tables_fit_the_width_and_are_whole_without_one() {
    let mut table = Table::new(&["name", "what they say"]);
    table.row(["alice", &"word ".repeat(40)]);
    let narrow = table.lines(Some(40));
    assert!(narrow.iter().all(|line| line.chars().count() <= 40), "{narrow:#?}");
    assert!(narrow.len() > 3);

    let mut table = Table::new(&["name", "what they say"]);
    table.row(["alice", &"word ".repeat(40)]);
    assert_eq!(table.lines(None).len(), 2);

    // Paths break behind a slash, and only a word that is too long for its column is cut.
    let mut paths = Table::new(&["#", "file", "size"]);
    paths.row(["1", "alice:photos/zoo/koala.ppm", "9 KiB"]);
    paths.row(["2", "alice:photos/a-name-that-is-too-long.ppm", "9 KiB"]);
    let shown = [
        "#  file              size",
        "1  alice:photos/     9 KiB",
        "   zoo/koala.ppm",
        "2  alice:photos/     9 KiB",
        "   a-name-that-is-…",
    ];
    assert_eq!(paths.lines(Some(26)), shown);

    let mut plain = Table::without_heading();
    plain.row(["accounts", "3"]);
    plain.row(["db", "48 KiB"]);
    assert_eq!(plain.lines(None), ["accounts  3", "db        48 KiB"]);
}
