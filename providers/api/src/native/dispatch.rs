//! From calls to the traits of native providers, and back.

use super::{
    Answered, Change, DataSource, Ephemeral, Lease, MoveFrom, Object, Parts, Refusal,
    ResourceEntry, imported,
};
use crate::conform;
use crate::plan::{PlanRequest, PlanResponse};
use terrane_model::provider::{Answer, Call, ProviderDiagnostic, RawObject, Reply};
use terrane_model::schema::Schema;
use terrane_value::Value;

impl Parts {
    pub(super) fn is_interruptible(&self, call: &Call) -> bool {
        let Call::Apply { type_name, .. } = call else {
            return false;
        };
        self.resources
            .get(type_name)
            .is_some_and(|entry| entry.resource.is_interruptible())
    }

    pub(super) async fn answer(&self, call: Call) -> Answered<Reply> {
        match call {
            Call::ValidateProviderConfig { config } => self.configured(config, false).await,
            Call::Configure { config, .. } => self.configured(config, true).await,
            Call::ValidateResource { type_name, config } => {
                let entry = self.resource(&type_name)?;
                conform::check(&config, &entry.schema, "configuration")?;
                Ok(done(entry.resource.validate(&config).await))
            }
            Call::ValidateDataSource { type_name, config } => {
                let (source, schema) = self.data_source(&type_name)?;
                conform::check(&config, schema, "configuration")?;
                Ok(done(source.validate(&config).await))
            }
            Call::ValidateEphemeral { type_name, config } => {
                let (ephemeral, schema) = self.ephemeral(&type_name)?;
                conform::check(&config, schema, "configuration")?;
                Ok(done(ephemeral.validate(&config).await))
            }
            call @ (Call::Read { .. } | Call::Plan { .. } | Call::Apply { .. }) => {
                self.change(call).await
            }
            Call::ReadMany {
                type_name, objects, ..
            } => self.read_many(&type_name, objects).await,
            call @ (Call::UpgradeState { .. }
            | Call::Import { .. }
            | Call::Move { .. }
            | Call::Resolve { .. }) => self.find(call).await,
            Call::ReadDataSource {
                type_name, config, ..
            } => self.data(&type_name, config).await,
            Call::OpenEphemeral { type_name, config } => {
                let (ephemeral, schema) = self.ephemeral(&type_name)?;
                conform::check(&config, schema, "configuration")?;
                let Lease {
                    result,
                    private,
                    renew_after_ms,
                } = ephemeral.lease(known(config)?).await?;
                Ok(Reply::ok(Answer::Ephemeral {
                    result,
                    private,
                    renew_after_ms,
                }))
            }
            Call::RenewEphemeral { type_name, private } => {
                let (ephemeral, _) = self.ephemeral(&type_name)?;
                let (private, renew_after_ms) = ephemeral.renew(private).await?;
                Ok(Reply::ok(Answer::Ephemeral {
                    result: Value::NULL,
                    private,
                    renew_after_ms,
                }))
            }
            Call::CloseEphemeral { type_name, private } => {
                let (ephemeral, _) = self.ephemeral(&type_name)?;
                ephemeral.close(private).await?;
                Ok(Reply::ok(Answer::Done))
            }
            Call::GetFunctions => Ok(Reply::ok(Answer::Functions(self.schema.functions.clone()))),
            Call::CallFunction { name, arguments } => self.function(&name, &arguments),
            Call::UpgradeIdentity { type_name, stored } => self.identity(&type_name, &stored),
            call @ (Call::List { .. } | Call::ValidateList { .. }) => self.list(call).await,
            call @ (Call::ValidateAction { .. }
            | Call::PlanAction { .. }
            | Call::InvokeAction { .. }) => self.act(call).await,
            Call::GenerateConfig { type_name, .. } => Err(unsupported(&type_name)),
        }
    }

    async fn data(&self, type_name: &str, config: Value) -> Answered<Reply> {
        let (source, schema) = self.data_source(type_name)?;
        conform::check(&config, schema, "configuration")?;
        let (state, diagnostics) = source.read(known(config)?).await?;
        let answer = Answer::Data {
            state,
            deferred: None,
        };
        Ok(Reply {
            answer: Some(answer),
            diagnostics,
        })
    }

