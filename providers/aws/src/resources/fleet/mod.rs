//! Auto Scaling: groups, what they are made after, when they grow.

use super::Family;
use crate::json;
use crate::table::{Phase, Table, Tags, op};
use terrane_provider::args;
use terrane_value::Value;

mod capacity;
mod group;
mod policy;
mod template;

pub(super) const TYPES: Family = &[
    ("aws_autoscaling_group", group::group),
    ("aws_autoscaling_policy", policy::policy),
    ("aws_autoscaling_schedule", schedule),
    ("aws_autoscaling_lifecycle_hook", lifecycle_hook),
    ("aws_autoscaling_attachment", attachment),
    ("aws_autoscaling_traffic_source_attachment", traffic_source),
    ("aws_launch_template", template::template),
    ("aws_ec2_capacity_reservation", capacity_reservation),
];

fn schedule() -> Table {
    // -1 stands for: this size is left as it is.
    let put = || {
        op("PutScheduledUpdateGroupAction")
            .omit("MinSize", -1)
            .omit("MaxSize", -1)
            .omit("DesiredCapacity", -1)
    };
    Table::new("aws_autoscaling_schedule", "autoscaling")
        .names(&[
            ("autoscaling_group_name", "AutoScalingGroupName"),
            ("arn", "ScheduledActionARN"),
        ])
        .create(put())
        .answer(|_, found| {
            for name in ["MinSize", "MaxSize", "DesiredCapacity"] {
                if json::get(found, name).is_none() {
                    json::put(found, name, (-1).into());
                }
            }
        })
        .id("{scheduled_action_name}")
        .import("{autoscaling_group_name}/{scheduled_action_name}")
        .read(
            op("DescribeScheduledActions")
                .set("AutoScalingGroupName", "{autoscaling_group_name}")
                .set("ScheduledActionNames", "{scheduled_action_name}")
                .at("ScheduledUpdateGroupActions.0"),
        )
        .update(put())
        .delete(
            op("DeleteScheduledAction")
                .set("AutoScalingGroupName", "{autoscaling_group_name}")
                .set("ScheduledActionName", "{scheduled_action_name}"),
        )
}

fn lifecycle_hook() -> Table {
    let put = || op("PutLifecycleHook");
    Table::new("aws_autoscaling_lifecycle_hook", "autoscaling")
        .noun("LifecycleHook")
        .names(&[
            ("autoscaling_group_name", "AutoScalingGroupName"),
            ("notification_target_arn", "NotificationTargetARN"),
            ("role_arn", "RoleARN"),
        ])
        .create(put())
        .id("{name}")
        .import("{autoscaling_group_name}/{name}")
        .read(
            op("DescribeLifecycleHooks")
                .set("AutoScalingGroupName", "{autoscaling_group_name}")
                .set("LifecycleHookNames", "{name}")
                .at("LifecycleHooks.0"),
        )
        .update(put())
        .delete(
            op("DeleteLifecycleHook")
                .set("AutoScalingGroupName", "{autoscaling_group_name}")
                .set("LifecycleHookName", "{name}"),
        )
        .retry(
            &[Phase::Create],
            "ValidationError",
            "Unable to publish test message to notification target",
            600,
        )
}

/// A target group or a classic load balancer gets the instances of a group.
fn attachment() -> Table {
    let groups = |operation| {
        op(operation)
            .bare()
            .set("AutoScalingGroupName", "{autoscaling_group_name}")
    };
    Table::new("aws_autoscaling_attachment", "autoscaling")
        .local(&["autoscaling_group_name", "lb_target_group_arn", "elb"])
        .create(
            groups("AttachLoadBalancerTargetGroups")
                .set("TargetGroupARNs", "{lb_target_group_arn}"),
        )
        .id("{autoscaling_group_name}-{lb_target_group_arn}{elb}")
        .read(
            op("DescribeAutoScalingGroups")
                .set("AutoScalingGroupNames", "{autoscaling_group_name}")
                .at("AutoScalingGroups.0"),
        )
        .hooks(group::Attachment)
        .delete(
            groups("DetachLoadBalancerTargetGroups")
                .set("TargetGroupARNs", "{lb_target_group_arn}"),
        )
}

/// What sends traffic to a group.
fn traffic_source() -> Table {
    let put = |operation| {
        op(operation)
            .bare()
            .set("AutoScalingGroupName", "{autoscaling_group_name}")
            .set("TrafficSources", "{traffic_source}")
    };
    Table::new("aws_autoscaling_traffic_source_attachment", "autoscaling")
        .local(&["autoscaling_group_name", "traffic_source"])
        .create(put("AttachTrafficSources"))
        .id("{autoscaling_group_name},{traffic_source.0.type},{traffic_source.0.identifier}")
        .read(
            op("DescribeTrafficSources")
                .set("AutoScalingGroupName", "{autoscaling_group_name}")
                .at("TrafficSources[Identifier={traffic_source.0.identifier}]"),
        )
        .delete(put("DetachTrafficSources"))
        .gone_when("State", &["Removing", "Removed"])
        .wait(
            &[Phase::Create],
            "State",
            &["Added", "InService"],
            &["Adding"],
        )
}

fn capacity_reservation() -> Table {
    Table::new("aws_ec2_capacity_reservation", "ec2")
        .names(&[
            ("arn", "CapacityReservationArn"),
            ("instance_count", "TotalInstanceCount"),
            ("instance_count", "InstanceCount"),
        ])
        .create(op("CreateCapacityReservation"))
        .id_out("CapacityReservation.CapacityReservationId")
        .read(
            op("DescribeCapacityReservations")
                .set("CapacityReservationIds", "{id}")
                .at("CapacityReservations.0"),
        )
        .update(op("ModifyCapacityReservation").set("CapacityReservationId", "{id}"))
        .delete(op("CancelCapacityReservation").set("CapacityReservationId", "{id}"))
        .gone_when("State", &["cancelled", "expired"])
        .wait(
            &[Phase::Create],
            "State",
            &["active"],
            &["pending", "payment-pending"],
        )
        .tags(Tags::Ec2("capacity-reservation"))
        .not_found(&["InvalidCapacityReservationId.NotFound"])
}

/// The text of an attribute, if it says anything.
fn said<'v>(object: &'v Value, name: &str) -> Option<&'v str> {
    args::string(object, name).filter(|text| !text.is_empty())
}
