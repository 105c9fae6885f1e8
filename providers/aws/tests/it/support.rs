//! An emulator, and a provider that speaks to it.

use crate::moto;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use terrane_aws::Aws;
use terrane_model::provider::{
    Answer, BulkRead, Call, CallFailure, ImportTarget, KnownObject, ListedObject, Private, Reply,
};
use terrane_model::schema::Schema;
use terrane_provider::{Provider, ProviderFactory as _, args};
use terrane_value::{Kind, Type, Value};

/// The emulator, started once; `None`: it is not installed here.
fn moto() -> Option<&'static moto::Moto> {
    static MOTO: LazyLock<Option<moto::Moto>> = LazyLock::new(moto::Moto::start);
    MOTO.as_ref()
}

/// A provider with an account of its own in the emulator.
fn aws(account: &str, endpoint: &str) -> Aws {
    let variables = [
        ("TERRANE_AWS_POLL_SCALE", "0".to_owned()),
        (
            "TERRANE_AWS_HEADERS",
            format!("x-moto-account-id: {account}"),
        ),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
    ];
    Aws::new(
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
    .listing()
}

/// What the emulator does not list, or not as AWS does.
pub(crate) const UNLISTED: &[&str] = &[
    "aws_cloudwatch_event_permission", // is made of another bus than the usual one here
    "aws_db_option_group",             // fails where no group is named
    "aws_lambda_function_url",         // has no list of them
];

/// Records are identified by their whole names, whatever a configuration calls them.
fn named<'n>(type_name: &str, attribute: &'n str) -> &'n str {
    match (type_name, attribute) {
        ("aws_route53_record", "name" | "id") => "fqdn",
        _ => attribute,
    }
}

/// A configured provider, and objects by what configurations write: JSON.
pub(crate) struct World {
    provider: Arc<dyn Provider>,
    schemas: Arc<terrane_model::schema::ProviderSchema>,
    tokens: AtomicU32,
    /// Whoever answers says what there is.
    lists: bool,
}

/// An object that was made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) type_name: String,
    pub(crate) state: Value,
}

impl Made {
    pub(crate) fn text(&self, name: &str) -> String {
        args::string(&self.state, name)
            .unwrap_or_else(|| panic!("{} has no {name}: {:?}", self.type_name, self.state))
            .to_owned()
    }
}

impl World {
    /// A provider with this configuration, and where the emulator is. `None`: there is no emulator.
    pub(crate) async fn new(config: serde_json::Value) -> Option<Self> {
        static ACCOUNT: AtomicU32 = AtomicU32::new(1);
        let moto = moto()?;
        let account = format!(
            "{:012}",
            500_000_000_000 + u64::from(ACCOUNT.fetch_add(1, Ordering::Relaxed))
        );
        let aws = aws(&account, &moto.endpoint());
        let world = Self::of(&aws, config).await;
        Some(Self {
            lists: true,
            ..world
        })
    }

    /// A configured provider.
    pub(crate) async fn of(aws: &Aws, config: serde_json::Value) -> Self {
        let mut config = config;
        for (name, value) in [
            ("access_key", json!("mock")),
            ("secret_key", json!("mock")),
            ("s3_use_path_style", json!(true)),
            ("max_retries", json!(2)),
            ("region", json!("eu-west-1")),
        ] {
            config[name] = value;
        }
        let schemas = aws.info().await.unwrap().schema;
        let provider = aws.start().await.unwrap();
        let world = Self {
            provider,
            schemas,
            tokens: AtomicU32::new(0),
            lists: false,
        };
        let config = block(&world.schemas.provider.block, &config);
        world
            .done(Call::Configure {
                config,
                may_defer: false,
            })
            .await;
        world
    }

    pub(crate) async fn done(&self, call: Call) -> Answer {
        let Reply {
            answer,
            diagnostics,
        } = self.provider.call(call.clone()).await.unwrap();
        assert!(
            diagnostics.iter().all(|one| !one.is_error),
            "{diagnostics:#?}"
        );
        answer.unwrap()
    }

    pub(crate) async fn try_call(&self, call: Call) -> Reply {
        self.provider.call(call).await.unwrap()
    }

