//! terrane-apply
