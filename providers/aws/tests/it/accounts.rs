//! What accounts have as a whole: keys and members, trails, ways into networks.

use crate::support::World;
use serde_json::{Value as Json, json};
use terrane_provider::args;

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_members() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let user = world.create("aws_iam_user", json!({"name": "u"})).await;
    let other = world.create("aws_iam_user", json!({"name": "v"})).await;
    let config = |status: &str| json!({"user": "u", "status": status});
    let key = world.create("aws_iam_access_key", config("Active")).await;
    assert!(!key.text("secret").is_empty());
    assert!(key.text("ses_smtp_password_v4").starts_with('B'));
    let key = world.update(&key, config("Inactive")).await;
    // The secret is told once.
    let unknown = ["secret", "ses_smtp_password_v4"];
    world.import(&key, &key.text("id"), &unknown).await;
    assert_eq!(world.replaced(&key, json!({"user": "v"})).await, [".user"]);
    let refused = json!({"user": "u", "pgp_key": "keybase:x"});
    let problems = world.complaints("aws_iam_access_key", None, refused).await;
    assert!(problems[0].contains("pgp_key"), "{problems:?}");
    let group = world.create("aws_iam_group", json!({"name": "g"})).await;
    let of = |users: &[&str]| json!({"name": "m", "group": "g", "users": users});
    let members = world
        .create("aws_iam_group_membership", of(&["u", "v"]))
        .await;
    let members = world.update(&members, of(&["v"])).await;
    // Who came in otherwise is seen.
    let drifted = world
        .create("aws_iam_group_membership", of(&["u", "v"]))
        .await;
    let seen = world.read(&members).await;
    assert_eq!(args::strings(&seen, "users").unwrap().len(), 2);
    world.let_go(&drifted).await;
    world.let_go(&members).await;
    for made in [&group, &key, &other, &user] {
        world.delete(made).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trails() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let bucket = json!({"bucket": "it-trail-1", "force_destroy": true});
    let bucket = world.create("aws_s3_bucket", bucket).await;
    let config = |more: Json| {
        let mut config =
            json!({"name": "trail", "s3_bucket_name": "it-trail-1", "tags": {"a": "b"}});
        for (name, value) in more.as_object().unwrap() {
            config[name] = value.clone();
        }
        config
    };
    // What every trail keeps is not told of, and what is wished for is.
    let trail = world.create("aws_cloudtrail", config(json!({}))).await;
    let selector = json!([{"read_write_type": "WriteOnly", "data_resource": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::"]}]}]);
    let written = json!({"event_selector": selector, "tags": {"a": "c", "d": "e"}});
    let trail = world.update(&trail, config(written)).await;
    let quiet = json!({"enable_logging": false, "event_selector": selector, "insight_selector": [{"insight_type": "ApiCallRateInsight"}]});
    let trail = world.update(&trail, config(quiet)).await;
    assert_eq!(world.list("aws_cloudtrail").await.len(), 1);
    let import = trail.text("arn");
    world.import(&trail, &import, &[]).await;
    let renewed = config(json!({"name": "other"}));
    assert_eq!(world.replaced(&trail, renewed).await, [".name"]);
    world.delete(&trail).await;
    world.delete(&bucket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resolvers_and_ways_in() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let vpc = json!({"cidr_block": "10.41.0.0/16"});
    let vpc = world.create("aws_vpc", vpc).await;
    let id = vpc.text("id");
    let subnet = |at: u8, zone: &str| json!({"vpc_id": id, "cidr_block": format!("10.41.{at}.0/24"), "availability_zone": zone});
    let one = world.create("aws_subnet", subnet(1, "eu-west-1a")).await;
    let two = world.create("aws_subnet", subnet(2, "eu-west-1b")).await;
    let group = json!({"name": "r", "vpc_id": id});
    let group = world.create("aws_security_group", group).await;
    let out = json!({"security_group_id": group.text("id"), "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"});
    let out = world
        .create("aws_vpc_security_group_egress_rule", out)
        .await;
    world.import(&out, &out.text("id"), &[]).await;
    let way = |dns: bool| json!({"vpc_id": id, "service_name": "com.amazonaws.eu-west-1.sqs", "vpc_endpoint_type": "Interface", "subnet_ids": [one.text("id")], "security_group_ids": [group.text("id")], "private_dns_enabled": dns});
    let endpoint = world.create("aws_vpc_endpoint", way(false)).await;
    let found = world
        .data("aws_vpc_endpoint", json!({"id": endpoint.text("id")}))
        .await;
    assert_eq!(args::string(&found, "vpc_id"), Some(id.as_str()));
    let config = |name: &str| {
        json!({
            "name": name, "direction": "OUTBOUND", "security_group_ids": [group.text("id")],
            "ip_address": [{"subnet_id": one.text("id"), "ip": "10.41.1.9"}, {"subnet_id": two.text("id"), "ip": "10.41.2.9"}],
        })
    };
    let resolver = world
        .create("aws_route53_resolver_endpoint", config("e"))
        .await;
    let resolver = world.update(&resolver, config("f")).await;
    world.import(&resolver, &resolver.text("id"), &[]).await;
    let listed = world.list("aws_route53_resolver_endpoint").await;
    assert_eq!(listed.len(), 1);
    let rule = json!({"domain_name": "example.com", "rule_type": "FORWARD", "resolver_endpoint_id": resolver.text("id"), "target_ip": [{"ip": "10.9.9.9"}]});
    let rule = world.create("aws_route53_resolver_rule", rule).await;
    let bound = json!({"resolver_rule_id": rule.text("id"), "vpc_id": id});
    let bound = world
        .create("aws_route53_resolver_rule_association", bound)
        .await;
    let list = json!({"name": "l", "address_family": "IPv4", "max_entries": 2, "entry": [{"cidr": "10.0.0.0/8"}]});
    let list = world.create("aws_ec2_managed_prefix_list", list).await;
    let found = json!({"id": list.text("id")});
    let found = world.data("aws_ec2_managed_prefix_list", found).await;
    assert_eq!(args::get(&found, "entries").children().len(), 1);
    for made in [
        &bound, &rule, &resolver, &list, &endpoint, &out, &group, &two, &one, &vpc,
    ] {
        world.let_go(made).await;
    }
}

/// The network that is there from the beginning is taken over, and left behind.
#[tokio::test(flavor = "multi_thread")]
async fn the_default_network_is_taken_over() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let config = |name: &str| json!({"tags": {"Name": name}});
    let vpc = world.create("aws_default_vpc", config("a")).await;
    let vpc = world.update(&vpc, config("b")).await;
    world
        .import(
            &vpc,
            &vpc.text("id"),
            &["force_destroy", "existing_default_vpc"],
        )
        .await;
    world.let_go(&vpc).await;
    assert!(!world.read(&vpc).await.is_null());
}
