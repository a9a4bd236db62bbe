//! The people and the ground of these tests: Bob serves and listens, Alice dials him.

pub(crate) use crate::fetched::{Fetched, FetchedFile, fetch};
pub(crate) use crate::keys::bytes_of;
use crate::keys::{NOW, person};
use crate::panics::NoPanics;
pub(crate) use crate::soon::soon;
use std::fs::File;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use waxwing::crypto::{Fingerprint, Identity};
use waxwing::link::{
    Backoff, Conversation, Deadlines, Dialler, Expected, Incoming, LaneBook, Listener, Request,
    Side, Streams, Tcp,
};
use waxwing::model::{
    Audience, Content, EntryPath, Events, Keywords, Name, Share, ShareId, UserName, Work,
};
use waxwing::peer::{
    Decision, Error, Landing, Policy, Proposal, Published, Received, Rules, Served, ShareFolder,
    Sharer, Shelf, Wanted,
};
use waxwing::wire::{Features, Kind, Party};

pub(crate) const CHUNK: usize = 256 * 1024;
pub(crate) const MIB: usize = 1 << 20;

/// Loading keys takes time; each person is loaded once.
pub(crate) fn identity(name: &'static str) -> Arc<Identity> {
    static PEOPLE: [OnceLock<Arc<Identity>>; 3] = [const { OnceLock::new() }; 3];
    let at = ["alice", "bob", "mallory"].iter().position(|known| *known == name).unwrap();
    Arc::clone(PEOPLE[at].get_or_init(|| Arc::new(person(name))))
}

pub(crate) fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

pub(crate) fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap()
}

/// Takes what anybody offers, or nothing.
#[derive(Clone)]
pub(crate) struct Taking {
    pub(crate) into: PathBuf,
    pub(crate) rules: Rules,
    pub(crate) may_offer: bool,
    pub(crate) takes: bool,
}

impl Policy for Taking {
    fn may_offer(&self, _: Fingerprint) -> bool {
        self.may_offer
    }

    async fn decide(&self, _: Proposal) -> Decision {
        match self.takes {
            true => Decision::Accept { into: self.into.clone(), rules: self.rules },
            false => Decision::Decline,
        }
    }
}

/// What came of a request that Bob was asked.
#[derive(Debug)]
pub(crate) enum Answered {
    Served(Result<Served, Error>),
    Received(Result<Received, Error>),
    Shown,
}

/// Bob, who serves what is in `home/share`, and Alice, who has `home/downloads`.
pub(crate) struct Stage {
    pub(crate) home: TempDir,
    pub(crate) bob: Sharer,
    pub(crate) alice: Sharer,
    pub(crate) streams: Streams,
    pub(crate) share: ShareId,
    pub(crate) address: SocketAddr,
    answered: mpsc::Receiver<Answered>,
    at_work: watch::Receiver<usize>,
    stop: CancellationToken,
    _no_panics: NoPanics,
}

pub(crate) fn sharer(name: &'static str) -> Sharer {
    Sharer::new(identity(name), Shelf::new(user(name))).with_clock(|| NOW)
}

impl Stage {
    /// Bob takes what Alice sends into `home/inbox`.
    pub(crate) async fn new() -> Self {
        Self::with(sharer("bob"), |_| {}).await
    }

    pub(crate) async fn with(bob: Sharer, policy: impl FnOnce(&mut Taking)) -> Self {
        Self::waiting(bob, Deadlines::default(), policy).await
    }

    /// The same, and he waits so long for what.
    pub(crate) async fn waiting(
        bob: Sharer,
        deadlines: Deadlines,
        policy: impl FnOnce(&mut Taking),
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let into = home.path().join("inbox");
        let mut taking = Taking { into, rules: Rules::default(), may_offer: true, takes: true };
        policy(&mut taking);
        let polite = bob.clone();
        let answer = move |request: Request, streams: Streams| {
            let (bob, taking) = (polite.clone(), taking.clone());
            async move {
                if request.kind() == Kind::LeavesAsk {
                    bob.serve_leaves(request, &user("alice")).await.ok();
                    return None;
                }
                Some(answer(&bob, &taking, &streams, request).await)
            }
        };
        Self::answering_as(side_with("bob", deadlines), home, bob, answer).await
    }

