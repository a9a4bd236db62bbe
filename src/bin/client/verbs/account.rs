//! The account: joining an index, coming and going, the password.

use crate::asking;
use crate::failures::{self, Trouble};
use crate::program::Program;
use crate::sure;
use clap::{Arg, ArgMatches, Command};
use serde::Serialize;
use std::io::ErrorKind;
use waxwing::crypto::key_folder::NewKeys;
use waxwing::crypto::{Fingerprint, Identity, Passphrase, Password, UnixTime};
use waxwing::link;
use waxwing::model::{Foreign, HostPort, IndexAddress, Invitation, UserName};
use waxwing::node::index;
use waxwing::node::{self, Me, User, ask_who_answers, is_index_there};
use waxwing::ui::{Cell, Exit, Failure, Table, ago};
use waxwing::wire::Code;

pub(super) fn join_command(command: Command) -> Command {
    command
        .about("Make an account on an index, and your keys if there are none")
        .arg(
            Arg::new("INVITATION").help(
                "waxwing://HOST:PORT#FINGERPRINT, or HOST:PORT [default: the index that is set]",
            ),
        )
        .arg(asking::password_file())
        .arg(asking::no_passphrase())
        .arg(
            Arg::new("contact")
                .long("contact")
                .value_name("TEXT")
                .help("How others reach you otherwise: a number, a room, a mail address"),
        )
}

pub(super) fn login_command(command: Command) -> Command {
    command
        .about("Begin a session with your account")
        .arg(Arg::new("INVITATION").help("The index [default: the one that was joined]"))
        .arg(asking::password_file())
}

pub(super) fn logout_command(command: Command) -> Command {
    command.about("End the session on the index; the keys stay").arg(sure::yes())
}

pub(super) fn whoami_command(command: Command) -> Command {
    command.about("Say who you are here, and on which index").arg(
        Arg::new("contact")
            .long("contact")
            .value_name("TEXT")
            .help("Change how others reach you otherwise; an empty text removes it"),
    )
}

pub(super) fn passwd_command(command: Command) -> Command {
    command
        .about("Change the password of the account; all other sessions end")
        .arg(asking::password_file())
        .arg(asking::file("new-password-file", "Read the new password in this file"))
}

#[derive(Serialize)]
struct Account {
    #[serde(rename = "type")]
    kind: &'static str,
    user: Option<String>,
    index: Option<String>,
    fingerprint: String,
    home: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Foreign>,
}

impl Account {
    fn of(kind: &'static str, me: &Me) -> Self {
        Self {
            kind,
            user: me.user.as_ref().map(UserName::to_string),
            index: me.index.as_ref().map(Invitation::to_string),
            fingerprint: me.fingerprint.to_string(),
            home: me.home.display().to_string(),
            contact: None,
        }
    }
}

pub(super) async fn join(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let index = address(program, arguments)?;
    let user = name(program)?;
    let from_file = asking::in_file(program, arguments, "password-file")?;
    let has_keys = program.has_keys();
    // What is wrong with the password is told before keys are made for it.
    let question = format!("Password for {user} (at least {} characters)", Password::MIN_BYTES);
    let me = Newcomer::here(program)?;
    if from_file.is_none() {
        me.look_for(&index).await?;
    }
    let index = me.trusted(program, index).await?;
    let password = asking::new_password(program, from_file, &question)?;
    let me = me.kept(program, Some(arguments))?;
    let contact = arguments.get_one::<String>("contact").map(String::as_str);
    let joined = me.join(&index, &user, &password, contact).await;
    if let (Err(_), false) = (&joined, has_keys) {
        tell_kept(program);
    }
    joined?;
    told_joined(program, &me, "joined")
}

/// Somebody who joins: with keys that are kept already, or with new ones.
pub(crate) enum Newcomer {
    Known(User),
    New(NewKeys),
}

impl Newcomer {
    /// With the keys of this home, or new ones if it has none.
    pub(crate) fn here(program: &Program) -> Result<Self, Trouble> {
        if program.has_keys() {
            return program.user().map(Self::Known);
        }
        program.printer.note("Making your keys, which takes some seconds...");
        Ok(Self::New(NewKeys::make().map_err(node::Error::from)?))
    }

    /// The same, when the keys lie in the home. What is to protect new ones is asked for.
    pub(crate) fn kept(
        self,
        program: &Program,
        arguments: Option<&ArgMatches>,
    ) -> Result<User, Trouble> {
        match self {
            Self::Known(user) => Ok(user),
            Self::New(keys) => {
                let passphrase = asking::new_protection(program, arguments)?;
                keep(program, &keys, passphrase.as_ref())
            }
        }
    }

