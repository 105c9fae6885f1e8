//! Some calls of each protocol.

use super::moto::Moto;
use super::{ask, call, client};
use serde_json::json;
use terrane_aws_client::{ErrorKind, Request, pages};

/// EC2: forms in, XML out.
#[tokio::test]
async fn ec2() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.endpoint(), "100000000001").await;
    let vpc = ask(
        &client,
        "ec2",
        "CreateVpc",
        json!({
            "CidrBlock": "10.0.0.0/16",
            "TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "ä & <b>"}]}],
        }),
    )
    .await;
    let id = vpc["Vpc"]["VpcId"].as_str().unwrap().to_owned();
    let found = ask(&client, "ec2", "DescribeVpcs", json!({"VpcIds": [id]})).await;
    assert_eq!(found["Vpcs"][0]["CidrBlock"], "10.0.0.0/16");
    assert_eq!(found["Vpcs"][0]["IsDefault"], json!(false));
    assert_eq!(found["Vpcs"][0]["Tags"][0]["Value"], "ä & <b>");
    let all = pages(&client, Request::new("ec2", "DescribeVpcs", json!({}))).await;
    assert!(all.unwrap()["Vpcs"].as_array().unwrap().len() >= 2);
    ask(&client, "ec2", "DeleteVpc", json!({"VpcId": id})).await;
    let gone = call(&client, "ec2", "DescribeVpcs", json!({"VpcIds": [id]})).await;
    let gone = gone.unwrap_err();
    assert_eq!(gone.code, "InvalidVpcID.NotFound");
    assert_eq!((gone.kind, gone.status), (ErrorKind::Refused, 400));
    assert!(!gone.may_have_happened());
}

/// SQS: JSON 1.0, with the codes of the query protocol; another region has its own.
#[tokio::test]
async fn sqs() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.endpoint(), "100000000002").await;
    let input = json!({"QueueName": "q", "Attributes": {"DelaySeconds": "5"}, "tags": {"a": "b"}});
    let queue = ask(&client, "sqs", "CreateQueue", input).await;
    let url = queue["QueueUrl"].as_str().unwrap();
    let input = json!({"QueueUrl": url, "AttributeNames": ["All"]});
    let found = ask(&client, "sqs", "GetQueueAttributes", input).await;
    assert_eq!(found["Attributes"]["DelaySeconds"], "5");
    assert_eq!(
        found["Attributes"]["QueueArn"],
        "arn:aws:sqs:eu-central-1:100000000002:q"
    );
    let other =
        Request::new("sqs", "GetQueueUrl", json!({"QueueName": "q"})).in_region(Some("us-west-2"));
    use terrane_aws_client::Api as _;
    let missing = client.call(other).await.unwrap_err();
    assert_eq!(missing.code, "AWS.SimpleQueueService.NonExistentQueue");
}

/// IAM: the query protocol, in a service without regions.
#[tokio::test]
async fn iam() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.endpoint(), "100000000003").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let input = json!({
        "RoleName": "r",
        "AssumeRolePolicyDocument": policy,
        "Tags": [{"Key": "k", "Value": "v"}],
    });
    let role = ask(&client, "iam", "CreateRole", input).await;
    assert_eq!(role["Role"]["Arn"], "arn:aws:iam::100000000003:role/r");
    assert!(role["Role"]["CreateDate"].as_str().unwrap().ends_with('Z'));
    let found = ask(&client, "iam", "GetRole", json!({"RoleName": "r"})).await;
    assert_eq!(found["Role"]["Tags"], json!([{"Key": "k", "Value": "v"}]));
    let missing = call(&client, "iam", "GetRole", json!({"RoleName": "x"})).await;
    assert_eq!(missing.unwrap_err().code, "NoSuchEntity");
}

/// S3: XML, buckets in paths, bytes.
#[tokio::test]
async fn s3() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.endpoint(), "100000000004").await;
    let input = json!({
        "Bucket": "of-the-client",
        "CreateBucketConfiguration": {"LocationConstraint": "eu-central-1"},
    });
    ask(&client, "s3", "CreateBucket", input).await;
    let of = |more: serde_json::Value| {
        let mut input = json!({"Bucket": "of-the-client"});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        input
    };
    let place = ask(&client, "s3", "GetBucketLocation", of(json!({}))).await;
    assert_eq!(place["LocationConstraint"], "eu-central-1");
    let tags = json!({"Tagging": {"TagSet": [{"Key": "a", "Value": "<&>"}]}});
    ask(&client, "s3", "PutBucketTagging", of(tags)).await;
    let tags = ask(&client, "s3", "GetBucketTagging", of(json!({}))).await;
    assert_eq!(tags["TagSet"][0]["Value"], "<&>");
    let rules = json!({"LifecycleConfiguration": {"Rules": [{
        "ID": "r", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3},
    }]}});
    ask(&client, "s3", "PutBucketLifecycleConfiguration", of(rules)).await;
    let rules = ask(
        &client,
        "s3",
        "GetBucketLifecycleConfiguration",
        of(json!({})),
    )
    .await;
    assert_eq!(rules["Rules"][0]["Expiration"]["Days"], 3);
    let object = json!({"Key": "a b/ü+c", "Body": "aGVsbG8=", "Metadata": {"x": "y"}, "ContentType": "text/plain"});
    ask(&client, "s3", "PutObject", of(object)).await;
    let object = ask(&client, "s3", "GetObject", of(json!({"Key": "a b/ü+c"}))).await;
    assert_eq!(object["Body"], "aGVsbG8=");
    assert_eq!(object["Metadata"]["x"], "y");
    assert_eq!(object["ContentLength"], 5);
    let missing = call(&client, "s3", "HeadObject", of(json!({"Key": "none"}))).await;
    let missing = missing.unwrap_err();
    assert_eq!((missing.code.as_str(), missing.status), ("NotFound", 404));
    let missing = call(&client, "s3", "GetBucketPolicy", of(json!({}))).await;
    assert_eq!(missing.unwrap_err().code, "NoSuchBucketPolicy");
}

