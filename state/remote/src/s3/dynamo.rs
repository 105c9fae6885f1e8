//! Locks and digests in a DynamoDB table.
//!
//! Two items for each state, as the peers write them: `LockID` = `<bucket>/<key>` with `Info`, the lock; and `<bucket>/<key>-md5` with `Digest`,
//! the MD5 of the state in hex.

use super::object::Problem;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::io;
use terrane_store::lease::Holder;

/// The table.
#[derive(Clone, Debug)]
pub(super) struct Table<'a> {
    pub(super) client: &'a Client,
    pub(super) name: &'a str,
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

impl Table<'_> {
    /// Locks; or says who has it.
    pub(super) async fn lock(
        &self,
        id: &str,
        holder: &Holder,
    ) -> io::Result<Result<(), Option<Holder>>> {
        let info = String::from_utf8(holder.to_json()).map_err(io::Error::other)?;
        let result = self
            .client
            .put_item()
            .table_name(self.name)
            .item("LockID", text(id))
            .item("Info", text(info))
            .condition_expression("attribute_not_exists(LockID)")
            .send()
            .await;
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
        match result.map_err(|error| Problem::of(&error)) {
            Ok(_) => Ok(true),
            Err(problem) if problem.code.as_deref() == Some("ConditionalCheckFailedException") => {
                Ok(false)
            }
            Err(problem) => Err(self.failed(problem)),
        }
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
        let item = self
            .client
            .get_item()
            .table_name(self.name)
            .key("LockID", text(id))
            .projection_expression(format!("LockID, {attribute}"))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.failed(Problem::of(&error)))?
            .item;
        Ok(item
            .and_then(|mut item| item.remove(attribute))
            .and_then(|value| value.as_s().ok().cloned()))
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
