//! Step Functions: state machines, activities, aliases.

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
    ("aws_sfn_state_machine", state_machine),
    ("aws_sfn_activity", activity),
    ("aws_sfn_alias", alias),
];

fn state_machine() -> Table {
    Table::new("aws_sfn_state_machine", "stepfunctions")
        .noun("stateMachine")
        .names(&[(
            "logging_configuration.log_destination",
            "destinations.0.cloudWatchLogsLogGroup.logGroupArn",
        )])
        .local(&["name_prefix"])
        .create(op("CreateStateMachine"))
        .id_out("stateMachineArn")
        .read(op("DescribeStateMachine").set("stateMachineArn", "{id}"))
        .gone_when("status", &["DELETING"])
        .update(
            op("UpdateStateMachine")
                .only(&[
                    "definition",
                    "encryption_configuration",
                    "logging_configuration",
                    "publish",
                    "role_arn",
                    "tracing_configuration",
                ])
                .set("stateMachineArn", "{id}"),
        )
        .recomputed("revision_id", &["definition", "role_arn"])
        .delete(op("DeleteStateMachine").set("stateMachineArn", "{id}"))
        .wait(&[Phase::Delete], "status", &[], &[])
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{id}",
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "StateMachineDeleting",
            "",
            300,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "AccessDeniedException",
            "is not authorized to access the Log Destination",
            120,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "AccessDeniedException",
            "is not authorized to create managed-rule",
            120,
        )
        .retry(
            &[Phase::Create],
            "AccessDeniedException",
            "Neither the global service principal",
            120,
        )
        .planned(|prior, _, response| {
            // A version is published where something changes.
            let publishes = args::bool(&response.planned, "publish") == Some(true);
            let names = ["definition", "publish", "role_arn"];
            let same = |name: &&str| crate::run::same_at(prior, &response.planned, name);
            if !prior.is_null() && publishes && !names.iter().all(same) {
                let unknown = Value::unknown(terrane_value::Type::String);
                response.planned =
                    args::with(&response.planned, "state_machine_version_arn", unknown);
            }
        })
        .hooks(Machine)
}

/// The newest version is known to whoever publishes some.
#[derive(Debug)]
struct Machine;

#[async_trait]
impl Hooks for Machine {
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        if args::bool(&object, "publish") != Some(true) {
            return Ok(object);
        }
        let id = run.text("{id}", &object);
        let answer = run
            .ask("ListStateMachineVersions", json!({"stateMachineArn": id}))
            .await?;
        let path = "stateMachineVersions.0.stateMachineVersionArn";
        let version = json::text_at(&answer, path).unwrap_or_default();
        Ok(args::with(
            &object,
            "state_machine_version_arn",
            Value::string(version),
        ))
    }
}

fn activity() -> Table {
    Table::new("aws_sfn_activity", "stepfunctions")
        .noun("activity")
        .create(op("CreateActivity"))
        .id_out("activityArn")
        .read(op("DescribeActivity").set("activityArn", "{id}"))
        .delete(op("DeleteActivity").set("activityArn", "{id}"))
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{id}",
        )
}

fn alias() -> Table {
    Table::new("aws_sfn_alias", "stepfunctions")
        .names(&[("arn", "stateMachineAliasArn")])
        .create(op("CreateStateMachineAlias"))
        .id_out("stateMachineAliasArn")
        .read(op("DescribeStateMachineAlias").set("stateMachineAliasArn", "{id}"))
        .update(op("UpdateStateMachineAlias").set("stateMachineAliasArn", "{id}"))
        .delete(op("DeleteStateMachineAlias").set("stateMachineAliasArn", "{id}"))
        .not_found(&["ResourceNotFound"])
}