/// Lambda: REST with JSON. DynamoDB and CloudWatch: JSON. Route 53: REST with XML.
#[tokio::test]
async fn others() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.endpoint(), "100000000005").await;
    let missing = json!({"FunctionName": "none"});
    let missing = call(&client, "lambda", "GetFunction", missing).await;
    assert_eq!(missing.unwrap_err().code, "ResourceNotFoundException");
    let layers = ask(&client, "lambda", "ListLayers", json!({"MaxItems": 5})).await;
    assert_eq!(layers["Layers"], json!([]));
    let table = json!({
        "TableName": "t",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    });
    let table = ask(&client, "dynamodb", "CreateTable", table).await;
    let made = table["TableDescription"]["CreationDateTime"].as_str();
    assert!(made.unwrap().starts_with("20"));
    let again = call(
        &client,
        "dynamodb",
        "DescribeTable",
        json!({"TableName": "none"}),
    )
    .await;
    assert_eq!(again.unwrap_err().code, "ResourceNotFoundException");
    let alarm = json!({
        "AlarmName": "a", "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1,
        "MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum", "Threshold": 1.5,
    });
    ask(&client, "cloudwatch", "PutMetricAlarm", alarm).await;
    let alarms = ask(&client, "cloudwatch", "DescribeAlarms", json!({})).await;
    assert_eq!(alarms["MetricAlarms"][0]["Threshold"].as_f64(), Some(1.5));
    let zone = json!({"Name": "example.org", "CallerReference": "1"});
    let zone = ask(&client, "route53", "CreateHostedZone", zone).await;
    let id = zone["HostedZone"]["Id"].as_str().unwrap();
    assert!(id.starts_with("/hostedzone/"));
    let records = json!({"HostedZoneId": id, "ChangeBatch": {"Changes": [{
        "Action": "CREATE",
        "ResourceRecordSet": {"Name": "a.example.org", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]},
    }]}});
    ask(&client, "route53", "ChangeResourceRecordSets", records).await;
    let records = json!({"HostedZoneId": id});
    let request = Request::new("route53", "ListResourceRecordSets", records);
    let records = pages(&client, request).await.unwrap();
    let names = records["ResourceRecordSets"].as_array().unwrap();
    assert!(names.iter().any(|set| set["Name"] == "a.example.org."));
    let topic = ask(&client, "sns", "CreateTopic", json!({"Name": "t"})).await;
    assert_eq!(topic["TopicArn"], "arn:aws:sns:eu-central-1:100000000005:t");
    let key = ask(&client, "kms", "CreateKey", json!({})).await;
    assert_eq!(key["KeyMetadata"]["Enabled"], json!(true));
}

/// What is not in the model is said before anything is sent.
#[tokio::test]
async fn bad_input_is_not_sent() {
    let client = client("http://127.0.0.1:9", "100000000006").await;
    for (service, operation, input, says) in [
        ("nothing", "Do", json!({}), "there is no service nothing"),
        ("sqs", "Do", json!({}), "sqs has no operation Do"),
        (
            "sqs",
            "CreateQueue",
            json!({"Name": "q"}),
            "there is no member Name",
        ),
        (
            "sqs",
            "CreateQueue",
            json!({}),
            "the member QueueName is missing",
        ),
        (
            "ec2",
            "CreateVpc",
            json!({"CidrBlock": 1}),
            "CidrBlock: it must be a string",
        ),
        (
            "ec2",
            "DescribeVpcs",
            json!({"Filters": [{"Values": "x"}]}),
            "Filters.[0].Values: it must be a list",
        ),
        (
            "s3",
            "GetObject",
            json!({"Bucket": "b", "Key": "a/../b"}),
            "can't be sent as it is",
        ),
        (
            "s3",
            "GetObject",
            json!({"Bucket": "b", "Key": ""}),
            "must not be empty",
        ),
    ] {
        let error = call(&client, service, operation, input).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadInput, "{error}");
        assert!(
            error
                .message
                .replace("[0]", ".[0]")
                .replace("..", ".")
                .contains(says),
            "{error}"
        );
    }
}
