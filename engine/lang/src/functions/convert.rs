//! Conversions between types, and what is known of values: marks, refinements.

use super::args::{is_unknown, unknown, value};
use super::string::shown;
use super::table::{Context, Fault, Function, Param, Ty};
use crate::expr::values;
use terrane_value::{Kind, Marks, Refinements, Type, Value, ops};

pub(super) const TABLE: &[Function] = &[
    Function::new("tobool", &[V], Ty::Bool, tobool, "The value as a bool.").nullable(),
    Function::new("tolist", &[V], Ty::ListAny, tolist, "The value as a list.").nullable(),
    Function::new("tomap", &[V], Ty::MapAny, tomap, "The value as a map.").nullable(),
    Function::new(
        "tonumber",
        &[V],
        Ty::Number,
        tonumber,
        "The value as a number.",
    )
    .nullable(),
    Function::new("toset", &[V], Ty::SetAny, toset, "The value as a set.").nullable(),
    Function::new(
        "tostring",
        &[V],
        Ty::String,
        tostring,
        "The value as a text.",
    )
    .nullable(),
    Function::new(
        "sensitive",
        &[ALL],
        Ty::Any,
        sensitive,
        "The value, not to be shown.",
    )
    .nullable(),
    Function::new(
        "nonsensitive",
        &[ALL],
        Ty::Any,
        nonsensitive,
        "The value, which may be shown though it comes from one that may not.",
    )
    .nullable(),
    Function::new(
        "issensitive",
        &[ALL],
        Ty::Bool,
        issensitive,
        "Whether the value must not be shown.",
    ),
    Function::new(
        "ephemeralasnull",
        &[ALL],
        Ty::Any,
        ephemeralasnull,
        "The value with ephemeral parts replaced by null.",
    )
    .nullable(),
    Function::new(
        "assumeequal",
        &[
            ALL_NAMED_ACTUAL,
            Param::new("expected", Ty::Any).null().unknown().marked(),
        ],
        Ty::Any,
        assumeequal,
        "The expected value, where the actual one is still unknown; they must turn out equal.",
    )
    .nullable(),
    Function::new(
        "assumenotnull",
        &[ALL],
        Ty::Any,
        assumenotnull,
        "The value, known not to be null.",
    )
    .nullable(),
    Function::new(
        "assumestringprefix",
        &[
            Param::new("string", Ty::String).unknown().marked(),
            Param::new("prefix", Ty::String),
        ],
        Ty::String,
        assumestringprefix,
        "The text, known to begin with a prefix.",
    ),
    Function::new(
        "assumelistlength",
        &[Param::new("list", Ty::ListAny).unknown().marked(), MIN, MAX],
        Ty::ListAny,
        assumelength,
        "The list, known to have a length within bounds.",
    ),
    Function::new(
        "assumelistlengthmin",
        &[Param::new("list", Ty::ListAny).unknown().marked(), MIN],
        Ty::ListAny,
        assumelengthmin,
        "The list, known to have at least a length.",
    ),
    Function::new(
        "assumelistlengthmax",
        &[Param::new("list", Ty::ListAny).unknown().marked(), MAX],
        Ty::ListAny,
        assumelengthmax,
        "The list, known to have at most a length.",
    ),
    Function::new(
        "assumesetlength",
        &[Param::new("set", Ty::SetAny).unknown().marked(), MIN, MAX],
        Ty::SetAny,
        assumelength,
        "The set, known to have a length within bounds.",
    ),
    Function::new(
        "assumesetlengthmin",
        &[Param::new("set", Ty::SetAny).unknown().marked(), MIN],
        Ty::SetAny,
        assumelengthmin,
        "The set, known to have at least a length.",
    ),
    Function::new(
        "assumesetlengthmax",
        &[Param::new("set", Ty::SetAny).unknown().marked(), MAX],
        Ty::SetAny,
        assumelengthmax,
        "The set, known to have at most a length.",
    ),
    Function::new(
        "assumemaplength",
        &[Param::new("map", Ty::MapAny).unknown().marked(), MIN, MAX],
        Ty::MapAny,
        assumelength,
        "The map, known to have a length within bounds.",
    ),
    Function::new(
        "assumemaplengthmin",
        &[Param::new("map", Ty::MapAny).unknown().marked(), MIN],
        Ty::MapAny,
        assumelengthmin,
        "The map, known to have at least a length.",
    ),
    Function::new(
        "assumemaplengthmax",
        &[Param::new("map", Ty::MapAny).unknown().marked(), MAX],
        Ty::MapAny,
        assumelengthmax,
        "The map, known to have at most a length.",
    ),
];

const V: Param = Param::new("v", Ty::Any).null().unknown().marked();
const ALL: Param = Param::new("value", Ty::Any).null().unknown().marked();
const ALL_NAMED_ACTUAL: Param = Param::new("actual", Ty::Any).null().unknown().marked();
const MIN: Param = Param::new("min", Ty::Number);
const MAX: Param = Param::new("max", Ty::Number);

