use super::*;
use crate::hash::PackageHash;
use crate::install::installed;
use crate::source::Trust;

#[tokio::test]
async fn a_provider_of_a_registry() {
    let mut world = World::new().await;
    world.publish(&["1.0.0", "1.1.0", "2.0.0", "2.1.0-beta1"]);
    let outcome = world.init("~> 1.0").await;
    assert_eq!(world.events(), ["finding", "installing", "installed"]);
    let found = &outcome.installed[&cloud()];
    assert_eq!(found.version.to_string(), "1.1.0");
    assert!(
        found
            .program
            .ends_with("terraform-provider-cloud_v1.1.0_x5")
    );
    let lock = &outcome.locks.providers[&cloud()];
    assert_eq!(lock.constraints.to_string(), "~> 1.0");
    // What is signed counts for all platforms.
    let expected = [
        found.hash.clone(),
        PackageHash::of_archive(&sha256(&provider("1.1.0"))),
        PackageHash::of_archive(&sha256(b"other")),
    ];
    assert_eq!(lock.hashes, expected.into_iter().collect());
    assert!(outcome.incomplete.is_empty());
    let by_key = world.events.lock().unwrap().iter().any(|event| {
        matches!(
            event,
            Event::Installed {
                trust: Trust::Signed { expired: false, .. },
                ..
            }
        )
    });
    assert!(by_key);

    world.init("~> 1.0").await;
    assert_eq!(world.events(), ["reusing", "using"]);
    assert_eq!(world.server.count("/files/1.1.0/linux.zip"), 1);

    // A later command finds it, unless it is another one.
    let found = || {
        let lock = &world.locks.providers[&cloud()];
        installed(
            &world.place(),
            &Stamps::forgetful(),
            &cloud(),
            lock,
            &linux(),
        )
    };
    let program = found().unwrap().program;
    std::fs::write(&program, "changed").unwrap();
    assert!(
        found()
            .unwrap_err()
            .to_string()
            .contains("none of the checksums")
    );
    world.init("~> 1.0").await;
    assert_eq!(world.events(), ["reusing", "installing", "installed"]);
    assert_eq!(std::fs::read_to_string(&program).unwrap(), "1.1.0");
}

#[tokio::test]
async fn the_lock_file_is_respected() {
    let mut world = World::new().await;
    world.publish(&["1.0.0"]);
    world.init(">= 1.0").await;
    world.publish(&["1.0.0", "1.1.0", "3.0.0"]);
    let outcome = world.init(">= 1.0").await;
    assert_eq!(outcome.installed[&cloud()].version.to_string(), "1.0.0");
    let outcome = world.run(">= 2.0", false).await;
    let problem = outcome.failures[0].1.to_string();
    assert!(problem.contains("lock file has version 1.0.0"), "{problem}");
    assert_eq!(outcome.locks, world.locks, "the lock stays");
    let outcome = world.run(">= 1.0", true).await;
    assert_eq!(outcome.installed[&cloud()].version.to_string(), "3.0.0");
    assert_eq!(outcome.locks.providers[&cloud()].hashes.len(), 3);
}

#[tokio::test]
async fn a_token_is_for_its_host_only() {
    let world = World::new().await;
    world.publish(&["1.0.0"]);
    // Archives elsewhere, and a registry that sends on to somebody else.
    let other = Server::start().await;
    other.route("/a.zip", Reply::ok(provider("1.0.0")));
    world.describe("1.0.0", |said| {
        said["download_url"] = json!(other.url("/a.zip"));
    });
    let outcome = world.run("", false).await;
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    for (path, token) in world.server.seen() {
        let expected = path
            .starts_with("/v1/")
            .then(|| "Bearer open-sesame".to_owned());
        assert_eq!(token, expected, "{path}");
    }
    assert_eq!(other.seen(), [("/a.zip".to_owned(), None)]);

    let versions = json!({ "versions": [{ "version": "1.0.0" }] }).to_string();
    other.route("/versions", Reply::ok(versions));
    world.server.route(
        "/v1/acme/cloud/versions",
        Reply::redirect(&other.url("/versions")),
    );
    world.run("", false).await;
    assert!(other.seen().contains(&("/versions".to_owned(), None)));
    assert!(other.seen().iter().all(|(_, token)| token.is_none()));
}

