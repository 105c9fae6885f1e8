//! The usual plan of a change: what most resource types do, from their schema and a few rules.
//!
//! * On creation a computed attribute that the configuration does not set becomes unknown.
//! * On a change it keeps its value, unless a rule says that it is made anew.
//! * A default stands where the configuration says nothing.
//! * A change of an attribute that cannot change in place asks for a new object.
//! * Write-only attributes are planned as null.

use crate::args;
use ecow::EcoString;
use terrane_model::provider::{Deferred, Private, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, NestedBlock, NestedObject, Nesting, Schema};
use terrane_value::{Kind, Path, PathStep, Value};

#[cfg(test)]
mod tests;

/// What a provider is asked to plan. As in [`terrane_model::provider::Call::Plan`].
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The object as it is; null to create.
    pub prior: Value,
    /// Prior merged with the configuration; never null here (deletions are planned by the caller).
    pub proposed: Value,
    /// The configuration, which may hold unknowns.
    pub config: Value,
    /// Private bytes of the object.
    pub private: Private,
    /// Its identity, or null.
    pub identity: Value,
}

/// What a provider plans. As in [`terrane_model::provider::Answer::Plan`].
#[derive(Clone, Debug)]
pub struct PlanResponse {
    /// The object as it will be.
    pub planned: Value,
    /// Attributes whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// Private bytes for apply.
    pub private: Private,
    /// Identity as it will be, or null.
    pub identity: Value,
    /// Set if the provider can't tell yet.
    pub deferred: Option<Deferred>,
    /// Messages.
    pub diagnostics: Vec<ProviderDiagnostic>,
}

impl PlanRequest {
    /// Whether this is for a new object.
    #[must_use]
    pub fn creates(&self) -> bool {
        self.prior.is_null()
    }

    /// Whether the attribute will differ from what it is: its plan is another one, or not known. True on creation.
    #[must_use]
    pub fn changes(&self, name: &str) -> bool {
        !same(
            &args::get(&self.prior, name),
            &args::get(&self.proposed, name),
        )
    }
}

impl PlanResponse {
    /// This object, private bytes and identity as they were, no replacement.
    #[must_use]
    pub fn new(request: &PlanRequest, planned: Value) -> Self {
        Self {
            planned,
            requires_replace: Vec::new(),
            private: request.private.clone(),
            identity: request.identity.clone(),
            deferred: None,
            diagnostics: Vec::new(),
        }
    }
}

/// Whether two values are the same for a plan: both null, whatever of, or equal.
#[must_use]
pub fn same(left: &Value, right: &Value) -> bool {
    (left.is_null() && right.is_null()) || left == right
}

/// What the schema does not say about planning.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    replace: Vec<Vec<EcoString>>,
    defaults: Vec<(EcoString, Value)>,
    recomputed: Vec<EcoString>,
}

impl Rules {
    /// No rule.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A change of any of these needs a new object. A dot leads into nested blocks: `network.subnet`.
    #[must_use]
    pub fn replace(mut self, paths: &[&str]) -> Self {
        self.replace.extend(
            paths
                .iter()
                .map(|path| path.split('.').map(EcoString::from).collect()),
        );
        self
    }

    /// Where the configuration does not set this (optional and computed) attribute, it is this.
    #[must_use]
    pub fn unset_is(mut self, name: &str, value: Value) -> Self {
        self.defaults.push((name.into(), value));
        self
    }

    /// These computed attributes are unknown while any other attribute changes.
    #[must_use]
    pub fn recomputed(mut self, names: &[&str]) -> Self {
        self.recomputed
            .extend(names.iter().copied().map(EcoString::from));
        self
    }

