//! The provider: calls of the engine, answered by tables and sources of data.

use crate::cx::{Caller, Cx};
use crate::facts::{self, Kind, TypeFacts};
use crate::run::{self, Run};
use crate::shape::Shapes;
use crate::table::{Phase, Table};
use crate::{able, check, config, data, listing, plan, resources};
use async_trait::async_trait;
use std::sync::{Arc, LazyLock, OnceLock};
use terrane_aws_client::Api;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{
    Abilities, Answer, Call, CallFailure, ImportTarget, ImportedObject, Private,
    ProviderDiagnostic, ProviderInfo, Reply, Resolution,
};
use terrane_model::schema::{ProviderSchema, Schema};
use terrane_provider::native::{Answered, Object, Refusal};
use terrane_provider::plan::PlanRequest;
use terrane_provider::{Provider, ProviderFactory, args, conform};
use terrane_value::{EcoString, Value};

static SCHEMA: LazyLock<Arc<ProviderSchema>> = LazyLock::new(|| Arc::new(facts::provider_schema()));

/// The same, with lists of objects, and with what identifies these.
static LISTING: LazyLock<Arc<ProviderSchema>> =
    LazyLock::new(|| Arc::new(listing::with_lists(facts::provider_schema())));

/// The door to AWS, the region, and whose credentials they are, if that was asked.
pub type Opened = (Arc<dyn Api>, String, Option<terrane_aws_client::Identity>);

/// Opens the door to AWS.
#[async_trait]
pub trait Door: Send + Sync {
    /// Opens it with what was configured.
    async fn open(&self, given: &config::Given) -> Answered<Opened>;
}

/// Offers the provider.
#[derive(Clone)]
pub struct Aws {
    door: Arc<dyn Door>,
    shapes: Arc<dyn Shapes>,
    environment: Arc<std::collections::BTreeMap<String, String>>,
    lists: bool,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Aws")
    }
}

/// A configured instance.
#[derive(Debug)]
pub(crate) struct Instance {
    factory: Aws,
    cx: OnceLock<Cx>,
}

impl Aws {
    /// The provider that asks AWS. `environment`: the variables of the process.
    #[must_use]
    pub fn new(environment: std::collections::BTreeMap<String, String>) -> Self {
        Self::with(
            Arc::new(config::Network),
            Arc::new(crate::model::Models::default()),
            environment,
        )
    }

    /// The provider with another door.
    #[must_use]
    pub fn with(
        door: Arc<dyn Door>,
        shapes: Arc<dyn Shapes>,
        environment: std::collections::BTreeMap<String, String>,
    ) -> Self {
        Self {
            door,
            shapes,
            environment: Arc::new(environment),
            lists: false,
        }
    }

    /// Objects are listed, too, and identified. Hosts of the plugin protocol that know identities want one of every object, which states of others do not have:
    /// for them it stays off.
    #[must_use]
    pub fn listing(mut self) -> Self {
        self.lists = true;
        self
    }

    fn schema(&self) -> &'static Arc<ProviderSchema> {
        if self.lists { &LISTING } else { &SCHEMA }
    }
}

#[async_trait]
impl ProviderFactory for Aws {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr {
            host: ProviderAddr::DEFAULT_HOST.into(),
            namespace: "hashicorp".into(),
            type_name: "aws".into(),
        }
    }

    fn version(&self) -> String {
        crate::VERSION.to_owned()
    }

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        Ok(ProviderInfo {
            schema: self.schema().clone(),
            abilities: Abilities {
                plan_destroy: true,
                trusts_current_state: true,
                resolves_tokens: true,
                ..Abilities::default()
            },
            reads_many: match self.environment.get("TERRANE_AWS_BULK").map(String::as_str) {
                Some("off") => std::collections::BTreeMap::new(),
                _ => resources::in_bulk(),
            },
        })
    }

    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        Ok(Arc::new(Instance {
            factory: self.clone(),
            cx: OnceLock::new(),
        }))
    }
}

#[async_trait]
impl Provider for Instance {
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        match self.answer(call).await {
            Ok(reply) => Ok(reply),
            Err(Refusal::Messages(diagnostics)) => Ok(Reply {
                answer: None,
                diagnostics,
            }),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }
}

