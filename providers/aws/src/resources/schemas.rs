//! EventBridge schemas: registries of them, and what finds them out.

use super::Family;
use crate::table::{Table, op};

pub(super) const TYPES: Family = &[
    ("aws_schemas_discoverer", discoverer),
    ("aws_schemas_registry", registry),
];

fn tagged(table: Table) -> Table {
    table
        .tag_calls("", ("TagResource", "UntagResource"), "ResourceArn", "{arn}")
        .not_found(&["NotFoundException"])
}

fn discoverer() -> Table {
    let one = |operation| op(operation).set("DiscovererId", "{id}");
    tagged(Table::new("aws_schemas_discoverer", "schemas"))
        .names(&[("arn", "DiscovererArn")])
        .create(op("CreateDiscoverer"))
        .id_out("DiscovererId")
        .read(one("DescribeDiscoverer"))
        .update(one("UpdateDiscoverer"))
        .delete(one("DeleteDiscoverer"))
}

fn registry() -> Table {
    let one = |operation| op(operation).set("RegistryName", "{name}");
    tagged(Table::new("aws_schemas_registry", "schemas"))
        .noun("Registry")
        .create(op("CreateRegistry"))
        .id("{name}")
        .read(one("DescribeRegistry"))
        .update(one("UpdateRegistry"))
        .delete(one("DeleteRegistry"))
}
