use super::{Credentials, CredentialsError, Token};
use crate::host::Host;
use crate::settings::Settings;
use std::collections::BTreeMap;
use std::path::Path;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

fn host(text: &str) -> Host {
    Host::parse(text).unwrap()
}

fn env(home: &Path, pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut env: BTreeMap<String, String> = pairs.iter().map(pair).collect();
    env.insert("HOME".to_owned(), home.to_str().unwrap().to_owned());
    env
}

#[test]
fn variables_name_hosts_in_their_way() {
    let home = tempfile::tempdir().unwrap();
    let env = env(
        home.path(),
        &[
            ("TF_TOKEN_app_example_com", "1"),
            ("TF_TOKEN_my__host_example_com", "2"),
            ("TF_TOKEN_xn____80akhbyknj4f_com", "3"),
            ("TF_TOKEN_dash-ed_example_com", "4"),
            ("TF_TOKEN_empty_example_com", ""),
            ("TF_TOKEN_", "canary"),
        ],
    );
    let text = "credentials \"app.example.com\" { token = \"s\" }\ncredentials \"b.com\" { token = \"s\" }";
    let credentials = Credentials::new(&env, &Settings::parse(text, &env).unwrap());
    for (name, expect) in [
        ("app.example.com", Some("1")),
        ("my-host.example.com", Some("2")),
        ("испытание.com", Some("3")),
        ("dash-ed.example.com", Some("4")),
        ("empty.example.com", None),
        ("b.com", Some("s")),
        ("b.com:8443", None),
        ("c.com", None),
    ] {
        let token = block_on(credentials.token(&host(name))).unwrap();
        assert_eq!(token.as_ref().map(Token::secret), expect, "{name}");
    }
    assert!(!format!("{credentials:?}").contains("canary"));
}

#[test]
fn a_login_is_kept_and_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let env = env(home.path(), &[]);
    let load = || {
        let settings = crate::settings::LoadedSettings::of(&env).settings;
        Credentials::new(&env, &settings)
    };
    let (a, b) = (host("a.example.com"), host("b.example.com"));
    for (host, token) in [(&a, "1"), (&b, "2"), (&a, "3")] {
        let path = block_on(load().store(host, &Token::new(token.to_owned()))).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "others may not read it");
        }
        assert!(path.ends_with("credentials.tfrc.json"));
    }
    let token = |host| {
        block_on(load().token(host))
            .unwrap()
            .map(|token| token.secret().to_owned())
    };
    assert_eq!(token(&a).as_deref(), Some("3"));
    block_on(load().forget(&a)).unwrap();
    assert_eq!(token(&a), None);
    assert_eq!(token(&b).as_deref(), Some("2"));
    let text = "credentials \"a.example.com\" { token = \"s\" }";
    let settings = Settings::parse(text, &env).unwrap();
    let error = block_on(Credentials::new(&env, &settings).forget(&a)).unwrap_err();
    assert!(matches!(error, CredentialsError::Elsewhere { .. }));
}

#[cfg(unix)]
#[test]
fn a_helper_is_asked_last() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join(".terraform.d/plugins");
    std::fs::create_dir_all(&dir).unwrap();
    let log = home.path().join("log");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {log}\ncase \"$2\" in\nstore) cat >> {log};;\nesac\ncase \"$3\" in\na.com) echo '{{\"token\":\"t\"}}';;\nb.com) echo '{{}}';;\nc.com) echo 'no' >&2; exit 3;;\n*) echo x;;\nesac\n",
        log = log.display()
    );
    let path = dir.join("terraform-credentials-me");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let env = env(home.path(), &[]);
    let text = "credentials_helper \"me\" { args = [\"-x\"] }";
    let credentials = Credentials::new(&env, &Settings::parse(text, &env).unwrap());
    let get = |name| block_on(credentials.token(&host(name)));
    assert_eq!(get("a.com").unwrap().unwrap().secret(), "t");
    assert_eq!(get("b.com").unwrap(), None);
    let error = get("c.com").unwrap_err().to_string();
    assert!(
        error.contains("no") && error.contains("exit status: 3"),
        "{error}"
    );
    assert!(get("d.com").unwrap_err().to_string().contains("no JSON"));
    block_on(credentials.store(&host("a.com"), &Token::new("n".to_owned()))).unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("-x get a.com\n") && log.contains("-x store a.com\n{\"token\":\"n\"}"),
        "{log}"
    );
    let text = "credentials_helper \"none\" {}";
    let credentials = Credentials::new(&env, &Settings::parse(text, &env).unwrap());
    let error = block_on(credentials.token(&host("a.com"))).unwrap_err();
    assert!(error.to_string().contains("it is in none of"));
}
