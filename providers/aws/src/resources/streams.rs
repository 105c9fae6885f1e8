//! Kinesis: streams and who reads them.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{EcoString, Value};

pub(super) const TYPES: Family = &[
    ("aws_kinesis_stream", stream),
    ("aws_kinesis_stream_consumer", consumer),
];

#[expect(clippy::too_many_lines, reason = "a table")]
fn stream() -> Table {
    Table::new("aws_kinesis_stream", "kinesis")
        .noun("Stream")
        .names(&[
            ("kms_key_id", "KeyId"),
            ("retention_period", "RetentionPeriodHours"),
            ("shard_count", "OpenShardCount"),
            (
                "shard_level_metrics",
                "EnhancedMonitoring.0.ShardLevelMetrics",
            ),
        ])
        .local(&["enforce_consumer_deletion"])
        .unsupported(&["max_record_size_in_kib"])
        .by_function(&[
            "encryption_type",
            "kms_key_id",
            "retention_period",
            "shard_count",
            "shard_level_metrics",
            "stream_mode_details",
        ])
        .create(
            op("CreateStream")
                .only(&["name", "stream_mode_details"])
                .set("ShardCount", "{shard_count}"),
        )
        .input(|operation, input, object| {
            let on_demand = mode(object) == "ON_DEMAND";
            if operation == "CreateStream"
                && let Some(members) = input.as_object_mut()
            {
                if on_demand {
                    members.remove("ShardCount");
                } else {
                    members.entry("ShardCount").or_insert_with(|| 1.into());
                }
            }
        })
        .id("{arn}")
        .read(
            op("DescribeStreamSummary")
                .set("StreamName", "{name}")
                .at("StreamDescriptionSummary"),
        )
        .answer(|_, found| {
            // Shards of a stream that scales by itself are nobody's wish.
            let on_demand = json::text_at(found, "StreamModeDetails.StreamMode");
            if on_demand.as_deref() == Some("ON_DEMAND")
                && let Some(members) = found.as_object_mut()
            {
                members.insert("OpenShardCount".to_owned(), 0.into());
            }
            if found.get("EncryptionType").is_none_or(Json::is_null) {
                json::put(found, "EncryptionType", "NONE".into());
            }
        })
        .delete(
            op("DeleteStream")
                .set("StreamName", "{name}")
                .set("EnforceConsumerDeletion", "{enforce_consumer_deletion}"),
        )
        .wait(
            &[Phase::Create],
            "StreamStatus",
            &["ACTIVE"],
            &["CREATING", "UPDATING"],
        )
        .wait(&[Phase::Update], "StreamStatus", &["ACTIVE"], &["UPDATING"])
        .wait(&[Phase::Delete], "StreamStatus", &[], &[])
        .tag_calls(
            "ListTagsForStream",
            ("AddTagsToStream", "RemoveTagsFromStream"),
            "StreamName",
            "{name}",
        )
        .retry(
            &[Phase::Update, Phase::Delete],
            "ResourceInUseException",
            "",
            600,
        )
        .hooks(Stream)
}

fn mode(object: &Value) -> String {
    let blocks = args::get(object, "stream_mode_details");
    let block = blocks.children().first().cloned().unwrap_or(Value::NULL);
    args::string(&block, "stream_mode")
        .unwrap_or_default()
        .to_owned()
}

#[derive(Debug)]
struct Stream;

