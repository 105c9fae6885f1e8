//! A provider that lives in a plugin: every call of the engine becomes one of the protocol.

use crate::connection::Method;
use crate::convert::{
    decode, decode_identity, deferred, diagnostics, encode, encode_identity, path, raw, version,
};
use crate::process::Process;
use crate::proto;
use async_trait::async_trait;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use terrane_model::provider::{
    Answer, Call, CallFailure, ImportTarget, ImportedObject, ListedObject, Private, Reply,
    Resolution,
};
use terrane_model::schema::{Function, IdentitySchema, ProviderSchema, Schema};
use terrane_provider::Provider;
use terrane_value::{Type, Value};
use tokio::sync::OnceCell;
use tonic::{Code, Status};

/// The version of Terraform that plugins are told, some of which refuse what they don't know.
const HOST_VERSION: &str = "1.13.0";

/// What we can do: take write-only arguments. The engine can't use half a plan.
const CAPABILITIES: proto::ClientCapabilities = proto::ClientCapabilities {
    deferral_allowed: false,
    write_only_attributes_allowed: true,
};

/// A plugin, configured or not.
#[derive(Debug)]
pub(crate) struct PluginProvider {
    pub(crate) process: Arc<Process>,
    pub(crate) schema: Arc<ProviderSchema>,
    /// The functions that it has as it is configured, once one was called that the schema does not know.
    pub(crate) functions: OnceCell<Functions>,
    /// For messages.
    pub(crate) name: String,
}

/// Why a call has no answer.
enum Trouble {
    /// The connection or the process.
    Status(Status),
    /// What was sent or came back makes no sense; with a sentence without final period.
    Sense(String),
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

type Answered = Result<Reply, Trouble>;
type Functions = BTreeMap<EcoString, Arc<Function>>;

#[async_trait]
impl Provider for PluginProvider {
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        let changes = matches!(call, Call::Apply { .. });
        match self.answer(call).await {
            Ok(reply) => Ok(reply),
            Err(trouble) => Err(self.failure(trouble, changes).await),
        }
    }

    async fn stop(&self) {
        const STOP: Method = Method {
            five: "Stop",
            six: "StopProvider",
        };
        let stopped: Result<proto::StopResponse, _> =
            self.process.connection.call(STOP, proto::Empty {}).await;
        match stopped {
            Ok(response) if !response.error.is_empty() => {
                tracing::warn!(provider = self.name, "{}", response.error);
            }
            Ok(_) => {}
            Err(status) => tracing::debug!(provider = self.name, %status, "can't be stopped"),
        }
    }
}

impl PluginProvider {
    async fn failure(&self, trouble: Trouble, changes: bool) -> CallFailure {
        let status = match trouble {
            Trouble::Sense(problem) => {
                return CallFailure {
                    message: format!("{}: {problem}", self.name),
                    retry_after_ms: None,
                    may_have_happened: changes,
                };
            }
            Trouble::Status(status) => status,
        };
        let lost = matches!(
            status.code(),
            Code::Unavailable | Code::Unknown | Code::Internal
        );
        let obituary = if lost {
            self.process.obituary().await
        } else {
            None
        };
        let message = match (obituary, status.code()) {
            (Some(obituary), _) => {
                format!("the provider {} broke down: {obituary}", self.name)
            }
            (None, Code::Unimplemented) => {
                format!("the provider {} does not support this operation", self.name)
            }
            (None, _) => format!(
                "the provider {} gave no answer: {}",
                self.name,
                status.message()
            ),
        };
        CallFailure {
            message,
            retry_after_ms: None,
            may_have_happened: changes && status.code() != Code::Unimplemented,
        }
    }

