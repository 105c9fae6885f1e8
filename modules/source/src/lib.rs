//! terrane-modules
