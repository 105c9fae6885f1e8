//! Clusters of EKS, what runs in them and who may.

use super::Family;
use crate::json;
use crate::run::{Run, same_at};
use crate::table::{Hooks, Phase, Step, Table, op};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) const TYPES: Family = &[
    ("aws_eks_cluster", cluster),
    ("aws_eks_node_group", node_group),
    ("aws_eks_fargate_profile", fargate_profile),
    ("aws_eks_addon", addon),
    ("aws_eks_access_entry", access_entry),
    (
        "aws_eks_access_policy_association",
        access_policy_association,
    ),
    ("aws_eks_pod_identity_association", pod_identity_association),
    ("aws_eks_identity_provider_config", identity_provider_config),
];

const CHANGES: &[Phase] = &[Phase::Create, Phase::Update, Phase::Delete];

/// Tags are found in the object, and changed by its ARN.
fn tagged(table: Table, of: &'static str) -> Table {
    table
        .tag_calls("", ("TagResource", "UntagResource"), "resourceArn", of)
        .retry(CHANGES, "ResourceInUseException", "", 600)
}

/// What roles are refused with that are not seen everywhere.
fn patient(table: Table) -> Table {
    let messages = [
        "does not exist",
        "does not have the necessary permissions",
        "Role provided in the request does not have",
        "Error in role params",
        "can't be assumed",
        "cannot be assumed",
        "Role could not be assumed because the trusted entity is not correct",
        "The provided role doesn't have the Amazon EKS Managed Policies",
    ];
    messages.iter().fold(table, |table, message| {
        table.retry(&[Phase::Create], "InvalidParameterException", message, 120)
    })
}

fn cluster() -> Table {
    let table = Table::new("aws_eks_cluster", "eks")
        .names(&[("cluster_id", "id"), ("vpc_config", "resourcesVpcConfig")])
        .local(&["force_update_version"])
        .by_function(&[
            "access_config",
            "compute_config",
            "control_plane_scaling_config",
            "deletion_protection",
            "enabled_cluster_log_types",
            "kubernetes_network_config",
            "remote_network_config",
            "storage_config",
            "upgrade_policy",
            "version",
            "vpc_config",
            "zonal_shift_config",
        ])
        .at_first(&["encryption_config"])
        .create(op("CreateCluster"))
        .input(cluster_input)
        .id("{name}")
        .read(op("DescribeCluster").set("name", "{name}").at("cluster"))
        .answer(|_, found| {
            let setups = json::get(found, "logging.clusterLogging").and_then(Json::as_array);
            let on: Vec<Json> = setups
                .into_iter()
                .flatten()
                .filter(|setup| setup["enabled"] == true)
                .flat_map(|setup| setup["types"].as_array().cloned().unwrap_or_default())
                .collect();
            json::put(found, "enabledClusterLogTypes", Json::Array(on));
            // A zonal shift that is off was not written.
            if let Some(members) = found.as_object_mut() {
                members.retain(|name, value| {
                    let off = name == "zonalShiftConfig" && value["enabled"] != true;
                    let plain = name == "encryptionConfig" && value == &json!([]);
                    !off && !plain
                });
            }
        })
        .recomputed("platform_version", &["version"])
        .delete(op("DeleteCluster").set("name", "{name}"))
        .wait(
            &[Phase::Create],
            "status",
            &["ACTIVE"],
            &["PENDING", "CREATING"],
        )
        .wait(&[Phase::Delete], "status", &[], &[])
        .retry(
            &[Phase::Create],
            "ResourceInUseException",
            "Cluster already exists",
            0,
        )
        .retry(
            &[Phase::Create],
            "InvalidParameterException",
            "KeyArn in encryptionConfig provider",
            120,
        )
        .hooks(Cluster);
    patient(tagged(table, "{arn}"))
}

fn cluster_input(operation: &str, input: &mut Json, object: &Value) {
    if operation != "CreateCluster" {
        return;
    }
    let types = args::strings(object, "enabled_cluster_log_types").unwrap_or_default();
    if !types.is_empty() {
        let types: Vec<&str> = types.iter().map(|text| text.as_str()).collect();
        let setups = json!([{"types": types, "enabled": true}]);
        json::put(input, "logging.clusterLogging", setups);
    }
}

#[derive(Debug)]
struct Cluster;

/// How often an update is asked after.
const MOST_POLLS: u32 = 3600;

