//! What a person can set, in one table, and what it comes to.

mod times;

use crate::failures;
use std::env;
use std::fs;
use std::io;
use std::path::PathBuf;
use waxwing::link::Rates;
use waxwing::model::{Audience, IndexAddress, Rate};
use waxwing::node::{Config, Home, Options, Receive};
use waxwing::peer::Allowance;
use waxwing::ui::settings::{ConfigFile, PathOrOff, Preset, Setting, SettingError, Settings};
use waxwing::ui::{Exit, Failure};

/// Everything that can be set.
pub(crate) static TABLE: &[&Setting] = &[
    &HOME,
    &INDEX,
    &USER,
    &SHARES,
    &SAMPLES,
    &DOWNLOADS,
    &SHARE_DOWNLOADS,
    &RECEIVE,
    &PORT,
    &times::PATIENCE,
    &times::AWAY,
    &times::RETRIES,
    &times::RETRY_PAUSE,
    &times::RETRY_PAUSE_MOST,
    &times::CONNECT_TIMEOUT,
    &times::HANDSHAKE_TIMEOUT,
    &times::ANSWER_TIMEOUT,
    &times::DECIDE_MINUTES,
    &times::IDLE_TIMEOUT,
    &UPLOAD_SLOTS,
    &UPLOAD_LIMIT,
    &DOWNLOAD_LIMIT,
    &times::RESCAN,
    &LOG,
    &JSON,
];

const HOME: Setting = Setting {
    name: "home",
    value: Some("DIR"),
    preset: Preset::Without("the folder here or above with a waxwing.toml, or the platform's"),
    in_file: false,
    many: false,
    help: "Keep everything in this folder",
};

const INDEX: Setting = Setting {
    name: "index",
    value: Some("ADDR"),
    preset: Preset::Without("the one that was joined"),
    in_file: true,
    many: false,
    help: "The index: an invitation, or HOST:PORT",
};

const USER: Setting = Setting {
    name: "user",
    value: Some("NAME"),
    preset: Preset::Without("the one that joined"),
    in_file: true,
    many: false,
    help: "Your name on the index",
};

const SHARES: Setting = Setting {
    name: "shares",
    value: Some("DIRS"),
    preset: Preset::Without("none"),
    in_file: true,
    many: true,
    help: "Offer to share these at the first run",
};

const SAMPLES: Setting = Setting {
    name: "samples",
    value: None,
    preset: Preset::Off,
    in_file: true,
    many: false,
    help: "Put a few files to try with into the first of these at the first run",
};

const DOWNLOADS: Setting = Setting {
    name: "downloads",
    value: Some("DIR"),
    preset: Preset::Without("downloads in the home's folder, or the current folder"),
    in_file: true,
    many: false,
    help: "Put fetched files there",
};

const SHARE_DOWNLOADS: Setting = Setting::usually(
    "share-downloads",
    "WITH",
    "off",
    "Share what you get from then on: off, everyone, or names with commas",
);

const RECEIVE: Setting = Setting::usually(
    "receive",
    "HOW",
    "ask",
    "Take what others send: ask, verified (people) or refuse",
);

const PORT: Setting = Setting {
    name: "port",
    value: Some("N"),
    preset: Preset::Without("the first free one of 7400 to 7499"),
    in_file: true,
    many: false,
    help: "Listen on this port",
};

const UPLOAD_SLOTS: Setting = Setting::usually(
    "upload-slots",
    "N",
    "64",
    "Serve so many requests at once; others wait for their turn",
);

const UPLOAD_LIMIT: Setting = Setting::usually(
    "upload-limit",
    "RATE",
    "none",
    "Send no more than so much a second, as in 500kB or 1.5MB",
);

const DOWNLOAD_LIMIT: Setting = Setting::usually(
    "download-limit",
    "RATE",
    "none",
    "Take no more than so much a second, as in 500kB or 1.5MB",
);

const LOG: Setting = Setting {
    name: "log",
    value: Some("FILE"),
    preset: Preset::Without("client.log in the home's state"),
    in_file: true,
    many: false,
    help: "Write the log there, at most 5 files of 10 MiB; `off`: nowhere",
};

pub(crate) const JSON: Setting = Setting {
    name: "json",
    value: None,
    preset: Preset::Off,
    in_file: false,
    many: false,
    help: "Print one JSON object a line, for programs",
};

