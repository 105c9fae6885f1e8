//! The files of `models/`. Made by `cargo run -p xtask -- aws-models`.

/// Service and compressed model, by name.
pub(super) const FILES: &[(&str, &[u8])] = &[
    ("acm", include_bytes!("../../models/acm.json.z")),
    ("amp", include_bytes!("../../models/amp.json.z")),
    (
        "apigateway",
        include_bytes!("../../models/apigateway.json.z"),
    ),
    (
        "apigatewayv2",
        include_bytes!("../../models/apigatewayv2.json.z"),
    ),
    (
        "application-autoscaling",
        include_bytes!("../../models/application-autoscaling.json.z"),
    ),
    (
        "autoscaling",
        include_bytes!("../../models/autoscaling.json.z"),
    ),
    ("batch", include_bytes!("../../models/batch.json.z")),
    ("budgets", include_bytes!("../../models/budgets.json.z")),
    ("ce", include_bytes!("../../models/ce.json.z")),
    (
        "cloudcontrol",
        include_bytes!("../../models/cloudcontrol.json.z"),
    ),
    (
        "cloudformation",
        include_bytes!("../../models/cloudformation.json.z"),
    ),
    (
        "cloudfront",
        include_bytes!("../../models/cloudfront.json.z"),
    ),
    (
        "cloudtrail",
        include_bytes!("../../models/cloudtrail.json.z"),
    ),
    (
        "cloudwatch",
        include_bytes!("../../models/cloudwatch.json.z"),
    ),
    ("codebuild", include_bytes!("../../models/codebuild.json.z")),
    (
        "codedeploy",
        include_bytes!("../../models/codedeploy.json.z"),
    ),
    (
        "cognito-identity",
        include_bytes!("../../models/cognito-identity.json.z"),
    ),
    (
        "cognito-idp",
        include_bytes!("../../models/cognito-idp.json.z"),
    ),
    ("config", include_bytes!("../../models/config.json.z")),
    ("ds", include_bytes!("../../models/ds.json.z")),
    ("dsql", include_bytes!("../../models/dsql.json.z")),
    ("dynamodb", include_bytes!("../../models/dynamodb.json.z")),
    ("ec2", include_bytes!("../../models/ec2.json.z")),
    ("ecr", include_bytes!("../../models/ecr.json.z")),
    (
        "ecr-public",
        include_bytes!("../../models/ecr-public.json.z"),
    ),
    ("ecs", include_bytes!("../../models/ecs.json.z")),
    ("efs", include_bytes!("../../models/efs.json.z")),
    ("eks", include_bytes!("../../models/eks.json.z")),
    (
        "elasticache",
        include_bytes!("../../models/elasticache.json.z"),
    ),
    ("elb", include_bytes!("../../models/elb.json.z")),
    ("elbv2", include_bytes!("../../models/elbv2.json.z")),
    ("events", include_bytes!("../../models/events.json.z")),
    ("firehose", include_bytes!("../../models/firehose.json.z")),
    ("glue", include_bytes!("../../models/glue.json.z")),
    ("guardduty", include_bytes!("../../models/guardduty.json.z")),
    ("iam", include_bytes!("../../models/iam.json.z")),
    (
        "identitystore",
        include_bytes!("../../models/identitystore.json.z"),
    ),
    ("kafka", include_bytes!("../../models/kafka.json.z")),
    (
        "kafkaconnect",
        include_bytes!("../../models/kafkaconnect.json.z"),
    ),
    ("kinesis", include_bytes!("../../models/kinesis.json.z")),
    ("kms", include_bytes!("../../models/kms.json.z")),
    ("lambda", include_bytes!("../../models/lambda.json.z")),
    ("logs", include_bytes!("../../models/logs.json.z")),
    ("mq", include_bytes!("../../models/mq.json.z")),
    (
        "opensearch",
        include_bytes!("../../models/opensearch.json.z"),
    ),
    (
        "opensearchserverless",
        include_bytes!("../../models/opensearchserverless.json.z"),
    ),
    (
        "organizations",
        include_bytes!("../../models/organizations.json.z"),
    ),
    ("outposts", include_bytes!("../../models/outposts.json.z")),
    ("pipes", include_bytes!("../../models/pipes.json.z")),
    ("ram", include_bytes!("../../models/ram.json.z")),
    ("rds", include_bytes!("../../models/rds.json.z")),
    ("redshift", include_bytes!("../../models/redshift.json.z")),
    (
        "resource-groups",
        include_bytes!("../../models/resource-groups.json.z"),
    ),
    (
        "resourcegroupstaggingapi",
        include_bytes!("../../models/resourcegroupstaggingapi.json.z"),
    ),
    (
        "rolesanywhere",
        include_bytes!("../../models/rolesanywhere.json.z"),
    ),
    ("route53", include_bytes!("../../models/route53.json.z")),
    (
        "route53resolver",
        include_bytes!("../../models/route53resolver.json.z"),
    ),
    ("s3", include_bytes!("../../models/s3.json.z")),
    ("s3control", include_bytes!("../../models/s3control.json.z")),
    ("s3tables", include_bytes!("../../models/s3tables.json.z")),
    ("s3vectors", include_bytes!("../../models/s3vectors.json.z")),
    ("scheduler", include_bytes!("../../models/scheduler.json.z")),
    ("schemas", include_bytes!("../../models/schemas.json.z")),
    (
        "secretsmanager",
        include_bytes!("../../models/secretsmanager.json.z"),
    ),
    (
        "service-quotas",
        include_bytes!("../../models/service-quotas.json.z"),
    ),
    (
        "servicediscovery",
        include_bytes!("../../models/servicediscovery.json.z"),
    ),
    ("signer", include_bytes!("../../models/signer.json.z")),
    ("sns", include_bytes!("../../models/sns.json.z")),
    ("sqs", include_bytes!("../../models/sqs.json.z")),
    ("ssm", include_bytes!("../../models/ssm.json.z")),
    ("sso-admin", include_bytes!("../../models/sso-admin.json.z")),
    (
        "stepfunctions",
        include_bytes!("../../models/stepfunctions.json.z"),
    ),
    ("sts", include_bytes!("../../models/sts.json.z")),
    ("wafv2", include_bytes!("../../models/wafv2.json.z")),
    ("xray", include_bytes!("../../models/xray.json.z")),
];
