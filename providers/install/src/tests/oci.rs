//! Mirrors in OCI registries.

use super::*;

const PROVIDER: &str = "application/vnd.opentofu.provider";
const TARGET: &str = "application/vnd.opentofu.provider-target";

/// What a test may change of what a registry has of one version.
struct Stored {
    index_type: &'static str,
    target_type: &'static str,
    platforms: Vec<&'static str>,
    layers: Vec<&'static str>,
    archive: Vec<u8>,
    /// What comes under the digest of the archive.
    blob: Option<Vec<u8>>,
    /// What comes under the digest of the package's manifest.
    manifest: Option<Vec<u8>>,
}

/// What a test changes.
type Change = fn(&mut Stored);

impl Stored {
    fn of(version: &str) -> Self {
        Self {
            index_type: PROVIDER,
            target_type: TARGET,
            platforms: vec!["amd64", "arm64"],
            layers: vec!["archive/zip", "text/plain"],
            archive: provider(version),
            blob: None,
            manifest: None,
        }
    }
}

impl World {
    /// A world whose providers come from `acme/cloud` of an OCI registry.
    async fn with_oci_mirror() -> Self {
        let mut world = Self::new().await;
        world.mirror_at(&format!(
            "127.0.0.1:{}/mirror/${{namespace}}/${{type}}",
            world.server.port
        ));
        world
    }

    fn mirror_at(&mut self, template: &str) {
        let text = format!(
            "provider_installation {{ oci_mirror {{ repository_template = \"{template}\" include = [\"{HOST}/*/*\"] }} }}"
        );
        // The symbols are for the mirror, not for the environment.
        let settings = Settings::parse(&text, &BTreeMap::new()).unwrap();
        let method = &settings.installation.unwrap()[0];
        self.sources = vec![Source::new(method, &self.oci()).unwrap()];
    }

    fn tags(&self, tags: &[&str]) {
        let list = json!({ "name": "mirror/acme/cloud", "tags": tags }).to_string();
        let path = "/v2/mirror/acme/cloud/tags/list";
        self.server.route(path, Reply::ok(list));
    }

    /// Puts a version there.
    fn push(&self, tag: &str, stored: &Stored) {
        let base = "/v2/mirror/acme/cloud";
        let digest = |bytes: &[u8]| format!("sha256:{}", sha256(bytes));
        let layers: Vec<_> = stored
            .layers
            .iter()
            .map(|kind| {
                json!({ "mediaType": kind, "digest": digest(&stored.archive), "size": stored.archive.len() })
            })
            .collect();
        let manifest = json!({
            "schemaVersion": 2,
            "artifactType": stored.target_type,
            "layers": layers,
        })
        .to_string();
        let entries: Vec<_> = stored
            .platforms
            .iter()
            .map(|architecture| {
                json!({
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": digest(manifest.as_bytes()),
                    "size": manifest.len(),
                    "platform": { "os": "linux", "architecture": architecture },
                })
            })
            .collect();
        let index = json!({
            "schemaVersion": 2,
            "artifactType": stored.index_type,
            "manifests": entries,
        });
        let route = |path: String, body: Vec<u8>| self.server.route(&path, Reply::ok(body));
        route(format!("{base}/manifests/{tag}"), index.to_string().into());
        let at = format!("{base}/manifests/{}", digest(manifest.as_bytes()));
        route(at, stored.manifest.clone().unwrap_or(manifest.into()));
        let at = format!("{base}/blobs/{}", digest(&stored.archive));
        let blob = stored.blob.clone();
        route(at, blob.unwrap_or_else(|| stored.archive.clone()));
    }
}

