//! AWS: types with the names and schemas of `hashicorp/aws`.
//!
//! * [`facts`]: what is known of all types, packed; schemas are made of it.

pub mod facts;
