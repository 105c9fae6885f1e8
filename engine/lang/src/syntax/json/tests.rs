use super::*;
use crate::syntax::body::BodySchema;
use crate::syntax::parse::tests::show;

fn schema() -> BodySchema {
    BodySchema {
        attributes: vec![("name".into(), true), ("size".into(), false)],
        blocks: vec![
            ("rule".into(), vec![]),
            ("resource".into(), vec!["type", "name"]),
        ],
    }
}

fn content_of(text: &str) -> (Vec<String>, Vec<String>) {
    let mut map = SourceMap::default();
    let file = map.add("f", text);
    let (body, mut diagnostics) = parse_body(file, text);
    let (content, found) = Body::from(body).content(&schema());
    diagnostics.extend(found);
    let mut items: Vec<String> = content
        .attributes
        .iter()
        .map(|a| format!("{} = {}", a.name.name, show(&a.expr)))
        .collect();
    for block in &content.blocks {
        let labels: String = block
            .labels
            .iter()
            .map(|label| format!(" {}", label.text))
            .collect();
        items.push(format!("{}{labels}", block.kind.name));
    }
    let messages = diagnostics
        .iter()
        .map(|d| format!("{} @{}", d.summary, map.text(d.subject.unwrap())))
        .collect();
    (items, messages)
}

/// Objects, arrays of objects and nested objects all are bodies and blocks.
#[test]
fn a_schema_finds_attributes_and_blocks() {
    let (items, messages) = content_of(
        r#"{"//": "a comment", "name": "a ${b} c", "size": [1.5, null, true, {"k${x}": "$${y}"}],
            "rule": [{}, {"a": 1}], "resource": {"t": [{"a": {}, "b": [{}, {}]}, {"c": null}]}}"#,
    );
    assert_eq!(messages, Vec::<String>::new());
    let expect = [
        r#"name = (template "a " ${b} " c")"#,
        r#"size = [1.5 null true {(template "k" ${x})="${y}"}]"#,
        "rule",
        "rule",
        "resource t a",
        "resource t b",
        "resource t b",
    ];
    assert_eq!(items, expect);
}