#[tokio::test]
async fn a_repository_for_each_provider() {
    let mut world = World::with_oci_mirror().await;
    world.tags(&["latest", "1.0.0", "v3.0.0", "2.0.0_build.7", "sha256-abc"]);
    world.push("1.0.0", &Stored::of("1.0.0"));
    world.push("2.0.0_build.7", &Stored::of("2.0.0"));
    let outcome = world.init("").await;
    assert_eq!(
        outcome.installed[&cloud()].version.to_string(),
        "2.0.0+build.7"
    );
    // As from every mirror: what was unpacked, and nothing of other platforms.
    assert_eq!(outcome.locks.providers[&cloud()].hashes.len(), 1);
    assert!(outcome.incomplete.contains(&cloud()));
    // Again, with the lock file.
    std::fs::remove_dir_all(world.path("providers")).unwrap();
    world.init("").await;
    assert_eq!(world.events()[0], "reusing");
    // An older one, by a constraint.
    world.locks = Locks::default();
    let outcome = world.init("< 2.0.0").await;
    assert_eq!(outcome.installed[&cloud()].version.to_string(), "1.0.0");
}

#[tokio::test]
async fn what_an_oci_registry_must_not_answer() {
    let cases: &[(Change, &str)] = &[
        (
            |stored| stored.index_type = "application/vnd.docker",
            "application/vnd.docker",
        ),
        (|stored| stored.target_type = PROVIDER, "provider-target"),
        (
            |stored| stored.platforms = vec!["arm64"],
            "only for linux_arm64",
        ),
        (
            |stored| stored.platforms = vec!["amd64", "amd64"],
            "more than one package for linux_amd64",
        ),
        (
            |stored| stored.layers = vec!["archive/zip", "archive/zip"],
            "has 2 layers",
        ),
        (|stored| stored.layers = vec!["text/plain"], "has 0 layers"),
        (
            |stored| stored.blob = Some(vec![0; stored.archive.len()]),
            "is another one",
        ),
        (
            |stored| stored.blob = Some(stored.archive[..20].to_vec()),
            "is another one",
        ),
        (
            |stored| stored.blob = Some([&stored.archive[..], b"and more"].concat()),
            "larger than",
        ),
        (
            |stored| stored.manifest = Some(b"{\"schemaVersion\":2}".to_vec()),
            "has the digest",
        ),
        (
            |stored| stored.archive = zip(&[("../terraform-provider-cloud", b"x")]),
            "leads out of its folder",
        ),
    ];
    for (change, why) in cases {
        let mut stored = Stored::of("1.0.0");
        change(&mut stored);
        let world = World::with_oci_mirror().await;
        world.tags(&["1.0.0"]);
        world.push("1.0.0", &stored);
        let refused = world.refused("").await;
        assert!(refused.contains(why), "{why}: {refused}");
        assert!(!world.path("providers").join(HOST).exists(), "{why}");
        assert!(world.locks.providers.is_empty(), "{why}");
    }
}

#[tokio::test]
async fn registries_without_the_provider_and_closed_ones() {
    let world = World::with_oci_mirror().await;
    let refused = world.refused("").await;
    assert!(refused.contains("none of the places"), "{refused}");
    world.tags(&["1.0.0"]);
    let refused = world.refused("").await;
    assert!(refused.contains("version 1.0.0 is not there"), "{refused}");
    let path = "/v2/mirror/acme/cloud/tags/list";
    world.server.route(path, Reply::status(403));
    let refused = world.refused("").await;
    assert!(refused.contains("wants to know who asks"), "{refused}");
    world.server.route(path, Reply::ok("<html>"));
    assert!(!world.refused("").await.is_empty());
}

#[tokio::test]
async fn templates_that_leave_something_open() {
    let world = World::new().await;
    let new = |template: &str, include: &str| {
        let text = format!(
            "provider_installation {{ oci_mirror {{ repository_template = \"{template}\" {include} }} }}"
        );
        let settings = Settings::parse(&text, &BTreeMap::new()).unwrap();
        Source::new(&settings.installation.unwrap()[0], &world.oci()).map(drop)
    };
    let all = "example.com/${hostname}/${namespace}/${type}";
    assert_eq!(new(all, ""), Ok(()));
    let here = "include = [\"registry.test/acme/*\"]";
    assert_eq!(new("example.com/mirror/${type}", here), Ok(()));
    for (template, include) in [
        ("example.com/${namespace}/${type}", ""),
        ("example.com/mirror", here),
        ("example.com/${type}", "include = [\"registry.test/*/*\"]"),
    ] {
        let error = new(template, include).unwrap_err();
        assert!(error.contains("must have"), "{template}: {error}");
    }
}
