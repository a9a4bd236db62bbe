//! What strangers could learn from how long an answer takes, and passwords that are written in two ways or are
//! too long.

use crate::stage::{Caller, Ground, PASSWORD, joining, rules, user};
use std::time::{Duration, Instant};
use waxwing::codec::open;
use waxwing::index::Rules;
use waxwing::wire::Code;
use waxwing::wire::index::{Join, Login, Named, PasswordText, SessionGrant};

/// How many of each are measured.
const TRIES: usize = 200;

/// How long a wrong password takes for a name that there is, and for one that there is not: the median of each,
/// in turns.
async fn medians(stranger: &Caller) -> (Duration, Duration) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..TRIES {
        for (name, times) in [("alice", &mut known), ("nobody", &mut unknown)] {
            let begin = Instant::now();
            let refused = stranger.login(name, "wrong password").await.unwrap_err();
            times.push(begin.elapsed());
            assert_eq!(refused, Code::Credentials, "{name}");
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[TRIES / 2]
    };
    (median(&mut known), median(&mut unknown))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_takes_as_long_for_a_name_that_nobody_has() {
    let ground = Ground::at_cost(Rules { free_tries: u32::MAX, ..rules() }, 8).await;
    drop(ground.member("alice").await);
    let stranger = ground.dial("mallory").await;
    // A busy machine can lengthen either by any time, but not each time.
    let mut seen = Vec::new();
    while seen.len() < 4 {
        let (known, unknown) = medians(&stranger).await;
        seen.push((known, unknown));
        if known.abs_diff(unknown) * 20 < known {
            break;
        }
    }
    println!("{seen:.2?}");
    assert!(seen.len() < 4, "{seen:?}");
    ground.stop().await;
}

/// A password as it travels, whatever it is.
fn as_typed(text: &str) -> PasswordText {
    let mut bytes = Vec::new();
    minicbor::encode(text, &mut bytes).unwrap();
    open::decode(&bytes).unwrap()
}

async fn logs_in(caller: &Caller, name: &str, text: &str) -> Result<SessionGrant, Code> {
    caller.ask(Login { id: 0, user: Named(user(name)), password: as_typed(text) }).await
}

#[tokio::test]
async fn a_password_has_one_spelling_and_no_length_is_cut() {
    let ground = Ground::with(Rules { free_tries: u32::MAX, ..rules() }).await;
    // With one sign for é, with two, and the sign for ångström, which is spelled like the letter.
    let spellings =
        ["caf\u{e9} \u{c5}ngstrom", "cafe\u{301} A\u{30a}ngstrom", "caf\u{e9} \u{212b}ngstrom"];
    for (name, spelling) in ["alice", "bob", "carol"].into_iter().zip(spellings) {
        let caller = ground.dial(name).await;
        caller.ask(Join { password: as_typed(spelling), ..joining(name) }).await.unwrap();
        for other in spellings {
            logs_in(&caller, name, other).await.unwrap();
        }
        let refused = logs_in(&caller, name, "cafe Angstrom").await.unwrap_err();
        assert_eq!(refused, Code::Credentials);
    }
    // By its length: what is too short or too long is refused with the rule, and nothing of it is cut off.
    let dave = ground.dial("dave").await;
    for length in [9, 72, 73, 256] {
        let password = as_typed(&"x".repeat(length));
        let refused = dave.ask(Join { password, ..joining("dave") }).await.unwrap_err();
        assert_eq!(refused, Code::PasswordRule, "{length}");
    }
    for (name, length) in [("dave", 10), ("erin", 71)] {
        let (caller, password) = (ground.dial(name).await, "x".repeat(length));
        caller.ask(Join { password: as_typed(&password), ..joining(name) }).await.unwrap();
        logs_in(&caller, name, &password).await.unwrap();
        for other in ["x".repeat(length - 1), "x".repeat(length + 1), PASSWORD.to_owned()] {
            let refused = logs_in(&caller, name, &other).await.unwrap_err();
            assert_eq!(refused, Code::Credentials, "{}", other.len());
        }
    }
    ground.stop().await;
}
