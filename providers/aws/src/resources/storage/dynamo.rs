//! Tables of DynamoDB.

use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn table() -> Table {
    Table::new("aws_dynamodb_table", "dynamodb")
        .noun("Table")
        .names(&[
            ("attribute", "AttributeDefinitions"),
            ("attribute.name", "AttributeName"),
            ("attribute.type", "AttributeType"),
            ("billing_mode", "BillingModeSummary.BillingMode"),
            ("billing_mode", "BillingMode"),
            ("table_class", "TableClassSummary.TableClass"),
            ("table_class", "TableClass"),
            ("read_capacity", "ProvisionedThroughput.ReadCapacityUnits"),
            ("write_capacity", "ProvisionedThroughput.WriteCapacityUnits"),
            ("stream_arn", "LatestStreamArn"),
            ("stream_label", "LatestStreamLabel"),
            ("stream_enabled", "StreamSpecification.StreamEnabled"),
            ("stream_view_type", "StreamSpecification.StreamViewType"),
        ])
        .local(&[
            "hash_key",
            "range_key",
            "global_secondary_index",
            "local_secondary_index",
            "server_side_encryption",
            "point_in_time_recovery",
            "replica",
            "ttl",
        ])
        .unsupported(&[
            "restore_backup_arn",
            "restore_date_time",
            "restore_source_name",
            "restore_source_table_arn",
            "restore_to_latest_time",
            "import_table",
            "global_table_witness",
            "warm_throughput",
            "global_secondary_index.warm_throughput",
        ])
        .by_function(&[
            "attribute",
            "billing_mode",
            "deletion_protection_enabled",
            "on_demand_throughput",
            "read_capacity",
            "stream_enabled",
            "stream_view_type",
            "table_class",
            "write_capacity",
        ])
        .recomputed("stream_arn", &["stream_enabled", "stream_view_type"])
        .recomputed("stream_label", &["stream_enabled", "stream_view_type"])
        .quiet(&["on_demand_throughput"])
        .create(op("CreateTable").except(&["read_capacity", "write_capacity", "stream_view_type"]))
        .input(input)
        .id("{name}")
        .read(op("DescribeTable").set("TableName", "{id}").at("Table"))
        .answer(|_, found| {
            // What is paid by use has no capacity; where nothing is said, it is provisioned.
            if let Some(members) = found.as_object_mut() {
                // A stream that there is not is told of as an empty name: modules join these.
                for name in ["LatestStreamArn", "LatestStreamLabel"] {
                    members.entry(name).or_insert_with(|| "".into());
                }
                members
                    .entry("BillingModeSummary")
                    .or_insert_with(|| json!({"BillingMode": "PROVISIONED"}));
                members
                    .entry("TableClassSummary")
                    .or_insert_with(|| json!({"TableClass": "STANDARD"}));
                members
                    .entry("StreamSpecification")
                    .or_insert_with(|| json!({"StreamEnabled": false}));
            }
        })
        .delete(op("DeleteTable").set("TableName", "{id}"))
        .wait(
            &[Phase::Create, Phase::Update],
            "TableStatus",
            &["ACTIVE"],
            &["CREATING", "UPDATING"],
        )
        .wait(
            &[Phase::Delete],
            "TableStatus",
            &[],
            &["ACTIVE", "DELETING"],
        )
        .tag_calls(
            "ListTagsOfResource",
            ("TagResource", "UntagResource"),
            "ResourceArn",
            "{arn}",
        )
        .retry(
            &[Phase::Delete, Phase::Update],
            "ResourceInUseException",
            "",
            600,
        )
        .retry(
            &[Phase::Create],
            "LimitExceededException",
            "subscriber limit",
            600,
        )
        // One index at a time, and so many tables at a time.
        .retry(
            &[Phase::Create, Phase::Update, Phase::Delete],
            "LimitExceededException",
            "simultaneous",
            1800,
        )
        .retry(
            &[Phase::Update],
            "LimitExceededException",
            "Only 1 online index",
            1800,
        )
        .hooks(Dynamo)
}

