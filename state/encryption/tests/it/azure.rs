//! Key Vault and Entra ID, as doubles on the loopback interface.

use crate::double::{Double, Request};
use crate::support::{aes, block, build_in, settings};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use terrane_encryption::Encryption;
use terrane_value::Value;

const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// A vault, Entra ID and a machine's endpoint in one. Keys are wrapped by turning them around.
fn double() -> Double {
    Double::start(|request| (200, answer(request)))
}

fn answer(request: &Request) -> String {
    if !path(request).starts_with("/keys/") {
        let seconds = if request.first.starts_with("GET") {
            json!("3599")
        } else {
            json!(3599)
        };
        return json!({"access_token": "canary-token", "expires_in": seconds, "value": "canary-subject"}).to_string();
    }
    let asked: Json = serde_json::from_str(&request.body).expect("json");
    let mut key = URL_SAFE_NO_PAD
        .decode(asked["value"].as_str().expect("text"))
        .expect("base64");
    key.reverse();
    let mut answer = json!({"kid": format!("https://v/keys/state/{VERSION}"), "value": URL_SAFE_NO_PAD.encode(key)});
    let symmetric = asked["alg"].as_str().expect("text").ends_with("GCM");
    if symmetric && path(request).contains("/encrypt?") {
        answer["iv"] = json!("-_8BAgMEBQYHCAkK");
        answer["tag"] = json!("AAECAwQFBgcICQoLDA0O_w");
    }
    if symmetric && path(request).contains("/decrypt?") {
        assert_eq!(asked["iv"], "-_8BAgMEBQYHCAkK");
        assert_eq!(asked["tag"], "AAECAwQFBgcICQoLDA0O_w");
    }
    answer.to_string()
}

fn path(request: &Request) -> &str {
    request.first.split(' ').nth(1).expect("a path")
}

fn encryption(address: &str, arguments: &[(&str, Value)], env: &[(&str, &str)]) -> Encryption {
    let mut all = vec![
        ("vault_uri", Value::string(format!("{address}/"))),
        ("vault_key_name", Value::string("state")),
        ("key_length", Value::number(32_u64)),
    ];
    all.extend_from_slice(arguments);
    let provider = block("azure_vault", &all, None);
    build_in(&settings(vec![provider], vec![aes(0)], &[0]), env)
}

fn application() -> Vec<(&'static str, Value)> {
    vec![
        ("tenant_id", Value::string("t-1")),
        ("client_id", Value::string("c-1")),
        ("client_secret", Value::string("canary secret&1")),
    ]
}

#[test]
fn keys_are_wrapped_and_unwrapped() {
    let rsa = json!({"iv": null, "authentication_tag": null, "additional_authenticated_data": null, "key_version": VERSION, "algo": "RSA-OAEP-256"});
    let aes = json!({"iv": "+/8BAgMEBQYHCAkK", "authentication_tag": "AAECAwQFBgcICQoLDA0O/w==", "additional_authenticated_data": null, "key_version": VERSION, "algo": "A192GCM"});
    let symmetric = vec![
        ("symmetric", Value::bool(true)),
        ("symmetric_key_size", Value::number(192_u64)),
    ];
    for (more, mut expect) in [(vec![], rsa), (symmetric, aes)] {
        let double = double();
        let env = [("AZURE_AUTHORITY_HOST", double.address.as_str())];
        let make = || {
            let arguments: Vec<_> = application().into_iter().chain(more.clone()).collect();
            encryption(&double.address, &arguments, &env)
        };
        let sealed = make().state().seal(b"x", None).expect("sealed");
        // What was stored says how to open it, whatever is configured now.
        let later = encryption(&double.address, &application(), &env);
        assert_eq!(later.state().unseal(sealed.clone()).expect("opened"), b"x");
        let seen = double.seen();
        let paths: Vec<&str> = seen.iter().map(path).collect();
        assert_eq!(
            paths,
            [
                "/t-1/oauth2/v2.0/token",
                "/keys/state/encrypt?api-version=7.4",
                "/t-1/oauth2/v2.0/token",
                &format!("/keys/state/{VERSION}/decrypt?api-version=7.4"),
            ]
        );
        assert_eq!(
            seen[0].body,
            "grant_type=client_credentials&client_id=c-1&scope=https%3A%2F%2Fvault.azure.net%2F.default&client_secret=canary%20secret%261"
        );
        assert!(
            seen[1]
                .headers
                .contains("authorization: Bearer canary-token\r\n")
        );
        let asked: Json = serde_json::from_str(&seen[1].body).expect("json");
        assert_eq!(asked["alg"], expect["algo"]);
        let plain = URL_SAFE_NO_PAD
            .decode(asked["value"].as_str().expect("text"))
            .expect("base64");
        assert_eq!(plain.len(), 32);
        let wrapped: Vec<u8> = plain.into_iter().rev().collect();
        expect["ciphertext"] = json!(STANDARD.encode(wrapped));
        let written: Json = serde_json::from_slice(&sealed).expect("json");
        let meta = written["meta"]["key_provider.azure_vault.main"]
            .as_str()
            .expect("metadata");
        let stored: Json =
            serde_json::from_slice(&STANDARD.decode(meta).expect("base64")).expect("json");
        assert_eq!(stored, expect);
        // Under the names of earlier versions.
        let mut old = json!({"ciphertext": expect["ciphertext"], "algorithm": expect["algo"], "key_version": VERSION});
        if expect["iv"].is_string() {
            old["nonce"] = expect["iv"].clone();
            old["tag"] = expect["authentication_tag"].clone();
        }
        let mut old_file = written.clone();
        old_file["meta"]["key_provider.azure_vault.main"] = json!(STANDARD.encode(old.to_string()));
        let opened = later.state().unseal(old_file.to_string().into_bytes());
        assert_eq!(opened.expect("opened"), b"x");
    }
}

