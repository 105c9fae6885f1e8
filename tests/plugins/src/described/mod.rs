//! A provider that is described by a file: real schemas, and a cloud that is nowhere.
//!
//! What is computed is unknown in a plan and something made up afterwards; data sources find what a second file says, or something made up. The same question
//! has the same answer, so that two engines that ask the same get the same.

pub mod facts;
mod fill;

use async_trait::async_trait;
use facts::{Described, Facts, object};
use serde_json::Value as Json;
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{
    Answer, Call, CallFailure, ImportTarget, ProviderDiagnostic, ProviderInfo, Reply,
};
use terrane_model::schema::Schema;
use terrane_provider::native::{
    Answered, Change, Configurable, Configuration, DataSource, NativeProvider, Object, Resource,
};
use terrane_provider::plan::{PlanRequest, PlanResponse, Rules};
use terrane_provider::{Provider, ProviderFactory, args};
use terrane_value::Value;

/// A provider that a file describes.
#[derive(Debug)]
pub struct DescribedFactory {
    inner: Configurable,
    meta: Option<Schema>,
    /// The types whose plans are not held to all rules.
    legacy: Arc<[String]>,
}

impl DescribedFactory {
    /// Of this description (see [`facts`]), with answers of data sources by type.
    ///
    /// # Errors
    /// A sentence without final period.
    pub fn new(addr: &ProviderAddr, description: &Json, answers: &Json) -> Described<Self> {
        let all = |kind: &str| {
            object(&description[kind])
                .map(|(name, about)| {
                    let facts = Facts::read(about).map_err(|why| format!("{name}: {why}"))?;
                    Ok((name.clone(), Arc::new(facts)))
                })
                .collect::<Described<Vec<_>>>()
        };
        let (resources, data_sources) = (all("resources")?, all("data_sources")?);
        let provider = Arc::new(Facts::read(&description["provider"])?);
        let meta = match &description["provider"]["provider_meta"] {
            Json::Null => None,
            meta => Some(Schema::new(0, Facts::read(meta)?.content.block())),
        };
        let legacy = resources
            .iter()
            .filter(|(_, facts)| facts.legacy)
            .map(|(name, _)| name.clone())
            .collect();
        let (addr, answers) = (addr.clone(), Arc::new(answers.clone()));
        let make = move || {
            let builder = NativeProvider::builder(addr.clone(), "99.0.0")
                .configuration(DescribedConfiguration(provider.clone()));
            let builder = resources.iter().fold(builder, |builder, (name, facts)| {
                let (name, facts) = (name.clone(), facts.clone());
                builder.resource(&name.clone(), DescribedResource { name, facts })
            });
            data_sources
                .iter()
                .fold(builder, |builder, (name, facts)| {
                    let source = DescribedData {
                        name: name.clone(),
                        facts: facts.clone(),
                        answers: answers[name].clone(),
                    };
                    builder.data_source(name, source)
                })
                .build()
        };
        Ok(Self {
            inner: Configurable::new(make),
            meta,
            legacy,
        })
    }
}

#[async_trait]
impl ProviderFactory for DescribedFactory {
    fn addr(&self) -> ProviderAddr {
        self.inner.addr()
    }

    fn version(&self) -> String {
        self.inner.version()
    }

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        let mut info = self.inner.info().await?;
        let mut schema = (*info.schema).clone();
        schema.provider_meta.clone_from(&self.meta);
        info.schema = Arc::new(schema);
        Ok(info)
    }

    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        Ok(Arc::new(DescribedProvider {
            inner: self.inner.start().await?,
            legacy: self.legacy.clone(),
        }))
    }
}

#[derive(Debug)]
struct DescribedProvider {
    inner: Arc<dyn Provider>,
    legacy: Arc<[String]>,
}

#[async_trait]
impl Provider for DescribedProvider {
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        let excused = match &call {
            Call::Plan { type_name, .. } | Call::Apply { type_name, .. } => {
                self.legacy.iter().any(|name| name == type_name)
            }
            _ => false,
        };
        let mut reply = self.inner.call(call).await?;
        if let Some(
            Answer::Plan {
                legacy_type_system, ..
            }
            | Answer::Apply {
                legacy_type_system, ..
            },
        ) = &mut reply.answer
        {
            *legacy_type_system = excused;
        }
        Ok(reply)
    }
}

#[derive(Debug)]
struct DescribedConfiguration(Arc<Facts>);

#[async_trait]
impl Configuration for DescribedConfiguration {
    fn schema(&self) -> Schema {
        Schema::new(self.0.version, self.0.content.block())
    }

    async fn configure(&self, _config: Value) -> Answered<Vec<ProviderDiagnostic>> {
        Ok(Vec::new())
    }
}

#[derive(Debug)]
struct DescribedResource {
    name: String,
    facts: Arc<Facts>,
}

#[async_trait]
impl Resource for DescribedResource {
    fn schema(&self) -> Schema {
        Schema::new(self.facts.version, self.facts.content.block())
    }

    fn rules(&self) -> Rules {
        let mut paths = Vec::new();
        self.facts.content.replacing("", &mut paths);
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        Rules::new().replace(&paths)
    }

    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        mut request: PlanRequest,
    ) -> Answered<PlanResponse> {
        let content = &self.facts.content;
        let prior = (!request.creates()).then(|| request.prior.clone());
        request.proposed = fill::defaults(content, prior.as_ref(), &request.proposed);
        let mut response = rules.plan(schema, &request);
        if request.creates() {
            response.planned = fill::blocks_of_the_provider(content, &response.planned);
        }
        Ok(response)
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        Ok(change.done(fill::known(&change.planned, &self.name)))
    }

    async fn update(&self, change: Change) -> Answered<Object> {
        Ok(change.done(fill::known(&change.planned, &self.name)))
    }

    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let block = self.facts.content.block();
        let id = match target {
            ImportTarget::Id(id) => Value::string(id.clone()),
            ImportTarget::Identity(_) => Value::string("by identity"),
        };
        Ok(Object::new(args::with(&block.empty_value(), "id", id)))
    }
}

#[derive(Debug)]
struct DescribedData {
    name: String,
    facts: Arc<Facts>,
    answers: Json,
}

#[async_trait]
impl DataSource for DescribedData {
    fn schema(&self) -> Schema {
        Schema::new(self.facts.version, self.facts.content.block())
    }

    async fn read(&self, config: Value) -> Answered<(Value, Vec<ProviderDiagnostic>)> {
        let found = fill::found(&self.facts.content, &self.answers, &config, &self.name);
        Ok((found, Vec::new()))
    }
}
