//! JSON syntax.

use crate::spans::{check, check_diagnostics, check_expr};
use terrane_lang::source::FileId;
use terrane_lang::syntax::body::{Body, BodySchema};
use terrane_lang::syntax::json::{parse_body, parse_expression, path_at};

/// How deep the schema is followed.
const LEVELS: usize = 4;

/// What configuration files hold, roughly, and the same inside of blocks.
fn schema() -> BodySchema {
    BodySchema {
        attributes: ["name", "count", "for_each", "depends_on", "value"]
            .map(|name| (name.into(), name == "value"))
            .to_vec(),
        blocks: vec![
            ("resource".into(), vec!["type", "name"]),
            ("variable".into(), vec!["name"]),
            ("output".into(), vec!["name"]),
            ("locals".into(), vec![]),
            ("terraform".into(), vec![]),
            ("dynamic".into(), vec!["type"]),
            ("rule".into(), vec![]),
        ],
    }
}

pub(crate) fn run(data: &[u8]) {
    let text = &*crate::text(data);
    let (body, diagnostics) = parse_body(FileId(0), text);
    check_diagnostics(text, &diagnostics);
    look(text, &Body::from(body), LEVELS);
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    check_diagnostics(text, &diagnostics);
    assert_eq!(expr.is_none(), diagnostics.has_errors(), "{diagnostics:?}");
    if let Some(expr) = expr {
        check_expr(text, &expr);
    }
    drop(path_at(text, u32::try_from(text.len() / 2).unwrap_or(0)));
}

fn look(text: &str, body: &Body, levels: usize) {
    let (content, diagnostics) = body.content(&schema());
    check_diagnostics(text, &diagnostics);
    check(text, content.missing);
    for attribute in &content.attributes {
        check(text, attribute.span);
        check_expr(text, &attribute.expr);
    }
    for block in &content.blocks {
        check(text, block.span);
        check(text, block.header);
        if levels > 0 {
            look(text, &block.body, levels - 1);
        }
    }
    let (attributes, diagnostics) = body.just_attributes();
    check_diagnostics(text, &diagnostics);
    for attribute in &attributes {
        check_expr(text, &attribute.expr);
    }
}
