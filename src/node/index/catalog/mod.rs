//! The catalog: publishing one's own shares, and searching what others share.
//!
//! Publishing is a wish. The session remembers what the program wants published, and in each
//! conversation brings the index there from whatever it has: nothing to do, a difference, or all of
//! it when the index is another one, or has been restored from a backup.
//!
//! Whatever an index answers is held against what was asked before anybody sees it, and the last
//! searches are kept for when it is away.

mod ahead;
mod browse;
mod due;
mod entries;
mod found;
mod hitches;
mod kept;
mod publishing;
mod query;
mod search;
mod shares;
mod sync;
mod upholding;
mod wishes;

pub(in crate::node) use browse::Pages;
pub use browse::{Listing, Section};
pub use entries::{Entries, Summary};
pub use found::{Found, SeenShare, Source};
pub(super) use kept::Searches;
pub use query::Query;
pub use search::{Findings, More};
pub use shares::OwnShare;
pub(super) use upholding::uphold;
pub use wishes::Published;
pub(super) use wishes::Publishing;
