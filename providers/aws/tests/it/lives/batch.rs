//! Batch: policies, environments, queues.

use super::with;
use crate::kept::{Life, Service, live};
use serde_json::{Value as Json, json};

const ARN: &str = "arn:aws:batch:eu-west-1:123456789012";

#[tokio::test]
async fn policies_of_shares() {
    let policy = Service {
        type_name: "aws_batch_scheduling_policy",
        create: "CreateSchedulingPolicy",
        update: &["UpdateSchedulingPolicy"],
        delete: "DeleteSchedulingPolicy",
        shown: |operation, put| {
            let arn = format!("{ARN}:scheduling-policy/p");
            match operation {
                "CreateSchedulingPolicy" => json!({"name": "p", "arn": arn}),
                "ListSchedulingPolicies" => json!({"schedulingPolicies": [{"arn": arn}]}),
                "DescribeSchedulingPolicies" => {
                    json!({"schedulingPolicies": [with(put, &[], &json!({"arn": arn}))]})
                }
                _ => json!({}),
            }
        },
        gone: None,
    };
    let config = |seconds: u32, tags: Json| json!({"name": "p", "tags": tags, "fair_share_policy": [{"compute_reservation": 1, "share_decay_seconds": seconds, "share_distribution": [{"share_identifier": "A*", "weight_factor": 0.5}, {"share_identifier": "B", "weight_factor": 0.25}]}]});
    let life = Life {
        config: config(3600, json!({"a": "b", "x": "y"})),
        other: config(60, json!({"a": "c"})),
        renewed: vec![(json!({"name": "q"}), "name")],
        import: "arn:aws:batch:eu-west-1:123456789012:scheduling-policy/p",
        sent: vec![
            (
                "CreateSchedulingPolicy",
                "/tags",
                json!({"a": "b", "x": "y"}),
            ),
            (
                "CreateSchedulingPolicy",
                "/fairsharePolicy/computeReservation",
                json!(1),
            ),
            (
                "UpdateSchedulingPolicy",
                "/fairsharePolicy/shareDecaySeconds",
                json!(60),
            ),
            ("TagResource", "/tags", json!({"a": "c"})),
            ("UntagResource", "/tagKeys", json!(["x"])),
        ],
        listed: true,
        ..Life::default()
    };
    live(policy, life).await;
}

#[tokio::test]
async fn queues_of_jobs() {
    let queue = Service {
        type_name: "aws_batch_job_queue",
        create: "CreateJobQueue",
        update: &["UpdateJobQueue"],
        delete: "DeleteJobQueue",
        shown: |operation, put| {
            let arn = format!("{ARN}:job-queue/q");
            match operation {
                "CreateJobQueue" => json!({"jobQueueName": "q", "jobQueueArn": arn}),
                "DescribeJobQueues" => {
                    let told = json!({"jobQueueArn": arn, "status": "VALID"});
                    json!({"jobQueues": [with(put, &["jobQueue"], &told)]})
                }
                _ => json!({}),
            }
        },
        gone: None,
    };
    let config = |priority: u32, state: &str| json!({"name": "q", "priority": priority, "state": state, "tags": {"a": "b"}, "compute_environment_order": [{"order": 1, "compute_environment": "arn:one"}, {"order": 2, "compute_environment": "arn:two"}], "job_state_time_limit_action": [{"action": "CANCEL", "max_time_seconds": 600, "reason": "r", "state": "RUNNABLE"}]});
    let life = Life {
        config: config(1, "ENABLED"),
        other: config(7, "ENABLED"),
        renewed: vec![(json!({"name": "other"}), "name")],
        import: "arn:aws:batch:eu-west-1:123456789012:job-queue/q",
        sent: vec![
            (
                "CreateJobQueue",
                "/computeEnvironmentOrder/1/computeEnvironment",
                json!("arn:two"),
            ),
            (
                "CreateJobQueue",
                "/jobStateTimeLimitActions/0/maxTimeSeconds",
                json!(600),
            ),
            ("UpdateJobQueue", "/priority", json!(7)),
            // What works is switched off before it goes.
            (
                "UpdateJobQueue",
                "/jobQueue",
                json!("arn:aws:batch:eu-west-1:123456789012:job-queue/q"),
            ),
        ],
        listed: true,
        ..Life::default()
    };
    live(queue, life).await;
}

/// An environment of machines: what only new machines can have asks for a new environment.
#[tokio::test]
async fn environments() {
    let environment = Service {
        type_name: "aws_batch_compute_environment",
        create: "CreateComputeEnvironment",
        update: &["UpdateComputeEnvironment"],
        delete: "DeleteComputeEnvironment",
        shown: |operation, put| {
            let arn = format!("{ARN}:compute-environment/e");
            match operation {
                "CreateComputeEnvironment" => {
                    json!({"computeEnvironmentName": "e", "computeEnvironmentArn": arn})
                }
                "DescribeComputeEnvironments" => {
                    let told = json!({"computeEnvironmentArn": arn, "ecsClusterArn": "arn:ecs", "status": "VALID", "statusReason": "ready"});
                    let mut shown = with(put, &["computeEnvironment"], &told);
                    // A change names only what changes.
                    for (name, value) in [
                        ("type", "EC2"),
                        ("allocationStrategy", "BEST_FIT"),
                        (
                            "instanceRole",
                            "arn:aws:iam::123456789012:instance-profile/i",
                        ),
                    ] {
                        if shown["computeResources"].get(name).is_none() {
                            shown["computeResources"][name] = value.into();
                        }
                    }
                    for (name, value) in [
                        ("instanceTypes", json!(["c5.large"])),
                        ("tags", json!({"in": "t"})),
                    ] {
                        if shown["computeResources"].get(name).is_none() {
                            shown["computeResources"][name] = value;
                        }
                    }
                    shown["computeResources"]["desiredvCpus"] = json!(0);
                    json!({"computeEnvironments": [shown]})
                }
                _ => json!({}),
            }
        },
        gone: None,
    };
    let config = |most: u32| json!({"name": "e", "type": "MANAGED", "service_role": "arn:aws:iam::123456789012:role/r", "tags": {"a": "b"}, "compute_resources": [{"type": "EC2", "allocation_strategy": "BEST_FIT", "instance_role": "arn:aws:iam::123456789012:instance-profile/i", "instance_type": ["c5.large"], "min_vcpus": 0, "max_vcpus": most, "security_group_ids": ["sg-1"], "subnets": ["subnet-1"], "tags": {"in": "t"}}]});
    let mut renewed = config(4);
    renewed["compute_resources"][0]["instance_type"] = json!(["m5.large"]);
    let life = Life {
        config: config(4),
        other: config(16),
        renewed: vec![
            (json!({"name": "other"}), "name"),
            (json!({"type": "UNMANAGED"}), "type"),
            (
                json!({"compute_resources": renewed["compute_resources"]}),
                "compute_resources[0].instance_type",
            ),
        ],
        import: "e",
        sent: vec![
            (
                "CreateComputeEnvironment",
                "/computeResources/minvCpus",
                json!(0),
            ),
            (
                "UpdateComputeEnvironment",
                "/computeResources/maxvCpus",
                json!(16),
            ),
            ("UpdateComputeEnvironment", "/state", json!("ENABLED")),
        ],
        listed: true,
        ..Life::default()
    };
    live(environment, life).await;
}
