//! terrane-value
