//! What is said to a plugin: every call of the engine becomes one of the protocol, and the answer an answer.

mod change;
mod ephemeral;
mod find;
mod rest;

use crate::factory::Known;
use crate::process::Process;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::provider::{Answer, Call, CallFailure, Deferred, Reply};
use terrane_model::schema::{Function, IdentitySchema, Schema};
use terrane_protocol::message as proto;
use terrane_protocol::rpc::Rpc;
use terrane_protocol::value::{deferred, diagnostics, encode, encode_identity};
use terrane_value::{Type, Value};
use tokio::sync::OnceCell;
use tonic::{Code, Status};

/// The version of Terraform that plugins are told, some of which refuse what they don't know.
const HOST_VERSION: &str = "1.13.0";

/// A process and what it offers.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) process: Arc<Process>,
    pub(crate) known: Arc<Known>,
    /// The functions that it has as it is configured, once one was called that the schema does not know.
    pub(crate) functions: Arc<OnceCell<Functions>>,
    /// Whether it may put off what it can't decide yet.
    pub(crate) may_defer: bool,
}

/// Functions by name.
pub(crate) type Functions = BTreeMap<EcoString, Arc<Function>>;

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The connection or the process.
    Status(Status),
    /// What was to be sent makes no sense; with a sentence without final period.
    Unsent(String),
    /// What came back makes no sense; with a sentence without final period.
    Sense(String),
    /// There is nobody to ask.
    Failure(CallFailure),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<String> for Trouble {
    fn from(problem: String) -> Self {
        Self::Sense(problem)
    }
}

impl From<CallFailure> for Trouble {
    fn from(failure: CallFailure) -> Self {
        Self::Failure(failure)
    }
}

pub(crate) type Answered = Result<Reply, Trouble>;

impl Talk {
    /// Makes a call.
    pub(crate) async fn answer(&self, call: Call) -> Answered {
        match call {
            Call::ValidateProviderConfig { config } => {
                let request = proto::ValidateProviderRequest {
                    config: Some(self.provider_config(&config)?),
                };
                let response: proto::ValidateProviderResponse =
                    self.ask(Rpc::ValidateProvider, request).await?;
                Ok(done(response.diagnostics))
            }
            Call::Configure { config, .. } => {
                let request = proto::ConfigureRequest {
                    terraform_version: HOST_VERSION.to_owned(),
                    config: Some(self.provider_config(&config)?),
                    client_capabilities: Some(self.capabilities()),
                };
                let response: proto::Messages = self.ask(Rpc::Configure, request).await?;
                Ok(done(response.diagnostics))
            }
            Call::ValidateResource { type_name, config } => {
                let ty = self.resource_type(&type_name)?;
                self.validate(Rpc::ValidateResource, &type_name, &config, ty)
                    .await
            }
            Call::ValidateDataSource { type_name, config } => {
                let ty = self.data_type(&type_name)?;
                self.validate(Rpc::ValidateDataSource, &type_name, &config, ty)
                    .await
            }
            Call::ValidateEphemeral { type_name, config } => {
                let ty = self.ephemeral_type(&type_name)?;
                self.validate(Rpc::ValidateEphemeral, &type_name, &config, ty)
                    .await
            }
            call @ (Call::UpgradeState { .. }
            | Call::UpgradeIdentity { .. }
            | Call::Move { .. }
            | Call::Import { .. }
            | Call::GenerateConfig { .. }) => self.find(call).await,
            call @ (Call::Read { .. } | Call::Plan { .. } | Call::Apply { .. }) => {
                self.change(call).await
            }
            call => self.rest(call).await,
        }
    }

    async fn validate(
        &self,
        rpc: Rpc,
        type_name: &EcoString,
        config: &Value,
        ty: &Type,
    ) -> Answered {
        let request = proto::ValidateRequest {
            type_name: type_name.to_string(),
            config: Some(out(config, ty)?),
            client_capabilities: Some(self.capabilities()),
        };
        let response: proto::Messages = self.ask(rpc, request).await?;
        Ok(done(response.diagnostics))
    }

    /// What we can do: take write-only arguments, and perhaps go on without a decision.
    fn capabilities(&self) -> proto::ClientCapabilities {
        proto::ClientCapabilities {
            deferral_allowed: self.may_defer,
            write_only_attributes_allowed: true,
        }
    }

    /// Why it puts off its decision, if it does; refused where that was not allowed.
    fn deferral(&self, from: Option<proto::Deferred>) -> Result<Option<Deferred>, String> {
        match deferred(from) {
            Some(reason) if !self.may_defer => Err(format!(
                "it put off its decision ({reason:?}), although it was told that it may not"
            )),
            reason => Ok(reason),
        }
    }

