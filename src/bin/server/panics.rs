//! What the log says of a mistake of ours: where it was made, and nothing of what others sent.

use std::cell::RefCell;
use std::panic::{self, Location};
use waxwing::crypto::UnixTime;
use waxwing::ui::{Level, Log};

thread_local! {
    /// Where this thread made its last mistake.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on a mistake of ours is told to the log, and nowhere else. What it says of itself is told only
/// as far as it stands in the source: the rest may be what somebody sent.
pub(crate) fn log(log: &Log) {
    let log = log.clone();
    panic::set_hook(Box::new(move |told| {
        let at = told.location().map_or_else(|| "an unknown place".to_owned(), Location::to_string);
        let literal = told.payload().downcast_ref::<&'static str>();
        let what = literal.map(|what| format!(": {what}")).unwrap_or_default();
        log.tell(Level::Error, UnixTime::now(), format!("a fault of this program at {at}{what}"));
        // A thread that ends has no place for it any more.
        let _ = PLACE.try_with(|place| *place.borrow_mut() = Some(at));
    }));
}

/// Where this thread, which is in the middle of a mistake, has made it.
pub(crate) fn place() -> Option<String> {
    PLACE.try_with(|place| place.borrow_mut().take()).ok().flatten()
}
