//! What people see. The texts in `golden` were compared with what the peer prints for the same plans.

use super::diff::{Change, Paths, block};
use super::draw::{Options, draw};
use super::{Style, render, render_object, render_outputs};
use crate::plan::{Action, Plan};
use crate::view::fixture;
use std::sync::Arc;
use terrane_model::schema::{Attribute, AttributeType, Block, NestedBlock, NestedObject, Nesting};
use terrane_model::snapshot::OutputState;
use terrane_value::{Marks, Path, Type, Value};

fn text(plan: &Plan) -> String {
    render(plan, &fixture::schemas, Style::default())
}

#[test]
fn plans_read_as_they_should() {
    for (json, expected) in [
        (
            include_str!("../golden/changes.plan.json"),
            include_str!("../golden/changes.txt"),
        ),
        (
            include_str!("../golden/sequences.plan.json"),
            include_str!("../golden/sequences.txt"),
        ),
        (
            include_str!("../golden/modules.plan.json"),
            include_str!("../golden/modules.txt"),
        ),
    ] {
        let found = text(&fixture::plan(json));
        for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "line {}", line + 1);
        }
        assert_eq!(found.len(), expected.len());
    }
}

fn changes() -> Plan {
    fixture::plan(include_str!("../golden/changes.plan.json"))
}

/// The plan of this object alone.
fn only(addr: &str) -> Plan {
    let mut plan = changes();
    plan.changes
        .retain(|change| change.addr.to_string() == addr);
    plan.outputs.clear();
    assert_eq!(plan.changes.len(), 1, "{addr}");
    plan
}

#[test]
fn plans_without_changes_say_so() {
    use crate::plan::PlanMode;
    let mut plan = only("terraform_data.cnt[0]");
    for (mode, errored, expected) in [
        (
            PlanMode::Normal,
            false,
            "\nNo changes. Your infrastructure matches the configuration.\n\nTerrane has compared your real infrastructure against your configuration and\nfound no differences, so no changes are needed.\n",
        ),
        (
            PlanMode::RefreshOnly,
            false,
            "\nNo changes. Your infrastructure still matches the configuration.\n\nTerrane has checked that the real remote objects still match the result of\nyour most recent changes, and found no differences.\n",
        ),
        (
            PlanMode::Destroy,
            false,
            "\nNo changes. No objects need to be destroyed.\n\nEither you have not created any objects yet or the existing objects were\nalready deleted outside of Terrane.\n",
        ),
        (
            PlanMode::Normal,
            true,
            "\nPlanning failed. Terrane encountered an error while generating this plan.\n\n",
        ),
    ] {
        plan.mode = mode;
        plan.errored = errored;
        assert_eq!(text(&plan), expected);
    }
}

#[test]
fn outputs_alone_change_nothing_real() {
    let mut plan = changes();
    plan.changes.clear();
    plan.outputs.retain(|output| output.name == "o1");
    assert_eq!(
        text(&plan),
        "\nChanges to Outputs:\n  ~ o1 = \"a\" -> \"b\"\n\nYou can apply this plan to save these new output values to the Terrane state,\nwithout changing any real infrastructure.\n"
    );
}

#[test]
fn reasons_are_given() {
    use crate::plan::ActionReason as Reason;
    use terrane_model::addr::DeposedKey;
    let line = |addr: &str, change: &dyn Fn(&mut crate::plan::ResourceChange)| {
        let mut plan = only(addr);
        change(&mut plan.changes[0]);
        let text = text(&plan);
        let comments = text.lines().filter(|line| line.starts_with("  # "));
        comments.collect::<Vec<_>>().join("\n")
    };
    let deleted = "terraform_data.cnt[2]";
    for (reason, expected) in [
        (
            Reason::DeleteBecauseCountIndex,
            "because index [2] is out of range for count",
        ),
        (
            Reason::DeleteBecauseWrongRepetition,
            "because resource does not use count",
        ),
        (
            Reason::DeleteBecauseEnabledFalse,
            "because enabled is false for this resource",
        ),
    ] {
        assert_eq!(
            line(deleted, &|change| change.reason = Some(reason)),
            format!("  # {deleted} will be destroyed\n  # ({expected})")
        );
    }
    assert_eq!(
        line(deleted, &|change| {
            change.reason = None;
            change.deposed = Some(DeposedKey("0123abcd".into()));
        }),
        format!(
            "  # {deleted} (deposed object 0123abcd) will be destroyed\n  # (left over from a partially-failed replacement of this instance)"
        )
    );
    assert_eq!(
        line("terraform_data.imp", &|change| change.action =
            Action::DeleteThenCreate),
        "  # terraform_data.imp must be replaced\n  # (imported from \"some-id\")\n  # Warning: this will destroy the imported resource"
    );
}

