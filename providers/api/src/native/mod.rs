//! What native providers are made of: one trait per kind of thing, and the provider that serves them.
//!
//! A provider in Rust is a list of [`Resource`]s, [`DataSource`]s, [`Listing`]s, [`Ephemeral`]s, [`Action`]s and [`NativeFunction`]s in a [`NativeProvider`], which
//! answers every [`Call`], refuses names that it does not know, plans deletions, and turns refusals into messages.

use crate::conform;
use crate::plan::{PlanRequest, PlanResponse, Rules};
use crate::{Provider, ProviderFactory};
use async_trait::async_trait;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{
    Abilities, Answer, Call, CallFailure, ImportTarget, ImportedObject, ListedObject, Private,
    ProviderDiagnostic, ProviderInfo, RawObject, Reply, Resolution,
};
use terrane_model::schema::{Function, IdentitySchema, ProviderSchema, Schema};
use terrane_value::Value;
use tokio::sync::watch;

mod action;
mod bulk;
mod configure;
mod dispatch;

pub use action::{Action, Invoked};
pub use configure::{Configurable, Configuration};

/// An object that a provider manages, with what is kept beside it.
#[derive(Clone, Debug)]
pub struct Object {
    /// The object.
    pub state: Value,
    /// Its private bytes.
    pub private: Private,
    /// Its identity, or null.
    pub identity: Value,
    /// Messages that come with it.
    pub diagnostics: Vec<ProviderDiagnostic>,
}

impl Object {
    /// An object with nothing beside it.
    #[must_use]
    pub fn new(state: Value) -> Self {
        Self {
            state,
            private: Private::default(),
            identity: Value::NULL,
            diagnostics: Vec::new(),
        }
    }
}

/// A change to be made. As in [`Call::Apply`].
#[derive(Clone, Debug)]
pub struct Change {
    /// The object as it is; null to create.
    pub prior: Value,
    /// What was planned; null to delete.
    pub planned: Value,
    /// The configuration, wholly known; null to delete.
    pub config: Value,
    /// Private bytes from the plan.
    pub private: Private,
    /// Planned identity, or null.
    pub identity: Value,
    /// A name for this very change.
    pub token: EcoString,
}

impl Change {
    /// The object with this state, the rest as planned.
    #[must_use]
    pub fn done(&self, state: Value) -> Object {
        Object {
            state,
            private: self.private.clone(),
            identity: self.identity.clone(),
            diagnostics: Vec::new(),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The input is wrong, or the world refused it.
    Messages(Vec<ProviderDiagnostic>),
    /// The world could not be asked.
    Failure(CallFailure),
}

impl Refusal {
    /// Refuses with one error.
    #[must_use]
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        ProviderDiagnostic::error(summary, detail).into()
    }
}

impl From<ProviderDiagnostic> for Refusal {
    fn from(diagnostic: ProviderDiagnostic) -> Self {
        Self::Messages(vec![diagnostic])
    }
}

impl From<CallFailure> for Refusal {
    fn from(failure: CallFailure) -> Self {
        Self::Failure(failure)
    }
}

/// An answer, or why there is none.
pub type Answered<T> = Result<T, Refusal>;

/// What reading many found of one object.
#[derive(Clone, Debug)]
pub enum Found {
    /// It is so.
    Is(Object),
    /// It is gone.
    Gone,
    /// It could not be read.
    Refused(Vec<ProviderDiagnostic>),
    /// It has to be read by a call of its own.
    Singly,
}

/// A type of managed resource.
#[async_trait]
pub trait Resource: Send + Sync + fmt::Debug {
    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// The rules of its usual plan. Asked once.
    fn rules(&self) -> Rules {
        Rules::new()
    }

    /// What identifies its objects, if they have identities.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// What is wrong with a configuration that fits the schema. It may hold unknowns.
    async fn validate(&self, _config: &Value) -> Vec<ProviderDiagnostic> {
        Vec::new()
    }

    /// What would come of a change that leaves an object.
    async fn plan(
        &self,
        schema: &Schema,
        rules: &Rules,
        request: PlanRequest,
    ) -> Answered<PlanResponse> {
        Ok(rules.plan(schema, &request))
    }

    /// Makes the object. The answer may hold an object *and* errors: it exists, but not as it should.
    async fn create(&self, change: Change) -> Answered<Object>;

