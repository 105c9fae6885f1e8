//! Rules about expressions.

use crate::diagnostic::Rule;
use terrane_value::ops::AccessError;

crate::rules! {
    /// Expression nested too deeply.
    T0501 error EXPRESSION_TOO_DEEP = "Expression nested too deeply";

    /// Ambiguous attribute key.
    T0502 error AMBIGUOUS_ATTRIBUTE_KEY = "Ambiguous attribute key";

    /// Expression nested too deeply.
    T0503 error TEMPLATE_TOO_DEEP = "Expression nested too deeply";

    /// Expression nested too deeply.
    T0504 error SPLAT_TOO_DEEP = "Expression nested too deeply";

    /// Expression nested too deeply.
    T0505 error EVALUATION_TOO_DEEP = "Expression nested too deeply";

    /// Null value as key.
    T0506 error NULL_OBJECT_KEY = "Null value as key";

    /// Incorrect key type.
    T0507 error OBJECT_KEY_TYPE = "Incorrect key type";

    /// Iteration over null value.
    T0508 error FOR_OVER_NULL = "Iteration over null value";

    /// Iteration over non-iterable value.
    T0509 error FOR_OVER_NON_ITERABLE = "Iteration over non-iterable value";

    /// Duplicate object key.
    T0510 error DUPLICATE_FOR_KEY = "Duplicate object key";

    /// Condition is null.
    T0511 error NULL_FOR_CONDITION = "Condition is null";

    /// Invalid 'for' condition.
    T0512 error FOR_CONDITION_TYPE = "Invalid 'for' condition";

    /// Invalid object key.
    T0513 error NULL_FOR_KEY = "Invalid object key";

    /// Invalid object key.
    T0514 error FOR_KEY_TYPE = "Invalid object key";

    /// Invalid operand.
    T0515 error INVALID_OPERAND = "Invalid operand";

    /// Operation failed.
    T0516 error NULL_OPERAND = "Operation failed";

    /// Operation failed.
    T0517 error OPERATION_FAILED = "Operation failed";

    /// Invalid operand.
    T0518 error INVALID_UNARY_OPERAND = "Invalid operand";

    /// Operation failed.
    T0519 error NULL_UNARY_OPERAND = "Operation failed";

    /// Inconsistent conditional result types.
    T0520 error INCONSISTENT_CONDITIONAL = "Inconsistent conditional result types";

    /// Inconsistent conditional result types.
    T0521 error CONDITIONAL_CONVERSION = "Inconsistent conditional result types";

    /// Null condition.
    T0522 error NULL_CONDITION = "Null condition";

    /// Incorrect condition type.
    T0523 error CONDITION_TYPE = "Incorrect condition type";

    /// Splat of null value.
    T0524 error SPLAT_OF_NULL = "Splat of null value";

    /// Invalid template interpolation value.
    T0525 error NULL_IN_TEMPLATE = "Invalid template interpolation value";

    /// Invalid template interpolation value.
    T0526 error INVALID_INTERPOLATION = "Invalid template interpolation value";

    /// Expression nested too deeply.
    T0527 error TEMPLATE_EVALUATION_TOO_DEEP = "Expression nested too deeply";

    /// Unknown variable.
    T0528 error MISSING_TEMPLATE_VARIABLE = "Unknown variable";

    /// Unknown variable.
    T0529 error UNKNOWN_NAME = "Unknown variable";

    /// Variables not allowed.
    T0530 error VARIABLES_NOT_ALLOWED = "Variables not allowed";

    /// Attempt to index null value.
    T0531 error INDEX_OF_NULL = "Attempt to index null value";

    /// Attempt to get attribute from null value.
    T0532 error ATTRIBUTE_OF_NULL = "Attempt to get attribute from null value";

    /// Invalid index.
    T0533 error NULL_INDEX = "Invalid index";

    /// Invalid index.
    T0534 error INDEX_TYPE = "Invalid index";

    /// Invalid index.
    T0535 error NEGATIVE_INDEX = "Invalid index";

    /// Invalid index.
    T0536 error FRACTIONAL_INDEX = "Invalid index";

    /// Invalid index.
    T0537 error INDEX_BEYOND_END = "Invalid index";

    /// Invalid index.
    T0538 error NO_SUCH_KEY = "Invalid index";

    /// Invalid index.
    T0539 error INDEX_OF_SET = "Invalid index";

    /// Invalid index.
    T0540 error NO_INDICES = "Invalid index";

    /// Missing map element.
    T0541 error NO_SUCH_ELEMENT = "Missing map element";

    /// Unsupported attribute.
    T0542 error NO_SUCH_ATTRIBUTE = "Unsupported attribute";

    /// Unsupported attribute.
    T0543 error ATTRIBUTE_OF_LIST = "Unsupported attribute";

    /// Unsupported attribute.
    T0544 error ATTRIBUTE_OF_SET = "Unsupported attribute";

    /// Unsupported attribute.
    T0545 error NO_ATTRIBUTES = "Unsupported attribute";

    /// Unsupported attribute.
    T0546 error ATTRIBUTE_OF_PRIMITIVE = "Unsupported attribute";
}

/// The rule that an access to a part breaks.
#[must_use]
pub fn of_access(error: &AccessError) -> &'static Rule {
    match error {
        AccessError::IndexOfNull => &INDEX_OF_NULL,
        AccessError::AttributeOfNull => &ATTRIBUTE_OF_NULL,
        AccessError::NullKey => &NULL_INDEX,
        AccessError::KeyType(_) => &INDEX_TYPE,
        AccessError::NegativeIndex => &NEGATIVE_INDEX,
        AccessError::FractionalIndex => &FRACTIONAL_INDEX,
        AccessError::IndexBeyondEnd { .. } => &INDEX_BEYOND_END,
        AccessError::NoSuchKey => &NO_SUCH_KEY,
        AccessError::IndexOfSet => &INDEX_OF_SET,
        AccessError::NoIndices => &NO_INDICES,
        AccessError::NoSuchElement(_) => &NO_SUCH_ELEMENT,
        AccessError::NoSuchAttribute(_) => &NO_SUCH_ATTRIBUTE,
        AccessError::AttributeOfList(_) => &ATTRIBUTE_OF_LIST,
        AccessError::AttributeOfSet => &ATTRIBUTE_OF_SET,
        AccessError::NoAttributes => &NO_ATTRIBUTES,
        AccessError::AttributeOfPrimitive(_) => &ATTRIBUTE_OF_PRIMITIVE,
    }
}
