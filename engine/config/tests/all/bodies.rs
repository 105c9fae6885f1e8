//! Bodies: what they evaluate to, and what is wrong with them.

use crate::support::{compiled, files, functions, load, messages, schemas};
use terrane_config::config::{Config, Reference};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::{Scope, Slot};
use terrane_lang::functions::Functions;
use terrane_lang::source::Span;
use terrane_value::{Kind, Marks, Path, Type, Value};

/// Variables are what the test says; all else is unknown.
struct TestScope<'a> {
    config: &'a Config,
    variables: Vec<Value>,
    functions: Functions,
}

impl Scope for TestScope<'_> {
    fn value(&self, slot: Slot, _span: Span) -> Result<Value, Diagnostics> {
        match self.config.modules[0].slots[slot.0 as usize] {
            Reference::Variable(at) => Ok(self.variables[at as usize].clone()),
            _ => Ok(Value::dynamic()),
        }
    }

    fn keyed(&self, slot: Slot, _key: &Value, span: Span) -> Result<Value, Diagnostics> {
        self.value(slot, span)
    }

    fn functions(&self) -> &Functions {
        &self.functions
    }

    fn name(&self, slot: Slot) -> ecow::EcoString {
        self.config.modules[0].reference_name(self.config.modules[0].slots[slot.0 as usize])
    }
}

fn eval(body: &str, variables: &[Value]) -> Result<Value, Vec<String>> {
    let names: String = (0..variables.len())
        .map(|at| format!("variable \"v{at}\" {{}}\n"))
        .collect();
    let config = compiled(&format!(
        "{names}resource \"test_thing\" \"a\" {{\n{body}\n}}\n"
    ));
    let scope = TestScope {
        config: &config,
        variables: variables.to_vec(),
        functions: functions(files("")),
    };
    let body = &config.modules[0].resources[0].body;
    body.eval(&scope, &[]).map_err(|found| {
        found
            .iter()
            .map(|one| format!("{}: {}", one.summary, one.detail))
            .collect()
    })
}

fn strings(items: &[&str]) -> Value {
    Value::list(
        Type::String,
        items.iter().map(|item| Value::string(*item)).collect(),
    )
}

/// An element of any of the nested blocks.
fn inner(name: &str, size: Option<u64>) -> Value {
    let size = size.map_or_else(|| Value::null(Type::Number), Value::number);
    Value::object([("name", Value::string(name)), ("size", size)])
}

#[test]
fn attributes_are_converted() {
    let value = eval("text = 5\nnumber = \"7\"\nlist = [1, \"x\"]", &[]).unwrap();
    assert_eq!(value.get("text"), Some(&Value::string("5")));
    assert_eq!(value.get("number"), Some(&Value::number(7u64)));
    assert_eq!(value.get("list"), Some(&strings(&["1", "x"])));
    assert_eq!(value.get("id"), Some(&Value::null(Type::String)));
    let schema = schemas();
    let test = schema.values().next().unwrap();
    let ty = test.resources["test_thing"].block.implied_type();
    assert_eq!(&value.ty(), ty, "the value is of the schema's type");
}

#[test]
fn blocks_by_nesting() {
    let body = r#"
single { name = "s" }
item { name = "a" }
item {
  name = "b"
  size = 2
}
tag { name = "y" }
tag { name = "x" }
tag { name = "x" }
entry "k" { name = "e" }
"#;
    let value = eval(body, &[]).unwrap();
    assert_eq!(value.get("single"), Some(&inner("s", None)));
    let items = value.get("item").unwrap();
    assert_eq!(items.children(), [inner("a", None), inner("b", Some(2))]);
    let tags = value.get("tag").unwrap();
    assert!(matches!(tags.kind(), Kind::Set(items) if items.len() == 2));
    assert_eq!(
        value.get("entry").unwrap().get("k"),
        Some(&inner("e", None))
    );
    let empty = eval("", &[]).unwrap();
    assert!(empty.get("single").unwrap().is_null());
    assert!(
        !empty.get("group").unwrap().is_null(),
        "a group is never null"
    );
    assert_eq!(empty.get("item").unwrap().children().len(), 0);
}

#[test]
fn nested_attributes() {
    let value = eval(
        "objects = [{ name = 1 }, { name = \"b\", size = \"3\" }]",
        &[],
    )
    .unwrap();
    let objects = value.get("objects").unwrap();
    assert_eq!(objects.children(), [inner("1", None), inner("b", Some(3))]);
    let wrong = eval("objects = [{ size = 1 }]", &[]).unwrap_err();
    assert!(
        wrong[0].contains("attribute \"name\" is required"),
        "{wrong:?}"
    );
}

