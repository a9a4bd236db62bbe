//! Whatever goes wrong, a person is told what, why and what next, and scripts a class.

use crate::keys::verifying_key;
use crate::town::user;
use rustls::CertificateError;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use waxwing::crypto::key_file::KeyFileError;
use waxwing::crypto::key_folder::KeyFolderError;
use waxwing::crypto::{self, Password};
use waxwing::link::{self, AskError, Ending, StreamError, TlsError};
use waxwing::model::directory::ChainError;
use waxwing::model::{self, Content, Name, UserName};
use waxwing::node::index::{self, LoggedOut, Trouble};
use waxwing::node::{Advice, Error, Exit, HomeError, ObjectError};
use waxwing::peer::{self, LandError};
use waxwing::seal::{ManifestProblem, Refusal, SealError};
use waxwing::wire::{Code, Explanation, FrameError};

#[test]
fn every_error_says_what_happened_and_what_to_do() {
    let errors = all();
    let numbers: BTreeSet<_> = errors.iter().map(number).collect();
    assert_eq!(numbers, (0..=LAST).collect(), "an example of each is here");
    for error in &errors {
        let advice = error.advice();
        let shown = format!("{error:?}: {advice:?}");
        assert!(!advice.what.is_empty() && !advice.what.contains('\n'), "{shown}");
        assert_ne!(advice.exit, Exit::Done, "{shown}");
        assert!(!advice.what.contains("()"), "{shown}");
        // Of the others, the next step is not known.
        let is_helped = !matches!(advice.exit, Exit::Error | Exit::Interrupted | Exit::NothingToDo);
        let may_be_bare = matches!(error, Error::Said(_) | Error::Index(_) | Error::Peer(_));
        assert!(advice.hint.is_some() || !is_helped || may_be_bare, "{shown}");
        for foreign in [&advice.what, advice.hint.as_ref().unwrap_or(&advice.what)] {
            assert!(!foreign.contains('\u{1b}'), "{shown}");
        }
    }
}

#[test]
fn the_classes_that_people_meet_most_are_what_they_expect() {
    let exit = |error: Error| error.advice().exit;
    let refused = |code| Error::from(index::Error::Refused { code, text: Explanation::default() });
    for (code, wanted) in [
        (Code::Credentials, Exit::NotAllowed),
        (Code::NameTaken, Exit::Conflict),
        (Code::Invitation, Exit::NotAllowed),
        (Code::NotFound, Exit::NotFound),
        (Code::NoSpace, Exit::NoSpace),
        (Code::Quota, Exit::NoSpace),
        (Code::Declined, Exit::NotAllowed),
        (Code::Busy, Exit::Unreachable),
        (Code::Sealed(Refusal::RecordSignature), Exit::Verification),
        (Code::Sealed(Refusal::Cut), Exit::Unreachable),
    ] {
        assert_eq!(exit(refused(code)), wanted, "{code}");
    }
    let full = io::Error::from(io::ErrorKind::StorageFull);
    let full = HomeError::Io { path: PathBuf::from("x"), source: full };
    assert_eq!(exit(full.into()), Exit::NoSpace);
    let denied = io::Error::from(io::ErrorKind::PermissionDenied);
    let denied = peer::Error::Disk { path: PathBuf::from("x"), source: denied };
    assert_eq!(exit(denied.into()), Exit::NotAllowed);
    for kind in [io::ErrorKind::AlreadyExists, io::ErrorKind::NotADirectory] {
        let taken = peer::Error::Disk { path: PathBuf::from("x"), source: kind.into() };
        assert_eq!(exit(taken.into()), Exit::Conflict);
    }
}

#[test]
fn a_program_that_may_open_nothing_more_says_how_it_may_and_tries_again() {
    let none = || io::Error::from_raw_os_error(24);
    let path = || PathBuf::from("x");
    let errors = [
        link::Error::from(none()).into(),
        peer::Error::Disk { path: path(), source: none() }.into(),
        peer::Error::from(StreamError::Place(none())).into(),
        HomeError::Io { path: path(), source: none() }.into(),
    ];
    for (at, error) in errors.into_iter().enumerate() {
        let Advice { exit, hint, .. } = Error::advice(&error);
        let hint = hint.unwrap_or_default();
        assert!(exit == Exit::Error && hint.contains("ulimit -n"), "{error}: {hint}");
        // What reads one's own home is asked for once.
        assert_eq!(error.may_pass(), at < 3, "{error}");
    }
}

