//! The plan of a change, from the facts of a type.
//!
//! Defaults stand where the configuration says nothing; what is computed is unknown on creation and stays as it was afterwards; other spellings of the
//! same (JSON, policies, case) are no change; a change of what cannot change in place asks for a new object; `tags_all` and `region` are filled in.

use crate::cx::Cx;
use crate::facts::{AttributeFacts, BlockFacts, TypeFacts};
use crate::read::is_empty;
use crate::run::{from_map, same_at};
use crate::same::same;
use crate::table::Table;
use terrane_model::schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use terrane_provider::args;
use terrane_provider::plan::{PlanRequest, PlanResponse};
use terrane_value::{EcoString, Kind, Path, PathStep, Type, Value, json};

/// Plans a change that leaves an object.
pub(crate) fn plan(
    cx: Option<&Cx>,
    table: Option<&Table>,
    (facts, schema): (&TypeFacts, &Schema),
    request: &PlanRequest,
) -> PlanResponse {
    let creates = request.creates();
    let planned = block(
        &facts.block,
        &schema.block,
        &request.config,
        &request.prior,
        &request.proposed,
    );
    let planned = with_region(cx, &planned, request);
    let planned = with_tags(cx, &planned, request);
    let mut response = PlanResponse::new(request, planned);
    if !creates {
        response.planned = as_it_was(&response.planned, &request.prior);
        if facts.about.empty_is_none() {
            response.planned = undecided(facts, request, &response.planned);
        }
        let alike = table.map_or(&[] as &[_], |table| &table.alike);
        let kept = alike
            .iter()
            .filter(|(_, alike)| alike(&request.prior, &response.planned))
            .map(|(name, _)| (*name, args::get(&request.prior, name)));
        response.planned = args::with_all(&response.planned, kept.collect::<Vec<_>>());
    }
    if let Some(change) = table.and_then(|table| table.planned) {
        change(&request.prior, &request.config, &mut response);
    }
    if creates {
        return response;
    }
    if response.planned == request.prior {
        response.planned = request.prior.clone();
        return response;
    }
    if let Some(table) = table {
        recompute(table, schema, request, &mut response);
    }
    let in_parts = table.map_or(&[] as &[&str], |table| &table.by_function);
    replaced(
        &facts.block,
        in_parts,
        &request.prior,
        &response.planned,
        &Path::new(),
        &mut response.requires_replace,
    );
    for name in table.map_or(&[] as &[&str], |table| &table.replaced_by) {
        if !same_at(&request.prior, &response.planned, name) {
            response.requires_replace.push(Path::new().attr(*name));
        }
    }
    let region = Path::new().attr("region");
    let moved = args::string(&request.prior, "region").is_some_and(|region| !region.is_empty())
        && !same_at(&request.prior, &response.planned, "region");
    if moved {
        response.requires_replace.push(region);
    }
    response.requires_replace.dedup();
    let planned = &response.planned;
    let made = |path: &Path| {
        let prefix = path.to_string();
        made_of(&request.prior, planned, prefix.trim_start_matches('.'))
    };
    let kept = response.requires_replace.iter().filter(|path| !made(path));
    response.requires_replace = kept.cloned().collect();
    response
}

