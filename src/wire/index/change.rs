//! What is the same in a request and in its repetition.

use super::{ContactChange, Id16, Join, PasswordChange, PasswordText, Rotate};
use crate::crypto::{Label, sha256};
use crate::wire::{Ask, Message};

/// A request that changes something. Repeated with the same number, after an answer was lost, it
/// changes nothing a second time.
pub trait Change: Ask {
    /// Its number.
    fn number(&self) -> Id16;

    /// A hash of what is asked, by which another request with the same number is told from a
    /// repetition.
    ///
    /// Passwords are left out. An index stores this hash, and whoever got hold of it could try
    /// passwords a million times as fast as with the hash that is made for them.
    fn asked(&self) -> [u8; 32];
}

impl Change for Join {
    fn number(&self) -> Id16 {
        self.request
    }

    fn asked(&self) -> [u8; 32] {
        hash(&Self { id: 0, password: PasswordText::left_out(), ..self.clone() })
    }
}

impl Change for PasswordChange {
    fn number(&self) -> Id16 {
        self.request
    }

    fn asked(&self) -> [u8; 32] {
        let (old, new) = (PasswordText::left_out(), PasswordText::left_out());
        hash(&Self { id: 0, request: self.request, old, new })
    }
}

impl Change for Rotate {
    fn number(&self) -> Id16 {
        self.request
    }

    fn asked(&self) -> [u8; 32] {
        hash(&Self { id: 0, password: PasswordText::left_out(), ..self.clone() })
    }
}

impl Change for ContactChange {
    fn number(&self) -> Id16 {
        self.request
    }

    fn asked(&self) -> [u8; 32] {
        hash(&Self { id: 0, ..self.clone() })
    }
}

fn hash<M: Message>(message: &M) -> [u8; 32] {
    sha256(Label::IndexRequest, &[&[M::KIND.tag()], &message.encode()])
}