    /// Looks at a configuration of the provider, and takes it.
    async fn configured(&self, config: Value, take: bool) -> Answered<Reply> {
        let Some(configuration) = &self.configuration else {
            return Ok(Reply::ok(Answer::Done));
        };
        conform::check(&config, &self.schema.provider, "configuration")?;
        Ok(done(if take {
            configuration.configure(config).await?
        } else {
            configuration.validate(&config).await
        }))
    }

    async fn change(&self, call: Call) -> Answered<Reply> {
        match call {
            Call::Read {
                type_name,
                current,
                private,
                identity,
                meta: _,
            } => {
                let entry = self.resource(&type_name)?;
                if current.is_null() {
                    return Ok(read_reply(Object::new(current)));
                }
                conform::check(&current, &entry.schema, "object")?;
                let object = Object {
                    state: current,
                    private,
                    identity,
                    diagnostics: Vec::new(),
                };
                let gone = || Object::new(Value::null(entry.schema.block.implied_type().clone()));
                let found = entry.resource.read(object).await?;
                Ok(read_reply(found.unwrap_or_else(gone)))
            }
            Call::Plan {
                type_name,
                prior,
                proposed,
                config,
                private,
                identity,
                meta: _,
            } => {
                let request = PlanRequest {
                    prior,
                    proposed,
                    config,
                    private,
                    identity,
                };
                self.resource(&type_name)?.plan(request).await
            }
            Call::Apply {
                type_name,
                prior,
                planned,
                config,
                private,
                identity,
                token,
                meta: _,
            } => {
                let change = Change {
                    prior,
                    planned,
                    config,
                    private,
                    identity,
                    token,
                };
                self.resource(&type_name)?.apply(change).await
            }
            _ => Err(Refusal::error(
                "Unexpected call",
                "Not a change of a resource.",
            )),
        }
    }

    async fn find(&self, call: Call) -> Answered<Reply> {
        match call {
            Call::UpgradeState { type_name, stored } => {
                let entry = self.resource(&type_name)?;
                if stored.schema_version > entry.schema.version {
                    return Err(Refusal::error(
                        "Stored by a newer provider",
                        format!(
                            "The object was stored under version {} of the schema of {type_name}; this provider knows version {} \
                             and older ones.",
                            stored.schema_version, entry.schema.version
                        ),
                    ));
                }
                let value = entry.resource.upgrade(&entry.schema, &stored).await?;
                Ok(Reply::ok(Answer::Value(value)))
            }
            Call::Import { type_name, target } => {
                let object = self.resource(&type_name)?.resource.import(&target).await?;
                Ok(imported(type_name, object))
            }
            Call::Move {
                source_provider,
                source_type,
                stored,
                private,
                identity: _,
                type_name,
            } => {
                let from = MoveFrom {
                    source_provider,
                    source_type,
                    stored,
                    private,
                };
                let entry = self.resource(&type_name)?;
                match entry.resource.take_over(&from).await? {
                    Some(object) => Ok(imported(type_name, object)),
                    None => Err(Refusal::error(
                        "Unable to Move Resource State",
                        format!(
                            "{type_name} cannot take over an object of type {} of {}.",
                            from.source_type, from.source_provider
                        ),
                    )),
                }
            }
            Call::Resolve {
                type_name,
                token,
                planned,
            } => {
                let entry = self.resource(&type_name)?;
                let resolution = entry.resource.resolve(&token, &planned).await?;
                Ok(Reply::ok(Answer::Resolved(resolution)))
            }
            _ => Err(Refusal::error(
                "Unexpected call",
                "Not a search for a resource.",
            )),
        }
    }

    fn identity(&self, type_name: &str, stored: &RawObject) -> Answered<Reply> {
        let schema = self.schema.identities.get(type_name);
        let schema = schema.ok_or_else(|| unsupported(type_name))?;
        let identity = conform::decode_stored(&stored.json, &schema.object_type())
            .map_err(|problem| Refusal::error("Unreadable stored identity", problem))?;
        Ok(Reply::ok(Answer::Value(identity)))
    }

    fn function(&self, name: &str, arguments: &[Value]) -> Answered<Reply> {
        let (Some(function), Some(signature)) =
            (self.functions.get(name), self.schema.functions.get(name))
        else {
            return Err(Refusal::error(
                "Unknown function",
                format!("The provider has no function {name}."),
            ));
        };
        let least = signature.parameters.len();
        let fits = match signature.variadic {
            None => arguments.len() == least,
            Some(_) => arguments.len() >= least,
        };
        let result = if fits {
            function.call(arguments)
        } else {
            let got = arguments.len();
            Err((format!("{name} takes {least} arguments, got {got}"), None))
        };
        Ok(Reply::ok(Answer::Function(result)))
    }

