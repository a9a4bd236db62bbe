//! What a home remembers of its index: which one it is, the token of the session, and the chain of
//! its key directory.

use super::{HomeError, StateFolder};
use crate::crypto::Fingerprint;
use crate::model::directory::{Agreement, Chain, Head};
use crate::model::{HostPort, Invitation, SessionToken, TokenHash, UserName};
use crate::node::index::{KeepToken, Known};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The index that a home belongs to, and who one is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::node) struct Belonging {
    pub(in crate::node) at: HostPort,
    pub(in crate::node) fingerprint: Fingerprint,
    pub(in crate::node) user: UserName,
}

#[derive(Serialize, Deserialize)]
struct BelongingSaid {
    index: String,
    user: String,
}

impl Belonging {
    pub(in crate::node) fn read(state: &StateFolder) -> Result<Option<Self>, HomeError> {
        let Some(said) = read_json::<BelongingSaid>(state, INDEX)? else { return Ok(None) };
        let damaged = |_| damaged(state, INDEX);
        let index: Invitation = said.index.parse().map_err(damaged)?;
        let user = said.user.parse().map_err(damaged)?;
        Ok(Some(Self { at: index.at, fingerprint: index.fingerprint, user }))
    }

    pub(in crate::node) fn write(&self, state: &StateFolder) -> Result<(), HomeError> {
        let said = BelongingSaid {
            index: self.invitation().to_string(),
            user: self.user.as_str().to_owned(),
        };
        let _changing = state.changing()?;
        write_json(state, INDEX, &said)
    }

    /// How the index is named.
    pub(in crate::node) fn invitation(&self) -> Invitation {
        Invitation { at: self.at.clone(), fingerprint: self.fingerprint, token: None }
    }
}

pub(in crate::node) fn read_token(state: &StateFolder) -> Result<Option<SessionToken>, HomeError> {
    let Some(bytes) = state.read(TOKEN, 32)? else { return Ok(None) };
    let mut token: [u8; 32] = bytes.as_slice().try_into().map_err(|_| damaged(state, TOKEN))?;
    Ok(Some(SessionToken::take_from(&mut token)))
}

/// Keeps tokens. One that another program of the same person has kept meanwhile is not removed. What
/// cannot be kept is only asked for again.
pub(in crate::node) fn token_keeper(
    state: StateFolder,
    before: Option<&SessionToken>,
) -> KeepToken {
    let ours: Mutex<Option<TokenHash>> = Mutex::new(before.map(SessionToken::hash));
    Box::new(move |token| {
        let mut ours = ours.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = state.changing().and_then(|_changing| match token {
            Some(token) => state.write(TOKEN, token.expose()),
            None => {
                let there = read_token(&state)?.map(|token| token.hash());
                match there == *ours {
                    true => state.remove(TOKEN),
                    false => Ok(()),
                }
            }
        });
        let _ = kept;
        *ours = token.map(SessionToken::hash);
    })
}

/// The chain of the key directory on disk: entries one behind the other, as the index gave them.
#[derive(Debug)]
pub(in crate::node) struct ChainFile {
    state: StateFolder,
    /// How far it is kept, and the bytes of that.
    kept: Mutex<(Head, u64)>,
}

impl ChainFile {
    /// Reads what is kept. Bytes of an entry that was not written to its end are left out.
    pub(in crate::node) fn open(state: StateFolder) -> Result<(Self, Chain), HomeError> {
        let (chain, length) = read_chain(&state)?;
        let kept = Mutex::new((chain.head(), length));
        Ok((Self { state, kept }, chain))
    }

    /// Keeps what is new. When the directory was begun anew, what was kept goes.
    pub(in crate::node) fn keep(&self, known: &Known) -> Result<(), HomeError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if known.head() == kept.0 {
            return Ok(());
        }
        let _changing = self.state.changing()?;
        // Another program of the same person may have kept something meanwhile.
        let (chain, length) = read_chain(&self.state)?;
        let (now, from) = (known.head(), chain.head());
        let (from, length) = match chain.compare(&now) {
            Agreement::Same | Agreement::Ahead => {
                *kept = (now, length);
                return Ok(());
            }
            Agreement::Behind if is_beginning(known, &chain) => (from.length, length),
            Agreement::Behind | Agreement::Forked => (0, 0),
        };
        let entries = known.entries_from(from).concat();
        self.state.write_from(CHAIN, length, &entries)?;
        let written = u64::try_from(entries.len()).unwrap_or_default();
        *kept = (now, length.saturating_add(written));
        Ok(())
    }

    /// Forgets what is kept: the person has decided to believe another directory.
    pub(in crate::node) fn forget(&self) -> Result<(), HomeError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let _changing = self.state.changing()?;
        self.state.remove(CHAIN)?;
        *kept = (Head::EMPTY, 0);
        Ok(())
    }
}

/// Whether the chain that is known goes on from this one.
fn is_beginning(known: &Known, chain: &Chain) -> bool {
    let entries = known.entries_from(chain.head().length);
    chain.clone().extend(entries.iter().map(Vec::as_slice)).is_ok()
}

fn read_chain(state: &StateFolder) -> Result<(Chain, u64), HomeError> {
    let bytes = state.read(CHAIN, CHAIN_BYTES)?.unwrap_or_default();
    let (chain, length) = Chain::read(&bytes).map_err(|_| damaged(state, CHAIN))?;
    Ok((chain, u64::try_from(length).unwrap_or_default()))
}

pub(in crate::node) fn read_json<T: DeserializeOwned>(
    state: &StateFolder,
    name: &str,
) -> Result<Option<T>, HomeError> {
    let Some(bytes) = state.read(name, JSON_BYTES)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|_| damaged(state, name))
}

pub(in crate::node) fn write_json(
    state: &StateFolder,
    name: &str,
    value: &impl Serialize,
) -> Result<(), HomeError> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|_| damaged(state, name))?;
    text.push(b'\n');
    state.write(name, &text)
}

pub(in crate::node) fn damaged(state: &StateFolder, name: &str) -> HomeError {
    let path: PathBuf = state.path().join(name);
    HomeError::Damaged { path, why: "it does not say what it should" }
}

const INDEX: &str = "index.json";
const TOKEN: &str = "token";
const CHAIN: &str = "chain";
/// The most bytes of a file of state: 200,000 entries of the directory, 50,000 pins.
const CHAIN_BYTES: u64 = 64 << 20;
const JSON_BYTES: u64 = 32 << 20;
