//! The live line at the bottom of a terminal: what runs, for how long, and how many are left.

use super::resource::elapsed;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};

/// How many running things are named.
const NAMED: usize = 3;

/// The live line. Without a terminal it does nothing.
#[derive(Debug)]
pub(super) struct Live {
    bar: Option<ProgressBar>,
    began: Instant,
}

impl Live {
    pub(super) fn new(terminal: bool) -> Self {
        Self {
            bar: terminal.then(|| {
                let bar =
                    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
                if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                    bar.set_style(style);
                }
                bar
            }),
            began: Instant::now(),
        }
    }

    /// Whether there is a terminal to draw on.
    pub(super) fn is_on(&self) -> bool {
        self.bar.is_some()
    }

    /// Draws the line anew. `running`: what runs and since when, longest first.
    pub(super) fn draw(&self, done: usize, left: usize, running: &[(String, Instant)]) {
        let Some(bar) = &self.bar else {
            return;
        };
        // What is over at once needs no line.
        if self.began.elapsed() < Duration::from_millis(400) {
            return;
        }
        let named: Vec<String> = running
            .iter()
            .take(NAMED)
            .map(|(what, since)| format!("{what} {}", elapsed(since.elapsed())))
            .collect();
        let more = running.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let named = if named.is_empty() {
            String::new()
        } else {
            format!(" · {}{more}", named.join(", "))
        };
        bar.set_message(format!("{done} done, {left} left{named}"));
        bar.tick();
    }

    /// Does something that writes to the terminal, the line out of the way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Removes the line.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
