//! A verb goes through the program that is open in the same home, if one is: see [`waxwing::ui::errand`].

mod caller;
mod host;
mod line;

pub(crate) use caller::{call, find};
pub(crate) use host::open;
pub(crate) use line::ErrandLine;

/// The name of the socket, in the folder of what the program remembers.
const SOCKET: &str = "open";
