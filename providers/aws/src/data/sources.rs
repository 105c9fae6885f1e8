//! Sources of data that one operation answers.

/// A source of data that one operation answers.
pub(super) struct Source {
    pub(super) name: &'static str,
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    /// Attributes, and the members of the input that they are.
    pub(super) inputs: &'static [(&'static str, &'static str)],
    /// Attributes, and the names of the filters that they are.
    pub(super) filters: &'static [(&'static str, &'static str)],
    /// Where the object is, or where all are.
    pub(super) at: &'static str,
    pub(super) nouns: &'static [&'static str],
    pub(super) renames: &'static [(&'static str, &'static str)],
    /// The path of the id.
    pub(super) id: &'static str,
    /// Lists of one member of each: attribute and path.
    pub(super) lists: &'static [(&'static str, &'static str)],
    pub(super) arn: &'static str,
    /// It shows what a resource of the same name with this id would.
    pub(super) mirror: bool,
}

const BASE: Source = Source {
    name: "",
    service: "ec2",
    operation: "",
    inputs: &[],
    filters: &[],
    at: "",
    nouns: &[],
    renames: &[],
    id: "",
    lists: &[],
    arn: "",
    mirror: false,
};

pub(super) const SOURCES: &[Source] = &[
    Source {
        name: "aws_vpc",
        operation: "DescribeVpcs",
        inputs: &[("id", "VpcIds")],
        filters: &[
            ("cidr_block", "cidr"),
            ("dhcp_options_id", "dhcp-options-id"),
            ("default", "isDefault"),
            ("state", "state"),
        ],
        at: "Vpcs",
        renames: &[
            ("default", "IsDefault"),
            ("cidr_block_associations", "CidrBlockAssociationSet"),
            ("cidr_block_associations.state", "CidrBlockState.State"),
            (
                "ipv6_association_id",
                "Ipv6CidrBlockAssociationSet.0.AssociationId",
            ),
            (
                "ipv6_cidr_block",
                "Ipv6CidrBlockAssociationSet.0.Ipv6CidrBlock",
            ),
        ],
        id: "VpcId",
        arn: "vpc",
        ..BASE
    },
    Source {
        name: "aws_vpcs",
        operation: "DescribeVpcs",
        at: "Vpcs",
        lists: &[("ids", "VpcId")],
        ..BASE
    },
    Source {
        name: "aws_subnet",
        operation: "DescribeSubnets",
        inputs: &[("id", "SubnetIds")],
        filters: &[
            ("vpc_id", "vpc-id"),
            ("availability_zone", "availabilityZone"),
            ("cidr_block", "cidrBlock"),
            ("default_for_az", "defaultForAz"),
            ("state", "state"),
        ],
        at: "Subnets",
        renames: &[
            ("arn", "SubnetArn"),
            ("available_ip_address_count", "AvailableIpAddressCount"),
        ],
        id: "SubnetId",
        ..BASE
    },
    Source {
        name: "aws_subnets",
        operation: "DescribeSubnets",
        at: "Subnets",
        lists: &[("ids", "SubnetId")],
        ..BASE
    },
    Source {
        name: "aws_security_group",
        operation: "DescribeSecurityGroups",
        inputs: &[("id", "GroupIds")],
        filters: &[("name", "group-name"), ("vpc_id", "vpc-id")],
        at: "SecurityGroups",
        renames: &[("name", "GroupName")],
        id: "GroupId",
        arn: "security-group",
        ..BASE
    },
    Source {
        name: "aws_security_groups",
        operation: "DescribeSecurityGroups",
        at: "SecurityGroups",
        lists: &[("ids", "GroupId"), ("vpc_ids", "VpcId")],
        ..BASE
    },
    Source {
        name: "aws_route_table",
        operation: "DescribeRouteTables",
        inputs: &[("route_table_id", "RouteTableIds")],
        filters: &[
            ("vpc_id", "vpc-id"),
            ("subnet_id", "association.subnet-id"),
            ("gateway_id", "association.gateway-id"),
        ],
        at: "RouteTables",
        id: "RouteTableId",
        arn: "route-table",
        ..BASE
    },
    Source {
        name: "aws_internet_gateway",
        operation: "DescribeInternetGateways",
        inputs: &[("internet_gateway_id", "InternetGatewayIds")],
        at: "InternetGateways",
        id: "InternetGatewayId",
        arn: "internet-gateway",
        ..BASE
    },
    Source {
        name: "aws_prefix_list",
        operation: "DescribePrefixLists",
        inputs: &[("prefix_list_id", "PrefixListIds")],
        filters: &[("name", "prefix-list-name")],
        at: "PrefixLists",
        renames: &[("name", "PrefixListName"), ("cidr_blocks", "Cidrs")],
        id: "PrefixListId",
        ..BASE
    },
    Source {
        name: "aws_ami",
        operation: "DescribeImages",
        inputs: &[
            ("owners", "Owners"),
            ("executable_users", "ExecutableUsers"),
            ("include_deprecated", "IncludeDeprecated"),
        ],
        at: "Images",
        renames: &[
            ("public", "Public"),
            ("platform_details", "PlatformDetails"),
            ("usage_operation", "UsageOperation"),
        ],
        nouns: &["Image"],
        id: "ImageId",
        ..BASE
    },
    Source {
        name: "aws_instance",
        operation: "DescribeInstances",
        inputs: &[("instance_id", "InstanceIds")],
        at: "Reservations",
        id: "InstanceId",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_eip",
        operation: "DescribeAddresses",
        inputs: &[("id", "AllocationIds"), ("public_ip", "PublicIps")],
        at: "Addresses",
        id: "AllocationId",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_lb",
        service: "elbv2",
        operation: "DescribeLoadBalancers",
        inputs: &[("arn", "LoadBalancerArns"), ("name", "Names")],
        at: "LoadBalancers",
        id: "LoadBalancerArn",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_lb_target_group",
        service: "elbv2",
        operation: "DescribeTargetGroups",
        inputs: &[("arn", "TargetGroupArns"), ("name", "Names")],
        at: "TargetGroups",
        id: "TargetGroupArn",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_autoscaling_group",
        service: "autoscaling",
        operation: "DescribeAutoScalingGroups",
        inputs: &[("name", "AutoScalingGroupNames")],
        at: "AutoScalingGroups",
        id: "AutoScalingGroupName",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_launch_template",
        operation: "DescribeLaunchTemplates",
        inputs: &[("id", "LaunchTemplateIds"), ("name", "LaunchTemplateNames")],
        at: "LaunchTemplates",
        id: "LaunchTemplateId",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_nat_gateway",
        operation: "DescribeNatGateways",
        inputs: &[("id", "NatGatewayIds")],
        filters: &[
            ("vpc_id", "vpc-id"),
            ("subnet_id", "subnet-id"),
            ("state", "state"),
        ],
        at: "NatGateways",
        id: "NatGatewayId",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_ec2_transit_gateway",
        operation: "DescribeTransitGateways",
        inputs: &[("id", "TransitGatewayIds")],
        at: "TransitGateways",
        id: "TransitGatewayId",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_iam_role",
        service: "iam",
        operation: "GetRole",
        inputs: &[("name", "RoleName")],
        at: "Role",
        nouns: &["Role"],
        renames: &[
            ("assume_role_policy", "AssumeRolePolicyDocument"),
            ("unique_id", "RoleId"),
            (
                "permissions_boundary",
                "PermissionsBoundary.PermissionsBoundaryArn",
            ),
        ],
        id: "RoleName",
        ..BASE
    },
    Source {
        name: "aws_ssm_parameter",
        service: "ssm",
        operation: "GetParameter",
        inputs: &[("name", "Name"), ("with_decryption", "WithDecryption")],
        at: "Parameter",
        renames: &[("arn", "ARN"), ("insecure_value", "Value")],
        id: "Name",
        ..BASE
    },
    Source {
        name: "aws_kms_key",
        service: "kms",
        operation: "DescribeKey",
        inputs: &[("key_id", "KeyId"), ("grant_tokens", "GrantTokens")],
        at: "KeyMetadata",
        id: "KeyId",
        ..BASE
    },
    Source {
        name: "aws_sqs_queue",
        service: "sqs",
        operation: "GetQueueUrl",
        inputs: &[("name", "QueueName")],
        at: "",
        renames: &[("url", "QueueUrl")],
        id: "QueueUrl",
        ..BASE
    },
    Source {
        name: "aws_cloudwatch_log_group",
        service: "logs",
        operation: "DescribeLogGroups",
        inputs: &[("name", "logGroupNamePrefix")],
        at: "logGroups",
        nouns: &["logGroup"],
        id: "logGroupName",
        ..BASE
    },
    Source {
        name: "aws_cloudwatch_event_bus",
        service: "events",
        operation: "DescribeEventBus",
        inputs: &[("name", "Name")],
        id: "Name",
        ..BASE
    },
    Source {
        name: "aws_secretsmanager_secret",
        service: "secretsmanager",
        operation: "DescribeSecret",
        inputs: &[("name", "SecretId"), ("arn", "SecretId")],
        renames: &[("arn", "ARN")],
        id: "ARN",
        ..BASE
    },
    Source {
        name: "aws_secretsmanager_secret_version",
        service: "secretsmanager",
        operation: "GetSecretValue",
        inputs: &[
            ("secret_id", "SecretId"),
            ("version_id", "VersionId"),
            ("version_stage", "VersionStage"),
        ],
        renames: &[("arn", "ARN")],
        id: "ARN",
        ..BASE
    },
    Source {
        name: "aws_ssoadmin_instances",
        service: "sso-admin",
        operation: "ListInstances",
        at: "Instances",
        lists: &[
            ("arns", "InstanceArn"),
            ("identity_store_ids", "IdentityStoreId"),
        ],
        ..BASE
    },
    Source {
        name: "aws_eks_cluster_versions",
        service: "eks",
        operation: "DescribeClusterVersions",
        inputs: &[
            ("cluster_type", "clusterType"),
            ("cluster_versions_only", "clusterVersions"),
            ("default_only", "defaultOnly"),
            ("include_all", "includeAll"),
            ("version_status", "versionStatus"),
        ],
        ..BASE
    },
    Source {
        name: "aws_vpc_endpoint",
        operation: "DescribeVpcEndpoints",
        inputs: &[("id", "VpcEndpointIds")],
        filters: &[
            ("vpc_id", "vpc-id"),
            ("service_name", "service-name"),
            ("state", "vpc-endpoint-state"),
            ("vpc_endpoint_type", "vpc-endpoint-type"),
        ],
        at: "VpcEndpoints",
        id: "VpcEndpointId",
        mirror: true,
        ..BASE
    },
    Source {
        name: "aws_regions",
        operation: "DescribeRegions",
        inputs: &[("all_regions", "AllRegions")],
        at: "Regions",
        lists: &[("names", "RegionName")],
        ..BASE
    },
];
