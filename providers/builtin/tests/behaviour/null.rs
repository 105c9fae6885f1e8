//! `hashicorp/null`.

use crate::harness::{harness, text};
use std::collections::BTreeMap;
use terrane_provider::args;
use terrane_value::{Path, Type, Value};

#[tokio::test]
async fn triggers_replace() {
    let it = harness("null").await;
    let triggers = |value: Value| {
        let map = BTreeMap::from([("a".into(), value)]);
        [("triggers", Value::map(Type::String, map))]
    };
    let state = it.create("null_resource", &triggers(text("1"))).await;
    let id = args::string(&state, "id").unwrap();
    assert!(id.parse::<i64>().is_ok_and(|id| id > 0), "{id}");
    let path = Path::new().attr("triggers");
    for (value, replaced) in [
        (text("1"), vec![]),
        (text("2"), vec![path.clone()]),
        (Value::unknown(Type::String), vec![path.clone()]),
    ] {
        let config = it.config("null_resource", &triggers(value));
        assert_eq!(it.plan("null_resource", &state, &config).await.1, replaced);
    }
    let config = it.config("null_resource", &[]);
    assert_eq!(it.plan("null_resource", &state, &config).await.1, [path]);
}
