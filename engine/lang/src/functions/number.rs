//! Numbers.

use super::args::{WHOLE, integer, number, value};
use super::table::{Context, Fault, Function, Param, Ty};
use crate::expr::values;
use terrane_value::{Kind, Number, Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "abs",
        &[NUM],
        Ty::Number,
        abs,
        "The number without its sign.",
    ),
    Function::new(
        "ceil",
        &[NUM],
        Ty::Number,
        ceil,
        "The smallest whole number that is not below the given one.",
    ),
    Function::new(
        "floor",
        &[NUM],
        Ty::Number,
        floor,
        "The largest whole number that is not above the given one.",
    ),
    Function::new(
        "log",
        &[NUM, Param::new("base", Ty::Number)],
        Ty::Number,
        log,
        "The logarithm of a number in a base.",
    ),
    Function::new(
        "max",
        &[],
        Ty::Number,
        max,
        "The largest of the given numbers.",
    )
    .variadic(NUMBERS),
    Function::new(
        "min",
        &[],
        Ty::Number,
        min,
        "The smallest of the given numbers.",
    )
    .variadic(NUMBERS),
    Function::new(
        "parseint",
        &[
            Param::new("number", Ty::Any),
            Param::new("base", Ty::Number),
        ],
        Ty::Number,
        parseint,
        "The whole number that a text stands for in a base from 2 to 62.",
    ),
    Function::new(
        "pow",
        &[NUM, Param::new("power", Ty::Number)],
        Ty::Number,
        pow,
        "A number raised to a power.",
    ),
    Function::new(
        "signum",
        &[NUM],
        Ty::Number,
        signum,
        "The sign of a number: -1, 0 or 1.",
    ),
    Function::new(
        "sum",
        &[Param::new("list", Ty::Any)],
        Ty::Number,
        sum,
        "The sum of a list, set or tuple of numbers.",
    ),
];

const NUM: Param = Param::new("num", Ty::Number);
const NUMBERS: Param = Param::new("numbers", Ty::Number);

fn abs(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::number(number(args, 0)?.abs()))
}

fn ceil(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::number(number(args, 0)?.ceil()))
}

fn floor(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(Value::number(number(args, 0)?.floor()))
}

fn log(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    number(args, 0)?
        .log(number(args, 1)?)
        .map(Value::number)
        .ok_or_else(|| Fault::new("there is no such logarithm"))
}

fn pow(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    number(args, 0)?
        .pow(number(args, 1)?)
        .map(Value::number)
        .ok_or_else(|| Fault::new("there is no such power"))
}

fn signum(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let number = number(args, 0)?;
    if number.to_i64().is_none() {
        return Err(Fault::new(WHOLE));
    }
    Ok(Value::number(Number::from_i64(i64::from(number.signum()))))
}

fn max(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    best(args, std::cmp::Ordering::Greater)
}

fn min(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    best(args, std::cmp::Ordering::Less)
}

fn best(args: &[Value], better: std::cmp::Ordering) -> Result<Value, Fault> {
    if args.is_empty() {
        return Err(Fault::new("must pass at least one number"));
    }
    let mut best = number(args, 0)?;
    for at in 1..args.len() {
        let candidate = number(args, at)?;
        if candidate.compare(best) == better {
            best = candidate;
        }
    }
    Ok(Value::number(best.clone()))
}

fn parseint(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    let Kind::String(text) = given.kind() else {
        return Err(Fault::new(format!(
            "first argument must be a string, not {}",
            values::type_name(&given.ty())
        ))
        .at(0));
    };
    let base = integer(args, 1).map_err(|fault| fault.at(1))?;
    let base = u32::try_from(base)
        .ok()
        .filter(|base| (2..=62).contains(base))
        .ok_or_else(|| {
            Fault::new("base must be a whole number between 2 and 62 inclusive").at(1)
        })?;
    match Number::parse_int(text, base) {
        Some(number) => Ok(Value::number(number)),
        None if context.sensitive => {
            Err(Fault::new("cannot parse (sensitive value) as an integer in the given base").at(0))
        }
        None => Err(Fault::new(format!(
            "cannot parse {} as a base {base} integer",
            values::quote(text)
        ))
        .at(0)),
    }
}

fn sum(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let wrong = || Fault::new("argument must be list, set, or tuple of number values").at(0);
    let list = value(args, 0);
    if !super::args::is_sequence(&list.ty()) {
        return Err(Fault::new("cannot sum noniterable").at(0));
    }
    let items = list.children();
    if items.is_empty() {
        return Err(Fault::new("cannot sum an empty list").at(0));
    }
    let mut total: Option<Number> = None;
    let mut known = true;
    for item in items {
        if !matches!(item.ty(), Type::Number | Type::String | Type::Dynamic) {
            return Err(wrong());
        }
        let item = values::convert(item, &Type::Number).map_err(|_| wrong())?;
        match item.kind() {
            Kind::Number(number) => {
                total = Some(match total {
                    None => number.clone(),
                    Some(total) => total
                        .add(number)
                        .map_err(|error| Fault::new(error.to_string()))?,
                });
            }
            Kind::Unknown(..) => known = false,
            _ => return Err(wrong()),
        }
    }
    match total {
        Some(total) if known => Ok(Value::number(total)),
        _ => Ok(super::args::unknown(Type::Number)),
    }
}
