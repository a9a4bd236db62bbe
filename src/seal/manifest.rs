//! What a stream carries: its entries, and which parts of each.

use super::Refusal;
use crate::codec::{self, Closed, Reader, Writer};
use crate::model::limits::{
    ENTRY_RANGES, MANIFEST_BYTES, MANIFEST_ENTRIES, NAME_BYTES, PATH_BYTES, PATH_DEPTH,
};
use crate::model::{
    ByteRange, Collision, ContentId, Entry, EntryPath, Modified, Name, Ranges, find_collision,
};

/// One entry of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestEntry {
    /// The file.
    pub entry: Entry,
    /// What the stream carries of it.
    pub ranges: Ranges,
}

impl ManifestEntry {
    /// All of a file.
    pub fn whole(entry: Entry) -> Self {
        let ranges = Ranges::whole(entry.size());
        Self { entry, ranges }
    }

    /// Whether the stream carries all of the file.
    pub fn is_whole(&self) -> bool {
        self.ranges.is_whole(self.entry.size())
    }

    /// The most bytes that an entry takes whose path has so many, with so many parts.
    pub(crate) fn bytes(path: usize, parts: usize) -> usize {
        path.saturating_add(ENTRY_BYTES).saturating_add(parts.saturating_mul(RANGE_BYTES))
    }
}

/// Why a manifest cannot be made of some entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestProblem {
    /// None, or more than one stream carries.
    #[error("a stream carries 1 to 100,000 entries, not {0}")]
    Entries(usize),
    /// Their names and ranges take more than a manifest may have.
    #[error("the names and ranges of the entries take more than 16 MiB")]
    TooLong,
    /// The ranges of one are those of a file of another size.
    #[error("the parts of {0} are not parts of a file of its size")]
    Ranges(EntryPath),
    /// Two of them cannot both be written everywhere.
    #[error(transparent)]
    Collision(#[from] Collision),
}

/// The entries of a stream: 1 to 100,000, none colliding with another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    entries: Vec<ManifestEntry>,
}

impl Manifest {
    /// A manifest of these entries, in this order.
    pub fn new(entries: Vec<ManifestEntry>) -> Result<Self, ManifestProblem> {
        if !(1..=MANIFEST_ENTRIES).contains(&entries.len()) {
            return Err(ManifestProblem::Entries(entries.len()));
        }
        if let Some(listed) = entries.iter().find(|listed| !listed.ranges.fit(listed.entry.size()))
        {
            return Err(ManifestProblem::Ranges(listed.entry.path().clone()));
        }
        match find_collision(entries.iter().map(|listed| listed.entry.path())) {
            Some(collision) => Err(collision.into()),
            None => Ok(Self { entries }),
        }
    }

    /// Reads a manifest that must hold exactly `count` entries. The bytes are gone before the
    /// entries are compared: at no time is there room for all three.
    pub(super) fn decode(bytes: Vec<u8>, count: u32) -> Result<Self, Refusal> {
        let entries = read_entries(&bytes, count).map_err(|_| Refusal::NotOpened)?;
        drop(bytes);
        Self::new(entries).map_err(|_| Refusal::NotOpened)
    }

    /// The manifest's bytes; given up as soon as they are too many.
    pub(super) fn encode(&self) -> Result<Vec<u8>, ManifestProblem> {
        let mut out = Writer::default();
        for entry in &self.entries {
            entry.write(&mut out);
            if out.as_bytes().len() > MANIFEST_BYTES {
                return Err(ManifestProblem::TooLong);
            }
        }
        // They stay for as long as the stream is sealed, their spare room need not.
        let mut bytes = out.into_bytes();
        bytes.shrink_to_fit();
        Ok(bytes)
    }

    /// The most bytes that a manifest of so many entries has, of each of which it carries all.
    pub fn most_bytes(entries: usize) -> u64 {
        entries.saturating_mul(WHOLE_ENTRY_BYTES).min(MANIFEST_BYTES) as u64
    }

