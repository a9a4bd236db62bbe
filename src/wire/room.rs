//! What still fits into a frame.

/// The bytes that a frame still has for what is put into it one after the other, counted in no fewer than
/// each takes.
#[derive(Debug)]
pub struct Room(usize);

impl Room {
    /// That of a frame of so many bytes at most, of which some are for what is in it anyway.
    pub fn new(frame: usize, besides: usize) -> Self {
        Self(frame.saturating_sub(besides))
    }

    /// Takes that much of it, if it has as much.
    pub fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}
