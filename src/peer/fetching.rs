//! Fetching: entries of somebody's share are asked for, checked against what was asked, and landed.
//!
//! Many entries come as several streams, one after the other, and none of them is held before its turn or
//! after it. What is here already is not asked for.

use super::arriving::Settled;
use super::asking::{AskTold, Asking};
use super::changed::forget_before;
use super::landing::{Gathered, Head, LandError, Landed, Landing, Look, Standing, Target, Targets};
use super::requests::{Request, check, missing, most_manifest, sought, without};
use super::sharer::name_of;
use super::telling::{Names, Telling};
use super::wanted::{FetchedFile, Portion, Wanted, Wants};
use super::{Error, Sharer};
use crate::crypto::random;
use crate::link::{AskError, Decided, Offer, Receiving, StreamFrames, Streams};
use crate::model::{Ranges, ShareId, Transfer, Work, find_collision};
use crate::seal::{Manifest, ManifestEntry};
use crate::wire::{Code, Explanation, GetGrant};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Where entries come from: a share of somebody.
type There<'t> = (&'t Streams, ShareId);

impl Sharer {
    /// Fetches entries of a share of whoever is proven to be there. Gives how many parts of files came and
    /// are verified, whatever became of the rest; and why not all that was wanted came, if so.
    pub async fn fetch(
        &self,
        streams: &Streams,
        share: ShareId,
        landing: &Landing,
        wants: &mut dyn Wants,
    ) -> (u64, Option<Error>) {
        let mut came = 0;
        let there = (streams, share);
        let stopped = self.fetch_all(there, landing, (&mut came, wants)).await.err();
        (came, stopped)
    }

    async fn fetch_all(
        &self,
        there: There<'_>,
        landing: &Landing,
        (came, wants): (&mut u64, &mut dyn Wants),
    ) -> Result<(), Error> {
        let count = wants.count();
        let looking = look_around(landing, wants);
        let Missing { numbers, names, total } =
            self.told_if_long(Work::Looking, count, looking).await?;
        if numbers.is_empty() {
            return Ok(());
        }
        let telling = Telling::new(self, Work::Receiving, names, total.unwrap_or_default());
        let (mut rest, mut is_complete) = (numbers.as_slice(), true);
        while !rest.is_empty() {
            let first = numbers.len().saturating_sub(rest.len());
            let (request, later) = Request::of(rest, wants);
            let told = Told { telling: &telling, first };
            let portion = self.fetch_request(there, &request, told, landing).await;
            *came = telling.came();
            let portion = portion?;
            is_complete &= portion.refused.is_empty();
            wants.took(portion);
            rest = later;
        }
        telling.end(is_complete);
        Ok(())
    }

    /// Fetches as many as one request may ask for. Of many, the one that changed meanwhile stays away when
    /// they are asked for again.
    async fn fetch_request(
        &self,
        there: There<'_>,
        request: &Request,
        told: Told<'_>,
        landing: &Landing,
    ) -> Result<Portion, Error> {
        let mut changes = 0_u32;
        loop {
            let portion = self.fetch_once(there, request, told, landing).await;
            let changed = portion.as_ref().err().is_some_and(Error::is_source_changed);
            if !changed || request.wanted.len() < 2 || changes >= CHANGES {
                return portion;
            }
            changes = changes.saturating_add(1);
        }
    }

