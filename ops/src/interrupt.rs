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
        let Some(mut signals) = Signals::new() else {
            return interrupt;
        };
        tokio::spawn(async move {
            while signals.next().await {
                heard.raise();
                // The loops look at the count between two steps. A third interrupt is for a step that does not end.
                if heard.count() > 2 {
                    terrane_plugin::kill_all();
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

/// The signals that interrupt.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Some(Self {
            interrupt: signal(SignalKind::interrupt()).ok()?,
            terminate: signal(SignalKind::terminate()).ok()?,
        })
    }

    async fn next(&mut self) -> bool {
        tokio::select! {
            got = self.interrupt.recv() => got.is_some(),
            got = self.terminate.recv() => got.is_some(),
        }
    }
}

/// The signals that interrupt.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Option<Self> {
        Some(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
