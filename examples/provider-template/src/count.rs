//! `notes_count`: how many notes there are.

use crate::settings::Folder;
use async_trait::async_trait;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, DataSource};
use terrane_value::Value;

#[derive(Debug)]
pub(crate) struct Count(pub(crate) Folder);

#[async_trait]
impl DataSource for Count {
    fn schema(&self) -> Schema {
        Schema::new(
            0,
            Block::new().attr("total", Attribute::number().computed()),
        )
    }

    async fn read(&self, config: Value) -> Answered<(Value, Vec<ProviderDiagnostic>)> {
        let count = std::fs::read_dir(self.0.path()?).map_or(0, Iterator::count);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        Ok((
            args::with(&config, "total", Value::number(count)),
            Vec::new(),
        ))
    }
}
