//! The handle of a session: what a program asks an index for.

use super::account::OwnAccount;
use super::cache::{Known, Seen};
use super::news::{NewsStream, Warnings};
use super::opening::{Beginning, Command, Fate, Opening};
use super::people::Person;
use super::setup::Setup;
use super::standing::Standing;
use super::state::{Shared, Status};
use super::wish::{BeOnline, BeTold, Granted};
use super::{Error, LoggedOut, Trouble, directory, people};
use crate::codec::{Blob, Text, closed};
use crate::crypto::{Fingerprint, Label, Password, SignedRotation, UnixTime, random, sha256};
use crate::link::{Connect, Dialler, Expected, Side};
use crate::model::directory::{Agreement, Binding, Head};
use crate::model::limits::CONTACT_BYTES;
use crate::model::{HostPort, Invitation, JoinToken, UserName};
use crate::wire::index::{
    AccountAsk, ContactChange, Id16, Invited, Join, Login, Logout, Named, PasswordChange,
    PasswordText, Reach, Rotate,
};
use crate::wire::{Ask, Code, Kind, Party};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout_at;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Who answers at an address, and no other than is expected. Nothing is said there but who we are. Where the
/// address came without a key, the program asks its person whether this is the index that they mean.
pub async fn who_answers<C: Connect>(
    dialler: &Dialler<C>,
    at: &HostPort,
    expected: Expected,
) -> Result<Fingerprint, Trouble> {
    let (conversation, _incoming) = dialler.dial(at, expected).await?;
    conversation.end(Code::Done, "");
    match conversation.proven().party() {
        Party::Index => Ok(conversation.proven().fingerprint()),
        Party::Person => Err(Trouble::NotAnIndex),
    }
}

/// A session with an index. Cheap to clone; it goes on as long as one is held.
#[derive(Clone)]
pub struct IndexSession(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    /// Held by who begins a session: one after the other.
    turn: Mutex<()>,
    stop: CancellationToken,
    _stops: DropGuard,
    task: TaskTracker,
}

