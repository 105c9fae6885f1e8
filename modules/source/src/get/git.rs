//! Packages from git repositories, with the user's own git: it has the user's keys, helpers and proxies.
//!
//! What the address says is passed as arguments that can't be options, over protocols that run no programs. Variables that would turn git to
//! another repository (terrane may run within a hook) are left out, and no hook runs.

use super::{Context, Fetched, GetError, checked, submodules};
use crate::address::Package;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

/// How long one run of git may take.
const PATIENCE: Duration = Duration::from_secs(900);
/// How much of its output is taken.
const LIMIT: u64 = 16 << 20;

/// Variables of git that are about the user's access, and not about a repository.
const KEPT: [&str; 12] = [
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_ASKPASS",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    "GIT_PROXY_SSL_CAINFO",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
];

pub(super) async fn get(
    ctx: &Context,
    package: &Package,
    into: &Path,
) -> Result<Fetched, GetError> {
    let query = &package.query;
    let reference = query.get("ref");
    if let Some(reference) = &reference {
        check_ref(reference).map_err(GetError::Git)?;
    }
    let depth = match query.get("depth") {
        None => None,
        Some(text) => match text.parse::<u32>() {
            Ok(depth) if depth > 0 => Some(depth),
            _ => {
                return Err(GetError::Git(format!(
                    "the depth {text:?} is no number from 1"
                )));
            }
        },
    };
    let key = query
        .get("sshkey")
        .map(|text| key_file(&text))
        .transpose()?;
    let rest = query.without(&["ref", "depth", "sshkey", "archive", "checksum"]);
    let url = if rest.text().is_empty() {
        package.url.clone()
    } else {
        format!("{}?{}", package.url, rest.text())
    };
    let git = Git {
        env: environment(&ctx.env, &url, key.as_ref().map(NamedTempFile::path)),
        url,
    };
    std::fs::create_dir(into).map_err(|source| GetError::Io {
        path: into.to_owned(),
        source,
    })?;
    let commit = git.check_out(into, reference.as_deref(), depth).await?;
    let (mut folders, notes) = submodules::fetch(&git, &package.url, into).await?;
    folders.push(into.to_owned());
    for folder in folders {
        let dot_git = folder.join(".git");
        crate::files::remove(&dot_git).map_err(|source| GetError::Io {
            path: dot_git,
            source,
        })?;
    }
    checked(into)?;
    Ok(Fetched {
        revision: Some(commit),
        notes,
        ..Fetched::default()
    })
}

/// Names of branches, tags and commits: nothing that git would take for an option, a range or an expression.
fn check_ref(text: &str) -> Result<(), String> {
    let plain = |char: char| {
        char.is_alphanumeric()
            || matches!(
                char,
                '.' | '_' | '-' | '/' | '+' | '@' | '=' | '%' | '#' | ','
            )
    };
    let fine = !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && text.len() <= 250
        && text.chars().all(plain);
    if fine {
        Ok(())
    } else {
        Err(format!("{text:?} is no name of a branch, tag or commit"))
    }
}

/// A private key in a file that only the user may read.
fn key_file(text: &str) -> Result<NamedTempFile, GetError> {
    let key = STANDARD
        .decode(text.replace(' ', "+"))
        .map_err(|_| GetError::Git(String::from("the sshkey of the address is no base64")))?;
    let made = NamedTempFile::new().and_then(|mut file| {
        file.write_all(&key)?;
        file.flush()?;
        Ok(file)
    });
    made.map_err(|source| GetError::Io {
        path: std::env::temp_dir(),
        source,
    })
}

