//! Accounts and sessions: who gets in, and by what.
//!
//! A password costs the same and is refused in the same words whether the name is known or not:
//! each check costs what one hash of today costs, before anything else is told.

use super::Rules;
use super::happening::Happening;
use super::hashing::Whose;
use super::people::CHANGES;
use super::seats::Seat;
use super::service::{Handle, Index};
use super::store::{
    Account, Asker, Granted, LoggingIn, Member, NewSession, OwnAccount, Refusal, Rotating,
    SessionNumber, SessionRow, Shown, Store, StoreError,
};
use super::throttle::{Key, NEVER, Pace};
use super::visitor::{Denial, Visitor};
use crate::codec::{List, Text, closed};
use crate::crypto::{Fingerprint, Password, PasswordHash, SignedRotation, random};
use crate::model::{SessionToken, UserName};
use crate::wire::Code;
use crate::wire::index::{
    self, AccountAsk, ContactChange, Done, Login, Logout, Named, PasswordChange, PasswordText,
    Resume, Rotate, SessionGrant, SessionSeen,
};
use std::time::Duration;

impl<S: Store> Handle<Login> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Login) -> Result<SessionGrant, Denial> {
        let first = self.log_in(visitor, &ask).await;
        match first {
            // Another home raised the cost of the same password, or changed it: one more look tells.
            Err(Refused::Meanwhile) => self.log_in(visitor, &ask).await,
            first => first,
        }
        .map_err(|refused| match refused {
            Refused::Meanwhile => Denial::new(Code::Credentials, ""),
            Refused::For(denial) => denial,
        })
    }
}

impl<S: Store> Handle<Resume> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Resume) -> Result<SessionGrant, Denial> {
        let asker = Asker { session: ask.token.hash(), identity: visitor.identity };
        let shown = self.shown(visitor)?;
        let member = self.store.resume(asker, shown, self.shared.now()).await;
        let member = member.map_err(|error| self.storage(error))?;
        let granted = Granted { member, ended: Vec::new(), event: None };
        self.grant(visitor, granted, ask.token, false).await
    }
}

impl<S: Store> Handle<Logout> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Logout) -> Result<Done, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let which = ask.session.map(|number| SessionNumber(*number));
        let ended = self.store.log_out(asker, which, now).await;
        let ended = ended.map_err(|error| self.storage(error))?;
        self.shared.end_sessions(&[ended], visitor.seat.as_ref());
        let user = visitor.seat()?.member.user.clone();
        self.shared.tell(Happening::LoggedOut(visitor.person(&user)));
        if ended == asker.session {
            visitor.stand_up(&self.shared);
        }
        Ok(Done { id: 0 })
    }
}

impl<S: Store> Handle<PasswordChange> for Index<S> {
    async fn handle(
        &self,
        visitor: &mut Visitor,
        ask: PasswordChange,
    ) -> Result<SessionGrant, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let user = visitor.seat()?.member.user.clone();
        let request = visitor.request(&ask);
        let new = new_password(&ask.new)?;
        let is_done = self.store.was_done(&request).await.map_err(|error| self.storage(error))?;
        // Repeated, the new password is the account's already, and so is this number.
        let current = if is_done { &ask.new } else { &ask.old };
        if !is_done {
            self.store.member(asker, now).await.map_err(|error| self.storage(error))?;
        }
        let checked = self.check(visitor, &user, current, None).await?;
        let hashed = self.hash(Whose::Known(visitor.identity), new).await?;
        let (token, session) = self.new_session();
        let before = checked.account.password;
        let granted =
            self.store.change_password(asker, request, before, hashed, session, now).await;
        let granted = granted.map_err(|error| self.storage(error))?;
        self.shared.tell(Happening::PasswordChanged(visitor.person(&user)));
        self.grant(visitor, granted, token, false).await
    }
}

