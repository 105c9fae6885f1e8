//! ECR beside repositories, and the rotation of secrets.

use super::Family;
use crate::json;
use crate::table::{Phase, Table, op};
use serde_json::{Value as Json, json};
use terrane_provider::args;

pub(super) const TYPES: Family = &[
    ("aws_ecr_pull_through_cache_rule", pull_through_cache_rule),
    ("aws_ecr_repository_creation_template", creation_template),
    ("aws_ecr_registry_policy", registry_policy),
    (
        "aws_ecr_registry_scanning_configuration",
        scanning_configuration,
    ),
    ("aws_ecr_replication_configuration", replication),
    ("aws_secretsmanager_secret_rotation", rotation),
];

fn pull_through_cache_rule() -> Table {
    Table::new("aws_ecr_pull_through_cache_rule", "ecr")
        .create(op("CreatePullThroughCacheRule"))
        .id("{ecr_repository_prefix}")
        .read(
            op("DescribePullThroughCacheRules")
                .set("ecrRepositoryPrefixes", "{ecr_repository_prefix}")
                .at("pullThroughCacheRules.0"),
        )
        .update(op("UpdatePullThroughCacheRule"))
        .delete(
            op("DeletePullThroughCacheRule").set("ecrRepositoryPrefix", "{ecr_repository_prefix}"),
        )
}

fn creation_template() -> Table {
    Table::new("aws_ecr_repository_creation_template", "ecr")
        .create(op("CreateRepositoryCreationTemplate"))
        .id("{prefix}")
        .read(
            op("DescribeRepositoryCreationTemplates")
                .set("prefixes", "{prefix}")
                .at("repositoryCreationTemplates.0"),
        )
        .update(op("UpdateRepositoryCreationTemplate"))
        .delete(op("DeleteRepositoryCreationTemplate").set("prefix", "{prefix}"))
}

fn registry_policy() -> Table {
    let put = || op("PutRegistryPolicy");
    Table::new("aws_ecr_registry_policy", "ecr")
        .names(&[("policy", "policyText")])
        .create(put())
        .id_out("registryId")
        .read(op("GetRegistryPolicy"))
        .update(put())
        .delete(op("DeleteRegistryPolicy"))
}

fn scanning_configuration() -> Table {
    let put = || op("PutRegistryScanningConfiguration");
    Table::new("aws_ecr_registry_scanning_configuration", "ecr")
        .names(&[
            ("rule", "rules"),
            ("rule.repository_filter", "repositoryFilters"),
        ])
        .create(put())
        .id("{account}")
        .import("{id}")
        .read(op("GetRegistryScanningConfiguration").at("scanningConfiguration"))
        .update(put())
        // A registry is scanned always: without a wish, as usual.
        .delete(put().set("scanType", "BASIC"))
        .found(|run, found, _| {
            let id = terrane_value::Value::string(run.account.as_str());
            args::with(&found, "registry_id", id)
        })
}

fn replication() -> Table {
    let put = || op("PutReplicationConfiguration");
    Table::new("aws_ecr_replication_configuration", "ecr")
        .names(&[
            ("replication_configuration.rule", "rules"),
            ("replication_configuration.rule.destination", "destinations"),
            (
                "replication_configuration.rule.repository_filter",
                "repositoryFilters",
            ),
        ])
        .create(put())
        .input(|operation, input, _| {
            let path = "replicationConfiguration.rules";
            if operation == "PutReplicationConfiguration" && json::get(input, path).is_none() {
                json::put(input, path, json!([]));
            }
        })
        .id("{account}")
        .import("{id}")
        .read(op("DescribeRegistry"))
        .answer(|_, found| {
            let rules = json::get(found, "replicationConfiguration.rules").and_then(Json::as_array);
            if rules.is_none_or(Vec::is_empty)
                && let Some(members) = found.as_object_mut()
            {
                members.remove("replicationConfiguration");
            }
        })
        .update(put())
        .delete(put())
}

fn rotation() -> Table {
    let rotate = || {
        op("RotateSecret").only(&[
            "rotate_immediately",
            "rotation_lambda_arn",
            "rotation_rules",
            "secret_id",
        ])
    };
    Table::new("aws_secretsmanager_secret_rotation", "secretsmanager")
        .create(rotate())
        .id("{secret_id}")
        .read(op("DescribeSecret").set("SecretId", "{secret_id}"))
        .answer(|_, found| {
            // Days are told for rates too.
            if json::get(found, "RotationRules.ScheduleExpression").is_some()
                && let Some(rules) = found.get_mut("RotationRules").and_then(Json::as_object_mut)
            {
                rules.remove("AutomaticallyAfterDays");
            }
        })
        .told(&[("rotation_rules", "RotationRules")])
        .update(rotate())
        // What does not rotate, or is to be deleted, has nothing to be cancelled.
        .delete(
            op("CancelRotateSecret")
                .set("SecretId", "{secret_id}")
                .none_when(&["InvalidRequestException"]),
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "AccessDeniedException",
            "",
            60,
        )
        .retry(
            &[Phase::Create, Phase::Update],
            "InvalidRequestException",
            "A previous rotation isn't complete",
            300,
        )
}
