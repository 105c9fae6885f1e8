//! "Did you mean", as the language has it.

pub(crate) use terrane_lang::syntax::suggest::{did_you_mean, suggestion};