#[test]
fn drift_is_shown_where_it_matters() {
    use crate::plan::{Drift, PlanMode, RelevantAttribute};
    let mut plan = only("terraform_data.cbd");
    let change = only("terraform_data.moved2").changes.remove(0);
    plan.drift = vec![Drift {
        addr: change.addr,
        previous_addr: None,
        deposed: None,
        provider: change.provider,
        before: change.before,
        after: change.after,
        identity: (Value::NULL, Value::NULL),
        refreshed: None,
    }];
    let title = "Note: Objects have changed outside of Terrane";
    assert!(!text(&plan).contains(title));
    plan.relevant = vec![RelevantAttribute {
        resource: "terraform_data.moved2".to_owned(),
        path: Path::new().attr("input"),
    }];
    let shown = text(&plan);
    let expected = "  # terraform_data.moved2 has changed\n  ~ resource \"terraform_data\" \"moved2\" {\n        id     = \"a2efbd9f-0419-dd21-3701-1a3a666e6996\"\n      ~ input  = \"mv\" -> \"mv changed\"\n        # (1 unchanged attribute hidden)\n    }\n\n\nUnless you have made";
    assert!(shown.contains(title) && shown.contains(expected), "{shown}");
    plan.relevant.clear();
    plan.mode = PlanMode::RefreshOnly;
    let shown = text(&plan);
    let expected =
        "      ~ output = \"mv\" -> (known after apply)\n    }\n\n\nThis is a refresh-only plan";
    assert!(shown.contains(title) && shown.contains(expected), "{shown}");
}

fn attribute(ty: AttributeType) -> Attribute {
    Attribute {
        ty,
        required: false,
        optional: true,
        computed: false,
        sensitive: false,
        write_only: false,
        deprecated: None,
        description: "".into(),
    }
}

fn plain(ty: Type) -> Attribute {
    attribute(AttributeType::Plain(ty))
}

fn schema<const N: usize, const M: usize>(
    attributes: [(&str, Attribute); N],
    blocks: [(&str, Nesting, Block); M],
) -> Block {
    let blocks = blocks.into_iter().map(|(name, nesting, block)| {
        let nested = NestedBlock {
            nesting,
            block: Arc::new(block),
            min: 0,
            max: 0,
        };
        (name.into(), nested)
    });
    Block {
        attributes: attributes
            .into_iter()
            .map(|(name, attribute)| (name.into(), attribute))
            .collect(),
        blocks: blocks.collect(),
        ..Block::default()
    }
}

fn s(text: &str) -> Value {
    Value::string(text)
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::object(entries)
}

fn check(schema: &Block, before: &Value, after: &Value, replace: &[Path], expected: &str) {
    let change = Change::new(before, after, false).replacing(Paths::new(replace));
    let mut found = String::new();
    draw(&mut found, &block(&change, schema), 0, Options::default());
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    assert_eq!(found, expected.trim_end(), "\n{found}\n");
}

