//! Calls about everything but objects of managed resources.

use crate::service::{Parts, now_ms};
use terrane_model::provider::{Answer, Call, ProviderDiagnostic};
use terrane_model::schema::Schemas;
use terrane_protocol::Protocol;
use terrane_protocol::message::schema::{IdentitySchemasResponse, SchemasResponse};
use terrane_protocol::message::{self as proto, Empty};
use terrane_protocol::schema::{functions, identities};
use terrane_protocol::value::{decode, encode, encode_identity, messages, reason};
use terrane_value::{Type, Value};
use tonic::Status;

type Answered<A> = Result<A, Status>;

/// What does not fit is the host's mistake, or ours.
pub(crate) fn wrong(problem: String) -> Status {
    Status::invalid_argument(problem)
}

pub(crate) fn incoming(from: Option<proto::DynamicValue>, ty: &Type) -> Answered<Value> {
    decode(from, ty).map_err(wrong)
}

pub(crate) fn outgoing(value: &Value, ty: &Type) -> Answered<Option<proto::DynamicValue>> {
    encode(value, ty).map(Some).map_err(|problem| {
        Status::internal(format!(
            "the provider's answer does not fit its schema: {problem}"
        ))
    })
}

/// The messages of an answer that is none; there is an error among them.
pub(crate) fn refuse(mut diagnostics: Vec<ProviderDiagnostic>) -> Vec<proto::Diagnostic> {
    if !diagnostics.iter().any(|message| message.is_error) {
        diagnostics.push(ProviderDiagnostic::error(
            "No answer",
            "The provider answered something else than it was asked. This is a bug in it.",
        ));
    }
    messages(diagnostics)
}

impl Parts {
    pub(crate) async fn metadata(&self, _: Empty) -> Answered<proto::MetadataResponse> {
        let schema = &self.info.schema;
        let names = |schemas: &Schemas| schemas.keys().map(name).collect::<Vec<_>>();
        let actions = names(&schema.actions);
        let (fifth, sixth) = match self.protocol {
            Protocol::Five => (actions, Vec::new()),
            Protocol::Six => (Vec::new(), actions),
        };
        Ok(proto::MetadataResponse {
            server_capabilities: Some(self.capabilities()),
            diagnostics: Vec::new(),
            data_sources: names(&schema.data_sources),
            resources: names(&schema.resources),
            functions: schema.functions.keys().map(name).collect(),
            ephemeral_resources: names(&schema.ephemeral_resources),
            list_resources: names(&schema.list_resources),
            state_stores_or_actions: fifth,
            actions: sixth,
        })
    }

    pub(crate) async fn all_schemas(&self, _: Empty) -> Answered<SchemasResponse> {
        self.schemas()
    }

    pub(crate) async fn identity_schemas(&self, _: Empty) -> Answered<IdentitySchemasResponse> {
        Ok(identities(&self.info.schema.identities))
    }

    pub(crate) async fn functions(&self, _: Empty) -> Answered<proto::FunctionsResponse> {
        Ok(proto::FunctionsResponse {
            functions: functions(&self.info.schema.functions),
            diagnostics: Vec::new(),
        })
    }

    pub(crate) async fn validate_provider(
        &self,
        request: proto::ValidateProviderRequest,
    ) -> Answered<proto::ValidateProviderResponse> {
        let ty = self.info.schema.provider.block.implied_type();
        let config = incoming(request.config.clone(), ty)?;
        let done = self.done(Call::ValidateProviderConfig { config }).await;
        Ok(proto::ValidateProviderResponse {
            prepared_config: request.config,
            diagnostics: done.diagnostics,
        })
    }

    pub(crate) async fn configure(
        &self,
        request: proto::ConfigureRequest,
    ) -> Answered<proto::Messages> {
        let ty = self.info.schema.provider.block.implied_type();
        let config = incoming(request.config, ty)?;
        let can = request.client_capabilities.unwrap_or_default();
        let may_defer = can.deferral_allowed;
        Ok(self.done(Call::Configure { config, may_defer }).await)
    }

    pub(crate) async fn validate_resource(
        &self,
        request: proto::ValidateRequest,
    ) -> Answered<proto::Messages> {
        let config = incoming(request.config, self.resource_type(&request.type_name)?)?;
        let type_name = request.type_name.into();
        Ok(self
            .done(Call::ValidateResource { type_name, config })
            .await)
    }

    pub(crate) async fn validate_data_source(
        &self,
        request: proto::ValidateRequest,
    ) -> Answered<proto::Messages> {
        let config = incoming(request.config, self.data_type(&request.type_name)?)?;
        let type_name = request.type_name.into();
        Ok(self
            .done(Call::ValidateDataSource { type_name, config })
            .await)
    }

