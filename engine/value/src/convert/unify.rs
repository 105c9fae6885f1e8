//! The type that several types have in common: one that all of them convert to.

use super::possible;
use crate::{EcoString, Type, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The type that all of these convert to, or `None`. Unsafe unification also takes conversions that
/// may fail at a value.
///
/// The result is dynamic where a dynamic type meets lists, sets, maps, tuples or objects: what the
/// values have in common is then not known before that one is.
#[must_use]
pub fn unify(types: &[Type], allow_unsafe: bool) -> Option<Type> {
    let first = types.first()?;
    if types.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    let types = distinct(types);
    let count = |wanted: fn(&Type) -> bool| types.iter().filter(|ty| wanted(ty)).count();
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    let dynamic = count(|ty| *ty == Type::Dynamic);
    let all = types.len();
    let or_dynamic = |unified: Option<Type>| {
        if dynamic > 0 {
            Some(Type::Dynamic)
        } else {
            unified
        }
    };

    if maps > 0 && maps + dynamic == all {
        return or_dynamic(collections(&types, Type::map, allow_unsafe));
    }
    if maps > 0 && maps + objects + dynamic == all {
        if let Some(unified) = structures_as_collections(&types, allow_unsafe, true) {
            return Some(unified);
        }
    } else if lists > 0 && lists + dynamic == all {
        return or_dynamic(collections(&types, Type::list, allow_unsafe));
    } else if lists > 0 && lists + tuples + dynamic == all {
        if let Some(unified) = structures_as_collections(&types, allow_unsafe, false) {
            return Some(unified);
        }
    } else if sets > 0 && sets + dynamic == all {
        return or_dynamic(collections(&types, Type::set, allow_unsafe));
    } else if objects > 0 && objects + dynamic == all {
        return or_dynamic(object_types(&types, allow_unsafe));
    } else if tuples > 0 && tuples + dynamic == all {
        return or_dynamic(tuple_types(&types, allow_unsafe));
    } else if objects > 0 && tuples > 0 {
        return None;
    }
    preferred(&types, allow_unsafe)
}

/// [`unify`] for the types of values, unsafely, without making more types than needed.
pub(super) fn of_values(values: &[Value]) -> Option<Type> {
    let first = values.first()?.ty();
    if values.iter().all(|value| value.is_of(&first)) {
        return Some(first);
    }
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    unify(&types, true)
}

/// Without duplicates, in order of first occurrence.
fn distinct(types: &[Type]) -> Vec<Type> {
    let mut seen = std::collections::BTreeSet::new();
    types
        .iter()
        .filter(|ty| seen.insert(*ty))
        .cloned()
        .collect()
}

fn all_convert(types: &[Type], to: &Type, allow_unsafe: bool) -> bool {
    types.iter().all(|ty| possible(ty, to, allow_unsafe))
}

fn collections(types: &[Type], kind: fn(Type) -> Type, allow_unsafe: bool) -> Option<Type> {
    let elements: Vec<Type> = types.iter().filter_map(Type::element).cloned().collect();
    let unified = kind(unify(&elements, allow_unsafe)?);
    all_convert(types, &unified, allow_unsafe).then_some(unified)
}

/// Maps and objects as maps, or lists and tuples as lists.
fn structures_as_collections(types: &[Type], allow_unsafe: bool, maps: bool) -> Option<Type> {
    let structural = |ty: &&Type| matches!(ty, Type::Object(_) | Type::Tuple(_));
    let structures: Vec<Type> = types.iter().filter(structural).cloned().collect();
    let collection = if maps {
        objects_as_map(&structures, allow_unsafe)
    } else {
        tuples_as_list(&structures, allow_unsafe)
    }?;
    let replaced: Vec<Type> = types
        .iter()
        .map(|ty| {
            if structural(&ty) {
                collection.clone()
            } else {
                ty.clone()
            }
        })
        .collect();
    let unified = unify(&replaced, allow_unsafe)?;
    let right_kind = match unified {
        Type::Map(_) => maps,
        Type::List(_) => !maps,
        _ => false,
    };
    // What converts to the collection in between need not convert to the result. With the peers tuples must; for objects it is enough that
    // their map does: `false ? { a = "x", b = [], c = null } : tomap({ a = 1 })` is a map of numbers.
    let converts = maps || all_convert(types, &unified, allow_unsafe);
    (right_kind && converts).then_some(unified)
}

fn object_types(types: &[Type], allow_unsafe: bool) -> Option<Type> {
    let objects: Vec<_> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(object) => Some(&object.attributes),
            _ => None,
        })
        .collect();
    let first = objects.first()?;
    if !objects.iter().all(|object| object.keys().eq(first.keys())) {
        return objects_as_map(types, allow_unsafe);
    }
    let mut attributes: BTreeMap<EcoString, Type> = BTreeMap::new();
    for name in first.keys() {
        let across: Vec<Type> = objects
            .iter()
            .filter_map(|object| object.get(name))
            .cloned()
            .collect();
        attributes.insert(name.clone(), unify(&across, allow_unsafe)?);
    }
    let unified = Type::object(attributes);
    if all_convert(types, &unified, allow_unsafe) {
        return Some(unified);
    }
    objects_as_map(types, allow_unsafe)
}

