//! An index written by hand: it answers as an honest one does, unless the test tells it otherwise.

use crate::keys::{NOW, person};
use crate::ledger::Ledger;
use crate::library::Library;
use crate::net::{Door, INDEX, Net};
use crate::panics::NoPanics;
use crate::shelves::Shelves;
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waxwing::codec::{Blob, List, Text};
use waxwing::crypto::{Fingerprint, Identity, Password};
use waxwing::link::{Conversation, Deadlines, Incoming, Listener, Request, Service, Side};
use waxwing::model::directory::{DirectoryEvent, Documents};
use waxwing::model::{Invitation, PeerAddress, SessionToken, UserName};
use waxwing::node::index::{IndexSession, News, NewsStream, Setup, Status};
use waxwing::wire::index::{
    Account, ChainAsk, ChainPart, ContactChange, Done, Join, Keys, KeysAsk, Login, Logout, Named,
    Online, OnlineGrant, PasswordChange, People, PeopleAsk, PersonSeen, Reach, Resume, Rotate,
    SeenAddress, SessionGrant, SessionSeen, Watch,
};
use waxwing::wire::{Code, Features, Kind, Party};

/// What the index does with a request.
#[derive(Clone)]
pub(crate) enum Turn {
    /// Nothing at all.
    Silent,
    /// Hangs up without having done it.
    HangUp,
    /// Does it, and hangs up before it says so.
    Lose,
    Refuse(Code),
    /// Ends the conversation with these words.
    Goodbye(Code),
    /// What this function does.
    By(Arc<Doing>),
}

type Doing = dyn Fn(&mut Books, Request) + Send + Sync;

pub(crate) fn by(what: impl Fn(&mut Books, Request) + Send + Sync + 'static) -> Turn {
    Turn::By(Arc::new(what))
}

/// What the index knows, and what it was asked.
pub(crate) struct Books {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) token: Option<[u8; 32]>,
    pub(crate) lifetime: u32,
    pub(crate) contact: Option<String>,
    pub(crate) people: Vec<PersonSeen>,
    pub(crate) page: usize,
    pub(crate) ledger: Ledger,
    pub(crate) documents: Vec<Documents>,
    pub(crate) shelves: Shelves,
    pub(crate) library: Library,
    /// How many entries of the directory go into one answer.
    pub(crate) part: usize,
    /// What it was asked, in order.
    pub(crate) asked: Vec<Asked>,
    turns: HashMap<Kind, VecDeque<Turn>>,
    always: HashMap<Kind, Turn>,
    /// Whether a part is held, and those behind it.
    holds: bool,
    behind: VecDeque<Request>,
    conversation: Option<Conversation>,
    conversations: usize,
    /// Whether it has ended that conversation: what comes after that is not read.
    hung_up: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) kind: Kind,
    /// The number of the change.
    pub(crate) request: Option<[u8; 16]>,
    pub(crate) by: Fingerprint,
    /// The how manyth conversation it was.
    pub(crate) conversation: usize,
}

/// An index by hand, listening.
pub(crate) struct Stub {
    pub(crate) net: Net,
    books: Arc<Mutex<Books>>,
    running: Option<(CancellationToken, JoinHandle<()>)>,
    _no_panics: NoPanics,
}

impl Stub {
    /// Listens, and has an account of Alice.
    pub(crate) async fn new() -> Self {
        let mut stub = Self::away();
        stub.come();
        stub
    }

