//! Nouns as they travel.

use crate::codec::{Charge, Text};
use crate::crypto::{Fingerprint, Password, PasswordProblem};
use crate::model::limits::{PASSWORD_TEXT_BYTES, USER_NAME_BYTES};
use crate::model::{JoinToken, SessionToken, UserName};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::fmt;
use std::ops::Deref;
use zeroize::Zeroizing;

/// A number of 16 random bytes: of a request, or of a session.
pub type Id16 = ByteArray<16>;

/// A user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(pub UserName);

impl Deref for Named {
    type Target = UserName;
    fn deref(&self) -> &UserName {
        &self.0
    }
}

impl<C> Encode<C> for Named {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(self.as_str())?.ok()
    }
}

impl<'b, C: Charge> Decode<'b, C> for Named {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let text: Text<USER_NAME_BYTES> = Text::decode(d, ctx)?;
        text.parse().map(Self).map_err(|_| decode::Error::message("not a user name"))
    }
}

/// A password on its way to an index, which may find that it breaks the rule.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordText(Zeroizing<String>);

impl PasswordText {
    /// A password that keeps the rule.
    pub fn new(password: &Password) -> Self {
        Self(Zeroizing::new(password.expose().to_owned()))
    }

    /// None: what stands where a password was left out.
    pub(super) fn left_out() -> Self {
        Self(Zeroizing::default())
    }

    /// The password, if it keeps the rule.
    pub fn read(&self) -> Result<Password, PasswordProblem> {
        Password::new(&self.0)
    }
}

impl fmt::Debug for PasswordText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordText(hidden)")
    }
}

impl<C> Encode<C> for PasswordText {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C: Charge> Decode<'b, C> for PasswordText {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let text: Text<PASSWORD_TEXT_BYTES> = Text::decode(d, ctx)?;
        Ok(Self(Zeroizing::new(text.into_inner())))
    }
}

/// The join token of an invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct Invited(Zeroizing<[u8; 16]>);

impl Invited {
    /// By this token.
    pub fn by(token: &JoinToken) -> Self {
        Self(Zeroizing::new(*token.expose()))
    }

    /// The token.
    pub fn token(&self) -> JoinToken {
        JoinToken::take_from(&mut self.0.clone())
    }
}

impl fmt::Debug for Invited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Invited(hidden)")
    }
}

impl<C> Encode<C> for Invited {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(self.0.as_slice())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Invited {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        minicbor::bytes::decode(d, ctx).map(|token| Self(Zeroizing::new(token)))
    }
}

/// A token of a session, as 32 bytes.
pub(super) mod token {
    use super::SessionToken;
    use minicbor::{Decoder, Encoder};

    pub(in super::super) fn encode<C, W: minicbor::encode::Write>(
        token: &SessionToken,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(token.expose())?.ok()
    }

    pub(in super::super) fn decode<C>(
        d: &mut Decoder<'_>,
        ctx: &mut C,
    ) -> Result<SessionToken, minicbor::decode::Error> {
        let mut bytes: [u8; 32] = minicbor::bytes::decode(d, ctx)?;
        Ok(SessionToken::take_from(&mut bytes))
    }
}

/// A fingerprint, as 32 bytes.
pub(super) mod fingerprint {
    use super::Fingerprint;
    use minicbor::{Decoder, Encoder};

    pub(in super::super) fn encode<C, W: minicbor::encode::Write>(
        fingerprint: &Fingerprint,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(fingerprint.as_bytes())?.ok()
    }

    pub(in super::super) fn decode<C>(
        d: &mut Decoder<'_>,
        ctx: &mut C,
    ) -> Result<Fingerprint, minicbor::decode::Error> {
        minicbor::bytes::decode(d, ctx).map(Fingerprint::from_bytes)
    }
}
