//! `import` blocks: objects that exist and are to be managed from now on (`opentofu.md` 5.6, 5.10).

use super::prior::{Object, ObjectId, Stage};
use super::{Core, Waiting};
use crate::machine::ProviderInstance;
use crate::rules;
use crate::world::{Place, Repeat};
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::config::{Import, ModuleId};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::{InstanceAddr, InstanceKey, ModuleInstance, ModuleStep, ResourceAddr};
use terrane_model::provider::{Call, ImportTarget, Private};
use terrane_model::snapshot::{ObjectState, Status};
use terrane_value::{EcoString, Kind, Type, Value};

/// What is to be imported to one address.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) target: ImportTarget,
}

impl Core {
    /// Evaluates the import blocks of a resource: what is to be imported to which of its instances.
    pub(super) fn wanted_imports(
        &mut self,
        module: ModuleId,
        at: u32,
    ) -> BTreeMap<InstanceAddr, Wanted> {
        let config = self.config.clone();
        let mut wanted = BTreeMap::new();
        for import in config
            .imports
            .iter()
            .filter(|import| import.resource == Some((module, at)))
        {
            match self.evaluate_import(import) {
                Ok(list) => wanted.extend(list),
                Err(diagnostics) => self.diagnostics.extend(diagnostics),
            }
        }
        wanted
    }

    fn evaluate_import(&self, import: &Import) -> Result<Vec<(InstanceAddr, Wanted)>, Diagnostics> {
        let scope = self.world.scope(Place::ROOT);
        let Some(for_each) = &import.for_each else {
            return Ok(vec![self.one_import(import, &Repeat::None)?]);
        };
        let value = for_each.eval(&scope, &[])?.unmark_deep();
        let bad = |detail: &str| {
            Diagnostics::from(
                Diagnostic::error(&rules::import::INVALID_FOR_EACH, detail).at(for_each.span()),
            )
        };
        if !value.is_wholly_known() {
            return Err(bad(
                "The \"for_each\" value of an import block must be known when the plan is made.",
            ));
        }
        let entries: Vec<(EcoString, Value)> = match value.kind() {
            Kind::Map(map) => map
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            Kind::Object(object) => object
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            Kind::Set(items) => items
                .iter()
                .filter_map(|item| item.as_str().map(|text| (text.into(), item.clone())))
                .collect(),
            Kind::Tuple(items) => (0u64..)
                .zip(items)
                .map(|(at, item)| (ecow::eco_format!("{at}"), item.clone()))
                .collect(),
            _ => {
                return Err(bad(
                    "The \"for_each\" value of an import block must be a map, a set of strings or a tuple.",
                ));
            }
        };
        entries
            .into_iter()
            .map(|(key, value)| self.one_import(import, &Repeat::Each(key, value)))
            .collect()
    }

    fn one_import(
        &self,
        import: &Import,
        repeat: &Repeat,
    ) -> Result<(InstanceAddr, Wanted), Diagnostics> {
        let scope = self.world.scope(Place::ROOT).repeated(repeat.clone());
        let mut modules: Vec<ModuleStep> = import.to.modules.clone();
        let Some(resource) = &import.to.resource else {
            return Err(Diagnostics::new());
        };
        let mut key = resource.key.clone();
        for (depth, expr) in &import.keys {
            let value = expr.eval(&scope, &[])?.unmark_deep();
            let found = match value.kind() {
                Kind::String(text) => InstanceKey::Str(text.clone()),
                Kind::Number(number) if number.to_u64().is_some() => {
                    InstanceKey::Int(number.to_u64().unwrap_or_default())
                }
                _ => {
                    return Err(Diagnostic::error(
                        &rules::import::INVALID_KEY,
                        "An instance key must be a known string or whole number.",
                    )
                    .at(expr.span())
                    .into());
                }
            };
            match modules.get_mut(*depth) {
                Some(step) => step.key = Some(found),
                None => key = Some(found),
            }
        }
        let module = ModuleInstance(modules.into());
        let addr = ResourceAddr {
            module,
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        };
        let target = match (&import.id, &import.identity) {
            (Some(id), _) => {
                let bad = |detail: &str| {
                    Diagnostics::from(
                        Diagnostic::error(&rules::import::INVALID_ID, detail).at(id.span()),
                    )
                };
                let value = terrane_value::convert::convert(
                    &id.eval(&scope, &[])?.unmark_deep(),
                    &Type::String,
                )
                .map_err(|problem| bad(&format!("The import ID is not valid: {problem}.")))?;
                match value.kind() {
                    Kind::String(text) if !text.is_empty() => ImportTarget::Id(text.clone()),
                    Kind::String(_) => {
                        return Err(bad(
                            "The import ID value evaluates to an empty string; provide a non-empty value.",
                        ));
                    }
                    Kind::Null(_) => return Err(bad("The import ID cannot be null.")),
                    _ => {
                        return Err(bad(
                            "The import block \"id\" argument depends on resource attributes that cannot be determined until apply, so it can't be planned to import this resource.",
                        ));
                    }
                }
            }
            (None, Some(identity)) => {
                ImportTarget::Identity(identity.eval(&scope, &[])?.unmark_deep())
            }
            (None, None) => return Err(Diagnostics::new()),
        };
        Ok((addr.instance(key), Wanted { target }))
    }

    /// Begins to import an object for a task.
    pub(super) fn begin_import(
        &mut self,
        addr: &InstanceAddr,
        provider: &ProviderInstance,
        wanted: Wanted,
    ) -> ObjectId {
        let id = self.prior.objects.len();
        let type_name = addr.resource.type_name.clone();
        let schema = self.schema_of(provider.config, addr.resource.mode, &type_name);
        self.prior.objects.push(Object {
            addr: addr.clone(),
            previous: None,
            deposed: None,
            provider_addr: self.config.provider(provider.config).addr.clone(),
            provider: Some(provider.clone()),
            schema,
            stored: Arc::new(nothing_stored()),
            changed_at: 0,
            stage: Stage::Asked,
            old: Value::NULL,
            now: Value::NULL,
            private: Private::from([]),
            identity: Value::NULL,
            in_scope: true,
            claimed: true,
            importing: Some(wanted.target.clone()),
            waiters: Vec::new(),
        });
        self.ask(
            provider,
            Call::Import {
                type_name,
                target: wanted.target,
            },
            Waiting::Object(id),
        );
        id
    }

    /// Import blocks whose target has no configuration.
    pub(super) fn check_imports(&mut self) {
        for import in &self.config.imports {
            if import.resource.is_none() {
                let to = import
                    .to
                    .resource
                    .as_ref()
                    .map(|resource| format!("{}.{}", resource.type_name, resource.name))
                    .unwrap_or_default();
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::import::NO_CONFIGURATION,
                        format!("The configuration for the given import target {to} does not exist. All target instances must have an associated configuration to be imported."),
                    )
                    .at(import.span),
                );
            }
        }
    }
}

fn nothing_stored() -> ObjectState {
    ObjectState {
        status: Status::Ready,
        schema_version: 0,
        attributes: "{}".into(),
        sensitive: Vec::new(),
        private: Private::from([]),
        dependencies: Arc::from([]),
        create_before_destroy: false,
        skip_destroy: false,
        identity: None,
        provider_key: None,
        created_in_ms: None,
    }
}
