//! The person's keys: their passphrase, and opening them.

use super::Program;
use crate::asking::{self, PASSPHRASE_HINT};
use crate::failures::Trouble;
use crate::visits::watch_index;
use std::path::{Path, PathBuf};
use waxwing::crypto::Passphrase;
use waxwing::crypto::key_file::KeyFileError;
use waxwing::crypto::key_folder::KeyFolderError;
use waxwing::model::UnixTime;
use waxwing::node::{self, Config, Options, User};
use waxwing::ui::{Exit, Failure, Loudness};

impl Program {
    /// The person, with their keys open.
    pub(crate) fn user(&self) -> Result<User, Trouble> {
        match self.opened() {
            Some(user) => Ok(user),
            None => self.open(self.passphrase()?.as_ref()),
        }
    }

    /// The passphrase of the keys, if they have one: from the file that was named, else from the
    /// person. It is the right one.
    pub(crate) fn passphrase(&self) -> Result<Option<Passphrase>, Trouble> {
        if !self.has_keys() {
            return Err(node::Error::NoKeys(self.home.path().to_owned()).into());
        }
        if !self.home.keys().needs_passphrase().map_err(node::Error::from)? {
            return Ok(None);
        }
        let named = self.state().passphrase_file.clone();
        match named {
            Some(path) => {
                let passphrase = asking::passphrase(&self.read_secret(&path)?)?;
                self.try_passphrase(&passphrase)?;
                Ok(Some(passphrase))
            }
            None => self.ask_passphrase().map(Some),
        }
    }

    /// The passphrase of keys that are not in the home yet.
    pub(crate) fn passphrase_of_file(&self) -> Result<Passphrase, Trouble> {
        let named = self.state().passphrase_file.clone();
        if let Some(path) = named {
            return asking::passphrase(&self.read_secret(&path)?);
        }
        asking::ask_passphrase(self.asker("the passphrase of these keys", PASSPHRASE_HINT)?)
    }

    fn ask_passphrase(&self) -> Result<Passphrase, Trouble> {
        let ask = self.asker("the passphrase of the keys", PASSPHRASE_HINT)?;
        for _ in 1..TRIES {
            let passphrase = asking::ask_passphrase(ask)?;
            match self.try_passphrase(&passphrase) {
                Err(node::Error::Keys(KeyFolderError::KeyFile {
                    reason: KeyFileError::WrongPassphrase,
                    ..
                })) => self.printer.note("That is not it. Once more:"),
                tried => {
                    tried?;
                    return Ok(passphrase);
                }
            }
        }
        let passphrase = asking::ask_passphrase(ask)?;
        self.try_passphrase(&passphrase)?;
        Ok(passphrase)
    }

    fn try_passphrase(&self, passphrase: &Passphrase) -> Result<(), node::Error> {
        let protection = asking::protection(Some(passphrase));
        self.home.keys().open(protection, UnixTime::now())?;
        Ok(())
    }

    /// The person, whose keys this opens if they are not open yet.
    pub(crate) fn open(&self, passphrase: Option<&Passphrase>) -> Result<User, Trouble> {
        if let Some(user) = self.opened() {
            return Ok(user);
        }
        let protection = asking::protection(passphrase);
        // Whether they open is seen before the configuration is given away.
        self.home.keys().open(protection, UnixTime::now()).map_err(node::Error::from)?;
        let (config, options) = self.take_config()?;
        let user = User::open(self.home.clone(), config, protection, options)?;
        Ok(self.keep(user))
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

/// So often a passphrase may be typed wrongly.
const TRIES: usize = 3;
