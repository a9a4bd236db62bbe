//! The host: who others are, and what is done for them.
//!
//! ```text
//! listener ─▶ who is it? ─▶ their key is the pinned one ─▶ GetAsk:  served from the shelf
//!             (directory)                                  SendAsk: the person's policy
//! ```

use super::User;
use super::inbox::Offers;
use super::trust::Pinned;
use super::visits::{Visit, Visitor};
use crate::link::{Conversation, Incoming, Request, Streams};
use crate::node::Error;
use crate::node::index;
use crate::peer::{Served, Sharer};
use crate::wire::{Code, Kind, Party};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

/// Who welcomes others.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) user: User,
    pub(super) sharer: Sharer,
    /// Whether somebody can be asked about what is offered.
    pub(super) may_ask: bool,
    /// What is done for others.
    pub(super) tasks: TaskTracker,
    /// Those who get or send something.
    pub(super) visiting: TaskTracker,
}

impl Host {
    pub(super) async fn welcome(&self, streams: Streams, mut incoming: Incoming) {
        let Some(mut who) = self.admit(streams.conversation()).await else { return };
        let (mut since, mut has_told_head) = (Instant::now(), false);
        while let Some(request) = streams.next_request(&mut incoming).await {
            if since.elapsed() >= self.user.inner.options.known_for {
                match self.who_is_there(streams.conversation()).await {
                    Ok(still) => who = still,
                    Err(why) if is_settled(&why) => {
                        return self.turn_away(streams.conversation(), &why);
                    }
                    // What cannot be known now holds for another while.
                    Err(_) => {}
                }
                since = Instant::now();
            }
            // Each costs us work on the disk, and a question to the index.
            if request.kind() == Kind::HeadAsk && std::mem::replace(&mut has_told_head, true) {
                request.refuse(Code::Unexpected, "");
                continue;
            }
            let (host, streams, who) = (self.clone(), streams.clone(), who.clone());
            self.tasks.spawn(async move { host.answer(request, &streams, who).await });
        }
    }

    /// Who somebody is; nothing where they are turned away.
    async fn admit(&self, conversation: &Conversation) -> Option<Visitor> {
        let who = self.who_is_there(conversation).await;
        who.inspect_err(|why| self.turn_away(conversation, why)).ok()
    }

    /// Whatever is under way with them ends.
    fn turn_away(&self, conversation: &Conversation, why: &Error) {
        let (code, said) = match why {
            Error::Index(error) if error.is_away() => {
                (Code::NotAllowed, "the index is away, and without it you are not known here")
            }
            // That is no fault of theirs, and they may be known in a moment.
            Error::Home(_) => (Code::Busy, "it cannot be looked up here now who you are"),
            _ => (Code::NotAllowed, "you are not known here"),
        };
        conversation.end(code, said);
        let named = !matches!(why, Error::Stranger(_) | Error::NotAPerson | Error::Index(_));
        self.user.tell_visit(Visit::TurnedAway { why: why.to_string(), named });
    }

    /// The name that a proven identity has by the key directory, if it is the one that is pinned.
    async fn who_is_there(&self, conversation: &Conversation) -> Result<Visitor, Error> {
        let proven = conversation.proven();
        if proven.party() != Party::Person {
            return Err(Error::NotAPerson);
        }
        let fingerprint = proven.fingerprint();
        let user = self.user.name_of(&fingerprint).await?;
        match self.user.meet(&user).await {
            Ok(Pinned { pin, .. }) if pin.fingerprint == fingerprint => {
                // An older sealing key than was seen may be one that somebody has stolen.
                let shown = proven.certificate(self.user.now());
                match shown.is_ok_and(|shown| shown.epoch < pin.epoch) {
                    true => Err(Error::OldCertificate(user)),
                    false => Ok(Visitor { user, verified: pin.verified.is_some() }),
                }
            }
            Ok(_) => Err(Error::Nobody(user)),
            // Whom the key directory names, and who was not met yet, is met when the index is back.
            Err(Error::Index(error)) if error.is_away() && self.user.pin(&user)?.is_none() => {
                Ok(Visitor { user, verified: false })
            }
            Err(error) => Err(error),
        }
    }

    async fn answer(&self, request: Request, streams: &Streams, who: Visitor) {
        let is_visit = matches!(request.kind(), Kind::GetAsk | Kind::SendAsk);
        let _visit = is_visit.then(|| self.visiting.token());
        let done = match request.kind() {
            Kind::GetAsk => {
                let served = self.sharer.serve_get(request, streams, &who.user).await;
                served.map(|Served { landed: files, bytes }| Visit::Served {
                    to: who.user.clone(),
                    files,
                    bytes,
                })
            }
            Kind::SendAsk => {
                let policy = Offers::new(&self.user, &who, self.may_ask);
                let received =
                    self.sharer.with_person(&who.user).receive(request, streams, &policy).await;
                received.map(|received| who.received(received))
            }
            Kind::Browse => {
                // Who asks for what is not for them is told so.
                let _ = self.sharer.show(request, &who.user);
                return;
            }
            Kind::HeadAsk => {
                // What cannot be kept is told again.
                let _ = self.user.answer_head(request, &who.user).await;
                return;
            }
            Kind::LeavesAsk => {
                // Who may not have them knows.
                let _ = self.sharer.serve_leaves(request, &who.user).await;
                return;
            }
            _ => return request.refuse(Code::NotAllowed, "people share files with each other"),
        };
        // Nothing was begun: who declined knows, and whoever asks for what is not there for them, or what is no
        // request, does not fill this person's terminal and log.
        let is_unbegun = |code| {
            use Code::{Busy, Declined, Malformed, NotAllowed, NotFound};
            matches!(code, Declined | NotFound | NotAllowed | Busy | Malformed)
        };
        if matches!(done, Err(crate::peer::Error::Declined(code)) if is_unbegun(code)) {
            return;
        }
        let failed =
            |why: crate::peer::Error| Visit::Failed { with: who.user, why: why.to_string() };
        self.user.tell_visit(done.unwrap_or_else(failed));
    }
}

/// Whether it is known that somebody is not who they were.
fn is_settled(why: &Error) -> bool {
    matches!(
        why,
        Error::Stranger(_)
            | Error::Nobody(_)
            | Error::KeyChanged { .. }
            | Error::Index(index::Error::Alarm(_))
    )
}