/// What is known of a resource type.
pub(crate) struct Type<'a> {
    pub(crate) table: Option<&'static Table>,
    pub(crate) facts: Arc<TypeFacts>,
    pub(crate) schema: &'a Schema,
}

pub(crate) fn resource(name: &str) -> Answered<Type<'static>> {
    match (facts::of(Kind::Resource, name), SCHEMA.resources.get(name)) {
        (Some(facts), Some(schema)) => Ok(Type {
            table: resources::table(name),
            facts,
            schema,
        }),
        _ => Err(Refusal::error(
            "Unknown resource type",
            format!("The provider has no resource type {name}."),
        )),
    }
}

impl Instance {
    fn cx(&self) -> Answered<&Cx> {
        self.cx.get().ok_or_else(|| {
            Refusal::error(
                "Provider is not configured",
                "The configuration of the provider is not known yet, so AWS cannot be asked.",
            )
        })
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each call")]
    async fn answer(&self, call: Call) -> Answered<Reply> {
        match call {
            Call::ValidateProviderConfig { config } => Ok(done(config::check(&config))),
            Call::Configure { config, .. } => self.configure(&config).await,
            Call::ValidateResource { type_name, config } => {
                let about = resource(&type_name)?;
                conform::check(&config, about.schema, "configuration")?;
                Ok(done(check::check(&about.facts.block, &config)))
            }
            Call::ValidateDataSource { type_name, config } => {
                let Some(facts) = facts::of(Kind::Data, &type_name) else {
                    return Err(Refusal::error("Unknown data source", type_name.to_string()));
                };
                Ok(done(check::check(&facts.block, &config)))
            }
            Call::ReadDataSource {
                type_name, config, ..
            } => self.read_data(&type_name, &config).await,
            Call::Plan {
                type_name,
                prior,
                proposed,
                config,
                private,
                identity,
                ..
            } => {
                let request = PlanRequest {
                    prior,
                    proposed,
                    config,
                    private,
                    identity,
                };
                self.plan(&type_name, &request)
            }
            call @ Call::Read { .. } => self.read(call).await,
            Call::ReadMany {
                type_name, objects, ..
            } => self.read_many(&type_name, objects).await,
            Call::Apply { .. } => self.apply(call).await,
            Call::UpgradeState { type_name, stored } => {
                let about = resource(&type_name)?;
                if stored.schema_version > about.schema.version {
                    return Err(Refusal::error(
                        "Stored by a newer provider",
                        format!(
                            "The object was stored under version {} of the schema of {type_name}; this provider knows version {} and older ones.",
                            stored.schema_version, about.schema.version
                        ),
                    ));
                }
                let value = conform::decode_stored(&stored.json, about.schema.block.implied_type())
                    .map_err(|problem| Refusal::error("Unreadable stored object", problem))?;
                Ok(Reply::ok(Answer::Value(value)))
            }
            Call::Import { type_name, target } => self.import(&type_name, &target).await,
            Call::Resolve {
                type_name,
                token,
                planned,
            } => {
                let about = resource(&type_name)?;
                let resolution = match about.table {
                    Some(table) if !planned.is_null() => {
                        let run = self
                            .run(table, &about, Phase::Read, &planned, &token)
                            .await?;
                        run.resolve(&planned).await?
                    }
                    _ => Resolution::CannotTell,
                };
                Ok(Reply::ok(Answer::Resolved(resolution)))
            }
            Call::ValidateList {
                type_name, config, ..
            } => {
                Self::check_list(self.factory.schema(), &type_name, &config)?;
                Ok(done(Vec::new()))
            }
            Call::List {
                type_name,
                config,
                include_objects,
                limit,
            } => {
                Self::check_list(self.factory.schema(), &type_name, &config)?;
                self.list(&type_name, &config, (include_objects, limit))
                    .await
            }
            Call::UpgradeIdentity { type_name, stored } => {
                let lister = listing::lister(&type_name).ok_or_else(not_identified)?;
                let identity = listing::stored(lister, &stored.json)?;
                Ok(Reply::ok(Answer::Value(identity)))
            }
            Call::GetFunctions => Ok(Reply::ok(Answer::Functions(
                std::collections::BTreeMap::new(),
            ))),
            _ => Err(Refusal::error(
                "Not supported",
                "The provider does not support this operation.",
            )),
        }
    }

    async fn read_data(&self, type_name: &str, config: &Value) -> Answered<Reply> {
        let (Some(facts), Some(schema)) = (
            facts::of(Kind::Data, type_name),
            SCHEMA.data_sources.get(type_name),
        ) else {
            return Err(Refusal::error("Unknown data source", type_name.to_owned()));
        };
        conform::check(config, schema, "configuration")?;
        let state = data::read(self.cx.get(), type_name, (&facts, schema), config).await?;
        Ok(Reply::ok(Answer::Data {
            state,
            deferred: None,
        }))
    }

    async fn read(&self, call: Call) -> Answered<Reply> {
        let Call::Read {
            type_name,
            current,
            private,
            identity,
            ..
        } = call
        else {
            return Err(Refusal::error(
                "Unexpected call",
                "Not a reading of a resource.",
            ));
        };

        let about = resource(&type_name)?;
        let mut diagnostics = Vec::new();
        let state = match about.table {
            None => {
                diagnostics.push(not_looked_at(&type_name));
                current
            }
            Some(_) if current.is_null() => current,
            Some(table) => {
                conform::check(&current, about.schema, "object")?;
                let gone = Value::null(about.schema.block.implied_type().clone());
                let run = self.run(table, &about, Phase::Read, &current, "").await?;
                run.find(&current).await?.unwrap_or(gone)
            }
        };
        let answer = Answer::Read {
            state,
            private,
            identity,
            deferred: None,
        };
        Ok(Reply {
            answer: Some(answer),
            diagnostics,
        })
    }

    async fn configure(&self, config: &Value) -> Answered<Reply> {
        // What the settings depend on may not be known while planning: types that need AWS then say so.
        let needed = [
            "region",
            "access_key",
            "secret_key",
            "token",
            "profile",
            "endpoints",
            "assume_role",
            "default_tags",
            "ignore_tags",
            "allowed_account_ids",
            "forbidden_account_ids",
        ];
        if needed.iter().any(|name| args::is_unknown(config, name)) {
            return Ok(Reply::ok(Answer::Done));
        }
        let given = config::Given::new(config, &self.factory.environment);
        let (api, region, identity) = self.factory.door.open(&given).await?;
        let caller = identity.map(|identity| Caller {
            account: identity.account,
            arn: identity.arn,
            user_id: identity.user_id,
        });
        let cx = Cx {
            api,
            shapes: self.factory.shapes.clone(),
            region,
            default_tags: given.default_tags,
            ignored: given.ignored,
            poll_scale: given.poll_scale,
            caller: tokio::sync::OnceCell::new_with(caller),
        };
        // Configured once; a second time changes nothing.
        drop(self.cx.set(cx));
        Ok(Reply::ok(Answer::Done))
    }

    pub(crate) async fn run<'a>(
        &'a self,
        table: &'static Table,
        about: &'a Type<'_>,
        phase: Phase,
        object: &Value,
        token: &str,
    ) -> Answered<Run<'a>> {
        Run::begin(
            self.cx()?,
            (table, &about.facts, about.schema),
            phase,
            object,
            token,
        )
        .await
    }

    fn plan(&self, type_name: &str, request: &PlanRequest) -> Answered<Reply> {
        let about = resource(type_name)?;
        for (value, what) in [
            (&request.prior, "object"),
            (&request.proposed, "proposed object"),
            (&request.config, "configuration"),
        ] {
            conform::check(value, about.schema, what)?;
        }
        let response = if request.proposed.is_null() {
            terrane_provider::plan::PlanResponse::new(request, request.proposed.clone())
        } else {
            plan::plan(
                self.cx.get(),
                about.table,
                (&about.facts, about.schema),
                request,
            )
        };
        let mut diagnostics = match about.table {
            Some(table) if !request.proposed.is_null() => able::complaints(
                table,
                (&about.facts, about.schema),
                &*self.factory.shapes,
                request,
                &response,
            ),
            _ => Vec::new(),
        };
        diagnostics.extend(response.diagnostics);
        if about.table.is_none() && response.planned != request.prior {
            diagnostics.push(not_here(type_name));
        }
        Ok(Reply {
            answer: Some(Answer::Plan {
                planned: response.planned,
                requires_replace: response.requires_replace,
                private: response.private,
                identity: response.identity,
                legacy_type_system: true,
                deferred: response.deferred,
            }),
            diagnostics,
        })
    }

    async fn apply(&self, call: Call) -> Answered<Reply> {
        let Call::Apply {
            type_name,
            prior,
            planned,
            config,
            private,
            identity,
            token,
            ..
        } = call
        else {
            return Err(Refusal::error(
                "Unexpected call",
                "Not a change of a resource.",
            ));
        };
        let about = resource(&type_name)?;
        let Some(table) = about.table else {
            return Err(not_here(&type_name).into());
        };
        for (value, what) in [
            (&prior, "object"),
            (&planned, "planned object"),
            (&config, "configuration"),
        ] {
            conform::check(value, about.schema, what)?;
        }
        let gone = Value::null(about.schema.block.implied_type().clone());
        let Object {
            state, diagnostics, ..
        } = if planned.is_null() {
            if !prior.is_null() {
                let run = self
                    .run(table, &about, Phase::Delete, &prior, &token)
                    .await?;
                run.delete(&prior).await?;
            }
            Object::new(gone)
        } else if prior.is_null() {
            let run = self
                .run(table, &about, Phase::Create, &planned, &token)
                .await?;
            match run.create(&planned, &config).await {
                // A refusal that is certain: nothing was made, so there is nothing to look for.
                Err(Refusal::Messages(diagnostics)) => Object {
                    diagnostics,
                    ..Object::new(gone)
                },
                made => made?,
            }
        } else {
            let mut run = self
                .run(table, &about, Phase::Update, &planned, &token)
                .await?;
            run.update(&prior, &planned, &config).await?
        };
        Ok(Reply {
            answer: Some(Answer::Apply {
                state,
                private,
                identity,
                legacy_type_system: true,
            }),
            diagnostics,
        })
    }

    async fn import(&self, type_name: &EcoString, target: &ImportTarget) -> Answered<Reply> {
        let about = resource(type_name)?;
        let Some(table) = about.table else {
            return Err(not_here(type_name).into());
        };
        let (id, identity) = match target {
            ImportTarget::Id(id) => (id.to_string(), Value::NULL),
            ImportTarget::Identity(identity) => {
                let lister = listing::lister(type_name).ok_or_else(not_identified)?;
                let id = listing::import_id(lister, table, identity);
                let id = id.ok_or_else(|| not_told(type_name))?;
                (id, identity.clone())
            }
        };
        let blank = run::blank(&about.facts, about.schema);
        // An id may name the region, unless an at sign is a part of it.
        let (id, region) = match id.rsplit_once('@') {
            Some((id, region))
                if config::looks_like_region(region) && !about.facts.about.is_global() =>
            {
                (id, Some(region))
            }
            _ => (id.as_str(), None),
        };
        let blank = match region {
            Some(region) => args::with(&blank, "region", Value::string(region)),
            None => blank,
        };
        let run = self.run(table, &about, Phase::Read, &blank, "").await?;
        let Object { state, .. } = run.import(id, &blank).await?;
        Ok(Reply::ok(Answer::Objects(vec![ImportedObject {
            type_name: type_name.clone(),
            state,
            private: Private::default(),
            identity,
        }])))
    }
}

fn not_identified() -> Refusal {
    Refusal::error(
        "Not supported",
        "Objects of this type have no identity here: they are imported by id.",
    )
}

fn not_told(type_name: &str) -> Refusal {
    Refusal::error(
        "Incomplete identity",
        format!("The identity does not say which {type_name} is meant."),
    )
}

fn done(diagnostics: Vec<ProviderDiagnostic>) -> Reply {
    Reply {
        answer: Some(Answer::Done),
        diagnostics,
    }
}

fn not_here(type_name: &str) -> ProviderDiagnostic {
    ProviderDiagnostic::error(
        "Resource type cannot be changed yet",
        format!(
            "The AWS provider of this program knows the arguments of {type_name}, but not yet how to create, change or delete one. The plugin provider \
             hashicorp/aws can: docs/guide/aws.md says how to use it."
        ),
    )
}

fn not_looked_at(type_name: &str) -> ProviderDiagnostic {
    ProviderDiagnostic::warning(
        "Object is not refreshed",
        format!(
            "The AWS provider of this program cannot read {type_name} yet: the object is taken to be as it was stored."
        ),
    )
}