#[test]
fn dynamic_blocks() {
    let body = r#"
dynamic "item" {
  for_each = var.v0
  content {
    name = item.value
    size = item.key
  }
}
dynamic "entry" {
  for_each = { a = 1 }
  iterator = it
  labels   = [it.key]
  content {
    name = "n-${it.value}"
  }
}
"#;
    let value = eval(body, &[strings(&["x", "y"])]).unwrap();
    let items = value.get("item").unwrap();
    assert_eq!(items.children(), [inner("x", Some(0)), inner("y", Some(1))]);
    assert_eq!(
        value.get("entry").unwrap().get("a"),
        Some(&inner("n-1", None))
    );

    let unknown = eval(body, &[Value::unknown(Type::list(Type::String))]).unwrap();
    assert!(!unknown.get("item").unwrap().is_known());
    assert!(unknown.get("entry").unwrap().is_known());

    let secret = strings(&["x"]).with_marks(&Marks::SENSITIVE);
    let marked = eval(body, &[secret]).unwrap();
    assert!(marked.get("item").unwrap().marks().is_sensitive());

    let null = eval(body, &[Value::null(Type::list(Type::String))]).unwrap_err();
    assert_eq!(
        null,
        ["Invalid dynamic for_each value: Cannot use a null value in for_each."]
    );
    let number = eval(body, &[Value::number(1u64)]).unwrap_err();
    assert!(number[0].contains("iterable collection is required"));
}

/// There may be no element, so that what the elements would lack is no mistake yet.
#[test]
fn elements_that_are_not_known_lack_nothing() {
    let body =
        "dynamic \"item\" {\n for_each = var.v0\n content {\n name = item.value.absent\n}\n}";
    let object = Type::object([("name", Type::String)]);
    let unknown = Value::unknown(Type::map(object));
    assert!(
        !eval(body, &[unknown])
            .unwrap()
            .get("item")
            .unwrap()
            .is_known()
    );
    let known = Value::tuple(vec![Value::object([("name", Value::string("x"))])]);
    assert!(eval(body, &[known]).is_err());
}

#[test]
fn dynamic_within_dynamic_sees_both_iterators() {
    let body = r#"
dynamic "item" {
  for_each = ["a"]
  content {
    name = join("", [for x in ["1"] : "${item.value}${x}"])
  }
}
"#;
    let value = eval(body, &[]).unwrap();
    assert_eq!(value.get("item").unwrap().children(), [inner("a1", None)]);
}

#[test]
fn attributes_written_as_blocks() {
    let rule = |port: u64, proto: Option<&str>| {
        let proto = proto.map_or_else(|| Value::null(Type::String), Value::string);
        Value::object([("port", Value::number(port)), ("proto", proto)])
    };
    let body = r#"
rules {
  port  = 80
  proto = "tcp"
}
dynamic "rules" {
  for_each = [443, 8443]
  content {
    port = rules.value + rules.key
  }
}
"#;
    let value = eval(body, &[]).unwrap();
    assert_eq!(
        value.get("rules").unwrap().children(),
        [rule(80, Some("tcp")), rule(443, None), rule(8444, None)]
    );
    // No block is not an empty list: the attribute is not set.
    let none = "dynamic \"rules\" {\n for_each = var.v0\n content {\n port = 1\n}\n}";
    let empty = Value::tuple(Vec::new());
    let value = eval(none, &[empty]).unwrap();
    assert!(value.get("rules").unwrap().is_null());
    let value = eval(none, &[Value::unknown(Type::list(Type::String))]).unwrap();
    assert!(!value.get("rules").unwrap().is_known());
    let beside = format!("rules {{\n port = 80\n}}\n{none}");
    let value = eval(&beside, &[Value::unknown(Type::list(Type::String))]).unwrap();
    assert!(!value.get("rules").unwrap().is_known());
    let value = eval(&beside, &[Value::tuple(Vec::new())]).unwrap();
    assert_eq!(value.get("rules").unwrap().children(), [rule(80, None)]);
    let plain = eval("rules = [{ port = 1, proto = \"udp\" }]", &[]).unwrap();
    assert_eq!(
        plain.get("rules").unwrap().children(),
        [rule(1, Some("udp"))]
    );
}

