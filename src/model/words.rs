//! stub
use super::Error;
/// x
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked;
impl Asked {
    /// x
    pub fn parse(_: &str) -> Result<Self, Error> {
        Ok(Self)
    }
}
