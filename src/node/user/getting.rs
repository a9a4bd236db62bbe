//! A get that is under way: what is open, who was reached, what was got. What is done with it stands in
//! files of their own.

use super::User;
use super::got::Got;
use super::items::Item;
use super::reach::Reached;
use crate::model::UserName;
use crate::node::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

pub(super) struct Getting<'a> {
    pub(super) user: &'a User,
    pub(super) folder: Arc<Path>,
    /// Whether files that are there are replaced, now.
    pub(super) overwrite: bool,
    /// Those who were reached, and those who could not be.
    pub(super) people: BTreeMap<UserName, Result<Reached, Arc<Error>>>,
    /// Those who were reached at some time.
    pub(super) met: BTreeSet<UserName>,
    /// Those of whom it was told that something is not as it should be.
    pub(super) told_of: BTreeSet<UserName>,
    /// What did not come yet.
    pub(super) open: Vec<Item>,
    /// What did not come from anybody, and may when they are asked again.
    pub(super) waiting: Vec<Item>,
    /// Whether those are waited for who serve others first: when nothing else can be done.
    pub(super) patient: bool,
    /// How often in a row nothing came of all that was tried.
    pub(super) failed: u32,
    /// Whether somebody says what becomes of files in whose place others are.
    pub(super) are_decided: bool,
    /// Such files.
    pub(super) clashes: Vec<Item>,
    pub(super) got: Vec<Got>,
}

impl<'a> Getting<'a> {
    pub(super) fn new(user: &'a User, open: Vec<Item>, folder: Arc<Path>) -> Self {
        Self {
            user,
            folder,
            overwrite: false,
            people: BTreeMap::new(),
            met: BTreeSet::new(),
            told_of: BTreeSet::new(),
            // As there are fewer of these, there are more of those.
            got: Vec::with_capacity(open.len()),
            open,
            waiting: Vec::new(),
            patient: false,
            failed: 0,
            are_decided: false,
            clashes: Vec::new(),
        }
    }
}
