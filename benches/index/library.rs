//! A catalog of so many entries in a folder, made once for each run.

use crate::corpus::entries;
use crate::crowd::Crowd;
use crate::keys::NOW;
use crate::people::{SHARED, identity, token};
use std::path::{Path, PathBuf};
use waxwing::index::store::{Asker, Part, RequestKey, Store};
use waxwing::model::{Audience, Keywords, Name, Share, ShareId, SyncId};

/// A folder in memory where there is one, so that no disk is measured.
pub(crate) fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory).unwrap(),
        false => tempfile::tempdir().unwrap(),
    }
}

pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("index.db")
}

/// Who asks in the name of one of the shared identities.
pub(crate) fn asker(number: usize) -> Asker {
    let identity = identity(number).fingerprint();
    Asker { session: token("shared", number).hash(), identity }
}

/// A share for everyone.
pub(crate) fn share(number: u8) -> Share {
    Share {
        id: ShareId::from_bytes([number; 16]),
        name: Name::new(&format!("share {number}")).unwrap(),
        keywords: Keywords::default(),
        audience: Audience::Everyone,
    }
}

/// Publishes entries for all identities, in equal parts, for everyone.
pub(crate) async fn fill(folder: &Path, count: u64) {
    let each = count / SHARED as u64;
    let parts = (0..SHARED).map(|owner| (owner, owner as u64 * each, share(1)));
    publish(folder, parts, each).await;
}

/// Publishes entries of the first identity that the second alone may see.
pub(crate) async fn hide(folder: &Path, count: u64) {
    let audience = Audience::people(["user-1".parse().unwrap()]).unwrap();
    publish(folder, [(0, 0, Share { audience, ..share(1) })], count).await;
}

async fn publish(folder: &Path, parts: impl IntoIterator<Item = (usize, u64, Share)>, each: u64) {
    let store = Crowd::new(&database(folder), 1).await;
    for (owner, first, share) in parts {
        let identity = identity(owner).fingerprint();
        let request = RequestKey { identity, number: [1; 16], asked: [1; 32] };
        store.set_share(asker(owner), request, share.clone(), NOW).await.unwrap();
        let mut entries = entries(first, each).peekable();
        for number in 0.. {
            let add: Vec<_> = entries.by_ref().take(2000).collect();
            let (sync, is_last) = (SyncId::from_bytes([1; 16]), entries.peek().is_none());
            let (base, remove) = (None, Vec::new());
            let part = Part { share: share.id, sync, base, number, add, remove, is_last };
            store.publish(asker(owner), part.into(), u64::MAX, NOW).await.unwrap();
            if is_last {
                break;
            }
        }
    }
    while store.tidy(10_000).await.unwrap() {}
    store.close().await;
}
