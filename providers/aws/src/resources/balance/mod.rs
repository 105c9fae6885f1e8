//! Load balancers: of layers 7, 4 and 3 (`elbv2`), and the classic ones (`elb`).

use super::Family;
use crate::table::{Cut, Phase, Table, op};

mod action;
mod classic;
mod group;
mod hooks;

pub(super) const TYPES: Family = &[
    ("aws_lb", || balancer("aws_lb")),
    ("aws_alb", || balancer("aws_alb")),
    ("aws_lb_target_group", || {
        group::table("aws_lb_target_group")
    }),
    ("aws_alb_target_group", || {
        group::table("aws_alb_target_group")
    }),
    ("aws_lb_target_group_attachment", || {
        group::attachment("aws_lb_target_group_attachment")
    }),
    ("aws_alb_target_group_attachment", || {
        group::attachment("aws_alb_target_group_attachment")
    }),
    ("aws_lb_listener", || action::listener("aws_lb_listener")),
    ("aws_alb_listener", || action::listener("aws_alb_listener")),
    ("aws_lb_listener_rule", || {
        action::rule("aws_lb_listener_rule")
    }),
    ("aws_alb_listener_rule", || {
        action::rule("aws_alb_listener_rule")
    }),
    ("aws_lb_listener_certificate", || {
        action::certificate("aws_lb_listener_certificate")
    }),
    ("aws_alb_listener_certificate", || {
        action::certificate("aws_alb_listener_certificate")
    }),
    ("aws_elb", classic::balancer),
    ("aws_elb_attachment", classic::attachment),
];

/// Settings of load balancers, and their keys.
const SETTINGS: &[(&str, &str)] = &[
    ("idle_timeout", "idle_timeout.timeout_seconds"),
    ("client_keep_alive", "client_keep_alive.seconds"),
    (
        "drop_invalid_header_fields",
        "routing.http.drop_invalid_header_fields.enabled",
    ),
    (
        "preserve_host_header",
        "routing.http.preserve_host_header.enabled",
    ),
    ("enable_http2", "routing.http2.enabled"),
    (
        "desync_mitigation_mode",
        "routing.http.desync_mitigation_mode",
    ),
    (
        "enable_tls_version_and_cipher_suite_headers",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    ),
    ("enable_waf_fail_open", "waf.fail_open.enabled"),
    (
        "enable_xff_client_port",
        "routing.http.xff_client_port.enabled",
    ),
    (
        "xff_header_processing_mode",
        "routing.http.xff_header_processing.mode",
    ),
    ("enable_zonal_shift", "zonal_shift.config.enabled"),
    ("enable_deletion_protection", "deletion_protection.enabled"),
    (
        "enable_cross_zone_load_balancing",
        "load_balancing.cross_zone.enabled",
    ),
    (
        "dns_record_client_routing_policy",
        "dns_record.client_routing_policy",
    ),
    (
        "secondary_ips_auto_assigned_per_subnet",
        "secondary_ips.auto_assigned.per_subnet",
    ),
    ("access_logs.enabled", "access_logs.s3.enabled"),
    ("access_logs.bucket", "access_logs.s3.bucket"),
    ("access_logs.prefix", "access_logs.s3.prefix"),
    ("connection_logs.enabled", "connection_logs.s3.enabled"),
    ("connection_logs.bucket", "connection_logs.s3.bucket"),
    ("connection_logs.prefix", "connection_logs.s3.prefix"),
    ("health_check_logs.enabled", "health_check_logs.s3.enabled"),
    ("health_check_logs.bucket", "health_check_logs.s3.bucket"),
    ("health_check_logs.prefix", "health_check_logs.s3.prefix"),
];

/// Whether load balancers of a type have a setting.
fn has_setting(kind: &str, name: &str) -> bool {
    let of_networks = matches!(
        name,
        "dns_record_client_routing_policy" | "secondary_ips_auto_assigned_per_subnet"
    );
    let common = matches!(
        name,
        "enable_deletion_protection" | "enable_cross_zone_load_balancing"
    );
    match kind {
        "network" => {
            of_networks || common || name == "enable_zonal_shift" || name.starts_with("access_logs")
        }
        "gateway" => common,
        _ => !of_networks && name != "enable_cross_zone_load_balancing",
    }
}

fn balancer(name: &'static str) -> Table {
    Table::new(name, "elbv2")
        .names(&[
            ("arn", "LoadBalancerArn"),
            ("name", "LoadBalancerName"),
            ("name", "Name"),
            ("load_balancer_type", "Type"),
            ("zone_id", "CanonicalHostedZoneId"),
            ("subnet_mapping", "SubnetMappings"),
            ("subnet_mapping.private_ipv4_address", "PrivateIPv4Address"),
            ("subnet_mapping.ipv6_address", "IPv6Address"),
        ])
        .prefix("tf-lb-")
        .local(&["name_prefix"])
        .unsupported(&["ipam_pools", "minimum_load_balancer_capacity"])
        .by_function(&["internal"])
        .at_first(&["enforce_security_group_inbound_rules_on_private_link_traffic"])
        .create(op("CreateLoadBalancer"))
        .id_out("LoadBalancers.0.LoadBalancerArn")
        .derive("arn_suffix", "{id}", Cut::After("loadbalancer/"))
        .read(
            op("DescribeLoadBalancers")
                .set("LoadBalancerArns", "{id}")
                .at("LoadBalancers.0"),
        )
        .read(
            op("DescribeLoadBalancerAttributes")
                .set("LoadBalancerArn", "{id}")
                .at("Attributes")
                .bag(SETTINGS),
        )
        .also(
            op("ModifyLoadBalancerAttributes")
                .bare()
                .set("LoadBalancerArn", "{id}")
                .map("Attributes", SETTINGS),
        )
        .update(
            op("SetSubnets")
                .bare()
                .set("LoadBalancerArn", "{id}")
                .set("Subnets", "{subnets}")
                .when(crate::table::When::Set("subnets")),
        )
        .update(
            op("SetSubnets")
                .bare()
                .set("LoadBalancerArn", "{id}")
                .set("SubnetMappings", "{subnet_mapping}")
                .when(crate::table::When::Set("subnet_mapping")),
        )
        .update(
            op("SetIpAddressType")
                .bare()
                .set("LoadBalancerArn", "{id}")
                .set("IpAddressType", "{ip_address_type}"),
        )
        .update(hooks::groups_step())
        .input(hooks::balancer_input)
        .answer(hooks::balancer_answer)
        .planned(hooks::balancer_planned)
        .recomputed("subnet_mapping", &["subnets"])
        .recomputed("subnets", &["subnet_mapping"])
        .hooks(hooks::Balancer)
        .delete(op("DeleteLoadBalancer").set("LoadBalancerArn", "{id}"))
        .wait(
            &[Phase::Create],
            "State.Code",
            &["active", "active_impaired"],
            &["provisioning"],
        )
        .tag_calls(
            "DescribeTags",
            ("AddTags", "RemoveTags"),
            "ResourceArns",
            "{id}",
        )
        .not_found(&["LoadBalancerNotFound"])
        .bulk(20)
}
