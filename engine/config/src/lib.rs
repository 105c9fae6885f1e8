//! Configuration: from syntax trees to a module tree whose names are bound and whose rules are checked.
//!
//! Two steps, because schemas are known only when it is known which providers are needed: [`load`] reads the declarations of
//! every module (asking the shell for the files of each); `compile` binds names and compiles bodies against the schemas and gives a
//! [`Config`]. Bad input gives diagnostics and as much of a result as can be had.

pub mod body;
pub mod compile;
pub mod config;
mod constant;
mod schema_types;
pub mod load;
pub mod provisioner_schema;
mod suggest;
pub mod version;
