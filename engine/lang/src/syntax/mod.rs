//! Syntax trees of native and JSON syntax, and how they are made.
//!
//! In reading order: the tree ([`ast`]), bodies ([`body`]) and what a schema sees in them, the scanner, the
//! parser ([`parse`]), the JSON front end ([`json`]), static analysis of expressions ([`static_expr`]), and
//! what works on tokens alone: finding the block around a byte ([`navigate`]), whether a text is to be continued ([`open`]), what stands at the top of it ([`outline`]), and
//! [`mod@format`].

pub mod ast;
pub mod body;
mod content;
mod scan;

pub mod format;
pub mod json;
pub mod navigate;
pub mod open;
pub mod outline;
pub mod parse;
mod spans;
pub mod static_expr;
pub mod suggest;
#[cfg(test)]
mod tests;
