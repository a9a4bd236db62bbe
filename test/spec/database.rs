//! `docs/database.md` has every table and column of a database that was just made, and no others.

use super::page::{cells, text};
use rusqlite::Connection;
use std::collections::BTreeMap;
use waxwing::index::store::{Place, Sqlite};

/// The columns of each table, with what they hold.
type Tables = BTreeMap<String, Vec<(String, String)>>;

#[test]
fn every_table_and_column_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.db");
    let store = Sqlite::open(Place::File(path.clone())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.close());
    let (there, told) = (there(&Connection::open(path).unwrap()), told());
    for (table, columns) in &there {
        let found = told.get(table).unwrap_or_else(|| panic!("{table} is not told"));
        let missing: Vec<_> = columns.iter().filter(|it| !found.contains(it)).collect();
        let others: Vec<_> = found.iter().filter(|it| !columns.contains(it)).collect();
        assert!(missing.is_empty(), "{table}: not told: {missing:?}; told instead: {others:?}");
        assert_eq!(found, columns, "{table}, in the order in which they are");
    }
    let others: Vec<_> = told.keys().filter(|table| !there.contains_key(*table)).collect();
    assert!(others.is_empty(), "told, but not there: {others:?}");
}

/// What SQLite keeps for itself, and behind the table for searches, is left out.
fn there(db: &Connection) -> Tables {
    let sql = "SELECT t.name, c.name, c.type FROM pragma_table_list t, pragma_table_info(t.name) c
        WHERE t.schema = 'main' AND t.type IN ('table', 'virtual') AND t.name NOT LIKE 'sqlite_%'
        ORDER BY t.name, c.cid";
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))));
    let mut tables = Tables::new();
    for row in rows.unwrap() {
        let (table, column): (String, (String, String)) = row.unwrap();
        tables.entry(table).or_default().push(column);
    }
    assert!(tables.len() >= 11, "{tables:?}");
    tables
}

/// A section a table, and in it a row a column.
fn told() -> Tables {
    let page = text("docs/database.md");
    let sections = page.split("\n### `").skip(1).map(|section| {
        let (name, rest) = section.split_once('`').unwrap();
        let rest = rest.split("\n## ").next().unwrap();
        let rows = rest.lines().filter(|line| line.starts_with("| `")).map(cells);
        let columns = rows.map(|row| (row[0].trim_matches('`').to_owned(), row[1].clone()));
        (name.to_owned(), columns.collect())
    });
    sections.collect()
}