#[test]
fn what_alters_bytes_may_pass_and_who_is_somebody_else_does_not() {
    let altered = link::Error::Tls(TlsError::DecryptError);
    let foreign = link::Error::Tls(TlsError::InvalidCertificate(CertificateError::BadSignature));
    let (expected, found) = fingerprints();
    let other = link::Error::Identity { expected, found };
    for (why, passes) in [(altered, true), (foreign, false), (other, false)] {
        let error = Error::Unreached { user: bob(), why };
        let exit = if passes { Exit::Unreachable } else { Exit::Verification };
        assert_eq!((error.may_pass(), error.advice().exit), (passes, exit), "{error}");
    }
}

/// An example of each, and of each that an error holds.
fn all() -> Vec<Error> {
    let mut all = own();
    all.extend(homes().into_iter().map(Error::from));
    all.extend(key_folders().into_iter().map(Error::from));
    all.extend(links().into_iter().map(Error::from));
    let unreached = |why| Error::Unreached { user: bob(), why };
    all.extend(links().into_iter().map(unreached));
    all.extend(indexes().into_iter().map(Error::from));
    all.extend(peers().into_iter().map(Error::from));
    all.push(Error::Of(Arc::new(Error::NoMore)));
    all
}

fn own() -> Vec<Error> {
    let (one, other) = fingerprints();
    let name = || Name::new("photos").unwrap();
    let landing = |why| Error::Landing { path: PathBuf::from("x"), why };
    vec![
        Error::NoKeys(PathBuf::from("x")),
        Error::Rotating,
        crypto::Error::Unwrap.into(),
        Error::NoIndex,
        Error::UntrustedIndex("127.0.0.1:7311".parse().unwrap()),
        Error::OtherIndex { ours: one, named: other },
        "evil\u{1b}[2J".parse::<UserName>().unwrap_err().into(),
        "evil\u{1b}[2J".parse::<model::HostPort>().unwrap_err().into(),
        "waxwing://x".parse::<model::Invitation>().unwrap_err().into(),
        Name::new("a/\u{1b}").unwrap_err().into(),
        ObjectError::Shape("evil\u{1b}[2J".into()).into(),
        Password::new("short").unwrap_err().into(),
        Error::Nobody(bob()),
        Error::Oneself,
        Error::KeyChanged { user: bob(), pinned: one, found: other, verified: true },
        Error::OldCertificate(bob()),
        Error::NotTheKey { user: bob(), given: one, found: other },
        Error::TrustedAlready(bob()),
        Error::NoShareOf { user: bob(), share: name() },
        Error::NobodyHas(Content::of(b"x").id()),
        Error::NoResult(3),
        Error::NotFrom(bob()),
        Error::NoMore,
        Error::NothingFound,
        Error::NoSuchFile("alice:photos/tree.jpg".parse().unwrap()),
        Error::SizeUnknown(Content::of(b"x").id()),
        Error::SharedAlready(name()),
        Error::ShareNameTaken(name()),
        Error::NoShare(name()),
        Error::ShareGone { name: name(), path: "/media/disk".into() },
        Error::NoMove(3),
        Error::NobodyAt("127.0.0.1:7400".parse().unwrap()),
        Error::UnderWay { number: 3, by: None },
        Error::NotUnderWay(3),
        Error::NobodyInAudience(name()),
        Error::NoPort { first: 7400, last: 7499 },
        Error::Offline(bob()),
        Error::Stranger(one),
        Error::NotAPerson,
        landing(LandError::Taken),
        landing(LandError::InTheWay),
        landing(LandError::Proof),
        landing(LandError::Disk(io::ErrorKind::StorageFull.into())),
        Error::NoOffer(3),
        Error::NoReceipt(PathBuf::from("x")),
        Error::NotAsSent { path: PathBuf::from("x"), by: None },
        Error::Stopped,
    ]
}

