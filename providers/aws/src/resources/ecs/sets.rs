//! Sets of tasks of a service that somebody else deploys.

use crate::json;
use crate::table::{Phase, Table, op};
use terrane_provider::args;
use terrane_value::Value;

pub(super) fn task_set() -> Table {
    Table::new("aws_ecs_task_set", "ecs")
        .names(&[
            ("arn", "taskSetArn"),
            ("task_set_id", "id"),
            (
                "network_configuration.assign_public_ip",
                "awsvpcConfiguration.assignPublicIp",
            ),
            (
                "network_configuration.security_groups",
                "awsvpcConfiguration.securityGroups",
            ),
            (
                "network_configuration.subnets",
                "awsvpcConfiguration.subnets",
            ),
        ])
        .local(&["force_delete"])
        .unsupported(&["wait_until_stable"])
        .local(&["wait_until_stable_timeout"])
        .create(op("CreateTaskSet").at("taskSet"))
        .input(|_, input, _| {
            let path = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
            if let Some(assign) = json::get(input, path) {
                let word = if assign == "true" {
                    "ENABLED"
                } else {
                    "DISABLED"
                };
                json::put(input, path, word.into());
            }
        })
        .answer(|_, found| {
            let path = "networkConfiguration.awsvpcConfiguration.assignPublicIp";
            if let Some(word) = json::text_at(found, path) {
                json::put(found, path, (word == "ENABLED").into());
            }
        })
        .id_out("taskSet.id")
        .import("{task_set_id},{service},{cluster}")
        .read(
            op("DescribeTaskSets")
                .set("cluster", "{cluster}")
                .set("service", "{service}")
                .set("taskSets", "{task_set_id}")
                .set("include", "TAGS")
                .at("taskSets.0"),
        )
        .update(
            op("UpdateTaskSet")
                .only(&["scale"])
                .set("cluster", "{cluster}")
                .set("service", "{service}")
                .set("taskSet", "{task_set_id}"),
        )
        .delete(
            op("DeleteTaskSet")
                .set("cluster", "{cluster}")
                .set("service", "{service}")
                .set("taskSet", "{task_set_id}")
                .set("force", "{force_delete}"),
        )
        .wait(&[Phase::Delete], "status", &[], &[])
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{arn}")
        .retry(
            &[Phase::Create],
            "InvalidParameterException",
            "does not have an associated load balancer",
            600,
        )
        .retry(&[Phase::Create], "ServiceNotFoundException", "", 120)
        .found(|run, found, _| {
            let id = run.text("{task_set_id},{service},{cluster}", &found);
            args::with(&found, "id", Value::string(id))
        })
}
