//! A few entries that are wanted at once, and all that came of them.

use waxwing::link::Streams;
use waxwing::model::{Content, ShareId};
use waxwing::peer::{self, Error, LandError, Landed, Landing, Portion, Sharer, Wanted, Wants};

/// What came of what was wanted.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Those of which it is known.
    pub(crate) files: Vec<FetchedFile>,
    /// Why not all came; or why one did not, where others did.
    pub(crate) stopped: Option<Error>,
}

#[derive(Debug)]
pub(crate) struct FetchedFile {
    pub(crate) wanted: Wanted,
    pub(crate) content: Option<Content>,
    pub(crate) landed: Result<Landed, LandError>,
}

pub(crate) async fn fetch(
    by: &Sharer,
    streams: &Streams,
    share: ShareId,
    wanted: Vec<Wanted>,
    landing: &Landing,
) -> Fetched {
    let mut all = All { wanted, fetched: Fetched { files: Vec::new(), stopped: None } };
    let (_, stopped) = by.fetch(streams, share, landing, &mut all).await;
    let fetched = all.fetched;
    Fetched { stopped: stopped.or(fetched.stopped), ..fetched }
}

struct All {
    wanted: Vec<Wanted>,
    fetched: Fetched,
}

impl Wants for All {
    fn count(&self) -> usize {
        self.wanted.len()
    }

    fn wanted(&self, number: usize) -> Option<Wanted> {
        self.wanted.get(number).cloned()
    }

    fn took(&mut self, portion: Portion) {
        for peer::FetchedFile { number, content, landed } in portion.files {
            let wanted = self.wanted[number].clone();
            self.fetched.files.push(FetchedFile { wanted, content, landed });
        }
        if let Some((_, why)) = portion.refused.into_iter().next() {
            self.fetched.stopped.get_or_insert(why);
        }
    }
}
