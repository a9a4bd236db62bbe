//! Where orders are carried out: beside a running server, or on a store that none has open.

use super::{Fault, FaultKind, Order, Report, Shown, Stats};
use crate::crypto::{Fingerprint, UnixTime};
use crate::index::Index;
use crate::index::store::{
    Invite, InviteNumber, Refusal, SessionRow, ShareFigures, Sqlite, Store, StoreError, UserRow,
};
use crate::model::directory::DirectoryEntry;
use crate::model::{self, HostPort, Invitation, JoinToken, TokenHash, Untrusted, UserName};
use data_encoding::HEXLOWER;
use std::fmt;
use std::io;
use std::path::Path;
use tokio::sync::mpsc::Sender;

/// Carries out the owner's orders. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    store: Sqlite,
    at: HostPort,
    /// None when the keys are lost: then there are no invitations.
    fingerprint: Option<Fingerprint>,
    /// The index that runs on this store, and since when.
    live: Option<(Index<Sqlite>, UnixTime)>,
}

impl Desk {
    /// A desk for an index at this address, which no server runs now.
    pub fn new(store: Sqlite, at: HostPort, fingerprint: Option<Fingerprint>) -> Self {
        Self { store, at, fingerprint, live: None }
    }

    /// A desk beside an index that runs since then.
    pub fn beside(
        index: Index<Sqlite>,
        since: UnixTime,
        at: HostPort,
        fingerprint: Fingerprint,
    ) -> Self {
        let store = index.store().clone();
        Self { store, at, fingerprint: Some(fingerprint), live: Some((index, since)) }
    }

    /// Carries out an order. Reports go out while it is at work; when nobody takes them any more, it
    /// stops.
    pub async fn carry_out(
        &self,
        order: Order,
        now: UnixTime,
        reports: &Sender<Report>,
    ) -> Result<(), Fault> {
        match order {
            Order::Invite { user, days, host } => {
                let at = self.address(host.as_deref())?;
                tell(reports, self.invite(user, days, at, now).await?).await
            }
            Order::Invitations => self.invitations(now, reports).await,
            Order::Withdraw { number } => tell(reports, self.withdraw(number).await?).await,
            Order::Users => self.users(now, reports).await,
            Order::Close { user } => {
                let over = self.store.close_account(&user, now).await;
                let over = over.map_err(|error| about(&user, error))?;
                if let Some((index, _)) = &self.live {
                    index.account_is_closed(&over);
                }
                self.log(format!("closed the account of {user}"), Some(&user));
                let sessions = count(over.len());
                tell(reports, Report::Closed { user: user.to_string(), sessions }).await
            }
            Order::Sessions { user } => self.sessions(user, now, reports).await,
            Order::Shares { user, most } => self.shares(user, whole(most), reports).await,
            Order::Directory { user, from, most } => {
                self.directory(user, (from, whole(most)), reports).await
            }
            Order::End { user } => {
                let over = self.store.end_sessions(&user).await;
                let over = over.map_err(|error| about(&user, error))?;
                let sessions = self.end(&over);
                self.log(format!("ended all sessions of {user}"), Some(&user));
                tell(reports, Report::Ended { user: user.to_string(), sessions }).await
            }
            Order::Stats => tell(reports, Report::Stats(self.stats(now).await?)).await,
            Order::Backup { to } => tell(reports, self.back_up(&to).await?).await,
            Order::Check => self.check(reports).await,
        }
    }

    /// Ours, or that of another host, where our port is meant.
    fn address(&self, host: Option<&str>) -> Result<HostPort, Fault> {
        let Some(host) = host else { return Ok(self.at.clone()) };
        let at = format!("{host}:{}", self.at.port()).parse();
        at.map_err(|error: model::Error| Fault::new(FaultKind::Failed, error.to_string()))
    }

    async fn invite(
        &self,
        user: Option<UserName>,
        days: u16,
        at: HostPort,
        now: UnixTime,
    ) -> Result<Report, Fault> {
        let fingerprint = self.fingerprint.ok_or_else(|| {
            Fault::new(FaultKind::NotFound, "the keys of this index are not here")
        })?;
        let replaces = match &user {
            Some(user) => self.store.account(user).await?.is_some(),
            None => false,
        };
        let token = JoinToken::random();
        let expires = now.plus(u64::from(days).saturating_mul(DAY));
        let invite = Invite { token: token.hash(), user: user.clone(), made: now, expires };
        self.store.invite(invite).await?;
        let whom = user.as_ref().map_or("anybody", UserName::as_str);
        self.log(format!("made an invitation for {whom}"), user.as_ref());
        let invitation = Invitation { at, fingerprint, token: Some(token) };
        let invitation = Shown(invitation.reveal());
        let user = user.map(|user| user.to_string());
        Ok(Report::Invited { invitation, user, replaces, expires: expires.0 })
    }

