//! The first run in a home: from nothing to an account, a question at a time.

use crate::asking;
use crate::failures::Trouble;
use crate::program::Program;
use crate::samples;
use crate::verbs::account::{self, Newcomer};
use crate::visits::files;
use waxwing::crypto::Password;
use waxwing::model::{Audience, IndexAddress};
use waxwing::node::User;

/// Asks what has to be known. The index is the one that is set.
pub(crate) async fn welcome(program: &Program, index: IndexAddress) -> Result<User, Trouble> {
    let printer = &program.printer;
    let ask = program.asker("an answer", "`join INVITATION` with its flags")?;
    printer.headline("Welcome to waxwing.");
    printer.result(format!("Everything of yours stays in {}.", program.home.path().display()));
    let me = Newcomer::begin(program)?;
    let index = me.trusted(program, index).await?;
    let is_new = ask.yes("A new account? (n: log in to yours)", true)?;
    let set = program.with_config(|config| config.user.clone()).flatten();
    let user = account::ask_name(program, set.as_ref().map(|name| name.as_str()))?;
    let question = format!("Password for {user} (at least {} characters)", Password::MIN_BYTES);
    let password = match is_new {
        true => Some(asking::new_password(program, None, &question)?),
        false => None,
    };
    let me = match me {
        Newcomer::Known(user) => user,
        Newcomer::New(keys) => {
            let passphrase = asking::new_protection(program, None)?;
            account::keep(program, &keys, passphrase.as_ref())?
        }
    };
    match password {
        Some(password) => me.join(&index, &user, &password, None).await?,
        None => account::log_in(program, &me, &index, &user).await?,
    }
    account::told_joined(program, &me, "joined")?;
    offer_to_share(program, &me).await?;
    Ok(me)
}

/// The folders that are set are offered once; without a yes nothing is shared.
async fn offer_to_share(program: &Program, me: &User) -> Result<(), Trouble> {
    let ask = program.asker("an answer", "`share add PATH`")?;
    put_samples(program, me);
    for path in me.config().shares.clone() {
        let preview = me.preview(&path).await?;
        let question = format!("Share {} with everyone?", files(preview.files));
        if ask.yes(&question, true)? {
            me.add_share(&path, &[], Audience::Everyone)?;
        } else {
            program
                .printer
                .note(format!("Nothing is shared. `share add {}` does later.", path.display()));
        }
    }
    Ok(())
}

/// Without them there is less to try with, and nothing else is amiss.
fn put_samples(program: &Program, me: &User) {
    if let Some(first) = me.config().shares.first().filter(|_| program.samples)
        && let Err(error) = samples::put(first)
    {
        program.printer.note(format!("The files to try with could not be made: {error}"));
    }
}
