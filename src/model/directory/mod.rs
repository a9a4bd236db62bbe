//! The key directory: every binding of a name to keys that an index ever made, as a chain.
//!
//! ```text
//! entry 0 ◀─ entry 1 ◀─ entry 2 ...      each holds the hash of the one before
//! alice      bob        alice            a name, what happened, the identity, and a hash of
//! joined     joined     rotated          the documents: key, certificate, rotation
//! ```
//!
//! The index appends and never changes. A client keeps a [`Chain`], extends it with what is new, and
//! believes a binding only if its entry is the last of that name in the chain and its
//! [`Documents`] are those that the entry names. So an index that forgets, swaps or rewrites is found
//! out by whoever saw more, and one that shows two people two chains when they compare their
//! [`Head`]s.
//!
//! What the chain does not say: that a binding is true. Whoever joined first under a name has it; only
//! comparing words tells whether that is the person whom one means.

mod chain;
mod entry;

pub use chain::{Agreement, Binding, Chain, ChainError, Step};
pub use entry::{DirectoryEntry, DirectoryEvent, Documents, Head};
