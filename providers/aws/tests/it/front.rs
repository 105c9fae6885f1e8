//! The life of what stands in front: load balancers, names, certificates, groups of instances.

use crate::script::{Script, no};
use crate::support::{Made, World};
use serde_json::{Value as Json, json};

/// A network: VPC, two subnets in two zones, a gateway, a security group.
async fn network(world: &World) -> Vec<Made> {
    let vpc = world
        .create("aws_vpc", json!({"cidr_block": "10.9.0.0/16"}))
        .await;
    let id = vpc.text("id");
    let subnet = |at: u8, zone: &str| json!({"vpc_id": id, "cidr_block": format!("10.9.{at}.0/24"), "availability_zone": zone});
    let first = world.create("aws_subnet", subnet(1, "eu-west-1a")).await;
    let second = world.create("aws_subnet", subnet(2, "eu-west-1b")).await;
    let group = world
        .create("aws_security_group", json!({"name": "front", "vpc_id": id}))
        .await;
    vec![group, second, first, vpc]
}

async fn delete(world: &World, all: &[&Made]) {
    for made in all {
        world.delete(made).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn load_balancers() {
    for kind in ["lb", "alb"] {
        load_balancers_called(kind).await;
    }
}

/// The story of load balancers, by one of the two names that they have.
#[expect(clippy::too_many_lines, reason = "a story")]
async fn load_balancers_called(kind: &str) {
    let named = |rest: &str| format!("aws_{kind}{rest}");
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let network = network(&world).await;
    let [group, second, first, vpc] = network.as_slice() else {
        panic!("a network")
    };
    let config = |idle: i64, tags: Json| {
        json!({
            "name": "front", "security_groups": [group.text("id")], "subnets": [first.text("id"), second.text("id")],
            "idle_timeout": idle, "enable_deletion_protection": false, "tags": tags,
        })
    };
    let balancer = world
        .create(&named(""), config(60, json!({"a": "b"})))
        .await;
    let balancer = world
        .update(&balancer, config(90, json!({"a": "c", "d": "e"})))
        .await;
    let arn = balancer.text("arn");
    assert!(balancer.text("arn_suffix").starts_with("app/front/"));
    world
        .import(
            &balancer,
            &arn,
            &["access_logs", "connection_logs", "health_check_logs"],
        )
        .await;
    let replaced = world
        .replaced(&balancer, {
            let mut other = config(90, json!({"a": "c", "d": "e"}));
            other["internal"] = json!(true);
            other
        })
        .await;
    assert_eq!(replaced, [".internal"]);

    let targets = |interval: i64, extra: Json| {
        let mut config = json!({
            "name": "web", "port": 80, "protocol": "HTTP", "vpc_id": vpc.text("id"), "deregistration_delay": "10",
            "health_check": {"path": "/health", "interval": interval, "matcher": "200-299"},
        });
        for (name, value) in extra.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let web = world
        .create(&named("_target_group"), targets(30, json!({})))
        .await;
    let web = world
        .update(&web, targets(20, json!({"slow_start": 30, "stickiness": {"type": "lb_cookie", "cookie_duration": 600}, "tags": {"x": "y"}})))
        .await;
    world.import(&web, &web.text("id"), &[]).await;
    let attached = world
        .create(
            &named("_target_group_attachment"),
            json!({"target_group_arn": web.text("arn"), "target_id": "i-0123456789abcdef0", "port": 8080}),
        )
        .await;

    let listens = |action: Json| json!({"load_balancer_arn": arn, "port": 80, "protocol": "HTTP", "default_action": [action]});
    let listener = world
        .create(
            &named("_listener"),
            listens(json!({"type": "forward", "target_group_arn": web.text("arn")})),
        )
        .await;
    world.import(&listener, &listener.text("id"), &[]).await;
    let listener = world
        .update(
            &listener,
            listens(json!({"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}})),
        )
        .await;
    let listener = world
        .update(
            &listener,
            listens(json!({"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "message_body": "no", "status_code": "404"}})),
        )
        .await;
    let rule = |priority: Json, path: &str| {
        json!({
            "listener_arn": listener.text("arn"), "priority": priority,
            "action": [{"type": "forward", "forward": {"target_group": [{"arn": web.text("arn"), "weight": 100}]}}],
            "condition": [{"path_pattern": {"values": [path]}}, {"host_header": {"values": ["a.example.com"]}}],
        })
    };
    let some = world
        .create(&named("_listener_rule"), rule(json!(5), "/a/*"))
        .await;
    let some = world.update(&some, rule(json!(7), "/b/*")).await;
    let next = world
        .create(&named("_listener_rule"), rule(Json::Null, "/c/*"))
        .await;
    assert_eq!(
        terrane_provider::args::int(&next.state, "priority"),
        Some(8)
    );
    let problems = world
        .complaints(
            &named(""),
            None,
            json!({"name": "x", "subnets": ["subnet-1"], "minimum_load_balancer_capacity": {"capacity_units": 1}}),
        )
        .await;
    assert!(
        problems[0].contains("minimum_load_balancer_capacity"),
        "{problems:?}"
    );
    delete(
        &world,
        &[
            &next, &some, &listener, &attached, &web, &balancer, group, second, first, vpc,
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn classic_load_balancers() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let network = network(&world).await;
    let [group, second, first, vpc] = network.as_slice() else {
        panic!("a network")
    };
    let config = |port: i64, idle: i64| {
        json!({
            "name": "old", "subnets": [first.text("id"), second.text("id")], "security_groups": [group.text("id")], "idle_timeout": idle,
            "listener": [{"instance_port": 80, "instance_protocol": "http", "lb_port": port, "lb_protocol": "http"}],
            "health_check": {"target": "HTTP:80/", "interval": 30, "timeout": 5, "healthy_threshold": 2, "unhealthy_threshold": 2},
            "tags": {"a": "b"},
        })
    };
    let old = world.create("aws_elb", config(80, 60)).await;
    let old = world.update(&old, config(8080, 90)).await;
    delete(&world, &[&old, group, second, first, vpc]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_and_records() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let zone = world
        .create(
            "aws_route53_zone",
            json!({"name": "example.org", "tags": {"a": "b"}}),
        )
        .await;
    let zone = world
        .update(
            &zone,
            json!({"name": "example.org", "comment": "ours", "tags": {"c": "d"}}),
        )
        .await;
    let id = zone.text("zone_id");
    assert!(!id.contains('/'));
    world.import(&zone, &id, &[]).await;
    let plain = |values: Json, ttl: i64| json!({"zone_id": id, "name": "www.example.org", "type": "A", "ttl": ttl, "records": values});
    let www = world
        .create("aws_route53_record", plain(json!(["10.0.0.1"]), 60))
        .await;
    assert_eq!(www.text("fqdn"), "www.example.org");
    let www = world
        .update(&www, plain(json!(["10.0.0.1", "10.0.0.2"]), 120))
        .await;
    world
        .import(&www, &format!("{id}_www.example.org_A"), &[])
        .await;
    let text = world
        .create(
            "aws_route53_record",
            json!({"zone_id": id, "name": "_dmarc", "type": "TXT", "ttl": 60, "records": ["v=DMARC1; p=none"]}),
        )
        .await;
    let weighted = |weight: i64| json!({"zone_id": id, "name": "w", "type": "CNAME", "ttl": 5, "records": ["a.example.org"], "set_identifier": "blue", "weighted_routing_policy": {"weight": weight}});
    let blue = world.create("aws_route53_record", weighted(90)).await;
    let blue = world.update(&blue, weighted(10)).await;
    let alias = world
        .create(
            "aws_route53_record",
            json!({"zone_id": id, "name": "apex", "type": "A", "alias": {"name": "www.example.org", "zone_id": id, "evaluate_target_health": true}}),
        )
        .await;
    let check = |path: &str| json!({"fqdn": "www.example.org", "port": 443, "type": "HTTPS", "resource_path": path, "failure_threshold": 3, "request_interval": 30, "tags": {"Name": "c"}});
    let looked = world.create("aws_route53_health_check", check("/")).await;
    let looked = world.update(&looked, check("/up")).await;
    delete(&world, &[&looked, &alias, &blue, &text, &www, &zone]).await;

    let one = world
        .create("aws_vpc", json!({"cidr_block": "10.8.0.0/16"}))
        .await;
    let two = world
        .create("aws_vpc", json!({"cidr_block": "10.7.0.0/16"}))
        .await;
    let inside = world
        .create(
            "aws_route53_zone",
            json!({"name": "inside.example.org", "vpc": [{"vpc_id": one.text("id")}], "force_destroy": true}),
        )
        .await;
    world
        .create(
            "aws_route53_record",
            json!({"zone_id": inside.text("zone_id"), "name": "left", "type": "A", "ttl": 5, "records": ["10.0.0.1"]}),
        )
        .await;
    // What was left in it goes with it.
    delete(&world, &[&inside, &two, &one]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let config = |tags: Json| json!({"domain_name": "example.org", "subject_alternative_names": ["*.example.org"], "validation_method": "DNS", "tags": tags});
    let made = world
        .create("aws_acm_certificate", config(json!({"a": "b"})))
        .await;
    let options = made.state.get("domain_validation_options").unwrap();
    assert_eq!(options.children().len(), 2);
    assert!(options.is_wholly_known());
    let made = world.update(&made, config(json!({"c": "d"}))).await;
    world.import(&made, &made.text("id"), &["status"]).await;
    let other =
        json!({"domain_name": "example.net", "validation_method": "DNS", "tags": {"c": "d"}});
    assert!(
        world
            .replaced(&made, other)
            .await
            .contains(&".domain_name".to_owned())
    );
    world.delete(&made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_instances() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let network = network(&world).await;
    let [group, second, first, vpc] = network.as_slice() else {
        panic!("a network")
    };
    let template = |kind: &str, extra: Json| {
        let mut config = json!({
            "name_prefix": "web-", "image_id": "ami-12c6146b", "instance_type": kind, "update_default_version": true,
            "vpc_security_group_ids": [group.text("id")], "user_data": "ZWNobw==", "ebs_optimized": "true",
            "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": {"volume_size": 20, "volume_type": "gp3", "delete_on_termination": "true"}}],
            "metadata_options": {"http_tokens": "required", "http_endpoint": "enabled"},
            "monitoring": {"enabled": true},
            "tag_specifications": [{"resource_type": "instance", "tags": {"a": "b"}}],
        });
        for (name, value) in extra.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let model = world
        .create(
            "aws_launch_template",
            template("t3.micro", json!({"tags": {"x": "y"}})),
        )
        .await;
    let model = world
        .update(
            &model,
            template(
                "t3.small",
                json!({"description": "larger", "tags": {"x": "y"}}),
            ),
        )
        .await;
    assert_eq!(
        terrane_provider::args::int(&model.state, "default_version"),
        Some(2)
    );
    world
        .import(
            &model,
            &model.text("id"),
            &["name_prefix", "update_default_version"],
        )
        .await;
    let fleet = |most: i64, tag: &str| {
        json!({
            "name": "fleet", "min_size": 0, "max_size": most, "desired_capacity": 0, "health_check_type": "EC2",
            "vpc_zone_identifier": [first.text("id"), second.text("id")],
            "launch_template": {"id": model.text("id"), "version": "$Latest"},
            "tag": [{"key": "Name", "value": tag, "propagate_at_launch": true}],
        })
    };
    let made = world.create("aws_autoscaling_group", fleet(1, "a")).await;
    let mut more = fleet(2, "b");
    more["suspended_processes"] = json!(["AZRebalance"]);
    let made = world.update(&made, more).await;
    world
        .import(
            &made,
            "fleet",
            &[
                "wait_for_capacity_timeout",
                "force_delete",
                "metrics_granularity",
            ],
        )
        .await;
    let tracking = |target: f64| json!({"name": "cpu", "autoscaling_group_name": "fleet", "policy_type": "TargetTrackingScaling", "target_tracking_configuration": {"target_value": target, "predefined_metric_specification": {"predefined_metric_type": "ASGAverageCPUUtilization"}}});
    let policy = world.create("aws_autoscaling_policy", tracking(50.0)).await;
    let policy = world.update(&policy, tracking(60.0)).await;
    delete(&world, &[&policy, &made, &model, group, second, first, vpc]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transit_gateways_and_volumes() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let network = network(&world).await;
    let [group, second, first, vpc] = network.as_slice() else {
        panic!("a network")
    };
    let gateway = world
        .create(
            "aws_ec2_transit_gateway",
            json!({"description": "d", "default_route_table_association": "disable", "default_route_table_propagation": "disable", "tags": {"a": "b"}}),
        )
        .await;
    let joined = world
        .create(
            "aws_ec2_transit_gateway_vpc_attachment",
            json!({"transit_gateway_id": gateway.text("id"), "vpc_id": vpc.text("id"), "subnet_ids": [first.text("id")]}),
        )
        .await;
    let table = world
        .create(
            "aws_ec2_transit_gateway_route_table",
            json!({"transit_gateway_id": gateway.text("id")}),
        )
        .await;
    let within = json!({"transit_gateway_attachment_id": joined.text("id"), "transit_gateway_route_table_id": table.text("id")});
    let association = world
        .create(
            "aws_ec2_transit_gateway_route_table_association",
            within.clone(),
        )
        .await;
    let propagation = world
        .create("aws_ec2_transit_gateway_route_table_propagation", within)
        .await;
    let route = world
        .create(
            "aws_ec2_transit_gateway_route",
            json!({"destination_cidr_block": "10.50.0.0/16", "transit_gateway_attachment_id": joined.text("id"), "transit_gateway_route_table_id": table.text("id")}),
        )
        .await;
    let marked = world
        .create(
            "aws_ec2_tag",
            json!({"resource_id": vpc.text("id"), "key": "k", "value": "v"}),
        )
        .await;
    let marked = world
        .update(
            &marked,
            json!({"resource_id": vpc.text("id"), "key": "k", "value": "w"}),
        )
        .await;
    world
        .import(&marked, &format!("{},k", vpc.text("id")), &[])
        .await;
    // The emulator fails where any of these is gone already.
    for made in [
        &route,
        &propagation,
        &association,
        &table,
        &joined,
        &gateway,
    ] {
        world.let_go(made).await;
    }
    delete(&world, &[&marked, group, second, first, vpc]).await;
}

/// Many are read as each is read by itself, and what is gone among them is gone.
#[tokio::test(flavor = "multi_thread")]
async fn many_are_read_together() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let network = network(&world).await;
    let [group, second, first, vpc] = network.as_slice() else {
        panic!("a network")
    };
    let found = world.read_many(&[first, second]).await;
    assert_eq!(found, [first.state.clone(), second.state.clone()]);
    world.delete(second).await;
    let found = world.read_many(&[first, second]).await;
    assert_eq!(found[0], first.state);
    assert!(found[1].is_null());
    assert_eq!(
        world.read_many(&[vpc]).await,
        std::slice::from_ref(&vpc.state)
    );
    assert_eq!(
        world.read_many(&[group]).await,
        std::slice::from_ref(&group.state)
    );
    delete(&world, &[group, first, vpc]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let network = network(&world).await;
    let [group, second, first, vpc] = network.as_slice() else {
        panic!("a network")
    };
    let config = |kind: &str, extra: Json| {
        let mut config = json!({
            "ami": "ami-12c6146b", "instance_type": kind, "subnet_id": first.text("id"), "vpc_security_group_ids": [group.text("id")],
            "user_data": "#!/bin/sh\necho", "tags": {"Name": "one"},
            "root_block_device": {"volume_size": 20, "volume_type": "gp3", "encrypted": true},
            "metadata_options": {"http_tokens": "required"},
        });
        for (name, value) in extra.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    let one = world
        .create("aws_instance", config("t3.micro", json!({})))
        .await;
    assert_eq!(one.text("instance_state"), "running");
    let more = json!({"disable_api_termination": false, "source_dest_check": false, "tags": {"Name": "two"}, "volume_tags": {"v": "w"}});
    let one = world.update(&one, config("t3.small", more.clone())).await;
    let mut other = config("t3.small", more);
    other["ami"] = json!("ami-1e749f67");
    assert_eq!(world.replaced(&one, other).await, [".ami"]);
    let volume = world
        .create(
            "aws_ebs_volume",
            json!({"availability_zone": "eu-west-1a", "size": 10}),
        )
        .await;
    let attached = world
        .create(
            "aws_volume_attachment",
            json!({"device_name": "/dev/sdh", "volume_id": volume.text("id"), "instance_id": one.text("id")}),
        )
        .await;
    world
        .import(
            &attached,
            &format!("/dev/sdh:{}:{}", volume.text("id"), one.text("id")),
            &[],
        )
        .await;
    delete(
        &world,
        &[&attached, &volume, &one, group, second, first, vpc],
    )
    .await;
}

/// Rules that leave their priority to the provider do not get in each other's way: who comes second takes the next.
#[tokio::test]
async fn a_priority_that_is_taken_is_not_insisted_on() {
    let rules = |all: &[&str]| {
        let all = all
            .iter()
            .map(|priority| json!({"RuleArn": "arn:r", "Priority": priority}));
        Ok(json!({"Rules": all.collect::<Vec<_>>()}))
    };
    let answers = [
        ("DescribeRules", vec![rules(&["1"]), rules(&["1", "2"])]),
        ("CreateRule", vec![no("PriorityInUse"), rules(&["3"])]),
    ];
    let (world, script) = Script::world(answers, json!({})).await;
    let config = json!({
        "listener_arn": "arn:l", "action": [{"type": "forward", "target_group_arn": "arn:t"}], "condition": [{"path_pattern": {"values": ["/a"]}}],
    });
    drop(world.try_create("aws_lb_listener_rule", config).await);
    let asked = script.inputs("CreateRule");
    let priorities: Vec<&Json> = asked.iter().map(|input| &input["Priority"]).collect();
    assert_eq!(priorities, [&json!(2), &json!(3)]);
}