fn homes() -> Vec<HomeError> {
    let path = || PathBuf::from("x");
    let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied, io::ErrorKind::Other];
    let io = kinds.map(|kind| HomeError::Io { path: path(), source: kind.into() });
    let others = [
        HomeError::NoPlatform,
        HomeError::OpenToOthers { path: path(), found: 0o755, wanted: 0o700 },
        HomeError::OtherOwner(path()),
        HomeError::Damaged { path: path(), why: "it is short" },
        HomeError::InUse { path: path(), by: Some(7) },
    ];
    io.into_iter().chain(others).collect()
}

fn key_folders() -> Vec<KeyFolderError> {
    let path = || PathBuf::from("x");
    use KeyFileError::{
        Malformed, NotEncrypted, NotWritten, PassphraseNeeded, Scheme, WrongPassphrase,
    };
    let files = [Malformed, Scheme, PassphraseNeeded, NotEncrypted, WrongPassphrase, NotWritten];
    let files = files.map(|reason| KeyFolderError::KeyFile { path: path(), reason });
    let others = [
        KeyFolderError::Io { path: path(), source: io::ErrorKind::NotFound.into() },
        KeyFolderError::Exists(path()),
        KeyFolderError::OpenToOthers { path: path(), found: 0o755, wanted: 0o700 },
        KeyFolderError::OtherOwner(path()),
        KeyFolderError::Mismatch { path: path(), reason: crypto::Error::PrivateKey },
        KeyFolderError::NotMade(crypto::Error::Operation),
    ];
    files.into_iter().chain(others).collect()
}

fn links() -> Vec<link::Error> {
    let (expected, found) = fingerprints();
    vec![
        link::Error::Line(io::ErrorKind::ConnectionRefused),
        link::Error::Line(io::ErrorKind::TimedOut),
        link::Error::OutOfFiles,
        link::Error::Host,
        link::Error::Tls(TlsError::DecryptError),
        link::Error::Late("connecting"),
        link::Error::NotOurs,
        link::Error::Protocol,
        link::Error::Certificate,
        link::Error::Frame(FrameError::Cut),
        link::Error::Unexpected,
        link::Error::Identity { expected, found },
        link::Error::Proof,
        link::Error::Version,
        link::Error::Signing(crypto::Error::Operation),
        link::Error::Busy,
        link::Error::GaveWay,
        link::Error::Stopping,
        link::Error::Refused { code: Code::Stopping, text: Explanation::default() },
    ]
}

fn indexes() -> Vec<index::Error> {
    let refused = Code::all().map(|code| index::Error::Refused { code, text: evil() });
    let mut troubles: Vec<_> = links().into_iter().map(Trouble::Link).collect();
    let endings = || Code::all().map(|code| Ending::Theirs { code, text: evil() });
    troubles.extend(endings().map(Trouble::Ended));
    troubles.extend(endings().map(|ending| Trouble::Ask(AskError::Ended(ending))));
    troubles.extend([
        Trouble::Ended(Ending::Broken(io::ErrorKind::BrokenPipe)),
        Trouble::Ask(AskError::Late),
        Trouble::Ask(AskError::Refused { code: Code::Busy, text: evil() }),
        Trouble::NotAnIndex,
        Trouble::OtherName(bob()),
        Trouble::Closed,
    ]);
    let away = troubles.clone().into_iter().map(index::Error::Away);
    let others = [
        index::Error::LoggedOut(LoggedOut::NotYet),
        index::Error::LoggedOut(LoggedOut::Over),
        index::Error::LoggedOut(LoggedOut::Refused { code: Code::OtherIdentity, text: evil() }),
        index::Error::Late,
        index::Error::Stopped(Trouble::Closed),
        index::Error::Alarm(ChainError::Unknown),
        index::Error::Unknown,
        index::Error::Nonsense("it is none"),
        index::Error::Query(model::Error::NoWord),
        index::Error::Unpublished,
        index::Error::TooLong(waxwing::codec::Error::TooLong { what: "a line", max: 1 }),
    ];
    refused.chain(away).chain(others).collect()
}

