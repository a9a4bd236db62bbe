//! Login passwords: what an index stores of them, and nothing that derives a key.

use super::secret::nfc;
use super::{Error, random};
use std::fmt;
use zeroize::Zeroizing;

/// A password that can be stored: NFC, 10 to 71 bytes.
///
/// bcrypt reads 72 bytes, one of which ends the text; longer passwords would be cut without a
/// word, so they are refused. It reads them in a circle, so that one with the zero byte in it could
/// be another, repeated: such passwords are refused as well.
pub struct Password(Zeroizing<String>);

impl Password {
    /// The fewest bytes.
    pub const MIN_BYTES: usize = 10;
    /// The most bytes.
    pub const MAX_BYTES: usize = 71;

    /// Takes a password in one spelling, whatever the keyboard made.
    pub fn new(text: &str) -> Result<Self, PasswordProblem> {
        // NFC can shorten a text, but never to less than a ninth.
        if text.len() > Self::MAX_BYTES * 9 {
            return Err(PasswordProblem::TooLong);
        }
        let normal = nfc(text);
        if normal.contains('\0') {
            return Err(PasswordProblem::Nul);
        }
        match normal.len() {
            0..Self::MIN_BYTES => Err(PasswordProblem::TooShort),
            Self::MIN_BYTES..=Self::MAX_BYTES => Ok(Self(normal)),
            _ => Err(PasswordProblem::TooLong),
        }
    }

    /// The text, for the message that brings it to an index.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// Why a password was refused, in words for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Too short to be safe.
    #[error("a password has at least {} characters", Password::MIN_BYTES)]
    TooShort,
    /// It holds the character that ends a text for bcrypt.
    #[error("a password has no NUL character in it")]
    Nul,
    /// Too long to be stored whole.
    #[error(
        "a password has at most {} characters, and letters with accents count more",
        Password::MAX_BYTES
    )]
    TooLong,
}

/// Hashes and checks passwords at one cost.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    cost: u32,
}

impl PasswordHasher {
    /// The cost that programs use.
    pub const DEFAULT_COST: u32 = 12;

    /// A hasher of a cost from 4 (for tests) to 20. Each step doubles the time; programs take
    /// [`PasswordHasher::DEFAULT_COST`] and up.
    pub fn new(cost: u32) -> Option<Self> {
        COSTS.contains(&cost).then_some(Self { cost })
    }

    /// Whether a hash was made at another cost. After the password was given rightly it is to be
    /// hashed anew: one of a higher cost answers in another time than
    /// [`PasswordHasher::verify_nobody`], and one of a lower cost is easier to guess.
    pub fn is_outdated(&self, stored: &PasswordHash) -> bool {
        stored.cost() != self.cost
    }

    /// The hash to store. Takes about a quarter of a second at the default cost.
    pub fn hash(&self, password: &Password) -> Result<PasswordHash, Error> {
        bcrypt::non_truncating_hash(password.0.as_bytes(), self.cost)
            .map(PasswordHash)
            .map_err(|_| Error::Operation)
    }

    /// Whether the password is the stored one.
    ///
    /// One that is not takes as long for a hash of a lower cost as for one of today's: each cost is
    /// twice the one before, so the costs between make up for the difference.
    pub fn verify(&self, password: &Password, stored: &PasswordHash) -> bool {
        let is_right =
            bcrypt::non_truncating_verify(password.0.as_bytes(), &stored.0).unwrap_or(false);
        if !is_right {
            (stored.cost()..self.cost).for_each(|cost| compare_with_nobody(password, cost));
        }
        is_right
    }

    /// Takes as long as [`PasswordHasher::verify`], for a name that nobody has, and never agrees.
    pub fn verify_nobody(&self, password: &Password) -> bool {
        compare_with_nobody(password, self.cost);
        false
    }
}

fn compare_with_nobody(password: &Password, cost: u32) {
    // The 31 last characters are a digest that no computation made.
    let salt = bcrypt_base64(&random::<16>());
    let nobody = format!("$2b${cost:02}${salt}{}", ".".repeat(31));
    let agrees = bcrypt::non_truncating_verify(password.0.as_bytes(), &nobody);
    let _ = std::hint::black_box(agrees);
}

/// The costs that are computed at all.
const COSTS: std::ops::RangeInclusive<u32> = 4..=20;

/// What an index stores of a password: a salted bcrypt hash in its usual form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A stored hash; anything but bcrypt's form is refused, `$2b$12$` and 53 characters of its
    /// alphabet, and so is a cost that would keep a core busy for minutes.
    pub fn from_stored(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$2")?;
        let rest = rest.strip_prefix(['a', 'b', 'x', 'y'])?.strip_prefix('$')?;
        let (cost, rest) = rest.split_once('$')?;
        let is_digest = |c: u8| c.is_ascii_alphanumeric() || b"./".contains(&c);
        let cost = cost.parse().ok().filter(|_| cost.len() == 2)?;
        let valid = rest.len() == 53 && rest.bytes().all(is_digest);
        (valid && COSTS.contains(&cost)).then(|| Self(text.to_owned()))
    }

    /// The cost at which it was made.
    pub fn cost(&self) -> u32 {
        self.0.split('$').nth(2).and_then(|cost| cost.parse().ok()).unwrap_or_default()
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

/// bcrypt's own alphabet of base 64, for salts of 16 bytes: 22 characters.
fn bcrypt_base64(salt: &[u8; 16]) -> String {
    let mut alphabet = data_encoding::Specification::new();
    alphabet.symbols.push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    alphabet.encoding().map(|base64| base64.encode(salt)).unwrap_or_default()
}
