//! The language: sources and spans, diagnostics, scanner and parser, compiled expressions, functions.
//!
//! In go the bytes of source files; out come syntax trees ([`syntax`]), and from those compiled
//! expressions ([`expr`]) that can be evaluated against a [`expr::Scope`]. This room knows nothing of
//! resources, modules or providers: what a name means is told to it by a [`expr::Binder`].

pub mod diagnostic;
pub mod expr;
pub mod functions;
pub mod rules;
pub mod source;
pub mod syntax;
