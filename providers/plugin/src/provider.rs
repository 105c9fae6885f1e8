//! A provider that lives in a plugin.

use crate::cache::SchemaCache;
use crate::factory::{Configured, Known, Processes, ask_all_the_same};
use crate::process::Process;
use crate::talk::{Answered, Functions, Talk, Trouble};
use async_trait::async_trait;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use terrane_model::provider::{Answer, Call, CallFailure, ProviderDiagnostic, Reply};
use terrane_provider::Provider;
use terrane_value::Value;
use tokio::sync::OnceCell;

/// A plugin, configured or not. Its process is chosen by the first call that needs one of its own.
#[derive(Debug)]
pub(crate) struct PluginProvider {
    known: Arc<Known>,
    processes: Arc<Processes>,
    cache: Option<SchemaCache>,
    process: OnceCell<Arc<Process>>,
    configured: Mutex<State>,
    /// Whether it may put off what it can't decide yet, once it is configured.
    may_defer: AtomicBool,
    /// The functions that it has as it is configured, once one was called that the schema does not know.
    functions: Arc<OnceCell<Functions>>,
}

/// What a process may be used for afterwards.
#[derive(Debug)]
enum State {
    /// For any configuration.
    Bare,
    /// For this one.
    Configured(Configured),
    /// For none: it was configured with what is not known yet, or without success.
    Spent,
}

impl PluginProvider {
    pub(crate) fn new(
        known: Arc<Known>,
        processes: Arc<Processes>,
        cache: Option<SchemaCache>,
    ) -> Self {
        Self {
            known,
            processes,
            cache,
            process: OnceCell::new(),
            configured: Mutex::new(State::Bare),
            may_defer: AtomicBool::new(false),
            functions: Arc::default(),
        }
    }

    fn set(&self, state: State) {
        *self
            .configured
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The process of its own.
    async fn own(&self) -> Result<&Arc<Process>, CallFailure> {
        self.process
            .get_or_try_init(|| async {
                match self.processes.take_bare().await {
                    Some(process) => Ok(process),
                    None => self.another().await,
                }
            })
            .await
    }

    async fn another(&self) -> Result<Arc<Process>, CallFailure> {
        let process = self.processes.start().await?;
        if self.known.key.is_some() && !self.known.needs_no_asking {
            ask_all_the_same(&process, &self.processes.name).await?;
        }
        Ok(process)
    }

    /// The process for what needs no configuration: any will do.
    async fn any(&self) -> Result<Arc<Process>, CallFailure> {
        if let Some(process) = self.process.get() {
            return Ok(process.clone());
        }
        match self.processes.any().await {
            Some(process) => Ok(process),
            None => self.own().await.cloned(),
        }
    }

    fn talk(&self, process: Arc<Process>) -> Talk {
        Talk {
            process,
            known: self.known.clone(),
            functions: self.functions.clone(),
            may_defer: self.may_defer.load(Ordering::Relaxed),
        }
    }

    /// Whether it has a function however it is configured.
    fn has_always(&self, function: &str) -> bool {
        self.known.info.schema.functions.contains_key(function)
    }

    /// Configures a process, or takes one that has this configuration already.
    async fn configure(
        &self,
        config: Value,
        may_defer: bool,
    ) -> Result<(Talk, Answered), CallFailure> {
        self.may_defer.store(may_defer, Ordering::Relaxed);
        let known = config.is_wholly_known();
        let mut messages = None;
        let process = self
            .process
            .get_or_try_init(|| async {
                if known
                    && let Some((process, found)) =
                        self.processes.take_configured(&config, may_defer).await
                {
                    messages = Some(found.messages.clone());
                    self.set(State::Configured(found));
                    return Ok(process);
                }
                match self.processes.take_bare().await {
                    Some(process) => Ok(process),
                    None => self.another().await,
                }
            })
            .await?;
        let talk = self.talk(process.clone());
        if let Some(diagnostics) = messages {
            let answer = Some(Answer::Done);
            let reply = Reply {
                answer,
                diagnostics,
            };
            return Ok((talk, Ok(reply)));
        }
        self.set(State::Spent);
        let call = Call::Configure {
            config: config.clone(),
            may_defer,
        };
        let answered = talk.answer(call).await;
        if let Ok(reply) = &answered
            && known
            && !reply.has_errors()
        {
            let messages = reply.diagnostics.clone();
            self.set(State::Configured(Configured::now(
                config, may_defer, messages,
            )));
        }
        Ok((talk, answered))
    }

    async fn answer(&self, call: Call) -> Result<(Talk, Answered), CallFailure> {
        match call {
            Call::Configure { config, may_defer } => self.configure(config, may_defer).await,
            call @ (Call::ValidateProviderConfig { .. }
            | Call::ValidateResource { .. }
            | Call::ValidateDataSource { .. }
            | Call::ValidateEphemeral { .. }
            | Call::ValidateList { .. }
            | Call::ValidateAction { .. }) => {
                let talk = self.talk(self.any().await?);
                let answered = talk.answer(call).await;
                Ok((talk, answered))
            }
            Call::CallFunction { name, arguments } if self.has_always(&name) => {
                let talk = self.talk(self.any().await?);
                let answered = talk.answer(Call::CallFunction { name, arguments }).await;
                Ok((talk, answered))
            }
            call => {
                let talk = self.talk(self.own().await?.clone());
                let answered = talk.answer(call).await;
                Ok((talk, answered))
            }
        }
    }
}

#[async_trait]
impl Provider for PluginProvider {
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        let changes = matches!(call, Call::Apply { .. } | Call::InvokeAction { .. });
        let (talk, answered) = self.answer(call).await?;
        let trouble = match answered {
            Ok(reply) => return Ok(reply),
            Err(Trouble::Unsent(problem)) => {
                return Ok(Reply::error(ProviderDiagnostic::error(
                    "Unsuitable call",
                    format!(
                        "The provider {} was not asked: {problem}.",
                        self.processes.name
                    ),
                )));
            }
            Err(trouble) => trouble,
        };
        if matches!(trouble, Trouble::Sense(_))
            && let (Some(cache), Some(key)) = (&self.cache, &self.known.key)
        {
            // Perhaps what was kept is not what it offers now.
            cache.forget(key);
        }
        Err(talk.failure(trouble, &self.processes.name, changes).await)
    }

    async fn stop(&self) {
        if let Some(process) = self.process.get() {
            process.stop(&self.processes.name).await;
        }
    }
}

/// The process goes back to the others, for whoever needs one like it.
impl Drop for PluginProvider {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else {
            return;
        };
        let state = self
            .configured
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(state, State::Spent) {
            State::Bare => self.processes.give_back(process, None),
            State::Configured(configured) => self.processes.give_back(process, Some(configured)),
            State::Spent => self.processes.retire(process),
        }
    }
}