#[tokio::test]
async fn what_a_registry_must_not_say() {
    let world = World::new().await;
    world.publish(&["1.0.0"]);
    let stranger = Key::new("Stranger <s@example.com>");
    let armor = stranger.armor();
    type Change<'a> = Box<dyn Fn(&mut serde_json::Value) + 'a>;
    let table: Vec<(Change<'_>, &str)> = vec![
        (
            Box::new(|said| said["os"] = json!("darwin")),
            "it is for darwin_amd64",
        ),
        (
            Box::new(|said| said["shasum"] = json!("00")),
            "no SHA-256 checksum",
        ),
        (
            Box::new(|said| said["filename"] = json!("../x.zip")),
            "no name of an archive",
        ),
        (
            Box::new(|said| said["protocols"] = json!(["4.0", "7.0"])),
            "plugin protocol 4.0, 7.0",
        ),
        (
            Box::new(|said| said["shasum"] = json!(sha256(b"other"))),
            "signed checksums do not hold that of",
        ),
        (
            Box::new(|said| said["filename"] = json!("y.zip")),
            "signed checksums do not hold that of y.zip",
        ),
        (
            Box::new(|said| {
                said["signing_keys"]["gpg_public_keys"][0]["ascii_armor"] = json!(armor);
            }),
            "not made by any of the keys",
        ),
        (
            Box::new(|said| said["shasums_signature_url"] = json!("/files/1.0.0/sums")),
            "signature can't be read",
        ),
        (
            Box::new(|said| said["shasums_signature_url"] = json!("/nothing")),
            "404",
        ),
        (
            Box::new(|said| said["shasums_url"] = json!("/files/1.0.0/sig")),
            "changed after they were signed",
        ),
        (
            Box::new(|said| said["download_url"] = json!("/nothing.zip")),
            "404",
        ),
        (
            Box::new(|said| said["download_url"] = json!("ftp://example.com/x.zip")),
            "only https",
        ),
        (
            Box::new(|said| said["download_url"] = json!("http://169.254.169.254/x.zip")),
            "not under TLS",
        ),
        (
            Box::new(|said| *said = json!([])),
            "not what a registry answers",
        ),
    ];
    for (change, problem) in table {
        world.describe("1.0.0", |said| change(said));
        let refused = world.refused("").await;
        assert!(refused.contains(problem), "{problem}: {refused}");
    }
}

#[tokio::test]
async fn what_an_archive_must_not_be() {
    let world = World::new().await;
    world.publish(&["1.0.0"]);
    // Another archive than the one that is signed for.
    world.describe("1.0.0", |_| ());
    world
        .server
        .route("/files/1.0.0/linux.zip", Reply::ok(provider("6.6.6")));
    let refused = world.refused("").await;
    assert!(refused.contains("the package hashes to zh:"), "{refused}");
    // Cut off on the way.
    let cut = Reply {
        cut: Some(20),
        ..Reply::ok(provider("1.0.0"))
    };
    world.server.route("/files/1.0.0/linux.zip", cut);
    assert!(!world.refused("").await.is_empty());
}

/// A signed document that says two things of one archive says nothing.
#[tokio::test]
async fn a_name_twice_among_the_signed_checksums() {
    let world = World::new().await;
    world.publish(&["1.0.0"]);
    let name = "terraform-provider-cloud_1.0.0_linux_amd64.zip";
    let good = format!("{}  {name}\n", sha256(&provider("1.0.0")));
    let evil = format!("{}  {name}\n", sha256(b"evil"));
    let sums = |text: &str| {
        let base = "/files/1.0.0";
        let signature = world.key.sign(text.as_bytes());
        world.server.route(&format!("{base}/sums"), Reply::ok(text));
        world
            .server
            .route(&format!("{base}/sig"), Reply::ok(signature));
    };
    for text in [format!("{good}{evil}"), format!("{evil}{good}")] {
        sums(&text);
        let refused = world.refused("").await;
        assert!(refused.contains("do not hold that of"), "{refused}");
    }
    sums(&format!("{good}{good}"));
    let outcome = world.run("", false).await;
    assert!(outcome.failures.is_empty(), "{outcome:?}");
}

#[tokio::test]
async fn packages_without_signature() {
    let mut world = World::new().await;
    world.publish(&["1.0.0"]);
    world.describe("1.0.0", |said| said["signing_keys"] = json!({}));
    let outcome = world.run("", false).await;
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    assert!(outcome.incomplete.contains(&cloud()));
    let trust = world
        .events
        .lock()
        .unwrap()
        .iter()
        .find_map(|event| match event {
            Event::Installed { trust, .. } => Some(trust.clone()),
            _ => None,
        });
    assert_eq!(trust, Some(Trust::Checksum));
    world.policy.enforce_validation = true;
    std::fs::remove_dir_all(world.path("providers")).unwrap();
    let refused = world.refused("").await;
    assert!(
        refused.contains("OPENTOFU_ENFORCE_GPG_VALIDATION"),
        "{refused}"
    );
}

#[tokio::test]
async fn who_is_not_there() {
    let world = World::new().await;
    let refused = world.refused("").await;
    assert!(refused.contains("the registry registry.test"), "{refused}");
    world
        .server
        .route("/v1/acme/cloud/versions", Reply::status(401));
    let refused = world.refused("").await;
    assert!(refused.contains("terrane login registry.test"), "{refused}");
    world
        .server
        .route("/v1/acme/cloud/versions", Reply::ok("{\"versions\": null}"));
    assert!(
        world
            .refused("")
            .await
            .contains("the registry registry.test")
    );
    world.publish(&["1.0.0", "1.1.0-rc1"]);
    let refused = world.refused("> 1.0").await;
    assert!(refused.contains("there are 1.1.0-rc1, 1.0.0"), "{refused}");
    let platform = "/v1/acme/cloud/1.0.0/download/linux/amd64";
    world.server.route(platform, Reply::status(404));
    let refused = world.refused("").await;
    assert!(refused.contains("not there for linux_amd64"), "{refused}");
    // Round and round.
    let versions = "/v1/acme/cloud/versions";
    world
        .server
        .route(versions, Reply::redirect(&world.server.url(versions)));
    let refused = world.refused("").await;
    assert!(refused.contains("redirects before"), "{refused}");
}