#[test]
fn mistakes_are_reported_where_they_are() {
    for (text, expect) in [
        ("", "Missing value @"),
        ("5", "Root value must be object @5"),
        ("{", "Unclosed object @{"),
        (r#"{"name":1,}"#, "Trailing comma in object @,"),
        (r#"{"name":[1,]}"#, "Trailing comma in array @,"),
        (r#"{"name" 1}"#, "Missing property value colon @1"),
        (
            r#"{"name":1 "size":1}"#,
            "Missing attribute separator comma @\"",
        ),
        (r#"{"name":tru}"#, "Invalid JSON keyword @tru"),
        (r#"{"name":01}"#, "Invalid JSON number @01"),
        (r#"{"name":"\q"}"#, "Invalid JSON string @\\"),
        (r#"{"name":1} x"#, "Extraneous data after value @x"),
        (r#"{}"#, "Missing required argument @}"),
        (
            r#"{"name":1,"nam":2}"#,
            "Extraneous JSON object property @\"nam\"",
        ),
        (r#"{"name":1,"name":2}"#, "Duplicate argument @\"name\""),
        (
            r#"{"name":{"a":1,"a":2}}"#,
            "Duplicate object attribute @\"a\"",
        ),
        (r#"{"name":1,"rule":3}"#, "Incorrect JSON value type @3"),
        (r#"{"name":1,"resource":{}}"#, "Missing block label @{"),
        (r#"{"name":1,"resource":3}"#, "Incorrect JSON value type @3"),
        (
            r#"{"name":"é\u00e9${a b}"}"#,
            "Extra characters after interpolation expression @b",
        ),
    ] {
        let (_, messages) = content_of(text);
        assert_eq!(messages.first().map(String::as_str), Some(expect), "{text}");
    }
}

/// After a mistake reading goes on, and gives no messages that only echo it.
#[test]
fn all_mistakes_are_reported() {
    for (text, expect) in [
        (
            r#"{"name":tru,"size":fals}"#,
            "Invalid JSON keyword @tru|Invalid JSON keyword @fals",
        ),
        (
            r#"{"name":[01,1.,-],"size":+1}"#,
            "Invalid JSON number @01|Invalid JSON number @1.|Invalid JSON number @-|Invalid start of value @+",
        ),
        (
            r#"{"name":1 "size":[1 2],}"#,
            "Missing attribute separator comma @\"|Missing attribute separator comma @2|Trailing comma in object @,",
        ),
        (
            r#"{"name"=1,"size":"\q\z\u12","foo":1}"#,
            "Missing property value colon @=|Invalid JSON string @\\|Extraneous JSON object property @\"foo\"",
        ),
        (
            "{\"name\":\"a,\n\"size\":\"b\n}",
            "Invalid JSON string @\"a,|Invalid JSON string @\"b",
        ),
        (
            "{\"name: 1,\n\"size\":tru}",
            "Invalid JSON string @\"name: 1,|Invalid JSON keyword @tru|Missing required argument @}",
        ),
        (
            "{\"name\":\"a\tb\",\"size\":x}",
            "Invalid JSON string @\t|Invalid JSON keyword @x",
        ),
        (
            "{// a, \"b\"\n\"name\":1, # c\n\"size\": /* d */ 2 // e\n, \"f\":1}",
            "Comment in JSON @/|Comment in JSON @#|Comment in JSON @/|Comment in JSON @/|Extraneous JSON object property @\"f\"",
        ),
        (
            r#"{name:1,'size':2,"foo":3}"#,
            "Invalid object property name @n|Invalid object property name @'|Missing required argument @}|Extraneous JSON object property @\"foo\"",
        ),
        (
            r#"{"name":[1},"foo":1}"#,
            "Mismatched brackets @}|Extraneous JSON object property @\"foo\"",
        ),
        (
            r#"{"name":{"a":[1},"foo":1}}"#,
            "Mismatched brackets @}|Extraneous JSON object property @\"foo\"",
        ),
        (
            r#"{"name":{"a":1],"foo":1}"#,
            "Mismatched braces @]|Extraneous JSON object property @\"foo\"",
        ),
        (
            r#"{"name":{"a":[{"#,
            "Unclosed object @{|Missing required argument @",
        ),
        (
            r#"{"name":,"size":}"#,
            "Invalid start of value @,|Invalid start of value @}",
        ),
        (
            r#"{"name":${a},"size":tru}"#,
            "Invalid start of value @$|Invalid JSON keyword @tru",
        ),
    ] {
        let (_, mut messages) = content_of(text);
        let mut expect: Vec<&str> = expect.split('|').collect();
        // Messages about the content come behind those about the syntax; the order in between is the source's.
        messages.sort();
        expect.sort_unstable();
        assert_eq!(messages, expect, "{text}");
    }
}

/// A file full of mistakes is given up.
#[test]
fn the_number_of_messages_is_bounded() {
    for unit in ["x,", "\"a\" ", "[}", "\"\n", "//\n", ",", "'"] {
        for open in ["[", "{", "{\"name\":["] {
            let text = format!("{open}{}", unit.repeat(100_000));
            let (_, messages) = content_of(&text);
            assert!(messages.len() <= 205, "{unit} {}", messages.len());
        }
    }
}

/// Spans inside strings point at the file, behind escapes too.
#[test]
fn spans_point_into_strings() {
    let text = r#"{"name": "\u00e9\n${foo.bar} \ud83d\ude00 ${baz}"}"#;
    let mut map = SourceMap::default();
    let file = map.add("f", text);
    let (attributes, diagnostics) = Body::from(parse_body(file, text).0).just_attributes();
    assert!(diagnostics.is_empty());
    let crate::syntax::ast::ExprKind::Template(template) = &attributes[0].expr.kind else {
        panic!("template")
    };
    let places: Vec<&str> = template
        .parts
        .iter()
        .filter_map(|part| match part {
            crate::syntax::ast::TemplatePart::Interpolation(expr) => Some(map.text(expr.span)),
            _ => None,
        })
        .collect();
    assert_eq!(places, ["foo.bar", "baz"]);
    assert_eq!(
        literal_string(&map, &attributes[0].expr).unwrap(),
        "é\n${foo.bar} 😀 ${baz}"
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = |count: usize| format!("{{\"name\":{}{}}}", "[".repeat(count), "]".repeat(count));
    let all = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || {
            assert_eq!(content_of(&deep(200)).1, Vec::<String>::new());
            assert_eq!(
                content_of(&deep(100_000)).1.first().unwrap(),
                "Too deeply nested @["
            );
        });
    all.unwrap().join().unwrap();
}

/// However many blocks are wrong, the messages can still be read.
#[test]
fn messages_about_blocks_end() {
    let many = |one: &dyn Fn(usize) -> String| {
        let all: Vec<String> = (0..5_000).map(one).collect();
        all.join(", ")
    };
    let numbers = many(&|at| format!("\"a{at}\": 1"));
    let empty = many(&|at| format!("\"a{at}\": {{}}"));
    for text in [
        format!("{{\"resource\": {{{numbers}}}}}"),
        format!("{{\"resource\": {{{empty}}}}}"),
        format!("{{\"resource\": {{\"a\": {{{numbers}}}}}}}"),
        format!("{{{}}}", many(&|_| "\"rule\": 1".to_owned())),
        format!("{{\"name\": {{{}}}}}", many(&|_| "\"a\": 1".to_owned())),
    ] {
        let (_, messages) = content_of(&text);
        assert!((1..=110).contains(&messages.len()), "{}", messages.len());
    }
}
