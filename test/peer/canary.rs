//! Somebody whom none of it concerns: while others are rude to Bob, Mallory fetches from him, and what comes
//! is right each time.

use crate::stage::{MIB, Stage, bytes_of, fetch, sharer, side, soon, wanted};
use std::fs;
use std::time::Duration;
use tempfile::tempdir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waxwing::model::{Audience, Content};
use waxwing::peer::{Landing, Rules};

/// Fetches until she is asked how it went.
pub(crate) struct Canary {
    stop: CancellationToken,
    rounds: JoinHandle<u32>,
}

impl Canary {
    /// Bob publishes what is in his share, and a file for her.
    pub(crate) async fn begin(stage: &Stage) -> Self {
        let bytes = bytes_of(77, 20 * MIB);
        stage.make("canary", &bytes);
        stage.publish(Audience::Everyone);
        let (streams, share) = (stage.dial(side("mallory")).await, stage.share);
        let (stop, content) = (CancellationToken::new(), Content::of(&bytes));
        let until = stop.clone();
        let rounds = tokio::spawn(async move {
            let (home, mallory, mut rounds) = (tempdir().unwrap(), sharer("mallory"), 0);
            let came = home.path().join("canary");
            while rounds == 0 || !until.is_cancelled() {
                let landing = Landing::in_folder(home.path(), Rules::default()).unwrap();
                let all = vec![wanted("canary", Some(content))];
                let fetched = soon(fetch(&mallory, &streams, share, all, &landing)).await;
                assert!(fetched.stopped.is_none(), "{fetched:?}");
                assert!(fs::read(&came).unwrap() == bytes, "something else came");
                fs::remove_file(&came).unwrap();
                rounds += 1;
                // One person has so many streams a minute, however long it takes.
                let pause = Duration::from_millis(if rounds < 100 { 50 } else { 500 });
                until.run_until_cancelled(tokio::time::sleep(pause)).await;
            }
            rounds
        });
        Self { stop, rounds }
    }

    /// It went well, from before the rudeness until after it.
    pub(crate) async fn sings(self) {
        self.stop.cancel();
        assert!(soon(self.rounds).await.unwrap() > 0);
    }
}
