use super::{Lock, LockedPackage, PackageId};
use terrane_fetch::digest::{Sha256, Tree};

fn tree(files: &[(&str, &str)]) -> Tree {
    let pair = |(name, text): &(&str, &str)| ((*name).to_owned(), Sha256::of(text.as_bytes()));
    files.iter().map(pair).collect()
}

fn lock() -> Lock {
    let mut lock = Lock::default();
    let id = |source: &str, version: &str| PackageId {
        source: source.to_owned(),
        version: version.to_owned(),
    };
    let mut one = LockedPackage::of(&tree(&[("main.tf", "a"), ("odd ${x} \"n\".tf", "b")]), None);
    one.calls.extend(["a".to_owned(), "b.c".to_owned()]);
    lock.packages
        .insert(id("registry.example.com/n/x/s", "1.2.3"), one);
    let commit = "0123456789012345678901234567890123456789".to_owned();
    let two = LockedPackage::of(&tree(&[]), Some(commit));
    lock.packages
        .insert(id("git::https://example.com/a.git?ref=%{x}", ""), two);
    lock
}

#[test]
fn what_is_written_is_read() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Lock::read(dir.path()).unwrap(), Lock::default());
    lock().write(dir.path()).unwrap();
    assert_eq!(Lock::read(dir.path()).unwrap(), lock());
    let text = lock().text();
    let expect =
        "\nmodule \"registry.example.com/n/x/s\" {\n  version = \"1.2.3\"\n  hash    = \"h1:";
    assert!(text.contains(expect), "{text}");
    Lock::default().write(dir.path()).unwrap();
    assert!(!dir.path().join(super::NAME).exists());
}

#[test]
fn what_is_not_understood() {
    for (text, why) in [
        ("", "format"),
        ("format = 2", "later terrane"),
        ("format = 1\nx = 1", "argument x"),
        ("format = 1\nmodule \"x\" {}", "no hash"),
        (
            "format = 1\nmodule \"x\" {\n hash = \"h1:x\"\n}\nmodule \"x\" {\n hash = \"h1:x\"\n}",
            "twice",
        ),
        ("format = 1\nmodule \"x\" {\n hash = 1\n}", "text"),
        ("<<<<<<< HEAD\nformat = 1", ""),
    ] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(super::NAME), text).unwrap();
        let error = Lock::read(dir.path()).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn differences_name_files() {
    let before = LockedPackage::of(
        &tree(&[("a", "1"), ("b", "1"), ("c", "1")]),
        Some("x".to_owned()),
    );
    assert_eq!(before.difference(&before), None);
    let now = LockedPackage::of(
        &tree(&[("a", "1"), ("b", "2"), ("d", "1")]),
        Some("y".to_owned()),
    );
    let difference = before.difference(&now).unwrap();
    assert_eq!(
        difference,
        "it was x and is y; changed: b; added: d; removed: c"
    );
    let many: Vec<(String, String)> = (0..1001)
        .map(|n| (format!("f{n}"), String::new()))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let large = LockedPackage::of(&tree(&many), None);
    assert_eq!(
        large.difference(&now).unwrap(),
        "its files have another digest"
    );
}

#[test]
fn the_version_of_a_call_comes_first() {
    let mut lock = Lock::default();
    for (version, call) in [("1.0.0", "a"), ("2.0.0", "b")] {
        let id = PackageId {
            source: "s".to_owned(),
            version: version.to_owned(),
        };
        let mut package = LockedPackage::of(&tree(&[]), None);
        package.calls.insert(call.to_owned());
        lock.packages.insert(id, package);
    }
    assert_eq!(lock.versions("s", "b"), ["2.0.0", "1.0.0"]);
    assert_eq!(lock.versions("s", "new"), ["1.0.0", "2.0.0"]);
    assert!(lock.versions("t", "a").is_empty());
}

/// Providers have blocks in the same file.
#[test]
fn what_others_keep_there_stays() {
    let mut text = lock().text();
    text.push_str(
        "\nprovider \"registry.opentofu.org/hashicorp/random\" {\n  mode = \"native\"\n}\n",
    );
    let read = super::text::parse(&text).unwrap();
    assert_eq!(read.packages, lock().packages);
    assert_eq!(read.text(), text);
}
