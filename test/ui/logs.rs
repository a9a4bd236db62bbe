//! Logs: a line an event, whatever an event says; nobody waits for them; files that do not grow.

use std::fs;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use waxwing::model::UnixTime;
use waxwing::ui::{Level, Log, LogFile, Look, Printer, Sinks};

const AT: UnixTime = UnixTime(1_795_285_563);

/// Tells of each line, and writes it only when it is let.
struct Gate {
    written: SyncSender<String>,
    let_in: Receiver<()>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.send(String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
        // When the test is over, nobody lets anything in.
        let _ = self.let_in.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gate() -> (Box<Gate>, Receiver<String>, SyncSender<()>) {
    let ((written, lines), (let_in, wait)) = (sync_channel(100), sync_channel(100));
    (Box::new(Gate { written, let_in: wait }), lines, let_in)
}

#[test]
fn an_event_is_one_line_with_its_time_and_level() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let (gate, lines, let_in) = gate();
    let printer =
        Printer::new((Box::new(io::sink()), Look::default()), (gate, Look::default()), false);
    let file = Some(LogFile::open(&path).unwrap());
    let (log, thread) = Log::start(Sinks { printer, file }).unwrap();
    (0..3).for_each(|_| let_in.send(()).unwrap());
    log.tell(Level::Info, AT, "alice joined");
    log.tell(Level::Warn, AT, "a name\nwith \u{1b}[2J in it");
    thread.finish();
    let expected = [
        "2026-11-21T18:26:03Z info  alice joined\n",
        "2026-11-21T18:26:03Z warn  a name\\u{a}with \\u{1b}[2J in it\n",
    ];
    assert_eq!(lines.try_iter().collect::<Vec<_>>(), expected);
    assert_eq!(fs::read_to_string(&path).unwrap(), expected.concat());
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions())
            & 0o777,
        0o600
    );
}

#[test]
fn nobody_waits_for_a_terminal_that_is_held_up_and_what_is_dropped_is_counted() {
    let (gate, lines, let_in) = gate();
    let printer =
        Printer::new((Box::new(io::sink()), Look::default()), (gate, Look::default()), false);
    let (log, thread) = Log::start(Sinks { printer, file: None }).unwrap();
    log.tell(Level::Info, AT, "first");
    lines.recv().unwrap();
    // The thread is stuck in the first line now.
    (0..5000).for_each(|number| log.tell(Level::Info, AT, number));
    drop(let_in);
    thread.finish();
    let told: Vec<_> = lines.iter().collect();
    let dropped = told.iter().find_map(|line| {
        let (before, _) = line.split_once(" lines came too fast")?;
        before.rsplit(' ').next()?.parse::<usize>().ok()
    });
    let dropped = dropped.expect("a line that counts");
    assert!(dropped > 3000, "{dropped}");
    assert_eq!(told.len() - 1 + dropped, 5000, "each is written or counted");
}

#[test]
fn a_program_gets_events_as_json() {
    let (gate, lines, let_in) = gate();
    let printer =
        Printer::new((gate, Look::default()), (Box::new(io::sink()), Look::default()), true);
    let (log, thread) = Log::start(Sinks { printer, file: None }).unwrap();
    let_in.send(()).unwrap();
    log.tell(Level::Info, AT, "for people");
    log.event(Level::Info, AT, "for both", &serde_json::json!({ "type": "joined" }));
    thread.finish();
    assert_eq!(lines.try_iter().collect::<Vec<_>>(), ["{\"type\":\"joined\"}\n"]);
}

#[test]
fn an_output_that_nobody_reads_holds_up_no_other_and_not_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let ((stdout, stuck, _shut), (stderr, lines, let_in)) = (gate(), gate());
    let printer = Printer::new((stdout, Look::default()), (stderr, Look::default()), true);
    let file = Some(LogFile::open(&path).unwrap());
    let (log, thread) = Log::start(Sinks { printer: printer.clone(), file }).unwrap();
    log.event(Level::Info, AT, "first", &serde_json::json!({}));
    stuck.recv().unwrap();
    (0..2).for_each(|_| let_in.send(()).unwrap());
    log.event(Level::Info, AT, "second", &serde_json::json!({}));
    thread.finish();
    printer.finish().unwrap();
    assert_eq!(lines.try_iter().count(), 2);
    assert!(fs::read_to_string(&path).unwrap().ends_with("second\n"));
}

