//! Many random applies, each killed at every event boundary, on all cores: what the tests do with a few of them.

use anyhow::{Result, anyhow};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use terrane_tests::sim::{Crashes, at_every_boundary};

/// How often it says how far it is.
const EVERY: u64 = 50;

/// Runs the seeds from `from` on, and says what was tried.
///
/// # Errors
/// With the first claim that does not hold.
pub fn run(from: u64, runs: u64, out: &mut (dyn Write + Send)) -> Result<()> {
    let next = AtomicU64::new(from);
    let state = Mutex::new((Crashes::default(), 0_u64, None, out));
    let work = || loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= from.saturating_add(runs) {
            return;
        }
        let found = at_every_boundary(seed);
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, done, failed, out) = &mut *state;
        match found {
            Ok(crashes) => total.add(&crashes),
            Err(claim) => {
                failed.get_or_insert(claim);
                // The others stop at their next seed.
                next.store(u64::MAX / 2, Ordering::Relaxed);
                return;
            }
        }
        *done += 1;
        if done.is_multiple_of(EVERY) || *done == runs {
            // There is nobody to tell that the output is closed.
            drop(writeln!(out, "{done} runs: {total:?}"));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let (.., failed, _) = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), |claim| Err(anyhow!(claim)))
}
