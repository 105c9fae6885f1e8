//! terrane-builtin
