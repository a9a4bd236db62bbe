//! Tables: rows for a person's eyes.

use crate::model::Untrusted;
use comfy_table::{ContentArrangement, presets};

/// Rows, mostly under a heading. Whatever is put into it is shown as [`Untrusted`], be it foreign or
/// not, so nobody has to know which it was.
#[derive(Debug)]
pub struct Table {
    rows: comfy_table::Table,
    has_heading: bool,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let mut rows = comfy_table::Table::new();
        rows.load_style(presets::NOTHING).set_header(columns);
        Self { rows, has_heading: true }
    }

    /// A table whose first column says what the others are.
    pub fn without_heading() -> Self {
        let mut rows = comfy_table::Table::new();
        rows.load_style(presets::NOTHING);
        Self { rows, has_heading: false }
    }

    /// A row more.
    pub fn row<Cell: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let shown = cells.into_iter().map(|cell| Untrusted::new(cell.as_ref()).to_string());
        self.rows.add_row(shown.collect::<Vec<_>>());
    }

    /// Whether the first line is a heading.
    pub fn has_heading(&self) -> bool {
        self.has_heading
    }

    /// The lines, in at most so many columns, if that is said.
    pub fn lines(mut self, width: Option<u16>) -> Vec<String> {
        for column in self.rows.column_iter_mut() {
            column.set_padding((0, BETWEEN_COLUMNS));
        }
        match width {
            Some(width) => {
                self.rows.set_content_arrangement(ContentArrangement::Dynamic).set_width(width)
            }
            None => self.rows.set_content_arrangement(ContentArrangement::Disabled),
        };
        self.rows.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

const BETWEEN_COLUMNS: u16 = 2;