fn keys(hash: Option<&str>, range: Option<&str>) -> Json {
    let mut keys = Vec::new();
    for (name, kind) in [(hash, "HASH"), (range, "RANGE")] {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            keys.push(json!({"AttributeName": name, "KeyType": kind}));
        }
    }
    Json::Array(keys)
}

fn index(index: &Value, object: &Value, local: bool) -> Json {
    let text = |name: &str| args::string(index, name).filter(|text| !text.is_empty());
    let hash = if local {
        args::string(object, "hash_key")
    } else {
        text("hash_key")
    };
    let mut keys_of = keys(hash, text("range_key"));
    let schema = args::get(index, "key_schema");
    if schema.is_known() && !schema.children().is_empty() && text("hash_key").is_none() && !local {
        keys_of = schema
            .children()
            .iter()
            .map(|key| json!({"AttributeName": args::string(key, "attribute_name"), "KeyType": args::string(key, "key_type")}))
            .collect();
    }
    let mut made = json!({
        "IndexName": text("name"),
        "KeySchema": keys_of,
        "Projection": {"ProjectionType": text("projection_type")},
    });
    let others = args::strings(index, "non_key_attributes").unwrap_or_default();
    if !others.is_empty() {
        let others: Vec<&str> = others
            .iter()
            .map(terrane_value::EcoString::as_str)
            .collect();
        json::put(&mut made, "Projection.NonKeyAttributes", json!(others));
    }
    if !local && provisioned(object) {
        json::put(&mut made, "ProvisionedThroughput", capacity(index));
    }
    if let Some(limits) = on_demand(index).filter(|_| !local) {
        json::put(&mut made, "OnDemandThroughput", limits);
    }
    made
}

/// Limits of what is paid by use. One that is not set any more is -1: none.
fn on_demand(object: &Value) -> Option<Json> {
    let block = args::get(object, "on_demand_throughput");
    let block = block.children().first()?;
    let limit = |name: &str| args::int(block, name).filter(|limit| *limit != 0);
    Some(json!({
        "MaxReadRequestUnits": limit("max_read_request_units").unwrap_or(-1),
        "MaxWriteRequestUnits": limit("max_write_request_units").unwrap_or(-1),
    }))
}

fn provisioned(object: &Value) -> bool {
    args::string(object, "billing_mode").is_none_or(|mode| mode == "PROVISIONED")
}

fn capacity(object: &Value) -> Json {
    json!({
        "ReadCapacityUnits": args::int(object, "read_capacity").unwrap_or(1),
        "WriteCapacityUnits": args::int(object, "write_capacity").unwrap_or(1),
    })
}

fn encryption(object: &Value) -> Option<Json> {
    let block = args::get(object, "server_side_encryption");
    let block = block.children().first()?;
    let enabled = args::bool(block, "enabled")?;
    let key = args::string(block, "kms_key_arn").filter(|key| !key.is_empty());
    let mut made = json!({"Enabled": enabled});
    if enabled {
        json::put(&mut made, "SSEType", "KMS".into());
        if let Some(key) = key {
            json::put(&mut made, "KMSMasterKeyId", key.into());
        }
    }
    Some(made)
}

fn input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "CreateTable" {
        return;
    }
    let schema = keys(
        args::string(object, "hash_key"),
        args::string(object, "range_key"),
    );
    json::put(input, "KeySchema", schema);
    if provisioned(object) {
        json::put(input, "ProvisionedThroughput", capacity(object));
    }
    for (name, member, local) in [
        ("global_secondary_index", "GlobalSecondaryIndexes", false),
        ("local_secondary_index", "LocalSecondaryIndexes", true),
    ] {
        let indexes: Vec<Json> = args::get(object, name)
            .children()
            .iter()
            .map(|one| index(one, object, local))
            .collect();
        if !indexes.is_empty() {
            json::put(input, member, Json::Array(indexes));
        }
    }
    if let Some(encryption) = encryption(object) {
        json::put(input, "SSESpecification", encryption);
    }
    if args::bool(object, "stream_enabled") == Some(true) {
        let view = args::string(object, "stream_view_type");
        json::put(
            input,
            "StreamSpecification",
            json!({"StreamEnabled": true, "StreamViewType": view}),
        );
    } else if let Some(members) = input.as_object_mut() {
        members.remove("StreamSpecification");
    }
}

