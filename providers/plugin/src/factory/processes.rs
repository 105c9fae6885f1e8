//! The processes of one plugin, and who may have them next.

use super::{Origin, refused};
use crate::connection::Connection;
use crate::process::Process;
use crate::running;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};
use terrane_model::provider::{CallFailure, ProviderDiagnostic};
use terrane_value::Value;
use tokio::runtime::Handle;

/// For how long a configured process is as good as one that is configured now. Providers ask for credentials when they are configured, and between a plan and
/// its approval these may run out.
const FRESH: Duration = Duration::from_secs(300);

/// With what a process was configured.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    /// Wholly known.
    pub(crate) config: Value,
    /// Whether it may put off what it can't decide yet.
    may_defer: bool,
    /// What it said to it.
    pub(crate) messages: Vec<ProviderDiagnostic>,
    at: Instant,
}

impl Configured {
    pub(crate) fn now(config: Value, may_defer: bool, messages: Vec<ProviderDiagnostic>) -> Self {
        Self {
            config,
            may_defer,
            messages,
            at: Instant::now(),
        }
    }
}

/// The processes of one plugin.
#[derive(Debug)]
pub(crate) struct Processes {
    /// For messages.
    pub(crate) name: String,
    origin: Origin,
    idle: Mutex<Vec<(Arc<Process>, Option<Configured>)>>,
    all: Mutex<Vec<Weak<Process>>>,
    /// Where connections live: they outlast whoever asked for them first.
    runtime: OnceLock<Handle>,
}

impl Processes {
    pub(crate) fn new(name: String, origin: Origin) -> Self {
        Self {
            name,
            origin,
            idle: Mutex::default(),
            all: Mutex::default(),
            runtime: OnceLock::new(),
        }
    }

    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Processes are started in the runtime of whoever asks first.
    pub(crate) fn here(&self) {
        if let Ok(handle) = Handle::try_current() {
            self.runtime.get_or_init(|| handle);
        }
    }

    /// Starts one more.
    pub(crate) async fn start(&self) -> Result<Arc<Process>, CallFailure> {
        let (origin, name) = (self.origin.clone(), self.name.clone());
        let start = async move {
            match origin {
                Origin::Program(program) => Process::start(&program, &name).await,
                Origin::Running { protocol, endpoint } => {
                    Connection::open(protocol, endpoint, None)
                        .await
                        .map(Process::attached)
                        .map_err(|error| format!("it can't be connected to: {error}"))
                }
            }
        };
        let started = match self.runtime.get() {
            Some(runtime) => runtime
                .spawn(start)
                .await
                .unwrap_or_else(|_| Err("the command is about to end".to_owned())),
            None => start.await,
        };
        let process = started.map(Arc::new).map_err(|problem| {
            refused(format!(
                "the provider {} can't be used: {problem}",
                self.name
            ))
        })?;
        running::add(&process);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|process| process.strong_count() > 0);
        all.push(Arc::downgrade(&process));
        drop(all);
        Ok(process)
    }

    /// One that nobody uses and that is not configured.
    pub(crate) async fn take_bare(&self) -> Option<Arc<Process>> {
        loop {
            let (process, _) = self.take(|configured| configured.is_none())?;
            if process.is_fit().await {
                return Some(process);
            }
        }
    }

    /// One that nobody uses and that has this configuration.
    pub(crate) async fn take_configured(
        &self,
        config: &Value,
        may_defer: bool,
    ) -> Option<(Arc<Process>, Configured)> {
        loop {
            let fits = |known: &Configured| {
                known.config == *config
                    && known.may_defer == may_defer
                    && known.at.elapsed() < FRESH
            };
            let (process, configured) =
                self.take(|configured| configured.as_ref().is_some_and(fits))?;
            if process.is_fit().await {
                return configured.map(|configured| (process, configured));
            }
        }
    }

    fn take(
        &self,
        wanted: impl Fn(&Option<Configured>) -> bool,
    ) -> Option<(Arc<Process>, Option<Configured>)> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let at = idle.iter().position(|(_, configured)| wanted(configured))?;
        Some(idle.remove(at))
    }

    /// Any that runs, for what depends on no configuration.
    pub(crate) async fn any(&self) -> Option<Arc<Process>> {
        let all: Vec<Arc<Process>> = {
            let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().filter_map(Weak::upgrade).collect()
        };
        for process in all {
            if process.is_fit().await {
                return Some(process);
            }
        }
        None
    }

    /// Takes back one that is not used any more.
    pub(crate) fn give_back(&self, process: Arc<Process>, configured: Option<Configured>) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((process, configured));
    }

    /// Ends one that nobody can use any more, without waiting for it.
    pub(crate) fn retire(&self, process: Arc<Process>) {
        match self.runtime.get() {
            Some(runtime) => drop(runtime.spawn(async move { process.end().await })),
            // It is killed.
            None => drop(process),
        }
    }

    pub(crate) async fn end(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        let all = std::mem::take(&mut *self.all.lock().unwrap_or_else(PoisonError::into_inner));
        let ends = all
            .iter()
            .filter_map(Weak::upgrade)
            .map(|process| async move { process.end().await });
        futures::future::join_all(ends).await;
        drop(idle);
    }
}
