//! What was promised: the ids that there are, and how a list of them is read.

/// The number of the last id of each letter.
pub(super) const LAST: &[(char, u32)] = &[
    ('A', 25),
    ('B', 26),
    ('C', 24),
    ('D', 22),
    ('E', 22),
    ('F', 13),
    ('G', 12),
    ('H', 20),
    ('I', 24),
    ('J', 15),
];

/// A number that was never given.
pub(super) const NEVER: &[&str] = &["D7"];

/// One thing, and the parts of the product with which it comes.
pub(super) struct Part {
    pub(super) id: String,
    pub(super) of: Vec<String>,
}

impl Part {
    /// Whether it comes with one of the parts that are there.
    pub(super) fn is_now(&self) -> bool {
        self.of.iter().any(|of| ["library", "index", "peers"].contains(&of.as_str()))
    }
}

/// The rows of a list: an id, what it is, the parts, and when it holds.
pub(super) fn parts(list: &str) -> Vec<Part> {
    let rows = list.lines().filter(|line| line.starts_with("| ")).map(super::page::cells);
    let is_id = |id: &str| {
        let number = id.strip_prefix(|c: char| c.is_ascii_uppercase());
        number.is_some_and(|it| it.parse::<u32>().is_ok())
    };
    let rows = rows.filter(|row| row.len() == 4 && is_id(&row[0]));
    let of = |row: &[String]| row[2].split(", ").map(ToOwned::to_owned).collect();
    rows.map(|row| Part { id: row[0].clone(), of: of(&row) }).collect()
}
