//! Types of which there is not much to say: made, imported, changed where that is possible, deleted.

use crate::support::{Made, World};
use serde_json::{Value as Json, json};

/// Makes an object, and imports it: nothing is to be done but for what only the configuration says.
async fn made(
    world: &World,
    type_name: &str,
    config: Json,
    id: Option<&str>,
    but: &[&str],
) -> Made {
    let made = world.create(type_name, config.clone()).await;
    let id = id.map_or_else(|| made.text("id"), str::to_owned);
    world.adopt(&made, &id, config, but).await;
    made
}

fn policy(principal: &str, action: &str, resource: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": resource}]}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_networks() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let vpc = world
        .create("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}))
        .await;
    let subnet = json!({"vpc_id": vpc.text("id"), "cidr_block": "10.0.1.0/24", "availability_zone": "eu-west-1a"});
    let subnet = world.create("aws_subnet", subnet).await;
    let options = json!({"domain_name": "e.example", "domain_name_servers": ["AmazonProvidedDNS"]});
    let options = made(&world, "aws_vpc_dhcp_options", options, None, &[]).await;
    let association = json!({"vpc_id": vpc.text("id"), "dhcp_options_id": options.text("id")});
    let association = world
        .create("aws_vpc_dhcp_options_association", association)
        .await;
    let more = json!({"vpc_id": vpc.text("id"), "cidr_block": "10.1.0.0/16"});
    let more = made(
        &world,
        "aws_vpc_ipv4_cidr_block_association",
        more,
        None,
        &[],
    )
    .await;
    let list = |entries: Json| json!({"name": "l", "address_family": "IPv4", "max_entries": 2, "entry": entries});
    let entries = list(json!([{"cidr": "10.0.0.0/8", "description": "d"}]));
    let prefixes = made(&world, "aws_ec2_managed_prefix_list", entries, None, &[]).await;
    let gateway =
        json!({"bgp_asn": "65000", "ip_address": "1.2.3.4", "type": "ipsec.1", "tags": {"a": "b"}});
    let customer = made(&world, "aws_customer_gateway", gateway, None, &[]).await;
    let vpn = json!({"vpc_id": vpc.text("id"), "tags": {"a": "b"}});
    let vpn = made(&world, "aws_vpn_gateway", vpn, None, &[]).await;
    let egress = json!({"vpc_id": vpc.text("id")});
    let egress = made(
        &world,
        "aws_egress_only_internet_gateway",
        egress,
        None,
        &[],
    )
    .await;
    let interface = |description: &str| json!({"subnet_id": subnet.text("id"), "description": description, "private_ips": ["10.0.1.10"], "tags": {"a": "b"}});
    let first = made(&world, "aws_network_interface", interface("d"), None, &[]).await;
    let interface = world.update(&first, interface("other")).await;
    let address = world.create("aws_eip", json!({"domain": "vpc"})).await;
    let bound =
        json!({"allocation_id": address.text("id"), "network_interface_id": interface.text("id")});
    let bound = made(
        &world,
        "aws_eip_association",
        bound,
        None,
        &["allow_reassociation"],
    )
    .await;
    let acl = world
        .create("aws_network_acl", json!({"vpc_id": vpc.text("id")}))
        .await;
    let rule = json!({"network_acl_id": acl.text("id"), "rule_number": 100, "egress": false, "protocol": "6", "rule_action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 22, "to_port": 22});
    let rule = world.create("aws_network_acl_rule", rule).await;
    for one in [
        rule,
        acl,
        bound,
        address,
        interface,
        egress,
        vpn,
        customer,
        prefixes,
        more,
        association,
        options,
        subnet,
        vpc,
    ] {
        world.let_go(&one).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one life")]
async fn who_may_do_what() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let user = made(
        &world,
        "aws_iam_user",
        json!({"name": "u", "path": "/p/", "tags": {"a": "b"}}),
        None,
        &["force_destroy"],
    )
    .await;
    let user = world
        .update(
            &user,
            json!({"name": "u", "path": "/q/", "tags": {"a": "c"}}),
        )
        .await;
    let group = world.create("aws_iam_group", json!({"name": "g"})).await;
    let document = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}).to_string()
    };
    let role = json!({"name": "r", "assume_role_policy": json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}).to_string()});
    let role = world.create("aws_iam_role", role).await;
    let inline = |action: &str| json!({"name": "i", "user": "u", "policy": document(action)});
    let of_user = made(&world, "aws_iam_user_policy", inline("s3:Get*"), None, &[]).await;
    let of_user = world.update(&of_user, inline("s3:List*")).await;
    let of_group = json!({"name": "i", "group": "g", "policy": document("s3:Get*")});
    let of_group = made(&world, "aws_iam_group_policy", of_group, None, &[]).await;
    let managed = json!({"name": "m", "policy": document("ec2:Describe*")});
    let managed = world.create("aws_iam_policy", managed).await;
    let arn = managed.text("arn");
    let by_user = json!({"user": "u", "policy_arn": arn});
    let by_user = made(
        &world,
        "aws_iam_user_policy_attachment",
        by_user,
        Some(&format!("u/{arn}")),
        &[],
    )
    .await;
    let by_group = json!({"group": "g", "policy_arn": arn});
    let by_group = made(
        &world,
        "aws_iam_group_policy_attachment",
        by_group,
        Some(&format!("g/{arn}")),
        &[],
    )
    .await;
    let everywhere =
        json!({"name": "n", "policy_arn": arn, "users": ["u"], "groups": ["g"], "roles": ["r"]});
    let everywhere = world.create("aws_iam_policy_attachment", everywhere).await;
    let alias = made(
        &world,
        "aws_iam_account_alias",
        json!({"account_alias": "al"}),
        None,
        &[],
    )
    .await;
    let password = json!({"minimum_password_length": 12, "require_symbols": true, "allow_users_to_change_password": true});
    let password = made(
        &world,
        "aws_iam_account_password_policy",
        password,
        None,
        &[],
    )
    .await;
    let connect = |clients: Json| json!({"url": "https://oidc.example.com", "client_id_list": clients, "thumbprint_list": ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]});
    let connect = made(
        &world,
        "aws_iam_openid_connect_provider",
        connect(json!(["a"])),
        None,
        &[],
    )
    .await;
    let linked = json!({"aws_service_name": "autoscaling.amazonaws.com"});
    let linked = world.create("aws_iam_service_linked_role", linked).await;
    for one in [
        linked, connect, password, alias, everywhere, of_group, of_user, managed, role, group, user,
    ] {
        world.let_go(&one).await;
    }
    drop((by_user, by_group));
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_buckets() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let bucket = world
        .create(
            "aws_s3_bucket",
            json!({"bucket": "parts-of-buckets", "object_lock_enabled": true}),
        )
        .await;
    let logs = world
        .create(
            "aws_s3_bucket",
            json!({"bucket": "parts-of-buckets-logs", "force_destroy": true}),
        )
        .await;
    let name = bucket.text("id");
    let versions = json!({"bucket": name, "versioning_configuration": [{"status": "Enabled"}]});
    let versions = world.create("aws_s3_bucket_versioning", versions).await;
    let lock = |days: u32| json!({"bucket": name, "rule": [{"default_retention": [{"mode": "COMPLIANCE", "days": days}]}]});
    let locked = made(
        &world,
        "aws_s3_bucket_object_lock_configuration",
        lock(5),
        None,
        &[],
    )
    .await;
    let locked = world.update(&locked, lock(6)).await;
    let fast = |status: &str| json!({"bucket": name, "status": status});
    let accelerated = made(
        &world,
        "aws_s3_bucket_accelerate_configuration",
        fast("Enabled"),
        None,
        &[],
    )
    .await;
    let accelerated = world.update(&accelerated, fast("Suspended")).await;
    let owner =
        json!({"bucket": logs.text("id"), "rule": [{"object_ownership": "BucketOwnerPreferred"}]});
    let owner = world
        .create("aws_s3_bucket_ownership_controls", owner)
        .await;
    let canned = json!({"bucket": logs.text("id"), "acl": "log-delivery-write"});
    let open = world.create("aws_s3_bucket_acl", canned).await;
    let logging = |prefix: &str| json!({"bucket": name, "target_bucket": logs.text("id"), "target_prefix": prefix});
    let first = made(&world, "aws_s3_bucket_logging", logging("a/"), None, &[]).await;
    let logging = world.update(&first, logging("b/")).await;
    for one in [
        logging,
        open,
        owner,
        accelerated,
        locked,
        versions,
        logs,
        bucket,
    ] {
        world.let_go(&one).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_messages() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let queue = world.create("aws_sqs_queue", json!({"name": "q"})).await;
    let dead = world.create("aws_sqs_queue", json!({"name": "d"})).await;
    let redrive = |count: u32| json!({"queue_url": queue.text("id"), "redrive_policy": json!({"deadLetterTargetArn": dead.text("arn"), "maxReceiveCount": count}).to_string()});
    let redriven = made(
        &world,
        "aws_sqs_queue_redrive_policy",
        redrive(3),
        None,
        &[],
    )
    .await;
    let redriven = world.update(&redriven, redrive(4)).await;
    let topic = world.create("aws_sns_topic", json!({"name": "t"})).await;
    let own = json!({"arn": topic.text("arn"), "policy": policy("123456789012", "sns:Publish", &topic.text("arn"))});
    let own = world.create("aws_sns_topic_policy", own).await;
    let subscribed = |raw: bool| json!({"topic_arn": topic.text("arn"), "protocol": "sqs", "endpoint": queue.text("arn"), "raw_message_delivery": raw});
    let first = made(
        &world,
        "aws_sns_topic_subscription",
        subscribed(true),
        None,
        &["confirmation_timeout_in_minutes", "endpoint_auto_confirms"],
    )
    .await;
    let subscribed = world.update(&first, subscribed(false)).await;
    let secret = json!({"name": "s", "recovery_window_in_days": 0});
    let secret = world.create("aws_secretsmanager_secret", secret).await;
    let shared = json!({"secret_arn": secret.text("arn"), "policy": policy("*", "secretsmanager:GetSecretValue", "*")});
    let shared = made(
        &world,
        "aws_secretsmanager_secret_policy",
        shared,
        None,
        &["block_public_policy"],
    )
    .await;
    let stream = world
        .create("aws_kinesis_stream", json!({"name": "k", "shard_count": 1}))
        .await;
    let reader = json!({"name": "c", "stream_arn": stream.text("arn")});
    let reader = made(&world, "aws_kinesis_stream_consumer", reader, None, &[]).await;
    let images = world
        .create("aws_ecr_repository", json!({"name": "i"}))
        .await;
    let allowed = json!({"repository": "i", "policy": json!({"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}]}).to_string()});
    let allowed = made(&world, "aws_ecr_repository_policy", allowed, None, &[]).await;
    let kept = json!({"repository": "i", "policy": json!({"rules": [{"rulePriority": 1, "description": "d", "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5}, "action": {"type": "expire"}}]}).to_string()});
    let kept = made(&world, "aws_ecr_lifecycle_policy", kept, None, &[]).await;
    let board = json!({"dashboard_name": "b", "dashboard_body": json!({"widgets": [{"type": "text", "x": 0, "y": 0, "width": 1, "height": 1, "properties": {"markdown": "m"}}]}).to_string()});
    let board = made(&world, "aws_cloudwatch_dashboard", board, None, &[]).await;
    for one in [
        board, kept, allowed, images, reader, stream, shared, secret, subscribed, own, topic,
        redriven, dead, queue,
    ] {
        world.let_go(&one).await;
    }
}

/// A secret in other regions; an instance at a price.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_and_requests() {
    let Some(world) = World::new(json!({})).await else {
        return;
    };
    let secret = |regions: &[&str]| {
        let replicas: Vec<_> = regions
            .iter()
            .map(|region| json!({"region": region}))
            .collect();
        json!({"name": "r", "recovery_window_in_days": 0, "replica": replicas})
    };
    let there = world
        .create("aws_secretsmanager_secret", secret(&["eu-west-2"]))
        .await;
    let there = world
        .update(&there, secret(&["eu-central-1", "eu-west-2"]))
        .await;
    let there = world.update(&there, secret(&["eu-central-1"])).await;
    world.delete(&there).await;

    let vpc = world
        .create("aws_vpc", json!({"cidr_block": "10.0.0.0/16"}))
        .await;
    let subnet = json!({"vpc_id": vpc.text("id"), "cidr_block": "10.0.1.0/24"});
    let subnet = world.create("aws_subnet", subnet).await;
    let request = |tags: Json| json!({"ami": "ami-12c6146b", "instance_type": "t3.micro", "subnet_id": subnet.text("id"), "spot_price": "0.03", "tags": tags});
    let spot = world
        .create("aws_spot_instance_request", request(json!({"a": "b"})))
        .await;
    assert_eq!(spot.text("spot_type"), "persistent");
    let spot = world.update(&spot, request(json!({"a": "c"}))).await;
    let mut dearer = request(json!({"a": "c"}));
    dearer["spot_price"] = json!("0.04");
    assert_eq!(world.replaced(&spot, dearer).await, [".spot_price"]);
    // The emulator fails where a request is taken back twice.
    world.let_go(&spot).await;
}
