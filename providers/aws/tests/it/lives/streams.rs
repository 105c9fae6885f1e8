//! Streams of Firehose: all that they deliver to.

use crate::kept::{Life, Service, live};
use serde_json::{Value as Json, json};

/// The same with other names for members, at any depth.
fn renamed(value: &Json, rename: &impl Fn(&str) -> String) -> Json {
    match value {
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| (rename(name), renamed(value, rename)))
            .collect(),
        Json::Array(items) => items.iter().map(|item| renamed(item, rename)).collect(),
        other => other.clone(),
    }
}

/// A stream as it is told of: what was put under the names for it.
fn stream(put: &Json) -> Json {
    let told = |name: &str| match name {
        "S3Configuration" | "S3Update" => "S3DestinationDescription".to_owned(),
        "S3BackupConfiguration" | "S3BackupUpdate" => "S3BackupDescription".to_owned(),
        "VpcConfiguration" => "VpcConfigurationDescription".to_owned(),
        _ => name.to_owned(),
    };
    let mut destination = json!({"DestinationId": "d1"});
    let mut source = json!({});
    for (name, value) in put.as_object().unwrap() {
        let mut value = renamed(value, &told);
        if let Some(network) = value.get_mut("VpcConfigurationDescription") {
            network["VpcId"] = "vpc-1".into();
        }
        if let Some(stem) = name.strip_suffix("DestinationConfiguration") {
            destination[format!("{stem}DestinationDescription")] = value;
        } else if let Some(stem) = name.strip_suffix("DestinationUpdate") {
            let mut was = put[format!("{stem}DestinationConfiguration")].clone();
            was = renamed(&was, &told);
            for (name, value) in value.as_object().unwrap() {
                was[name] = value.clone();
            }
            if let Some(network) = was.get_mut("VpcConfigurationDescription") {
                network["VpcId"] = "vpc-1".into();
            }
            destination[format!("{stem}DestinationDescription")] = was;
        } else if let Some(stem) = name.strip_suffix("SourceConfiguration") {
            source[format!("{stem}SourceDescription")] = value;
        }
    }
    // Secrets are not told.
    for (inner, secret) in [
        ("Redshift", "Password"),
        ("Snowflake", "PrivateKey"),
        ("Snowflake", "KeyPassphrase"),
    ] {
        let inner = destination.get_mut(format!("{inner}DestinationDescription"));
        if let Some(members) = inner.and_then(Json::as_object_mut) {
            members.remove(secret);
        }
    }
    json!({
        "DeliveryStreamName": put["DeliveryStreamName"],
        "DeliveryStreamARN": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/s",
        "DeliveryStreamStatus": "ACTIVE",
        "DeliveryStreamType": put["DeliveryStreamType"],
        "VersionId": if put.get("CurrentDeliveryStreamVersionId").is_some() { "2" } else { "1" },
        "Destinations": [destination],
        "Source": source,
        "HasMoreDestinations": false,
    })
}

