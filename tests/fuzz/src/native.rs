//! Native syntax.

use crate::spans::{check_body, check_diagnostics, check_expr};
use terrane_lang::diagnostic::{Style, render_all};
use terrane_lang::source::{FileId, SourceMap};
use terrane_lang::syntax::body::Body;
use terrane_lang::syntax::navigate::block_at;
use terrane_lang::syntax::parse::{parse_body, parse_expression, parse_template, parse_traversal};
use terrane_model::addr::{InstanceAddr, ModuleInstance, Target};

pub(crate) fn run(data: &[u8]) {
    let text = &*crate::text(data);
    let (body, diagnostics) = parse_body(FileId(0), text);
    check_body(text, &body);
    check_diagnostics(text, &diagnostics);
    // The messages can be shown.
    let mut sources = SourceMap::default();
    sources.add("main.tf", text);
    let shown = render_all(&sources, diagnostics.iter(), Style::Boxed, 80);
    assert_eq!(shown.is_empty(), diagnostics.is_empty());
    drop(Body::Native(std::sync::Arc::new(body)).just_attributes());
    for parse in [parse_expression, parse_template, parse_traversal] {
        let (expr, diagnostics) = parse(FileId(0), text);
        check_diagnostics(text, &diagnostics);
        assert_eq!(expr.is_none(), diagnostics.has_errors(), "{diagnostics:?}");
        if let Some(expr) = expr {
            check_expr(text, &expr);
        }
    }
    let middle = u32::try_from(text.len() / 2).unwrap_or(0);
    drop(block_at(text, middle));
    addresses(text);
}

/// An address that can be read is written as one that means the same.
fn addresses(text: &str) {
    if let Ok(addr) = text.parse::<InstanceAddr>() {
        assert_eq!(addr.to_string().parse(), Ok(addr));
    }
    if let Ok(addr) = text.parse::<ModuleInstance>() {
        assert_eq!(addr.to_string().parse(), Ok(addr));
    }
    drop(text.parse::<Target>());
}
