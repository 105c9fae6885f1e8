//! All plugin processes of this program, so that none outlives it whatever way it ends.

use crate::process::Process;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::process::Child;

static IDS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
static PROCESSES: Mutex<Vec<Weak<Process>>> = Mutex::new(Vec::new());

/// That a process runs, as long as this is kept.
#[derive(Debug)]
pub(crate) struct Mark(Option<u32>);

impl Mark {
    pub(crate) fn of(id: Option<u32>) -> Self {
        if let Some(id) = id {
            IDS.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id);
        }
        Self(id)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            IDS.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&id);
        }
    }
}

/// One more.
pub(crate) fn add(process: &Arc<Process>) {
    let mut processes = PROCESSES.lock().unwrap_or_else(PoisonError::into_inner);
    processes.retain(|process| process.strong_count() > 0);
    processes.push(Arc::downgrade(process));
}

/// Kills a plugin that does not end by itself, and what it has started: nobody else would end that, since a plugin and its children are a group of their own,
/// which Ctrl-C at the terminal does not reach.
pub(crate) async fn kill_family(child: &mut Child) -> std::io::Result<()> {
    // There is an id as long as the end of the process was not seen, so it is nobody else's.
    if let Some(id) = child.id() {
        kill(id);
    }
    child.kill().await
}

/// Ends all plugins that this program started: asks them, waits a moment, kills those that are still there. For the end of a command.
pub async fn end_all() {
    let processes = std::mem::take(&mut *PROCESSES.lock().unwrap_or_else(PoisonError::into_inner));
    let ends = processes
        .iter()
        .filter_map(Weak::upgrade)
        .map(|process| async move { process.end().await });
    futures::future::join_all(ends).await;
}

/// Kills all plugins that this program started and what these started, without a word: for when it has to end at once.
pub fn kill_all() {
    let ids = std::mem::take(&mut *IDS.lock().unwrap_or_else(PoisonError::into_inner));
    for id in ids {
        kill(id);
    }
}

#[cfg(unix)]
fn kill(id: u32) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    // A plugin is the first of its group.
    if let Ok(id) = i32::try_from(id)
        && let Err(error) = killpg(Pid::from_raw(id), Signal::SIGKILL)
    {
        tracing::debug!(%error, "a plugin could not be killed");
    }
}

#[cfg(not(unix))]
fn kill(_id: u32) {}
