//! terrane-store-sled
