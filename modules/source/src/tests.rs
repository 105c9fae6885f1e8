//! Installing modules from a registry, repositories and archives of this machine.

#[path = "../../fetch/src/testserver.rs"]
mod testserver;

use crate::Context;
use crate::install::{
    Call, InstallError, InstallOptions, Installer, VersionChoice, Watcher, installed,
};
use crate::lock::Lock;
use crate::manifest::Manifest;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use terrane_fetch::credentials::Credentials;
use terrane_fetch::discovery::Discovery;
use terrane_fetch::oci::{OciClient, OciLogins};
use terrane_fetch::settings::Settings;
use terrane_fetch::{Client, ClientOptions, Transferred};
use testserver::{Asked, Reply, Server, reply};

/// Versions that begin with a text; the last one in the list is the newest.
struct Starts(&'static str);

impl VersionChoice for Starts {
    fn meets(&self, version: &str) -> bool {
        version.starts_with(self.0)
    }

    fn newest(&self, versions: &[String]) -> Option<String> {
        versions
            .iter()
            .rev()
            .find(|version| self.meets(version))
            .cloned()
    }
}

#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Watcher for Lines {
    fn downloading(&self, package: &str, key: &str) {
        self.0.lock().unwrap().push(format!("{package} for {key}"));
    }

    fn progress(&self, _: &str, _: Transferred) {}
}

/// A project with a registry that its settings name.
struct Project {
    dir: tempfile::TempDir,
    settings: String,
    upgrade: bool,
    readonly: bool,
    /// What was said of the modules of the last `init`.
    notes: std::cell::RefCell<Vec<String>>,
}

