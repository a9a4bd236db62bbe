//! Bytes: how values become bytes, and how foreign bytes become values.
//!
//! Two ways of writing, and no third:
//!
//! - **open** messages ([`open`]) are CBOR maps with numbered fields. A reader skips fields that it
//!   does not know, so old and new programs understand each other.
//! - **closed** layouts ([`closed`]) are fixed big-endian fields without options. Whatever is signed
//!   or hashed is closed: it has exactly one spelling, and it grows by a version number only.
//!
//! Both read with a fence: a declared length is compared with what is there before anything is
//! reserved, every collection has a maximum, and nothing may be left over. What decoding an open
//! message may allocate is counted while it is decoded, see [`Budget`].
//!
//! Decided against: serde (it cannot refuse before it allocates, and its CBOR crates number no
//! fields), and a canonical form of CBOR for signatures (two canonical forms exist, and neither is
//! shorter to explain than a list of fixed fields).

mod bounded;
pub mod closed;
mod fence;
pub mod open;

pub use bounded::{Blob, Budget, Charge, List, Text, refuse};
pub use closed::{Closed, Reader, Writer};

/// Why bytes were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end before the value does.
    #[error("the bytes end before the value does")]
    Cut,
    /// The value ends before the bytes do.
    #[error("{0} bytes are left over after the value")]
    LeftOver(usize),
    /// A collection or a text is longer than its maximum.
    #[error("{what} is longer than {max}")]
    TooLong {
        /// Which collection.
        what: &'static str,
        /// The most that is accepted.
        max: usize,
    },
    /// Decoding would allocate far more than the bytes justify.
    #[error("the message would take far more memory than it has bytes")]
    OverBudget,
    /// A CBOR item of indefinite length.
    #[error("a length is indefinite")]
    Indefinite,
    /// A CBOR item that our messages never hold: floats, tags, unassigned values.
    #[error("an item of a kind that no message holds")]
    ForeignItem,
    /// CBOR nested deeper than any message.
    #[error("nested deeper than any message")]
    TooDeep,
    /// The keys of a map are not numbers in ascending order.
    #[error("the fields are not numbered in ascending order")]
    KeyOrder,
    /// Well-formed, but not a value of this type.
    #[error("{0}")]
    Invalid(&'static str),
}