    /// What comes of a change: the object, or why there is none.
    pub(crate) async fn outcome(
        &self,
        type_name: &str,
        prior: &Value,
        planned: &Value,
        config: &Value,
    ) -> Result<Reply, CallFailure> {
        let call = Call::Apply {
            type_name: type_name.into(),
            prior: prior.clone(),
            planned: planned.clone(),
            config: config.clone(),
            private: Private::default(),
            meta: Value::NULL,
            identity: Value::NULL,
            token: "token".into(),
        };
        self.provider.call(call).await
    }

    /// Plans and makes an object: what comes of it.
    pub(crate) async fn try_create(
        &self,
        type_name: &str,
        config: serde_json::Value,
    ) -> Result<Reply, CallFailure> {
        let config = self.config(type_name, &config);
        let none = self.null(type_name);
        let (planned, _) = self.plan(type_name, &none, &config).await;
        self.outcome(type_name, &none, &planned, &config).await
    }

    /// Deletes an object: what comes of it.
    pub(crate) async fn try_delete(
        &self,
        type_name: &str,
        state: &Value,
    ) -> Result<Reply, CallFailure> {
        let none = self.null(type_name);
        self.outcome(type_name, state, &none, &none).await
    }

    /// Plans and makes a change in place: what comes of it.
    pub(crate) async fn try_update(
        &self,
        type_name: &str,
        state: &Value,
        config: serde_json::Value,
    ) -> Result<Reply, CallFailure> {
        let config = self.config(type_name, &config);
        let (planned, _) = self.plan(type_name, state, &config).await;
        self.outcome(type_name, state, &planned, &config).await
    }

    /// The errors of a plan.
    pub(crate) async fn complaints(
        &self,
        type_name: &str,
        prior: Option<&Value>,
        config: serde_json::Value,
    ) -> Vec<String> {
        let config = self.config(type_name, &config);
        let prior = prior.cloned().unwrap_or_else(|| self.null(type_name));
        let call = Call::Plan {
            type_name: type_name.into(),
            proposed: proposed(&self.schema(type_name).block, &prior, &config),
            prior,
            config,
            private: Private::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        };
        let reply = self.try_call(call).await;
        let errors = reply.diagnostics.into_iter().filter(|one| one.is_error);
        errors
            .map(|one| format!("{}: {}", one.summary, one.detail))
            .collect()
    }

    /// What comes of a call, whatever it is.
    pub(crate) async fn attempt(&self, call: Call) -> Result<Reply, CallFailure> {
        self.provider.call(call).await
    }

    /// The arguments of a type.
    pub(crate) fn block(&self, type_name: &str) -> &terrane_model::schema::Block {
        &self.schema(type_name).block
    }

    fn schema(&self, type_name: &str) -> &Schema {
        self.schemas
            .resources
            .get(type_name)
            .unwrap_or_else(|| panic!("no {type_name}"))
    }

    pub(crate) fn config(&self, type_name: &str, config: &serde_json::Value) -> Value {
        block(&self.schema(type_name).block, config)
    }

    pub(crate) fn null(&self, type_name: &str) -> Value {
        Value::null(self.schema(type_name).block.implied_type().clone())
    }

    /// The plan from `prior` to a configuration: the plan, and what asks for a new object.
    pub(crate) async fn plan(
        &self,
        type_name: &str,
        prior: &Value,
        config: &Value,
    ) -> (Value, Vec<String>) {
        let proposed = proposed(&self.schema(type_name).block, prior, config);
        let answer = self
            .done(Call::Plan {
                type_name: type_name.into(),
                prior: prior.clone(),
                proposed,
                config: config.clone(),
                private: Private::default(),
                meta: Value::NULL,
                identity: Value::NULL,
            })
            .await;
        let Answer::Plan {
            planned,
            requires_replace,
            ..
        } = answer
        else {
            panic!("{answer:?}")
        };
        (
            planned,
            requires_replace
                .iter()
                .map(|path| format!("{path}"))
                .collect(),
        )
    }

    async fn apply(
        &self,
        type_name: &str,
        prior: &Value,
        planned: &Value,
        config: &Value,
    ) -> Value {
        let token = format!(
            "{}-{}",
            std::process::id(),
            self.tokens.fetch_add(1, Ordering::Relaxed)
        );
        let answer = self
            .done(Call::Apply {
                type_name: type_name.into(),
                prior: prior.clone(),
                planned: planned.clone(),
                config: config.clone(),
                private: Private::default(),
                meta: Value::NULL,
                identity: Value::NULL,
                token: token.into(),
            })
            .await;
        let Answer::Apply { state, .. } = answer else {
            panic!("{answer:?}")
        };
        assert!(state.is_wholly_known(), "{state:?}");
        state
    }

