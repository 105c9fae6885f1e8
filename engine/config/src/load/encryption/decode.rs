//! The blocks of all layers, later ones over earlier ones.

use crate::load::decode::{BAD_NAME, is_name, schema};
use crate::rules;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::body::{Block, Body, Content};

/// A type and a name.
pub(super) type Labels = (EcoString, EcoString);

/// Fallbacks within each other.
const DEEPEST: usize = 32;

/// Blocks, not evaluated yet.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) key_providers: BTreeMap<Labels, Layers>,
    pub(super) methods: BTreeMap<Labels, Layers>,
    pub(super) state: Option<TargetDecl>,
    pub(super) plan: Option<TargetDecl>,
    pub(super) remote_default: Option<TargetDecl>,
    pub(super) remote: BTreeMap<EcoString, TargetDecl>,
}

/// The bodies of blocks with the same labels: the arguments of later ones count.
#[derive(Debug)]
pub(super) struct Layers {
    pub(super) bodies: Vec<Body>,
    /// The header of the last one.
    pub(super) span: Span,
}

/// `state` and its like.
#[derive(Clone, Debug)]
pub(super) struct TargetDecl {
    pub(super) method: Option<Expr>,
    /// The last one that was given in each layer: any that is true counts.
    pub(super) enforced: Vec<Expr>,
    pub(super) fallback: Option<Box<Self>>,
    pub(super) span: Span,
}

impl TargetDecl {
    /// What another layer says counts more.
    fn under(self, over: Self) -> Self {
        Self {
            method: over.method.or(self.method),
            enforced: [self.enforced, over.enforced].concat(),
            fallback: match (self.fallback, over.fallback) {
                (Some(under), Some(over)) => Some(Box::new(under.under(*over))),
                (under, over) => over.or(under),
            },
            span: over.span,
        }
    }
}

/// Reads one layer.
struct Layer<'a> {
    sources: &'a SourceMap,
    diagnostics: &'a mut Diagnostics,
}

impl Decoded {
    /// Lays the content of a block over what is there.
    pub(super) fn layer(
        &mut self,
        body: &Body,
        sources: &SourceMap,
        diagnostics: &mut Diagnostics,
    ) {
        let (content, found) = body.content(&schema(
            &[],
            &[
                ("key_provider", &["type", "name"]),
                ("method", &["type", "name"]),
                ("state", &[]),
                ("plan", &[]),
                ("remote_state_data_sources", &[]),
            ],
        ));
        diagnostics.extend(found);
        let mut layer = Layer {
            sources,
            diagnostics,
        };
        layer.labelled(&content, "key_provider", &mut self.key_providers);
        layer.labelled(&content, "method", &mut self.methods);
        for (kind, place) in [("state", &mut self.state), ("plan", &mut self.plan)] {
            if let Some(block) = layer.single(&content, kind) {
                let decl = layer.target(block, true, 0);
                lay(place, decl);
            }
        }
        if let Some(block) = layer.single(&content, "remote_state_data_sources") {
            self.remote(block, &mut layer);
        }
    }

    fn remote(&mut self, block: &Block, layer: &mut Layer<'_>) {
        let (content, found) = block.body.content(&schema(
            &[],
            &[("default", &[]), ("remote_state_data_source", &["name"])],
        ));
        layer.diagnostics.extend(found);
        if let Some(block) = layer.single(&content, "default") {
            let decl = layer.target(block, false, 0);
            lay(&mut self.remote_default, decl);
        }
        let mut seen: BTreeMap<EcoString, Span> = BTreeMap::new();
        for block in content.blocks_of("remote_state_data_source") {
            let Some(label) = block.labels.first() else {
                continue;
            };
            if let Some(first) = seen.insert(label.text.clone(), block.header) {
                layer.duplicate("remote_state_data_source", first, block.header);
                continue;
            }
            let decl = layer.target(block, false, 0);
            let mut place = self.remote.remove(&label.text);
            lay(&mut place, decl);
            self.remote
                .extend(place.map(|decl| (label.text.clone(), decl)));
        }
    }
}

fn lay(place: &mut Option<TargetDecl>, over: TargetDecl) {
    *place = Some(match place.take() {
        Some(under) => under.under(over),
        None => over,
    });
}

impl Layer<'_> {
    fn duplicate(&mut self, kind: &str, first: Span, again: Span) {
        let detail = format!(
            "There is a \"{kind}\" block like this one at {} already. Settings of several files and of the environment are laid over each other, but within one `encryption` block each can be there once.",
            self.sources.locate(first)
        );
        self.diagnostics.push(
            Diagnostic::error(&rules::encryption::DUPLICATE, detail)
                .at(again)
                .related(first, "the first one"),
        );
    }

    fn single<'c>(&mut self, content: &'c Content, kind: &'static str) -> Option<&'c Block> {
        let mut blocks = content
            .blocks
            .iter()
            .filter(|block| block.kind.name == kind);
        let first = blocks.next()?;
        for again in blocks {
            self.duplicate(kind, first.header, again.header);
        }
        Some(first)
    }

    fn labelled(
        &mut self,
        content: &Content,
        kind: &'static str,
        all: &mut BTreeMap<Labels, Layers>,
    ) {
        let mut seen: BTreeMap<Labels, Span> = BTreeMap::new();
        for block in content.blocks_of(kind) {
            let [first, second] = block.labels.as_slice() else {
                continue;
            };
            for label in [first, second] {
                if !is_name(&label.text) {
                    self.diagnostics.push(
                        Diagnostic::error(
                            rules::declaration::INVALID_NAME.named(format!("Invalid {kind} name")),
                            BAD_NAME,
                        )
                        .at(label.span),
                    );
                }
            }
            let labels = (first.text.clone(), second.text.clone());
            if let Some(first) = seen.insert(labels.clone(), block.header) {
                self.duplicate(kind, first, block.header);
                continue;
            }
            let layers = all.entry(labels).or_insert_with(|| Layers {
                bodies: Vec::new(),
                span: block.header,
            });
            layers.bodies.push(block.body.clone());
            layers.span = block.header;
        }
    }

    fn target(&mut self, block: &Block, enforceable: bool, depth: usize) -> TargetDecl {
        let attributes: &[&str] = if enforceable && depth == 0 {
            &["method", "enforced"]
        } else {
            &["method"]
        };
        let (content, found) = block
            .body
            .content(&schema(attributes, &[("fallback", &[])]));
        self.diagnostics.extend(found);
        let fallback = match self.single(&content, "fallback") {
            Some(inner) if depth >= DEEPEST => {
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::encryption::TOO_MANY_FALLBACKS,
                        format!("There are more than {DEEPEST} `fallback` blocks within each other. Remove those that nothing is encrypted with any more."),
                    )
                    .at(inner.header),
                );
                None
            }
            Some(inner) => Some(Box::new(self.target(inner, enforceable, depth + 1))),
            None => None,
        };
        let attribute = |name: &str| content.attribute(name).map(|found| found.expr.clone());
        TargetDecl {
            method: attribute("method"),
            enforced: attribute("enforced").into_iter().collect(),
            fallback,
            span: block.header,
        }
    }
}
