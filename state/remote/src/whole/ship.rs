//! Shipping the journal: one object beside the state file, for whoever opens the state on another machine after this one was lost.
//!
//! It holds the changes that the state file lacks, and open intents, which a state file can't hold. It is written by a thread of its own, in
//! groups: at most [`DELAY`] after a change, or when [`GROUP`] bytes have come together; where the way there is slow, later, so that writing takes no
//! more than a fifth of the time. So a machine that is lost takes the changes of one group with it, no more. Each write is conditional on the one before: a writer whose lock was taken away notices.

use super::desk::Mark;
use super::{Side, SideError, Stored, Tag};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use terrane_store::StoreError;
use terrane_store::seal::Seal;

/// The version of the object.
const FORMAT: u64 = 1;
/// A change waits no longer than this for others.
pub(crate) const DELAY: Duration = Duration::from_millis(1000);
/// Nor when so many bytes have come together.
pub(crate) const GROUP: usize = 256 << 10;
/// After a write that failed, the next one is tried so much later.
const PAUSE: Duration = Duration::from_secs(3);

/// A batch of events as it is written down.
pub(crate) type BatchText = Arc<RawValue>;

/// What the object says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shipped {
    #[serde(rename = "terrane.journal")]
    v: u64,
    /// The journal that it is shipped from.
    pub(crate) journal: u64,
    /// Who ships it.
    pub(crate) who: String,
    /// The state file that it goes on from.
    pub(crate) base: Mark,
    /// The state file that was about to be written.
    pub(crate) writing: Option<Mark>,
    /// The intents that were open in the state of `base`, as one batch.
    pub(crate) open: Option<BatchText>,
    /// Changes since, in order.
    pub(crate) batches: Vec<BatchText>,
}

/// Only the version of the object.
#[derive(Deserialize)]
struct Peek {
    #[serde(rename = "terrane.journal")]
    v: u64,
}

impl Shipped {
    pub(crate) fn new(journal: u64, who: String, base: Mark) -> Self {
        Self {
            v: FORMAT,
            journal,
            who,
            base,
            writing: None,
            open: None,
            batches: Vec::new(),
        }
    }

    /// Whether the state file alone says as much.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_none() && self.batches.is_empty()
    }

    pub(crate) fn encode(&self, seal: &Arc<dyn Seal>) -> Result<Vec<u8>, StoreError> {
        let bytes =
            serde_json::to_vec(self).map_err(|error| StoreError::Refused(error.to_string()))?;
        seal.seal(&bytes, None)
    }

    pub(crate) fn decode(
        name: &str,
        bytes: Vec<u8>,
        seal: &Arc<dyn Seal>,
    ) -> Result<Self, StoreError> {
        let bytes = seal
            .unseal(bytes)
            .map_err(|error| error.beside_the_state(format_args!("the shipped journal {name}")))?;
        let damaged = |error: serde_json::Error| StoreError::Damaged {
            what: name.to_owned(),
            problem: error.to_string(),
        };
        // First of all the version: a later one may look different.
        let Peek { v } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if v > FORMAT {
            return Err(StoreError::TooNew {
                what: name.to_owned(),
                found: v,
                known: FORMAT,
            });
        }
        let shipped = serde_json::from_slice(&bytes).map_err(damaged)?;
        Ok(shipped)
    }
}

/// Reads what was shipped.
pub(crate) fn read(
    side: &mut dyn Side,
    seal: &Arc<dyn Seal>,
) -> Result<Option<(Shipped, Tag)>, StoreError> {
    let Some(Stored { bytes, tag }) = side.get()? else {
        return Ok(None);
    };
    let shipped = Shipped::decode(&side.name(), bytes, seal)?;
    Ok(Some((shipped, tag)))
}

enum Message {
    Batch(BatchText),
    /// A state file is about to be written.
    Writing(Mark, Sender<Result<(), StoreError>>),
    /// A state file was written, with these intents open.
    Written {
        base: Mark,
        journal: u64,
        open: Option<BatchText>,
        done: Sender<()>,
    },
    /// What is shipped begins anew, as this says.
    Anew(Box<Shipped>),
    /// Everything that is pending is to be written now.
    Flush(Sender<Result<(), StoreError>>),
}

/// The end of the thread that is held by the workspace. When it is dropped, what is pending is written, and the thread ends.
#[derive(Debug)]
pub(crate) struct Shipper {
    to: Option<Sender<Message>>,
    thread: Option<JoinHandle<()>>,
    lost: Arc<Mutex<Option<String>>>,
}

impl Shipper {
    /// Starts shipping. `pending`: whether `shipped` has what was not written yet.
    pub(crate) fn start(
        side: Box<dyn Side>,
        shipped: Shipped,
        tag: Tag,
        pending: bool,
        seal: Arc<dyn Seal>,
    ) -> std::io::Result<Self> {
        let (to, from) = channel();
        let lost = Arc::new(Mutex::new(None));
        let shipping = Shipping {
            side,
            seal,
            shipped,
            tag,
            since: pending.then(Instant::now),
            pending: 0,
            not_before: None,
            lost: Arc::clone(&lost),
        };
        let thread = std::thread::Builder::new()
            .name(String::from("terrane-ship"))
            .spawn(move || shipping.run(&from))?;
        Ok(Self {
            to: Some(to),
            thread: Some(thread),
            lost,
        })
    }

