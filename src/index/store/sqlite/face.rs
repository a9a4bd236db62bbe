//! The store's methods, each a job for the writer or a reader.

use super::{
    Sqlite, accounts, catalog, check, directory, invitations, owner, people, requests, sessions,
};
use crate::crypto::{Fingerprint, PasswordHash, UnixTime};
use crate::index::store::{
    Account, AccountId, Asker, ChainRead, Figures, Granted, Holders, Invite, InviteNumber,
    InviteRow, Joining, ListingPage, LoggingIn, Member, NewSession, Online, OwnAccount,
    OwnShareRow, PersonRow, Prepared, Query, RequestKey, Result, ResultPage, Rotating, Section,
    SessionNumber, SessionRow, ShareFigures, Shown, Store, StoreError, UserRow,
};
use crate::model::directory::{DirectoryEntry, Documents};
use crate::model::{Content, EntryPath, Name, Share, ShareId, TokenHash, UserName};
use rusqlite::Connection;

impl Store for Sqlite {
    async fn account(&self, user: &UserName) -> Result<Option<Account>> {
        let user = user.clone();
        self.read(move |db| accounts::of_name(db, &user)).await
    }

    async fn was_done(&self, request: &RequestKey) -> Result<bool> {
        let request = *request;
        self.read(move |db| requests::was_done(db, &request)).await
    }

    async fn join(&self, joining: Joining, now: UnixTime) -> Result<Granted> {
        self.write(move |db| accounts::join(db, &joining, now)).await
    }

    async fn log_in(&self, login: LoggingIn, now: UnixTime) -> Result<Granted> {
        self.write(move |db| accounts::log_in(db, &login, now)).await
    }

    async fn resume(&self, asker: Asker, shown: Shown, now: UnixTime) -> Result<Member> {
        let same = shown.clone();
        // Mostly nothing changes, and a crowd that comes back after a restart only reads.
        if self.read(move |db| sessions::goes_on(db, &asker, &same, now)).await? {
            return self.member(asker, now).await;
        }
        self.write(move |db| sessions::resume(db, &asker, &shown, now)).await
    }

    async fn member(&self, asker: Asker, now: UnixTime) -> Result<Member> {
        let (member, used) = self.read(move |db| sessions::member(db, &asker, now)).await?;
        if sessions::is_fresh(used, now, member.lifetime) {
            return Ok(member);
        }
        match self.write(move |db| sessions::renew(db, &asker, now)).await {
            // A disk that is full shuts nobody out.
            Err(StoreError::Full | StoreError::Busy | StoreError::Failed(_)) => Ok(member),
            renewed => renewed,
        }
    }

    async fn log_out(
        &self,
        asker: Asker,
        which: Option<SessionNumber>,
        now: UnixTime,
    ) -> Result<TokenHash> {
        self.write(move |db| sessions::log_out(db, &asker, which, now)).await
    }

    async fn change_password(
        &self,
        asker: Asker,
        request: RequestKey,
        old: PasswordHash,
        new: PasswordHash,
        session: NewSession,
        now: UnixTime,
    ) -> Result<Granted> {
        self.write(move |db| {
            accounts::change_password(db, &asker, &request, (&old, &new), session, now)
        })
        .await
    }

    async fn rotate(&self, rotating: Rotating, now: UnixTime) -> Result<Granted> {
        self.write(move |db| accounts::rotate(db, &rotating, now)).await
    }

    async fn change_contact(
        &self,
        asker: Asker,
        request: RequestKey,
        contact: Option<String>,
        now: UnixTime,
    ) -> Result<()> {
        self.write(move |db| accounts::change_contact(db, &asker, &request, contact, now)).await
    }

    async fn own_account(&self, asker: Asker, now: UnixTime) -> Result<OwnAccount> {
        self.read(move |db| accounts::own(db, &asker, now)).await
    }

    async fn documents(
        &self,
        asker: Asker,
        user: &UserName,
        number: Option<u64>,
        now: UnixTime,
    ) -> Result<Option<(u64, Documents)>> {
        let user = user.clone();
        self.read(move |db| {
            sessions::member(db, &asker, now)?;
            directory::documents(db, &user, number)
        })
        .await
    }

    async fn chain(
        &self,
        asker: Asker,
        from: u64,
        most: usize,
        now: UnixTime,
    ) -> Result<ChainRead> {
        self.read(move |db| {
            sessions::member(db, &asker, now)?;
            directory::read(db, from, most)
        })
        .await
    }

    async fn people(
        &self,
        asker: Asker,
        after: Option<&UserName>,
        most: usize,
        now: UnixTime,
    ) -> Result<Vec<PersonRow>> {
        let after = after.cloned();
        self.read(move |db| {
            sessions::member(db, &asker, now)?;
            people::page(db, after.as_ref(), most)
        })
        .await
    }

    async fn person(
        &self,
        asker: Asker,
        user: &UserName,
        now: UnixTime,
    ) -> Result<Option<PersonRow>> {
        let user = user.clone();
        self.read(move |db| {
            sessions::member(db, &asker, now)?;
            people::one(db, &user)
        })
        .await
    }

    async fn were_online(&self, people: Vec<(AccountId, UnixTime)>) -> Result<()> {
        self.write(move |db| people::were_online(db, &people)).await
    }

