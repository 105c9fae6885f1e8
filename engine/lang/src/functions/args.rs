//! Reading arguments.

use super::table::Fault;
use crate::expr::values;
use terrane_value::{Kind, Number, Refinements, Type, Value};

/// The text of a known string argument. Empty for anything else, which the table rules out.
pub(super) fn text(args: &[Value], at: usize) -> &str {
    args.get(at)
        .and_then(|value| value.unmarked().as_str())
        .unwrap_or_default()
}

/// The number of a known number argument.
pub(super) fn number(args: &[Value], at: usize) -> Result<&Number, Fault> {
    args.get(at)
        .and_then(|value| value.unmarked().as_number())
        .ok_or_else(|| Fault::new("a number is required").at(at))
}

/// What is said of a number that is not whole or does not fit.
pub(super) const WHOLE: &str =
    "value must be a whole number, between -9223372036854775808 and 9223372036854775807";

/// A whole number that fits.
pub(super) fn integer(args: &[Value], at: usize) -> Result<i64, Fault> {
    number(args, at)?.to_i64().ok_or_else(|| Fault::new(WHOLE))
}

/// The argument without its own marks.
pub(super) fn value(args: &[Value], at: usize) -> &Value {
    args.get(at).map_or(&Value::NULL, Value::unmarked)
}

/// A list of strings.
pub(super) fn strings<T: Into<terrane_value::EcoString>>(
    items: impl IntoIterator<Item = T>,
) -> Value {
    Value::list(
        Type::String,
        items.into_iter().map(|item| Value::string(item)).collect(),
    )
}

/// An unknown value that is not null.
pub(super) fn unknown(ty: Type) -> Value {
    Value::unknown_with(ty, Refinements::NOT_NULL)
}

/// The items in a type that all of them convert to.
pub(super) fn convert_all(items: &[Value], ty: &Type) -> Result<Vec<Value>, String> {
    items.iter().map(|item| values::convert(item, ty)).collect()
}

/// Whether values of a type are sequences.
pub(super) fn is_sequence(ty: &Type) -> bool {
    matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_))
}

/// Whether it is a set of which elements are not known: they may turn out to be one, and have no place in the order yet.
pub(super) fn may_shrink(value: &Value) -> bool {
    matches!(value.kind(), Kind::Set(items) if items.len() > 1 && !value.is_wholly_known())
}

/// Whether a value is unknown.
pub(super) fn is_unknown(value: &Value) -> bool {
    matches!(value.unmarked().kind(), Kind::Unknown(..))
}
