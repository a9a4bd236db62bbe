//! Tables: rows for a person's eyes.
//!
//! On a terminal a table is as wide as the terminal at most: columns get narrower, the widest first;
//! cells break between words and behind the slashes of paths, and only what is longer than its column
//! even so is cut, which a `…` says. Of a fingerprint or an address nothing is cut: it goes on in the next line, since
//! keys that look the same for a part need not be the same. Elsewhere all is whole, and what is long pushes nothing else away.

use crate::model::{Foreign, HostPort, Untrusted};
use unicode_width::UnicodeWidthStr;

/// What stands in a cell. Whatever it is made of is shown as [`Untrusted`], and once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell(String);

impl Cell {
    /// A text, be it foreign or not, so nobody has to know which it was.
    pub fn new(text: &str) -> Self {
        Self(Untrusted::new(text).to_string())
    }

    /// A text in which parts are shown so already.
    pub fn with_parts_shown(text: &str) -> Self {
        Self(Untrusted::new(text).with_parts_shown().to_string())
    }
}

impl From<&Foreign> for Cell {
    fn from(text: &Foreign) -> Self {
        Self(text.to_string())
    }
}

/// Rows, mostly under a heading.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
    has_heading: bool,
    /// The column of names, which may be very long.
    names: Option<usize>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let heading = columns.iter().map(|&column| column.to_owned()).collect();
        Self { rows: vec![heading], has_heading: true, names: None }
    }

    /// A table whose first column says what the others are.
    pub fn without_heading() -> Self {
        Self { rows: Vec::new(), has_heading: false, names: None }
    }

    /// The same, but a cell in this column, the first being 0, takes two lines at most.
    pub fn names_in(self, column: usize) -> Self {
        Self { names: Some(column), ..self }
    }

    /// A row more, of texts.
    pub fn row<Text: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = Text>) {
        self.cells(cells.into_iter().map(|text| Cell::new(text.as_ref())));
    }

    /// A row more.
    pub fn cells(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().map(|cell| cell.0).collect());
    }

    /// Whether the first line is a heading.
    pub fn has_heading(&self) -> bool {
        self.has_heading
    }

    /// The lines, in at most so many columns, if that is said.
    pub fn lines(self, width: Option<u16>) -> Vec<String> {
        let natural = self.widths(UnicodeWidthStr::width);
        let Some(width) = width.map(usize::from) else {
            let widths: Vec<_> = natural.iter().map(|width| *width.min(&ALIGNED)).collect();
            return self.rows.iter().map(|row| line(row, &widths)).collect();
        };
        let gaps = natural.len().saturating_sub(1).saturating_mul(BETWEEN_COLUMNS);
        let mut least = self.widths(least);
        if let Some(names) = self.names.and_then(|column| least.get_mut(column)) {
            *names = NAME_WIDTH.min(*names);
        }
        let widths = fitted(&natural, &least, width.saturating_sub(gaps));
        self.rows.iter().flat_map(|row| self.broken(row, &widths)).collect()
    }

    /// The widest of each column.
    fn widths(&self, of: impl Fn(&str) -> usize) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let widest = |column| {
            let cells = self.rows.iter().filter_map(|row| row.get(column).map(String::as_str));
            cells.map(&of).max().unwrap_or_default()
        };
        (0..columns).map(widest).collect()
    }

    /// A row in as many lines as its tallest cell has.
    fn broken(&self, row: &[String], widths: &[usize]) -> Vec<String> {
        let most = |column| if self.names == Some(column) { NAME_LINES } else { usize::MAX };
        let cells = row.iter().zip(widths).enumerate();
        let cells: Vec<_> =
            cells.map(|(column, (cell, width))| broken_cell(cell, *width, most(column))).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        let of_line = |at: usize| -> Vec<_> {
            cells.iter().map(|lines| lines.get(at).cloned().unwrap_or_default()).collect()
        };
        (0..height).map(|at| line(&of_line(at), widths)).collect()
    }
}

/// Cells side by side.
fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let missing = width.saturating_sub(cell.width());
        line += cell;
        line += &" ".repeat(missing.saturating_add(BETWEEN_COLUMNS));
    }
    line.trim_end().to_owned()
}

/// How wide columns are that have this room together: as wide as they like, else not narrower than
/// the longest piece in them, else narrower even so; the widest give way first.
fn fitted(natural: &[usize], least: &[usize], room: usize) -> Vec<usize> {
    let fits = |widths: &Vec<usize>| widths.iter().sum::<usize>() <= room;
    let at_most = |most: usize| -> Vec<_> {
        natural.iter().zip(least).map(|(natural, least)| most.clamp(*least, *natural)).collect()
    };
    let cut = |most: usize| -> Vec<_> { least.iter().map(|least| most.min(*least)).collect() };
    let whole = (1..=room).rev().map(at_most).find(fits);
    let widths = whole.or_else(|| (1..=room).rev().map(cut).find(fits));
    widths.unwrap_or_else(|| least.to_vec())
}

/// How narrow a cell can be without being cut. What is short, such as a size, is not broken.
fn least(cell: &str) -> usize {
    match cell.width() {
        short @ ..=SHORT => short,
        _ => pieces(cell).map(width_of).max().unwrap_or_default(),
    }
}

/// The lines of a cell, none wider than its column.
fn broken_cell(cell: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(cell) {
        match width_of(piece) > width {
            true if is_whole(piece) => {
                // From the left: it is read from there.
                if lines.last().is_some_and(|line| !line.is_empty()) {
                    lines.push(String::new());
                }
                let mut letter = [0; 4];
                piece.chars().for_each(|c| add(&mut lines, c.encode_utf8(&mut letter), width));
            }
            true => add(&mut lines, &cut(piece, width), width),
            false => add(&mut lines, piece, width),
        }
    }
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).concat();
        lines.push(cut(&rest, width));
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// Adds a piece to the last line, or to a new one if it has no room there.
fn add(lines: &mut Vec<String>, piece: &str, width: usize) {
    match lines.last_mut() {
        Some(line) if line.is_empty() || fits(line, piece, width) => *line += piece,
        _ => lines.push(piece.to_owned()),
    }
}

/// Whether it counts only as a whole: a fingerprint, also in an invitation, or an address.
fn is_whole(piece: &str) -> bool {
    let is_hex =
        |part: &str| part.len() == FINGERPRINT && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_address = || piece.trim_end_matches([' ', ',']).parse::<HostPort>().is_ok();
    piece.split(|c: char| !c.is_ascii_alphanumeric()).any(is_hex) || is_address()
}

/// What is shown already, in so many columns.
fn cut(shown: &str, width: usize) -> String {
    Untrusted::new(shown).with_parts_shown().fitted(width).to_string()
}

fn fits(line: &str, piece: &str, width: usize) -> bool {
    line.width().saturating_add(width_of(piece)) <= width
}

/// What is not broken: words with the spaces behind them, and parts of paths with their slash.
fn pieces(cell: &str) -> impl Iterator<Item = &str> {
    cell.split_inclusive([' ', '/'])
}

/// Spaces at the end of a line take no room.
fn width_of(piece: &str) -> usize {
    piece.trim_end().width()
}

const BETWEEN_COLUMNS: usize = 2;
/// Where there is no terminal, what is wider pushes its own line on, and no other.
const ALIGNED: usize = 40;
const SHORT: usize = 12;
/// So many digits a fingerprint has.
const FINGERPRINT: usize = 64;
/// What a name has at least.
const NAME_WIDTH: usize = 20;
const NAME_LINES: usize = 2;