    /// The index with its key; of an address without one the person is asked.
    pub(crate) async fn trusted(
        &self,
        program: &Program,
        index: IndexAddress,
    ) -> Result<Invitation, Trouble> {
        let at = match index {
            IndexAddress::Invited(invitation) => return Ok(invitation),
            IndexAddress::Bare(at) => at,
        };
        if let Self::Known(user) = self
            && let Ok(known) = user.index()
            && known.at == at
        {
            return Ok(known);
        }
        if program.ask().is_none() {
            return Err(node::Error::UntrustedIndex(at).into());
        }
        let fingerprint = match self {
            Self::Known(user) => user.who_answers(&at).await?,
            Self::New(keys) => ask_who_answers(identity(keys)?, &at).await?,
        };
        ask_whether_trusted(program, at, fingerprint)
    }

    /// Whoever is to answer questions hears before them that nobody is there, or another index. Nothing is kept
    /// then, so that the next try begins as this one did. An index that has no time for newcomers may have some
    /// when the questions are answered. At an address without a key it is looked anyway, to show who answers.
    pub(crate) async fn look_for(&self, index: &IndexAddress) -> Result<(), Trouble> {
        let (Self::New(keys), IndexAddress::Invited(index)) = (self, index) else { return Ok(()) };
        match is_index_there(identity(keys)?, index).await {
            Err(error) if is_for_good(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Whether it is of no use to go on: nobody listens there, or somebody else.
fn is_for_good(error: &node::Error) -> bool {
    use index::Trouble::{Link, NotAnIndex};
    match error {
        node::Error::Index(index::Error::Away(Link(link::Error::Line(kind)))) => {
            *kind == ErrorKind::ConnectionRefused
        }
        node::Error::Index(index::Error::Away(Link(why))) => why.is_permanent(),
        node::Error::Index(index::Error::Away(trouble)) => *trouble == NotAnIndex,
        _ => false,
    }
}

fn identity(keys: &NewKeys) -> Result<Identity, node::Error> {
    Ok(keys.identity(UnixTime::now())?)
}

/// Shows who answered, and asks.
fn ask_whether_trusted(
    program: &Program,
    at: HostPort,
    fingerprint: Fingerprint,
) -> Result<Invitation, Trouble> {
    let ask = program.asker("your word", "`join` with the whole invitation")?;
    program.printer.note(format!("The index at {at} has the fingerprint\n\n    {fingerprint}\n"));
    program
        .printer
        .note("It is the right one if its invitation, which the server printed, ends so.");
    if ask.yes("Is it?", false)? {
        return Ok(Invitation { at, fingerprint, token: None });
    }
    let what = format!("nobody said that the index at {at} is the right one");
    Err(Failure::new(Exit::NotAllowed, what)
        .hint("`join INVITATION` names the right one, its fingerprint with it")
        .into())
}

/// Keeps new keys in the home.
fn keep(
    program: &Program,
    keys: &NewKeys,
    passphrase: Option<&Passphrase>,
) -> Result<User, Trouble> {
    let (config, options) = program.take_config()?;
    let protection = asking::protection(passphrase);
    let user = User::create_with(program.home.clone(), config, (keys, protection), options)?;
    Ok(program.keep(user))
}

/// There is no account yet, but keys: they are not made again.
pub(crate) fn tell_kept(program: &Program) {
    let place = program.home.path().display();
    program.printer.note(format!("Your new keys are kept in {place}, and used the next time."));
}

pub(super) async fn login(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let index = match arguments.get_one::<String>("INVITATION") {
        Some(text) => Newcomer::Known(me.clone()).trusted(program, parse(text)?).await?,
        None => match me.index() {
            Err(node::Error::UntrustedIndex(at)) => {
                Newcomer::Known(me.clone()).trusted(program, IndexAddress::Bare(at)).await?
            }
            index => index?,
        },
    };
    let user = name(program)?;
    match asking::in_file(program, arguments, "password-file")? {
        Some(text) => me.login(&index, &user, &asking::checked(&text)?).await?,
        None => log_in(program, &me, &index, &user).await?,
    }
    told_joined(program, &me, "logged in")
}

/// Asks for the password until it is right, or the index says that it was too often and how long to
/// wait.
pub(crate) async fn log_in(
    program: &Program,
    me: &User,
    index: &Invitation,
    user: &UserName,
) -> Result<(), Trouble> {
    loop {
        match me.login(index, user, &asking::ask_password(program)?).await {
            Err(error) if is_wrong_password(&error) => program.printer.note(WRONG_PASSWORD),
            done => return Ok(done?),
        }
    }
}

/// The session is over: the person is asked for the password.
pub(super) async fn log_in_again(program: &Program, error: node::Error) -> Result<(), Trouble> {
    let me = program.user()?;
    let (Ok(index), Ok(Some(user))) = (me.index(), me.name()) else { return Err(error.into()) };
    program.printer.note(format!("You are not logged in on {} any more, {user}.", index.at));
    log_in(program, &me, &index, &user).await
}

pub(crate) fn is_wrong_password(error: &node::Error) -> bool {
    refused(error) == Some(Code::Credentials)
}

/// Why the index refuses, if it does.
pub(crate) fn refused(error: &node::Error) -> Option<Code> {
    use index::LoggedOut;
    match error {
        node::Error::Index(
            index::Error::Refused { code, .. }
            | index::Error::LoggedOut(LoggedOut::Refused { code, .. }),
        ) => Some(*code),
        _ => None,
    }
}

pub(super) async fn logout(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    if let Some(lost) = sure::under_way(&me) {
        let question = format!("{lost}, and may not come to an end. Log out all the same?");
        sure::ask(program, arguments, &question)?;
    }
    me.logout().await?;
    program.printer.object(&Account::of("logged out", &me.whoami()?));
    program.printer.result("You are logged out. Your keys and what you share stay here.");
    Ok(())
}

pub(super) async fn whoami(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let user = program.user()?;
    if let Some(contact) = arguments.get_one::<String>("contact") {
        user.set_contact(Some(contact.as_str()).filter(|text| !text.is_empty())).await?;
    }
    let me = user.whoami()?;
    // The index knows it; without it the rest is told.
    let contact = match me.user {
        Some(_) => user.account().await.ok().map(|account| account.contact),
        None => None,
    };
    let said = contact.iter().flatten().next().cloned();
    program.printer.object(&Account { contact: said.clone(), ..Account::of("me", &me) });
    let mut table = Table::without_heading();
    table.row(["name", &me.user.as_ref().map_or(NOBODY_YET.to_owned(), UserName::to_string)]);
    if let Some(index) = &me.index {
        table.row(["index", &index.to_string()]);
    }
    if contact.is_some() {
        let none = "none: `whoami --contact TEXT` says how others reach you otherwise";
        let said = said.as_ref().map_or_else(|| Cell::new(none), Cell::from);
        table.cells([Cell::new("contact"), said]);
    }
    table.row(["fingerprint", &me.fingerprint.to_string()]);
    table.row(["home", &me.home.display().to_string()]);
    program.printer.table(table);
    Ok(())
}

pub(super) async fn passwd(program: &Program, arguments: &ArgMatches) -> Result<(), Trouble> {
    let me = program.user()?;
    let old = asking::password(program, arguments)?;
    let new = asking::in_file(program, arguments, "new-password-file")?;
    let new = asking::new_password(program, new, "New password")?;
    me.change_password(&old, &new).await?;
    program.printer.object(&Account::of("password changed", &me.whoami()?));
    program.printer.result("The password is changed. All other sessions have ended.");
    Ok(())
}

pub(crate) fn told_joined(program: &Program, me: &User, how: &'static str) -> Result<(), Trouble> {
    let me = me.whoami()?;
    program.printer.object(&Account::of(how, &me));
    let (user, index) = (me.user.as_ref(), me.index.as_ref().map(|index| &index.at));
    if let (Some(user), Some(index)) = (user, index) {
        program.printer.result(format!("You are {user} on the index at {index}."));
    }
    Ok(())
}

/// The index that was named, or the one that is set.
fn address(program: &Program, arguments: &ArgMatches) -> Result<IndexAddress, Trouble> {
    if let Some(text) = arguments.get_one::<String>("INVITATION") {
        return parse(text);
    }
    set_index(program).ok_or_else(|| node::Error::NoIndex.into())
}

/// The index that is set.
pub(crate) fn set_index(program: &Program) -> Option<IndexAddress> {
    let again = |index: &IndexAddress| match index {
        IndexAddress::Bare(at) => Some(IndexAddress::Bare(at.clone())),
        IndexAddress::Invited(invitation) => invitation.reveal().parse().ok(),
    };
    match program.opened() {
        Some(user) => user.config().index.as_ref().and_then(again),
        None => program.with_config(|config| config.index.as_ref().and_then(again)).flatten(),
    }
}

fn parse(text: &str) -> Result<IndexAddress, Trouble> {
    Ok(text.parse::<IndexAddress>().map_err(node::Error::from)?)
}

/// The name that is set, or asked for.
fn name(program: &Program) -> Result<UserName, Trouble> {
    let set = match program.opened() {
        Some(user) => user.name()?,
        None => program.with_config(|config| config.user.clone()).flatten(),
    };
    match set {
        Some(name) => Ok(name),
        None => ask_name(program, None),
    }
}

pub(crate) fn ask_name(program: &Program, usual: Option<&str>) -> Result<UserName, Trouble> {
    let ask = program.asker("your name on the index", "--user NAME gives it")?;
    loop {
        match ask.text("Your name on the index", usual)?.parse() {
            Ok(name) => return Ok(name),
            Err(error) => program.printer.note(failures::node(&node::Error::Said(error)).what),
        }
    }
}

/// When something was, for a table.
pub(super) fn when(time: Option<UnixTime>) -> String {
    time.map_or("never".to_owned(), |time| ago(time, UnixTime::now()))
}

const NOBODY_YET: &str =
    "nobody yet: `join INVITATION` makes an account, `login INVITATION` if these keys have one";
pub(crate) const WRONG_PASSWORD: &str =
    "The index does not know this name with this password. Once more:";
