//! The operators of the language on values.
//!
//! Every operator keeps marks: the result has those of all operands. An operand that is not known
//! gives an unknown result of the right type, refined as far as it can be (never null). Operands
//! must have been converted to the operator's type (`convert`), except where stated: equality takes
//! everything.

mod access;
mod arithmetic;
mod equality;
mod logic;

#[cfg(test)]
mod tests;

pub use access::{AccessError, get_attr, has_index, index, length, length_bounds};
pub use arithmetic::{
    OperandError, add, div, greater, greater_or_equal, less, less_or_equal, mul, neg, rem, sub,
};
pub use equality::{equal, not_equal};
pub use logic::{and, not, or};
