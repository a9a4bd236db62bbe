//! What an index keeps: the seam behind which a database lies.
//!
//! A [`Store`] speaks of accounts, sessions, invitations and the key directory; not of tables. Each
//! method is one transaction: it happens wholly and is durable when it is answered, or it did not
//! happen. A [`RequestKey`] makes the repetition of a change harmless, so a client whose answer was
//! lost asks again.
//!
//! **Who asks is decided inside.** A private question takes an [`Asker`], and the transaction itself
//! demands that the session is there, has not expired, and belongs to that identity. A session that
//! ends is over for the very next question, whatever conversation it comes from.
//!
//! Time and randomness come with the questions: the store has neither a clock nor a generator.
//!
//! Decided against: one method that runs closures on a connection (no second engine could run them),
//! and errors that name a database's own (callers would decide by them).

mod catalog;
mod given;
mod nouns;
mod prepared;
mod sqlite;

pub use catalog::{
    EntryRow, Holders, ListingPage, Online, OwnShareRow, Part, Position, Query, ResultPage,
    ResultRow, Section, ShareRow, Shelf,
};
pub use nouns::{
    Account, AccountId, Asker, ChainRead, Figures, Granted, Invite, InviteNumber, InviteRow,
    Joining, LoggingIn, Member, NewSession, OwnAccount, PersonRow, RequestKey, Rotating,
    SessionNumber, SessionRow, ShareFigures, Shown, UserRow,
};
pub use prepared::Prepared;
pub use sqlite::{Bounds, OpenError, Place, Sqlite, restore, restore_was_cut_off};

use crate::crypto::{Fingerprint, PasswordHash, UnixTime};
use crate::model::directory::{DirectoryEntry, Documents};
use crate::model::{Content, EntryPath, Name, Share, ShareId, TokenHash, UserName};
use catalog::{Lonely, Spot};
use given::Given;
use std::future::Future;

/// Why a store did not do what was asked. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It may not be.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Too much waits already.
    #[error("the store has too much to do")]
    Busy,
    /// The disk is full. What is there can still be read.
    #[error("there is no room left where the store keeps its data")]
    Full,
    /// What is stored is not what was written, in words.
    #[error("the data is damaged: {0}")]
    Damaged(String),
    /// The system does not let it write there, in words.
    #[error("{0}")]
    NotAllowed(String),
    /// The database or the disk below it failed, in its own words.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// What a store refuses by its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// There is no such session for this identity, or it is over.
    #[error("no session")]
    NoSession,
    /// The session is another identity's: its token is in other hands.
    #[error("the session is another identity's")]
    OtherHands,
    /// The password was changed in between.
    #[error("the password was changed in between")]
    PasswordChanged,
    /// The account has another identity.
    #[error("the account belongs to another identity")]
    OtherIdentity,
    /// The name has an account.
    #[error("the name is taken")]
    NameTaken,
    /// The identity has or had another name.
    #[error("the identity has or had another name")]
    KeyTaken,
    /// The invitation is unknown, used, expired, or for another name; or there is none.
    #[error("the invitation does not hold")]
    Invitation,
    /// The certificate is older than the one known, or names another key in the same epoch.
    #[error("a newer sealing certificate is known")]
    Certificate,
    /// A request with this number asked something else.
    #[error("a request with this number asked something else")]
    Reused,
    /// There is no such thing.
    #[error("there is no such thing")]
    NotFound,
    /// A difference is against another state than there is, or a part before it is missing.
    #[error("the difference does not follow on what there is")]
    Base,
    /// It would be more than one person may publish.
    #[error("more than one person may publish")]
    Quota,
    /// The name had too many entries in the directory lately: sixteen within a day. Only what a
    /// person does alone is refused for this, new keys and rotations; the index's owner is not.
    #[error("too many changes of keys lately")]
    TooMany,
}

