//! EC2: networks, and what is in them.

use super::Family;
use crate::table::{Phase, Table, Tags, op};

mod acl;
mod attached;
mod closed;
mod group;
mod instance;
mod peering;
mod ranges;
mod route;
mod six;
mod small;
mod spot;
mod volumes;
mod vpn;
pub(super) use peering::TYPES as PEERINGS;

pub(super) use route::{members, news};

pub(super) const NETWORK: Family = &[
    ("aws_vpc", vpc),
    ("aws_subnet", subnet),
    ("aws_internet_gateway", internet_gateway),
    ("aws_egress_only_internet_gateway", egress_gateway),
    ("aws_eip", eip),
    ("aws_nat_gateway", nat_gateway),
    ("aws_route_table", route::table),
    ("aws_route", route::route),
    ("aws_route_table_association", route::association),
    ("aws_default_route_table", route::default_table),
    ("aws_network_acl", acl::acl),
    ("aws_default_network_acl", acl::default_acl),
    ("aws_network_acl_rule", acl::acl_rule),
    ("aws_security_group", group::group),
    ("aws_default_security_group", group::default_group),
    ("aws_security_group_rule", group::rule),
    ("aws_vpc_security_group_ingress_rule", group::ingress),
    ("aws_vpc_security_group_egress_rule", group::egress),
    ("aws_vpc_dhcp_options", dhcp_options),
    ("aws_vpc_dhcp_options_association", dhcp_association),
    ("aws_vpc_ipv4_cidr_block_association", ranges::association),
    ("aws_key_pair", key_pair),
    ("aws_ec2_managed_prefix_list", prefix_list),
    ("aws_customer_gateway", vpn::customer_gateway),
    ("aws_vpn_gateway", vpn::vpn_gateway),
    ("aws_flow_log", flow_log),
    ("aws_vpc_endpoint", endpoint),
    ("aws_ebs_volume", volume),
    ("aws_network_interface", interface),
    ("aws_instance", instance::instance),
    ("aws_spot_instance_request", spot::request),
    ("aws_volume_attachment", small::volume_attachment),
    ("aws_eip_association", small::address_association),
    ("aws_placement_group", small::placement_group),
    ("aws_ec2_tag", small::tag),
    ("aws_default_vpc", small::default_vpc),
    ("aws_ec2_transit_gateway", small::transit_gateway),
    (
        "aws_ec2_transit_gateway_vpc_attachment",
        small::transit_attachment,
    ),
    ("aws_ec2_transit_gateway_route_table", small::transit_table),
    ("aws_ec2_transit_gateway_route", small::transit_route),
    (
        "aws_ec2_transit_gateway_route_table_association",
        small::transit_association,
    ),
    (
        "aws_ec2_transit_gateway_route_table_propagation",
        small::transit_propagation,
    ),
    ("aws_vpc_block_public_access_exclusion", closed::exclusion),
    ("aws_vpc_block_public_access_options", closed::options),
    ("aws_elasticache_subnet_group", small::cache_subnets),
    ("aws_redshift_subnet_group", small::warehouse_subnets),
];

/// A step for one value in a box.
macro_rules! boxed {
    ($operation:literal, $key:literal, $member:literal, $attribute:literal) => {
        op($operation)
            .bare()
            .set($key, "{id}")
            .set($member, concat!("{", $attribute, "}"))
    };
}

