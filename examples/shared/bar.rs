//! A progress bar that draws what a task tells of itself.

use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::thread;
use waxwing::model::{Event, Events, Task, Work};

/// Draws what a task tells of itself.
pub(crate) fn with_bar<T>(
    what: &'static str,
    work: Work,
    total: u64,
    run: impl FnOnce(&mut Task) -> Result<T, Box<dyn Error>>,
) -> Result<T, Box<dyn Error>> {
    let (events, listener) = Events::channel();
    let style =
        ProgressStyle::with_template("{msg} {bar:30} {bytes} of {total_bytes}, {bytes_per_sec}")?;
    let bar = ProgressBar::new(total).with_style(style).with_message(what);
    let drawing = thread::spawn(move || {
        for event in listener {
            match event {
                Event::Advanced { done, .. } => bar.set_position(done.min(total)),
                Event::Ended { complete: true, .. } => bar.finish(),
                Event::Ended { .. } => bar.abandon(),
                _ => {}
            }
        }
    });
    let mut task = events.begin(work, what, total);
    let result = run(&mut task);
    match result {
        Ok(_) => task.complete(),
        Err(_) => drop(task),
    }
    drop(events);
    let _ = drawing.join();
    result
}
