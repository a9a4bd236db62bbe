//! Secrets: from a file, or asked for.

use crate::asker::{Asker, First};
use crate::failures::{self, Trouble};
use crate::program::Program;
use clap::{Arg, ArgAction, ArgMatches};
use std::path::PathBuf;
use waxwing::crypto::Passphrase;
use waxwing::crypto::Password;
use waxwing::crypto::key_file::Protection;
use waxwing::model::UserName;
use waxwing::node;
use zeroize::Zeroizing;

/// The flag for the password of the account.
pub(crate) fn password_file() -> Arg {
    file("password-file", "Read the password of the account in this file; - is the input")
}

/// The flags for the passphrase of the keys.
pub(crate) fn passphrase_file() -> Arg {
    file("passphrase-file", "Read the passphrase of the keys in this file; - is the input")
}

pub(crate) fn no_passphrase() -> Arg {
    Arg::new("no-passphrase")
        .long("no-passphrase")
        .action(ArgAction::SetTrue)
        .conflicts_with("passphrase-file")
        .help("Keep the keys without a passphrase: who can read the folder can be you")
}

pub(crate) fn file(flag: &'static str, help: &'static str) -> Arg {
    Arg::new(flag)
        .long(flag)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help(help)
}

/// A secret in the file that was named, if one was.
pub(crate) fn in_file(
    program: &Program,
    arguments: &ArgMatches,
    flag: &str,
) -> Result<Option<Zeroizing<String>>, Trouble> {
    let named = arguments.try_get_one::<PathBuf>(flag).ok().flatten();
    named.map(|path| program.read_secret(path)).transpose()
}

/// The password of an account that there is.
pub(crate) fn password(program: &Program, arguments: &ArgMatches) -> Result<Password, Trouble> {
    match in_file(program, arguments, "password-file")? {
        Some(text) => checked(&text),
        None => ask_password(program),
    }
}

/// What cannot be anybody's password is a slip of the fingers, and asked for again.
pub(crate) fn ask_password(program: &Program) -> Result<Password, Trouble> {
    let ask = program.asker("the password", PASSWORD_HINT)?;
    for _ in 1..TRIES {
        match Password::new(&ask.secret("Password")?) {
            Ok(password) => return Ok(password),
            Err(why) => program.printer.note(format!("That is not it: {why}. Once more:")),
        }
    }
    checked(&ask.secret("Password")?)
}

/// The password of an account that is to be.
pub(crate) fn new_password(
    program: &Program,
    from: Option<Zeroizing<String>>,
    question: &str,
) -> Result<Password, Trouble> {
    if let Some(text) = from {
        return checked(&text);
    }
    let ask = program.asker("a password", PASSWORD_HINT)?;
    let check = |text: &str| Password::new(text).map(First::Again).map_err(|why| why.to_string());
    Ok(ask.new_secret(question, |text| program.printer.note(text), check)?)
}

/// The password of an account that is to be, or none: then the name was not meant so.
pub(crate) fn password_or_back(
    program: &Program,
    user: &UserName,
) -> Result<Option<Password>, Trouble> {
    let ask = program.asker("a password", PASSWORD_HINT)?;
    let question = format!(
        "Password for {user}, {} characters or more (empty: another name)",
        Password::MIN_BYTES
    );
    let check = |text: &str| match text {
        "" => Ok(First::Enough(None)),
        text => {
            let password = Password::new(text).map_err(|why| why.to_string())?;
            Ok(First::Again(Some(password)))
        }
    };
    Ok(ask.new_secret(&question, |text| program.printer.note(text), check)?)
}

/// A text that is a password.
pub(crate) fn checked(text: &str) -> Result<Password, Trouble> {
    Password::new(text).map_err(|error| node::Error::from(error).into())
}

/// What protects new keys: a passphrase, or nothing, when that was said in so many words.
pub(crate) fn new_protection(
    program: &Program,
    arguments: Option<&ArgMatches>,
) -> Result<Option<Passphrase>, Trouble> {
    if let Some(arguments) = arguments {
        if let Some(text) = in_file(program, arguments, "passphrase-file")? {
            return passphrase(&text).map(Some);
        }
        if arguments.get_flag("no-passphrase") {
            return Ok(None);
        }
    }
    let instead = "--passphrase-file FILE gives one, --no-passphrase goes without";
    let ask = program.asker("a passphrase for the keys", instead)?;
    let (question, note) =
        ("Passphrase for your keys (Enter for none)", |text: &str| program.printer.note(text));
    let check = |text: &str| match text {
        "" => Ok(First::Enough(None)),
        text => {
            let passphrase = Passphrase::new(text).ok_or_else(|| PASSPHRASE_LENGTH.to_owned())?;
            Ok(First::Again(Some(passphrase)))
        }
    };
    let chosen = ask.new_secret(question, note, check)?;
    if chosen.is_none() {
        program.printer.note(
            "Your keys have no passphrase: who can read this folder can send files in your name.",
        );
    }
    Ok(chosen)
}

pub(crate) fn passphrase(text: &str) -> Result<Passphrase, Trouble> {
    Passphrase::new(text).ok_or_else(|| failures::usage(PASSPHRASE_LENGTH).into())
}

pub(crate) fn protection(passphrase: Option<&Passphrase>) -> Protection<'_> {
    passphrase.map_or(Protection::NoneAsked, Protection::Passphrase)
}

/// The passphrase of keys that there are.
pub(crate) fn ask_passphrase(ask: Asker<'_>) -> Result<Passphrase, Trouble> {
    passphrase(&ask.secret("Passphrase of your keys")?)
}

/// So often a secret may be typed wrongly.
pub(crate) const TRIES: usize = 3;
const PASSPHRASE_LENGTH: &str = "a passphrase has 1 to 1024 bytes";
/// How a password is given where nobody can be asked.
const PASSWORD_HINT: &str = "--password-file FILE gives it, or - for the input";
/// How the passphrase of keys is given where nobody can be asked.
pub(crate) const PASSPHRASE_HINT: &str = "--passphrase-file FILE gives it, or - for the input";
