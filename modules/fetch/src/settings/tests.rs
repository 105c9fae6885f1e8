use super::{HelperSettings, LoadedSettings, Method, MethodKind, Settings, config_dir};
use crate::host::Host;
use std::collections::BTreeMap;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(pair).collect()
}

fn parse(text: &str) -> Settings {
    Settings::parse(text, &env(&[("HOME", "/home/me")])).unwrap()
}

#[test]
fn overrides() {
    let text =
        "provider_installation {\n  dev_overrides {\n    \"a/b\" = \"/x\"\n  }\n  direct {}\n}\n";
    let found = parse(text);
    assert_eq!(
        found.dev_overrides.into_iter().collect::<Vec<_>>(),
        [("a/b".to_owned(), "/x".into())]
    );
    assert_eq!(found.installation.unwrap().len(), 1);
    assert_eq!(parse(""), Settings::default());
    let wrong = "provider_installation {\n  dev_overrides { \"a/b\" = 1 }\n}";
    assert_eq!(Settings::parse(wrong, &env(&[])).unwrap_err().line, 2);
    assert!(Settings::parse("provider_installation = 1", &env(&[])).is_err());
    let only = parse("provider_installation { dev_overrides { \"a/b\" = \"/x\" } }");
    assert_eq!(only.installation, None);
}

#[test]
fn places_of_providers() {
    let text = r#"
plugin_cache_dir = "$HOME/.cache/${NONE}p"
provider_installation {
  filesystem_mirror { path = "/usr/share/p" include = ["example.com/*/*"] }
  network_mirror { url = "https://m.example.com/p/" download_retry_count = 3 }
  oci_mirror { repository_template = "x.example.com/${namespace}/${type}" }
  direct { exclude = ["example.com/*/*"] }
}
"#;
    let found = parse(text);
    assert_eq!(found.plugin_cache_dir, Some("/home/me/.cache/p".into()));
    let method = |kind, include: Option<&str>, exclude: &[&str]| Method {
        kind,
        include: include.map(|one| vec![one.to_owned()]),
        exclude: exclude.iter().map(ToString::to_string).collect(),
    };
    let expect = [
        method(
            MethodKind::FilesystemMirror {
                path: "/usr/share/p".into(),
            },
            Some("example.com/*/*"),
            &[],
        ),
        method(
            MethodKind::NetworkMirror {
                url: "https://m.example.com/p/".to_owned(),
                download_retries: Some(3),
                trust_all_hashes: false,
            },
            None,
            &[],
        ),
        method(
            MethodKind::OciMirror {
                repository_template: "x.example.com/${namespace}/${type}".to_owned(),
            },
            None,
            &[],
        ),
        method(
            MethodKind::Direct {
                download_retries: None,
            },
            None,
            &["example.com/*/*"],
        ),
    ];
    assert_eq!(found.installation.unwrap(), expect);
    for (text, problem) in [
        ("provider_installation { other {} }", "no way to install"),
        (
            "provider_installation { network_mirror {} }",
            "url is missing",
        ),
        ("plugin_cache_dir = 1", "text"),
        ("host \"a b\" { services = {} }", "no name of a host"),
        ("host = 1", "block"),
        ("credentials \"a\" \"b\" {}", "block"),
        ("credentials_helper \"../x\" {}", "no name of a program"),
        ("registry_protocols { retry_count = -1 }", "whole number"),
    ] {
        let error = Settings::parse(text, &env(&[])).unwrap_err();
        assert!(error.problem.contains(problem), "{text}: {}", error.problem);
    }
}

#[test]
fn hosts_and_credentials() {
    let text = r#"
host "reg.example.com" {
  services = {
    "modules.v1" = "http://127.0.0.1:8080/m/"
    "providers.v1" = "https://p.example.com/"
    "login.v1" = { client = "x", ports = [1, 2] }
  }
}
host "other.example.com" { services { "modules.v1" = "http://elsewhere.example.com/" } }
credentials "App.Example.com" { token = "xx" }
credentials_helper "pass" { args = ["--a", "b"] }
registry_protocols { retry_count = 4 request_timeout_seconds = 20 }
"#;
    let found = parse(text);
    let host = Host::parse("reg.example.com").unwrap();
    let login = &found.hosts[&host]["login.v1"];
    assert_eq!(login.to_string(), r#"{"client":"x","ports":[1,2]}"#);
    // In the clear, only this machine.
    assert_eq!(
        found.plain_origins().into_iter().collect::<Vec<_>>(),
        ["http://127.0.0.1:8080"]
    );
    let token = &found.credentials[&Host::parse("app.example.com").unwrap()];
    assert_eq!(token.secret(), "xx");
    assert!(!format!("{found:?}").contains("\"xx\""));
    let helper = HelperSettings {
        name: "pass".to_owned(),
        args: vec!["--a".to_owned(), "b".to_owned()],
    };
    assert_eq!(found.credentials_helper, Some(helper));
    assert_eq!(found.registry_retries, Some(4));
    assert_eq!(found.registry_timeout_seconds, Some(20));
}

#[test]
fn files_of_the_folder_come_after_the_main_one() {
    let home = tempfile::tempdir().unwrap();
    let home_text = home.path().to_str().unwrap();
    let dir = home.path().join(".terraform.d");
    std::fs::create_dir(&dir).unwrap();
    let write = |path: &str, text: &str| std::fs::write(home.path().join(path), text).unwrap();
    write(".terraformrc", "credentials \"a.com\" { token = \"main\" }");
    write(
        ".terraform.d/credentials.tfrc.json",
        r#"{"credentials":{"a.com":{"token":"file"},"b.com":{"token":"file"}}}"#,
    );
    write(".terraform.d/bad.tfrc", "x = {");
    write("only", "");
    let of = |pairs: &[(&str, &str)]| LoadedSettings::of(&env(pairs));
    let loaded = of(&[("HOME", home_text)]);
    let token = |loaded: &LoadedSettings, host: &str| {
        let found = loaded.settings.credentials.get(&Host::parse(host).unwrap());
        found.map(|token| token.secret().to_owned())
    };
    assert_eq!(token(&loaded, "a.com").as_deref(), Some("main"));
    assert_eq!(token(&loaded, "b.com").as_deref(), Some("file"));
    assert_eq!(loaded.problems.len(), 1);
    assert!(loaded.problems[0].0.ends_with("bad.tfrc"));
    let only = home.path().join("only");
    let loaded = of(&[
        ("HOME", home_text),
        ("TF_CLI_CONFIG_FILE", only.to_str().unwrap()),
        ("TF_PLUGIN_CACHE_DIR", "/c"),
    ]);
    assert_eq!(token(&loaded, "b.com"), None);
    assert_eq!(loaded.settings.plugin_cache_dir, Some("/c".into()));
    assert_eq!(config_dir(&env(&[("HOME", home_text)])), Some(dir));
}
