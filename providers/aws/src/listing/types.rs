//! How objects of types are listed.

/// How objects of a type are listed.
pub(crate) struct Lister {
    pub(crate) name: &'static str,
    pub(crate) operation: &'static str,
    /// What is asked with, as JSON.
    pub(crate) input: &'static str,
    /// The lists that lead to the objects.
    pub(crate) at: &'static str,
    /// What is known of an object that identifies it: a path; empty: the object itself.
    pub(crate) id: &'static str,
    /// The attribute that it is.
    pub(crate) key: &'static str,
    /// Of what AWS made by itself, or has deleted: a path and what is there.
    pub(crate) skips: &'static [(&'static str, &'static str)],
}

const fn listed(
    name: &'static str,
    operation: &'static str,
    at: &'static str,
    id: &'static str,
    key: &'static str,
) -> Lister {
    Lister {
        name,
        operation,
        input: "",
        at,
        id,
        key,
        skips: &[],
    }
}

impl Lister {
    const fn skips(self, skips: &'static [(&'static str, &'static str)]) -> Self {
        Self { skips, ..self }
    }

    const fn with(self, input: &'static str) -> Self {
        Self { input, ..self }
    }
}

pub(crate) const LISTERS: &[Lister] = &[
    listed("aws_vpc", "DescribeVpcs", "Vpcs", "VpcId", "id").skips(&[("IsDefault", "true")]),
    listed("aws_subnet", "DescribeSubnets", "Subnets", "SubnetId", "id")
        .skips(&[("DefaultForAz", "true")]),
    listed(
        "aws_security_group",
        "DescribeSecurityGroups",
        "SecurityGroups",
        "GroupId",
        "id",
    )
    .skips(&[("GroupName", "default")]),
    listed(
        "aws_route_table",
        "DescribeRouteTables",
        "RouteTables",
        "RouteTableId",
        "id",
    )
    .skips(&[("Associations.0.Main", "true")]),
    listed(
        "aws_network_acl",
        "DescribeNetworkAcls",
        "NetworkAcls",
        "NetworkAclId",
        "id",
    )
    .skips(&[("IsDefault", "true")]),
    listed(
        "aws_internet_gateway",
        "DescribeInternetGateways",
        "InternetGateways",
        "InternetGatewayId",
        "id",
    ),
    listed(
        "aws_nat_gateway",
        "DescribeNatGateways",
        "NatGateways",
        "NatGatewayId",
        "id",
    )
    .skips(&[("State", "deleted"), ("State", "deleting")]),
    listed(
        "aws_eip",
        "DescribeAddresses",
        "Addresses",
        "AllocationId",
        "id",
    ),
    listed(
        "aws_instance",
        "DescribeInstances",
        "Reservations.Instances",
        "InstanceId",
        "id",
    )
    .skips(&[
        ("State.Name", "terminated"),
        ("State.Name", "shutting-down"),
    ]),
    listed(
        "aws_ebs_volume",
        "DescribeVolumes",
        "Volumes",
        "VolumeId",
        "id",
    ),
    listed(
        "aws_vpc_endpoint",
        "DescribeVpcEndpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        "id",
    )
    .skips(&[("State", "deleted"), ("State", "deleting")]),
    listed(
        "aws_vpc_peering_connection",
        "DescribeVpcPeeringConnections",
        "VpcPeeringConnections",
        "VpcPeeringConnectionId",
        "id",
    )
    .skips(&[
        ("Status.Code", "deleted"),
        ("Status.Code", "expired"),
        ("Status.Code", "failed"),
        ("Status.Code", "rejected"),
    ]),
    listed(
        "aws_launch_template",
        "DescribeLaunchTemplates",
        "LaunchTemplates",
        "LaunchTemplateId",
        "id",
    ),
    listed(
        "aws_key_pair",
        "DescribeKeyPairs",
        "KeyPairs",
        "KeyName",
        "key_name",
    ),
    listed("aws_s3_bucket", "ListBuckets", "Buckets", "Name", "bucket"),
    listed("aws_iam_role", "ListRoles", "Roles", "RoleName", "name"),
    listed("aws_iam_policy", "ListPolicies", "Policies", "Arn", "arn").with(r#"{"Scope":"Local"}"#),
    listed("aws_iam_user", "ListUsers", "Users", "UserName", "name"),
    listed("aws_iam_group", "ListGroups", "Groups", "GroupName", "name"),
    listed(
        "aws_iam_instance_profile",
        "ListInstanceProfiles",
        "InstanceProfiles",
        "InstanceProfileName",
        "name",
    ),
    listed("aws_sqs_queue", "ListQueues", "QueueUrls", "", "url").with(r#"{"MaxResults":1000}"#),
    listed("aws_sns_topic", "ListTopics", "Topics", "TopicArn", "arn"),
    listed("aws_dynamodb_table", "ListTables", "TableNames", "", "name"),
    listed(
        "aws_lambda_function",
        "ListFunctions",
        "Functions",
        "FunctionName",
        "function_name",
    ),
    listed(
        "aws_cloudwatch_log_group",
        "DescribeLogGroups",
        "logGroups",
        "logGroupName",
        "name",
    ),
    listed(
        "aws_cloudwatch_metric_alarm",
        "DescribeAlarms",
        "MetricAlarms",
        "AlarmName",
        "alarm_name",
    ),
    listed(
        "aws_ssm_parameter",
        "DescribeParameters",
        "Parameters",
        "Name",
        "name",
    ),
    listed(
        "aws_secretsmanager_secret",
        "ListSecrets",
        "SecretList",
        "ARN",
        "arn",
    ),
    listed(
        "aws_lb",
        "DescribeLoadBalancers",
        "LoadBalancers",
        "LoadBalancerArn",
        "arn",
    ),
    listed(
        "aws_lb_target_group",
        "DescribeTargetGroups",
        "TargetGroups",
        "TargetGroupArn",
        "arn",
    ),
    listed(
        "aws_ecr_repository",
        "DescribeRepositories",
        "repositories",
        "repositoryName",
        "name",
    ),
    listed(
        "aws_db_instance",
        "DescribeDBInstances",
        "DBInstances",
        "DBInstanceIdentifier",
        "identifier",
    ),
    listed(
        "aws_rds_cluster",
        "DescribeDBClusters",
        "DBClusters",
        "DBClusterIdentifier",
        "cluster_identifier",
    ),
    listed(
        "aws_autoscaling_group",
        "DescribeAutoScalingGroups",
        "AutoScalingGroups",
        "AutoScalingGroupName",
        "name",
    ),
    listed(
        "aws_acm_certificate",
        "ListCertificates",
        "CertificateSummaryList",
        "CertificateArn",
        "arn",
    ),
    listed("aws_eks_cluster", "ListClusters", "clusters", "", "name"),
    listed(
        "aws_kinesis_stream",
        "ListStreams",
        "StreamNames",
        "",
        "name",
    ),
    listed(
        "aws_efs_file_system",
        "DescribeFileSystems",
        "FileSystems",
        "FileSystemId",
        "id",
    ),
    listed(
        "aws_cloudfront_distribution",
        "ListDistributions",
        "DistributionList.Items",
        "Id",
        "id",
    ),
];
