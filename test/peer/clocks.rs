//! A person whose clock is wrong. Their own certificate is issued by it, and those of others are judged
//! by it.

use crate::keys::{DAY, NOW, sealing_key, signing_key};
use crate::stage::{Fetched, Stage, fetch, sharer, soon, user, wanted};
use std::fs;
use std::sync::Arc;
use std::time::Duration;
use waxwing::crypto::{Identity, UnixTime};
use waxwing::link::{Deadlines, Side, Streams};
use waxwing::model::Audience;
use waxwing::node::{self, Exit};
use waxwing::peer::{Error, Files, Reply, Rules, Sharer, Shelf};
use waxwing::wire::{Features, Party};

type Clock = fn() -> UnixTime;

const TEN_YEARS: u64 = 3652 * DAY;
const A_DAY_OFF: [Clock; 2] = [|| NOW.plus(DAY), || UnixTime(NOW.0 - DAY)];
const TEN_YEARS_OFF: [Clock; 2] = [|| NOW.plus(TEN_YEARS), || UnixTime(NOW.0 - TEN_YEARS)];
const PATIENCE: Duration = Duration::from_secs(30);

/// Alice, by a clock of her own, in conversation with Bob, whose clock is right.
struct Alice {
    sharer: Sharer,
    streams: Streams,
}

impl Alice {
    async fn at(stage: &Stage, clock: Clock) -> Self {
        let keys = (signing_key("alice-signing"), sealing_key("alice-sealing"));
        let identity = Arc::new(Identity::new(keys.0, keys.1, clock()).unwrap());
        let (party, deadlines) = (Party::Person, Deadlines::default());
        let side = Side::new(Arc::clone(&identity), party, Features::ALL, deadlines).unwrap();
        let sharer = Sharer::new(identity, Shelf::new(user("alice"))).with_clock(clock);
        Self { sharer, streams: stage.dial(side).await }
    }

    async fn get(&self, stage: &Stage) -> Fetched {
        let (landing, wanted) = (stage.landing(Rules::default()), vec![wanted("photo", None)]);
        soon(fetch(&self.sharer, &self.streams, stage.share, wanted, &landing)).await
    }

    async fn send(&self, stage: &Stage) -> Result<Reply, Error> {
        let files = Files::open(&[stage.at("letter")]).unwrap();
        soon(self.sharer.send(&self.streams, files, PATIENCE)).await
    }
}

/// Bob, who goes by this clock, shares a photo, and there is a letter for him.
async fn with_bob_at(clock: Clock) -> Stage {
    let stage = Stage::with(sharer("bob").with_clock(clock), |_| {}).await;
    stage.make("photo", b"a photo");
    stage.publish(Audience::Everyone);
    stage.write("letter", b"dear bob");
    stage
}

/// That nothing has come to anybody, not even a part.
fn nothing_has_come(stage: &Stage) {
    for folder in ["downloads", "inbox"] {
        assert_eq!(stage.names(folder), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_a_day_off_holds_nothing_up() {
    for clock in A_DAY_OFF {
        let mut stage = with_bob_at(|| NOW).await;
        let alice = Alice::at(&stage, clock).await;
        let got = alice.get(&stage).await;
        assert!(got.stopped.is_none(), "{got:?}");
        assert_eq!(fs::read(stage.at("downloads/photo")).unwrap(), b"a photo");
        assert_eq!(alice.send(&stage).await.unwrap().landed.len(), 1);
        assert_eq!(stage.received().await.unwrap().files.len(), 1);
        assert_eq!(fs::read(stage.at("inbox/letter")).unwrap(), b"dear bob");
        // The same, when it is who serves.
        let stage = with_bob_at(clock).await;
        let got = stage.fetch(&["photo"]).await;
        assert!(got.stopped.is_none(), "{got:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_ten_years_off_nothing_comes_and_it_is_said_why() {
    for clock in TEN_YEARS_OFF {
        let mut stage = with_bob_at(|| NOW).await;
        let alice = Alice::at(&stage, clock).await;
        let got = alice.get(&stage).await;
        assert!(got.files.is_empty() && got.stopped.is_some(), "{got:?}");
        let served = stage.served().await.unwrap_err().to_string();
        let sent = alice.send(&stage).await.unwrap_err().to_string();
        for why in [served, sent] {
            assert!(why.contains("the sealing certificate"), "{why}");
        }
        nothing_has_come(&stage);
        // Who has put it right goes on.
        let got = stage.fetch(&["photo"]).await;
        assert!(got.stopped.is_none(), "{got:?}");
        // The same, when it is who serves.
        let mut stage = with_bob_at(clock).await;
        let got = stage.fetch(&["photo"]).await;
        assert!(got.files.is_empty() && got.stopped.is_some(), "{got:?}");
        let served = stage.served().await.unwrap_err().to_string();
        assert!(served.contains("the sealing certificate"), "{served}");
        nothing_has_come(&stage);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_clock_is_ten_years_off_is_asked_whether_it_is_right() {
    for clock in TEN_YEARS_OFF {
        let stage = with_bob_at(|| NOW).await;
        let alice = Alice::at(&stage, clock).await;
        let got = alice.get(&stage).await.stopped.unwrap();
        let sent = alice.send(&stage).await.unwrap_err();
        for why in [got, sent] {
            let advice = node::Error::from(why).advice();
            assert_eq!(advice.exit, Exit::Verification, "{advice:?}");
            let hint = advice.hint.unwrap_or_default();
            assert!(hint.contains("clock"), "{}: {hint}", advice.what);
        }
    }
}
