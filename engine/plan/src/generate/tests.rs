//! Texts of generated blocks; that they evaluate to what they were made from is tested with providers (`tests/golden/import_generates_*`).

use super::resource_block;
use terrane_model::addr::{InstanceAddr, Target};
use terrane_model::schema::{Attribute, Block, NestedBlock, Nesting};
use terrane_value::{Marks, Type, Value};

fn addr() -> InstanceAddr {
    match "t_thing.a".parse().unwrap() {
        Target::Resource(resource) => resource.instance(None),
        Target::Instance(instance) => instance,
        Target::Module(_) => unreachable!("it is a resource"),
    }
}

fn text(block: &Block, object: Value) -> String {
    let found = resource_block(&addr(), block, &object, None, "\"x\"");
    let lines: Vec<&str> = found.text.lines().collect();
    assert_eq!(lines[0], "# __generated__ by Terrane from \"x\"");
    assert_eq!(lines[1], "resource \"t_thing\" \"a\" {");
    assert_eq!(lines[lines.len() - 1], "}");
    lines[2..lines.len() - 1].join("\n")
}

#[test]
fn only_what_can_be_set_is_written() {
    let block = Block::new()
        .attr("id", Attribute::string().optional().computed())
        .attr("arn", Attribute::string().computed())
        .attr("name", Attribute::string().required())
        .attr("old", Attribute::string().optional().deprecated("use new"))
        .attr("password", Attribute::string().optional().sensitive())
        .attr("secret_wo", Attribute::string().optional().write_only())
        .attr("size", Attribute::number().optional().computed())
        .attr("note", Attribute::string().optional());
    let object = Value::object([
        ("id", Value::string("i-1")),
        ("arn", Value::string("arn:1")),
        ("name", Value::string("it").with_marks(&Marks::SENSITIVE)),
        ("old", Value::string("o")),
        ("password", Value::string("hunter2")),
        ("secret_wo", Value::null(Type::String)),
        ("size", Value::number(3u64)),
        ("note", Value::null(Type::String)),
    ]);
    let found = text(&block, object);
    assert_eq!(
        found,
        "  name      = \"it\"\n  note      = null\n  password  = null # sensitive\n  secret_wo = null # write-only\n  size      = 3"
    );
    assert!(!found.contains("hunter2"));
}

#[test]
fn strings_are_no_templates() {
    let block = Block::new().attr("s", Attribute::string().required());
    for (given, written) in [
        ("a\"b\\c\nd\te\r", "\"a\\\"b\\\\c\\nd\\te\\r\""),
        ("${x} %{if} $ % $${", "\"$${x} %%{if} $ % $$${\""),
        ("\u{1}\u{2028}é😀", "\"\\u0001\\u2028é😀\""),
        ("{\"a\": 1}", "\"{\\\"a\\\": 1}\""),
        ("{}", "\"{}\""),
    ] {
        let found = text(&block, Value::object([("s", Value::string(given))]));
        assert_eq!(found, format!("  s = {written}"));
    }
}

#[test]
fn json_documents_are_written_as_values_if_nothing_is_lost() {
    let block = Block::new().attr("s", Attribute::string().required());
    let given = "{\"Statement\":[{\"Effect\":\"Allow\"}],\"a-b c\":null}";
    let found = text(&block, Value::object([("s", Value::string(given))]));
    assert_eq!(
        found,
        "  s = jsonencode({\n    Statement = [\n      {\n        Effect = \"Allow\"\n      },\n    ]\n    \"a-b c\" = null\n  })"
    );
}

#[test]
fn collections_and_values_of_any_type() {
    let block = Block::new()
        .attr("any", Attribute::dynamic().optional())
        .attr("list", Attribute::string_list().optional())
        .attr("map", Attribute::string_map().optional());
    let object = Value::object([
        ("any", Value::list(Type::String, vec![Value::string("a")])),
        (
            "list",
            Value::list(Type::String, vec![Value::string("a"), Value::string("b")]),
        ),
        (
            "map",
            Value::map(
                Type::String,
                [
                    ("k".into(), Value::string("v")),
                    ("for".into(), Value::string("w")),
                ]
                .into(),
            ),
        ),
    ]);
    assert_eq!(
        text(&block, object),
        "  any  = tolist([\"a\"])\n  list = [\"a\", \"b\"]\n  map = {\n    \"for\" = \"w\"\n    k     = \"v\"\n  }"
    );
}

#[test]
fn nested_blocks_by_nesting() {
    let inner = || {
        Block::new()
            .attr("port", Attribute::number().required())
            .attr("state", Attribute::string().computed())
    };
    let one = |port: u64| {
        Value::object([
            ("port", Value::number(port)),
            ("state", Value::string("up")),
        ])
    };
    let ty = inner().implied_type().clone();
    let block = Block::new()
        .block("many", NestedBlock::list(inner()))
        .block("named", NestedBlock::map(inner()))
        .block("none", NestedBlock::single(inner()))
        .block("group", NestedBlock::new(Nesting::Group, inner()));
    let object = Value::object([
        ("many", Value::list(ty.clone(), vec![one(1), one(2)])),
        (
            "named",
            Value::map(ty.clone(), [("x".into(), one(3))].into()),
        ),
        ("none", Value::null(ty)),
        ("group", inner().empty_value()),
    ]);
    assert_eq!(
        text(&block, object),
        "  many {\n    port = 1\n  }\n  many {\n    port = 2\n  }\n  named \"x\" {\n    port = 3\n  }"
    );
}

#[test]
fn nested_attributes_leave_out_what_is_sensitive() {
    let nested = Attribute::objects(
        Nesting::List,
        [
            ("name", Attribute::string().required()),
            ("key", Attribute::string().optional().sensitive()),
            ("id", Attribute::string().computed()),
        ],
    )
    .optional();
    let block = Block::new().attr("items", nested);
    let item = Value::object([
        ("name", Value::string("n")),
        ("key", Value::string("hunter2")),
        ("id", Value::string("1")),
    ]);
    let object = Value::object([("items", Value::list(item.ty(), vec![item]))]);
    assert_eq!(
        text(&block, object),
        "  items = [\n    {\n      key  = null # sensitive\n      name = \"n\"\n    },\n  ]"
    );
}
