//! Replicas of tables in other regions.
//!
//! A table makes and deletes its replicas itself, one at a time; what is switched on beside a replica is asked for in its region.

use crate::json;
use crate::run::{Run, all_tags};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

/// How long a replica may take to come or to go.
const PATIENCE: Duration = Duration::from_secs(1800);

fn text<'v>(block: &'v Value, name: &str) -> &'v str {
    args::string(block, name).unwrap_or_default()
}

fn is(block: &Value, name: &str) -> bool {
    args::bool(block, name) == Some(true)
}

/// The replicas of an object by their regions.
fn by_region(object: &Value) -> BTreeMap<String, Value> {
    let all = args::get(object, "replica");
    let all = all.children().iter();
    all.map(|one| (text(one, "region_name").to_owned(), one.clone()))
        .collect()
}

/// An ARN in another region.
fn moved(arn: &str, region: &str) -> String {
    let parts = arn.split(':').enumerate();
    let parts: Vec<&str> = parts
        .map(|(at, part)| if at == 3 { region } else { part })
        .collect();
    parts.join(":")
}

/// Waits until a replica is active, or gone.
async fn wait(run: &Run<'_>, table: &str, region: &str, comes: bool) -> Answered<()> {
    let look = || async move {
        let found = run
            .ask("DescribeTable", json!({"TableName": table}))
            .await?;
        let path = format!("Table.Replicas[RegionName={region}]");
        let state = json::text_at(&found, &format!("{path}.ReplicaStatus"));
        match state.as_deref() {
            Some("ACTIVE") if comes => Ok(Some(())),
            None if !comes => Ok(Some(())),
            Some(state) if state.ends_with("FAILED") || state.starts_with("INACCESSIBLE") => {
                let why = json::text_at(&found, &format!("{path}.ReplicaStatusDescription"));
                Err(Refusal::error(
                    "Replica is not there",
                    format!("{table} in {region}: {state} {}", why.unwrap_or_default()),
                ))
            }
            _ => Ok(None),
        }
    };
    let late = || {
        Refusal::error(
            "Timed out",
            format!(
                "{table} in {region}: the replica was still being changed when the time was up. The `timeouts` block allows for more."
            ),
        )
    };
    run.until(PATIENCE, look).await?.ok_or_else(late)
}

fn created(region: &str, block: &Value) -> Json {
    let mut made = json!({"RegionName": region});
    let key = text(block, "kms_key_arn");
    if !key.is_empty() {
        json::put(&mut made, "KMSMasterKeyId", key.into());
    }
    json!({"Create": made})
}