#[test]
fn problems() {
    for (body, want) in [
        ("text = []", "Incorrect attribute value type"),
        ("nope = 1", "Unsupported argument"),
        ("nope {}", "Unsupported block type"),
        ("item {}", "Missing required argument"),
        ("item {\n name = null\n}", "Missing required argument"),
        (
            "item \"x\" {\n name = \"n\"\n}",
            "Extraneous label for item",
        ),
        ("entry {\n name = \"n\"\n}", "Missing key for entry"),
        (
            "entry \"k\" {\n name = \"n\"\n}\nentry \"k\" {\n name = \"n\"\n}",
            "Duplicate entry block",
        ),
        (
            "single {\n name = \"n\"\n}\nsingle {\n name = \"n\"\n}",
            "Duplicate single block",
        ),
        (
            "dynamic \"item\" {\n for_each = [1, 2, 3, 4]\n content {\n name = \"n\"\n}\n}",
            "Too many item blocks",
        ),
        (
            "dynamic \"item\" {\n for_each = [1]\n}",
            "Missing dynamic content block",
        ),
        (
            "dynamic \"item\" {\n content {\n name = \"n\"\n}\n}",
            "Missing required argument",
        ),
        (
            "dynamic \"item\" {\n for_each = [1]\n labels = [\"x\"]\n content {\n name = \"n\"\n}\n}",
            "Extraneous dynamic block label",
        ),
        (
            "dynamic \"item\" {\n for_each = [1]\n content {\n name = item.nope\n}\n}",
            "Unsupported attribute",
        ),
        ("old = \"x\"", "Argument is deprecated"),
        ("id = \"x\"", "Value for unconfigurable attribute"),
        ("rules {\n nope = 1\n}", "Unsupported argument"),
        ("text = test_thing.a.id", "Self-referential block"),
    ] {
        let got = messages(&format!("resource \"test_thing\" \"a\" {{\n{body}\n}}\n"));
        assert_eq!(got.lines().count(), 1, "{body}\n{got}");
        assert!(got.contains(&format!(": {want} | ")), "{body}\n{got}");
    }
    // Modules hand on what may be null: whether it is set, the provider is asked.
    let handed_on = messages(
        "variable \"old\" {\n default = null\n}\nresource \"test_thing\" \"a\" {\n old = var.old\n}\n",
    );
    assert_eq!(handed_on, "");
    let strict = messages("resource \"test_strict\" \"a\" {\n item {\n name = \"n\"\n}\n}\n");
    assert!(strict.contains("Insufficient item blocks"), "{strict}");
    assert!(strict.contains("Missing single block"), "{strict}");
}

#[test]
fn ephemeral_values_only_where_they_are_not_stored() {
    let variable = "variable \"e\" {\n ephemeral = true\n default = \"x\"\n}\n";
    for (body, want) in [
        ("text = var.e", true),
        ("secret = var.e", false),
        ("item {\n name = var.e\n}", true),
    ] {
        let text = format!("{variable}resource \"test_thing\" \"a\" {{\n{body}\n}}\n");
        let got = messages(&text);
        assert_eq!(
            got.contains("Invalid use of ephemeral value"),
            want,
            "{body}\n{got}"
        );
    }
}

#[test]
fn places_of_parts() {
    let text = "resource \"test_thing\" \"a\" {\n text = \"t\"\n item {\n name = \"n0\"\n}\n item {\n name = \"n1\"\n}\n}\n";
    let (_, sources, _) = load(&files(text));
    let config = compiled(text);
    let body = &config.modules[0].resources[0].body;
    let at = |path: Path| sources.text(body.span_of(&path)).to_owned();
    assert_eq!(at(Path::new().attr("text")), "\"t\"");
    let item = Path::new().attr("item").index(Value::number(1u64));
    assert_eq!(at(item.attr("name")), "\"n1\"");
    assert_eq!(
        at(Path::new().attr("number")),
        "resource \"test_thing\" \"a\""
    );
    let mut uses = 0;
    body.each_use(&mut |_| uses += 1);
    assert_eq!(uses, 0);
}

/// A plan of a part leaves what follows from the types of resources to the planner, which looks at that part; what is wrong whatever they are stops it too.
#[test]
fn a_part_is_not_stopped_by_types_of_resources() {
    let typed =
        "resource \"terraform_data\" \"a\" {}\nlocals {\n  b = keys(terraform_data.a.id)\n}\n";
    let constant = "locals {\n  b = keys(\"x\")\n}\n";
    assert!(crate::support::certain_errors(typed, true).contains("Invalid function argument"));
    assert_eq!(crate::support::certain_errors(typed, false), "");
    assert!(crate::support::certain_errors(constant, false).contains("Invalid function argument"));
}