    /// The same, but nobody listens yet.
    pub(crate) fn away() -> Self {
        let mut books = Books {
            user: "alice".to_owned(),
            password: PASSWORD.to_owned(),
            token: Some([1; 32]),
            lifetime: 90,
            contact: None,
            people: Vec::new(),
            page: 2,
            ledger: Ledger::new(),
            documents: Vec::new(),
            shelves: Shelves::default(),
            library: Library::default(),
            part: 2,
            asked: Vec::new(),
            turns: HashMap::new(),
            always: HashMap::new(),
            holds: false,
            behind: VecDeque::new(),
            conversation: None,
            conversations: 0,
            hung_up: false,
        };
        books.enter(DirectoryEvent::Joined, "alice", documents("alice"));
        let books = Arc::new(Mutex::new(books));
        Self { net: Net::default(), books, running: None, _no_panics: NoPanics::begin() }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// Does this once, when it is next asked for that.
    pub(crate) fn once(&self, kind: Kind, turn: Turn) {
        self.books().turns.entry(kind).or_default().push_back(turn);
    }

    /// Does this from now on.
    pub(crate) fn always(&self, kind: Kind, turn: Turn) {
        self.books().always.insert(kind, turn);
    }

    /// Is honest again.
    pub(crate) fn honest(&self) {
        self.books().turns.clear();
        self.books().always.clear();
    }

    /// Listens from now on.
    pub(crate) fn come(&mut self) {
        self.come_as("bob", Party::Index);
    }

    pub(crate) fn come_as(&mut self, name: &'static str, party: Party) {
        self.serve(self.net.listen(), name, party);
    }

    /// Serves whoever comes to this door.
    pub(crate) fn serve(&mut self, door: Door, name: &'static str, party: Party) {
        let side = Side::new(identity(name), party, Features::ALL, Deadlines::default()).unwrap();
        let stop = CancellationToken::new();
        let served = Served(Arc::clone(&self.books));
        let task = tokio::spawn(Listener::new(door, side).run(served, stop.clone()));
        self.running = Some((stop, task));
    }

    /// Goes away with a goodbye.
    pub(crate) async fn go(&mut self) {
        self.net.close();
        if let Some((stop, task)) = self.running.take() {
            stop.cancel();
            task.await.unwrap();
        }
    }

    /// The conversation that came last.
    pub(crate) fn conversation(&self) -> Conversation {
        self.books().conversation.clone().unwrap()
    }

    /// What it was asked of this kind.
    pub(crate) fn asked(&self, kind: Kind) -> Vec<Asked> {
        self.books().asked.iter().filter(|asked| asked.kind == kind).cloned().collect()
    }

    /// A session of Alice, who has a token.
    pub(crate) fn session(&self) -> IndexSession {
        self.session_with(setup())
    }

    pub(crate) fn session_with(&self, setup: Setup) -> IndexSession {
        IndexSession::begin(self.net.clone(), side("alice"), &invitation(), setup)
    }
}

/// What Alice's sessions begin with.
pub(crate) fn setup() -> Setup {
    let token = Some(SessionToken::take_from(&mut [1; 32]));
    Setup { token, clock: Arc::new(|| NOW), ..Setup::default() }
}

pub(crate) fn without_token() -> Setup {
    Setup { token: None, ..setup() }
}

pub(crate) fn invitation() -> Invitation {
    let fingerprint = identity("bob").fingerprint();
    Invitation { at: INDEX.parse().unwrap(), fingerprint, token: None }
}

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

pub(crate) fn user(name: &str) -> UserName {
    name.parse().unwrap()
}

/// Loading keys takes time; each person is loaded once.
pub(crate) fn identity(name: &'static str) -> Arc<Identity> {
    static PEOPLE: [OnceLock<Arc<Identity>>; 3] = [const { OnceLock::new() }; 3];
    let at = ["alice", "bob", "mallory"].iter().position(|known| *known == name).unwrap();
    Arc::clone(PEOPLE[at].get_or_init(|| Arc::new(person(name))))
}

pub(crate) fn side(name: &'static str) -> Side {
    Side::new(identity(name), Party::Person, Features::ALL, Deadlines::default()).unwrap()
}

/// What a person shows of themselves.
pub(crate) fn documents(name: &'static str) -> Documents {
    let identity = identity(name);
    let (key, certificate) = (identity.signing().verifying_key(), identity.certificate());
    Documents { key: key.clone(), certificate: certificate.clone(), rotation: None }
}

/// A person who is online there, or not at all.
pub(crate) fn seen(name: &str, addresses: &[&str]) -> PersonSeen {
    let address = |text: &&str| SeenAddress::of(PeerAddress::new(text.parse().unwrap()).unwrap());
    PersonSeen {
        user: Named(user(name)),
        identity: Fingerprint::from_bytes([7; 32]),
        online: !addresses.is_empty(),
        addresses: List::new(addresses.iter().map(address).collect()).unwrap(),
        last_online: Some(1_700_000_000),
        contact: Some(Text::new("room 7").unwrap()),
    }
}

pub(crate) async fn log_in(
    session: &IndexSession,
    name: &str,
    text: &str,
) -> Result<(), waxwing::node::index::Error> {
    soon(session.login(&user(name), &password(text))).await
}

/// Waits until it stands so.
pub(crate) async fn until(session: &IndexSession, so: impl Fn(&Status) -> bool) -> Status {
    let mut news = session.news();
    loop {
        let status = session.status();
        if so(&status) {
            return status;
        }
        soon(news.next()).await.unwrap();
    }
}

pub(crate) async fn until_here(session: &IndexSession) {
    until(session, |status| matches!(status, Status::Here(_))).await;
}

/// The next news that are not about how it stands, or how far it is.
pub(crate) async fn next_news(news: &mut NewsStream) -> News {
    loop {
        match soon(news.next()).await.unwrap() {
            News::Status(_) | News::Publishing { .. } => {}
            news => return news,
        }
    }
}

/// Fails a test that hangs. Time stands still, and so an hour is not long.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(3600), future).await.expect("it does not hang")
}

