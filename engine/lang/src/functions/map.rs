//! Maps and objects.

use super::args::{is_sequence, is_unknown, text, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty};
use crate::expr::values;
use std::collections::BTreeMap;
use terrane_value::{EcoString, Kind, Marks, Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "keys",
        &[Param::new("inputMap", Ty::Any).unknown().marked()],
        Ty::Any,
        keys,
        "The keys of a map or object, in order.",
    )
    .by(keys_type),
    Function::new(
        "lookup",
        &[
            Param::new("inputMap", Ty::Any).marked(),
            Param::new("key", Ty::String).marked(),
        ],
        Ty::Any,
        lookup,
        "The element of a map with a key, or else a default.",
    )
    .variadic(Param::new("default", Ty::Any).null().unknown().marked())
    .by(lookup_type)
    .nullable(),
    Function::new(
        "merge",
        &[],
        Ty::Any,
        merge,
        "One map or object with all elements of the given ones; later ones win.",
    )
    .variadic(Param::new("maps", Ty::Any).null().unknown().marked())
    .by(any_type),
    Function::new(
        "transpose",
        &[Param::new("values", Ty::MapListString)],
        Ty::MapListString,
        transpose,
        "A map of lists of strings with keys and values swapped.",
    ),
    Function::new(
        "values",
        &[Param::new("mapping", Ty::Any).marked()],
        Ty::Any,
        values_of,
        "The values of a map or object, in the order of its keys.",
    )
    .by(values_type),
    Function::new(
        "zipmap",
        &[
            Param::new("keys", Ty::ListString),
            Param::new("values", Ty::Any).marked(),
        ],
        Ty::Any,
        zipmap,
        "A map or object made of a list of keys and a list of values.",
    )
    .by(zipmap_type),
    Function::new(
        "map",
        &[],
        Ty::Any,
        removed_map,
        "Was removed: use tomap({ ... }).",
    )
    .variadic(Param::new("vals", Ty::Any).null().unknown().marked()),
];

fn any_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::Dynamic)
}

fn removed_map(_: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Err(Fault::new(
        "the \"map\" function was deprecated in Terraform v0.12 and is no longer available; use tomap({ ... }) syntax to write a literal map",
    ))
}

fn keys_type(args: &[Value]) -> Result<Type, Fault> {
    match value(args, 0).ty() {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Dynamic => Ok(Type::Dynamic),
        Type::Object(object) => Ok(Type::tuple(object.attributes.keys().map(|_| Type::String))),
        _ => Err(Fault::new("must have map or object type").at(0)),
    }
}

fn keys(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = keys_type(args)?;
    let given = value(args, 0);
    let marks = args.first().map_or(&Marks::NONE, Value::marks);
    let made = match (given.kind(), given.ty()) {
        (Kind::Map(map), _) => super::args::strings(map.keys().iter().cloned()),
        (_, Type::Object(object)) => Value::tuple(
            object
                .attributes
                .keys()
                .map(|name| Value::string(name.clone()))
                .collect(),
        ),
        _ => unknown(ty),
    };
    Ok(made.with_marks(marks))
}

fn values_type(args: &[Value]) -> Result<Type, Fault> {
    match value(args, 0).ty() {
        Type::Map(element) => Ok(Type::list((*element).clone())),
        Type::Dynamic => Ok(Type::Dynamic),
        Type::Object(object) => Ok(Type::tuple(object.attributes.values().cloned())),
        _ => Err(Fault::new("values() requires a map as the first argument")),
    }
}

fn values_of(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    values_type(args)?;
    let marks = args.first().map_or(&Marks::NONE, Value::marks);
    let made = match value(args, 0).kind() {
        Kind::Map(map) => Value::list(map.element_type().clone(), map.values().to_vec()),
        _ => Value::tuple(value(args, 0).children().to_vec()),
    };
    Ok(made.with_marks(marks))
}

fn lookup_type(args: &[Value]) -> Result<Type, Fault> {
    if args.len() > 3 {
        return Err(Fault::new(format!(
            "lookup() takes two or three arguments, got {}",
            args.len()
        )));
    }
    let default = args.get(2);
    match value(args, 0).ty() {
        Type::Object(object) => {
            let Some(key) = value(args, 1).as_str() else {
                return Ok(Type::Dynamic);
            };
            match (object.attributes.get(key), default) {
                (Some(ty), _) => Ok(ty.clone()),
                (None, Some(default)) => Ok(default.ty()),
                (None, None) => Err(Fault::new(format!(
                    "the given object has no attribute {}",
                    values::quote(key)
                ))
                .at(0)),
            }
        }
        Type::Map(element) => {
            if let Some(default) = default {
                let fits = *element == Type::Dynamic || values::convert(default, &element).is_ok();
                if !fits {
                    return Err(Fault::new(
                        "the default value must have the same type as the map elements",
                    )
                    .at(2));
                }
            }
            Ok((*element).clone())
        }
        Type::Dynamic => Ok(Type::Dynamic),
        _ => Err(Fault::new("lookup() requires a map as the first argument").at(0)),
    }
}