    /// The usual plan.
    #[must_use]
    pub fn plan(&self, schema: &Schema, request: &PlanRequest) -> PlanResponse {
        let proposed = self.with_defaults(request);
        let proposed = without_write_only(&schema.block, &proposed);
        if !request.creates() && same_object(&proposed, &request.prior) {
            return PlanResponse::new(request, request.prior.clone());
        }
        let prior = (!request.creates()).then_some(&request.prior);
        let mut planned = fill_block(&schema.block, prior, &proposed);
        for name in self.recomputed.iter().filter(|_| prior.is_some()) {
            if !args::is_set(&request.config, name)
                && let Some(attribute) = schema.block.attributes.get(name)
            {
                planned = args::with(&planned, name, Value::unknown(attribute.value_type()));
            }
        }
        let requires_replace = self.replaced(request, &planned);
        PlanResponse {
            requires_replace,
            ..PlanResponse::new(request, planned)
        }
    }

    fn with_defaults(&self, request: &PlanRequest) -> Value {
        let unset = self
            .defaults
            .iter()
            .filter(|(name, _)| !args::is_set(&request.config, name))
            .map(|(name, value)| (name.as_str(), value.clone()));
        args::with_all(&request.proposed, unset)
    }

    /// The paths of rules that change. Empty on creation.
    #[must_use]
    pub fn replaced(&self, request: &PlanRequest, planned: &Value) -> Vec<Path> {
        let mut paths = Vec::new();
        if !request.creates() {
            for rule in &self.replace {
                changed_paths(rule, &request.prior, planned, &Path::new(), &mut paths);
            }
        }
        paths
    }
}

fn same_object(left: &Value, right: &Value) -> bool {
    match (left.kind(), right.kind()) {
        (Kind::Object(a), Kind::Object(b)) => {
            a.iter().len() == b.iter().len()
                && a.iter()
                    .zip(b.iter())
                    .all(|((name, left), (other, right))| name == other && same(left, right))
        }
        _ => left == right,
    }
}

