//! `aws_cloudwatch_log_data_protection_policy_document`: what of logs is not for everybody, byte for byte as hashicorp/aws writes it.

use super::policy::{Node, write};
use terrane_provider::args;
use terrane_value::Value;

/// What a configuration says for no version.
const VERSION: &str = "2021-06-01";

/// Where findings go: the block, its argument, and what both are called in a document.
const PLACES: &[(&str, &str, &str, &str)] = &[
    ("cloudwatch_logs", "log_group", "CloudWatchLogs", "LogGroup"),
    ("firehose", "delivery_stream", "Firehose", "DeliveryStream"),
    ("s3", "bucket", "S3", "Bucket"),
];

fn first(value: &Value, name: &str) -> Option<Value> {
    args::get(value, name).children().first().cloned()
}

fn said(value: &Value, name: &str) -> Option<Node> {
    let text = args::string(value, name).filter(|text| !text.is_empty())?;
    Some(Node::Text(text.to_owned()))
}

/// An object of the members that there are.
fn object<const N: usize>(members: [(&str, Option<Node>); N]) -> Node {
    let there = members.into_iter();
    Node::Object(
        there
            .filter_map(|(name, node)| Some((name.to_owned(), node?)))
            .collect(),
    )
}

fn identifier(block: &Value) -> Node {
    object([
        ("Name", said(block, "name")),
        ("Regex", said(block, "regex")),
    ])
}

fn findings(audit: &Value) -> Option<Node> {
    let block = first(audit, "findings_destination")?;
    let places = PLACES.iter().filter_map(|(name, argument, place, member)| {
        let inner = first(&block, name)?;
        Some((
            (*place).to_owned(),
            object([(member, said(&inner, argument))]),
        ))
    });
    Some(Node::Object(places.collect()))
}

fn operation(block: &Value) -> Node {
    let audit = first(block, "audit");
    let hidden = first(block, "deidentify");
    object([
        (
            "Audit",
            audit.map(|audit| object([("FindingsDestination", findings(&audit))])),
        ),
        (
            "Deidentify",
            hidden.map(|_| object([("MaskConfig", Some(object([])))])),
        ),
    ])
}

fn statement(block: &Value) -> Node {
    let mut identifiers = args::strings(block, "data_identifiers").unwrap_or_default();
    identifiers.sort();
    let identifiers = identifiers.into_iter().map(|one| Node::Text(one.into()));
    object([
        ("Sid", said(block, "sid")),
        ("DataIdentifier", Some(Node::List(identifiers.collect()))),
        (
            "Operation",
            first(block, "operation").map(|block| operation(&block)),
        ),
    ])
}

/// The data source.
pub(super) fn document(config: &Value) -> Value {
    let version = args::string(config, "version").filter(|text| !text.is_empty());
    let version = Value::string(version.unwrap_or(VERSION));
    let config = args::with(config, "version", version);
    let own = first(&config, "configuration").map(|block| {
        let all = args::get(&block, "custom_data_identifier");
        let all: Vec<Node> = all.children().iter().map(identifier).collect();
        let all = (!all.is_empty()).then_some(Node::List(all));
        object([("CustomDataIdentifier", all)])
    });
    let statements = args::get(&config, "statement");
    let statements = statements.children().iter().map(statement);
    let document = object([
        ("Configuration", own),
        ("Description", said(&config, "description")),
        ("Name", said(&config, "name")),
        ("Statement", Some(Node::List(statements.collect()))),
        ("Version", said(&config, "version")),
    ]);
    let mut text = String::new();
    write(&document, Some(0), &mut text);
    // The end of the line is a part of it there.
    text.push('\n');
    let id = crc32fast::hash(text.as_bytes()).to_string();
    args::with_all(
        &config,
        [("id", Value::string(id)), ("json", Value::string(text))],
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;
    use terrane_provider::args;
    use terrane_value::json as value_json;

    /// What hashicorp/aws 5.100 makes of it, and its id.
    #[test]
    fn documents_are_written_as_the_go_provider_writes_them() {
        let config = r#"{"name": "Example<&>", "description": null, "id": null, "json": null, "version": null, "configuration": [], "statement": [
            {"sid": "Audit", "data_identifiers": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress", "arn:aws:dataprotection::aws:data-identifier/DriversLicense-US"],
             "operation": [{"deidentify": [], "audit": [{"findings_destination": [{"cloudwatch_logs": [{"log_group": "lg"}], "firehose": [{"delivery_stream": "fh"}], "s3": [{"bucket": "b"}]}]}]}]},
            {"sid": null, "data_identifiers": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"], "operation": [{"audit": [], "deidentify": [{"mask_config": [{}]}]}]}]}"#;
        let schemas = crate::facts::provider_schema();
        let schema = &schemas.data_sources["aws_cloudwatch_log_data_protection_policy_document"];
        let config = value_json::decode(config, schema.block.implied_type()).unwrap();
        let made = super::document(&config);
        let text = args::string(&made, "json").unwrap();
        let whole = r#"{"Name":"Example<&>","Statement":[{"Sid":"Audit","DataIdentifier":["arn:aws:dataprotection::aws:data-identifier/DriversLicense-US","arn:aws:dataprotection::aws:data-identifier/EmailAddress"],"Operation":{"Audit":{"FindingsDestination":{"CloudWatchLogs":{"LogGroup":"lg"},"Firehose":{"DeliveryStream":"fh"},"S3":{"Bucket":"b"}}}}},{"DataIdentifier":["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],"Operation":{"Deidentify":{"MaskConfig":{}}}}],"Version":"2021-06-01"}"#;
        let whole: Json = serde_json::from_str(whole).unwrap();
        assert_eq!(serde_json::from_str::<Json>(text).unwrap(), whole);
        // The id is a sum over every letter.
        assert_eq!(args::string(&made, "id"), Some("2945630697"), "{text}");
    }
}