    /// How it is now.
    pub(crate) async fn read(&self, made: &Made) -> Value {
        let answer = self
            .done(Call::Read {
                type_name: made.type_name.as_str().into(),
                current: made.state.clone(),
                private: Private::default(),
                meta: Value::NULL,
                identity: Value::NULL,
            })
            .await;
        let Answer::Read { state, .. } = answer else {
            panic!("{answer:?}")
        };
        state
    }

    /// How these are now, all read in one call.
    pub(crate) async fn read_many(&self, all: &[&Made]) -> Vec<Value> {
        let objects = all.iter().map(|made| KnownObject {
            current: made.state.clone(),
            private: Private::default(),
            identity: Value::NULL,
        });
        let answer = self
            .done(Call::ReadMany {
                type_name: all[0].type_name.as_str().into(),
                objects: objects.collect(),
                meta: Value::NULL,
            })
            .await;
        let Answer::ReadMany(found) = answer else {
            panic!("{answer:?}")
        };
        let one = |found| match found {
            BulkRead::Read(Reply {
                answer: Some(Answer::Read { state, .. }),
                ..
            }) => state,
            other => panic!("{other:?}"),
        };
        found.into_iter().map(one).collect()
    }

    /// Plans and makes an object, reads it again, and plans again: nothing is to be done.
    pub(crate) async fn create(&self, type_name: &str, config: serde_json::Value) -> Made {
        let config = self.config(type_name, &config);
        let none = self.null(type_name);
        let (planned, _) = self.plan(type_name, &none, &config).await;
        let state = self.apply(type_name, &none, &planned, &config).await;
        agrees(type_name, &planned, &state);
        let made = Made {
            type_name: type_name.to_owned(),
            state,
        };
        let made = self.settled(made, &config).await;
        if self.lists && !UNLISTED.contains(&type_name) {
            self.is_listed(&made).await;
        }
        made
    }

    /// Among what is listed there is this one, once, and what identifies it leads to it.
    pub(crate) async fn is_listed(&self, made: &Made) {
        let type_name = made.type_name.as_str();
        let Some(listing) = self.schemas.list_resources.get(type_name) else {
            return;
        };
        let mut config = listing.block.empty_value();
        let needed = listing.block.attributes.iter();
        for (name, _) in needed.filter(|(name, about)| about.required || *name == "region") {
            config = args::with(&config, name, args::get(&made.state, name));
        }
        let answer = self
            .done(Call::List {
                type_name: type_name.into(),
                config,
                include_objects: false,
                limit: 0,
            })
            .await;
        let Answer::Listed(found) = answer else {
            panic!("{answer:?}")
        };
        let own = self.schemas.identities[type_name].attributes.iter();
        let own: Vec<_> = own.filter(|(name, _)| *name != "account_id").collect();
        let is_it = |one: &&ListedObject| {
            own.iter().all(|(name, (_, needed))| {
                let told = one.identity.get(name).filter(|value| !value.is_null());
                let attribute = named(type_name, name);
                // Some identities have names of their own for what is within a block.
                let same = |value| made.state.get(attribute).is_none_or(|known| known == value);
                told.map_or(!needed, same)
            })
        };
        let these: Vec<_> = found.iter().filter(is_it).collect();
        assert_eq!(these.len(), 1, "{made:?} is not listed: {found:#?}");
        let imported = self.import_by(type_name, &these[0].identity).await;
        let id = named(type_name, "id");
        assert_eq!(imported.get(id), made.state.get(id), "{type_name}");
    }

    /// Reads, and plans: nothing is to be done.
    async fn settled(&self, made: Made, config: &Value) -> Made {
        let state = self.read(&made).await;
        assert!(!state.is_null(), "{} is gone", made.type_name);
        // What goes with the time is no drift.
        let mut drift = differences(&made.state, &state);
        drift.retain(|line| !line.starts_with("latest_restorable_time"));
        let made = Made { state, ..made };
        let (planned, replaced) = self.plan(&made.type_name, &made.state, config).await;
        let left = differences(&made.state, &planned);
        assert!(
            left.is_empty(),
            "{}: not settled: {left:#?}\nreplaced: {replaced:?}\ndrift {drift:#?}",
            made.type_name
        );
        assert!(drift.is_empty(), "{}: drift {drift:#?}", made.type_name);
        made
    }

