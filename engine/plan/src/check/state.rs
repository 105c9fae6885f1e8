//! A plan held against the state that it is applied to.
//!
//! A plan keeps what state held when it was made, and what it destroys or changes it names by that. Whoever carries a plan from one place to another can
//! write anything into it, so before it is applied all of that must be what state really holds: then the objects that people (or gates) looked at are
//! those that providers are asked about. What a provider said while the plan was made (what refresh found, how it read what an older version of it wrote)
//! can't be known here; it is part of what an approval is about.

use super::{Severity, Violation, name};
use crate::plan::{Action, Drift, Plan, ResourceChange};
use crate::stored;
use crate::view::text::Schemas;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_model::addr::{
    ConfigResource, DeposedKey, InstanceAddr, Mode, ProviderAddr, ResourceAddr,
};
use terrane_model::claim::Part;
use terrane_model::schema::Schema;
use terrane_model::snapshot::{ObjectState, ResourceState, Snapshot};
use terrane_value::{Kind, Value};

/// What a plan says of state and is not so. All of it is dangerous.
///
/// The plan is not stale: what it read is as it was then. `identities`: the version of what identifies the objects of a type, if anything does.
#[must_use]
pub fn against(
    plan: &Plan,
    snapshot: &Snapshot,
    schemas: Schemas<'_>,
    identities: Identities<'_>,
) -> Vec<Violation> {
    let mut held = Held {
        plan,
        snapshot,
        schemas,
        identities,
        names: names(plan),
        found: Vec::new(),
    };
    // What others have changed since, and the plan does not claim, is no matter: the store lets nothing be done to that.
    let is_held = |addr: &InstanceAddr, previous: Option<&InstanceAddr>| {
        let from = previous.unwrap_or(addr);
        let now = snapshot.instance(from);
        let now = now.map_or(0, |instance| instance.changed_at);
        let same = plan.base.read.get(from).copied().unwrap_or(0) == now;
        let mut places = std::iter::once(addr).chain(previous);
        same || places.any(|addr| plan.claim.access(&Part::Instance(addr.clone())).is_some())
    };
    held.moves();
    for change in &plan.changes {
        if is_held(&change.addr, change.previous_addr.as_ref()) {
            held.change(change);
        }
    }
    for drift in &plan.drift {
        if is_held(&drift.addr, drift.previous_addr.as_ref()) {
            held.drift(drift);
        }
    }
    held.found
}

/// Finds the version of the identity of a type.
pub type Identities<'a> = &'a dyn Fn(&ProviderAddr, &str) -> Option<u64>;

struct Held<'a> {
    plan: &'a Plan,
    snapshot: &'a Snapshot,
    schemas: Schemas<'a>,
    identities: Identities<'a>,
    /// Resources that are moved, with where to.
    names: BTreeMap<ConfigResource, BTreeSet<ConfigResource>>,
    found: Vec<Violation>,
}

/// An object that state holds.
#[derive(Clone, Copy)]
struct Real<'a> {
    resource: &'a ResourceState,
    object: &'a Arc<ObjectState>,
}

impl<'a> Held<'a> {
    fn say(&mut self, subject: String, problem: &str) {
        self.found.push(Violation {
            severity: Severity::Dangerous,
            subject,
            problem: problem.to_owned(),
        });
    }

