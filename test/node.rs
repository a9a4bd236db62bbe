//! The session with an index.
