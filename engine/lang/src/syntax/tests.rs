//! Tests of what lies behind the parser: schemas, static analysis, suggestions.

use super::ast::Expr;
use super::body::{Body, BodySchema};
use super::parse::tests::show;
use super::parse::{parse_body, parse_expression};
use super::static_expr::*;
use super::suggest::suggestion;
use crate::source::{FileId, SourceMap};
use std::sync::Arc;

fn native(map: &mut SourceMap, text: &str) -> Body {
    let file = map.add("f", text);
    let (body, diagnostics) = parse_body(file, text);
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    Body::Native(Arc::new(body))
}

fn schema() -> BodySchema {
    BodySchema {
        attributes: vec![("name".into(), true), ("size".into(), false)],
        blocks: vec![
            ("rule".into(), vec![]),
            ("resource".into(), vec!["type", "name"]),
        ],
    }
}

#[test]
fn a_schema_reports_what_it_does_not_know() {
    for (text, expect) in [
        ("name = 1\nrule {}\nresource \"a\" \"b\" {}\n", ""),
        (
            "nmae = 1\n",
            "Unsupported argument: An argument named \"nmae\" is not expected here. Did you mean \"name\"? @nmae",
        ),
        (
            "name = 1\nnam = 1\n",
            "Unsupported argument: An argument named \"nam\" is not expected here. @nam",
        ),
        (
            "name = 1\nrule = 1\n",
            "Unsupported argument: An argument named \"rule\" is not expected here. Did you mean to define a block of type \"rule\"? @rule",
        ),
        (
            "name = 1\nruel {}\n",
            "Unsupported block type: Blocks of type \"ruel\" are not expected here. Did you mean \"rule\"? @ruel",
        ),
        (
            "name = 1\nsize {}\n",
            "Unsupported block type: Blocks of type \"size\" are not expected here. Did you mean to define argument \"size\"? If so, use the equals sign to assign it a value. @size",
        ),
        (
            "size = 1\n",
            "Missing required argument: The argument \"name\" is required, but no definition was found. @",
        ),
        (
            "name = 1\nrule \"a\" {}\n",
            "Extraneous label for rule: No labels are expected for rule blocks. @\"a\"",
        ),
        (
            "name = 1\nresource \"a\" {}\n",
            "Missing name for resource: All resource blocks must have 2 labels (type, name). @{",
        ),
        (
            "name = 1\nresource a b c {}\n",
            "Extraneous label for resource: Only 2 labels (type, name) are expected for resource blocks. @c",
        ),
    ] {
        let mut map = SourceMap::default();
        let (_, diagnostics) = native(&mut map, text).content(&schema());
        let first = diagnostics.iter().next();
        let shown = first.map(|d| {
            format!(
                "{}: {} @{}",
                d.summary,
                d.detail,
                map.text(d.subject.unwrap())
            )
        });
        assert_eq!(shown.unwrap_or_default(), expect, "{text}");
    }
}

#[test]
fn partial_content_leaves_the_rest() {
    let mut map = SourceMap::default();
    let json = r#"{"name": 1, "other": 2, "rule": {}, "thing": {"a": 1}}"#;
    let file = map.add("f.json", json);
    for body in [
        native(&mut map, "name = 1\nother = 2\nrule {}\nthing {}\n"),
        Body::from(super::json::parse_body(file, json).0),
    ] {
        let (content, rest, diagnostics) = body.partial_content(&schema());
        assert!(diagnostics.is_empty());
        assert_eq!((content.attributes.len(), content.blocks.len()), (1, 1));
        let second = BodySchema {
            attributes: vec![("other".into(), false)],
            blocks: vec![("thing".into(), vec![])],
        };
        let (content, diagnostics) = rest.content(&second);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!((content.attributes.len(), content.blocks.len()), (1, 1));
    }
    let (attributes, diagnostics) = native(&mut map, "a = 1\nb {}\n").just_attributes();
    assert_eq!(attributes.len(), 1);
    assert_eq!(
        diagnostics.iter().next().unwrap().summary,
        "Unexpected \"b\" block"
    );
}