/// Whether an object that was imported has a name that was made of this prefix: 26 hexadecimal digits stand behind it.
fn made_of(prior: &Value, planned: &Value, prefix: &str) -> bool {
    let Some(name) = prefix.strip_suffix("_prefix") else {
        return false;
    };
    let digits = |text: &str| {
        let text = text.strip_suffix(".fifo").unwrap_or(text);
        text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    is_empty(&args::get(prior, prefix))
        && args::string(planned, prefix)
            .zip(args::string(prior, name))
            .and_then(|(prefix, name)| name.strip_prefix(prefix))
            .is_some_and(digits)
}

fn recompute(table: &Table, schema: &Schema, request: &PlanRequest, response: &mut PlanResponse) {
    for (name, by) in &table.recomputed {
        let changes = by.is_empty()
            || by
                .iter()
                .any(|other| !same_at(&request.prior, &response.planned, other));
        if changes && is_empty(&args::get(&request.config, name)) {
            let attribute = schema
                .block
                .attributes
                .get(*name)
                .map(Attribute::value_type);
            let block = || schema.block.blocks.get(*name).map(NestedBlock::value_type);
            if let Some(ty) = attribute.or_else(block) {
                response.planned = args::with(&response.planned, name, Value::unknown(ty));
            }
        }
    }
}

/// Attributes that say nothing before and after are as they were: null, or the zero of their type.
fn as_it_was(planned: &Value, prior: &Value) -> Value {
    let Kind::Object(attributes) = planned.kind() else {
        return planned.clone();
    };
    let changes: Vec<(&str, Value)> = attributes
        .iter()
        .filter_map(|(name, value)| {
            let before = prior.get(name)?;
            let none = value.is_known() && is_empty(value) && is_empty(before) && value != before;
            (none && name != "tags_all").then(|| (name.as_str(), before.clone()))
        })
        .collect();
    args::with_all(planned, changes)
}

fn with_region(cx: Option<&Cx>, planned: &Value, request: &PlanRequest) -> Value {
    if planned.get("region").is_none() || args::is_set(&request.config, "region") {
        return planned.clone();
    }
    let region = match cx {
        Some(cx) => Value::string(cx.region.as_str()),
        None if request.creates() => Value::unknown(Type::String),
        None => return planned.clone(),
    };
    args::with(planned, "region", region)
}

fn with_tags(cx: Option<&Cx>, planned: &Value, request: &PlanRequest) -> Value {
    if planned.get("tags_all").is_none() {
        return planned.clone();
    }
    let tags = args::get(&request.config, "tags");
    let all = match cx {
        Some(cx) if tags.is_wholly_known() => {
            from_map(&crate::run::merged_tags(cx, &request.config))
        }
        _ => Value::unknown(Type::map(Type::String)),
    };
    args::with(planned, "tags_all", all)
}

fn block(
    facts: &BlockFacts,
    schema: &Block,
    config: &Value,
    prior: &Value,
    proposed: &Value,
) -> Value {
    if !proposed.is_known() || proposed.is_null() {
        return proposed.clone();
    }
    let attributes = schema.attributes.iter().map(|(name, attr)| {
        let (config, prior) = (args::get(config, name), prior.get(name));
        let value = facts.attributes.get(name.as_str()).map_or_else(
            || args::get(proposed, name),
            |about| attribute(about, attr, &config, prior),
        );
        (name.clone(), value)
    });
    let blocks = schema.blocks.iter().map(|(name, nested)| {
        let (config, proposed) = (args::get(config, name), args::get(proposed, name));
        let value = facts.blocks.get(name.as_str()).map_or_else(
            || proposed.clone(),
            |about| blocks(about, nested, &config, prior.get(name), &proposed),
        );
        (name.clone(), value)
    });
    Value::object(
        attributes
            .chain(blocks)
            .collect::<Vec<(EcoString, Value)>>(),
    )
}

fn attribute(
    facts: &AttributeFacts,
    schema: &Attribute,
    config: &Value,
    prior: Option<&Value>,
) -> Value {
    let ty = schema.value_type();
    if facts.write_only {
        return Value::null(ty);
    }
    if !config.is_null() {
        let config = if facts.attr_as_block {
            filled(facts, config)
        } else {
            config.clone()
        };
        return match prior {
            Some(prior) if config.is_known() && same(prior, &config, facts.sameness()) => {
                prior.clone()
            }
            _ => config,
        };
    }
    if let Some(default) = &facts.default {
        let default = json::decode(&default.to_string(), &ty);
        return default.unwrap_or_else(|_| Value::null(ty));
    }
    match prior {
        _ if !facts.computed => match prior {
            // The zero of a type is as good as null.
            Some(prior) if is_empty(prior) => prior.clone(),
            _ => Value::null(ty),
        },
        Some(prior) => prior.clone(),
        None => Value::unknown(ty),
    }
}

/// Objects that are written as blocks have the zeros of their types where nothing is said.
fn filled(facts: &AttributeFacts, config: &Value) -> Value {
    let fill = |item: &Value| {
        let Kind::Object(attributes) = item.kind() else {
            return item.clone();
        };
        let attributes = attributes.iter().map(|(name, value)| {
            let value = if value.is_null() {
                let ty = value.ty();
                let default = facts.nested_defaults.get(name.as_str());
                default
                    .and_then(|default| json::decode(&default.to_string(), &ty).ok())
                    .unwrap_or_else(|| zero(&ty))
            } else {
                value.clone()
            };
            (name.clone(), value)
        });
        Value::object(attributes.collect::<Vec<_>>())
    };
    match config.kind() {
        Kind::Set(items) => {
            let element = config.ty().element().cloned().unwrap_or(Type::Dynamic);
            Value::set(element, items.iter().map(fill).collect())
        }
        Kind::List(_) => config.map_children(|_, item| fill(item)),
        _ => config.clone(),
    }
}

/// The zero of a type.
pub(crate) fn zero(ty: &Type) -> Value {
    match ty {
        Type::String => Value::string(""),
        Type::Number => Value::number(0),
        Type::Bool => Value::bool(false),
        Type::List(element) => Value::list((**element).clone(), Vec::new()),
        Type::Set(element) => Value::set((**element).clone(), Vec::new()),
        Type::Map(element) => Value::map((**element).clone(), std::collections::BTreeMap::new()),
        other => Value::null(other.clone()),
    }
}

fn blocks(
    facts: &BlockFacts,
    schema: &NestedBlock,
    config: &Value,
    prior: Option<&Value>,
    proposed: &Value,
) -> Value {
    let none = Value::NULL;
    let one = |config: &Value, prior: &Value, proposed: &Value| {
        block(facts, &schema.block, config, prior, proposed)
    };
    let unwritten = config.is_known() && is_empty(config);
    if let Some(prior) = prior
        && facts.keeps()
        && unwritten
        && !prior.is_null()
    {
        return prior.clone();
    }
    if facts.computed && unwritten {
        return match prior {
            Some(prior) => prior.clone(),
            None => Value::unknown(schema.value_type()),
        };
    }
    match (schema.nesting, proposed.kind()) {
        (Nesting::Single | Nesting::Group, Kind::Object(_)) => {
            one(config, prior.unwrap_or(&none), proposed)
        }
        (Nesting::List, Kind::List(_)) => {
            let before = prior.map_or(&[] as &[Value], Value::children);
            proposed.map_children(|at, item| {
                one(
                    config.children().get(at).unwrap_or(&none),
                    before.get(at).unwrap_or(&none),
                    item,
                )
            })
        }
        (Nesting::Set, Kind::Set(_)) => {
            let before = prior.map_or(&[] as &[Value], Value::children);
            let items = config.children().iter().map(|item| {
                // The one that it was, if it was one.
                let kept = before
                    .iter()
                    .find(|before| one(item, before, item) == **before);
                kept.cloned().unwrap_or_else(|| one(item, &none, item))
            });
            let element = schema.block.implied_type().clone();
            if config.is_known() && !config.is_null() {
                Value::set(element, items.collect())
            } else {
                proposed.clone()
            }
        }
        _ => proposed.clone(),
    }
}

/// An empty text where AWS may decide is no wish: what AWS has decided stays.
fn undecided(facts: &TypeFacts, request: &PlanRequest, planned: &Value) -> Value {
    let attributes = facts.block.attributes.iter();
    let kept = attributes
        .filter(|(_, about)| about.computed && about.optional)
        .filter(|(name, _)| args::get(&request.config, name).as_str() == Some(""))
        .filter_map(|(name, _)| Some((name.as_str(), request.prior.get(name)?.clone())))
        .filter(|(_, prior)| !prior.is_null());
    args::with_all(planned, kept.collect::<Vec<_>>())
}

/// The paths of what changes and cannot change in place. `in_parts`: blocks that cannot come and go, of which functions change what is in them.
fn replaced(
    facts: &BlockFacts,
    in_parts: &[&str],
    prior: &Value,
    planned: &Value,
    path: &Path,
    out: &mut Vec<Path>,
) {
    for (name, about) in &facts.attributes {
        let (Some(before), Some(after)) = (prior.get(name), planned.get(name)) else {
            continue;
        };
        let unsaid = is_empty(before) && after.is_known() && is_empty(after);
        if about.replaces() && !unsaid && !same(before, after, about.sameness()) {
            out.push(path.attr(name.as_str()));
        }
    }
    for (name, about) in &facts.blocks {
        let (Some(before), Some(after)) = (prior.get(name), planned.get(name)) else {
            continue;
        };
        if terrane_provider::plan::same(before, after) {
            continue;
        }
        let path = path.attr(name.as_str());
        let stays = in_parts.contains(&name.as_str())
            && about.nesting_mode == "list"
            && before.children().len() == after.children().len();
        if (about.replaces() && !stays) || (about.nesting_mode == "set" && wholly_replaces(about)) {
            out.push(path);
        } else if about.nesting_mode == "list" {
            for (at, (before, after)) in before.children().iter().zip(after.children()).enumerate()
            {
                let index = Value::number(i64::try_from(at).unwrap_or(i64::MAX));
                replaced(
                    about,
                    &[],
                    before,
                    after,
                    &path.then(PathStep::Index(index)),
                    out,
                );
            }
        } else if about.nesting_mode == "single" {
            replaced(about, &[], before, after, &path, out);
        }
    }
}

/// Whether nothing in a block can change in place.
pub(crate) fn wholly_replaces(facts: &BlockFacts) -> bool {
    !facts.attributes.is_empty()
        && facts
            .attributes
            .values()
            .all(|about| about.replaces() || !(about.optional || about.required))
}
