//! The role of a sharer: people's folders are served, and what others send is taken in.
//!
//! ```text
//!  disk of a share                                               disk of a receiver
//!  ShareFolder ─ scan, hash ─▶ Shelf                             Landing ─▶ files with their names
//!                                │                                  ▲
//!             GetAsk ─▶ Sharer::serve_get ══ sealed stream ══▶ Sharer::fetch ─▶ Portion
//!   Files ────────────▶ Sharer::send ═══════ sealed stream ══▶ Sharer::receive ─▶ Received
//!                                                                   │
//!                                                               Receipts
//! ```
//!
//! A [`Sharer`] is what one person brings to all of their transfers. What is served lies on a
//! [`Shelf`], which knows who may have what; what comes goes into a [`Landing`], which gives a file its
//! name only for the proof that its bytes are those which the sender signed. [`Receipts`] keep, for
//! later and for others, who sent what.
//!
//! What many want at once waits in turn (`turns`, `queue`). Of a file that several have, each sends other
//! parts (`spread`), which are held against its `leaves`. Who asks for what is shared while the index is
//! away is shown it (`showing`).
//!
//! This room decides nothing about people: who somebody is, whether they are known, and whether
//! their offers are taken is said from above. It prints nothing. Work on the disk runs on threads
//! of its own, and everything below a folder is reached through that folder's handle.

mod allowance;
mod arriving;
mod asking;
mod changed;
mod chosen;
mod disk;
mod error;
mod fetching;
pub mod folder;
pub mod landing;
mod leaves;
mod queue;
mod receipts;
mod receiving;
mod requests;
mod sending;
mod serving;
mod sharer;
mod shelf;
mod showing;
mod sources;
mod spread;
mod telling;
mod turns;
mod wanted;

pub use allowance::Allowance;
pub use error::Error;
pub use folder::{
    Changed, FolderWatch, LeftOut, PassedOver, Scan, Scanned, ShareFolder, Stamp, WhyLeftOut,
};
pub use landing::{Batch, LandError, Landed, Landing, Look, Rules, Standing, Target};
pub use receipts::Receipts;
pub use receiving::{Decision, Policy, Proposal, Received, ReceivedFile};
pub use sending::{Files, Reply};
pub use serving::Served;
pub use sharer::Sharer;
pub use shelf::{Published, Shelf};
pub use spread::{Gathering, Source, Spread, is_worth_spreading};
pub(crate) use telling::told_if_long;
pub use wanted::{FetchedFile, Portion, Wanted, Wants};
