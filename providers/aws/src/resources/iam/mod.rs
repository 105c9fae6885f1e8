//! Identities and what they may do.

use super::Family;
use crate::read::is_empty;
use crate::table::{Phase, Table, When, op};
use serde_json::Value as Json;
use terrane_provider::args;
use terrane_value::Value;

mod access;
mod attachment;
mod lists;

pub(super) const TYPES: Family = &[
    ("aws_iam_role", role),
    ("aws_iam_role_policy", || {
        inline_policy(
            "aws_iam_role_policy",
            "RoleName",
            "{role}",
            ("PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy"),
            "{role}:{name}",
        )
    }),
    ("aws_iam_user_policy", || {
        inline_policy(
            "aws_iam_user_policy",
            "UserName",
            "{user}",
            ("PutUserPolicy", "GetUserPolicy", "DeleteUserPolicy"),
            "{user}:{name}",
        )
    }),
    ("aws_iam_group_policy", || {
        inline_policy(
            "aws_iam_group_policy",
            "GroupName",
            "{group}",
            ("PutGroupPolicy", "GetGroupPolicy", "DeleteGroupPolicy"),
            "{group}:{name}",
        )
    }),
    ("aws_iam_policy_attachment", attachment::policy_attachment),
    ("aws_iam_role_policy_attachment", || {
        attachment(
            "aws_iam_role_policy_attachment",
            "RoleName",
            "{role}",
            (
                "AttachRolePolicy",
                "ListAttachedRolePolicies",
                "DetachRolePolicy",
            ),
            "{role}/{policy_arn}",
        )
    }),
    ("aws_iam_user_policy_attachment", || {
        attachment(
            "aws_iam_user_policy_attachment",
            "UserName",
            "{user}",
            (
                "AttachUserPolicy",
                "ListAttachedUserPolicies",
                "DetachUserPolicy",
            ),
            "{user}/{policy_arn}",
        )
    }),
    ("aws_iam_group_policy_attachment", || {
        attachment(
            "aws_iam_group_policy_attachment",
            "GroupName",
            "{group}",
            (
                "AttachGroupPolicy",
                "ListAttachedGroupPolicies",
                "DetachGroupPolicy",
            ),
            "{group}/{policy_arn}",
        )
    }),
    ("aws_iam_policy", policy),
    ("aws_iam_instance_profile", instance_profile),
    ("aws_iam_user", user),
    ("aws_iam_group", group),
    ("aws_iam_openid_connect_provider", oidc),
    ("aws_iam_saml_provider", saml),
    ("aws_iam_account_alias", account_alias),
    ("aws_iam_account_password_policy", password_policy),
    ("aws_iam_service_linked_role", service_linked_role),
    ("aws_iam_access_key", access::access_key),
    ("aws_iam_user_ssh_key", access::ssh_key),
    ("aws_iam_group_membership", access::group_membership),
];

/// Documents come with everything but letters in percent signs.
fn decoded(found: &mut Json, member: &str) {
    if let Some(Json::String(text)) = found.get_mut(member)
        && let Ok(plain) = percent_encoding::percent_decode_str(text).decode_utf8()
    {
        *text = plain.into_owned();
    }
}

fn role() -> Table {
    Table::new("aws_iam_role", "iam")
        .noun("Role")
        .names(&[
            ("assume_role_policy", "AssumeRolePolicyDocument"),
            ("unique_id", "RoleId"),
            (
                "permissions_boundary",
                "PermissionsBoundary.PermissionsBoundaryArn",
            ),
        ])
        .local(&["name_prefix", "force_detach_policies"])
        .create(op("CreateRole").set("PermissionsBoundary", "{permissions_boundary}"))
        .id("{name}")
        .read(op("GetRole").set("RoleName", "{id}").at("Role"))
        .answer(|_, found| decoded(found, "AssumeRolePolicyDocument"))
        .update(
            op("UpdateAssumeRolePolicy")
                .bare()
                .set("RoleName", "{id}")
                .set("PolicyDocument", "{assume_role_policy}"),
        )
        .update(
            op("UpdateRole")
                .set("RoleName", "{id}")
                .only(&["description", "max_session_duration"]),
        )
        .update(
            op("PutRolePermissionsBoundary")
                .bare()
                .set("RoleName", "{id}")
                .set("PermissionsBoundary", "{permissions_boundary}")
                .when(When::Set("permissions_boundary")),
        )
        .update(
            op("DeleteRolePermissionsBoundary")
                .bare()
                .set("RoleName", "{id}")
                .when(When::Unset("permissions_boundary")),
        )
        .delete(op("DeleteRole").set("RoleName", "{id}"))
        .tag_calls("", ("TagRole", "UntagRole"), "RoleName", "{id}")
        .retry(
            &[Phase::Create, Phase::Update],
            "MalformedPolicyDocument",
            "Invalid principal",
            120,
        )
        .by_function(&["managed_policy_arns", "inline_policy"])
        .hooks(lists::Role)
}

