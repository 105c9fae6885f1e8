//! Answers in place of providers: for provider configurations that are mocked, and for objects that are overridden.

use super::compose::{Composer, Missing};
use crate::drive::StandIn;
use crate::rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::config::{Config, ProviderId};
use terrane_config::test_file::{During, Mock, Override, OverrideKind};
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::{InstanceAddr, Mode};
use terrane_model::provider::{
    Answer, Call, ImportTarget, ImportedObject, Private, ProviderDiagnostic, RawObject, Reply,
};
use terrane_model::schema::{ProviderSchema, Schema};
use terrane_plan::machine::ProviderInstance;
use terrane_value::{Type, Value, json};

/// What answers in a run.
#[derive(Debug, Default)]
pub(super) struct Doubles {
    /// By provider configuration.
    mocked: BTreeMap<ProviderId, Mock>,
    /// Overrides of the run, then those of the file: the first list with one that fits counts.
    overrides: Vec<Vec<Override>>,
    schemas: BTreeMap<ProviderId, Arc<ProviderSchema>>,
    /// When values are there where nothing says so.
    during: Option<During>,
    /// Where blocks stand, for messages.
    places: BTreeMap<Span, String>,
}

/// The values for one object.
struct Given<'a> {
    values: Option<&'a Value>,
    during: During,
    place: &'a str,
}

impl Doubles {
    /// `overrides`: those of the run, then those of the file.
    pub(super) fn new(
        mocked: BTreeMap<ProviderId, Mock>,
        overrides: Vec<Vec<Override>>,
        schemas: BTreeMap<ProviderId, Arc<ProviderSchema>>,
        during: During,
        sources: &SourceMap,
    ) -> Self {
        let of_mocks = mocked.values().flat_map(|mock| {
            let overrides = mock.overrides.iter().map(|found| found.span);
            overrides.chain(mock.defaults.iter().map(|found| found.span))
        });
        let own = overrides.iter().flatten().map(|found| found.span);
        let places = of_mocks
            .chain(own)
            .map(|span| (span, sources.locate(span)))
            .collect();
        Self {
            mocked,
            overrides,
            schemas,
            during: Some(during),
            places,
        }
    }

    /// The override of an instance, and the default of when its values are there.
    fn overriding(
        &self,
        provider: ProviderId,
        about: &InstanceAddr,
    ) -> Option<(&Override, Option<During>)> {
        let mock = self.mocked.get(&provider);
        let lists = self
            .overrides
            .iter()
            .map(|list| (list, None))
            .chain(mock.map(|mock| (&mock.overrides, mock.during)));
        for (list, during) in lists {
            let mut best: Option<(usize, &Override)> = None;
            for found in list {
                let kind = match about.resource.mode {
                    Mode::Data => OverrideKind::Data,
                    Mode::Managed | Mode::Ephemeral | Mode::Action => OverrideKind::Resource,
                };
                if found.kind == kind
                    && let Some(keys) = found.fit(&about.resource.module, Some(about))
                    && best.is_none_or(|(most, _)| keys > most)
                {
                    best = Some((keys, found));
                }
            }
            if let Some((_, found)) = best {
                return Some((found, during));
            }
        }
        None
    }

    /// The values for an object that is answered for; `None`: it is not.
    fn given(
        &self,
        provider: ProviderId,
        about: Option<&InstanceAddr>,
        mode: Mode,
        type_name: &str,
    ) -> Option<Given<'_>> {
        let default = self.during.unwrap_or(During::Apply);
        let place = |span: &Span| self.places.get(span).map_or("", String::as_str);
        if let Some((found, during)) = about.and_then(|about| self.overriding(provider, about)) {
            return Some(Given {
                values: Some(&found.values),
                during: found.during.or(during).unwrap_or(default),
                place: place(&found.span),
            });
        }
        let mock = self.mocked.get(&provider)?;
        let defaults = mock
            .defaults
            .iter()
            .find(|defaults| defaults.mode == mode && defaults.type_name == type_name);
        Some(Given {
            values: defaults.map(|defaults| &defaults.values),
            during: defaults
                .and_then(|defaults| defaults.during)
                .or(mock.during)
                .unwrap_or(default),
            place: defaults.map_or("", |defaults| place(&defaults.span)),
        })
    }

    fn schema(&self, provider: ProviderId, mode: Mode, type_name: &EcoString) -> Option<&Schema> {
        let schemas = self.schemas.get(&provider)?;
        let found = match mode {
            Mode::Managed => schemas.resources.get(type_name),
            Mode::Data => schemas.data_sources.get(type_name),
            Mode::Ephemeral => schemas.ephemeral_resources.get(type_name),
            Mode::Action => schemas.actions.get(type_name),
        };
        found.map(AsRef::as_ref)
    }
}

