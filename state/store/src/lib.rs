//! terrane-store
