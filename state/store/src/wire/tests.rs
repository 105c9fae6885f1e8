//! What is written is read back equal, and what is odd is refused.

use super::{
    RowDecoder, WireError, address_key, decode_batch, decode_snapshot, encode_batch, encode_row,
    encode_snapshot,
};
use crate::conformance::sample::{began, event, every_kind, instance, set};
use terrane_model::addr::InstanceKey;
use terrane_model::event::{Event, EventKind, Operation};
use terrane_model::snapshot::{OutputState, Snapshot};
use terrane_value::{Type, Value};

#[test]
fn every_kind_of_event_comes_back() {
    for (at, batch) in every_kind().into_iter().enumerate() {
        let bytes = encode_batch(at as u64, &batch).unwrap();
        let read = decode_batch(&bytes).unwrap();
        assert_eq!((read.serial, read.events), (at as u64, batch));
    }
}

/// Intents without the key of a provider instance have the bytes that earlier versions wrote, and read.
#[test]
fn an_intent_of_an_earlier_version_is_read() {
    let intent = |provider_key: Option<InstanceKey>| {
        let mut kind = began(3, &instance("a", None), Operation::Create);
        if let EventKind::Began { intent, .. } = &mut kind {
            intent.provider_key = provider_key;
        }
        vec![Event { at_ms: 1, kind }]
    };
    let old = String::from_utf8(encode_batch(1, &intent(None)).unwrap()).unwrap();
    assert!(!old.contains("provider_key"), "{old}");
    assert_eq!(decode_batch(old.as_bytes()).unwrap().events, intent(None));
    let keyed = intent(Some(InstanceKey::Str("eu".into())));
    let new = String::from_utf8(encode_batch(1, &keyed).unwrap()).unwrap();
    assert_eq!(decode_batch(new.as_bytes()).unwrap().events, keyed);
    assert_eq!(new.replace(r#","provider_key":{"s":"eu"}"#, ""), old);
}

/// A snapshot comes back whole, and so do its rows, one by one.
#[test]
fn every_state_comes_back() {
    let mut snapshot = Snapshot::default();
    for batch in every_kind() {
        snapshot.commit(&batch);
        let bytes = encode_snapshot(&snapshot).unwrap();
        assert_eq!(decode_snapshot(&bytes).unwrap(), snapshot);
        let mut decoder = RowDecoder::default();
        for (addr, resource, state) in snapshot.instances() {
            let bytes = encode_row(&addr, &resource.provider, state).unwrap();
            let row = decoder.decode(&bytes).unwrap();
            assert_eq!(
                (&row.addr, &row.provider, &row.state),
                (&addr, &resource.provider, state)
            );
        }
    }
}

#[test]
fn keys_tell_addresses_apart() {
    let addrs = [
        instance("a", None),
        instance("a", Some(InstanceKey::Int(1))),
        instance("a", Some(InstanceKey::Str("1".into()))),
        instance("a", Some(InstanceKey::Str("\0".into()))),
        instance("a[1]", None),
    ];
    let mut keys: Vec<_> = addrs.iter().map(address_key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), addrs.len());
}

#[test]
fn later_versions_are_told_from_damage() {
    for text in [
        r#"{"v":2,"serial":1,"events":[]}"#,
        r#"{"v":2,"serial":1,"events":[{"at":1,"what":{"to_come":{}}}]}"#,
        r#"{"v":7}"#,
    ] {
        assert!(
            matches!(decode_batch(text.as_bytes()), Err(WireError::TooNew(2 | 7))),
            "{text}"
        );
    }
    for text in [
        "",
        "{",
        r#"{"v":1}"#,
        r#"{"v":1,"serial":1,"events":[{"at":1,"what":{"odd":{}}}]}"#,
        "\u{0}",
    ] {
        assert!(
            matches!(decode_batch(text.as_bytes()), Err(WireError::Bad(_))),
            "{text}"
        );
    }
    assert!(decode_batch(b"\xff").is_err());
}

/// A batch cut off anywhere is an error.
#[test]
fn truncated_batches_are_errors() {
    for batch in every_kind() {
        let bytes = encode_batch(1, &batch).unwrap();
        for len in 0..bytes.len() {
            assert!(decode_batch(&bytes[..len]).is_err());
        }
    }
}

/// Nothing is written that could not be read again.
#[test]
fn what_cannot_be_kept_is_refused() {
    let output = |value: Value| {
        vec![event(EventKind::Output {
            name: "o".into(),
            value: Some(OutputState {
                value,
                sensitive: false,
                deprecated: None,
            }),
        })]
    };
    let nested = |depth: usize| (0..depth).fold(Value::TRUE, |value, _| Value::tuple(vec![value]));
    assert!(encode_batch(1, &output(Value::unknown(Type::String))).is_err());
    assert!(encode_batch(1, &output(nested(190))).is_err());
    for depth in 0..190 {
        if let Ok(bytes) = encode_batch(1, &output(nested(depth))) {
            decode_batch(&bytes).expect("what was written is read");
        } else {
            assert!(depth > 40, "{depth} levels must be possible");
        }
    }
    assert!(encode_batch(1, &[set(&instance("a", None), "")]).is_err());
    assert!(encode_batch(1, &[set(&instance("a", None), "{} {}")]).is_err());
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = vec![set(&instance("a", None), &deep)];
    let bytes = encode_batch(1, &deep).unwrap();
    assert_eq!(decode_batch(&bytes).unwrap().events, deep);
}
