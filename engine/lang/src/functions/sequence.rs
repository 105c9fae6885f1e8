//! Lists and tuples.

use super::args::{integer, is_sequence, is_unknown, may_shrink, number, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty};
use crate::expr::values;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use terrane_value::{Kind, Marks, Number, Type, Value, ops};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "chunklist",
        &[LIST.marked(), Param::new("size", Ty::Number).marked()],
        Ty::ListAny,
        chunklist,
        "The list cut into lists of a size.",
    )
    .by(chunklist_type),
    Function::new(
        "compact",
        &[Param::new("list", Ty::ListString)],
        Ty::ListString,
        compact,
        "The list without nulls and empty texts.",
    ),
    Function::new(
        "concat",
        &[],
        Ty::Any,
        concat,
        "One list of all elements of the given ones.",
    )
    .variadic(Param::new("seqs", Ty::Any).unknown().marked())
    .by(concat_type),
    Function::new(
        "distinct",
        &[LIST],
        Ty::ListAny,
        distinct,
        "The list without repetitions.",
    )
    .by(same_type),
    Function::new(
        "element",
        &[
            Param::new("list", Ty::Any).marked(),
            Param::new("index", Ty::Number),
        ],
        Ty::Any,
        element,
        "The element at a position, counted on from the beginning when it is beyond the end.",
    )
    .by(element_type)
    .nullable(),
    Function::new(
        "flatten",
        &[Param::new("list", Ty::Any).marked()],
        Ty::Any,
        flatten,
        "One list of the elements of lists within lists.",
    )
    .by(flatten_type),
    Function::new(
        "list",
        &[],
        Ty::ListAny,
        removed_list,
        "Was removed: use tolist([ ... ]).",
    )
    .variadic(Param::new("vals", Ty::Any).null().unknown().marked()),
    Function::new(
        "matchkeys",
        &[
            Param::new("values", Ty::ListAny),
            Param::new("keys", Ty::ListAny),
            Param::new("searchset", Ty::ListAny),
        ],
        Ty::ListAny,
        matchkeys,
        "The values whose keys are in a set.",
    )
    .by(same_type),
    Function::new(
        "range",
        &[],
        Ty::ListAny,
        range,
        "A list of numbers in a range.",
    )
    .variadic(Param::new("params", Ty::Number))
    .by(range_type),
    Function::new(
        "reverse",
        &[Param::new("list", Ty::Any).marked()],
        Ty::Any,
        reverse,
        "The list backwards.",
    )
    .by(reverse_type),
    Function::new(
        "slice",
        &[
            Param::new("list", Ty::Any).marked(),
            Param::new("start_index", Ty::Number),
            Param::new("end_index", Ty::Number),
        ],
        Ty::Any,
        slice,
        "The elements from one position up to but not including another.",
    )
    .by(slice_type),
    Function::new(
        "sort",
        &[Param::new("list", Ty::ListString)],
        Ty::ListString,
        sort,
        "The texts in lexical order.",
    ),
];

const LIST: Param = Param::new("list", Ty::ListAny);

/// The most numbers that `range` gives. The peers stop at 1024, which is fewer than the instances that people have.
const MAX_RANGE: usize = 1 << 20;

fn same_type(args: &[Value]) -> Result<Type, Fault> {
    Ok(value(args, 0).ty())
}

fn own_marks(args: &[Value]) -> &Marks {
    args.first().map_or(&Marks::NONE, Value::marks)
}

fn removed_list(_: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Err(Fault::new(
        "the \"list\" function was deprecated in Terraform v0.12 and is no longer available; use tolist([ ... ]) syntax to write a literal list",
    ))
}

fn chunklist_type(args: &[Value]) -> Result<Type, Fault> {
    Ok(Type::list(value(args, 0).ty()))
}

fn chunklist(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let list = value(args, 0);
    let marks = own_marks(args).union(args.get(1).map_or(&Marks::NONE, Value::marks));
    let size =
        integer(args, 1).map_err(|fault| Fault::new(format!("invalid size: {}", fault.text)))?;
    let size =
        usize::try_from(size).map_err(|_| Fault::new("the size argument must be positive"))?;
    let ty = list.ty();
    let inner = ty.element().cloned().unwrap_or(Type::Dynamic);
    let items = list.children();
    let chunks: Vec<Value> = if size == 0 && !items.is_empty() {
        vec![list.clone()]
    } else {
        items
            .chunks(size.max(1))
            .map(|chunk| Value::list(inner.clone(), chunk.to_vec()))
            .collect()
    };
    Ok(Value::list(ty, chunks).with_marks(&marks))
}

