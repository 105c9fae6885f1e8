//! The `lifecycle` block.

use super::{Decoder, schema};
use crate::load::decl::{LifecycleDecl, RepetitionDecl, Traversal};
use crate::rules;
use terrane_lang::syntax::ast::{Expr, Ident, Step, StepKind};
use terrane_lang::syntax::body::{Attribute, Block};
use terrane_lang::syntax::static_expr;
use terrane_model::addr::Mode;

const ARGUMENTS: [&str; 6] = [
    "create_before_destroy",
    "prevent_destroy",
    "destroy",
    "ignore_changes",
    "replace_triggered_by",
    "enabled",
];

impl Decoder<'_> {
    pub(super) fn lifecycle(
        &mut self,
        block: &Block,
        mode: Mode,
        repetition: &mut RepetitionDecl,
    ) -> LifecycleDecl {
        let content = self.content(
            &block.body,
            &schema(
                &ARGUMENTS,
                &[
                    ("precondition", &[]),
                    ("postcondition", &[]),
                    ("action_trigger", &[]),
                ],
            ),
        );
        let mut found = LifecycleDecl::default();
        for attribute in &content.attributes {
            let name = attribute.name.name.as_str();
            if name != "enabled" && mode != Mode::Managed {
                let what = if mode == Mode::Data {
                    "data"
                } else {
                    "ephemeral"
                };
                self.error(
                    rules::resource::LIFECYCLE_NOT_MANAGED.named(format!("Invalid {what} resource lifecycle argument")),
                    format!("The lifecycle argument \"{name}\" is defined only for managed resources (\"resource\" blocks), and is not valid for {what} resources."),
                    attribute.name.span,
                );
                continue;
            }
            match name {
                "create_before_destroy" => {
                    found.create_before_destroy = self
                        .take(super::constant_bool(self.sources, &attribute.expr))
                        .flatten();
                }
                "prevent_destroy" => found.prevent_destroy = Some(attribute.expr.clone()),
                "destroy" => {
                    found.destroy = self
                        .take(super::constant_bool(self.sources, &attribute.expr))
                        .flatten();
                }
                "ignore_changes" => self.ignore_changes(attribute, &mut found),
                "replace_triggered_by" => {
                    found.replace_triggered_by = self.triggers(&attribute.expr);
                }
                "enabled" => self.enabled(attribute, repetition),
                _ => {}
            }
        }
        for inner in &content.blocks {
            let kind = inner.kind.name.as_str();
            if kind == "action_trigger" {
                found
                    .action_triggers
                    .extend(self.action_trigger(inner, mode));
                continue;
            }
            if self.overriding {
                self.error(
                    rules::files::OVERRIDE_CONDITION.named(format!("Can't override {kind} blocks")),
                    format!("Override files cannot override \"{kind}\" blocks."),
                    inner.header,
                );
                continue;
            }
            let Some(condition) = self.condition(inner) else {
                continue;
            };
            if kind == "precondition" {
                found.preconditions.push(condition);
            } else {
                found.postconditions.push(condition);
            }
        }
        found
    }

    /// `enabled`, which excludes `count` and `for_each`.
    pub(super) fn enabled(&mut self, attribute: &Attribute, repetition: &mut RepetitionDecl) {
        for (name, other) in [
            ("count", &repetition.count),
            ("for_each", &repetition.for_each),
        ] {
            if let Some((_, span)) = other {
                self.diagnostics.push(
                    terrane_lang::diagnostic::Diagnostic::error(
                        rules::resource::COUNT_WITH_ENABLED.named(format!("Invalid combination of \"{name}\" and \"enabled\"")),
                        format!("The \"{name}\" and \"enabled\" meta-arguments are mutually-exclusive, only one should be used."),
                    )
                    .at(attribute.name.span)
                    .related(*span, format!("`{name}` is set here")),
                );
            }
        }
        repetition.enabled = Some((attribute.expr.clone(), attribute.name.span));
    }

    fn ignore_changes(&mut self, attribute: &Attribute, found: &mut LifecycleDecl) {
        let json = self.is_json(attribute.span);
        if super::keyword(&attribute.expr, json).as_deref() == Some("all") {
            found.ignore_all = true;
            return;
        }
        let Some(items) = static_expr::as_list(&attribute.expr) else {
            self.error(
                &rules::declaration::STATIC_LIST_REQUIRED,
                "A static list expression is required.",
                attribute.expr.span,
            );
            return;
        };
        let mut paths = Vec::new();
        for item in items {
            if static_expr::literal_string(item).is_some_and(|text| text == "*") {
                self.error(
                    &rules::resource::IGNORE_CHANGES_WILDCARD,
                    "The [\"*\"] form of ignore_changes wildcard is no longer supported. Use \"ignore_changes = all\" to ignore changes to all attributes.",
                    item.span,
                );
                continue;
            }
            paths.extend(self.relative_reference(item));
        }
        found.ignore_changes = Some(paths);
    }

    /// A path into the resource: `a.b["c"]`.
    fn relative_reference(&mut self, item: &Expr) -> Option<Traversal> {
        self.reference(item, true)
    }

    pub(super) fn triggers(&mut self, expr: &Expr) -> Vec<Expr> {
        let Some(items) = static_expr::as_list(expr) else {
            self.error(
                &rules::declaration::STATIC_LIST_REQUIRED,
                "A static list expression is required.",
                expr.span,
            );
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in items {
            if static_expr::literal_string(item).is_some() && self.is_json(item.span) {
                let parsed = static_expr::reparse_string(
                    item,
                    terrane_lang::syntax::parse::parse_expression,
                );
                if let Some((inner, diagnostics)) = parsed {
                    self.diagnostics.extend(diagnostics);
                    found.extend(inner);
                }
            } else {
                found.push(item.clone());
            }
        }
        found
    }
}

/// The steps of a relative traversal, the first name included.
pub(crate) fn relative_steps(found: &Traversal) -> Vec<Step> {
    let Ident { name, span } = found.root.clone();
    let first = Step {
        kind: StepKind::Attr(name),
        span,
    };
    std::iter::once(first)
        .chain(found.steps.iter().cloned())
        .collect()
}
