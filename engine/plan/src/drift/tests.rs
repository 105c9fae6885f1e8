//! Differences and their classes.

use super::compare;
use super::table::{ATTRIBUTES, CLOUD_KEYS, TYPES};
use terrane_model::schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use terrane_value::{Marks, Path, Value, json};

fn schema() -> Schema {
    let rule = Block::new()
        .attr("port", Attribute::number().required())
        .attr("comment", Attribute::string().optional());
    let endpoint = Block::new()
        .attr("address", Attribute::string().computed())
        .attr("path", Attribute::string().optional());
    let port = Block::new()
        .attr("id", Attribute::string().computed())
        .attr("number", Attribute::number().required());
    let disk = Block::new()
        .attr("device", Attribute::string().computed())
        .attr("size", Attribute::number().required());
    let block = Block::new()
        .attr("document", Attribute::string().optional())
        .attr("encrypted", Attribute::bool().optional())
        .attr("id", Attribute::string().computed())
        .attr("names", Attribute::string_list().optional())
        .attr("size", Attribute::string().optional().computed())
        .attr("tags", Attribute::string_map().optional())
        .attr("tags_all", Attribute::string_map().computed())
        .attr("public_ip", Attribute::string().computed())
        .attr("token", Attribute::string().optional().sensitive())
        .attr(
            "plan",
            Attribute::objects(
                Nesting::Map,
                [
                    ("cost", Attribute::number().computed()),
                    ("seats", Attribute::number().optional()),
                ],
            )
            .optional(),
        )
        .block("disk", NestedBlock::list(disk))
        .block("endpoint", NestedBlock::map(endpoint))
        .block("port", NestedBlock::set(port))
        .block("ingress", NestedBlock::set(rule));
    Schema::new(0, block)
}

fn value(text: &str) -> Value {
    let schema = schema();
    let mut all: serde_json::Map<String, serde_json::Value> = schema
        .block
        .attributes
        .keys()
        .map(|name| (name.to_string(), serde_json::Value::Null))
        .collect();
    all.insert("disk".to_owned(), serde_json::json!([]));
    all.insert("ingress".to_owned(), serde_json::json!([]));
    all.insert("endpoint".to_owned(), serde_json::json!({}));
    all.insert("port".to_owned(), serde_json::json!([]));
    let given: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap();
    all.extend(given);
    let text = serde_json::to_string(&all).unwrap();
    json::decode(&text, schema.block.implied_type()).unwrap()
}

/// `path class`, in order.
fn check(type_name: &str, before: &str, after: &str, expected: &[&str]) {
    let found = compare(type_name, &schema(), &value(before), &value(after));
    let found: Vec<String> = found
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one.path.to_string().trim_start_matches('.'),
                one.class.name()
            )
        })
        .collect();
    assert_eq!(found, expected, "{before} {after}");
}

#[test]
fn differences_are_found_where_they_are() {
    check("x_thing", "{}", "{}", &[]);
    check(
        "x_thing",
        r#"{"size":"a"}"#,
        r#"{"size":"b"}"#,
        &["size changed"],
    );
    check(
        "x_thing",
        r#"{"id":"a"}"#,
        r#"{"id":"b"}"#,
        &["id harmless"],
    );
    check(
        "x_thing",
        r#"{"disk":[{"device":"a","size":1},{"device":"b","size":2}]}"#,
        r#"{"disk":[{"device":"a","size":1},{"device":"c","size":3}]}"#,
        &["disk[1].device harmless", "disk[1].size changed"],
    );
    check(
        "x_thing",
        r#"{"names":["a","b"]}"#,
        r#"{"names":["a","c","d"]}"#,
        &["names[1] changed", "names[2] changed"],
    );
    // An element of a set is gone, another has come; the order does not matter.
    check(
        "x_thing",
        r#"{"ingress":[{"port":1,"comment":"a"},{"port":2,"comment":null}]}"#,
        r#"{"ingress":[{"port":2,"comment":null},{"port":3,"comment":"a"}]}"#,
        &["ingress security", "ingress security"],
    );
}