/// Makes a change of a cluster or of what is in it, and waits until it is through.
async fn updated(run: &Run<'_>, operation: &str, input: Json, beside: Json) -> Answered<()> {
    let name = json::text_at(&input, "name").or_else(|| json::text_at(&input, "clusterName"));
    let answer = run.ask(operation, input).await?;
    let Some(id) = json::text_at(&answer, "update.id") else {
        return Ok(());
    };
    let mut ask = json!({"name": name.unwrap_or_default(), "updateId": id});
    for (member, value) in beside.as_object().into_iter().flatten() {
        json::put(&mut ask, member, value.clone());
    }
    let started = tokio::time::Instant::now();
    for attempt in 0..MOST_POLLS {
        let answer = run.ask("DescribeUpdate", ask.clone()).await?;
        let status = json::text_at(&answer, "update.status").unwrap_or_default();
        if status == "Successful" {
            return Ok(());
        }
        let late = run.is_late(started, std::time::Duration::from_secs(3600), attempt);
        if status != "InProgress" || late {
            let errors = json::get(&answer, "update.errors")
                .cloned()
                .unwrap_or_default();
            return Err(terrane_provider::native::Refusal::error(
                format!("{operation} failed"),
                format!("The update {id} is in state {status:?}: {errors}"),
            ));
        }
        run.cx.pause(std::time::Duration::from_secs(10)).await;
    }
    Ok(())
}

/// Parts of a cluster that are changed as wholes: attribute, and member.
const PARTS: &[(&str, &str)] = &[
    ("access_config", "accessConfig"),
    ("control_plane_scaling_config", "controlPlaneScalingConfig"),
    ("deletion_protection", "deletionProtection"),
    ("remote_network_config", "remoteNetworkConfig"),
    ("upgrade_policy", "upgradePolicy"),
    ("zonal_shift_config", "zonalShiftConfig"),
];

#[async_trait]
impl Hooks for Cluster {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let name = run.text("{name}", prior);
        let differs = |name: &str| !same_at(prior, planned, name);
        if differs("version") && args::is_set(planned, "version") {
            let input = json!({
                "name": name,
                "version": run.text("{version}", planned),
                "force": args::bool(planned, "force_update_version") == Some(true),
            });
            updated(run, "UpdateClusterVersion", input, json!({})).await?;
        }
        let operation = run.operation("eks", "UpdateClusterConfig")?;
        let whole = op("UpdateClusterConfig").except(&["bootstrap_self_managed_addons"]);
        let all = run.input(&whole, &operation, planned);
        let part = |member: &str| json::get(&all, member).cloned();
        // What runs the nodes is switched with what they use.
        let auto = [
            "compute_config",
            "kubernetes_network_config",
            "storage_config",
        ];
        if auto.iter().any(|name| differs(name)) {
            let mut input = json!({"name": name});
            for member in ["computeConfig", "storageConfig"] {
                if let Some(value) = part(member) {
                    json::put(&mut input, member, value);
                }
            }
            let balancing = "kubernetesNetworkConfig.elasticLoadBalancing";
            if let Some(value) = part(balancing) {
                json::put(&mut input, balancing, value);
            }
            updated(run, "UpdateClusterConfig", input, json!({})).await?;
        }
        for (attribute, member) in PARTS {
            if let (true, Some(value)) = (differs(attribute), part(member)) {
                let mut input = json!({"name": name});
                json::put(&mut input, member, value);
                if let Some(access) = input.get_mut("accessConfig").and_then(Json::as_object_mut) {
                    access.retain(|name, _| name == "authenticationMode");
                }
                updated(run, "UpdateClusterConfig", input, json!({})).await?;
            }
        }
        if differs("enabled_cluster_log_types") {
            let of = |object: &Value| -> Vec<String> {
                let types = args::strings(object, "enabled_cluster_log_types");
                let types = types.unwrap_or_default();
                types.iter().map(ToString::to_string).collect()
            };
            let (before, after) = (of(prior), of(planned));
            let off: Vec<&String> = before.iter().filter(|one| !after.contains(one)).collect();
            let mut setups = vec![json!({"types": after, "enabled": true})];
            if !off.is_empty() {
                setups.push(json!({"types": off, "enabled": false}));
            }
            let input = json!({"name": name, "logging": {"clusterLogging": setups}});
            updated(run, "UpdateClusterConfig", input, json!({})).await?;
        }
        if differs("vpc_config") {
            network(run, prior, planned, &name).await?;
        }
        Ok(())
    }

    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        // What is said on creation only stays as it was written.
        let name = "bootstrap_self_managed_addons";
        let written = args::get(prior, name);
        let value = if written.is_null() {
            Value::bool(true)
        } else {
            written
        };
        let object = args::with(&object, name, value);
        Ok(access_as_written(&object, prior))
    }
}

