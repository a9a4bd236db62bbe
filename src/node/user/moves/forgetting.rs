//! What is left of a move that is given up goes, but for what another one goes on with.

use super::Move;
use crate::model::Content;
use crate::node::index::Query;
use crate::node::user::User;
use crate::node::user::got::GetRules;
use crate::node::{Error, Wanted};
use crate::peer::{Landing, Rules};
use std::collections::HashSet;
use tokio::task::spawn_blocking;

impl User {
    /// Removes what is here of files that did not come whole, unless another move goes on with it.
    pub(super) async fn forget_parts(
        &self,
        number: u64,
        what: (&[Wanted], Option<&str>),
        rules: &GetRules,
    ) -> Result<(), Error> {
        let mut contents = self.contents(what, rules).await?;
        let folder = rules.out.clone().unwrap_or_else(|| self.downloads());
        for (_, kept, _) in self.kept().all()?.into_iter().filter(|(other, _, _)| *other != number)
        {
            let Move::Get { wanted, words, rules } = &kept.what else { continue };
            if rules.out.as_ref().is_none_or(|out| *out == folder) && !contents.is_empty() {
                // As long as it is not known what that wants, nothing goes.
                let wanted = self.contents((wanted, words.as_deref()), rules).await?;
                contents.retain(|content| !wanted.contains(content));
            }
        }
        let forget = move || {
            let landing = folder.is_dir().then(|| Landing::in_folder(&folder, Rules::default()));
            let contents: Vec<Content> = contents.into_iter().collect();
            landing.transpose().map(|landing| landing.inspect(|it| it.forget(&contents)))
        };
        spawn_blocking(forget).await.map_err(|_| Error::Stopped)??;
        Ok(())
    }

    /// What the files are that a move gets, as far as that is known.
    async fn contents(
        &self,
        (wanted, words): (&[Wanted], Option<&str>),
        rules: &GetRules,
    ) -> Result<HashSet<Content>, Error> {
        let mut contents = HashSet::new();
        for wanted in wanted {
            let items = match self.items(wanted, rules.from.as_ref()).await {
                // Nothing of it comes.
                Err(Error::NotFrom(_)) => continue,
                items => items?,
            };
            contents.extend(items.iter().filter_map(|item| item.content));
        }
        if let Some(words) = words {
            let items = self.items_of_all(&Query::new(words), rules.from.as_ref()).await?;
            contents.extend(items.iter().filter_map(|item| item.content));
        }
        Ok(contents)
    }
}
