//! `notes_log`: an action that writes a line to a log beside the folder of the notes.

use crate::settings::Folder;
use async_trait::async_trait;
use std::io::Write as _;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Action, Answered, Invoked, Refusal};
use terrane_value::Value;

#[derive(Debug)]
pub(crate) struct Log(pub(crate) Folder);

#[async_trait]
impl Action for Log {
    fn schema(&self) -> Schema {
        let line = Attribute::string().required();
        Schema::new(
            0,
            Block::new().attr("line", line.described("What is written.")),
        )
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        match args::string(config, "line") {
            Some(line) if line.contains('\n') => {
                let problem = "A line has no line breaks in it.";
                vec![args::complaint("line", "More than a line", problem)]
            }
            _ => Vec::new(),
        }
    }

    async fn invoke(&self, config: Value) -> Answered<Invoked> {
        let line = args::string(&config, "line").unwrap_or_default();
        let path = self.0.path()?.with_extension("log");
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut log| writeln!(log, "{line}"))
            .map_err(|error| Refusal::error("Can't write to the log", error.to_string()))?;
        Ok(Invoked {
            progress: vec![format!("wrote to {}", path.display())],
            ..Invoked::default()
        })
    }
}