fn to(args: &[Value], wanted: &Type, context: &Context<'_>) -> Result<Value, Fault> {
    let given = args.first().unwrap_or(&Value::NULL);
    values::convert(given, wanted).map_err(|_| {
        let plain = given.unmarked();
        let name = match wanted {
            Type::List(_) => "list of any single type",
            Type::Set(_) => "set of any single type",
            Type::Map(_) => "map of any single type",
            Type::Bool => "bool",
            Type::Number => "number",
            _ => "string",
        };
        let why = match (plain.kind(), wanted) {
            (Kind::String(text), Type::Bool) => format!(
                "cannot convert {} to bool; only the strings \"true\" or \"false\" are allowed",
                shown(text, context)
            ),
            (Kind::String(text), Type::Number) => format!(
                "cannot convert {} to number; given string must be a decimal representation of a number",
                shown(text, context)
            ),
            _ => format!(
                "cannot convert {} to {name}",
                values::type_name(&plain.ty())
            ),
        };
        Fault::new(why).at(0)
    })
}

fn tobool(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    to(args, &Type::Bool, context)
}

fn tonumber(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    to(args, &Type::Number, context)
}

fn tostring(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    to(args, &Type::String, context)
}

fn tolist(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    to(args, &Type::list(Type::Dynamic), context)
}

fn toset(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    to(args, &Type::set(Type::Dynamic), context)
}

fn tomap(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    to(args, &Type::map(Type::Dynamic), context)
}

fn sensitive(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = args.first().cloned().unwrap_or(Value::NULL);
    Ok(given.with_marks(&Marks::SENSITIVE))
}

fn nonsensitive(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = args.first().unwrap_or(&Value::NULL);
    let (plain, marks) = given.unmark();
    Ok(plain.clone().with_marks(&marks.without(&Marks::SENSITIVE)))
}

fn issensitive(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = args.first().unwrap_or(&Value::NULL);
    if given.marks().is_sensitive() {
        return Ok(Value::TRUE);
    }
    if is_unknown(given) {
        // It may come to be sensitive once it is known.
        return Ok(unknown(Type::Bool));
    }
    Ok(Value::FALSE)
}

fn ephemeralasnull(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(without_ephemeral(args.first().unwrap_or(&Value::NULL)))
}

fn without_ephemeral(value: &Value) -> Value {
    if !value.marks_deep().is_ephemeral() {
        return value.clone();
    }
    if value.marks().is_ephemeral() {
        let marks = value.marks().without(&Marks::EPHEMERAL);
        return Value::null(value.ty()).with_marks(&marks);
    }
    value.map_children(|_, child| without_ephemeral(child))
}

const BROKEN: &str = "the assumption was not upheld";

fn assumeequal(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let (Some(actual), Some(expected)) = (args.first(), args.get(1)) else {
        return Ok(Value::dynamic());
    };
    let marks = actual.marks().union(expected.marks());
    let wanted = expected.ty();
    let actual = values::convert(actual, &wanted).map_err(|_| {
        Fault::new(format!(
            "actual value type {} does not match assumed value type {}",
            values::type_name(&actual.ty()),
            values::type_name(&wanted)
        ))
        .at(0)
    })?;
    match ops::equal(&actual, expected).unmarked().as_bool() {
        Some(false) => Err(Fault::new("the actual value does not match the assumed value").at(0)),
        _ => Ok(expected.unmarked().clone().with_marks(&marks)),
    }
}

fn assumenotnull(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = args.first().unwrap_or(&Value::NULL);
    if given.is_null() {
        return Err(Fault::new(BROKEN).at(0));
    }
    Ok(given.refine_not_null())
}

fn assumestringprefix(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = args.first().unwrap_or(&Value::NULL);
    let prefix = super::args::text(args, 1);
    match given.unmarked().as_str() {
        Some(text) if !text.starts_with(prefix) => Err(Fault::new(BROKEN).at(0)),
        Some(_) => Ok(given.clone()),
        None => Ok(given.refine(&Refinements {
            prefix: Some(prefix.into()),
            ..Refinements::NOT_NULL
        })),
    }
}

fn bound(args: &[Value], at: usize) -> Result<u64, Fault> {
    super::args::number(args, at)?
        .to_u64()
        .ok_or_else(|| Fault::new("a whole number that is not negative is required").at(at))
}

fn assumelength(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    within(args, bound(args, 1)?, bound(args, 2)?)
}

fn assumelengthmin(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    within(args, bound(args, 1)?, u64::MAX)
}

fn assumelengthmax(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    within(args, 0, bound(args, 1)?)
}

fn within(args: &[Value], min: u64, max: u64) -> Result<Value, Fault> {
    if min > max {
        return Err(Fault::new("the minimum length is greater than the maximum length").at(1));
    }
    let given = args.first().unwrap_or(&Value::NULL);
    if is_unknown(given) {
        let mut known = Refinements::NOT_NULL;
        known.min_length = Some(min);
        known.max_length = (max != u64::MAX).then_some(max);
        return Ok(given.refine(&known));
    }
    let (least, most) = ops::length_bounds(value(args, 0));
    if most < min || least > max {
        return Err(Fault::new(BROKEN).at(0));
    }
    Ok(given.clone())
}
