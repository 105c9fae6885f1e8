//! Short forms: what `github.com/…`, `git@host:path`, `bucket.s3.amazonaws.com/…` and paths stand for.

/// The full address of a short form, with the name of a getter where it needs one: `git::https://…`. `None`: it is no short form.
pub(super) fn full(text: &str, forced: Option<&str>) -> Option<Result<String, String>> {
    if has_scheme(text) {
        return Some(Ok(text.to_owned()));
    }
    if forced.is_none_or(|forced| forced == "git") {
        if let Some(found) = forge(text, "github.com") {
            return Some(found);
        }
        if let Some(found) = forge(text, "bitbucket.org") {
            return Some(found);
        }
        if let Some(found) = scp(text, forced.is_some()) {
            return Some(Ok(found));
        }
    }
    if forced.is_none_or(|forced| forced == "s3")
        && let Some(found) = s3(text)
    {
        return Some(Ok(found));
    }
    if forced.is_none_or(|forced| forced == "gcs")
        && let Some(found) = gcs(text)
    {
        return Some(Ok(found));
    }
    // A path of this machine.
    text.starts_with('/').then(|| Ok(format!("file://{text}")))
}

/// `scheme://`, with letters as the peers have them.
pub(super) fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|char: char| char.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'))
    })
}

fn forge(text: &str, host: &str) -> Option<Result<String, String>> {
    let path = text.strip_prefix(host)?.strip_prefix('/')?;
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (path, String::new()),
    };
    let mut parts = path.splitn(3, '/');
    let (Some(owner), Some(name), rest) = (parts.next(), parts.next(), parts.next()) else {
        return Some(Err(format!("it should be {host}/owner/repository")));
    };
    if owner.is_empty() || name.is_empty() {
        return Some(Err(format!("it should be {host}/owner/repository")));
    }
    let dot_git = if name.ends_with(".git") { "" } else { ".git" };
    // What follows is a folder in the repository.
    let rest = rest.filter(|rest| !rest.is_empty());
    let subdir = rest.map(|rest| format!("//{rest}")).unwrap_or_default();
    Some(Ok(format!(
        "git::https://{host}/{owner}/{name}{dot_git}{subdir}{query}"
    )))
}

/// `git@host:path`; with `git::` before it, the user may have another name.
fn scp(text: &str, forced: bool) -> Option<String> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let word = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_'))
    };
    if !(user == "git" || (forced && word(user))) || !word(host) || host.starts_with('-') {
        return None;
    }
    let path = path.trim_start_matches('/');
    Some(format!("git::ssh://{user}@{host}/{path}"))
}

fn s3(text: &str) -> Option<String> {
    let (host, _) = text.split_once('/')?;
    let ours = host.ends_with(".amazonaws.com") && host.contains("s3");
    ours.then(|| format!("s3::https://{text}"))
}

/// `www.googleapis.com/storage/v1/bucket/path`.
fn gcs(text: &str) -> Option<String> {
    let (host, _) = text.split_once('/')?;
    let ours = host.ends_with(".googleapis.com");
    ours.then(|| format!("gcs::https://{text}"))
}
