//! Calls about objects of managed resources.

use crate::answer::{incoming, outgoing, refuse, wrong};
use crate::service::Parts;
use terrane_model::provider::{Answer, Call, ImportTarget, ImportedObject, ProviderDiagnostic};
use terrane_protocol::message as proto;
use terrane_protocol::value::{decode_identity, encode_identity, messages, reason, steps, stored};
use terrane_value::Value;
use tonic::Status;

type Answered<A> = Result<A, Status>;

impl Parts {
    pub(crate) async fn read(&self, request: proto::ReadRequest) -> Answered<proto::ReadResponse> {
        let ty = self.resource_type(&request.type_name)?;
        let identities = self.identity(&request.type_name);
        let current = request.current_state;
        let (answer, diagnostics) = self
            .ask(Call::Read {
                current: incoming(current.clone(), ty)?,
                private: request.private.into(),
                meta: self.meta_of(request.provider_meta)?,
                identity: identity(request.current_identity, identities)?,
                type_name: request.type_name.into(),
            })
            .await;
        match answer {
            Some(Answer::Read {
                state,
                private,
                identity,
                deferred,
            }) => Ok(proto::ReadResponse {
                new_state: outgoing(&state, ty)?,
                diagnostics: messages(diagnostics),
                private: private.to_vec(),
                deferred: reason(deferred),
                new_identity: encode_identity(&identity, identities).map_err(wrong)?,
            }),
            // A host that takes an absent state for a null one would believe that the object is gone.
            _ => Ok(proto::ReadResponse {
                new_state: current,
                diagnostics: refuse(diagnostics),
                ..proto::ReadResponse::default()
            }),
        }
    }

    pub(crate) async fn plan(&self, request: proto::PlanRequest) -> Answered<proto::PlanResponse> {
        let ty = self.resource_type(&request.type_name)?;
        let identities = self.identity(&request.type_name);
        let prior = request.prior_state;
        let (answer, diagnostics) = self
            .ask(Call::Plan {
                prior: incoming(prior.clone(), ty)?,
                proposed: incoming(request.proposed_new_state, ty)?,
                config: incoming(request.config, ty)?,
                private: request.prior_private.into(),
                meta: self.meta_of(request.provider_meta)?,
                identity: identity(request.prior_identity, identities)?,
                type_name: request.type_name.into(),
            })
            .await;
        match answer {
            Some(Answer::Plan {
                planned,
                requires_replace,
                private,
                identity,
                legacy_type_system,
                deferred,
            }) => Ok(proto::PlanResponse {
                planned_state: outgoing(&planned, ty)?,
                requires_replace: requires_replace.iter().map(steps).collect(),
                planned_private: private.to_vec(),
                diagnostics: messages(diagnostics),
                legacy_type_system,
                deferred: reason(deferred),
                planned_identity: encode_identity(&identity, identities).map_err(wrong)?,
            }),
            _ => Ok(proto::PlanResponse {
                planned_state: prior,
                diagnostics: refuse(diagnostics),
                ..proto::PlanResponse::default()
            }),
        }
    }

    pub(crate) async fn apply(
        &self,
        request: proto::ApplyRequest,
    ) -> Answered<proto::ApplyResponse> {
        let ty = self.resource_type(&request.type_name)?;
        let identities = self.identity(&request.type_name);
        let prior = request.prior_state;
        let prior_private = request.planned_private.clone();
        let (answer, diagnostics) = self
            .ask(Call::Apply {
                prior: incoming(prior.clone(), ty)?,
                planned: incoming(request.planned_state, ty)?,
                config: incoming(request.config, ty)?,
                private: request.planned_private.into(),
                meta: self.meta_of(request.provider_meta)?,
                identity: identity(request.planned_identity.clone(), identities)?,
                token: self.token().into(),
                type_name: request.type_name.into(),
            })
            .await;
        match answer {
            Some(Answer::Apply {
                state,
                private,
                identity,
                legacy_type_system,
            }) => Ok(proto::ApplyResponse {
                new_state: outgoing(&state, ty)?,
                private: private.to_vec(),
                diagnostics: messages(diagnostics),
                legacy_type_system,
                new_identity: encode_identity(&identity, identities).map_err(wrong)?,
            }),
            // Nothing was done: the object is what it was.
            _ => Ok(proto::ApplyResponse {
                new_state: prior,
                private: prior_private,
                diagnostics: refuse(diagnostics),
                legacy_type_system: false,
                new_identity: request.planned_identity,
            }),
        }
    }

    pub(crate) async fn upgrade_state(
        &self,
        request: proto::UpgradeRequest,
    ) -> Answered<proto::UpgradeStateResponse> {
        let ty = self.resource_type(&request.type_name)?;
        let (answer, diagnostics) = self
            .ask(Call::UpgradeState {
                stored: stored(request.version, request.raw).map_err(wrong)?,
                type_name: request.type_name.into(),
            })
            .await;
        Ok(match answer {
            Some(Answer::Value(state)) => proto::UpgradeStateResponse {
                upgraded_state: outgoing(&state, ty)?,
                diagnostics: messages(diagnostics),
            },
            _ => proto::UpgradeStateResponse {
                upgraded_state: None,
                diagnostics: refuse(diagnostics),
            },
        })
    }

