//! Objects that exist and are to be managed from now on: the provider is asked for them, and what it says is held against what was asked.
//!
//! Three things lead here: `import` blocks of configured instances, those whose configuration is to be written
//! (`-generate-config-out`), and `terrane import`.

use super::imports::Wanted;
use super::prior::{Object, ObjectId, Stage};
use super::{Core, Waiting};
use crate::machine::{Progress, ProviderInstance};
use crate::rules;
use crate::stored;
use ecow::EcoString;
use std::collections::BTreeSet;
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_model::addr::{InstanceAddr, ProviderAddr};
use terrane_model::provider::{Call, ImportTarget, ImportedObject, Private};
use terrane_model::schema::IdentitySchema;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_value::convert::convert;
use terrane_value::{Kind, Value};

impl Core {
    /// Asks for an object. `None`: it can't be asked for, which was reported.
    pub(super) fn begin_import(
        &mut self,
        addr: &InstanceAddr,
        provider: &ProviderInstance,
        wanted: Wanted,
    ) -> Option<ObjectId> {
        let type_name = addr.resource.type_name.clone();
        let target = match self.identified(addr, provider, wanted.target) {
            Ok(target) => target,
            Err(problem) => {
                let problem = problem.at(wanted.target_span).within(wanted.span);
                self.diagnostics.push(problem.about(addr.to_string()));
                return None;
            }
        };
        let id = self.prior.objects.len();
        let schema = self.schema_of(provider.config, addr.resource.mode, &type_name);
        self.prior.objects.push(Object {
            declared: self.index.resource(&addr.resource),
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
            importing: Some(target.clone()),
            deferred: None,
            span: Some(wanted.span),
            waiters: Vec::new(),
        });
        self.progress
            .push(Progress::ImportStart(addr.clone(), target_text(&target)));
        self.ask(
            provider,
            Call::Import { type_name, target },
            Waiting::Object(id),
        );
        Some(id)
    }

    /// The target with an identity that has the form that the resource type says.
    fn identified(
        &self,
        addr: &InstanceAddr,
        provider: &ProviderInstance,
        target: ImportTarget,
    ) -> Result<ImportTarget, Diagnostic> {
        let ImportTarget::Identity(given) = target else {
            return Ok(target);
        };
        let type_name = &addr.resource.type_name;
        let provider = &self.config.provider(provider.config).addr.provider;
        let Some(schema) = self.identity_schema(provider, type_name) else {
            return Err(Diagnostic::error(
                &rules::adoption::NO_IDENTITY,
                format!(
                    "The provider {} says of {type_name} nothing by which an object could be identified. Use \"id\" instead of \"identity\".",
                    provider.for_display()
                ),
            ));
        };
        fit_identity(&given, schema, type_name)
            .map(ImportTarget::Identity)
            .map_err(|problem| Diagnostic::error(&rules::adoption::INVALID_IDENTITY, problem))
    }

    pub(super) fn identity_schema(
        &self,
        provider: &ProviderAddr,
        type_name: &str,
    ) -> Option<&Arc<IdentitySchema>> {
        self.infos.get(provider)?.schema.identities.get(type_name)
    }

    /// The stored form of an identity.
    pub(super) fn stored_identity(
        &self,
        provider: &ProviderAddr,
        type_name: &str,
        identity: &Value,
    ) -> Option<(u64, Arc<str>)> {
        if identity.is_null() {
            return None;
        }
        let version = self
            .identity_schema(provider, type_name)
            .map_or(0, |schema| schema.version);
        let text = stored::encode(identity, &identity.ty()).ok()?;
        Some((version, text))
    }

