//! The formatter.

use terrane_lang::source::FileId;
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::body::{Body, NativeBody};
use terrane_lang::syntax::format::format;
use terrane_lang::syntax::parse::parse_body;

pub(crate) fn run(data: &[u8]) {
    let text = &*crate::text(data);
    let (before, diagnostics) = parse_body(FileId(0), text);
    let Ok(once) = format(text) else {
        assert!(diagnostics.has_errors(), "what parses can be formatted");
        return;
    };
    assert!(!diagnostics.has_errors(), "what is formatted was parsed");
    let before = shape(&before);
    // `4. 5` is a step into a number, which fails whatever is done. The peers join it to `4.5`, and `4. 4. 5` to what is no number; so do we.
    // They join `b. 4. 5` as well, to two steps that cannot be written so.
    if steps_into_number(&before) || has_two_old_steps(&before) {
        return;
    }
    let (after, diagnostics) = parse_body(FileId(0), &once);
    assert!(!diagnostics.has_errors(), "{once}\n{diagnostics:?}");
    let twice = format(&once).expect("it was parsed just now");
    // The second time may lay out what the first cleaned up; then nothing moves any more.
    let thrice = format(&twice).expect("the same text");
    assert_eq!(thrice, twice);
    assert_eq!(before, shape(&after), "{once}");
}

/// Whether a chain begins with a number and goes on with a place in it, in what [`plain`] writes.
fn steps_into_number(shape: &str) -> bool {
    shape
        .split("Chain(Expr{kind:Number(")
        .skip(1)
        .any(|behind| {
            let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            behind.starts_with("),span:},[Step{kind:LegacyIndex(")
        })
}

/// Whether two steps of the old kind (`.4`) follow each other, in what [`plain`] writes.
fn has_two_old_steps(shape: &str) -> bool {
    let mut parts = shape.split("Step{kind:LegacyIndex(").skip(1).peekable();
    while let Some(part) = parts.next() {
        let behind = part.trim_start_matches(|c: char| c.is_ascii_digit());
        if parts.peek().is_some() && behind == "),span:}," {
            return true;
        }
    }
    false
}

/// What must not change: names, labels, and the expressions without spaces and old spellings.
fn shape(body: &NativeBody) -> String {
    let mut out = String::new();
    write(body, false, &mut out);
    out
}

fn write(body: &NativeBody, in_variable: bool, out: &mut String) {
    for attribute in &body.attributes {
        let is_type = in_variable && attribute.name.name == "type";
        let value = if is_type {
            String::from("(a type)")
        } else {
            plain(&attribute.expr)
        };
        out.extend([std::format!("{} = {value}\n", attribute.name.name)]);
    }
    for block in &body.blocks {
        out.push_str(&block.kind.name);
        for label in &block.labels {
            out.extend([std::format!(" {:?}", label.text)]);
        }
        out.push_str(" {\n");
        if let Body::Native(inner) = &block.body {
            write(inner, block.kind.name == "variable", out);
        }
        out.push_str("}\n");
    }
}

/// The tree without places, and without parentheses and lone interpolations around the whole.
fn plain(expr: &Expr) -> String {
    let mut expr = expr;
    while let ExprKind::Wrap(inner) | ExprKind::Parens(inner) = &expr.kind {
        expr = inner;
    }
    let mut shown = std::format!("{:?}", Places(expr));
    shown.retain(|c| !c.is_whitespace());
    shown
}

/// Shows an expression without its places.
struct Places<'a>(&'a Expr);

impl std::fmt::Debug for Places<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = std::format!("{:?}", self.0);
        let mut rest = shown.as_str();
        // `Span { file: FileId(0), start: 1, end: 2 }`
        while let Some((before, behind)) = rest.split_once("Span { file: FileId(0), start: ") {
            f.write_str(before)?;
            rest = behind.split_once('}').map_or("", |(_, rest)| rest);
        }
        f.write_str(rest)
    }
}