/// What is switched on beside a new replica, or switched since.
async fn switch(
    run: &Run<'_>,
    (table, region): (&str, &str),
    before: Option<&Value>,
    after: &Value,
) -> Answered<()> {
    let was = |name: &str| before.is_some_and(|before| is(before, name));
    let recovers = is(after, "point_in_time_recovery");
    if was("point_in_time_recovery") != recovers {
        let input = json!({"TableName": table, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": recovers}});
        run.ask_in(region, "UpdateContinuousBackups", input).await?;
    }
    let name = "deletion_protection_enabled";
    let protects = args::get(after, name);
    if protects
        .as_bool()
        .is_some_and(|protects| protects != was(name))
    {
        let input = json!({"TableName": table, "DeletionProtectionEnabled": is(after, name)});
        run.ask_in(region, "UpdateTable", input).await?;
        wait(run, table, region, true).await?;
    }
    Ok(())
}

/// Gives replicas that are to have them the tags of the table.
async fn tag(run: &Run<'_>, object: &Value, prior: Option<&Value>) -> Answered<()> {
    let wanted = all_tags(object);
    let before = prior.map(all_tags).unwrap_or_default();
    let of_before = prior.map(by_region).unwrap_or_default();
    let arn = prior.map_or_else(|| text(object, "arn"), |prior| text(prior, "arn"));
    for (region, block) in by_region(object) {
        if !is(&block, "propagate_tags") {
            continue;
        }
        let had = of_before
            .get(&region)
            .is_some_and(|block| is(block, "propagate_tags"));
        let arn = moved(arn, &region);
        let gone: Vec<&String> = before
            .keys()
            .filter(|key| had && !wanted.contains_key(*key))
            .collect();
        if !gone.is_empty() {
            let input = json!({"ResourceArn": arn, "TagKeys": gone});
            run.ask_in(&region, "UntagResource", input).await?;
        }
        let new: Vec<Json> = wanted
            .iter()
            .filter(|(key, value)| !had || before.get(*key) != Some(*value))
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        if !new.is_empty() {
            let input = json!({"ResourceArn": arn, "Tags": new});
            run.ask_in(&region, "TagResource", input).await?;
        }
    }
    Ok(())
}

/// Makes replicas. Those that are as strong as the table come together.
async fn make(run: &Run<'_>, table: &str, new: &BTreeMap<String, Value>) -> Answered<()> {
    let strong = |block: &Value| text(block, "consistency_mode") == "STRONG";
    let (together, alone): (Vec<_>, Vec<_>) = new.iter().partition(|(_, block)| strong(block));
    if !together.is_empty() {
        let updates: Vec<Json> = together
            .iter()
            .map(|(region, block)| created(region, block))
            .collect();
        let input = json!({"TableName": table, "ReplicaUpdates": updates, "MultiRegionConsistency": "STRONG"});
        run.ask("UpdateTable", input).await?;
        for (region, _) in &together {
            wait(run, table, region, true).await?;
        }
    }
    for (region, block) in alone {
        let updates = [created(region, block)];
        let input = json!({"TableName": table, "ReplicaUpdates": updates});
        run.ask("UpdateTable", input).await?;
        wait(run, table, region, true).await?;
    }
    for (region, block) in new {
        switch(run, (table, region), None, block).await?;
    }
    Ok(())
}

async fn unmake(run: &Run<'_>, table: &str, region: &str) -> Answered<()> {
    let updates = json!([{"Delete": {"RegionName": region}}]);
    let input = json!({"TableName": table, "ReplicaUpdates": updates});
    run.ask("UpdateTable", input).await?;
    wait(run, table, region, false).await
}

/// Makes the replicas of a new table.
pub(super) async fn make_all(run: &Run<'_>, object: &Value) -> Answered<()> {
    let new = by_region(object);
    if new.is_empty() {
        return Ok(());
    }
    let table = run.text("{id}", object);
    make(run, &table, &new).await?;
    let found = run
        .ask("DescribeTable", json!({"TableName": table}))
        .await?;
    let arn = json::text_at(&found, "Table.TableArn").unwrap_or_default();
    tag(run, &args::with(object, "arn", Value::string(arn)), None).await
}

/// Replicas come, change and go.
pub(super) async fn change(run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
    let (before, after) = (by_region(prior), by_region(planned));
    let table = run.text("{id}", prior);
    // With another key, or another consistency, it is another replica.
    let same = |old: &Value, new: &Value| {
        let key = args::get(new, "kms_key_arn");
        let keeps = key
            .as_str()
            .is_none_or(|key| key == text(old, "kms_key_arn"));
        keeps && text(old, "consistency_mode") == text(new, "consistency_mode")
    };
    for (region, old) in &before {
        if after.get(region).is_none_or(|new| !same(old, new)) {
            unmake(run, &table, region).await?;
        }
    }
    let mut new = BTreeMap::new();
    for (region, block) in &after {
        match before.get(region) {
            Some(old) if same(old, block) => {
                switch(run, (&table, region), Some(old), block).await?;
            }
            _ => {
                new.insert(region.clone(), block.clone());
            }
        }
    }
    make(run, &table, &new).await?;
    tag(run, planned, Some(prior)).await
}

/// A table goes after its replicas.
pub(super) async fn unmake_all(run: &Run<'_>, object: &Value) -> Answered<()> {
    let table = run.text("{id}", object);
    for region in by_region(object).keys() {
        unmake(run, &table, region).await?;
    }
    Ok(())
}

/// The replicas as they are.
pub(super) async fn found(
    run: &Run<'_>,
    object: Value,
    prior: &Value,
    described: &Json,
) -> Answered<Value> {
    let Some(nested) = run.schema.block.blocks.get("replica") else {
        return Ok(object);
    };
    let table = run.text("{id}", &object);
    let known = by_region(prior);
    let strong =
        json::text_at(described, "Table.MultiRegionConsistency").as_deref() == Some("STRONG");
    let told = json::get(described, "Table.Replicas").and_then(Json::as_array);
    let mut all = Vec::new();
    for one in told.into_iter().flatten() {
        let region = json::text_at(one, "RegionName").unwrap_or_default();
        // Some tell of the table itself, too.
        if region == run.region || region.is_empty() {
            continue;
        }
        let input = json!({"TableName": table});
        let there = run.ask_in(&region, "DescribeTable", input.clone()).await?;
        let backups = run
            .ask_in(&region, "DescribeContinuousBackups", input)
            .await?;
        let recovers = json::text_at(
            &backups,
            "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus",
        );
        let of = |path: &str| {
            Value::string(json::text_at(&there, &format!("Table.{path}")).unwrap_or_default())
        };
        let protects = json::get(&there, "Table.DeletionProtectionEnabled");
        let before = known.get(&region);
        let propagates = before.is_some_and(|block| is(block, "propagate_tags"));
        let mode = if strong { "STRONG" } else { "EVENTUAL" };
        let key = json::text_at(one, "KMSMasterKeyId").unwrap_or_default();
        all.push(args::with_all(
            &nested.block.empty_value(),
            [
                ("region_name", Value::string(region.as_str())),
                ("arn", of("TableArn")),
                ("stream_arn", of("LatestStreamArn")),
                ("stream_label", of("LatestStreamLabel")),
                ("kms_key_arn", Value::string(key)),
                ("consistency_mode", Value::string(mode)),
                (
                    "deletion_protection_enabled",
                    Value::bool(protects == Some(&json!(true))),
                ),
                (
                    "point_in_time_recovery",
                    Value::bool(recovers.as_deref() == Some("ENABLED")),
                ),
                ("propagate_tags", Value::bool(propagates)),
            ],
        ));
    }
    let element = nested.block.implied_type().clone();
    Ok(args::with(&object, "replica", Value::set(element, all)))
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn names_in_other_regions() {
        assert_eq!(
            moved("arn:aws:dynamodb:eu-west-1:1:table/t", "eu-west-2"),
            "arn:aws:dynamodb:eu-west-2:1:table/t"
        );
    }
}
