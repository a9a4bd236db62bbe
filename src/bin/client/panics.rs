//! What the log says of a mistake of ours.

use std::backtrace::Backtrace;
use std::panic;
use waxwing::ui::{Level, Printer};

/// From now on a mistake of ours says where it was made, for whoever mends it.
pub(crate) fn log(printer: &Printer) {
    let (printer, usual) = (printer.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |told| {
        printer.log(Level::Error, told);
        for line in Backtrace::force_capture().to_string().lines() {
            printer.log(Level::Error, line);
        }
        usual(told);
    }));
}
