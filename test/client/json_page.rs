//! `docs/json.md`, read: which objects a verb prints, and what is in them.

use serde_json::Value;
use std::collections::BTreeSet;

/// A section of the page: objects that look alike.
pub(crate) struct Section {
    pub(crate) heading: String,
    /// What they are called, and which of them come seldom.
    pub(crate) types: Listed,
    /// From where they come, and from where seldom; from everywhere, if nothing is said.
    pub(crate) verbs: Listed,
    pub(crate) fields: Vec<Field>,
    /// Lines that are shown.
    pub(crate) examples: Vec<Value>,
}

/// Names between backticks, and those that stand behind the word `seldom`.
pub(crate) struct Listed {
    pub(crate) usual: Vec<String>,
    pub(crate) seldom: Vec<String>,
}

/// A row of a section's table.
pub(crate) struct Field {
    pub(crate) name: String,
    kinds: Vec<String>,
    /// Whether it is there only when something is so.
    pub(crate) is_seldom: bool,
}

impl Listed {
    fn of(text: &str) -> Self {
        let (usual, seldom) = match text.to_lowercase().find("seldom") {
            Some(at) => text.split_at(at),
            None => (text, ""),
        };
        let names = |text: &str| {
            let names = text.split('`').skip(1).step_by(2);
            names.map(ToOwned::to_owned).collect()
        };
        Self { usual: names(usual), seldom: names(seldom) }
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        self.usual.iter().chain(&self.seldom)
    }
}

/// All sections.
pub(crate) fn sections(page: &str) -> Vec<Section> {
    page.split("\n### ").skip(1).map(Section::of).collect()
}

impl Section {
    fn of(text: &str) -> Self {
        let text = text.split("\n## ").next().unwrap();
        let (heading, rest) = text.split_once('\n').unwrap();
        let (about, table) = rest.split_once("| field | type | what it says |").expect(heading);
        // Other words between backticks stand before it.
        let from = about.to_lowercase().find("from `").or(about.find("From every verb"));
        let from = from.unwrap_or_else(|| panic!("{heading}: from where?"));
        let begin = about[..from].to_lowercase().rfind("seldom").unwrap_or(from);
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        let mut verbs = Listed::of(&about[begin..]);
        for list in [&mut verbs.usual, &mut verbs.seldom] {
            list.retain(|name| ["client", "server"].contains(&name.split(' ').next().unwrap()));
        }
        let examples = table.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
        let examples = examples.unwrap_or_default().lines();
        Self {
            heading: heading.to_owned(),
            types: Listed::of(heading),
            verbs,
            fields: rows.map(Field::of).collect(),
            examples: examples.map(|line| serde_json::from_str(line).expect(line)).collect(),
        }
    }

    /// Whether this verb may print an object of this type that looks so.
    pub(crate) fn is_about(&self, verb: &str, object: &Value) -> bool {
        let from_everywhere = self.verbs.all().next().is_none();
        self.types.all().any(|it| object["type"] == **it)
            && (from_everywhere || self.verbs.all().any(|it| it == verb))
    }

    /// What is in an object, field by field, if it is as the table says.
    pub(crate) fn fits(&self, object: &Value) -> Result<BTreeSet<String>, String> {
        let mut there = BTreeSet::new();
        self.look("", object, &mut there)?;
        let missing = self.fields.iter().find(|it| !it.is_seldom && !there.contains(&it.name));
        match missing.filter(|it| !it.is_in_empty_list(object)) {
            Some(missing) => Err(format!("{} is missing", missing.name)),
            None => Ok(there),
        }
    }

    fn look(&self, at: &str, it: &Value, there: &mut BTreeSet<String>) -> Result<(), String> {
        let Some(fields) = it.as_object() else { return Ok(()) };
        for (name, value) in fields {
            let name = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            let field = self.fields.iter().find(|it| it.name == name);
            let field = field.ok_or_else(|| format!("{name} is not told"))?;
            if !field.kinds.iter().any(|kind| is_of(kind, value)) {
                return Err(format!("{name} is no {:?}: {value}", field.kinds));
            }
            match value {
                Value::Array(all) => {
                    for one in all {
                        self.look(&format!("{name}[]"), one, there)?;
                    }
                }
                other => self.look(&name, other, there)?,
            }
            there.insert(name);
        }
        Ok(())
    }
}

impl Field {
    fn of(row: &str) -> Self {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        Self {
            name: cells[0].trim_matches('`').to_owned(),
            kinds: cells[1].split(" or ").map(ToOwned::to_owned).collect(),
            is_seldom: cells[2].starts_with("when ") || cells[2].starts_with("when:"),
        }
    }

    /// Whether there is nothing of which it could be a field.
    fn is_in_empty_list(&self, object: &Value) -> bool {
        let list = self.name.split_once("[]").map(|(list, _)| &object[list]);
        list.and_then(Value::as_array).is_some_and(Vec::is_empty)
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    let all = |is: fn(&Value) -> bool| value.as_array().is_some_and(|all| all.iter().all(is));
    match kind {
        "text" => value.is_string(),
        "number" => value.is_u64(),
        "true/false" => value.is_boolean(),
        "null" => value.is_null(),
        "object" => value.is_object(),
        "list of texts" => all(Value::is_string),
        "list of objects" => all(Value::is_object),
        "list of pairs" => all(|it| it.as_array().is_some_and(|pair| pair.len() == 2)),
        other => panic!("what is {other}?"),
    }
}
