//! What answers the calls of a host.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use terrane_model::provider::{CallFailure, ProviderInfo};
use terrane_model::schema::{IdentitySchema, Schema, Schemas};
use terrane_protocol::Protocol;
use terrane_protocol::message::schema::{SchemasResponse, ServerCapabilities};
use terrane_protocol::schema::schemas;
use terrane_provider::{Provider, ProviderFactory};
use terrane_value::Type;
use tokio::sync::Notify;
use tonic::Status;

/// One instance of a provider, in one version of the protocol. Cheap to clone; a clone is the same.
#[derive(Clone, Debug)]
pub struct Service(pub(crate) Arc<Parts>);

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) info: ProviderInfo,
    pub(crate) protocol: Protocol,
    /// What a look at version 5 has made already, for the first who asks.
    made: Mutex<Option<SchemasResponse>>,
    /// Notified when the host wants it to end.
    pub(crate) shutdown: Notify,
    begun: u128,
    changes: AtomicU64,
}

/// Whether a provider can be spoken to in this version: version 5 has no attributes with attributes of their own.
///
/// # Errors
/// A sentence without final period that says why not.
pub(crate) fn speaks(protocol: Protocol, info: &ProviderInfo) -> Result<SchemasResponse, String> {
    Ok(SchemasResponse {
        server_capabilities: Some(capabilities(info)),
        ..schemas(protocol, &info.schema)?
    })
}

fn capabilities(info: &ProviderInfo) -> ServerCapabilities {
    let abilities = info.abilities;
    ServerCapabilities {
        plan_destroy: abilities.plan_destroy,
        get_provider_schema_optional: true,
        move_resource_state: abilities.move_state,
        generate_resource_config: abilities.generates_config,
    }
}

impl Service {
    /// An instance of a provider.
    ///
    /// # Errors
    /// When the provider can't be started, or not be spoken to in this version of the protocol.
    pub async fn new(
        factory: &dyn ProviderFactory,
        protocol: Protocol,
    ) -> Result<Self, CallFailure> {
        let info = factory.info().await?;
        // Version 6 can say everything; making the schemas of a large provider takes longer than to start it.
        let made = match protocol {
            Protocol::Six => None,
            Protocol::Five => {
                let made = speaks(protocol, &info).map_err(|message| CallFailure {
                    message,
                    retry_after_ms: None,
                    may_have_happened: false,
                })?;
                Some(made)
            }
        };
        Ok(Self(Arc::new(Parts {
            provider: factory.start().await?,
            info,
            protocol,
            made: Mutex::new(made),
            shutdown: Notify::new(),
            begun: now_ms(),
            changes: AtomicU64::new(0),
        })))
    }

    /// Waits until the host wants it to end.
    pub async fn ended(&self) {
        self.0.shutdown.notified().await;
    }
}

pub(crate) fn now_ms() -> u128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis())
}

impl Parts {
    pub(crate) fn capabilities(&self) -> ServerCapabilities {
        capabilities(&self.info)
    }

    /// All schemas, made when they are asked for: a host asks once, and they are large.
    pub(crate) fn schemas(&self) -> Result<SchemasResponse, Status> {
        let made = self
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match made {
            Some(made) => Ok(made),
            None => speaks(self.protocol, &self.info).map_err(Status::internal),
        }
    }

    /// A name for a change that no other change has. The protocol has none; so it lasts as long as the call.
    pub(crate) fn token(&self) -> String {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{:x}-{number:x}", self.begun, std::process::id())
    }

    pub(crate) fn resource_type(&self, name: &str) -> Result<&Type, Status> {
        implied(&self.info.schema.resources, "resource type", name)
    }

    pub(crate) fn data_type(&self, name: &str) -> Result<&Type, Status> {
        implied(&self.info.schema.data_sources, "data source", name)
    }

    pub(crate) fn ephemeral_type(&self, name: &str) -> Result<&Type, Status> {
        implied(
            &self.info.schema.ephemeral_resources,
            "ephemeral resource type",
            name,
        )
    }

    pub(crate) fn list_type(&self, name: &str) -> Result<&Type, Status> {
        implied(&self.info.schema.list_resources, "listing of", name)
    }

    pub(crate) fn action_type(&self, name: &str) -> Result<&Type, Status> {
        implied(&self.info.schema.actions, "action", name)
    }

    pub(crate) fn identity(&self, name: &str) -> Option<&IdentitySchema> {
        self.info.schema.identities.get(name).map(AsRef::as_ref)
    }

    pub(crate) fn meta(&self) -> Option<&Schema> {
        self.info.schema.provider_meta.as_ref()
    }
}

fn implied<'a>(schemas: &'a Schemas, what: &str, name: &str) -> Result<&'a Type, Status> {
    match schemas.get(name) {
        Some(schema) => Ok(schema.block.implied_type()),
        None => Err(Status::invalid_argument(format!(
            "the provider has no {what} {name:?}"
        ))),
    }
}
