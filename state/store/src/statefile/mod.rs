//! State files of the peers (`terraform.tfstate`, format version 4): read for migration and `state push`, written for
//! `state pull`.
//!
//! What the peers write comes back byte for byte, as long as the version that is claimed is the same one. Numbers and strings
//! of attributes stay as they are written; only white space is normalised.
//!
//! What was seen of the peers is in `docs/formats/statefile.md`.
//!
//! *Provider addresses.* Here a provider without a host lives on `registry.opentofu.org`; Terraform's live on
//! `registry.terraform.io`. So that a state can go over and back without a diff, the latter host is read as the former, and the former
//! is written as the latter, unless [`WriteOptions::registry`] says otherwise. (OpenTofu reads both.)
//!
//! *What a state file can't hold*: open intents, how long a creation took, the serial at which an instance changed. After reading, every
//! instance has the serial of the file.

mod json;
mod provider;
mod read;
mod write;

pub use json::{compact, indent};
pub use read::{StateFile, read};
pub use write::{WriteOptions, to_writer, write};

/// Terraform's registry.
pub const TERRAFORM_REGISTRY: &str = "registry.terraform.io";

#[cfg(test)]
mod tests;
