//! A value as an expression that would give it: how `output` and `console` show values.

use terrane_ops::planning::view::text::quoted;
use terrane_ops::value::{Kind, Type, Value};

/// The text of a value, over several lines where it has parts.
pub(crate) fn render_value(value: &Value, show_sensitive: bool) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, show_sensitive);
    out
}

fn write(out: &mut String, value: &Value, indent: usize, show_sensitive: bool) {
    match value.kind() {
        Kind::Marked(marks, _) if marks.is_sensitive() && !show_sensitive => {
            out.push_str("(sensitive value)");
        }
        Kind::Marked(marks, _) if marks.is_ephemeral() => out.push_str("(ephemeral value)"),
        Kind::Marked(_, inner) => write(out, inner, indent, show_sensitive),
        Kind::Null(ty) => out.push_str(&null(ty)),
        Kind::Unknown(..) => out.push_str("(known after apply)"),
        Kind::Bool(value) => out.push_str(if value { "true" } else { "false" }),
        Kind::Number(number) => out.push_str(&number.text()),
        Kind::String(text) => string(out, text, indent),
        Kind::Tuple(items) => sequence(out, ["[", "]"], items, indent, show_sensitive),
        Kind::List(items) => sequence(out, ["tolist([", "])"], items, indent, show_sensitive),
        Kind::Set(items) => sequence(out, ["toset([", "])"], items, indent, show_sensitive),
        Kind::Map(map) => mapping(out, ["tomap({", "})"], map.iter(), indent, show_sensitive),
        Kind::Object(object) => mapping(out, ["{", "}"], object.iter(), indent, show_sensitive),
    }
}

fn blank(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn sequence(
    out: &mut String,
    [open, close]: [&str; 2],
    items: &[Value],
    indent: usize,
    show_sensitive: bool,
) {
    out.push_str(open);
    if !items.is_empty() {
        out.push('\n');
    }
    for item in items {
        blank(out, indent + 2);
        write(out, item, indent + 2, show_sensitive);
        out.push_str(",\n");
    }
    if !items.is_empty() {
        blank(out, indent);
    }
    out.push_str(close);
}

fn mapping<'v>(
    out: &mut String,
    [open, close]: [&str; 2],
    items: impl ExactSizeIterator<Item = (&'v ecow::EcoString, &'v Value)>,
    indent: usize,
    show_sensitive: bool,
) {
    out.push_str(open);
    let some = items.len() > 0;
    if some {
        out.push('\n');
    }
    for (name, value) in items {
        blank(out, indent + 2);
        out.push_str(&quoted(name));
        out.push_str(" = ");
        write(out, value, indent + 2, show_sensitive);
        out.push('\n');
    }
    if some {
        blank(out, indent);
    }
    out.push_str(close);
}

/// Text of several lines is written as such, unless it holds what a terminal would obey.
fn string(out: &mut String, text: &str, indent: usize) {
    let plain = text
        .chars()
        .all(|char| matches!(char, '\n' | '\t' | '\r') || !char.is_control());
    if !text.contains('\n') || !plain {
        out.push_str(&quoted(text));
        return;
    }
    let end = heredoc_end(text);
    out.push_str(if indent > 0 { "<<-" } else { "<<" });
    out.push_str(&end);
    out.push('\n');
    for line in text.split('\n') {
        blank(out, indent);
        out.push_str(line);
        out.push('\n');
    }
    blank(out, indent);
    out.push_str(&end);
}

/// `EOT`, or something longer where a line of the text is that.
fn heredoc_end(text: &str) -> String {
    let mut end = String::from("EOT");
    while text.lines().any(|line| line.trim() == end) {
        end.push('_');
    }
    end
}

fn null(ty: &Type) -> String {
    let of = |name: &str, element: &Type| format!("{name}(null) /* of {} */", friendly(element));
    match ty {
        Type::Bool => String::from("tobool(null)"),
        Type::Number => String::from("tonumber(null)"),
        Type::String => String::from("tostring(null)"),
        Type::List(element) => of("tolist", element),
        Type::Set(element) => of("toset", element),
        Type::Map(element) => of("tomap", element),
        Type::Tuple(_) | Type::Object(_) => format!("null /* {} */", friendly(ty)),
        Type::Dynamic => String::from("null"),
    }
}

