//! Hostile archives and good ones.