    /// The provider's answer to an import or a move.
    pub(super) fn objects_found(&mut self, id: ObjectId, found: Vec<ImportedObject>) {
        let object = &self.prior.objects[id];
        let type_name = object.addr.resource.type_name.clone();
        let Some(target) = object.importing.clone() else {
            return self.object_moved(id, found);
        };
        let asked = target_text(&target);
        let problem = |summary: &'static str, detail: String| {
            Err((rules::adoption::BAD_IMPORT_ANSWER.named(summary), detail))
        };
        let count = found.len();
        let mut fitting = found.into_iter().filter(|one| one.type_name == type_name);
        let chosen = match (fitting.next(), fitting.next()) {
            _ if count == 0 => problem(
                "Import returned no resources",
                format!(
                    "Asked for the {type_name} with {asked}, the provider returned nothing, and no reason for that. This is a bug in the provider."
                ),
            ),
            (None, _) => problem(
                "Import returned another type",
                format!(
                    "Asked for the {type_name} with {asked}, the provider returned an object of another type. This is a bug in the provider."
                ),
            ),
            (Some(_), _) if count > 1 => problem(
                "Multiple import states not supported",
                format!(
                    "Asked for the {type_name} with {asked}, the provider returned {count} objects. An address can have only one."
                ),
            ),
            (Some(one), _) if one.state.is_null() => problem(
                "Import returned null resource",
                format!(
                    "Asked for the {type_name} with {asked}, the provider returned nothing. This is a bug in the provider."
                ),
            ),
            (Some(one), _) => Ok(one),
        };
        let chosen = chosen.and_then(|one| match &target {
            ImportTarget::Identity(wanted)
                if !one.identity.is_null() && one.identity != *wanted && contradicts(wanted, &one.identity) =>
            {
                problem(
                    "Provider returned another object",
                    format!("Asked for the {type_name} with {asked}, the provider returned the one with {}. This is a bug in the provider.", identity_text(&one.identity)),
                )
            }
            _ => Ok(one),
        });
        match chosen {
            Ok(one) => {
                let object = &mut self.prior.objects[id];
                object.private = one.private;
                object.identity = one.identity;
                self.object_upgraded(id, one.state);
            }
            Err((summary, detail)) => {
                let object = &self.prior.objects[id];
                let mut diagnostic =
                    Diagnostic::error(summary, detail).about(object.addr.to_string());
                diagnostic.subject = object.span;
                self.diagnostics.push(diagnostic);
                self.object_failed(id);
            }
        }
    }

    /// An object of another type or provider, as the one that takes it over makes of it.
    fn object_moved(&mut self, id: ObjectId, found: Vec<ImportedObject>) {
        let object = &self.prior.objects[id];
        let type_name = object.addr.resource.type_name.clone();
        let one = found.into_iter().find(|one| one.type_name == type_name);
        let (Some(one), Some(schema)) = (one, object.schema.clone()) else {
            return self.unreadable(id, "the provider returned nothing for the moved object");
        };
        if one.state.is_null() {
            return self.unreadable(id, "the provider returned nothing for the moved object");
        }
        let provider = object
            .provider
            .as_ref()
            .map(|provider| self.config.provider(provider.config).addr.clone());
        let attributes = match stored::encode(&one.state, schema.block.implied_type()) {
            Ok(attributes) => attributes,
            Err(problem) => return self.unreadable(id, &problem),
        };
        let identity = provider
            .as_ref()
            .and_then(|addr| self.stored_identity(&addr.provider, &type_name, &one.identity));
        let object = &mut self.prior.objects[id];
        // From here on it is as if state had always held it in this form.
        let state = Arc::make_mut(&mut object.stored);
        state.attributes = attributes;
        state.schema_version = schema.version;
        state.private = one.private.clone();
        state.identity = identity;
        // Paths of the old type mean nothing in the new one.
        state.sensitive = Vec::new();
        object.private = one.private;
        object.identity = one.identity;
        if let Some(provider) = provider {
            object.provider_addr = provider;
        }
        self.object_upgraded(id, one.state);
    }

    /// What state is to hold for an object that was imported outside of a plan.
    pub(super) fn imported_state(&self, id: ObjectId) -> Result<ObjectState, String> {
        let object = &self.prior.objects[id];
        let (Some(schema), Some(provider)) = (&object.schema, &object.provider) else {
            return Err("its type has no schema".into());
        };
        let kept = crate::objchange::strip_write_only(&schema.block, &object.now);
        let configured = object.declared;
        let node =
            configured.map(|(module, at)| self.graph.id(crate::graph::Node::Resource(module, at)));
        let addr = &self.config.provider(provider.config).addr;
        Ok(ObjectState {
            status: Status::Ready,
            schema_version: schema.version,
            attributes: stored::encode(&kept, schema.block.implied_type())?,
            sensitive: crate::objchange::marked_paths(&crate::objchange::schema_marks(
                &schema.block,
                &kept,
            ))
            .into_iter()
            .map(|(path, _)| path)
            .collect(),
            private: object.private.clone(),
            dependencies: node
                .and_then(|node| self.resource_deps[node.index()].clone())
                .unwrap_or_else(|| Arc::from([])),
            create_before_destroy: node.is_some_and(|node| self.create_first[node.index()]),
            skip_destroy: configured.is_some_and(|(module, at)| {
                self.config.module(module).resources[at as usize]
                    .lifecycle
                    .skip_destroy
            }),
            identity: self.stored_identity(
                &addr.provider,
                &object.addr.resource.type_name,
                &object.identity,
            ),
            provider_key: provider.key.clone(),
            created_in_ms: None,
        })
    }

    /// The object is not there.
    pub(super) fn import_not_found(&mut self, id: ObjectId) {
        let object = &self.prior.objects[id];
        let addr = object.addr.to_string();
        let asked = object
            .importing
            .as_ref()
            .map(|target| format!(" with {}", target_text(target)))
            .unwrap_or_default();
        let mut diagnostic = Diagnostic::error(
            &rules::import::NO_OBJECT,
            format!("While attempting to import an existing object to {addr:?}, the provider detected that no object{asked} exists. Only pre-existing objects can be imported; check that the id is correct and that it is associated with the provider's configured region or endpoint, or create the object by removing the import block."),
        )
        .about(addr);
        diagnostic.subject = object.span;
        self.diagnostics.push(diagnostic);
        self.object_failed(id);
    }

    /// Where messages about an object point.
    pub(super) fn object_span(&self, id: ObjectId) -> Option<Span> {
        self.prior.objects[id]
            .span
            .or_else(|| self.declared_span(id))
    }
}

