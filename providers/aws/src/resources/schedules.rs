//! What happens when: archives and connections of EventBridge, schedules, pipes.

use super::Family;
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_cloudwatch_event_archive", archive),
    ("aws_cloudwatch_event_connection", connection),
    ("aws_cloudwatch_event_api_destination", api_destination),
    ("aws_cloudwatch_event_permission", event_permission),
    ("aws_cloudwatch_event_bus_policy", bus_policy),
    ("aws_scheduler_schedule", schedule),
    ("aws_scheduler_schedule_group", schedule_group),
    ("aws_pipes_pipe", pipe),
];

const CHANGES: &[Phase] = &[Phase::Create, Phase::Update, Phase::Delete];

fn archive() -> Table {
    Table::new("aws_cloudwatch_event_archive", "events")
        .noun("Archive")
        .create(op("CreateArchive"))
        .id("{name}")
        .read(op("DescribeArchive").set("ArchiveName", "{name}"))
        .update(op("UpdateArchive"))
        .delete(op("DeleteArchive").set("ArchiveName", "{name}"))
}

const HTTP: &[(&str, &str)] = &[
    ("auth_parameters.api_key", "ApiKeyAuthParameters"),
    ("auth_parameters.api_key.key", "ApiKeyName"),
    ("auth_parameters.api_key.value", "ApiKeyValue"),
    ("auth_parameters.basic", "BasicAuthParameters"),
    ("auth_parameters.oauth", "OAuthParameters"),
    (
        "auth_parameters.oauth.client_parameters.client_id",
        "ClientID",
    ),
    ("*.body", "BodyParameters"),
    ("*.header", "HeaderParameters"),
    ("*.query_string", "QueryStringParameters"),
];

fn connection() -> Table {
    Table::new("aws_cloudwatch_event_connection", "events")
        .noun("Connection")
        .names(HTTP)
        .create(op("CreateConnection"))
        .id("{name}")
        .read(op("DescribeConnection").set("Name", "{name}"))
        .update(op("UpdateConnection"))
        .delete(op("DeleteConnection").set("Name", "{name}"))
        .wait(
            &[Phase::Create],
            "ConnectionState",
            &["AUTHORIZED", "DEAUTHORIZED", "ACTIVE"],
            &["CREATING", "AUTHORIZING"],
        )
        .wait(
            &[Phase::Update],
            "ConnectionState",
            &["AUTHORIZED", "DEAUTHORIZED", "ACTIVE"],
            &["UPDATING", "AUTHORIZING", "DEAUTHORIZING"],
        )
        .wait(&[Phase::Delete], "ConnectionState", &[], &[])
        .hooks(Secrets)
}

/// Secrets are not told: they are as they were written.
#[derive(Debug)]
struct Secrets;

#[async_trait]
impl Hooks for Secrets {
    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let name = "auth_parameters";
        let kept = kept(&args::get(&object, name), &args::get(prior, name), 0);
        Ok(args::with(&object, name, kept))
    }
}

/// What was found, and where there is nothing what was there.
fn kept(found: &Value, before: &Value, depth: usize) -> Value {
    use terrane_value::Kind;
    if depth > 20 {
        return found.clone();
    }
    match (found.kind(), before.kind()) {
        (Kind::Null(_), _) => before.clone(),
        (Kind::String(text), Kind::String(_)) if text.is_empty() => before.clone(),
        (Kind::Object(attributes), Kind::Object(_)) => {
            let all = attributes.iter().map(|(name, value)| {
                let before = args::get(before, name);
                let both = if before.is_null() {
                    value.clone()
                } else {
                    kept(value, &before, depth + 1)
                };
                (name.clone(), both)
            });
            Value::object(all.collect::<Vec<_>>())
        }
        (Kind::List(left), Kind::List(right)) if left.len() == right.len() => {
            found.map_children(|at, item| match right.get(at) {
                Some(before) => kept(item, before, depth + 1),
                None => item.clone(),
            })
        }
        _ => found.clone(),
    }
}

fn api_destination() -> Table {
    Table::new("aws_cloudwatch_event_api_destination", "events")
        .noun("ApiDestination")
        .create(op("CreateApiDestination"))
        .id("{name}")
        .read(op("DescribeApiDestination").set("Name", "{name}"))
        .update(op("UpdateApiDestination"))
        .delete(op("DeleteApiDestination").set("Name", "{name}"))
}

fn event_permission() -> Table {
    let put = || op("PutPermission");
    Table::new("aws_cloudwatch_event_permission", "events")
        .create(put())
        .id("{event_bus_name}/{statement_id}")
        .update(put())
        .delete(
            op("RemovePermission")
                .set("EventBusName", "{event_bus_name}")
                .set("StatementId", "{statement_id}"),
        )
        .hooks(OnBus)
}