    async fn ask<Q, A>(&self, method: Method, request: Q) -> Result<A, Status>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.process.connection.call(method, request).await
    }

    fn resource(&self, type_name: &str) -> Result<&Schema, String> {
        let schema = self.schema.resources.get(type_name);
        schema
            .map(AsRef::as_ref)
            .ok_or_else(|| format!("it has no resource type {type_name:?}"))
    }

    fn resource_type(&self, type_name: &str) -> Result<&Type, String> {
        Ok(self.resource(type_name)?.block.implied_type())
    }

    fn data_type(&self, type_name: &str) -> Result<&Type, String> {
        let schema = self.schema.data_sources.get(type_name);
        schema
            .map(|schema| schema.block.implied_type())
            .ok_or_else(|| format!("it has no data source {type_name:?}"))
    }

    fn ephemeral_type(&self, type_name: &str) -> Result<&Type, String> {
        let schema = self.schema.ephemeral_resources.get(type_name);
        schema
            .map(|schema| schema.block.implied_type())
            .ok_or_else(|| format!("it has no ephemeral resource type {type_name:?}"))
    }

    fn identity(&self, type_name: &str) -> Option<&IdentitySchema> {
        self.schema.identities.get(type_name).map(AsRef::as_ref)
    }

    fn meta(&self, meta: &Value) -> Result<Option<proto::DynamicValue>, String> {
        match &self.schema.provider_meta {
            Some(schema) if !meta.is_null() => encode(meta, schema.block.implied_type()).map(Some),
            _ => Ok(None),
        }
    }

    async fn answer(&self, call: Call) -> Answered {
        match call {
            Call::ValidateProviderConfig { config } => {
                const METHOD: Method = Method {
                    five: "PrepareProviderConfig",
                    six: "ValidateProviderConfig",
                };
                let ty = self.schema.provider.block.implied_type();
                let request = proto::ValidateProviderRequest {
                    config: Some(encode(&config, ty)?),
                };
                let response: proto::ValidateProviderResponse = self.ask(METHOD, request).await?;
                Ok(done(response.diagnostics))
            }
            Call::Configure { config } => {
                const METHOD: Method = Method {
                    five: "Configure",
                    six: "ConfigureProvider",
                };
                let ty = self.schema.provider.block.implied_type();
                let request = proto::ConfigureRequest {
                    terraform_version: HOST_VERSION.to_owned(),
                    config: Some(encode(&config, ty)?),
                    client_capabilities: Some(CAPABILITIES),
                };
                let response: proto::Messages = self.ask(METHOD, request).await?;
                Ok(done(response.diagnostics))
            }
            Call::ValidateResource { type_name, config } => {
                const METHOD: Method = Method {
                    five: "ValidateResourceTypeConfig",
                    six: "ValidateResourceConfig",
                };
                let ty = self.resource_type(&type_name)?;
                self.validate(METHOD, &type_name, &config, ty).await
            }
            Call::ValidateDataSource { type_name, config } => {
                const METHOD: Method = Method {
                    five: "ValidateDataSourceConfig",
                    six: "ValidateDataResourceConfig",
                };
                let ty = self.data_type(&type_name)?;
                self.validate(METHOD, &type_name, &config, ty).await
            }
            Call::ValidateEphemeral { type_name, config } => {
                const METHOD: Method = Method::both("ValidateEphemeralResourceConfig");
                let ty = self.ephemeral_type(&type_name)?;
                self.validate(METHOD, &type_name, &config, ty).await
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
        method: Method,
        type_name: &EcoString,
        config: &Value,
        ty: &Type,
    ) -> Answered {
        let request = proto::ValidateRequest {
            type_name: type_name.to_string(),
            config: Some(encode(config, ty)?),
            client_capabilities: Some(CAPABILITIES),
        };
        let response: proto::Messages = self.ask(method, request).await?;
        Ok(done(response.diagnostics))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm per call, each a translation there and back"
    )]
    async fn change(&self, call: Call) -> Answered {
        match call {
            Call::Read {
                type_name,
                current,
                private,
                meta,
                identity,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let request = proto::ReadRequest {
                    current_state: Some(encode(&current, ty)?),
                    private: private.to_vec(),
                    provider_meta: self.meta(&meta)?,
                    client_capabilities: Some(CAPABILITIES),
                    current_identity: encode_identity(&identity, identities)?,
                    type_name: type_name.into(),
                };
                let response: proto::ReadResponse =
                    self.ask(Method::both("ReadResource"), request).await?;
                let answer = Answer::Read {
                    state: decode(response.new_state, ty)?,
                    private: response.private.into(),
                    identity: decode_identity(response.new_identity, identities)?,
                    deferred: deferred(response.deferred),
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::Plan {
                type_name,
                prior,
                proposed,
                config,
                private,
                meta,
                identity,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let request = proto::PlanRequest {
                    prior_state: Some(encode(&prior, ty)?),
                    proposed_new_state: Some(encode(&proposed, ty)?),
                    config: Some(encode(&config, ty)?),
                    prior_private: private.to_vec(),
                    provider_meta: self.meta(&meta)?,
                    client_capabilities: Some(CAPABILITIES),
                    prior_identity: encode_identity(&identity, identities)?,
                    type_name: type_name.into(),
                };
                let response: proto::PlanResponse = self
                    .ask(Method::both("PlanResourceChange"), request)
                    .await?;
                let answer = Answer::Plan {
                    planned: decode(response.planned_state, ty)?,
                    requires_replace: response.requires_replace.iter().map(path).collect(),
                    private: response.planned_private.into(),
                    identity: decode_identity(response.planned_identity, identities)?,
                    legacy_type_system: response.legacy_type_system,
                    deferred: deferred(response.deferred),
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::Apply {
                type_name,
                prior,
                planned,
                config,
                private,
                meta,
                identity,
                token: _,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let request = proto::ApplyRequest {
                    prior_state: Some(encode(&prior, ty)?),
                    planned_state: Some(encode(&planned, ty)?),
                    config: Some(encode(&config, ty)?),
                    planned_private: private.to_vec(),
                    provider_meta: self.meta(&meta)?,
                    planned_identity: encode_identity(&identity, identities)?,
                    type_name: type_name.into(),
                };
                let response: proto::ApplyResponse = self
                    .ask(Method::both("ApplyResourceChange"), request)
                    .await?;
                let answer = Answer::Apply {
                    state: decode(response.new_state, ty)?,
                    private: response.private.into(),
                    identity: decode_identity(response.new_identity, identities)?,
                    legacy_type_system: response.legacy_type_system,
                };
                Ok(with(answer, response.diagnostics))
            }
            other => Err(unexpected(&other)),
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm per call, each a translation there and back"
    )]
    async fn find(&self, call: Call) -> Answered {
        match call {
            Call::UpgradeState { type_name, stored } => {
                let ty = self.resource_type(&type_name)?;
                let request = proto::UpgradeRequest {
                    version: version(stored.schema_version),
                    raw: Some(raw(&stored)),
                    type_name: type_name.into(),
                };
                let response: proto::UpgradeStateResponse = self
                    .ask(Method::both("UpgradeResourceState"), request)
                    .await?;
                let state = decode(response.upgraded_state, ty)?;
                Ok(with(Answer::Value(state), response.diagnostics))
            }
            Call::UpgradeIdentity { type_name, stored } => {
                let identities = self.identity(&type_name);
                let request = proto::UpgradeRequest {
                    version: version(stored.schema_version),
                    raw: Some(raw(&stored)),
                    type_name: type_name.to_string(),
                };
                let response: proto::UpgradeIdentityResponse = self
                    .ask(Method::both("UpgradeResourceIdentity"), request)
                    .await?;
                let identity = decode_identity(response.upgraded_identity, identities)?;
                Ok(with(Answer::Value(identity), response.diagnostics))
            }
            Call::Move {
                source_provider,
                source_type,
                stored,
                private,
                identity,
                type_name,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let identity_version = identity.as_ref().map_or(0, |raw| raw.schema_version);
                let request = proto::MoveRequest {
                    source_provider_address: source_provider.into(),
                    source_type_name: source_type.into(),
                    source_schema_version: version(stored.schema_version),
                    source_state: Some(raw(&stored)),
                    target_type_name: type_name.to_string(),
                    source_private: private.to_vec(),
                    source_identity: identity.as_ref().map(raw),
                    source_identity_schema_version: version(identity_version),
                };
                let response: proto::MoveResponse =
                    self.ask(Method::both("MoveResourceState"), request).await?;
                let object = ImportedObject {
                    state: decode(response.target_state, ty)?,
                    private: response.target_private.into(),
                    identity: decode_identity(response.target_identity, identities)?,
                    type_name,
                };
                Ok(with(Answer::Objects(vec![object]), response.diagnostics))
            }
            Call::Import { type_name, target } => {
                let (id, identity) = match target {
                    ImportTarget::Id(id) => (id.to_string(), Value::NULL),
                    ImportTarget::Identity(identity) => (String::new(), identity),
                };
                let request = proto::ImportRequest {
                    id,
                    client_capabilities: Some(CAPABILITIES),
                    identity: encode_identity(&identity, self.identity(&type_name))?,
                    type_name: type_name.into(),
                };
                let response: proto::ImportResponse = self
                    .ask(Method::both("ImportResourceState"), request)
                    .await?;
                let objects = response
                    .imported_resources
                    .into_iter()
                    .map(|found| self.imported(found))
                    .collect::<Result<_, String>>()?;
                Ok(with(Answer::Objects(objects), response.diagnostics))
            }
            Call::GenerateConfig { type_name, state } => {
                let ty = self.resource_type(&type_name)?;
                let request = proto::GenerateConfigRequest {
                    state: Some(encode(&state, ty)?),
                    type_name: type_name.into(),
                };
                let response: proto::GenerateConfigResponse = self
                    .ask(Method::both("GenerateResourceConfig"), request)
                    .await?;
                let config = decode(response.config, ty)?;
                Ok(with(Answer::Value(config), response.diagnostics))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn imported(&self, from: proto::ImportedResource) -> Result<ImportedObject, String> {
        let ty = self.resource_type(&from.type_name)?;
        let identities = self.identity(&from.type_name);
        Ok(ImportedObject {
            state: decode(from.state, ty)?,
            private: from.private.into(),
            identity: decode_identity(from.identity, identities)?,
            type_name: from.type_name.into(),
        })
    }

    async fn rest(&self, call: Call) -> Answered {
        match call {
            Call::ReadDataSource {
                type_name,
                config,
                meta,
            } => {
                let ty = self.data_type(&type_name)?;
                let request = proto::ReadDataRequest {
                    config: Some(encode(&config, ty)?),
                    provider_meta: self.meta(&meta)?,
                    client_capabilities: Some(CAPABILITIES),
                    type_name: type_name.into(),
                };
                let response: proto::ReadDataResponse =
                    self.ask(Method::both("ReadDataSource"), request).await?;
                let answer = Answer::Data {
                    state: decode(response.state, ty)?,
                    deferred: deferred(response.deferred),
                };
                Ok(with(answer, response.diagnostics))
            }
            call @ (Call::OpenEphemeral { .. }
            | Call::RenewEphemeral { .. }
            | Call::CloseEphemeral { .. }) => self.ephemeral(call).await,
            Call::GetFunctions => {
                let (functions, messages) = self.functions().await?;
                Ok(with(Answer::Functions(functions), messages))
            }
            Call::CallFunction { name, arguments } => self.function(&name, &arguments).await,
            Call::List {
                type_name,
                config,
                include_objects,
                limit,
            } => self.list(&type_name, &config, include_objects, limit).await,
            Call::Resolve { .. } => Ok(Reply::ok(Answer::Resolved(Resolution::CannotTell))),
            other => Err(unexpected(&other)),
        }
    }

    async fn ephemeral(&self, call: Call) -> Answered {
        match call {
            Call::OpenEphemeral { type_name, config } => {
                let ty = self.ephemeral_type(&type_name)?;
                let request = proto::OpenEphemeralRequest {
                    config: Some(encode(&config, ty)?),
                    client_capabilities: Some(CAPABILITIES),
                    type_name: type_name.into(),
                };
                let response: proto::OpenEphemeralResponse = self
                    .ask(Method::both("OpenEphemeralResource"), request)
                    .await?;
                let answer = Answer::Ephemeral {
                    result: decode(response.result, ty)?,
                    private: response.private.unwrap_or_default().into(),
                    renew_after_ms: response.renew_at.map(milliseconds_until),
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::RenewEphemeral { type_name, private } => {
                let request = ephemeral_request(type_name, &private);
                let response: proto::RenewEphemeralResponse = self
                    .ask(Method::both("RenewEphemeralResource"), request)
                    .await?;
                let answer = Answer::Ephemeral {
                    result: Value::NULL,
                    private: response.private.map_or(private, Into::into),
                    renew_after_ms: response.renew_at.map(milliseconds_until),
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::CloseEphemeral { type_name, private } => {
                let request = ephemeral_request(type_name, &private);
                let response: proto::Messages = self
                    .ask(Method::both("CloseEphemeralResource"), request)
                    .await?;
                Ok(done(response.diagnostics))
            }
            other => Err(unexpected(&other)),
        }
    }

    async fn function(&self, name: &EcoString, arguments: &[Value]) -> Answered {
        let function = match self.schema.functions.get(name) {
            Some(function) => Some(function),
            None => {
                let all = self.functions.get_or_try_init(async || {
                    self.functions().await.map(|(functions, _)| functions)
                });
                all.await?.get(name)
            }
        };
        let function = function.ok_or_else(|| format!("it has no function {name:?}"))?;
        let variadic = std::iter::repeat(function.variadic.as_ref()).flatten();
        let parameters = function.parameters.iter().chain(variadic);
        let arguments = arguments
            .iter()
            .zip(parameters)
            .map(|(argument, parameter)| encode(argument, &parameter.ty))
            .collect::<Result<_, String>>()?;
        let request = proto::CallFunctionRequest {
            name: name.to_string(),
            arguments,
        };
        let response: proto::CallFunctionResponse =
            self.ask(Method::both("CallFunction"), request).await?;
        let result = match response.error {
            Some(error) => Err((
                error.text,
                error
                    .function_argument
                    .and_then(|position| u64::try_from(position).ok()),
            )),
            None => Ok(decode(response.result, &function.returns)?),
        };
        Ok(Reply::ok(Answer::Function(result)))
    }

    /// The functions that it has now. A plugin that does not know the question has those of its schema.
    async fn functions(&self) -> Result<(Functions, Vec<proto::Diagnostic>), Trouble> {
        let answer: Result<proto::GetFunctionsResponse, Status> = self
            .ask(Method::both("GetFunctions"), proto::Empty {})
            .await;
        let response = match answer {
            Err(status) if status.code() == Code::Unimplemented => {
                return Ok((self.schema.functions.clone(), Vec::new()));
            }
            answer => answer?,
        };
        let mut functions = self.schema.functions.clone();
        functions.extend(crate::schema::functions(response.functions)?);
        Ok((functions, response.diagnostics))
    }

    async fn list(
        &self,
        type_name: &EcoString,
        config: &Value,
        include_objects: bool,
        limit: u64,
    ) -> Answered {
        let schema = self
            .schema
            .list_resources
            .get(type_name)
            .ok_or_else(|| format!("it can't list objects of the type {type_name:?}"))?;
        let identities = self.identity(type_name);
        let request = proto::ListRequest {
            type_name: type_name.to_string(),
            config: Some(encode(config, schema.block.implied_type())?),
            include_resource_object: include_objects,
            limit: version(limit),
        };
        let mut stream = self
            .process
            .connection
            .stream::<_, proto::ListEvent>(Method::both("ListResource"), request)
            .await?;
        let mut listed = Vec::new();
        let mut messages = Vec::new();
        while let Some(event) = stream.message().await? {
            messages.extend(diagnostics(event.diagnostics));
            let identity = decode_identity(event.identity, identities)?;
            let object = match event.resource_object {
                Some(object) => decode(Some(object), self.resource_type(type_name)?)?,
                None => Value::NULL,
            };
            if identity.is_null() && object.is_null() {
                continue;
            }
            listed.push(ListedObject {
                identity,
                display_name: event.display_name,
                object,
            });
        }
        Ok(Reply {
            answer: Some(Answer::Listed(listed)),
            diagnostics: messages,
        })
    }
}

fn ephemeral_request(type_name: EcoString, private: &Private) -> proto::EphemeralRequest {
    proto::EphemeralRequest {
        type_name: type_name.into(),
        private: (!private.is_empty()).then(|| private.to_vec()),
    }
}

/// How long until a moment; zero if it has passed.
fn milliseconds_until(moment: proto::Timestamp) -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i128::try_from(since.as_millis()).unwrap_or(0));
    let then = i128::from(moment.seconds) * 1000 + i128::from(moment.nanos) / 1_000_000;
    u64::try_from(then - now).unwrap_or(0)
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
    Trouble::Sense("the call is of another kind than was expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::milliseconds_until;
    use crate::proto::Timestamp;

    #[test]
    fn a_moment_that_has_passed_is_now() {
        let past = Timestamp {
            seconds: 1,
            nanos: 0,
        };
        assert_eq!(milliseconds_until(past), 0);
        let far = Timestamp {
            seconds: i64::MAX / 2000,
            nanos: 0,
        };
        assert!(milliseconds_until(far) > 1_000_000);
    }
}
