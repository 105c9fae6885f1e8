use super::Not;
use super::editor::{Editor, at_path, has_expression};
use crate::drift::{Class, Difference};
use hcl_edit::expr::Expression;
use terrane_model::schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use terrane_value::{Path, PathStep, Value, json};

fn schema() -> Schema {
    let disk = || Block::new().attr("size", Attribute::number().optional());
    let endpoint = Block::new().attr("path", Attribute::string().required());
    let boot = Block::new().block("stage", NestedBlock::list(disk()));
    let block = Block::new()
        .attr("name", Attribute::string().optional())
        .attr("names", Attribute::string_list().optional())
        .attr("tags", Attribute::string_map().optional())
        .block("boot", NestedBlock::single(boot))
        .block("disk", NestedBlock::list(disk()))
        .block("endpoint", NestedBlock::map(endpoint));
    Schema::new(0, block)
}

/// The file after the edit of one place, or why there is none (`whole`: the whole argument has to be written).
fn edited(text: &str, path: &[&str], after: &str) -> Result<String, String> {
    let body = hcl_edit::parser::parse_body(text).unwrap();
    let block = body.blocks().next().unwrap();
    let schema = schema();
    let editor = Editor::new(text, &schema);
    let steps = path.iter().map(|step| match step.parse::<i64>() {
        Ok(index) => PathStep::Index(Value::number(index)),
        Err(_) => match step.strip_prefix('@') {
            Some(key) => PathStep::Index(Value::string(key)),
            None => PathStep::Attr((*step).into()),
        },
    });
    let difference = Difference {
        path: Path(steps.collect()),
        before: Value::NULL,
        after: json::decode_implied(after).unwrap(),
        class: Class::Changed,
        why: "",
        configurable: true,
    };
    match editor.difference(block, &difference) {
        Ok(edit) => {
            let mut text = text.to_owned();
            text.replace_range(edit.range, &edit.text);
            Ok(text)
        }
        Err(Not::Here) => Err("whole".to_owned()),
        Err(Not::ToBe(why, _) | Not::Any(why, _)) => Err(why),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of edits")]
fn only_the_place_that_differs_is_edited() {
    let block = |inner: &str| format!("resource \"x\" \"a\" {{\n{inner}}}\n");
    for (inner, path, after, expected) in [
        (
            "  name = \"a\" # why\n",
            &["name"][..],
            "\"b\"",
            Ok("  name = \"b\" # why\n"),
        ),
        (
            "  tags = { k = \"a\", \"l\" = \"b\" }\n",
            &["tags", "@l"],
            "\"c\"",
            Ok("  tags = { k = \"a\", \"l\" = \"c\" }\n"),
        ),
        (
            "  names = [\"a\", var.b]\n",
            &["names", "0"],
            "\"c\"",
            Ok("  names = [\"c\", var.b]\n"),
        ),
        (
            "  names = [\"a\", var.b]\n",
            &["names", "1"],
            "\"c\"",
            Err("it is an expression: [\"a\", var.b]"),
        ),
        (
            "  names = [\"a\"]\n",
            &["names", "1"],
            "\"c\"",
            Err("whole"),
        ),
        (
            "  name = local.n\n",
            &["name"],
            "\"b\"",
            Err("it is an expression: local.n"),
        ),
        (
            "  name = \"${local.n}\"\n",
            &["name"],
            "\"b\"",
            Err("it is an expression: \"${local.n}\""),
        ),
        // A document stays a value, if it is one still.
        (
            "  name = jsonencode({ a = 1 })\n",
            &["name"],
            "\"{\\\"a\\\": [2]}\"",
            Ok("  name = jsonencode({\n    a = [2]\n  })\n"),
        ),
        (
            "  name = jsonencode({ a = 1 })\n",
            &["name"],
            "\"b\"",
            Ok("  name = \"b\"\n"),
        ),
        // Added behind the last argument, before nested blocks; and at the beginning.
        (
            "  name = \"a\"\n\n  disk {\n  }\n",
            &["tags"],
            "{\"k\":\"v\"}",
            Ok("  name = \"a\"\n  tags = {\n    k = \"v\"\n  }\n\n  disk {\n  }\n"),
        ),
        ("", &["name"], "\"b\"", Ok("  name = \"b\"\n")),
        // Taken out with its line, but not with a comment.
        (
            "  name = \"a\"\n  tags = {}\n",
            &["name"],
            "null",
            Ok("  tags = {}\n"),
        ),
        ("  name = \"a\" # why\n", &["name"], "null", Err("whole")),
        (
            "  names = [ # why\n    \"a\",\n  ]\n",
            &["names"],
            "null",
            Err("there are comments in it, which would be lost"),
        ),
        // Nested blocks.
        (
            "  disk {\n    size = 1\n  }\n  disk {\n    size = 2\n  }\n",
            &["disk", "1", "size"],
            "3",
            Ok("  disk {\n    size = 1\n  }\n  disk {\n    size = 3\n  }\n"),
        ),
        (
            "  dynamic \"disk\" {\n  }\n",
            &["disk", "0", "size"],
            "3",
            Err("its disk blocks are made by an expression"),
        ),
        // Which of the blocks is meant can't be told.
        (
            "  dynamic \"disk\" {\n  }\n  disk {\n    size = 2\n  }\n",
            &["disk", "0", "size"],
            "3",
            Err("its disk blocks are made by an expression"),
        ),
        (
            "  endpoint \"a\" {\n    path = \"x\"\n  }\n  endpoint \"b\" {\n    path = \"y\"\n  }\n",
            &["endpoint", "@b", "path"],
            "\"z\"",
            Ok(
                "  endpoint \"a\" {\n    path = \"x\"\n  }\n  endpoint \"b\" {\n    path = \"z\"\n  }\n",
            ),
        ),
        (
            "  boot {\n    stage {\n      size = 1\n    }\n  }\n",
            &["boot", "stage", "0", "size"],
            "2",
            Ok("  boot {\n    stage {\n      size = 2\n    }\n  }\n"),
        ),
        // What is written as blocks is not written as an argument too.
        (
            "  names {\n  }\n",
            &["names"],
            "[\"a\"]",
            Err("it is written as blocks"),
        ),
        (
            "  dynamic \"names\" {\n  }\n",
            &["names"],
            "[\"a\"]",
            Err("it is written as blocks"),
        ),
        // Comments, and what only looks so.
        (
            "  tags = { k = \"a\" /* why */ }\n",
            &["tags"],
            "null",
            Err("there are comments in it, which would be lost"),
        ),
        (
            "  tags = {\n    url = \"http://a#b\"\n  }\n  name = \"a\"\n",
            &["tags"],
            "null",
            Ok("  name = \"a\"\n"),
        ),
        (
            "  name = \"a\" /* one\n  two */\n",
            &["tags"],
            "{}",
            Err("its block can't be extended"),
        ),
        (
            "  name = <<EOT\na\nEOT\n",
            &["tags"],
            "{}",
            Ok("  name = <<EOT\na\nEOT\n  tags = {}\n"),
        ),
        (
            "  disk {\n    size = 1\n  }\n",
            &["disk", "1"],
            "null",
            Err("it is about disk blocks that come or go"),
        ),
    ] {
        let found = edited(&block(inner), path, after);
        let expected = expected.map(block).map_err(str::to_owned);
        assert_eq!(found, expected, "{inner} {path:?} {after}");
    }
    // A block in one line has no room for another argument.
    assert!(edited("resource \"x\" \"a\" {}\n", &["name"], "\"b\"").is_err());
}

#[test]
fn literals_are_told_from_expressions() {
    for (text, expected) in [
        ("1", false),
        ("-1", false),
        ("[1, { a = null }]", false),
        ("jsonencode({ a = 1 })", false),
        ("jsonencode({ a = var.b })", true),
        ("file(\"x\")", true),
        ("{ (var.a) = 1 }", true),
        ("\"a${b}\"", true),
        ("<<EOT\na\nEOT\n", true),
        ("true ? 1 : 2", true),
    ] {
        let body = hcl_edit::parser::parse_body(&format!("x = {text}\n")).unwrap();
        let value: &Expression = &body.get_attribute("x").unwrap().value;
        assert_eq!(has_expression(value), expected, "{text}");
        assert!(at_path(value, &[]).is_some());
    }
}

/// What only the provider sets is not written, at any depth.
#[test]
fn objects_are_written_without_what_nobody_can_set() {
    let port = Attribute::objects(
        Nesting::List,
        [
            ("id", Attribute::string().computed()),
            ("number", Attribute::number().optional()),
        ],
    );
    let rule = Attribute::objects(
        Nesting::Map,
        [
            ("arn", Attribute::string().computed()),
            ("note", Attribute::string().optional()),
            ("ports", port.optional()),
        ],
    );
    let value = r#"{"a":{"arn":"x","note":null,"ports":[{"id":"1","number":2}]}}"#;
    let value = json::decode_implied(value).unwrap();
    let found = super::settable(rule.nested().unwrap(), &value);
    let expected = json::decode_implied(r#"{"a":{"ports":[{"number":2}]}}"#).unwrap();
    assert_eq!(found, expected);
}
