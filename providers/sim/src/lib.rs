//! terrane-sim
