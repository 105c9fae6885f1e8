//! Archives over HTTP, and pages that say where a package is.

use super::{Context, GetError, Progress, checksum, netrc, unpacked};
use crate::address::{Package, Remote, remote};
use std::path::Path;
use terrane_fetch::archive::Format;
use terrane_fetch::{Answer, Request, Url};

/// How large an archive of modules may be.
pub(super) const ARCHIVE_LIMIT: u64 = 1 << 30;
/// How large a page may be.
const PAGE_LIMIT: u64 = 4 << 20;
/// How often a download is tried again.
const RETRIES: u32 = 2;
/// The header and the name of the tag that say where a package is.
const HEADER: &str = "X-Terraform-Get";
const TAG: &str = "terraform-get";

/// What is at an address.
pub(super) enum Found {
    /// The package, which is unpacked.
    Package,
    /// Another address.
    Elsewhere(Remote),
}

pub(super) async fn get(
    ctx: &Context,
    package: &Package,
    plain: bool,
    (into, scratch): (&Path, &Path),
    progress: Progress<'_>,
) -> Result<Found, GetError> {
    let url = address(package)?;
    let url = netrc::with_login(&url, &ctx.env);
    if let Some(format) = format(package)? {
        let request = ctx.client.get(url).plain(plain);
        archive(request, package, format, (into, scratch), progress).await?;
        return Ok(Found::Package);
    }
    let mut page = url.clone();
    page.query_pairs_mut().append_pair(TAG, "1");
    let answer = ctx
        .client
        .get(page)
        .plain(plain)
        .limit(PAGE_LIMIT)
        .send()
        .await?;
    let answer = answer.success()?;
    let Some(place) = place(&answer) else {
        return Err(GetError::Address(format!(
            "the answer names no package: it has neither a header {HEADER} nor a meta tag {TAG}. An archive has an ending like .zip or .tar.gz in its address, or ?archive=zip"
        )));
    };
    elsewhere(&answer.url, &place).map(Found::Elsewhere)
}

/// What an answer says about where a package is. It may be relative to where the answer comes from.
pub(crate) fn elsewhere(base: &Url, place: &str) -> Result<Remote, GetError> {
    let relative = ["/", "./", "../"]
        .iter()
        .any(|start| place.starts_with(start));
    let place = if relative {
        // The folder and the query stay as they are.
        let joined = base.join(place);
        joined
            .map_err(|error| GetError::Address(format!("{place:?} is no address: {error}")))?
            .to_string()
    } else {
        place.to_owned()
    };
    remote(&place).map_err(|error| GetError::Address(error.to_string()))
}

/// An object of Google Cloud Storage, with the token of the environment if there is one.
pub(super) async fn gcs(
    ctx: &Context,
    package: &Package,
    folders: (&Path, &Path),
    progress: Progress<'_>,
) -> Result<(), GetError> {
    let Some(format) = format(package)? else {
        return Err(only_archives("gcs"));
    };
    let mut url = address(package)?;
    if url.host_str() == Some("www.googleapis.com")
        && let Some(path) = url.path().strip_prefix("/storage/v1/")
    {
        let direct = format!("https://storage.googleapis.com/{path}");
        url = Url::parse(&direct).map_err(|error| GetError::Address(error.to_string()))?;
    }
    let mut request = ctx.client.get(url);
    if let Some(token) = ctx
        .env
        .get("GOOGLE_OAUTH_ACCESS_TOKEN")
        .filter(|token| !token.is_empty())
    {
        request = request.bearer(&terrane_fetch::credentials::Token::new(token.clone()));
    }
    archive(request, package, format, folders, progress).await
}

pub(super) fn only_archives(getter: &str) -> GetError {
    GetError::Address(format!(
        "only archives are fetched from {getter}: the address ends like .zip or .tar.gz, or has ?archive=zip"
    ))
}

pub(super) async fn archive(
    request: Request<'_>,
    package: &Package,
    format: Format,
    (into, scratch): (&Path, &Path),
    progress: Progress<'_>,
) -> Result<(), GetError> {
    let checksum = checksum::of(&package.query)?;
    let path = scratch.join("archive");
    request
        .limit(ARCHIVE_LIMIT)
        .retries(RETRIES)
        .download(&path, progress)
        .await?;
    if let Some(checksum) = checksum {
        checksum.verify(&path)?;
    }
    unpacked(path, format, into.to_owned()).await
}

/// The address without what is meant for the getter.
pub(super) fn address(package: &Package) -> Result<Url, GetError> {
    let mut url = Url::parse(&package.url)
        .map_err(|error| GetError::Address(format!("{:?} is no address: {error}", package.url)))?;
    let query = package.query.without(&["archive", "checksum"]);
    url.set_query(Some(query.text()).filter(|text| !text.is_empty()));
    Ok(url)
}

/// What kind of archive an address names; None if none.
pub(super) fn format(package: &Package) -> Result<Option<Format>, GetError> {
    match package.query.get("archive").as_deref() {
        Some("false" | "0") => Ok(None),
        Some(name) => Format::parse(name).map(Some).ok_or_else(|| {
            GetError::Address(format!("archives of the kind {name:?} are not read; these are: zip, tar, tar.gz, tar.bz2, tar.xz"))
        }),
        None => {
            let path = package.url.split("://").nth(1).unwrap_or_default();
            Ok(Format::of_path(path))
        }
    }
}

fn place(answer: &Answer) -> Option<String> {
    if let Some(place) = answer.header(HEADER).filter(|place| !place.is_empty()) {
        return Some(place.to_owned());
    }
    meta(&String::from_utf8_lossy(&answer.body))
}

/// `<meta name="terraform-get" content="…">` in the head of a page.
fn meta(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let head = lower
        .find("<body")
        .or_else(|| lower.find("</head"))
        .unwrap_or(lower.len());
    let mut at = 0;
    while let Some(found) = lower.get(at..head)?.find("<meta") {
        let start = at + found + "<meta".len();
        let end = start + lower.get(start..head)?.find('>')?;
        let tag = page.get(start..end)?;
        if attribute(tag, "name").as_deref() == Some(TAG) {
            return attribute(tag, "content").filter(|content| !content.is_empty());
        }
        at = end;
    }
    None
}

/// The value of an attribute of a tag, in quotes of either kind.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after
            .chars()
            .next()
            .filter(|char| matches!(char, '"' | '\''))?;
        let (value, next) = after.get(1..)?.split_once(quote)?;
        if key
            .trim()
            .trim_start_matches('/')
            .trim()
            .eq_ignore_ascii_case(name)
        {
            return Some(value.replace("&amp;", "&"));
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::meta;

    #[test]
    fn the_tag_of_a_page() {
        for (page, expect) in [
            (
                "<html><head><meta name=\"terraform-get\" content=\"https://x/y?a=1&amp;b=2\"></head>",
                Some("https://x/y?a=1&b=2"),
            ),
            ("<META content='x' NAME='terraform-get' />", Some("x")),
            (
                "<meta name=other content=x><meta name=\"terraform-get\" content=\"y\">",
                Some("y"),
            ),
            (
                "<head></head><body><meta name=\"terraform-get\" content=\"x\"></body>",
                None,
            ),
            ("<meta name=\"terraform-get\"", None),
            ("<meta name=\"terraform-get\" content=\"\">", None),
            ("ÄÖÜ", None),
            ("", None),
        ] {
            assert_eq!(meta(page).as_deref(), expect, "{page}");
        }
    }
}
