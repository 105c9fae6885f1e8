//! Installing, with registries and mirrors on this machine.

mod cache;
mod hostile;
mod login;
mod mirrors;
mod registry;
mod server;

use crate::cache::Cache;
use crate::constraint::Constraints;
use crate::install::{Event, Installer, Need, Outcome};
use crate::lockfile::Locks;
use crate::place::Place;
use crate::platform::Platform;
use crate::signature::Policy;
use crate::source::{Source, Sources};
use crate::stamp::Stamps;
use pgp::composed::{
    ArmorOptions, DetachedSignature, KeyType, SecretKeyParamsBuilder, SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::ser::Serialize as _;
use pgp::types::Password;
use rand_for_pgp as rand;
use serde_json::json;
use server::{Reply, Server};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use terrane_fetch::credentials::Credentials;
use terrane_fetch::discovery::Discovery;
use terrane_fetch::settings::Settings;
use terrane_fetch::{Client, ClientOptions};
use terrane_model::addr::ProviderAddr;

const HOST: &str = "registry.test";

fn addr(text: &str) -> ProviderAddr {
    text.parse().unwrap()
}

fn cloud() -> ProviderAddr {
    addr(&format!("{HOST}/acme/cloud"))
}

fn linux() -> Platform {
    "linux_amd64".parse().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// An archive with these entries.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The archive of a small provider.
fn provider(version: &str) -> Vec<u8> {
    let program = format!("terraform-provider-cloud_v{version}_x5");
    zip(&[(&program, version.as_bytes()), ("LICENSE.txt", b"none")])
}

/// A key for signing.
struct Key(SignedSecretKey);

impl Key {
    fn new(name: &str) -> Self {
        let params = SecretKeyParamsBuilder::default()
            .key_type(KeyType::Ed25519Legacy)
            .can_certify(true)
            .can_sign(true)
            .primary_user_id(name.to_owned())
            .passphrase(None)
            .build()
            .unwrap();
        Self(params.generate(rand::thread_rng()).unwrap())
    }

    fn armor(&self) -> String {
        let public = self.0.to_public_key();
        public.to_armored_string(ArmorOptions::default()).unwrap()
    }

    fn sign(&self, document: &[u8]) -> Vec<u8> {
        let signature = DetachedSignature::sign_binary_data(
            rand::thread_rng(),
            &self.0.primary_key,
            &Password::empty(),
            HashAlgorithm::Sha256,
            document,
        );
        signature.unwrap().to_bytes().unwrap()
    }
}

/// A folder, a registry and what is asked of it.
struct World {
    folder: TempDir,
    server: Server,
    key: Key,
    policy: Policy,
    sources: Vec<Source>,
    cache: Option<Cache>,
    locks: Locks,
    events: Arc<Mutex<Vec<Event>>>,
}

impl World {
    async fn new() -> Self {
        let server = Server::start().await;
        Self {
            folder: tempfile::tempdir().unwrap(),
            server,
            key: Key::new("Acme <acme@example.com>"),
            policy: Policy {
                enforce_validation: false,
                enforce_expiration: false,
                now: SystemTime::now(),
            },
            sources: vec![Source::registry()],
            cache: None,
            locks: Locks::default(),
            events: Arc::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Offers versions in the registry, each for two platforms, all signed.
    fn publish(&self, versions: &[&str]) {
        let list: Vec<_> = versions
            .iter()
            .map(|version| json!({ "version": version, "protocols": ["5.0"] }))
            .collect();
        let list = json!({ "versions": list }).to_string();
        self.server
            .route("/v1/acme/cloud/versions", Reply::ok(list));
        for version in versions {
            let linux = provider(version);
            let name =
                |platform: &str| format!("terraform-provider-cloud_{version}_{platform}.zip");
            let sums = format!(
                "{}  {}\n{}  {}\n",
                sha256(&linux),
                name("linux_amd64"),
                sha256(b"other"),
                name("darwin_arm64")
            );
            let signature = self.key.sign(sums.as_bytes());
            let base = format!("/files/{version}");
            self.server.route(&format!("{base}/sums"), Reply::ok(sums));
            self.server
                .route(&format!("{base}/sig"), Reply::ok(signature));
            self.server
                .route(&format!("{base}/linux.zip"), Reply::ok(linux.clone()));
            self.describe(version, |_| ());
        }
    }

    /// What the registry says of a version; a test may change it.
    fn describe(&self, version: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let base = format!("/files/{version}");
        let mut said = json!({
            "protocols": ["4.0", "5.1"],
            "os": "linux",
            "arch": "amd64",
            "filename": format!("terraform-provider-cloud_{version}_linux_amd64.zip"),
            "download_url": format!("{base}/linux.zip"),
            "shasum": sha256(&provider(version)),
            "shasums_url": self.server.url(&format!("{base}/sums")),
            "shasums_signature_url": format!("{base}/sig"),
            "signing_keys": { "gpg_public_keys": [{ "key_id": "X", "ascii_armor": self.key.armor() }] },
        });
        change(&mut said);
        let path = format!("/v1/acme/cloud/{version}/download/linux/amd64");
        self.server.route(&path, Reply::ok(said.to_string()));
    }

    fn discovery(&self) -> Arc<Discovery> {
        let text = format!(
            "host \"{HOST}\" {{ services = {{ \"providers.v1\" = \"{}\" }} }}\ncredentials \"{HOST}\" {{ token = \"open-sesame\" }}\n",
            self.server.url("/v1/")
        );
        let env = BTreeMap::new();
        let settings = Settings::parse(&text, &env).unwrap();
        let options = ClientOptions {
            retries: 0,
            pause: Duration::ZERO,
            ..ClientOptions::new("test", &env, &settings)
        };
        let credentials = Credentials::new(&env, &settings);
        Arc::new(Discovery::new(
            Client::new(options).unwrap(),
            credentials,
            &settings,
        ))
    }

    fn sources(&self) -> Sources {
        Sources::new(self.sources.clone(), self.discovery(), self.policy).with_download_retries(0)
    }

    /// Where packages are put that the project uses.
    fn place(&self) -> Place {
        Place::new(&self.path("providers"), &self.path("scratch"))
    }

    /// `terrane init` with this constraint; empty: none.
    async fn run(&self, constraints: &str, upgrade: bool) -> Outcome {
        self.run_for(&cloud(), constraints, upgrade).await
    }

    async fn run_for(&self, addr: &ProviderAddr, constraints: &str, upgrade: bool) -> Outcome {
        let (sources, place, stamps) = (self.sources(), self.place(), Stamps::forgetful());
        let events = self.events.clone();
        events.lock().unwrap().clear();
        let installer = Installer {
            sources: &sources,
            place: &place,
            cache: self.cache.as_ref(),
            stamps: &stamps,
            platform: linux(),
            say: Arc::new(move |event| events.lock().unwrap().push(event)),
        };
        let constraints = if constraints.is_empty() {
            Constraints::default()
        } else {
            Constraints::parse(constraints).unwrap()
        };
        let needs = BTreeMap::from([(addr.clone(), Need { constraints })]);
        installer.install(&needs, &self.locks, upgrade).await
    }

    /// The same, with the locks kept.
    async fn init(&mut self, constraints: &str) -> Outcome {
        let outcome = self.run(constraints, false).await;
        self.locks = outcome.locks.clone();
        outcome
    }

    /// Why installing failed.
    async fn refused(&self, constraints: &str) -> String {
        let outcome = self.run(constraints, false).await;
        assert!(outcome.installed.is_empty(), "{outcome:?}");
        assert!(
            !self
                .place()
                .path(&cloud(), &"1.0.0".parse().unwrap(), &linux())
                .exists()
        );
        let left = std::fs::read_dir(self.path("scratch")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "something is left behind");
        terrane_model::with_causes(&outcome.failures[0].1)
    }

    /// Kinds of the events of the last run, without progress.
    fn events(&self) -> Vec<&'static str> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .filter_map(|event| {
                Some(match event {
                    Event::Finding { .. } => "finding",
                    Event::Reusing { .. } => "reusing",
                    Event::Using { .. } => "using",
                    Event::Cached { .. } => "cached",
                    Event::Installing { .. } => "installing",
                    Event::Installed { .. } => "installed",
                    Event::Progress { .. } => return None,
                })
            })
            .collect()
    }
}

/// Writes an archive into a folder that is a mirror.
fn mirror(root: &Path, addr: &ProviderAddr, version: &str, content: &[u8]) {
    let folder = crate::source::filesystem_folder(root, addr);
    std::fs::create_dir_all(&folder).unwrap();
    let name = crate::source::filesystem_archive(addr, &version.parse().unwrap(), &linux());
    std::fs::write(folder.join(name), content).unwrap();
}
