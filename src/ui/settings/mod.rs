//! Settings: one table of what can be set, and what counts when several say something.
//!
//! A [`Setting`] has one name. The flag, the environment variable and the key in the file are that
//! name in the spelling of each place, so nobody has to look up three:
//!
//! ```text
//! --open-joining     WAXWING_OPEN_JOINING=true     open-joining = true
//! ```
//!
//! A flag counts more than the environment, that more than the file, and that more than the default.
//! What is found is a text until the program asks for it; a text that is not what it should be is
//! refused with the place that it came from.
//!
//! ```
//! use waxwing::ui::settings::{Setting, Settings, flags};
//!
//! const PORT: Setting = Setting::usually("port", "N", "7311", "Listen on this port");
//! static TABLE: &[&Setting] = &[&PORT];
//!
//! let matches = clap::Command::new("demo").args(flags(TABLE)).get_matches_from(["demo"]);
//! let environment = |name: &str| (name == "WAXWING_PORT").then(|| "7400".into());
//! let settings = Settings::gather(TABLE, &matches, &environment, None);
//! assert_eq!(settings.number(&PORT, 1..=65535)?, Some(7400));
//! # Ok::<(), waxwing::ui::settings::SettingError>(())
//! ```

mod file;

pub use file::ConfigFile;

use crate::model::Untrusted;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// One row of a table of settings.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name: small letters and dashes.
    pub name: &'static str,
    /// What stands for its value in the help; a switch, which is on or off, has none.
    pub value: Option<&'static str>,
    /// What counts when nobody says anything.
    pub preset: Preset,
    /// Whether the file may set it.
    pub in_file: bool,
    /// Whether it has several values: in a file an array, elsewhere with `:` between them as in
    /// `PATH`.
    pub many: bool,
    /// One line of help.
    pub help: &'static str,
}

/// What counts when nobody says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// This value.
    Is(&'static str),
    /// No value; what the program does then, in words.
    Without(&'static str),
    /// A switch that is off.
    Off,
}

impl Setting {
    /// One with one value, which the file may set, too, and which is this one when nobody says anything.
    pub const fn usually(
        name: &'static str,
        value: &'static str,
        usual: &'static str,
        help: &'static str,
    ) -> Self {
        let (value, preset) = (Some(value), Preset::Is(usual));
        Self { name, value, preset, in_file: true, many: false, help }
    }

    /// The flag, with its dashes.
    pub fn flag(&self) -> String {
        format!("--{}", self.name)
    }

    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("WAXWING_{}", self.name.replace('-', "_").to_ascii_uppercase())
    }

    fn argument(&self) -> Arg {
        let about = match self.preset {
            Preset::Is(text) | Preset::Without(text) => format!("{} [default: {text}]", self.help),
            Preset::Off => self.help.to_owned(),
        };
        let flag = Arg::new(self.name).long(self.name).global(true).help(about).help_heading(GROUP);
        match self.value {
            Some(value) => {
                flag.value_name(value).value_parser(clap::builder::OsStringValueParser::new())
            }
            // `--switch=false` turns off what the environment or the file turned on.
            None => flag
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_name("BOOL")
                .hide_possible_values(true),
        }
    }
}

/// The flags of a table, for a command; each is accepted before and behind a verb.
pub fn flags(table: &[&Setting]) -> Vec<Arg> {
    table.iter().map(|setting| setting.argument()).collect()
}

/// A path, or that there is to be none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathOrOff {
    /// This one.
    Path(PathBuf),
    /// None.
    Off,
}

/// Why a setting was refused, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct SettingError {
    /// Where the setting stands, as its author would call it.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

/// All that was set, by whomever.
#[derive(Debug, Clone)]
pub struct Settings {
    given: Vec<Given>,
}

#[derive(Debug, Clone)]
struct Given {
    name: &'static str,
    text: OsString,
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Flag,
    Environment,
    File(PathBuf),
    Preset,
}

