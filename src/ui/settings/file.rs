//! The file of settings, in TOML: names and values, without tables.

use super::{Setting, SettingError};
use crate::model::Untrusted;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeArray, DeTable, DeValue};

/// What a file sets. Whatever it says, it says of a setting that there is.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl ConfigFile {
    /// Reads a file's text; `path` is where it lies.
    pub fn parse(table: &[&Setting], path: &Path, text: &str) -> Result<Self, SettingError> {
        let refused = |at: Option<Range<usize>>, reason: String| {
            let line = at.map(|at| format!(", line {}", line_of(text, at.start)));
            let place = format!("{}{}", path.display(), line.unwrap_or_default());
            SettingError { place, reason }
        };
        let read = DeTable::parse(text)
            .map_err(|error| refused(error.span(), Untrusted::new(error.message()).to_string()))?;
        let mut values = BTreeMap::new();
        for (key, value) in read.get_ref() {
            let name: &str = key.get_ref();
            let setting = find(table, name).map_err(|reason| refused(Some(key.span()), reason))?;
            let value = text_of(setting, value.get_ref())
                .map_err(|wanted| refused(Some(key.span()), format!("{name} {wanted}")))?;
            values.insert(name.to_owned(), value);
        }
        Ok(Self { path: path.to_owned(), values })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn get(&self, setting: &Setting) -> Option<&str> {
        self.values.get(setting.name).map(String::as_str)
    }
}

fn find<'a>(table: &[&'a Setting], name: &str) -> Result<&'a Setting, String> {
    let known = || table.iter().copied().filter(|setting| setting.in_file);
    known().find(|setting| setting.name == name).ok_or_else(|| {
        let nearest = known()
            .map(|setting| setting.name)
            .max_by(|one, other| strsim::jaro(one, name).total_cmp(&strsim::jaro(other, name)));
        let meant = nearest.map(|nearest| format!("; did you mean {nearest}?"));
        format!("there is no setting {}{}", Untrusted::new(name), meant.unwrap_or_default())
    })
}

/// A value as the text that a flag would hold.
fn text_of(setting: &Setting, value: &DeValue<'_>) -> Result<String, &'static str> {
    match (setting.value, value) {
        (Some(_), DeValue::Array(values)) if setting.many => joined(values),
        (None, DeValue::Boolean(on)) => Ok(on.to_string()),
        (None, _) => Err("must be true or false"),
        (Some(_), DeValue::String(text)) => Ok(text.to_string()),
        (Some(_), DeValue::Integer(number)) if number.radix() == 10 => {
            Ok(number.as_str().replace('_', ""))
        }
        (Some(_), _) => Err("must be a text in quotes or a number"),
    }
}

fn joined(values: &DeArray<'_>) -> Result<String, &'static str> {
    let wanted = "must be texts in quotes, without `:`";
    let text = |value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(text) if !text.contains(SEPARATOR) => Ok(text.to_string()),
        _ => Err(wanted),
    };
    let texts: Vec<_> = values.iter().map(text).collect::<Result<_, _>>()?;
    Ok(texts.join(SEPARATOR))
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.matches('\n').count().saturating_add(1)
}

/// Between several values, as in `PATH`.
const SEPARATOR: &str = if cfg!(windows) { ";" } else { ":" };
