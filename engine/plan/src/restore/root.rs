//! What is kept of the root module as it is: what providers need.

use crate::rules;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use terrane_config::load::{ModuleFile, ModuleFolder};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{FileId, Span};
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::body::{Block, Body};
use terrane_lang::syntax::parse::parse_body;
use terrane_lang::syntax::static_expr::{as_map, literal_key, literal_string};
use terrane_model::addr::ProviderAddr;

/// What is kept of the root module.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) files: Vec<ModuleFile>,
    /// Local names of providers, as `required_providers` has them.
    pub(super) providers: BTreeMap<String, ProviderAddr>,
    /// Whether there is a `required_providers` block already.
    pub(super) requires: bool,
}

/// A piece of text that something may need.
struct Piece {
    file: usize,
    /// `var.x`, `local.x`, `data.t.n`; empty: always needed.
    name: String,
    text: String,
}

/// Keeps what providers need.
pub(super) fn keep(root: &ModuleFolder, diagnostics: &mut Diagnostics) -> Kept {
    let mut kept = Kept::default();
    let mut pieces = Vec::new();
    for (at, file) in root.files.iter().enumerate() {
        let text = String::from_utf8_lossy(&file.content);
        if file.name.ends_with(".json") {
            if let Some(rest) = without_resources(&text) {
                kept.files.push(ModuleFile {
                    name: file.name.clone(),
                    content: rest.into_bytes(),
                });
            }
            continue;
        }
        if file.name.ends_with("_override.tf") || file.name.starts_with("override.") {
            diagnostics.push(Diagnostic::warning(
                &rules::restore::NOT_KEPT,
                format!("The override file {} is not looked at.", file.name),
            ));
            continue;
        }
        let (body, _) = parse_body(FileId(0), &text);
        for block in &body.blocks {
            take(at, block, &text, &mut pieces, &mut kept);
        }
    }
    let mut needed = vec![false; pieces.len()];
    let mut open: Vec<usize> = (0..pieces.len())
        .filter(|at| pieces[*at].name.is_empty())
        .collect();
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut needed[at], true) {
            continue;
        }
        let mentioned = mentioned(&pieces[at].text);
        open.extend((0..pieces.len()).filter(|other| mentioned.contains(&pieces[*other].name)));
    }
    for (at, file) in root.files.iter().enumerate() {
        let mut text = String::new();
        let mut locals = String::new();
        for (piece, _) in pieces
            .iter()
            .zip(&needed)
            .filter(|(piece, needed)| piece.file == at && **needed)
        {
            let into = match piece.name.starts_with("local.") {
                true => &mut locals,
                false => &mut text,
            };
            let _written = writeln!(into, "{}", piece.text);
        }
        if !locals.is_empty() {
            let _written = writeln!(text, "locals {{\n{locals}}}");
        }
        if !text.is_empty() {
            kept.files.push(ModuleFile {
                name: file.name.clone(),
                content: text.into_bytes(),
            });
        }
    }
    kept
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize)
        .unwrap_or_default()
}

fn take(file: usize, block: &Block, text: &str, pieces: &mut Vec<Piece>, kept: &mut Kept) {
    let label = |at: usize| block.labels.get(at).map_or("", |label| label.text.as_str());
    let mut push = |name: String, span: Span| {
        pieces.push(Piece {
            file,
            name,
            text: slice(text, span).to_owned(),
        });
    };
    match block.kind.name.as_str() {
        "terraform" => {
            required(block, kept);
            push(String::new(), block.span);
        }
        // All of them: values may be given for any.
        "provider" | "variable" => push(String::new(), block.span),
        "data" => push(format!("data.{}.{}", label(0), label(1)), block.span),
        "locals" => {
            if let Body::Native(body) = &block.body {
                for local in &body.attributes {
                    push(format!("local.{}", local.name.name), local.span);
                }
            }
        }
        _ => {}
    }
}

/// The local names in `required_providers`.
fn required(block: &Block, kept: &mut Kept) {
    let Body::Native(body) = &block.body else {
        return;
    };
    for block in &body.blocks {
        let Body::Native(inner) = &block.body else {
            continue;
        };
        if block.kind.name != "required_providers" {
            continue;
        }
        kept.requires = true;
        for entry in &inner.attributes {
            let source =
                source(&entry.expr).unwrap_or_else(|| format!("hashicorp/{}", entry.name.name));
            if let Ok(addr) = source.parse() {
                kept.providers.insert(entry.name.name.to_string(), addr);
            }
        }
    }
}

/// The `source` of an entry.
fn source(entry: &Expr) -> Option<String> {
    as_map(entry)?
        .iter()
        .find(|item| literal_key(item).is_some_and(|name| name == "source"))
        .and_then(|item| literal_string(&item.value))
        .map(ToString::to_string)
}

/// The things that a text mentions: every `var.x`, `local.x` and `data.t.n` in it, also in what is no reference.
fn mentioned(text: &str) -> BTreeSet<String> {
    let word = |char: char| char.is_alphanumeric() || matches!(char, '_' | '-');
    let mut found = BTreeSet::new();
    let mut previous: [&str; 2] = ["", ""];
    let mut rest = text;
    while let Some(start) = rest.find(word) {
        let joined = start == 1 && rest.starts_with('.');
        let behind = rest.get(start..).unwrap_or_default();
        let end = behind.find(|char| !word(char)).unwrap_or(behind.len());
        let (this, after) = behind.split_at(end);
        if !joined {
            previous = ["", ""];
        }
        match previous {
            [_, before @ ("var" | "local")] => {
                found.insert(format!("{before}.{this}"));
            }
            ["data", kind] => {
                found.insert(format!("data.{kind}.{this}"));
            }
            _ => {}
        }
        previous = [previous[1], this];
        rest = after;
    }
    found
}

/// A file in JSON syntax without what is generated.
fn without_resources(text: &str) -> Option<String> {
    let mut root: serde_json::Value = serde_json::from_str(text).ok()?;
    let object = root.as_object_mut()?;
    object.retain(|name, _| {
        matches!(
            name.as_str(),
            "terraform" | "provider" | "variable" | "locals" | "data"
        )
    });
    (!object.is_empty()).then(|| root.to_string())
}

#[cfg(test)]
mod tests {
    use super::keep;
    use terrane_config::load::{ModuleFile, ModuleFolder};
    use terrane_lang::diagnostic::Diagnostics;

    #[test]
    fn what_providers_need_is_kept_and_nothing_else() {
        let text = r#"terraform {
  required_providers { cloud = { source = "acme/cloud" } }
}
provider "cloud" { region = local.region }
variable "region" {}
locals {
  region = upper(var.region)
  other  = cloud_thing.x.id
}
data "cloud_zone" "z" {}
resource "cloud_thing" "x" { zone = data.cloud_zone.z.id }
output "o" { value = local.other }
"#;
        let root = ModuleFolder {
            dir: ".".into(),
            files: vec![ModuleFile {
                name: "main.tf".to_owned(),
                content: text.into(),
            }],
        };
        let kept = keep(&root, &mut Diagnostics::new());
        let text = String::from_utf8(kept.files[0].content.clone()).unwrap();
        for (part, there) in [
            ("provider \"cloud\"", true),
            ("variable \"region\"", true),
            ("region = upper(var.region)", true),
            ("other", false),
            ("cloud_zone", false),
            ("resource", false),
            ("output", false),
        ] {
            assert_eq!(text.contains(part), there, "{part}\n{text}");
        }
        assert_eq!(kept.providers["cloud"].for_display(), "acme/cloud");
    }
}