/// Who made a cluster may have been made its administrator: that is not told afterwards.
fn access_as_written(object: &Value, prior: &Value) -> Value {
    let (found, before) = (
        args::get(object, "access_config"),
        args::get(prior, "access_config"),
    );
    let (Some(block), Some(written)) = (found.children().first(), before.children().first()) else {
        return object.clone();
    };
    let name = "bootstrap_cluster_creator_admin_permissions";
    if !args::get(block, name).is_null() {
        return object.clone();
    }
    let block = args::with(block, name, args::get(written, name));
    let made = found.map_children(|_, _| block.clone());
    args::with(object, "access_config", made)
}

/// The network of a cluster: who may reach it, and where it is, in a call each.
async fn network(run: &Run<'_>, prior: &Value, planned: &Value, name: &str) -> Answered<()> {
    let block = |object: &Value| {
        args::get(object, "vpc_config")
            .children()
            .first()
            .cloned()
            .unwrap_or(Value::NULL)
    };
    let (before, after) = (block(prior), block(planned));
    let differs = |name: &str| !same_at(&before, &after, name);
    let texts = |name: &str| -> Vec<String> {
        let texts = args::strings(&after, name).unwrap_or_default();
        texts.iter().map(ToString::to_string).collect()
    };
    let reached = [
        "endpoint_private_access",
        "endpoint_public_access",
        "public_access_cidrs",
    ];
    if reached.iter().any(|name| differs(name)) {
        let mut config = json!({
            "endpointPrivateAccess": args::bool(&after, "endpoint_private_access").unwrap_or(false),
            "endpointPublicAccess": args::bool(&after, "endpoint_public_access").unwrap_or(true),
        });
        let ranges = texts("public_access_cidrs");
        if !ranges.is_empty() {
            json::put(&mut config, "publicAccessCidrs", json!(ranges));
        }
        let input = json!({"name": name, "resourcesVpcConfig": config});
        updated(run, "UpdateClusterConfig", input, json!({})).await?;
    }
    if differs("security_group_ids") || differs("subnet_ids") {
        let config = json!({
            "securityGroupIds": texts("security_group_ids"),
            "subnetIds": texts("subnet_ids"),
        });
        let input = json!({"name": name, "resourcesVpcConfig": config});
        updated(run, "UpdateClusterConfig", input, json!({})).await?;
    }
    Ok(())
}

fn node_group() -> Table {
    let table = Table::new("aws_eks_node_group", "eks")
        .noun("nodegroup")
        .names(&[
            ("node_group_name", "nodegroupName"),
            ("node_role_arn", "nodeRole"),
            (
                "remote_access.source_security_group_ids",
                "sourceSecurityGroups",
            ),
            (
                "resources.remote_access_security_group_id",
                "remoteAccessSecurityGroup",
            ),
            ("subnet_ids", "subnets"),
        ])
        .local(&["force_update_version", "node_group_name_prefix"])
        .by_function(&[
            "labels",
            "launch_template",
            "node_repair_config",
            "release_version",
            "scaling_config",
            "taint",
            "update_config",
            "version",
        ])
        .create(op("CreateNodegroup"))
        .id("{cluster_name}:{node_group_name}")
        .read(
            op("DescribeNodegroup")
                .set("clusterName", "{cluster_name}")
                .set("nodegroupName", "{node_group_name}")
                .at("nodegroup"),
        )
        .delete(
            op("DeleteNodegroup")
                .set("clusterName", "{cluster_name}")
                .set("nodegroupName", "{node_group_name}"),
        )
        .wait(&[Phase::Create], "status", &["ACTIVE"], &["CREATING"])
        .wait(&[Phase::Delete], "status", &[], &[])
        .hooks(Nodes);
    patient(tagged(table, "{arn}"))
}

/// Labels and taints are told as what is added and what is removed.
#[derive(Debug)]
struct Nodes;

