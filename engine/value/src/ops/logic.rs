//! `!`, `&&`, `||`.

use super::arithmetic::OperandError;
use crate::{Kind, Marks, Type, Value};

/// A bool operand: known, or not.
fn operand(value: &Value) -> Result<(Option<bool>, &Marks), OperandError> {
    let (inner, marks) = value.unmark();
    match inner.kind() {
        Kind::Bool(known) => Ok((Some(known), marks)),
        Kind::Unknown(Type::Bool | Type::Dynamic, _) => Ok((None, marks)),
        Kind::Null(_) => Err(OperandError::Null),
        _ => Err(OperandError::NotBool),
    }
}

fn result(known: Option<bool>, marks: &Marks) -> Value {
    known.map_or_else(
        || Value::undecided(marks),
        |known| Value::bool(known).with_marks(marks),
    )
}

/// The other truth value.
///
/// # Errors
/// For null and for what is no bool.
pub fn not(value: &Value) -> Result<Value, OperandError> {
    let (known, marks) = operand(value)?;
    Ok(result(known.map(|known| !known), marks))
}

/// Whether both are true. One that is surely false decides, whatever the other will be.
///
/// # Errors
/// For null and for what is no bool.
pub fn and(a: &Value, b: &Value) -> Result<Value, OperandError> {
    let ((a, left), (b, right)) = (operand(a)?, operand(b)?);
    let known = match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    };
    Ok(result(known, &left.union(right)))
}

/// Whether one is true. One that is surely true decides, whatever the other will be.
///
/// # Errors
/// For null and for what is no bool.
pub fn or(a: &Value, b: &Value) -> Result<Value, OperandError> {
    let ((a, left), (b, right)) = (operand(a)?, operand(b)?);
    let known = match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    Ok(result(known, &left.union(right)))
}
