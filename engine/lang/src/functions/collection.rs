//! Questions about collections of any kind, and choices among values.

use super::args::{is_sequence, is_unknown, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty};
use crate::expr::values;
use terrane_value::{Kind, Marks, Number, Type, Value, ops};
use unicode_segmentation::UnicodeSegmentation as _;

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "alltrue",
        &[Param::new("list", Ty::ListBool)],
        Ty::Bool,
        alltrue,
        "Whether all elements are true.",
    ),
    Function::new(
        "anytrue",
        &[Param::new("list", Ty::ListBool)],
        Ty::Bool,
        anytrue,
        "Whether any element is true.",
    ),
    Function::new(
        "coalesce",
        &[],
        Ty::Any,
        coalesce,
        "The first of the values that is neither null nor an empty text.",
    )
    .variadic(Param::new("vals", Ty::Any).null().unknown())
    .by(coalesce_type),
    Function::new(
        "coalescelist",
        &[],
        Ty::Any,
        coalescelist,
        "The first of the lists that is not empty.",
    )
    .variadic(Param::new("vals", Ty::Any).null().unknown())
    .by(coalescelist_type),
    Function::new(
        "contains",
        &[
            Param::new("list", Ty::Any),
            Param::new("value", Ty::Any).null().unknown(),
        ],
        Ty::Bool,
        contains,
        "Whether a list, tuple or set holds a value.",
    ),
    Function::new(
        "index",
        &[
            Param::new("list", Ty::Any),
            Param::new("value", Ty::Any).unknown(),
        ],
        Ty::Number,
        index,
        "The position of a value in a list.",
    ),
    Function::new(
        "length",
        &[Param::new("value", Ty::Any).unknown().marked()],
        Ty::Number,
        length,
        "How many elements, or characters of a text.",
    ),
    Function::new(
        "one",
        &[Param::new("list", Ty::Any).unknown().marked()],
        Ty::Any,
        one,
        "The only element of a list, or null if it is empty.",
    )
    .by(one_type)
    .nullable(),
];

fn bools(args: &[Value], deciding: bool) -> Value {
    let mut sure = true;
    for item in value(args, 0).children() {
        match item.kind() {
            Kind::Bool(found) if found == deciding => return Value::bool(deciding),
            // Null is not true.
            Kind::Null(_) if !deciding => return Value::FALSE,
            Kind::Unknown(..) => sure = false,
            _ => {}
        }
    }
    if sure {
        Value::bool(!deciding)
    } else {
        unknown(Type::Bool)
    }
}

fn alltrue(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(bools(args, false))
}

fn anytrue(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    Ok(bools(args, true))
}

fn coalesce_type(args: &[Value]) -> Result<Type, Fault> {
    // An untyped null leaves every value its type where there is no common one.
    let open = |arg: &&Value| is_unknown(arg) && arg.ty() == Type::Dynamic;
    let types: Vec<Type> = args
        .iter()
        .filter(|arg| !open(arg))
        .map(Value::ty)
        .collect();
    if args.is_empty() {
        return Err(Fault::new("all arguments must have the same type"));
    }
    // Of what type an unknown value will be, the others tell.
    if args.iter().any(|arg| open(&arg)) && types.iter().all(|ty| *ty == Type::Dynamic) {
        return Ok(Type::Dynamic);
    }
    values::unify(&types).ok_or_else(|| Fault::new("all arguments must have the same type"))
}

fn coalesce(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = coalesce_type(args)?;
    for arg in args {
        let (plain, marks) = arg.unmark();
        if is_unknown(plain) {
            return Ok(unknown(ty).with_marks(marks));
        }
        if plain.is_null() {
            continue;
        }
        // With the peers, what the common type cannot hold is passed over as a null is: `coalesce(toset(["x"]), tolist([1]))` is the list.
        let Ok(made) = values::convert(arg, &ty) else {
            continue;
        };
        if made.unmarked().as_str() == Some("") {
            continue;
        }
        return Ok(made);
    }
    Err(Fault::new("no non-null, non-empty-string arguments"))
}

