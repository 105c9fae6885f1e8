//! What users prove who they are with, and the groups that they are in.

use crate::json;
use crate::run::Run;
use crate::table::{Hooks, Table, op};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::Value;

pub(super) fn access_key() -> Table {
    Table::new("aws_iam_access_key", "iam")
        .names(&[("secret", "SecretAccessKey"), ("user", "UserName")])
        .unsupported(&["pgp_key"])
        .create(op("CreateAccessKey").only(&["user"]).at("AccessKey"))
        .id_out("AccessKey.AccessKeyId")
        .read(
            op("ListAccessKeys")
                .set("UserName", "{user}")
                .at("AccessKeyMetadata[AccessKeyId={id}]"),
        )
        .also(
            op("UpdateAccessKey")
                .only(&["status"])
                .set("AccessKeyId", "{id}")
                .set("UserName", "{user}")
                .initially("Active"),
        )
        .delete(
            op("DeleteAccessKey")
                .set("AccessKeyId", "{id}")
                .set("UserName", "{user}"),
        )
        .not_found(&["NoSuchEntity"])
        .found(|run, found, _| match args::string(&found, "secret") {
            Some(secret) if !secret.is_empty() => {
                let password = Value::string(mail_password(secret, &run.cx.region));
                args::with(&found, "ses_smtp_password_v4", password)
            }
            _ => found,
        })
        .hooks(Key)
}

/// The password for sending mail that goes with a key: AWS says how it is made of the secret.
/// <https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html>
fn mail_password(secret: &str, region: &str) -> String {
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in ["11111111", region, "ses", "aws4_request", "SendRawEmail"] {
        let with = hmac::Key::new(hmac::HMAC_SHA256, &key);
        key = hmac::sign(&with, part.as_bytes()).as_ref().to_vec();
    }
    key.insert(0, 4);
    base64::engine::general_purpose::STANDARD.encode(key)
}

/// Whose a key is, is asked for where only its id is known.
#[derive(Debug)]
struct Key;

#[async_trait]
impl Hooks for Key {
    async fn imported(&self, run: &Run<'_>, known: Value) -> Answered<Value> {
        let input = json!({"AccessKeyId": run.text("{id}", &known)});
        let none = ["AccessDenied", "NoSuchEntity"];
        let answer = run.ask_unless("GetAccessKeyLastUsed", input, &none).await?;
        let user = answer.and_then(|answer| json::text_at(&answer, "UserName"));
        Ok(match user {
            Some(user) => args::with(&known, "user", Value::string(user)),
            None => known,
        })
    }
}

pub(super) fn ssh_key() -> Table {
    let one = |operation| {
        op(operation)
            .set("UserName", "{username}")
            .set("SSHPublicKeyId", "{ssh_public_key_id}")
    };
    Table::new("aws_iam_user_ssh_key", "iam")
        .names(&[
            ("encoding", ""),
            ("public_key", "SSHPublicKeyBody"),
            ("ssh_public_key_id", "SSHPublicKeyId"),
        ])
        .local(&["encoding"])
        .create(
            op("UploadSSHPublicKey")
                .only(&["public_key", "username"])
                .at("SSHPublicKey"),
        )
        .id_out("SSHPublicKey.SSHPublicKeyId")
        .import("{username}:{ssh_public_key_id}:{encoding}")
        // AWS does not keep who a key is of.
        .alike("public_key", |prior, planned| {
            let key = |object| {
                let words = args::string(object, "public_key").unwrap_or_default();
                let words = words.split_whitespace();
                if args::string(object, "encoding") == Some("SSH") {
                    words.take(2).collect::<Vec<_>>()
                } else {
                    words.collect()
                }
            };
            key(prior) == key(planned)
        })
        .read(
            one("GetSSHPublicKey")
                .set("Encoding", "{encoding}")
                .at("SSHPublicKey"),
        )
        .also(
            one("UpdateSSHPublicKey")
                .only(&["status"])
                .initially("Active"),
        )
        .delete(one("DeleteSSHPublicKey"))
        .not_found(&["NoSuchEntity"])
        .found(|_, found, _| {
            let id = args::get(&found, "ssh_public_key_id");
            args::with(&found, "id", id)
        })
}

pub(super) fn group_membership() -> Table {
    let one = |operation| op(operation).set("GroupName", "{group}");
    Table::new("aws_iam_group_membership", "iam")
        .at_first(&["group", "name"])
        .local(&["name"])
        .id("{name}")
        .read(one("GetGroup"))
        .answer(|operation, found| {
            if operation == "GetGroup" {
                let users = found.get("Users").and_then(Json::as_array);
                let users = users.into_iter().flatten();
                let names: Vec<Json> = users
                    .filter_map(|one| one.get("UserName").cloned())
                    .collect();
                json::put(found, "Users", names.into());
            }
        })
        .names(&[("group", "Group.GroupName"), ("users", "Users")])
        .members(
            "users",
            one("AddUserToGroup"),
            one("RemoveUserFromGroup").none_when(&["NoSuchEntity"]),
            "UserName",
        )
        .not_found(&["NoSuchEntity"])
        .hooks(Membership)
}

/// A membership is its members.
#[derive(Debug)]
struct Membership;

#[async_trait]
impl Hooks for Membership {
    async fn create(&self, run: &Run<'_>, planned: &Value) -> Answered<Option<(String, Value)>> {
        Ok(Some((run.text("{name}", planned), planned.clone())))
    }

    async fn delete(&self, run: &Run<'_>, object: &Value) -> Answered<bool> {
        let group = run.text("{group}", object);
        for user in args::strings(object, "users").unwrap_or_default() {
            let input = json!({"GroupName": group, "UserName": user.as_str()});
            run.ask_unless("RemoveUserFromGroup", input, &["NoSuchEntity"])
                .await?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    /// What the program of AWS's guide makes of the secret that its examples have.
    #[test]
    fn the_password_for_mail_is_made_of_the_secret() {
        let made = super::mail_password("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1");
        assert_eq!(made, "BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9");
    }
}