    fn real(&self, addr: &InstanceAddr, deposed: Option<&DeposedKey>) -> Option<Real<'a>> {
        let resource = self.snapshot.resources.get(&addr.resource)?;
        let instance = resource.instances.get(&addr.key)?;
        let object = match deposed {
            None => instance.current.as_ref(),
            Some(key) => instance.deposed.get(key),
        };
        object.map(|object| Real { resource, object })
    }

    /// Nothing is moved to where something is that stays.
    fn moves(&mut self) {
        let from: BTreeSet<&InstanceAddr> = self.plan.moves.iter().map(|(from, _)| from).collect();
        for (_, to) in &self.plan.moves {
            let occupied = self.snapshot.instance(to).is_some() && !from.contains(to);
            if occupied {
                self.say(to.to_string(), "would take the place of another object");
            }
        }
    }

    fn change(&mut self, change: &ResourceChange) {
        let from = change.previous_addr.as_ref().unwrap_or(&change.addr);
        let real = self.real(from, change.deposed.as_ref());
        let managed = change.addr.resource.mode == Mode::Managed;
        match (&change.stored, real) {
            (Some(stored), Some(real)) => {
                if !self.is_same(&change.addr, change, stored, real) {
                    self.say(
                        name(change),
                        "the plan holds another object than the state does",
                    );
                } else if managed && change.importing.is_none() && change.action != Action::NoOp {
                    self.before(change, real);
                }
            }
            (Some(_), None) => self.say(name(change), "the plan holds an object, the state none"),
            (None, Some(_)) => {
                // What is read anew replaces what was read before.
                let is_gone = || {
                    let drift = self.drift_of(change);
                    drift.is_some_and(|drift| drift.after.is_null())
                };
                if managed && !is_gone() {
                    self.say(
                        name(change),
                        "the state holds an object of which the plan knows nothing",
                    );
                }
            }
            (None, None) => {
                let made_up = !change.before.is_null() && change.importing.is_none();
                if managed && made_up {
                    self.say(name(change), "the plan holds an object, the state none");
                }
            }
        }
    }

    /// The object that is changed or destroyed is that of the state, or what refresh says that it is by now.
    fn before(&mut self, change: &ResourceChange, real: Real<'_>) {
        let is_taken_over = taken_over(change, real);
        let found = match self.drift_of(change) {
            Some(drift) => equal(&drift.after, &change.before),
            None if is_taken_over => true,
            None => self.is_read_as(change, real.object, &change.before),
        };
        if !found {
            let problem = "the plan says of the object what the state does not";
            self.say(name(change), problem);
            return;
        }
        // An identity that was never stored was told by the provider.
        let Some((_, kept)) = real.object.identity.as_ref().filter(|_| !is_taken_over) else {
            return;
        };
        let stored = change.stored.as_ref();
        let same_form = stored.is_some_and(|stored| stored.identity == real.object.identity);
        let identity = &change.before_identity;
        let told = !identity.is_null() && self.drift_of(change).is_none();
        if same_form && told && !is_identity(kept, identity) {
            self.say(
                name(change),
                "the plan names the object otherwise than the state",
            );
        }
    }

    fn drift(&mut self, drift: &Drift) {
        let subject = match &drift.deposed {
            Some(key) => format!("{} (deposed object {key})", drift.addr),
            None => drift.addr.to_string(),
        };
        let from = drift.previous_addr.as_ref().unwrap_or(&drift.addr);
        let Some(real) = self.real(from, drift.deposed.as_ref()) else {
            return self.say(
                subject,
                "the plan has news of an object that the state does not hold",
            );
        };
        let change = self.change_of(drift);
        let is_taken_over = change.is_some_and(|change| taken_over(change, real))
            || drift.provider.provider != real.resource.provider.provider
            || from.resource.type_name != drift.addr.resource.type_name;
        let schema = self.schema(&drift.provider.provider, &drift.addr.resource);
        let is_read = schema
            .as_ref()
            .is_some_and(|schema| read_as(schema, real.object, &drift.before));
        if !is_taken_over && !is_read {
            return self.say(
                subject,
                "the plan says of the object what the state does not",
            );
        }
        let kept = change.is_none_or(|change| change.provider == drift.provider);
        if drift.provider != real.resource.provider && !kept {
            return self.say(
                subject,
                "would be given to another provider by being looked at",
            );
        }
        let Some(refreshed) = &drift.refreshed else {
            return;
        };
        let stored = change.and_then(|change| change.stored.as_deref());
        let expected = ObjectState {
            schema_version: refreshed.schema_version,
            attributes: refreshed.attributes.clone(),
            private: refreshed.private.clone(),
            ..stored.map_or_else(
                || self.renamed(real.object, &refreshed.dependencies),
                Clone::clone,
            )
        };
        let recorded = **refreshed == expected
            && (refreshed.attributes == real.object.attributes
                || stored.is_some_and(|stored| stored.attributes == refreshed.attributes)
                || schema.is_some_and(|schema| read_as(&schema, refreshed, &drift.after)));
        if !recorded {
            self.say(subject, "something else would be recorded than was found");
        }
    }

    /// Whether what a plan holds of an object is what state holds, but for what planning brings up to date.
    fn is_same(
        &self,
        addr: &InstanceAddr,
        change: &ResourceChange,
        stored: &Arc<ObjectState>,
        real: Real<'_>,
    ) -> bool {
        if Arc::ptr_eq(stored, real.object) {
            return true;
        }
        let mut expected = self.renamed(real.object, &stored.dependencies);
        let version = (self.identities)(&change.provider.provider, &addr.resource.type_name);
        let is_older = |(before, _): &(u64, _)| version.is_some_and(|version| *before < version);
        if real.object.identity.as_ref().is_some_and(is_older) {
            // Upgraded by the provider.
            expected.identity.clone_from(&stored.identity);
        }
        if addr.resource.mode == Mode::Managed && taken_over(change, real) {
            expected.attributes = stored.attributes.clone();
            expected.schema_version = stored.schema_version;
            expected.private = stored.private.clone();
            expected.identity.clone_from(&stored.identity);
            expected.sensitive.clone_from(&stored.sensitive);
        }
        **stored == expected
    }

    /// A stored object with the dependencies that a plan holds of it, if these are its own under the names that they have after the moves.
    fn renamed(&self, object: &ObjectState, planned: &Arc<[ConfigResource]>) -> ObjectState {
        let mut object = object.clone();
        let none = BTreeSet::new();
        let new = |name: &ConfigResource| self.names.get(name).unwrap_or(&none);
        let kept = object
            .dependencies
            .iter()
            .all(|old| planned.contains(old) || new(old).iter().any(|name| planned.contains(name)));
        let own = |name: &ConfigResource| {
            let mut all = object.dependencies.iter();
            all.any(|old| old == name || new(old).contains(name))
        };
        if kept && planned.iter().all(own) {
            object.dependencies = planned.clone();
        }
        object
    }

    fn is_read_as(&self, change: &ResourceChange, object: &ObjectState, value: &Value) -> bool {
        let schema = self.schema(&change.provider.provider, &change.addr.resource);
        schema.is_some_and(|schema| read_as(&schema, object, value))
    }

    fn schema(&self, provider: &ProviderAddr, addr: &ResourceAddr) -> Option<Arc<Schema>> {
        (self.schemas)(provider, addr.mode, &addr.type_name)
    }

    fn drift_of(&self, change: &ResourceChange) -> Option<&'a Drift> {
        let place = (&change.addr, &change.deposed);
        let drift = &self.plan.drift;
        let at = drift.binary_search_by(|one| (&one.addr, &one.deposed).cmp(&place));
        drift.get(at.ok()?)
    }

    fn change_of(&self, drift: &Drift) -> Option<&'a ResourceChange> {
        let place = (&drift.addr, &drift.deposed);
        let changes = &self.plan.changes;
        let at = changes.binary_search_by(|one| (&one.addr, &one.deposed).cmp(&place));
        changes.get(at.ok()?)
    }
}

