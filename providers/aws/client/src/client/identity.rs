//! Whose credentials these are.

use super::Client;
use crate::{Api as _, ApiError, ErrorKind, Request};
use serde_json::{Value, json};

/// Who asks, as STS sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Number of the account.
    pub account: String,
    /// ARN of the user or of the session of a role.
    pub arn: String,
    /// The part of AWS: `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: String,
    /// The unique identifier; empty where IAM was asked.
    pub user_id: String,
}

impl Identity {
    fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let ("arn", partition) = (parts.next()?, parts.next()?) else {
            return None;
        };
        let account = parts.nth(2)?;
        let fine = !account.is_empty() && !partition.is_empty();
        fine.then(|| Self {
            account: account.to_owned(),
            arn: arn.to_owned(),
            partition: partition.to_owned(),
            user_id: String::new(),
        })
    }
}

impl Client {
    /// Whose credentials these are. Asked once.
    ///
    /// # Errors
    /// When STS says no or nothing.
    pub async fn identity(&self) -> Result<&Identity, ApiError> {
        self.inner
            .identity
            .get_or_try_init(|| async {
                let request = Request::new("sts", "GetCallerIdentity", json!({}));
                let request = request.in_region(self.inner.settings.access.sts_region.clone());
                let answer = self.call(request).await?;
                let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
                let found = Identity::of_arn(&text("Arn")).map(|found| Identity {
                    account: text("Account"),
                    user_id: text("UserId"),
                    ..found
                });
                found.ok_or_else(|| {
                    let why = format!("{:?} is no ARN", text("Arn"));
                    ApiError::new(
                        "sts",
                        "GetCallerIdentity",
                        "BadAnswer",
                        why,
                        ErrorKind::Broken,
                    )
                })
            })
            .await
    }

    /// The same by the ARNs that IAM knows, for where STS is out of reach.
    pub(super) async fn identity_by_iam(&self) -> Option<Identity> {
        let ask = async |operation: &str, input: Value| {
            self.call(Request::new("iam", operation, input)).await.ok()
        };
        let user = ask("GetUser", json!({})).await;
        if let Some(arn) = user.as_ref().and_then(|user| user["User"]["Arn"].as_str()) {
            return Identity::of_arn(arn);
        }
        let roles = ask("ListRoles", json!({ "MaxItems": 1 })).await?;
        Identity::of_arn(roles["Roles"][0]["Arn"].as_str()?)
    }
}
