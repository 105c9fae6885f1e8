//! RAM: what accounts share with others.

use super::Family;
use crate::table::{Phase, Table, op};

pub(super) const TYPES: Family = &[
    ("aws_ram_resource_share", share),
    ("aws_ram_principal_association", || {
        association(
            "aws_ram_principal_association",
            "PRINCIPAL",
            ("principal", "{principal}"),
            ("principals", "principal"),
        )
    }),
    ("aws_ram_resource_association", || {
        association(
            "aws_ram_resource_association",
            "RESOURCE",
            ("resource_arn", "{resource_arn}"),
            ("resourceArns", "resourceArn"),
        )
    }),
];

fn share() -> Table {
    Table::new("aws_ram_resource_share", "ram")
        .names(&[("arn", "resourceShareArn")])
        .create(op("CreateResourceShare"))
        .id_out("resourceShare.resourceShareArn")
        .read(
            op("GetResourceShares")
                .set("resourceOwner", "SELF")
                .set("resourceShareArns", "{id}")
                .at("resourceShares.0"),
        )
        .read(
            op("ListResourceSharePermissions")
                .set("resourceShareArn", "{id}")
                .only(&["permission_arns"])
                .none_when(&["UnknownResourceException"]),
        )
        .answer(|operation, found| {
            if operation == "ListResourceSharePermissions" {
                let all = found.get("permissions").and_then(|all| all.as_array());
                let all = all.into_iter().flatten();
                let arns: Vec<_> = all.filter_map(|one| one.get("arn").cloned()).collect();
                crate::json::put(found, "permissionArns", arns.into());
            }
        })
        .update(
            op("UpdateResourceShare")
                .only(&["allow_external_principals", "name"])
                .set("resourceShareArn", "{id}"),
        )
        .delete(op("DeleteResourceShare").set("resourceShareArn", "{id}"))
        .gone_when("status", &["DELETED"])
        .wait(&[Phase::Create], "status", &["ACTIVE"], &["PENDING"])
        .wait(
            &[Phase::Delete],
            "status",
            &[],
            &["ACTIVE", "DELETING", "PENDING"],
        )
        .tag_calls(
            "",
            ("TagResource", "UntagResource"),
            "resourceShareArn",
            "{id}",
        )
        .not_found(&["ResourceArnNotFoundException", "UnknownResourceException"])
}

/// Who, or what, a share is of: the kind, the attribute and its place, the members that it goes into when it is added and when it is looked for.
fn association(
    name: &'static str,
    kind: &'static str,
    (attribute, place): (&'static str, &'static str),
    (list, one): (&'static str, &'static str),
) -> Table {
    let put = |operation| {
        op(operation)
            .bare()
            .set("resourceShareArn", "{resource_share_arn}")
            .set(list, place)
    };
    let id = match kind {
        "PRINCIPAL" => "{resource_share_arn},{principal}",
        _ => "{resource_share_arn},{resource_arn}",
    };
    Table::new(name, "ram")
        .names(match attribute {
            "principal" => &[("principal", "associatedEntity")],
            _ => &[("resource_arn", "associatedEntity")],
        })
        .create(put("AssociateResourceShare"))
        .id(id)
        .read(
            op("GetResourceShareAssociations")
                .set("associationType", kind)
                .set("resourceShareArns", "{resource_share_arn}")
                .set(one, place)
                .at("resourceShareAssociations.0"),
        )
        .delete(put("DisassociateResourceShare"))
        .gone_when("status", &["DISASSOCIATED"])
        .wait(
            &[Phase::Create],
            "status",
            &["ASSOCIATED"],
            &["ASSOCIATING"],
        )
        .wait(
            &[Phase::Delete],
            "status",
            &[],
            &["ASSOCIATED", "DISASSOCIATING"],
        )
        .not_found(&["ResourceArnNotFoundException", "UnknownResourceException"])
}
