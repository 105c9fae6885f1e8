//! What services of AWS send, and what they are sent.
//!
//! An input has a line `SERVICE OPERATION STATUS` and then the body of an answer; where the status is `in`, the input of a request as JSON.

use terrane_aws_client::testing::{decode, encode};

/// Deeper than any value is that comes out.
const DEPTH: usize = 128;

pub(crate) fn run(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n');
    let (head, body) = data.split_at(at.unwrap_or(data.len()));
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    let head = crate::text(head);
    let mut words = head.split(' ');
    let mut word = || words.next().unwrap_or_default();
    let (service, operation, status) = (word(), word(), word());
    if status == "in" {
        let Ok(input) = serde_json::from_slice(body) else {
            return;
        };
        if let Some(Ok(request)) = encode(service, operation, input) {
            assert!(!request.method.is_empty());
            // A path that holds a space or a line would be another request.
            let target = &request.target;
            let graphic = target.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(graphic, "{target:?}");
        }
        return;
    }
    let headers = [
        ("x-amzn-errortype", "A:b"),
        ("x-amzn-query-error", "C;Sender"),
    ];
    let status = status.parse().unwrap_or(200);
    let plain = decode(service, operation, status, &[], body);
    let with = decode(service, operation, status, &headers, body);
    assert_eq!(plain.is_some(), with.is_some());
    if let Some(Ok(value)) = plain {
        // The numbers of the values are JSON's, so that it can be written and read.
        let text = value.to_string();
        let again: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(again, value);
        assert!(depth(&value, 0) < DEPTH);
    }
}

fn depth(value: &serde_json::Value, at: usize) -> usize {
    if at > DEPTH {
        return at;
    }
    match value {
        serde_json::Value::Array(items) => items.iter().map(|item| depth(item, at + 1)).max(),
        serde_json::Value::Object(items) => items.values().map(|item| depth(item, at + 1)).max(),
        _ => None,
    }
    .unwrap_or(at)
}
