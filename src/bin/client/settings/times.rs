//! How long is waited for what, and how often something is tried.

use std::time::Duration;
use waxwing::link::{Backoff, Deadlines};
use waxwing::node::{Options, Pace};
use waxwing::ui::settings::{Setting, SettingError, Settings};

pub(super) const PATIENCE: Setting =
    Setting::usually("patience", "SECONDS", "30", "Wait so long for an answer of the index");

pub(super) const AWAY: Setting =
    Setting::usually("away", "SECONDS", "5", "Try so long to reach an index that is away");

pub(super) const RESCAN: Setting = Setting::usually(
    "rescan",
    "SECONDS",
    "600",
    "Look at all shares again so often, besides when something changes",
);

pub(super) const RETRIES: Setting = Setting::usually(
    "retries",
    "N",
    "3",
    "Try so often to reach somebody, or to get what may come later",
);

pub(super) const RETRY_PAUSE: Setting = Setting::usually(
    "retry-pause",
    "SECONDS",
    "1",
    "Wait so long before the second try; twice as long before each next one",
);

pub(super) const RETRY_PAUSE_MOST: Setting = Setting::usually(
    "retry-pause-most",
    "SECONDS",
    "10",
    "Wait no longer than this between two tries",
);

pub(super) const CONNECT_TIMEOUT: Setting = Setting::usually(
    "connect-timeout",
    "SECONDS",
    "5",
    "Wait so long for a connection to one address",
);

pub(super) const HANDSHAKE_TIMEOUT: Setting = Setting::usually(
    "handshake-timeout",
    "SECONDS",
    "10",
    "Wait so long for TLS behind a connection, and as long again for the proof of who is there",
);

pub(super) const ANSWER_TIMEOUT: Setting = Setting::usually(
    "answer-timeout",
    "SECONDS",
    "60",
    "Wait so long for an answer in a connection",
);

pub(super) const DECIDE_MINUTES: Setting = Setting::usually(
    "decide-minutes",
    "N",
    "5",
    "Give others so long to decide about what you send them",
);

pub(super) const IDLE_TIMEOUT: Setting = Setting::usually(
    "idle-timeout",
    "SECONDS",
    "60",
    "Take a connection for broken, or a transfer for stuck, in which nothing comes for so long",
);

/// What they come to.
pub(super) fn options(settings: &Settings, usual: Options) -> Result<Options, SettingError> {
    let minutes = settings.number(&DECIDE_MINUTES, 1..=1440)?;
    let decision = minutes.map_or(usual.decision, |it| Duration::from_secs(it.saturating_mul(60)));
    let pace =
        Pace { always: settings.seconds(&RESCAN, 5..=86_400, usual.pace.always)?, ..usual.pace };
    Ok(Options {
        patience: settings.seconds(&PATIENCE, 1..=3600, usual.patience)?,
        away: settings.seconds(&AWAY, 1..=3600, usual.away)?,
        retries: retries(settings, &usual.retries)?,
        deadlines: deadlines(settings, usual.deadlines)?,
        decision,
        pace,
        ..usual
    })
}

fn retries(settings: &Settings, usual: &Backoff) -> Result<Backoff, SettingError> {
    let tries = settings.number(&RETRIES, 1..=1000)?.and_then(|tries| tries.try_into().ok());
    Ok(Backoff {
        tries: tries.unwrap_or(usual.tries),
        first: settings.seconds(&RETRY_PAUSE, 0..=3600, usual.first)?,
        longest: settings.seconds(&RETRY_PAUSE_MOST, 0..=3600, usual.longest)?,
    })
}

fn deadlines(settings: &Settings, usual: Deadlines) -> Result<Deadlines, SettingError> {
    let connect = settings.seconds(&CONNECT_TIMEOUT, 1..=3600, usual.connect)?;
    let tls = settings.seconds(&HANDSHAKE_TIMEOUT, 1..=3600, usual.tls)?;
    let answer = settings.seconds(&ANSWER_TIMEOUT, 1..=3600, usual.answer)?;
    let silence = settings.seconds(&IDLE_TIMEOUT, 2..=3600, usual.silence)?;
    // Who is silent is asked in time whether they are there.
    let (proof, ping, stalled) = (tls, silence / 2, silence);
    Ok(Deadlines { connect, tls, proof, answer, silence, ping, stalled, ..usual })
}
