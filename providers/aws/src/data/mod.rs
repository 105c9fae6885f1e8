//! Sources of data.

use crate::cx::Cx;
use crate::facts::TypeFacts;
use terrane_model::schema::Schema;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

/// Reads a source of data.
pub(crate) async fn read(_cx: Option<&Cx>, name: &str, _about: (&TypeFacts, &Schema), _config: &Value) -> Answered<Value> {
    Err(Refusal::error(
        "Data source cannot be read yet",
        format!("The AWS provider of this program cannot read {name} yet. The plugin provider hashicorp/aws can."),
    ))
}
