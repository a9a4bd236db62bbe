//! What the target `directory` does: an index that appends whatever it likes, beside a plain account
//! of what can happen to a name.

use waxwing::codec::closed;
use waxwing::crypto::{Fingerprint, UnixTime};
use waxwing::model::directory::{Agreement, Chain, DirectoryEntry, DirectoryEvent, Head};

const NAMES: [&str; 4] = ["al", "bo", "carol", "d.e"];
const IDENTITIES: usize = 8;

/// Who has which name, who had it last, and whose each identity is or was.
#[derive(Default)]
struct Names {
    now: [Option<usize>; NAMES.len()],
    last: [Option<usize>; NAMES.len()],
    owner: [Option<usize>; IDENTITIES],
}

/// Bytes as they are kept on disk: what is read comes back as it was.
pub(crate) fn read(bytes: &[u8]) {
    if let Ok(entry) = closed::decode::<DirectoryEntry>(bytes) {
        assert_eq!(closed::encode(&entry), bytes);
    }
    if let Ok((chain, taken)) = Chain::read(bytes) {
        assert_eq!(chain.entries_from(0).flatten().collect::<Vec<_>>(), &bytes[..taken]);
    }
}

/// Two bytes a step: what happens, to which name, and which identity it speaks of. What is possible is
/// taken, and nothing else.
pub(crate) fn walk(bytes: &[u8]) {
    let (mut chain, mut names) = (Chain::default(), Names::default());
    for step in bytes.chunks_exact(2).take(200) {
        let event = DirectoryEvent::ALL[usize::from(step[0]) % DirectoryEvent::ALL.len()];
        let (name, identity) =
            (usize::from(step[1]) % NAMES.len(), usize::from(step[1]) / 4 % IDENTITIES);
        let before = chain.head();
        let entry = entry(before, event, name, identity);
        let is_taken = chain.extend([&closed::encode(&entry)[..]]).is_ok();
        assert_eq!(is_taken, names.take(event, name, identity), "{entry:?}");
        assert_eq!(chain.head(), if is_taken { entry.head() } else { before });
        assert_eq!(chain.compare(&before) == Agreement::Same, !is_taken);
        for (name, now) in NAMES.iter().zip(names.now) {
            let current = chain.current(&name.parse().expect("a name"));
            assert_eq!(current.map(|step| step.identity), now.map(fingerprint));
        }
    }
    let kept: Vec<u8> = chain.entries_from(0).flatten().collect();
    let (again, taken) = Chain::read(&kept).expect("what was taken once");
    assert_eq!((again.head(), taken), (chain.head(), kept.len()));
}

impl Names {
    /// Whether this can happen; then it has.
    fn take(&mut self, event: DirectoryEvent, name: usize, identity: usize) -> bool {
        let (now, owner) = (self.now[name], self.owner[identity]);
        let is_possible = match event {
            DirectoryEvent::Joined => {
                now.is_none() && (owner.is_none() || self.last[name] == Some(identity))
            }
            DirectoryEvent::Rotated | DirectoryEvent::Replaced => now.is_some() && owner.is_none(),
            DirectoryEvent::Sealing | DirectoryEvent::Closed => now == Some(identity),
        };
        if is_possible {
            self.now[name] = (event != DirectoryEvent::Closed).then_some(identity);
            self.last[name] = Some(identity);
            self.owner[identity] = Some(name);
        }
        is_possible
    }
}

fn entry(before: Head, event: DirectoryEvent, name: usize, identity: usize) -> DirectoryEntry {
    DirectoryEntry {
        number: before.length,
        previous: before.hash,
        time: UnixTime(1_800_000_000),
        event,
        user: NAMES[name].parse().expect("a name"),
        identity: fingerprint(identity),
        documents: [7; 32],
    }
}

fn fingerprint(identity: usize) -> Fingerprint {
    Fingerprint::from_bytes([identity as u8; 32])
}