    pub(super) fn resource(&self, type_name: &str) -> Answered<&ResourceEntry> {
        self.resources
            .get(type_name)
            .ok_or_else(|| unknown("resource type", type_name))
    }

    fn data_source(&self, type_name: &str) -> Answered<(&dyn DataSource, &Schema)> {
        let schema = self.schema.data_sources.get(type_name);
        match (self.data_sources.get(type_name), schema) {
            (Some(source), Some(schema)) => Ok((source.as_ref(), schema)),
            _ => Err(unknown("data source", type_name)),
        }
    }

    fn ephemeral(&self, type_name: &str) -> Answered<(&dyn Ephemeral, &Schema)> {
        let schema = self.schema.ephemeral_resources.get(type_name);
        match (self.ephemerals.get(type_name), schema) {
            (Some(ephemeral), Some(schema)) => Ok((ephemeral.as_ref(), schema)),
            _ => Err(unknown("ephemeral resource type", type_name)),
        }
    }
}

impl ResourceEntry {
    async fn plan(&self, request: PlanRequest) -> Answered<Reply> {
        if request.proposed.is_null() {
            return Ok(plan_reply(PlanResponse::new(
                &request,
                request.proposed.clone(),
            )));
        }
        for (value, what) in [
            (&request.prior, "object"),
            (&request.proposed, "proposed object"),
            (&request.config, "configuration"),
        ] {
            conform::check(value, &self.schema, what)?;
        }
        let planned = self.resource.plan(&self.schema, &self.rules, request);
        Ok(plan_reply(planned.await?))
    }

    async fn apply(&self, change: Change) -> Answered<Reply> {
        for (value, what) in [
            (&change.prior, "object"),
            (&change.planned, "planned object"),
            (&change.config, "configuration"),
        ] {
            conform::check(value, &self.schema, what)?;
        }
        if change.planned.is_null() {
            if !change.prior.is_null() {
                self.resource.delete(change).await?;
            }
            let gone = Value::null(self.schema.block.implied_type().clone());
            return Ok(apply_reply(Object::new(gone)));
        }
        let config = known(change.config)?;
        let change = Change { config, ..change };
        let object = if change.prior.is_null() {
            self.resource.create(change).await?
        } else {
            self.resource.update(change).await?
        };
        Ok(apply_reply(object))
    }
}

pub(super) fn done(diagnostics: Vec<ProviderDiagnostic>) -> Reply {
    Reply {
        answer: Some(Answer::Done),
        diagnostics,
    }
}

pub(super) fn read_reply(object: Object) -> Reply {
    let Object {
        state,
        private,
        identity,
        diagnostics,
    } = object;
    Reply {
        answer: Some(Answer::Read {
            state,
            private,
            identity,
            deferred: None,
        }),
        diagnostics,
    }
}

fn plan_reply(response: PlanResponse) -> Reply {
    let PlanResponse {
        planned,
        requires_replace,
        private,
        identity,
        deferred,
        diagnostics,
    } = response;
    Reply {
        answer: Some(Answer::Plan {
            planned,
            requires_replace,
            private,
            identity,
            legacy_type_system: false,
            deferred,
        }),
        diagnostics,
    }
}

fn apply_reply(object: Object) -> Reply {
    let Object {
        state,
        private,
        identity,
        diagnostics,
    } = object;
    Reply {
        answer: Some(Answer::Apply {
            state,
            private,
            identity,
            legacy_type_system: false,
        }),
        diagnostics,
    }
}

pub(super) fn known(config: Value) -> Answered<Value> {
    if config.is_wholly_known() {
        return Ok(config);
    }
    Err(Refusal::error(
        "Configuration is not known",
        "The engine asked for a change or a read while the configuration holds unknown values. This is a mistake of the engine.",
    ))
}

pub(super) fn unknown(kind: &str, name: &str) -> Refusal {
    Refusal::error(
        format!("Unknown {kind}"),
        format!("The provider has no {kind} {name}."),
    )
}

fn unsupported(type_name: &str) -> Refusal {
    Refusal::error(
        "Not supported",
        format!("The provider does not support this operation for {type_name}."),
    )
}