fn labels(prior: &Value, planned: &Value) -> Option<Json> {
    let of = |object: &Value| crate::run::to_map(&args::get(object, "labels"));
    let (before, after) = (of(prior), of(planned));
    let gone: Vec<&String> = before
        .keys()
        .filter(|key| !after.contains_key(*key))
        .collect();
    let set: serde_json::Map<String, Json> = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(*value))
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect();
    (before != after).then(|| json!({"addOrUpdateLabels": set, "removeLabels": gone}))
}

fn taints(object: &Value) -> Vec<Json> {
    let blocks = args::get(object, "taint");
    let all = blocks.children().iter().map(|block| {
        let mut made = json!({});
        for name in ["key", "value", "effect"] {
            if let Some(text) = args::string(block, name).filter(|text| !text.is_empty()) {
                json::put(&mut made, name, text.into());
            }
        }
        made
    });
    all.collect()
}

#[async_trait]
impl Hooks for Nodes {
    async fn update(&self, run: &Run<'_>, prior: &Value, planned: &Value) -> Answered<()> {
        let (cluster, group) = (
            run.text("{cluster_name}", prior),
            run.text("{node_group_name}", prior),
        );
        let differs = |name: &str| !same_at(prior, planned, name);
        let beside = json!({"nodegroupName": group});
        let versions = ["launch_template", "release_version", "version"];
        if versions.iter().any(|name| differs(name)) {
            let operation = run.operation("eks", "UpdateNodegroupVersion")?;
            let step = op("UpdateNodegroupVersion").only(&["cluster_name", "node_group_name"]);
            let mut input = run.input(&step, &operation, planned);
            for (name, member) in [
                ("release_version", "releaseVersion"),
                ("version", "version"),
            ] {
                let text = args::string(planned, name).filter(|text| !text.is_empty());
                if let (true, Some(text)) = (differs(name), text) {
                    json::put(&mut input, member, text.into());
                }
            }
            let template = args::get(planned, "launch_template");
            if let (true, Some(template)) =
                (differs("launch_template"), template.children().first())
            {
                let named = ["id", "name"].iter().find_map(|name| {
                    let text = args::string(template, name).filter(|text| !text.is_empty())?;
                    Some((*name, text))
                });
                if let Some((name, text)) = named {
                    json::put(&mut input, &format!("launchTemplate.{name}"), text.into());
                }
                let version = args::string(template, "version").unwrap_or_default();
                json::put(&mut input, "launchTemplate.version", version.into());
            }
            if args::bool(planned, "force_update_version") == Some(true) {
                json::put(&mut input, "force", true.into());
            }
            updated(run, "UpdateNodegroupVersion", input, beside.clone()).await?;
        }
        let mut input = json!({"clusterName": cluster, "nodegroupName": group});
        if let Some(labels) = labels(prior, planned) {
            json::put(&mut input, "labels", labels);
        }
        if differs("taint") {
            let (before, after) = (taints(prior), taints(planned));
            let gone: Vec<&Json> = before.iter().filter(|one| !after.contains(one)).collect();
            let set: Vec<&Json> = after.iter().filter(|one| !before.contains(one)).collect();
            let change = json!({"addOrUpdateTaints": set, "removeTaints": gone});
            json::put(&mut input, "taints", change);
        }
        let operation = run.operation("eks", "UpdateNodegroupConfig")?;
        let parts = [
            ("node_repair_config", "nodeRepairConfig"),
            ("scaling_config", "scalingConfig"),
            ("update_config", "updateConfig"),
        ];
        let step = op("UpdateNodegroupConfig").only(&[
            "node_repair_config",
            "scaling_config",
            "update_config",
        ]);
        let all = run.input(&step, &operation, planned);
        for (name, member) in parts {
            if let (true, Some(value)) = (differs(name), all.get(member)) {
                json::put(&mut input, member, value.clone());
            }
        }
        if input.as_object().is_some_and(|members| members.len() > 2) {
            updated(run, "UpdateNodegroupConfig", input, beside).await?;
        }
        Ok(())
    }
}

