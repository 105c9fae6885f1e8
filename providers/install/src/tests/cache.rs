use super::*;

#[tokio::test]
async fn projects_share_a_cache() {
    let mut world = World::new().await;
    world.publish(&["1.0.0"]);
    world.cache = Some(Cache::new(&world.path("cache"), false));
    let first = world.run("", false).await;
    assert_eq!(world.events(), ["finding", "installing", "installed"]);
    let archive = "/files/1.0.0/linux.zip";
    assert_eq!(world.server.count(archive), 1);
    // Another project, with the lock file of the first or none: the signed checksum of the archive is enough.
    for locks in [first.locks.clone(), Locks::default()] {
        std::fs::remove_dir_all(world.path("providers")).unwrap();
        world.locks = locks;
        let outcome = world.run("", false).await;
        assert_eq!(world.events().last(), Some(&"cached"));
        assert_eq!(outcome.locks, first.locks);
        assert_eq!(world.server.count(archive), 1);
    }
    // A package that was changed in the cache is not used, but replaced.
    let path = world
        .path("cache")
        .join(HOST)
        .join("acme/cloud/1.0.0/linux_amd64");
    let program = path.join("terraform-provider-cloud_v1.0.0_x5");
    std::fs::write(&program, "changed").unwrap();
    std::fs::remove_dir_all(world.path("providers")).unwrap();
    let outcome = world.run("", false).await;
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    assert_eq!(world.server.count(archive), 2);
    assert_eq!(std::fs::read_to_string(&program).unwrap(), "1.0.0");
    assert_eq!(outcome.locks, first.locks);
}

/// As in an image of a container: packages are there, and nothing can be locked or written.
#[tokio::test]
async fn a_cache_that_nobody_may_write_to() {
    let mut world = World::new().await;
    world.publish(&["1.0.0"]);
    world.cache = Some(Cache::new(&world.path("cache"), false));
    world.run("", false).await;
    std::fs::remove_dir_all(world.path("providers")).unwrap();
    let locks = world.path("cache").join(".terrane/locks");
    std::fs::remove_dir_all(&locks).unwrap();
    std::fs::write(&locks, "in the way, for root too").unwrap();
    let outcome = world.run("", false).await;
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    assert_eq!(world.events().last(), Some(&"cached"));
    assert_eq!(world.server.count("/files/1.0.0/linux.zip"), 1);
    // What is not there can't be put there.
    world.publish(&["1.0.0", "1.1.0"]);
    std::fs::remove_dir_all(world.path("providers")).unwrap();
    let refused = world.refused("> 1.0").await;
    assert!(refused.contains("lock of the cache"), "{refused}");
}

/// One fetches, the others find it there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_want_the_same_at_once() {
    let mut world = World::new().await;
    world.publish(&["1.0.0"]);
    let cache = Cache::new(&world.path("cache"), false);
    world.cache = Some(cache.clone());
    let sources = world.sources();
    let runs = (0..10).map(|number| {
        let place = Place::new(
            &world.path(&format!("project{number}")),
            &world.path(&format!("scratch{number}")),
        );
        let (sources, cache) = (&sources, &cache);
        async move {
            let stamps = Stamps::forgetful();
            let installer = Installer {
                sources,
                place: &place,
                cache: Some(cache),
                stamps: &stamps,
                platform: linux(),
                say: Arc::new(|_| ()),
            };
            let needs = BTreeMap::from([(cloud(), Need::default())]);
            installer.install(&needs, &Locks::default(), false).await
        }
    });
    for outcome in futures::future::join_all(runs).await {
        assert!(outcome.failures.is_empty(), "{outcome:?}");
        let program = &outcome.installed[&cloud()].program;
        assert_eq!(std::fs::read_to_string(program).unwrap(), "1.0.0");
    }
    assert_eq!(world.server.count("/files/1.0.0/linux.zip"), 1);
}