    async fn set_share(
        &self,
        asker: Asker,
        request: RequestKey,
        share: Share,
        now: UnixTime,
    ) -> Result<()> {
        self.write(move |db| catalog::set_share(db, &asker, &request, &share, now)).await
    }

    async fn publish(&self, asker: Asker, part: Prepared, most: u64, now: UnixTime) -> Result<()> {
        let publish = move |db: &Connection, known: &mut catalog::Known| {
            catalog::publish(db, known, &asker, &part, most, now)
        };
        match self.change(publish).await? {
            catalog::Taken::Yes => Ok(()),
            // What was cleared up instead stands.
            catalog::Taken::NotYet => Err(StoreError::Busy),
        }
    }

    async fn end_share(&self, asker: Asker, share: ShareId, now: UnixTime) -> Result<()> {
        self.write(move |db| catalog::end_share(db, &asker, &share, now)).await
    }

    async fn own_shares(
        &self,
        asker: Asker,
        after: Option<ShareId>,
        most: usize,
        now: UnixTime,
    ) -> Result<Vec<OwnShareRow>> {
        self.read(move |db| catalog::own_shares(db, &asker, after.as_ref(), most, now)).await
    }

    async fn search(&self, asker: Asker, query: Query, now: UnixTime) -> Result<ResultPage> {
        self.look_up(move |db, effort| catalog::search(db, &asker, &query, (now, effort))).await
    }

    async fn browse(
        &self,
        asker: Asker,
        owner: &UserName,
        section: Section,
        after: Option<(Name, EntryPath)>,
        most: usize,
        now: UnixTime,
    ) -> Result<Option<ListingPage>> {
        let owner = owner.clone();
        self.look_up(move |db, _| {
            catalog::browse(db, &asker, (&owner, &section), after.as_ref(), most, now)
        })
        .await
    }

    async fn locate(
        &self,
        asker: Asker,
        content: Content,
        online: Online,
        most: usize,
        now: UnixTime,
    ) -> Result<Holders> {
        self.look_up(move |db, effort| {
            catalog::locate(db, &asker, content, &online, most, (now, effort))
        })
        .await
    }

    async fn tidy(&self, rows: usize) -> Result<bool> {
        self.change(move |db, known| catalog::tidy(db, known, rows)).await
    }

    async fn is_invited(
        &self,
        invitation: &TokenHash,
        user: &UserName,
        now: UnixTime,
    ) -> Result<bool> {
        let (invitation, user) = (*invitation, user.clone());
        self.read(move |db| invitations::holds(db, &invitation, &user, now)).await
    }

    async fn invite(&self, invite: Invite) -> Result<()> {
        self.write(move |db| invitations::add(db, &invite)).await
    }

    async fn invitations(&self, most: usize, now: UnixTime) -> Result<Vec<InviteRow>> {
        self.read(move |db| invitations::list(db, most, now)).await
    }

    async fn withdraw(&self, invitation: InviteNumber) -> Result<Option<UserName>> {
        self.write(move |db| invitations::withdraw(db, &invitation)).await
    }

    async fn users(
        &self,
        after: Option<&UserName>,
        most: usize,
        now: UnixTime,
    ) -> Result<Vec<UserRow>> {
        let after = after.cloned();
        self.read(move |db| owner::users(db, after.as_ref(), most, now)).await
    }

    async fn sessions(
        &self,
        user: Option<&UserName>,
        most: usize,
        now: UnixTime,
    ) -> Result<Vec<SessionRow>> {
        let user = user.cloned();
        self.read(move |db| owner::sessions(db, user.as_ref(), most, now)).await
    }

    async fn shares(
        &self,
        of: Option<&UserName>,
        after: Option<(UserName, Name)>,
        most: usize,
    ) -> Result<Vec<ShareFigures>> {
        let of = of.cloned();
        // What is in large shares is summed up, which nobody else waits for.
        self.look(move |db| catalog::overview(db, of.as_ref(), after.as_ref(), most)).await
    }

    async fn directory(
        &self,
        of: Option<&UserName>,
        from: u64,
        most: usize,
    ) -> Result<Vec<DirectoryEntry>> {
        let of = of.cloned();
        self.look(move |db| directory::entries(db, of.as_ref(), from, most)).await
    }

    async fn end_sessions(&self, user: &UserName) -> Result<Vec<TokenHash>> {
        let user = user.clone();
        self.write(move |db| owner::end_sessions(db, &user)).await
    }

    async fn close_account(&self, user: &UserName, now: UnixTime) -> Result<Vec<TokenHash>> {
        let user = user.clone();
        self.write(move |db| owner::close_account(db, &user, now)).await
    }

    async fn claim(&self, identity: Fingerprint, now: UnixTime) -> Result<Fingerprint> {
        self.write(move |db| owner::claim(db, &identity, now)).await
    }

    async fn figures(&self, now: UnixTime) -> Result<Figures> {
        self.read(move |db| owner::figures(db, now)).await
    }

    async fn sweep(&self, now: UnixTime) -> Result<()> {
        self.write(move |db| owner::sweep(db, now)).await
    }

    async fn check(&self) -> Result<Vec<String>> {
        self.look(|db| check::check(db).map(check::Findings::all)).await
    }
}
