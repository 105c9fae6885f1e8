//! Lists of what networks consist of, and of what stands in front of them.

use super::types::{Lister, listed};

pub(super) const LISTERS: &[Lister] = &[
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
        "aws_acm_certificate",
        "ListCertificates",
        "CertificateSummaryList",
        "CertificateArn",
        "arn",
    ),
    listed(
        "aws_cloudfront_distribution",
        "ListDistributions",
        "DistributionList.Items",
        "Id",
        "id",
    ),
    listed(
        "aws_route53_resolver_endpoint",
        "ListResolverEndpoints",
        "ResolverEndpoints",
        "Id",
        "id",
    ),
    listed(
        "aws_route53_resolver_rule",
        "ListResolverRules",
        "ResolverRules",
        "Id",
        "id",
    )
    .skips(&[("OwnerId", "Route 53 Resolver")]),
    listed(
        "aws_route53_resolver_query_log_config",
        "ListResolverQueryLogConfigs",
        "ResolverQueryLogConfigs",
        "Id",
        "id",
    ),
    listed(
        "aws_route53_resolver_firewall_rule_group",
        "ListFirewallRuleGroups",
        "FirewallRuleGroups",
        "Id",
        "id",
    ),
    listed(
        "aws_route53_resolver_firewall_domain_list",
        "ListFirewallDomainLists",
        "FirewallDomainLists",
        "Id",
        "id",
    )
    .skips(&[("ManagedOwnerName", "Route 53 Resolver DNS Firewall")]),
    listed(
        "aws_api_gateway_rest_api",
        "GetRestApis",
        "items",
        "id",
        "id",
    ),
    listed("aws_apigatewayv2_api", "GetApis", "Items", "ApiId", "id"),
    listed(
        "aws_apigatewayv2_vpc_link",
        "GetVpcLinks",
        "Items",
        "VpcLinkId",
        "id",
    ),
    listed(
        "aws_apigatewayv2_domain_name",
        "GetDomainNames",
        "Items",
        "DomainName",
        "domain_name",
    ),
    listed(
        "aws_customer_gateway",
        "DescribeCustomerGateways",
        "CustomerGateways",
        "CustomerGatewayId",
        "id",
    )
    .skips(&[("State", "deleted"), ("State", "deleting")]),
    listed(
        "aws_vpn_gateway",
        "DescribeVpnGateways",
        "VpnGateways",
        "VpnGatewayId",
        "id",
    )
    .skips(&[("State", "deleted"), ("State", "deleting")]),
    listed(
        "aws_ec2_transit_gateway",
        "DescribeTransitGateways",
        "TransitGateways",
        "TransitGatewayId",
        "id",
    )
    .skips(&[("State", "deleted"), ("State", "deleting")]),
    listed(
        "aws_ec2_managed_prefix_list",
        "DescribeManagedPrefixLists",
        "PrefixLists",
        "PrefixListId",
        "id",
    )
    .skips(&[("OwnerId", "AWS"), ("State", "delete-complete")]),
    listed(
        "aws_egress_only_internet_gateway",
        "DescribeEgressOnlyInternetGateways",
        "EgressOnlyInternetGateways",
        "EgressOnlyInternetGatewayId",
        "id",
    ),
    listed(
        "aws_flow_log",
        "DescribeFlowLogs",
        "FlowLogs",
        "FlowLogId",
        "id",
    ),
    listed(
        "aws_elb",
        "DescribeLoadBalancers",
        "LoadBalancerDescriptions",
        "LoadBalancerName",
        "name",
    ),
    listed(
        "aws_service_discovery_http_namespace",
        "ListNamespaces",
        "Namespaces",
        "Id",
        "id",
    )
    .skips(&[("Type", "DNS_PRIVATE"), ("Type", "DNS_PUBLIC")]),
    listed(
        "aws_service_discovery_public_dns_namespace",
        "ListNamespaces",
        "Namespaces",
        "Id",
        "id",
    )
    .skips(&[("Type", "DNS_PRIVATE"), ("Type", "HTTP")]),
];
