//! The one owner of a program's output.
//!
//! The policy: **stdout** is for what was asked for, **stderr** for everything else, so that a pipe
//! gets results and nothing but results. With `--json`, what goes to stdout is one JSON object a line.
//! Colours stand only where a terminal is, and not when `NO_COLOR` is set or `TERM` is `dumb`;
//! without them nothing is missing. Tables and sentences are fitted to a terminal's width and whole elsewhere.
//! On a terminal, lines, bars and a prompt share the screen without tearing each other; on one whose
//! `TERM` is `dumb` there are lines, and no bars.
//! Whoever closes the other end of a pipe has seen enough: what comes after is dropped, and nothing
//! panics. Any other failure to write a result is kept for [`Printer::finish`].
//! What is said beside results stands in the log, too, where there is one, however quiet the program is.
//!
//! Lints keep the rest of the crate from printing.

use super::failure::Failure;
use super::log::{Level, Log, LogThread};
use super::output::{Look, Output, columns, is_plain, lock};
use super::screen::Screen;
use super::table::Table;
use super::words::wrapped;
use crate::model::{UnixTime, Untrusted};
use crate::node::Exit;
use serde::Serialize;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};

/// Speaks to a person, or to a program. Cheap to clone; all clones are the same output.
#[derive(Clone)]
pub struct Printer(Arc<Inner>);

struct Inner {
    out: Mutex<Output>,
    err: Arc<Mutex<Output>>,
    /// The terminal behind stderr, if there is one.
    screen: Option<Screen>,
    json: bool,
    loudness: Loudness,
    log: OnceLock<Log>,
    /// Where objects go that nobody is waited for to read.
    unread: OnceLock<Log>,
}

/// How much is said beside results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Loudness {
    /// Only what went wrong.
    Quiet,
    /// What a person should know.
    #[default]
    Usual,
    /// What helps to find out why something is as it is.
    Verbose,
}

impl Printer {
    /// On the program's own outputs.
    pub fn standard(json: bool) -> Self {
        Self::standard_at(json, Loudness::Usual)
    }