fn inline_policy(
    name: &'static str,
    member: &'static str,
    of: &'static str,
    (put, get, delete): (&'static str, &'static str, &'static str),
    id: &'static str,
) -> Table {
    let write = move || {
        op(put)
            .bare()
            .set(member, of)
            .set("PolicyName", "{name}")
            .set("PolicyDocument", "{policy}")
    };
    Table::new(name, "iam")
        .names(&[
            ("name", "PolicyName"),
            ("policy", "PolicyDocument"),
            ("role", "RoleName"),
            ("user", "UserName"),
            ("group", "GroupName"),
        ])
        .local(&["name_prefix"])
        .create(write())
        .id(id)
        .read(op(get).set(member, of).set("PolicyName", "{name}"))
        .answer(|_, found| decoded(found, "PolicyDocument"))
        .update(write())
        .delete(op(delete).set(member, of).set("PolicyName", "{name}"))
}

fn attachment(
    name: &'static str,
    member: &'static str,
    of: &'static str,
    (attach, list, detach): (&'static str, &'static str, &'static str),
    import: &'static str,
) -> Table {
    Table::new(name, "iam")
        .create(
            op(attach)
                .bare()
                .set(member, of)
                .set("PolicyArn", "{policy_arn}"),
        )
        .id(import)
        .read(
            op(list)
                .set(member, of)
                .at("AttachedPolicies[PolicyArn={policy_arn}]"),
        )
        .delete(op(detach).set(member, of).set("PolicyArn", "{policy_arn}"))
}

fn policy() -> Table {
    Table::new("aws_iam_policy", "iam")
        .noun("Policy")
        .names(&[("policy", "Document"), ("policy", "PolicyDocument")])
        .local(&["name_prefix", "delay_after_policy_creation_in_ms"])
        .create(op("CreatePolicy"))
        .id_out("Policy.Arn")
        .import("{id}")
        .read(op("GetPolicy").set("PolicyArn", "{id}").at("Policy"))
        .by_function(&["policy"])
        .tag_calls("", ("TagPolicy", "UntagPolicy"), "PolicyArn", "{id}")
        .hooks(lists::Policy)
}

fn instance_profile() -> Table {
    Table::new("aws_iam_instance_profile", "iam")
        .noun("InstanceProfile")
        .names(&[
            ("unique_id", "InstanceProfileId"),
            ("role", "Roles.0.RoleName"),
        ])
        .local(&["name_prefix"])
        .create(op("CreateInstanceProfile").except(&["role"]))
        .id("{name}")
        .read(
            op("GetInstanceProfile")
                .set("InstanceProfileName", "{id}")
                .at("InstanceProfile"),
        )
        .delete(op("DeleteInstanceProfile").set("InstanceProfileName", "{id}"))
        .tag_calls(
            "",
            ("TagInstanceProfile", "UntagInstanceProfile"),
            "InstanceProfileName",
            "{id}",
        )
        .by_function(&["role"])
        .hooks(lists::Profile)
}

fn user() -> Table {
    Table::new("aws_iam_user", "iam")
        .noun("User")
        .names(&[
            ("unique_id", "UserId"),
            (
                "permissions_boundary",
                "PermissionsBoundary.PermissionsBoundaryArn",
            ),
        ])
        .local(&["force_destroy"])
        .create(op("CreateUser").set("PermissionsBoundary", "{permissions_boundary}"))
        .id("{name}")
        .read(op("GetUser").set("UserName", "{id}").at("User"))
        .update(
            op("UpdateUser")
                .bare()
                .set("UserName", "{name}")
                .set("NewPath", "{path}"),
        )
        .update(
            op("PutUserPermissionsBoundary")
                .bare()
                .set("UserName", "{name}")
                .set("PermissionsBoundary", "{permissions_boundary}")
                .when(When::Set("permissions_boundary")),
        )
        .update(
            op("DeleteUserPermissionsBoundary")
                .bare()
                .set("UserName", "{name}")
                .when(When::Unset("permissions_boundary")),
        )
        .delete(op("DeleteUser").set("UserName", "{id}"))
        .recomputed("arn", &["path"])
        .replaced_by(&["name"])
        .tag_calls("", ("TagUser", "UntagUser"), "UserName", "{id}")
}

fn group() -> Table {
    Table::new("aws_iam_group", "iam")
        .noun("Group")
        .names(&[("unique_id", "GroupId")])
        .create(op("CreateGroup"))
        .id("{name}")
        .read(op("GetGroup").set("GroupName", "{id}").at("Group"))
        .recomputed("arn", &["path"])
        .replaced_by(&["name"])
        .update(
            op("UpdateGroup")
                .bare()
                .set("GroupName", "{name}")
                .set("NewPath", "{path}"),
        )
        .delete(op("DeleteGroup").set("GroupName", "{id}"))
}

fn oidc() -> Table {
    Table::new("aws_iam_openid_connect_provider", "iam")
        .names(&[("client_id_list", "ClientIDList")])
        .local(&["arn"])
        .create(op("CreateOpenIDConnectProvider"))
        .id_out("OpenIDConnectProviderArn")
        .import("{id}")
        .read(op("GetOpenIDConnectProvider").set("OpenIDConnectProviderArn", "{id}"))
        .update(
            op("UpdateOpenIDConnectProviderThumbprint")
                .bare()
                .set("OpenIDConnectProviderArn", "{id}")
                .set("ThumbprintList", "{thumbprint_list}"),
        )
        .delete(op("DeleteOpenIDConnectProvider").set("OpenIDConnectProviderArn", "{id}"))
        .tag_calls(
            "",
            ("TagOpenIDConnectProvider", "UntagOpenIDConnectProvider"),
            "OpenIDConnectProviderArn",
            "{id}",
        )
        .by_function(&["client_id_list"])
        .hooks(lists::Clients)
        .found(|_, found, _| {
            let url = args::string(&found, "url").unwrap_or_default();
            let bare = url.strip_prefix("https://").unwrap_or(url).to_owned();
            args::with_all(
                &found,
                [
                    ("arn", args::get(&found, "id")),
                    // AWS tells it without its scheme, which there is one of only.
                    ("url", Value::string(format!("https://{bare}"))),
                ],
            )
        })
        .planned(|prior, _, response| {
            let bare = |value: &Value| {
                args::string(value, "url").map(|url| url.trim_start_matches("https://").to_owned())
            };
            if !prior.is_null() && bare(prior) == bare(&response.planned) {
                response.planned = args::with(&response.planned, "url", args::get(prior, "url"));
            }
        })
}

fn saml() -> Table {
    Table::new("aws_iam_saml_provider", "iam")
        .names(&[("saml_provider_uuid", "SAMLProviderUUID")])
        .local(&["arn", "name"])
        .create(
            op("CreateSAMLProvider")
                .bare()
                .set("Name", "{name}")
                .set("SAMLMetadataDocument", "{saml_metadata_document}"),
        )
        .id_out("SAMLProviderArn")
        .import("{id}")
        .read(op("GetSAMLProvider").set("SAMLProviderArn", "{id}"))
        .update(
            op("UpdateSAMLProvider")
                .bare()
                .set("SAMLProviderArn", "{id}")
                .set("SAMLMetadataDocument", "{saml_metadata_document}"),
        )
        .delete(op("DeleteSAMLProvider").set("SAMLProviderArn", "{id}"))
        .tag_calls(
            "",
            ("TagSAMLProvider", "UntagSAMLProvider"),
            "SAMLProviderArn",
            "{id}",
        )
        .found(|_, found, _| {
            let id = args::get(&found, "id");
            let name = id
                .as_str()
                .and_then(|arn| arn.rsplit('/').next())
                .unwrap_or_default()
                .to_owned();
            args::with_all(&found, [("arn", id), ("name", Value::string(name))])
        })
}

fn account_alias() -> Table {
    Table::new("aws_iam_account_alias", "iam")
        .create(op("CreateAccountAlias"))
        .id("{account_alias}")
        .read(
            op("ListAccountAliases")
                .at("AccountAliases.0")
                .into("account_alias"),
        )
        .delete(op("DeleteAccountAlias").set("AccountAlias", "{id}"))
}

fn password_policy() -> Table {
    Table::new("aws_iam_account_password_policy", "iam")
        .names(&[
            ("minimum_password_length", "MinimumPasswordLength"),
            ("password_reuse_prevention", "PasswordReusePrevention"),
        ])
        .create(op("UpdateAccountPasswordPolicy"))
        .id("iam-account-password-policy")
        .import("{id}")
        .read(op("GetAccountPasswordPolicy").at("PasswordPolicy"))
        .update(op("UpdateAccountPasswordPolicy"))
        .delete(op("DeleteAccountPasswordPolicy"))
        .not_found(&["NoSuchEntity"])
}

fn service_linked_role() -> Table {
    Table::new("aws_iam_service_linked_role", "iam")
        .noun("Role")
        .names(&[
            ("unique_id", "RoleId"),
            ("aws_service_name", "AWSServiceName"),
        ])
        .local(&["aws_service_name", "custom_suffix"])
        // The roles of this service have suffixes that nobody chooses.
        .alike("custom_suffix", |_, planned| {
            is_empty(&args::get(planned, "custom_suffix"))
                && args::string(planned, "aws_service_name")
                    .is_some_and(|name| name.contains(".application-autoscaling."))
        })
        .create(
            op("CreateServiceLinkedRole")
                .bare()
                .set("AWSServiceName", "{aws_service_name}")
                .set("CustomSuffix", "{custom_suffix}")
                .set("Description", "{description}")
                // The name is what it is read by.
                .at("Role"),
        )
        .id_out("Role.Arn")
        .import("{id}")
        .read(op("GetRole").set("RoleName", "{name}").at("Role"))
        .update(
            op("UpdateRole")
                .bare()
                .set("RoleName", "{name}")
                .set("Description", "{description}"),
        )
        .delete(op("DeleteServiceLinkedRole").set("RoleName", "{name}"))
        .tag_calls("", ("TagRole", "UntagRole"), "RoleName", "{name}")
        .hooks(lists::ServiceLinked)
}
