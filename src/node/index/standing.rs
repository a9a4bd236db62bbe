//! The standing task: it keeps a conversation with the index in which somebody is logged in.
//!
//! ```text
//!             a token, or a program that logs in
//!  logged out ────────────▶ dial, begin ──────────▶ serve
//!      ▲                     ▲       │ passing        │ the conversation ended
//!      │                     └─ pause ◀───────────────┘
//!      └── the session is over ──────┴────────────────┘
//! ```

use super::live::Live;
use super::opening::{Beginning, Command, resume};
use super::setup::{KeepToken, Setup};
use super::state::{Shared, State, passes_by_itself};
use super::{Error, LoggedOut, Trouble, catalog, directory, news};
use crate::crypto::{Fingerprint, random};
use crate::link::{
    AskError, Backoff, Connect, Conversation, Dialler, Ending, Expected, Incoming, Side,
};
use crate::model::{HostPort, Invitation, SessionToken, UserName};
use crate::wire::index::SessionGrant;
use crate::wire::{Code, Explanation, Party};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The standing task.
pub(super) struct Standing<C> {
    shared: Arc<Shared>,
    at: HostPort,
    index: Fingerprint,
    /// Who we are.
    identity: Fingerprint,
    /// Dials once: pauses are this task's.
    dialler: Dialler<C>,
    token: Option<SessionToken>,
    /// Whose session it was last.
    user: Option<UserName>,
    keep_token: KeepToken,
    patience: Duration,
    backoff: Backoff,
    /// What the program wants to begin.
    beginning: Option<Beginning>,
    /// Why there is no token.
    logged_out: LoggedOut,
    /// How many tries in a row have failed.
    failed: u32,
}

/// A conversation in which a session has just begun.
struct Begun {
    conversation: Conversation,
    incoming: Incoming,
    grant: SessionGrant,
}

