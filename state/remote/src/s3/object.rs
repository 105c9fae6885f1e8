//! Objects: fetched, put in place of one that is known, removed.

use super::settings::{Encryption, Settings};
use crate::net::LARGEST;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ObjectCannedAcl, ObjectVersion, ServerSideEncryption};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use terrane_model::with_causes;

/// Why a request failed.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) status: Option<u16>,
    pub(super) code: Option<String>,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        let code = error.code().map(str::to_owned);
        let text = match (&code, error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => match status {
                Some(status) => format!("the service answered {status}"),
                None => with_causes(error),
            },
        };
        Self { status, code, text }
    }

    fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// The object has another version than was expected.
    pub(super) fn is_condition(&self) -> bool {
        self.status == Some(412) || self.is("PreconditionFailed")
    }

    /// Another conditional write of the same object goes on.
    pub(super) fn is_conflict(&self) -> bool {
        self.is("ConditionalRequestConflict")
    }

    fn is_missing(&self) -> bool {
        self.is("NoSuchKey") || self.is("NotFound")
    }

    /// The service does not know conditions.
    fn is_not_known(&self) -> bool {
        self.status == Some(501) || self.is("NotImplemented")
    }

    pub(super) fn into_io(self) -> io::Error {
        let hint = match self.code.as_deref() {
            Some("NoSuchBucket") => "; make the bucket first, or mend `bucket`",
            Some("PermanentRedirect" | "AuthorizationHeaderMalformed") => {
                "; the bucket is in another region: mend `region`"
            }
            Some("AccessDenied") => "; the credentials are not allowed to do that",
            _ => "",
        };
        io::Error::other(format!("{}{hint}", self.text))
    }
}

/// What the object must be when it is written.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// There must be none.
    Absent,
    /// It must have this ETag.
    Is(String),
}

impl Condition {
    pub(super) fn from_tag(tag: Option<&str>) -> Self {
        tag.map_or(Self::Absent, |tag| Self::Is(tag.to_owned()))
    }
}

/// What came of a conditional write.
#[derive(Debug)]
pub(super) enum Put {
    /// It is written and has this ETag.
    Done(String),
    /// Somebody else was there before.
    Refused,
}

/// What is put into an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) tags: &'a BTreeMap<String, String>,
    /// What stands beside it, in the clear.
    pub(super) note: Option<&'a str>,
}

/// Under which name the note stands.
const NOTE: &str = "terrane-runs";
/// So much of each version is read for its serial.
const BEGINNING: &str = "bytes=0-1023";