fn coalescelist_type(args: &[Value]) -> Result<Type, Fault> {
    if args.is_empty() {
        return Err(Fault::new("at least one argument is required"));
    }
    let mut first: Option<Type> = None;
    let mut same = true;
    for arg in args {
        let ty = arg.ty();
        if ty == Type::Dynamic && is_unknown(arg) {
            return Ok(Type::Dynamic);
        }
        if !matches!(ty, Type::List(_) | Type::Tuple(_)) {
            return Err(Fault::new("coalescelist arguments must be lists or tuples"));
        }
        same &= *first.get_or_insert_with(|| ty.clone()) == ty;
    }
    Ok(first.filter(|_| same).unwrap_or(Type::Dynamic))
}

fn coalescelist(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = coalescelist_type(args)?;
    for arg in args {
        if is_unknown(arg) {
            return Ok(unknown(ty));
        }
        if !arg.is_null() && !arg.unmarked().children().is_empty() {
            return Ok(arg.clone());
        }
    }
    Err(Fault::new("no non-null arguments"))
}

fn contains(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let list = value(args, 0);
    if !is_sequence(&list.ty()) {
        return Err(Fault::new("argument must be list, tuple, or set"));
    }
    let wanted = value(args, 1);
    let mut sure = true;
    for item in list.children() {
        match ops::equal(item, wanted).as_bool() {
            Some(true) => return Ok(Value::TRUE),
            Some(false) => {}
            None => sure = false,
        }
    }
    Ok(if sure {
        Value::FALSE
    } else {
        unknown(Type::Bool)
    })
}

fn index(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let list = value(args, 0);
    if !matches!(list.ty(), Type::List(_) | Type::Tuple(_)) {
        return Err(Fault::new("argument must be a list or tuple"));
    }
    let items = list.children();
    if items.is_empty() {
        return Err(Fault::new("cannot search an empty list"));
    }
    let wanted = value(args, 1);
    for (at, item) in items.iter().enumerate() {
        match ops::equal(item, wanted).as_bool() {
            Some(true) => return Ok(Value::number(Number::from_usize(at))),
            Some(false) => {}
            None => return Ok(unknown(Type::Number)),
        }
    }
    Err(Fault::new("item not found"))
}

fn length(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    let marks = args.first().map_or(&Marks::NONE, Value::marks);
    let made = match given.kind() {
        Kind::String(text) => Value::number(Number::from_usize(text.graphemes(true).count())),
        Kind::Unknown(Type::String, known) => {
            let known = known.clone();
            let mut bounds = terrane_value::Refinements::NOT_NULL;
            // A known prefix makes the text at least as long as it, in characters that cannot join what follows.
            let least = known
                .prefix
                .map_or(0, |prefix| prefix.graphemes(true).count());
            bounds = bounds.at_least(Number::from_usize(least));
            Value::unknown_with(Type::Number, bounds)
        }
        _ => ops::length(given).ok_or_else(|| {
            Fault::new("argument must be a string, a collection type, or a structural type")
        })?,
    };
    Ok(made.with_marks(marks))
}

const NOT_ONE: &str = "must be a list, set, or tuple value with either zero or one elements";

fn one_type(args: &[Value]) -> Result<Type, Fault> {
    match value(args, 0).ty() {
        Type::List(element) | Type::Set(element) => Ok((*element).clone()),
        Type::Tuple(types) => match &*types {
            [] => Ok(Type::Dynamic),
            [ty] => Ok(ty.clone()),
            _ => Err(Fault::new(NOT_ONE).at(0)),
        },
        Type::Dynamic => Ok(Type::Dynamic),
        _ => Err(Fault::new(NOT_ONE).at(0)),
    }
}

fn one(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let ty = one_type(args)?;
    let given = value(args, 0);
    let marks = args.first().map_or(&Marks::NONE, Value::marks);
    let made = match (given.kind(), given.children()) {
        (Kind::Unknown(Type::Tuple(types), _), _) if types.is_empty() => Value::null(ty),
        (Kind::Unknown(..), _) => {
            if ops::length_bounds(given).0 > 1 && !matches!(given.ty(), Type::Dynamic) {
                return Err(Fault::new(NOT_ONE).at(0));
            }
            Value::unknown(ty)
        }
        (_, []) => Value::null(ty),
        (_, [only]) => only.clone(),
        (Kind::Set(_), _) if ops::length_bounds(given).0 <= 1 => Value::unknown(ty),
        _ => return Err(Fault::new(NOT_ONE).at(0)),
    };
    Ok(made.with_marks(marks))
}