/// New names by the moves of a plan.
fn names(plan: &Plan) -> BTreeMap<ConfigResource, BTreeSet<ConfigResource>> {
    let mut names: BTreeMap<ConfigResource, BTreeSet<ConfigResource>> = BTreeMap::new();
    for (from, to) in &plan.moves {
        let (old, new) = (from.resource.config(), to.resource.config());
        if old != new {
            names.entry(old).or_default().insert(new);
        }
    }
    names
}

/// Whether another type or provider takes the object over, which gives it another form.
fn taken_over(change: &ResourceChange, real: Real<'_>) -> bool {
    let from = change.previous_addr.as_ref();
    from.is_some_and(|from| {
        from.resource.type_name != change.addr.resource.type_name
            || real.resource.provider.provider != change.provider.provider
    })
}

/// Whether a value is what an object of the state says. What an older version of the provider wrote it alone can read: of that only what names the object is looked at.
fn read_as(schema: &Schema, object: &ObjectState, value: &Value) -> bool {
    let value = value.unmark_deep();
    if object.schema_version != schema.version {
        let kept: Option<serde_json::Value> = serde_json::from_str(&object.attributes).ok();
        let kept = kept.as_ref().and_then(|kept| kept.get("id")?.as_str());
        let said = value.get("id").and_then(Value::as_str);
        return kept.is_none() || said.is_none() || kept == said;
    }
    let kept = stored::decode(&object.attributes, schema.block.implied_type());
    kept.is_ok_and(|kept| kept == value || alike(&kept, &value))
}

fn equal(one: &Value, other: &Value) -> bool {
    one == other || one.unmark_deep() == other.unmark_deep()
}

/// Whether two values differ in nothing but what is absent and what is empty: providers read the one as the other.
fn alike(one: &Value, other: &Value) -> bool {
    if one == other || is_empty(one) && is_empty(other) {
        return true;
    }
    match (one.kind(), other.kind()) {
        (Kind::Object(one), Kind::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| alike(value, other)))
        }
        (Kind::Map(one), Kind::Map(other)) => {
            let of = |map: &terrane_value::MapValue, name: &str| {
                map.get(name).cloned().unwrap_or(Value::NULL)
            };
            let names = one.iter().chain(other.iter()).map(|(name, _)| name);
            let mut names = names.collect::<BTreeSet<_>>().into_iter();
            names.all(|name| alike(&of(one, name), &of(other, name)))
        }
        (Kind::List(one), Kind::List(other))
        | (Kind::Set(one), Kind::Set(other))
        | (Kind::Tuple(one), Kind::Tuple(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other.iter())
                    .all(|(one, other)| alike(one, other))
        }
        _ => false,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || match value.kind() {
            Kind::Bool(truth) => !truth,
            Kind::Number(number) => number.to_u64() == Some(0),
            Kind::String(text) => text.is_empty(),
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => items.is_empty(),
            Kind::Map(map) => map.is_empty(),
            Kind::Object(object) => object.iter().all(|(_, value)| is_empty(value)),
            Kind::Null(_) => true,
            Kind::Unknown(..) | Kind::Marked(..) => false,
        }
}

/// Whether a text is what a value would be stored as.
fn is_identity(kept: &str, value: &Value) -> bool {
    let said = stored::encode(value, &value.ty());
    let tree = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    said.is_ok_and(|said| {
        *said == *kept || tree(&said).is_some_and(|said| Some(said) == tree(kept))
    })
}
