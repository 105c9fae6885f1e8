//! Images.

use crate::table::{Table, op};

pub(super) fn repository() -> Table {
    Table::new("aws_ecr_repository", "ecr")
        .noun("Repository")
        .names(&[
            ("repository_url", "repositoryUri"),
            (
                "image_tag_mutability_exclusion_filter",
                "imageTagMutabilityExclusionFilters",
            ),
        ])
        .local(&["force_delete"])
        .create(op("CreateRepository"))
        .id("{name}")
        .read(
            op("DescribeRepositories")
                .set("repositoryNames", "{id}")
                .at("repositories.0"),
        )
        .update(
            op("PutImageTagMutability")
                .only(&[
                    "image_tag_mutability",
                    "image_tag_mutability_exclusion_filter",
                ])
                .set("repositoryName", "{id}"),
        )
        .update(
            op("PutImageScanningConfiguration")
                .only(&["image_scanning_configuration"])
                .set("repositoryName", "{id}"),
        )
        .delete(
            op("DeleteRepository")
                .set("repositoryName", "{id}")
                .set("force", "{force_delete}"),
        )
        .tag_calls(
            "ListTagsForResource",
            ("TagResource", "UntagResource"),
            "resourceArn",
            "{arn}",
        )
        .quiet(&["image_scanning_configuration", "encryption_configuration"])
}

pub(super) fn repository_policy() -> Table {
    let put = || {
        op("SetRepositoryPolicy")
            .bare()
            .set("repositoryName", "{repository}")
            .set("policyText", "{policy}")
    };
    Table::new("aws_ecr_repository_policy", "ecr")
        .names(&[("repository", "repositoryName"), ("policy", "policyText")])
        .create(put())
        .id("{repository}")
        .read(op("GetRepositoryPolicy").set("repositoryName", "{id}"))
        .update(put())
        .delete(op("DeleteRepositoryPolicy").set("repositoryName", "{id}"))
        .not_found(&[
            "RepositoryPolicyNotFoundException",
            "RepositoryNotFoundException",
        ])
}

pub(super) fn lifecycle_policy() -> Table {
    let put = || {
        op("PutLifecyclePolicy")
            .bare()
            .set("repositoryName", "{repository}")
            .set("lifecyclePolicyText", "{policy}")
    };
    Table::new("aws_ecr_lifecycle_policy", "ecr")
        .names(&[
            ("repository", "repositoryName"),
            ("policy", "lifecyclePolicyText"),
        ])
        .create(put())
        .id("{repository}")
        .read(op("GetLifecyclePolicy").set("repositoryName", "{id}"))
        .update(put())
        .delete(op("DeleteLifecyclePolicy").set("repositoryName", "{id}"))
        .not_found(&[
            "LifecyclePolicyNotFoundException",
            "RepositoryNotFoundException",
        ])
}