impl Project {
    fn new(settings: String) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            settings,
            upgrade: false,
            readonly: false,
            notes: std::cell::RefCell::default(),
        }
    }

    fn path(&self, rest: &str) -> PathBuf {
        self.dir.path().join(rest)
    }

    /// Installs calls (key, source, begin of the version) all at once, and says what was downloaded.
    fn init(&self, calls: &[(&str, &str, &'static str)]) -> Result<Vec<String>, String> {
        let mut env: BTreeMap<String, String> = std::env::vars().collect();
        env.insert(
            String::from("HOME"),
            self.dir.path().to_str().unwrap().to_owned(),
        );
        env.retain(|name, _| !name.to_lowercase().ends_with("_proxy"));
        let settings = Settings::parse(&self.settings, &env).unwrap();
        let mut options = ClientOptions::new("test", &env, &settings);
        options.pause = std::time::Duration::ZERO;
        let client = Client::new(options).unwrap();
        let credentials = Credentials::new(&env, &settings);
        let discovery = Discovery::new(client.clone(), credentials, &settings);
        let ctx = Context {
            oci: OciClient::new(client.clone(), OciLogins::new(&env, &settings)),
            client,
            env,
        };
        let lines = Arc::new(Lines::default());
        let watcher: Arc<dyn Watcher> = Arc::<Lines>::clone(&lines);
        let options = InstallOptions {
            root: self.dir.path().to_owned(),
            modules_dir: String::from(".terraform/modules"),
            upgrade: self.upgrade,
            readonly: self.readonly,
        };
        let told = |error: InstallError| error.told();
        let installer = Installer::new(ctx, Arc::new(discovery), options, watcher).map_err(told)?;
        let choices: Vec<Starts> = calls.iter().map(|(.., start)| Starts(start)).collect();
        let work = calls
            .iter()
            .zip(&choices)
            .map(|((key, source, start), choice)| {
                installer.install(Call {
                    key,
                    source,
                    with_version: !start.is_empty(),
                    versions: choice,
                    caller_dir: ".",
                })
            });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut notes = Vec::new();
        for done in runtime.block_on(futures::future::join_all(work)) {
            notes.extend(done.map_err(told)?.notes);
        }
        installer.finish(true).map_err(told)?;
        let lines = lines.0.lock().unwrap().clone();
        self.notes.replace(notes);
        Ok(lines)
    }

    fn manifest(&self) -> Manifest {
        Manifest::read(&self.path(".terraform/modules")).unwrap()
    }

    fn forget(&self) {
        std::fs::remove_dir_all(self.path(".terraform")).unwrap();
    }
}

fn git(dir: &Path, args: &[&str]) {
    let status = Command::new("git")
        .args([
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status()
        .unwrap();
    assert!(status.success(), "{args:?}");
}

/// A repository with a module, a module within, and a tag.
fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "--quiet"]);
    std::fs::create_dir_all(dir.path().join("sub/inner")).unwrap();
    std::fs::write(dir.path().join("main.tf"), "# one\n").unwrap();
    std::fs::write(dir.path().join("sub/main.tf"), "# sub\n").unwrap();
    std::fs::write(dir.path().join("sub/inner/main.tf"), "# inner\n").unwrap();
    git(dir.path(), &["add", "-A"]);
    git(dir.path(), &["commit", "--quiet", "-m", "one"]);
    git(dir.path(), &["tag", "-a", "v1.0.0", "-m", "one"]);
    dir
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        let options = zip::write::SimpleFileOptions::default();
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A registry: the module's name says how its place is told.
fn registry(asked: &Asked) -> Reply {
    let path = asked.path.split('?').next().unwrap();
    let package = zip(&[("main.tf", "# zip\n"), ("sub/main.tf", "# sub\n")]);
    match path {
        "/v1/modules/ns/none/sys/versions" => reply(404, "{}"),
        "/v1/modules/ns/secret/sys/versions" => reply(401, "{}"),
        path if path.ends_with("/versions") => reply(
            200,
            r#"{"modules":[{"versions":[{"version":"1.0.0"},{"version":"1.2.0"},{"version":"2.0.0"}]}]}"#,
        ),
        path if path.ends_with("/download") => {
            let place = |place: &str| reply(204, "").with("X-Terraform-Get", place);
            match path.split('/').nth(4).unwrap() {
                "abs" => place("/dl/x.zip"),
                "rel" => place("../../../../../../dl/x?archive=zip"),
                "json" => reply(200, r#"{"location":"/dl/x.zip"}"#),
                "inner" => place("/dl/x.zip//sub"),
                "top" => place("/dl/top.zip//*"),
                "page" => place("/page"),
                "loop" => place("/loop"),
                "empty" => reply(204, ""),
                other => place(&format!("git::file:///nowhere/{other}")),
            }
        }
        "/dl/x.zip" | "/dl/x" => reply(200, package),
        "/dl/top.zip" => reply(200, zip(&[("top-1/main.tf", "# top\n")])),
        "/dl/evil.zip" => reply(200, zip(&[("main.tf", ""), ("../evil.tf", "")])),
        "/dl/cut.zip" => Reply {
            cut: true,
            ..reply(200, package)
        },
        "/page" => reply(
            200,
            "<html><head><meta name=\"terraform-get\" content=\"./dl/x.zip\"></head></html>",
        ),
        "/loop" => reply(200, "").with("X-Terraform-Get", "/loop"),
        "/file" => reply(200, "").with("X-Terraform-Get", "file:///etc"),
        "/gitfile" => reply(200, "").with("X-Terraform-Get", "git::file:///etc"),
        _ => reply(404, "no"),
    }
}

fn settings(server: &Server) -> String {
    let url = server.url("/v1/modules/");
    format!(
        "host \"reg.example.com\" {{ services = {{ \"modules.v1\" = \"{url}\" }} }}\ncredentials \"reg.example.com\" {{ token = \"secret\" }}"
    )
}

#[test]
fn modules_of_a_registry() {
    let server = Server::start(registry);
    let project = Project::new(settings(&server));
    let source = |name: &str| format!("reg.example.com/ns/{name}/sys");
    let sub = format!("{}//sub", source("abs"));
    let lines = project
        .init(&[
            ("a", &source("abs"), "1."),
            ("b", &sub, "1."),
            ("c.d", &source("rel"), ""),
            ("e", &source("json"), "1.0"),
            ("f", &source("inner"), ""),
            ("g", &source("top"), ""),
            ("h", &source("page"), ""),
        ])
        .unwrap();
    assert!(
        lines.contains(&String::from("reg.example.com/ns/abs/sys 1.2.0 for a")),
        "{lines:?}"
    );
    let manifest = project.manifest();
    let dir = |key: &str| manifest.records[key].dir.clone();
    assert_eq!(dir("a"), ".terraform/modules/a");
    assert_eq!(dir("b"), ".terraform/modules/b/sub");
    assert_eq!(dir("f"), ".terraform/modules/f/sub");
    assert_eq!(dir("g"), ".terraform/modules/g/top-1");
    assert_eq!(manifest.records["c.d"].version, "2.0.0");
    assert_eq!(manifest.records["b"].source, sub);
    for key in ["a", "b", "c.d", "e", "f", "g", "h"] {
        assert!(project.path(&dir(key)).join("main.tf").is_file(), "{key}");
    }
    // The same package is fetched once, and the token goes to the registry only.
    for asked in server.asked() {
        let told = asked.headers.contains_key("authorization");
        assert_eq!(told, asked.path.starts_with("/v1/"), "{}", asked.path);
    }
    let count = server
        .asked()
        .iter()
        .filter(|asked| asked.path.contains("/abs/"))
        .count();
    assert_eq!(count, 2, "versions and place");
    // All is there: nothing is asked.
    let before = server.asked().len();
    let calls: Vec<(&str, &str, &'static str)> = vec![("a", "reg.example.com/ns/abs/sys", "1.")];
    assert!(project.init(&calls).unwrap().is_empty());
    assert_eq!(server.asked().len(), before);
    let lock = Lock::read(project.dir.path()).unwrap();
    assert_eq!(
        lock.packages.len(),
        1,
        "what is not called any more is not locked"
    );
    assert_eq!(project.manifest().records.len(), 1);
}

#[test]
fn the_locked_version_stays_until_an_upgrade() {
    let server = Server::start(registry);
    let mut project = Project::new(settings(&server));
    let source = "reg.example.com/ns/abs/sys";
    project.init(&[("a", source, "1.0")]).unwrap();
    project.forget();
    project.init(&[("a", source, "")]).unwrap();
    assert_eq!(project.manifest().records["a"].version, "1.0.0");
    project.upgrade = true;
    project.init(&[("a", source, "")]).unwrap();
    assert_eq!(project.manifest().records["a"].version, "2.0.0");
}

#[test]
fn registries_that_do_not_help() {
    let server = Server::start(registry);
    let project = Project::new(settings(&server));
    for (name, why) in [
        ("none", "no module ns/none/sys"),
        ("secret", "not good enough"),
        ("empty", "does not say where"),
        ("loop", "one address leads to the next"),
        ("other", "nowhere"),
    ] {
        let error = project
            .init(&[("a", &format!("reg.example.com/ns/{name}/sys"), "")])
            .unwrap_err();
        assert!(error.contains(why), "{name}: {error}");
        assert!(!error.contains("secret\""), "{error}");
    }
    let error = project
        .init(&[("a", "reg.example.com/ns/abs/sys", "9")])
        .unwrap_err();
    assert!(
        error.contains("No version") && error.contains("2.0.0"),
        "{error}"
    );
    assert!(!project.path(".terraform/modules/modules.json").exists());
    assert!(Lock::read(project.dir.path()).unwrap().packages.is_empty());
}

#[test]
fn repositories() {
    let repository = repository();
    let place = format!("git::file://{}", repository.path().display());
    let commit = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(repository.path())
        .output()
        .unwrap();
    let commit = String::from_utf8(commit.stdout).unwrap().trim().to_owned();
    let project = Project::new(String::new());
    let with = |rest: &str| format!("{place}{rest}");
    let short: String = commit.chars().take(8).collect();
    project
        .init(&[
            ("head", &with(""), ""),
            ("tag", &with("//sub?ref=v1.0.0"), ""),
            ("branch", &with("?ref=main&depth=1"), ""),
            ("commit", &with(&format!("?ref={commit}")), ""),
            ("short", &with(&format!("//sub/inner?ref={short}")), ""),
        ])
        .unwrap();
    let lock = Lock::read(project.dir.path()).unwrap();
    assert_eq!(lock.packages.len(), 5);
    for locked in lock.packages.values() {
        assert_eq!(locked.revision.as_deref(), Some(commit.as_str()));
        assert_eq!(locked.files.len(), 3);
    }
    let manifest = project.manifest();
    assert_eq!(manifest.records["tag"].source, with("//sub?ref=v1.0.0"));
    assert_eq!(manifest.records["tag"].dir, ".terraform/modules/tag/sub");
    assert!(
        project
            .path(".terraform/modules/short/sub/inner/main.tf")
            .is_file()
    );
    assert!(!project.path(".terraform/modules/head/.git").exists());
    for (rest, why) in [
        ("?ref=nope", "no branch, tag or commit"),
        ("?ref=--upload-pack=touch%20x", "no name of a branch"),
        (
            "?ref=0000000000000000000000000000000000000000",
            "no branch, tag or commit",
        ),
        ("//nope", "no folder"),
        ("?depth=0", "no number"),
        ("?sshkey=!", "no base64"),
    ] {
        let error = project.init(&[("a", &with(rest), "")]).unwrap_err();
        assert!(error.contains(why), "{rest}: {error}");
    }
}

/// Submodules, and those within them, at the commits that the trees name.
#[test]
fn submodules() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, inner: Option<&str>| {
        let dir = folder.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        git(&dir, &["init", "--quiet"]);
        std::fs::write(dir.join("main.tf"), format!("# {name}\n")).unwrap();
        if let Some(inner) = inner {
            let url = format!("../{inner}");
            let from = format!("file://{}", folder.path().join(inner).display());
            let add = [
                "-c",
                "protocol.file.allow=always",
                "submodule",
                "--quiet",
                "add",
            ];
            git(&dir, &[&add[..], &["--", &from, "modules/inner"]].concat());
            git(&dir, &["submodule", "set-url", "modules/inner", &url]);
        }
        git(&dir, &["add", "-A"]);
        git(&dir, &["commit", "--quiet", "-m", "one"]);
        dir
    };
    let innermost = make("innermost", None);
    make("inner", Some("innermost"));
    let outer = make("outer", Some("inner"));
    // What comes later to a submodule is not what the tree names.
    std::fs::write(innermost.join("main.tf"), "# later\n").unwrap();
    git(&innermost, &["commit", "--quiet", "-a", "-m", "two"]);
    let source = format!("git::file://{}//modules/inner", outer.display());
    let project = Project::new(String::new());
    let warnings = project.init(&[("a", &source, "")]).unwrap();
    assert!(
        !warnings.iter().any(|line| line.contains("submodule")),
        "{warnings:?}"
    );
    let installed = project.path(".terraform/modules/a");
    let read = |path: &str| std::fs::read_to_string(installed.join(path)).unwrap();
    assert_eq!(read("modules/inner/main.tf"), "# inner\n");
    assert_eq!(read("modules/inner/modules/inner/main.tf"), "# innermost\n");
    for inside in [
        ".git",
        "modules/inner/.git",
        "modules/inner/modules/inner/.git",
    ] {
        assert!(!installed.join(inside).exists(), "{inside}");
    }
    let lock = Lock::read(project.dir.path()).unwrap();
    let files: Vec<_> = lock
        .packages
        .values()
        .flat_map(|locked| locked.files.keys())
        .collect();
    assert!(
        files
            .iter()
            .any(|file| file.ends_with("modules/inner/modules/inner/main.tf")),
        "{files:?}"
    );
}

/// A repository that is fetched must not make git fetch what its user could not name, nor write elsewhere.
#[test]
fn hostile_submodules() {
    let repository = repository();
    let dir = repository.path();
    let secret = self::repository();
    let commit = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(secret.path())
        .output()
        .unwrap();
    let commit = String::from_utf8(commit.stdout).unwrap().trim().to_owned();
    let link = format!("160000,{commit},stolen");
    git(dir, &["update-index", "--add", "--cacheinfo", &link]);
    let source = format!("git::file://{}", dir.display());
    let file = format!("file://{}", secret.path().display());
    let path = secret.path().display().to_string();
    for (settings, why) in [
        (String::new(), "does not say where it is"),
        (
            format!("path = stolen\n\turl = {file}"),
            "which submodules are not",
        ),
        (
            format!("path = stolen\n\turl = {path}"),
            "which submodules are not",
        ),
        (
            "path = stolen\n\turl = \"ext::sh -c touch% pwned\"".to_owned(),
            "no address of a repository",
        ),
        (
            "path = stolen\n\turl = --upload-pack=x".to_owned(),
            "It is not clear",
        ),
        (
            "path = stolen\n\turl = ../../../../../../../../../x".to_owned(),
            "leads out of where",
        ),
        (
            "path = ../stolen\n\turl = ../x".to_owned(),
            "does not say where it is",
        ),
    ] {
        std::fs::write(
            dir.join(".gitmodules"),
            format!("[submodule \"x\"]\n\t{settings}\n"),
        )
        .unwrap();
        git(dir, &["add", ".gitmodules"]);
        git(dir, &["commit", "--quiet", "--allow-empty", "-m", "x"]);
        let project = Project::new(String::new());
        let error = project.init(&[("a", &source, "")]).unwrap_err();
        assert!(error.contains(why), "{settings}: {error}");
        assert!(!project.path(".terraform/modules/a").exists());
    }
    // One that says that nobody is to fetch it is left alone.
    let settings = format!("[submodule \"x\"]\n\tpath = stolen\n\turl = {file}\n\tupdate = none\n");
    std::fs::write(dir.join(".gitmodules"), settings).unwrap();
    git(dir, &["add", ".gitmodules"]);
    git(dir, &["commit", "--quiet", "-m", "x"]);
    let project = Project::new(String::new());
    project.init(&[("a", &source, "")]).unwrap();
    let notes = project.notes.take();
    assert!(
        notes
            .iter()
            .any(|note| note.contains("stolen is not fetched")),
        "{notes:?}"
    );
    assert!(!project.path(".terraform/modules/a/stolen/main.tf").exists());
}

#[test]
fn a_changed_source_is_an_error_that_names_files() {
    let repository = repository();
    let source = format!("git::file://{}?ref=main", repository.path().display());
    let mut project = Project::new(String::new());
    project.init(&[("a", &source, "")]).unwrap();
    let before = std::fs::read_to_string(project.path(".terrane.lock.hcl")).unwrap();
    std::fs::write(repository.path().join("main.tf"), "# two\n").unwrap();
    std::fs::write(repository.path().join("new.tf"), "").unwrap();
    git(repository.path(), &["add", "-A"]);
    git(repository.path(), &["commit", "--quiet", "-m", "two"]);
    // What is installed is what is locked.
    assert!(project.init(&[("a", &source, "")]).unwrap().is_empty());
    project.forget();
    let error = project.init(&[("a", &source, "")]).unwrap_err();
    assert!(error.contains("changed: main.tf; added: new.tf"), "{error}");
    assert_eq!(
        std::fs::read_to_string(project.path(".terrane.lock.hcl")).unwrap(),
        before
    );
    project.upgrade = true;
    project.init(&[("a", &source, "")]).unwrap();
    project.upgrade = false;
    project.forget();
    project.init(&[("a", &source, "")]).unwrap();
    // What somebody changed in the folder is replaced.
    let installed = project.path(".terraform/modules/a/main.tf");
    std::fs::write(&installed, "# mine\n").unwrap();
    assert_eq!(project.init(&[("a", &source, "")]).unwrap().len(), 1);
    assert_eq!(std::fs::read_to_string(&installed).unwrap(), "# two\n");
    // With a read-only lock file, nothing new is taken.
    project.readonly = true;
    project.init(&[("a", &source, "")]).unwrap();
    let other = format!("git::file://{}?ref=v1.0.0", repository.path().display());
    let error = project.init(&[("a", &other, "")]).unwrap_err();
    assert!(error.contains("-lockfile=readonly"), "{error}");
}

#[test]
fn hostile_repositories() {
    let repository = repository();
    let link = repository.path().join("sub/link");
    #[cfg(unix)]
    std::os::unix::fs::symlink("../../../../etc/passwd", link).unwrap();
    git(repository.path(), &["add", "-A"]);
    git(repository.path(), &["commit", "--quiet", "-m", "link"]);
    let source = format!("git::file://{}", repository.path().display());
    let project = Project::new(String::new());
    let error = project.init(&[("a", &source, "")]).unwrap_err();
    assert!(error.contains("symbolic link that leads out"), "{error}");
    // Variables that a hook has do not lead astray, and no hook runs.
    assert!(!project.path(".terraform/modules/a").exists());
}

#[test]
fn archives() {
    let server = Server::start(registry);
    let project = Project::new(String::new());
    let sum = |bytes: &[u8]| terrane_fetch::digest::Sha256::of(bytes).hex();
    let good = sum(&zip(&[("main.tf", "# zip\n"), ("sub/main.tf", "# sub\n")]));
    let fine = server.url(&format!("/dl/x.zip//sub?checksum=sha256:{good}"));
    project
        .init(&[("a", &fine, ""), ("b", &server.url("/page"), "")])
        .unwrap();
    assert_eq!(
        project.manifest().records["a"].dir,
        ".terraform/modules/a/sub"
    );
    let bad = sum(b"");
    for (path, why) in [
        (
            format!("/dl/x.zip?checksum=sha256:{bad}"),
            "its checksum is",
        ),
        (format!("/dl/x.zip?checksum={bad}"), "its checksum is"),
        (
            String::from("/dl/x.zip?checksum=md5:00000000000000000000000000000000"),
            "its checksum is md5",
        ),
        (String::from("/dl/x.zip?checksum=crc:00"), "none of md5"),
        (
            String::from("/dl/x.zip?checksum=file:http://x/y"),
            "not supported",
        ),
        (String::from("/dl/x.zip?archive=rar"), "rar"),
        (String::from("/dl/evil.zip"), "leads out of its folder"),
        (String::from("/dl/cut.zip"), "can't be read"),
        (String::from("/dl/none.zip"), "404"),
        (String::from("/dl/x.zip?archive=false"), "names no package"),
        (String::from("/file"), "folder of this machine"),
        (String::from("/gitfile"), "folder of this machine"),
        (String::from("/loop"), "leads to the next"),
        (String::from("/dl/x.zip//none"), "no folder"),
    ] {
        let error = project.init(&[("x", &server.url(&path), "")]).unwrap_err();
        assert!(error.contains(why), "{path}: {error}");
        assert!(!project.path("evil.tf").exists() && !project.path(".terraform/evil.tf").exists());
    }
    let left: Vec<_> = std::fs::read_dir(project.path(".terraform/modules"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn artifacts_of_an_oci_registry() {
    let layer = zip(&[("main.tf", "# oci\n")]);
    let sha = |bytes: &[u8]| terrane_fetch::digest::Sha256::of(bytes).hex();
    let manifest = |kind: &str, digest: &str| {
        format!(
            r#"{{"schemaVersion":2,"artifactType":"{kind}","layers":[{{"mediaType":"archive/zip","digest":"sha256:{digest}","size":{}}}]}}"#,
            layer.len()
        )
    };
    let good = manifest("application/vnd.opentofu.modulepkg", &sha(&layer));
    let other = manifest("application/vnd.other", &sha(&layer));
    let wrong = manifest("application/vnd.opentofu.modulepkg", &sha(b"other"));
    let digest = sha(good.as_bytes());
    let by_digest = format!("/v2/m/x/manifests/sha256:{digest}");
    let blob = format!("/v2/m/x/blobs/sha256:{}", sha(&layer));
    let bytes = layer.clone();
    let server = Server::start(move |asked| {
        let path = asked.path.as_str();
        let host = asked.headers["host"].clone();
        if path.starts_with("/token") {
            assert!(path.contains("scope=repository%3Am%2Fx%3Apull"), "{path}");
            assert_eq!(asked.headers["authorization"], "Basic dTpw");
            return reply(200, r#"{"token":"t"}"#);
        }
        if asked.headers.get("authorization").map(String::as_str) != Some("Bearer t") {
            let challenge =
                format!("Bearer realm=\"http://{host}/token\",service=\"s\",scope=\"x\"");
            return reply(401, "").with("WWW-Authenticate", challenge);
        }
        match path {
            "/v2/m/x/manifests/1.0" => reply(200, good.clone()),
            path if path == by_digest => reply(200, good.clone()),
            "/v2/m/x/manifests/other" => reply(200, other.clone()),
            "/v2/m/x/manifests/wrong" => reply(200, wrong.clone()),
            path if path == blob || path.contains("/blobs/") => reply(200, bytes.clone()),
            path if path.contains("/manifests/sha256:") => reply(200, "{\"schemaVersion\":2}"),
            _ => reply(404, ""),
        }
    });
    let place = format!("127.0.0.1:{}", server.port);
    let settings = format!(
        "host \"{place}\" {{ services = {{ \"x\" = \"http://{place}/\" }} }}\noci_credentials \"{place}\" {{ username = \"u\" password = \"p\" }}"
    );
    let project = Project::new(settings);
    let source = |rest: &str| format!("oci://{place}/m/x?{rest}");
    let fixed = source(&format!("digest=sha256:{digest}"));
    project
        .init(&[("a", &source("tag=1.0"), ""), ("b", &fixed, "")])
        .unwrap();
    assert!(project.path(".terraform/modules/b/main.tf").is_file());
    let lock = Lock::read(project.dir.path()).unwrap();
    let revision = format!("sha256:{digest}");
    assert!(
        lock.packages
            .values()
            .all(|locked| locked.revision.as_ref() == Some(&revision))
    );
    for (rest, why) in [
        ("tag=other", "vnd.other"),
        ("tag=wrong", "is another one"),
        ("tag=none", "404"),
        ("tag=-x", "no tag"),
        (
            &format!("digest=sha256:{}", "0".repeat(64)),
            "has the digest",
        ),
    ] {
        let error = project.init(&[("c", &source(rest), "")]).unwrap_err();
        assert!(error.contains(why), "{rest}: {error}");
    }
}

#[test]
fn what_is_installed_is_found_again() {
    let repository = repository();
    let source = format!("git::file://{}//sub", repository.path().display());
    let project = Project::new(String::new());
    let path = repository.path().to_str().unwrap().to_owned();
    project
        .init(&[("a", &source, ""), ("p", &path, ""), ("l", "./m", "")])
        .unwrap();
    let manifest = project.manifest();
    assert_eq!(manifest.records["l"].dir, "m");
    assert!(
        project
            .path(&manifest.records["p"].dir)
            .join("main.tf")
            .is_file()
    );
    let find = |key: &str, source: &str, caller_dir: &str| {
        let call = Call {
            key,
            source,
            with_version: false,
            versions: &Starts(""),
            caller_dir,
        };
        installed(&manifest, ".terraform/modules", call).map_err(|error| error.to_string())
    };
    let package = ".terraform/modules/a/sub";
    assert_eq!(find("a", &source, ".").unwrap(), package);
    assert_eq!(
        find("a.b", "./inner", package).unwrap(),
        ".terraform/modules/a/sub/inner"
    );
    assert_eq!(find("a.b", "../", package).unwrap(), ".terraform/modules/a");
    assert!(
        find("a.b", "../../p", package)
            .unwrap_err()
            .contains("leads out of the package")
    );
    assert!(
        find("a", "git::https://example.com/x", ".")
            .unwrap_err()
            .contains("changed")
    );
    assert_eq!(find("none", &source, ".").unwrap_err(), "");
}
