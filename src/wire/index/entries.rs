//! Entries of the catalog, and what they are made of, as they travel.

use super::nouns::{Id16, Named};
use super::presence::PersonSeen;
use crate::codec::{Charge, List, refuse};
use crate::model::limits::{ENTRY_SIZE, PATH_DEPTH, SHARE_KEYWORDS};
use crate::model::{ContentId, Entry, EntryPath, Keyword, Modified, Name};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// The name of a file, a folder or a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSaid(pub Name);

impl<C> Encode<C> for NameSaid {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(self.0.as_str())?.ok()
    }
}

impl<'b, C: Charge> Decode<'b, C> for NameSaid {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Name::new(d.str()?).map(Self).map_err(|_| decode::Error::message("not a name"))
    }
}

/// The path of an entry below its share: a list of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSaid(pub EntryPath);

impl<C> Encode<C> for PathSaid {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.array(self.0.components().count() as u64)?;
        for name in self.0.components() {
            e.str(name)?;
        }
        Ok(())
    }
}

impl<'b, C: Charge> Decode<'b, C> for PathSaid {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let not_a_path = |_| decode::Error::message("not a path");
        let declared = d.array()?.unwrap_or(u64::MAX);
        let count = usize::try_from(declared).map_err(not_a_path)?;
        // They become one text, no longer than the message: so it needs no budget.
        let mut names = [""; PATH_DEPTH];
        let names = names.get_mut(..count).ok_or(decode::Error::message("not a path"))?;
        for name in names.iter_mut() {
            *name = d.str()?;
        }
        EntryPath::of(names).map(Self).map_err(|_| decode::Error::message("not a path"))
    }
}

impl PathSaid {
    /// A path takes no more bytes than this.
    pub fn most_bytes(path: &EntryPath) -> usize {
        let names = path.components().map(|name| name.len().saturating_add(2));
        names.sum::<usize>().saturating_add(2)
    }
}

/// A keyword of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeywordSaid(pub Keyword);

impl<C> Encode<C> for KeywordSaid {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(self.0.as_str())?.ok()
    }
}

impl<'b, C: Charge> Decode<'b, C> for KeywordSaid {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let keyword = Keyword::as_spelled(d.str()?);
        keyword.map(Self).map_err(|_| decode::Error::message("not a keyword"))
    }
}

/// An entry, as its owner tells the index.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct EntrySaid {
    /// Where it lies below its share.
    #[n(0)]
    pub path: PathSaid,
    /// Its size in bytes.
    #[n(1)]
    pub size: SizeSaid,
    /// When it was changed last, in nanoseconds since 1970.
    #[n(2)]
    pub modified: u64,
    /// Whether it may be run; not said when it may not.
    #[n(3)]
    pub executable: Option<bool>,
    /// The id of its content, if that is known.
    #[n(4)]
    pub content: Option<ByteArray<32>>,
}

impl From<&Entry> for EntrySaid {
    fn from(entry: &Entry) -> Self {
        Self {
            path: PathSaid(entry.path().clone()),
            size: SizeSaid(entry.size()),
            modified: entry.modified().as_nanos(),
            executable: entry.is_executable().then_some(true),
            content: entry.content().map(|id| (*id.as_bytes()).into()),
        }
    }
}

impl EntrySaid {
    /// An entry takes no more bytes than this.
    pub fn most_bytes(entry: &Entry) -> usize {
        // Six heads, two numbers of 8 bytes, a truth and an id.
        PathSaid::most_bytes(entry.path()).saturating_add(6 + 2 * 9 + 1 + 34)
    }

    /// The entry. A time before 1980 becomes 1980.
    pub fn into_entry(self) -> Result<Entry, crate::model::Error> {
        let modified = Modified::from_nanos(self.modified);
        let entry = Entry::new(self.path.0, self.size.0, modified)?;
        let content = self.content.map(|id| ContentId::from_bytes(*id));
        Ok(entry.executable(self.executable.unwrap_or_default()).with_content(content))
    }
}

/// The size of an entry, no more than any entry may have.
#[derive(Encode, Debug, Clone, Copy, PartialEq, Eq)]
#[cbor(transparent)]
pub struct SizeSaid(pub u64);

impl<'b, C: Charge> Decode<'b, C> for SizeSaid {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let size = d.u64()?;
        if size > ENTRY_SIZE {
            let reason = crate::codec::Error::Invalid("a file larger than any may be");
            return Err(refuse(ctx, reason));
        }
        Ok(Self(size))
    }
}

/// A share of somebody, as others see it.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct ShareSeen {
    /// Whose. The same message says more of this person.
    #[n(0)]
    pub user: Named,
    /// Its id.
    #[n(1)]
    pub share: Id16,
    /// Its name.
    #[n(2)]
    pub name: NameSaid,
    /// Its keywords, in order.
    #[n(3)]
    pub keywords: List<KeywordSaid, SHARE_KEYWORDS>,
}

impl ShareSeen {
    /// The share takes no more bytes than this.
    pub fn most_bytes(&self) -> usize {
        let keywords = self.keywords.iter().map(|word| word.0.as_str().len().saturating_add(3));
        keywords.sum::<usize>().saturating_add(self.name.0.as_str().len()).saturating_add(80)
    }
}

/// Whether each entry points to a share of its message, and that to one of the people, who are in order.
pub(super) fn are_owned<'e>(
    mut entries: impl Iterator<Item = &'e EntrySeen>,
    people: &[PersonSeen],
    shares: &[ShareSeen],
) -> bool {
    let is_there = |share: &ShareSeen| {
        people.binary_search_by(|person| person.user.0.cmp(&share.user.0)).is_ok()
    };
    entries.all(|entry| shares.get(usize::from(entry.share)).is_some_and(is_there))
}

/// Whether each person stands there once, in the order of their names.
pub(super) fn are_in_order(people: &[PersonSeen]) -> bool {
    people.is_sorted_by(|one, next| one.user.0 < next.user.0)
}

/// An entry of a share that the same message names.
#[derive(Encode, Decode, Debug, Clone, PartialEq, Eq)]
#[cbor(map, context_bound = "Charge")]
pub struct EntrySeen {
    /// Which of the message's shares, from 0.
    #[n(0)]
    pub share: u16,
    /// The entry.
    #[n(1)]
    pub entry: EntrySaid,
}

impl EntrySeen {
    /// An entry takes no more bytes than this, with what is said of the result that it belongs to.
    pub fn most_bytes(entry: &Entry) -> usize {
        EntrySaid::most_bytes(entry).saturating_add(24)
    }
}