#[test]
fn declared_types_decide_how_parts_are_shown() {
    let schema = schema(
        [
            ("tags", plain(Type::map(Type::String))),
            ("ports", plain(Type::set(Type::Number))),
            ("zones", plain(Type::list(Type::String))),
            ("empty", plain(Type::String)),
        ],
        [],
    );
    let value = |tags: [(&str, Value); 2], ports: Vec<i64>, zones: Vec<&str>| {
        let tags = tags
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect();
        object([
            ("tags", Value::map(Type::String, tags)),
            (
                "ports",
                Value::set(Type::Number, ports.into_iter().map(Value::number).collect()),
            ),
            (
                "zones",
                Value::list(Type::String, zones.into_iter().map(s).collect()),
            ),
            ("empty", s("")),
        ])
    };
    check(
        &schema,
        &value(
            [("a", s("1")), ("b", s("2"))],
            vec![80, 443],
            vec!["x", "y"],
        ),
        &value(
            [("a", s("1")), ("c", Value::unknown(Type::String))],
            vec![80, 22],
            vec!["x", "y", "z"],
        ),
        &[
            Path::new().attr("ports"),
            Path::new().attr("tags").index(s("c")),
        ],
        r#"
{
      ~ ports = [ # forces replacement
          - 443,
          + 22,
            # (1 unchanged element hidden)
        ]
      ~ tags  = {
            "a" = "1"
          - "b" = "2" -> null
          + "c" = (known after apply) # forces replacement
        }
      ~ zones = [
            # (1 unchanged element hidden)
            "y",
          + "z",
        ]
    }
"#,
    );
}

#[test]
fn nested_blocks_are_shown_one_by_one() {
    let disk = || {
        schema(
            [("size", plain(Type::Number)), ("kind", plain(Type::String))],
            [],
        )
    };
    let schema = schema(
        [("id", plain(Type::String))],
        [
            ("disk", Nesting::List, disk()),
            ("rule", Nesting::Set, disk()),
            ("named", Nesting::Map, disk()),
            ("root", Nesting::Single, disk()),
        ],
    );
    let item = |size: i64, kind: &str| object([("size", Value::number(size)), ("kind", s(kind))]);
    let ty = item(1, "").ty();
    let value = |disks: Vec<Value>, rules: Vec<Value>, named: Vec<(&str, Value)>, root: Value| {
        let named = named
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect();
        object([
            ("id", s("i")),
            ("disk", Value::list(ty.clone(), disks)),
            ("rule", Value::set(ty.clone(), rules)),
            ("named", Value::map(ty.clone(), named)),
            ("root", root),
        ])
    };
    check(
        &schema,
        &value(
            vec![item(1, "a"), item(2, "b")],
            vec![item(1, "r"), item(2, "r")],
            vec![("k", item(1, "n"))],
            Value::null(ty.clone()),
        ),
        &value(
            vec![item(1, "a"), item(3, "b")],
            vec![item(1, "r"), item(3, "r")],
            vec![("k", item(2, "n"))],
            item(9, "root"),
        ),
        &[Path::new().attr("rule")],
        r#"
{
        id = "i"

      ~ disk {
          ~ size = 2 -> 3
            # (1 unchanged attribute hidden)
        }

      ~ named "k" {
          ~ size = 1 -> 2
            # (1 unchanged attribute hidden)
        }

      + root {
          + kind = "root"
          + size = 9
        }

      - rule { # forces replacement
          - kind = "r" -> null
          - size = 2 -> null
        }
      + rule { # forces replacement
          + kind = "r"
          + size = 3
        }

        # (2 unchanged blocks hidden)
    }
"#,
    );
}

#[test]
fn nested_attributes_are_shown_attribute_by_attribute() {
    let nested = |nesting: Nesting| {
        let attributes = [("a", plain(Type::String)), ("b", plain(Type::String))];
        attribute(AttributeType::Nested(Arc::new(NestedObject {
            nesting,
            attributes: attributes.into_iter().map(|(k, v)| (k.into(), v)).collect(),
        })))
    };
    let schema = schema(
        [("l", nested(Nesting::List)), ("o", nested(Nesting::Single))],
        [],
    );
    let item = |a: &str, b: Value| object([("a", s(a)), ("b", b)]);
    let value = |items: Vec<Value>, o: Value| {
        let ty = items[0].ty();
        object([("l", Value::list(ty, items)), ("o", o)])
    };
    let none = || Value::null(Type::String);
    check(
        &schema,
        &value(
            vec![item("x", none()), item("y", s("z"))],
            item("1", s("2")),
        ),
        &value(
            vec![item("x", none()), item("y", none())],
            item("1", Value::unknown(Type::String)),
        ),
        &[],
        r#"
{
      ~ l = [
          ~ {
              - b = "z" -> null
                # (1 unchanged attribute hidden)
            },
            # (1 unchanged element hidden)
        ]
      ~ o = {
          ~ b = "2" -> (known after apply)
            # (1 unchanged attribute hidden)
        }
    }
"#,
    );
}