/// What is switched on beside a table.
#[derive(Debug)]
struct Dynamo;

fn ttl(object: &Value) -> Option<(bool, String)> {
    let block = args::get(object, "ttl");
    let block = block.children().first()?;
    let name = args::string(block, "attribute_name")
        .unwrap_or_default()
        .to_owned();
    Some((args::bool(block, "enabled").unwrap_or(false), name))
}

fn recovery(object: &Value) -> Option<(bool, Option<i64>)> {
    let block = args::get(object, "point_in_time_recovery");
    let block = block.children().first()?;
    Some((
        args::bool(block, "enabled")?,
        args::int(block, "recovery_period_in_days"),
    ))
}

async fn put_recovery(
    run: &Run<'_>,
    table: &str,
    (enabled, days): (bool, Option<i64>),
) -> Answered<()> {
    let mut input = json!({"TableName": table, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled}});
    if let (true, Some(days)) = (enabled, days) {
        json::put(
            &mut input,
            "PointInTimeRecoverySpecification.RecoveryPeriodInDays",
            days.into(),
        );
    }
    run.ask("UpdateContinuousBackups", input).await.map(drop)
}

async fn put_ttl(run: &Run<'_>, table: &str, enabled: bool, name: &str) -> Answered<()> {
    let input = json!({"TableName": table, "TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": name}});
    run.ask("UpdateTimeToLive", input).await.map(drop)
}

/// Waits until no index is being made or deleted: a table takes one change of an index at a time.
async fn wait_for_indexes(run: &Run<'_>, table: &str) -> Answered<()> {
    let look = || async move {
        let found = run
            .ask("DescribeTable", json!({"TableName": table}))
            .await?;
        let indexes = json::get(&found, "Table.GlobalSecondaryIndexes").and_then(Json::as_array);
        let busy = indexes.into_iter().flatten().any(|index| {
            json::text_at(index, "IndexStatus").is_some_and(|status| status != "ACTIVE")
        });
        Ok((!busy).then_some(()))
    };
    let late = || {
        Refusal::error(
            "Timed out",
            format!(
                "{table}: an index was still being changed when the time was up. The `timeouts` block allows for more."
            ),
        )
    };
    let done = run.until(std::time::Duration::MAX, look).await?;
    done.ok_or_else(late)
}

