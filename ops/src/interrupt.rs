//! Interrupts by the user: the first asks to stop in good order, the second to stop now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Notify;

/// Counts interrupts (`^C`, `SIGTERM`).
#[derive(Debug, Default)]
pub struct Interrupt {
    count: AtomicU32,
    notify: Notify,
}

impl Interrupt {
    /// Starts to listen. Must be called within the runtime. From then on the signals do not end the process by themselves.
    #[must_use]
    pub fn listen() -> Arc<Self> {
        let interrupt = Arc::new(Self::default());
        let heard = interrupt.clone();
        tokio::spawn(async move {
            while next_signal().await {
                heard.raise();
                // The loops look at the count between two steps. A third interrupt is for a step that does not end.
                if heard.count() > 2 {
                    std::process::exit(1);
                }
            }
        });
        interrupt
    }

    /// One more interrupt.
    pub fn raise(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::SeqCst)
    }

    /// Waits until there were more than `seen`.
    pub async fn beyond(&self, seen: u32) {
        loop {
            let notified = self.notify.notified();
            if self.count() > seen {
                return;
            }
            notified.await;
        }
    }
}

#[cfg(unix)]
async fn next_signal() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return false;
    };
    tokio::select! {
        got = interrupt.recv() => got.is_some(),
        got = terminate.recv() => got.is_some(),
    }
}

#[cfg(not(unix))]
async fn next_signal() -> bool {
    tokio::signal::ctrl_c().await.is_ok()
}