    /// Changes the object in place. As usual for resources that live in state alone: it becomes what was planned.
    async fn update(&self, change: Change) -> Answered<Object> {
        Ok(change.done(change.planned.clone()))
    }

    /// Deletes the object. One that is gone already counts as deleted.
    async fn delete(&self, _change: Change) -> Answered<()> {
        Ok(())
    }

    /// How the object is now; `None` if it is gone. As usual for resources that live in state alone: as it was.
    async fn read(&self, object: Object) -> Answered<Option<Object>> {
        Ok(Some(object))
    }

    /// Whether objects can be read many at a time: how many one [`Resource::read_many`] takes at most; 0: as many as there are. Asked once.
    fn reads_many(&self) -> Option<u32> {
        None
    }

    /// How these objects are now, in their order. Only asked where [`Resource::reads_many`] says so. As usual: each has to be read singly. A
    /// refusal makes that of all of them.
    async fn read_many(&self, objects: Vec<Object>) -> Answered<Vec<Found>> {
        Ok(objects.into_iter().map(|_| Found::Singly).collect())
    }

    /// Finds an object to manage.
    async fn import(&self, _target: &ImportTarget) -> Answered<Object> {
        Err(Refusal::error(
            "Resource Import Not Implemented",
            "This resource type does not support import.",
        ))
    }

    /// Brings a stored object to the present schema. As usual: the attributes that there still are, null for new ones.
    async fn upgrade(&self, schema: &Schema, stored: &RawObject) -> Answered<Value> {
        conform::decode_stored(&stored.json, schema.block.implied_type())
            .map_err(|problem| Refusal::error("Unreadable stored object", problem))
    }

    /// Takes over an object of another type; `None` if it cannot.
    async fn take_over(&self, _from: &MoveFrom) -> Answered<Option<Object>> {
        Ok(None)
    }

    /// Whether its objects are nowhere but in the state. What was not stored then never was, and may be asked for again.
    fn lives_in_state_alone(&self) -> bool {
        false
    }

    /// What became of a change that was asked for before a crash.
    async fn resolve(&self, _token: &str, _planned: &Value) -> Answered<Resolution> {
        Ok(if self.lives_in_state_alone() {
            Resolution::NeverHappened
        } else {
            Resolution::CannotTell
        })
    }

    /// Whether a change may be given up half way when the provider is asked to stop: it only waits, and nothing is left behind.
    fn is_interruptible(&self) -> bool {
        false
    }
}

/// An object of another type that is to be taken over. As in [`Call::Move`].
#[derive(Clone, Debug)]
pub struct MoveFrom {
    /// Where it comes from: provider source.
    pub source_provider: EcoString,
    /// And type.
    pub source_type: EcoString,
    /// The stored object.
    pub stored: RawObject,
    /// Private bytes.
    pub private: Private,
}

/// A type of data source.
#[async_trait]
pub trait DataSource: Send + Sync + fmt::Debug {
    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// What is wrong with a configuration that fits the schema. It may hold unknowns.
    async fn validate(&self, _config: &Value) -> Vec<ProviderDiagnostic> {
        Vec::new()
    }

    /// Reads it. The configuration is wholly known.
    async fn read(&self, config: Value) -> Answered<(Value, Vec<ProviderDiagnostic>)>;
}

/// A listing of the objects of a resource type, its name that of the type: what there is, managed or not.
#[async_trait]
pub trait Listing: Send + Sync + fmt::Debug {
    /// The schema of its configuration. Asked once.
    fn schema(&self) -> Schema;

    /// What is wrong with a configuration that fits the schema. It may hold unknowns.
    async fn validate(&self, _config: &Value) -> Vec<ProviderDiagnostic> {
        Vec::new()
    }

    /// Lists. The configuration is wholly known.
    async fn list(
        &self,
        config: Value,
        wanted: Wanted,
    ) -> Answered<(Vec<ListedObject>, Vec<ProviderDiagnostic>)>;
}

/// What is wanted of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whole objects, not only identities and names.
    pub objects: bool,
    /// At most so many; 0: all.
    pub limit: u64,
}

/// An ephemeral resource that was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The object.
    pub result: Value,
    /// What is needed to renew and close it.
    pub private: Private,
    /// In how many milliseconds it must be renewed; `None`: never.
    pub renew_after_ms: Option<u64>,
}

