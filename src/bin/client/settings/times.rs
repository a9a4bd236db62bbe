//! How long is waited for what, and how often something is tried.

use std::time::Duration;
use waxwing::link::{Backoff, Deadlines};
use waxwing::node::{Options, Pace};
use waxwing::ui::settings::{Preset, Setting, SettingError, Settings};

pub(super) const PATIENCE: Setting =
    number("patience", "SECONDS", "30", "Wait so long for an answer of the index");

pub(super) const AWAY: Setting =
    number("away", "SECONDS", "5", "Try so long to reach an index that is away");

pub(super) const RESCAN: Setting = number(
    "rescan",
    "SECONDS",
    "600",
    "Look at all shares again so often, besides when something changes",
);

pub(super) const RETRIES: Setting =
    number("retries", "N", "3", "Try so often to reach somebody, or to get what may come later");

pub(super) const RETRY_PAUSE: Setting = number(
    "retry-pause",
    "SECONDS",
    "1",
    "Wait so long before the second try; twice as long before each next one",
);

pub(super) const RETRY_PAUSE_MOST: Setting =
    number("retry-pause-most", "SECONDS", "10", "Wait no longer than this between two tries");

pub(super) const CONNECT_TIMEOUT: Setting =
    number("connect-timeout", "SECONDS", "5", "Wait so long for a connection to one address");

pub(super) const HANDSHAKE_TIMEOUT: Setting = number(
    "handshake-timeout",
    "SECONDS",
    "10",
    "Wait so long for TLS behind a connection, and as long again for the proof of who is there",
);

pub(super) const ANSWER_TIMEOUT: Setting =
    number("answer-timeout", "SECONDS", "60", "Wait so long for an answer in a connection");

pub(super) const DECIDE_MINUTES: Setting =
    number("decide-minutes", "N", "5", "Give others so long to decide about what you send them");

pub(super) const IDLE_TIMEOUT: Setting = number(
    "idle-timeout",
    "SECONDS",
    "60",
    "Take a connection for broken, or a transfer for stuck, in which nothing comes for so long",
);

const fn number(
    name: &'static str,
    value: &'static str,
    preset: &'static str,
    help: &'static str,
) -> Setting {
    let preset = Preset::Is(preset);
    Setting { name, value: Some(value), preset, in_file: true, many: false, help }
}

/// What they come to.
pub(super) fn options(settings: &Settings, usual: Options) -> Result<Options, SettingError> {
    let seconds = |setting, range, usual| {
        settings.number(setting, range).map(|it| it.map_or(usual, Duration::from_secs))
    };
    let minutes = settings.number(&DECIDE_MINUTES, 1..=1440)?;
    let decision = minutes.map_or(usual.decision, |it| Duration::from_secs(it.saturating_mul(60)));
    let pace = Pace { always: seconds(&RESCAN, 5..=86_400, usual.pace.always)?, ..usual.pace };
    Ok(Options {
        patience: seconds(&PATIENCE, 1..=3600, usual.patience)?,
        away: seconds(&AWAY, 1..=3600, usual.away)?,
        retries: retries(settings, &usual.retries)?,
        deadlines: deadlines(settings, usual.deadlines)?,
        decision,
        pace,
        ..usual
    })
}

fn retries(settings: &Settings, usual: &Backoff) -> Result<Backoff, SettingError> {
    let seconds = |setting, usual| {
        settings.number(setting, 0..=3600).map(|it| it.map_or(usual, Duration::from_secs))
    };
    let tries = settings.number(&RETRIES, 1..=1000)?.and_then(|tries| tries.try_into().ok());
    Ok(Backoff {
        tries: tries.unwrap_or(usual.tries),
        first: seconds(&RETRY_PAUSE, usual.first)?,
        longest: seconds(&RETRY_PAUSE_MOST, usual.longest)?,
    })
}

fn deadlines(settings: &Settings, usual: Deadlines) -> Result<Deadlines, SettingError> {
    let seconds = |setting, range, usual| {
        settings.number(setting, range).map(|it| it.map_or(usual, Duration::from_secs))
    };
    let connect = seconds(&CONNECT_TIMEOUT, 1..=3600, usual.connect)?;
    let tls = seconds(&HANDSHAKE_TIMEOUT, 1..=3600, usual.tls)?;
    let answer = seconds(&ANSWER_TIMEOUT, 1..=3600, usual.answer)?;
    let silence = seconds(&IDLE_TIMEOUT, 2..=3600, usual.silence)?;
    // Who is silent is asked in time whether they are there.
    let (proof, ping, stalled) = (tls, silence / 2, silence);
    Ok(Deadlines { connect, tls, proof, answer, silence, ping, stalled, ..usual })
}
