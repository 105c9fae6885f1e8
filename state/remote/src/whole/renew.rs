//! Renewing a lock for as long as it is held, whatever is done under it: a run, a check, a repair, a migration.
//!
//! Only locks that say of themselves when they may be taken over need it; the others last until they are given back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use terrane_store::StoreError;

/// A lock that must be renewed so that it is not taken for that of a dead run.
pub(crate) trait Renewal: Send {
    /// How often.
    fn every(&self) -> Duration;

    /// Renews it. `false`: it is somebody else's.
    fn renew(&mut self) -> Result<bool, StoreError>;
}

/// A thread that renews a lock. It ends when this is dropped, which must be before the lock is given back.
#[derive(Debug)]
pub(crate) struct Renewing {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    lost: Arc<AtomicBool>,
}

impl Renewing {
    pub(crate) fn start(mut renewal: Box<dyn Renewal>) -> Result<Self, StoreError> {
        let (end, ended) = channel::<()>();
        let lost = Arc::new(AtomicBool::new(false));
        let is_lost = Arc::clone(&lost);
        let thread = std::thread::Builder::new()
            .name(String::from("terrane-renew"))
            .spawn(move || {
                while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(renewal.every()) {
                    // What fails may work the next time; the lock lasts longer than that.
                    if let Ok(false) = renewal.renew() {
                        is_lost.store(true, Ordering::Release);
                        return;
                    }
                }
            })
            .map_err(|source| StoreError::Io {
                doing: String::from("starting a thread that renews the lock"),
                source,
            })?;
        Ok(Self {
            end: Some(end),
            thread: Some(thread),
            lost,
        })
    }

    /// Whether the lock is somebody else's by now.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
