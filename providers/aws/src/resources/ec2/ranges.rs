//! Further ranges of addresses of networks.

use crate::table::{Phase, Table, op};

pub(super) fn association() -> Table {
    Table::new("aws_vpc_ipv4_cidr_block_association", "ec2")
        .create(op("AssociateVpcCidrBlock"))
        .id_out("CidrBlockAssociation.AssociationId")
        .local(&["ipv4_ipam_pool_id", "ipv4_netmask_length"])
        .names(&[
            ("ipv4_ipam_pool_id", "Ipv4IpamPoolId"),
            ("ipv4_netmask_length", "Ipv4NetmaskLength"),
        ])
        .read(
            op("DescribeVpcs")
                .set("Filters.0.Name", "cidr-block-association.association-id")
                .set("Filters.0.Values", "{id}")
                .at("Vpcs.0.CidrBlockAssociationSet[AssociationId={id}]")
                .lift("Vpcs.0.VpcId", "VpcId"),
        )
        .delete(op("DisassociateVpcCidrBlock").set("AssociationId", "{id}"))
        .gone_when("CidrBlockState.State", &["disassociated"])
        .wait(
            &[Phase::Create],
            "CidrBlockState.State",
            &["associated"],
            &["associating"],
        )
        .wait(
            &[Phase::Delete],
            "CidrBlockState.State",
            &[],
            &["associated", "disassociating"],
        )
        .not_found(&[
            "InvalidVpcID.NotFound",
            "InvalidVpcCidrBlockAssociationID.NotFound",
        ])
}
