//! How long a wrong password takes: for a name that somebody has, and for one that nobody has.

use crate::people::{dial, login, side};
use crate::process::Process;
use crate::{quantile, ratio};
use std::time::Instant;

const TIMES: usize = 300;
/// Where a difference of microseconds would show more than at the cost of programs.
const COST: u32 = 10;

pub(crate) async fn measure() {
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