/// What an object holds, if that can be a state.
async fn all_of(mut body: ByteStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.try_next().await.map_err(io::Error::other)? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(io::Error::other("the object is larger than 4 GiB"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The first of what an object holds. Services that know nothing of ranges send all of it, which is not waited for.
async fn some_of(mut body: ByteStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.len() < 1024
        && let Some(chunk) = body.try_next().await.map_err(io::Error::other)?
    {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Objects of a bucket.
#[derive(Clone, Debug)]
pub(super) struct Objects<'a> {
    pub(super) client: &'a Client,
    pub(super) settings: &'a Settings,
}

/// Writes that lost a race for the same moment are tried so often.
const TRIES: u32 = 5;

impl Objects<'_> {
    /// An object and its ETag.
    pub(super) async fn get(&self, key: &str) -> io::Result<Option<(Vec<u8>, String)>> {
        let found = self.get_dated(key).await?;
        Ok(found.map(|(bytes, tag, _)| (bytes, tag)))
    }

    /// An object, its ETag, and when it was written, in seconds since 1970.
    pub(super) async fn get_dated(
        &self,
        key: &str,
    ) -> io::Result<Option<(Vec<u8>, String, Option<i64>)>> {
        match self.get_request(key).send().await {
            Ok(object) => {
                let tag = object.e_tag.unwrap_or_default();
                let date = object.last_modified.map(|date| date.secs());
                let bytes = all_of(object.body).await?;
                Ok(Some((bytes, tag, date)))
            }
            Err(error) => {
                let problem = Problem::of(&error);
                if problem.is_missing() {
                    return Ok(None);
                }
                Err(problem.into_io())
            }
        }
    }

    fn get_request(&self, key: &str) -> GetObjectFluentBuilder {
        let request = self
            .client
            .get_object()
            .bucket(&self.settings.bucket)
            .key(key);
        match &self.settings.encryption {
            Encryption::Customer { key, md5 } => request
                .sse_customer_algorithm("AES256")
                .sse_customer_key(key)
                .sse_customer_key_md5(md5),
            Encryption::Off | Encryption::Aes256 | Encryption::Kms(_) => request,
        }
    }

    /// Puts an object in place of a known one.
    ///
    /// A write may have come through though its answer was lost, and then be refused when it is tried again; so after a refusal it is looked
    /// whether what is there is what was to be written.
    pub(super) async fn put(
        &self,
        key: &str,
        content: Content<'_>,
        condition: &Condition,
    ) -> io::Result<Put> {
        for _ in 0..TRIES {
            let request = self.put_request(key, content);
            let request = match condition {
                Condition::Absent => request.if_none_match("*"),
                Condition::Is(tag) => request.if_match(tag),
            };
            let problem = match request.send().await {
                Ok(done) => return Ok(Put::Done(done.e_tag.unwrap_or_default())),
                Err(error) => Problem::of(&error),
            };
            if problem.is_conflict() {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
            if problem.is_not_known() {
                return self.put_unconditionally(key, content, condition).await;
            }
            if !problem.is_condition() && !problem.is_missing() {
                return Err(problem.into_io());
            }
            return Ok(match self.get(key).await? {
                Some((there, tag)) if there == content.bytes => Put::Done(tag),
                _ => Put::Refused,
            });
        }
        Ok(Put::Refused)
    }

    /// For services that have no conditional writes: looks first, then writes. A write of somebody else in between goes unnoticed, as it does
    /// with the peers everywhere.
    async fn put_unconditionally(
        &self,
        key: &str,
        content: Content<'_>,
        condition: &Condition,
    ) -> io::Result<Put> {
        let there = self.get(key).await?;
        let fits = match (condition, &there) {
            (Condition::Absent, None) => true,
            (Condition::Is(tag), Some((_, found))) => tag == found,
            _ => false,
        };
        if !fits {
            return Ok(Put::Refused);
        }
        match self.put_request(key, content).send().await {
            Ok(done) => Ok(Put::Done(done.e_tag.unwrap_or_default())),
            Err(error) => Err(Problem::of(&error).into_io()),
        }
    }

    fn put_request(&self, key: &str, content: Content<'_>) -> PutObjectFluentBuilder {
        let settings = self.settings;
        let Content { bytes, tags, note } = content;
        let mut request = self
            .client
            .put_object()
            .bucket(&settings.bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(bytes.to_vec()))
            .set_metadata(note.map(|note| [(NOTE.to_owned(), note.to_owned())].into()));
        if settings.checksum {
            request = request.checksum_algorithm(ChecksumAlgorithm::Sha256);
        }
        if let Some(acl) = &settings.acl {
            request = request.acl(ObjectCannedAcl::from(acl.as_str()));
        }
        if !tags.is_empty() {
            request = request.tagging(query(tags));
        }
        match &settings.encryption {
            Encryption::Off => request,
            Encryption::Aes256 => request.server_side_encryption(ServerSideEncryption::Aes256),
            Encryption::Kms(id) => request
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .ssekms_key_id(id),
            Encryption::Customer { key, md5 } => request
                .sse_customer_algorithm("AES256")
                .sse_customer_key(key)
                .sse_customer_key_md5(md5),
        }
    }

    /// Removes an object, where the service can tell only if it has this ETag. `false`: it has another one.
    pub(super) async fn delete(&self, key: &str, tag: Option<&str>) -> io::Result<bool> {
        let request = |conditional: bool| {
            let request = self
                .client
                .delete_object()
                .bucket(&self.settings.bucket)
                .key(key);
            match tag {
                Some(tag) if conditional => request.if_match(tag),
                _ => request,
            }
        };
        let error = match request(true).send().await {
            Ok(_) => return Ok(true),
            Err(error) => Problem::of(&error),
        };
        if error.is_missing() {
            return Ok(true);
        }
        if error.is_condition() || error.is_conflict() {
            // It may have been removed, and the answer was lost.
            return Ok(self.get(key).await?.is_none());
        }
        if !error.is_not_known() {
            return Err(error.into_io());
        }
        request(false)
            .send()
            .await
            .map(|_| true)
            .map_err(|error| Problem::of(&error).into_io())
    }

    /// Versions of an object that the bucket keeps, oldest first: what they are called, and when they were written. Behind the newest `most` it is not looked for more.
    pub(super) async fn versions(&self, key: &str, most: usize) -> io::Result<Vec<(String, i64)>> {
        let mut found = Vec::new();
        let (mut from_key, mut from_version) = (None, None);
        loop {
            let page = self
                .client
                .list_object_versions()
                .bucket(&self.settings.bucket)
                .prefix(key)
                .set_key_marker(from_key)
                .set_version_id_marker(from_version)
                .send()
                .await
                .map_err(|error| Problem::of(&error));
            let page = match page {
                Ok(page) => page,
                // Whoever may read the state need not be allowed to look for old ones, and not every service has them.
                Err(problem) if problem.is("AccessDenied") || problem.is_not_known() => break,
                Err(problem) => return Err(problem.into_io()),
            };
            let of_this = |version: &ObjectVersion| {
                version.key.as_deref() == Some(key) && version.size.unwrap_or(0) > 0
            };
            for version in page.versions.unwrap_or_default() {
                if of_this(&version)
                    && let Some(id) = version.version_id
                    && let Some(at) = version.last_modified
                {
                    found.push((id, at.to_millis().unwrap_or(0)));
                }
            }
            // Keys that go on after this one come later, and are of no interest.
            let beyond = page
                .next_key_marker
                .as_deref()
                .is_some_and(|next| next != key);
            if beyond || page.is_truncated != Some(true) || found.len() >= most {
                break;
            }
            (from_key, from_version) = (page.next_key_marker, page.next_version_id_marker);
        }
        found.reverse();
        Ok(found)
    }

    /// A version of an object. `beginning`: not all of it. With what stands beside it.
    pub(super) async fn get_version(
        &self,
        key: &str,
        id: &str,
        beginning: bool,
    ) -> io::Result<Option<(Vec<u8>, Option<String>)>> {
        let request = self
            .get_request(key)
            .version_id(id)
            .set_range(beginning.then(|| BEGINNING.to_owned()));
        match request.send().await {
            Ok(mut object) => {
                let note = object.metadata.as_mut().and_then(|all| all.remove(NOTE));
                let bytes = match beginning {
                    true => some_of(object.body).await?,
                    false => all_of(object.body).await?,
                };
                Ok(Some((bytes, note)))
            }
            Err(error) => {
                let problem = Problem::of(&error);
                let gone = problem.is_missing() || problem.is("NoSuchVersion");
                if gone || (beginning && problem.is("AccessDenied")) {
                    return Ok(None);
                }
                Err(problem.into_io())
            }
        }
    }

    /// Keys that begin so.
    pub(super) async fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut token = None;
        loop {
            let page = self
                .client
                .list_objects_v2()
                .bucket(&self.settings.bucket)
                .prefix(prefix)
                .set_continuation_token(token)
                .send()
                .await
                .map_err(|error| Problem::of(&error).into_io())?;
            keys.extend(
                page.contents
                    .unwrap_or_default()
                    .into_iter()
                    .filter_map(|object| object.key),
            );
            token = page.next_continuation_token;
            if token.is_none() {
                return Ok(keys);
            }
        }
    }
}

/// Tags as the header wants them.
fn query(tags: &BTreeMap<String, String>) -> String {
    let mut url = reqwest::Url::parse("x:/").expect("a constant address");
    url.query_pairs_mut().extend_pairs(tags);
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn tags_are_written_as_a_query() {
        let tags =
            [("a b", "c&d"), ("e", "é")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(query(&tags.into()), "a+b=c%26d&e=%C3%A9");
    }
}
