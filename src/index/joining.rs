//! Joining: an account for whoever is invited, or for anybody where the owner lets them.

use super::accounts::{an_hour, contact, new_password};
use super::happening::{Happening, Person};
use super::hashing::Whose;
use super::service::{Handle, Index};
use super::store::{Granted, Joining, Refusal, Store, StoreError};
use super::throttle::Key;
use super::visitor::{Denial, Visitor};
use crate::link::Origin;
use crate::model::TokenHash;
use crate::model::directory::DirectoryEvent;
use crate::wire::index::{Join, SessionGrant};

impl<S: Store> Handle<Join> for Index<S> {
    async fn handle(&self, visitor: &mut Visitor, ask: Join) -> Result<SessionGrant, Denial> {
        let shared = &self.shared;
        let request = visitor.request(&ask);
        let is_open = shared.rules.open_joining;
        if ask.invitation.is_none() && !is_open {
            return Err(Refusal::Invitation.into());
        }
        let invited = ask.invitation.as_ref().map(|invited| invited.token().hash());
        let is_invited = match &invited {
            Some(token) => self.store.is_invited(token, &ask.user, shared.now()).await,
            None => Ok(false),
        };
        let is_invited = is_invited.map_err(|error| self.storage(error))?;
        let (failed, open) = self.may_join(visitor.origin, invited, is_invited)?;
        let shown = self.shown(visitor)?;
        if self.store.was_done(&request).await.map_err(|error| self.storage(error))? {
            // A repetition is known by its number, which says nothing of the password.
            self.check(visitor, &ask.user, &ask.password, None).await?;
        } else if invited.is_some() && !is_invited {
            // Whoever makes invitations up costs no hash of a password.
            shared.count_try(&failed);
            return Err(Refusal::Invitation.into());
        }
        let whose = match is_invited {
            true => Whose::Known(visitor.identity),
            false => Whose::Stranger(visitor.origin),
        };
        let hashed = self.hash(whose, new_password(&ask.password)?).await?;
        let (token, session) = self.new_session();
        let user = ask.user.0;
        let joining = Joining {
            request,
            user: user.clone(),
            password: hashed,
            contact: contact(ask.contact)?,
            invitation: invited,
            is_open,
            shown,
            session,
        };
        let granted = self.store.join(joining, shared.now()).await;
        if matches!(granted, Err(StoreError::Refused(_))) {
            shared.count_try(&failed);
        }
        let granted = granted.map_err(|error| self.storage(error))?;
        open.iter().for_each(|open| shared.count_try(open));
        self.tell_joined(visitor.person(&user), &granted);
        self.grant(visitor, granted, token, true).await
    }
}

impl<S: Store> Index<S> {
    /// Joining tells which names are taken, so it is slow for whoever fails at many; for one invitation,
    /// or for one address. Gives by what failures are counted, and those who join without an invitation.
    fn may_join(
        &self,
        origin: Origin,
        invited: Option<TokenHash>,
        is_invited: bool,
    ) -> Result<(Key, Option<Key>), Denial> {
        let rules = &self.shared.rules;
        let failed = match invited.filter(|_| is_invited) {
            Some(token) => Key::Invited(token),
            None => Key::FailedJoin(origin),
        };
        self.shared.may_try(&failed, an_hour(rules.failed_joins))?;
        let open = invited.is_none().then_some(Key::OpenJoin(origin));
        if let Some(open) = &open {
            self.shared.may_try(open, an_hour(rules.open_joins))?;
        }
        Ok((failed, open))
    }

    fn tell_joined(&self, who: Person, granted: &Granted) {
        let shared = &self.shared;
        match granted.event {
            Some(DirectoryEvent::Joined) => shared.tell(Happening::Joined(who)),
            Some(DirectoryEvent::Replaced) => {
                // What the lost identity published is gone.
                shared.catalog_changed.notify_one();
                shared.tell(Happening::Replaced(who));
            }
            None if !granted.ended.is_empty() => shared.tell(Happening::PasswordChanged(who)),
            // A repetition.
            _ => shared.tell(Happening::LoggedIn(who)),
        }
    }
}