impl Stream {
    /// Brings a stream from one state to another.
    async fn turn(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let name = run.text("{name}", planned);
        let differs = |name: &str| !same_at(prior, planned, name);
        let hours = |object: &Value| args::int(object, "retention_period").unwrap_or(24);
        let (before, after) = (hours(prior), hours(planned));
        if before != after {
            let operation = if after > before {
                "IncreaseStreamRetentionPeriod"
            } else {
                "DecreaseStreamRetentionPeriod"
            };
            let input = json!({"StreamName": name, "RetentionPeriodHours": after});
            self.through(run, planned, operation, input).await?;
        }
        if differs("shard_level_metrics") {
            let of =
                |object: &Value| args::strings(object, "shard_level_metrics").unwrap_or_default();
            let (before, after) = (of(prior), of(planned));
            let without = |left: &[EcoString], right: &[EcoString]| {
                let rest = left.iter().filter(|one| !right.contains(one));
                rest.map(ToString::to_string).collect::<Vec<_>>()
            };
            for (operation, metrics) in [
                ("DisableEnhancedMonitoring", without(&before, &after)),
                ("EnableEnhancedMonitoring", without(&after, &before)),
            ] {
                if !metrics.is_empty() {
                    let input = json!({"StreamName": name, "ShardLevelMetrics": metrics});
                    self.through(run, planned, operation, input).await?;
                }
            }
        }
        if differs("encryption_type") || differs("kms_key_id") {
            let of = |object: &Value| run.text("{encryption_type}", object);
            let (on, object) = match of(planned) == "KMS" {
                true => ("StartStreamEncryption", planned),
                false => ("StopStreamEncryption", prior),
            };
            if of(object) == "KMS" {
                let input = json!({
                    "StreamName": name,
                    "EncryptionType": "KMS",
                    "KeyId": run.text("{kms_key_id}", object),
                });
                self.through(run, planned, on, input).await?;
            }
        }
        Ok(())
    }

    /// A stream takes one change at a time.
    async fn through(
        &self,
        run: &Run<'_>,
        object: &Value,
        operation: &str,
        input: Json,
    ) -> Answered<()> {
        run.ask(operation, input).await?;
        run.wait_for(Phase::Update, object).await
    }
}

#[async_trait]
impl Hooks for Stream {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("kinesis", "CreateStream")?;
        let Some(step) = &run.table.create else {
            return Ok(None);
        };
        let mut input = run.input(step, &operation, planned);
        run.put_tags(&operation.input, &crate::run::all_tags(planned), &mut input);
        run.ask("CreateStream", input).await?;
        // Nothing but the name is told, of which the ARN is made.
        let account = &run.cx.caller().await?.account;
        let arn = format!(
            "arn:{}:kinesis:{}:{account}:stream/{}",
            crate::cx::partition(&run.region),
            run.region,
            run.text("{name}", planned)
        );
        let made = args::with(planned, "arn", Value::string(arn.as_str()));
        Ok(Some((arn, made)))
    }

    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let fresh = args::with_all(
            object,
            [
                ("retention_period", Value::number(24)),
                ("shard_level_metrics", Value::NULL),
                ("encryption_type", Value::string("NONE")),
                ("kms_key_id", Value::NULL),
            ],
        );
        self.turn(run, &fresh, object).await
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        if mode(prior) != mode(planned) {
            let input = json!({
                "StreamARN": run.text("{arn}", prior),
                "StreamModeDetails": {"StreamMode": mode(planned)},
            });
            self.through(run, planned, "UpdateStreamMode", input)
                .await?;
        }
        if !same_at(prior, planned, "shard_count") && mode(planned) != "ON_DEMAND" {
            let input = json!({
                "StreamName": run.text("{name}", prior),
                "TargetShardCount": args::int(planned, "shard_count").unwrap_or(1),
                "ScalingType": "UNIFORM_SCALING",
            });
            self.through(run, planned, "UpdateShardCount", input)
                .await?;
        }
        self.turn(run, prior, planned).await
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        Some(vec![("name", id.to_owned())])
    }
}

fn consumer() -> Table {
    Table::new("aws_kinesis_stream_consumer", "kinesis")
        .noun("Consumer")
        .names(&[("creation_timestamp", "ConsumerCreationTimestamp")])
        .create(op("RegisterStreamConsumer").at("Consumer"))
        .id_out("Consumer.ConsumerARN")
        .read(
            op("DescribeStreamConsumer")
                .set("ConsumerARN", "{id}")
                .at("ConsumerDescription"),
        )
        .delete(op("DeregisterStreamConsumer").set("ConsumerARN", "{id}"))
        .wait(
            &[Phase::Create],
            "ConsumerStatus",
            &["ACTIVE"],
            &["CREATING"],
        )
        .wait(&[Phase::Delete], "ConsumerStatus", &[], &[])
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceARN",
            "{arn}",
        )
        .lazy_tags()
}
