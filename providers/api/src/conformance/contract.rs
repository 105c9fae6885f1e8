//! The rules on values that pass between engine and provider (`opentofu.md` 5.8), written for the suite alone: the planner has its own, so that
//! each checks the other.

use std::collections::BTreeMap;
use terrane_model::schema::{Attribute, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{Kind, Type, Value};

/// What is inside one object: attributes and blocks, or attributes alone.
#[derive(Clone, Copy)]
enum Shape<'a> {
    Block(&'a Block),
    Nested(&'a NestedObject),
}

/// How a name in a shape is to be treated.
enum Part<'a> {
    Leaf(&'a Attribute),
    Objects(Nesting, Shape<'a>, Option<&'a Attribute>),
}

impl<'a> Shape<'a> {
    fn part(self, name: &str) -> Option<Part<'a>> {
        let attribute = match self {
            Self::Block(block) => block.attributes.get(name),
            Self::Nested(nested) => nested.attributes.get(name),
        };
        match (self, attribute) {
            (_, Some(attribute)) => Some(match attribute.nested() {
                Some(nested) => {
                    Part::Objects(nested.nesting, Shape::Nested(nested), Some(attribute))
                }
                None => Part::Leaf(attribute),
            }),
            (Self::Block(block), None) => {
                let NestedBlock { nesting, block, .. } = block.blocks.get(name)?;
                Some(Part::Objects(*nesting, Shape::Block(block), None))
            }
            (Self::Nested(_), None) => None,
        }
    }
}

/// Prior merged with the configuration: what is proposed to the provider.
#[must_use]
pub fn proposed_new(block: &Block, prior: &Value, config: &Value) -> Value {
    if config.is_null() {
        return config.clone();
    }
    let empty = block.empty_value();
    let prior = if prior.is_null() { &empty } else { prior };
    propose(Shape::Block(block), prior, config)
}

fn propose(shape: Shape<'_>, prior: &Value, config: &Value) -> Value {
    let Kind::Object(content) = config.kind() else {
        return config.clone();
    };
    Value::object(content.iter().map(|(name, config)| {
        // Where nothing was, the null of the configuration stands: it is of the right type.
        let before = prior.get(name).unwrap_or(config);
        let proposed = match shape.part(name) {
            Some(Part::Leaf(attribute)) if attribute.computed && config.is_null() => before.clone(),
            Some(Part::Objects(_, _, Some(attribute)))
                if attribute.computed && config.is_null() =>
            {
                before.clone()
            }
            Some(Part::Objects(nesting, shape, _)) => {
                propose_objects(nesting, shape, before, config)
            }
            Some(Part::Leaf(_)) | None => config.clone(),
        };
        (name.clone(), proposed)
    }))
}

fn propose_objects(nesting: Nesting, shape: Shape<'_>, prior: &Value, config: &Value) -> Value {
    let missing = Value::NULL;
    match (nesting, config.kind()) {
        (Nesting::Single | Nesting::Group, Kind::Object(_)) => propose(shape, prior, config),
        (Nesting::List, Kind::List(_) | Kind::Tuple(_)) => config.map_children(|at, object| {
            propose(shape, prior.children().get(at).unwrap_or(&missing), object)
        }),
        (Nesting::Map, Kind::Map(map)) => {
            let entries = map.iter().map(|(key, object)| {
                let before = prior.get(key).unwrap_or(&missing);
                (key.clone(), propose(shape, before, object))
            });
            Value::map(
                map.element_type().clone(),
                entries.collect::<BTreeMap<_, _>>(),
            )
        }
        (Nesting::Set, Kind::Set(items)) => {
            let mut rest: Vec<&Value> = prior.children().iter().collect();
            let items = items
                .iter()
                .map(|object| {
                    let found = rest.iter().position(|before| covers(shape, before, object));
                    let before = found.map_or(&missing, |at| rest.swap_remove(at));
                    propose(shape, before, object)
                })
                .collect();
            Value::set(
                config.ty().element().cloned().unwrap_or(Type::Dynamic),
                items,
            )
        }
        _ => config.clone(),
    }
}

/// Whether a prior object could come of this configuration: it differs only where the provider decided.
fn covers(shape: Shape<'_>, prior: &Value, config: &Value) -> bool {
    let Kind::Object(content) = config.kind() else {
        return prior == config;
    };
    content
        .iter()
        .all(|(name, config)| match (prior.get(name), shape.part(name)) {
            (Some(prior), Some(Part::Leaf(attribute))) => {
                prior == config || (attribute.computed && config.is_null())
            }
            (Some(prior), _) => prior == config,
            (None, _) => false,
        })
}

/// What is wrong with a plan: its value must be the configuration's, or the prior one where the provider may choose.
#[must_use]
pub fn plan_faults(block: &Block, prior: &Value, config: &Value, planned: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if planned.is_null() != config.is_null() {
        faults.push("planned null but not configured null, or the reverse".to_owned());
    } else {
        plan_object(Shape::Block(block), prior, config, planned, "", &mut faults);
    }
    faults
}

fn plan_object(
    shape: Shape<'_>,
    prior: &Value,
    config: &Value,
    planned: &Value,
    at: &str,
    faults: &mut Vec<String>,
) {
    let Kind::Object(content) = planned.kind() else {
        if planned != config {
            faults.push(format!("{at}: not planned as configured"));
        }
        return;
    };
    let missing = Value::NULL;
    for (name, planned) in content.iter() {
        let at = format!("{at}.{name}");
        let config = config.get(name).unwrap_or(&missing);
        let prior = prior.get(name).unwrap_or(&missing);
        match shape.part(name) {
            None => faults.push(format!("{at}: not in the schema")),
            Some(Part::Leaf(attribute)) => {
                if let Some(fault) = leaf_fault(attribute, prior, config, planned) {
                    faults.push(format!("{at}: {fault}"));
                }
            }
            Some(Part::Objects(_, _, Some(attribute))) if config.is_null() => {
                if let Some(fault) = leaf_fault(attribute, prior, config, planned) {
                    faults.push(format!("{at}: {fault}"));
                }
            }
            Some(Part::Objects(nesting, shape, _)) => {
                plan_objects(nesting, shape, (prior, config, planned), &at, faults);
            }
        }
    }
}

fn leaf_fault(
    attribute: &Attribute,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Option<String> {
    let null_both = planned.is_null() && config.is_null();
    let chosen = attribute.computed && config.is_null();
    let kept = planned == prior && !prior.is_null() && !config.is_null();
    if attribute.write_only {
        return (!planned.is_null()).then(|| "write-only but planned".to_owned());
    }
    if planned == config || null_both || chosen || kept {
        return None;
    }
    Some(if config.is_null() {
        "planned though not configured and not computed".to_owned()
    } else {
        "planned neither as configured nor as it was".to_owned()
    })
}

fn plan_objects(
    nesting: Nesting,
    shape: Shape<'_>,
    (prior, config, planned): (&Value, &Value, &Value),
    at: &str,
    faults: &mut Vec<String>,
) {
    let missing = Value::NULL;
    if !config.is_known() || config.is_null() {
        if planned != config && !(planned.is_null() && config.is_null()) {
            faults.push(format!("{at}: not planned as configured"));
        }
        return;
    }
    if !planned.is_known() {
        faults.push(format!("{at}: blocks may not be planned unknown"));
        return;
    }
    match nesting {
        Nesting::Single | Nesting::Group => plan_object(shape, prior, config, planned, at, faults),
        Nesting::List => {
            let (configs, plans) = (config.children(), planned.children());
            if configs.len() != plans.len() {
                faults.push(format!("{at}: another number of blocks than configured"));
                return;
            }
            for (index, (config, planned)) in configs.iter().zip(plans).enumerate() {
                let prior = prior.children().get(index).unwrap_or(&missing);
                plan_object(
                    shape,
                    prior,
                    config,
                    planned,
                    &format!("{at}[{index}]"),
                    faults,
                );
            }
        }
        Nesting::Map => {
            let keys = |value: &Value| match value.kind() {
                Kind::Map(map) => map.keys().to_vec(),
                _ => Vec::new(),
            };
            if keys(config) != keys(planned) {
                faults.push(format!("{at}: other keys than configured"));
                return;
            }
            for key in keys(config) {
                let part = |value: &Value| value.get(&key).cloned().unwrap_or(Value::NULL);
                let at = format!("{at}[{key}]");
                plan_object(
                    shape,
                    &part(prior),
                    &part(config),
                    &part(planned),
                    &at,
                    faults,
                );
            }
        }
        // Elements of a set cannot be matched with the configuration for certain.
        Nesting::Set => {
            if config.is_wholly_known() && planned.children().len() > config.children().len() {
                faults.push(format!("{at}: more blocks than configured"));
            }
        }
    }
}

/// What is wrong with an applied object: what was planned and known must be so.
#[must_use]
pub fn apply_faults(planned: &Value, applied: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    compare(planned, applied, "", &mut faults);
    faults
}

fn compare(planned: &Value, applied: &Value, at: &str, faults: &mut Vec<String>) {
    if planned == applied || (planned.is_null() && applied.is_null()) {
        return;
    }
    let mut wrong = |problem: &str| faults.push(format!("{at}: {problem}"));
    match (planned.kind(), applied.kind()) {
        (Kind::Unknown(_, refinements), _) => {
            if refinements.not_null && applied.is_null() {
                wrong("null, though planned not to be");
            }
        }
        (Kind::Object(a), Kind::Object(_)) => {
            for (name, planned) in a.iter() {
                let applied = applied.get(name).cloned().unwrap_or(Value::NULL);
                compare(planned, &applied, &format!("{at}.{name}"), faults);
            }
        }
        (Kind::Map(a), Kind::Map(b)) => {
            if a.keys() != b.keys() {
                return wrong("other keys than planned");
            }
            for ((key, planned), applied) in a.iter().zip(b.values()) {
                compare(planned, applied, &format!("{at}[{key}]"), faults);
            }
        }
        (Kind::List(a), Kind::List(b)) | (Kind::Tuple(a), Kind::Tuple(b)) => {
            if a.len() != b.len() {
                return wrong("another length than planned");
            }
            for (index, (planned, applied)) in a.iter().zip(b).enumerate() {
                compare(planned, applied, &format!("{at}[{index}]"), faults);
            }
        }
        (Kind::Set(a), Kind::Set(b)) => {
            let fits = |planned: &Value, applied: &Value| {
                let mut inner = Vec::new();
                compare(planned, applied, at, &mut inner);
                inner.is_empty()
            };
            let all = a.iter().all(|plan| b.iter().any(|real| fits(plan, real)))
                && b.iter().all(|real| a.iter().any(|plan| fits(plan, real)));
            if !all || b.len() > a.len() {
                wrong("other elements than planned");
            }
        }
        _ => wrong("not as planned"),
    }
}
