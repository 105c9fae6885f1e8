//! The life of an object, step by step, with the contract checked at each.

use super::{Case, CaseKind, apply_faults, config_value, plan_faults, proposed_new};
use crate::{Provider, conform};
use ecow::EcoString;
use std::sync::Arc;
use terrane_model::provider::{
    Answer, Call, ImportTarget, Private, ProviderInfo, RawObject, Reply,
};
use terrane_model::schema::{Block, Schema};
use terrane_value::{Kind, Path, PathStep, Type, Value, json};

pub(super) struct Run<'a> {
    pub(super) provider: &'a dyn Provider,
    pub(super) info: &'a ProviderInfo,
    pub(super) faults: Vec<String>,
    pub(super) at: String,
    pub(super) calls: u64,
}

/// An object during its life.
#[derive(Clone)]
struct Live {
    state: Value,
    private: Private,
    identity: Value,
}

/// The type of the object.
#[derive(Clone, Copy)]
struct Subject<'a> {
    type_name: &'a EcoString,
    schema: &'a Schema,
}

/// A plan of the provider.
struct Planned {
    planned: Value,
    requires_replace: Vec<Path>,
    private: Private,
    identity: Value,
}

impl Run<'_> {
    fn fault(&mut self, problem: impl std::fmt::Display) {
        self.faults.push(format!("{}: {problem}", self.at));
    }

    fn faults(&mut self, step: &str, problems: Vec<String>) {
        for problem in problems {
            self.fault(format_args!("{step}: {problem}"));
        }
    }

    /// The answer, or nothing and a fault.
    async fn ask(&mut self, step: &str, call: Call) -> Option<Answer> {
        match self.provider.call(call).await {
            Err(failure) => self.fault(format_args!("{step}: {}", failure.message)),
            Ok(reply) if reply.has_errors() => {
                self.fault(format_args!("{step}: {:?}", reply.diagnostics));
            }
            Ok(Reply {
                answer: Some(answer),
                ..
            }) => return Some(answer),
            Ok(_) => self.fault(format_args!("{step}: no answer and no error")),
        }
        None
    }

    fn fits(&mut self, step: &str, value: &Value, ty: &Type) {
        if let Some((path, problem)) = conform::mismatch(value, ty) {
            self.fault(format_args!("{step}: at {path:?}: {problem}"));
        }
    }

    /// Names that the provider does not have are refused with a message.
    pub(super) async fn bad_names(&mut self) {
        let type_name = EcoString::from("no_such_type");
        let config = Value::object::<EcoString>([]);
        let calls = [
            Call::ValidateResource {
                type_name: type_name.clone(),
                config: config.clone(),
            },
            Call::ValidateDataSource {
                type_name: type_name.clone(),
                config: config.clone(),
            },
            Call::Import {
                type_name: type_name.clone(),
                target: ImportTarget::Id("x".into()),
            },
            Call::ReadDataSource {
                type_name,
                config,
                meta: Value::NULL,
            },
        ];
        for call in calls {
            let text = format!("{call:?}");
            match self.provider.call(call).await {
                Ok(reply) if reply.has_errors() => {}
                Ok(_) => self.fault(format_args!("accepted {text}")),
                Err(failure) => self.fault(format_args!("failed on {text}: {}", failure.message)),
            }
        }
    }

    /// Values that do not fit are refused with a message, in every call.
    pub(super) async fn bad_values(&mut self) {
        let info = self.info;
        for (type_name, schema) in &info.schema.resources {
            self.at = format!("wrong values for {type_name}");
            for wrong in wrong_values(&schema.block) {
                for (step, call) in calls_with(type_name, &wrong) {
                    self.refuses(step, &wrong, call).await;
                }
            }
            for json in ["", "null", "[]", "7", "{\"id\":", "{\"id\":{\"id\":[[]]}}"] {
                let call = Call::UpgradeState {
                    type_name: type_name.clone(),
                    stored: RawObject {
                        schema_version: schema.version,
                        json: json.into(),
                    },
                };
                // Some texts may fit a type; none may make the provider panic or fail.
                if let Err(failure) = self.provider.call(call).await {
                    self.fault(format_args!("upgrade of {json}: {}", failure.message));
                }
            }
        }
        for (type_name, schema) in &info.schema.data_sources {
            self.at = format!("wrong values for data {type_name}");
            for wrong in wrong_values(&schema.block) {
                let call = Call::ReadDataSource {
                    type_name: type_name.clone(),
                    config: wrong.clone(),
                    meta: Value::NULL,
                };
                self.refuses("read", &wrong, call).await;
            }
        }
    }

    async fn refuses(&mut self, step: &str, wrong: &Value, call: Call) {
        match self.provider.call(call).await {
            Ok(reply) if reply.has_errors() => {}
            Ok(_) => self.fault(format_args!("{step} accepted {wrong:?}")),
            Err(failure) => {
                self.fault(format_args!("{step} of {wrong:?}: {}", failure.message));
            }
        }
    }

    pub(super) async fn case(&mut self, case: &Case) {
        let info = self.info;
        let found = match case.kind {
            CaseKind::Resource | CaseKind::Refused => info.schema.resources.get(&case.type_name),
            CaseKind::Data => info.schema.data_sources.get(&case.type_name),
        };
        let Some(schema) = found else {
            return self.fault("the provider has no such type");
        };
        let config = config_value(&schema.block, &case.config);
        self.fits("the case itself", &config, schema.block.implied_type());
        match case.kind {
            CaseKind::Resource => self.resource(case, schema, &config).await,
            CaseKind::Data => self.data(case, schema, &config).await,
            CaseKind::Refused => self.refused(case, &config).await,
        }
    }

    async fn refused(&mut self, case: &Case, config: &Value) {
        let call = Call::ValidateResource {
            type_name: case.type_name.clone(),
            config: config.clone(),
        };
        match self.provider.call(call).await {
            Ok(reply) if reply.has_errors() => {}
            Ok(_) => self.fault("a wrong configuration was accepted"),
            Err(failure) => self.fault(format_args!("validate: {}", failure.message)),
        }
    }

    async fn data(&mut self, case: &Case, schema: &Schema, config: &Value) {
        let type_name = &case.type_name;
        for config in variations(&schema.block, config) {
            let call = Call::ValidateDataSource {
                type_name: type_name.clone(),
                config,
            };
            self.ask("validate", call).await;
        }
        let call = Call::ReadDataSource {
            type_name: type_name.clone(),
            config: config.clone(),
            meta: Value::NULL,
        };
        match self.ask("read", call).await {
            Some(Answer::Data { state, .. }) => {
                self.fits("read", &state, schema.block.implied_type());
                if state.is_null() || !state.is_wholly_known() {
                    self.fault("read: null or not wholly known");
                }
            }
            Some(other) => self.fault(format_args!("read: the answer is {other:?}")),
            None => {}
        }
    }

    async fn resource(&mut self, case: &Case, schema: &Schema, config: &Value) {
        let type_name = &case.type_name;
        let of = Subject { type_name, schema };
        for config in variations(&schema.block, config) {
            let call = Call::ValidateResource {
                type_name: type_name.clone(),
                config: config.clone(),
            };
            self.ask("validate", call).await;
            self.plan(of, None, &config, "plan with unknowns").await;
        }
        let Some(mut live) = self.create(of, config, "create").await else {
            return;
        };
        self.settled(of, &mut live, config).await;
        if let Some(changed) = &case.changed {
            let changed = config_value(&schema.block, changed);
            self.fits(
                "the change of the case",
                &changed,
                schema.block.implied_type(),
            );
            if !self.change(of, &mut live, &changed).await {
                return;
            }
            self.settled(of, &mut live, &changed).await;
        }
        if let Some(id) = &case.import_id {
            self.import(of, id).await;
        }
        self.delete(of, live, case.vanishes).await;
    }

    async fn plan(
        &mut self,
        of: Subject<'_>,
        prior: Option<&Live>,
        config: &Value,
        step: &str,
    ) -> Option<Planned> {
        let ty = of.schema.block.implied_type();
        let none = Value::null(ty.clone());
        let before = prior.map_or(&none, |live| &live.state);
        let call = Call::Plan {
            type_name: of.type_name.clone(),
            prior: before.clone(),
            proposed: proposed_new(&of.schema.block, before, config),
            config: config.clone(),
            private: prior.map(|live| live.private.clone()).unwrap_or_default(),
            meta: Value::NULL,
            identity: prior.map_or(Value::NULL, |live| live.identity.clone()),
        };
        match self.ask(step, call).await? {
            Answer::Plan {
                planned,
                requires_replace,
                private,
                identity,
                legacy_type_system,
                deferred: _,
            } => {
                self.fits(step, &planned, ty);
                if !legacy_type_system {
                    self.faults(
                        step,
                        plan_faults(&of.schema.block, before, config, &planned),
                    );
                }
                for path in &requires_replace {
                    if lookup(&planned, path).is_none() && lookup(before, path).is_none() {
                        self.fault(format_args!("{step}: {path:?} leads nowhere"));
                    }
                }
                Some(Planned {
                    planned,
                    requires_replace,
                    private,
                    identity,
                })
            }
            other => {
                self.fault(format_args!("{step}: the answer is {other:?}"));
                None
            }
        }
    }

    async fn apply(
        &mut self,
        of: Subject<'_>,
        prior: Option<&Live>,
        plan: Planned,
        config: &Value,
        step: &str,
    ) -> Option<Live> {
        let ty = of.schema.block.implied_type();
        self.calls += 1;
        let call = Call::Apply {
            type_name: of.type_name.clone(),
            prior: prior.map_or_else(|| Value::null(ty.clone()), |live| live.state.clone()),
            planned: plan.planned.clone(),
            config: config.clone(),
            private: plan.private,
            meta: Value::NULL,
            identity: plan.identity,
            token: format!("conformance-{}", self.calls).into(),
        };
        match self.ask(step, call).await? {
            Answer::Apply {
                state,
                private,
                identity,
                legacy_type_system,
            } => {
                self.fits(step, &state, ty);
                if state.is_null() != plan.planned.is_null() || !state.is_wholly_known() {
                    self.fault(format_args!("{step}: null or not wholly known"));
                }
                if !legacy_type_system {
                    self.faults(step, apply_faults(&plan.planned, &state));
                }
                Some(Live {
                    state,
                    private,
                    identity,
                })
            }
            other => {
                self.fault(format_args!("{step}: the answer is {other:?}"));
                None
            }
        }
    }

    async fn create(&mut self, of: Subject<'_>, config: &Value, step: &str) -> Option<Live> {
        let plan = self.plan(of, None, config, step).await?;
        if !plan.requires_replace.is_empty() {
            self.fault(format_args!("{step}: replaces what does not exist yet"));
        }
        self.apply(of, None, plan, config, step).await
    }

    /// The object as the provider reads it; `None` if it is gone.
    async fn read(&mut self, of: Subject<'_>, live: &Live) -> Option<Live> {
        let call = Call::Read {
            type_name: of.type_name.clone(),
            current: live.state.clone(),
            private: live.private.clone(),
            meta: Value::NULL,
            identity: live.identity.clone(),
        };
        match self.ask("read", call).await? {
            Answer::Read {
                state,
                private,
                identity,
                ..
            } => Some(Live {
                state,
                private,
                identity,
            }),
            other => {
                self.fault(format_args!("read: the answer is {other:?}"));
                None
            }
        }
    }

    /// After a change: reading changes nothing, a second plan changes nothing, the stored object is its own upgrade.
    async fn settled(&mut self, of: Subject<'_>, live: &mut Live, config: &Value) {
        if let Some(read) = self.read(of, live).await {
            self.fits("read", &read.state, of.schema.block.implied_type());
            if read.state != live.state {
                let (was, is) = (&live.state, &read.state);
                self.fault(format_args!(
                    "read: differs after apply: {was:?}, then {is:?}"
                ));
            }
            *live = read;
        }
        let plan = self.plan(of, Some(&*live), config, "second plan").await;
        if let Some(plan) = plan {
            if plan.planned != live.state {
                let (was, is) = (&live.state, &plan.planned);
                self.fault(format_args!("second plan: not empty: {was:?}, then {is:?}"));
            }
            if !plan.requires_replace.is_empty() {
                let paths = plan.requires_replace;
                self.fault(format_args!("second plan: replaces because of {paths:?}"));
            }
        }
        let call = Call::UpgradeState {
            type_name: of.type_name.clone(),
            stored: RawObject {
                schema_version: of.schema.version,
                json: encode(&live.state, of.schema.block.implied_type()),
            },
        };
        match self.ask("upgrade", call).await {
            Some(Answer::Value(upgraded)) if upgraded != live.state => {
                let was = &live.state;
                self.fault(format_args!("upgrade: {was:?} became {upgraded:?}"));
            }
            Some(Answer::Value(_)) | None => {}
            Some(other) => self.fault(format_args!("upgrade: the answer is {other:?}")),
        }
    }

    /// Changes the object, in place or by a new one. False if that failed.
    async fn change(&mut self, of: Subject<'_>, live: &mut Live, config: &Value) -> bool {
        let step = "change";
        let Some(plan) = self.plan(of, Some(&*live), config, step).await else {
            return false;
        };
        let after = if plan.requires_replace.is_empty() {
            if plan.planned == live.state {
                self.fault("change: the plan is empty");
            }
            let prior = live.clone();
            self.apply(of, Some(&prior), plan, config, step).await
        } else {
            self.delete(of, live.clone(), false).await;
            self.create(of, config, "create again").await
        };
        match after {
            Some(after) => *live = after,
            None => return false,
        }
        true
    }

    async fn import(&mut self, of: Subject<'_>, id: &EcoString) {
        let call = Call::Import {
            type_name: of.type_name.clone(),
            target: ImportTarget::Id(id.clone()),
        };
        let object = match self.ask("import", call).await {
            Some(Answer::Objects(mut objects)) if objects.len() == 1 => objects.pop(),
            Some(other) => {
                self.fault(format_args!("import: the answer is {other:?}"));
                None
            }
            None => None,
        };
        let Some(object) = object else { return };
        let ty = of.schema.block.implied_type();
        self.fits("import", &object.state, ty);
        let live = Live {
            state: object.state,
            private: object.private,
            identity: object.identity,
        };
        if let Some(read) = self.read(of, &live).await {
            self.fits("read after import", &read.state, ty);
            if read.state.is_null() || !read.state.is_wholly_known() {
                self.fault("read after import: null or not wholly known");
            }
        }
    }

    async fn delete(&mut self, of: Subject<'_>, live: Live, vanishes: bool) {
        let null = Value::null(of.schema.block.implied_type().clone());
        if let Some(plan) = self.plan(of, Some(&live), &null, "plan to delete").await {
            self.apply(of, Some(&live), plan, &null, "delete").await;
        }
        if vanishes
            && let Some(read) = self.read(of, &live).await
            && !read.state.is_null()
        {
            self.fault("delete: the object is still there");
        }
    }
}

