//! What can be set on the server, in one table, and what it comes to.

#[path = "bounds.rs"]
mod bounds;

use bounds::Bounds;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use waxwing::crypto::PasswordHasher;
use waxwing::index::DataFolder;
use waxwing::model::HostPort;
use waxwing::ui::settings::{Preset, Setting, SettingError, Settings};

/// Everything that can be set.
pub(crate) static TABLE: &[&Setting] = &[
    &DATA,
    &LISTEN,
    &HOST,
    &OPEN_JOINING,
    &bounds::SESSION_HOURS,
    &BCRYPT_COST,
    &bounds::ENTRIES_PER_PERSON,
    &bounds::ONLINE_SECONDS,
    &bounds::IDLE_TIMEOUT,
    &bounds::HANDSHAKE_TIMEOUT,
    &bounds::LOGIN_TIMEOUT,
    &bounds::PASSWORD_WAIT,
    &bounds::WRONG_PASSWORDS,
    &bounds::JOINS_PER_HOUR,
    &bounds::CONNECTIONS,
    &bounds::CONNECTIONS_PER_PERSON,
    &bounds::NEWCOMERS,
    &bounds::NEWCOMERS_PER_ADDRESS,
    &bounds::HANDSHAKES,
    &bounds::HANDSHAKES_PER_ADDRESS,
    &THREADS,
    &LOG,
    &JSON,
    &CONFIG,
];

const DATA: Setting = Setting {
    name: "data",
    value: Some("DIR"),
    preset: Preset::Without("waxwing/server in the platform's folder for data"),
    in_file: true,
    many: false,
    help: "Keep everything in this folder",
};

const LISTEN: Setting = Setting::usually(
    "listen",
    "ADDR:PORT",
    "127.0.0.1:7311",
    "Listen there; 0.0.0.0:7311 for all of this machine's addresses",
);

const HOST: Setting = Setting {
    name: "host",
    value: Some("NAME"),
    preset: Preset::Without("the address listened on, or that of this machine"),
    in_file: true,
    many: false,
    help: "Name this host in invitations",
};

const OPEN_JOINING: Setting = Setting {
    name: "open-joining",
    value: None,
    preset: Preset::Without("true if only this machine does"),
    in_file: true,
    many: false,
    help: "Let everybody join who reaches the server",
};

const BCRYPT_COST: Setting = Setting::usually(
    "bcrypt-cost",
    "N",
    "12",
    "Hash passwords at this cost, from 12 to 20; each step doubles the time",
);

const THREADS: Setting = Setting {
    name: "threads",
    value: Some("N"),
    preset: Preset::Without("as many as this machine has cores"),
    in_file: true,
    many: false,
    help: "Serve on so many threads",
};

const LOG: Setting = Setting {
    name: "log",
    value: Some("FILE"),
    preset: Preset::Without("on stderr alone"),
    in_file: true,
    many: false,
    help: "Write the log there too; at most 5 files of 10 MiB",
};

pub(crate) const JSON: Setting = Setting {
    name: "json",
    value: None,
    preset: Preset::Off,
    in_file: false,
    many: false,
    help: "Print one JSON object a line, for programs",
};

pub(crate) const CONFIG: Setting = Setting {
    name: "config",
    value: Some("FILE"),
    preset: Preset::Without("waxwing-server.toml, here or in the data folder"),
    in_file: false,
    many: false,
    help: "Read settings from this file",
};

/// The name of the file of settings.
pub(crate) const FILE_NAME: &str = "waxwing-server.toml";

/// What the settings come to.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) data: DataFolder,
    pub(crate) listen: SocketAddr,
    /// Whether that was typed for this call.
    pub(crate) listen_was_typed: bool,
    pub(crate) host: Option<String>,
    pub(crate) open_joining: Option<bool>,
    pub(crate) hasher: PasswordHasher,
    pub(crate) bounds: Bounds,
    pub(crate) threads: usize,
    pub(crate) log: Option<PathBuf>,
    /// Where settings were read.
    pub(crate) file: Option<PathBuf>,
    /// Whether that file was not named, but lay in the folder where the program was started.
    pub(crate) file_was_found: bool,
    /// How this program was called, as far as another call must repeat it.
    pub(crate) call: Call,
}

