//! The transit engine, as a double on the loopback interface.

use crate::double::Double;
use crate::support::{aes, block, build_in, settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use terrane_value::Value;

/// Wraps keys by turning them around; answers with this status where it is not 200.
fn double(status: u16, body: Option<&'static str>) -> Double {
    Double::start(move |request| {
        let text = body.map_or_else(|| answer(&request.first, &request.body), str::to_owned);
        (status, text)
    })
}

fn answer(first: &str, body: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(body).expect("json");
    if first.contains("/datakey/plaintext/") {
        let bytes = usize::try_from(json["bits"].as_u64().expect("bits") / 8).expect("small");
        let key: Vec<u8> = (1..=bytes)
            .map(|at| u8::try_from(at).expect("small"))
            .collect();
        let wrapped: Vec<u8> = key.iter().rev().copied().collect();
        format!(
            r#"{{"data":{{"plaintext":"{}","ciphertext":"vault:v1:{}"}}}}"#,
            STANDARD.encode(key),
            STANDARD.encode(wrapped)
        )
    } else {
        let wrapped = json["ciphertext"].as_str().expect("ciphertext");
        let wrapped = wrapped.strip_prefix("vault:v1:").expect("wrapped here");
        let mut key = STANDARD.decode(wrapped).expect("base64");
        key.reverse();
        format!(r#"{{"data":{{"plaintext":"{}"}}}}"#, STANDARD.encode(key))
    }
}

fn encryption(address: &str, token: Option<&str>) -> terrane_encryption::Encryption {
    let provider = block(
        "openbao",
        &[
            ("key_name", Value::string("state")),
            ("address", Value::string(address)),
            ("transit_engine_path", Value::string("/my/transit")),
        ],
        None,
    );
    let env: Vec<(&str, &str)> = token
        .map(|token| ("BAO_TOKEN", token))
        .into_iter()
        .collect();
    build_in(&settings(vec![provider], vec![aes(0)], &[0]), &env)
}

#[test]
fn a_data_key_is_asked_for_once_and_unwrapped_by_others() {
    let double = double(200, None);
    let here = encryption(&double.address, Some("t0k"));
    let sealed = here.state().seal(b"x", None).expect("sealed");
    here.state().seal(b"y", None).expect("sealed");
    let there = encryption(&double.address, Some("t0k"));
    assert_eq!(there.state().unseal(sealed.clone()).expect("opened"), b"x");
    assert_eq!(there.state().unseal(sealed).expect("opened"), b"x");
    let seen = double.seen();
    let paths: Vec<&str> = seen.iter().map(|request| request.first.trim()).collect();
    assert_eq!(
        paths,
        [
            "POST /v1/my/transit/datakey/plaintext/state HTTP/1.1",
            "POST /v1/my/transit/decrypt/state HTTP/1.1",
        ]
    );
    assert_eq!(seen[0].body, r#"{"bits":256}"#);
    assert!(
        seen.iter()
            .all(|request| request.headers.contains("x-vault-token: t0k\r\n"))
    );
}

#[test]
fn refusals_are_told_without_the_token() {
    for (status, body, expect) in [
        (
            403,
            r#"{"errors":["permission denied"]}"#,
            "permission denied",
        ),
        (404, "", "enabled"),
        (200, r#"{"data":{"plaintext":12,"canary":1}}"#, "transit"),
        (302, "", "302"),
    ] {
        let double = double(status, Some(body));
        let encryption = encryption(&double.address, Some("canary"));
        let error = encryption
            .state()
            .seal(b"x", None)
            .expect_err("refused")
            .to_string();
        assert!(error.contains(expect), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
    let error = encryption("http://127.0.0.1:9", None)
        .state()
        .seal(b"x", None)
        .expect_err("no token");
    assert!(error.to_string().contains("BAO_TOKEN"), "{error}");
}