/// A type of ephemeral resource. One that holds something open says so in [`Ephemeral::lease`], and renews and closes it.
#[async_trait]
pub trait Ephemeral: Send + Sync + fmt::Debug {
    /// Its schema. Asked once.
    fn schema(&self) -> Schema;

    /// What is wrong with a configuration that fits the schema. It may hold unknowns.
    async fn validate(&self, _config: &Value) -> Vec<ProviderDiagnostic> {
        Vec::new()
    }

    /// Opens it, where there is nothing to renew or to close. The configuration is wholly known.
    async fn open(&self, config: Value) -> Answered<Value>;

    /// Opens it.
    async fn lease(&self, config: Value) -> Answered<Lease> {
        Ok(Lease {
            result: self.open(config).await?,
            private: Private::default(),
            renew_after_ms: None,
        })
    }

    /// Keeps it open: what is needed from now on, and when it must be renewed next.
    async fn renew(&self, private: Private) -> Answered<(Private, Option<u64>)> {
        Ok((private, None))
    }

    /// Closes it.
    async fn close(&self, _private: Private) -> Answered<()> {
        Ok(())
    }
}

/// A function.
pub trait NativeFunction: Send + Sync + fmt::Debug {
    /// Its signature. Asked once.
    fn signature(&self) -> Function;

    /// Calls it with arguments that fit the signature.
    ///
    /// # Errors
    /// What is wrong, and with which argument.
    fn call(&self, arguments: &[Value]) -> Result<Value, (String, Option<u64>)>;
}

#[derive(Debug)]
struct ResourceEntry {
    schema: Arc<Schema>,
    rules: Rules,
    resource: Box<dyn Resource>,
}

#[derive(Debug)]
struct Parts {
    addr: ProviderAddr,
    version: String,
    schema: Arc<ProviderSchema>,
    abilities: Abilities,
    resources: BTreeMap<EcoString, ResourceEntry>,
    data_sources: BTreeMap<EcoString, Box<dyn DataSource>>,
    listings: BTreeMap<EcoString, Box<dyn Listing>>,
    ephemerals: BTreeMap<EcoString, Box<dyn Ephemeral>>,
    actions: BTreeMap<EcoString, Box<dyn Action>>,
    functions: BTreeMap<EcoString, Box<dyn NativeFunction>>,
    configuration: Option<Box<dyn Configuration>>,
}

/// A provider, and, if it has no configuration of its own, its factory (else see [`Configurable`]). Cheap to clone; a clone is the same instance.
#[derive(Clone, Debug)]
pub struct NativeProvider {
    parts: Arc<Parts>,
    stopped: Arc<watch::Sender<bool>>,
}

/// Collects the parts of a [`NativeProvider`].
#[derive(Debug)]
pub struct NativeBuilder {
    parts: Parts,
    schema: ProviderSchema,
}

impl NativeProvider {
    /// Begins a provider.
    #[must_use]
    pub fn builder(addr: ProviderAddr, version: impl Into<String>) -> NativeBuilder {
        NativeBuilder {
            parts: Parts {
                addr,
                version: version.into(),
                schema: Arc::default(),
                abilities: Abilities {
                    trusts_current_state: true,
                    ..Abilities::default()
                },
                resources: BTreeMap::new(),
                data_sources: BTreeMap::new(),
                listings: BTreeMap::new(),
                ephemerals: BTreeMap::new(),
                actions: BTreeMap::new(),
                functions: BTreeMap::new(),
                configuration: None,
            },
            schema: ProviderSchema::default(),
        }
    }
}

impl NativeBuilder {
    /// With a configuration of its own. Offer the provider as a [`Configurable`].
    #[must_use]
    pub fn configuration(mut self, configuration: impl Configuration + 'static) -> Self {
        self.schema.provider = configuration.schema();
        self.parts.configuration = Some(Box::new(configuration));
        self
    }

    /// With a resource type.
    #[must_use]
    pub fn resource(mut self, name: &str, resource: impl Resource + 'static) -> Self {
        let schema = Arc::new(resource.schema());
        self.schema.resources.insert(name.into(), schema.clone());
        if let Some(identity) = resource.identity() {
            self.schema
                .identities
                .insert(name.into(), Arc::new(identity));
        }
        let entry = ResourceEntry {
            schema,
            rules: resource.rules(),
            resource: Box::new(resource),
        };
        self.parts.resources.insert(name.into(), entry);
        self
    }