fn objects_as_map(types: &[Type], allow_unsafe: bool) -> Option<Type> {
    let mut attributes = Vec::new();
    for ty in types {
        if let Type::Object(object) = ty {
            attributes.extend(object.attributes.values().cloned());
        }
    }
    let unified = Type::map(unify(&attributes, allow_unsafe)?);
    all_convert(types, &unified, allow_unsafe).then_some(unified)
}

fn tuple_types(types: &[Type], allow_unsafe: bool) -> Option<Type> {
    let tuples: Vec<&Arc<[Type]>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Tuple(elements) => Some(elements),
            _ => None,
        })
        .collect();
    let length = tuples.first()?.len();
    if !tuples.iter().all(|tuple| tuple.len() == length) {
        return tuples_as_list(types, allow_unsafe);
    }
    let mut elements = Vec::with_capacity(length);
    for at in 0..length {
        let across: Vec<Type> = tuples
            .iter()
            .filter_map(|tuple| tuple.get(at))
            .cloned()
            .collect();
        elements.push(unify(&across, allow_unsafe)?);
    }
    let unified = Type::tuple(elements);
    if all_convert(types, &unified, allow_unsafe) {
        return Some(unified);
    }
    tuples_as_list(types, allow_unsafe)
}

fn tuples_as_list(types: &[Type], allow_unsafe: bool) -> Option<Type> {
    let mut elements = Vec::new();
    for ty in types {
        if let Type::Tuple(tuple) = ty {
            elements.extend(tuple.iter().cloned());
        }
    }
    let unified = Type::list(unify(&elements, allow_unsafe)?);
    all_convert(types, &unified, allow_unsafe).then_some(unified)
}

/// The first of these types, the most general ones first, that all others convert to.
fn preferred(types: &[Type], allow_unsafe: bool) -> Option<Type> {
    let order = by_generality(types);
    order
        .into_iter()
        .filter_map(|at| types.get(at))
        .find(|wanted| all_convert(types, wanted, allow_unsafe))
        .cloned()
}

/// A stable topological order: a type stands before those that are more special.
fn by_generality(types: &[Type]) -> Vec<usize> {
    let mut special: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    let mut waits_for = vec![0_usize; types.len()];
    for (i, a) in types.iter().enumerate() {
        for (j, b) in types.iter().enumerate().skip(i + 1) {
            match generality(a, b) {
                ..0 => {
                    special[i].push(j);
                    waits_for[j] += 1;
                }
                0 => {}
                1.. => {
                    special[j].push(i);
                    waits_for[i] += 1;
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..types.len()).filter(|at| waits_for[*at] == 0).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for &other in &special[at] {
            waits_for[other] -= 1;
            if waits_for[other] == 0 {
                order.push(other);
            }
        }
    }
    order
}

/// Negative: `a` is the more general type; positive: `b` is; zero: neither.
fn generality(a: &Type, b: &Type) -> i32 {
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => 0,
        (Type::Dynamic, _) => 1,
        (_, Type::Dynamic) => -1,
        (Type::String, Type::Number | Type::Bool)
        | (Type::List(_), Type::Tuple(_) | Type::Set(_))
        | (Type::Tuple(_), Type::Set(_))
        | (Type::Map(_), Type::Object(_)) => -1,
        (Type::Number | Type::Bool, Type::String)
        | (Type::Tuple(_) | Type::Set(_), Type::List(_))
        | (Type::Set(_), Type::Tuple(_))
        | (Type::Object(_), Type::Map(_)) => 1,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => generality(a, b),
        (Type::Object(a), Type::Object(b)) => {
            if a.attributes.keys().ne(b.attributes.keys()) {
                return 0;
            }
            let pairs = a.attributes.values().zip(b.attributes.values());
            together(pairs.map(|(a, b)| generality(a, b)))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            together(a.iter().zip(b.iter()).map(|(a, b)| generality(a, b)))
        }
        _ => 0,
    }
}

fn together(parts: impl Iterator<Item = i32>) -> i32 {
    let (mut left, mut right) = (false, false);
    for part in parts {
        left |= part < 0;
        right |= part > 0;
    }
    i32::from(right && !left) - i32::from(left && !right)
}
