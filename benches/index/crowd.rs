//! A store in front of the real one, which gives each session of a shared identity an account of its
//! own. Every question goes to the real database all the same.

use crate::keys::NOW;
use crate::people::{SHARED, identity, token};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use waxwing::crypto::{Fingerprint, Password, PasswordHash, PasswordHasher, UnixTime};
use waxwing::index::store::{
    Account, AccountId, Asker, ChainRead, Figures, Granted, Holders, Invite, InviteNumber,
    InviteRow, Joining, ListingPage, LoggingIn, Member, NewSession, Online, OwnAccount,
    OwnShareRow, PersonRow, Place, Prepared, Query, RequestKey, Result, ResultPage, Rotating,
    Section, SessionNumber, SessionRow, ShareFigures, Shown, Sqlite, Store, UserRow,
};
use waxwing::model::directory::{DirectoryEntry, Documents};
use waxwing::model::{Content, EntryPath, Name, Share, ShareId, TokenHash, UserName};

#[derive(Clone)]
pub(crate) struct Crowd {
    real: Sqlite,
    peers: Arc<HashMap<TokenHash, Peer>>,
    rows: Arc<HashMap<UserName, AccountId>>,
}

/// Which session a peer's stands for, and whom it shows.
#[derive(Clone)]
struct Peer {
    session: TokenHash,
    account: AccountId,
    user: UserName,
}

impl Crowd {
    pub(crate) async fn new(file: &Path, peers: usize) -> Self {
        let real = Sqlite::open(Place::File(file.to_owned())).unwrap();
        let password = Password::new("correct horse").unwrap();
        let password = PasswordHasher::new(10).unwrap().hash(&password).unwrap();
        let is_new = real.figures(NOW).await.unwrap().accounts == 0;
        for number in (0..SHARED).filter(|_| is_new) {
            let joining = joining(number, password.clone());
            real.join(joining, NOW).await.unwrap();
        }
        let peer = |number: usize| Peer {
            session: token("shared", number % SHARED).hash(),
            account: AccountId(1000 + i64::try_from(number).unwrap()),
            user: format!("peer-{number}").parse().unwrap(),
        };
        let all: Vec<_> = (0..peers).map(peer).collect();
        let rows = all.iter().map(|peer| (peer.user.clone(), peer.account)).collect();
        let by_token = all.into_iter().enumerate();
        let by_token = by_token.map(|(number, peer)| (token("peer", number).hash(), peer));
        Self { real, peers: Arc::new(by_token.collect()), rows: Arc::new(rows) }
    }

    pub(crate) async fn close(self) {
        self.real.close().await;
    }

    fn real(&self, asker: Asker) -> Asker {
        let session = self.peers.get(&asker.session).map_or(asker.session, |peer| peer.session);
        Asker { session, ..asker }
    }

    fn shown(&self, asker: Asker, member: Member) -> Member {
        match self.peers.get(&asker.session) {
            Some(peer) => Member { account: peer.account, user: peer.user.clone(), ..member },
            None => member,
        }
    }
}

fn joining(number: usize, password: PasswordHash) -> Joining {
    let identity = identity(number);
    let key = identity.signing().verifying_key().clone();
    let session = NewSession {
        token: token("shared", number).hash(),
        number: SessionNumber([0; 16]),
        lifetime: 12 * 3600,
    };
    let request = RequestKey { identity: identity.fingerprint(), number: [0; 16], asked: [0; 32] };
    Joining {
        request,
        user: format!("user-{number}").parse().unwrap(),
        password,
        contact: None,
        invitation: None,
        is_open: true,
        shown: Shown::new(key, identity.certificate().clone(), NOW).unwrap(),
        session,
    }
}

/// Methods that the real store answers as they are.
macro_rules! passed_on {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(async fn $name(&self, $($argument: $kind),*) -> Result<$answer> {
            self.real.$name($($argument),*).await
        })*
    };
}

/// The same, for somebody who asks.
macro_rules! asked {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(async fn $name(&self, asker: Asker, $($argument: $kind),*) -> Result<$answer> {
            self.real.$name(self.real(asker), $($argument),*).await
        })*
    };
}

