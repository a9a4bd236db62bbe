//! A terminal that bars, lines and a prompt share, so that none tears another.
//!
//! ```text
//! a line ────────▶ the bars step aside, the line is written, the bars come back below it
//! a bar's frame ─▶ free:    written at the end of what was written, the cursor in the line below, where
//!                           a terminal echoes Ctrl-C
//!                  prompt:  handed to the line editor, which puts it above the line being typed
//!                  question: not drawn; whoever is asked sees the question, and bars when it is over
//! ```
//!
//! Who types is never held up: the editor takes what is above its line when it comes to it, from a
//! queue that drops frames when it is full.

use super::output::{Output, columns, lock};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, TermLike};
use std::fmt;
use std::io;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use unicode_width::UnicodeWidthChar;

/// The terminal behind stderr. Cheap to clone; all clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Screen {
    bars: MultiProgress,
    canvas: Canvas,
    is_plain: bool,
}

/// A question that is open, until this is dropped.
pub(super) struct Asking {
    screen: Screen,
    /// Whether the line in which it stands is still to be ended.
    pub(super) ends_line: bool,
}

/// Where frames are drawn.
#[derive(Clone)]
struct Canvas(Arc<Mutex<State>>);

struct State {
    to: Arc<Mutex<Output>>,
    way: Way,
    frame: String,
    /// Whether this frame shows something.
    shows: bool,
    /// Whether the last one did.
    shown: bool,
}

/// How frames reach the terminal.
enum Way {
    Free,
    /// Nobody sees them.
    Mute,
    /// Above the line that is being typed.
    Prompt(SyncSender<String>),
    Question(Question),
}

/// A question, and what is seen behind it.
struct Question {
    text: String,
    typed: String,
}

impl Screen {
    /// One that is plain shows text and nothing else: no control code is written to it.
    pub(super) fn new(to: Arc<Mutex<Output>>, is_plain: bool) -> Self {
        let state = State { to, way: Way::Free, frame: String::new(), shows: false, shown: false };
        let canvas = Canvas(Arc::new(Mutex::new(state)));
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(canvas.clone()), FRAMES);
        Self { bars: MultiProgress::with_draw_target(target), canvas, is_plain }
    }

    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Writes lines while the bars step aside.
    pub(super) fn write(&self, output: &Mutex<Output>, lines: &str) {
        self.bars.suspend(|| {
            let state = self.canvas.state();
            let prompt = match &state.way {
                Way::Prompt(editor) => Some(editor.clone()),
                Way::Question(question) => {
                    return self.write_above(&state, question, output, lines);
                }
                Way::Free | Way::Mute => None,
            };
            drop(state);
            // An editor that does not come to it is not typing any more.
            let taken = prompt.is_some_and(|editor| editor.try_send(lines.to_owned()).is_ok());
            if !taken {
                lock(output).write(lines);
            }
        });
    }

    /// The question steps aside, and comes back below the lines.
    fn write_above(&self, state: &State, asked: &Question, output: &Mutex<Output>, lines: &str) {
        let columns = state.columns();
        let aside = if self.is_plain { "\n".to_owned() } else { asked.erased(columns) };
        lock(&state.to).write(&aside);
        lock(output).write(lines);
        lock(&state.to).write(&asked.drawn(columns));
    }

    /// A question is asked from now on. Bars wait until it is over, and lines stand above it.
    pub(super) fn ask(&self, question: &str) -> Asking {
        // No bar is drawn between its last frame and the question.
        self.bars.suspend(|| {
            let question = Question { text: question.to_owned(), typed: String::new() };
            let mut state = self.canvas.state();
            let drawn = question.drawn(state.columns());
            lock(&state.to).write(&drawn);
            state.turn(Way::Question(question));
        });
        Asking { screen: self.clone(), ends_line: true }
    }

    /// Puts a bar below the others.
    pub(super) fn add(&self, bar: ProgressBar) -> ProgressBar {
        self.bars.add(bar)
    }

    /// Puts a bar above the others.
    pub(super) fn add_first(&self, bar: ProgressBar) -> ProgressBar {
        self.bars.insert(0, bar)
    }

    pub(super) fn remove(&self, bar: &ProgressBar) {
        bar.finish_and_clear();
        self.bars.remove(bar);
    }

    pub(super) fn columns(&self) -> u16 {
        self.canvas.width()
    }

    /// A line is typed from now on; whatever is to stand above it goes to the editor.
    pub(super) fn begin_prompt(&self, editor: SyncSender<String>) {
        let _ = self.bars.clear();
        self.canvas.turn(Way::Prompt(editor));
    }

    /// The line is typed. What the bars showed above it stays there as it was.
    pub(super) fn end_prompt(&self) {
        self.canvas.turn(Way::Mute);
        let _ = self.bars.clear();
        self.canvas.turn(Way::Free);
    }
}

