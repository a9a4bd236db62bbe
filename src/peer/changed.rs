//! Files that changed at their source since some of them came. What differs is found with the leaf list
//! of what they are now; without one, all of them comes again.

use super::landing::{Landing, Lists};
use super::requests::sought;
use super::wanted::Wanted;
use super::{Sharer, is_worth_spreading};
use crate::link::Streams;
use crate::model::limits::LEAF_LIST;
use crate::model::{Content, EntryPath, ShareId};
use std::collections::HashMap;
use tokio::task::spawn_blocking;

impl Sharer {
    /// The leaves of those large files of which nothing is here but parts of what they were before.
    pub(super) async fn lists_of_changed(
        &self,
        (streams, share): (&Streams, ShareId),
        wanted: &[Wanted],
        landing: &Landing,
    ) -> Lists {
        let mut seeking = sought(wanted);
        seeking.retain(|it| known(wanted, it.slot).is_some_and(|(_, it)| is_worth_spreading(it)));
        let mut lists = Lists::new();
        if seeking.is_empty() {
            return lists;
        }
        let looking = landing.clone();
        let changed = spawn_blocking(move || looking.changed(&seeking)).await.unwrap_or_default();
        let mut room = LEAF_LIST as u64;
        for slot in changed {
            let Some((wanted, content)) = known(wanted, slot) else { continue };
            let Some(left) = room.checked_sub(content.leaf_count()) else { continue };
            let place = (share, &wanted.path);
            // Who has none now is not asked for others: the files are waited for.
            let Ok(list) = self.ask_leaves(streams, place, content).await else { break };
            lists.insert(slot, list);
            room = left;
        }
        lists
    }
}

/// What one of these is, and the content that it is wanted for.
fn known(wanted: &[Wanted], number: u32) -> Option<(&Wanted, Content)> {
    let wanted = wanted.get(usize::try_from(number).ok()?)?;
    Some((wanted, wanted.content?))
}

/// Of what has landed, parts of what it was before are of no use to anybody.
pub(super) async fn forget_before(landing: &Landing, landed: HashMap<EntryPath, Content>) {
    let landing = landing.clone();
    // What stays is swept away when nobody has gone on with it for long.
    let _ = spawn_blocking(move || landing.forget_before(&landed)).await;
}
