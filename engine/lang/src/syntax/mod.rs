//! Syntax trees of native and JSON syntax, and how they are made.
//!
//! In reading order: the tree ([`ast`]), bodies seen through a schema ([`body`]), the scanner, the
//! parser, the JSON front end, static analysis of expressions.

pub mod ast;
pub mod body;
mod content;
pub mod format;
pub mod json;
pub mod navigate;
pub mod parse;
mod scan;
mod spans;
pub mod static_expr;
pub mod suggest;
#[cfg(test)]
mod tests;