    async fn ask<Q, A>(&self, rpc: Rpc, request: Q) -> Result<A, Status>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.process.connection.call(rpc, request).await
    }

    fn provider_config(&self, config: &Value) -> Result<proto::DynamicValue, Trouble> {
        out(config, self.known.info.schema.provider.block.implied_type())
    }

    fn resource_type(&self, type_name: &str) -> Result<&Type, Trouble> {
        let schema = self.known.info.schema.resources.get(type_name);
        implied(schema)
            .ok_or_else(|| Trouble::Unsent(format!("it has no resource type {type_name:?}")))
    }

    fn data_type(&self, type_name: &str) -> Result<&Type, Trouble> {
        let schema = self.known.info.schema.data_sources.get(type_name);
        implied(schema)
            .ok_or_else(|| Trouble::Unsent(format!("it has no data source {type_name:?}")))
    }

    fn ephemeral_type(&self, type_name: &str) -> Result<&Type, Trouble> {
        let schema = self.known.info.schema.ephemeral_resources.get(type_name);
        implied(schema).ok_or_else(|| {
            Trouble::Unsent(format!("it has no ephemeral resource type {type_name:?}"))
        })
    }

    fn list_type(&self, type_name: &str) -> Result<&Type, Trouble> {
        let schema = self.known.info.schema.list_resources.get(type_name);
        implied(schema).ok_or_else(|| {
            Trouble::Unsent(format!("it can't list objects of the type {type_name:?}"))
        })
    }

    fn action_type(&self, type_name: &str) -> Result<&Type, Trouble> {
        let schema = self.known.info.schema.actions.get(type_name);
        implied(schema).ok_or_else(|| Trouble::Unsent(format!("it has no action {type_name:?}")))
    }

    fn identity(&self, type_name: &str) -> Option<&IdentitySchema> {
        let identities = &self.known.info.schema.identities;
        identities.get(type_name).map(AsRef::as_ref)
    }

    fn meta(&self, meta: &Value) -> Result<Option<proto::DynamicValue>, Trouble> {
        // A null is said too: some libraries take nothing at all for a mistake.
        let schema = self.known.info.schema.provider_meta.as_ref();
        schema
            .map(|schema| out(meta, schema.block.implied_type()))
            .transpose()
    }

    /// What to say of a call without answer. `changes`: it may have changed the world.
    pub(crate) async fn failure(&self, trouble: Trouble, name: &str, changes: bool) -> CallFailure {
        let (problem, may_have_happened) = match trouble {
            Trouble::Failure(failure) => return failure,
            Trouble::Unsent(problem) => (format!("{name}: {problem}"), false),
            Trouble::Sense(problem) => (
                format!("the provider {name} broke the protocol, which is a bug in it: {problem}"),
                changes,
            ),
            Trouble::Status(status) => return self.lost(&status, name, changes).await,
        };
        CallFailure {
            message: problem,
            retry_after_ms: None,
            may_have_happened,
        }
    }

    async fn lost(&self, status: &Status, name: &str, changes: bool) -> CallFailure {
        let lost = matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled
        );
        let obituary = if lost {
            self.process.obituary().await
        } else {
            None
        };
        let message = match (obituary, status.code()) {
            (Some(obituary), _) => format!("the provider {name} broke down: {obituary}"),
            (None, Code::Unimplemented) => {
                format!("the provider {name} does not support this operation")
            }
            (None, _) => format!(
                "the provider {name} gave no answer: {}",
                said(status.message())
            ),
        };
        // Servers in Go say the same of a message that is too large, which it is every time.
        let slow_down = status.code() == Code::ResourceExhausted
            && !status.message().contains("larger than max");
        CallFailure {
            message,
            retry_after_ms: slow_down.then_some(1000),
            may_have_happened: changes && status.code() != Code::Unimplemented,
        }
    }
}

/// A value for the plugin.
fn out(value: &Value, ty: &Type) -> Result<proto::DynamicValue, Trouble> {
    encode(value, ty).map_err(Trouble::Unsent)
}

/// An identity for the plugin.
fn out_identity(
    identity: &Value,
    schema: Option<&IdentitySchema>,
) -> Result<Option<proto::IdentityData>, Trouble> {
    encode_identity(identity, schema).map_err(Trouble::Unsent)
}

/// A message of a status, as far as it is of use.
fn said(message: &str) -> String {
    const MOST: usize = 4000;
    let message = message.trim_end_matches('.');
    if message.is_empty() {
        return "the connection broke off".to_owned();
    }
    match message.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", message.get(..at).unwrap_or_default()),
        None => message.to_owned(),
    }
}

fn implied(schema: Option<&Arc<Schema>>) -> Option<&Type> {
    schema.map(|schema| schema.block.implied_type())
}

fn done(messages: Vec<proto::Diagnostic>) -> Reply {
    with(Answer::Done, messages)
}

fn with(answer: Answer, messages: Vec<proto::Diagnostic>) -> Reply {
    Reply {
        answer: Some(answer),
        diagnostics: diagnostics(messages),
    }
}

/// For calls that are dealt with elsewhere: never met.
fn unexpected(_call: &Call) -> Trouble {
    Trouble::Unsent("the call is of another kind than was expected".to_owned())
}
