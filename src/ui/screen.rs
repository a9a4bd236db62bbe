//! A terminal that bars, lines and a prompt share, so that none tears another.
//!
//! ```text
//! a line ────────▶ the bars step aside, the line is written, the bars come back below it
//! a bar's frame ─▶ free:    written at the end of what was written, the cursor in the line below, where
//!                           a terminal echoes Ctrl-C
//!                  prompt:  handed to the line editor, which puts it above the line being typed
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

/// The terminal behind stderr. Cheap to clone; all clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Screen {
    bars: MultiProgress,
    canvas: Canvas,
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
}

impl Screen {
    pub(super) fn new(to: Arc<Mutex<Output>>) -> Self {
        let state = State { to, way: Way::Free, frame: String::new(), shows: false, shown: false };
        let canvas = Canvas(Arc::new(Mutex::new(state)));
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(canvas.clone()), FRAMES);
        Self { bars: MultiProgress::with_draw_target(target), canvas }
    }

    /// Writes lines while the bars step aside.
    pub(super) fn write(&self, output: &Mutex<Output>, lines: &str) {
        self.bars.suspend(|| {
            let prompt = match &self.canvas.state().way {
                Way::Prompt(editor) => Some(editor.clone()),
                _ => None,
            };
            // An editor that does not come to it is not typing any more.
            let taken = prompt.is_some_and(|editor| editor.try_send(lines.to_owned()).is_ok());
            if !taken {
                lock(output).write(lines);
            }
        });
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

impl Canvas {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, way: Way) {
        let mut state = self.state();
        state.way = way;
        state.shown = false;
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
            Way::Prompt(editor) => {
                // The editor goes on in the line below what it writes, and ends lines by itself.
                let end = if shows { "\n" } else { "\x1b[A\n" };
                let sent = editor.try_send(format!("{}{frame}{end}", begin(shown)));
                // What was not drawn is not there to be drawn over.
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
        let said = lock(&self.state().to).look.width;
        columns().or(said).unwrap_or(80)
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
