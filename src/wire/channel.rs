//! Messages of the conversation itself, and the ids of its requests.

use super::code::{Code, Explanation};
use super::hello::Role;
use super::message::{numbered, open_messages};
use crate::codec::Charge;
use minicbor::{Decode, Encode};

/// The last message of a conversation: why it ends.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Goodbye {
    /// Why.
    #[n(0)]
    pub code: Code,
    /// The same in words.
    #[n(1)]
    pub text: Explanation,
}

/// Asks whether the other is still there.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct Ping {
    /// Any number, which comes back.
    #[n(0)]
    pub token: u64,
}

/// Answers a [`Ping`].
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map)]
pub struct Pong {
    /// That of the ping.
    #[n(0)]
    pub token: u64,
}

/// Answers a request that is not done.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct Failure {
    /// The request.
    #[n(0)]
    pub id: u32,
    /// Why.
    #[n(1)]
    pub code: Code,
    /// The same in words.
    #[n(2)]
    pub text: Explanation,
}

open_messages!(Goodbye, Ping, Pong, Failure);
numbered!(Failure);

/// The ids of one side's requests: the dialler's are odd, the listener's even, and each is higher
/// than the one before.
#[derive(Debug)]
pub struct RequestIds {
    role: Role,
    last: Option<u32>,
}

impl RequestIds {
    /// The ids of the side with this role.
    pub fn of(role: Role) -> Self {
        Self { role, last: None }
    }

    /// The id of this side's next request; none when all are used, and the conversation must end.
    pub fn next_own(&mut self) -> Option<u32> {
        let next = match self.last {
            Some(last) => last.checked_add(2)?,
            None => first(self.role),
        };
        self.last = Some(next);
        Some(next)
    }

    /// Takes the id of the other side's next request, whose ids these are.
    pub fn take(&mut self, id: u32) -> Result<(), Code> {
        let is_of_this_side = id != 0 && id % 2 == first(self.role) % 2;
        if !is_of_this_side || self.last.is_some_and(|last| id <= last) {
            return Err(Code::Unexpected);
        }
        self.last = Some(id);
        Ok(())
    }

    /// Whether a request had this id.
    pub fn is_used(&self, id: u32) -> bool {
        let is_of_this_side = id != 0 && id % 2 == first(self.role) % 2;
        is_of_this_side && self.last.is_some_and(|last| id <= last)
    }
}

fn first(role: Role) -> u32 {
    match role {
        Role::Dialler => 1,
        Role::Listener => 2,
    }
}