/// Whether an attribute that was asked for has another value in the answer.
fn contradicts(wanted: &Value, found: &Value) -> bool {
    let (Kind::Object(wanted), Kind::Object(found)) = (wanted.kind(), found.kind()) else {
        return true;
    };
    wanted.iter().any(|(name, value)| {
        !value.is_null() && found.get(name).is_some_and(|other| other != value)
    })
}

/// An identity with exactly the attributes that it must have; those that were not given and need not be are null.
fn fit_identity(given: &Value, schema: &IdentitySchema, type_name: &str) -> Result<Value, String> {
    let entries: Vec<(&EcoString, &Value)> = match given.kind() {
        Kind::Object(object) => object.iter().collect(),
        Kind::Map(map) => map.iter().collect(),
        _ => return Err("The import identity must be an object.".into()),
    };
    let known = |name: &&EcoString| schema.attributes.contains_key(*name);
    let list = |names: BTreeSet<&EcoString>| {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        names.join(", ")
    };
    let all = list(schema.attributes.keys().collect());
    let strange: BTreeSet<&EcoString> = entries
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !known(name))
        .collect();
    if !strange.is_empty() {
        return Err(format!(
            "The identity of {type_name} has no attribute {}. Its attributes are {all}.",
            list(strange)
        ));
    }
    let given = |name: &EcoString| {
        let found = entries.iter().find(|(known, _)| *known == name)?.1;
        (!found.is_null()).then_some(found)
    };
    let missing: BTreeSet<&EcoString> = schema
        .attributes
        .iter()
        .filter(|(name, (_, required))| *required && given(name).is_none())
        .map(|(name, _)| name)
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "The identity of {type_name} needs {} too. Its attributes are {all}.",
            list(missing)
        ));
    }
    let mut found = Vec::with_capacity(schema.attributes.len());
    for (name, (ty, _)) in &schema.attributes {
        let value = match given(name) {
            None => Value::null(ty.clone()),
            Some(value) => convert(value, ty).map_err(|problem| {
                format!("The identity attribute \"{name}\" of {type_name} is not valid: {problem}.")
            })?,
        };
        found.push((name.clone(), value));
    }
    Ok(Value::object(found))
}

/// `id "x"`, `identity {region = "x"}`.
pub(super) fn target_text(target: &ImportTarget) -> EcoString {
    match target {
        ImportTarget::Id(id) => ecow::eco_format!("id {id:?}"),
        ImportTarget::Identity(identity) => identity_text(identity),
    }
}

fn identity_text(identity: &Value) -> EcoString {
    let Kind::Object(object) = identity.kind() else {
        return "an unreadable identity".into();
    };
    let parts: Vec<String> = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let text = terrane_value::json::encode_plain(value).unwrap_or_else(|_| "?".into());
            format!("{name} = {text}")
        })
        .collect();
    ecow::eco_format!("identity {{{}}}", parts.join(", "))
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
