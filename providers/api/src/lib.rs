//! terrane-provider
