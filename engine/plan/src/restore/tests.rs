//! What text comes of a state.
