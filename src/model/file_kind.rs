//! stub
/// x
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// x
    Image,
}
impl FileKind {
    /// x
    pub fn from_number(_: u8) -> Option<Self> {
        None
    }
}
