//! Variables files, in native and JSON syntax. Only constants may stand in them.

use ecow::EcoString;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Binder, Bound, Scope, Slot, compile};
use terrane_lang::functions::{Files, Functions};
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::ast;
use terrane_value::Value;

/// The values of a variables file: name, value, where it stands. The text goes into `sources`.
pub fn read_tfvars(
    path: &str,
    bytes: &[u8],
    sources: &mut SourceMap,
) -> (Vec<(EcoString, Value, Span)>, Diagnostics) {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return (
            Vec::new(),
            Diagnostic::error(
                "Invalid variables file",
                format!("The file {path} is not text in UTF-8."),
            )
            .into(),
        );
    };
    let file = sources.add(path, text);
    let native = path.ends_with(".tfvars");
    if path.ends_with(".json") || (!native && text.trim_start().starts_with('{')) {
        return json(file, text);
    }
    let (body, mut diagnostics) = terrane_lang::syntax::parse::parse_body(file, text);
    for block in &body.blocks {
        diagnostics.push(
            Diagnostic::error(
                "Unexpected block",
                format!(
                    "A variables file holds only assignments; {:?} blocks are not allowed. Did you mean to write it into a .tf file?",
                    block.kind.name
                ),
            )
            .at(block.header),
        );
    }
    let values = body
        .attributes
        .iter()
        .filter_map(|attribute| {
            constant(&attribute.expr, &mut diagnostics)
                .map(|value| (attribute.name.name.clone(), value, attribute.span))
        })
        .collect();
    (values, diagnostics)
}

/// The value of an expression in which nothing can be referred to.
pub(super) fn constant(expr: &ast::Expr, diagnostics: &mut Diagnostics) -> Option<Value> {
    let (compiled, found) = compile(expr, &mut NoNames, &[]);
    let failed = found.has_errors();
    diagnostics.extend(found);
    if failed {
        return None;
    }
    match compiled.eval(&NoScope::default(), &[]) {
        Ok(value) => Some(value),
        Err(found) => {
            diagnostics.extend(found);
            None
        }
    }
}

/// Knows no name and allows no function.
struct NoNames;

impl Binder for NoNames {
    fn bind(&mut self, root: &ast::Ident, _steps: &[ast::Step]) -> Result<Bound, Diagnostic> {
        Err(
            Diagnostic::error("Variables not allowed", "Variables may not be used here.")
                .at(root.span),
        )
    }

    fn allows_functions(&self) -> bool {
        false
    }
}

/// Holds no value and reaches no file.
struct NoScope(Functions);

impl Default for NoScope {
    fn default() -> Self {
        Self(Functions {
            files: Arc::new(NoFiles),
            plan_time: None,
            impure: None,
        })
    }
}

impl Scope for NoScope {
    fn value(&self, _: Slot, _: Span) -> Result<Value, Diagnostics> {
        Err(Diagnostics::new())
    }

    fn keyed(&self, _: Slot, _: &Value, _: Span) -> Result<Value, Diagnostics> {
        Err(Diagnostics::new())
    }

    fn functions(&self) -> &Functions {
        &self.0
    }

    fn name(&self, _: Slot) -> EcoString {
        EcoString::new()
    }
}

#[derive(Debug)]
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Arc<[u8]>, String> {
        Err(String::from("files can't be read here"))
    }
    fn exists(&self, _: &str) -> Result<bool, String> {
        Err(String::from("files can't be read here"))
    }
    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Err(String::from("files can't be read here"))
    }
    fn absolute(&self, path: &str) -> String {
        path.to_owned()
    }
    fn home(&self) -> Option<String> {
        None
    }
}

/// JSON syntax: strings are what they are, not templates.
fn json(
    file: terrane_lang::source::FileId,
    text: &str,
) -> (Vec<(EcoString, Value, Span)>, Diagnostics) {
    let whole = Span::new(file, 0, 0);
    let parsed: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_str(text);
    match parsed {
        Ok(values) => {
            let mut diagnostics = Diagnostics::new();
            let mut decoded = Vec::new();
            for (name, value) in values {
                match terrane_value::json::decode_implied(value.get()) {
                    Ok(value) => decoded.push((name.into(), value, whole)),
                    Err(error) => diagnostics.push(
                        Diagnostic::error(
                            "Invalid value in variables file",
                            format!("The value of {name:?} can't be used: {error}."),
                        )
                        .at(whole),
                    ),
                }
            }
            (decoded, diagnostics)
        }
        Err(error) => {
            let line = u32::try_from(error.line()).unwrap_or(1).max(1);
            let at = nth_line(text, line);
            let problem = Diagnostic::error(
                "Invalid JSON in variables file",
                format!("The file must hold one JSON object, whose properties are the values of variables: {error}."),
            )
            .at(Span::new(file, at, at));
            (Vec::new(), problem.into())
        }
    }
}

fn nth_line(text: &str, line: u32) -> u32 {
    let skip = usize::try_from(line - 1).unwrap_or(0);
    let at: usize = text.split_inclusive('\n').take(skip).map(str::len).sum();
    u32::try_from(at).unwrap_or(u32::MAX)
}
