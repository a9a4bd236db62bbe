//! A town: a real index on loopback, and people with homes in a temporary folder.

use crate::keys::{key_pem, sealing_key, signing_key};
use crate::panics::NoPanics;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waxwing::codec::closed;
use waxwing::crypto::key_file::{self, Protection};
use waxwing::crypto::{Identity, Password, PasswordHasher, SealingKey, SigningKey, UnixTime};
use waxwing::index::store::{Invite, Place, Sqlite, Store};
use waxwing::index::{Index, Rules};
use waxwing::link::{Backoff, Deadlines, Listener, Side};
use waxwing::model::{Invitation, JoinToken, UserName};
use waxwing::node::{Config, Home, Options, User};
use waxwing::wire::{Features, Party};

pub(crate) const PASSWORD: &str = "a password for tests";

pub(crate) struct Town {
    pub(crate) folder: TempDir,
    pub(crate) index: Invitation,
    pub(crate) store: Sqlite,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    _no_panics: NoPanics,
}

impl Town {
    pub(crate) async fn new() -> Self {
        Self::over(Sqlite::open(Place::Memory).unwrap()).await
    }

    /// An index whose database is a file, so that it can be copied.
    pub(crate) async fn in_a_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(Place::File(folder.path().join("index.db"))).unwrap();
        Self { folder, ..Self::over(store).await }
    }

    /// The same index once more, as it is now: from now on the two go different ways.
    pub(crate) async fn twin(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("index.db");
        self.store.backup(&copy).await.unwrap();
        let store = Sqlite::open(Place::File(copy)).unwrap();
        Self { folder, ..Self::over(store).await }
    }

    async fn over(store: Sqlite) -> Self {
        let (_no_panics, folder) = (NoPanics::begin(), tempfile::tempdir().unwrap());
        let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (index, stop, task) = Self::serve(&store, sockets);
        Self { folder, index, store, stop, task: Some(task), _no_panics }
    }

    /// The index comes back, at the same address, with all that it knew.
    pub(crate) async fn open_again(&mut self) {
        let at = self.index.at.to_socket_addr().unwrap();
        let sockets = TcpListener::bind(at).await.unwrap();
        let (_, stop, task) = Self::serve(&self.store, sockets);
        (self.stop, self.task) = (stop, Some(task));
    }

    fn serve(
        store: &Sqlite,
        sockets: TcpListener,
    ) -> (Invitation, CancellationToken, JoinHandle<()>) {
        let now = UnixTime::now();
        let signing = signing_key("large");
        let identity = Identity::new(signing, sealing_key("mallory-sealing"), now).unwrap();
        let rules = Rules { open_joining: true, wide: false, ..Rules::default() };
        let hasher = PasswordHasher::new(4).unwrap();
        let clock = Arc::new(UnixTime::now);
        let index = Index::new(store.clone(), rules, hasher, clock, |_| ()).unwrap();
        let at = sockets.local_addr().unwrap().into();
        let invitation = Invitation { at, fingerprint: identity.fingerprint(), token: None };
        let deadlines = Deadlines::default();
        let side = Side::new(Arc::new(identity), Party::Index, Features::ALL, deadlines).unwrap();
        let (listener, stop) = (Listener::new(sockets, side), CancellationToken::new());
        let (serving, jobs_stop) = (listener.run(index.clone(), stop.clone()), stop.clone());
        let task = tokio::spawn(async move {
            tokio::join!(serving, index.run_jobs(jobs_stop));
        });
        (invitation, stop, task)
    }

    /// Where somebody keeps everything; their keys are there, nothing else.
    pub(crate) fn home(&self, name: &str) -> Home {
        self.home_with_keys(name, name)
    }

    pub(crate) fn home_with_keys(&self, name: &str, keys: &str) -> Home {
        let home = Home::in_folder(self.folder.path().join(name));
        if !home.keys().exists() {
            write_keys(&home.path().join("keys"), keys);
        }
        home
    }

    /// Somebody, before anything.
    pub(crate) fn newcomer(&self, name: &str) -> User {
        open(self.home(name), Config::default())
    }

    /// Somebody who has joined under their own name.
    pub(crate) async fn member(&self, name: &str) -> User {
        let newcomer = self.newcomer(name);
        newcomer.join(&self.index, &user(name), &password(PASSWORD), None).await.unwrap();
        newcomer
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The index goes; the homes stay.
    pub(crate) async fn close(&mut self) {
        self.stop.cancel();
        self.task.take().unwrap().await.unwrap();
    }

    pub(crate) async fn stop(mut self) {
        self.close().await;
    }

    /// An invitation from the index's owner, under which somebody may take a name over.
    pub(crate) async fn invite(&self, name: &str) -> Invitation {
        let (token, made) = (JoinToken::random(), UnixTime::now());
        let (user, expires) = (Some(user(name)), made.plus(3600));
        let invite = Invite { token: token.hash(), user, made, expires };
        self.store.invite(invite).await.unwrap();
        let Invitation { at, fingerprint, .. } = &self.index;
        Invitation { at: at.clone(), fingerprint: *fingerprint, token: Some(token) }
    }
}

pub(crate) fn open(home: Home, config: Config) -> User {
    User::open(home, config, Protection::NoneAsked, options()).unwrap()
}

/// A port of which nobody else thinks: where nobody listens, nobody answers, not somebody of another town, who
/// may have the same keys.
pub(crate) fn own_port() -> u16 {
    let sockets = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sockets.local_addr().unwrap().port()
}

/// Quick to try again, and quick to give up.
pub(crate) fn options() -> Options {
    let (first, longest) = (Duration::from_millis(5), Duration::from_millis(50));
    let backoff = Backoff { tries: u32::MAX, first, longest };
    Options { backoff, away: Duration::from_millis(300), ..Options::default() }
}

pub(crate) fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

/// Keys from `test/keys` as a folder of keys: making some takes seconds.
fn write_keys(folder: &Path, name: &str) {
    write_identity(
        folder,
        &key_pem(&format!("{name}-signing")),
        &key_pem(&format!("{name}-sealing")),
    );
}

/// A folder of these keys.
pub(crate) fn write_identity(folder: &Path, signing: &str, sealing: &str) {
    let key = |pem| key_file::decode(pem, Protection::NoneAsked).unwrap();
    let keys = (SigningKey::load(&key(signing)).unwrap(), SealingKey::load(&key(sealing)).unwrap());
    let identity = Identity::new(keys.0, keys.1, UnixTime::now()).unwrap();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).unwrap();
    let write = |file: &str, bytes: &[u8]| {
        let mut options = fs::File::options();
        let opened = options.write(true).create_new(true).mode(0o600).open(folder.join(file));
        std::io::Write::write_all(&mut opened.unwrap(), bytes).unwrap();
    };
    write("signing.key", signing.as_bytes());
    write("sealing.key", sealing.as_bytes());
    write("sealing.cert", &closed::encode(identity.certificate()));
    write("fingerprint", format!("{}\n", identity.fingerprint()).as_bytes());
}