/// What OpenTofu 1.12.6 stores for a key of each kind, from a vault that was played for it.
#[test]
fn what_opentofu_stores_is_understood() {
    let rsa = json!({"ciphertext": "AQID", "iv": null, "authentication_tag": null, "additional_authenticated_data": null, "key_version": VERSION, "algo": "RSA-OAEP-256"});
    let aes = json!({"ciphertext": "AQID", "iv": "+/8BAgMEBQYHCAkK", "authentication_tag": "AAECAwQFBgcICQoLDA0O/w==", "additional_authenticated_data": null, "key_version": VERSION, "algo": "A256GCM"});
    for stored in [rsa, aes] {
        let double = double();
        let env = [("AZURE_AUTHORITY_HOST", double.address.as_str())];
        let file = json!({
            "serial": 1, "lineage": "l", "encryption_version": "v0",
            "meta": {"key_provider.azure_vault.main": STANDARD.encode(stored.to_string())},
            "encrypted_data": STANDARD.encode([0; 40]),
        });
        let error = encryption(&double.address, &application(), &env)
            .state()
            .unseal(file.to_string().into_bytes())
            .expect_err("the data is made up");
        let seen = double.seen();
        let last = seen.last().expect("asked");
        assert!(path(last).ends_with("/decrypt?api-version=7.4"), "{error}");
        let asked: Json = serde_json::from_str(&last.body).expect("json");
        assert_eq!(
            (&asked["alg"], &asked["value"]),
            (&stored["algo"], &json!("AQID"))
        );
    }
}