/// Follows a rule into both values; where they differ at its end, or one of them ends before, notes the path.
fn changed_paths(
    rule: &[EcoString],
    prior: &Value,
    planned: &Value,
    path: &Path,
    out: &mut Vec<Path>,
) {
    if same(prior, planned) {
        return;
    }
    let Some((name, rest)) = rule.split_first() else {
        out.push(path.clone());
        return;
    };
    let missing = Value::NULL;
    match (prior.kind(), planned.kind()) {
        (Kind::List(a) | Kind::Tuple(a), Kind::List(b) | Kind::Tuple(b)) => {
            for at in 0..a.len().max(b.len()) {
                let index = Value::number(i64::try_from(at).unwrap_or(i64::MAX));
                let step = path.then(PathStep::Index(index));
                let (a, b) = (a.get(at).unwrap_or(&missing), b.get(at).unwrap_or(&missing));
                changed_paths(rule, a, b, &step, out);
            }
        }
        (Kind::Map(a), Kind::Map(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().iter().chain(b.keys()).collect();
            for key in keys {
                let step = path.index(Value::string(key.clone()));
                let (a, b) = (
                    a.get(key).unwrap_or(&missing),
                    b.get(key).unwrap_or(&missing),
                );
                changed_paths(rule, a, b, &step, out);
            }
        }
        // Elements of a set cannot be told apart: the whole set counts.
        (Kind::Set(_), _) | (_, Kind::Set(_) | Kind::Unknown(..)) => out.push(path.clone()),
        _ => {
            let step = path.attr(name.clone());
            let (a, b) = (
                prior.get(name).unwrap_or(&missing),
                planned.get(name).unwrap_or(&missing),
            );
            changed_paths(rest, a, b, &step, out);
        }
    }
}

/// Makes unknown what is computed, null, and has no prior object to keep a null from.
fn fill_block(block: &Block, prior: Option<&Value>, proposed: &Value) -> Value {
    let Kind::Object(content) = proposed.kind() else {
        return proposed.clone();
    };
    Value::object(content.iter().map(|(name, value)| {
        let before = prior.and_then(|prior| prior.get(name));
        let filled = if let Some(attribute) = block.attributes.get(name) {
            fill_attribute(attribute, before, value)
        } else if let Some(nested) = block.blocks.get(name) {
            fill_blocks(nested, before, value)
        } else {
            value.clone()
        };
        (name.clone(), filled)
    }))
}

fn fill_attribute(attribute: &Attribute, prior: Option<&Value>, proposed: &Value) -> Value {
    if proposed.is_null() {
        return if attribute.computed && prior.is_none() {
            Value::unknown(attribute.value_type())
        } else {
            proposed.clone()
        };
    }
    match attribute.nested() {
        Some(nested) => each(nested.nesting, prior, proposed, |prior, object| {
            fill_nested(nested, prior, object)
        }),
        None => proposed.clone(),
    }
}

fn fill_nested(nested: &NestedObject, prior: Option<&Value>, proposed: &Value) -> Value {
    let Kind::Object(content) = proposed.kind() else {
        return proposed.clone();
    };
    Value::object(content.iter().map(|(name, value)| {
        let before = prior.and_then(|prior| prior.get(name));
        let filled = nested
            .attributes
            .get(name)
            .map_or_else(|| value.clone(), |attr| fill_attribute(attr, before, value));
        (name.clone(), filled)
    }))
}

fn fill_blocks(nested: &NestedBlock, prior: Option<&Value>, proposed: &Value) -> Value {
    each(nested.nesting, prior, proposed, |prior, object| {
        fill_block(&nested.block, prior, object)
    })
}

/// Changes each object of a nesting, with the one that was in its place before.
fn each(
    nesting: Nesting,
    prior: Option<&Value>,
    proposed: &Value,
    change: impl Fn(Option<&Value>, &Value) -> Value,
) -> Value {
    let prior = prior.filter(|prior| !prior.is_null());
    match (nesting, proposed.kind()) {
        (Nesting::Single | Nesting::Group, Kind::Object(_)) => change(prior, proposed),
        (Nesting::List, Kind::List(_) | Kind::Tuple(_)) => proposed.map_children(|at, object| {
            change(prior.and_then(|prior| prior.children().get(at)), object)
        }),
        (Nesting::Map, Kind::Map(map)) => {
            let entries = map.iter().map(|(key, object)| {
                let before = prior.and_then(|prior| prior.get(key));
                (key.clone(), change(before, object))
            });
            Value::map(map.element_type().clone(), entries.collect())
        }
        (Nesting::Set, Kind::Set(items)) => {
            let Some(element) = proposed.ty().element().cloned() else {
                return proposed.clone();
            };
            let known: &[Value] = prior.map_or(&[], Value::children);
            let items = items
                .iter()
                .map(|object| {
                    let before = known.iter().find(|before| same_object(before, object));
                    change(before, object)
                })
                .collect();
            Value::set(element, items)
        }
        _ => proposed.clone(),
    }
}

/// The value with null in place of every write-only attribute.
#[must_use]
pub fn without_write_only(block: &Block, value: &Value) -> Value {
    if !block.has_write_only() {
        return value.clone();
    }
    let Kind::Object(content) = value.kind() else {
        return value.clone();
    };
    Value::object(content.iter().map(|(name, value)| {
        let stripped = if let Some(attribute) = block.attributes.get(name) {
            strip_attribute(attribute, value)
        } else if let Some(nested) = block.blocks.get(name) {
            each(nested.nesting, None, value, |_, object| {
                without_write_only(&nested.block, object)
            })
        } else {
            value.clone()
        };
        (name.clone(), stripped)
    }))
}

fn strip_attribute(attribute: &Attribute, value: &Value) -> Value {
    if attribute.write_only {
        return Value::null(attribute.value_type());
    }
    match attribute.nested() {
        Some(nested) if attribute.has_write_only() => {
            each(nested.nesting, None, value, |_, object| {
                let Kind::Object(content) = object.kind() else {
                    return object.clone();
                };
                Value::object(content.iter().map(|(name, value)| {
                    let stripped = nested
                        .attributes
                        .get(name)
                        .map_or_else(|| value.clone(), |attr| strip_attribute(attr, value));
                    (name.clone(), stripped)
                }))
            })
        }
        _ => value.clone(),
    }
}
