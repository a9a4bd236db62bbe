//! A verb goes through the program that is open in the same home, if one is: see [`waxwing::ui::errand`].

mod caller;
mod host;

pub(crate) use caller::{call, find};
pub(crate) use host::open;

/// The name of the socket, in the folder of what the program remembers.
const SOCKET: &str = "open";