fn peers() -> Vec<peer::Error> {
    let refused = Code::all().map(|code| peer::Error::Refused { code, text: evil() });
    let declined = Code::all().map(peer::Error::Declined);
    let path = model::EntryPath::parse("tree.jpg").unwrap();
    let source = || io::Error::from(io::ErrorKind::StorageFull);
    let seals = [
        SealError::TooLarge,
        SealError::Manifest(ManifestProblem::TooLong),
        SealError::Crypto(crypto::Error::Operation),
        SealError::Source { entry: 0, path: path.clone(), error: source() },
        SealError::SourceChanged { entry: 0, path },
        SealError::OutOfTurn("it is not"),
    ];
    let streams = [
        StreamError::Ended(Ending::Broken(io::ErrorKind::BrokenPipe)),
        StreamError::Refused { code: Code::Cancelled, text: evil() },
        StreamError::Place(source()),
        StreamError::Unexpected,
        StreamError::Malformed,
        StreamError::Delivery,
        StreamError::Stalled,
        StreamError::Undecided,
        StreamError::GaveWay,
        StreamError::Stopped,
    ];
    let refusals = Refusal::ALL.map(StreamError::Sealed);
    let streams = seals.into_iter().map(StreamError::Seal).chain(streams).chain(refusals);
    let others = [
        peer::Error::Silent,
        peer::Error::Ended(Ending::Theirs { code: Code::Done, text: evil() }),
        peer::Error::Malformed(waxwing::codec::Error::TooLong { what: "a list", max: 1 }),
        peer::Error::NotAsked("another file"),
        peer::Error::Name(model::Error::Size(1)),
        peer::Error::Together(ManifestProblem::Entries(0)),
        peer::Error::Nothing,
        peer::Error::Crypto(crypto::Error::Signature),
        peer::Error::Disk { path: PathBuf::from("x"), source: source() },
        peer::Error::NoSpace { needed: 2, free: 1 },
        peer::Error::Stopped,
    ];
    refused.chain(declined).chain(streams.map(peer::Error::Stream)).chain(others).collect()
}

/// The words of somebody who wants to steer the terminal.
fn evil() -> Explanation {
    Explanation::new("\u{1b}[2J all is well")
}

fn bob() -> UserName {
    user("bob")
}

fn fingerprints() -> (crypto::Fingerprint, crypto::Fingerprint) {
    let of = |name| verifying_key(name).fingerprint();
    (of("alice-signing"), of("bob-signing"))
}

/// Which error it is. A new one has no number until there is an example of it above.
fn number(error: &Error) -> usize {
    match error {
        Error::Home(_) => 0,
        Error::Keys(_) => 1,
        Error::NoKeys(_) => 2,
        Error::Crypto(_) => 3,
        Error::Link(_) => 4,
        Error::Index(_) => 5,
        Error::NoIndex => 6,
        Error::UntrustedIndex(_) => 7,
        Error::OtherIndex { .. } => 8,
        Error::Said(_) => 9,
        Error::Object(_) => 10,
        Error::Password(_) => 11,
        Error::Nobody(_) => 12,
        Error::Oneself => 13,
        Error::KeyChanged { .. } => 14,
        Error::OldCertificate(_) => 15,
        Error::NotTheKey { .. } => 16,
        Error::TrustedAlready(_) => 17,
        Error::NoShareOf { .. } => 18,
        Error::NobodyHas(_) => 19,
        Error::NoResult(_) => 20,
        Error::NotFrom(_) => 46,
        Error::NoMore => 21,
        Error::NothingFound => 22,
        Error::NoSuchFile(_) => 23,
        Error::SizeUnknown(_) => 24,
        Error::SharedAlready(_) => 25,
        Error::ShareNameTaken(_) => 26,
        Error::NoShare(_) => 27,
        Error::NobodyInAudience(_) => 28,
        Error::NoPort { .. } => 29,
        Error::Offline(_) => 30,
        Error::Unreached { .. } => 31,
        Error::Stranger(_) => 32,
        Error::NotAPerson => 33,
        Error::Peer(_) => 34,
        Error::Landing { .. } => 35,
        Error::NoOffer(_) => 36,
        Error::NoReceipt(_) => 37,
        Error::Stopped => 38,
        Error::Rotating => 39,
        Error::NotAsSent { .. } => 40,
        Error::ShareGone { .. } => 41,
        Error::NoMove(_) => 42,
        Error::UnderWay { .. } => 43,
        Error::NotUnderWay(_) => 44,
        Error::NobodyAt(_) => 45,
        Error::Of(_) => LAST,
    }
}

const LAST: usize = 47;
