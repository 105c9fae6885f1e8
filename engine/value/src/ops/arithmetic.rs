//! `+ - * / %`, unary `-`, and the order of numbers.

use super::equal;
use crate::number::NumberError;
use crate::{Kind, Marks, Number, Refinements, Type, Value};
use std::cmp::Ordering;
use std::fmt;

/// An operand that does not suit its operator. The texts are those that go behind "Unsuitable value
/// for left operand: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperandError {
    /// Null.
    Null,
    /// Should be a number.
    NotNumber,
    /// Should be a bool.
    NotBool,
    /// The numbers have no result.
    Number(NumberError),
}

impl fmt::Display for OperandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("argument must not be null"),
            Self::NotNumber => f.write_str("a number is required"),
            Self::NotBool => f.write_str("a bool is required"),
            Self::Number(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OperandError {}

/// A number operand: known, or not.
fn operand(value: &Value) -> Result<(Option<&Number>, &Marks), OperandError> {
    let (inner, marks) = value.unmark();
    match inner.kind() {
        Kind::Number(number) => Ok((Some(number), marks)),
        Kind::Unknown(Type::Number | Type::Dynamic, _) => Ok((None, marks)),
        Kind::Null(_) => Err(OperandError::Null),
        _ => Err(OperandError::NotNumber),
    }
}

fn binary(
    a: &Value,
    b: &Value,
    compute: impl FnOnce(&Number, &Number) -> Result<Number, NumberError>,
) -> Result<Value, OperandError> {
    let ((a, left), (b, right)) = (operand(a)?, operand(b)?);
    let result = match (a, b) {
        (Some(a), Some(b)) => Value::number(compute(a, b).map_err(OperandError::Number)?),
        _ => Value::unknown_refined(Type::Number, Refinements::NOT_NULL),
    };
    Ok(result.with_marks(&left.union(right)))
}

/// The sum.
///
/// # Errors
/// For null, for what is no number, and for infinities that cancel out.
pub fn add(a: &Value, b: &Value) -> Result<Value, OperandError> {
    binary(a, b, Number::add)
}

/// The difference.
///
/// # Errors
/// As [`add`].
pub fn sub(a: &Value, b: &Value) -> Result<Value, OperandError> {
    binary(a, b, Number::sub)
}

/// The product.
///
/// # Errors
/// For null, for what is no number, and for zero times infinity.
pub fn mul(a: &Value, b: &Value) -> Result<Value, OperandError> {
    binary(a, b, Number::mul)
}

/// The quotient. Something divided by zero is infinite.
///
/// # Errors
/// For null, for what is no number, and for zero by zero.
pub fn div(a: &Value, b: &Value) -> Result<Value, OperandError> {
    binary(a, b, Number::div)
}

/// The remainder, with the sign of the dividend.
///
/// # Errors
/// For null, for what is no number, and for infinities.
pub fn rem(a: &Value, b: &Value) -> Result<Value, OperandError> {
    binary(a, b, Number::rem)
}

/// The number with the other sign.
///
/// # Errors
/// For null and for what is no number.
pub fn neg(a: &Value) -> Result<Value, OperandError> {
    let (number, marks) = operand(a)?;
    let result = number.map_or_else(
        || Value::unknown_refined(Type::Number, Refinements::NOT_NULL),
        |number| Value::number(number.neg()),
    );
    Ok(result.with_marks(marks))
}

/// Which of two comes first, if that can be told: from the numbers, or from the bounds of unknown
/// ones (which count as if they were not included).
fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, OperandError> {
    if let (Some(a), Some(b)) = (operand(a)?.0, operand(b)?.0) {
        return Ok(Some(a.compare(b)));
    }
    let (a, b) = (a.range().refinements, b.range().refinements);
    let below = |high: &Option<(Number, bool)>, low: &Option<(Number, bool)>| matches!((high, low), (Some((high, _)), Some((low, _))) if high.compare(low) == Ordering::Less);
    Ok(if below(&a.max, &b.min) {
        Some(Ordering::Less)
    } else if below(&b.max, &a.min) {
        Some(Ordering::Greater)
    } else {
        None
    })
}

fn compare(a: &Value, b: &Value, wanted: Ordering) -> Result<Value, OperandError> {
    let order = order(a, b)?;
    let marks = a.marks().union(b.marks());
    Ok(order.map_or_else(
        || Value::undecided(&marks),
        |order| Value::bool(order == wanted).with_marks(&marks),
    ))
}

/// Whether `a < b`.
///
/// # Errors
/// For null and for what is no number.
pub fn less(a: &Value, b: &Value) -> Result<Value, OperandError> {
    compare(a, b, Ordering::Less)
}

/// Whether `a > b`.
///
/// # Errors
/// For null and for what is no number.
pub fn greater(a: &Value, b: &Value) -> Result<Value, OperandError> {
    compare(a, b, Ordering::Greater)
}

/// Whether `a < b` or `a == b`.
///
/// # Errors
/// For null and for what is no number.
pub fn less_or_equal(a: &Value, b: &Value) -> Result<Value, OperandError> {
    super::or(&less(a, b)?, &equal(a, b))
}

/// Whether `a > b` or `a == b`.
///
/// # Errors
/// For null and for what is no number.
pub fn greater_or_equal(a: &Value, b: &Value) -> Result<Value, OperandError> {
    super::or(&greater(a, b)?, &equal(a, b))
}
