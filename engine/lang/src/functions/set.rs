//! Sets.

use super::args::{is_unknown, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty, check_elements};
use crate::expr::values;
use terrane_value::{Marks, Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "setintersection",
        &[FIRST],
        Ty::SetAny,
        intersection,
        "The elements that are in all of the sets.",
    )
    .variadic(OTHERS)
    .by(union_type),
    Function::new(
        "setproduct",
        &[],
        Ty::Any,
        product,
        "All combinations of elements of the given sets or lists.",
    )
    .variadic(Param::new("sets", Ty::Any).unknown().marked())
    .by(product_type),
    Function::new(
        "setsubtract",
        &[Param::new("a", Ty::SetAny), Param::new("b", Ty::SetAny)],
        Ty::SetAny,
        subtract,
        "The elements of the first set that are not in the second.",
    )
    .by(union_type),
    Function::new(
        "setunion",
        &[FIRST],
        Ty::SetAny,
        union,
        "The elements that are in any of the sets.",
    )
    .variadic(OTHERS)
    .by(union_type),
];

const FIRST: Param = Param::new("first_set", Ty::SetAny);
const OTHERS: Param = Param::new("other_sets", Ty::SetAny);

/// The most combinations that a product may have.
const MAX_PRODUCT: usize = 1 << 20;

/// The element type that all sets share. Empty sets of no particular type do not matter.
fn element_type(args: &[Value]) -> Result<Type, Fault> {
    let types: Vec<Type> = args
        .iter()
        .filter(|set| {
            let empty = set.is_known() && set.unmarked().children().is_empty();
            !(empty && set.ty() == Type::set(Type::Dynamic))
        })
        .filter_map(|set| set.ty().element().cloned())
        .collect();
    if types.is_empty() {
        return Ok(Type::Dynamic);
    }
    values::unify(&types)
        .ok_or_else(|| Fault::new("given sets must all have compatible element types"))
}

fn union_type(args: &[Value]) -> Result<Type, Fault> {
    element_type(args).map(Type::set)
}

/// All sets with elements of one type.
fn same_type(args: &[Value]) -> Result<(Type, Vec<Value>), Fault> {
    let element = element_type(args)?;
    let ty = Type::set(element.clone());
    let sets = args
        .iter()
        .map(|set| values::convert(set, &ty).map_err(Fault::from))
        .collect::<Result<_, _>>()?;
    Ok((element, sets))
}

fn union(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let (element, sets) = same_type(args)?;
    let items = sets
        .iter()
        .flat_map(|set| set.children().iter().cloned())
        .collect();
    Ok(Value::set(element, items))
}

fn intersection(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let (element, sets) = same_type(args)?;
    let Some((first, rest)) = sets.split_first() else {
        return Ok(Value::set(element, Vec::new()));
    };
    if sets.iter().any(|set| !set.is_wholly_known()) {
        return Ok(unknown(Type::set(element)));
    }
    let items = first
        .children()
        .iter()
        .filter(|item| rest.iter().all(|set| set.set_has(item)))
        .cloned()
        .collect();
    Ok(Value::set(element, items))
}

fn subtract(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let (element, sets) = same_type(args)?;
    let [from, without] = sets.as_slice() else {
        return Ok(Value::set(element, Vec::new()));
    };
    if sets.iter().any(|set| !set.is_wholly_known()) {
        return Ok(unknown(Type::set(element)));
    }
    let items = from
        .children()
        .iter()
        .filter(|item| !without.set_has(item))
        .cloned()
        .collect();
    Ok(Value::set(element, items))
}

fn product_type(args: &[Value]) -> Result<Type, Fault> {
    if args.len() < 2 {
        return Err(Fault::new("at least two arguments are required"));
    }
    let mut elements = Vec::with_capacity(args.len());
    let mut ordered = true;
    for (at, arg) in args.iter().enumerate() {
        match arg.ty() {
            Type::Set(element) => {
                // One set, and the combinations have no order.
                ordered = false;
                elements.push((*element).clone());
            }
            Type::List(element) => elements.push((*element).clone()),
            Type::Tuple(types) => {
                elements.push(if types.is_empty() {
                    Type::Dynamic
                } else {
                    values::unify(&types)
                        .filter(|unified| {
                            *unified != Type::Dynamic || types.iter().all(|ty| *ty == Type::Dynamic)
                        })
                        .ok_or_else(|| Fault::new("all elements must be of the same type").at(at))?
                });
            }
            Type::Dynamic => return Ok(Type::Dynamic),
            _ => return Err(Fault::new("a set or a list is required").at(at)),
        }
    }
    let tuple = Type::tuple(elements);
    Ok(if ordered {
        Type::list(tuple)
    } else {
        Type::set(tuple)
    })
}

/// Marks of elements stay with them, where there is an order; a set has those of all its elements.
fn product(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let marks = (args.iter()).fold(Marks::NONE, |marks, arg| marks.union(arg.marks()));
    let plain: Vec<Value> = args.iter().map(|arg| arg.unmarked().clone()).collect();
    Ok(combinations(&plain)?.with_marks(&marks))
}

fn combinations(args: &[Value]) -> Result<Value, Fault> {
    let ty = product_type(args)?;
    if args.iter().any(is_unknown) {
        return Ok(unknown(ty));
    }
    let Some(Type::Tuple(elements)) = ty.element() else {
        return Ok(unknown(ty));
    };
    let mut total: usize = 1;
    let mut columns = Vec::with_capacity(args.len());
    for (at, element) in elements.iter().enumerate() {
        let items = super::args::convert_all(value(args, at).children(), element)?;
        total = total
            .checked_mul(items.len())
            .filter(|total| *total <= MAX_PRODUCT)
            .ok_or_else(|| {
                Fault::new(format!("the product has more than {MAX_PRODUCT} elements"))
            })?;
        columns.push(items);
    }
    let unsure_set = matches!(ty, Type::Set(_)) && args.iter().any(|set| !set.is_wholly_known());
    if unsure_set {
        return Ok(unknown(ty));
    }
    let widest: usize = columns
        .iter()
        .map(|column| column.iter().map(Value::size).max().unwrap_or(0))
        .sum();
    check_elements(total.checked_mul(widest + 1))?;
    let mut rows = Vec::with_capacity(total);
    let mut places = vec![0_usize; columns.len()];
    while rows.len() < total {
        let row = columns
            .iter()
            .zip(&places)
            .filter_map(|(column, place)| column.get(*place).cloned())
            .collect();
        rows.push(Value::tuple(row));
        for (place, column) in places.iter_mut().zip(&columns).rev() {
            *place += 1;
            if *place < column.len() {
                break;
            }
            *place = 0;
        }
    }
    let row = Type::Tuple(elements.clone());
    Ok(match ty {
        Type::Set(_) => Value::set(row, rows),
        _ => Value::list(row, rows),
    })
}