fn compact(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let list = value(args, 0);
    if !list.is_wholly_known() {
        return Ok(unknown(Type::list(Type::String)));
    }
    let kept = list
        .children()
        .iter()
        .filter(|item| item.as_str().is_some_and(|text| !text.is_empty()))
        .cloned()
        .collect();
    Ok(Value::list(Type::String, kept))
}

fn concat_type(args: &[Value]) -> Result<Type, Fault> {
    if args.is_empty() {
        return Err(Fault::new("at least one argument is required"));
    }
    let mut lists = Vec::new();
    let mut parts = Vec::new();
    let (mut open, mut empty) = (false, 0);
    for (at, arg) in args.iter().enumerate() {
        match arg.ty() {
            Type::List(element) => {
                match arg.unmarked().kind() {
                    Kind::List(items) => {
                        parts.extend(items.iter().map(|_| (*element).clone()));
                    }
                    _ => open = true,
                }
                // An empty list whose elements might be anything does not tell what the others are.
                let untold = *element == Type::Dynamic
                    && matches!(arg.unmarked().kind(), Kind::List(items) if items.is_empty());
                empty += usize::from(untold);
                if !untold {
                    lists.push((*element).clone());
                }
            }
            Type::Tuple(types) => parts.extend(types.iter().cloned()),
            Type::Dynamic => return Ok(Type::Dynamic),
            ty => {
                return Err(Fault::new(format!(
                    "all arguments must be lists or tuples; got {}",
                    values::type_name(&ty)
                ))
                .at(at));
            }
        }
    }
    if lists.is_empty() && empty == args.len() {
        return Ok(Type::list(Type::Dynamic));
    }
    if lists.len() + empty == args.len()
        && let Some(element) = values::unify(&lists)
    {
        return Ok(Type::list(element));
    }
    Ok(if open {
        Type::Dynamic
    } else {
        Type::tuple(parts)
    })
}

fn concat(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = concat_type(args)?;
    let marks = args
        .iter()
        .fold(Marks::NONE, |marks, arg| marks.union(arg.marks()));
    if let Type::List(element) = &ty {
        if args.iter().any(is_unknown) {
            return Ok(unknown(ty).with_marks(&marks));
        }
        let mut items = Vec::new();
        for arg in args {
            items.extend(super::args::convert_all(
                arg.unmarked().children(),
                element,
            )?);
        }
        return Ok(Value::list((**element).clone(), items).with_marks(&marks));
    }
    let mut items = Vec::new();
    for arg in args {
        let arg = arg.unmarked();
        match (arg.kind(), arg.ty()) {
            (Kind::Unknown(..), Type::Tuple(types)) => {
                items.extend(types.iter().map(|ty| Value::unknown(ty.clone())));
            }
            (Kind::Unknown(..), _) => return Ok(unknown(ty).with_marks(&marks)),
            _ => items.extend(arg.children().iter().cloned()),
        }
    }
    Ok(Value::tuple(items).with_marks(&marks))
}

fn distinct(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let list = value(args, 0);
    let ty = list.ty();
    if !list.is_wholly_known() {
        return Ok(unknown(ty));
    }
    let element = ty.element().cloned().unwrap_or(Type::Dynamic);
    let mut seen = Seen::default();
    let kept: Vec<Value> = list
        .children()
        .iter()
        .filter(|item| seen.insert(item))
        .cloned()
        .collect();
    Ok(Value::list(element, kept))
}

/// Known values that were met, so that the next one need not be compared with all of them.
#[derive(Default)]
struct Seen<'a> {
    by_hash: BTreeMap<u64, Vec<&'a Value>>,
}

impl<'a> Seen<'a> {
    fn has(&self, value: &Value) -> bool {
        let alike = self.by_hash.get(&value.content_hash());
        let mut alike = alike.into_iter().flatten();
        alike.any(|other| ops::equal(other, value).as_bool() == Some(true))
    }

    /// Adds a value; false if it was there.
    fn insert(&mut self, value: &'a Value) -> bool {
        if self.has(value) {
            return false;
        }
        let alike = self.by_hash.entry(value.content_hash()).or_default();
        alike.push(value);
        true
    }
}

fn element_type(args: &[Value]) -> Result<Type, Fault> {
    let list = value(args, 0);
    match list.ty() {
        Type::List(element) => Ok((*element).clone()),
        Type::Tuple(types) => {
            if types.is_empty() {
                return Err(Fault::new("cannot use element function with an empty list"));
            }
            if args
                .get(1)
                .is_none_or(|index| index.unmarked().as_number().is_none())
            {
                return Ok(Type::Dynamic);
            }
            let at = wrapped(args, types.len())?;
            Ok(types.get(at).cloned().unwrap_or(Type::Dynamic))
        }
        Type::Dynamic => Ok(Type::Dynamic),
        ty => Err(Fault::new(format!(
            "cannot read elements from {}",
            values::type_name(&ty)
        ))),
    }
}