/// What was set, and where.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) home: Home,
    /// Whether the home has a file of settings.
    pub(crate) has_file: bool,
    pub(crate) config: Config,
    pub(crate) options: Options,
    /// Whether files to try with are made at the first run.
    pub(crate) samples: bool,
    pub(crate) json: bool,
    /// Where the log is written, if it is.
    pub(crate) log: Option<PathBuf>,
    /// What the person should know of it.
    pub(crate) remark: Option<String>,
}

impl Given {
    pub(crate) fn new(
        settings: &Settings,
        home: Home,
        has_file: bool,
    ) -> Result<Self, SettingError> {
        let port = settings.number(&PORT, 1024..=65535)?;
        let (index, remark) = index(settings, &home)?;
        let config = Config {
            index,
            user: settings.parse(&USER)?,
            shares: settings.paths(&SHARES).into_iter().map(whole).collect(),
            downloads: settings.path(&DOWNLOADS).map(whole),
            share_downloads: share_downloads(settings)?,
            receive: settings.parse::<Receive>(&RECEIVE)?.unwrap_or_default(),
            port: port.and_then(|port| port.try_into().ok()),
        };
        let rates =
            Rates { up: rate(settings, &UPLOAD_LIMIT)?, down: rate(settings, &DOWNLOAD_LIMIT)? };
        let slots = settings.number(&UPLOAD_SLOTS, 1..=1000)?.and_then(|it| it.try_into().ok());
        let serving = Allowance { in_all: slots.unwrap_or(64), ..Allowance::SERVING };
        let options = times::options(settings, Options { rates, serving, ..Options::default() })?;
        let (samples, json) = (settings.is_on(&SAMPLES)?, settings.is_on(&JSON)?);
        let log = match settings.path_or_off(&LOG) {
            None => Some(home.state_path().join("client.log")),
            Some(PathOrOff::Path(path)) => Some(whole(path)),
            Some(PathOrOff::Off) => None,
        };
        Ok(Self { home, has_file, config, options, samples, json, log, remark })
    }
}

/// A path that means the same wherever one goes at the prompt.
fn whole(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

/// Bytes a second, and not so few that others would take a transfer for stuck.
fn rate(settings: &Settings, setting: &Setting) -> Result<Option<u64>, SettingError> {
    let rate = settings.parse::<Rate>(setting)?.and_then(Rate::bytes);
    if rate.is_some_and(|rate| rate < Rates::LEAST) {
        let least = format!("must be {}kB at least, or none", Rates::LEAST / 1000);
        return Err(settings.refuse(setting, least));
    }
    Ok(rate)
}

/// With whom what one gets is shared.
fn share_downloads(settings: &Settings) -> Result<Option<Audience>, SettingError> {
    let with = settings.text(&SHARE_DOWNLOADS)?.filter(|with| *with != "off");
    let audience = with.map(str::parse::<Audience>).transpose();
    audience.map_err(|why| settings.refuse(&SHARE_DOWNLOADS, why.to_string()))
}

/// The index that is set. Once another one was joined, that one counts more than the file.
fn index(
    settings: &Settings,
    home: &Home,
) -> Result<(Option<IndexAddress>, Option<String>), SettingError> {
    let set = settings.parse::<IndexAddress>(&INDEX)?;
    let (Some(file), Some(IndexAddress::Bare(at)), Ok(Some(joined))) =
        (settings.file_of(&INDEX), &set, home.index())
    else {
        return Ok((set, None));
    };
    if joined.at == *at {
        return Ok((set, None));
    }
    let remark = format!(
        "You joined the index at {}, which is used. {} names the one at {at}; if that is where it is \
         now: `login {at}`.",
        joined.at,
        file.display()
    );
    Ok((None, Some(remark)))
}

/// The home, before anything else is known of the settings.
pub(crate) fn home(typed: &Settings) -> Result<Home, Failure> {
    let current = env::current_dir().map_err(|error| {
        Failure::new(Exit::Error, format!("there is no current folder: {error}"))
    })?;
    // Absolute, without asking whether it is there: it is shown, and meant wherever one goes.
    let named = typed.path(&HOME).map(|home| std::path::absolute(&home).unwrap_or(home));
    Home::find(named.as_deref(), &current).map_err(|error| failures::node(&error.into()))
}

/// The settings of a home, if it has some.
pub(crate) fn read_file(home: &Home) -> Result<Option<ConfigFile>, Failure> {
    let path = home.settings();
    match fs::read_to_string(path) {
        Ok(text) => ConfigFile::parse(TABLE, path, &text).map(Some).map_err(failures::setting),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let what = format!("{}: the settings cannot be read: {error}", path.display());
            Err(Failure::new(Exit::Error, what))
        }
    }
}