/// What a store answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// What an index keeps. Cheap to clone; all clones are the same store.
pub trait Store: Clone + Send + Sync + 'static {
    // Accounts and sessions.

    /// The account of a name, for whoever checks its password.
    fn account(&self, user: &UserName) -> impl Future<Output = Result<Option<Account>>> + Send;

    /// Whether a request was done before. One whose number asked something else is refused as
    /// [`Refusal::Reused`], here and wherever a [`RequestKey`] is taken.
    fn was_done(&self, request: &RequestKey) -> impl Future<Output = Result<bool>> + Send;

    /// Makes an account and its first session, and uses the invitation up. A refusal does not use it
    /// up, and one without an invitation tells nothing about names.
    ///
    /// An invitation that names an account gives it the new identity and password instead, and ends
    /// its sessions; for the identity that the account has, it resets the password. An identity that
    /// ever had a name gets no other, and comes back only to a name that nobody has, as the last who had
    /// it.
    ///
    /// A repetition opens another session and does nothing else, if the account still is that
    /// identity's; else it is refused as [`Refusal::OtherIdentity`]. So it is in
    /// [`Store::change_password`] and [`Store::rotate`].
    fn join(&self, joining: Joining, now: UnixTime)
    -> impl Future<Output = Result<Granted>> + Send;

    /// Begins a session for somebody whose password was right, if the account still is there
    /// ([`Refusal::NotFound`]) with that password and that identity. One session too many ends the
    /// one that was not used for longest. A newer sealing certificate goes into the directory.
    fn log_in(
        &self,
        login: LoggingIn,
        now: UnixTime,
    ) -> impl Future<Output = Result<Granted>> + Send;

    /// Goes on with a session, which was used now. A newer sealing certificate goes into the
    /// directory; the keys must be the asker's.
    fn resume(
        &self,
        asker: Asker,
        shown: Shown,
        now: UnixTime,
    ) -> impl Future<Output = Result<Member>> + Send;

    /// Whose session it is. The session was used now, which is written down when the time that is
    /// written is some minutes old; that this cannot be written down shuts nobody out.
    fn member(&self, asker: Asker, now: UnixTime) -> impl Future<Output = Result<Member>> + Send;

    /// Ends the asker's session, or another one of the same account. Says which is over. Done even
    /// when nobody waits for the answer, as every change is.
    fn log_out(
        &self,
        asker: Asker,
        which: Option<SessionNumber>,
        now: UnixTime,
    ) -> impl Future<Output = Result<TokenHash>> + Send;

    /// Changes the password if it still is `old`, ends all sessions of the account, and begins a
    /// new one.
    fn change_password(
        &self,
        asker: Asker,
        request: RequestKey,
        old: PasswordHash,
        new: PasswordHash,
        session: NewSession,
        now: UnixTime,
    ) -> impl Future<Output = Result<Granted>> + Send;

    /// Moves an account to an identity that never had a name, ends its sessions, and begins a new
    /// one.
    fn rotate(
        &self,
        rotating: Rotating,
        now: UnixTime,
    ) -> impl Future<Output = Result<Granted>> + Send;

    /// Changes the contact line of the asker's account.
    fn change_contact(
        &self,
        asker: Asker,
        request: RequestKey,
        contact: Option<String>,
        now: UnixTime,
    ) -> impl Future<Output = Result<()>> + Send;

    /// The asker's own account.
    fn own_account(
        &self,
        asker: Asker,
        now: UnixTime,
    ) -> impl Future<Output = Result<OwnAccount>> + Send;

    // The key directory, and people.

    /// The documents of a name's last entry, or of the one with this number if it is that name's.
    /// Also of a name that nobody has any more.
    fn documents(
        &self,
        asker: Asker,
        user: &UserName,
        number: Option<u64>,
        now: UnixTime,
    ) -> impl Future<Output = Result<Option<(u64, Documents)>>> + Send;

    /// At most so many entries of the directory, from one on.
    fn chain(
        &self,
        asker: Asker,
        from: u64,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<ChainRead>> + Send;

    /// At most so many people, by name, after one.
    fn people(
        &self,
        asker: Asker,
        after: Option<&UserName>,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<Vec<PersonRow>>> + Send;

    /// One person.
    fn person(
        &self,
        asker: Asker,
        user: &UserName,
        now: UnixTime,
    ) -> impl Future<Output = Result<Option<PersonRow>>> + Send;

    /// Writes down when people were last online.
    fn were_online(
        &self,
        people: Vec<(AccountId, UnixTime)>,
    ) -> impl Future<Output = Result<()>> + Send;

    // The catalog. Whoever asks sees what is for everyone, what is for them, and what is their own;
    // nothing that an answer holds depends on anything else.

    /// Makes a share, or changes its name, keywords or audience, which holds at once. A name that
    /// another share of the same person has is refused as [`Refusal::NameTaken`]; somebody in the
    /// audience who has no account, as [`Refusal::NotFound`].
    ///
    /// The audience is of people: who takes a name later, in another account or by an invitation that
    /// gave the account another identity, belongs to nothing.
    fn set_share(
        &self,
        asker: Asker,
        request: RequestKey,
        share: Share,
        now: UnixTime,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Takes a part of a sync. Nobody sees anything of it before the last part was taken; then all of
    /// it holds at once. A part that was taken already changes nothing. A person may have at most so
    /// many entries.
    fn publish(
        &self,
        asker: Asker,
        part: Prepared,
        most: u64,
        now: UnixTime,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Ends a share, if there is one of this id: nobody sees anything of it from now on.
    fn end_share(
        &self,
        asker: Asker,
        share: ShareId,
        now: UnixTime,
    ) -> impl Future<Output = Result<()>> + Send;

    /// At most so many of the asker's shares, by id, after one.
    fn own_shares(
        &self,
        asker: Asker,
        after: Option<ShareId>,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<Vec<OwnShareRow>>> + Send;

    /// Searches, and stops after a quarter of a second or soon behind it; what was not looked at until
    /// then comes with the next page.
    fn search(
        &self,
        asker: Asker,
        query: Query,
        now: UnixTime,
    ) -> impl Future<Output = Result<ResultPage>> + Send;

    /// At most so many entries of a person, of all or of a part of them, behind an entry. Nothing when
    /// there is no such person or no such share to be seen.
    fn browse(
        &self,
        asker: Asker,
        owner: &UserName,
        section: Section,
        after: Option<(Name, EntryPath)>,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<Option<ListingPage>>> + Send;

    /// Who has a content.
    fn locate(
        &self,
        asker: Asker,
        content: Content,
        online: Online,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<Holders>> + Send;

    /// Clears up behind what was published: looks at about so many rows. Says whether more is to be
    /// done.
    fn tidy(&self, rows: usize) -> impl Future<Output = Result<bool>> + Send;

    // For the index's owner.

    /// Whether an invitation lets this name in now.
    fn is_invited(
        &self,
        invitation: &TokenHash,
        user: &UserName,
        now: UnixTime,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Adds an invitation, whose token must be new ([`Refusal::Reused`]).
    fn invite(&self, invite: Invite) -> impl Future<Output = Result<()>> + Send;

    /// Invitations that can still be used, the newest first.
    fn invitations(
        &self,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<Vec<InviteRow>>> + Send;

    /// Takes an invitation back, which lets nobody in any more ([`Refusal::NotFound`] when there is none). Says for
    /// whom it was.
    fn withdraw(
        &self,
        invitation: InviteNumber,
    ) -> impl Future<Output = Result<Option<UserName>>> + Send;

    /// At most so many accounts, by name, after one.
    fn users(
        &self,
        after: Option<&UserName>,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<Vec<UserRow>>> + Send;

    /// At most so many sessions that are not over, of one account or of all, the last used first.
    fn sessions(
        &self,
        user: Option<&UserName>,
        most: usize,
        now: UnixTime,
    ) -> impl Future<Output = Result<Vec<SessionRow>>> + Send;

    /// At most so many shares, of one account or of all, by owner and name, after one.
    fn shares(
        &self,
        of: Option<&UserName>,
        after: Option<(UserName, Name)>,
        most: usize,
    ) -> impl Future<Output = Result<Vec<ShareFigures>>> + Send;

    /// At most so many entries of the key directory, of one name or of all, from one on.
    fn directory(
        &self,
        of: Option<&UserName>,
        from: u64,
        most: usize,
    ) -> impl Future<Output = Result<Vec<DirectoryEntry>>> + Send;

    /// Ends all sessions of an account ([`Refusal::NotFound`] when there is none). Says which are
    /// over.
    fn end_sessions(&self, user: &UserName) -> impl Future<Output = Result<Vec<TokenHash>>> + Send;

    /// Closes an account ([`Refusal::NotFound`] when there is none): its sessions end, invitations
    /// that name it hold no longer, and the name is free. Says which sessions are over.
    fn close_account(
        &self,
        user: &UserName,
        now: UnixTime,
    ) -> impl Future<Output = Result<Vec<TokenHash>>> + Send;

    /// Says whose index this is: this identity's if it is the first that asks, or if nobody is in the directory or
    /// invited, who would know another; else the one that it is.
    fn claim(
        &self,
        identity: Fingerprint,
        now: UnixTime,
    ) -> impl Future<Output = Result<Fingerprint>> + Send;

    /// Counts.
    fn figures(&self, now: UnixTime) -> impl Future<Output = Result<Figures>> + Send;

    /// Forgets what is over: sessions, invitations, numbers of requests older than a day. Times that
    /// a clock set back made to lie ahead become now, so that nothing lasts longer by that.
    fn sweep(&self, now: UnixTime) -> impl Future<Output = Result<()>> + Send;

    /// Reads everything and says what is wrong, in words for the index's owner; nothing, when all is
    /// well.
    fn check(&self) -> impl Future<Output = Result<Vec<String>>> + Send;
}
