//! Module sources: what kind of address a text is.

use crate::rules;
use ecow::EcoString;
use terrane_lang::diagnostic::Rule;

/// What kind of address a module source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A folder relative to the calling module's.
    Local,
    /// Of a registry: `[host/]namespace/name/system`.
    Registry,
    /// Something else to be fetched.
    Remote,
}

/// Whether a module source is a folder relative to the calling module's.
#[must_use]
pub fn is_local_source(source: &str) -> bool {
    matches!(source, "." | "..")
        || ["./", "../", ".\\", "..\\"]
            .iter()
            .any(|prefix| source.starts_with(prefix))
}

/// The kind of a source.
///
/// # Errors
/// Summary and detail of the message, when it is none.
pub(crate) fn classify(
    source: &str,
    has_version: bool,
) -> Result<SourceKind, (&'static Rule, String)> {
    let kind = kind(source);
    if has_version && kind != Some(SourceKind::Registry) {
        let reason = match kind {
            Some(SourceKind::Local) => {
                format!("can't use local directory \"{source}\" as a module registry address")
            }
            Some(_) => format!("\"{source}\" is not an address of a module registry"),
            None => "a module registry source address must have either three or four slash-separated components".to_owned(),
        };
        let detail = format!(
            "Failed to parse module registry address: {reason}.\n\nA module registry source address was assumed because the argument \"version\" is set as well, which applies only to registry modules."
        );
        return Err((&rules::files::INVALID_REGISTRY_SOURCE, detail));
    }
    kind.ok_or_else(|| {
        let mut detail = format!("The intended installation method for remote module package \"{source}\" could not be determined.");
        if !source.is_empty() {
            detail.extend([format!("\n\nIf you intended this as a path relative to the current module, use \"./{source}\" instead. The \"./\" prefix indicates that the address is a relative filesystem path.")]);
        }
        (&rules::files::INVALID_MODULE_SOURCE, detail)
    })
}

fn kind(source: &str) -> Option<SourceKind> {
    if is_local_source(source) {
        return Some(SourceKind::Local);
    }
    if source.is_empty() {
        return None;
    }
    let has_scheme = source.split_once("://").is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.' | ':'))
    });
    let forced = source
        .split_once("::")
        .is_some_and(|(getter, rest)| !getter.is_empty() && !rest.is_empty());
    let known_host = ["github.com/", "bitbucket.org/", "gitlab.com/"]
        .iter()
        .any(|host| source.starts_with(host));
    let scp_like = source
        .split_once('@')
        .is_some_and(|(user, rest)| !user.contains('/') && rest.contains(':'));
    let absolute =
        source.starts_with('/') || source.starts_with('~') || source.get(1..3) == Some(":\\");
    let bucket = source
        .split('/')
        .next()
        .is_some_and(|host| host.ends_with(".amazonaws.com") || host == "www.googleapis.com");
    if has_scheme
        || forced
        || known_host
        || scp_like
        || absolute
        || bucket
        || source.starts_with("oci:")
    {
        return Some(SourceKind::Remote);
    }
    let package = source.split("//").next().unwrap_or(source);
    let parts: Vec<&str> = package.split('/').collect();
    let word = |part: &&str| {
        !part.is_empty()
            && part
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_'))
    };
    match parts.as_slice() {
        [namespace, name, system] if [namespace, name, system].into_iter().all(word) => {
            Some(SourceKind::Registry)
        }
        [host, rest @ ..]
            if rest.len() == 3 && rest.iter().all(word) && host.contains(['.', ':']) =>
        {
            Some(SourceKind::Registry)
        }
        [host, rest @ ..] if rest.len() == 3 && *host == "localhost" && rest.iter().all(word) => {
            Some(SourceKind::Registry)
        }
        _ => None,
    }
}

/// A folder relative to another one, without `.` and, as far as can be, without `..`.
pub(crate) fn join(dir: &str, source: &str) -> EcoString {
    let mut parts: Vec<&str> = Vec::new();
    let absolute = dir.starts_with('/');
    for part in dir.split('/').chain(source.split(['/', '\\'])) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}").into(),
        (false, true) => ".".into(),
        (false, false) => joined.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (source, want) in [
            ("./m", Some(SourceKind::Local)),
            ("../m", Some(SourceKind::Local)),
            ("m", None),
            ("a/b", None),
            ("", None),
            ("a/b/c", Some(SourceKind::Registry)),
            ("a/b/c//d", Some(SourceKind::Registry)),
            ("example.com/a/b/c", Some(SourceKind::Registry)),
            (
                "git::https://example.com/x.git?ref=v1",
                Some(SourceKind::Remote),
            ),
            ("github.com/a/b", Some(SourceKind::Remote)),
            ("git@github.com:a/b.git", Some(SourceKind::Remote)),
            ("https://example.com/x.zip", Some(SourceKind::Remote)),
            ("/opt/m", Some(SourceKind::Remote)),
        ] {
            assert_eq!(kind(source), want, "{source}");
        }
    }

    #[test]
    fn joined() {
        for (dir, source, want) in [
            (".", "./m", "m"),
            ("m", "../n", "n"),
            ("m/a", "./b/../c", "m/a/c"),
            (".", "../x", "../x"),
            ("m", "..", "."),
            ("/abs", "../x", "/x"),
        ] {
            assert_eq!(join(dir, source), want, "{dir} {source}");
        }
    }
}
