//! What messages have in common.

use super::frame::Frame;
use super::kind::Kind;
use crate::codec::{self, open};
use bytes::Bytes;

/// A body of one kind.
pub trait Message: Sized {
    /// The kind of its frames.
    const KIND: Kind;

    /// Appends the body's bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// The message that a body is, wholly.
    fn decode(body: &Bytes) -> Result<Self, codec::Error>;

    /// The body's bytes.
    fn encode(&self) -> Bytes {
        let mut out = Vec::new();
        self.write(&mut out);
        out.into()
    }
}

/// A request or an answer, whose first field is the request's id.
pub trait Numbered: Message {
    /// The id of the request.
    fn id(&self) -> u32;
    /// Gives the message the id under which it travels.
    fn set_id(&mut self, id: u32);
}

/// A request. Its answer, or a [`Failure`](super::Failure), comes with the same id.
pub trait Ask: Numbered {
    /// What answers it.
    type Answer: Numbered;
}

impl Frame {
    /// The message in this frame.
    pub fn decode<M: Message>(&self) -> Result<M, codec::Error> {
        if self.kind != M::KIND {
            return Err(codec::Error::Invalid("a message of another kind"));
        }
        M::decode(&self.body)
    }
}

/// Messages that are CBOR maps.
macro_rules! open_messages {
    ($($name:ident),*) => {
        $(impl $crate::wire::Message for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::$name;

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&$crate::codec::open::encode(self));
            }

            fn decode(body: &bytes::Bytes) -> Result<Self, $crate::codec::Error> {
                $crate::codec::open::decode(body)
            }
        })*
    };
}

/// Messages that are CBOR maps, of which more must hold than the types of their fields say: a method
/// `hangs_together` tells.
macro_rules! checked_messages {
    ($($name:ident),*) => {
        $(impl $crate::wire::Message for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::$name;

            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&$crate::codec::open::encode(self));
            }

            fn decode(body: &bytes::Bytes) -> Result<Self, $crate::codec::Error> {
                let message: Self = $crate::codec::open::decode(body)?;
                match message.hangs_together() {
                    true => Ok(message),
                    false => Err($crate::codec::Error::Invalid("its parts do not fit together")),
                }
            }
        })*
    };
}

/// Messages that carry the id of a request.
macro_rules! numbered {
    ($($name:ident),*) => {
        $(impl $crate::wire::Numbered for $name {
            fn id(&self) -> u32 {
                self.id
            }

            fn set_id(&mut self, id: u32) {
                self.id = id;
            }
        })*
    };
}

pub(super) use {checked_messages, numbered, open_messages};

/// Field 0 of an open message, whatever else it holds.
#[derive(minicbor::Decode)]
#[cbor(map)]
pub(super) struct FirstField {
    #[n(0)]
    pub(super) number: u32,
}

impl FirstField {
    pub(super) fn of(body: &[u8]) -> Result<u32, codec::Error> {
        open::decode::<Self>(body).map(|first| first.number)
    }
}
