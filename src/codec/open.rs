//! Open messages: CBOR with numbered fields, through `minicbor`'s derive.
//!
//! A message is a struct with `#[derive(Encode, Decode)]`, `#[cbor(map)]` and numbered fields; its
//! texts, byte strings and lists are [`Text`], [`Blob`] and [`List`], each with its maximum. A
//! message that holds any of them says `#[cbor(context_bound = "Charge")]`, which the compiler
//! demands. `Vec`, `String`, `Box` and maps of the standard library, which nobody would count, stand
//! in no message; a test reads the sources for them.
//!
//! ```
//! use minicbor::{Decode, Encode};
//! use waxwing::codec::{Charge, Error, List, Text, open};
//!
//! #[derive(Encode, Decode, Debug, PartialEq)]
//! #[cbor(map, context_bound = "Charge")]
//! struct Greeting {
//!     #[n(0)]
//!     name: Text<32>,
//!     #[n(1)]
//!     lucky: List<u32, 4>,
//! }
//!
//! let greeting = Greeting { name: Text::new("alice")?, lucky: List::new(vec![3, 7])? };
//! let bytes = open::encode(&greeting);
//! assert_eq!(open::decode::<Greeting>(&bytes)?, greeting);
//! # Ok::<(), Error>(())
//! ```
//!
//! [`Text`]: super::Text
//! [`Blob`]: super::Blob
//! [`List`]: super::List

use super::bounded::Budget;
use super::{Error, fence};
use minicbor::{Decode, Encode};

/// The message's bytes.
pub fn encode<T: Encode<Budget>>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and our types refuse nothing while they are encoded.
    let _ = minicbor::encode_with(message, &mut bytes, &mut Budget::for_message(0));
    bytes
}

/// The message that `bytes` are, wholly.
///
/// Allocates at most four times the length of `bytes`, and 64 KiB.
pub fn decode<'b, T: Decode<'b, Budget>>(bytes: &'b [u8]) -> Result<T, Error> {
    fence::check(bytes)?;
    let mut budget = Budget::for_message(bytes.len());
    let mut decoder = minicbor::Decoder::new(bytes);
    match decoder.decode_with(&mut budget) {
        Ok(message) => Ok(message),
        Err(_) => Err(budget.refusal().unwrap_or(Error::Invalid("not a message of this kind"))),
    }
}
