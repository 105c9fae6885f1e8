//! The configuration of the provider: in which folder notes are.

use async_trait::async_trait;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Configuration, Refusal};
use terrane_value::Value;

/// Where notes are. Known once the provider is configured, and shared by all its parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folder(Arc<OnceLock<PathBuf>>);

impl Folder {
    /// The folder.
    ///
    /// # Errors
    /// While planning, if the configuration is not known yet.
    pub(crate) fn path(&self) -> Answered<&PathBuf> {
        self.0.get().ok_or_else(|| {
            Refusal::error(
                "Folder not known",
                "The provider's argument folder is not known yet.",
            )
        })
    }
}

#[derive(Debug)]
pub(crate) struct Settings(pub(crate) Folder);

#[async_trait]
impl Configuration for Settings {
    fn schema(&self) -> Schema {
        let folder = Attribute::string().required();
        let block = Block::new().attr("folder", folder.described("Where the notes are kept."));
        Schema::new(0, block)
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        match args::string(config, "folder") {
            Some("") => vec![args::complaint(
                "folder",
                "No folder",
                "The folder must have a name.",
            )],
            _ => Vec::new(),
        }
    }

    async fn configure(&self, config: Value) -> Answered<Vec<ProviderDiagnostic>> {
        if let Some(folder) = args::string(&config, "folder") {
            self.0.0.get_or_init(|| PathBuf::from(folder));
        }
        Ok(Vec::new())
    }
}
