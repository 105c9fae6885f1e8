//! Networks that the world does not come into, and those that it does all the same.

use crate::json;
use crate::table::{Phase, Table, Tags, op};
use terrane_provider::args;
use terrane_value::Value;

pub(super) fn exclusion() -> Table {
    Table::new("aws_vpc_block_public_access_exclusion", "ec2")
        .create(op("CreateVpcBlockPublicAccessExclusion"))
        .id_out("VpcBlockPublicAccessExclusion.ExclusionId")
        .read(
            op("DescribeVpcBlockPublicAccessExclusions")
                .set("ExclusionIds", "{id}")
                .at("VpcBlockPublicAccessExclusions.0"),
        )
        .update(
            op("ModifyVpcBlockPublicAccessExclusion")
                .only(&["internet_gateway_exclusion_mode"])
                .set("ExclusionId", "{id}"),
        )
        .delete(op("DeleteVpcBlockPublicAccessExclusion").set("ExclusionId", "{id}"))
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
            &["update-complete", "create-complete"],
            &["update-in-progress"],
        )
        .wait(&[Phase::Delete], "State", &[], &[])
        .tags(Tags::Ec2("vpc-block-public-access-exclusion"))
        .not_found(&["InvalidVpcBlockPublicAccessExclusionId.NotFound"])
        .found(|_, found, raw| {
            // arn:aws:ec2:REGION:ACCOUNT:vpc/ID
            let arn = json::text_at(raw, "ResourceArn").unwrap_or_default();
            let (name, id) = match arn.rsplit_once('/') {
                Some((rest, id)) if rest.ends_with(":vpc") => ("vpc_id", id),
                Some((_, id)) => ("subnet_id", id),
                None => return found,
            };
            args::with(&found, name, Value::string(id))
        })
}

/// What a region as a whole lets in: there always is an answer, and no answer is the usual one.
pub(super) fn options() -> Table {
    let put = || {
        op("ModifyVpcBlockPublicAccessOptions")
            .set("InternetGatewayBlockMode", "{internet_gateway_block_mode}")
    };
    Table::new("aws_vpc_block_public_access_options", "ec2")
        .create(put())
        .id_out("VpcBlockPublicAccessOptions.AwsRegion")
        .read(op("DescribeVpcBlockPublicAccessOptions").at("VpcBlockPublicAccessOptions"))
        .update(put())
        .delete(op("ModifyVpcBlockPublicAccessOptions").set("InternetGatewayBlockMode", "off"))
        .wait(
            &[Phase::Create, Phase::Update],
            "State",
            &["default-state", "update-complete"],
            &["update-in-progress"],
        )
}