/// All ways to come by a token: what is asked for first, and what must be in it.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn tokens_come_from_where_the_settings_say() {
    let double = double();
    let address = &double.address;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let token = file("token", "canary-subject\n");
    let secret = file("secret", "canary-secret\n");
    let client = file("client", "c-2\n");
    let on = |name| (name, Value::bool(true));
    let text = |name, text: &str| (name, Value::string(text));
    let ids = || vec![text("tenant_id", "t-1"), text("client_id", "c-1")];
    let with = |more: Vec<(&'static str, Value)>| -> Vec<(&'static str, Value)> {
        ids().into_iter().chain(more).collect()
    };
    let request = format!("{address}/oidc?x=y");
    let service = format!("{address}/service");
    let machine = "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";
    let app = "/t-1/oauth2/v2.0/token";
    let subject = "client_assertion=canary-subject";
    type Case<'a> = (
        Vec<(&'a str, Value)>,
        Vec<(&'a str, &'a str)>,
        Vec<&'a str>,
        &'a str,
    );
    let cases: Vec<Case<'_>> = vec![
        (
            vec![],
            vec![
                ("ARM_TENANT_ID", "t-1"),
                ("ARM_CLIENT_ID", "c-1"),
                ("ARM_CLIENT_SECRET", "canary-secret"),
            ],
            vec![app],
            "client_secret=canary-secret",
        ),
        (
            vec![
                text("tenant_id", "t-1"),
                text("client_id_file_path", &client),
                text("client_secret_file_path", &secret),
            ],
            vec![],
            vec![app],
            "client_id=c-2&",
        ),
        (
            with(vec![on("use_oidc"), text("oidc_token", "canary-subject")]),
            vec![],
            vec![app],
            subject,
        ),
        (
            with(vec![on("use_oidc"), text("oidc_token_file_path", &token)]),
            vec![],
            vec![app],
            subject,
        ),
        (
            ids(),
            vec![
                ("ARM_USE_OIDC", "true"),
                ("ACTIONS_ID_TOKEN_REQUEST_URL", &request),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "canary-r"),
            ],
            vec!["/oidc?x=y&audience=api%3A%2F%2FAzureADTokenExchange", app],
            "authorization: Bearer canary-r",
        ),
        (
            ids(),
            vec![
                ("ARM_USE_AKS_WORKLOAD_IDENTITY", "1"),
                ("AZURE_FEDERATED_TOKEN_FILE", &token),
            ],
            vec![app],
            subject,
        ),
        (
            vec![on("use_msi")],
            vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", address)],
            vec![machine],
            "metadata: true",
        ),
        (
            vec![on("use_msi"), text("client_id", "c-1")],
            vec![
                ("IDENTITY_ENDPOINT", &service),
                ("IDENTITY_HEADER", "canary-h"),
            ],
            vec![
                "/service?api-version=2019-08-01&resource=https%3A%2F%2Fvault.azure.net&client_id=c-1",
            ],
            "x-identity-header: canary-h",
        ),
    ];
    for (arguments, mut env, expect, holds) in cases {
        env.push(("AZURE_AUTHORITY_HOST", address));
        let before = double.seen().len();
        encryption(address, &arguments, &env)
            .state()
            .seal(b"x", None)
            .unwrap_or_else(|error| panic!("{expect:?}: {error}"));
        let all = double.seen();
        let (_, first) = all[before..].split_last().expect("requests");
        let paths: Vec<&str> = first.iter().map(path).collect();
        assert_eq!(paths, expect);
        assert!(
            first
                .iter()
                .any(|request| request.body.contains(holds) || request.headers.contains(holds)),
            "{holds}: {first:?}"
        );
    }
}

/// What services refuse is told with a way out, and nothing secret is.
#[test]
fn refusals_are_told_without_secrets() {
    let denied =
        r#"{"error":{"code":"Forbidden","message":"Caller is not authorized"},"canary":1}"#;
    let entra = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret","canary":1}"#;
    let kid = r#"{"kid":"https://v/keys/state/","value":"Y2FuYXJ5"}"#;
    for (at, status, body, expect) in [
        ("/keys/", 403, denied, "Caller is not authorized"),
        ("/keys/", 403, denied, "Key Vault Crypto User"),
        ("/keys/", 404, "<canary>", "does the key exist?"),
        ("/keys/", 200, r#"{"canary":1}"#, "not one of Key Vault"),
        ("/keys/", 200, kid, "not one of Key Vault"),
        ("/t-1/", 401, entra, "AADSTS7000215"),
        ("/t-1/", 200, "canary", "not one of a token service"),
    ] {
        let double = Double::start(move |request| {
            if path(request).starts_with(at) {
                (status, body.to_owned())
            } else {
                (200, answer(request))
            }
        });
        let env = [("AZURE_AUTHORITY_HOST", double.address.as_str())];
        let encryption = encryption(&double.address, &application(), &env);
        let error = encryption.state().seal(b"x", None).expect_err("refused");
        let text = format!("{error} {error:?} {encryption:?}");
        assert!(text.contains(expect), "{text}");
        assert!(text.contains("key_provider.azure_vault.main"), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
    let nothing = [("use_cli", Value::bool(false))];
    let error = encryption("http://127.0.0.1:9", &nothing, &[])
        .state()
        .seal(b"x", None)
        .expect_err("no credentials");
    assert!(error.to_string().contains("ARM_CLIENT_SECRET"), "{error}");
}
