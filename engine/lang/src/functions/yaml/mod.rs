//! YAML, as the peers read it and write it.
//!
//! They read what libyaml reads: version 1.1, more lenient about indentation within brackets than the standard, stricter about other things.
//! The crates for YAML either follow version 1.2, and refuse texts that work with the peers, or are not safe on all input; so reading is ours.
//!
//! In reading order: the text, tokens, scalars, the parser, what scalars mean; then writing.

mod parse;
mod scalar;
mod scan;
mod text;
mod token;
mod write;

use super::args::{self, unknown, value};
use super::table::{Context, Fault, Function, Param, Ty};
use terrane_value::{Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "yamldecode",
        &[Param::new("src", Ty::String)],
        Ty::Any,
        yamldecode,
        "The value that a YAML text stands for.",
    )
    .by(any_type)
    .nullable(),
    Function::new(
        "yamlencode",
        &[Param::new("value", Ty::Any).null().typed()],
        Ty::String,
        yamlencode,
        "The value as YAML.",
    ),
];

fn any_type(_: &[Value]) -> Result<Type, Fault> {
    Ok(Type::Dynamic)
}

/// The value that a YAML text stands for, for views: as `yamldecode` reads it. `None`: it is none.
#[must_use]
pub fn value_of(text: &str) -> Option<Value> {
    parse::decode(text).ok()
}

fn yamldecode(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    context.charge(args::text(args, 0).len())?;
    parse::decode(args::text(args, 0)).map_err(|why| {
        // Messages quote the text.
        let place = why.split_once(": ").map_or("", |(place, _)| place);
        Fault::new(if context.sensitive {
            format!("{place}: the text can't be read, and why is not said because it is sensitive")
        } else {
            why
        })
    })
}

fn yamlencode(args: &[Value], _: &Context<'_>) -> Result<Value, Fault> {
    let given = value(args, 0);
    if !given.is_wholly_known() {
        return Ok(unknown(Type::String));
    }
    Ok(Value::string_nfc(&write::document(given)))
}
