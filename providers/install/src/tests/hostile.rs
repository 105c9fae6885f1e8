use super::*;

/// Archives of a mirror that says nothing about them: what is in them decides.
#[tokio::test]
async fn hostile_archives() {
    let mut world = World::new().await;
    let root = world.path("mirror");
    world.sources = vec![Source::folder(&root)];
    let good = provider("1.0.0");
    let program = "terraform-provider-cloud_v1.0.0";
    let large = vec![0; 40 << 20];
    let mut link = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    link.add_symlink(program, "/bin/sh", options).unwrap();
    let link = link.finish().unwrap().into_inner();
    for (archive, problem) in [
        (zip(&[("../evil", b"x"), (program, b"x")]), "evil"),
        (zip(&[("/etc/evil", b"x"), (program, b"x")]), "evil"),
        (zip(&[("a/../../evil", b"x"), (program, b"x")]), "evil"),
        (zip(&[("..\\evil", b"x"), (program, b"x")]), "evil"),
        (link, program),
        (
            zip(&[(program, b"x"), ("LICENSE", b"x"), ("license", b"y")]),
            "icense",
        ),
        (
            zip(&[("README.md", b"x")]),
            "holds no program terraform-provider-cloud",
        ),
        (
            zip(&[("terraform-provider-cloudy", b"x")]),
            "holds no program terraform-provider-cloud",
        ),
        (zip(&[(program, &large)]), "archive"),
        (good[..good.len() / 2].to_vec(), "archive"),
        (b"<html>sorry</html>".to_vec(), "archive"),
        (Vec::new(), "archive"),
    ] {
        mirror(&root, &cloud(), "1.0.0", &archive);
        let refused = world.refused("").await.to_lowercase();
        assert!(
            refused.contains(&problem.to_lowercase()),
            "{problem}: {refused}"
        );
        assert!(!world.path("evil").exists() && !world.path("scratch/evil").exists());
    }
    mirror(&root, &cloud(), "1.0.0", &good);
    assert!(world.run("", false).await.failures.is_empty());
}

/// A project that was checked out with a link in the place of a folder.
#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_project_leads_nowhere() {
    let mut world = World::new().await;
    let (root, victim) = (world.path("mirror"), world.path("victim"));
    world.sources = vec![Source::folder(&root)];
    mirror(&root, &cloud(), "1.0.0", &provider("1.0.0"));
    let version = "1.0.0".parse().unwrap();
    let path = world.place().path(&cloud(), &version, &linux());
    std::fs::create_dir(&victim).unwrap();
    std::fs::write(victim.join("precious"), "x").unwrap();
    // In the place of the package itself: the link is replaced, what it leads to stays.
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&victim, &path).unwrap();
    assert!(world.run("", false).await.failures.is_empty());
    assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 1);
    assert!(!path.is_symlink());
    // On the way to it: refused.
    let on_the_way = path.parent().unwrap();
    std::fs::remove_dir_all(on_the_way).unwrap();
    std::os::unix::fs::symlink(&victim, on_the_way).unwrap();
    let outcome = world.run("", false).await;
    let problem = terrane_model::with_causes(&outcome.failures[0].1);
    assert!(problem.contains("not a file or link"), "{problem}");
    assert_eq!(std::fs::read_dir(&victim).unwrap().count(), 1);
}
