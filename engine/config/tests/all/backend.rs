//! Arguments of backends under a schema: the block, what is given beside it, and objects of `terraform_remote_state`.

use crate::support::{files, folder, render};
use std::sync::Arc;
use terrane_config::load::backend::{Given, arguments, from_value, missing};
use terrane_config::load::{Loader, Tree};
use terrane_lang::source::SourceMap;
use terrane_model::schema::{Attribute, AttributeType, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{Kind, Type, Value};

/// A backend with every form of argument.
fn schema() -> Block {
    let role = NestedObject {
        nesting: Nesting::Single,
        attributes: [
            ("arn".into(), Attribute::string().required()),
            ("duration".into(), Attribute::string().optional()),
        ]
        .into(),
    };
    Block::new()
        .attr("bucket", Attribute::string().required())
        .attr("count", Attribute::number().optional())
        .attr("flag", Attribute::bool().optional())
        .attr("tags", Attribute::string_map().optional())
        .attr("role", Attribute::string().optional().nested_in(role))
        .block(
            "endpoint",
            NestedBlock::list(
                Block::new()
                    .attr("url", Attribute::string().required())
                    .attr("name", Attribute::string().optional()),
            )
            .at_most(2),
        )
}

/// Lets a test write a nested attribute in one line.
trait NestedIn {
    fn nested_in(self, nested: NestedObject) -> Self;
}

impl NestedIn for Attribute {
    fn nested_in(mut self, nested: NestedObject) -> Self {
        self.ty = AttributeType::Nested(Arc::new(nested));
        self
    }
}

fn loaded(text: &str) -> (Tree, SourceMap) {
    let all = files(text);
    let loader = Loader::new(folder(&all, ".").expect("a root module"));
    let (tree, sources, diagnostics) = loader.root();
    assert_eq!(render(&diagnostics, &sources), "", "{text}");
    (tree, sources)
}

fn given(items: &[&str]) -> Vec<Given> {
    items
        .iter()
        .map(|item| match item.split_once('=') {
            Some((name, text)) if !item.contains('\n') => Given::Argument {
                name: name.into(),
                text: text.into(),
            },
            _ => Given::File {
                path: String::from(if item.starts_with('{') {
                    "f.json"
                } else {
                    "f.tfbackend"
                }),
                text: (*item).to_owned(),
            },
        })
        .collect()
}

/// The merged arguments that are set, as JSON, or the first message.
fn merged(body: &str, items: &[&str]) -> String {
    let (tree, mut sources) = loaded(&format!(
        "-- main.tf\nvariable \"v\" {{\n default = \"from var\"\n}}\nterraform {{\n backend \"x\" {{\n{body}\n }}\n}}\n"
    ));
    let schema = schema();
    let (arguments, diagnostics) = arguments(&tree, &schema, &given(items), &mut sources);
    if diagnostics.has_errors() {
        return render(&diagnostics, &sources);
    }
    shown(&arguments.merged)
}

fn shown(value: &Value) -> String {
    let Kind::Object(object) = value.kind() else {
        return String::from("no object");
    };
    let json = |value: &Value| terrane_value::json::encode_plain(value).expect("known");
    let set = object
        .iter()
        .filter(|(_, value)| !value.is_null() && json(value) != "[]")
        .map(|(name, value)| (name.clone(), value.clone()));
    json(&Value::object(set))
}

#[test]
fn the_block_with_what_is_given_beside_it() {
    for (body, items, want) in [
        ("bucket = \"b\"", &[][..], r#"{"bucket":"b"}"#),
        ("", &[], "{}"),
        ("bucket = var.v", &[], r#"{"bucket":"from var"}"#),
        ("bucket = \"b\"", &["bucket=c"], r#"{"bucket":"c"}"#),
        ("bucket = \"b\"", &["bucket=a=b"], r#"{"bucket":"a=b"}"#),
        ("", &["count=3", "flag=true"], r#"{"count":3,"flag":true}"#),
        ("", &["tags={ a = \"1\" }"], r#"{"tags":{"a":"1"}}"#),
        (
            "bucket = \"b\"\ncount = 1",
            &["bucket = \"f\"\nflag = true\n", "bucket=g"],
            r#"{"bucket":"g","count":1,"flag":true}"#,
        ),
        ("", &["bucket=g", "bucket = \"f\"\n"], r#"{"bucket":"f"}"#),
        (
            "",
            &["{\"bucket\": \"j\",\n\"endpoint\": [{\"url\": \"u\"}]}"],
            r#"{"bucket":"j","endpoint":[{"name":null,"url":"u"}]}"#,
        ),
        (
            "endpoint {\n url = \"a\"\n}",
            &["endpoint {\n url = \"b\"\n name = \"n\"\n}\n"],
            r#"{"endpoint":[{"name":"n","url":"b"}]}"#,
        ),
        (
            "role = { arn = \"r\" }",
            &[],
            r#"{"role":{"arn":"r","duration":null}}"#,
        ),
        ("count = \"7\"", &[], r#"{"count":7}"#),
        ("bucket = null", &[], "{}"),
    ] {
        assert_eq!(merged(body, items), want, "{body} {items:?}");
    }
}

#[test]
fn what_does_not_fit_is_told() {
    for (body, items, want) in [
        (
            "nope = 1",
            &[][..],
            "An argument named \"nope\" is not expected here",
        ),
        ("count = \"many\"", &[], "a number is required"),
        ("role = {}", &[], "arn"),
        ("endpoint {}", &[], "The argument \"url\" is required"),
        (
            "endpoint {\n url = \"a\"\n}\nendpoint {\n url = \"b\"\n}\nendpoint {\n url = \"c\"\n}",
            &[],
            "No more than 2",
        ),
        ("", &["bucke=x"], "Did you mean \"bucket\"?"),
        ("", &["=x"], "The backend configuration argument \"\""),
        ("", &["count=many"], "does not fit"),
        ("", &["tags=oops oops"], "is not valid"),
        ("", &["tags=var.x"], "is not valid"),
        (
            "",
            &["nope = 1\n"],
            "An argument named \"nope\" is not expected here",
        ),
        ("", &["bucket = \n"], "error"),
        (
            "",
            &["endpoint=x"],
            "is not expected for the selected backend type",
        ),
    ] {
        let got = merged(body, items);
        assert!(got.contains(want), "{body} {items:?}\n{got}");
    }
}

#[test]
fn the_block_alone_is_told_apart() {
    let (tree, mut sources) =
        loaded("-- main.tf\nterraform {\n backend \"x\" {\n  count = 1\n }\n}\n");
    let schema = schema();
    let (arguments, _) = arguments(&tree, &schema, &given(&["bucket=b"]), &mut sources);
    assert_eq!(shown(&arguments.block), r#"{"count":1}"#);
    assert_eq!(shown(&arguments.merged), r#"{"bucket":"b","count":1}"#);
    let names = |value: &Value| -> Vec<String> {
        missing(&schema, value)
            .iter()
            .map(|(name, _)| name.to_string())
            .collect()
    };
    assert_eq!(names(&arguments.block), ["bucket"]);
    assert!(names(&arguments.merged).is_empty());
}

#[test]
fn arguments_that_are_a_value() {
    let schema = schema();
    let text = |text: &str| Value::string(text);
    let set = [
        ("bucket", text("b")),
        ("count", text("3")),
        ("role", Value::object([("arn", text("r"))])),
        (
            "endpoint",
            Value::tuple(vec![Value::object([("url", text("u"))])]),
        ),
        ("flag", Value::null(Type::Dynamic)),
    ];
    let value = from_value(&schema, &Value::object(set)).expect("fits");
    assert_eq!(
        shown(&value),
        r#"{"bucket":"b","count":3,"endpoint":[{"name":null,"url":"u"}],"role":{"arn":"r","duration":null}}"#
    );
    for (name, value, want) in [
        ("nope", text("x"), "is not expected here"),
        (
            "flag",
            text("x"),
            "Inappropriate value for the argument \"flag\"",
        ),
        ("count", text("1"), "The argument \"bucket\" is required."),
    ] {
        let error = from_value(&schema, &Value::object([(name, value)])).expect_err(name);
        assert!(error.contains(want), "{error}");
    }
}

#[test]
fn only_the_root_module_is_looked_at() {
    let (tree, _) = loaded(
        "-- main.tf\nmodule \"m\" {\n source = \"./nowhere\"\n}\nterraform {\n backend \"x\" {}\n}\n",
    );
    assert_eq!(tree.backend.expect("a block").type_name, "x");
    let (tree, _) = loaded("-- main.tf\nterraform {\n cloud {}\n}\n");
    assert!(tree.backend.expect("a block").cloud);
}