impl StandIn for Doubles {
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of call")]
    fn answer(
        &self,
        provider: &ProviderInstance,
        about: Option<&InstanceAddr>,
        call: &Call,
    ) -> Option<Reply> {
        let id = provider.config;
        match call {
            Call::ValidateProviderConfig { .. } | Call::Configure { .. } => self
                .mocked
                .contains_key(&id)
                .then(|| Reply::ok(Answer::Done)),
            Call::UpgradeState { type_name, stored } => {
                self.given(id, about, Mode::Managed, type_name)?;
                let schema = self.schema(id, Mode::Managed, type_name)?;
                Some(upgrade(stored, schema.block.implied_type()))
            }
            Call::Read {
                type_name,
                current,
                private,
                identity,
                ..
            } => {
                self.given(id, about, Mode::Managed, type_name)?;
                Some(Reply::ok(Answer::Read {
                    state: current.clone(),
                    private: private.clone(),
                    identity: identity.clone(),
                    deferred: None,
                }))
            }
            Call::Plan { type_name, .. } | Call::Apply { type_name, .. } => {
                let given = self.given(id, about, Mode::Managed, type_name)?;
                let schema = self.schema(id, Mode::Managed, type_name)?;
                Some(change(call, schema, &given))
            }
            Call::ReadDataSource {
                type_name, config, ..
            } => {
                let given = self.given(id, about, Mode::Data, type_name)?;
                let schema = self.schema(id, Mode::Data, type_name)?;
                Some(compose(
                    schema,
                    config,
                    config,
                    Missing::MadeUp,
                    &given,
                    |state| Answer::Data {
                        state,
                        deferred: None,
                    },
                ))
            }
            Call::OpenEphemeral { type_name, config } => {
                let given = self.given(id, about, Mode::Ephemeral, type_name)?;
                let schema = self.schema(id, Mode::Ephemeral, type_name)?;
                Some(compose(
                    schema,
                    config,
                    config,
                    Missing::MadeUp,
                    &given,
                    ephemeral,
                ))
            }
            Call::RenewEphemeral { type_name, .. } => {
                self.given(id, about, Mode::Ephemeral, type_name)?;
                Some(Reply::ok(ephemeral(Value::NULL)))
            }
            Call::CloseEphemeral { type_name, .. } => {
                self.given(id, about, Mode::Ephemeral, type_name)?;
                Some(Reply::ok(Answer::Done))
            }
            Call::Import { type_name, target } => {
                let given = self.given(id, about, Mode::Managed, type_name)?;
                let schema = self.schema(id, Mode::Managed, type_name)?;
                Some(import(schema, type_name, target, &given))
            }
            // What concerns no object, or needs none of the world, is for the provider itself.
            Call::ValidateResource { .. }
            | Call::ValidateDataSource { .. }
            | Call::ValidateEphemeral { .. }
            | Call::UpgradeIdentity { .. }
            | Call::Move { .. }
            // Those that are gathered are not of what is mocked.
            | Call::ReadMany { .. }
            | Call::GetFunctions
            | Call::CallFunction { .. }
            | Call::List { .. }
            | Call::ValidateList { .. }
            | Call::ValidateAction { .. }
            | Call::PlanAction { .. }
            | Call::InvokeAction { .. }
            | Call::GenerateConfig { .. }
            | Call::Resolve { .. } => None,
        }
    }
}

fn ephemeral(result: Value) -> Answer {
    Answer::Ephemeral {
        result,
        private: Private::from([]),
        renew_after_ms: None,
    }
}

fn upgrade(stored: &RawObject, ty: &Type) -> Reply {
    match json::decode(&stored.json, ty) {
        Ok(value) => Reply::ok(Answer::Value(value)),
        Err(problem) => Reply::error(ProviderDiagnostic::error(
            "Invalid mocked object",
            format!(
                "An object of a mocked provider was stored in a form that its schema does not describe: {problem}."
            ),
        )),
    }
}

