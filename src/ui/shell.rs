//! The prompt: lines that a person types, with completion and history, while other things go on.
//!
//! What is printed meanwhile stands above the line that is being typed, whole; so do bars. Ctrl-C
//! drops the line, Ctrl-D leaves. A terminal that cannot be steered, and one to which results do not go,
//! has plain lines, without completion and history.
//!
//! rustyline does the editing. Reedline was looked at and does as much, but brings a second clock, a
//! second terminal library and three times as many crates.

use super::ask::QuestionError;
use super::printer::Printer;
use super::typing::{Echo, read_line};
use crate::model::Invitation;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{CompletionType, Config};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{FileHistory, History};
use rustyline::validate::Validator;
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Says what the word being typed may become: given the words before it, and its beginning.
pub type Completion = Arc<dyn Fn(&[String], &str) -> Vec<String> + Send + Sync>;

/// A prompt.
pub struct Shell {
    /// None where lines are plain.
    editing: Option<Editing>,
    printer: Printer,
    history: Option<PathBuf>,
}

/// What a line is edited with, and the way to what stands above it.
struct Editing {
    editor: Editor<Words, FileHistory>,
    above: SyncSender<String>,
}

/// What was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line.
    Typed(String),
    /// Ctrl-C: the line is not meant. Whether there was something in it is not told.
    Dropped,
    /// Ctrl-D, or the terminal is gone.
    End,
}

impl Shell {
    /// On the terminal, with the lines of earlier times, if a file keeps them.
    pub fn open(
        printer: &Printer,
        history: Option<PathBuf>,
        completion: Completion,
    ) -> io::Result<Self> {
        let editing = Editing::new(history.as_deref(), completion)?;
        Ok(Self { editing, printer: printer.clone(), history })
    }

    /// The next line.
    pub fn read(&mut self, prompt: &str) -> io::Result<Line> {
        self.printer.measure();
        let typed = match &mut self.editing {
            Some(editing) => editing.read(&self.printer, prompt),
            None => read_plain(&self.printer, prompt),
        };
        match typed {
            Ok(line) => {
                self.remember(&line);
                Ok(Line::Typed(line))
            }
            Err(QuestionError::Interrupted) => Ok(Line::Dropped),
            Err(QuestionError::End) => Ok(Line::End),
            Err(QuestionError::Io(error)) => Err(error),
        }
    }

    /// Each line is kept at once: the next crash is not told before.
    fn remember(&mut self, line: &str) {
        // A token in it lets in who reads it.
        if line.contains(Invitation::SCHEME) {
            return;
        }
        let Some(Editing { editor, .. }) = &mut self.editing else { return };
        let is_new = editor.add_history_entry(line).unwrap_or(false);
        if let (true, Some(path)) = (is_new, &self.history) {
            let _ = editor.history_mut().append(path);
        }
    }
}

impl Editing {
    /// None, where nothing can be put above the line that is being typed.
    fn new(history: Option<&Path>, completion: Completion) -> io::Result<Option<Self>> {
        let settings = Config::builder()
            .completion_type(CompletionType::List)
            .history_ignore_space(true)
            .max_history_size(LINES_KEPT)
            .map_err(io::Error::other)?
            .build();
        let kept = FileHistory::with_config(&settings);
        let mut editor = Editor::with_history(settings, kept).map_err(io::Error::other)?;
        editor.set_helper(Some(Words(completion)));
        if let Some(path) = history {
            // A first time has none.
            let _ = editor.load_history(path);
        }
        let Ok(mut external) = editor.create_external_printer() else { return Ok(None) };
        let (above, said) = sync_channel::<String>(WAITING);
        let forward = move || {
            for lines in said {
                if external.print(lines).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("prompt".to_owned()).spawn(forward)?;
        Ok(Some(Self { editor, above }))
    }

    fn read(&mut self, printer: &Printer, prompt: &str) -> Result<String, QuestionError> {
        if let Some(screen) = printer.screen() {
            screen.begin_prompt(self.above.clone());
        }
        let typed = self.editor.readline(prompt);
        if let Some(screen) = printer.screen() {
            screen.end_prompt();
        }
        Ok(typed?)
    }
}

fn read_plain(printer: &Printer, prompt: &str) -> Result<String, QuestionError> {
    let screen = printer.screen().ok_or_else(|| io::Error::other("there is no terminal"))?;
    Ok(read_line(screen, prompt, Echo::Shown)?.to_string())
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shell")
    }
}

/// The words of a line, as a shell cuts them: at spaces, unless these stand in quotes or behind a
/// backslash. None if a quote is not closed.
pub fn split_words(line: &str) -> Option<Vec<String>> {
    let cut = Cut::of(line);
    if cut.quote.is_some() {
        return None;
    }
    let last = (cut.begun).then_some(cut.word);
    Some(cut.words.into_iter().chain(last).collect())
}

/// The line that is cut into these words, here and by any shell: what is in them, which others may have named, does
/// nothing there.
pub fn join_words(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:@%+=,".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A line cut into words, the last of which may go on.
#[derive(Default)]
struct Cut {
    words: Vec<String>,
    word: String,
    /// Where the last word begins in the line.
    start: usize,
    begun: bool,
    quote: Option<char>,
}

impl Cut {
    fn of(line: &str) -> Self {
        let mut cut = Self { start: line.len(), ..Self::default() };
        let mut escaped = false;
        for (at, c) in line.char_indices() {
            if !cut.begun && !c.is_whitespace() {
                (cut.begun, cut.start) = (true, at);
            }
            match (c, cut.quote) {
                _ if escaped => {
                    escaped = false;
                    cut.word.push(c);
                }
                ('\\', None | Some('"')) => escaped = true,
                ('"' | '\'', None) => cut.quote = Some(c),
                (c, Some(quote)) if c == quote => cut.quote = None,
                (c, None) if c.is_whitespace() => cut.end_word(line.len()),
                (c, _) => cut.word.push(c),
            }
        }
        cut
    }

    fn end_word(&mut self, end: usize) {
        if std::mem::take(&mut self.begun) {
            self.words.push(std::mem::take(&mut self.word));
        }
        self.start = end;
    }
}

/// What is completed.
struct Words(Completion);

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let cut = Cut::of(line.get(..at).unwrap_or(line));
        let found = (self.0)(&cut.words, &cut.word);
        let pairs = found.into_iter().map(|display| {
            // A folder goes on; any other word is done.
            let end = if display.ends_with(['/', ':']) { "" } else { " " };
            Pair { replacement: format!("{}{end}", escaped(&display)), display }
        });
        Ok((cut.start, pairs.collect()))
    }
}

/// A word as it has to be typed.
fn escaped(word: &str) -> String {
    let special = |c: char| c.is_whitespace() || "\\'\"".contains(c);
    let escape = |c: char| special(c).then_some('\\').into_iter().chain([c]);
    word.chars().flat_map(escape).collect()
}

impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}

/// So many lines may wait to be shown above the prompt.
const WAITING: usize = 1024;
const LINES_KEPT: usize = 1000;