fn vpc() -> Table {
    vpc_named("aws_vpc")
        .by_function(six::OF_NETWORK)
        .recomputed(
            "ipv6_association_id",
            &["assign_generated_ipv6_cidr_block", "ipv6_ipam_pool_id"],
        )
        .recomputed(
            "ipv6_cidr_block",
            &["assign_generated_ipv6_cidr_block", "ipv6_ipam_pool_id"],
        )
        .answer(six::without_gone)
        .hooks(six::OfVpc)
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn vpc_named(name: &'static str) -> Table {
    Table::new(name, "ec2")
        .names(&[
            (
                "assign_generated_ipv6_cidr_block",
                "AmazonProvidedIpv6CidrBlock",
            ),
            (
                "ipv6_cidr_block_network_border_group",
                "Ipv6CidrBlockAssociationSet.0.NetworkBorderGroup",
            ),
            (
                "ipv6_cidr_block_network_border_group",
                "Ipv6CidrBlockNetworkBorderGroup",
            ),
            (
                "ipv6_association_id",
                "Ipv6CidrBlockAssociationSet.0.AssociationId",
            ),
            ("ipv6_cidr_block", "Ipv6CidrBlock"),
            (
                "ipv6_cidr_block",
                "Ipv6CidrBlockAssociationSet.0.Ipv6CidrBlock",
            ),
        ])
        .create(op("CreateVpc"))
        .id_out("Vpc.VpcId")
        .arn("arn:{partition}:ec2:{region}:{account}:vpc/{id}")
        .read(op("DescribeVpcs").set("VpcIds", "{id}").at("Vpcs.0"))
        .read(
            op("DescribeVpcAttribute")
                .set("VpcId", "{id}")
                .set("Attribute", "enableDnsSupport")
                .at("EnableDnsSupport")
                .into("enable_dns_support"),
        )
        .read(
            op("DescribeVpcAttribute")
                .set("VpcId", "{id}")
                .set("Attribute", "enableDnsHostnames")
                .at("EnableDnsHostnames")
                .into("enable_dns_hostnames"),
        )
        .read(
            op("DescribeVpcAttribute")
                .set("VpcId", "{id}")
                .set("Attribute", "enableNetworkAddressUsageMetrics")
                .at("EnableNetworkAddressUsageMetrics")
                .into("enable_network_address_usage_metrics"),
        )
        .read(
            op("DescribeNetworkAcls")
                .set("Filters.0.Name", "default")
                .set("Filters.0.Values", "true")
                .set("Filters.1.Name", "vpc-id")
                .set("Filters.1.Values", "{id}")
                .at("NetworkAcls.0.NetworkAclId")
                .into("default_network_acl_id"),
        )
        .read(
            op("DescribeRouteTables")
                .set("Filters.0.Name", "association.main")
                .set("Filters.0.Values", "true")
                .set("Filters.1.Name", "vpc-id")
                .set("Filters.1.Values", "{id}")
                .at("RouteTables.0.RouteTableId")
                .into("main_route_table_id"),
        )
        .read(
            op("DescribeSecurityGroups")
                .set("Filters.0.Name", "group-name")
                .set("Filters.0.Values", "default")
                .set("Filters.1.Name", "vpc-id")
                .set("Filters.1.Values", "{id}")
                .at("SecurityGroups.0.GroupId")
                .into("default_security_group_id"),
        )
        .found(|_, found, _| {
            use terrane_provider::args;
            let main = args::get(&found, "main_route_table_id");
            if args::get(&found, "default_route_table_id").is_null() {
                args::with(&found, "default_route_table_id", main)
            } else {
                found
            }
        })
        .also(
            boxed!(
                "ModifyVpcAttribute",
                "VpcId",
                "EnableDnsSupport",
                "enable_dns_support"
            )
            .initially(true),
        )
        .also(
            boxed!(
                "ModifyVpcAttribute",
                "VpcId",
                "EnableDnsHostnames",
                "enable_dns_hostnames"
            )
            .initially(false),
        )
        .also(
            boxed!(
                "ModifyVpcAttribute",
                "VpcId",
                "EnableNetworkAddressUsageMetrics",
                "enable_network_address_usage_metrics"
            )
            .initially(false),
        )
        .update(
            op("ModifyVpcTenancy")
                .bare()
                .set("VpcId", "{id}")
                .set("InstanceTenancy", "{instance_tenancy}"),
        )
        .delete(op("DeleteVpc").set("VpcId", "{id}"))
        .wait(&[Phase::Create], "State", &["available"], &["pending"])
        .tags(Tags::Ec2("vpc"))
        .bulk(200)
        .not_found(&["InvalidVpcID.NotFound"])
        .retry(&[Phase::Delete], "DependencyViolation", "", 300)
        .quiet(&["assign_generated_ipv6_cidr_block"])
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn subnet() -> Table {
    Table::new("aws_subnet", "ec2")
        .names(&[
            (
                "ipv6_cidr_block",
                "Ipv6CidrBlockAssociationSet.0.Ipv6CidrBlock",
            ),
            ("ipv6_cidr_block", "Ipv6CidrBlock"),
            (
                "ipv6_cidr_block_association_id",
                "Ipv6CidrBlockAssociationSet.0.AssociationId",
            ),
            ("arn", "SubnetArn"),
            (
                "enable_resource_name_dns_a_record_on_launch",
                "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
            ),
            (
                "enable_resource_name_dns_aaaa_record_on_launch",
                "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord",
            ),
            (
                "private_dns_hostname_type_on_launch",
                "PrivateDnsNameOptionsOnLaunch.HostnameType",
            ),
        ])
        .create(op("CreateSubnet"))
        .id_out("Subnet.SubnetId")
        .read(
            op("DescribeSubnets")
                .set("SubnetIds", "{id}")
                .at("Subnets.0"),
        )
        .also(
            boxed!(
                "ModifySubnetAttribute",
                "SubnetId",
                "MapPublicIpOnLaunch",
                "map_public_ip_on_launch"
            )
            .initially(false),
        )
        .also(
            boxed!(
                "ModifySubnetAttribute",
                "SubnetId",
                "AssignIpv6AddressOnCreation",
                "assign_ipv6_address_on_creation"
            )
            .initially(false),
        )
        .also(
            boxed!(
                "ModifySubnetAttribute",
                "SubnetId",
                "EnableDns64",
                "enable_dns64"
            )
            .initially(false),
        )
        .also(
            boxed!(
                "ModifySubnetAttribute",
                "SubnetId",
                "EnableResourceNameDnsARecordOnLaunch",
                "enable_resource_name_dns_a_record_on_launch"
            )
            .initially(false),
        )
        .also(
            boxed!(
                "ModifySubnetAttribute",
                "SubnetId",
                "EnableResourceNameDnsAAAARecordOnLaunch",
                "enable_resource_name_dns_aaaa_record_on_launch"
            )
            .initially(false),
        )
        .also(boxed!(
            "ModifySubnetAttribute",
            "SubnetId",
            "PrivateDnsHostnameTypeOnLaunch",
            "private_dns_hostname_type_on_launch"
        ))
        .also(boxed!(
            "ModifySubnetAttribute",
            "SubnetId",
            "EnableLniAtDeviceIndex",
            "enable_lni_at_device_index"
        ))
        .also(
            op("ModifySubnetAttribute")
                .bare()
                .set("SubnetId", "{id}")
                .set(
                    "MapCustomerOwnedIpOnLaunch",
                    "{map_customer_owned_ip_on_launch}",
                )
                .set("CustomerOwnedIpv4Pool", "{customer_owned_ipv4_pool}"),
        )
        .delete(op("DeleteSubnet").set("SubnetId", "{id}"))
        .wait(&[Phase::Create], "State", &["available"], &["pending"])
        .tags(Tags::Ec2("subnet"))
        .bulk(200)
        .not_found(&["InvalidSubnetID.NotFound"])
        .retry(&[Phase::Delete], "DependencyViolation", "", 1200)
        .by_function(&["ipv6_cidr_block"])
        .recomputed("ipv6_cidr_block_association_id", &["ipv6_cidr_block"])
        .answer(six::without_gone)
        .hooks(six::OfSubnet)
}

fn internet_gateway() -> Table {
    Table::new("aws_internet_gateway", "ec2")
        .names(&[("vpc_id", "Attachments.0.VpcId")])
        .create(op("CreateInternetGateway"))
        .by_function(&["vpc_id"])
        .id_out("InternetGateway.InternetGatewayId")
        .arn("arn:{partition}:ec2:{region}:{owner_id}:internet-gateway/{id}")
        .read(
            op("DescribeInternetGateways")
                .set("InternetGatewayIds", "{id}")
                .at("InternetGateways.0"),
        )
        .delete(op("DeleteInternetGateway").set("InternetGatewayId", "{id}"))
        .tags(Tags::Ec2("internet-gateway"))
        .bulk(200)
        .not_found(&["InvalidInternetGatewayID.NotFound"])
        .retry(&[Phase::Delete], "DependencyViolation", "", 900)
        .retry(
            &[Phase::Create],
            "InvalidInternetGatewayID.NotFound",
            "",
            120,
        )
        .hooks(attached::Attached)
}

fn egress_gateway() -> Table {
    Table::new("aws_egress_only_internet_gateway", "ec2")
        .names(&[("vpc_id", "Attachments.0.VpcId")])
        .create(
            op("CreateEgressOnlyInternetGateway")
                .bare()
                .set("VpcId", "{vpc_id}"),
        )
        .id_out("EgressOnlyInternetGateway.EgressOnlyInternetGatewayId")
        .read(
            op("DescribeEgressOnlyInternetGateways")
                .set("EgressOnlyInternetGatewayIds", "{id}")
                .at("EgressOnlyInternetGateways.0"),
        )
        .delete(op("DeleteEgressOnlyInternetGateway").set("EgressOnlyInternetGatewayId", "{id}"))
        .tags(Tags::Ec2("egress-only-internet-gateway"))
        .not_found(&["InvalidGatewayID.NotFound"])
}

fn eip() -> Table {
    Table::new("aws_eip", "ec2")
        .names(&[
            ("instance", "InstanceId"),
            ("network_interface", "NetworkInterfaceId"),
            ("private_ip", "PrivateIpAddress"),
        ])
        .local(&["associate_with_private_ip", "address", "ipam_pool_id"])
        .create(
            op("AllocateAddress")
                .only(&[
                    "domain",
                    "customer_owned_ipv4_pool",
                    "network_border_group",
                    "public_ipv4_pool",
                ])
                .set("Address", "{address}")
                .set("IpamPoolId", "{ipam_pool_id}"),
        )
        .id_out("AllocationId")
        .arn("arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}")
        .read(
            op("DescribeAddresses")
                .set("AllocationIds", "{id}")
                .at("Addresses.0"),
        )
        .by_function(&["instance", "network_interface", "associate_with_private_ip"])
        .delete(op("ReleaseAddress").set("AllocationId", "{id}"))
        .tags(Tags::Ec2("elastic-ip"))
        .bulk(200)
        .not_found(&["InvalidAllocationID.NotFound", "InvalidAddress.NotFound"])
        .retry(&[Phase::Delete], "InvalidIPAddress.InUse", "", 120)
        .found(attached::public_names)
        .hooks(attached::Address)
}

fn nat_gateway() -> Table {
    Table::new("aws_nat_gateway", "ec2")
        .names(&[
            ("allocation_id", "NatGatewayAddresses.0.AllocationId"),
            ("association_id", "NatGatewayAddresses.0.AssociationId"),
            (
                "network_interface_id",
                "NatGatewayAddresses.0.NetworkInterfaceId",
            ),
            ("private_ip", "NatGatewayAddresses.0.PrivateIp"),
            ("public_ip", "NatGatewayAddresses.0.PublicIp"),
            ("allocation_id", "AllocationId"),
            ("private_ip", "PrivateIpAddress"),
        ])
        .quiet(&["secondary_allocation_ids", "secondary_private_ip_addresses"])
        .unsupported(&["availability_zone_address"])
        .create(op("CreateNatGateway").except(&["availability_zone_address"]))
        .id_out("NatGateway.NatGatewayId")
        .read(
            op("DescribeNatGateways")
                .set("NatGatewayIds", "{id}")
                .at("NatGateways.0"),
        )
        .delete(op("DeleteNatGateway").set("NatGatewayId", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(&[Phase::Create], "State", &["available"], &["pending"])
        .wait(
            &[Phase::Delete],
            "State",
            &[],
            &["available", "deleting", "failed"],
        )
        .tags(Tags::Ec2("natgateway"))
        .bulk(200)
        .not_found(&["NatGatewayNotFound"])
}

fn dhcp_options() -> Table {
    Table::new("aws_vpc_dhcp_options", "ec2")
        .create(op("CreateDhcpOptions").bare())
        .id_out("DhcpOptions.DhcpOptionsId")
        .arn("arn:{partition}:ec2:{region}:{owner_id}:dhcp-options/{id}")
        .read(
            op("DescribeDhcpOptions")
                .set("DhcpOptionsIds", "{id}")
                .at("DhcpOptions.0"),
        )
        .input(attached::dhcp_input)
        .at_first(&[
            "domain_name",
            "domain_name_servers",
            "ipv6_address_preferred_lease_time",
            "netbios_name_servers",
            "netbios_node_type",
            "ntp_servers",
        ])
        .answer(attached::dhcp_answer)
        .delete(op("DeleteDhcpOptions").set("DhcpOptionsId", "{id}"))
        .tags(Tags::Ec2("dhcp-options"))
        .bulk(200)
        .not_found(&[
            "InvalidDhcpOptionID.NotFound",
            "InvalidDhcpOptionsID.NotFound",
        ])
        .retry(&[Phase::Delete], "DependencyViolation", "", 120)
}

fn dhcp_association() -> Table {
    let put = || {
        op("AssociateDhcpOptions")
            .bare()
            .set("DhcpOptionsId", "{dhcp_options_id}")
            .set("VpcId", "{vpc_id}")
    };
    Table::new("aws_vpc_dhcp_options_association", "ec2")
        .create(put())
        .id("{dhcp_options_id}-{vpc_id}")
        .import("{vpc_id}")
        .read(op("DescribeVpcs").set("VpcIds", "{vpc_id}").at("Vpcs.0"))
        .update(put())
        .delete(
            op("AssociateDhcpOptions")
                .set("DhcpOptionsId", "default")
                .set("VpcId", "{vpc_id}"),
        )
        .not_found(&["InvalidVpcID.NotFound"])
}

fn key_pair() -> Table {
    Table::new("aws_key_pair", "ec2")
        .names(&[
            ("public_key", "PublicKeyMaterial"),
            ("fingerprint", "KeyFingerprint"),
        ])
        .local(&["key_name_prefix", "public_key"])
        .create(
            op("ImportKeyPair")
                .only(&["key_name"])
                .set("PublicKeyMaterial", "{public_key}"),
        )
        .id("{key_name}")
        .arn("arn:{partition}:ec2:{region}:{account}:key-pair/{id}")
        .read(
            op("DescribeKeyPairs")
                .set("KeyNames", "{id}")
                .at("KeyPairs.0"),
        )
        .delete(op("DeleteKeyPair").set("KeyName", "{id}"))
        .tags(Tags::Ec2("key-pair"))
        .tagged_by("{key_pair_id}")
        .not_found(&["InvalidKeyPair.NotFound"])
}

fn prefix_list() -> Table {
    Table::new("aws_ec2_managed_prefix_list", "ec2")
        .names(&[
            ("name", "PrefixListName"),
            ("arn", "PrefixListArn"),
            ("entry", "Entries"),
        ])
        .create(op("CreateManagedPrefixList"))
        .id_out("PrefixList.PrefixListId")
        .read(
            op("DescribeManagedPrefixLists")
                .set("PrefixListIds", "{id}")
                .at("PrefixLists.0"),
        )
        .read(
            op("GetManagedPrefixListEntries")
                .set("PrefixListId", "{id}")
                .only(&["entry"]),
        )
        .update(
            op("ModifyManagedPrefixList")
                .bare()
                .set("PrefixListId", "{id}")
                .set("PrefixListName", "{name}"),
        )
        .by_function(&["entry", "max_entries"])
        .recomputed("version", &["entry"])
        .delete(op("DeleteManagedPrefixList").set("PrefixListId", "{id}"))
        .gone_when("State", &["delete-complete"])
        .wait(
            &[Phase::Create],
            "State",
            &["create-complete"],
            &["create-in-progress"],
        )
        .wait(
            &[Phase::Update],
            "State",
            &["create-complete", "modify-complete", "restore-complete"],
            &["modify-in-progress", "restore-in-progress"],
        )
        .tags(Tags::Ec2("prefix-list"))
        .not_found(&[
            "InvalidPrefixListID.NotFound",
            "InvalidPrefixListId.NotFound",
        ])
        .hooks(attached::Entries)
}

fn flow_log() -> Table {
    Table::new("aws_flow_log", "ec2")
        .names(&[
            ("iam_role_arn", "DeliverLogsPermissionArn"),
            ("log_group_name", "LogGroupName"),
        ])
        .local(&[
            "eni_id",
            "subnet_id",
            "vpc_id",
            "transit_gateway_id",
            "transit_gateway_attachment_id",
            "regional_nat_gateway_id",
        ])
        .create(op("CreateFlowLogs"))
        .input(attached::flow_input)
        .hooks(attached::Watched)
        .id_out("FlowLogIds.0")
        .arn("arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}")
        .read(
            op("DescribeFlowLogs")
                .set("FlowLogIds", "{id}")
                .at("FlowLogs.0"),
        )
        .delete(op("DeleteFlowLogs").set("FlowLogIds", "{id}"))
        .tags(Tags::Ec2("vpc-flow-log"))
        .not_found(&["InvalidFlowLogId.NotFound"])
        .retry(
            &[Phase::Create],
            "InvalidParameter",
            "Unable to assume given IAM role",
            120,
        )
}

fn endpoint() -> Table {
    Table::new("aws_vpc_endpoint", "ec2")
        .names(&[
            ("security_group_ids", "Groups"),
            ("policy", "PolicyDocument"),
            ("dns_entry", "DnsEntries"),
        ])
        .local(&["cidr_blocks", "prefix_list_id"])
        .unsupported(&["auto_accept"])
        .quiet(&["dns_options", "ip_address_type", "subnet_configuration"])
        .by_function(&[
            "policy",
            "private_dns_enabled",
            "route_table_ids",
            "security_group_ids",
            "subnet_ids",
        ])
        .update(
            op("ModifyVpcEndpoint")
                .only(&["dns_options", "ip_address_type"])
                .set("VpcEndpointId", "{id}")
                .partial(),
        )
        .create(op("CreateVpcEndpoint"))
        .id_out("VpcEndpoint.VpcEndpointId")
        .arn("arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}")
        .read(
            op("DescribeVpcEndpoints")
                .set("VpcEndpointIds", "{id}")
                .at("VpcEndpoints.0"),
        )
        .answer(|_, found| {
            // Groups come with their names, the state in another case than it is stored.
            if let Some(groups) = found.get("Groups").and_then(serde_json::Value::as_array) {
                let ids: Vec<_> = groups
                    .iter()
                    .filter_map(|group| group.get("GroupId").cloned())
                    .collect();
                found["Groups"] = ids.into();
            }
            if let Some(state) = found.get("State").and_then(serde_json::Value::as_str) {
                found["State"] = state.to_ascii_lowercase().into();
            }
        })
        .hooks(attached::EndpointChange)
        .delete(op("DeleteVpcEndpoints").set("VpcEndpointIds", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(
            &[Phase::Create],
            "State",
            &["available", "pendingacceptance"],
            &["pending"],
        )
        .wait(&[Phase::Delete], "State", &[], &["available", "deleting"])
        .tags(Tags::Ec2("vpc-endpoint"))
        .bulk(200)
        .not_found(&[
            "InvalidVpcEndpointId.NotFound",
            "InvalidVpcEndpoint.NotFound",
        ])
}

fn volume() -> Table {
    Table::new("aws_ebs_volume", "ec2")
        .names(&[
            ("type", "VolumeType"),
            ("multi_attach_enabled", "MultiAttachEnabled"),
        ])
        .unsupported(&["final_snapshot"])
        .create(op("CreateVolume"))
        .id_out("VolumeId")
        .arn("arn:{partition}:ec2:{region}:{account}:volume/{id}")
        .read(
            op("DescribeVolumes")
                .set("VolumeIds", "{id}")
                .at("Volumes.0"),
        )
        .update(
            op("ModifyVolume")
                .set("VolumeId", "{id}")
                .only(&["size", "iops", "throughput", "type"])
                .partial(),
        )
        .delete(op("DeleteVolume").set("VolumeId", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(&[Phase::Create], "State", &["available"], &["creating"])
        .tags(Tags::Ec2("volume"))
        .bulk(200)
        .not_found(&["InvalidVolume.NotFound"])
        .retry(&[Phase::Delete], "VolumeInUse", "", 600)
}

fn interface() -> Table {
    Table::new("aws_network_interface", "ec2")
        .names(&[
            ("security_groups", "Groups"),
            ("security_groups", "GroupSet"),
            ("private_ips", ""),
            ("private_ip", "PrivateIpAddress"),
            ("ipv6_addresses", ""),
        ])
        .at_first(&["private_ips"])
        .unsupported(&[
            "attachment",
            "ipv6_addresses",
            "ipv4_prefixes",
            "ipv6_prefixes",
            "private_ips_count",
            "private_ip_list",
            "private_ip_list_enabled",
            "ipv6_address_list",
            "ipv6_address_list_enabled",
            "ipv6_address_count",
            "ipv4_prefix_count",
            "ipv6_prefix_count",
            "enable_primary_ipv6",
        ])
        .create(op("CreateNetworkInterface").only(&[
            "subnet_id",
            "description",
            "private_ip",
            "security_groups",
            "interface_type",
        ]))
        .id_out("NetworkInterface.NetworkInterfaceId")
        .arn("arn:{partition}:ec2:{region}:{owner_id}:network-interface/{id}")
        .read(
            op("DescribeNetworkInterfaces")
                .set("NetworkInterfaceIds", "{id}")
                .at("NetworkInterfaces.0"),
        )
        .answer(attached::interface_answer)
        .found(attached::interface_found)
        .input(attached::interface_input)
        .also(
            boxed!(
                "ModifyNetworkInterfaceAttribute",
                "NetworkInterfaceId",
                "SourceDestCheck",
                "source_dest_check"
            )
            .initially(true),
        )
        .update(boxed!(
            "ModifyNetworkInterfaceAttribute",
            "NetworkInterfaceId",
            "Description",
            "description"
        ))
        .update(
            op("ModifyNetworkInterfaceAttribute")
                .bare()
                .set("NetworkInterfaceId", "{id}")
                .set("Groups", "{security_groups}"),
        )
        .delete(op("DeleteNetworkInterface").set("NetworkInterfaceId", "{id}"))
        .tags(Tags::Ec2("network-interface"))
        .bulk(200)
        .not_found(&["InvalidNetworkInterfaceID.NotFound"])
        .retry(
            &[Phase::Delete],
            "InvalidParameterValue",
            "is currently in use",
            300,
        )
}
