//! Requests for entries of a share, also for such as no program of ours asks for.

use waxwing::codec::List;
use waxwing::model::EntryPath;
use waxwing::wire::index::PathSaid;
use waxwing::wire::{Ask, GetAsk, GetGrant, Kind, Message, Numbered, Wanted};

/// A request for these paths of a share, whatever they hold.
pub(crate) fn get(share: [u8; 16], names: &[&str]) -> GetAsk {
    let path = |name: &&str| PathSaid(EntryPath::parse(name).unwrap());
    let wanted =
        names.iter().map(|name| Wanted { path: path(name), content: None, parts: None }).collect();
    GetAsk {
        id: 0,
        challenge: [3; 32],
        share: share.into(),
        wanted: List::new(wanted).unwrap(),
        more: false,
        waits: None,
    }
}

/// Paths that lead out of a share to a file `secret` beside it, or further, or are none.
pub(crate) const OUTSIDE: [&[&str]; 9] = [
    &["..", "secret"],
    &["../secret"],
    &["a", "..", "..", "secret"],
    &["/etc/passwd"],
    &["", "etc", "passwd"],
    &["."],
    &["..\\secret"],
    &["a\0"],
    &[],
];

/// A request for one entry whose path is a list of anything.
pub(crate) struct Anywhere {
    id: u32,
    share: [u8; 16],
    names: &'static [&'static str],
}

impl Anywhere {
    pub(crate) fn of(share: [u8; 16], names: &'static [&'static str]) -> Self {
        Self { id: 0, share, names }
    }
}

impl Message for Anywhere {
    const KIND: Kind = Kind::GetAsk;

    fn write(&self, out: &mut Vec<u8>) {
        let mut out = minicbor::Encoder::new(out);
        out.map(5).unwrap().u8(0).unwrap().u32(self.id).unwrap();
        out.u8(1).unwrap().bytes(&[3; 32]).unwrap().u8(2).unwrap().bytes(&self.share).unwrap();
        out.u8(3).unwrap().array(1).unwrap().map(1).unwrap().u8(0).unwrap();
        out.array(self.names.len() as u64).unwrap();
        self.names.iter().for_each(|name| {
            out.str(name).unwrap();
        });
        out.u8(4).unwrap().bool(false).unwrap();
    }

    fn decode(_: &bytes::Bytes) -> Result<Self, waxwing::codec::Error> {
        Err(waxwing::codec::Error::Invalid("only sent"))
    }
}

impl Numbered for Anywhere {
    fn id(&self) -> u32 {
        self.id
    }

    fn set_id(&mut self, id: u32) {
        self.id = id;
    }
}

impl Ask for Anywhere {
    type Answer = GetGrant;
}
