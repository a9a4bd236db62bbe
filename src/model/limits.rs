//! The maxima of this room and of those to its right, in one table.
//!
//! Rooms take their limits from here, and a test compares the protocol's table with [`TABLE`]. Rooms
//! to the left cannot look here; they keep their few maxima beside what these limit.

use crate::crypto::MAX_SPKI_BYTES;

/// A limit as the table shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its name in the code and in the documents.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
    /// What it limits.
    pub meaning: &'static str,
}

macro_rules! limits {
    ($($name:ident: $kind:ty = $value:expr, $meaning:literal;)*) => {
        $(
            #[doc = concat!("The most: ", $meaning, ".")]
            pub const $name: $kind = $value;
        )*

        /// All limits.
        pub const TABLE: &[Limit] = &[
            $(Limit { name: stringify!($name), value: $name as u64, meaning: $meaning },)*
        ];
    };
}

limits! {
    NAME_BYTES: usize = 255, "bytes of one path component";
    PATH_DEPTH: usize = 64, "components of a path";
    PATH_BYTES: usize = 1024, "bytes of a path, with one between components";
    ENTRY_SIZE: u64 = 1 << 44, "bytes of one file (16 TiB)";
    LEAF_BYTES: usize = 1 << 20, "bytes under one leaf of a content";
    LEAF_LIST: usize = 1 << 18, "leaves of a list (of contents up to 256 GiB)";
    LEAVES_TOLD_BYTES: usize = 128 * 1024, "bytes of leaves in one answer (of 4096 leaves)";
    PIECE_BYTES: usize = 256 * 1024, "bytes of one piece of a content";
    HEADER_BYTES: usize = 160 * 1024, "bytes of a stream's header";
    MANIFEST_BYTES: usize = 16 << 20, "bytes of a manifest";
    MANIFEST_ENTRIES: usize = 100_000, "entries of a manifest";
    ENTRY_RANGES: usize = 4096, "ranges of one entry";
    SEGMENT_CHUNKS: u32 = 256, "chunks of a segment";
    OPEN_SEGMENTS: u32 = 2, "segments under way at once";
    RECEIPT_BYTES: usize = 256 * 1024, "bytes of a file receipt";
    USER_NAME_BYTES: usize = 32, "bytes of a user name";
    AUDIENCE_PEOPLE: usize = 256, "people named in one audience";
    HOST_BYTES: usize = 253, "bytes of a host name";
    FRAME_GREETING: usize = 16 * 1024, "bytes of a frame's kind and body before both proofs";
    FRAME_CONTROL: usize = 64 * 1024, "bytes of a frame's kind and body, where no more is said";
    FRAME_HEADER: usize = 164 * 1024, "bytes of a frame's kind and body with a stream's header";
    FRAME_CHUNK: usize = 1 + 4 + 40 + 256 * 1024, "bytes of a frame's kind and body with a chunk";
    FRAME_RECORD: usize = 1024, "bytes of a frame's kind and body with a record";
    FRAME_CATALOG: usize = 256 * 1024, "bytes of a frame's kind and body with entries of the catalog";
    FRAME_DELIVERED: usize = 640 * 1024, "bytes of a frame's kind and body with a delivery";
    EXPLANATION_BYTES: usize = 256, "bytes of a text that explains a refusal";
    HELLO_VERSIONS: usize = 8, "versions in a hello";
    HELLO_FEATURES: usize = 32, "features in a hello";
    CERTIFICATE_BYTES: usize = 2048, "bytes of a sealing certificate in a proof";
    MISSING_CHUNKS: usize = 512, "chunks called missing at once";
    DELIVERY_BYTES: usize = 1024, "bytes of a signed delivery";
    LANDED_RUNS: usize = 50_000, "runs of entries that landed";
    LANES: usize = 8, "lanes of a stream";
    PASSWORD_TEXT_BYTES: usize = 256, "bytes of a password as it travels; an index takes 10 to 71";
    CONTACT_BYTES: usize = 128, "bytes of a contact line";
    ROTATION_BYTES: usize = 3072, "bytes of a signed rotation";
    KEY_BYTES: usize = MAX_SPKI_BYTES, "bytes of a public key in a binding";
    DIRECTORY_ENTRY_BYTES: usize = 192, "bytes of an entry of the key directory";
    DIRECTORY_ENTRIES: usize = 200_000, "entries of a key directory";
    CHAIN_PART: usize = 256, "entries of the key directory in one answer";
    ACCOUNT_SESSIONS: usize = 64, "sessions of one account; another one ends the longest unused";
    PEOPLE_PAGE: usize = 64, "people in one answer or notice";
    PERSON_ADDRESSES: usize = 8, "addresses at which one person is online";
    KEYWORD_BYTES: usize = 128, "bytes of a keyword";
    SHARE_KEYWORDS: usize = 16, "keywords of a share";
    PERSON_SHARES: usize = 256, "shares of one person";
    PERSON_ENTRIES: u64 = 500_000, "entries of one person in the catalog, where its owner does not say";
    PUBLISH_ENTRIES: usize = 2048, "entries added, and paths removed, in one part of a sync";
    SHARES_PAGE: usize = 64, "shares in one answer";
    SEARCH_BYTES: usize = 1024, "bytes of a search";
    RESULTS_PAGE: usize = 100, "results in one answer";
    SEARCH_RESULTS: usize = 10_000, "results of one search, on all its pages";
    RESULT_SOURCES: usize = 8, "sources of one result; there may be more, and locating tells them";
    LOCATE_SOURCES: usize = 64, "sources in one answer about a content";
    LISTING_PAGE: usize = 256, "entries in one answer about a person";
    WORD_CHARS: usize = 64, "characters of a word that is searched for; what follows is not heeded";
    ENTRY_WORDS: usize = 64, "words by which one entry is found";
    GET_ENTRIES: usize = 512, "entries of a share in one page of a request";
    GET_WITHOUT: usize = 1024, "runs of entries of a request that do not come, where others do";
    AGAIN_ENTRIES: usize = 2048, "entries of a stream of which only parts come, when it begins again";
    ASKED_WORDS: usize = 10, "words of one search";
    EVENTS_WAITING: usize = 1024, "events on their way to the program at once";
}
