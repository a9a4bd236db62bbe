//! How long an index is waited for that is away, or of which is not known what it is.
//!
//! ```text
//! wait           nothing can be done without it     as long as is set
//! wait_or_else   something else can be done         not at all; of an unknown one, as long as is set
//! wait_or_last   what it said last is an answer     not when it is known to be away; else as long as is set
//! ```
//!
//! An index that is there has the whole patience of a session.

use super::User;
use crate::node::Error;
use crate::node::index::{self, IndexSession, Seen, Status};
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::time::sleep;

impl User {
    /// The same person, for several calls that belong together: of an index that is away for long enough, the first
    /// of them finds that out, and the others do not wait for it once more.
    pub fn waiting_once(&self) -> Self {
        Self { has_waited: Some(Arc::default()), ..self.clone() }
    }

    /// Waits for a call, but not for long when the index is away.
    pub(super) async fn wait<T>(
        &self,
        session: &IndexSession,
        call: impl Future<Output = Result<T, index::Error>>,
    ) -> Result<T, Error> {
        let answered = tokio::select! {
            biased;
            answered = call => answered,
            away = self.away_for_long(session) => Err(away),
        };
        self.keep_chain();
        if let (Ok(_), Some(has_waited)) = (&answered, &self.has_waited) {
            // It is there again: one connection that breaks after that is no index that is away.
            has_waited.store(false, Ordering::Release);
        }
        answered.map_err(|error| self.told_of_rotation(error))
    }

    /// Waits for a call in whose place something else can be done: not for an index that is known to
    /// be away, and not long for one of which is not known what it is.
    pub(super) async fn wait_or_else<T>(
        &self,
        session: &IndexSession,
        call: impl Future<Output = Result<T, index::Error>>,
    ) -> Result<T, Error> {
        let unknown = async {
            sleep(self.inner.options.away).await;
            match session.status() {
                Status::Connecting => index::Error::Late,
                _ => pending().await,
            }
        };
        let call = async {
            tokio::select! {
                biased;
                answered = call => answered,
                why = session.away() => Err(why),
                why = unknown => Err(why),
            }
        };
        self.wait(session, call).await
    }

    /// Waits for a call whose last answer is one, too. One connection that broke is no index that is away:
    /// what holds now is worth a moment.
    pub(super) async fn wait_or_last<T>(
        &self,
        session: &IndexSession,
        call: impl Future<Output = Result<T, index::Error>>,
        last: impl Fn() -> Option<Seen<T>>,
    ) -> Result<Seen<T>, Error> {
        let is_away = matches!(session.status(), Status::Away(_));
        if let Some(last) = last().filter(|_| is_away) {
            return Ok(last);
        }
        match self.wait(session, call).await {
            Err(Error::Index(error)) if error.is_away() => Ok(last().ok_or(error)?),
            called => called.map(Seen::fresh),
        }
    }

    async fn away_for_long(&self, session: &IndexSession) -> index::Error {
        let mut news = session.news();
        loop {
            while !matches!(session.status(), Status::Away(_)) {
                if news.next().await.is_none() {
                    return pending().await;
                }
            }
            let has_waited = self.has_waited.as_ref();
            if !has_waited.is_some_and(|it| it.load(Ordering::Acquire)) {
                sleep(self.inner.options.away).await;
            }
            if let Status::Away(why) = session.status() {
                if let Some(it) = has_waited {
                    it.store(true, Ordering::Release);
                }
                return index::Error::Away(why);
            }
        }
    }
}
