use super::*;
use crate::hash::PackageHash;
use crate::install::{InstallError, installed};
use crate::locking::{LockEvent, Locker, News};
use crate::mirroring::Mirrorer;
use crate::source::{SourceError, Trust};

fn hash_of(archive: &[u8]) -> PackageHash {
    PackageHash::of_archive(&sha256(archive))
}

#[tokio::test]
async fn a_folder_with_archives() {
    let mut world = World::new().await;
    let root = world.path("mirror");
    world.sources = vec![Source::folder(&root)];
    mirror(&root, &cloud(), "1.0.0", &provider("1.0.0"));
    let outcome = world.init("").await;
    assert!(outcome.incomplete.contains(&cloud()));
    assert_eq!(outcome.locks.providers[&cloud()].hashes.len(), 1);
    // Another package under the same version.
    mirror(&root, &cloud(), "1.0.0", &provider("6.6.6"));
    world.init("").await;
    assert_eq!(world.events(), ["reusing", "using"]);
    std::fs::remove_dir_all(world.path("providers")).unwrap();
    let refused = world.refused("").await;
    assert!(
        refused.contains("none of the checksums in the lock file"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_folder_with_unpacked_packages() {
    let mut world = World::new().await;
    let root = world.path("mirror");
    world.sources = vec![Source::folder(&root)];
    let folder = crate::source::filesystem_folder(&root, &cloud()).join("1.0.0/linux_amd64");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("terraform-provider-cloud_v1.0.0");
    std::fs::write(&program, "x").unwrap();
    let outcome = world.init("").await;
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    #[cfg(unix)]
    assert!(outcome.installed[&cloud()].folder.is_symlink());
    // What is linked to is checked all the same.
    std::fs::write(&program, "changed").unwrap();
    let lock = &world.locks.providers[&cloud()];
    let stamps = Stamps::forgetful();
    assert!(installed(&world.place(), &stamps, &cloud(), lock, &linux()).is_err());
    let outcome = world.run("", false).await;
    assert!(matches!(
        outcome.failures[0].1,
        InstallError::NotLocked { .. }
    ));
}

/// A mirror may hold a provider under either name of the public registry; the lock file has the name that was found.
#[tokio::test]
async fn both_names_of_the_public_registry() {
    let mut world = World::new().await;
    let root = world.path("mirror");
    world.sources = vec![Source::folder(&root)];
    let theirs = addr("registry.terraform.io/acme/cloud");
    let asked = addr("acme/cloud");
    mirror(&root, &theirs, "1.0.0", &provider("1.0.0"));
    let outcome = world.run_for(&asked, "", false).await;
    assert_eq!(outcome.installed[&asked].addr, theirs);
    assert!(outcome.locks.providers.contains_key(&theirs));
    world.locks = outcome.locks.clone();
    let again = world.run_for(&asked, "", false).await;
    assert_eq!(again.locks, outcome.locks);
    assert_eq!(world.events(), ["reusing", "using"]);
}

#[tokio::test]
async fn sources_in_order_by_patterns() {
    let mut world = World::new().await;
    world.publish(&["1.0.0", "2.0.0"]);
    let root = world.path("mirror");
    mirror(&root, &cloud(), "1.0.0", &provider("1.0.0"));
    let env = BTreeMap::new();
    let oci = world.oci();
    let methods = |text: &str| -> Vec<Source> {
        let text = format!("provider_installation {{ {text} }}");
        let settings = Settings::parse(&text, &env).unwrap();
        let methods = settings.installation.unwrap();
        methods
            .iter()
            .map(|method| Source::new(method, &oci).unwrap())
            .collect()
    };
    let path = root.display();
    for (text, version) in [
        (
            format!("filesystem_mirror {{ path = \"{path}\" }}\n direct {{ }}"),
            "2.0.0",
        ),
        (
            format!(
                "filesystem_mirror {{ path = \"{path}\" }}\n direct {{ exclude = [\"{HOST}/*/*\"] }}"
            ),
            "1.0.0",
        ),
        (
            format!(
                "filesystem_mirror {{ path = \"{path}\"\n include = [\"other/*\"] }}\n direct {{ }}"
            ),
            "2.0.0",
        ),
    ] {
        world.sources = methods(&text);
        let outcome = world.run("", false).await;
        assert_eq!(
            outcome.installed[&cloud()].version.to_string(),
            version,
            "{text}"
        );
    }
    world.sources = methods(&format!("direct {{ exclude = [\"{HOST}/*/*\"] }}"));
    let outcome = world.run("", false).await;
    assert!(matches!(
        outcome.failures[0].1,
        InstallError::Source(SourceError::Excluded)
    ));
}

/// Answers as a network mirror.
fn network(world: &World, hashes: &serde_json::Value, url: &str) {
    let base = format!("/mirror/{HOST}/acme/cloud");
    world.server.route(
        &format!("{base}/index.json"),
        Reply::ok("{\"versions\":{\"1.0.0\":{}}}"),
    );
    let said = json!({ "archives": { "linux_amd64": { "url": url, "hashes": hashes } } });
    world
        .server
        .route(&format!("{base}/1.0.0.json"), Reply::ok(said.to_string()));
    world
        .server
        .route(&format!("{base}/a.zip"), Reply::ok(provider("1.0.0")));
}

#[tokio::test]
async fn a_network_mirror() {
    let mut world = World::new().await;
    world.sources = vec![Source::mirror(&world.server.url("/mirror")).unwrap()];
    let good = hash_of(&provider("1.0.0"));
    network(&world, &json!([good.as_str(), "h9:unknown"]), "a.zip");
    let outcome = world.init("").await;
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    let installed = world.events.lock().unwrap().iter().any(|event| {
        matches!(
            event,
            Event::Installed {
                trust: Trust::Checksum,
                ..
            }
        )
    });
    assert!(installed);
    // A mirror is not believed about what the lock file does not know.
    assert_eq!(outcome.locks.providers[&cloud()].hashes.len(), 1);

    std::fs::remove_dir_all(world.path("providers")).unwrap();
    world.locks = Locks::default();
    network(&world, &json!([hash_of(b"other").as_str()]), "a.zip");
    let refused = world.refused("").await;
    assert!(refused.contains("its source says zh:"), "{refused}");
    network(&world, &json!(["h1:AAAA"]), "a.zip");
    assert!(world.refused("").await.contains("its source says h1:AAAA"));
    network(&world, &json!([]), "http://169.254.169.254/a.zip");
    assert!(!world.refused("").await.is_empty());
    for text in ["http://example.com/", "ftp://example.com/", "nowhere"] {
        assert!(Source::mirror(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn checksums_of_several_platforms() {
    let world = World::new().await;
    world.publish(&["1.0.0"]);
    let sources = world.sources();
    let (place, platforms) = (world.place(), [linux()]);
    let locker = Locker {
        sources: &sources,
        place: &place,
        platforms: &platforms,
    };
    let needs = BTreeMap::from([(cloud(), Need::default())]);
    let news = Mutex::new(Vec::new());
    let say = |event| {
        if let LockEvent::Obtained(.., what) = event {
            news.lock().unwrap().push(what);
        }
    };
    let locks = locker.lock(&needs, &Locks::default(), &say).await.unwrap();
    assert_eq!(locks.providers[&cloud()].hashes.len(), 3);
    let again = locker.lock(&needs, &locks, &say).await.unwrap();
    assert_eq!(again, locks);
    assert_eq!(*news.lock().unwrap(), [News::First, News::Known]);
    assert!(!place.root().exists(), "nothing is installed");
}

#[tokio::test]
async fn a_mirror_that_was_made_is_one() {
    let mut world = World::new().await;
    world.publish(&["1.0.0", "1.1.0"]);
    let folder = world.path("made");
    let sources = world.sources();
    for constraints in ["1.0.0", "1.1.0", "1.1.0"] {
        let mirrorer = Mirrorer {
            sources: &sources,
            folder: &folder,
            platforms: &[linux()],
        };
        let constraints = Constraints::parse(constraints).unwrap();
        let needs = BTreeMap::from([(cloud(), Need { constraints })]);
        mirrorer
            .mirror(&needs, &Locks::default(), &|_| ())
            .await
            .unwrap();
    }
    let mut files: Vec<_> = std::fs::read_dir(folder.join(HOST).join("acme/cloud"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "1.0.0.json",
            "1.1.0.json",
            "index.json",
            "terraform-provider-cloud_1.0.0_linux_amd64.zip",
            "terraform-provider-cloud_1.1.0_linux_amd64.zip"
        ]
    );
    assert!(!folder.join(".terrane").exists());
    // By files, and by a server that offers them.
    world.sources = vec![Source::folder(&folder)];
    assert!(world.run("1.0.0", false).await.failures.is_empty());
    for name in files {
        let content = std::fs::read(folder.join(HOST).join("acme/cloud").join(&name)).unwrap();
        world.server.route(
            &format!("/made/{HOST}/acme/cloud/{name}"),
            Reply::ok(content),
        );
    }
    std::fs::remove_dir_all(world.path("providers")).unwrap();
    world.sources = vec![Source::mirror(&world.server.url("/made/")).unwrap()];
    let outcome = world.run("~> 1.0", false).await;
    assert_eq!(outcome.installed[&cloud()].version.to_string(), "1.1.0");
}
