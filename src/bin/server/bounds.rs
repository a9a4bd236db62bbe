//! How much at once, and how long: what the index allows and how patient it is, as far as its owner sets it.

use std::time::Duration;
use waxwing::index::Rules;
use waxwing::link::{Deadlines, Limits};
use waxwing::model::limits::PERSON_ENTRIES;
use waxwing::ui::settings::{Setting, SettingError, Settings};

pub(crate) const SESSION_HOURS: Setting =
    Setting::usually("session-hours", "N", "12", "End a session after so many hours without use");

pub(crate) const ENTRIES_PER_PERSON: Setting =
    Setting::usually("entries-per-person", "N", "500000", "Let each person publish so many files");

pub(crate) const ONLINE_SECONDS: Setting = Setting::usually(
    "online-seconds",
    "N",
    "90",
    "Count a person as online for so long after they last said so",
);

pub(crate) const IDLE_TIMEOUT: Setting = Setting::usually(
    "idle-timeout",
    "SECONDS",
    "60",
    "Take a connection for broken in which nothing comes for so long",
);

pub(crate) const HANDSHAKE_TIMEOUT: Setting = Setting::usually(
    "handshake-timeout",
    "SECONDS",
    "10",
    "Wait so long for TLS behind a connection, and as long again for the proof of who is there",
);

pub(crate) const LOGIN_TIMEOUT: Setting = Setting::usually(
    "login-timeout",
    "SECONDS",
    "60",
    "End a connection in which nobody has logged in after so long",
);

pub(crate) const PASSWORD_WAIT: Setting = Setting::usually(
    "password-wait",
    "SECONDS",
    "3",
    "Let a password wait so long to be checked; then the index is busy, and it is tried again",
);

pub(crate) const WRONG_PASSWORDS: Setting = Setting::usually(
    "wrong-passwords",
    "N",
    "5",
    "Let an address try so many wrong passwords for a name before it has to wait",
);

pub(crate) const JOINS_PER_HOUR: Setting = Setting::usually(
    "joins-per-hour",
    "N",
    "100",
    "Let an address make so many accounts an hour without an invitation",
);

pub(crate) const CONNECTIONS: Setting =
    Setting::usually("connections", "N", "20000", "Have so many connections at once");

pub(crate) const CONNECTIONS_PER_PERSON: Setting =
    Setting::usually("connections-per-person", "N", "64", "The same of one identity");

pub(crate) const NEWCOMERS: Setting = Setting::usually(
    "newcomers",
    "N",
    "1024",
    "Have so many connections at once in which nobody is logged in; the oldest gives way",
);

pub(crate) const NEWCOMERS_PER_ADDRESS: Setting =
    Setting::usually("newcomers-per-address", "N", "256", "The same from one address");

pub(crate) const HANDSHAKES: Setting = Setting::usually(
    "handshakes",
    "N",
    "64",
    "Have so many connections at once that have not proven who they are; the oldest gives way",
);

pub(crate) const HANDSHAKES_PER_ADDRESS: Setting =
    Setting::usually("handshakes-per-address", "N", "32", "The same from one address");

/// What they come to.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) rules: Rules,
    pub(crate) deadlines: Deadlines,
    pub(crate) limits: Limits,
}

impl Bounds {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingError> {
        Ok(Self {
            rules: rules(settings)?,
            deadlines: deadlines(settings)?,
            limits: limits(settings)?,
        })
    }
}

fn rules(settings: &Settings) -> Result<Rules, SettingError> {
    let usual = Rules::default();
    let tries = |setting: &Setting, most, usual| {
        let number = settings.number(setting, 1..=most)?;
        Ok::<_, SettingError>(number.and_then(|it| it.try_into().ok()).unwrap_or(usual))
    };
    let hours = settings.number(&SESSION_HOURS, 1..=8760)?.unwrap_or(12);
    let entries = settings.number(&ENTRIES_PER_PERSON, 1..=100_000_000)?;
    Ok(Rules {
        session_lifetime: Duration::from_secs(hours.saturating_mul(3600)),
        entries_of_person: entries.unwrap_or(PERSON_ENTRIES),
        online_lifetime: settings.seconds(&ONLINE_SECONDS, 5..=86_400, usual.online_lifetime)?,
        anonymous_time: settings.seconds(&LOGIN_TIMEOUT, 1..=3600, usual.anonymous_time)?,
        hashing_wait: settings.seconds(&PASSWORD_WAIT, 1..=60, usual.hashing_wait)?,
        free_tries: tries(&WRONG_PASSWORDS, 100, usual.free_tries)?,
        open_joins: tries(&JOINS_PER_HOUR, 100_000, usual.open_joins)?,
        anonymous: count(settings, &NEWCOMERS, usual.anonymous)?,
        anonymous_of_address: count(settings, &NEWCOMERS_PER_ADDRESS, usual.anonymous_of_address)?,
        ..usual
    })
}

fn deadlines(settings: &Settings) -> Result<Deadlines, SettingError> {
    let usual = Deadlines::default();
    let tls = settings.seconds(&HANDSHAKE_TIMEOUT, 1..=3600, usual.tls)?;
    let silence = settings.seconds(&IDLE_TIMEOUT, 2..=3600, usual.silence)?;
    // Nobody has more under way than two parts of what they publish, a quarter of this each; and very many
    // may have as much.
    let request_bytes = 1 << 20;
    // Who is silent is asked in time whether they are there.
    Ok(Deadlines { tls, proof: tls, silence, ping: silence / 2, request_bytes, ..usual })
}

fn limits(settings: &Settings) -> Result<Limits, SettingError> {
    let usual = Limits::default();
    let of_address = usual.unproven_of_address;
    Ok(Limits {
        unproven: count(settings, &HANDSHAKES, usual.unproven)?,
        unproven_of_address: count(settings, &HANDSHAKES_PER_ADDRESS, of_address)?,
        of_identity: count(settings, &CONNECTIONS_PER_PERSON, usual.of_identity)?,
        all: count(settings, &CONNECTIONS, usual.all)?,
    })
}

fn count(settings: &Settings, setting: &Setting, usual: usize) -> Result<usize, SettingError> {
    let number = settings.number(setting, 1..=1_000_000)?;
    Ok(number.and_then(|number| number.try_into().ok()).unwrap_or(usual))
}
