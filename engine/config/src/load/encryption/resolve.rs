//! From declarations to settings: references become positions, expressions values.

use super::decode::{Decoded, Labels, Layers, TargetDecl};
use super::{Encryption, EncryptionBlock, EncryptionTarget};
use crate::load::Tree;
use crate::load::static_eval::StaticEval;
use crate::rules;
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, ExprKind, StepKind};
use terrane_lang::syntax::body::{Attribute, Block, Body};
use terrane_lang::syntax::static_expr;
use terrane_value::convert::convert;
use terrane_value::{Type, Value};

/// A block of which it is known that it is needed.
#[derive(Debug)]
struct Needed {
    labels: Labels,
    /// The arguments but for the reference.
    arguments: BTreeMap<EcoString, (Value, Span)>,
    /// The key provider that it refers to.
    refers: Option<(Labels, Span)>,
    span: Span,
}

/// Resolves references, and evaluates what they reach.
pub(super) struct Resolver<'a> {
    evaluator: StaticEval<'a>,
    /// In the order in which they were found to be needed.
    methods: Vec<Needed>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self {
            evaluator: StaticEval::new(tree),
            methods: Vec::new(),
        }
    }

    pub(super) fn resolve(mut self, decoded: Decoded, diagnostics: &mut Diagnostics) -> Encryption {
        let Decoded {
            key_providers: declared,
            methods,
            state,
            plan,
            remote_default,
            remote,
        } = decoded;
        let mut target =
            |decl: &TargetDecl, optional: bool| self.target(decl, optional, &methods, diagnostics);
        let mut encryption = Encryption {
            state: state.map(|decl| target(&decl, true)),
            plan: plan.map(|decl| target(&decl, true)),
            remote_default: remote_default.map(|decl| target(&decl, false)),
            remote: remote
                .iter()
                .map(|(name, decl)| (name.clone(), target(decl, false)))
                .collect(),
            ..Encryption::default()
        };
        let needed = std::mem::take(&mut self.methods);
        let providers = self.providers(&needed, &declared, diagnostics);
        unused("method", &methods, &needed, diagnostics);
        unused("key_provider", &declared, &providers, diagnostics);
        let position = |labels: &Labels| {
            providers
                .iter()
                .position(|provider| provider.labels == *labels)
        };
        let block = |needed: &Needed| EncryptionBlock {
            kind: needed.labels.0.clone(),
            name: needed.labels.1.clone(),
            arguments: needed.arguments.clone(),
            keys: needed
                .refers
                .as_ref()
                .and_then(|(labels, span)| Some((position(labels)?, *span))),
            span: needed.span,
        };
        encryption.methods = needed.iter().map(block).collect();
        encryption.key_providers = providers.iter().map(block).collect();
        encryption
    }

    fn target(
        &mut self,
        decl: &TargetDecl,
        optional: bool,
        methods: &BTreeMap<Labels, Layers>,
        diagnostics: &mut Diagnostics,
    ) -> EncryptionTarget {
        let mut found = EncryptionTarget {
            methods: Vec::new(),
            enforced: false,
            span: decl.span,
        };
        for expr in &decl.enforced {
            match self.evaluator.eval(0, expr) {
                Ok(value) => match convert(value.unmarked(), &Type::Bool) {
                    Ok(value) if value.is_known() => {
                        found.enforced |= value.as_bool() == Some(true);
                    }
                    _ => diagnostics.push(
                        Diagnostic::error(
                            &rules::encryption::INVALID_ENFORCED,
                            "The argument \"enforced\" must be true or false, and known before anything is planned.",
                        )
                        .at(expr.span),
                    ),
                },
                Err(problems) => diagnostics.extend(problems),
            }
        }
        let mut next = Some(decl);
        while let Some(decl) = next {
            match &decl.method {
                Some(expr) => {
                    if let Some(labels) = as_labels(expr, "method", diagnostics) {
                        if methods.contains_key(&labels) {
                            found
                                .methods
                                .extend(self.method(labels, methods, diagnostics));
                        } else {
                            diagnostics.push(undeclared("method", &labels, expr.span, methods));
                        }
                    }
                }
                // `state { enforced = true }` says that the method must come from the environment.
                None if optional && decl.span == found.span => {}
                None => diagnostics.push(
                    Diagnostic::error(
                        &terrane_lang::rules::structure::MISSING_ARGUMENT,
                        "The argument \"method\" is required, but no definition was found.",
                    )
                    .at(decl.span),
                ),
            }
            next = decl.fallback.as_deref();
        }
        found
    }

    fn method(
        &mut self,
        labels: Labels,
        methods: &BTreeMap<Labels, Layers>,
        diagnostics: &mut Diagnostics,
    ) -> Option<usize> {
        let known = self
            .methods
            .iter()
            .position(|method| method.labels == labels);
        if known.is_some() {
            return known;
        }
        let needed = self.needed(labels, methods, "keys", diagnostics)?;
        self.methods.push(needed);
        Some(self.methods.len() - 1)
    }

    /// The key providers that methods need, each after the one that it is chained to.
    fn providers(
        &self,
        methods: &[Needed],
        declared: &BTreeMap<Labels, Layers>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Needed> {
        let mut providers: Vec<Needed> = Vec::new();
        for method in methods {
            // Down the chain first, then back up: the innermost one comes first.
            let mut chain: Vec<Needed> = Vec::new();
            let mut next = method.refers.clone();
            while let Some((labels, span)) = next.take() {
                if providers.iter().any(|known| known.labels == labels) {
                    break;
                }
                if chain.iter().any(|known| known.labels == labels) {
                    diagnostics.push(circle(&chain, &labels, span));
                    break;
                }
                if !declared.contains_key(&labels) {
                    diagnostics.push(undeclared("key_provider", &labels, span, declared));
                    break;
                }
                let Some(needed) = self.needed(labels, declared, "chain", diagnostics) else {
                    break;
                };
                next.clone_from(&needed.refers);
                chain.push(needed);
            }
            providers.extend(chain.into_iter().rev());
        }
        providers
    }

    /// A block with its arguments. Those of later layers count; `reference` is the one that refers to a key provider.
    fn needed(
        &self,
        labels: Labels,
        declared: &BTreeMap<Labels, Layers>,
        reference: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Needed> {
        let layers = declared.get(&labels)?;
        let mut needed = Needed {
            labels,
            arguments: BTreeMap::new(),
            refers: None,
            span: layers.span,
        };
        let mut seen: BTreeSet<EcoString> = BTreeSet::new();
        for body in layers.bodies.iter().rev() {
            let (attributes, blocks) = parts(body, diagnostics);
            let mut names = Vec::new();
            for Attribute { name, expr, .. } in attributes {
                if seen.contains(&name.name) {
                    continue;
                }
                names.push(name.name.clone());
                if name.name == reference {
                    needed.refers = as_labels(&expr, "key_provider", diagnostics)
                        .map(|labels| (labels, expr.span));
                    continue;
                }
                match self.evaluator.eval(0, &expr) {
                    Ok(value) => {
                        needed.arguments.insert(name.name, (value, name.span));
                    }
                    Err(problems) => diagnostics.extend(problems),
                }
            }
            for block in blocks {
                let name = &block.kind.name;
                if seen.contains(name) {
                    continue;
                }
                let inner = self.evaluator.body(&block.body, diagnostics);
                let object =
                    Value::object(inner.into_iter().map(|(name, (value, _))| (name, value)));
                let earlier = needed.arguments.get(name);
                let mut items =
                    earlier.map_or_else(Vec::new, |(value, _)| value.children().to_vec());
                items.push(object);
                needed
                    .arguments
                    .insert(name.clone(), (Value::tuple(items), block.header));
                names.push(name.clone());
            }
            seen.extend(names);
        }
        Some(needed)
    }
}

/// All arguments and blocks of a body.
fn parts(body: &Body, diagnostics: &mut Diagnostics) -> (Vec<Attribute>, Vec<Block>) {
    if let Body::Native(native) = body {
        return (native.attributes.clone(), native.blocks.clone());
    }
    let (attributes, found) = body.just_attributes();
    diagnostics.extend(found);
    (attributes, Vec::new())
}

/// The labels in a reference such as `method.aes_gcm.main`.
fn as_labels(expr: &Expr, root: &str, diagnostics: &mut Diagnostics) -> Option<Labels> {
    // In JSON syntax a reference may be written as a template: "${method.aes_gcm.main}".
    let inner = match &expr.kind {
        ExprKind::Wrap(inner) => inner.as_ref(),
        _ => expr,
    };
    let found = static_expr::reference(inner).ok();
    let labels = found
        .as_deref()
        .and_then(static_expr::as_traversal)
        .filter(|(name, _)| name.name == root)
        .and_then(|(_, steps)| match steps.as_slice() {
            [kind, name] => match (&kind.kind, &name.kind) {
                (StepKind::Attr(kind), StepKind::Attr(name)) => Some((kind.clone(), name.clone())),
                _ => None,
            },
            _ => None,
        });
    if labels.is_none() {
        let example = if root == "method" {
            "method.aes_gcm.main"
        } else {
            "key_provider.pbkdf2.main"
        };
        diagnostics.push(
            Diagnostic::error(
                &rules::encryption::INVALID_REFERENCE,
                format!("A reference to a `{root}` block is needed here: its type and its name, such as {example}. No calculations are allowed."),
            )
            .at(expr.span),
        );
    }
    labels
}

fn undeclared(
    what: &str,
    labels: &Labels,
    span: Span,
    declared: &BTreeMap<Labels, Layers>,
) -> Diagnostic {
    let name = format!("{what}.{}.{}", labels.0, labels.1);
    let all: Vec<String> = declared
        .keys()
        .map(|(kind, name)| format!("{what}.{kind}.{name}"))
        .collect();
    let hint = crate::suggest::did_you_mean(&name, all.iter().map(String::as_str));
    let there = match all.as_slice() {
        [] => format!(" There are no `{what}` blocks."),
        all if hint.is_empty() => format!(" There are: {}.", all.join(", ")),
        _ => String::new(),
    };
    Diagnostic::error(
        &rules::encryption::UNDECLARED,
        format!("There is no {name} in the settings of encryption.{hint}{there}"),
    )
    .at(span)
}

fn circle(chain: &[Needed], labels: &Labels, span: Span) -> Diagnostic {
    let names: Vec<String> = chain
        .iter()
        .skip_while(|needed| needed.labels != *labels)
        .map(|needed| &needed.labels)
        .chain([labels])
        .map(|(kind, name)| format!("key_provider.{kind}.{name}"))
        .collect();
    Diagnostic::error(
        &rules::encryption::CIRCLE,
        format!(
            "These key providers are chained to each other in a circle: {}. One of them needs a passphrase of its own.",
            names.join(" to ")
        ),
    )
    .at(span)
}

fn unused(
    what: &str,
    declared: &BTreeMap<Labels, Layers>,
    needed: &[Needed],
    diagnostics: &mut Diagnostics,
) {
    for (labels, layers) in declared {
        if needed.iter().any(|needed| needed.labels == *labels) {
            continue;
        }
        let (kind, name) = labels;
        diagnostics.push(
            Diagnostic::warning(
                &rules::encryption::UNUSED,
                format!("Nothing uses {what}.{kind}.{name}, so it was not looked at and has no effect. Remove it, or refer to it."),
            )
            .at(layers.span),
        );
    }
}
