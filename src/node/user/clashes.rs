//! Files in whose place others are: somebody says what becomes of them, and the get goes on with it.
//!
//! Nothing is replaced before that was asked, so what is in the way is found first without replacing, and
//! is decided when all else has come.

use super::getting::Getting;
use super::items::Item;
use crate::model::EntryPath;
use crate::node::Error;
use crate::peer::LandError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that did not come, since another one is in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// Where it was to be, below the folder.
    pub path: EntryPath,
    /// The folder.
    pub folder: Arc<Path>,
}

/// What becomes of a file in whose place another one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instead {
    /// It replaces the other one.
    Replace,
    /// It comes beside the other one, as [`Clash::beside`].
    Beside,
    /// It is left out.
    Leave,
}

/// Says of each what becomes of it. Who does not, has decided nothing: the files are told as those that did
/// not come.
pub type Decide<'d> = dyn FnMut(&[Clash]) -> Option<Vec<Instead>> + Send + 'd;

impl Clash {
    /// The file that is there.
    pub fn file(&self) -> PathBuf {
        self.folder.join(self.path.to_relative())
    }

    /// The first free name beside it: `tree (2).txt`.
    pub fn beside(&self) -> Option<EntryPath> {
        let mut names: Vec<&str> = self.path.components().collect();
        let name = names.pop()?;
        let (stem, end) = match name.rsplit_once('.') {
            Some((stem, end)) if !stem.is_empty() => (stem, format!(".{end}")),
            _ => (name, String::new()),
        };
        let is_free =
            |path: &EntryPath| self.folder.join(path.to_relative()).symlink_metadata().is_err();
        (2..MOST_NAMES).find_map(|number| {
            let name = format!("{stem} ({number}){end}");
            let path = EntryPath::of(&[&names[..], &[name.as_str()]].concat()).ok()?;
            is_free(&path).then_some(path)
        })
    }
}

impl Getting<'_> {
    /// Asks what becomes of files in whose place others are, and gets those that are to come.
    pub(super) async fn settle_clashes(&mut self, decide: &mut Decide<'_>) {
        // Another file may come into a place meanwhile.
        while !self.clashes.is_empty() {
            let items = std::mem::take(&mut self.clashes);
            let clash = |item: &Item| Clash { path: item.to.clone(), folder: self.folder.clone() };
            let clashes: Vec<_> = items.iter().map(clash).collect();
            let Some(said) = decide(&clashes) else {
                return items.into_iter().for_each(|item| self.is_taken(item));
            };
            let mut replacing = Vec::new();
            let mut said = said.into_iter();
            for (mut item, clash) in items.into_iter().zip(clashes) {
                match said.next() {
                    Some(Instead::Replace) => replacing.push(item),
                    Some(Instead::Leave) => {}
                    Some(Instead::Beside) => match clash.beside() {
                        Some(to) => {
                            item.to = to;
                            self.open.push(item);
                        }
                        None => self.is_taken(item),
                    },
                    // What nothing is said of is told.
                    None => self.is_taken(item),
                }
            }
            // People think for long, and conversations end meanwhile.
            self.forget_the_lost().await;
            self.run_anew().await;
            self.open = replacing;
            self.overwrite = true;
            self.run_anew().await;
            self.overwrite = false;
        }
    }

    fn is_taken(&mut self, item: Item) {
        let path = self.folder.join(item.to.to_relative());
        let why = Error::Landing { path, why: LandError::Taken };
        self.give_up(Item { why: Some(Arc::new(why)), ..item });
    }
}

const MOST_NAMES: u32 = 10_000;
