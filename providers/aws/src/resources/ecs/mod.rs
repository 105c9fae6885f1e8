//! Clusters of ECS, what they run, and on what.

use super::Family;
use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Phase, Table, op};
use async_trait::async_trait;
use serde_json::json;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

mod containers;
mod express;
mod service;
mod sets;
mod task;

pub(super) const TYPES: Family = &[
    ("aws_ecs_cluster", cluster),
    ("aws_ecs_capacity_provider", capacity_provider),
    (
        "aws_ecs_cluster_capacity_providers",
        cluster_capacity_providers,
    ),
    ("aws_ecs_account_setting_default", account_setting_default),
    ("aws_ecs_task_definition", task::definition),
    ("aws_ecs_service", service::service),
    ("aws_ecs_task_set", sets::task_set),
    ("aws_ecs_express_gateway_service", express::service),
];

fn cluster() -> Table {
    Table::new("aws_ecs_cluster", "ecs")
        .noun("cluster")
        .names(&[
            ("setting", "settings"),
            (
                "configuration.execute_command_configuration.log_configuration.s3_bucket_encryption_enabled",
                "s3EncryptionEnabled",
            ),
        ])
        .create(op("CreateCluster").only(&[
            "name",
            "configuration",
            "service_connect_defaults",
            "setting",
        ]))
        .id_out("cluster.clusterArn")
        .import("{name}")
        .read(
            op("DescribeClusters")
                .set("clusters", "{id}")
                .set("include.0", "TAGS")
                .set("include.1", "SETTINGS")
                .set("include.2", "CONFIGURATIONS")
                .at("clusters.0"),
        )
        .update(
            op("UpdateCluster")
                .only(&["configuration", "service_connect_defaults", "setting"])
                .set("cluster", "{id}"),
        )
        .delete(op("DeleteCluster").set("cluster", "{id}"))
        .gone_when("status", &["INACTIVE"])
        .wait(&[Phase::Create], "status", &["ACTIVE"], &["PROVISIONING"])
        .wait(
            &[Phase::Delete],
            "status",
            &[],
            &["ACTIVE", "DEPROVISIONING"],
        )
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{id}")
        .not_found(&["ClusterNotFoundException"])
        .retry(
            &[Phase::Create],
            "InvalidParameterException",
            "Unable to assume the service linked role",
            120,
        )
        .retry(
            &[Phase::Delete],
            "ClusterContainsContainerInstancesException",
            "",
            600,
        )
        .retry(
            &[Phase::Delete],
            "ClusterContainsServicesException",
            "",
            600,
        )
        .retry(&[Phase::Delete], "ClusterContainsTasksException", "", 600)
        .retry(
            &[Phase::Update, Phase::Delete],
            "UpdateInProgressException",
            "",
            600,
        )
        .found(|_, found, _| args::with(&found, "id", args::get(&found, "arn")))
}

fn capacity_provider() -> Table {
    Table::new("aws_ecs_capacity_provider", "ecs")
        .names(&[("arn", "capacityProviderArn")])
        .create(op("CreateCapacityProvider"))
        .id_out("capacityProvider.capacityProviderArn")
        .import("{name}")
        .read(
            op("DescribeCapacityProviders")
                .set("capacityProviders", "{id}")
                .set("cluster", "{cluster}")
                .set("include", "TAGS")
                .at("capacityProviders.0"),
        )
        .update(op("UpdateCapacityProvider").set("name", "{name}"))
        .delete(
            op("DeleteCapacityProvider")
                .set("capacityProvider", "{id}")
                .set("cluster", "{cluster}"),
        )
        .gone_when("status", &["INACTIVE"])
        .wait(&[Phase::Create], "status", &["ACTIVE"], &["PROVISIONING"])
        .wait(
            &[Phase::Update],
            "updateStatus",
            &["UPDATE_COMPLETE", ""],
            &["UPDATE_IN_PROGRESS"],
        )
        .wait(&[Phase::Delete], "status", &[], &[])
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", "{id}")
        .retry(
            &[Phase::Update, Phase::Delete],
            "UpdateInProgressException",
            "",
            600,
        )
        .found(|_, found, _| args::with(&found, "id", args::get(&found, "arn")))
}

fn cluster_capacity_providers() -> Table {
    let put = || op("PutClusterCapacityProviders");
    Table::new("aws_ecs_cluster_capacity_providers", "ecs")
        .names(&[("cluster_name", "cluster")])
        .create(put())
        .input(|operation, input, _| {
            // Both are required, and may be empty.
            let lists = ["capacityProviders", "defaultCapacityProviderStrategy"];
            for list in lists {
                if operation == "PutClusterCapacityProviders" && input.get(list).is_none() {
                    json::put(input, list, json!([]));
                }
            }
        })
        .id("{cluster_name}")
        .read(
            op("DescribeClusters")
                .set("clusters", "{cluster_name}")
                .at("clusters.0"),
        )
        .gone_when("status", &["INACTIVE"])
        .update(put())
        .delete(put().set("cluster", "{cluster_name}"))
        .wait(&[Phase::Create], "status", &["ACTIVE"], &["PROVISIONING"])
        .wait(&[Phase::Update], "status", &["ACTIVE"], &["PROVISIONING"])
        .retry(CHANGES, "ResourceInUseException", "", 600)
        .retry(CHANGES, "UpdateInProgressException", "", 600)
        .retry(CHANGES, "ClientException", "Cluster was not ACTIVE", 600)
}

const CHANGES: &[Phase] = &[Phase::Create, Phase::Update, Phase::Delete];

fn account_setting_default() -> Table {
    let put = || op("PutAccountSettingDefault");
    Table::new("aws_ecs_account_setting_default", "ecs")
        .create(put())
        .id_out("setting.principalArn")
        .import("{name}")
        .read(
            op("ListAccountSettings")
                .set("name", "{name}")
                .set("effectiveSettings", "true")
                .at("settings[name={name}]"),
        )
        .update(put())
        .found(|_, found, _| args::with(&found, "id", args::get(&found, "principal_arn")))
        .hooks(Setting)
}

/// A setting is there always: what is not wanted any more is switched off.
#[derive(Debug)]
struct Setting;

#[async_trait]
impl Hooks for Setting {
    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let input = json!({"name": run.text("{name}", object), "value": "disabled"});
        run.ask("PutAccountSettingDefault", input).await?;
        Ok(true)
    }
}
