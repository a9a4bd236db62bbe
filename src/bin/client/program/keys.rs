//! The person's keys: their passphrase, and opening them.

use super::Program;
use crate::asking::{self, PASSPHRASE_HINT, TRIES};
use crate::failures::Trouble;
use crate::visits::watch_index;
use std::path::{Path, PathBuf};
use waxwing::crypto::key_file::KeyFileError;
use waxwing::crypto::key_folder::KeyFolderError;
use waxwing::crypto::{Identity, Passphrase};
use waxwing::model::UnixTime;
use waxwing::node::{self, Config, Options, User};
use waxwing::ui::{Exit, Failure, Loudness};

impl Program {
    /// The person, whose keys this opens if they are not open yet.
    pub(crate) fn user(&self) -> Result<User, Trouble> {
        match self.opened() {
            Some(user) => Ok(user),
            None => self.begin(self.open_keys()?.1),
        }
    }

    /// The person, with these keys of theirs.
    pub(crate) fn begin(&self, keys: Identity) -> Result<User, Trouble> {
        let (config, options) = self.take_config()?;
        Ok(self.keep(User::with_keys(self.home.clone(), config, keys, options)?))
    }

    /// Opens the keys, each time anew, with their passphrase if they have one: from the file that was named, else
    /// from the person.
    pub(crate) fn open_keys(&self) -> Result<(Option<Passphrase>, Identity), Trouble> {
        if !self.has_keys() {
            return Err(node::Error::NoKeys(self.home.path().to_owned()).into());
        }
        self.home.settle()?;
        if !self.home.keys().needs_passphrase().map_err(node::Error::from)? {
            return Ok((None, self.try_open(None)?));
        }
        let named = self.state().passphrase_file.clone();
        let (passphrase, keys) = match named {
            Some(path) => {
                let passphrase = asking::passphrase(&self.read_secret(&path)?)?;
                let keys = self.try_open(Some(&passphrase))?;
                (passphrase, keys)
            }
            None => self.ask_until_open()?,
        };
        Ok((Some(passphrase), keys))
    }

    /// The passphrase of keys that are not in the home yet.
    pub(crate) fn passphrase_of_file(&self) -> Result<Passphrase, Trouble> {
        let named = self.state().passphrase_file.clone();
        if let Some(path) = named {
            return asking::passphrase(&self.read_secret(&path)?);
        }
        asking::ask_passphrase(self.asker("the passphrase of these keys", PASSPHRASE_HINT)?)
    }

    fn ask_until_open(&self) -> Result<(Passphrase, Identity), Trouble> {
        let ask = self.asker("the passphrase of the keys", PASSPHRASE_HINT)?;
        for _ in 1..TRIES {
            let passphrase = asking::ask_passphrase(ask)?;
            match self.try_open(Some(&passphrase)) {
                Err(node::Error::Keys(KeyFolderError::KeyFile {
                    reason: KeyFileError::WrongPassphrase,
                    ..
                })) => self.printer.note("That is not it. Once more:"),
                tried => return Ok((passphrase, tried?)),
            }
        }
        let passphrase = asking::ask_passphrase(ask)?;
        let keys = self.try_open(Some(&passphrase))?;
        Ok((passphrase, keys))
    }

    fn try_open(&self, passphrase: Option<&Passphrase>) -> Result<Identity, node::Error> {
        Ok(self.home.keys().open(asking::protection(passphrase), UnixTime::now())?)
    }

    /// Whether there are keys.
    pub(crate) fn has_keys(&self) -> bool {
        // What cannot be finished now is told when the keys are opened.
        let _ = self.home.settle();
        self.home.keys().exists()
    }

    /// What the person set, for whoever makes a [`User`] of it.
    pub(crate) fn take_config(&self) -> Result<(Config, Options), Failure> {
        let mut state = self.state();
        let config = state.config.take();
        let config =
            config.ok_or_else(|| Failure::new(Exit::Error, "the keys are open already"))?;
        Ok((config, state.options.clone()))
    }

    pub(crate) fn keep(&self, user: User) -> User {
        self.begin_log();
        if self.printer.loudness() == Loudness::Verbose {
            self.printer.detail(format!("this is {}", user.home().path().display()));
            watch_index(&self.printer, &user);
        }
        self.state().user = Some(user.clone());
        user
    }

    /// The person, if their keys are open.
    pub(crate) fn opened(&self) -> Option<User> {
        self.state().user.clone()
    }

    pub(crate) fn set_passphrase_file(&self, path: Option<&PathBuf>) {
        if let Some(path) = path {
            let is_input = path == Path::new("-");
            let whole = std::path::absolute(path).ok().filter(|_| !is_input);
            self.state().passphrase_file = Some(whole.unwrap_or_else(|| path.clone()));
        }
    }
}