fn environment(
    user: &BTreeMap<String, String>,
    url: &str,
    key: Option<&Path>,
) -> BTreeMap<String, String> {
    let kept = |name: &str| {
        KEPT.contains(&name)
            || name == "GIT_CONFIG_COUNT"
            || name.starts_with("GIT_CONFIG_KEY_")
            || name.starts_with("GIT_CONFIG_VALUE_")
            || name.starts_with("GIT_TRACE")
    };
    let mut env: BTreeMap<String, String> = user
        .iter()
        .filter(|(name, _)| !name.starts_with("GIT_") || kept(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut set = |name: &str, value: &str| env.insert(name.to_owned(), value.to_owned());
    set("GIT_TERMINAL_PROMPT", "0");
    // Also for what `url.….insteadOf` makes of the address: no protocol that runs programs.
    let plain = if url.starts_with("http://") {
        ":http"
    } else {
        ""
    };
    set("GIT_ALLOW_PROTOCOL", &format!("https:ssh:file{plain}"));
    set("LC_ALL", "C");
    if let Some(key) = key {
        let path = key.display().to_string().replace('\'', "'\\''");
        let command =
            format!("ssh -i '{path}' -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new");
        set("GIT_SSH_COMMAND", &command);
    }
    env
}

/// One repository, and how git is called for it.
#[derive(Clone)]
pub(super) struct Git {
    env: BTreeMap<String, String>,
    url: String,
}

impl Git {
    /// A submodule, which is fetched with the same access over one protocol.
    pub(super) fn for_submodule(&self, url: &str, protocol: &str) -> Self {
        let mut env = self.env.clone();
        env.insert("GIT_ALLOW_PROTOCOL".to_owned(), protocol.to_owned());
        Self {
            env,
            url: url.to_owned(),
        }
    }

    /// Puts the files of a commit into a folder.
    pub(super) async fn check_out_commit(&self, into: &Path, commit: &str) -> Result<(), GetError> {
        self.run(into, &["init", "--quiet", "--template=", "."])
            .await?;
        let commit = self.by_commit(into, commit, None).await?;
        self.run(into, &["checkout", "--quiet", "--detach", &commit])
            .await?;
        Ok(())
    }

    /// Puts the files of a reference into a folder; the answer is the id of the commit.
    async fn check_out(
        &self,
        into: &Path,
        reference: Option<&str>,
        depth: Option<u32>,
    ) -> Result<String, GetError> {
        self.run(into, &["init", "--quiet", "--template=", "."])
            .await?;
        let commit = match self.named(into, reference).await? {
            Some((name, commit)) => self.shallow(into, &name, &commit, depth).await?,
            None => {
                self.by_commit(into, reference.unwrap_or("HEAD"), depth)
                    .await?
            }
        };
        self.run(into, &["checkout", "--quiet", "--detach", &commit])
            .await?;
        Ok(commit)
    }

    /// The full name of a reference and its commit, as the server has them. A tag comes before a branch.
    async fn named(
        &self,
        into: &Path,
        reference: Option<&str>,
    ) -> Result<Option<(String, String)>, GetError> {
        let names: Vec<String> = match reference {
            None => vec![String::from("HEAD")],
            Some(name) if name.starts_with("refs/") => vec![name.to_owned()],
            Some(name) => vec![format!("refs/tags/{name}"), format!("refs/heads/{name}")],
        };
        let mut args = vec!["ls-remote", "--quiet", "--", &self.url];
        let peeled: Vec<String> = names.iter().map(|name| format!("{name}^{{}}")).collect();
        args.extend(names.iter().map(String::as_str));
        args.extend(peeled.iter().map(String::as_str));
        let out = self.run(into, &args).await?;
        let known: BTreeMap<&str, &str> = out
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(commit, name)| (name, commit))
            .collect();
        let found = names.into_iter().zip(peeled).find_map(|(name, peeled)| {
            let commit = known
                .get(peeled.as_str())
                .or_else(|| known.get(name.as_str()))?;
            is_commit(commit).then(|| (name, (*commit).to_owned()))
        });
        Ok(found)
    }

    /// Fetches what a name stands for, without its history.
    async fn shallow(
        &self,
        into: &Path,
        name: &str,
        commit: &str,
        depth: Option<u32>,
    ) -> Result<String, GetError> {
        self.fetch_one(into, name, depth).await?;
        let found = self.commit(into, "FETCH_HEAD").await?;
        if found != commit {
            return Err(GetError::Git(format!(
                "{name} was {commit} and then {found}: the repository changed meanwhile; try again"
            )));
        }
        Ok(found)
    }

    /// Fetches a name or a commit with little of its history, and nothing else.
    async fn fetch_one(&self, into: &Path, what: &str, depth: Option<u32>) -> Result<(), GetError> {
        let depth = format!("--depth={}", depth.unwrap_or(1));
        let args = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-recurse-submodules",
            &depth,
            "--",
            &self.url,
            what,
        ];
        self.run(into, &args).await.map(drop)
    }

    /// A commit by its id, or a part of it: servers may not want to give it out by itself, then all is fetched.
    async fn by_commit(
        &self,
        into: &Path,
        id: &str,
        depth: Option<u32>,
    ) -> Result<String, GetError> {
        let hex = (4..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex {
            return Err(GetError::Git(format!(
                "the repository has no branch, tag or commit {id:?}"
            )));
        }
        if is_commit(id) && self.fetch_one(into, id, depth).await.is_ok() {
            return self.commit(into, "FETCH_HEAD").await;
        }
        let all = [
            "fetch",
            "--quiet",
            "--no-recurse-submodules",
            "--",
            &self.url,
            "+refs/heads/*:refs/remotes/origin/*",
            "+refs/tags/*:refs/tags/*",
        ];
        self.run(into, &all).await?;
        let found = self.commit(into, id).await;
        found.map_err(|_| {
            GetError::Git(format!(
                "the repository has no branch, tag or commit {id:?}"
            ))
        })
    }

    async fn commit(&self, into: &Path, name: &str) -> Result<String, GetError> {
        let name = format!("{name}^{{commit}}");
        let out = self
            .run(
                into,
                &[
                    "rev-parse",
                    "--verify",
                    "--quiet",
                    "--end-of-options",
                    &name,
                ],
            )
            .await?;
        // Older versions repeat the separator.
        let commit = out.lines().map(str::trim).find(|line| is_commit(line));
        commit
            .map(str::to_owned)
            .ok_or_else(|| GetError::Git(String::from("git names no commit")))
    }

    pub(super) async fn run(&self, dir: &Path, args: &[&str]) -> Result<String, GetError> {
        let verb = args.first().copied().unwrap_or_default();
        let failed = |why: String| GetError::Git(format!("git {verb} failed: {why}"));
        let mut child = Command::new("git")
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
            ])
            .args([
                "-c",
                "protocol.ext.allow=never",
                "-c",
                "submodule.recurse=false",
            ])
            .args([
                "-c",
                "fetch.recurseSubmodules=false",
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
            ])
            .args([
                "-c",
                "core.autocrlf=false",
                "-c",
                "core.protectNTFS=true",
                "-c",
                "core.protectHFS=true",
            ])
            .args(["-c", "advice.detachedHead=false"])
            .args(args)
            .current_dir(dir)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => GetError::Git(String::from(
                    "there is no program git on the PATH, which fetches modules from repositories",
                )),
                _ => failed(error.to_string()),
            })?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (out, said) = tokio::join!(all(stdout), all(stderr));
            (child.wait().await, out, said)
        };
        let (status, out, said) = tokio::time::timeout(PATIENCE, work)
            .await
            .map_err(|_| failed(format!("it took more than {} seconds", PATIENCE.as_secs())))?;
        let status = status.map_err(|error| failed(error.to_string()))?;
        if status.success() {
            return Ok(out);
        }
        Err(failed(self.without_password(said.trim())))
    }

    /// What git says, shortened and without the password of the address.
    fn without_password(&self, said: &str) -> String {
        let mut text: String = said.chars().take(2000).collect();
        if let Ok(url) = terrane_fetch::Url::parse(&self.url)
            && let Some(password) = url.password().filter(|password| !password.is_empty())
        {
            text = text.replace(password, "…");
        }
        text
    }
}

pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn all(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut out = Vec::new();
    if let Some(stream) = stream {
        // What could be read until it broke off is judged by who asked.
        let _broken = stream.take(LIMIT).read_to_end(&mut out).await;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{check_ref, environment};
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn references() {
        for fine in [
            "v1.2.3",
            "main",
            "feature/x",
            "0123abc",
            "refs/heads/x",
            "release-1.x",
            "a+b",
        ] {
            assert!(check_ref(fine).is_ok(), "{fine}");
        }
        for bad in [
            "-x",
            "--upload-pack=x",
            "a..b",
            "a b",
            "x~1",
            "x^{}",
            "a:b",
            "@{u}",
            "/x",
            "x/",
            "",
            "a\nb",
            "*",
            ".git",
        ] {
            assert!(bad.is_empty() || check_ref(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn variables_that_turn_git_elsewhere_are_left_out() {
        let pair = |name: &str| (name.to_owned(), String::from("x"));
        let user: BTreeMap<String, String> = [
            "PATH",
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_SSH_COMMAND",
            "GIT_CONFIG_KEY_0",
            "GIT_EXEC_PATH",
            "GIT_EXTERNAL_DIFF",
        ]
        .into_iter()
        .map(pair)
        .collect();
        let env = environment(&user, "https://x", None);
        let names: Vec<&str> = env.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "GIT_ALLOW_PROTOCOL",
                "GIT_CONFIG_KEY_0",
                "GIT_SSH_COMMAND",
                "GIT_TERMINAL_PROMPT",
                "LC_ALL",
                "PATH"
            ]
        );
        assert_eq!(env["GIT_ALLOW_PROTOCOL"], "https:ssh:file");
        let env = environment(&user, "http://x", Some(Path::new("/t/it's")));
        assert_eq!(env["GIT_ALLOW_PROTOCOL"], "https:ssh:file:http");
        assert!(env["GIT_SSH_COMMAND"].starts_with("ssh -i '/t/it'\\''s'"));
    }
}