const STREAM: Service = Service {
    type_name: "aws_kinesis_firehose_delivery_stream",
    create: "CreateDeliveryStream",
    update: &["UpdateDestination"],
    delete: "DeleteDeliveryStream",
    shown: |operation, put| match operation {
        "CreateDeliveryStream" => {
            json!({"DeliveryStreamARN": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/s"})
        }
        "DescribeDeliveryStream" => json!({"DeliveryStreamDescription": stream(put)}),
        "ListTagsForDeliveryStream" => json!({"Tags": [], "HasMoreTags": false}),
        _ => json!({}),
    },
    gone: Some("ResourceNotFoundException"),
};

const ROLE: &str = "arn:aws:iam::123456789012:role/r";

fn config(kind: &str, block: &Json) -> Json {
    let mut config = json!({"name": "s", "destination": kind});
    let mut block = block.clone();
    block["cloudwatch_logging_options"] =
        json!([{"enabled": true, "log_group_name": "g", "log_stream_name": "l"}]);
    block["processing_configuration"] = json!([{"enabled": true, "processors": [{"type": "Lambda", "parameters": [{"parameter_name": "LambdaArn", "parameter_value": "arn:f"}]}]}]);
    block["s3_configuration"] = json!([{"bucket_arn": "arn:aws:s3:::b", "role_arn": ROLE, "buffering_interval": 400, "buffering_size": 10, "compression_format": "GZIP", "prefix": "p/", "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/k", "cloudwatch_logging_options": [{"enabled": true, "log_group_name": "g", "log_stream_name": "b"}]}]);
    config[format!("{kind}_configuration")] = json!([block]);
    config
}

/// A stream to each destination; what is changed in place is how long something is tried again.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one life")]
async fn destinations() {
    let network =
        json!([{"role_arn": ROLE, "security_group_ids": ["sg-1"], "subnet_ids": ["subnet-1"]}]);
    let secret = json!([{"enabled": true, "role_arn": ROLE, "secret_arn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s"}]);
    for (kind, stem, block, path, sent) in [
        (
            "elasticsearch",
            "Elasticsearch",
            json!({"domain_arn": "arn:aws:es:eu-west-1:123456789012:domain/d", "role_arn": ROLE, "index_name": "i", "type_name": "t", "vpc_config": network}),
            "VpcConfiguration/SubnetIds",
            json!(["subnet-1"]),
        ),
        (
            "opensearch",
            "Amazonopensearchservice",
            json!({"cluster_endpoint": "https://c.example", "role_arn": ROLE, "index_name": "i", "document_id_options": [{"default_document_id_format": "NO_DOCUMENT_ID"}], "vpc_config": network}),
            "DocumentIdOptions/DefaultDocumentIdFormat",
            json!("NO_DOCUMENT_ID"),
        ),
        (
            "opensearchserverless",
            "AmazonOpenSearchServerless",
            json!({"collection_endpoint": "https://c.example", "role_arn": ROLE, "index_name": "i"}),
            "CollectionEndpoint",
            json!("https://c.example"),
        ),
        (
            "redshift",
            "Redshift",
            json!({"cluster_jdbcurl": "jdbc:redshift://c/d", "role_arn": ROLE, "data_table_name": "t", "data_table_columns": "a,b", "copy_options": "JSON 'auto'", "username": "u", "password": "Secret1!", "s3_backup_mode": "Enabled", "s3_backup_configuration": [{"bucket_arn": "arn:aws:s3:::c", "role_arn": ROLE}]}),
            "CopyCommand",
            json!({"DataTableName": "t", "DataTableColumns": "a,b", "CopyOptions": "JSON 'auto'"}),
        ),
        (
            "splunk",
            "Splunk",
            json!({"hec_endpoint": "https://s.example", "hec_token": "t", "hec_acknowledgment_timeout": 600, "secrets_manager_configuration": secret}),
            "HECAcknowledgmentTimeoutInSeconds",
            json!(600),
        ),
        (
            "snowflake",
            "Snowflake",
            json!({"account_url": "https://s.example", "database": "d", "schema": "s", "table": "t", "user": "u", "private_key": "k", "key_passphrase": "1234567", "role_arn": ROLE, "metadata_column_name": "m", "content_column_name": "c", "snowflake_role_configuration": [{"enabled": true, "snowflake_role": "r"}], "snowflake_vpc_configuration": [{"private_link_vpce_id": "v"}]}),
            "MetaDataColumnName",
            json!("m"),
        ),
        (
            "iceberg",
            "Iceberg",
            json!({"catalog_arn": "arn:aws:glue:eu-west-1:123456789012:catalog", "role_arn": ROLE, "append_only": true, "destination_table_configuration": [{"database_name": "d", "table_name": "t", "unique_keys": ["a"], "s3_error_output_prefix": "e"}]}),
            "DestinationTableConfigurationList",
            json!([{"DestinationDatabaseName": "d", "DestinationTableName": "t", "UniqueKeys": ["a"], "S3ErrorOutputPrefix": "e"}]),
        ),
    ] {
        let mut other = block.clone();
        other["retry_duration"] = json!(120);
        let created: &'static str = format!("/{stem}DestinationConfiguration/{path}").leak();
        let changed: &'static str =
            format!("/{stem}DestinationUpdate/RetryOptions/DurationInSeconds").leak();
        let life = Life {
            config: config(kind, &block),
            other: config(kind, &other),
            renewed: vec![(json!({"name": "t"}), "name")],
            import: "arn:aws:firehose:eu-west-1:123456789012:deliverystream/s",
            // Secrets are not told: they are sent once more.
            unknown: match kind {
                "redshift" | "snowflake" => &[
                    "redshift_configuration",
                    "snowflake_configuration",
                    "version_id",
                ],
                _ => &["version_id"],
            },
            sent: vec![
                ("CreateDeliveryStream", created, sent),
                (
                    "CreateDeliveryStream",
                    "/DeliveryStreamType",
                    json!("DirectPut"),
                ),
                ("UpdateDestination", changed, json!(120)),
                (
                    "UpdateDestination",
                    "/CurrentDeliveryStreamVersionId",
                    json!("1"),
                ),
            ],
            ..Life::default()
        };
        live(STREAM, life).await;
    }
}

#[tokio::test]
async fn streams_from_brokers() {
    let mut from_topic = json!({"name": "s", "destination": "extended_s3", "extended_s3_configuration": [{"bucket_arn": "arn:aws:s3:::b", "role_arn": ROLE}]});
    from_topic["msk_source_configuration"] = json!([{"msk_cluster_arn": "arn:aws:kafka:eu-west-1:123456789012:cluster/c/1", "topic_name": "t", "authentication_configuration": [{"connectivity": "PRIVATE", "role_arn": ROLE}]}]);
    let life = Life {
        config: from_topic,
        sent: vec![
            (
                "CreateDeliveryStream",
                "/DeliveryStreamType",
                json!("MSKAsSource"),
            ),
            (
                "CreateDeliveryStream",
                "/MSKSourceConfiguration/TopicName",
                json!("t"),
            ),
        ],
        ..Life::default()
    };
    live(STREAM, life).await;
}
