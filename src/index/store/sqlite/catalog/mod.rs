//! The catalog: shares, their entries, and the words by which they are found.
//!
//! ```text
//! shares ──▶ entries ──▶ entry_words      an entry's words, each behind the scope of its share
//!    │          └──────▶ words            which words a scope has, and about how often
//!    └─────▶ readers                      who may see a share that is for named people
//! ```
//!
//! **Who may see an entry** says one text, [`seen`], and everything that leaves the catalog went
//! through it. Searching besides looks only into scopes that the asker may see: one of all entries
//! for everyone, and one of each share for named people. So what is hidden takes nobody's place, and
//! costs others no time, but what is about to come, or gone, in shares for everyone: its rows and
//! words are passed by until they are there, or cleared up. The scope of an entry may be an old one
//! for a while, and decides nothing.
//!
//! **A sync** numbers what it brings and marks what it takes away with a stage above the share's
//! version. Nobody sees that before the last part makes the stage the version. Whatever a sync leaves
//! behind is removed by [`tidy`], and so is a share that is gone.
//!
//! | numbers of a share | |
//! |---|---|
//! | `version`, `floor` | an entry is there if its generation is one from the floor to the version; or `-g`, and `g` is above the version |
//! | `stage` | the last that was used by a sync |
//! | `sync`, `next`, `anew`, `coming` | the sync under way: the part it waits for, whether it begins from nothing, how many entries there will be |
//! | `abandoned` | the stage of a sync that did not come to its end, while there may be rows of it |
//! | `held` | how many rows there are, seen or not |
//! | `wording` | counts changes of what its entries' words are: its name, keywords, scope |
//! | `worded` | the wording that all its rows have |
//! | `was_named` | it is for everyone, and some entries still have the scope of before |
//! | `tidied`, `tidied_path` | up to which generation and path its rows are as they should be; none when all are |
//! | `turn` | when it was cleared up last, among its owner's |
//!
//! What a sync brings has its stage as [generation](generations), what it takes away the stage below
//! zero. Where that is brought to an end, rows come to belong to the floor.

mod ask;
mod browse;
mod check;
mod figures;
mod generations;
mod known;
mod locate;
mod merge;
mod overview;
mod plan;
mod publish;
mod rank;
mod rows;
mod scan;
mod scopes;
mod search;
mod seen;
mod shares;
mod shelf;
mod stretch;
mod terms;
mod tidy;
mod vocabulary;

pub(super) use browse::browse;
pub(super) use check::check;
pub(super) use figures::figures;
pub(super) use known::Known;
pub(super) use locate::locate;
pub(super) use overview::overview;
pub(super) use publish::{Taken, publish};
pub(super) use scan::Effort;
pub(super) use search::search;
pub(super) use shares::{end_all, end_share, forget_reader, own_shares, set_share};
pub(super) use tidy::tidy;

/// What many ask for and change.
#[cfg(test)]
pub(super) const ASKED_BY_MANY: &[&str] = &[
    browse::SHARES,
    browse::ENTRIES,
    generations::NEXT,
    overview::SHARES,
    publish::AT_PATH,
    publish::OF_PERSON,
    publish::ADD,
    publish::MARK,
    publish::NEXT,
    publish::KEEP,
    publish::LITTER,
    publish::COUNT_ON,
    rows::CALLED,
    scan::MATCHES,
    scopes::OWN,
    scopes::OPENED,
    scopes::NAMED,
    search::TOP,
    seen::CANDIDATE,
    seen::ENTRY,
    seen::OWNER,
    shares::FORGET_READER,
    shares::NAMED,
    shares::COUNT,
    shares::OWN,
    shares::FIND,
    shares::END_ALL,
    shares::FORGET_READERS,
    shares::ADD_READER,
    shares::END,
    shares::CHANGE,
    shelf::SHARE,
    tidy::UNTIDY,
    tidy::UNTIDY_AGAIN,
    tidy::TURN,
    tidy::ROWS,
    tidy::SHARE,
    tidy::DELETE,
    tidy::SETTLE,
    tidy::REWORD,
    tidy::GO_ON,
    tidy::DONE,
    vocabulary::COUNT,
    vocabulary::BEGINNING,
    vocabulary::BEGINNINGS,
    vocabulary::FORGET,
    vocabulary::NEXT,
    vocabulary::IS_USED,
    vocabulary::ADD,
    vocabulary::SET,
    vocabulary::FORGET_ONE,
];

#[cfg(test)]
#[path = "../../../../../test/unit/store_browse.rs"]
mod browsing;