fn fargate_profile() -> Table {
    let table = Table::new("aws_eks_fargate_profile", "eks")
        .noun("fargateProfile")
        .names(&[("subnet_ids", "subnets")])
        .create(op("CreateFargateProfile"))
        .id("{cluster_name}:{fargate_profile_name}")
        .read(
            op("DescribeFargateProfile")
                .set("clusterName", "{cluster_name}")
                .set("fargateProfileName", "{fargate_profile_name}")
                .at("fargateProfile"),
        )
        .delete(
            op("DeleteFargateProfile")
                .set("clusterName", "{cluster_name}")
                .set("fargateProfileName", "{fargate_profile_name}"),
        )
        .wait(&[Phase::Create], "status", &["ACTIVE"], &["CREATING"])
        .wait(&[Phase::Delete], "status", &[], &[]);
    patient(tagged(table, "{arn}"))
}

fn addon() -> Table {
    let table = Table::new("aws_eks_addon", "eks")
        .noun("addon")
        .local(&[
            "preserve",
            "resolve_conflicts_on_create",
            "resolve_conflicts_on_update",
        ])
        .by_function(&["pod_identity_association"])
        .create(op("CreateAddon"))
        .input(|operation, input, object| {
            let name = match operation {
                "CreateAddon" => "resolve_conflicts_on_create",
                "UpdateAddon" => "resolve_conflicts_on_update",
                _ => return,
            };
            if let Some(how) = args::string(object, name).filter(|how| !how.is_empty()) {
                json::put(input, "resolveConflicts", how.into());
            }
        })
        .id("{cluster_name}:{addon_name}")
        .read(
            op("DescribeAddon")
                .set("clusterName", "{cluster_name}")
                .set("addonName", "{addon_name}")
                .at("addon"),
        )
        // Associations are told by name: each is looked up.
        .answer(|_, found| {
            if let Some(members) = found.as_object_mut() {
                members.remove("podIdentityAssociations");
            }
        })
        .update(
            op("UpdateAddon")
                .only(&[
                    "addon_version",
                    "configuration_values",
                    "pod_identity_association",
                    "service_account_role_arn",
                ])
                .set("clusterName", "{cluster_name}")
                .set("addonName", "{addon_name}")
                .partial()
                .clear("pod_identity_association", "podIdentityAssociations", "[]"),
        )
        .recomputed("modified_at", &[])
        .delete(
            op("DeleteAddon")
                .set("clusterName", "{cluster_name}")
                .set("addonName", "{addon_name}")
                .set("preserve", "{preserve}"),
        )
        .wait(
            &[Phase::Create],
            "status",
            &["ACTIVE"],
            &["CREATING", "DEGRADED"],
        )
        .wait(
            &[Phase::Update],
            "status",
            &["ACTIVE"],
            &["UPDATING", "DEGRADED"],
        )
        .wait(&[Phase::Delete], "status", &[], &[])
        .hooks(Addon);
    patient(tagged(table, "{arn}"))
}

#[derive(Debug)]
struct Addon;

#[async_trait]
impl Hooks for Addon {
    async fn found(
        &self,
        run: &Run<'_>,
        object: Value,
        prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        let name = "pod_identity_association";
        let input = json!({
            "clusterName": run.text("{cluster_name}", &object),
            "addonName": run.text("{addon_name}", &object),
        });
        if args::get(prior, name).children().is_empty() && !args::get(prior, name).is_null() {
            return Ok(object);
        }
        let answer = run.ask("DescribeAddon", input.clone()).await?;
        let ids = json::get(&answer, "addon.podIdentityAssociations").and_then(Json::as_array);
        let mut items = Vec::new();
        for id in ids.into_iter().flatten() {
            let id = json::text(id);
            let id = id.rsplit('/').next().unwrap_or_default();
            let ask = json!({"clusterName": input["clusterName"], "associationId": id});
            let answer = run.ask("DescribePodIdentityAssociation", ask).await?;
            let text = |path: &str| Value::string(json::text_at(&answer, path).unwrap_or_default());
            items.push(Value::object(vec![
                ("role_arn", text("association.roleArn")),
                ("service_account", text("association.serviceAccount")),
            ]));
        }
        let nested = run.schema.block.blocks.get(name);
        let element = nested.map(|nested| nested.block.implied_type().clone());
        let set = Value::set(element.unwrap_or(terrane_value::Type::Dynamic), items);
        Ok(args::with(&object, name, set))
    }
}