/// A type in a word or three.
fn friendly(ty: &Type) -> String {
    match ty {
        Type::Dynamic => String::from("dynamic"),
        Type::Bool => String::from("bool"),
        Type::Number => String::from("number"),
        Type::String => String::from("string"),
        Type::List(element) => format!("list of {}", friendly(element)),
        Type::Set(element) => format!("set of {}", friendly(element)),
        Type::Map(element) => format!("map of {}", friendly(element)),
        Type::Tuple(_) => String::from("tuple"),
        Type::Object(_) => String::from("object"),
    }
}

/// A type as `type(…)` of the console shows it.
pub(crate) fn render_type(ty: &Type) -> String {
    let mut out = String::new();
    write_type(&mut out, ty, 0);
    out
}

fn write_type(out: &mut String, ty: &Type, indent: usize) {
    let mut collection = |name: &str, element: &Type| {
        out.push_str(name);
        out.push('(');
        let simple = !matches!(element, Type::Tuple(_) | Type::Object(_));
        if simple {
            write_type(out, element, indent);
        } else {
            out.push('\n');
            blank(out, indent + 4);
            write_type(out, element, indent + 4);
            out.push_str(",\n");
            blank(out, indent);
        }
        out.push(')');
    };
    match ty {
        Type::Dynamic | Type::Bool | Type::Number | Type::String => out.push_str(&friendly(ty)),
        Type::List(element) => collection("list", element),
        Type::Set(element) => collection("set", element),
        Type::Map(element) => collection("map", element),
        Type::Tuple(items) => {
            out.push_str("tuple([");
            for item in items.iter() {
                out.push('\n');
                blank(out, indent + 4);
                write_type(out, item, indent + 4);
                out.push(',');
            }
            if !items.is_empty() {
                out.push('\n');
                blank(out, indent);
            }
            out.push_str("])");
        }
        Type::Object(object) => {
            out.push_str("object({");
            for (name, ty) in &object.attributes {
                out.push('\n');
                blank(out, indent + 4);
                out.push_str(name);
                out.push_str(": ");
                write_type(out, ty, indent + 4);
                out.push(',');
            }
            if !object.attributes.is_empty() {
                out.push('\n');
                blank(out, indent);
            }
            out.push_str("})");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{render_type, render_value};
    use terrane_ops::value::{Marks, Type, Value};

    fn check(value: &Value, expect: &str) {
        assert_eq!(render_value(value, false), expect);
    }

    #[test]
    fn values_look_like_expressions() {
        check(&Value::string("a\"b\t\u{7}"), r#""a\"b\t\a""#);
        check(&Value::string("x\ny\n"), "<<EOT\nx\ny\n\nEOT");
        check(&Value::tuple(vec![]), "[]");
        check(
            &Value::object([
                ("a", Value::tuple(vec![Value::string("x\ny")])),
                ("b c", Value::object::<&str>([])),
            ]),
            "{\n  \"a\" = [\n    <<-EOT\n    x\n    y\n    EOT,\n  ]\n  \"b c\" = {}\n}",
        );
        check(
            &Value::list(Type::String, vec![Value::string("a")]),
            "tolist([\n  \"a\",\n])",
        );
        check(
            &Value::null(Type::list(Type::String)),
            "tolist(null) /* of string */",
        );
    }

    #[test]
    fn secrets_are_not_shown_at_any_depth() {
        let secret = Value::string("canary").with_marks(&Marks::SENSITIVE);
        check(&Value::tuple(vec![secret]), "[\n  (sensitive value),\n]");
    }

    #[test]
    fn types_are_laid_out() {
        let object = Type::object([("a", Type::Number), ("b", Type::tuple([Type::Bool]))]);
        assert_eq!(
            render_type(&Type::map(object)),
            "map(\n    object({\n        a: number,\n        b: tuple([\n            bool,\n        ]),\n    }),\n)"
        );
        assert_eq!(render_type(&Type::list(Type::String)), "list(string)");
        assert_eq!(render_type(&Type::tuple([])), "tuple([])");
    }
}