    /// Changes an object in place.
    pub(crate) async fn update(&self, made: &Made, config: serde_json::Value) -> Made {
        let config = self.config(&made.type_name, &config);
        let (planned, replaced) = self.plan(&made.type_name, &made.state, &config).await;
        assert!(replaced.is_empty(), "{replaced:?}");
        assert_ne!(planned, made.state, "{}: nothing to do", made.type_name);
        let state = self
            .apply(&made.type_name, &made.state, &planned, &config)
            .await;
        agrees(&made.type_name, &planned, &state);
        self.settled(
            Made {
                state,
                ..made.clone()
            },
            &config,
        )
        .await
    }

    /// Which attributes ask for a new object.
    pub(crate) async fn replaced(&self, made: &Made, config: serde_json::Value) -> Vec<String> {
        let config = self.config(&made.type_name, &config);
        self.plan(&made.type_name, &made.state, &config).await.1
    }

    /// Imports an object by an id: it is as it is known, but for these attributes.
    pub(crate) async fn import(&self, made: &Made, id: &str, but: &[&str]) {
        let answer = self
            .done(Call::Import {
                type_name: made.type_name.as_str().into(),
                target: ImportTarget::Id(id.into()),
            })
            .await;
        let Answer::Objects(objects) = answer else {
            panic!("{answer:?}")
        };
        let left: Vec<_> = differences(&made.state, &objects[0].state)
            .into_iter()
            .filter(|line| !but.iter().any(|name| line.starts_with(name)))
            .collect();
        assert!(
            left.is_empty(),
            "{}: imported otherwise: {left:#?}",
            made.type_name
        );
    }

    /// Imports an object by an id, and plans: nothing is to be done but for these attributes.
    pub(crate) async fn adopt(
        &self,
        made: &Made,
        id: &str,
        config: serde_json::Value,
        but: &[&str],
    ) {
        let call = Call::Import {
            type_name: made.type_name.as_str().into(),
            target: ImportTarget::Id(id.into()),
        };
        let Answer::Objects(objects) = self.done(call).await else {
            panic!("{} is not found", made.type_name)
        };
        let state = &objects[0].state;
        assert_eq!(state.get("id"), made.state.get("id"));
        let config = self.config(&made.type_name, &config);
        let (planned, replaced) = self.plan(&made.type_name, state, &config).await;
        let left: Vec<_> = differences(state, &planned)
            .into_iter()
            .filter(|line| !but.iter().any(|name| line.starts_with(name)))
            .collect();
        assert!(
            left.is_empty(),
            "{}: imported otherwise: {left:#?}\nreplaced: {replaced:?}",
            made.type_name
        );
    }

    /// Imports an object by what identifies it.
    pub(crate) async fn import_by(&self, type_name: &str, identity: &Value) -> Value {
        let answer = self
            .done(Call::Import {
                type_name: type_name.into(),
                target: ImportTarget::Identity(identity.clone()),
            })
            .await;
        let Answer::Objects(objects) = answer else {
            panic!("{answer:?}")
        };
        objects[0].state.clone()
    }

    /// Deletes an object: it is gone, and may be deleted again.
    pub(crate) async fn delete(&self, made: &Made) {
        let none = self.null(&made.type_name);
        for _ in 0..2 {
            let state = self.apply(&made.type_name, &made.state, &none, &none).await;
            assert!(state.is_null());
        }
        let state = self.read(made).await;
        assert!(state.is_null(), "{} is still there", made.type_name);
    }

    /// Deletes an object of which something stays.
    pub(crate) async fn let_go(&self, made: &Made) {
        let none = self.null(&made.type_name);
        self.apply(&made.type_name, &made.state, &none, &none).await;
    }

    /// Lists objects of a type, with all that is known of them.
    pub(crate) async fn list(&self, type_name: &str) -> Vec<ListedObject> {
        let listing = &self.schemas.list_resources[type_name];
        let answer = self
            .done(Call::List {
                type_name: type_name.into(),
                config: listing.block.empty_value(),
                include_objects: true,
                limit: 0,
            })
            .await;
        let Answer::Listed(objects) = answer else {
            panic!("{answer:?}")
        };
        objects
    }

