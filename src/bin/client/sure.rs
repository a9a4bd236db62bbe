//! Asking before something is lost. Where nobody can be asked, in a script or with `--json`, nothing is:
//! whoever wrote the verb into a script meant it.

use crate::asker::Asker;
use crate::failures::Trouble;
use crate::program::Program;
use clap::{Arg, ArgAction, ArgMatches};
use waxwing::node::{MoveStanding, User};
use waxwing::ui::{Exit, Failure};

/// The flag that says yes before it is asked.
pub(crate) fn yes() -> Arg {
    Arg::new("yes")
        .long("yes")
        .short('y')
        .action(ArgAction::SetTrue)
        .help("Ask nothing; without a terminal nothing is asked in any case")
}

/// Who is asked before it is done: nobody, when they said yes already, or a program reads what is said.
pub(crate) fn whom<'p>(program: &'p Program, arguments: &ArgMatches) -> Option<Asker<'p>> {
    let said = matches!(arguments.try_get_one::<bool>("yes"), Ok(Some(true)));
    program.ask().filter(|_| !said && !program.json)
}

/// Goes on only with a yes. The question names what is lost.
pub(crate) fn ask(
    program: &Program,
    arguments: &ArgMatches,
    question: &str,
) -> Result<(), Trouble> {
    match whom(program, arguments) {
        Some(ask) if !ask.yes(question, false)? => {
            Err(Failure::new(Exit::NothingToDo, "all is left as it was").into())
        }
        _ => Ok(()),
    }
}

/// What would be cut off if this program ended now, as a sentence without its end.
pub(crate) fn under_way(me: &User) -> Option<String> {
    let is_here = |standing: &MoveStanding| matches!(standing, MoveStanding::UnderWay { .. });
    let moves = me.moves().unwrap_or_default();
    let own = moves.iter().filter(|it| is_here(&it.standing)).count();
    let offers = me.inbox().len();
    let others = me.visits_under_way().saturating_sub(offers);
    let mut parts = Vec::new();
    parts.extend(match own {
        0 => None,
        1 => Some("a transfer of yours is under way".to_owned()),
        own => Some(format!("{own} transfers of yours are under way")),
    });
    parts.extend((others > 0).then(|| "files are on their way to or from others".to_owned()));
    parts.extend((offers > 0).then(|| "what others offer you waits in the inbox".to_owned()));
    let mut said = parts.join(", and ");
    said.get_mut(..1)?.make_ascii_uppercase();
    Some(said)
}
