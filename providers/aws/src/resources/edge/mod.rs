//! CloudFront: distributions, and what they are made of.

use super::Family;
use crate::json;
use crate::table::{Phase, Table, op};
use serde_json::{Value as Json, json};

mod distribution;
mod function;
mod policies;

pub(super) const TYPES: Family = &[
    ("aws_cloudfront_distribution", distribution::distribution),
    ("aws_cloudfront_function", function::function),
    ("aws_cloudfront_cache_policy", policies::cache),
    (
        "aws_cloudfront_origin_request_policy",
        policies::origin_request,
    ),
    (
        "aws_cloudfront_response_headers_policy",
        policies::response_headers,
    ),
    ("aws_cloudfront_origin_access_control", access_control),
    ("aws_cloudfront_origin_access_identity", access_identity),
    ("aws_cloudfront_public_key", public_key),
    ("aws_cloudfront_key_group", key_group),
    ("aws_cloudfront_monitoring_subscription", monitoring),
    ("aws_cloudfront_vpc_origin", vpc_origin),
];

/// What is put as a whole, with the mark of what is there already.
fn whole(
    name: &'static str,
    [create, get, update, delete]: [&'static str; 4],
    member: &'static str,
    found: &'static str,
) -> Table {
    Table::new(name, "cloudfront")
        .create(op(create).inside(member))
        .read(op(get).set("Id", "{id}").at(found).lift("ETag", "ETag"))
        .update(
            op(update)
                .inside(member)
                .set("Id", "{id}")
                .carry("ETag", "IfMatch"),
        )
        .delete(op(delete).set("Id", "{id}").carry("ETag", "IfMatch"))
        .retry(&[Phase::Delete], "PreconditionFailed", "", 60)
        .retry(&[Phase::Delete], "InvalidIfMatchVersion", "", 60)
}

/// Tags of what has an ARN.
fn tagged(table: Table) -> Table {
    table.tag_calls(
        "ListTagsForResource",
        ("TagResource", "UntagResource"),
        "Resource",
        "{arn}",
    )
}

/// A text that is required, and may be empty.
fn required(input: &mut Json, path: &str) {
    if json::get(input, path).is_none() {
        json::put(input, path, "".into());
    }
}

fn access_control() -> Table {
    whole(
        "aws_cloudfront_origin_access_control",
        [
            "CreateOriginAccessControl",
            "GetOriginAccessControl",
            "UpdateOriginAccessControl",
            "DeleteOriginAccessControl",
        ],
        "OriginAccessControlConfig",
        "OriginAccessControl.OriginAccessControlConfig",
    )
    .id_out("OriginAccessControl.Id")
    .arn("arn:{partition}:cloudfront::{account}:origin-access-control/{id}")
}

fn access_identity() -> Table {
    let table = whole(
        "aws_cloudfront_origin_access_identity",
        [
            "CreateCloudFrontOriginAccessIdentity",
            "GetCloudFrontOriginAccessIdentity",
            "UpdateCloudFrontOriginAccessIdentity",
            "DeleteCloudFrontOriginAccessIdentity",
        ],
        "CloudFrontOriginAccessIdentityConfig",
        "CloudFrontOriginAccessIdentity.CloudFrontOriginAccessIdentityConfig",
    );
    let mut table = table
        .id_out("CloudFrontOriginAccessIdentity.Id")
        .arn("arn:{partition}:cloudfront::{account}:origin-access-identity/{id}")
        .derive(
            "iam_arn",
            "arn:{partition}:iam::cloudfront:user/CloudFront Origin Access Identity {id}",
            crate::table::Cut::Whole,
        )
        .derive(
            "cloudfront_access_identity_path",
            "origin-access-identity/cloudfront/{id}",
            crate::table::Cut::Whole,
        )
        .input(|operation, input, object| {
            let member = "CloudFrontOriginAccessIdentityConfig";
            if input.get(member).is_some() {
                required(input, &format!("{member}.Comment"));
                kept_reference(operation, input, member, object);
            }
        });
    for step in table.create.iter_mut() {
        step.sets.push((
            "CloudFrontOriginAccessIdentityConfig.CallerReference",
            "{token}",
        ));
    }
    for step in &mut table.read {
        step.lifts.push((
            "CloudFrontOriginAccessIdentity.S3CanonicalUserId",
            "S3CanonicalUserId",
        ));
    }
    table
}

/// The reference of what exists is not changed.
fn kept_reference(operation: &str, input: &mut Json, member: &str, object: &terrane_value::Value) {
    let reference = terrane_provider::args::string(object, "caller_reference");
    if let (true, Some(reference)) = (operation.starts_with("Update"), reference) {
        json::put(
            input,
            &format!("{member}.CallerReference"),
            reference.into(),
        );
    }
}

fn public_key() -> Table {
    let mut table = whole(
        "aws_cloudfront_public_key",
        [
            "CreatePublicKey",
            "GetPublicKey",
            "UpdatePublicKey",
            "DeletePublicKey",
        ],
        "PublicKeyConfig",
        "PublicKey.PublicKeyConfig",
    )
    .id_out("PublicKey.Id")
    .local(&["name_prefix"])
    .input(|operation, input, object| {
        if input.get("PublicKeyConfig").is_some() {
            kept_reference(operation, input, "PublicKeyConfig", object);
        }
    });
    for step in table.create.iter_mut() {
        step.sets
            .push(("PublicKeyConfig.CallerReference", "{token}"));
    }
    table
}

fn key_group() -> Table {
    whole(
        "aws_cloudfront_key_group",
        [
            "CreateKeyGroup",
            "GetKeyGroup",
            "UpdateKeyGroup",
            "DeleteKeyGroup",
        ],
        "KeyGroupConfig",
        "KeyGroup.KeyGroupConfig",
    )
    .id_out("KeyGroup.Id")
}

fn monitoring() -> Table {
    let put = || op("CreateMonitoringSubscription").set("DistributionId", "{distribution_id}");
    Table::new("aws_cloudfront_monitoring_subscription", "cloudfront")
        .id("{distribution_id}")
        .local(&["distribution_id"])
        .create(put())
        .read(op("GetMonitoringSubscription").set("DistributionId", "{distribution_id}"))
        .update(put())
        .delete(op("DeleteMonitoringSubscription").set("DistributionId", "{distribution_id}"))
        .not_found(&["NoSuchMonitoringSubscription", "NoSuchDistribution"])
}

fn vpc_origin() -> Table {
    tagged(Table::new("aws_cloudfront_vpc_origin", "cloudfront"))
        .create(op("CreateVpcOrigin"))
        .id_out("VpcOrigin.Id")
        .read(
            op("GetVpcOrigin")
                .set("Id", "{id}")
                .at("VpcOrigin")
                .lift("ETag", "ETag"),
        )
        .update(
            op("UpdateVpcOrigin")
                .set("Id", "{id}")
                .carry("ETag", "IfMatch"),
        )
        .delete(
            op("DeleteVpcOrigin")
                .set("Id", "{id}")
                .carry("ETag", "IfMatch"),
        )
        .wait(
            &[Phase::Create, Phase::Update],
            "Status",
            &["Deployed"],
            &["Deploying"],
        )
        .wait(&[Phase::Delete], "Status", &[], &[])
}

/// A counted list with nothing in it.
fn none() -> Json {
    json!({"Quantity": 0})
}