fn access_entry() -> Table {
    let table = Table::new("aws_eks_access_entry", "eks")
        .names(&[("user_name", "username")])
        .create(op("CreateAccessEntry"))
        .id("{cluster_name}:{principal_arn}")
        .read(
            op("DescribeAccessEntry")
                .set("clusterName", "{cluster_name}")
                .set("principalArn", "{principal_arn}")
                .at("accessEntry"),
        )
        .update(op("UpdateAccessEntry"))
        .recomputed("modified_at", &[])
        .delete(
            op("DeleteAccessEntry")
                .set("clusterName", "{cluster_name}")
                .set("principalArn", "{principal_arn}"),
        )
        .retry(
            &[Phase::Create],
            "InvalidParameterException",
            "The specified principalArn is invalid: invalid principal",
            120,
        );
    tagged(table, "{access_entry_arn}")
}

fn access_policy_association() -> Table {
    Table::new("aws_eks_access_policy_association", "eks")
        .create(op("AssociateAccessPolicy"))
        .id("{cluster_name}#{principal_arn}#{policy_arn}")
        .read(
            op("ListAssociatedAccessPolicies")
                .set("clusterName", "{cluster_name}")
                .set("principalArn", "{principal_arn}")
                .at("associatedAccessPolicies[policyArn={policy_arn}]"),
        )
        .delete(
            op("DisassociateAccessPolicy")
                .set("clusterName", "{cluster_name}")
                .set("principalArn", "{principal_arn}")
                .set("policyArn", "{policy_arn}"),
        )
        .retry(
            &[Phase::Create],
            "ResourceNotFoundException",
            "The specified principalArn could not be found",
            120,
        )
}

fn pod_identity_association() -> Table {
    let table = Table::new("aws_eks_pod_identity_association", "eks")
        .create(op("CreatePodIdentityAssociation").at("association"))
        .id_out("association.associationId")
        .import("{cluster_name},{association_id}")
        .read(
            op("DescribePodIdentityAssociation")
                .set("clusterName", "{cluster_name}")
                .set("associationId", "{association_id}")
                .at("association"),
        )
        .update(op("UpdatePodIdentityAssociation").set("associationId", "{association_id}"))
        .delete(
            op("DeletePodIdentityAssociation")
                .set("clusterName", "{cluster_name}")
                .set("associationId", "{association_id}"),
        )
        .found(|_, found, _| args::with(&found, "id", args::get(&found, "association_id")));
    patient(tagged(table, "{association_arn}"))
}

fn identity_provider_config() -> Table {
    let named = |step: Step| {
        step.set("clusterName", "{cluster_name}")
            .set("identityProviderConfig.type", "oidc")
            .set(
                "identityProviderConfig.name",
                "{identity_provider_config_name}",
            )
    };
    let table = Table::new("aws_eks_identity_provider_config", "eks")
        .noun("identityProviderConfig")
        .create(op("AssociateIdentityProviderConfig"))
        .id("{cluster_name}:{oidc.0.identity_provider_config_name}")
        .read(named(op("DescribeIdentityProviderConfig")).at("identityProviderConfig.oidc"))
        .answer(|_, found| {
            // The whole is the block.
            let block = found.clone();
            json::put(found, "oidc", block);
        })
        .delete(named(op("DisassociateIdentityProviderConfig")))
        .wait(&[Phase::Create], "status", &["ACTIVE"], &["CREATING"])
        .wait(&[Phase::Delete], "status", &[], &[])
        .hooks(Provider);
    tagged(table, "{arn}")
}

/// A provider is known by the name that its block has.
#[derive(Debug)]
struct Provider;

#[async_trait]
impl Hooks for Provider {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        let operation = run.operation("eks", "AssociateIdentityProviderConfig")?;
        let step = op("AssociateIdentityProviderConfig");
        let mut input = run.input(&step, &operation, planned);
        run.put_tags(&operation.input, &crate::run::all_tags(planned), &mut input);
        run.ask("AssociateIdentityProviderConfig", input).await?;
        let name = run.text("{oidc.0.identity_provider_config_name}", planned);
        let id = format!("{}:{name}", run.text("{cluster_name}", planned));
        let made = args::with(
            planned,
            "identity_provider_config_name",
            Value::string(name),
        );
        Ok(Some((id, made)))
    }

    fn import(&self, id: &str) -> Option<Vec<(&'static str, String)>> {
        let (cluster, name) = id.split_once(':')?;
        Some(vec![
            ("cluster_name", cluster.to_owned()),
            ("identity_provider_config_name", name.to_owned()),
        ])
    }
}
