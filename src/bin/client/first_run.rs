//! The first run in a home: from nothing to an account, a question at a time.

use crate::asking;
use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::samples;
use crate::verbs::account::{self, Newcomer};
use crate::verbs::sharing::EVERYONE;
use crate::visits::files;
use std::fs;
use std::path::Path;
use waxwing::crypto::Password;
use waxwing::model::{Audience, IndexAddress, Invitation, UserName};
use waxwing::node::User;
use waxwing::wire::Code;

/// Asks what has to be known. The index is the one that is set.
pub(crate) async fn welcome(program: &Program, index: IndexAddress) -> Result<User, Trouble> {
    let printer = &program.printer;
    let ask = program.asker("an answer", "`join INVITATION` with its flags")?;
    printer.headline("Welcome to waxwing.");
    printer.result(format!("Everything of yours stays in {}.", program.home.path().display()));
    let me = Newcomer::here(program)?;
    me.look_for(&index).await?;
    let index = me.trusted(program, index).await?;
    let is_new = ask.yes("A new account? (n: log in to yours)", true)?;
    let set = match &me {
        Newcomer::Known(user) => user.config().user.clone(),
        Newcomer::New(_) => program.with_config(|config| config.user.clone()).flatten(),
    };
    let account = if is_new { Some(new_account(program, set.as_ref())?) } else { None };
    let contact = if is_new { ask.text(CONTACT, None)? } else { String::new() };
    let is_known = matches!(me, Newcomer::Known(_));
    let me = me.kept(program, None)?;
    let joined = match account {
        Some(account) => make_account(program, &me, &index, account).await,
        None => log_in(program, &me, &index, set).await,
    };
    if let (Err(_), false) = (&joined, is_known) {
        account::tell_kept(program);
    }
    joined?;
    if !contact.is_empty()
        && let Err(error) = me.set_contact(Some(contact.as_str())).await
    {
        program.printer.failure(&failures::node(&error));
    }
    account::told_joined(program, &me, "joined")?;
    Ok(me)
}

/// A name and a password. Who sees that the name is not right leaves the password empty.
fn new_account(program: &Program, set: Option<&UserName>) -> Result<(UserName, Password), Trouble> {
    let mut usual = set.cloned();
    loop {
        let user = account::ask_name(program, usual.as_ref().map(UserName::as_str))?;
        match asking::password_or_back(program, &user)? {
            Some(password) => return Ok((user, password)),
            None => usual = Some(user),
        }
    }
}

/// What is wrong with a name or a password is asked again.
async fn make_account(
    program: &Program,
    me: &User,
    index: &Invitation,
    (mut user, mut password): (UserName, Password),
) -> Result<(), Trouble> {
    loop {
        let error = match me.join(index, &user, &password, None).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match account::refused(&error) {
            Some(Code::NameTaken) => {
                program.printer.note(format!("Somebody else has the name {user}."));
                user = account::ask_name(program, None)?;
            }
            Some(Code::PasswordRule) => {
                program.printer.failure(&failures::node(&error));
                (user, password) = new_account(program, Some(&user))?;
            }
            // The answer of an earlier try was lost: the account is there.
            Some(Code::KeyTaken) => return Ok(me.login(index, &user, &password).await?),
            _ => return Err(error.into()),
        }
    }
}

/// Until name and password are right, or the index says that it was too often.
async fn log_in(
    program: &Program,
    me: &User,
    index: &Invitation,
    set: Option<UserName>,
) -> Result<(), Trouble> {
    let mut usual = set;
    loop {
        let user = account::ask_name(program, usual.as_ref().map(UserName::as_str))?;
        match me.login(index, &user, &asking::ask_password(program)?).await {
            Err(error) if account::is_wrong_password(&error) => {
                program.printer.note(account::WRONG_PASSWORD);
                usual = Some(user);
            }
            done => return Ok(done?),
        }
    }
}

/// The folders that are set are offered until that was answered; without a yes nothing is shared.
pub(crate) async fn offer_to_share(program: &Program, me: &User) -> Result<(), Trouble> {
    let answered = program.home.state_path().join(ANSWERED);
    let shared = me.shares()?;
    let is_shared = |path: &Path| shared.iter().any(|it| it.path == path);
    let mut offered = me.config().shares.clone();
    offered.retain(|path| !is_shared(path));
    if offered.is_empty() || answered.exists() {
        return Ok(());
    }
    let ask = program.asker("an answer", "`share add PATH`")?;
    put_samples(program, me);
    let mut everyone = format!("{EVERYONE}\n");
    for path in offered {
        // One that is not there keeps nobody from the others, nor from the prompt.
        let preview = match me.preview(&path).await {
            Ok(preview) => preview,
            Err(why) => {
                program.printer.failure(&failures::node(&why));
                continue;
            }
        };
        let place = me.home().path();
        let place = path.strip_prefix(place).unwrap_or(&path).display().to_string();
        let question = match path.is_dir() {
            true => format!("Share the {} in {place}/ with everyone?", files(preview.files)),
            false => format!("Share {place} with everyone?"),
        };
        // Said once.
        if ask.yes(&(std::mem::take(&mut everyone) + &question), true)? {
            if let Err(why) = me.add_share(&path, &[], Audience::Everyone) {
                program.printer.failure(&failures::node(&why));
            }
        } else {
            program
                .printer
                .note(format!("Nothing is shared. `share add {}` does later.", path.display()));
        }
    }
    // If that cannot be kept, it is asked once more.
    let _ = fs::write(answered, "");
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

const CONTACT: &str = "How others reach you otherwise, such as a room (Enter for none)";
/// A file in the home's state, when it was answered what is shared.
const ANSWERED: &str = "offered";
