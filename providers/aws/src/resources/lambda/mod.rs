//! Functions of Lambda and what belongs to them.

use super::Family;
use crate::json;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

mod access;
mod calls;
mod function;

pub(crate) use function::{FOUND, answer};

pub(super) const TYPES: Family = &[
    ("aws_lambda_function", function::function),
    ("aws_lambda_layer_version", calls::layer_version),
    ("aws_lambda_alias", calls::alias),
    (
        "aws_lambda_event_source_mapping",
        calls::event_source_mapping,
    ),
    (
        "aws_lambda_function_event_invoke_config",
        calls::event_invoke_config,
    ),
    (
        "aws_lambda_provisioned_concurrency_config",
        calls::provisioned_concurrency,
    ),
    ("aws_lambda_permission", access::permission),
    ("aws_lambda_function_url", access::function_url),
];

/// Where a file, an object of S3 or an image is: the members of a call that takes code.
async fn content(object: &Value) -> Answered<Json> {
    let mut made = json!({});
    let members = [
        ("s3_bucket", "S3Bucket"),
        ("s3_key", "S3Key"),
        ("s3_object_version", "S3ObjectVersion"),
        ("image_uri", "ImageUri"),
        ("source_kms_key_arn", "SourceKMSKeyArn"),
    ];
    for (name, member) in members {
        if let Some(text) = args::string(object, name).filter(|text| !text.is_empty()) {
            json::put(&mut made, member, text.into());
        }
    }
    if let Some(path) = args::string(object, "filename").filter(|path| !path.is_empty()) {
        let bytes = tokio::fs::read(path).await;
        let bytes = bytes
            .map_err(|error| Refusal::error("File cannot be read", format!("{path}: {error}")))?;
        let packed = base64::engine::general_purpose::STANDARD.encode(bytes);
        json::put(&mut made, "ZipFile", packed.into());
    }
    Ok(made)
}

/// The address by which an API calls a function.
fn invoke_arn(partition: &str, region: &str, arn: &str) -> Value {
    Value::string(format!(
        "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    ))
}

/// A function is known by its name and by its ARN: what was written stays, if it is the same one.
fn as_written(prior: &Value, response: &mut terrane_provider::plan::PlanResponse) {
    let (before, after) = (
        args::get(prior, "function_name"),
        args::get(&response.planned, "function_name"),
    );
    let (Some(left), Some(right)) = (before.as_str(), after.as_str()) else {
        return;
    };
    let is_arn = |text: &str| text.starts_with("arn:");
    let bare = |text: &str| match text.split_once(":function:") {
        Some((_, name)) => name.to_owned(),
        None => text.to_owned(),
    };
    if is_arn(left) != is_arn(right) && bare(left) == bare(right) {
        response.planned = args::with(&response.planned, "function_name", before);
    }
}
