//! Ends of tunnels into networks.

use crate::table::{Phase, Table, Tags, op};

pub(super) fn customer_gateway() -> Table {
    Table::new("aws_customer_gateway", "ec2")
        .names(&[("bgp_asn", "BgpAsn"), ("ip_address", "IpAddress")])
        .create(op("CreateCustomerGateway"))
        .id_out("CustomerGateway.CustomerGatewayId")
        .arn("arn:{partition}:ec2:{region}:{account}:customer-gateway/{id}")
        .read(
            op("DescribeCustomerGateways")
                .set("CustomerGatewayIds", "{id}")
                .at("CustomerGateways.0"),
        )
        .delete(op("DeleteCustomerGateway").set("CustomerGatewayId", "{id}"))
        .gone_when("State", &["deleted"])
        .wait(&[Phase::Create], "State", &["available"], &["pending"])
        .tags(Tags::Ec2("customer-gateway"))
        .bulk(200)
        .not_found(&["InvalidCustomerGatewayID.NotFound"])
}

pub(super) fn vpn_gateway() -> Table {
    Table::new("aws_vpn_gateway", "ec2")
        .names(&[("vpc_id", "VpcAttachments.0.VpcId")])
        .local(&["availability_zone"])
        .by_function(&["vpc_id"])
        .create(
            op("CreateVpnGateway")
                .only(&["amazon_side_asn"])
                .set("AvailabilityZone", "{availability_zone}")
                .set("Type", "ipsec.1"),
        )
        .id_out("VpnGateway.VpnGatewayId")
        .arn("arn:{partition}:ec2:{region}:{account}:vpn-gateway/{id}")
        .read(
            op("DescribeVpnGateways")
                .set("VpnGatewayIds", "{id}")
                .at("VpnGateways.0"),
        )
        .delete(op("DeleteVpnGateway").set("VpnGatewayId", "{id}"))
        .gone_when("State", &["deleted"])
        .tags(Tags::Ec2("vpn-gateway"))
        .bulk(200)
        .not_found(&["InvalidVpnGatewayID.NotFound"])
        .retry(&[Phase::Delete], "IncorrectState", "", 300)
        .hooks(super::attached::VpnAttached)
}