impl<S: Store> Handle<Rotate> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Rotate) -> Result<SessionGrant, Denial> {
        let request = visitor.request(&ask);
        let Rotate { user: Named(user), password, rotation, .. } = ask;
        let shown = self.shown(visitor)?;
        let rotation: SignedRotation = closed::decode(&rotation)
            .map_err(|error| Denial::new(Code::Malformed, error.to_string()))?;
        // Whoever it starts from signed it, as is checked here; whether that is the account's
        // identity is not looked at before the password.
        let from = rotation.verify_from_any().ok();
        let from = from.filter(|it| it.new == *visitor.conversation.proven().key());
        let old = from.as_ref().map(|rotation| rotation.old.fingerprint());
        let Checked { account, .. } = self.check(visitor, &user, &password, old).await?;
        let is_done = self.store.was_done(&request).await.map_err(|error| self.storage(error))?;
        let shown = match old {
            _ if is_done => shown,
            Some(old) if old == account.identity => shown
                .rotated(rotation, &old)
                .map_err(|error| Denial::new(Code::OtherIdentity, error.to_string()))?,
            _ => {
                let why = "the rotation does not lead from the account's identity to this one";
                return Err(Denial::new(Code::OtherIdentity, why));
            }
        };
        let (token, session) = self.new_session();
        let Account { id, password, identity: old } = account;
        let rotating = Rotating { request, account: id, password, old, shown, session };
        let granted = self.store.rotate(rotating, self.shared.now()).await;
        let granted = granted.map_err(|error| self.storage(error))?;
        self.shared.tell(Happening::Rotated(visitor.person(&user)));
        self.grant(visitor, granted, token, true).await
    }
}

impl<S: Store> Handle<ContactChange> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: ContactChange) -> Result<Done, Denial> {
        let (asker, now) = (visitor.asker()?, self.shared.now());
        let request = visitor.request(&ask);
        let contact = contact(ask.contact)?;
        self.shared.begin_try(&Key::Change(visitor.seat()?.member.account), CHANGES)?;
        let changed = self.store.change_contact(asker, request, contact, now).await;
        changed.map_err(|error| self.storage(error))?;
        self.show_change(asker, &visitor.seat()?.member.user).await;
        Ok(Done { id: 0 })
    }
}

impl<S: Store> Handle<AccountAsk> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, _: AccountAsk) -> Result<index::Account, Denial> {
        let asker = visitor.asker()?;
        let own = self.store.own_account(asker, self.shared.now()).await;
        let OwnAccount { user, contact, since, sessions } =
            own.map_err(|error| self.storage(error))?;
        let this = visitor.seat()?.member.session;
        let sessions = sessions.into_iter().map(|row| seen(row, this)).collect();
        Ok(index::Account {
            id: 0,
            user: Named(user),
            contact: contact.and_then(|contact| Text::new(contact).ok()),
            since: since.0,
            sessions: List::new(sessions)
                .map_err(|_| Denial::new(Code::Internal, "there are too many sessions"))?,
        })
    }
}

impl<S: Store> Index<S> {
    async fn log_in(&self, visitor: &mut Visitor, ask: &Login) -> Result<SessionGrant, Refused> {
        let user = &ask.user.0;
        let checked = self.check(visitor, user, &ask.password, None).await?;
        let Checked { account, rehashed } = checked;
        if account.identity != visitor.identity {
            let advice = "import its keys, or ask for an invitation";
            return Err(Denial::new(Code::OtherIdentity, advice).into());
        }
        let (token, session) = self.new_session();
        let Account { id, password, .. } = account;
        let shown = self.shown(visitor)?;
        let login = LoggingIn { account: id, password, rehashed, shown, session };
        let granted = self.store.log_in(login, self.shared.now()).await;
        if granted == Err(StoreError::Refused(Refusal::PasswordChanged)) {
            return Err(Refused::Meanwhile);
        }
        let granted = granted.map_err(|error| self.storage(error))?;
        self.shared.tell(Happening::LoggedIn(visitor.person(user)));
        Ok(self.grant(visitor, granted, token, false).await?)
    }

    /// Checks a password, at the same cost and with the same answer for names that nobody has.
    ///
    /// A right one gives the account, and no try before it counts any more. `old` is the identity of
    /// the account when this conversation brings a rotation from it: who can sign with it is its
    /// owner as much as who proves it.
    pub(super) async fn check(
        &self,
        visitor: &Visitor,
        user: &UserName,
        password: &PasswordText,
        old: Option<Fingerprint>,
    ) -> Result<Checked, Denial> {
        let wrong = || Denial::new(Code::Credentials, "");
        // What breaks the rule is nobody's password, and costs nothing for any name.
        let password = password.read().map_err(|_| wrong())?;
        let account = self.store.account(user).await.map_err(|error| self.storage(error))?;
        let owner = account.as_ref().map(|account| account.identity);
        let own = [Some(visitor.identity), old].into_iter().flatten();
        let own = own.into_iter().find(|identity| owner == Some(*identity));
        let (key, whose) = match own {
            Some(own) => (Key::OwnPassword(user.clone(), own), Whose::Known(own)),
            None => (Key::Password(user.clone(), visitor.origin), Whose::Stranger(visitor.origin)),
        };
        self.shared.begin_try(&key, self.shared.pace_of_passwords())?;
        let stored = account.as_ref().map(|account| account.password.clone());
        let checked = self.hashing.verify(whose, password, stored).await;
        let checked = checked.inspect_err(|_| self.shared.throttle().take_back(&key))?;
        match account {
            Some(account) if checked.is_right => {
                self.shared.throttle().succeeded(&key);
                Ok(Checked { account, rehashed: checked.rehashed })
            }
            _ => Err(wrong()),
        }
    }

