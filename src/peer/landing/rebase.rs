//! Parts of files that changed at their source since: what of them is in what the files are now, stays.
//!
//! ```text
//! held of what it was     0 1 2 3 4 5 6 7            by the path that both were meant for
//! leaves of what it is    0 1 2 x 4 5 6 7 8 9        a list that merges to the id that is wanted
//! held from now on        0 1 2   4 5 6 7            in a folder and a journal of its own
//! ```
//!
//! What is the same goes by the journal. As always, what lies there is read while the rest comes, and
//! all of it has to merge to the id that the sender signs.

use super::gathered::{
    Found, claim_with, forget_those, is_there, move_in, read_journal, remove_empty,
};
use super::journal::{Head, Journal, Origin, Parts, Sought};
use super::private::{self, Claimed, Private};
use super::reading::leaf_in;
use crate::model::content::LeafList;
use crate::model::{Content, EntryPath};
use crate::peer::disk::open_regular;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

/// Leaves of contents, by the numbers of their entries.
pub(crate) type Lists = BTreeMap<u32, LeafList>;

/// Those whose leaves are known, by their paths.
pub(super) struct Changed<'l> {
    listed: HashMap<&'l EntryPath, (u32, &'l LeafList)>,
    /// What is wanted itself, if at another place, is not taken for what something was.
    wanted: HashSet<&'l Origin>,
}

impl<'l> Changed<'l> {
    pub(super) fn new(entries: &'l [Cow<'_, Sought>], lists: &'l Lists) -> Self {
        let listed = |it: &'l Cow<'_, Sought>| Some((&it.path, (it.slot, lists.get(&it.slot)?)));
        let listed: HashMap<_, _> = entries.iter().filter_map(listed).collect();
        let wanted = entries.iter().filter(|_| !listed.is_empty()).map(|it| &it.of);
        Self { wanted: wanted.collect(), listed }
    }

    /// Whether parts are those of what one of these was before.
    pub(super) fn has(&self, entry: &Sought) -> bool {
        self.of(entry).is_some()
    }

    /// Of those of which nothing is found yet, finds what holds most of what they are now.
    pub(super) fn find<'c>(
        &self,
        claimed: &'c [(Journal, Claimed<'c>)],
        found: &mut BTreeMap<u32, Found<'c>>,
    ) {
        let mut most: BTreeMap<u32, Found<'c>> = BTreeMap::new();
        for (journal, folder) in claimed {
            for (entry, parts) in &journal.entries {
                let Some((slot, list)) = self.of(entry) else { continue };
                if found.contains_key(&slot) || !is_there(folder.dir(), entry, parts) {
                    continue;
                }
                let parts = parts.of_list(list);
                let before = most.get(&slot).map_or(0, |found| found.parts.count());
                if parts.count() > before {
                    let (number, parts) = (entry.slot, Cow::Owned(parts));
                    most.insert(slot, Found { folder, number, parts });
                }
            }
        }
        found.extend(most);
    }

    fn of(&self, entry: &Sought) -> Option<(u32, &'l LeafList)> {
        let found = self.listed.get(&entry.path).copied()?;
        let is_before = is_another(&entry.of, found.1.content());
        (is_before && !self.wanted.contains(&entry.of)).then_some(found)
    }
}

/// The numbers of those of which nothing is left, but parts of what they were before.
pub(super) fn changed(to: &Dir, sought: &[Sought]) -> io::Result<Vec<u32>> {
    let (mut held, mut before) = (HashSet::new(), HashMap::<_, Vec<_>>::new());
    let wanted: HashSet<&Origin> = sought.iter().map(|it| &it.of).collect();
    let paths: HashSet<&EntryPath> = sought.iter().map(|it| &it.path).collect();
    for dir in private::all(to)? {
        let Some(journal) = read_journal(&dir) else { continue };
        for (entry, parts) in journal.entries {
            let is_wanted = wanted.contains(&entry.of);
            if (is_wanted || paths.contains(&entry.path)) && is_there(&dir, &entry, &parts) {
                held.extend(is_wanted.then_some(entry.of));
                before.entry(entry.path).or_default().push(entry.of);
            }
        }
    }
    let was_another = |it: &&Sought| {
        let Origin::Content(content) = it.of else { return false };
        let before = before.get(&it.path).into_iter().flatten();
        !held.contains(&it.of) && before.into_iter().any(|of| is_another(of, content))
    };
    Ok(sought.iter().filter(was_another).map(|it| it.slot).collect())
}

/// Moves what is the same in what an entry was before into a private folder in which nothing of it is,
/// and gives what is there of it. Reads all of that.
pub(super) fn take_over(
    to: &Dir,
    (private, head): (&Private, &Head),
    (slot, list): (u32, &LeafList),
) -> io::Result<Parts> {
    let lists = Lists::from([(slot, list.clone())]);
    let entries: Vec<_> = head.iter().collect();
    let changed = Changed::new(&entries, &lists);
    let claimed = claim_with(to, |entry| changed.has(entry))?;
    let mut found = BTreeMap::new();
    changed.find(&claimed, &mut found);
    if found.is_empty() {
        return Ok(Parts::default());
    }
    move_in(private, head, &found)?;
    let parts = found.remove(&slot).map(|found| found.parts.into_owned());
    let (mut parts, size) = (parts.unwrap_or_default(), list.content().size());
    remove_empty(claimed)?;
    let file = open_regular(&private.dir, &slot.to_string())?;
    let is_read = |number, leaf| leaf_in(&file, number, size).is_ok_and(|it| it == Some(leaf));
    parts.leaves.retain(|number, leaf| is_read(*number, *leaf));
    Ok(parts)
}

/// Removes what is left of what files were before that have landed.
pub(super) fn forget_before(to: &Dir, landed: &HashMap<EntryPath, Content>) -> io::Result<()> {
    let was_before = |entry: &Sought| {
        landed.get(&entry.path).is_some_and(|content| is_another(&entry.of, *content))
    };
    forget_those(to, was_before)
}

/// Cuts a part that is longer than its entry: of what it was before, that may have been more.
pub(super) fn cut(dir: &Dir, slot: u32, size: u64) -> io::Result<()> {
    let name = slot.to_string();
    if dir.symlink_metadata(&name)?.len() > size {
        let mut options = OpenOptions::new();
        options.write(true).follow(FollowSymlinks::No);
        dir.open_with(name, &options)?.set_len(size)?;
    }
    Ok(())
}

impl Parts {
    fn of_list(&self, list: &LeafList) -> Self {
        let leaves = self.leaves.iter().filter(|(number, leaf)| list.has(**number, **leaf));
        Self { leaves: leaves.map(|(number, leaf)| (*number, *leaf)).collect(), whole: None }
    }
}

fn is_another(of: &Origin, content: Content) -> bool {
    matches!(of, Origin::Content(other) if *other != content)
}
