//! Cloud KMS and Google's token services, as doubles on the loopback interface.

use crate::double::{Double, Request};
use crate::support::{aes, block, build_at, settings};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use terrane_encryption::{Encryption, Endpoints};
use terrane_store::StoreError;
use terrane_value::Value;

const KEY: &str = "projects/p/locations/global/keyRings/r/cryptoKeys/k";

/// Cloud KMS, IAM and token services in one. Keys are wrapped by turning them around.
fn double() -> Double {
    Double::start(|request| (200, answer(request)))
}

fn answer(request: &Request) -> String {
    let path = request.first.split(' ').nth(1).expect("a path");
    let body = || serde_json::from_str::<Json>(&request.body).expect("json");
    let turned = |text: &Json| {
        let mut bytes = STANDARD
            .decode(text.as_str().expect("text"))
            .expect("base64");
        bytes.reverse();
        STANDARD.encode(bytes)
    };
    let answer = if path.ends_with(":encrypt") {
        json!({"name": format!("{KEY}/cryptoKeyVersions/1"), "ciphertext": turned(&body()["plaintext"]), "verifiedPlaintextCrc32c": true})
    } else if path.ends_with(":decrypt") {
        json!({"plaintext": turned(&body()["ciphertext"])})
    } else if path.ends_with(":generateAccessToken") {
        json!({"accessToken": "canary-other", "expireTime": "2030-01-01T00:00:00Z"})
    } else if path.starts_with("/subject") {
        json!({"id": "canary-subject"})
    } else {
        json!({"access_token": "canary-own", "expires_in": 3599, "token_type": "Bearer"})
    };
    answer.to_string()
}

fn at(address: &str) -> Endpoints {
    let mut endpoints = Endpoints::default();
    address.clone_into(&mut endpoints.cloud_kms);
    address.clone_into(&mut endpoints.iam_credentials);
    endpoints.google_token = format!("{address}/token");
    endpoints
}

fn encryption(address: &str, arguments: &[(&str, Value)], env: &[(&str, &str)]) -> Encryption {
    let mut all = vec![
        ("kms_encryption_key", Value::string(KEY)),
        ("key_length", Value::number(32_u64)),
    ];
    all.extend_from_slice(arguments);
    let provider = block("gcp_kms", &all, None);
    build_at(
        &settings(vec![provider], vec![aes(0)], &[0]),
        env,
        at(address),
    )
}

/// Seals with one, and opens with another of the same settings.
fn there_and_back(make: impl Fn() -> Encryption) -> Json {
    let sealed = make().state().seal(b"x", None).expect("sealed");
    let opened = make().state().unseal(sealed.clone()).expect("opened");
    assert_eq!(opened, b"x");
    serde_json::from_slice(&sealed).expect("json")
}

fn error(encryption: &Encryption) -> String {
    let error: StoreError = encryption.state().seal(b"x", None).expect_err("refused");
    let text = format!("{error} {error:?} {encryption:?}");
    assert!(!text.contains("canary"), "{text}");
    text
}

fn path(request: &Request) -> &str {
    request.first.split(' ').nth(1).expect("a path")
}

fn fields(form: &str) -> Vec<(String, String)> {
    reqwest::Url::parse(&format!("http://x/?{form}"))
        .expect("a form")
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

fn account(pem: &str, token_uri: &str) -> String {
    json!({
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "key-1",
        "private_key": pem,
        "client_email": "terrane@p.iam.gserviceaccount.com",
        "token_uri": token_uri,
    })
    .to_string()
}

fn pem(der: &[u8], label: &str) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("ascii"))
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// The key of a service account signs for a token, with which a key is wrapped; what is stored is as OpenTofu stores it.
#[test]
fn a_service_account_signs_for_a_token() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)
        .expect("a key");
    let double = double();
    let token_uri = format!("{}/its/token", double.address);
    let credentials = account(&pem(der.as_ref(), "PRIVATE KEY"), &token_uri);
    let written = there_and_back(|| {
        let given = [("credentials", Value::string(&credentials))];
        encryption(&double.address, &given, &[])
    });
    let seen = double.seen();
    let paths: Vec<&str> = seen.iter().map(path).collect();
    assert_eq!(
        paths,
        [
            "/its/token",
            &format!("/v1/{KEY}:encrypt"),
            "/its/token",
            &format!("/v1/{KEY}:decrypt"),
        ]
    );

    let form = fields(&seen[0].body);
    assert_eq!(
        form[0],
        (
            String::from("grant_type"),
            String::from("urn:ietf:params:oauth:grant-type:jwt-bearer")
        )
    );
    let (said, signature) = form[1].1.rsplit_once('.').expect("a signature");
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
    key.verify(
        said.as_bytes(),
        &URL_SAFE_NO_PAD.decode(signature).expect("base64"),
    )
    .expect("the signature of the key");
    let parts: Vec<Json> = said
        .split('.')
        .map(|part| {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("json")
        })
        .collect();
    assert_eq!(
        parts[0],
        json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"})
    );
    assert_eq!(parts[1]["iss"], "terrane@p.iam.gserviceaccount.com");
    assert_eq!(parts[1]["aud"], token_uri.as_str());
    assert_eq!(
        parts[1]["scope"],
        "https://www.googleapis.com/auth/cloud-platform"
    );
    let (iat, exp) = (parts[1]["iat"].as_u64(), parts[1]["exp"].as_u64());
    assert_eq!(exp, iat.map(|iat| iat + 3600));

    assert!(
        seen[1]
            .headers
            .contains("authorization: Bearer canary-own\r\n")
    );
    let asked: Json = serde_json::from_str(&seen[1].body).expect("json");
    let plain = STANDARD
        .decode(asked["plaintext"].as_str().expect("text"))
        .expect("base64");
    assert_eq!(plain.len(), 32);
    assert!(asked["plaintextCrc32c"].as_str().is_some());

    let meta = written["meta"]["key_provider.gcp_kms.main"]
        .as_str()
        .expect("metadata");
    let stored: Json =
        serde_json::from_slice(&STANDARD.decode(meta).expect("base64")).expect("json");
    let wrapped: Vec<u8> = plain.into_iter().rev().collect();
    assert_eq!(stored, json!({"ciphertext": STANDARD.encode(wrapped)}));
}

