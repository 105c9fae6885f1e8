//! terrane-model
