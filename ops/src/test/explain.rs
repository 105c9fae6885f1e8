//! Why a comparison does not hold: the values of both sides, and of parts of them that differ.

use terrane_config::test_file::Comparison;
use terrane_lang::expr::Scope;
use terrane_lang::source::SourceMap;
use terrane_lang::syntax::ast::BinaryOp;
use terrane_value::display::shortened;
use terrane_value::{Kind, Value, json};

/// More differences than these help nobody.
const MOST: usize = 12;
/// Characters shown of a value.
const MOST_CHARACTERS: usize = 120;

/// Adds to the values of a failed condition what its comparisons compare. Sensitive values are not told.
pub(super) fn explain(
    comparisons: &[Comparison],
    scope: &dyn Scope,
    sources: &SourceMap,
    values: &mut Vec<(String, String)>,
) {
    let mut found = Vec::new();
    for Comparison { op, left, right } in comparisons {
        let (Ok(a), Ok(b)) = (left.eval(scope, &[]), right.eval(scope, &[])) else {
            continue;
        };
        if a.contains_marks() && a.marks_deep().is_sensitive()
            || b.contains_marks() && b.marks_deep().is_sensitive()
        {
            continue;
        }
        let (a, b) = (a.unmark_deep(), b.unmark_deep());
        let holds = match op {
            BinaryOp::Eq => a == b || a.is_null() && b.is_null(),
            BinaryOp::NotEq => a != b,
            _ => false,
        };
        if holds || !a.is_wholly_known() || !b.is_wholly_known() {
            continue;
        }
        let name = |compiled: &terrane_lang::expr::Compiled| {
            let text = sources.text(compiled.span());
            shortened(
                &text.split_whitespace().collect::<Vec<_>>().join(" "),
                MOST_CHARACTERS,
            )
        };
        let sides = Sides {
            left: name(left),
            right: name(right),
        };
        if *op == BinaryOp::Eq && is_container(&a) && is_container(&b) {
            // What is not written out here is what the reader wants to know of.
            let about = match left.as_constant() {
                Some(_) => &sides.right,
                None => &sides.left,
            };
            differences(&a, &b, about, &mut found);
        } else {
            for (compiled, text, value) in [(left, sides.left, &a), (right, sides.right, &b)] {
                if compiled.as_constant().is_none() {
                    found.push((text, format!("is {}", show(value))));
                }
            }
        }
    }
    for (name, text) in found.into_iter().take(MOST) {
        match values.iter_mut().find(|(known, _)| *known == name) {
            // What is known of it says less.
            Some(known) => known.1 = text,
            None => values.push((name, text)),
        }
    }
}

struct Sides {
    left: String,
    right: String,
}

fn is_container(value: &Value) -> bool {
    matches!(
        value.kind(),
        Kind::List(_) | Kind::Set(_) | Kind::Map(_) | Kind::Tuple(_) | Kind::Object(_)
    )
}

/// The parts of two values that differ. Values nest to a bounded depth.
fn differences(left: &Value, right: &Value, path: &str, found: &mut Vec<(String, String)>) {
    if left == right || found.len() >= MOST {
        return;
    }
    let both = |found: &mut Vec<(String, String)>| {
        let text = format!(
            "is {} on the left, {} on the right",
            show(left),
            show(right)
        );
        found.push((path.to_owned(), text));
    };
    let only = |found: &mut Vec<(String, String)>, path: String, value: &Value, side: &str| {
        found.push((path, format!("is {}, only on the {side}", show(value))));
    };
    let before = found.len();
    match (left.kind(), right.kind()) {
        (Kind::List(a) | Kind::Tuple(a), Kind::List(b) | Kind::Tuple(b)) => {
            for at in 0..a.len().max(b.len()) {
                let path = format!("{path}[{at}]");
                match (a.get(at), b.get(at)) {
                    (Some(a), Some(b)) => differences(a, b, &path, found),
                    (Some(a), None) => only(found, path, a, "left"),
                    (None, Some(b)) => only(found, path, b, "right"),
                    (None, None) => {}
                }
            }
        }
        (Kind::Set(a), Kind::Set(b)) => {
            for item in a.iter().filter(|item| !b.contains(item)) {
                only(found, format!("element of {path}"), item, "left");
            }
            for item in b.iter().filter(|item| !a.contains(item)) {
                only(found, format!("element of {path}"), item, "right");
            }
        }
        (Kind::Object(_) | Kind::Map(_), Kind::Object(_) | Kind::Map(_)) => {
            let (a, b) = (entries(left), entries(right));
            let mut names: Vec<&str> = a.iter().chain(&b).map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            let get = |all: &[(&str, &Value)], name: &str| {
                all.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| (*value).clone())
            };
            for name in names {
                let path = match is_name(name) {
                    true => format!("{path}.{name}"),
                    false => format!("{path}[{name:?}]"),
                };
                match (get(&a, name), get(&b, name)) {
                    (Some(a), Some(b)) => differences(&a, &b, &path, found),
                    (Some(a), None) => only(found, path, &a, "left"),
                    (None, Some(b)) => only(found, path, &b, "right"),
                    (None, None) => {}
                }
            }
        }
        _ => {
            both(found);
            return;
        }
    }
    // Nothing within them differs, so it is the types that do.
    if found.len() == before {
        let (a, b) = (left.ty().friendly_name(), right.ty().friendly_name());
        let text = if a == b {
            format!(
                "is {a} on both sides, but the types of what is in it differ, so that they are not equal"
            )
        } else {
            format!(
                "is {a} on the left, {b} on the right: values of different types are not equal; convert one of them, for example with tolist, toset or tomap"
            )
        };
        found.push((path.to_owned(), text));
    }
}

fn entries(value: &Value) -> Vec<(&str, &Value)> {
    match value.kind() {
        Kind::Object(object) => object
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
        Kind::Map(map) => map
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether an attribute of this name is written behind a dot.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|char| matches!(char, '_' | '-') || char.is_alphanumeric())
}

/// A value in one line.
fn show(value: &Value) -> String {
    if value.is_null() {
        return String::from("null");
    }
    let text = json::encode_plain(value).unwrap_or_else(|_| value.ty().friendly_name());
    shortened(&text, MOST_CHARACTERS)
}

#[cfg(test)]
mod tests {
    use super::differences;
    use terrane_value::{Type, Value};

    fn found(left: &Value, right: &Value) -> Vec<String> {
        let mut found = Vec::new();
        differences(left, right, "x", &mut found);
        found
            .into_iter()
            .map(|(name, text)| format!("{name} {text}"))
            .collect()
    }

    #[test]
    fn parts_that_differ_are_named() {
        let object = |b: &str| {
            Value::object([
                ("a", Value::number(1u64)),
                (
                    "b",
                    Value::tuple(vec![Value::string("x"), Value::string(b)]),
                ),
            ])
        };
        assert_eq!(
            found(&object("y"), &object("z")),
            ["x.b[1] is \"y\" on the left, \"z\" on the right"]
        );
    }

    #[test]
    fn what_is_only_on_one_side_is_named() {
        let list = |items: &[&str]| {
            Value::list(
                Type::String,
                items.iter().map(|item| Value::string(*item)).collect(),
            )
        };
        assert_eq!(
            found(&list(&["a", "b"]), &list(&["a"])),
            ["x[1] is \"b\", only on the left"]
        );
    }

    #[test]
    fn different_types_are_told() {
        let list = Value::list(Type::String, vec![Value::string("a")]);
        let tuple = Value::tuple(vec![Value::string("a")]);
        let found = found(&list, &tuple);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("values of different types"), "{found:?}");
    }
}