    pub(crate) async fn upgrade_identity(
        &self,
        request: proto::UpgradeRequest,
    ) -> Answered<proto::UpgradeIdentityResponse> {
        let identities = self.identity(&request.type_name);
        let schema = identities.ok_or_else(|| {
            Status::invalid_argument(format!("{} has no identity", request.type_name))
        })?;
        let (answer, diagnostics) = self
            .ask(Call::UpgradeIdentity {
                stored: stored(request.version, request.raw).map_err(wrong)?,
                type_name: request.type_name.into(),
            })
            .await;
        Ok(match answer {
            Some(Answer::Value(identity)) => proto::UpgradeIdentityResponse {
                upgraded_identity: encode_identity(&identity, Some(schema)).map_err(wrong)?,
                diagnostics: messages(diagnostics),
            },
            _ => proto::UpgradeIdentityResponse {
                upgraded_identity: None,
                diagnostics: refuse(diagnostics),
            },
        })
    }

    pub(crate) async fn import(
        &self,
        request: proto::ImportRequest,
    ) -> Answered<proto::ImportResponse> {
        let identity = identity(request.identity, self.identity(&request.type_name))?;
        let target = if identity.is_null() {
            ImportTarget::Id(request.id.into())
        } else {
            ImportTarget::Identity(identity)
        };
        let (answer, diagnostics) = self
            .ask(Call::Import {
                target,
                type_name: request.type_name.into(),
            })
            .await;
        Ok(match answer {
            Some(Answer::Objects(objects)) => proto::ImportResponse {
                imported_resources: objects
                    .into_iter()
                    .map(|object| self.imported(object))
                    .collect::<Answered<_>>()?,
                diagnostics: messages(diagnostics),
                deferred: None,
            },
            Some(Answer::Deferred(deferred)) => proto::ImportResponse {
                diagnostics: messages(diagnostics),
                deferred: reason(Some(deferred)),
                ..proto::ImportResponse::default()
            },
            _ => proto::ImportResponse {
                diagnostics: refuse(diagnostics),
                ..proto::ImportResponse::default()
            },
        })
    }

    fn imported(&self, object: ImportedObject) -> Answered<proto::ImportedResource> {
        let ImportedObject {
            type_name,
            state,
            private,
            identity,
        } = object;
        let identities = self.identity(&type_name);
        Ok(proto::ImportedResource {
            state: outgoing(&state, self.resource_type(&type_name)?)?,
            private: private.to_vec(),
            identity: encode_identity(&identity, identities).map_err(wrong)?,
            type_name: type_name.into(),
        })
    }

    pub(crate) async fn take_over(
        &self,
        request: proto::MoveRequest,
    ) -> Answered<proto::MoveResponse> {
        let identity = match request.source_identity {
            Some(raw) if !raw.json.is_empty() => {
                Some(stored(request.source_identity_schema_version, Some(raw)).map_err(wrong)?)
            }
            _ => None,
        };
        let (answer, diagnostics) = self
            .ask(Call::Move {
                source_provider: request.source_provider_address.into(),
                source_type: request.source_type_name.into(),
                stored: stored(request.source_schema_version, request.source_state)
                    .map_err(wrong)?,
                private: request.source_private.into(),
                identity,
                type_name: request.target_type_name.into(),
            })
            .await;
        match answer {
            Some(Answer::Objects(objects)) => {
                let Some(object) = objects.into_iter().next() else {
                    return Err(Status::internal("nothing came of the move"));
                };
                let moved = self.imported(object)?;
                Ok(proto::MoveResponse {
                    target_state: moved.state,
                    diagnostics: messages(diagnostics),
                    target_private: moved.private,
                    target_identity: moved.identity,
                })
            }
            _ => Ok(proto::MoveResponse {
                diagnostics: refuse(diagnostics),
                ..proto::MoveResponse::default()
            }),
        }
    }

    pub(crate) async fn generate_config(
        &self,
        request: proto::GenerateConfigRequest,
    ) -> Answered<proto::GenerateConfigResponse> {
        let ty = self.resource_type(&request.type_name)?;
        let (answer, diagnostics) = self
            .ask(Call::GenerateConfig {
                state: incoming(request.state, ty)?,
                type_name: request.type_name.into(),
            })
            .await;
        Ok(match answer {
            Some(Answer::Value(config)) => proto::GenerateConfigResponse {
                config: outgoing(&config, ty)?,
                diagnostics: messages(diagnostics),
            },
            _ => proto::GenerateConfigResponse {
                config: None,
                diagnostics: refuse(diagnostics),
            },
        })
    }

    /// Makes a call of the provider. Where it had no answer, this is among the messages.
    pub(crate) async fn ask(&self, call: Call) -> (Option<Answer>, Vec<ProviderDiagnostic>) {
        match self.provider.call(call).await {
            Ok(reply) => (reply.answer, reply.diagnostics),
            Err(failure) => {
                let mut detail = failure.message;
                if failure.may_have_happened {
                    detail.push_str(". The change may have been made all the same");
                }
                let failed = ProviderDiagnostic::error("No answer", detail);
                (None, vec![failed])
            }
        }
    }

    pub(crate) fn meta_of(&self, from: Option<proto::DynamicValue>) -> Answered<Value> {
        match (from, self.meta()) {
            (Some(value), Some(schema)) => incoming(Some(value), schema.block.implied_type()),
            _ => Ok(Value::NULL),
        }
    }
}

fn identity(
    from: Option<proto::IdentityData>,
    schema: Option<&terrane_model::schema::IdentitySchema>,
) -> Answered<Value> {
    decode_identity(from, schema).map_err(wrong)
}
