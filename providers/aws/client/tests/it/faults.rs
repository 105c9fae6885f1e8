//! What goes wrong, and that nothing is made twice.

use super::moto::Moto;
use super::{ask, call, client, count, settings};
use serde_json::json;
use std::time::Duration;
use terrane_aws_client::testing::{Fault, Proxy, Rule};
use terrane_aws_client::{Client, ErrorKind, SetupError};

async fn proxy(moto: &Moto) -> Proxy {
    Proxy::start(format!("127.0.0.1:{}", moto.port))
        .await
        .unwrap()
}

/// A create without token that was answered with 500 is not sent again, and the error says what it may have done.
#[tokio::test]
async fn a_create_that_may_have_happened_is_not_repeated() {
    let Some(moto) = Moto::start() else { return };
    for (at, fault) in [Fault::BrokenAfter, Fault::ResetAfter]
        .into_iter()
        .enumerate()
    {
        let proxy = proxy(&moto).await;
        let client = client(&proxy.url(), &format!("20000000000{at}")).await;
        let before = count(&client, "ec2", "DescribeVpcs", "Vpcs").await;
        proxy.add(Rule::new("CreateVpc", 1, fault));
        let error = call(
            &client,
            "ec2",
            "CreateVpc",
            json!({"CidrBlock": "10.1.0.0/16"}),
        )
        .await;
        let error = error.unwrap_err();
        assert!(error.may_have_happened(), "{error}");
        assert_eq!(proxy.count("CreateVpc"), 1);
        assert_eq!(
            count(&client, "ec2", "DescribeVpcs", "Vpcs").await,
            before + 1
        );
    }
}

/// Where there is no connection, nothing was done, and it is tried again.
#[tokio::test]
async fn without_connection_nothing_has_happened() {
    let mut settings = settings("http://127.0.0.1:9", "200000000002");
    settings.max_retries = Some(2);
    let client = Client::new(settings.clone()).await.unwrap();
    let error = call(
        &client,
        "ec2",
        "CreateVpc",
        json!({"CidrBlock": "10.1.0.0/16"}),
    )
    .await;
    let error = error.unwrap_err();
    assert_eq!(error.code, "NoAnswer");
    assert!(!error.may_have_happened(), "{error}");
    let place = "http://127.0.0.1:9 can't be asked";
    assert!(error.to_string().contains(place), "{error}");
    // That is no matter of the credentials.
    let Err(SetupError::Unreachable(error)) = Client::connect(settings).await else {
        panic!("nobody says whose the credentials are")
    };
    assert!(error.to_string().contains(place), "{error}");
}

/// Reads, removals and settings are sent again, whatever happened.
#[tokio::test]
async fn what_makes_nothing_twice_is_repeated() {
    let Some(moto) = Moto::start() else { return };
    let proxy = proxy(&moto).await;
    let client = client(&proxy.url(), "200000000003").await;
    let vpc = ask(
        &client,
        "ec2",
        "CreateVpc",
        json!({"CidrBlock": "10.1.0.0/16"}),
    )
    .await;
    let id = vpc["Vpc"]["VpcId"].clone();
    for fault in [
        Fault::Broken,
        Fault::Reset,
        Fault::BrokenAfter,
        Fault::ResetAfter,
    ] {
        proxy.add(Rule::new("DescribeVpcs", 1, fault.clone()));
        ask(&client, "ec2", "DescribeVpcs", json!({"VpcIds": [id]})).await;
        proxy.add(Rule::new("CreateTags", 1, fault));
        let tags = json!({"Resources": [id], "Tags": [{"Key": "a", "Value": "b"}]});
        ask(&client, "ec2", "CreateTags", tags).await;
    }
    proxy.add(Rule::new("DeleteVpc", 1, Fault::BrokenAfter));
    let error = call(&client, "ec2", "DeleteVpc", json!({"VpcId": id}))
        .await
        .unwrap_err();
    // The first attempt did it, which the second finds out.
    assert_eq!(error.code, "InvalidVpcID.NotFound");
    assert!(error.uncertain);
    assert_eq!(proxy.count("DeleteVpc"), 2);
}

/// A create with a token is sent again with the same one: DynamoDB's transactions, Secrets Manager's secrets.
#[tokio::test]
async fn a_create_with_a_token_is_repeated() {
    let Some(moto) = Moto::start() else { return };
    let proxy = proxy(&moto).await;
    let client = client(&proxy.url(), "200000000004").await;
    proxy.add(Rule::new("CreateSecret", 1, Fault::Broken));
    let input = json!({"Name": "s", "SecretString": "x"});
    ask(&client, "secretsmanager", "CreateSecret", input).await;
    assert_eq!(proxy.count("CreateSecret"), 2);
    assert_eq!(
        count(&client, "secretsmanager", "ListSecrets", "SecretList").await,
        1
    );
}

