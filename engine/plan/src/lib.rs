//! terrane-plan
