//! How many calls may be made in a minute, whoever makes them: for work that must leave the cloud's limits to others.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

const MINUTE_MS: u64 = 60_000;

/// So many calls in any minute. Shared by all that is done on it.
#[derive(Debug)]
pub struct Budget {
    window: Mutex<Window>,
    began: Instant,
}

/// The calls of the last minute.
#[derive(Debug)]
struct Window {
    most: usize,
    sent: VecDeque<u64>,
}

impl Budget {
    /// So many calls in any minute, at least one.
    #[must_use]
    pub fn per_minute(most: u32) -> Self {
        Self {
            window: Mutex::new(Window::new(most)),
            began: Instant::now(),
        }
    }

    /// Takes one call, if one is left. Else says in how many milliseconds there will be one.
    pub(super) fn take(&self) -> Result<(), u64> {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.take(now_ms)
    }
}

impl Window {
    fn new(most: u32) -> Self {
        Self {
            most: usize::try_from(most).unwrap_or(usize::MAX).max(1),
            sent: VecDeque::new(),
        }
    }

    fn take(&mut self, now_ms: u64) -> Result<(), u64> {
        while self.sent.front().is_some_and(|at| at + MINUTE_MS <= now_ms) {
            self.sent.pop_front();
        }
        if self.sent.len() < self.most {
            self.sent.push_back(now_ms);
            return Ok(());
        }
        let first = self.sent.front().copied().unwrap_or(now_ms);
        Err((first + MINUTE_MS).saturating_sub(now_ms).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn no_minute_has_more_calls_than_it_may() {
        let mut window = Window::new(3);
        for (now_ms, expected) in [
            (0, Ok(())),
            (10, Ok(())),
            (20_000, Ok(())),
            (30_000, Err(30_000)),
            (59_999, Err(1)),
            (60_000, Ok(())),
            (60_001, Err(9)),
            (60_010, Ok(())),
            (60_011, Err(19_989)),
        ] {
            assert_eq!(window.take(now_ms), expected, "{now_ms}");
        }
        // There is always something left.
        assert_eq!(Window::new(0).take(0), Ok(()));
    }
}