    /// With a data source.
    #[must_use]
    pub fn data_source(mut self, name: &str, source: impl DataSource + 'static) -> Self {
        self.schema
            .data_sources
            .insert(name.into(), Arc::new(source.schema()));
        self.parts
            .data_sources
            .insert(name.into(), Box::new(source));
        self
    }

    /// With a listing of the objects of a resource type.
    #[must_use]
    pub fn listing(mut self, type_name: &str, listing: impl Listing + 'static) -> Self {
        self.schema
            .list_resources
            .insert(type_name.into(), Arc::new(listing.schema()));
        self.parts
            .listings
            .insert(type_name.into(), Box::new(listing));
        self
    }

    /// With an ephemeral resource.
    #[must_use]
    pub fn ephemeral(mut self, name: &str, ephemeral: impl Ephemeral + 'static) -> Self {
        self.schema
            .ephemeral_resources
            .insert(name.into(), Arc::new(ephemeral.schema()));
        self.parts
            .ephemerals
            .insert(name.into(), Box::new(ephemeral));
        self
    }

    /// With a type of action.
    #[must_use]
    pub fn action(mut self, name: &str, action: impl Action + 'static) -> Self {
        self.schema
            .actions
            .insert(name.into(), Arc::new(action.schema()));
        self.parts.actions.insert(name.into(), Box::new(action));
        self
    }

    /// With a function.
    #[must_use]
    pub fn function(mut self, name: &str, function: impl NativeFunction + 'static) -> Self {
        self.schema
            .functions
            .insert(name.into(), Arc::new(function.signature()));
        self.parts.functions.insert(name.into(), Box::new(function));
        self
    }

    /// Calls never wait.
    #[must_use]
    pub fn instant(mut self) -> Self {
        self.parts.abilities.instant = true;
        self
    }

    /// It can say after a crash whether a change was made.
    #[must_use]
    pub fn resolves_tokens(mut self) -> Self {
        self.parts.abilities.resolves_tokens = true;
        self
    }

    /// It can take over objects of other types.
    #[must_use]
    pub fn moves_state(mut self) -> Self {
        self.parts.abilities.move_state = true;
        self
    }

    /// The provider.
    #[must_use]
    pub fn build(self) -> NativeProvider {
        let Self { mut parts, schema } = self;
        parts.schema = Arc::new(schema);
        NativeProvider {
            parts: Arc::new(parts),
            stopped: Arc::new(watch::Sender::new(false)),
        }
    }
}

#[async_trait]
impl ProviderFactory for NativeProvider {
    fn addr(&self) -> ProviderAddr {
        self.parts.addr.clone()
    }

    fn version(&self) -> String {
        self.parts.version.clone()
    }

    async fn info(&self) -> Result<ProviderInfo, CallFailure> {
        Ok(ProviderInfo {
            schema: self.parts.schema.clone(),
            abilities: self.parts.abilities,
            reads_many: self.parts.reads_many(),
        })
    }

    async fn start(&self) -> Result<Arc<dyn Provider>, CallFailure> {
        Ok(Arc::new(Self {
            parts: self.parts.clone(),
            stopped: Arc::new(watch::Sender::new(false)),
        }))
    }
}

#[async_trait]
impl Provider for NativeProvider {
    async fn call(&self, call: Call) -> Result<Reply, CallFailure> {
        let interruptible = self.parts.is_interruptible(&call);
        let answer = self.parts.answer(call);
        let answered = if interruptible {
            let mut stopped = self.stopped.subscribe();
            tokio::select! {
                answered = answer => answered,
                _ = stopped.wait_for(|stopped| *stopped) => Err(Refusal::error(
                    "Interrupted",
                    "The command was asked to stop.",
                )),
            }
        } else {
            answer.await
        };
        match answered {
            Ok(reply) => Ok(reply),
            Err(Refusal::Messages(diagnostics)) => Ok(Reply {
                answer: None,
                diagnostics,
            }),
            Err(Refusal::Failure(failure)) => Err(failure),
        }
    }

    async fn stop(&self) {
        self.stopped.send_replace(true);
    }
}

/// The answer to an import of one object.
fn imported(type_name: EcoString, object: Object) -> Reply {
    let Object {
        state,
        private,
        identity,
        diagnostics,
    } = object;
    Reply {
        answer: Some(Answer::Objects(vec![ImportedObject {
            type_name,
            state,
            private,
            identity,
        }])),
        diagnostics,
    }
}
