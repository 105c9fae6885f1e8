//! terrane-gate
