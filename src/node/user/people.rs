//! The other people of the index, and what is known of their keys.

use super::User;
use crate::crypto::UnixTime;
use crate::model::UserName;
use crate::node::Error;
use crate::node::index::{Age, Person, Seen};
use crate::node::pins::{Pin, Pins};

/// A person of the index, and what is known of their key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquaintance {
    /// The person, as the index shows them.
    pub person: Person,
    /// What is known of their key.
    pub standing: Standing,
}

/// What is known of a person's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is one's own.
    Oneself,
    /// They were not met yet.
    Unmet,
    /// Their key is pinned, and nobody has compared the words.
    Unverified,
    /// The words were compared, then.
    Verified(UnixTime),
    /// They have another key than the one that is pinned: see
    /// [`trust`](super::super::User::trust).
    Changed,
}

impl User {
    /// All people of the index, in the order of their names.
    pub async fn people(&self) -> Result<Seen<Vec<Acquaintance>>, Error> {
        let session = self.session()?;
        let last = || session.last_people();
        let Seen { value, age } = self.wait_or_last(&session, session.people_now(), last).await?;
        let pins = self.pins()?;
        let value = value.into_iter().map(|person| self.acquaint(person, &pins)).collect();
        Ok(Seen { value, age })
    }

    /// One person.
    pub async fn person(&self, user: &UserName) -> Result<Seen<Acquaintance>, Error> {
        let session = self.session()?;
        let Seen { value, age } = self.wait(&session, session.person(user)).await?;
        let person = value.ok_or_else(|| Error::Nobody(user.clone()))?;
        Ok(Seen { value: self.acquaint(person, &self.pins()?), age })
    }

    /// One person, or how they were last when the index is away.
    pub(super) async fn person_or_last(&self, user: &UserName) -> Result<(Person, Age), Error> {
        let session = self.session()?;
        let Seen { value, age } = self.wait_or_else(&session, session.person(user)).await?;
        Ok((value.ok_or_else(|| Error::Nobody(user.clone()))?, age))
    }

    /// Is told of changes among the people from now on, or not any more, by [`User::news`].
    pub async fn watch(&self, on: bool) -> Result<(), Error> {
        let session = self.session()?;
        self.wait(&session, session.watch(on)).await
    }

    /// What is known of a person's key, by what the index shows of them.
    pub fn standing(&self, person: &Person) -> Result<Standing, Error> {
        Ok(self.standing_by(person, &self.pins()?))
    }

    fn acquaint(&self, person: Person, pins: &Pins) -> Acquaintance {
        let standing = self.standing_by(&person, pins);
        Acquaintance { person, standing }
    }

    fn standing_by(&self, person: &Person, pins: &Pins) -> Standing {
        if person.identity == self.fingerprint() {
            return Standing::Oneself;
        }
        match pins.get(&person.user) {
            None => Standing::Unmet,
            Some(pin) if pin.fingerprint != person.identity => Standing::Changed,
            Some(Pin { verified: Some(at), .. }) => Standing::Verified(*at),
            Some(_) => Standing::Unverified,
        }
    }
}