impl Asking {
    /// This is seen behind the question from now on.
    pub(super) fn typed(&self, typed: &str) {
        let mut state = self.screen.canvas.state();
        let columns = state.columns();
        let Way::Question(question) = &mut state.way else { return };
        let seen: String = typed.chars().filter(|c| !c.is_control()).collect();
        let change = question.changed_to(seen, columns);
        lock(&state.to).write(&change);
    }
}

impl Drop for Asking {
    /// However it ended.
    fn drop(&mut self) {
        self.screen.bars.suspend(|| {
            let mut state = self.screen.canvas.state();
            // A program that ends has taken the terminal back already.
            if !matches!(state.way, Way::Question(_)) {
                return;
            }
            if self.ends_line {
                lock(&state.to).write("\n");
            }
            state.turn(Way::Free);
        });
    }
}

impl Question {
    /// The cursor stands behind it, in the next line when this one is full.
    fn drawn(&self, columns: u16) -> String {
        let is_full = end(&[&self.text, &self.typed], columns).1 == columns;
        format!("{}{}{}", self.text, self.typed, if is_full { "\n" } else { "" })
    }

    /// From the end of it to where it began, and nothing is left of it.
    fn erased(&self, columns: u16) -> String {
        let (row, column) = end(&[&self.text, &self.typed], columns);
        match row.saturating_add(u16::from(column == columns)) {
            0 => "\r\x1b[J".to_owned(),
            rows => format!("\x1b[{rows}A\r\x1b[J"),
        }
    }

    /// What is written when something else is seen behind it. One more character is no reason to draw
    /// all of it again, as long as it is in the same line.
    fn changed_to(&mut self, typed: String, columns: u16) -> String {
        let before = end(&[&self.text, &self.typed], columns);
        let after = end(&[&self.text, &typed], columns);
        let more = typed.strip_prefix(&self.typed).map(str::to_owned);
        let erased = self.erased(columns);
        self.typed = typed;
        match more {
            Some(more) if before.0 == after.0 && after.1 < columns => more,
            _ => erased + &self.drawn(columns),
        }
    }
}

/// Where texts end: how many rows below their first, and how many columns of the last are full.
fn end(texts: &[&str], columns: u16) -> (u16, u16) {
    let (mut row, mut column) = (0_u16, 0_u16);
    for c in texts.iter().flat_map(|text| text.chars()) {
        // None is wider than two.
        let width = u16::try_from(c.width().unwrap_or(0)).unwrap_or(0);
        if c == '\n' || column.saturating_add(width) > columns {
            (row, column) = (row.saturating_add(1), 0);
        }
        column = column.saturating_add(width);
    }
    (row, column)
}

impl Canvas {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, way: Way) {
        self.state().turn(way);
    }

    fn add(&self, text: &str) -> io::Result<()> {
        self.state().frame += text;
        Ok(())
    }

    fn step(&self, steps: usize, to: char) -> io::Result<()> {
        if steps == 0 { Ok(()) } else { self.add(&format!("\x1b[{steps}{to}")) }
    }
}

impl State {
    fn turn(&mut self, way: Way) {
        self.way = way;
        self.shown = false;
    }

    fn columns(&self) -> u16 {
        let said = lock(&self.to).look.width;
        columns().or(said).unwrap_or(80)
    }

    fn flush(&mut self) {
        let frame = std::mem::take(&mut self.frame);
        let (shows, shown) = (std::mem::take(&mut self.shows), self.shown);
        if !shows && !shown {
            return;
        }
        self.shown = shows;
        match &self.way {
            Way::Free => {
                let end = if shows { "\n" } else { "\x1b[J" };
                lock(&self.to).write(&format!("{}{frame}{end}", begin(shown)));
            }
            Way::Mute => {}
            // What was not drawn is not there to be drawn over.
            Way::Question(_) => self.shown = false,
            Way::Prompt(editor) => {
                // The editor goes on in the line below what it writes, and ends lines by itself.
                let end = if shows { "\n" } else { "\x1b[A\n" };
                let sent = editor.try_send(format!("{}{frame}{end}", begin(shown)));
                self.shown = shows && sent.is_ok();
            }
        }
    }
}

/// From the line below the bars that were drawn before into their last.
fn begin(shown: bool) -> &'static str {
    if shown { "\x1b[A" } else { "" }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        self.state().columns()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.step(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.step(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.step(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.step(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.add(text)?;
        self.add("\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut state = self.state();
        state.shows |= text.chars().any(|c| c != '\r');
        state.frame += text;
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        self.state().flush();
        Ok(())
    }
}

impl fmt::Debug for Canvas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canvas")
    }
}

/// So many frames a second.
const FRAMES: u8 = 10;
