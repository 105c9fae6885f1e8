//! Firehose: streams that deliver to buckets, warehouses, search and endpoints.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

mod destinations;

use destinations::{DESTINATIONS, WITHIN, blocks};

pub(super) const TYPES: Family = &[("aws_kinesis_firehose_delivery_stream", stream)];

#[expect(clippy::too_many_lines, reason = "a table")]
fn stream() -> Table {
    Table::new("aws_kinesis_firehose_delivery_stream", "firehose")
        .names(&[
            ("arn", "DeliveryStreamARN"),
            ("name", "DeliveryStreamName"),
            ("destination_id", "Destinations.0.DestinationId"),
            (
                "kinesis_source_configuration",
                "KinesisStreamSourceConfiguration",
            ),
            (
                "kinesis_source_configuration",
                "Source.KinesisStreamSourceDescription",
            ),
            ("msk_source_configuration", "MSKSourceConfiguration"),
            ("msk_source_configuration", "Source.MSKSourceDescription"),
        ])
        .names(&blocks())
        .names(WITHIN)
        .local(&["destination"])
        .by_function(&["server_side_encryption"])
        .create(op("CreateDeliveryStream").except(&["arn", "destination_id", "version_id"]))
        .input(|operation, input, object| {
            if operation == "CreateDeliveryStream" {
                let from = |source: &str| input.get(source).is_some();
                let kind = if from("KinesisStreamSourceConfiguration") {
                    "KinesisStreamAsSource"
                } else if from("MSKSourceConfiguration") {
                    "MSKAsSource"
                } else {
                    "DirectPut"
                };
                json::put(input, "DeliveryStreamType", kind.into());
                if let Some(key) = encryption(object) {
                    json::put(input, "DeliveryStreamEncryptionConfigurationInput", key);
                }
            }
        })
        .id_out("DeliveryStreamARN")
        .read(
            op("DescribeDeliveryStream")
                .set("DeliveryStreamName", "{name}")
                .at("DeliveryStreamDescription"),
        )
        .answer(|_, found| answered(found))
        .found(|_, found, raw| {
            let destination = args::string(&found, "destination").unwrap_or_default();
            if !destination.is_empty() {
                return found;
            }
            // A stream to a bucket tells of it in an older form, too.
            let told = |one: &&destinations::Destination| json::get(raw, one.found).is_some();
            let kind = DESTINATIONS.iter().find(told).map_or("", |one| one.kind);
            args::with(&found, "destination", Value::string(kind))
        })
        .update(
            op("UpdateDestination")
                .set("DeliveryStreamName", "{name}")
                .only(&DESTINATIONS.iter().map(|one| one.block).collect::<Vec<_>>())
                .carry(
                    "DeliveryStreamDescription.VersionId",
                    "CurrentDeliveryStreamVersionId",
                )
                .carry(
                    "DeliveryStreamDescription.Destinations.0.DestinationId",
                    "DestinationId",
                ),
        )
        .delete(op("DeleteDeliveryStream").set("DeliveryStreamName", "{name}"))
        .tag_calls(
            "ListTagsForDeliveryStream",
            ("TagDeliveryStream", "UntagDeliveryStream"),
            "DeliveryStreamName",
            "{name}",
        )
        .wait(
            &[Phase::Create],
            "DeliveryStreamStatus",
            &["ACTIVE"],
            &["CREATING"],
        )
        .wait(&[Phase::Delete], "DeliveryStreamStatus", &[], &[])
        // What a switch of encryption waits for; others do not.
        .wait(
            &[Phase::Read],
            "DeliveryStreamEncryptionConfiguration.Status",
            &["ENABLED", "DISABLED", ""],
            &["ENABLING", "DISABLING"],
        )
        .recomputed("version_id", &[])
        // Roles and policies are not seen everywhere at once.
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidArgumentException",
            "is not authorized to",
            120,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidArgumentException",
            "Firehose is unable to assume role",
            120,
        )
        .hooks(Encryption)
}

/// The key that a stream is encrypted with, if it is.
fn encryption(object: &Value) -> Option<Json> {
    let blocks = args::get(object, "server_side_encryption");
    let block = blocks.children().first()?;
    if args::bool(block, "enabled") != Some(true) {
        return None;
    }
    let text = |name: &str| args::string(block, name).filter(|text| !text.is_empty());
    let mut key = json!({"KeyType": text("key_type").unwrap_or("AWS_OWNED_CMK")});
    if let Some(arn) = text("key_arn") {
        json::put(&mut key, "KeyARN", arn.into());
    }
    Some(key)
}

fn answered(found: &mut Json) {
    let of = |member: &str| {
        json::text_at(
            found,
            &format!("DeliveryStreamEncryptionConfiguration.{member}"),
        )
    };
    let on = of("Status").is_some_and(|status| matches!(status.as_str(), "ENABLED" | "ENABLING"));
    let mut block = json!({"Enabled": on});
    if on {
        for (from, to) in [("KeyARN", "KeyArn"), ("KeyType", "KeyType")] {
            if let Some(text) = of(from) {
                json::put(&mut block, to, text.into());
            }
        }
    }
    json::put(found, "ServerSideEncryption", json!([block]));
}

/// Encryption is switched by calls of its own.
#[derive(Debug)]
struct Encryption;

#[async_trait]
impl Hooks for Encryption {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if same_at(prior, planned, "server_side_encryption") {
            return Ok(());
        }
        let mut input = json!({"DeliveryStreamName": run.text("{name}", prior)});
        let operation = match encryption(planned) {
            Some(key) => {
                json::put(
                    &mut input,
                    "DeliveryStreamEncryptionConfigurationInput",
                    key,
                );
                "StartDeliveryStreamEncryption"
            }
            None if encryption(prior).is_some() => "StopDeliveryStreamEncryption",
            None => return Ok(()),
        };
        run.ask(operation, input).await?;
        run.wait_for(Phase::Read, prior).await
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (_, name) = id.rsplit_once("deliverystream/")?;
        Some(vec![("id", id.to_owned()), ("name", name.to_owned())])
    }
}