/// The index argument, wrapped around a length that is not 0.
fn wrapped(args: &[Value], length: usize) -> Result<usize, Fault> {
    let index =
        integer(args, 1).map_err(|fault| Fault::new(format!("invalid index: {}", fault.text)))?;
    let length = i64::try_from(length).unwrap_or(i64::MAX).max(1);
    Ok(usize::try_from(index.rem_euclid(length)).unwrap_or(0))
}

fn element(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    element_type(args)?;
    let items = value(args, 0).children();
    if items.is_empty() {
        return Err(Fault::new("cannot use element function with an empty list"));
    }
    let at = wrapped(args, items.len())?;
    match items.get(at) {
        Some(item) => Ok(item.clone().with_marks(own_marks(args))),
        None => Ok(Value::dynamic()),
    }
}

/// Nothing is said of what is not wholly known, whatever its type: so do the peers, and `try` shows the difference.
fn flatten_type(args: &[Value]) -> Result<Type, Fault> {
    let ty = value(args, 0).ty();
    if value(args, 0).is_wholly_known() && !is_sequence(&ty) {
        return Err(Fault::new("can only flatten lists, sets and tuples"));
    }
    Ok(Type::Dynamic)
}

fn flatten(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    flatten_type(args)?;
    let mut marks = own_marks(args).clone();
    if !is_sequence(&value(args, 0).ty()) {
        return Ok(Value::dynamic().with_marks(&marks));
    }
    let mut items = Vec::new();
    let mut rest: Vec<std::slice::Iter<'_, Value>> = vec![value(args, 0).children().iter()];
    let mut sure = !may_shrink(value(args, 0));
    while let Some(level) = rest.last_mut() {
        let Some(item) = level.next() else {
            rest.pop();
            continue;
        };
        let plain = item.unmarked();
        match plain.kind() {
            Kind::List(inner) | Kind::Set(inner) | Kind::Tuple(inner) => {
                marks = marks.union(item.marks());
                sure &= !may_shrink(plain);
                rest.push(inner.iter());
            }
            Kind::Unknown(ty, _) if *ty == Type::Dynamic || is_sequence(ty) => {
                marks = marks.union(item.marks());
                sure = false;
            }
            _ => items.push(item.clone()),
        }
    }
    let made = if sure {
        Value::tuple(items)
    } else {
        Value::dynamic()
    };
    Ok(made.with_marks(&marks))
}

fn matchkeys(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let (list, keys, wanted) = (value(args, 0), value(args, 1), value(args, 2));
    let ty = list.ty();
    let element = ty.element().cloned().unwrap_or(Type::Dynamic);
    if list.children().len() != keys.children().len() {
        return Err(Fault::new("length of keys and values should be equal"));
    }
    let key_type = values::unify(&[keys.ty(), wanted.ty()])
        .ok_or_else(|| Fault::new("keys and searchset must be of the same type"))?;
    let keys = values::convert(keys, &key_type)?;
    let wanted = values::convert(wanted, &key_type)?;
    if !wanted.is_wholly_known() {
        return Ok(unknown(ty));
    }
    let mut candidates = Seen::default();
    for candidate in wanted.children() {
        candidates.insert(candidate);
    }
    let mut kept = Vec::new();
    for (item, key) in list.children().iter().zip(keys.children()) {
        // A key of which something is not known may equal any of them.
        if !key.is_wholly_known() && !wanted.children().is_empty() {
            return Ok(unknown(ty));
        }
        if candidates.has(key) {
            kept.push(item.clone());
        }
    }
    Ok(Value::list(element, kept))
}

fn range_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::list(Type::Number))
}