/// Plans or applies a change.
fn change(call: &Call, schema: &Schema, given: &Given<'_>) -> Reply {
    let nothing = Value::null(schema.block.implied_type().clone());
    let none = || Private::from([]);
    match call {
        Call::Plan {
            prior,
            proposed,
            config,
            private,
            identity,
            ..
        } => {
            let (private, identity) = (private.clone(), identity.clone());
            let plan = |planned: Value| Answer::Plan {
                planned,
                requires_replace: Vec::new(),
                private,
                identity,
                legacy_type_system: false,
                deferred: None,
            };
            if proposed.is_null() {
                return Reply::ok(plan(nothing));
            }
            // An object that is there already keeps what the provider decided.
            if !prior.is_null() {
                return Reply::ok(plan(proposed.clone()));
            }
            let values = given.values.filter(|_| given.during == During::Plan);
            let given = Given { values, ..*given };
            compose(schema, proposed, config, Missing::Unknown, &given, plan)
        }
        Call::Apply {
            planned,
            config,
            identity,
            ..
        } => {
            let identity = identity.clone();
            let apply = |state: Value| Answer::Apply {
                state,
                private: none(),
                identity,
                legacy_type_system: false,
            };
            if planned.is_null() {
                return Reply::ok(apply(nothing));
            }
            compose(schema, planned, config, Missing::MadeUp, given, apply)
        }
        _ => Reply::ok(Answer::Done),
    }
}

fn import(
    schema: &Schema,
    type_name: &EcoString,
    target: &ImportTarget,
    given: &Given<'_>,
) -> Reply {
    let empty = schema.block.empty_value();
    let base = match target {
        ImportTarget::Id(id) => Value::object(empty_attributes(&empty).map(|(name, value)| {
            let named = name == "id" && value.ty() == Type::String;
            let value = if named {
                Value::string(id.clone())
            } else {
                value
            };
            (name, value)
        })),
        ImportTarget::Identity(_) => empty,
    };
    compose(schema, &base, &base, Missing::MadeUp, given, |state| {
        Answer::Objects(vec![ImportedObject {
            type_name: type_name.clone(),
            state,
            private: Private::from([]),
            identity: Value::NULL,
        }])
    })
}

fn empty_attributes(value: &Value) -> impl Iterator<Item = (EcoString, Value)> {
    let found: Vec<_> = match value.kind() {
        terrane_value::Kind::Object(object) => object
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        _ => Vec::new(),
    };
    found.into_iter()
}

fn compose(
    schema: &Schema,
    base: &Value,
    config: &Value,
    missing: Missing,
    given: &Given<'_>,
    answer: impl FnOnce(Value) -> Answer,
) -> Reply {
    let mut composer = Composer::new(missing);
    let value = composer.object(&schema.block, base, config, given.values);
    let diagnostics: Vec<_> = composer
        .into_problems()
        .into_iter()
        .map(|(attribute, problem)| {
            let place = if given.place.is_empty() {
                String::new()
            } else {
                format!(" defined at {}", given.place)
            };
            ProviderDiagnostic::error(
                "Failed to compute attribute",
                format!(
                    "The mocked data{place} does not fit the attribute \"{attribute}\": {problem}."
                ),
            )
        })
        .collect();
    if diagnostics.is_empty() {
        return Reply::ok(answer(value));
    }
    Reply {
        answer: None,
        diagnostics,
    }
}

/// Warnings about overrides of what is not in the configuration.
pub(super) fn unused<'o>(
    config: &Config,
    overrides: impl Iterator<Item = &'o Override>,
) -> Vec<Diagnostic> {
    let missing = |found: &&Override| {
        let path: Vec<_> = found.target.modules.iter().map(|step| &step.name).collect();
        let module = config
            .modules
            .iter()
            .find(|module| module.path.0.iter().collect::<Vec<_>>() == path);
        match (module, &found.target.resource) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(module), Some(wanted)) => !module.resources.iter().any(|resource| {
                resource.mode == wanted.mode
                    && resource.type_name == wanted.type_name
                    && resource.name == wanted.name
            }),
        }
    };
    overrides
        .filter(missing)
        .map(|found| {
            let detail = format!(
                "The override target {} does not exist within the configuration under test. This could indicate a typo in the target address or an unnecessary override.",
                found.target_text()
            );
            Diagnostic::warning(&rules::test::UNUSED_OVERRIDE, detail).at(found.target_span)
        })
        .collect()
}
