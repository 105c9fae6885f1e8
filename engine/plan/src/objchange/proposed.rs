//! What the configuration asks for, filled up with what the object already has.

use super::access::{attr, attribute_type, block_type, entry, item, object_like, same_unrefined};
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_model::schema::{Attribute, Block, NestedObject, Nesting};
use terrane_value::{Kind, Type, Value};

/// The object that results when the configuration is laid over the object as it is: what providers are given as a proposal.
///
/// What is configured is taken from the configuration; what is not, and may be set by the provider, is taken from `prior`.
/// Nested things are matched by place, key, or (in sets) by what is configured of them.
#[must_use]
pub fn proposed_new(block: &Block, prior: &Value, config: &Value) -> Value {
    if config.is_null() {
        return prior.clone();
    }
    merge_block(block, prior, config)
}

/// The object of a data source whose reading is put off: what is configured, and unknown for all that the provider will say.
#[must_use]
pub fn planned_unknown_object(block: &Block, config: &Value) -> Value {
    merge_block(block, &Value::unknown(block_type(block)), config)
}

/// What an element of something nested is.
#[derive(Clone, Copy)]
enum Inner<'a> {
    Block(&'a Block),
    Object(&'a NestedObject),
}

impl Inner<'_> {
    fn ty(self) -> Type {
        match self {
            Self::Block(block) => block_type(block),
            Self::Object(object) => object.object_type(),
        }
    }

    fn merge(self, prior: &Value, config: &Value) -> Value {
        match self {
            Self::Block(block) => merge_block(block, prior, config),
            Self::Object(_) if config.is_null() || !config.is_known() => config.clone(),
            Self::Object(object) => object_like(config, merged(&object.attributes, prior, config)),
        }
    }

    /// Whether an element is what this configuration could have become: it differs only where the provider may decide.
    fn may_come_from(self, prior: &Value, config: &Value) -> bool {
        match self {
            Self::Block(block) => block_may_come_from(block, prior, config),
            Self::Object(object) => attributes_may_come_from(&object.attributes, prior, config),
        }
    }
}

fn merge_block(block: &Block, prior: &Value, config: &Value) -> Value {
    if !config.is_known() || config.is_null() {
        return config.clone();
    }
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let ty = || nested.value_type();
        let (prior, config) = (attr(prior, name, ty), attr(config, name, ty));
        let merged = merge_nested(nested.nesting, Inner::Block(&nested.block), &prior, &config);
        (name.clone(), merged)
    });
    object_like(
        config,
        merged(&block.attributes, prior, config).chain(blocks),
    )
}

fn merged<'a>(
    attributes: &'a BTreeMap<EcoString, Attribute>,
    prior: &'a Value,
    config: &'a Value,
) -> impl Iterator<Item = (EcoString, Value)> + 'a {
    attributes.iter().map(move |(name, attribute)| {
        let ty = || attribute_type(attribute);
        let config = attr(config, name, ty);
        let value = match attribute.nested() {
            _ if attribute.computed && config.is_null() => {
                let prior = attr(prior, name, ty);
                if was_configured(attribute, &prior) {
                    config
                } else {
                    prior
                }
            }
            Some(nested) => {
                let prior = attr(prior, name, ty);
                merge_nested(nested.nesting, Inner::Object(nested), &prior, &config)
            }
            None => config,
        };
        (name.clone(), value)
    })
}

fn merge_nested(nesting: Nesting, inner: Inner<'_>, prior: &Value, config: &Value) -> Value {
    if !config.is_known() || config.is_null() {
        return config.clone();
    }
    match nesting {
        Nesting::Single | Nesting::Group => inner.merge(prior, config),
        Nesting::List => config.map_children(|at, config| match item(prior, at, || inner.ty()) {
            Some(prior) => inner.merge(&prior, config),
            None => config.clone(),
        }),
        Nesting::Map => {
            let keys = super::access::keys(config);
            config.map_children(|at, config| {
                let key = keys.get(at).map_or("", |key| key.as_str());
                match entry(prior, key, || inner.ty()) {
                    Some(prior) => inner.merge(&prior, config),
                    None => config.clone(),
                }
            })
        }
        Nesting::Set => merge_set(inner, prior, config),
    }
}