impl Store for Crowd {
    async fn resume(&self, asker: Asker, shown: Shown, now: UnixTime) -> Result<Member> {
        let member = self.real.resume(self.real(asker), shown, now).await?;
        Ok(self.shown(asker, member))
    }

    async fn member(&self, asker: Asker, now: UnixTime) -> Result<Member> {
        let member = self.real.member(self.real(asker), now).await?;
        Ok(self.shown(asker, member))
    }

    async fn person(
        &self,
        asker: Asker,
        user: &UserName,
        now: UnixTime,
    ) -> Result<Option<PersonRow>> {
        let Some(account) = self.rows.get(user) else {
            return self.real.person(self.real(asker), user, now).await;
        };
        let real: UserName = "user-0".parse().unwrap();
        let row = self.real.person(self.real(asker), &real, now).await?;
        Ok(row.map(|row| PersonRow { account: *account, user: user.clone(), ..row }))
    }

    async fn were_online(&self, people: Vec<(AccountId, UnixTime)>) -> Result<()> {
        let real = people.into_iter().filter(|(account, _)| account.0 < 1000).collect();
        self.real.were_online(real).await
    }

    asked! {
        log_out(which: Option<SessionNumber>, now: UnixTime) -> TokenHash;
        change_password(request: RequestKey, old: PasswordHash, new: PasswordHash, session: NewSession, now: UnixTime) -> Granted;
        change_contact(request: RequestKey, contact: Option<String>, now: UnixTime) -> ();
        own_account(now: UnixTime) -> OwnAccount;
        documents(user: &UserName, number: Option<u64>, now: UnixTime) -> Option<(u64, Documents)>;
        chain(from: u64, most: usize, now: UnixTime) -> ChainRead;
        set_share(request: RequestKey, share: Share, now: UnixTime) -> ();
        publish(part: Prepared, most: u64, now: UnixTime) -> ();
        end_share(share: ShareId, now: UnixTime) -> ();
        own_shares(after: Option<ShareId>, most: usize, now: UnixTime) -> Vec<OwnShareRow>;
        search(query: Query, now: UnixTime) -> ResultPage;
        browse(owner: &UserName, section: Section, after: Option<(Name, EntryPath)>, most: usize, now: UnixTime) -> Option<ListingPage>;
        locate(content: Content, online: Online, most: usize, now: UnixTime) -> Holders;
        people(after: Option<&UserName>, most: usize, now: UnixTime) -> Vec<PersonRow>;
    }

    passed_on! {
        account(user: &UserName) -> Option<Account>;
        was_done(request: &RequestKey) -> bool;
        join(joining: Joining, now: UnixTime) -> Granted;
        log_in(login: LoggingIn, now: UnixTime) -> Granted;
        rotate(rotating: Rotating, now: UnixTime) -> Granted;
        is_invited(invitation: &TokenHash, user: &UserName, now: UnixTime) -> bool;
        invite(invite: Invite) -> ();
        invitations(most: usize, now: UnixTime) -> Vec<InviteRow>;
        withdraw(invitation: InviteNumber) -> Option<UserName>;
        users(after: Option<&UserName>, most: usize, now: UnixTime) -> Vec<UserRow>;
        sessions(user: Option<&UserName>, most: usize, now: UnixTime) -> Vec<SessionRow>;
        shares(of: Option<&UserName>, after: Option<(UserName, Name)>, most: usize) -> Vec<ShareFigures>;
        directory(of: Option<&UserName>, from: u64, most: usize) -> Vec<DirectoryEntry>;
        end_sessions(user: &UserName) -> Vec<TokenHash>;
        close_account(user: &UserName, now: UnixTime) -> Vec<TokenHash>;
        claim(identity: Fingerprint, now: UnixTime) -> Fingerprint;
        figures(now: UnixTime) -> Figures;
        sweep(now: UnixTime) -> ();
        tidy(rows: usize) -> bool;
        check() -> Vec<String>;
    }
}