struct Served(Arc<Mutex<Books>>);

impl Service for Served {
    async fn serve(&self, conversation: Conversation, mut incoming: Incoming) {
        let by = conversation.proven().fingerprint();
        let number = {
            let mut books = self.0.lock().unwrap();
            books.conversations += 1;
            books.conversation = Some(conversation.clone());
            books.hung_up = false;
            books.conversations
        };
        while let Some(request) = incoming.next().await {
            let mut books = self.0.lock().unwrap();
            books.take(request, by, number);
            if books.hung_up && books.conversations == number {
                break;
            }
        }
        // The last handle here keeps nothing going: the conversation is over.
        let mut books = self.0.lock().unwrap();
        if books.conversations == number {
            books.conversation = None;
        }
    }
}

impl Books {
    /// Writes an entry into the directory.
    pub(crate) fn enter(&mut self, event: DirectoryEvent, user: &str, documents: Documents) {
        self.ledger.add(event, user, &documents);
        self.documents.push(documents);
    }

    fn take(&mut self, request: Request, by: Fingerprint, conversation: usize) {
        let kind = request.kind();
        self.asked.push(Asked { kind, request: number_of(&request), by, conversation });
        match self.holds && kind == Kind::Publish {
            true => self.behind.push_back(request),
            false => self.turn_to(request),
        }
    }

    /// The next part is kept until the test answers it; and those behind it, since an index takes one
    /// after the other.
    pub(crate) fn hold(&mut self) {
        self.holds = true;
    }

    fn turn_to(&mut self, request: Request) {
        let kind = request.kind();
        let turn = self.turns.get_mut(&kind).and_then(VecDeque::pop_front);
        match turn.or_else(|| self.always.get(&kind).cloned()) {
            None => self.answer(request),
            // A request that is dropped is answered.
            Some(Turn::Silent) => std::mem::forget(request),
            Some(Turn::HangUp) => self.hang_up(&request, Code::Done),
            Some(Turn::Goodbye(code)) => self.hang_up(&request, code),
            Some(Turn::Refuse(code)) => request.refuse(code, "by order of the test"),
            Some(Turn::Lose) => {
                self.hang_up(&request, Code::Done);
                self.answer(request);
            }
            Some(Turn::By(what)) => what(self, request),
        }
    }

    fn hang_up(&mut self, request: &Request, code: Code) {
        request.conversation().end(code, "");
        self.hung_up = true;
    }

    /// As an honest index.
    pub(crate) fn answer(&mut self, request: Request) {
        let is_part = request.kind() == Kind::Publish;
        self.answer_it(request);
        if is_part && std::mem::take(&mut self.holds) {
            while !self.holds
                && let Some(behind) = self.behind.pop_front()
            {
                self.turn_to(behind);
            }
        }
    }