/// Values that are not of the type of a block.
fn wrong_values(block: &Block) -> Vec<Value> {
    let empty = block.empty_value();
    let mut all = vec![
        Value::string("no object"),
        Value::object::<EcoString>([]),
        Value::unknown(Type::String),
    ];
    for (name, attribute) in &block.attributes {
        let ty = attribute.value_type();
        if ty != Type::Dynamic {
            let wrong = Value::tuple(vec![Value::TRUE]);
            all.push(crate::args::with(&empty, name, wrong));
            all.push(crate::args::with(
                &empty,
                name,
                Value::null(Type::tuple([])),
            ));
        }
    }
    for name in block.blocks.keys() {
        all.push(crate::args::with(&empty, name, Value::string("no block")));
    }
    all
}

/// Calls about a resource with this value in them.
fn calls_with(type_name: &EcoString, value: &Value) -> [(&'static str, Call); 4] {
    let type_name = || type_name.clone();
    [
        (
            "validate",
            Call::ValidateResource {
                type_name: type_name(),
                config: value.clone(),
            },
        ),
        (
            "plan",
            Call::Plan {
                type_name: type_name(),
                prior: Value::NULL,
                proposed: value.clone(),
                config: value.clone(),
                private: Private::default(),
                meta: Value::NULL,
                identity: Value::NULL,
            },
        ),
        (
            "update",
            Call::Apply {
                type_name: type_name(),
                prior: value.clone(),
                planned: value.clone(),
                config: value.clone(),
                private: Private::default(),
                meta: Value::NULL,
                identity: Value::NULL,
                token: EcoString::new(),
            },
        ),
        (
            "create",
            Call::Apply {
                type_name: type_name(),
                prior: Value::NULL,
                planned: value.clone(),
                config: value.clone(),
                private: Private::default(),
                meta: Value::NULL,
                identity: Value::NULL,
                token: EcoString::new(),
            },
        ),
    ]
}

/// As it is stored.
fn encode(value: &Value, ty: &Type) -> Arc<str> {
    json::encode(value, ty).unwrap_or_default().into()
}

fn lookup(value: &Value, path: &Path) -> Option<Value> {
    path.0
        .iter()
        .try_fold(value.clone(), |value, step| match step {
            PathStep::Attr(name) => value.get(name).cloned(),
            PathStep::Index(key) => match (value.kind(), key.as_str(), crate::args::whole(key)) {
                (Kind::Map(map), Some(key), _) => map.get(key).cloned(),
                (Kind::List(items) | Kind::Tuple(items), _, Some(at)) => {
                    items.get(usize::try_from(at).ok()?).cloned()
                }
                (Kind::Set(items), _, _) => items.contains(key).then(|| key.clone()),
                _ => None,
            },
        })
}

/// The configuration as it is, and once for each attribute that it sets with an unknown value in its place.
fn variations(block: &Block, config: &Value) -> Vec<Value> {
    let mut all = vec![config.clone()];
    for (name, attribute) in &block.attributes {
        if crate::args::is_set(config, name) {
            let unknown = Value::unknown(attribute.value_type());
            all.push(crate::args::with(config, name, unknown));
        }
    }
    all
}
