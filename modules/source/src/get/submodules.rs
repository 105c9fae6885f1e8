//! Submodules of repositories, fetched by the same means and under the same rules as the repository itself.
//!
//! git's own command for them is not used: it does what the repository's settings say. Here only path and address are taken from these, and
//! the commit from the tree. An address has to be one that a module source could have, over SSH or HTTPS; it may be unprotected, or a folder
//! of this machine, only where that of the outer repository is, and the inner one lies beside it.

use super::GetError;
use super::git::{Git, is_commit};
use crate::address::{Getter, remote};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Submodules within submodules.
const DEEPEST: usize = 8;
/// Submodules of one repository, with those within.
const MOST: usize = 100;

/// What the settings of a repository say of one of its submodules.
#[derive(Clone, Debug, Default)]
struct Setting {
    path: Option<String>,
    url: Option<String>,
    /// It is wanted that nobody fetches it.
    none: bool,
}

/// A repository whose submodules are still to be fetched.
struct Open {
    git: Git,
    /// Its address, without what was written behind it.
    base: String,
    folder: PathBuf,
    depth: usize,
}

/// Fetches the submodules of what is checked out in a folder, those within them too. Gives the folders that were filled, and sentences about those
/// that were not.
pub(super) async fn fetch(
    git: &Git,
    base: &str,
    into: &Path,
) -> Result<(Vec<PathBuf>, Vec<String>), GetError> {
    let mut filled = Vec::new();
    let mut notes = Vec::new();
    let mut open = vec![Open {
        git: git.clone(),
        base: base.to_owned(),
        folder: into.to_owned(),
        depth: 0,
    }];
    while let Some(outer) = open.pop() {
        let links = links(&outer.git, &outer.folder).await?;
        if links.is_empty() {
            continue;
        }
        let settings = settings(&outer.git, &outer.folder).await?;
        for (path, commit) in links {
            let failed = |why: String| GetError::Git(format!("the submodule {path}: {why}"));
            let setting = settings
                .iter()
                .find(|setting| setting.path.as_deref() == Some(&path))
                .ok_or_else(|| failed(String::from("the repository does not say where it is")))?;
            if setting.none {
                notes.push(format!(
                    "the submodule {path} is not fetched, as its repository wants it: the folder is empty"
                ));
                continue;
            }
            if outer.depth >= DEEPEST || filled.len() >= MOST {
                return Err(failed(format!(
                    "more than {MOST} submodules, or more than {DEEPEST} within each other, are not fetched"
                )));
            }
            let url = setting.url.as_deref().unwrap_or_default();
            let (url, protocol) = address(&outer.base, url).map_err(failed)?;
            let folder = folder(&outer.folder, &path).map_err(failed)?;
            let git = outer.git.for_submodule(&url, protocol);
            let found = git.check_out_commit(&folder, &commit).await;
            found.map_err(|error| match error {
                GetError::Git(why) => failed(why),
                other => other,
            })?;
            filled.push(folder.clone());
            open.push(Open {
                git,
                base: url,
                folder,
                depth: outer.depth + 1,
            });
        }
    }
    Ok((filled, notes))
}

/// The commits that the tree has in place of folders, by path.
async fn links(git: &Git, folder: &Path) -> Result<BTreeMap<String, String>, GetError> {
    let tree = git
        .run(folder, &["ls-tree", "-r", "-z", "--full-tree", "HEAD"])
        .await?;
    let link = |entry: &str| {
        let (about, path) = entry.split_once('\t')?;
        let commit = about.strip_prefix("160000 commit ")?;
        is_commit(commit).then(|| (path.to_owned(), commit.to_owned()))
    };
    Ok(tree.split('\0').filter_map(link).collect())
}

async fn settings(git: &Git, folder: &Path) -> Result<Vec<Setting>, GetError> {
    let args = [
        "config",
        "--null",
        "--no-includes",
        "--blob=HEAD:.gitmodules",
        "--list",
    ];
    let text = git.run(folder, &args).await.map_err(|_| {
        GetError::Git(String::from(
            "the repository has submodules, and a .gitmodules file that can't be read",
        ))
    })?;
    let mut found: BTreeMap<String, Setting> = BTreeMap::new();
    for (key, value) in text.split('\0').filter_map(|entry| entry.split_once('\n')) {
        let named = key
            .strip_prefix("submodule.")
            .and_then(|rest| rest.rsplit_once('.'));
        let Some((name, what)) = named else { continue };
        let setting = found.entry(name.to_owned()).or_default();
        match what {
            "path" => setting.path = Some(value.to_owned()),
            "url" => setting.url = Some(value.to_owned()),
            "update" => setting.none = value == "none",
            _ => {}
        }
    }
    Ok(found.into_values().collect())
}

