use super::{Address, Getter};

/// The full form of an address, as the manifest of the peers has it: checked against `terraform init` where it can be had without a network.
#[test]
fn addresses_and_their_full_forms() {
    for (source, full) in [
        ("./m", "./m"),
        ("../m/n", "../m/n"),
        ("ns/name/sys", "registry.terraform.io/ns/name/sys"),
        (
            "hashicorp/consul/aws//modules/x",
            "registry.terraform.io/hashicorp/consul/aws//modules/x",
        ),
        (
            "Reg.Example.com:443/ns/name/sys//sub",
            "reg.example.com/ns/name/sys//sub",
        ),
        ("localhost:8080/ns/name/sys", "localhost:8080/ns/name/sys"),
        (
            "ns/name/sys//./a//b/../c",
            "registry.terraform.io/ns/name/sys//a/c",
        ),
        ("/abs/path", "file:///abs/path"),
        ("/abs/path//sub", "file:///abs/path//sub"),
        ("file:///tmp/x", "file:///tmp/x"),
        (
            "git::file:///tmp/fp/repo//sub?ref=v1.0.0",
            "git::file:///tmp/fp/repo//sub?ref=v1.0.0",
        ),
        (
            "git::https://example.com/a.git?depth=1&ref=x",
            "git::https://example.com/a.git?depth=1&ref=x",
        ),
        (
            "github.com/hashicorp/consul//modules/x?ref=v1",
            "git::https://github.com/hashicorp/consul.git//modules/x?ref=v1",
        ),
        (
            "github.com/hashicorp/consul.git",
            "git::https://github.com/hashicorp/consul.git",
        ),
        ("git::github.com/a/b", "git::https://github.com/a/b.git"),
        ("bitbucket.org/a/b", "git::https://bitbucket.org/a/b.git"),
        (
            "git@github.com:a/b.git",
            "git::ssh://git@github.com/a/b.git",
        ),
        (
            "git::git@github.com:a/b.git//s?ref=1",
            "git::ssh://git@github.com/a/b.git//s?ref=1",
        ),
        (
            "git::me@example.com:a/b.git",
            "git::ssh://me@example.com/a/b.git",
        ),
        (
            "git::ssh://git@example.com:22/a.git",
            "git::ssh://git@example.com:22/a.git",
        ),
        (
            "https://example.com/x.zip//sub?archive=zip",
            "https://example.com/x.zip//sub?archive=zip",
        ),
        ("http://127.0.0.1:1/x", "http://127.0.0.1:1/x"),
        (
            "s3.amazonaws.com/bucket/x.zip",
            "s3::https://s3.amazonaws.com/bucket/x.zip",
        ),
        (
            "bucket.s3-eu-west-1.amazonaws.com/x.zip//y",
            "s3::https://bucket.s3-eu-west-1.amazonaws.com/x.zip//y",
        ),
        (
            "s3::https://s3.amazonaws.com/bucket/x.zip",
            "s3::https://s3.amazonaws.com/bucket/x.zip",
        ),
        (
            "www.googleapis.com/storage/v1/b/x.zip",
            "gcs::https://www.googleapis.com/storage/v1/b/x.zip",
        ),
        (
            "oci://example.com/repo//x?tag=1",
            "oci://example.com/repo//x?tag=1",
        ),
    ] {
        match Address::parse(source, false) {
            Ok(address) => assert_eq!(address.to_string(), full, "{source}"),
            Err(error) => panic!("{source}: {error}"),
        }
    }
}

#[test]
fn what_names_no_place() {
    for (source, why) in [
        ("", "empty"),
        (" ./m", "white space"),
        ("foo", "not clear"),
        ("hashicorp/consul", "not clear"),
        ("a/b/c/d/e", "not clear"),
        ("localhost/a/b/c", "not clear"),
        ("gitlab.com/a/b", "not clear"),
        ("Foo_/bar/baz", "not clear"),
        ("ns/name/Sys", "not clear"),
        ("me@example.com:a/b.git", "not clear"),
        ("github.com/a", "github.com/owner/repository"),
        ("ext::sh -c id", "no way to fetch"),
        ("git::ext::sh -c id", "not clear"),
        ("git::--upload-pack=x", "not clear"),
        ("git::git@-oProxyCommand=x:y", "not clear"),
        ("git::ssh://-oProxyCommand=x/y", "names no host"),
        ("git::ssh://-x@example.com/y", "option"),
        ("git::https://example.com/-x", "option"),
        ("git::ssh://u:p@example.com/y", "no password"),
        ("git::git://example.com/x", "not spoken"),
        ("git::fd::17/foo", "not clear"),
        ("git::ftp://example.com/x", "not spoken"),
        ("ssh://git@example.com/a", "git::ssh"),
        ("hg::https://example.com/x", "Mercurial"),
        ("svn::https://example.com/x", "no way to fetch"),
        ("git::file://host/x", "no host"),
        ("git::file:///x//../y", "leads out"),
        ("ns/name/sys//../x", "leads out"),
        ("a\nb", "control"),
        ("git::https://example.com/a\u{0}b", "control"),
    ] {
        match Address::parse(source, false) {
            Err(error) => assert!(error.to_string().contains(why), "{source}: {error}"),
            Ok(found) => panic!("{source}: {found:?}"),
        }
    }
    assert!(Address::parse(&"a".repeat(10_000), false).is_err());
}

#[test]
fn versions_are_for_registries() {
    assert!(Address::parse("ns/name/sys", true).is_ok());
    for source in ["./m", "git::https://example.com/x", "/abs", "foo"] {
        let error = Address::parse(source, true).unwrap_err();
        assert!(error.to_string().contains("version argument"), "{error}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let source = "git::https://me:pw@example.com/a.git?ref=v1&sshkey=AAAA";
    let Address::Remote(remote) = Address::parse(source, false).unwrap() else {
        panic!("it is remote");
    };
    assert_eq!(remote.package.getter, Getter::Git);
    assert_eq!(remote.package.query.get("ref").as_deref(), Some("v1"));
    let shown = remote.package.shown();
    assert!(!shown.contains("pw") && !shown.contains("AAAA"), "{shown}");
    assert!(shown.contains("ref=v1"));
}
