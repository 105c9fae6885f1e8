//! Where streams deliver to: blocks of the configuration, and what the API calls them when a stream is made, changed and told of.

/// A destination.
#[derive(Debug)]
pub(super) struct Destination {
    pub(super) block: &'static str,
    /// The word for it in `destination`.
    pub(super) kind: &'static str,
    made: &'static str,
    changed: &'static str,
    pub(super) found: &'static str,
}

macro_rules! destination {
    ($kind:literal, $stem:literal) => {
        Destination {
            block: concat!($kind, "_configuration"),
            kind: $kind,
            made: concat!($stem, "DestinationConfiguration"),
            changed: concat!($stem, "DestinationUpdate"),
            found: concat!("Destinations.0.", $stem, "DestinationDescription"),
        }
    };
}

pub(super) const DESTINATIONS: &[Destination] = &[
    destination!("elasticsearch", "Elasticsearch"),
    destination!("extended_s3", "ExtendedS3"),
    destination!("http_endpoint", "HttpEndpoint"),
    destination!("iceberg", "Iceberg"),
    destination!("opensearch", "Amazonopensearchservice"),
    destination!("opensearchserverless", "AmazonOpenSearchServerless"),
    destination!("redshift", "Redshift"),
    destination!("snowflake", "Snowflake"),
    destination!("splunk", "Splunk"),
];

/// The names of the blocks.
pub(super) fn blocks() -> Vec<(&'static str, &'static str)> {
    let all = DESTINATIONS.iter();
    all.flat_map(|one| [one.made, one.changed, one.found].map(|name| (one.block, name)))
        .collect()
}

/// Names within them, where the rule does not find them.
pub(super) const WITHIN: &[(&str, &str)] = &[
    (
        "http_endpoint_configuration.access_key",
        "EndpointConfiguration.AccessKey",
    ),
    (
        "http_endpoint_configuration.name",
        "EndpointConfiguration.Name",
    ),
    (
        "http_endpoint_configuration.url",
        "EndpointConfiguration.Url",
    ),
    (
        "http_endpoint_configuration.request_configuration.common_attributes.name",
        "AttributeName",
    ),
    (
        "http_endpoint_configuration.request_configuration.common_attributes.value",
        "AttributeValue",
    ),
    (
        "iceberg_configuration.catalog_arn",
        "CatalogConfiguration.CatalogARN",
    ),
    (
        "iceberg_configuration.destination_table_configuration",
        "DestinationTableConfigurationList",
    ),
    (
        "iceberg_configuration.destination_table_configuration.database_name",
        "DestinationDatabaseName",
    ),
    (
        "iceberg_configuration.destination_table_configuration.table_name",
        "DestinationTableName",
    ),
    (
        "redshift_configuration.copy_options",
        "CopyCommand.CopyOptions",
    ),
    (
        "redshift_configuration.data_table_columns",
        "CopyCommand.DataTableColumns",
    ),
    (
        "redshift_configuration.data_table_name",
        "CopyCommand.DataTableName",
    ),
    (
        "splunk_configuration.hec_acknowledgment_timeout",
        "HECAcknowledgmentTimeoutInSeconds",
    ),
    ("*.buffering_interval", "BufferingHints.IntervalInSeconds"),
    ("*.buffering_size", "BufferingHints.SizeInMBs"),
    (
        "*.kms_key_arn",
        "EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN",
    ),
    ("*.retry_duration", "RetryOptions.DurationInSeconds"),
    ("*.s3_backup_configuration", "S3BackupConfiguration"),
    ("*.s3_backup_configuration", "S3BackupUpdate"),
    ("*.s3_backup_configuration", "S3BackupDescription"),
    ("*.s3_configuration", "S3Configuration"),
    ("*.s3_configuration", "S3Update"),
    ("*.s3_configuration", "S3DestinationDescription"),
    ("*.vpc_config", "VpcConfiguration"),
    ("*.vpc_config", "VpcConfigurationDescription"),
];