    pub(crate) async fn validate_ephemeral(
        &self,
        request: proto::ValidateRequest,
    ) -> Answered<proto::Messages> {
        let config = incoming(request.config, self.ephemeral_type(&request.type_name)?)?;
        let type_name = request.type_name.into();
        Ok(self
            .done(Call::ValidateEphemeral { type_name, config })
            .await)
    }

    pub(crate) async fn validate_list(
        &self,
        request: proto::ValidateListRequest,
    ) -> Answered<proto::Messages> {
        let include = incoming(request.include_resource_object, &Type::Bool)?;
        let limit = incoming(request.limit, &Type::Number)?;
        let call = Call::ValidateList {
            config: incoming(request.config, self.list_type(&request.type_name)?)?,
            include_objects: include.as_bool().unwrap_or(false),
            limit: limit
                .as_number()
                .and_then(terrane_value::Number::to_u64)
                .unwrap_or(0),
            type_name: request.type_name.into(),
        };
        Ok(self.done(call).await)
    }

    pub(crate) async fn validate_action(
        &self,
        request: proto::ValidateRequest,
    ) -> Answered<proto::Messages> {
        let config = incoming(request.config, self.action_type(&request.type_name)?)?;
        let type_name = request.type_name.into();
        Ok(self.done(Call::ValidateAction { type_name, config }).await)
    }

    pub(crate) async fn plan_action(
        &self,
        request: proto::ActionRequest,
    ) -> Answered<proto::PlanActionResponse> {
        let config = incoming(request.config, self.action_type(&request.action_type)?)?;
        let type_name = request.action_type.into();
        let done = self.done(Call::PlanAction { type_name, config }).await;
        Ok(proto::PlanActionResponse {
            diagnostics: done.diagnostics,
            deferred: None,
        })
    }

    pub(crate) async fn invoke(
        &self,
        request: proto::ActionRequest,
    ) -> Answered<Vec<proto::ActionEvent>> {
        let config = incoming(request.config, self.action_type(&request.action_type)?)?;
        let type_name = request.action_type.into();
        let (answer, diagnostics) = self.ask(Call::InvokeAction { type_name, config }).await;
        let (lines, diagnostics) = match answer {
            Some(Answer::Invoked(lines)) => (lines, messages(diagnostics)),
            _ => (Vec::new(), refuse(diagnostics)),
        };
        let progress = lines
            .into_iter()
            .map(|message| proto::ActionEventType::Progress(proto::ActionProgress { message }));
        let completed = proto::ActionEventType::Completed(proto::Messages { diagnostics });
        Ok(progress
            .chain([completed])
            .map(|event| proto::ActionEvent { event: Some(event) })
            .collect())
    }

    pub(crate) async fn read_data_source(
        &self,
        request: proto::ReadDataRequest,
    ) -> Answered<proto::ReadDataResponse> {
        let ty = self.data_type(&request.type_name)?;
        let (answer, diagnostics) = self
            .ask(Call::ReadDataSource {
                config: incoming(request.config, ty)?,
                meta: self.meta_of(request.provider_meta)?,
                type_name: request.type_name.into(),
            })
            .await;
        Ok(match answer {
            Some(Answer::Data { state, deferred }) => proto::ReadDataResponse {
                state: outgoing(&state, ty)?,
                diagnostics: messages(diagnostics),
                deferred: reason(deferred),
            },
            _ => proto::ReadDataResponse {
                diagnostics: refuse(diagnostics),
                ..proto::ReadDataResponse::default()
            },
        })
    }

    pub(crate) async fn open_ephemeral(
        &self,
        request: proto::OpenEphemeralRequest,
    ) -> Answered<proto::OpenEphemeralResponse> {
        let ty = self.ephemeral_type(&request.type_name)?;
        let config = incoming(request.config, ty)?;
        let type_name = request.type_name.into();
        let (answer, diagnostics) = self.ask(Call::OpenEphemeral { type_name, config }).await;
        Ok(match answer {
            Some(Answer::Ephemeral {
                result,
                private,
                renew_after_ms,
            }) => proto::OpenEphemeralResponse {
                diagnostics: messages(diagnostics),
                renew_at: renew_after_ms.map(moment),
                result: outgoing(&result, ty)?,
                private: (!private.is_empty()).then(|| private.to_vec()),
                deferred: None,
            },
            Some(Answer::Deferred(deferred)) => proto::OpenEphemeralResponse {
                diagnostics: messages(diagnostics),
                deferred: reason(Some(deferred)),
                ..proto::OpenEphemeralResponse::default()
            },
            _ => proto::OpenEphemeralResponse {
                diagnostics: refuse(diagnostics),
                ..proto::OpenEphemeralResponse::default()
            },
        })
    }