    /// Bob answers like this.
    pub(crate) async fn answering<F: Future<Output = Option<Answered>> + Send + 'static>(
        home: TempDir,
        bob: Sharer,
        answer: impl Fn(Request, Streams) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        Self::answering_as(side("bob"), home, bob, answer).await
    }

    async fn answering_as<F: Future<Output = Option<Answered>> + Send + 'static>(
        bobs: Side,
        home: TempDir,
        bob: Sharer,
        answer: impl Fn(Request, Streams) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        let _no_panics = NoPanics::begin();
        std::fs::create_dir(home.path().join("share")).unwrap();
        let (address, answered, at_work, stop) = listen(bobs, answer).await;
        let streams = dial(address, side("alice")).await.unwrap();
        let alice = sharer("alice");
        let share = ShareId::from_bytes([7; 16]);
        Self { home, bob, alice, streams, share, address, answered, at_work, stop, _no_panics }
    }

    /// Somebody dials Bob as well.
    pub(crate) async fn dial(&self, side: Side) -> Streams {
        dial(self.address, side).await.unwrap()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Makes a file in Bob's share.
    pub(crate) fn make(&self, name: &str, bytes: &[u8]) -> PathBuf {
        self.write(&format!("share/{name}"), bytes)
    }

    /// Makes a file in the home. It is some years old: whatever changes it gives it another time, even
    /// in the same moment.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
        File::options().append(true).open(&path).unwrap().set_modified(old).unwrap();
        path
    }

    /// Scans Bob's share, names its contents, and puts it on his shelf.
    pub(crate) fn publish(&self, audience: Audience) -> Vec<Published> {
        self.publish_at(&self.at("share"), audience)
    }

    pub(crate) fn publish_at(&self, at: &Path, audience: Audience) -> Vec<Published> {
        let folder = Arc::new(ShareFolder::open(at).unwrap());
        let mut task = Events::ignored().begin(Work::Hashing, "", 0);
        let files = folder.scan().unwrap().files;
        let published: Vec<_> = files
            .iter()
            .map(|file| {
                let content = folder.hash(&file.path, &file.stamp, &mut task, &|| false).unwrap();
                Published { entry: file.entry(Some(content)).unwrap(), stamp: file.stamp }
            })
            .collect();
        let (name, keywords) = (Name::new("share").unwrap(), Keywords::default());
        let share = Share { id: self.share, name, keywords, audience };
        self.bob.shelf().put(share, folder, published.clone());
        published
    }

    /// The same, without reading any file.
    pub(crate) fn publish_unread(&self) {
        let folder = Arc::new(ShareFolder::open(&self.at("share")).unwrap());
        let files = folder.scan().unwrap().files;
        let files = files
            .iter()
            .map(|file| Published { entry: file.entry(None).unwrap(), stamp: file.stamp });
        let (name, keywords) = (Name::new("share").unwrap(), Keywords::default());
        let share = Share { id: self.share, name, keywords, audience: Audience::Everyone };
        self.bob.shelf().put(share, folder, files.collect());
    }

    pub(crate) fn landing(&self, rules: Rules) -> Landing {
        Landing::in_folder(&self.at("downloads"), rules).unwrap()
    }

    /// Alice fetches these paths, whatever they hold.
    pub(crate) async fn fetch(&self, paths: &[&str]) -> Fetched {
        self.fetch_all(paths.iter().map(|name| wanted(name, None)).collect()).await
    }

    pub(crate) async fn fetch_all(&self, wanted: Vec<Wanted>) -> Fetched {
        let landing = self.landing(Rules::default());
        soon(fetch(&self.alice, &self.streams, self.share, wanted, &landing)).await
    }

    pub(crate) async fn served(&mut self) -> Result<Served, Error> {
        match soon(self.answered.recv()).await {
            Some(Answered::Served(served)) => served,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn received(&mut self) -> Result<Received, Error> {
        loop {
            match soon(self.answered.recv()).await {
                Some(Answered::Received(received)) => return received,
                // Somebody else may have been served meanwhile.
                Some(Answered::Served(Ok(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Waits until Bob is at so many things: conversations, and what he is asked in them. Gives what came of
    /// all that he was asked until then.
    pub(crate) async fn is_at(&mut self, things: usize) -> Vec<Answered> {
        soon(self.at_work.wait_for(|count| *count == things)).await.unwrap();
        std::iter::from_fn(|| self.answered.try_recv().ok()).collect()
    }

    /// Everything below a folder of the home: names, and what files hold.
    pub(crate) fn tree(&self, name: &str) -> Vec<(String, Option<Vec<u8>>)> {
        let mut found = Vec::new();
        collect(&self.at(name), Path::new(""), &mut found);
        found.sort();
        found
    }

    /// The names of the files below a folder of the home, hidden ones too.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        self.tree(name).into_iter().map(|(name, _)| name).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn collect(root: &Path, below: &Path, found: &mut Vec<(String, Option<Vec<u8>>)>) {
    let Ok(entries) = std::fs::read_dir(root.join(below)) else { return };
    for entry in entries {
        let Ok(entry) = entry else { continue };
        let path = below.join(entry.file_name());
        let name = path.to_str().unwrap().to_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            found.push((format!("{name}/"), None));
            collect(root, &path, found);
        } else {
            // It may be gone by now.
            let bytes = kind.is_file().then(|| std::fs::read(root.join(&path)).unwrap_or_default());
            found.push((name, bytes));
        }
    }
}

pub(crate) async fn dial(address: SocketAddr, side: Side) -> Result<Streams, waxwing::link::Error> {
    let dialler = Dialler::over(Tcp, side).with_backoff(Backoff::never());
    let expected = Expected::Only(identity("bob").fingerprint());
    let (conversation, mut incoming) = dialler.dial(&address.into(), expected).await?;
    let streams = Streams::new(conversation, None);
    let to_answer = streams.clone();
    tokio::spawn(async move { while to_answer.next_request(&mut incoming).await.is_some() {} });
    Ok(streams)
}

async fn listen<F: Future<Output = Option<Answered>> + Send + 'static>(
    bobs: Side,
    answer: impl Fn(Request, Streams) -> F + Clone + Send + Sync + 'static,
) -> (SocketAddr, mpsc::Receiver<Answered>, watch::Receiver<usize>, CancellationToken) {
    let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = sockets.local_addr().unwrap();
    let book = Arc::new(LaneBook::new(Duration::from_secs(30)));
    let listener = Listener::new(sockets, bobs).with_lanes(Arc::clone(&book) as Arc<_>);
    let (tell, answered) = mpsc::channel(256);
    let (count, at_work) = watch::channel(0);
    let count = Arc::new(count);
    let service = move |conversation: Conversation, mut incoming: Incoming| {
        let streams = Streams::new(conversation, Some(Arc::clone(&book)));
        let (answer, tell, held) = (answer.clone(), tell.clone(), AtWork::begin(&count));
        async move {
            while let Some(request) = streams.next_request(&mut incoming).await {
                let (answering, tell) = (answer(request, streams.clone()), tell.clone());
                let at_work = AtWork::begin(&held.0);
                tokio::spawn(async move {
                    if let Some(answered) = answering.await {
                        tell.send(answered).await.ok();
                    }
                    drop(at_work);
                });
            }
        }
    };
    let stop = CancellationToken::new();
    tokio::spawn(listener.run(service, stop.clone()));
    (address, answered, at_work, stop)
}

/// Something that Bob is at, as long as it is held.
struct AtWork(Arc<watch::Sender<usize>>);

impl AtWork {
    fn begin(count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(Arc::clone(count))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

async fn answer(bob: &Sharer, taking: &Taking, streams: &Streams, request: Request) -> Answered {
    match request.kind() {
        Kind::GetAsk => Answered::Served(bob.serve_get(request, streams, &user("alice")).await),
        Kind::SendAsk => Answered::Received(bob.receive(request, streams, taking).await),
        Kind::Browse => {
            // What is not told is refused; the one who asks sees it.
            bob.show(request, &user("alice")).ok();
            Answered::Shown
        }
        kind => panic!("{kind}"),
    }
}

pub(crate) fn side(name: &'static str) -> Side {
    side_with(name, Deadlines::default())
}

fn side_with(name: &'static str, deadlines: Deadlines) -> Side {
    Side::new(identity(name), Party::Person, Features::ALL, deadlines).unwrap()
}

pub(crate) fn wanted(name: &str, content: Option<Content>) -> Wanted {
    Wanted { path: path(name), content, most: u64::MAX, to: path(name) }
}