/// A permission is a statement of the policy of its bus.
#[derive(Debug)]
struct OnBus;

#[async_trait]
impl Hooks for OnBus {
    async fn read(&self, run: &Run<'_>, object: &Value) -> Answered<Option<Option<Value>>> {
        let input = json!({"Name": run.text("{event_bus_name}", object)});
        let none = ["ResourceNotFoundException"];
        let Some(answer) = run.ask_unless("DescribeEventBus", input, &none).await? else {
            return Ok(Some(None));
        };
        let text = json::text_at(&answer, "Policy").unwrap_or_default();
        let policy: Json = serde_json::from_str(&text).unwrap_or_default();
        let id = run.text("{statement_id}", object);
        let all = policy.get("Statement").and_then(Json::as_array);
        let found = all.and_then(|all| all.iter().find(|one| one["Sid"] == id.as_str()));
        Ok(Some(found.map(|statement| {
            let who = match &statement["Principal"] {
                Json::Object(kinds) => kinds.get("AWS").map(json::text).unwrap_or_default(),
                other => json::text(other),
            };
            // An account is its root.
            let account = who.split(':').nth(4).filter(|_| who.ends_with(":root"));
            let who = account.unwrap_or(&who).to_owned();
            let action = statement.get("Action").map(json::text).unwrap_or_default();
            let condition = condition(run, &statement["Condition"]);
            let mut changes = vec![
                ("action", Value::string(action)),
                ("principal", Value::string(who)),
            ];
            changes.extend(condition.map(|condition| ("condition", condition)));
            args::with_all(object, changes)
        })))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (bus, statement) = id.rsplit_once('/').unwrap_or(("default", id));
        Some(vec![
            ("event_bus_name", bus.to_owned()),
            ("statement_id", statement.to_owned()),
        ])
    }
}

/// A condition as a block: `{TYPE: {KEY: VALUE}}`.
fn condition(run: &Run<'_>, found: &Json) -> Option<Value> {
    let nested = run.schema.block.blocks.get("condition")?;
    let element = nested.block.implied_type().clone();
    let kinds = found.as_object().into_iter().flatten();
    let items = kinds.flat_map(|(kind, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, value)| {
            Value::object(vec![
                ("key", Value::string(key.as_str())),
                ("type", Value::string(kind.as_str())),
                ("value", Value::string(json::text(value))),
            ])
        })
    });
    Some(Value::list(element, items.collect()))
}

fn bus_policy() -> Table {
    let put = || op("PutPermission");
    Table::new("aws_cloudwatch_event_bus_policy", "events")
        .create(put())
        .id("{event_bus_name}")
        .read(op("DescribeEventBus").set("Name", "{event_bus_name}"))
        .gone_when("Policy", &[""])
        .answer(|_, found| {
            // A bus without a policy does not say so.
            if found.get("Policy").is_none_or(Json::is_null) {
                json::put(found, "Policy", "".into());
            }
        })
        .update(put())
        .delete(
            op("RemovePermission")
                .set("EventBusName", "{event_bus_name}")
                .set("RemoveAllPermissions", "true"),
        )
}

fn schedule() -> Table {
    Table::new("aws_scheduler_schedule", "scheduler")
        .names(NETWORK)
        .names(PIPELINE)
        .local(&["name_prefix"])
        .create(op("CreateSchedule"))
        .id("{group_name}/{name}")
        .input(|_, input, _| {
            for time in ["StartDate", "EndDate"] {
                if input.get(time).is_some_and(|text| text == "") {
                    json::put(input, time, Json::Null);
                }
            }
            assign(input, "Target.EcsParameters.NetworkConfiguration");
        })
        .read(
            op("GetSchedule")
                .set("Name", "{name}")
                .set("GroupName", "{group_name}"),
        )
        .answer(|_, found| {
            assigned(found, "Target.EcsParameters.NetworkConfiguration");
        })
        // What is not said of a schedule is not kept: all is put again.
        .update(op("UpdateSchedule"))
        .delete(
            op("DeleteSchedule")
                .set("Name", "{name}")
                .set("GroupName", "{group_name}"),
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "ValidationException",
            "The execution role you provide must allow AWS EventBridge Scheduler to assume the role",
            120,
        )
        .retry(CHANGES, "ConflictException", "", 300)
        .planned(|prior, _, response| {
            super::targets::same_times(&["start_date", "end_date"], prior, response);
            // What is there as usual need not be written.
            let (before, after) = (
                args::get(prior, "target"),
                args::get(&response.planned, "target"),
            );
            if !prior.is_null() && usual_left(&after, &before) == after {
                response.planned = args::with(&response.planned, "target", before);
            }
        })
        .hooks(InGroup)
}