impl Config {
    /// Checks all settings; `program` is what was typed to start this program.
    pub(crate) fn new(
        settings: &Settings,
        file: Option<PathBuf>,
        program: OsString,
    ) -> Result<Self, SettingError> {
        let listen = listen(settings)?;
        let cost = settings.number(&BCRYPT_COST, 12..=20)?.and_then(|cost| cost.try_into().ok());
        let hasher = PasswordHasher::new(cost.unwrap_or(PasswordHasher::DEFAULT_COST));
        let threads = settings.number(&THREADS, 1..=1024)?.and_then(|n| n.try_into().ok());
        Ok(Self {
            data: DataFolder::at(data(settings)?),
            listen,
            listen_was_typed: settings.typed(&LISTEN).is_some(),
            host: host(settings, listen.port())?,
            open_joining: settings.switch(&OPEN_JOINING)?,
            hasher: hasher.ok_or_else(|| settings.refuse(&BCRYPT_COST, "is no such cost"))?,
            bounds: Bounds::new(settings)?,
            threads: threads.unwrap_or_else(cores),
            log: settings.path(&LOG),
            file_was_found: file.as_deref() == Some(Path::new(FILE_NAME))
                && settings.path(&CONFIG).is_none(),
            file,
            call: Call::new(settings, program),
        })
    }

    /// Whether only programs of this machine are to reach the server. One that names another host
    /// is reached from there, be it through a forwarder.
    pub(crate) fn is_local(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback() && self.host.as_deref().is_none_or(is_local)
    }

    /// Whether one may join without an invitation.
    pub(crate) fn everybody_may_join(&self) -> bool {
        self.open_joining.unwrap_or_else(|| self.is_local())
    }
}

fn is_local(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    number.map_or(host == "localhost", |number| number.to_canonical().is_loopback())
}

/// The data folder, before anything else is known of the settings.
pub(crate) fn data(settings: &Settings) -> Result<PathBuf, SettingError> {
    use etcetera::BaseStrategy;
    if let Some(path) = settings.path(&DATA) {
        return Ok(path);
    }
    let platform = etcetera::choose_base_strategy().map_err(|_| {
        settings.refuse(&DATA, "there is no home folder on this system; name a folder for the data")
    })?;
    Ok(platform.data_dir().join("waxwing").join("server"))
}

fn listen(settings: &Settings) -> Result<SocketAddr, SettingError> {
    let text = settings.text(&LISTEN)?.unwrap_or_default();
    text.parse().map_err(|_| {
        let wanted = "is not an address with a port, like 127.0.0.1:7311 or 0.0.0.0:7311";
        settings.refuse(&LISTEN, format!("{text} {wanted}"))
    })
}

/// As it stands in invitations: an IPv6 address in brackets.
fn host(settings: &Settings, port: u16) -> Result<Option<String>, SettingError> {
    let Some(text) = settings.text(&HOST)? else { return Ok(None) };
    let host = match text.parse() {
        Ok(IpAddr::V6(number)) => format!("[{number}]"),
        _ => text.to_owned(),
    };
    // Port 0 is chosen later, and no host has it.
    match format!("{host}:{}", port.max(1)).parse::<HostPort>() {
        Ok(_) => Ok(Some(host)),
        Err(_) => {
            let reason =
                format!("{text} is neither a host's name nor its address (and has no port)");
            Err(settings.refuse(&HOST, reason))
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How to call this program again, about the same data.
#[derive(Debug, Clone)]
pub(crate) struct Call(String);

impl Call {
    fn new(settings: &Settings, program: OsString) -> Self {
        let mut call = quoted(Path::new(&program));
        if let Some(typed) = settings.typed(&CONFIG) {
            call += &format!(" {} {}", CONFIG.flag(), quoted(Path::new(typed)));
        }
        // Another terminal has another environment, and perhaps another folder.
        let data = match settings.typed(&DATA) {
            Some(typed) => Some(PathBuf::from(typed)),
            None => settings.path(&DATA).map(|path| std::path::absolute(&path).unwrap_or(path)),
        };
        if let Some(data) = data {
            call += &format!(" {} {}", DATA.flag(), quoted(&data));
        }
        Self(call)
    }

    /// Advice of the library, which does not know how it was called: what it calls `server` is this call.
    pub(crate) fn in_advice(&self, advice: &str) -> String {
        advice.replace("`server ", &format!("`{} ", self.0))
    }

    /// The call with these arguments.
    pub(crate) fn with(&self, arguments: &str) -> String {
        if arguments.is_empty() { self.0.clone() } else { format!("{} {arguments}", self.0) }
    }
}

/// As a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,~".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('~') {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
