//! A town stands all rudeness that comes from the network, one act after the other: real programs, an honest
//! person who goes on getting a file meanwhile, and a look at everything after each act.

#[path = "gauntlet/act.rs"]
mod act;
#[path = "gauntlet/askers.rs"]
mod askers;
#[path = "gauntlet/canary.rs"]
mod canary;
#[path = "gauntlet/crooks.rs"]
mod crooks;
#[path = "gauntlet/ground.rs"]
mod ground;
#[path = "gauntlet/index.rs"]
mod index;
#[path = "gauntlet/senders.rs"]
mod senders;
#[path = "gauntlet/strangers.rs"]
mod strangers;
#[path = "gauntlet/watch.rs"]
mod watch;
#[path = "gauntlet/written.rs"]
mod written;

use act::Act;
use canary::Canary;
use crooks::Crooks;
use ground::{Ground, loud_town};
use std::thread;
use watch::Watch;
use written::is_harmless;

#[test]
fn whatever_others_do_bob_and_the_index_stand_it_and_a_transfer_beside_it_is_right() {
    let town = loud_town();
    let ground = Ground::new(&town);
    let online = ground.serve();
    let crooks = Crooks::new(&ground, &online);
    let canary = Canary::new(&ground);
    thread::scope(|scope| {
        let _stops = canary.stops_in_the_end();
        scope.spawn(|| canary.sings());
        canary.has_sung_since(canary.begins(), "nobody was rude yet");
        let watch = Watch::begin(&ground, &online);
        for act in acts() {
            let begun = canary.begins();
            let name = act.play(&crooks);
            watch.all_live_after(&name);
            canary.has_sung_since(begun, &name);
            watch.all_is_well_after(&name);
        }
    });
    let mut written = ground.comes_back_after_a_kill(online);
    let secrets = [crooks.secrets(), ground.secrets()].concat();
    drop((crooks, ground));
    written.by_all(town);
    is_harmless(&written, &secrets);
}

/// All of them. First those whom nobody knows.
fn acts() -> Vec<Act> {
    [strangers::acts(), askers::acts(), senders::acts(), index::acts()]
        .into_iter()
        .flatten()
        .collect()
}
