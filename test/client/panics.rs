//! A mistake of ours does not pass in silence: the log says when and where it was made.

use crate::mistakes_made::{made_by, with_log};
use waxwing::ui::Printer;

#[path = "../../src/bin/client/panics.rs"]
mod program;

#[test]
fn a_mistake_of_ours_is_in_the_log_with_its_time_and_the_way_to_it() {
    let (log, _) = made_by("panics::a_mistake_is_made");
    assert!(log.lines().all(|line| line.starts_with("20") && line.contains(" error ")), "{log}");
    let told = ["test/client/panics.rs:", "this should never be", "::makes_a_mistake"];
    for part in told {
        assert!(log.contains(part), "{part:?} is not in\n{log}");
    }
}

#[test]
#[ignore = "started by another, with a log"]
fn a_mistake_is_made() {
    with_log(|log| {
        let printer = Printer::standard(false);
        printer.log_to(log);
        program::log(&printer);
        assert!(std::thread::spawn(makes_a_mistake).join().is_err());
    });
}

#[inline(never)]
fn makes_a_mistake() {
    panic!("this should never be");
}
