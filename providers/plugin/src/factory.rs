//! Plugins as providers that a command can start.

use crate::connection::{Connection, Method};
use crate::handshake::{Endpoint, Protocol};
use crate::process::{Process, Program};
use crate::proto::Empty;
use crate::proto::schema::{IdentitySchemasResponse, Response5, Response6};
use crate::provider::PluginProvider;
use crate::{convert, schema};
use async_trait::async_trait;
use std::sync::{Arc, PoisonError, Weak};
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Abilities, CallFailure, ProviderInfo};
use terrane_provider::{Provider, ProviderFactory};
use tokio::sync::OnceCell;
use tonic::{Code, Status};

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
/// The process that is started to learn its schemas becomes the first instance, so a command that uses one configuration starts one process.
#[derive(Debug)]
pub struct PluginFactory {
    addr: ProviderAddr,
    version: String,
    origin: Origin,
    known: OnceCell<Known>,
    spare: std::sync::Mutex<Option<Arc<Process>>>,
    all: std::sync::Mutex<Vec<Weak<Process>>>,
}

#[derive(Debug)]
struct Known {
    info: ProviderInfo,
}

impl PluginFactory {
    /// A plugin of this address and version.
    #[must_use]
    pub fn new(addr: ProviderAddr, version: impl Into<String>, origin: Origin) -> Self {
        Self {
            addr,
            version: version.into(),
            origin,
            known: OnceCell::new(),
            spare: std::sync::Mutex::default(),
            all: std::sync::Mutex::default(),
        }
    }

    /// Ends all its processes: asks them, waits a moment, kills those that are still there.
    pub async fn end(&self) {
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let all = std::mem::take(&mut *self.all.lock().unwrap_or_else(PoisonError::into_inner));
        let ends = all
            .iter()
            .filter_map(Weak::upgrade)
            .map(|process| async move { process.end().await });
        futures::future::join_all(ends).await;
        drop(spare);
    }

    async fn process(&self) -> Result<Arc<Process>, CallFailure> {
        let name = self.addr.for_display();
        let started = match &self.origin {
            Origin::Program(program) => Process::start(program, &name).await,
            Origin::Running { protocol, endpoint } => {
                Connection::open(*protocol, endpoint.clone(), None)
                    .await
                    .map(Process::attached)
                    .map_err(|error| format!("it can't be connected to: {error}"))
            }
        };
        let process = started
            .map(Arc::new)
            .map_err(|problem| refused(format!("the provider {name} can't be used: {problem}")))?;
        self.all
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::downgrade(&process));
        Ok(process)
    }

    async fn learn(&self) -> Result<Known, CallFailure> {
        let process = self.process().await?;
        let name = self.addr.for_display();
        let known = match describe(&process.connection).await {
            Ok(info) => Known { info },
            Err(problem) => {
                let problem = process.obituary().await.unwrap_or(problem);
                return Err(refused(format!(
                    "the provider {name} could not say what it offers: {problem}"
                )));
            }
        };
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        Ok(known)
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

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        let known = self.known.get_or_try_init(|| self.learn()).await?;
        Ok(known.info.clone())
    }

    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        let info = self.info().await?;
        let spare = self
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let process = match spare {
            Some(process) => process,
            None => self.process().await?,
        };
        Ok(Arc::new(PluginProvider {
            process,
            schema: info.schema,
            functions: tokio::sync::OnceCell::new(),
            name: self.addr.for_display(),
        }))
    }
}

fn refused(message: String) -> CallFailure {
    CallFailure {
        message,
        retry_after_ms: None,
        may_have_happened: false,
    }
}

/// Schemas and abilities. An error is a sentence without final period.
async fn describe(connection: &Connection) -> Result<ProviderInfo, String> {
    const SCHEMA: Method = Method {
        five: "GetSchema",
        six: "GetProviderSchema",
    };
    let status = |status: Status| status.message().to_owned();
    let (schema, capabilities, messages) = match connection.protocol() {
        Protocol::Five => {
            let mut response: Response5 =
                connection.call(SCHEMA, Empty {}).await.map_err(status)?;
            let messages = std::mem::take(&mut response.diagnostics);
            let capabilities = response.server_capabilities.unwrap_or_default();
            let identities = identities(connection).await?;
            let schema = schema::version5::provider(response, identities)?;
            (schema, capabilities, messages)
        }
        Protocol::Six => {
            let mut response: Response6 =
                connection.call(SCHEMA, Empty {}).await.map_err(status)?;
            let messages = std::mem::take(&mut response.diagnostics);
            let capabilities = response.server_capabilities.unwrap_or_default();
            let identities = identities(connection).await?;
            let schema = schema::version6::provider(response, identities)?;
            (schema, capabilities, messages)
        }
    };
    if let Some(error) = convert::diagnostics(messages)
        .into_iter()
        .find(|message| message.is_error)
    {
        return Err(format!("{}: {}", error.summary, error.detail));
    }
    Ok(ProviderInfo {
        schema: Arc::new(schema),
        abilities: Abilities {
            plan_destroy: capabilities.plan_destroy,
            move_state: capabilities.move_resource_state,
            ..Abilities::default()
        },
    })
}

/// Older plugins have none.
async fn identities(connection: &Connection) -> Result<IdentitySchemasResponse, String> {
    const METHOD: Method = Method::both("GetResourceIdentitySchemas");
    match connection.call(METHOD, Empty {}).await {
        Ok(response) => Ok(response),
        Err(status) if status.code() == Code::Unimplemented => {
            Ok(IdentitySchemasResponse::default())
        }
        Err(status) => Err(status.message().to_owned()),
    }
}
