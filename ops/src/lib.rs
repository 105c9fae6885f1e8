//! terrane-ops
