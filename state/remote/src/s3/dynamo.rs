//! Locks and digests in a DynamoDB table.
//!
//! Two items for each state, as the peers write them: `LockID` = `<bucket>/<key>` with `Info`, the lock; and `<bucket>/<key>-md5` with `Digest`,
//! the MD5 of the state in hex. Where the table is the only lock, ours has one attribute more, which the peers pass over: `Renewed`, when its run was last
//! known to live, in seconds since 1970 by the clock of the service.

use super::object::Problem;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use std::io;
use terrane_store::lease::Holder;

/// The table.
#[derive(Clone, Debug)]
pub(super) struct Table<'a> {
    pub(super) client: &'a Client,
    pub(super) name: &'a str,
}

/// When the run that holds a lock was last known to live.
const RENEWED: &str = "Renewed";

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

impl Table<'_> {
    /// Locks; or says who has it. `renewed`: the moment, for a lock that will be renewed.
    pub(super) async fn lock(
        &self,
        id: &str,
        holder: &Holder,
        renewed: Option<i64>,
    ) -> io::Result<Result<(), Option<Holder>>> {
        let info = String::from_utf8(holder.to_json()).map_err(io::Error::other)?;
        let put = self
            .client
            .put_item()
            .table_name(self.name)
            .item("LockID", text(id))
            .item("Info", text(info))
            .condition_expression("attribute_not_exists(LockID)");
        let result = match renewed {
            Some(at) => put.item(RENEWED, number(at)).send().await,
            None => put.send().await,
        };
        let Err(error) = result else {
            return Ok(Ok(()));
        };
        let problem = Problem::of(&error);
        if problem.code.as_deref() != Some("ConditionalCheckFailedException") {
            return Err(self.failed(problem));
        }
        match self.holder(id).await? {
            // An earlier try had come through, and its answer was lost.
            Some(theirs) if theirs.id == holder.id => Ok(Ok(())),
            theirs => Ok(Err(theirs)),
        }
    }

    /// Who has the lock.
    pub(super) async fn holder(&self, id: &str) -> io::Result<Option<Holder>> {
        let info = self.item(id, "Info").await?;
        Ok(info.and_then(|info| Holder::from_json(info.as_bytes())))
    }

    /// Says that the run which holds a lock lives. `false`: the lock is another one's.
    pub(super) async fn renew(&self, id: &str, lock: &str, now: i64) -> io::Result<bool> {
        let Some(info) = self.item(id, "Info").await? else {
            return Ok(false);
        };
        if Holder::from_json(info.as_bytes()).is_none_or(|holder| holder.id != lock) {
            return Ok(false);
        }
        let result = self
            .client
            .update_item()
            .table_name(self.name)
            .key("LockID", text(id))
            .update_expression(format!("SET {RENEWED} = :now"))
            .condition_expression("Info = :info")
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":info", text(info))
            .send()
            .await;
        self.conditional(result.map(drop))
    }

    /// Removes the lock of a run that promised to renew it and did not. One that is renewed in this very moment stays.
    pub(super) async fn remove_expired(
        &self,
        id: &str,
        now: i64,
        promised: impl FnOnce(&Holder) -> Option<i64>,
    ) -> io::Result<bool> {
        let Some(item) = self.items(id, &format!("Info, {RENEWED}")).await? else {
            return Ok(false);
        };
        let (Some(info), Some(renewed)) = (item.get("Info"), item.get(RENEWED)) else {
            return Ok(false);
        };
        let holder = info
            .as_s()
            .ok()
            .and_then(|info| Holder::from_json(info.as_bytes()));
        let at = renewed.as_n().ok().and_then(|at| at.parse::<i64>().ok());
        let expired = match (holder.as_ref().and_then(promised), at) {
            (Some(promised), Some(at)) => now.saturating_sub(at) > promised,
            _ => false,
        };
        if !expired {
            return Ok(false);
        }
        let result = self
            .client
            .delete_item()
            .table_name(self.name)
            .key("LockID", text(id))
            .condition_expression(format!("Info = :info AND {RENEWED} = :renewed"))
            .expression_attribute_values(":info", info.clone())
            .expression_attribute_values(":renewed", renewed.clone())
            .send()
            .await;
        Ok(self.conditional(result.map(drop))? || self.is_free(id).await?)
    }

    /// Whether nobody has the lock. Asked after a removal was refused: an earlier try may have come through, and its answer was lost.
    async fn is_free(&self, id: &str) -> io::Result<bool> {
        Ok(self.item(id, "Info").await?.is_none())
    }

    /// Whether a condition held.
    fn conditional<E>(
        &self,
        result: Result<(), aws_sdk_dynamodb::error::SdkError<E>>,
    ) -> io::Result<bool>
    where
        E: std::error::Error
            + aws_sdk_dynamodb::error::ProvideErrorMetadata
            + Send
            + Sync
            + 'static,
    {
        match result.map_err(|error| Problem::of(&error)) {
            Ok(()) => Ok(true),
            Err(problem) if problem.code.as_deref() == Some("ConditionalCheckFailedException") => {
                Ok(false)
            }
            Err(problem) => Err(self.failed(problem)),
        }
    }

    /// Gives a lock back, if it is still the one with this id. `false`: it is another one.
    pub(super) async fn unlock(&self, id: &str, lock: &str) -> io::Result<bool> {
        let Some(info) = self.item(id, "Info").await? else {
            return Ok(true);
        };
        if Holder::from_json(info.as_bytes()).is_some_and(|holder| holder.id != lock) {
            return Ok(false);
        }
        let result = self
            .client
            .delete_item()
            .table_name(self.name)
            .key("LockID", text(id))
            .condition_expression("Info = :info")
            .expression_attribute_values(":info", text(info))
            .send()
            .await;
        Ok(self.conditional(result.map(drop))? || self.is_free(id).await?)
    }

    /// The digest of the state.
    pub(super) async fn digest(&self, id: &str) -> io::Result<Option<String>> {
        let digest = self.item(&format!("{id}-md5"), "Digest").await?;
        Ok(digest.filter(|digest| !digest.is_empty()))
    }

    /// Notes the digest of the state.
    pub(super) async fn set_digest(&self, id: &str, digest: &str) -> io::Result<()> {
        self.client
            .put_item()
            .table_name(self.name)
            .item("LockID", text(format!("{id}-md5")))
            .item("Digest", text(digest))
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failed(Problem::of(&error)))
    }

    /// Removes the digest.
    pub(super) async fn remove_digest(&self, id: &str) -> io::Result<()> {
        self.client
            .delete_item()
            .table_name(self.name)
            .key("LockID", text(format!("{id}-md5")))
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failed(Problem::of(&error)))
    }

    async fn item(&self, id: &str, attribute: &str) -> io::Result<Option<String>> {
        let item = self.items(id, attribute).await?;
        Ok(item
            .and_then(|mut item| item.remove(attribute))
            .and_then(|value| value.as_s().ok().cloned()))
    }

    async fn items(
        &self,
        id: &str,
        attributes: &str,
    ) -> io::Result<Option<HashMap<String, AttributeValue>>> {
        Ok(self
            .client
            .get_item()
            .table_name(self.name)
            .key("LockID", text(id))
            .projection_expression(format!("LockID, {attributes}"))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.failed(Problem::of(&error)))?
            .item)
    }

    fn failed(&self, problem: Problem) -> io::Error {
        let hint = match problem.code.as_deref() {
            Some("ResourceNotFoundException") => {
                "; make the table first, with the text `LockID` as its hash key"
            }
            _ => "",
        };
        io::Error::other(format!(
            "DynamoDB table {}: {}{hint}",
            self.name, problem.text
        ))
    }
}