    fn send(&self, message: Message) {
        if let Some(to) = &self.to {
            // A thread that is gone has said why in `lost`, or panicked; either way there is nothing to be shipped to.
            drop(to.send(message));
        }
    }

    /// Takes a batch along.
    pub(crate) fn push(&self, batch: BatchText) {
        self.send(Message::Batch(batch));
    }

    /// Says beforehand which state file will be written, so that a crash between its writing and the next of the journal is understood.
    pub(crate) fn writing(&self, mark: Mark) -> Result<(), StoreError> {
        self.ask(|done| Message::Writing(mark, done))
    }

    /// Begins anew from a state file that was written.
    pub(crate) fn written(&self, base: Mark, journal: u64, open: Option<BatchText>) {
        let (done, answer) = channel();
        self.send(Message::Written {
            base,
            journal,
            open,
            done,
        });
        let _gone = answer.recv();
    }

    /// Begins anew with this, in place of all that was given before.
    pub(crate) fn anew(&self, shipped: Shipped) {
        self.send(Message::Anew(Box::new(shipped)));
    }

    /// Writes what is pending.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.ask(Message::Flush)
    }

    fn ask(
        &self,
        message: impl FnOnce(Sender<Result<(), StoreError>>) -> Message,
    ) -> Result<(), StoreError> {
        let (done, answer) = channel();
        self.send(message(done));
        answer.recv().unwrap_or_else(|_| {
            Err(StoreError::Refused(String::from(
                "the journal is not shipped any more",
            )))
        })
    }

    /// Why others must be believed to write, if they must.
    pub(crate) fn lost(&self) -> Option<String> {
        self.lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Shipper {
    fn drop(&mut self) {
        self.to = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Shipping {
    side: Box<dyn Side>,
    seal: Arc<dyn Seal>,
    shipped: Shipped,
    tag: Tag,
    /// Since when something is pending.
    since: Option<Instant>,
    /// Bytes that are.
    pending: usize,
    not_before: Option<Instant>,
    lost: Arc<Mutex<Option<String>>>,
}

impl Shipping {
    fn run(mut self, from: &Receiver<Message>) {
        loop {
            let message = match self.due() {
                None => from.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(next) => from.recv_timeout(next.saturating_duration_since(Instant::now())),
            };
            match message {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {
                    drop(self.put());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    if self.since.is_some() {
                        drop(self.put());
                    }
                    return;
                }
            }
        }
    }

    fn lose(&mut self, why: String) {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        // Nothing more is shipped: what is there is theirs.
        self.since = None;
    }

    fn is_lost(&self) -> bool {
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.is_some()
    }

    /// When to write next.
    fn due(&self) -> Option<Instant> {
        let due = self.since? + DELAY;
        let due = if self.pending >= GROUP {
            Instant::now()
        } else {
            due
        };
        Some(due.max(self.not_before.unwrap_or(due)))
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Batch(batch) => {
                if self.is_lost() {
                    return;
                }
                self.pending += batch.get().len();
                self.since.get_or_insert_with(Instant::now);
                self.shipped.batches.push(batch);
            }
            Message::Writing(mark, done) => {
                // Nothing there yet: then nothing there can be misunderstood.
                let result = if self.tag.is_some() && !self.shipped.is_empty() {
                    self.shipped.writing = Some(mark);
                    self.put()
                } else {
                    Ok(())
                };
                drop(done.send(result));
            }
            Message::Written {
                base,
                journal,
                open,
                done,
            } => {
                let who = std::mem::take(&mut self.shipped.who);
                self.shipped = Shipped::new(journal, who, base);
                self.shipped.open = open;
                self.since = None;
                self.pending = 0;
                if self.shipped.is_empty() {
                    if self.tag.is_some() && self.side.delete(&self.tag).is_ok() {
                        self.tag = None;
                    }
                } else {
                    drop(self.put());
                }
                let _gone = done.send(());
            }
            Message::Anew(shipped) => {
                self.shipped = *shipped;
                if !self.is_lost() {
                    self.since.get_or_insert_with(Instant::now);
                }
            }
            Message::Flush(done) => {
                let result = if self.since.is_some() {
                    self.put()
                } else {
                    Ok(())
                };
                drop(done.send(result));
            }
        }
    }

    fn put(&mut self) -> Result<(), StoreError> {
        let bytes = self.shipped.encode(&self.seal)?;
        let started = Instant::now();
        match self.side.put(bytes, &self.tag) {
            Ok(tag) => {
                self.tag = tag;
                self.since = None;
                self.pending = 0;
                self.not_before = Some(Instant::now() + started.elapsed() * 4);
                Ok(())
            }
            Err(SideError::LostRace) => {
                let why = format!(
                    "the lock was taken away, or {} was written by somebody else",
                    self.side.name()
                );
                self.lose(why.clone());
                Err(StoreError::Refused(why))
            }
            Err(SideError::Store(error)) => {
                self.since.get_or_insert_with(Instant::now);
                self.not_before = Some(Instant::now() + PAUSE);
                Err(error)
            }
        }
    }
}
