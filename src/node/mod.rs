//! One user: what a person's program does, put together from the rooms before it.
//!
//! [`index`] is the person's side of an index: a session that stays.

pub mod index;