#[derive(Debug)]
struct InGroup;

#[async_trait]
impl Hooks for InGroup {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("scheduler", "CreateSchedule")?;
        let input = run.input(&op("CreateSchedule"), &operation, planned);
        run.ask("CreateSchedule", input).await?;
        let group = run.text("{group_name}", planned);
        let group = if group.is_empty() { "default" } else { &group };
        let made = args::with(planned, "group_name", Value::string(group));
        Ok(Some((run.text("{group_name}/{name}", &made), made)))
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let target = usual_left(&args::get(prior, "target"), &args::get(&object, "target"));
        Ok(args::with(&object, "target", target))
    }
}

/// How often is tried again is told always: where nobody wrote it and it is as usual, it is left out.
fn usual_left(before: &Value, target: &Value) -> Value {
    let name = "retry_policy";
    let policy = |value: &Value| {
        let block = value.children().first().cloned().unwrap_or(Value::NULL);
        args::get(&block, name)
    };
    let usual = policy(target).children().first().is_some_and(|policy| {
        args::int(policy, "maximum_event_age_in_seconds") == Some(86400)
            && args::int(policy, "maximum_retry_attempts") == Some(185)
    });
    let nothing = policy(before);
    if !usual || nothing.is_null() || !nothing.children().is_empty() {
        return target.clone();
    }
    target.map_children(|_, block| args::with(block, name, nothing.clone()))
}

const NETWORK: &[(&str, &str)] = &[
    (
        "target.ecs_parameters.network_configuration.assign_public_ip",
        "awsvpcConfiguration.AssignPublicIp",
    ),
    (
        "target.ecs_parameters.network_configuration.security_groups",
        "awsvpcConfiguration.SecurityGroups",
    ),
    (
        "target.ecs_parameters.network_configuration.subnets",
        "awsvpcConfiguration.Subnets",
    ),
];

const PIPELINE: &[(&str, &str)] = &[
    (
        "target.sagemaker_pipeline_parameters.pipeline_parameter",
        "PipelineParameterList",
    ),
    (
        "target_parameters.sagemaker_pipeline_parameters.pipeline_parameter",
        "PipelineParameterList",
    ),
];

/// Whether an address is assigned is a word.
fn assign(input: &mut Json, network: &str) {
    let path = format!("{network}.awsvpcConfiguration.AssignPublicIp");
    if let Some(assign) = json::get(input, &path) {
        let word = if assign == "true" {
            "ENABLED"
        } else {
            "DISABLED"
        };
        json::put(input, &path, word.into());
    }
}

fn assigned(found: &mut Json, network: &str) {
    let path = format!("{network}.awsvpcConfiguration.AssignPublicIp");
    if let Some(word) = json::text_at(found, &path) {
        json::put(found, &path, (word == "ENABLED").into());
    }
}

fn schedule_group() -> Table {
    Table::new("aws_scheduler_schedule_group", "scheduler")
        .local(&["name_prefix"])
        .create(op("CreateScheduleGroup"))
        .id("{name}")
        .read(op("GetScheduleGroup").set("Name", "{name}"))
        .delete(op("DeleteScheduleGroup").set("Name", "{name}"))
        .wait(&[Phase::Create], "State", &["ACTIVE"], &[])
        .wait(&[Phase::Delete], "State", &[], &[])
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "ResourceArn",
            "{arn}",
        )
        .retry(CHANGES, "ConflictException", "", 300)
}

fn pipe() -> Table {
    Table::new("aws_pipes_pipe", "pipes")
        .names(PIPELINE)
        .local(&["name_prefix"])
        .create(op("CreatePipe"))
        .id("{name}")
        .read(op("DescribePipe").set("Name", "{name}"))
        .update(op("UpdatePipe"))
        .delete(op("DeletePipe").set("Name", "{name}"))
        .wait(
            &[Phase::Create],
            "CurrentState",
            &["RUNNING", "STOPPED"],
            &["CREATING", "STARTING", "STOPPING"],
        )
        .wait(
            &[Phase::Update],
            "CurrentState",
            &["RUNNING", "STOPPED"],
            &["UPDATING", "STARTING", "STOPPING"],
        )
        .wait(&[Phase::Delete], "CurrentState", &[], &[])
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{arn}")
        .retry(CHANGES, "ConflictException", "", 300)
        .retry(
            &[Phase::Create, Phase::Update],
            "ValidationException",
            "must be able to assume",
            120,
        )
}