/// "Too fast" is tried again a few times, in each service's own words, and then told.
#[tokio::test]
async fn throttling_is_told_after_a_few_attempts() {
    let Some(moto) = Moto::start() else { return };
    let proxy = proxy(&moto).await;
    let client = client(&proxy.url(), "200000000005").await;
    let bucket = json!({"Bucket": moto.bucket});
    for (action, service, operation, input) in [
        ("DescribeVpcs", "ec2", "DescribeVpcs", json!({})),
        ("ListQueues", "sqs", "ListQueues", json!({})),
        ("ListRoles", "iam", "ListRoles", json!({})),
        ("ListTables", "dynamodb", "ListTables", json!({})),
        (
            "GET /2015-03-31/functions*",
            "lambda",
            "ListFunctions",
            json!({}),
        ),
        (
            "GET /2013-04-01/hostedzone*",
            "route53",
            "ListHostedZones",
            json!({}),
        ),
        ("GET /bucket-*", "s3", "ListObjectsV2", bucket),
    ] {
        proxy.add(Rule::new(action, 2, Fault::Throttle));
        ask(&client, service, operation, input.clone()).await;
        assert_eq!(proxy.count(action), 3, "{action}");
        proxy.add(Rule::new(action, 4, Fault::Throttle));
        let error = call(&client, service, operation, input).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Throttled, "{error}");
        assert!(error.retry_after_ms.is_some());
        assert!(!error.may_have_happened());
        assert_eq!(proxy.count(action), 7, "{action}");
    }
}

/// A create that was throttled was not carried out, so it is sent again.
#[tokio::test]
async fn a_throttled_create_is_repeated() {
    let Some(moto) = Moto::start() else { return };
    let proxy = proxy(&moto).await;
    let client = client(&proxy.url(), "200000000006").await;
    let before = count(&client, "ec2", "DescribeVpcs", "Vpcs").await;
    proxy.add(Rule::new("CreateVpc", 2, Fault::Throttle));
    ask(
        &client,
        "ec2",
        "CreateVpc",
        json!({"CidrBlock": "10.1.0.0/16"}),
    )
    .await;
    assert_eq!(
        count(&client, "ec2", "DescribeVpcs", "Vpcs").await,
        before + 1
    );
}

/// A service that stays silent is given up, and the error says that it may have happened.
#[tokio::test]
async fn silence_ends_an_attempt() {
    let Some(moto) = Moto::start() else { return };
    let proxy = proxy(&moto).await;
    let mut settings = settings(&proxy.url(), "200000000007");
    settings.attempt_timeout = Some(Duration::from_millis(300));
    let client = Client::new(settings).await.unwrap();
    ask(&client, "ec2", "DescribeVpcs", json!({})).await;
    proxy.add(Rule::new(
        "CreateVpc",
        1,
        Fault::Delay(Duration::from_secs(20)),
    ));
    let error = call(
        &client,
        "ec2",
        "CreateVpc",
        json!({"CidrBlock": "10.1.0.0/16"}),
    )
    .await;
    let error = error.unwrap_err();
    assert!(error.may_have_happened() && error.status == 0, "{error}");
}

/// Reads right after a create may not find it; states may come late. The proxy can do both.
#[tokio::test]
async fn the_proxy_makes_services_slow() {
    let Some(moto) = Moto::start() else { return };
    let proxy = proxy(&moto).await;
    let client = client(&proxy.url(), "200000000008").await;
    let vpc = ask(
        &client,
        "ec2",
        "CreateVpc",
        json!({"CidrBlock": "10.1.0.0/16"}),
    )
    .await;
    let input = json!({"VpcIds": [vpc["Vpc"]["VpcId"]]});
    proxy.add(Rule::not_found("DescribeVpcs", 1, "InvalidVpcID.NotFound"));
    let (from, to) = (
        "<state>available</state>".into(),
        "<state>pending</state>".into(),
    );
    proxy.add(Rule::new("DescribeVpcs", 1, Fault::Replace { from, to }));
    let error = call(&client, "ec2", "DescribeVpcs", input.clone())
        .await
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.status),
        ("InvalidVpcID.NotFound", 404)
    );
    let first = ask(&client, "ec2", "DescribeVpcs", input.clone()).await;
    assert_eq!(first["Vpcs"][0]["State"], "pending");
    let second = ask(&client, "ec2", "DescribeVpcs", input).await;
    assert_eq!(second["Vpcs"][0]["State"], "available");
}
