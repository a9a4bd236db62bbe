//! What a file is for, by its name.

use super::Error;
use std::fmt;
use std::str::FromStr;

/// What a file is for, as its extension says. Nobody looks inside, and nothing is decided by it but
/// what a search lists.
///
/// ```
/// use waxwing::model::FileKind;
///
/// assert_eq!(FileKind::of("koala.JPG"), FileKind::Image);
/// assert_eq!("image".parse(), Ok(FileKind::Image));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A picture, drawn or taken.
    Image,
    /// A film.
    Video,
    /// Sound or music.
    Audio,
    /// What people read or write: text, books, tables, slides.
    Document,
    /// Files in a file: packed, or the image of a disk.
    Archive,
    /// What programmers write, and data for programs.
    Code,
    /// What runs or installs.
    Program,
    /// Anything else, and files without an extension.
    Other,
}

impl FileKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Document,
        Self::Archive,
        Self::Code,
        Self::Program,
        Self::Other,
    ];

    /// The kind of a file of this name.
    pub fn of(file_name: &str) -> Self {
        let ending = match file_name.rsplit_once('.') {
            // A dot in front hides a file; it does not say what the file is.
            Some((stem, ending)) if !stem.is_empty() && ending.len() <= LONGEST => ending,
            _ => return Self::Other,
        };
        let ending = ending.to_ascii_lowercase();
        let known = ENDINGS.iter().find(|(_, endings)| endings.contains(&ending.as_str()));
        known.map_or(Self::Other, |(kind, _)| *kind)
    }

    /// The byte that stands for it.
    pub const fn number(self) -> u8 {
        match self {
            Self::Image => 1,
            Self::Video => 2,
            Self::Audio => 3,
            Self::Document => 4,
            Self::Archive => 5,
            Self::Code => 6,
            Self::Program => 7,
            Self::Other => 8,
        }
    }

    /// The kind of this number, if there is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Its name: a word, for people, the protocol and the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Archive => "archive",
            Self::Code => "code",
            Self::Program => "program",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FileKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let named = Self::ALL.into_iter().find(|kind| text.eq_ignore_ascii_case(kind.name()));
        named.ok_or_else(|| Error::Kind(text.to_owned()))
    }
}

/// The extensions of each kind, in lower case; each once. What is not here is [`FileKind::Other`].
#[rustfmt::skip]
const ENDINGS: [(FileKind, &[&str]); 7] = [
    (FileKind::Image, &[
        "jpg", "jpeg", "png", "gif", "webp", "heic", "heif", "svg", "bmp", "tif", "tiff", "avif",
        "jxl", "jp2", "ico", "psd", "xcf", "kra", "ai", "eps", "raw", "dng", "cr2", "cr3", "nef",
        "arw", "orf", "rw2", "raf",
    ]),
    (FileKind::Video, &[
        "mp4", "mkv", "mov", "avi", "webm", "m4v", "wmv", "flv", "mpg", "mpeg", "ogv", "3gp", "mts",
        "m2ts", "vob",
    ]),
    (FileKind::Audio, &[
        "mp3", "flac", "wav", "m4a", "ogg", "opus", "aac", "wma", "aif", "aiff", "oga", "mid",
        "midi", "ape", "wv", "m4b",
    ]),
    (FileKind::Document, &[
        "pdf", "txt", "md", "doc", "docx", "odt", "rtf", "xls", "xlsx", "ods", "csv", "tsv", "ppt",
        "pptx", "odp", "epub", "mobi", "azw3", "djvu", "tex", "bib", "ps", "pages", "numbers", "key",
        "html", "htm", "xps", "log", "rst", "adoc", "org", "eml", "ics", "vcf", "srt",
    ]),
    (FileKind::Archive, &[
        "zip", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "7z", "rar", "lz", "lz4",
        "lzma", "cab", "iso", "img", "vhd", "vhdx", "vmdk", "qcow2", "z", "br", "cpio",
    ]),
    (FileKind::Code, &[
        "rs", "py", "js", "mjs", "ts", "tsx", "jsx", "c", "h", "cc", "cpp", "cxx", "hpp", "cs",
        "java", "kt", "go", "rb", "php", "pl", "lua", "swift", "scala", "hs", "ml", "r", "jl", "m",
        "sh", "bash", "zsh", "fish", "ps1", "sql", "css", "scss", "vue", "json", "jsonl", "yaml",
        "yml", "toml", "xml", "ini", "cfg", "conf", "ipynb", "patch", "diff", "proto", "asm", "zig",
        "dart", "ex", "exs", "erl", "clj", "lisp", "f90", "v", "vhdl", "cmake", "gradle", "nix",
    ]),
    (FileKind::Program, &[
        "exe", "msi", "apk", "dmg", "deb", "rpm", "pkg", "appimage", "flatpak", "snap", "jar", "bat",
        "cmd", "com", "app", "ipa", "aab", "xpi", "whl", "dll", "so", "dylib", "sys", "wasm", "run",
        "bin", "elf", "o", "a", "lib", "class", "ko", "scr", "vbs", "lnk",
    ]),
];
/// No extension of the table is longer.
const LONGEST: usize = 8;