#[async_trait]
impl Hooks for Dynamo {
    async fn created(&self, run: &Run<'_>, object: &Value) -> Answered<()> {
        let table = run.text("{id}", object);
        if let Some((true, name)) = ttl(object) {
            put_ttl(run, &table, true, &name).await?;
        }
        if let Some((true, days)) = recovery(object) {
            put_recovery(run, &table, (true, days)).await?;
        }
        super::replicas::make_all(run, object).await
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        super::replicas::unmake_all(run, object).await?;
        Ok(false)
    }

    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let table = run.text("{id}", prior);
        let changed = |name: &str| !same_at(prior, planned, name);
        let ask = |input: Json| {
            let mut input = input;
            json::put(&mut input, "TableName", table.as_str().into());
            async move {
                run.ask("UpdateTable", input).await?;
                run.wait_for(Phase::Update, prior).await
            }
        };
        let mut first = json!({});
        if changed("billing_mode") || changed("read_capacity") || changed("write_capacity") {
            if changed("billing_mode") {
                json::put(
                    &mut first,
                    "BillingMode",
                    args::string(planned, "billing_mode").into(),
                );
            }
            if provisioned(planned) {
                json::put(&mut first, "ProvisionedThroughput", capacity(planned));
            }
        }
        if changed("on_demand_throughput") {
            let none = json!({"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1});
            let limits = on_demand(planned).unwrap_or(none);
            json::put(&mut first, "OnDemandThroughput", limits);
        }
        if first != json!({}) {
            ask(first).await?;
        }
        for (name, member) in [
            ("table_class", "TableClass"),
            ("deletion_protection_enabled", "DeletionProtectionEnabled"),
        ] {
            if changed(name) {
                let mut input = json!({});
                let value = args::get(planned, name);
                json::put(
                    &mut input,
                    member,
                    value
                        .as_str()
                        .map_or_else(|| json!(value.as_bool().unwrap_or(false)), Json::from),
                );
                ask(input).await?;
            }
        }
        if changed("stream_enabled") || changed("stream_view_type") {
            let enabled = args::bool(planned, "stream_enabled").unwrap_or(false);
            let mut input = json!({"StreamSpecification": {"StreamEnabled": enabled}});
            if enabled {
                json::put(
                    &mut input,
                    "StreamSpecification.StreamViewType",
                    args::string(planned, "stream_view_type").into(),
                );
            }
            ask(input).await?;
        }
        if let (true, Some(encryption)) = (changed("server_side_encryption"), encryption(planned)) {
            ask(json!({"SSESpecification": encryption})).await?;
        }
        for update in indexes(prior, planned) {
            ask(json!({"GlobalSecondaryIndexUpdates": [update], "AttributeDefinitions": definitions(planned)})).await?;
            wait_for_indexes(run, &table).await?;
        }
        if changed("ttl") {
            match (ttl(prior), ttl(planned)) {
                (_, Some((true, name))) => put_ttl(run, &table, true, &name).await?,
                (Some((true, name)), _) => put_ttl(run, &table, false, &name).await?,
                _ => {}
            }
        }
        if changed("point_in_time_recovery") {
            put_recovery(run, &table, recovery(planned).unwrap_or((false, None))).await?;
        }
        super::replicas::change(run, prior, planned).await
    }

    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let table = run.text("{id}", &object);
        let input = json!({"TableName": table});
        let described = run.ask("DescribeTable", input).await?;
        let mut object = object;
        let none = Json::Null;
        let keys = json::get(&described, "Table.KeySchema").unwrap_or(&none);
        for (name, kind) in [("hash_key", "HASH"), ("range_key", "RANGE")] {
            let key = keys
                .as_array()
                .into_iter()
                .flatten()
                .find(|key| key["KeyType"] == kind);
            if let Some(key) = key.and_then(|key| json::text_at(key, "AttributeName")) {
                object = args::with(&object, name, Value::string(key));
            }
        }
        let limits = args::get(prior, "on_demand_throughput");
        if json::get(&described, "Table.OnDemandThroughput").is_none() && limits.is_known() {
            // Where nothing is said of limits, they are as they were written.
            object = args::with(&object, "on_demand_throughput", limits);
        }
        let object = switches(run, object, prior, &described).await?;
        let mut object = super::replicas::found(run, object, prior, &described).await?;
        let indexes = args::get(&object, "global_secondary_index");
        if indexes.is_null() || !indexes.is_known() {
            object = args::with(
                &object,
                "global_secondary_index",
                found_indexes(run, &described),
            );
        } else {
            object = args::with(
                &object,
                "global_secondary_index",
                filled_indexes(&indexes, &described),
            );
        }
        Ok(object)
    }
}

