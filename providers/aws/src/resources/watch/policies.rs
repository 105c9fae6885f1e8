//! Policies of logs: of groups, of the account, of those who may write.

use crate::table::{Table, op};

pub(super) fn data_protection() -> Table {
    let put = || op("PutDataProtectionPolicy");
    Table::new("aws_cloudwatch_log_data_protection_policy", "logs")
        .names(&[("log_group_name", "logGroupIdentifier")])
        .create(put())
        .id("{log_group_name}")
        .read(op("GetDataProtectionPolicy").set("logGroupIdentifier", "{log_group_name}"))
        .gone_when("policyDocument", &[""])
        .update(put())
        .delete(op("DeleteDataProtectionPolicy").set("logGroupIdentifier", "{log_group_name}"))
}

pub(super) fn account() -> Table {
    let put = || op("PutAccountPolicy");
    Table::new("aws_cloudwatch_log_account_policy", "logs")
        .create(put())
        .id("{policy_name}")
        .import("{policy_name}:{policy_type}")
        .read(
            op("DescribeAccountPolicies")
                .set("policyType", "{policy_type}")
                .set("policyName", "{policy_name}")
                .at("accountPolicies.0"),
        )
        .update(put())
        .delete(
            op("DeleteAccountPolicy")
                .set("policyType", "{policy_type}")
                .set("policyName", "{policy_name}"),
        )
}

pub(super) fn resource() -> Table {
    let put = || op("PutResourcePolicy").only(&["policy_document", "policy_name"]);
    Table::new("aws_cloudwatch_log_resource_policy", "logs")
        .unsupported(&["resource_arn"])
        .create(put())
        .id("{policy_name}")
        .read(op("DescribeResourcePolicies").at("resourcePolicies[policyName={policy_name}]"))
        .update(put())
        .recomputed("revision_id", &["policy_document"])
        .delete(op("DeleteResourcePolicy").set("policyName", "{policy_name}"))
        .not_found(&["ResourceNotFoundException"])
}

pub(super) fn index() -> Table {
    let put = || op("PutIndexPolicy");
    Table::new("aws_cloudwatch_log_index_policy", "logs")
        .names(&[("log_group_name", "logGroupIdentifier")])
        .create(put())
        .id("{log_group_name}")
        .read(
            op("DescribeIndexPolicies")
                .set("logGroupIdentifiers", "{log_group_name}")
                .at("indexPolicies.0"),
        )
        .update(put())
        .delete(op("DeleteIndexPolicy").set("logGroupIdentifier", "{log_group_name}"))
}
