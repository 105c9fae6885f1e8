//! What goes out, beside what boto3 sends for the same input (`tests/data/boto3.json`, taken before it was sent).

use super::Client;
use crate::protocol::tests::same_body;
use crate::{Keys, Request, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

async fn client(region: &str) -> Client {
    let mut settings = Settings {
        region: Some(region.to_owned()),
        ..Settings::default()
    };
    settings.access.keys = Some(Keys {
        id: "AKID".into(),
        secret: "SECRET".into(),
        token: None,
    });
    Client::new(settings).await.unwrap()
}

#[tokio::test]
async fn requests_are_those_of_boto3() {
    let text = include_str!("../../tests/data/boto3.json");
    let cases: Vec<Value> = serde_json::from_str(text).unwrap();
    for case in &cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let client = client(text("region")).await;
        let input = case["input"].clone();
        let request = Request::new(text("service"), text("operation"), input);
        let prepared = client.inner.prepare(request).unwrap();
        let outgoing = client.inner.address(&prepared, None).unwrap();
        let name = format!("{} {}", text("service"), text("operation"));
        assert_eq!(outgoing.method, text("method"), "{name}");
        // boto3 asks for encoded keys, and decodes them.
        let url = text("url").replace("&encoding-type=url", "");
        assert_eq!(outgoing.url.as_str(), url, "{name}");
        let scope = format!("{}/{}", outgoing.signing_region, outgoing.signing_name);
        assert_eq!(scope, text("scope"), "{name}");
        for (header, value) in case["headers"].as_object().unwrap() {
            // Of the bytes, which are the same where members have the same order.
            if header != "x-amz-checksum-crc32" {
                assert_eq!(
                    prepared.wire.header(header),
                    value.as_str(),
                    "{name}: {header}"
                );
            }
        }
        let body = String::from_utf8(STANDARD.decode(text("body")).unwrap()).unwrap();
        let ours = String::from_utf8(outgoing.body).unwrap();
        if body.is_empty() {
            assert_eq!(ours, "", "{name}");
        } else {
            same_body(&ours, &body)
                .map_err(|why| format!("{name}: {why}"))
                .unwrap();
        }
    }
    assert_eq!(cases.len(), 29);
}

/// A signature of AWS' own example: "GET Object" in the documentation of S3's signatures.
#[tokio::test]
async fn signatures_are_those_of_the_documentation() {
    use std::time::{Duration, SystemTime};
    let client = client("us-east-1").await;
    let input =
        serde_json::json!({"Bucket": "examplebucket", "Key": "test.txt", "Range": "bytes=0-9"});
    let request = Request::new("s3", "GetObject", input);
    let prepared = client.inner.prepare(request).unwrap();
    let mut outgoing = client.inner.address(&prepared, None).unwrap();
    let keys = aws_credential_types::Credentials::new(
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        None,
        None,
        "test",
    );
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
    super::sign::sign(&mut outgoing, &prepared, keys, now).unwrap();
    let header = |name: &str| {
        let found = outgoing.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    assert_eq!(header("x-amz-date"), "20130524T000000Z");
    assert!(
        header("authorization").ends_with(
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        "{}",
        header("authorization")
    );
}