/// Whatever makes it sensitive, the canary does not sing.
#[test]
fn what_is_sensitive_is_not_shown() {
    let mut secret = plain(Type::String);
    secret.sensitive = true;
    let inner = schema([("password", secret.clone())], []);
    let schema = schema(
        [
            ("secret", secret),
            ("marked", plain(Type::String)),
            ("any", plain(Type::Dynamic)),
        ],
        [("login", Nesting::Set, inner)],
    );
    let canary = |text: &str| s(&format!("canary-{text}"));
    let value = |text: &str| {
        let login = object([("password", canary(text))]);
        object([
            ("secret", canary(text)),
            ("marked", canary(text).with_marks(&Marks::SENSITIVE)),
            (
                "any",
                object([("a", canary(text).with_marks(&Marks::SENSITIVE))]),
            ),
            ("login", Value::set(login.ty(), vec![login])),
        ])
    };
    let null = Value::null(schema.implied_type().clone());
    for (before, after) in [
        (null.clone(), value("1")),
        (value("1"), value("2")),
        (value("1"), null),
        (
            value("1"),
            crate::objchange::schema_marks(&schema, &value("2")),
        ),
    ] {
        let change = Change::new(&before, &after, false);
        let mut found = String::new();
        draw(&mut found, &block(&change, &schema), 0, Options::default());
        assert!(!found.contains("canary"), "{found}");
        assert!(found.contains("(sensitive value)"), "{found}");
    }
    let change = Change::new(&value("1"), &value("2"), true);
    let mut found = String::new();
    draw(&mut found, &block(&change, &schema), 0, Options::default());
    assert_eq!(found.matches("canary").count(), 8, "{found}");
}

#[test]
fn stored_objects_read_like_configuration() {
    let plan = only("terraform_data.d");
    let change = &plan.changes[0];
    let found = render_object(
        &change.addr,
        &change.provider,
        &change.before,
        &fixture::schemas,
        Style::default(),
    );
    let expected = r#"resource "terraform_data" "d" {
    id     = "284b828c-28b4-98ac-b9e8-5f8414334ff5"
    input  = {
        a = 1
        b = [
            1,
            {
                x = 1
            },
        ]
        c = <<-EOT
            a
            b
        EOT
        d = jsonencode(
            {
                x = 1
            }
        )
        e = null
        f = {}
    }
"#;
    assert!(found.starts_with(expected), "{found}");
}

#[test]
fn outputs_hide_what_is_sensitive() {
    let output = |value: Value, sensitive: bool| OutputState {
        value,
        sensitive,
        deprecated: None,
    };
    let outputs = [
        ("a", output(s("canary"), true)),
        ("b", output(Value::tuple(vec![Value::TRUE]), false)),
    ];
    let outputs = outputs.iter().map(|(name, output)| (*name, output));
    assert_eq!(
        render_outputs(outputs, Style::default()),
        "a = (sensitive value)\nb = [\n    true,\n]\n"
    );
}

#[test]
fn colours_change_nothing_but_colour() {
    let plan = changes();
    let style = Style {
        color: true,
        ..Style::default()
    };
    let coloured = render(&plan, &fixture::schemas, style);
    let mut bare = String::new();
    for (at, part) in coloured.split('\u{1b}').enumerate() {
        let visible = if at == 0 {
            part
        } else {
            part.split_once('m').expect("a code").1
        };
        bare.push_str(visible);
    }
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(bare, text(&plan));
}