/// What is switched on beside a table, as it is.
#[expect(clippy::too_many_lines, reason = "three switches, alike")]
async fn switches(
    run: &Run<'_>,
    object: Value,
    prior: &Value,
    described: &Json,
) -> Answered<Value> {
    let input = json!({"TableName": run.text("{id}", &object)});
    let mut object = object;
    // What is unknown after the creation is seen as it is; else these are kept as they were written, unless switched.
    let ttl = run.ask("DescribeTimeToLive", input.clone()).await?;
    let backups = run.ask("DescribeContinuousBackups", input).await?;
    let on = |found: &Json, path: &str, wanted: &str| {
        json::text_at(found, path).as_deref() == Some(wanted)
    };
    // What is being switched on is on: it takes up to an hour.
    let ttl_on = ["ENABLED", "ENABLING"]
        .iter()
        .any(|state| on(&ttl, "TimeToLiveDescription.TimeToLiveStatus", state));
    let recovery_on = on(
        &backups,
        "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus",
        "ENABLED",
    );
    let encrypted = json::get(described, "Table.SSEDescription");
    let encrypted_on = encrypted.is_some_and(|found| {
        ["ENABLED", "ENABLING", "UPDATING"]
            .iter()
            .any(|state| on(found, "Status", state))
    });
    let text = |found: &Json, path: &str| json::text_at(found, path).unwrap_or_default();
    let days = json::get(
        &backups,
        "ContinuousBackupsDescription.PointInTimeRecoveryDescription.RecoveryPeriodInDays",
    )
    .and_then(Json::as_i64);
    let blocks = [
        (
            "ttl",
            ttl_on,
            vec![
                (
                    "attribute_name",
                    Value::string(text(&ttl, "TimeToLiveDescription.AttributeName")),
                ),
                ("enabled", Value::bool(ttl_on)),
            ],
        ),
        (
            "point_in_time_recovery",
            recovery_on,
            vec![
                ("enabled", Value::bool(recovery_on)),
                (
                    "recovery_period_in_days",
                    Value::number(if recovery_on { days.unwrap_or(35) } else { 0 }),
                ),
            ],
        ),
        (
            "server_side_encryption",
            encrypted_on,
            vec![
                ("enabled", Value::bool(encrypted_on)),
                (
                    "kms_key_arn",
                    Value::string(
                        encrypted
                            .map(|found| text(found, "KMSMasterKeyArn"))
                            .unwrap_or_default(),
                    ),
                ),
            ],
        ),
    ];
    for (name, is_on, values) in blocks {
        let before = args::get(prior, name);
        let was_on = before
            .children()
            .first()
            .and_then(|block| args::bool(block, "enabled"));
        let complete = before.is_wholly_known()
            && before.children().first().is_none_or(|block| {
                values
                    .iter()
                    .all(|(name, _)| !args::get(block, name).is_null())
            });
        // Off, and nothing written of it.
        let said = before.is_known() && !before.is_null();
        if said && complete && was_on.unwrap_or(false) == is_on {
            object = args::with(&object, name, before);
            continue;
        }
        let Some(nested) = run.schema.block.blocks.get(name) else {
            continue;
        };
        let element = nested.block.implied_type().clone();
        let block = args::with_all(&nested.block.empty_value(), values);
        let items = if is_on || name == "point_in_time_recovery" || was_on.is_some() {
            vec![block]
        } else {
            Vec::new()
        };
        object = args::with(&object, name, Value::list(element, items));
    }
    Ok(object)
}

/// Indexes as they are written, with what AWS decided.
fn filled_indexes(indexes: &Value, described: &Json) -> Value {
    let Some(element) = indexes.ty().element().cloned() else {
        return indexes.clone();
    };
    let items = indexes.children().iter().filter_map(|index| {
        let name = args::string(index, "name").unwrap_or_default();
        let found = json::get(
            described,
            &format!("Table.GlobalSecondaryIndexes[IndexName={name}]"),
        )?;
        let number = |path: &str| json::get(found, path).and_then(Json::as_i64).unwrap_or(0);
        let mut index = index.clone();
        for (name, path) in [
            ("read_capacity", "ProvisionedThroughput.ReadCapacityUnits"),
            ("write_capacity", "ProvisionedThroughput.WriteCapacityUnits"),
        ] {
            if args::get(&index, name).is_null() {
                index = args::with(&index, name, Value::number(number(path)));
            }
        }
        Some(index)
    });
    Value::set(element, items.collect())
}