    async fn fetch_once(
        &self,
        there: There<'_>,
        Request { numbers, wanted }: &Request,
        told: Told<'_>,
        landing: &Landing,
    ) -> Result<Portion, Error> {
        have_own_places(wanted)?;
        let gathered = self.gather(there, wanted, landing).await?;
        let (missing, challenge) = (missing(wanted, &gathered), random());
        let (grant, frames) = match self.ask(there, (wanted, &missing), challenge).await {
            Err(AskError::Refused {
                code: code @ (Code::NotFound | Code::SourceChanged),
                text,
            }) => {
                return Ok(Portion::none_of(numbers, code, &text));
            }
            granted => granted?,
        };
        let offer = self.offered(there, challenge, (&grant, frames), wanted.len()).await?;
        let granted = without(&grant, wanted.len()).and_then(|without| {
            Ok((check(offer.manifest(), wanted, (&missing, &without))?, without))
        });
        let (order, without) = match granted {
            Ok(granted) => granted,
            Err(what) => {
                offer.decline(Code::Unexpected, "");
                return Err(Error::NotAsked(what));
            }
        };
        let Settled { files, unkept } =
            self.arrive(offer, (wanted, &order), told, (landing, gathered)).await?;
        let came = order.iter().filter_map(|at| wanted.get(*at)).zip(&files);
        let landed = came.filter(|(_, (_, landed))| landed.is_ok());
        let landed = landed.map(|(wanted, (content, _))| (wanted.to.clone(), *content));
        forget_before(landing, landed.collect()).await;
        let numbered = order.iter().filter_map(|at| numbers.get(*at).copied()).zip(files);
        let files = numbered.map(|(number, (content, landed))| FetchedFile {
            number,
            content: Some(content),
            landed,
        });
        let (files, refused) = (files.collect(), refused(numbers, without));
        Ok(Portion { files, refused, unkept })
    }

    /// What is here of them from an earlier try.
    async fn gather(
        &self,
        (streams, share): There<'_>,
        wanted: &[Wanted],
        landing: &Landing,
    ) -> Result<Gathered, Error> {
        let (looking, seeking) = (landing.clone(), sought(wanted));
        let gather = async {
            let lists = self.lists_of_changed((streams, share), wanted, landing).await;
            spawn_blocking(move || {
                looking.gather_changed(Head::Listed(seeking), &lists).in_few_parts()
            })
            .await
        };
        Ok(self.told_if_long(Work::Looking, wanted.len(), gather).await?)
    }

    async fn ask(
        &self,
        (streams, share): There<'_>,
        (wanted, missing): (&[Wanted], &[Option<Ranges>]),
        challenge: [u8; 32],
    ) -> Result<(GetGrant, StreamFrames), AskError> {
        let first = wanted.first().map_or("a file", |first| first.path.as_str());
        let (name, with) = (name_of(wanted.len(), first), self.with.as_deref());
        let transfer = Transfer { name: &name, total: 0, files: 1, with };
        let told = AskTold::new(&self.events, transfer);
        let mut asking = Asking { wanted, missing, told: &told, may_wait: self.may_wait };
        told.follow(streams.get(share, challenge, &mut asking)).await
    }

    async fn offered(
        &self,
        (streams, _): There<'_>,
        challenge: [u8; 32],
        (grant, frames): (&GetGrant, StreamFrames),
        count: usize,
    ) -> Result<Offer, Error> {
        let receiving = Receiving {
            identity: Arc::clone(&self.identity),
            context: streams.conversation().proven().context(&challenge),
            max_data: grant.data_length,
            max_manifest: most_manifest(count),
        };
        let offer = streams.await_offer(frames, receiving);
        Ok(self.told_if_long(Work::Looking, count, offer).await?)
    }

    /// Takes in what was asked for, in the order in which it comes.
    async fn arrive(
        &self,
        offer: Offer,
        (wanted, order): (&[Wanted], &[usize]),
        told: Told<'_>,
        (landing, gathered): (&Landing, Gathered),
    ) -> Result<Settled, Error> {
        let (now, place) = (self.now(), landing.clone());
        let target = |(at, listed): (&usize, &ManifestEntry)| {
            let (path, entry) = (wanted.get(*at)?.to.clone(), &listed.entry);
            let look = Some(Look::of(entry, now));
            Some((u32::try_from(*at).ok()?, Target { path, size: entry.size(), look }))
        };
        let listed = order.iter().zip(offer.manifest().entries());
        let targets: Vec<_> = listed.filter_map(target).collect();
        let told = told.files(order, offer.manifest());
        let begin = move || place.resume(Targets::Listed(targets), gathered);
        let (arrived, batch) = self.take(offer, begin, told, Decided::Before).await?;
        let contents = order.iter().map(|at| wanted.get(*at).and_then(|wanted| wanted.content));
        self.land(arrived, batch, contents.collect()).await
    }
}

/// Files of a transfer, from one of them on.
#[derive(Clone, Copy)]
struct Told<'t> {
    telling: &'t Arc<Telling>,
    first: usize,
}

