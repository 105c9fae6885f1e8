use super::*;

/// Written by `terraform init` 1.11.4.
const PEER: &str = r#"# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/acme/cloud" {
  version     = "1.2.3"
  constraints = ">= 1.0.0, != 1.2.0, < 2.0.0"
  hashes = [
    "h1:0ZpieylZAnfhWmEY4LwnGzoCK+8RQZmR1q/1Efv3tHI=",
    "h1:g8/XjHNO6v8yVe9L4u+HzKMAAYQdFSnqylE1M1ubQ9c=",
    "zh:0102",
  ]
}

provider "registry.terraform.io/acme/dirs" {
  version = "1.0.0"
  hashes = [
    "h1:atXplOcWwYVIE98FhZ5g5pUhZUeRmXFpZoJpx4fBM4s=",
  ]
}

provider "registry.terraform.io/acme/none" {
  version = "1.0.0"
}
"#;

#[test]
fn what_the_peer_wrote_is_written_again() {
    let locks = parse(PEER).unwrap();
    assert_eq!(locks.providers.len(), 3);
    assert_eq!(locks.to_string(), PEER);
    assert_eq!(parse(&PEER.replace('\n', "\r\n")).unwrap(), locks);
}

#[test]
fn a_file_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Locks::load(folder.path()).unwrap(), Locks::default());
    let locks = parse(PEER).unwrap();
    locks.save(folder.path()).unwrap();
    locks.save(folder.path()).unwrap();
    assert_eq!(Locks::load(folder.path()).unwrap(), locks);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn why_a_version_was_selected_does_not_count() {
    let locks = parse(PEER).unwrap();
    let other = parse(&PEER.replace(">= 1.0.0, != 1.2.0", ">= 1.1.0")).unwrap();
    assert!(locks.is_same(&other) && locks != other);
    let other = parse(&PEER.replace("zh:0102", "zh:0103")).unwrap();
    assert!(!locks.is_same(&other));
}

#[test]
fn both_names_of_the_public_registry() {
    let locks = parse(PEER).unwrap();
    let asked: ProviderAddr = "registry.opentofu.org/acme/cloud".parse().unwrap();
    let (found, _) = locks.find(&asked).unwrap();
    assert_eq!(found.host, "registry.terraform.io");
    let elsewhere: ProviderAddr = "example.com/acme/cloud".parse().unwrap();
    assert_eq!(locks.find(&elsewhere), None);
}

#[test]
fn mistakes_have_their_places() {
    let block = |body: &str| format!("provider \"example.com/a/b\" {{\n{body}}}\n");
    let good = "version = \"1.2.3\"\n";
    for (text, line, problem) in [
        ("frob \"x\" {\n}\n".to_owned(), 1, "\"frob\" are not known"),
        ("\nx = 1\n".to_owned(), 2, "\"x\" is not known"),
        (
            block(&format!("{good}foo = 1\n")),
            3,
            "\"foo\" is not known",
        ),
        (
            block(&format!("{good}foo {{\n}}\n")),
            3,
            "\"foo\" are not known",
        ),
        (block(&format!("{good}{good}")), 3, ""),
        (block(good) + &block(good), 4, "a second time"),
        ("provider \"a/b\" {\n}\n".to_owned(), 1, "in full"),
        ("provider \"example.com/A/b\" {\n}\n".to_owned(), 1, ""),
        ("provider {\n}\n".to_owned(), 1, "one label"),
        (
            "provider \"terraform.io/builtin/terraform\" {\n}\n".to_owned(),
            1,
            "nobody can install",
        ),
        (block("version = \"1.2\"\n"), 2, "no version in full"),
        (block("version = 1\n"), 2, "text in quotes"),
        (block("version = \"${1}.2.3\"\n"), 2, "text in quotes"),
        (block(""), 1, "\"version\" is missing"),
        (
            block(&format!("{good}constraints = \">= 1.0\"\n")),
            3,
            "\">= 1.0.0\"",
        ),
        (
            block(&format!("{good}constraints = \"x\"\n")),
            3,
            "no version constraints",
        ),
        (
            block(&format!("{good}hashes = \"x\"\n")),
            3,
            "list of checksums",
        ),
        (
            block(&format!("{good}hashes = [\n\"h1:a\",\n\"foo\",\n]\n")),
            5,
            "no checksum",
        ),
        (block("version = \n"), 2, "syntax"),
        ("<<<<<<< HEAD\n".to_owned(), 1, "syntax"),
    ] {
        let problems = parse(&text).unwrap_err();
        assert!(
            problems
                .iter()
                .any(|one| one.line == line && one.problem.contains(problem)),
            "{text}: {problems:?}"
        );
    }
    let deep = format!("x = {}", "[".repeat(100_000));
    parse(&deep).unwrap_err();
}