    async fn invitations(&self, now: UnixTime, reports: &Sender<Report>) -> Result<(), Fault> {
        let rows = self.store.invitations(MOST_ROWS, now).await?;
        let told = rows.len();
        for row in rows {
            let (made, expires) = (row.made.0, row.expires.0);
            let (number, user) = (row.number.to_string(), row.user.map(|user| user.to_string()));
            tell(reports, Report::Invitation { number, user, made, expires }).await?;
        }
        tell_if_more(told, reports).await
    }

    async fn withdraw(&self, number: InviteNumber) -> Result<Report, Fault> {
        let user = self.store.withdraw(number).await.map_err(|error| match error {
            StoreError::Refused(Refusal::NotFound) => {
                let text = format!("there is no invitation {number}: it was used, or is over");
                Fault::new(FaultKind::NotFound, text)
            }
            error => error.into(),
        })?;
        let whom = user.as_ref().map_or("anybody", UserName::as_str);
        self.log(format!("took back the invitation {number} for {whom}"), user.as_ref());
        let user = user.map(|user| user.to_string());
        Ok(Report::Withdrawn { number: number.to_string(), user })
    }

    async fn users(&self, now: UnixTime, reports: &Sender<Report>) -> Result<(), Fault> {
        let mut after: Option<UserName> = None;
        loop {
            let rows = self.store.users(after.as_ref(), PAGE, now).await?;
            let Some(last) = rows.last().map(|row| row.user.clone()) else { return Ok(()) };
            after = Some(last);
            for row in rows {
                let live = self.live.as_ref();
                let online = live.map(|(index, _)| index.is_online(row.account));
                tell(reports, user(row, online)).await?;
            }
        }
    }

    async fn shares(
        &self,
        of: Option<UserName>,
        most: usize,
        reports: &Sender<Report>,
    ) -> Result<(), Fault> {
        if let Some(user) = &of {
            self.demand(user).await?;
        }
        let (mut after, mut told) = (None, 0_usize);
        loop {
            let page = PAGE.min(most.saturating_sub(told)).max(1);
            let rows = self.store.shares(of.as_ref(), after.take(), page).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            if told >= most {
                return tell(reports, Report::More { told: count(told) }).await;
            }
            after = Some((last.owner.clone(), last.name.clone()));
            told = told.saturating_add(rows.len());
            for row in rows {
                tell(reports, row.into()).await?;
            }
        }
    }

    /// Of names, too, that nobody has any more.
    async fn directory(
        &self,
        of: Option<UserName>,
        (mut from, most): (u64, usize),
        reports: &Sender<Report>,
    ) -> Result<(), Fault> {
        let mut told = 0_usize;
        loop {
            let page = PAGE.min(most.saturating_sub(told)).max(1);
            let rows = self.store.directory(of.as_ref(), from, page).await?;
            let Some(last) = rows.last() else { break };
            if told >= most {
                return tell(reports, Report::More { told: count(told) }).await;
            }
            from = last.number.saturating_add(1);
            told = told.saturating_add(rows.len());
            for row in rows {
                tell(reports, row.into()).await?;
            }
        }
        match of.filter(|_| told == 0 && from == 0) {
            Some(user) => {
                let text = format!("the key directory has nothing of {user}");
                Err(Fault::new(FaultKind::NotFound, text))
            }
            None => Ok(()),
        }
    }

    async fn sessions(
        &self,
        user: Option<UserName>,
        now: UnixTime,
        reports: &Sender<Report>,
    ) -> Result<(), Fault> {
        if let Some(user) = &user {
            self.demand(user).await?;
        }
        let rows = self.store.sessions(user.as_ref(), MOST_ROWS, now).await?;
        let told = rows.len();
        for row in rows {
            tell(reports, row.into()).await?;
        }
        tell_if_more(told, reports).await
    }

    /// Somebody has this name.
    async fn demand(&self, user: &UserName) -> Result<(), Fault> {
        match self.store.account(user).await? {
            Some(_) => Ok(()),
            None => Err(about(user, Refusal::NotFound.into())),
        }
    }

    async fn stats(&self, now: UnixTime) -> Result<Stats, Fault> {
        let figures = self.store.figures(now).await?;
        let live = self.live.as_ref();
        Ok(Stats {
            accounts: figures.accounts,
            online: live.map(|(index, _)| count(index.online())),
            sessions: figures.sessions,
            invitations: figures.invitations,
            shares: figures.shares,
            entries: figures.entries,
            directory: figures.directory.length,
            head: HEXLOWER.encode(&figures.directory.hash),
            bytes: figures.bytes,
            started: live.map(|(_, since)| since.0),
        })
    }