impl Told<'_> {
    /// Which of the files each entry is; from now on their sizes are known, and what is here of them.
    fn files(self, order: &[usize], manifest: &Manifest) -> (Arc<Telling>, Vec<usize>) {
        let files: Vec<usize> = order.iter().map(|at| self.first.saturating_add(*at)).collect();
        if files.len() == self.telling.count() {
            let sizes = manifest.entries().iter().map(|listed| listed.entry.size());
            self.telling.total(sizes.fold(0, u64::saturating_add));
        }
        for (file, listed) in files.iter().zip(manifest.entries()) {
            let size = listed.entry.size();
            self.telling.size(*file, size);
            self.telling.advance(*file, size.saturating_sub(listed.ranges.length()));
        }
        (Arc::clone(self.telling), files)
    }
}

/// What has to be asked for.
struct Missing {
    numbers: Vec<usize>,
    names: Names,
    /// How many bytes they have, if that is known of all.
    total: Option<u64>,
}

/// What has to be asked for; what need not, because it is here already or has no place, is handed over.
async fn look_around(landing: &Landing, wants: &mut dyn Wants) -> Result<Missing, Error> {
    let (count, mut first) = (wants.count(), 0_usize);
    let mut all = Missing { numbers: Vec::new(), names: Names::default(), total: Some(0) };
    while first < count {
        let end = first.saturating_add(LOOKED_AT).min(count);
        let numbered = |number| Some((number, wants.wanted(number)?));
        let some: Vec<_> = (first..end).filter_map(numbered).collect();
        let looking = landing.clone();
        let (settled, missing) = spawn_blocking(move || look(&looking, some)).await?;
        if !settled.is_empty() {
            wants.took(Portion::of(settled));
        }
        for (number, wanted) in missing {
            all.numbers.push(number);
            all.names.push(wanted.path.as_str());
            let size = wanted.content.map(|content| content.size());
            all.total = all.total.zip(size).map(|(total, size)| total.saturating_add(size));
        }
        first = end;
    }
    Ok(all)
}

type Numbered = (usize, Wanted);

/// Of some, what became of them already, and the others. Blocks.
fn look(landing: &Landing, some: Vec<Numbered>) -> (Vec<FetchedFile>, Vec<Numbered>) {
    let (mut settled, mut missing) = (Vec::new(), Vec::new());
    for (number, wanted) in some {
        let content = wanted.content;
        let landed = match landing.standing(&wanted.to, content) {
            Ok(Standing::Same) => Ok(Landed::Already),
            Ok(Standing::InTheWay) => Err(LandError::InTheWay),
            // Where no content is named, it may yet be the same.
            Ok(Standing::Other) if content.is_some() && !landing.rules().overwrite => {
                Err(LandError::Taken)
            }
            Err(error) => Err(LandError::Disk(error)),
            Ok(Standing::Other | Standing::Free) => {
                missing.push((number, wanted));
                continue;
            }
        };
        settled.push(FetchedFile { number, content, landed });
    }
    (settled, missing)
}

/// What comes in one stream has to be apart, here and there.
fn have_own_places(wanted: &[Wanted]) -> Result<(), Error> {
    let froms = find_collision(wanted.iter().map(|wanted| &wanted.path));
    match froms.or_else(|| find_collision(wanted.iter().map(|wanted| &wanted.to))) {
        Some(collision) => Err(Error::Together(collision.into())),
        None => Ok(()),
    }
}

/// Those that do not come beside others that do.
fn refused(numbers: &[usize], without: BTreeMap<usize, Code>) -> Vec<(usize, Error)> {
    let refused = |(at, code): (usize, Code)| {
        // Beside files that do come, nothing else holds one up.
        let words = if code == Code::Busy { Explanation::STILL_READ } else { "" };
        let why = Error::Refused { code, text: Explanation::new(words) };
        Some((*numbers.get(at)?, why))
    };
    without.into_iter().filter_map(refused).collect()
}

/// So often what changes in the middle of a stream is left out of the next one.
const CHANGES: u32 = 10;
/// So many are looked at before what came of them is handed over.
const LOOKED_AT: usize = 4096;
