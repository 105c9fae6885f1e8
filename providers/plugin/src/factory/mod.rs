//! Plugins as providers that a command can start.

mod learn;
mod processes;

pub(crate) use learn::{Known, ask_all_the_same};
pub(crate) use processes::{Configured, Processes};

use crate::cache::{self, SchemaCache};
use crate::process::Program;
use crate::provider::PluginProvider;
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{CallFailure, ProviderInfo};
use terrane_protocol::{Endpoint, Protocol};
use terrane_provider::{Provider, ProviderFactory};
use tokio::sync::OnceCell;

/// In place of the version of a plugin that nobody installed: it is no version number, so version constraints do not apply to it.
pub(crate) const DEVELOPMENT: &str = "dev";

/// How a plugin is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// By starting a program.
    Program(Program),
    /// Somebody started it already, without TLS (`TF_REATTACH_PROVIDERS`).
    Running {
        /// Which messages it speaks.
        protocol: Protocol,
        /// Where it listens.
        endpoint: Endpoint,
    },
}

/// A provider plugin.
///
/// One process serves one configuration for as long as the command runs: the one that told its schemas is then configured, and the one that planned
/// applies too, if its configuration is still the same.
#[derive(Debug)]
pub struct PluginFactory {
    addr: ProviderAddr,
    version: String,
    package: Option<String>,
    cache: Option<SchemaCache>,
    known: OnceCell<Arc<Known>>,
    processes: Arc<Processes>,
}

impl PluginFactory {
    /// A plugin of this address and version.
    #[must_use]
    pub fn new(addr: ProviderAddr, version: impl Into<String>, origin: Origin) -> Self {
        Self {
            processes: Arc::new(Processes::new(addr.for_display(), origin)),
            addr,
            version: version.into(),
            package: None,
            cache: None,
            known: OnceCell::new(),
        }
    }

    /// With a folder where its schemas are kept. `package` is the hash of the package that the program was installed from; without it, the program is known by
    /// its file.
    #[must_use]
    pub fn cached(mut self, cache: SchemaCache, package: Option<String>) -> Self {
        self.cache = Some(cache);
        self.package = package;
        self
    }

    /// Without TLS, if `plain`: `TF_DISABLE_PLUGIN_TLS`.
    #[must_use]
    pub fn plain(mut self, plain: bool) -> Self {
        let origin = match self.processes.origin().clone() {
            Origin::Program(program) => Origin::Program(Program { plain, ..program }),
            running @ Origin::Running { .. } => running,
        };
        self.processes = Arc::new(Processes::new(self.addr.for_display(), origin));
        self
    }

    /// Ends all its processes: asks them, waits a moment, kills those that are still there.
    pub async fn end(&self) {
        self.processes.end().await;
    }

    /// Where its schemas are kept, and under which key.
    fn place(&self) -> Option<(&SchemaCache, String)> {
        let cache = self.cache.as_ref()?;
        let Origin::Program(program) = self.processes.origin() else {
            return None;
        };
        let package = self.package.as_deref();
        let key = cache::key(&program.path, package, &self.addr.type_name)?;
        Some((cache, key))
    }

    async fn learn(&self) -> Result<Arc<Known>, CallFailure> {
        let place = self.place();
        if let Some((cache, key)) = &place
            && let Some(known) = cache.get(key).and_then(|kept| Known::read(kept, key))
        {
            return Ok(Arc::new(known));
        }
        let process = self.processes.start().await?;
        match learn::ask(&process).await {
            Ok((kept, known)) => {
                if let Some((cache, key)) = place {
                    cache.put(&key, &kept);
                }
                self.processes.give_back(process, None);
                Ok(Arc::new(known))
            }
            Err(problem) => {
                let problem = process.obituary().await.unwrap_or(problem);
                process.end().await;
                Err(refused(format!(
                    "the provider {} could not say what it offers: {problem}",
                    self.addr.for_display()
                )))
            }
        }
    }

    async fn known(&self) -> Result<&Arc<Known>, CallFailure> {
        self.processes.here();
        self.known.get_or_try_init(|| self.learn()).await
    }
}

#[async_trait]
impl ProviderFactory for PluginFactory {
    fn addr(&self) -> ProviderAddr {
        self.addr.clone()
    }

    fn version(&self) -> String {
        self.version.clone()
    }

    /// Of what was installed from a package. Of a program in development nothing is kept but its schemas.
    fn identity(&self) -> Option<String> {
        let Origin::Program(program) = self.processes.origin() else {
            return None;
        };
        let package = self.package.as_deref()?;
        cache::key(&program.path, Some(package), &self.addr.type_name)
    }

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        Ok(self.known().await?.info.clone())
    }

    /// The process is chosen, or started, by the first call.
    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        let known = self.known().await?.clone();
        Ok(Arc::new(PluginProvider::new(
            known,
            self.processes.clone(),
            self.cache.clone(),
        )))
    }
}

pub(crate) fn refused(message: String) -> CallFailure {
    CallFailure {
        message,
        retry_after_ms: None,
        may_have_happened: false,
    }
}
