//! Types and values of the language.
//!
//! A [`Value`] is immutable and cheap to clone: containers are shared. It may be null or unknown
//! (of any type, with refinements), and it may carry [`Marks`] (sensitive, ephemeral). Containers
//! cache whether they hold unknown or marked values, so that the common questions cost O(1).
//!
//! This room does no I/O and knows nothing of resources or configuration.

pub mod bytes;
pub mod convert;
pub mod display;
pub mod json;
pub mod marks;
pub mod msgpack;
pub mod number;
pub mod ops;
pub mod path;
pub mod quote;
pub mod refine;
pub mod set;
mod shape;
pub mod ty;
pub mod value;

#[cfg(test)]
mod tests;

pub use ecow::EcoString;
pub use marks::Marks;
pub use number::Number;
pub use path::{Path, PathStep};
pub use refine::{Range, Refinements};
pub use ty::{ObjectType, Type};
pub use value::{Kind, MapValue, ObjectValue, Value};
