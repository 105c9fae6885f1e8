//! Configuration: from syntax trees to a module tree whose names are bound and whose rules are checked.
//!
//! Two steps, because schemas are known only when it is known which providers are needed: [`load`] reads the declarations of
//! every module (asking the shell for the files of each); `compile` binds names and compiles bodies against the schemas and gives a
//! [`Config`]. Bad input gives diagnostics and as much of a result as can be had.

pub mod body;
pub mod compile;
pub mod config;
pub mod config_json;
mod constant;
pub mod load;
pub mod provisioner_schema;
pub mod repetition;
pub mod rules;
mod schema_types;
mod suggest;
pub mod test_file;
pub mod validate;
pub mod variables;
pub mod version;
