//! What time gives away: whether somebody has a name, and whether a word is in what one may not see.

use crate::corpus::broad;
use crate::library::{folder, hide};
use crate::people::{dial, login, side, token};
use crate::process::Process;
use crate::searching::search;
use crate::{quantile, ratio};
use std::time::Instant;
use waxwing::wire::index::Resume;

/// How many entries one does not see; one in ten has a word that is asked for.
const HIDDEN: u64 = 50_000;
const TIMES: usize = 300;
/// Where a difference of microseconds would show more than at the cost of programs.
const COST: u32 = 10;

pub(crate) async fn measure() {
    passwords().await;
    searches().await;
}

async fn searches() {
    let folder = folder();
    hide(folder.path(), HIDDEN).await;
    let index = Process::start_in(folder.path(), 1, COST);
    let (stranger, _incoming) = dial(&side(2), 0, index.address).await;
    stranger.ask(Resume { id: 0, token: token("shared", 2) }).await.unwrap();
    let (mut hidden, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..10 * TIMES as u64 {
        for (word, times) in [(broad(number), &mut hidden), ("nothing".into(), &mut unknown)] {
            let begin = Instant::now();
            assert_eq!(search(&stranger, word).await, 0);
            times.push(begin.elapsed().as_secs_f64());
        }
    }
    let (hidden, unknown) = (quantile(&mut hidden, 0.5), quantile(&mut unknown, 0.5));
    println!("nothing found: {:.3} ms hidden, {:.3} ms unknown", hidden * 1e3, unknown * 1e3);
    ratio("hidden_word_vs_unknown", hidden / unknown, "<1.1");
    ratio("unknown_word_vs_hidden", unknown / hidden, "<1.1");
}

async fn passwords() {
    let index = Process::start(1, COST);
    let (stranger, _incoming) = dial(&side(1), 0, index.address).await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        for (name, times) in [("user-0", &mut known), ("nobody", &mut unknown)] {
            let begin = Instant::now();
            stranger.ask(login(name)).await.expect_err("the password is wrong");
            times.push(begin.elapsed().as_secs_f64());
        }
    }
    let (known, unknown) = (quantile(&mut known, 0.5), quantile(&mut unknown, 0.5));
    println!("a wrong password: {:.2} ms known, {:.2} ms unknown", known * 1e3, unknown * 1e3);
    ratio("unknown_name_vs_known", unknown / known, ">0.95");
    ratio("known_name_vs_unknown", known / unknown, ">0.95");
}
