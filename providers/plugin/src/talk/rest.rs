//! Data sources, functions, listings, actions.

use super::{Answered, Functions, Talk, Trouble, done, out, unexpected, with};
use ecow::EcoString;
use terrane_model::provider::{Answer, Call, ListedObject, Reply, Resolution};
use terrane_protocol::message::ActionEventType;
use terrane_protocol::schema::read_functions;
use terrane_protocol::value::{decode, decode_identity, diagnostics, version};
use terrane_protocol::{Rpc, message as proto};
use terrane_value::{Type, Value};
use tonic::{Code, Status};

/// The most objects of one listing, and the most lines of one action, that are taken.
const MOST_EVENTS: usize = 1_000_000;

impl Talk {
    pub(super) async fn rest(&self, call: Call) -> Answered {
        match call {
            Call::ReadDataSource {
                type_name,
                config,
                meta,
            } => {
                let ty = self.data_type(&type_name)?;
                let request = proto::ReadDataRequest {
                    config: Some(out(&config, ty)?),
                    provider_meta: self.meta(&meta)?,
                    client_capabilities: Some(self.capabilities()),
                    type_name: type_name.into(),
                };
                let response: proto::ReadDataResponse =
                    self.ask(Rpc::ReadDataSource, request).await?;
                let answer = Answer::Data {
                    state: decode(response.state, ty)?,
                    deferred: self.deferral(response.deferred)?,
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
            call @ (Call::ValidateList { .. }
            | Call::ValidateAction { .. }
            | Call::PlanAction { .. }
            | Call::InvokeAction { .. }) => self.action_or_list(call).await,
            Call::Resolve { .. } => Ok(Reply::ok(Answer::Resolved(Resolution::CannotTell))),
            other => Err(unexpected(&other)),
        }
    }

    async fn function(&self, name: &EcoString, arguments: &[Value]) -> Answered {
        let function = match self.known.info.schema.functions.get(name) {
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
            .map(|(argument, parameter)| out(argument, &parameter.ty))
            .collect::<Result<_, Trouble>>()?;
        let request = proto::CallFunctionRequest {
            name: name.to_string(),
            arguments,
        };
        let response: proto::CallFunctionResponse = self.ask(Rpc::CallFunction, request).await?;
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
        let known = &self.known.info.schema.functions;
        let answer: Result<proto::FunctionsResponse, Status> = self
            .process
            .connection
            .call(Rpc::GetFunctions, proto::Empty {})
            .await;
        let response = match answer {
            Err(status) if status.code() == Code::Unimplemented => {
                return Ok((known.clone(), Vec::new()));
            }
            answer => answer?,
        };
        let mut functions = known.clone();
        functions.extend(read_functions(response.functions)?);
        Ok((functions, response.diagnostics))
    }

    async fn list(
        &self,
        type_name: &EcoString,
        config: &Value,
        include_objects: bool,
        limit: u64,
    ) -> Answered {
        let ty = self.list_type(type_name)?;
        let identities = self.identity(type_name);
        let request = proto::ListRequest {
            type_name: type_name.to_string(),
            config: Some(out(config, ty)?),
            include_resource_object: include_objects,
            limit: version(limit),
        };
        let mut stream = self
            .process
            .connection
            .stream::<_, proto::ListEvent>(Rpc::List, request)
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
            if listed.len() >= MOST_EVENTS {
                return Err(Trouble::Sense("it lists objects without end".to_owned()));
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

    async fn action_or_list(&self, call: Call) -> Answered {
        match call {
            Call::ValidateList {
                type_name,
                config,
                include_objects,
                limit,
            } => {
                let ty = self.list_type(&type_name)?;
                let limit = (limit > 0).then(|| Value::number(version(limit)));
                let request = proto::ValidateListRequest {
                    config: Some(out(&config, ty)?),
                    include_resource_object: Some(out(&Value::bool(include_objects), &Type::Bool)?),
                    limit: limit.map(|limit| out(&limit, &Type::Number)).transpose()?,
                    type_name: type_name.into(),
                };
                let response: proto::Messages = self.ask(Rpc::ValidateList, request).await?;
                Ok(done(response.diagnostics))
            }
            Call::ValidateAction { type_name, config } => {
                let request = proto::ValidateRequest {
                    config: Some(out(&config, self.action_type(&type_name)?)?),
                    client_capabilities: None,
                    type_name: type_name.into(),
                };
                let response: proto::Messages = self.ask(Rpc::ValidateAction, request).await?;
                Ok(done(response.diagnostics))
            }
            Call::PlanAction { type_name, config } => {
                let request = self.action_request(type_name, &config)?;
                let response: proto::PlanActionResponse =
                    self.ask(Rpc::PlanAction, request).await?;
                if self.deferral(response.deferred)?.is_some() {
                    return Err("it put off an action, which has no later plan"
                        .to_owned()
                        .into());
                }
                Ok(done(response.diagnostics))
            }
            Call::InvokeAction { type_name, config } => {
                let request = self.action_request(type_name, &config)?;
                self.invoke(request).await
            }
            other => Err(unexpected(&other)),
        }
    }

    fn action_request(
        &self,
        type_name: EcoString,
        config: &Value,
    ) -> Result<proto::ActionRequest, Trouble> {
        Ok(proto::ActionRequest {
            config: Some(out(config, self.action_type(&type_name)?)?),
            client_capabilities: Some(self.capabilities()),
            action_type: type_name.into(),
        })
    }

    async fn invoke(&self, request: proto::ActionRequest) -> Answered {
        let mut stream = self
            .process
            .connection
            .stream::<_, proto::ActionEvent>(Rpc::InvokeAction, request)
            .await?;
        let mut lines = Vec::new();
        while let Some(event) = stream.message().await? {
            match event.event {
                Some(ActionEventType::Progress(progress)) => {
                    if lines.len() >= MOST_EVENTS {
                        return Err(Trouble::Sense("its action has no end".to_owned()));
                    }
                    lines.push(progress.message);
                }
                Some(ActionEventType::Completed(completed)) => {
                    return Ok(with(Answer::Invoked(lines), completed.diagnostics));
                }
                None => {}
            }
        }
        Err(Trouble::Sense(
            "its action ended without saying how".to_owned(),
        ))
    }
}