fn found_indexes(run: &Run<'_>, described: &Json) -> Value {
    let Some(nested) = run.schema.block.blocks.get("global_secondary_index") else {
        return Value::NULL;
    };
    let found = json::get(described, "Table.GlobalSecondaryIndexes")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    let items = found.iter().map(|index| {
        let text = |path: &str| {
            json::text_at(index, path)
                .map_or(Value::null(terrane_value::Type::String), Value::string)
        };
        let number =
            |path: &str| Value::number(json::get(index, path).and_then(Json::as_i64).unwrap_or(0));
        args::with_all(
            &nested.block.empty_value(),
            [
                ("name", text("IndexName")),
                ("hash_key", text("KeySchema[KeyType=HASH].AttributeName")),
                ("range_key", text("KeySchema[KeyType=RANGE].AttributeName")),
                ("projection_type", text("Projection.ProjectionType")),
                (
                    "read_capacity",
                    number("ProvisionedThroughput.ReadCapacityUnits"),
                ),
                (
                    "write_capacity",
                    number("ProvisionedThroughput.WriteCapacityUnits"),
                ),
            ],
        )
    });
    Value::set(nested.block.implied_type().clone(), items.collect())
}

fn definitions(object: &Value) -> Json {
    let attributes = args::get(object, "attribute");
    let definition = |one: &Value| json!({"AttributeName": args::string(one, "name"), "AttributeType": args::string(one, "type")});
    attributes.children().iter().map(definition).collect()
}

/// Changes of indexes, one by one: a table takes one at a time.
fn indexes(prior: &Value, planned: &Value) -> Vec<Json> {
    let (before, after) = (
        args::get(prior, "global_secondary_index"),
        args::get(planned, "global_secondary_index"),
    );
    let name = |index: &Value| args::string(index, "name").unwrap_or_default().to_owned();
    // What cannot change in place.
    let what = |one: &Value| {
        let by_use = Value::object([("billing_mode", Value::string("PAY_PER_REQUEST"))]);
        let mut made = index(one, &by_use, false);
        if let Some(members) = made.as_object_mut() {
            members.remove("OnDemandThroughput");
        }
        made
    };
    let mut updates = Vec::new();
    for old in before.children() {
        let new = after.children().iter().find(|new| name(new) == name(old));
        if new.is_none_or(|new| what(new) != what(old)) {
            updates.push(json!({"Delete": {"IndexName": name(old)}}));
        }
    }
    for new in after.children() {
        let old = before.children().iter().find(|old| name(old) == name(new));
        match old {
            Some(old) if what(old) == what(new) => {
                if on_demand(old) != on_demand(new) {
                    let none = json!({"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1});
                    let limits = on_demand(new).unwrap_or(none);
                    updates.push(
                        json!({"Update": {"IndexName": name(new), "OnDemandThroughput": limits}}),
                    );
                }
                if provisioned(planned) && capacity(old) != capacity(new) {
                    updates.push(json!({"Update": {"IndexName": name(new), "ProvisionedThroughput": capacity(new)}}));
                }
            }
            _ => updates.push(json!({"Create": index(new, planned, false)})),
        }
    }
    updates
}

pub(super) fn policy() -> Table {
    let put = || {
        op("PutResourcePolicy")
            .bare()
            .set("ResourceArn", "{resource_arn}")
            .set("Policy", "{policy}")
            .set(
                "ConfirmRemoveSelfResourceAccess",
                "{confirm_remove_self_resource_access}",
            )
    };
    Table::new("aws_dynamodb_resource_policy", "dynamodb")
        .recomputed("revision_id", &["policy"])
        .local(&["resource_arn", "confirm_remove_self_resource_access"])
        .create(put())
        .id("{resource_arn}")
        .read(op("GetResourcePolicy").set("ResourceArn", "{id}"))
        .update(put())
        .delete(op("DeleteResourcePolicy").set("ResourceArn", "{id}"))
        .not_found(&["PolicyNotFoundException", "ResourceNotFoundException"])
}