/// The address of a submodule, in full, and the one protocol that it is fetched over.
fn address(outer: &str, written: &str) -> Result<(String, &'static str), String> {
    let relative = written.starts_with("./") || written.starts_with("../");
    let full = if relative {
        beside(outer, written)?
    } else {
        written.to_owned()
    };
    let odd =
        full.contains(['?', '#']) || full.contains("::") || full.chars().any(char::is_control);
    let source = (!odd).then(|| remote(&format!("git::{full}")));
    let package = match source {
        Some(Ok(found)) if found.subdir.is_empty() && found.package.getter == Getter::Git => {
            found.package
        }
        Some(Err(error)) => return Err(error.to_string()),
        _ => return Err(format!("{written:?} is no address of a repository")),
    };
    let scheme = |url: &str| url.split("://").next().unwrap_or_default().to_owned();
    let protocol = match scheme(&package.url).as_str() {
        "https" => "https",
        "ssh" => "ssh",
        "http" if scheme(outer) == "http" => "http",
        "file" if relative => "file",
        other => {
            return Err(format!(
                "{written:?} is fetched over {other:?}, which submodules are not"
            ));
        }
    };
    Ok((package.url, protocol))
}

/// An address that is written relative to that of the outer repository.
fn beside(outer: &str, relative: &str) -> Result<String, String> {
    let lost = || format!("{relative:?} leads out of where the repository is");
    let (scheme, rest) = outer.split_once("://").ok_or_else(lost)?;
    let (host, path) = rest.split_once('/').ok_or_else(lost)?;
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(lost)?;
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(lost());
    }
    Ok(format!("{scheme}://{host}/{}", parts.join("/")))
}

/// The folder of a submodule: a real one, reached through real ones.
fn folder(outer: &Path, path: &str) -> Result<PathBuf, String> {
    let bad = || String::from("its path leads out of the repository");
    let mut at = outer.to_owned();
    for part in path.split('/') {
        if matches!(part, "" | "." | "..")
            || part.eq_ignore_ascii_case(".git")
            || part.contains('\\')
        {
            return Err(bad());
        }
        at.push(part);
        match at.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(bad()),
            Err(_) => std::fs::create_dir(&at)
                .map_err(|error| format!("its folder can't be made: {error}"))?,
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::{address, folder};

    #[test]
    fn addresses() {
        let outer = "https://example.com/team/a.git";
        for (outer, written, full) in [
            (outer, "../b.git", "https://example.com/team/b.git"),
            (outer, "../../c", "https://example.com/c"),
            (outer, "./d", "https://example.com/team/a.git/d"),
            (outer, "https://other.com/x", "https://other.com/x"),
            (
                outer,
                "git@other.com:t/x.git",
                "ssh://git@other.com/t/x.git",
            ),
            (
                outer,
                "ssh://git@other.com/t/x.git",
                "ssh://git@other.com/t/x.git",
            ),
            ("ssh://git@h/t/a", "../b", "ssh://git@h/t/b"),
            ("file:///srv/a", "../b", "file:///srv/b"),
            ("http://h/a", "http://h/b", "http://h/b"),
        ] {
            let found = address(outer, written);
            assert_eq!(found.map(|(url, _)| url), Ok(full.to_owned()), "{written}");
        }
        for (outer, written) in [
            (outer, ""),
            (outer, "../../../b"),
            (outer, "../../../../b"),
            (outer, "/etc/repository"),
            (outer, "file:///etc/repository"),
            ("file:///srv/a", "file:///etc/repository"),
            (outer, "http://example.com/team/b"),
            (outer, "ext::sh -c touch% x"),
            (outer, "git::https://x/y"),
            (outer, "git://example.com/x"),
            (outer, "-uhttps://x/y"),
            (outer, "ssh://-oProxyCommand=x/y"),
            (outer, "https://example.com/x?ref=y"),
            (outer, "https://example.com/x//inner"),
            (outer, "https://example.com/x\n"),
            (outer, "s3::https://example.com/x"),
        ] {
            assert!(address(outer, written).is_err(), "{written}");
        }
    }

    #[test]
    fn folders() {
        let outer = tempfile::tempdir().unwrap();
        assert!(folder(outer.path(), "a/b").unwrap().is_dir());
        #[cfg(unix)]
        std::os::unix::fs::symlink("/tmp", outer.path().join("link")).unwrap();
        std::fs::write(outer.path().join("file"), "").unwrap();
        for bad in [
            "",
            "/x",
            "../x",
            "a/../../x",
            ".git",
            ".GIT/x",
            "a//b",
            "file",
            "link",
            "link/x",
        ] {
            assert!(folder(outer.path(), bad).is_err(), "{bad}");
        }
    }
}