    async fn back_up(&self, to: &Path) -> Result<Report, Fault> {
        if to.symlink_metadata().is_ok() {
            let text =
                format!("{}: this is here already, and a backup replaces nothing", to.display());
            return Err(Fault::new(FaultKind::Conflict, text));
        }
        let folder = to.parent().map_or(Ok(true), |folder| folder.metadata().map(|it| it.is_dir()));
        match folder.map_err(|error| error.kind()) {
            Err(io::ErrorKind::NotFound) | Ok(false) => {
                let text = format!("{}: there is no such folder", to.display());
                return Err(Fault::new(FaultKind::NotFound, text));
            }
            Err(io::ErrorKind::PermissionDenied) => {
                let text = format!("{}: you have no rights there", to.display());
                return Err(Fault::new(FaultKind::NotAllowed, text));
            }
            _ => {}
        }
        self.store.backup(to).await.map_err(|error| match error {
            StoreError::Failed(words) => Fault::new(FaultKind::Failed, words),
            StoreError::Damaged(words) => {
                let text = format!("there is no backup, since the data is damaged: {words}");
                Fault::new(FaultKind::Damaged, text)
            }
            error => error.into(),
        })?;
        self.log(format!("made a backup: {}", Untrusted::new(&to.to_string_lossy())), None);
        let bytes = to.metadata().map(|about| about.len()).unwrap_or_default();
        Ok(Report::BackedUp { file: to.to_owned(), bytes })
    }

    async fn check(&self, reports: &Sender<Report>) -> Result<(), Fault> {
        let found = self.store.check().await?;
        let problems = count(found.len());
        for text in found {
            tell(reports, Report::Problem { text }).await?;
        }
        tell(reports, Report::Checked { problems }).await
    }

    /// What was done beside a running server stands in its log.
    fn log(&self, did: String, user: Option<&UserName>) {
        if let Some((index, _)) = &self.live {
            index.owner_did(did, user);
        }
    }

    /// Whoever is connected by one of these sessions loses it now, not at their next request.
    fn end(&self, over: &[TokenHash]) -> u64 {
        if let Some((index, _)) = &self.live {
            index.sessions_are_over(over);
        }
        count(over.len())
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({}, beside a server: {})", self.at, self.live.is_some())
    }
}

fn user(row: UserRow, online: Option<bool>) -> Report {
    Report::User {
        name: row.user.to_string(),
        identity: row.identity.to_string(),
        contact: row.contact,
        since: row.since.0,
        online,
        last_online: row.last_online.map(|time| time.0),
        sessions: row.sessions,
    }
}

impl From<ShareFigures> for Report {
    fn from(row: ShareFigures) -> Self {
        let people: Vec<_> = row.people.iter().map(UserName::as_str).collect();
        let to = match (row.everyone, people.is_empty()) {
            (true, _) => "everyone".to_owned(),
            (false, true) => "nobody any more".to_owned(),
            (false, false) => people.join(", "),
        };
        Self::Share {
            owner: row.owner.to_string(),
            name: row.name.as_str().to_owned(),
            to,
            entries: row.entries,
            bytes: row.bytes,
            version: row.version,
        }
    }
}

impl From<DirectoryEntry> for Report {
    fn from(entry: DirectoryEntry) -> Self {
        Self::Entry {
            number: entry.number,
            name: entry.user.to_string(),
            what: entry.event.name().to_owned(),
            identity: entry.identity.to_string(),
            time: entry.time.0,
        }
    }
}

impl From<SessionRow> for Report {
    fn from(row: SessionRow) -> Self {
        Self::Session {
            user: row.user.to_string(),
            number: HEXLOWER.encode(&row.number.0),
            identity: row.identity.to_string(),
            began: row.began.0,
            used: row.used.0,
            expires: row.expires.0,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let kind = match error {
            StoreError::Refused(Refusal::NotFound) => FaultKind::NotFound,
            StoreError::Refused(_) => FaultKind::Conflict,
            StoreError::Full => FaultKind::NoSpace,
            StoreError::Damaged(_) => FaultKind::Damaged,
            StoreError::NotAllowed(_) => FaultKind::NotAllowed,
            StoreError::Busy | StoreError::Failed(_) => FaultKind::Failed,
        };
        Self::new(kind, error.to_string())
    }
}

/// A fault that names the person whom it concerns.
fn about(user: &UserName, error: StoreError) -> Fault {
    match error {
        StoreError::Refused(Refusal::NotFound) => {
            Fault::new(FaultKind::NotFound, format!("nobody is called {user}"))
        }
        error => error.into(),
    }
}

async fn tell(reports: &Sender<Report>, report: Report) -> Result<(), Fault> {
    let gone = |_| Fault::new(FaultKind::Failed, "nobody takes the reports any more");
    reports.send(report).await.map_err(gone)
}

async fn tell_if_more(told: usize, reports: &Sender<Report>) -> Result<(), Fault> {
    if told < MOST_ROWS {
        return Ok(());
    }
    tell(reports, Report::More { told: count(told) }).await
}

fn whole(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

const DAY: u64 = 24 * 3600;
/// How many rows are asked for at once.
const PAGE: usize = 256;
/// How many rows a list has at most that the store gives in one piece.
const MOST_ROWS: usize = 10_000;
