//! An index inside an example.

use std::error::Error;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::{Identity, PasswordHasher, UnixTime};
use waxwing::index::store::{Place, Sqlite};
use waxwing::index::{Index, Rules};
use waxwing::link::{Deadlines, Listener, Side};
use waxwing::model::Invitation;
use waxwing::wire::{Features, Party};

/// An index on a port of this machine, which everybody may join.
pub(crate) async fn begin_index(identity: Identity) -> Result<Invitation, Box<dyn Error>> {
    let rules = Rules { open_joining: true, wide: false, ..Rules::default() };
    let hasher = PasswordHasher::new(PasswordHasher::DEFAULT_COST).ok_or("no such cost")?;
    let (store, clock) = (Sqlite::open(Place::Memory)?, Arc::new(UnixTime::now));
    let index = Index::new(store, rules, hasher, clock, |fact| println!("index: {fact}"))?;
    let sockets = TcpListener::bind("127.0.0.1:0").await?;
    let (at, fingerprint) = (sockets.local_addr()?.into(), identity.fingerprint());
    let (party, deadlines) = (Party::Index, Deadlines::default());
    let side = Side::new(Arc::new(identity), party, Features::default(), deadlines)?;
    tokio::spawn(Listener::new(sockets, side).run(index, CancellationToken::new()));
    Ok(Invitation { at, fingerprint, token: None })
}