impl<C: Connect + Clone + 'static> Standing<C> {
    pub(super) fn new(
        shared: Arc<Shared>,
        sockets: C,
        side: Side,
        index: &Invitation,
        setup: Setup,
    ) -> Self {
        let Setup { token, keep_token, patience, backoff, .. } = setup;
        let identity = side.fingerprint();
        let dialler = Dialler::over(sockets, side).with_backoff(Backoff::never());
        Self {
            shared,
            at: index.at.clone(),
            index: index.fingerprint,
            identity,
            dialler,
            token,
            user: None,
            keep_token,
            patience,
            backoff,
            beginning: None,
            logged_out: LoggedOut::NotYet,
            failed: 0,
        }
    }

    /// Stands until it is stopped, or something permanent happens. Then the index is told goodbye.
    pub(super) async fn run(mut self, mut commands: Receiver<Command>, stop: CancellationToken) {
        let why = stop.run_until_cancelled(self.stand(&mut commands)).await;
        let why = why.unwrap_or(Trouble::Closed);
        self.shared.set(State::Stopped(why.clone()));
        self.answer(Err(Error::Stopped(why)));
        self.dialler.stop().await;
    }

    /// Gives why there is no coming back.
    async fn stand(&mut self, commands: &mut Receiver<Command>) -> Trouble {
        loop {
            self.beginning.take_if(|beginning| beginning.answer.is_closed());
            if self.token.is_none() && self.beginning.is_none() {
                self.shared.set(State::LoggedOut(self.logged_out.clone()));
                let Some(command) = commands.recv().await else { return Trouble::Closed };
                self.obey(command);
                continue;
            }
            self.shared.connecting();
            let begun = tokio::select! {
                begun = self.begin() => begun,
                Some(command) = commands.recv() => {
                    self.obey(command);
                    continue;
                }
            };
            let trouble = match begun {
                Ok(begun) => self.serve(begun, commands).await,
                Err(Trouble::Ask(AskError::Refused { code, text })) => self.refused(code, text),
                Err(Trouble::Ask(AskError::Ended(ending))) => self.ended(ending),
                Err(trouble) => Some(trouble),
            };
            match trouble {
                None => {}
                Some(trouble) if trouble.is_permanent() => return trouble,
                Some(trouble) => {
                    self.failed = self.failed.saturating_add(1);
                    let failed = if trouble.is_lasting() { LONG } else { self.failed };
                    self.shared.set(State::Away(trouble));
                    self.pause(failed, commands).await;
                }
            }
        }
    }

    /// Dials, and begins what the program wants, or goes on with the session.
    async fn begin(&self) -> Result<Begun, Trouble> {
        let other = self.beginning.as_ref().and_then(|beginning| beginning.side.clone());
        let dialler = match other {
            Some(side) => &self.dialler.clone().with_side(side),
            None => &self.dialler,
        };
        let dialled = dialler.dial(&self.at, Expected::Only(self.index)).await;
        let (conversation, incoming) = dialled?;
        if conversation.proven().party() != Party::Index {
            return Err(Trouble::NotAnIndex);
        }
        let granted = timeout(self.patience, self.ask(&conversation)).await;
        let grant = granted.unwrap_or(Err(AskError::Late)).map_err(Trouble::Ask)?;
        let name = self.beginning.as_ref().map(|beginning| beginning.opening.user());
        if name.or(self.user.as_ref()).is_some_and(|name| *name != grant.user.0) {
            return Err(Trouble::OtherName(grant.user.0));
        }
        Ok(Begun { conversation, incoming, grant })
    }

    async fn ask(&self, conversation: &Conversation) -> Result<SessionGrant, AskError> {
        match (&self.beginning, &self.token) {
            (Some(beginning), _) if beginning.answer.is_closed() => Err(AskError::Late),
            (Some(beginning), _) => {
                beginning.fate.asking(beginning.opening.ask(conversation)).await
            }
            (None, Some(token)) => resume(conversation, token).await,
            (None, None) => Err(AskError::Late),
        }
    }

    /// The index does not begin the session. Gives why it is to be tried again, if it is.
    fn refused(&mut self, code: Code, text: Explanation) -> Option<Trouble> {
        let again = match self.beginning {
            Some(_) => passes_by_itself(code),
            None => !code.is_permanent(),
        };
        if again {
            return Some(Trouble::Ask(AskError::Refused { code, text }));
        }
        if self.beginning.is_some() {
            self.answer(Err(Error::Refused { code, text }));
        } else if code == Code::NoSession {
            self.forget();
        } else {
            self.token = None;
            self.logged_out = LoggedOut::Refused { code, text };
        }
        None
    }

    /// Serves as long as the conversation goes on. Gives why it ended, unless something else is to
    /// begin.
    async fn serve(&mut self, begun: Begun, commands: &mut Receiver<Command>) -> Option<Trouble> {
        let Begun { conversation, incoming, grant } = begun;
        if let Some(side) = self.beginning.as_mut().and_then(|beginning| beginning.side.take()) {
            self.identity = side.fingerprint();
            self.dialler = self.dialler.clone().with_side(side);
        }
        self.take_token(grant.token);
        let (user, identity) = (grant.user.0, self.identity);
        self.user = Some(user.clone());
        let live = Live { conversation, user, identity, over: CancellationToken::new() };
        let (live, shared) = (Arc::new(live), Arc::clone(&self.shared));
        shared.set(State::Here(Arc::clone(&live)));
        self.answer(Ok(()));

        let since = Instant::now();
        let background = async {
            tokio::join!(
                shared.online.uphold(&shared, &live),
                shared.watched.uphold(&shared, &live),
                news::take(&shared, &live, incoming),
                directory::look(&shared),
                catalog::uphold(&shared, &live),
            )
        };
        let mut background = pin!(background);
        let trouble = loop {
            tokio::select! {
                ending = live.conversation.ended() => break self.ended(ending),
                () = live.over.cancelled() => {
                    self.forget();
                    break None;
                }
                Some(command) = commands.recv() => {
                    self.obey(command);
                    if self.beginning.is_some() {
                        break None;
                    }
                }
                _ = &mut background => {}
            }
        };
        // Calls that wait for an answer hold the conversation, too.
        live.conversation.end(Code::Done, "");
        if since.elapsed() >= self.backoff.longest {
            self.failed = 0;
        }
        trouble
    }

    fn ended(&mut self, ending: Ending) -> Option<Trouble> {
        match ending {
            // While a session begins, it says that beginning it took too long.
            Ending::Theirs { code: Code::NoSession, .. } if self.beginning.is_some() => {
                Some(Trouble::Ask(AskError::Ended(ending)))
            }
            Ending::Theirs { code: Code::NoSession, .. } => {
                self.forget();
                None
            }
            ending => Some(Trouble::Ended(ending)),
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Begin(beginning) => self.beginning = Some(beginning),
            Command::Token(token, taken) => {
                self.take_token(token);
                // Who waits no longer need not know.
                let _ = taken.send(());
            }
        }
    }

    fn take_token(&mut self, token: SessionToken) {
        if self.token.as_ref().is_none_or(|known| known.hash() != token.hash()) {
            (self.keep_token)(Some(&token));
            self.token = Some(token);
        }
    }

    /// The session is over.
    fn forget(&mut self) {
        (self.keep_token)(None);
        self.token = None;
        self.logged_out = LoggedOut::Over;
    }

    /// Tells the program what became of what it wanted to begin.
    fn answer(&mut self, answer: Result<(), Error>) {
        if let Some(beginning) = self.beginning.take() {
            // Who waits no longer need not know.
            let _ = beginning.answer.send(answer);
        }
    }

    /// Waits before the next try, each time longer, or for what the program wants.
    async fn pause(&mut self, failed: u32, commands: &mut Receiver<Command>) {
        let pause = self.backoff.pause(failed, u32::from_be_bytes(random()));
        tokio::select! {
            () = sleep(pause.unwrap_or(self.backoff.longest)) => {}
            Some(command) = commands.recv() => self.obey(command),
        }
    }
}

/// After so many tries the pauses grow no longer.
const LONG: u32 = 100;