fn lookup(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let ty = lookup_type(args)?;
    let (Some(map), Some(key)) = (args.first(), args.get(1)) else {
        return Ok(unknown(ty));
    };
    let marks = map.marks().union(key.marks());
    let name = text(args, 1);
    if let Some(found) = map.get(name) {
        return Ok(found.clone().with_marks(&marks));
    }
    match args.get(2) {
        Some(default) => {
            let made = values::convert(default, &ty)?;
            Ok(made.with_marks(&marks))
        }
        None if context.sensitive => Err(Fault::new("lookup failed to find a sensitive key")),
        None => Err(Fault::new(format!(
            "lookup failed to find key {}",
            values::quote(name)
        ))),
    }
}

fn merge(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let mut marks = Marks::NONE;
    let mut maps: Vec<&Value> = Vec::new();
    let mut dynamic = false;
    for (at, arg) in args.iter().enumerate() {
        let ty = arg.ty();
        match ty {
            Type::Map(_) | Type::Object(_) => {}
            Type::Dynamic => {
                dynamic |= !arg.is_null();
            }
            _ => {
                return Err(Fault::new(format!(
                    "arguments must be maps or objects, got {}",
                    values::quote(&values::type_name(&ty))
                ))
                .at(at));
            }
        }
        // A null is passed over with its marks, as with the peers.
        if !arg.is_null() {
            marks = marks.union(arg.marks());
            maps.push(arg.unmarked());
        }
    }
    if dynamic {
        return Ok(Value::dynamic().with_marks(&marks));
    }
    // Maps of one type make a map, nulls counted; anything else an object.
    let element = match args.first().map(Value::ty) {
        Some(Type::Map(element)) => {
            let ty = Type::Map(element.clone());
            let same = args.iter().all(|arg| arg.ty() == ty);
            same.then(|| (*element).clone())
        }
        _ => None,
    };
    let mut entries: BTreeMap<EcoString, Value> = BTreeMap::new();
    for map in &maps {
        match (map.kind(), map.ty()) {
            (Kind::Map(map), _) => {
                entries.extend(map.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            (Kind::Object(object), _) => {
                entries.extend(
                    object
                        .iter()
                        .map(|(key, value)| (key.clone(), value.clone())),
                );
            }
            (_, Type::Object(object)) => {
                entries.extend(
                    object
                        .attributes
                        .iter()
                        .map(|(key, ty)| (key.clone(), Value::unknown(ty.clone()))),
                );
            }
            _ => {
                // The keys of an unknown map are unknown.
                let ty = element.map_or(Type::Dynamic, Type::map);
                return Ok(unknown(ty).with_marks(&marks));
            }
        }
    }
    let made = match element {
        Some(element) => Value::map(element, entries),
        None => Value::object(entries),
    };
    Ok(made.with_marks(&marks))
}

fn transpose(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    if !given.is_wholly_known() {
        return Ok(unknown(Type::map(Type::list(Type::String))));
    }
    let mut swapped: BTreeMap<EcoString, Vec<Value>> = BTreeMap::new();
    if let Kind::Map(map) = given.kind() {
        for (key, list) in map.iter() {
            if list.is_null() {
                return Err(Fault::new("input must not contain null list").at(0));
            }
            for item in list.children() {
                let Some(item) = item.as_str() else {
                    return Err(Fault::new("input must not contain null string").at(0));
                };
                swapped
                    .entry(item.into())
                    .or_default()
                    .push(Value::string(key.clone()));
            }
        }
    }
    let entries = swapped
        .into_iter()
        .map(|(key, mut items)| {
            items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            (key, Value::list(Type::String, items))
        })
        .collect();
    Ok(Value::map(Type::list(Type::String), entries))
}

fn zipmap_type(args: &[Value]) -> Result<Type, Fault> {
    let given = value(args, 1);
    match given.ty() {
        Type::List(element) => Ok(Type::map((*element).clone())),
        Type::Tuple(types) => {
            let keys = value(args, 0);
            if !keys.is_wholly_known() {
                return Ok(Type::Dynamic);
            }
            let names = keys.children();
            if names.len() != types.len() {
                return Err(Fault::new(format!(
                    "number of keys ({}) does not match number of values ({})",
                    names.len(),
                    types.len()
                )));
            }
            Ok(Type::object(names.iter().zip(types.iter()).filter_map(
                |(name, ty)| Some((EcoString::from(name.as_str()?), ty.clone())),
            )))
        }
        Type::Dynamic => Ok(Type::Dynamic),
        _ => Err(Fault::new("values argument must be a list or tuple value")),
    }
}

fn zipmap(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = zipmap_type(args)?;
    let (keys, given) = (value(args, 0), value(args, 1));
    let marks = args.get(1).map_or(&Marks::NONE, Value::marks);
    if !keys.is_wholly_known() || is_unknown(given) || !is_sequence(&given.ty()) {
        return Ok(unknown(ty).with_marks(marks));
    }
    let (names, items) = (keys.children(), given.children());
    if names.len() != items.len() {
        return Err(Fault::new(format!(
            "number of keys ({}) does not match number of values ({})",
            names.len(),
            items.len()
        )));
    }
    let mut entries = BTreeMap::new();
    for (name, item) in names.iter().zip(items) {
        let Some(name) = name.as_str() else {
            return Err(Fault::new("keys must not be null").at(0));
        };
        entries.insert(EcoString::from(name), item.clone());
    }
    let made = match ty {
        Type::Map(element) => Value::map((*element).clone(), entries),
        _ => Value::object(entries),
    };
    Ok(made.with_marks(marks))
}
