//! The provider of AWS as a program: a plugin for Terraform, OpenTofu and terrane.
//!
//! Hosts look for a program with the name of the provider: `terraform-provider-aws`. `docs/guide/aws-access.md` says how it is installed.

use std::process::ExitCode;

fn main() -> ExitCode {
    // What is no text can't be a setting of AWS.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    terrane_serve::run(terrane_aws::Aws::new(environment))
}