#[test]
fn a_file_that_was_not_written_for_a_while_is_written_again_and_has_a_word_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Where the oldest file should go there is something else.
    fs::write(at("log.1"), "before\n").unwrap();
    fs::create_dir_all(at("log.2/below")).unwrap();
    let (gate, lines, let_in) = gate();
    let printer =
        Printer::new((Box::new(io::sink()), Look::default()), (gate, Look::default()), false);
    let file = Some(LogFile::open_sized(at("log"), 1, 3).unwrap());
    let (log, thread) = Log::start(Sinks { printer, file }).unwrap();
    (0..9).for_each(|_| let_in.send(()).unwrap());
    ["one", "two", "three"].into_iter().for_each(|text| log.tell(Level::Info, AT, text));
    let told: Vec<_> = lines.iter().take(4).collect();
    let complaints = || told.iter().filter(|line| line.contains("the log file cannot be written"));
    assert_eq!(complaints().count(), 1, "{told:?}");
    // The complaint was sent at the second line; the third may still be at work.
    fs::remove_dir_all(at("log.2")).unwrap();
    log.tell(Level::Info, AT, "four");
    thread.finish();
    let texts = ["log", "log.1", "log.2"].map(|name| fs::read_to_string(at(name)).unwrap());
    assert!(texts[0].contains("missing here") && texts[0].contains("warn"), "{texts:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_written_and_never_renamed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    let mut file = LogFile::open_sized(&path, 1, 3).unwrap();
    (0..3).for_each(|_| file.write("line").unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
}

#[test]
fn a_file_that_is_full_gives_way_to_the_next_and_the_oldest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut file = LogFile::open_sized(&path, 10, 3).unwrap();
    for number in 0..9 {
        file.write(&format!("line{number}")).unwrap();
        if number == 4 {
            // As after a restart: the size of what is there counts.
            file = LogFile::open_sized(&path, 10, 3).unwrap();
        }
    }
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(text("log"), "line8\n");
    assert_eq!(text("log.1"), "line7\n");
    assert_eq!(text("log.2"), "line6\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);

    file.write("a line longer than a file may be").unwrap();
    assert_eq!(text("log"), "a line longer than a file may be\n");

    let alone = folder.path().join("alone");
    let mut file = LogFile::open_sized(&alone, 10, 1).unwrap();
    ["line0", "line1"].into_iter().for_each(|line| file.write(line).unwrap());
    assert_eq!(fs::read_to_string(&alone).unwrap(), "line1\n");
}

#[cfg(unix)]
#[test]
fn a_log_file_that_others_could_read_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, "old\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    LogFile::open(&path).unwrap().write("new").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\nnew\n");
}

/// Two programs of one person may write the same log.
#[cfg(unix)]
#[test]
fn a_file_that_another_program_has_ended_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let open = || LogFile::open_sized(&path, 8, 3).unwrap();
    let (mut one, mut other) = (open(), open());
    one.write("12345").unwrap();
    other.write("67890").unwrap();
    one.write("abcde").unwrap();
    other.write("fghij").unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("log.1"), "12345\n67890\n");
    assert_eq!(read("log"), "abcde\nfghij\n");
}

#[test]
fn objects_that_a_program_does_not_read_are_not_waited_for_and_are_counted() {
    let (gate, lines, let_in) = gate();
    let printer =
        Printer::new((gate, Look::default()), (Box::new(io::sink()), Look::default()), true);
    let thread = printer.drop_unread().unwrap();
    printer.object(&"first");
    lines.recv().unwrap();
    // The thread is stuck in the first now. Few wait that are large.
    let large = "x".repeat(1 << 20);
    (0..20).for_each(|_| printer.object(&large));
    drop(let_in);
    thread.finish();
    drop(printer);
    let told: Vec<_> = lines.iter().collect();
    let whole = told.iter().filter(|line| line.len() > large.len()).count();
    let dropped = told.iter().find(|line| line.contains("\"dropped\"")).expect("it is told");
    let dropped: serde_json::Value = serde_json::from_str(dropped).unwrap();
    assert!((3..8).contains(&whole), "{whole}");
    assert_eq!(dropped["lines"], 20 - whole);
}
