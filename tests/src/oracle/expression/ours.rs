//! Our answer, computed in this process.

use super::{Answer, one_line, type_of, value_of};
use std::collections::BTreeMap;
use terrane_lang::expr::simple::Names;
use terrane_lang::functions::Functions;
use terrane_lang::source::FileId;
use terrane_lang::syntax::parse::parse_expression;
use terrane_value::{Kind, Type, Value};

/// The answer to an expression.
pub(super) fn answer(text: &str) -> Answer {
    // What the peer reads stands in a file, where a line break ends it.
    let (Some(value), Some(of_type)) = (evaluate(&value_of(text)), evaluate(&type_of(text))) else {
        return Answer::Refused;
    };
    let Kind::Tuple(pair) = value.kind() else {
        return Answer::Failed;
    };
    let [sensitive, json] = pair else {
        return Answer::Failed;
    };
    let (Some(sensitive), Some(json)) = (sensitive.as_bool(), json.as_str()) else {
        return Answer::Failed;
    };
    let mut ty = String::new();
    write_type(&of_type.ty(), 0, &mut ty);
    Answer::Value {
        json: json.to_owned(),
        ty: one_line(&ty),
        sensitive,
    }
}

fn evaluate(text: &str) -> Option<Value> {
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    let expr = expr.filter(|_| !diagnostics.has_errors())?;
    let functions = Functions::pure();
    Names::new(&BTreeMap::new(), &functions)
        .evaluate(&expr)
        .ok()
}

/// Writes a type as the peer's console prints it.
fn write_type(ty: &Type, depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth + 1);
    match ty {
        Type::Dynamic => out.push_str("dynamic"),
        Type::Bool => out.push_str("bool"),
        Type::Number => out.push_str("number"),
        Type::String => out.push_str("string"),
        Type::List(element) => around("list", element, depth, out),
        Type::Set(element) => around("set", element, depth, out),
        Type::Map(element) => around("map", element, depth, out),
        Type::Tuple(items) if items.is_empty() => out.push_str("tuple([])"),
        Type::Tuple(items) => {
            out.push_str("tuple([\n");
            for item in items.iter() {
                out.push_str(&indent);
                write_type(item, depth + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&"    ".repeat(depth));
            out.push_str("])");
        }
        Type::Object(object) if object.attributes.is_empty() => out.push_str("object({})"),
        Type::Object(object) => {
            out.push_str("object({\n");
            for (name, ty) in &object.attributes {
                out.push_str(&indent);
                out.push_str(name);
                out.push_str(": ");
                write_type(ty, depth + 1, out);
                out.push_str(",\n");
            }
            out.push_str(&"    ".repeat(depth));
            out.push_str("})");
        }
    }
}

fn around(name: &str, element: &Type, depth: usize, out: &mut String) {
    out.push_str(name);
    out.push('(');
    write_type(element, depth, out);
    out.push(')');
}
