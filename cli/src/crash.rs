//! What is said when the program itself has a fault.
//!
//! The message of a panic can hold anything that the program was working on, values that are secret too. So what is shown is where it happened,
//! and the message only where it is a fixed text of the source.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write as _;
use std::panic::PanicHookInfo;

/// Replaces what the language shows of a panic.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        // Names of functions and lines, no values. Empty unless RUST_BACKTRACE asks for it.
        let backtrace = Backtrace::capture();
        let mut text = message(panic);
        if backtrace.status() == BacktraceStatus::Captured {
            text.push_str(&backtrace.to_string());
        }
        // Where standard error is gone there is nobody to tell.
        drop(std::io::stderr().write_all(text.as_bytes()));
    }));
}

fn message(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(
        || String::from("an unknown place"),
        |place| format!("{}:{}:{}", place.file(), place.line(), place.column()),
    );
    let fixed = panic
        .payload()
        .downcast_ref::<&'static str>()
        .map(|text| format!(" ({text})"))
        .unwrap_or_default();
    format!(
        "\nterrane {} crashed at {place}{fixed}: this is a bug in it, or in a provider that is part of it. Please report this line; values are not in it. What was recorded so far is kept, and the next command goes on from there.\n",
        env!("CARGO_PKG_VERSION")
    )
}
