//! Interrupts by the user: the first asks to stop in good order, the second to stop now.

use crate::clock::elapsed;
use crate::session::News;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use terrane_store::backend::Say;
use tokio::sync::Notify;

/// How often it is said that a wait goes on.
const STILL: Duration = Duration::from_secs(10);

/// Counts interrupts (`^C`, `SIGTERM`).
#[derive(Debug, Default)]
pub struct Interrupt {
    count: AtomicU32,
    notify: Notify,
    /// Somebody looks at the count between two steps, and ends in good order.
    attended: AtomicBool,
}

impl Interrupt {
    /// Starts to listen, as long as the process lives. From then on the signals do not end the process by themselves.
    pub(crate) fn listen(say: Say) -> Arc<Self> {
        let interrupt = Arc::new(Self::default());
        let heard = interrupt.clone();
        let (ready, listens) = std::sync::mpsc::channel();
        // On a thread of its own: the runtimes of a command come and go, and may be busy.
        let listening = std::thread::Builder::new().name(String::from("interrupts"));
        let listening = listening.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else {
                return;
            };
            runtime.block_on(async {
                let Some(mut signals) = Signals::new() else {
                    return;
                };
                // Whoever asked waits for this.
                let _heard = ready.send(());
                while signals.next().await {
                    heard.heard(&say);
                }
            });
        });
        // Without a thread signals end the process, as they do by themselves.
        if listening.is_ok() {
            let _listens = listens.recv();
        }
        interrupt
    }

    /// A signal came. What can't be ended in good order is ended here: a step that does not end.
    fn heard(&self, say: &Say) {
        self.raise();
        let patience = match self.attended.load(Ordering::SeqCst) {
            true => 2,
            false => 1,
        };
        if self.count() > patience {
            terrane_plugin::kill_all();
            say("Stopped at once.");
            std::process::exit(1);
        }
        if patience == 1 {
            say("Interrupt received: ending. Interrupt again to stop at once.");
        }
    }

    /// Somebody looks at the count from now on, and takes the first interrupt for the wish to end in good order.
    pub(crate) fn attend(&self) {
        self.attended.store(true, Ordering::SeqCst);
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

/// What it takes to wait for something that may never come: whoever waits says so from time to time, and may be interrupted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patience {
    pub(crate) interrupt: Arc<Interrupt>,
    pub(crate) say: News,
}

impl Patience {
    /// What comes of the work; `None`: there was an interrupt. `waiting` says what is waited for, as in `cloud_thing.a: Still validating`.
    pub(crate) async fn wait<T>(
        &self,
        waiting: impl Fn() -> String,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let (began, seen) = (Instant::now(), self.interrupt.count());
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => return Some(outcome),
                () = self.interrupt.beyond(seen) => return None,
                () = tokio::time::sleep(STILL) => {
                    let passed = elapsed(began.elapsed());
                    (self.say.0)(&format!("{}... [{passed} elapsed]", waiting()));
                }
            }
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
