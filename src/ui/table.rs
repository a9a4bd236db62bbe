//! Tables: rows for a person's eyes.

use crate::model::Untrusted;
use comfy_table::{ContentArrangement, presets};

/// Rows under a heading. Whatever is put into it is shown as [`Untrusted`], be it foreign or not, so
/// nobody has to know which it was.
#[derive(Debug)]
pub struct Table(comfy_table::Table);

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(columns);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self(table)
    }

    /// A row more.
    pub fn row<Cell: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let shown = cells.into_iter().map(|cell| Untrusted::new(cell.as_ref()).to_string());
        self.0.add_row(shown.collect::<Vec<_>>());
    }

    /// The lines, the first of them the heading; in at most so many columns, if that is said.
    pub fn lines(mut self, width: Option<u16>) -> Vec<String> {
        match width {
            Some(width) => self.0.set_width(width),
            None => self.0.set_content_arrangement(ContentArrangement::Disabled),
        };
        self.0.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}