/// What only the provider sets is so within objects, too, whatever these are in.
#[test]
fn what_nobody_can_set_is_harmless_at_any_depth() {
    check(
        "x_thing",
        r#"{"endpoint":{"a":{"address":"1","path":"/"},"b":{"address":"2","path":"/"}}}"#,
        r#"{"endpoint":{"a":{"address":"9","path":"/"},"b":{"address":"2","path":"/b"}}}"#,
        &[
            r#"endpoint["a"].address harmless"#,
            r#"endpoint["b"].path changed"#,
        ],
    );
    check(
        "x_thing",
        r#"{"endpoint":{"a":{"address":"1","path":"/"}}}"#,
        r#"{"endpoint":{"c":{"address":"1","path":"/"}}}"#,
        &[r#"endpoint["a"] changed"#, r#"endpoint["c"] changed"#],
    );
    check(
        "x_thing",
        r#"{"plan":{"a":{"cost":1,"seats":2}}}"#,
        r#"{"plan":{"a":{"cost":3,"seats":2},"b":{"cost":1,"seats":null}}}"#,
        &[r#"plan["a"].cost harmless"#, r#"plan["b"] changed"#],
    );
    // Two elements that only differ in that are one; another one has come.
    check(
        "x_thing",
        r#"{"port":[{"id":"1","number":1},{"id":"2","number":2}]}"#,
        r#"{"port":[{"id":"8","number":1},{"id":"2","number":2},{"id":"9","number":1}]}"#,
        &["port harmless", "port changed"],
    );
}

#[test]
fn differences_are_classed() {
    // Tags: of people, of the cloud, computed.
    check(
        "x_thing",
        r#"{"tags":{"a":"1"},"tags_all":{"a":"1"}}"#,
        r#"{"tags":{"a":"2","aws:stack":"x"},"tags_all":{"a":"2"}}"#,
        &[
            r#"tags["a"] changed"#,
            r#"tags["aws:stack"] harmless"#,
            r#"tags_all["a"] harmless"#,
        ],
    );
    check(
        "x_thing",
        r#"{"tags":null}"#,
        r#"{"tags":{"aws:stack":"x"}}"#,
        &[r#"tags["aws:stack"] harmless"#],
    );
    // A tag that is called like something else is a tag.
    check(
        "x_thing",
        r#"{"tags":{"policy":"1"}}"#,
        r#"{"tags":{"policy":"2"}}"#,
        &[r#"tags["policy"] changed"#],
    );
    check(
        "x_thing",
        r#"{"encrypted":true}"#,
        r#"{"encrypted":false}"#,
        &["encrypted security"],
    );
    // Nobody configures it, and yet somebody should know.
    check(
        "x_thing",
        r#"{"public_ip":null}"#,
        r#"{"public_ip":"1.2.3.4"}"#,
        &["public_ip security"],
    );
    check(
        "aws_iam_role",
        r#"{"size":"a"}"#,
        r#"{"size":"b"}"#,
        &["size security"],
    );
    check(
        "aws_iam_role",
        r#"{"id":"a"}"#,
        r#"{"id":"b"}"#,
        &["id harmless"],
    );
    // The same in other words.
    check(
        "aws_iam_role",
        r#"{"size":""}"#,
        r#"{"size":null}"#,
        &["size harmless"],
    );
    check(
        "x_thing",
        r#"{"names":[]}"#,
        r#"{"names":null}"#,
        &["names harmless"],
    );
    check(
        "x_thing",
        r#"{"document":"{\"a\":1, \"b\":2}"}"#,
        r#"{"document":"{\"b\":2,\"a\":1}"}"#,
        &["document harmless"],
    );
    check(
        "x_thing",
        r#"{"document":"[1,2]"}"#,
        r#"{"document":"[2,1]"}"#,
        &["document changed"],
    );
}

/// What is secret stays whole, however it moves.
#[test]
fn secrets_are_not_taken_apart() {
    let marked = |value: &Value, path: Path| {
        crate::objchange::mark_by_paths(value, &[path], &Marks::SENSITIVE)
    };
    let first = Path::new().attr("names").index(Value::number(0));
    let before = marked(&value(r#"{"names":["s3cret","b"]}"#), first.clone());
    let after = marked(&value(r#"{"names":["b","s3cret"]}"#), first);
    let found = compare("x_thing", &schema(), &before, &after);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path.to_string(), ".names");
    assert!(found[0].is_sensitive());
    let key = Path::new().attr("tags").index(Value::string("a"));
    let before = marked(&value(r#"{"tags":{"a":"s3cret"}}"#), key.clone());
    let after = marked(&value(r#"{"tags":{"b":"s3cret"}}"#), key);
    let found = compare("x_thing", &schema(), &before, &after);
    assert!(
        found.iter().all(super::Difference::is_sensitive),
        "{found:?}"
    );
    assert_eq!(found.len(), 1);
}

/// What the tables say is unique, and no pattern has its star in the middle.
#[test]
fn tables_are_well_formed() {
    for table in [TYPES, ATTRIBUTES, CLOUD_KEYS] {
        for (at, pattern) in table.iter().enumerate() {
            assert!(!table[..at].contains(pattern), "{pattern}");
        }
    }
}