impl IndexSession {
    /// Stands by for this index: goes on with the session whose token was kept, or waits until
    /// somebody logs in. The invitation's own token is for [`IndexSession::join`]. Who has a new
    /// sealing certificate begins another session, with the same token: an index sees certificates
    /// when conversations begin.
    pub fn begin<C: Connect + Clone + 'static>(
        sockets: C,
        side: Side,
        index: &Invitation,
        setup: Setup,
    ) -> Self {
        let shared = Arc::new(Shared::new(&setup));
        let (stop, task) = (CancellationToken::new(), TaskTracker::new());
        let (commands, commanded) = mpsc::channel(COMMANDS_WAITING);
        let standing = Standing::new(Arc::clone(&shared), sockets, side, index, setup);
        task.spawn(standing.run(commanded, stop.clone()));
        let (turn, _stops) = (Mutex::default(), stop.clone().drop_guard());
        Self(Arc::new(Handle { shared, commands, turn, stop, _stops, task }))
    }

    /// Ends it: the index is told goodbye, the token stays good.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.task.close();
        self.0.task.wait().await;
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        self.0.shared.status()
    }

    /// What is known of the index.
    pub fn known(&self) -> &Known {
        &self.0.shared.known
    }

    /// What is wrong with the index now.
    pub fn warnings(&self) -> Warnings {
        self.0.shared.warnings()
    }

    /// What happens from now on.
    pub fn news(&self) -> NewsStream {
        self.0.shared.news()
    }

    // Beginning and ending.

    /// Makes an account for the identity of this session, and logs in.
    pub async fn join(
        &self,
        user: &UserName,
        password: &Password,
        invitation: Option<&JoinToken>,
        contact: Option<&str>,
    ) -> Result<(), Error> {
        let join = Join {
            id: 0,
            request: number(),
            user: Named(user.clone()),
            password: PasswordText::new(password),
            invitation: invitation.map(Invited::by),
            contact: line(contact)?,
        };
        self.open(Opening::Join(join), None).await
    }

    /// Logs in.
    pub async fn login(&self, user: &UserName, password: &Password) -> Result<(), Error> {
        let (user, password) = (Named(user.clone()), PasswordText::new(password));
        self.open(Opening::Login(Login { id: 0, user, password }), None).await
    }

    /// Moves the account to the identity of `side`, which `rotation` leads to. All other sessions
    /// end. After [`Error::Late`] it is called again with the same: the request's number is made of
    /// the rotation, so an index that has done it answers that it did.
    pub async fn rotate(
        &self,
        side: Side,
        user: &UserName,
        password: &Password,
        rotation: &SignedRotation,
    ) -> Result<(), Error> {
        let signed = closed::encode(rotation);
        let rotate = Rotate {
            id: 0,
            request: number_of(&signed),
            user: Named(user.clone()),
            password: PasswordText::new(password),
            rotation: Blob::new(signed).map_err(Error::TooLong)?,
        };
        self.open(Opening::Rotate(rotate), Some(side)).await
    }

    /// Ends the session on the index; its token is of no use any more.
    pub async fn logout(&self) -> Result<(), Error> {
        let shared = &self.0.shared;
        match shared.ask_where(Logout { id: 0, session: None }, shared.until()).await {
            Ok((_, live)) => {
                live.over.cancel();
                shared.left(&live).await;
                Ok(())
            }
            // It was asked again, after the answer was lost.
            Err(Error::LoggedOut(LoggedOut::Over)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    // The account.

    /// What the index knows of one's own account. It is not answered while the index is away: who
    /// looks at sessions wants to end one.
    pub async fn account(&self) -> Result<OwnAccount, Error> {
        self.ask(AccountAsk { id: 0 }).await.map(OwnAccount::from)
    }

    /// Ends another session of the account, if there still is one of this number.
    pub async fn end_session(&self, number: [u8; 16]) -> Result<(), Error> {
        match self.ask(Logout { id: 0, session: Some(number.into()) }).await {
            Ok(_) | Err(Error::Refused { code: Code::NotFound, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Changes the password. All other sessions end.
    pub async fn change_password(&self, old: &Password, new: &Password) -> Result<(), Error> {
        let user = self.0.shared.user().await?;
        let (old, new_text) = (PasswordText::new(old), PasswordText::new(new));
        let change = PasswordChange { id: 0, request: number(), old, new: new_text };
        match self.ask(change).await {
            Ok(grant) => self.command(|taken| Command::Token(grant.token, taken)).await,
            // When the answer is lost, the session may have ended with all others: the new password
            // tells.
            Err(Error::LoggedOut(LoggedOut::Over)) => match self.login(&user, new).await {
                Err(Error::Refused { code: Code::Credentials, .. }) => {
                    Err(Error::LoggedOut(LoggedOut::Over))
                }
                other => other,
            },
            Err(error) => Err(error),
        }
    }

    /// Changes the line by which others reach one otherwise; none removes it.
    pub async fn set_contact(&self, contact: Option<&str>) -> Result<(), Error> {
        let change = ContactChange { id: 0, request: number(), contact: line(contact)? };
        self.ask(change).await.map(|_| ())
    }

    // Who is there.

    /// Is online from now on, at this port if one can be dialled, whenever the index is there. Gives
    /// how others see that. When the index cannot be told in time, or nobody is logged in,
    /// the wish stays and it is told later, until [`IndexSession::go_offline`].
    pub async fn go_online(&self, port: Option<u16>) -> Result<Granted, Error> {
        self.wish(self.0.shared.online.make(BeOnline(port))).await
    }

    /// Does not say that one is online any more. The index forgets it when the time that it granted is
    /// over.
    pub fn go_offline(&self) {
        self.0.shared.online.withdraw();
    }

    /// Is told of changes among the people from now on, or not any more, see
    /// [`IndexSession::news`]. When the index cannot be told in time, or nobody is logged in, the wish
    /// stays and it is told later.
    pub async fn watch(&self, on: bool) -> Result<(), Error> {
        self.wish(self.0.shared.watched.make(BeTold(on))).await
    }

    /// All people, in the order of their names.
    pub async fn people(&self) -> Result<Seen<Vec<Person>>, Error> {
        self.read(self.people_now(), || self.known().all_people()).await
    }

    /// The same, as they are now.
    pub(in crate::node) async fn people_now(&self) -> Result<Vec<Person>, Error> {
        let shared = &self.0.shared;
        let began = shared.known.seen();
        let people = people::all(shared, shared.until()).await?;
        Ok(shared.known.saw_all(&people, began, shared.now()))
    }

    /// The same, as they were last.
    pub(in crate::node) fn last_people(&self) -> Option<Seen<Vec<Person>>> {
        self.known().all_people().map(Seen::cached)
    }

    /// One person, if there is somebody of that name.
    pub async fn person(&self, user: &UserName) -> Result<Seen<Option<Person>>, Error> {
        let shared = &self.0.shared;
        let seen = async {
            let person = people::one(shared, user, shared.until()).await?;
            match &person {
                Some(person) => shared.known.saw(person, shared.now()),
                None => shared.known.saw_nobody(user),
            }
            Ok(person)
        };
        self.read(seen, || shared.known.person(user)).await
    }

    /// Has somebody told that one wants to reach them.
    pub async fn reach(&self, user: &UserName) -> Result<(), Error> {
        self.ask(Reach { id: 0, user: Named(user.clone()) }).await.map(|_| ())
    }

    // Whose keys are whose.

    /// The keys of somebody, believed by the key directory as it is now.
    pub async fn keys(&self, user: &UserName) -> Result<Seen<Binding>, Error> {
        let shared = &self.0.shared;
        let keys = directory::keys(shared, user, shared.until());
        self.read(keys, || shared.known.directory().believed(user)).await
    }

    /// Who has an identity now, with their keys: nobody when it has no name, or none any more.
    pub async fn holder(&self, identity: &Fingerprint) -> Result<Seen<Option<Binding>>, Error> {
        let shared = &self.0.shared;
        let holder = directory::holder(shared, identity, shared.until());
        let known = || {
            let (binding, since) = shared.known.directory().believed_holder(identity)?;
            Some((Some(binding), since))
        };
        self.read(holder, known).await
    }

    /// The rotations, each believed, that led from an identity to the one that somebody has now;
    /// none at all when it is the same, nothing when something else led there.
    pub async fn rotations(
        &self,
        user: &UserName,
        since: &Fingerprint,
    ) -> Result<Option<Vec<Binding>>, Error> {
        directory::rotations(&self.0.shared, user, since, self.0.shared.until()).await
    }

    /// How the directory that somebody else is shown stands to the one that we are shown. Two that
    /// are not the same are an alarm, unless somebody lies: that is for the program to weigh, which
    /// knows whom it asked. Still [`Agreement::Behind`] is as bad: ours was brought up to date.
    pub async fn compare_heads(&self, theirs: &Head) -> Result<Agreement, Error> {
        directory::compare(&self.0.shared, theirs, self.0.shared.until()).await
    }

    /// Forgets the directory and its alarm, and believes what the index shows from now on. It is the
    /// person's decision.
    pub async fn begin_directory_anew(&self) {
        self.0.shared.known.directory().begin_anew().await;
        let directory = self.0.shared.known.directory();
        self.0.shared.warn(|warnings| warnings.alarm = directory.alarm());
    }

    /// Waits until the index is known to be away.
    pub(in crate::node) async fn away(&self) -> Error {
        self.0.shared.away().await
    }

    // How calls wait.

    pub(super) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub(super) async fn ask<A: Ask + Clone>(&self, ask: A) -> Result<A::Answer, Error> {
        self.0.shared.ask(ask, self.0.shared.until()).await
    }

    /// Asks, and takes what is known when the index is away.
    pub(super) async fn read<T>(
        &self,
        ask: impl Future<Output = Result<T, Error>>,
        known: impl Fn() -> Option<(T, UnixTime)>,
    ) -> Result<Seen<T>, Error> {
        let asked = tokio::select! {
            biased;
            asked = ask => asked,
            away = self.0.shared.away(), if known().is_some() => Err(away),
        };
        match asked {
            Ok(value) => Ok(Seen::fresh(value)),
            Err(error @ (Error::Away(_) | Error::Late)) => known().map(Seen::cached).ok_or(error),
            Err(error) => Err(error),
        }
    }

    async fn wish<O>(&self, made: impl Future<Output = Result<O, Error>>) -> Result<O, Error> {
        let shared = &self.0.shared;
        let outcome = async {
            tokio::select! {
                outcome = made => outcome,
                why = shared.nobody() => Err(why),
            }
        };
        timeout_at(shared.until(), outcome).await.unwrap_or_else(|_| Err(shared.late(false)))
    }

    /// Begins a session, one call after the other.
    async fn open(&self, opening: Opening, side: Option<Side>) -> Result<(), Error> {
        let shared = &self.0.shared;
        let fate = Fate::default();
        let begun = async {
            let _turn = self.0.turn.lock().await;
            let fate = fate.clone();
            let begin = |answer| Command::Begin(Beginning { opening, side, fate, answer });
            self.command(begin).await?
        };
        let begun = timeout_at(shared.until(), begun).await;
        begun.unwrap_or_else(|_| Err(shared.late(fate.withdraw())))
    }

    /// Tells the standing task something, and waits for its answer.
    async fn command<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        // A command that nobody takes is dropped, and is not answered.
        drop(self.0.commands.send(command(answer)).await);
        match answered.await {
            Ok(answer) => Ok(answer),
            Err(_) => Err(self.0.shared.nobody().await),
        }
    }
}

impl fmt::Debug for IndexSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IndexSession({:?})", self.status())
    }
}

/// The number of a change, the same when it is repeated.
fn number() -> Id16 {
    random::<16>().into()
}

/// The number of the change that moves an account by this rotation.
fn number_of(change: &[u8]) -> Id16 {
    let hash = sha256(Label::IndexRequest, &[&[Kind::Rotate.tag()], change]);
    hash.first_chunk().copied().unwrap_or_default().into()
}

fn line(contact: Option<&str>) -> Result<Option<Text<CONTACT_BYTES>>, Error> {
    contact.map(Text::new).transpose().map_err(Error::TooLong)
}

/// Nobody logs in so often at once.
const COMMANDS_WAITING: usize = 8;
