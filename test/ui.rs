//! The terminal's room: settings from four places, output that breaks nothing, logs that end.

#[path = "ui/asking.rs"]
mod asking;
#[path = "ui/drawing.rs"]
mod drawing;
#[path = "ui/logs.rs"]
mod logs;
#[path = "ui/printing.rs"]
mod printing;
#[path = "ui/setting.rs"]
mod setting;
#[path = "ui/words.rs"]
mod words;
