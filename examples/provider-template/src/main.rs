//! A small provider, to begin one's own with: notes, which are files in a folder.
//!
//! `cargo build` makes a program that Terraform, OpenTofu and terrane can use; `docs/guide/write-a-provider.md` walks through it.

mod count;
mod log;
mod note;
mod settings;
mod slug;
#[cfg(test)]
mod tests;

use settings::{Folder, Settings};
use std::process::ExitCode;
use terrane_model::addr::ProviderAddr;
use terrane_provider::native::{Configurable, NativeProvider};

fn main() -> ExitCode {
    terrane_serve::run(provider())
}

/// The provider. Each instance has a configuration of its own, so its parts are made anew for each.
fn provider() -> Configurable {
    Configurable::new(|| {
        let folder = Folder::default();
        let addr = ProviderAddr::default_host("example", "notes");
        NativeProvider::builder(addr, env!("CARGO_PKG_VERSION"))
            .configuration(Settings(folder.clone()))
            .resource("notes_note", note::Note(folder.clone()))
            .data_source("notes_count", count::Count(folder.clone()))
            .action("notes_log", log::Log(folder))
            .function("slug", slug::Slug)
            .build()
    })
}
