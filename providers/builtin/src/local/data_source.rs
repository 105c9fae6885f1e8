//! The data sources `local_file` and `local_sensitive_file`.

use super::digest;
use super::file::aside;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, DataSource};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct FileSource {
    /// Whether this is `local_sensitive_file`.
    pub(super) secret: bool,
}

#[async_trait]
impl DataSource for FileSource {
    fn schema(&self) -> Schema {
        let content = |text: &str| {
            let attribute = Attribute::string().computed().described(text);
            if self.secret {
                attribute.sensitive()
            } else {
                attribute
            }
        };
        let block = digest::with_schema(Block::new())
            .attr(
                "content",
                content("The content as UTF-8, with replacement characters for what is not."),
            )
            .attr("content_base64", content("The content in base64."))
            .attr(
                "filename",
                Attribute::string()
                    .required()
                    .described("The path of the file, which must exist."),
            );
        Schema::new(0, block)
    }

    async fn read(&self, config: Value) -> Answered<(Value, Vec<ProviderDiagnostic>)> {
        let filename = args::string(&config, "filename")
            .unwrap_or_default()
            .to_owned();
        let content = aside(move || {
            std::fs::read(&filename).map_err(|error| {
                args::complaint(
                    "filename",
                    "Read local file data source error",
                    format!("The file at {filename} cannot be read: {error}"),
                )
                .into()
            })
        })
        .await?;
        let text = String::from_utf8_lossy(&content);
        let changes = [
            ("content", Value::string_nfc(&text)),
            ("content_base64", Value::string(STANDARD.encode(&content))),
        ];
        let state = args::with_all(&config, changes);
        Ok((
            args::with_all(&state, digest::attributes(&content)),
            Vec::new(),
        ))
    }
}