impl Settings {
    /// Looks for each setting of the table in the places that count, in their order.
    pub fn gather(
        table: &'static [&'static Setting],
        matches: &ArgMatches,
        environment: &dyn Fn(&str) -> Option<OsString>,
        file: Option<&ConfigFile>,
    ) -> Self {
        let look = |setting: &&'static Setting| {
            from_flag(setting, matches)
                .or_else(|| from_environment(setting, environment))
                .or_else(|| from_file(setting, file))
                .or_else(|| from_preset(setting))
        };
        Self { given: table.iter().filter_map(look).collect() }
    }

    /// The setting as a text.
    pub fn text(&self, setting: &Setting) -> Result<Option<&str>, SettingError> {
        let Some(given) = self.find(setting) else { return Ok(None) };
        let refused = || given.refuse(setting, "is not a text in UTF-8");
        given.text.to_str().map(Some).ok_or_else(refused)
    }

    /// The setting as something that is written as a text.
    pub fn parse<T: FromStr<Err: fmt::Display>>(
        &self,
        setting: &Setting,
    ) -> Result<Option<T>, SettingError> {
        self.read(setting, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// The setting as a number in a range.
    pub fn number(
        &self,
        setting: &Setting,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, SettingError> {
        let wanted = format!("must be a number from {} to {}", range.start(), range.end());
        self.read(setting, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| format!("{} {wanted}", Untrusted::new(text)))
        })
    }

    /// The setting as so many seconds in a range, else what is usual.
    pub fn seconds(
        &self,
        setting: &Setting,
        range: RangeInclusive<u64>,
        usual: Duration,
    ) -> Result<Duration, SettingError> {
        self.number(setting, range).map(|it| it.map_or(usual, Duration::from_secs))
    }

    /// Whether a switch is on.
    pub fn is_on(&self, setting: &Setting) -> Result<bool, SettingError> {
        self.switch(setting).map(Option::unwrap_or_default)
    }

    /// What was said of a switch, if anything was.
    pub fn switch(&self, setting: &Setting) -> Result<Option<bool>, SettingError> {
        self.read(setting, |text| match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(format!("{} must be true or false", Untrusted::new(text))),
        })
    }

    /// The setting as a path. One in a file is seen from that file's folder.
    pub fn path(&self, setting: &Setting) -> Option<PathBuf> {
        let given = self.find(setting)?;
        match &given.source {
            Source::File(file) => Some(file.parent().unwrap_or(Path::new("")).join(&given.text)),
            _ => Some(PathBuf::from(&given.text)),
        }
    }

    /// The setting as a path, or as the word `off`. A file of that name is `./off`.
    pub fn path_or_off(&self, setting: &Setting) -> Option<PathOrOff> {
        let is_off = self.find(setting)?.text == "off";
        if is_off { Some(PathOrOff::Off) } else { self.path(setting).map(PathOrOff::Path) }
    }

    /// The setting as paths, those in a file seen from that file's folder.
    pub fn paths(&self, setting: &Setting) -> Vec<PathBuf> {
        let Some(given) = self.find(setting) else { return Vec::new() };
        let folder = match &given.source {
            Source::File(file) => file.parent().unwrap_or(Path::new("")),
            _ => Path::new(""),
        };
        std::env::split_paths(&given.text).map(|path| folder.join(path)).collect()
    }

    /// What was typed behind the setting's flag.
    pub fn typed(&self, setting: &Setting) -> Option<&OsStr> {
        let given = self.find(setting).filter(|given| given.source == Source::Flag);
        given.map(|given| given.text.as_os_str())
    }

    /// The file that says it, if a file does.
    pub fn file_of(&self, setting: &Setting) -> Option<&Path> {
        match &self.find(setting)?.source {
            Source::File(file) => Some(file),
            _ => None,
        }
    }

    /// A setting that is a text, but not what the program needs: where it stands, and why.
    pub fn refuse(&self, setting: &Setting, reason: impl Into<String>) -> SettingError {
        let reason = reason.into();
        match self.find(setting) {
            Some(given) => given.refuse(setting, reason),
            None => SettingError { place: setting.flag(), reason },
        }
    }

    fn read<T>(
        &self,
        setting: &Setting,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, SettingError> {
        let Some(text) = self.text(setting)? else { return Ok(None) };
        read(text).map(Some).map_err(|reason| self.refuse(setting, reason))
    }

    fn find(&self, setting: &Setting) -> Option<&Given> {
        self.given.iter().find(|given| given.name == setting.name)
    }
}

impl Given {
    fn refuse(&self, setting: &Setting, reason: impl Into<String>) -> SettingError {
        let place = match &self.source {
            Source::Flag | Source::Preset => setting.flag(),
            Source::Environment => setting.variable(),
            Source::File(file) => format!("{}: {}", file.display(), setting.name),
        };
        SettingError { place, reason: reason.into() }
    }
}

fn from_flag(setting: &'static Setting, matches: &ArgMatches) -> Option<Given> {
    let typed = matches.value_source(setting.name) == Some(ValueSource::CommandLine);
    let mut raw = matches.get_raw(setting.name).filter(|_| typed)?;
    let text = raw.next_back()?.to_owned();
    Some(Given { name: setting.name, text, source: Source::Flag })
}

/// A variable that is there but empty says nothing.
fn from_environment(
    setting: &'static Setting,
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Option<Given> {
    let text = environment(&setting.variable()).filter(|text| !text.is_empty())?;
    Some(Given { name: setting.name, text, source: Source::Environment })
}

fn from_file(setting: &'static Setting, file: Option<&ConfigFile>) -> Option<Given> {
    let (file, text) = file.and_then(|file| Some((file, file.get(setting)?)))?;
    let source = Source::File(file.path().to_owned());
    Some(Given { name: setting.name, text: text.into(), source })
}

fn from_preset(setting: &'static Setting) -> Option<Given> {
    let Preset::Is(text) = setting.preset else { return None };
    Some(Given { name: setting.name, text: text.into(), source: Source::Preset })
}

/// The heading of the settings in the help.
const GROUP: &str = "Settings";