    fn answer_it(&mut self, request: Request) {
        let done = Done { id: 0 };
        let sent = match request.kind() {
            Kind::Join => {
                let join: Join = request.decode().unwrap();
                self.user = join.user.to_string();
                self.password = join.password.read().unwrap().expose().to_owned();
                self.grant(request)
            }
            Kind::Login => {
                let login: Login = request.decode().unwrap();
                let password = login.password.read().unwrap();
                let right = password.expose() == self.password && login.user.as_str() == self.user;
                if right { self.grant(request) } else { refuse(request, Code::Credentials) }
            }
            Kind::Resume => {
                let resume: Resume = request.decode().unwrap();
                match self.token {
                    Some(token) if token == *resume.token.expose() => self.say(request),
                    _ => refuse(request, Code::NoSession),
                }
            }
            Kind::Rotate => {
                let _: Rotate = request.decode().unwrap();
                self.grant(request)
            }
            Kind::PasswordChange => {
                let change: PasswordChange = request.decode().unwrap();
                self.password = change.new.read().unwrap().expose().to_owned();
                self.grant(request)
            }
            Kind::ContactChange => {
                let change: ContactChange = request.decode().unwrap();
                self.contact = change.contact.map(Text::into_inner);
                request.answer(done)
            }
            Kind::Logout => {
                let logout: Logout = request.decode().unwrap();
                self.token = self.token.filter(|_| logout.session.is_some());
                request.answer(done)
            }
            Kind::AccountAsk => request.answer(self.account()),
            Kind::Online => {
                let online: Online = request.decode().unwrap();
                let at = |port| format!("192.0.2.1:{port}").parse().unwrap();
                let seen =
                    online.port.map(|port| SeenAddress::of(PeerAddress::new(at(port)).unwrap()));
                request.answer(OnlineGrant { id: 0, lifetime: self.lifetime, seen, wide: None })
            }
            Kind::Watch => request.decode::<Watch>().map(|_| request.answer(done)).unwrap(),
            Kind::Reach => request.decode::<Reach>().map(|_| request.answer(done)).unwrap(),
            Kind::PeopleAsk => {
                let ask: PeopleAsk = request.decode().unwrap();
                request.answer(self.page(&ask))
            }
            Kind::KeysAsk => {
                let ask: KeysAsk = request.decode().unwrap();
                let number = ask.number.unwrap();
                let shown = Keys::new(number, &self.documents[number as usize]).unwrap();
                request.answer(shown)
            }
            Kind::ChainAsk => {
                let ask: ChainAsk = request.decode().unwrap();
                request.answer(self.chain(ask.from))
            }
            Kind::ShareChange | Kind::ShareEnd | Kind::SharesAsk | Kind::Publish => {
                self.shelves.answer(request)
            }
            Kind::Search | Kind::Browse | Kind::Locate => {
                self.library.answer(request, self.conversations)
            }
            kind => panic!("nobody asks an index for {kind}"),
        };
        // The conversation may be over.
        let _ = sent;
    }

    /// Another session from now on.
    fn grant(&mut self, request: Request) -> Result<(), waxwing::link::Ended> {
        self.token = Some(waxwing::crypto::random());
        self.say(request)
    }

    fn say(&self, request: Request) -> Result<(), waxwing::link::Ended> {
        let token = SessionToken::take_from(&mut self.token.unwrap());
        let user = Named(user(&self.user));
        request.answer(SessionGrant { id: 0, token, user, lifetime: 3600 })
    }

    pub(crate) fn chain(&self, from: u64) -> ChainPart {
        let entries = self.ledger.from(from).take(self.part);
        let entries = entries.map(|entry| Blob::new(entry).unwrap()).collect();
        let head = self.ledger.head;
        let entries = List::new(entries).unwrap();
        ChainPart { id: 0, entries, length: head.length, hash: head.hash }
    }

    pub(crate) fn page(&self, ask: &PeopleAsk) -> People {
        let is_asked = |person: &&PersonSeen| match (&ask.only, &ask.after) {
            (Some(only), _) => person.user == *only,
            (None, after) => after.as_ref().is_none_or(|after| person.user.0 > after.0),
        };
        let mut people: Vec<_> = self.people.iter().filter(is_asked).cloned().collect();
        people.sort_by(|one, other| one.user.0.cmp(&other.user.0));
        let more = people.len() > self.page;
        people.truncate(self.page);
        People { id: 0, people: List::new(people).unwrap(), more }
    }

    fn account(&self) -> Account {
        let session = SessionSeen {
            session: [9; 16].into(),
            began: 1_700_000_000,
            used: 1_700_000_001,
            is_this: true,
            identity: identity("alice").fingerprint(),
        };
        Account {
            id: 0,
            user: Named(user(&self.user)),
            contact: self.contact.clone().map(|line| Text::new(line).unwrap()),
            since: 1_600_000_000,
            sessions: List::new(vec![session]).unwrap(),
        }
    }
}

fn refuse(request: Request, code: Code) -> Result<(), waxwing::link::Ended> {
    request.refuse(code, "");
    Ok(())
}

fn number_of(request: &Request) -> Option<[u8; 16]> {
    let number = match request.kind() {
        Kind::Join => request.decode::<Join>().ok()?.request,
        Kind::Rotate => request.decode::<Rotate>().ok()?.request,
        Kind::PasswordChange => request.decode::<PasswordChange>().ok()?.request,
        Kind::ContactChange => request.decode::<ContactChange>().ok()?.request,
        _ => return None,
    };
    Some(*number)
}
