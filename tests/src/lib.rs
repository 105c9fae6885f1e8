//! terrane-tests
