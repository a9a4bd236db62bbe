//! The index of the story: a real one on a database, in a process of its own.

use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use waxwing::crypto::key_file::Protection;
use waxwing::crypto::key_folder::KeyFolder;
use waxwing::crypto::{PasswordHasher, UnixTime};
use waxwing::index::store::{Place, Sqlite};
use waxwing::index::{Index, Rules};
use waxwing::link::{Deadlines, Listener, Side};
use waxwing::model::Invitation;
use waxwing::ui::{Exit, Failure, Printer};
use waxwing::wire::{Features, Party};

/// Serves until it is ended, which is when the story is over.
pub(super) async fn be_the_index(folder: &Path) -> Result<(), Failure> {
    let keys = KeyFolder::at(folder.join("keys"));
    let identity = keys.create(Protection::NoneAsked, UnixTime::now()).map_err(failed)?;
    let fingerprint = identity.fingerprint();
    let store = Sqlite::open(Place::File(folder.join("index.db"))).map_err(failed)?;
    let rules = Rules { open_joining: true, ..Rules::default() };
    let hasher = PasswordHasher::new(PasswordHasher::DEFAULT_COST);
    let hasher = hasher.ok_or_else(|| Failure::new(Exit::Error, "there is no such cost"))?;
    let index = Index::new(store.clone(), rules, hasher, Arc::new(UnixTime::now), |_| ());
    let index = index.map_err(failed)?;
    let sockets = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
    let at = sockets.local_addr().map_err(failed)?.into();
    let (features, deadlines) = (Features::default(), Deadlines::default());
    let side = Side::new(Arc::new(identity), Party::Index, features, deadlines).map_err(failed)?;
    Printer::standard(false).result(Invitation { at, fingerprint, token: None });

    let stop = CancellationToken::new();
    let listening = Listener::new(sockets, side).run(index.clone(), stop.clone());
    tokio::join!(listening, index.run_jobs(stop));
    store.close().await;
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Error, error)
}