    /// On the program's own outputs, as loud as is wished.
    pub fn standard_at(json: bool, loudness: Loudness) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let (out_look, err_look) = (Look::of(&out), Look::of(&err));
        let how = (json, loudness, is_plain());
        Self::with((Box::new(out), out_look), (Box::new(err), err_look), how)
    }

    /// On any outputs.
    pub fn new(
        (out, out_look): (Box<dyn Write + Send>, Look),
        (err, err_look): (Box<dyn Write + Send>, Look),
        json: bool,
    ) -> Self {
        Self::with((out, out_look), (err, err_look), (json, Loudness::Usual, false))
    }

    /// On any outputs, as loud as is wished.
    pub fn new_at(
        (out, out_look): (Box<dyn Write + Send>, Look),
        (err, err_look): (Box<dyn Write + Send>, Look),
        json: bool,
        loudness: Loudness,
    ) -> Self {
        Self::with((out, out_look), (err, err_look), (json, loudness, false))
    }

    fn with(
        (out, out_look): (Box<dyn Write + Send>, Look),
        (err, err_look): (Box<dyn Write + Send>, Look),
        (json, loudness, is_plain): (bool, Loudness, bool),
    ) -> Self {
        let output = |to, look| Mutex::new(Output { to, look, failed: None });
        let (out, err) = (output(out, out_look), Arc::new(output(err, err_look)));
        let screen = err_look.width.map(|_| Screen::new(Arc::clone(&err), is_plain));
        let (log, unread) = Default::default();
        Self(Arc::new(Inner { out, err, screen, json, loudness, log, unread }))
    }

    pub(super) fn screen(&self) -> Option<&Screen> {
        self.0.screen.as_ref()
    }

    /// Looks how wide the terminal is now.
    pub(super) fn measure(&self) {
        for output in [&self.0.out, &*self.0.err] {
            let mut output = lock(output);
            output.look.width = output.look.width.map(|width| columns().unwrap_or(width));
        }
    }

    /// From now on, what is said beside results stands in this log, too. The first one counts.
    pub fn log_to(&self, log: Log) {
        let _ = self.0.log.set(log);
    }

    /// From now on, nobody waits for whoever reads the objects: those that are not read are dropped, and
    /// counted in the next one. For a program that goes on whether its events are read or not.
    pub fn drop_unread(&self) -> io::Result<LogThread> {
        let (unread, thread) = Log::of_objects(self.clone())?;
        let _ = self.0.unread.set(unread);
        Ok(thread)
    }

    /// Where that stands.
    pub fn logs_to(&self) -> Option<&Log> {
        self.0.log.get()
    }

    /// Says something to the log alone.
    pub fn log(&self, level: Level, text: impl Display) {
        if let Some(log) = self.0.log.get() {
            log.tell(level, UnixTime::now(), text);
        }
    }

    /// Says to the log alone why the program did not do what was asked.
    pub fn log_failure(&self, failure: &Failure) {
        self.log(Level::Error, format!("{} (exit code {})", failure.what, failure.exit.code()));
    }

    /// How its outputs look: the one for results, and the other.
    pub fn looks(&self) -> (Look, Look) {
        (lock(&self.0.out).look, lock(&self.0.err).look)
    }

    /// Results that another printer has made for this one.
    pub fn relay_out(&self, text: &str) {
        self.write_whole(&self.0.out, text);
    }

    /// The same of everything else.
    pub fn relay_err(&self, text: &str) {
        self.write_whole(&self.0.err, text);
    }

    /// How much is said.
    pub fn loudness(&self) -> Loudness {
        self.0.loudness
    }

    /// Whether results are for a program.
    pub fn is_json(&self) -> bool {
        self.0.json
    }

    /// A result for a person; nothing when a program reads.
    pub fn result(&self, text: impl Display) {
        if !self.0.json {
            self.write_line(&self.0.out, |look| wrapped(&text.to_string(), look.width));
        }
    }

    /// The same of something that was done, which the log says, too.
    pub fn done(&self, text: impl Display) {
        self.log(Level::Info, &text);
        self.result(text);
    }

    /// A result for a person that stands out.
    pub fn headline(&self, text: impl Display) {
        if !self.0.json {
            self.write_line(&self.0.out, |look| look.bold(text));
        }
    }

    /// A result for a person: a table.
    pub fn table(&self, table: Table) {
        if !self.0.json {
            self.write_line(&self.0.out, |look| {
                let has_heading = table.has_heading();
                let mut lines = table.lines(look.width);
                if let Some(heading) = lines.first_mut().filter(|_| has_heading) {
                    *heading = look.bold(&heading);
                }
                lines.join("\n")
            });
        }
    }

    /// A result for a program; nothing when a person reads.
    pub fn object(&self, object: &impl Serialize) {
        if let (true, Ok(text)) = (self.0.json, serde_json::to_string(object)) {
            match self.0.unread.get() {
                Some(unread) => unread.object(text).iter().for_each(|text| self.json_line(text)),
                None => self.json_line(&text),
            }
        }
    }

    /// A result for a program that is JSON already.
    pub(super) fn json_line(&self, line: &str) {
        self.write_line(&self.0.out, |_| harmless(line));
    }

    /// Something that a person should know, beside the results.
    pub fn note(&self, text: impl Display) {
        self.log(Level::Info, &text);
        if self.0.loudness >= Loudness::Usual {
            self.write_line(&self.0.err, |look| wrapped(&text.to_string(), look.width));
        }
    }

    /// Something that helps to find out why it is as it is.
    pub fn detail(&self, text: impl Display) {
        self.log(Level::Info, &text);
        if self.0.loudness >= Loudness::Verbose {
            self.write_line(&self.0.err, |look| wrapped(&text.to_string(), look.width));
        }
    }

    /// Why the program did not do what was asked. What it says may hold foreign texts.
    pub fn failure(&self, failure: &Failure) {
        let hint = failure.hint.as_deref();
        self.log_failure(failure);
        self.write_line(&self.0.err, |look| {
            let told = |mark: &str, text: &str| {
                let plain = wrapped(&format!("{mark} {}", shown(text)), look.width);
                plain.strip_prefix(mark).unwrap_or(&plain).to_owned()
            };
            let what = format!("{}{}", look.red("error:"), told("error:", &failure.what));
            match hint {
                Some(hint) => format!("{what}\n{}{}", look.bold("hint:"), told("hint:", hint)),
                None => what,
            }
        });
        self.object(&Failed {
            kind: "failed",
            exit: failure.exit.code(),
            text: &failure.what,
            hint,
        });
    }

    /// What a parser of arguments says, which comes with its own lines.
    pub fn usage(&self, text: impl Display, is_error: bool) {
        let output = if is_error { &self.0.err } else { &self.0.out };
        self.write_line(output, |_| text.to_string().trim_end().to_owned());
    }

    /// In one write, so that lines of several threads do not mix; beside bars and above a prompt,
    /// where a terminal has them.
    fn write_line(&self, output: &Mutex<Output>, line: impl FnOnce(Look) -> String) {
        let look = lock(output).look;
        self.write_whole(output, &(line(look) + "\n"));
    }

    fn write_whole(&self, output: &Mutex<Output>, lines: &str) {
        let is_terminal = lock(output).look.width.is_some();
        match &self.0.screen {
            Some(screen) if is_terminal => screen.write(output, lines),
            _ => lock(output).write(lines),
        }
    }

    /// How the program ends that has printed all its results: badly, if one of them was lost. A
    /// thread that still waits for a reader is not waited for.
    pub fn finish(&self) -> Result<(), Failure> {
        let mut out = match self.0.out.try_lock() {
            Ok(out) => out,
            Err(TryLockError::Poisoned(out)) => out.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        if let Err(error) = out.to.flush() {
            out.fail(&error);
        }
        match out.failed {
            None | Some(io::ErrorKind::BrokenPipe) => Ok(()),
            Some(io::ErrorKind::StorageFull) => {
                Err(Failure::new(Exit::NoSpace, "the output does not take it: no space is left"))
            }
            Some(kind) => Err(Failure::new(Exit::Error, format!("the output failed: {kind}"))),
        }
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Printer(json: {})", self.0.json)
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    exit: u8,
    text: &'a str,
    hint: Option<&'a str>,
}

impl Look {
    fn bold(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    fn red(self, text: impl Display) -> String {
        self.paint("1;31", text)
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// JSON in which nothing steers a terminal, and which says the same: in it, such characters are only
/// in strings.
fn harmless(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        let as_text = c.to_string();
        let plain = matches!(c, ' '..='~') || Untrusted::new(&as_text).to_string() == as_text;
        if plain {
            line.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            line += &format!("\\u{unit:04x}");
        }
    }
    line
}

fn shown(text: &str) -> String {
    Untrusted::new(text).with_parts_shown().fitted(LONGEST_TEXT).to_string()
}

/// What is said of a failure may hold long paths, but is no novel.
const LONGEST_TEXT: usize = 4096;
