//! `null_data_source`: gives back its inputs. Deprecated in favour of locals.

use super::random_number;
use crate::doors::Entropy;
use async_trait::async_trait;
use std::sync::Arc;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, DataSource};
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct NullDataSource(pub(super) Arc<dyn Entropy>);

#[async_trait]
impl DataSource for NullDataSource {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .deprecated(
                "The null_data_source was historically used to construct intermediate values to re-use elsewhere in \
                 configuration, the same can now be achieved using locals or the terraform_data resource type in Terraform 1.4 \
                 and later.",
            )
            .attr(
                "has_computed_default",
                Attribute::string()
                    .optional()
                    .computed()
                    .described("Returned as it is; \"default\" if not set."),
            )
            .attr(
                "id",
                Attribute::string()
                    .computed()
                    .deprecated("This attribute is only present for some legacy compatibility issues and should not be used. It \
                                 will be removed in a future version."),
            )
            .attr(
                "inputs",
                Attribute::string_map()
                    .optional()
                    .described("Copied into `outputs`."),
            )
            .attr(
                "outputs",
                Attribute::string_map()
                    .computed()
                    .described("A copy of `inputs`."),
            )
            .attr(
                "random",
                Attribute::string().computed().described("A random value."),
            );
        Schema::new(0, block)
    }

    async fn read(&self, config: Value) -> Answered<(Value, Vec<ProviderDiagnostic>)> {
        let computed = if args::is_set(&config, "has_computed_default") {
            args::get(&config, "has_computed_default")
        } else {
            Value::string("default")
        };
        let changes = [
            ("has_computed_default", computed),
            ("id", Value::string("static")),
            ("outputs", args::get(&config, "inputs")),
            ("random", Value::string(random_number(self.0.as_ref()))),
        ];
        Ok((args::with_all(&config, changes), Vec::new()))
    }
}