fn range(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let zero = Number::from_i64(0);
    let one = Number::from_i64(1);
    let (start, end, step) = match args.len() {
        1 => {
            let end = number(args, 0)?.clone();
            let step = if end.signum() < 0 { one.neg() } else { one };
            (zero, end, step)
        }
        2 => {
            let (start, end) = (number(args, 0)?.clone(), number(args, 1)?.clone());
            let down = end.compare(&start) == Ordering::Less;
            (start, end, if down { one.neg() } else { one })
        }
        3 => (
            number(args, 0)?.clone(),
            number(args, 1)?.clone(),
            number(args, 2)?.clone(),
        ),
        _ => return Err(Fault::new("must have one, two, or three arguments")),
    };
    let order = end.compare(&start);
    let down = step.signum() < 0;
    if down && order == Ordering::Greater {
        return Err(Fault::new("end must be less than start when step is negative").at(1));
    }
    if !down && order == Ordering::Less {
        return Err(Fault::new("end must be greater than start when step is positive").at(1));
    }
    let stop = if down {
        Ordering::Greater
    } else {
        Ordering::Less
    };
    let too_many = || {
        Fault::new(
            "more than 1048576 values were generated; either decrease the difference between start and end or use a smaller step",
        )
    };
    // Numbers with many digits take long to count up: see first how many there will be, about.
    let count = end.sub(&start).and_then(|all| all.div(&step));
    let most = Number::from_i64(i64::try_from(MAX_RANGE).unwrap_or(i64::MAX) + 1);
    if count.is_ok_and(|count| count.compare(&most) == Ordering::Greater) {
        return Err(too_many());
    }
    let mut at = start;
    let mut items = Vec::new();
    while at.compare(&end) == stop {
        if items.len() >= MAX_RANGE || step.is_zero() {
            return Err(too_many());
        }
        context.charge(1)?;
        items.push(Value::number(at.clone()));
        at = at
            .add(&step)
            .map_err(|error| Fault::new(error.to_string()))?;
    }
    Ok(Value::list(Type::Number, items))
}

fn reverse_type(args: &[Value]) -> Result<Type, Fault> {
    match value(args, 0).ty() {
        ty @ (Type::List(_) | Type::Dynamic) => Ok(ty),
        Type::Set(element) => Ok(Type::List(element)),
        Type::Tuple(types) => Ok(Type::tuple(types.iter().rev().cloned())),
        ty => Err(Fault::new(format!(
            "can only reverse list or tuple values, not {}",
            values::type_name(&ty)
        ))
        .at(0)),
    }
}

fn reverse(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = reverse_type(args)?;
    let items = value(args, 0).children().iter().rev().cloned().collect();
    let made = match ty {
        Type::List(element) => Value::list((*element).clone(), items),
        _ => Value::tuple(items),
    };
    Ok(made.with_marks(own_marks(args)))
}

/// The bounds of a slice, as far as they are known, checked against each other and the length.
fn bounds(args: &[Value], length: Option<usize>) -> Result<Option<(usize, usize)>, Fault> {
    let bound = |at: usize, which: &str| -> Result<Option<usize>, Fault> {
        if args.get(at).is_none_or(is_unknown) {
            return Ok(None);
        }
        let index = integer(args, at)
            .map_err(|fault| Fault::new(format!("invalid {which} index: {}", fault.text)).at(at))?;
        let index = usize::try_from(index)
            .map_err(|_| Fault::new(format!("{which} index must not be less than zero")).at(at))?;
        if length.is_some_and(|length| index > length) {
            return Err(Fault::new(format!(
                "{which} index must not be greater than the length of the list"
            ))
            .at(at));
        }
        Ok(Some(index))
    };
    let (Some(start), Some(end)) = (bound(1, "start")?, bound(2, "end")?) else {
        return Ok(None);
    };
    if start > end {
        return Err(Fault::new("start index must not be greater than end index").at(1));
    }
    Ok(Some((start, end)))
}

fn slice_type(args: &[Value]) -> Result<Type, Fault> {
    match value(args, 0).ty() {
        Type::Set(_) => Err(Fault::new("cannot slice a set, because its elements do not have indices; explicitly convert to a list if the ordering of the result is not important").at(0)),
        ty @ (Type::List(_) | Type::Dynamic) => Ok(ty),
        Type::Tuple(types) => Ok(match bounds(args, Some(types.len()))? {
            Some((start, end)) => {
                Type::tuple(types.get(start..end).unwrap_or_default().iter().cloned())
            }
            None => Type::Dynamic,
        }),
        _ => Err(Fault::new("must be a list or tuple value").at(0)),
    }
}

fn slice(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = slice_type(args)?;
    let items = value(args, 0).children();
    let (start, end) = bounds(args, Some(items.len()))?.unwrap_or((0, 0));
    let part = items.get(start..end).unwrap_or_default().to_vec();
    let made = match ty {
        Type::List(element) => Value::list((*element).clone(), part),
        _ => Value::tuple(part),
    };
    Ok(made.with_marks(own_marks(args)))
}

fn sort(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let list = value(args, 0);
    if !list.is_wholly_known() {
        // How many there will be is known all the same.
        let later = vec![unknown(Type::String); list.children().len()];
        return Ok(Value::list(Type::String, later));
    }
    if let Some(at) = list.children().iter().position(Value::is_null) {
        return Err(Fault::new(format!(
            "given list element {at} is null; a null string cannot be sorted"
        )));
    }
    let mut items = list.children().to_vec();
    items.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    Ok(Value::list(Type::String, items))
}