/// Elements of sets have no name by which to find each other again, so each configured element takes the first element of `prior`
/// that could have come from it and that no other took.
fn merge_set(inner: Inner<'_>, prior: &Value, config: &Value) -> Value {
    let mut unused: Vec<Option<&Value>> = prior.children().iter().map(Some).collect();
    let nothing = if prior.is_known() {
        Value::null(inner.ty())
    } else {
        Value::unknown(inner.ty())
    };
    let mut element = inner.ty();
    if let Kind::Set(_) = config.kind()
        && let Type::Set(ty) = config.ty()
    {
        element = (*ty).clone();
    }
    let items = config.children().iter().map(|config| {
        let mut candidates = unused.iter_mut();
        let taken = candidates
            .find(|prior| prior.is_some_and(|prior| inner.may_come_from(prior, config)))
            .and_then(Option::take);
        inner.merge(taken.unwrap_or(&nothing), config)
    });
    let items = items.collect();
    Value::set(element, items)
}

/// Whether the value of an optional nested attribute holds something that no provider can have set: then it was configured before,
/// and that it is not any more means that it goes.
fn was_configured(attribute: &Attribute, prior: &Value) -> bool {
    let Some(nested) = attribute.nested() else {
        return false;
    };
    attribute.optional && holds_configured(nested, prior)
}

fn holds_configured(nested: &NestedObject, value: &Value) -> bool {
    if value.is_null() || !value.is_known() {
        return false;
    }
    let of_object = |object: &Value| {
        nested.attributes.iter().any(|(name, attribute)| {
            object.get(name).is_some_and(|value| {
                !value.is_null()
                    && (!attribute.computed
                        || attribute
                            .nested()
                            .is_some_and(|nested| holds_configured(nested, value)))
            })
        })
    };
    match nested.nesting {
        Nesting::Single | Nesting::Group => of_object(value),
        Nesting::List | Nesting::Set | Nesting::Map => value.children().iter().any(of_object),
    }
}

fn block_may_come_from(block: &Block, prior: &Value, config: &Value) -> bool {
    if same_unrefined(prior, config) || prior.is_null() {
        return true;
    }
    if config.is_null() || !attributes_may_come_from(&block.attributes, prior, config) {
        return false;
    }
    block.blocks.iter().all(|(name, nested)| {
        let ty = || nested.value_type();
        let (prior, config) = (attr(prior, name, ty), attr(config, name, ty));
        nested_may_come_from(nested.nesting, Inner::Block(&nested.block), &prior, &config)
    })
}

fn attributes_may_come_from(
    attributes: &BTreeMap<EcoString, Attribute>,
    prior: &Value,
    config: &Value,
) -> bool {
    if same_unrefined(prior, config) || prior.is_null() {
        return true;
    }
    if config.is_null() {
        return false;
    }
    attributes.iter().all(|(name, attribute)| {
        let ty = || attribute_type(attribute);
        let (prior, config) = (attr(prior, name, ty), attr(config, name, ty));
        if same_unrefined(&prior, &config) {
            return true;
        }
        // Elements of an inner set can't be told from each other here, so the sets must be the same as a whole.
        if matches!(ty(), Type::Set(_)) {
            return false;
        }
        match attribute.nested() {
            Some(nested) if !config.is_null() => {
                nested_may_come_from(nested.nesting, Inner::Object(nested), &prior, &config)
            }
            Some(_) => attribute.computed && !was_configured(attribute, &prior),
            None => attribute.computed && config.is_null(),
        }
    })
}

fn nested_may_come_from(nesting: Nesting, inner: Inner<'_>, prior: &Value, config: &Value) -> bool {
    if same_unrefined(prior, config) || prior.is_null() {
        return true;
    }
    if config.is_null() {
        return false;
    }
    match nesting {
        Nesting::Single | Nesting::Group => inner.may_come_from(prior, config),
        Nesting::Set => false,
        Nesting::List => prior.children().iter().enumerate().all(|(at, prior)| {
            item(config, at, || inner.ty())
                .is_some_and(|config| inner.may_come_from(prior, &config))
        }),
        Nesting::Map => {
            let mut entries = super::access::keys(prior).iter().zip(prior.children());
            entries.all(|(key, prior)| {
                entry(config, key, || inner.ty())
                    .is_some_and(|config| inner.may_come_from(prior, &config))
            })
        }
    }
}