    /// About how many bytes of memory it takes.
    pub fn memory(&self) -> u64 {
        let bytes = |listed: &ManifestEntry| {
            let beside = size_of_val(listed.ranges.as_slice())
                .saturating_add(listed.entry.path().as_str().len());
            size_of::<ManifestEntry>().saturating_add(beside) as u64
        };
        self.entries.iter().map(bytes).fold(0, u64::saturating_add)
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[ManifestEntry] {
        &self.entries
    }

    /// The same, of a manifest that is not needed any more.
    pub(crate) fn into_entries(self) -> Vec<ManifestEntry> {
        self.entries
    }

    /// The entry of this number.
    pub fn get(&self, number: u32) -> Option<&ManifestEntry> {
        self.entries.get(usize::try_from(number).ok()?)
    }

    /// How many entries there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// How many bytes the stream carries of all of them.
    pub fn data_length(&self) -> u64 {
        self.entries.iter().map(|listed| listed.ranges.length()).fold(0, u64::saturating_add)
    }
}

/// ```text
/// components u8 (length u8, bytes)...  size u64  flags u8  modified u64  id[32]
/// ranges u16 (start u64, end u64)...
/// ```
impl Closed for ManifestEntry {
    fn write(&self, out: &mut Writer) {
        let entry = &self.entry;
        out.u8(small(entry.path().components().count()));
        for name in entry.path().components() {
            out.u8(small(name.len())).raw(name.as_bytes());
        }
        let id = entry.content();
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(entry.is_executable(), EXECUTABLE) | flag(id.is_some(), ID_KNOWN);
        out.u64(entry.size()).u8(flags).u64(entry.modified().as_nanos());
        out.raw(id.map_or([0; 32], |id| *id.as_bytes()).as_slice());
        let ranges = self.ranges.as_slice();
        out.u16(u16::try_from(ranges.len()).unwrap_or(u16::MAX));
        for range in ranges {
            out.u64(range.start).u64(range.end);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, codec::Error> {
        let path = read_path(input)?;
        let size = input.u64()?;
        let flags = input.u8()?;
        let nanos = input.u64()?;
        let modified = Modified::from_nanos(nanos);
        if flags & !(EXECUTABLE | ID_KNOWN) != 0 || modified.as_nanos() != nanos {
            return Err(codec::Error::Invalid("an entry with unknown flags or an impossible time"));
        }
        let content = read_id(input, flags & ID_KNOWN != 0)?;
        let entry = Entry::new(path, size, modified).map_err(|_| BAD_ENTRY)?;
        let entry = entry.executable(flags & EXECUTABLE != 0).with_content(content);
        Ok(Self { ranges: read_ranges(input, size)?, entry })
    }
}

fn read_entries(bytes: &[u8], count: u32) -> Result<Vec<ManifestEntry>, codec::Error> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count.saturating_mul(LEAST_ENTRY) > bytes.len() {
        return Err(codec::Error::Cut);
    }
    let mut input = Reader::new(bytes);
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        entries.push(ManifestEntry::read(&mut input)?);
    }
    input.finish()?;
    Ok(entries)
}

fn read_path(input: &mut Reader<'_>) -> Result<EntryPath, codec::Error> {
    let count = usize::from(input.u8()?);
    if count > PATH_DEPTH {
        return Err(BAD_ENTRY);
    }
    let mut names = Vec::with_capacity(count);
    for _ in 0..count {
        let length = usize::from(input.u8()?);
        let text = std::str::from_utf8(input.take(length)?).map_err(|_| BAD_ENTRY)?;
        names.push(Name::new(text).map_err(|_| BAD_ENTRY)?);
    }
    EntryPath::new(names).map_err(|_| BAD_ENTRY)
}

fn read_id(input: &mut Reader<'_>, known: bool) -> Result<Option<ContentId>, codec::Error> {
    let id = input.array()?;
    if known {
        Ok(Some(ContentId::from_bytes(id)))
    } else if id == [0; 32] {
        Ok(None)
    } else {
        Err(BAD_ENTRY)
    }
}

fn read_ranges(input: &mut Reader<'_>, size: u64) -> Result<Ranges, codec::Error> {
    let count = usize::from(input.u16()?);
    if count > ENTRY_RANGES || count.saturating_mul(16) > input.left() {
        return Err(BAD_ENTRY);
    }
    let mut ranges = Vec::with_capacity(count);
    for _ in 0..count {
        ranges.push(ByteRange { start: input.u64()?, end: input.u64()? });
    }
    Ranges::new(size, ranges).map_err(|_| BAD_ENTRY)
}

/// Lengths that other types keep within a byte.
fn small(length: usize) -> u8 {
    const { assert!(NAME_BYTES <= 255 && PATH_DEPTH <= 255) };
    u8::try_from(length).unwrap_or(u8::MAX)
}

/// The bytes of an entry whose name is one letter, and that carries nothing.
const LEAST_ENTRY: usize = 54;
/// The bytes of an entry beside its path, whose names each have a length where the path has a slash.
const ENTRY_BYTES: usize = 1 + 1 + 8 + 1 + 8 + 32 + 2;
const RANGE_BYTES: usize = 16;
/// The bytes of an entry whose path is the longest, and of which all is carried.
const WHOLE_ENTRY_BYTES: usize = PATH_BYTES + ENTRY_BYTES + RANGE_BYTES;
const EXECUTABLE: u8 = 1;
const ID_KNOWN: u8 = 2;
const BAD_ENTRY: codec::Error = codec::Error::Invalid("an entry that no manifest may have");