/// Credentials of all kinds, given in all ways. What is asked for before the key, in order.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn tokens_come_from_where_the_credentials_say() {
    let double = double();
    let address = &double.address;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let user = json!({"type": "authorized_user", "client_id": "c", "client_secret": "canary-1", "refresh_token": "canary-2", "quota_project_id": "payer"});
    let user_file = file("user.json", user.to_string());
    std::fs::create_dir_all(folder.path().join(".config/gcloud")).expect("a folder");
    file(
        ".config/gcloud/application_default_credentials.json",
        user.to_string(),
    );
    let home = folder.path().display().to_string();
    let through = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": format!("{address}/v1/projects/-/serviceAccounts/b@p:generateAccessToken"),
        "source_credentials": user,
    });
    let subject = file("subject", String::from("canary-subject\n"));
    let external = |source: Json| {
        json!({
            "type": "external_account",
            "audience": "//iam.googleapis.com/pool",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": format!("{address}/sts"),
            "credential_source": source,
        })
        .to_string()
    };
    let in_file = external(json!({"file": subject}));
    let at_url = external(
        json!({"url": format!("{address}/subject?a=b"), "headers": {"x-who": "me"}, "format": {"type": "json", "subject_token_field_name": "id"}}),
    );
    let host = address.trim_start_matches("http://");
    let text = |text: &str| Value::string(text);
    let machine = "/computeMetadata/v1/instance/service-accounts/default/token";
    let act_as = "/v1/projects/-/serviceAccounts/b@p:generateAccessToken";
    type Case<'a> = (Vec<(&'a str, Value)>, Vec<(&'a str, &'a str)>, Vec<&'a str>);
    let cases: Vec<Case<'_>> = vec![
        (vec![("access_token", text("canary-given"))], vec![], vec![]),
        (
            vec![],
            vec![("GOOGLE_OAUTH_ACCESS_TOKEN", "canary-given")],
            vec![],
        ),
        (vec![], vec![("GCE_METADATA_HOST", host)], vec![machine]),
        (
            vec![("credentials", text(&user_file))],
            vec![],
            vec!["/token"],
        ),
        (
            vec![],
            vec![("GOOGLE_CREDENTIALS", &user_file)],
            vec!["/token"],
        ),
        (
            vec![],
            vec![("GOOGLE_BACKEND_CREDENTIALS", &user_file)],
            vec!["/token"],
        ),
        (
            vec![],
            vec![("GOOGLE_APPLICATION_CREDENTIALS", &user_file)],
            vec!["/token"],
        ),
        (vec![], vec![("HOME", &home)], vec!["/token"]),
        (
            vec![("credentials", text(&through.to_string()))],
            vec![],
            vec!["/token", act_as],
        ),
        (
            vec![
                ("impersonate_service_account", text("b@p")),
                (
                    "impersonate_service_account_delegates",
                    Value::tuple(vec![text("c@p")]),
                ),
            ],
            vec![("GCE_METADATA_HOST", host)],
            vec![machine, act_as],
        ),
        (
            vec![],
            vec![
                ("GCE_METADATA_HOST", host),
                ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", "b@p"),
            ],
            vec![machine, act_as],
        ),
        (vec![("credentials", text(&in_file))], vec![], vec!["/sts"]),
        (
            vec![("credentials", text(&at_url))],
            vec![],
            vec!["/subject?a=b", "/sts"],
        ),
    ];
    for (arguments, env, expect) in cases {
        let before = double.seen().len();
        encryption(address, &arguments, &env)
            .state()
            .seal(b"x", None)
            .unwrap_or_else(|error| panic!("{expect:?}: {error}"));
        let all = double.seen();
        let (last, first) = all[before..].split_last().expect("requests");
        let paths: Vec<&str> = first.iter().map(path).collect();
        assert_eq!(paths, expect);
        let bearer = match expect.last() {
            None => "canary-given",
            Some(path) if path.ends_with(":generateAccessToken") => "canary-other",
            Some(_) => "canary-own",
        };
        assert!(
            last.headers
                .contains(&format!("authorization: Bearer {bearer}\r\n"))
        );
        for request in first {
            match path(request) {
                path if path == machine => {
                    assert!(request.headers.contains("metadata-flavor: Google\r\n"));
                }
                path if path == act_as => {
                    assert!(
                        request
                            .headers
                            .contains("authorization: Bearer canary-own\r\n")
                    );
                    assert!(request.body.contains(r#""lifetime":"3600s""#));
                }
                "/sts" => assert!(fields(&request.body).contains(&(
                    String::from("subject_token"),
                    String::from("canary-subject")
                ))),
                "/token" => {
                    assert!(request.body.contains("refresh_token=canary-2"));
                    if !paths.contains(&act_as) {
                        assert!(last.headers.contains("x-goog-user-project: payer\r\n"));
                    }
                }
                _ => assert!(request.headers.contains("x-who: me\r\n")),
            }
        }
    }
    let delegated = double.seen().iter().any(|request| {
        request
            .body
            .contains(r#"["projects/-/serviceAccounts/c@p"]"#)
    });
    assert!(delegated);
}

/// What services refuse is told with a way out, and nothing secret is.
#[test]
fn refusals_are_told_without_secrets() {
    let denied = r#"{"error":{"code":403,"message":"Permission denied on x","status":"PERMISSION_DENIED"},"canary":1}"#;
    for (status, body, expect) in [
        (403, denied, "Permission denied on x"),
        (403, denied, "CryptoKey Encrypter/Decrypter"),
        (404, "<canary>", "does the key exist?"),
        (
            200,
            r#"{"ciphertext":7,"canary":1}"#,
            "not one of Cloud KMS",
        ),
        (
            200,
            r#"{"ciphertext":"Y2FuYXJ5","verifiedPlaintextCrc32c":false}"#,
            "damaged",
        ),
        (
            200,
            r#"{"ciphertext":"Y2FuYXJ5","ciphertextCrc32c":"1"}"#,
            "damaged",
        ),
    ] {
        let double = Double::start(move |_| (status, body.to_owned()));
        let given = [("access_token", Value::string("canary-token"))];
        let text = error(&encryption(&double.address, &given, &[]));
        assert!(text.contains(expect), "{text}");
        assert!(text.contains("key_provider.gcp_kms.main"), "{text}");
    }
    let refused = Double::start(|_| {
        let body = r#"{"error":"invalid_grant","error_description":"Bad token"}"#;
        (400, body.to_owned())
    });
    let user = r#"{"type":"authorized_user","client_id":"c","client_secret":"canary-1","refresh_token":"canary-2"}"#;
    let wrong_key = account("canary", "http://127.0.0.1:9/");
    for (credentials, expect) in [
        (user, "Bad token"),
        (&wrong_key, "not an RSA key"),
        (r#"{"type":"canary"}"#, "known type"),
        ("{canary", "known type"),
        ("/no/such/canary", "neither JSON nor the path"),
    ] {
        let given = [("credentials", Value::string(credentials))];
        let text = error(&encryption(&refused.address, &given, &[]));
        assert!(text.contains(expect), "{text}");
    }
    let missing = [("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file")];
    let text = error(&encryption(&refused.address, &[], &missing));
    assert!(text.contains("/no/such/file"), "{text}");
    let nowhere = [("GCE_METADATA_HOST", "127.0.0.1:9")];
    let text = error(&encryption(&refused.address, &[], &nowhere));
    assert!(
        text.contains("gcloud auth application-default login"),
        "{text}"
    );
}

/// A busy service is asked again.
#[test]
fn a_busy_service_is_asked_again() {
    let times = std::sync::atomic::AtomicUsize::new(0);
    let double = Double::start(move |request| {
        match times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => (503, String::new()),
            _ => (200, answer(request)),
        }
    });
    let given = [("access_token", Value::string("canary-token"))];
    encryption(&double.address, &given, &[])
        .state()
        .seal(b"x", None)
        .expect("sealed");
    assert_eq!(double.seen().len(), 2);
}