/// Values are as deep as they may be; nothing of what shows or saves them may run out of stack.
#[test]
fn deep_values_are_no_problem() {
    let deep = (1..terrane_value::value::MAX_DEPTH).fold(s("x"), |value, level| {
        if level % 2 == 0 {
            Value::tuple(vec![value])
        } else {
            object([("a", value)])
        }
    });
    let mut plan = only("terraform_data.cbd");
    let change = &mut plan.changes[0];
    change.before = object([("input", s("y"))]);
    change.after = object([("input", deep)]);
    assert!(text(&plan).contains('x'));
    let mut json = String::new();
    let context = crate::view::json::PlanContext {
        schemas: &fixture::schemas,
        version: "1",
        configuration: None,
    };
    crate::view::json::plan_json(&mut json, &plan, context).expect("a string");
    let saved = crate::file::SavedPlan {
        version: String::new(),
        plan,
        sources: Vec::new(),
        extra: std::collections::BTreeMap::new(),
    };
    let bytes = crate::file::encode(&saved).expect("it can be saved");
    assert_eq!(
        crate::file::decode(&bytes).expect("it can be read").0,
        saved
    );
    let _found = crate::check::check(&saved.plan);
}

#[test]
fn write_only_attributes_have_no_value_to_show() {
    let secret = Attribute {
        write_only: true,
        sensitive: true,
        ..plain(Type::String)
    };
    let schema = schema([("name", plain(Type::String)), ("secret", secret)], []);
    let null = Value::null(schema.implied_type().clone());
    let with = |name: &str| object([("name", s(name)), ("secret", Value::null(Type::String))]);
    check(
        &schema,
        &null,
        &with("a"),
        &[],
        r#"
{
      + name   = "a"
      + secret = (write-only attribute)
    }"#,
    );
    check(
        &schema,
        &with("a"),
        &null,
        &[],
        r#"
{
      - name   = "a" -> null
      - secret = (write-only attribute) -> null
    }"#,
    );
    check(
        &schema,
        &with("a"),
        &with("b"),
        &[],
        r#"
{
      ~ name   = "a" -> "b"
        # (1 unchanged attribute hidden)
    }"#,
    );
}

/// Documents in strings are compared by what they say; where that is not all that is different, line by line.
#[test]
fn documents_in_strings_are_compared_as_trees() {
    let schema = schema([("doc", plain(Type::String))], []);
    let doc = |text: &str| object([("doc", s(text))]);
    let before = "# of the shop\nreplicas: 1\nimage: shop:1 # pinned\nports:\n  - 80\n  - 443\n";
    let show = |before: &str, after: &str, expected: &str| {
        check(&schema, &doc(before), &doc(after), &[], expected);
    };
    show(
        before,
        "# of the shop\nimage: shop:2 # pinned\nports: [80, 8443]\nreplicas: 1\n",
        r#"
{
      ~ doc = yamlencode(
          ~ {
              ~ image    = "shop:1" -> "shop:2"
              ~ ports    = [
                    80,
                  ~ 443 -> 8443,
                ]
                # (1 unchanged attribute hidden)
            }
        )
    }
"#,
    );
    // A comment is not in the value.
    show(
        before,
        &before
            .replace("pinned", "moving")
            .replace("shop:1", "shop:2"),
        r#"
{
      ~ doc = <<-EOT
            # of the shop
            replicas: 1
          - image: shop:1 # pinned
          + image: shop:2 # moving
            ports:
              - 80
              - 443
        EOT
    }
"#,
    );
    // Nor is how it is written.
    show(
        "a: 1\nb:\n  - x\n",
        "a: 1\nb: [x]\n",
        r#"
{
      ~ doc = <<-EOT
            a: 1
          - b:
          -   - x
          + b: [x]
        EOT
    }
"#,
    );
    // Prose with a colon is no document.
    show(
        "note: one\n\nmore",
        "note: two\n\nmore",
        r#"
{
      ~ doc = <<-EOT
          - note: one
          + note: two
            
            more
        EOT
    }
"#,
    );
}