    pub(super) async fn hash(
        &self,
        whose: Whose,
        password: Password,
    ) -> Result<PasswordHash, Denial> {
        let hashed = self.hashing.hash(whose, password).await?;
        hashed.map_err(|error| Denial::new(Code::Internal, error.to_string()))
    }

    /// The keys that the conversation proved, whose certificate is checked once.
    pub(super) fn shown(&self, visitor: &mut Visitor) -> Result<Shown, Denial> {
        if let Some(shown) = &visitor.shown {
            return Ok(shown.clone());
        }
        let wrong = |error: crate::crypto::Error| Denial::new(Code::Certificate, error.to_string());
        let proven = visitor.conversation.proven();
        let certificate = proven.signed_certificate().map_err(wrong)?;
        let shown = Shown::new(proven.key().clone(), certificate, self.shared.now());
        Ok(visitor.shown.insert(shown.map_err(wrong)?).clone())
    }

    pub(super) fn new_session(&self) -> (SessionToken, NewSession) {
        let token = SessionToken::random();
        let lifetime = Rules::seconds(self.shared.rules.session_lifetime);
        let (hash, number) = (token.hash(), SessionNumber(random()));
        (token, NewSession { token: hash, number, lifetime })
    }

    /// The visitor is logged in from now on. Sessions that are over by this are over everywhere.
    pub(super) async fn grant(
        &self,
        visitor: &mut Visitor,
        granted: Granted,
        token: SessionToken,
        is_seen: bool,
    ) -> Result<SessionGrant, Denial> {
        let Granted { member, ended, .. } = granted;
        self.shared.end_sessions(&ended, visitor.seat.as_ref());
        let asker = Asker { session: token.hash(), identity: visitor.identity };
        let Member { user, lifetime, .. } = member.clone();
        match &mut visitor.seat {
            // The same person with another session stays online, and goes on watching.
            Some(seat) if seat.member.account == member.account => seat.renew(asker, member),
            seat => *seat = Some(Seat::new(&self.shared, asker, member)),
        }
        visitor.anonymous = None;
        if is_seen {
            self.show_change(asker, &user).await;
        }
        Ok(SessionGrant { id: 0, token, user: Named(user), lifetime })
    }

    /// Others see that something about a person changed. Should the store fail here, they see it
    /// when they ask next.
    async fn show_change(&self, asker: Asker, user: &UserName) {
        if let Ok(Some(row)) = self.store.person(asker, user, self.shared.now()).await {
            self.shared.change_presence(|presence| presence.changed(&row));
        }
    }

    /// What a failing store means for who asked; the owner reads about it in the log.
    pub(super) fn storage(&self, error: StoreError) -> Denial {
        if !matches!(error, StoreError::Refused(_) | StoreError::Busy) {
            self.shared.store_failed(error.to_string());
        }
        error.into()
    }
}

/// Why a login did not happen.
enum Refused {
    For(Denial),
    /// The password was stored anew between its check and the login.
    Meanwhile,
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self::For(denial)
    }
}

/// An account whose password was right.
pub(super) struct Checked {
    account: Account,
    /// The password at the cost of today, if it was stored at another.
    rehashed: Option<PasswordHash>,
}

pub(super) fn new_password(text: &PasswordText) -> Result<Password, Denial> {
    text.read().map_err(|problem| Denial::new(Code::PasswordRule, problem.to_string()))
}

/// An empty line is none.
pub(super) fn contact<const MAX: usize>(
    contact: Option<Text<MAX>>,
) -> Result<Option<String>, Denial> {
    Ok(contact.map(Text::into_inner).filter(|contact| !contact.trim().is_empty()))
}

fn seen(row: SessionRow, this: SessionNumber) -> SessionSeen {
    let SessionRow { number, identity, began, used, .. } = row;
    SessionSeen {
        session: number.0.into(),
        began: began.0,
        used: used.0,
        is_this: number == this,
        identity,
    }
}

/// So many an hour, and then one only after as long as it takes to be forgotten.
pub(super) fn an_hour(free: u32) -> Pace {
    let hour = Duration::from_secs(3600);
    Pace { free, first: hour, longest: hour, fades: NEVER }
}