/// Of override files the later one counts, attribute by attribute and block type by block type.
#[test]
fn merged_bodies_are_seen_as_one() {
    let mut map = SourceMap::default();
    let base = native(
        &mut map,
        "name = 1\nrule {\n}\nrule {\n}\nresource \"a\" \"b\" {}\n",
    );
    let over = native(&mut map, "size = 2\nrule {\n  x = 1\n}\n");
    let dynamic = native(&mut map, "name = 3\n");
    let (content, diagnostics) = Body::Merged(vec![base, over, dynamic]).content(&schema());
    assert!(diagnostics.is_empty());
    let attributes: Vec<_> = content
        .attributes
        .iter()
        .map(|a| format!("{}={}", a.name.name, show(&a.expr)))
        .collect();
    assert_eq!(attributes, ["name=3", "size=2"]);
    let kinds: Vec<_> = content
        .blocks
        .iter()
        .map(|block| block.kind.name.as_str())
        .collect();
    assert_eq!(kinds, ["resource", "rule"]);
    let (_, diagnostics) =
        Body::Merged(vec![native(&mut map, ""), native(&mut map, "")]).content(&schema());
    assert_eq!(diagnostics.len(), 1);
}

fn expr(text: &str) -> Expr {
    parse_expression(FileId(0), text)
        .0
        .unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn static_traversals() {
    for (text, steps) in [
        ("a", Some(0)),
        ("a.b[0].c[\"d\"].1", Some(4)),
        ("true", Some(0)),
        ("null.a", Some(1)),
        ("true.a[0]", Some(2)),
        ("a[b]", None),
        ("a[*]", None),
        ("a[-1]", None),
        ("(a)", None),
        ("f(a)", None),
        ("\"a\"", None),
    ] {
        let expr = expr(text);
        assert_eq!(
            as_traversal(&expr).map(|(_, steps)| steps.len()),
            steps.map(|s| if s == 4 { 5 } else { s }),
            "{text}"
        );
    }
    assert_eq!(as_keyword(&expr("all")).unwrap(), "all");
    assert_eq!(as_keyword(&expr("a.b")), None);
    assert_eq!(as_list(&expr("[1, a]")).unwrap().len(), 2);
    assert_eq!(
        literal_key(&as_map(&expr("{ a = b }")).unwrap()[0]).unwrap(),
        "a"
    );
    assert_eq!(as_call(&expr("f(1)")).unwrap().name, "f");
    assert_eq!(literal_string(&expr("\"a\\n\"")).unwrap(), "a\n");
}

/// References may be written in strings; their places are those in the file.
#[test]
fn references_in_strings() {
    let mut map = SourceMap::default();
    let text = "[a.b, \"c.d[0]\", \"e f\", 1]";
    let file = map.add("f", text);
    let expr = parse_expression(file, text).0.unwrap();
    let found: Vec<_> = as_list(&expr)
        .unwrap()
        .iter()
        .map(|item| match reference(item) {
            Ok(inner) => format!("{} @{}", show(&inner), map.text(inner.span)),
            Err(diagnostic) => format!(
                "{} @{}",
                diagnostic.summary,
                map.text(diagnostic.subject.unwrap())
            ),
        })
        .collect();
    let expect = [
        "a.b @a.b",
        "c.d[0] @c.d[0]",
        "Extra characters after expression @f",
        "Invalid expression @1",
    ];
    assert_eq!(found, expect);
}

#[test]
fn constants_have_no_names_and_no_calls() {
    for text in [
        "1",
        "\"a\"",
        "{ a = [1, \"${true}\"] }",
        "[for a, b in [1] : a + b]",
        "-1 + 2",
        "\"%{ for x in [1] }${x}%{ endfor }\"",
    ] {
        assert!(is_constant(&expr(text)), "{text}");
    }
    for text in [
        "a",
        "f()",
        "[for a in b : a]",
        "{ (a) = 1 }",
        "\"${a}\"",
        "[for a in [1] : b]",
        "\"%{ if a }%{ endif }\"",
        "[1][a]",
    ] {
        assert!(!is_constant(&expr(text)), "{text}");
    }
}

#[test]
fn suggestions_are_near() {
    assert_eq!(
        suggestion("varable", ["output", "variable"]),
        Some("variable")
    );
    assert_eq!(suggestion("xyz", ["output", "variable"]), None);
    assert_eq!(suggestion("max", ["min", "max_size"]), Some("max_size"));
    assert_eq!(suggestion("di", ["ab", "id"]), Some("id"));
    assert_eq!(suggestion("regoin", ["origin", "region"]), Some("region"));
    assert_eq!(suggestion("a", ["b"]), None);
    assert_eq!(suggestion("nope", ["type", "default"]), None);
    assert_eq!(
        suggestion("instance_typs", ["instance_type"]),
        Some("instance_type")
    );
    assert_eq!(suggestion("ab", ["abcde"]), None);
}
