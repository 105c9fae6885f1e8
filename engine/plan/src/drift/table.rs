//! What is relevant for security, and what clouds add by themselves: tables of names.
//!
//! `*` at the beginning or end of a name stands for any text. The tables are in `docs/guide/drift.md` too; a test compares them.

/// Types of which every difference is relevant for security.
pub const TYPES: &[&str] = &[
    "*_iam_*",
    "*_firewall*",
    "*_network_acl*",
    "*_role_assignment*",
    "*_role_binding*",
    "*_role_definition*",
    "*_security_group*",
    "*_security_rule*",
    "aws_kms_*",
    "aws_s3_bucket_acl",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_secretsmanager_*",
    "azurerm_key_vault*",
    "github_branch_protection*",
    "google_kms_*",
    "kubernetes_cluster_role*",
    "kubernetes_network_policy*",
    "kubernetes_role*",
];

/// Attributes and blocks, at any depth, of which every difference is relevant for security.
pub const ATTRIBUTES: &[&str] = &[
    "access_polic*",
    "acl",
    "allowed_*",
    "assume_role_policy",
    "auth*",
    "block_public_*",
    "cidr_blocks",
    "*credential*",
    "deletion_protection*",
    "egress",
    "*encrypt*",
    "*firewall*",
    "grant",
    "http_tokens",
    "iam_*",
    "ignore_public_acls",
    "ingress",
    "inline_policy",
    "ip_restriction*",
    "ipv6_cidr_blocks",
    "kms_*",
    "*logging*",
    "managed_policy_arns",
    "member",
    "members",
    "metadata_options",
    "mfa_*",
    "*_tls_version",
    "*password*",
    "permissions*",
    "policy",
    "policy_document",
    "principal*",
    "privileged",
    "*public_access*",
    "*public_ip*",
    "*public_network*",
    "public",
    "publicly_accessible",
    "restrict_public_buckets",
    "role",
    "roles",
    "*secret*",
    "*security_group*",
    "security_rule",
    "source_ranges",
    "sse_*",
    "ssl_*",
    "tls_*",
    "trust*",
    "visibility",
];

/// Keys of tags, labels and annotations that clouds set by themselves.
pub const CLOUD_KEYS: &[&str] = &[
    "aws:*",
    "alpha.eksctl.io/*",
    "eks:*",
    "elasticbeanstalk:*",
    "goog-*",
    "hidden-*",
    "k8s.io/*",
    "kubernetes.io/*",
    "ms-resource-usage*",
];

/// Whether a name is in a table.
pub(super) fn is_in(table: &[&str], name: &str) -> bool {
    table.iter().any(|pattern| fits(pattern, name))
}

/// Whether a name is one that a pattern stands for.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let open_begin = pattern.starts_with('*');
    let open_end = pattern.ends_with('*');
    let core = pattern.trim_matches('*');
    match (open_begin, open_end) {
        (false, false) => name == core,
        (false, true) => name.starts_with(core),
        (true, false) => name.ends_with(core),
        (true, true) => name.contains(core),
    }
}