    pub(crate) async fn renew_ephemeral(
        &self,
        request: proto::EphemeralRequest,
    ) -> Answered<proto::RenewEphemeralResponse> {
        let call = Call::RenewEphemeral {
            type_name: request.type_name.into(),
            private: request.private.unwrap_or_default().into(),
        };
        let (answer, diagnostics) = self.ask(call).await;
        Ok(match answer {
            Some(Answer::Ephemeral {
                private,
                renew_after_ms,
                ..
            }) => proto::RenewEphemeralResponse {
                diagnostics: messages(diagnostics),
                renew_at: renew_after_ms.map(moment),
                private: (!private.is_empty()).then(|| private.to_vec()),
            },
            _ => proto::RenewEphemeralResponse {
                diagnostics: refuse(diagnostics),
                ..proto::RenewEphemeralResponse::default()
            },
        })
    }

    pub(crate) async fn close_ephemeral(
        &self,
        request: proto::EphemeralRequest,
    ) -> Answered<proto::Messages> {
        let call = Call::CloseEphemeral {
            type_name: request.type_name.into(),
            private: request.private.unwrap_or_default().into(),
        };
        Ok(self.done(call).await)
    }

    pub(crate) async fn call_function(
        &self,
        request: proto::CallFunctionRequest,
    ) -> Answered<proto::CallFunctionResponse> {
        let name = request.name;
        let function = self.info.schema.functions.get(name.as_str());
        let function = function.ok_or_else(|| {
            Status::invalid_argument(format!("the provider has no function {name:?}"))
        })?;
        let variadic = std::iter::repeat(function.variadic.as_ref()).flatten();
        let parameters = function.parameters.iter().chain(variadic);
        let arguments = request
            .arguments
            .into_iter()
            .zip(parameters)
            .map(|(argument, parameter)| incoming(Some(argument), &parameter.ty))
            .collect::<Answered<_>>()?;
        let name = name.into();
        let (answer, diagnostics) = self.ask(Call::CallFunction { name, arguments }).await;
        Ok(match answer {
            Some(Answer::Function(Ok(result))) => proto::CallFunctionResponse {
                result: outgoing(&result, &function.returns)?,
                error: None,
            },
            Some(Answer::Function(Err((text, argument)))) => failed(text, argument),
            _ => {
                let first = diagnostics.into_iter().find(|message| message.is_error);
                let text = first.map_or_else(
                    || "the provider answered something else than it was asked".to_owned(),
                    |message| format!("{}: {}", message.summary, message.detail),
                );
                failed(text, None)
            }
        })
    }

    pub(crate) async fn list(
        &self,
        request: proto::ListRequest,
    ) -> Answered<Vec<proto::ListEvent>> {
        let ty = self.list_type(&request.type_name)?;
        let type_name = request.type_name;
        let call = Call::List {
            config: incoming(request.config, ty)?,
            include_objects: request.include_resource_object,
            limit: u64::try_from(request.limit).unwrap_or(0),
            type_name: type_name.as_str().into(),
        };
        let (answer, diagnostics) = self.ask(call).await;
        let (objects, diagnostics) = match answer {
            Some(Answer::Listed(objects)) => (objects, messages(diagnostics)),
            _ => (Vec::new(), refuse(diagnostics)),
        };
        let identities = self.identity(&type_name);
        let mut events = Vec::new();
        for listed in objects {
            let object = match listed.object.is_null() {
                true => None,
                false => outgoing(&listed.object, self.resource_type(&type_name)?)?,
            };
            events.push(proto::ListEvent {
                identity: encode_identity(&listed.identity, identities).map_err(wrong)?,
                display_name: listed.display_name,
                resource_object: object,
                diagnostics: Vec::new(),
            });
        }
        if !diagnostics.is_empty() {
            events.push(proto::ListEvent {
                diagnostics,
                ..proto::ListEvent::default()
            });
        }
        Ok(events)
    }

    pub(crate) async fn stop(&self, _: Empty) -> Answered<proto::StopResponse> {
        self.provider.stop().await;
        Ok(proto::StopResponse::default())
    }

    /// A call whose answer is messages alone.
    async fn done(&self, call: Call) -> proto::Messages {
        let (answer, diagnostics) = self.ask(call).await;
        let diagnostics = match answer {
            Some(Answer::Done) => messages(diagnostics),
            _ => refuse(diagnostics),
        };
        proto::Messages { diagnostics }
    }
}

fn name(of: &impl ToString) -> proto::Name {
    proto::Name {
        name: of.to_string(),
    }
}

fn failed(text: String, argument: Option<u64>) -> proto::CallFunctionResponse {
    proto::CallFunctionResponse {
        result: None,
        error: Some(proto::FunctionError {
            text,
            function_argument: argument.and_then(|at| i64::try_from(at).ok()),
        }),
    }
}

/// The moment in so many milliseconds.
fn moment(after_ms: u64) -> proto::Timestamp {
    let then = now_ms() + u128::from(after_ms);
    proto::Timestamp {
        seconds: i64::try_from(then / 1000).unwrap_or(i64::MAX),
        nanos: i32::try_from(then % 1000).unwrap_or(0) * 1_000_000,
    }
}
