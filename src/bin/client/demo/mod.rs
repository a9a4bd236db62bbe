//! `client demo`: the whole story, played for real in a temporary folder.
//!
//! An index and two people, each a process of its own: this very program, called again. So it works
//! wherever the program works, and needs nothing else. What is shown is what they print.
//!
//! | part | what it is |
//! |---|---|
//! | `story` | what happens, in order |
//! | `stage` | the folder and the processes, all gone in the end |
//! | `samples` | what the two people have |
//! | `index` | the hidden role of the index |

mod index;
mod samples;
mod stage;
mod story;

use crate::failures::Trouble;
use crate::program::Program;
use clap::{Arg, ArgMatches, Command};
use stage::Stage;
use std::path::PathBuf;
use std::sync::Arc;
use waxwing::ui::{Exit, Failure};

pub(crate) fn command(command: Command) -> Command {
    command.about("Play the whole story in a temporary folder: an index, two people, a file").arg(
        Arg::new("index-in")
            .long("index-in")
            .value_name("DIR")
            .hide(true)
            .value_parser(clap::value_parser!(PathBuf)),
    )
}

/// Plays it. When it is stopped half-way, nothing stays either.
pub(crate) async fn demo(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    if let Some(folder) = arguments.get_one::<PathBuf>("index-in") {
        return index::be_the_index(folder).await.map_err(Trouble::from);
    }
    let stage = Arc::new(Stage::new(program.printer.clone())?);
    let _clears = Clears(Arc::clone(&stage));
    let playing = tokio::task::spawn_blocking(move || story::play(&stage));
    let broke = |error| Failure::new(Exit::Error, format!("the story broke off: {error}"));
    Ok(playing.await.map_err(broke)??)
}

/// Ends whatever still runs, and removes the folder.
struct Clears(Arc<Stage>);

impl Drop for Clears {
    fn drop(&mut self) {
        self.0.clear();
    }
}
