//! The catalog: publishing one's own shares, and searching what others share.
//!
//! Publishing is a wish. The session remembers what the program wants published, and in each
//! conversation brings the index there from whatever it has: nothing to do, a difference, or all of
//! it when the index is another one, or has been restored from a backup.

mod entries;
mod publishing;
mod shares;
mod upholding;
mod wishes;

pub use entries::{Entries, Summary};
pub use shares::OwnShare;
pub(super) use upholding::uphold;
pub use wishes::Published;
pub(super) use wishes::Publishing;