    /// Reads a source of data.
    pub(crate) async fn data(&self, type_name: &str, config: serde_json::Value) -> Value {
        let config = block(
            &self.schemas.data_sources.get(type_name).unwrap().block,
            &config,
        );
        let answer = self
            .done(Call::ReadDataSource {
                type_name: type_name.into(),
                config,
                meta: Value::NULL,
            })
            .await;
        let Answer::Data { state, .. } = answer else {
            panic!("{answer:?}")
        };
        state
    }
}

/// What was planned and known is what came.
fn agrees(type_name: &str, planned: &Value, state: &Value) {
    let (Kind::Object(planned), Kind::Object(_)) = (planned.kind(), state.kind()) else {
        return;
    };
    for (name, value) in planned.iter().filter(|(_, value)| value.is_wholly_known()) {
        assert_eq!(state.get(name), Some(value), "{type_name}.{name}");
    }
}

/// The attributes that differ.
pub(crate) fn differences(left: &Value, right: &Value) -> Vec<String> {
    let (Kind::Object(left), Kind::Object(_)) = (left.kind(), right.kind()) else {
        return if left == right {
            Vec::new()
        } else {
            vec![format!("{left:?} / {right:?}")]
        };
    };
    left.iter()
        .filter(|(name, value)| right.get(name) != Some(value))
        .map(|(name, value)| format!("{name}: {value:?} / {:?}", right.get(name)))
        .collect()
}

/// A configuration from JSON.
pub(crate) fn block(schema: &terrane_model::schema::Block, config: &serde_json::Value) -> Value {
    let empty = schema.empty_value();
    let Kind::Object(attributes) = empty.kind() else {
        panic!()
    };
    let known = |name: &str| attributes.iter().any(|(other, _)| other == name);
    for name in config.as_object().unwrap().keys() {
        assert!(known(name), "no argument {name}");
    }
    let values = attributes.iter().map(|(name, none)| {
        let value = match (
            config.get(name.as_str()),
            schema.attributes.get(name),
            schema.blocks.get(name),
        ) {
            (None, ..) => none.clone(),
            (Some(json), Some(attribute), _) => decode(
                &padded(json, &attribute.value_type()),
                &attribute.value_type(),
            ),
            (Some(json), None, Some(nested)) => {
                let items = match json {
                    serde_json::Value::Array(items) => items.clone(),
                    one => vec![one.clone()],
                };
                let items: Vec<Value> = items
                    .iter()
                    .map(|item| block(&nested.block, item))
                    .collect();
                let element = nested.block.implied_type().clone();
                match nested.nesting {
                    terrane_model::schema::Nesting::Set => Value::set(element, items),
                    terrane_model::schema::Nesting::List => Value::list(element, items),
                    _ => items.into_iter().next().unwrap(),
                }
            }
            _ => panic!("{name}"),
        };
        (name.clone(), value)
    });
    Value::object(values.collect::<Vec<_>>())
}

/// With null for attributes of objects that are not written.
fn padded(json: &serde_json::Value, ty: &Type) -> serde_json::Value {
    match (json, ty) {
        (serde_json::Value::Array(items), Type::List(element) | Type::Set(element)) => {
            items.iter().map(|item| padded(item, element)).collect()
        }
        (serde_json::Value::Object(members), Type::Object(object)) => {
            for name in members.keys() {
                assert!(
                    object.attributes.contains_key(name.as_str()),
                    "no argument {name}"
                );
            }
            object
                .attributes
                .iter()
                .map(|(name, ty)| {
                    (
                        name.to_string(),
                        members
                            .get(name.as_str())
                            .map_or(serde_json::Value::Null, |item| padded(item, ty)),
                    )
                })
                .collect()
        }
        _ => json.clone(),
    }
}

fn decode(json: &serde_json::Value, ty: &Type) -> Value {
    terrane_value::json::decode(&json.to_string(), ty)
        .unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// As the engine proposes: the configuration, and what is computed as it was.
fn proposed(schema: &terrane_model::schema::Block, prior: &Value, config: &Value) -> Value {
    let Kind::Object(attributes) = config.kind() else {
        return config.clone();
    };
    Value::object(
        attributes
            .iter()
            .map(|(name, value)| {
                let computed = schema
                    .attributes
                    .get(name)
                    .is_some_and(|attribute| attribute.computed);
                let before = prior.get(name).cloned();
                let value = if value.is_null() && computed {
                    before.unwrap_or_else(|| value.clone())
                } else {
                    value.clone()
                };
                (name.clone(), value)
            })
            .collect::<Vec<_>>(),
    )
}
