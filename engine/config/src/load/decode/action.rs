//! `action` blocks, and the `action_trigger` blocks that name them.

use super::{BAD_NAME, Decoder, is_name, keyword, schema};
use crate::config::ActionEvent;
use crate::load::decl::{ActionTriggerDecl, LifecycleDecl, ModuleDecl, ResourceDecl};
use crate::rules;
use crate::suggest::did_you_mean;
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::body::{Block, Body};
use terrane_lang::syntax::static_expr;
use terrane_model::addr::Mode;

impl Decoder<'_> {
    pub(super) fn action(&mut self, block: &Block, module: &mut ModuleDecl) {
        let [type_label, name_label] = block.labels.as_slice() else {
            return;
        };
        let arguments = ["count", "for_each", "provider"];
        let content = self.content(&block.body, &schema(&arguments, &[("config", &[])]));
        if !is_name(&type_label.text) {
            let headline = rules::resource::INVALID_TYPE_NAME.named("Invalid action type name");
            self.error(headline, BAD_NAME, type_label.span);
        }
        if !is_name(&name_label.text) {
            let headline = rules::resource::INVALID_RESOURCE_NAME.named("Invalid action name");
            self.error(headline, BAD_NAME, name_label.span);
        }
        let config = self.single(&content, "config", |place| {
            (
                &rules::resource::DUPLICATE_ACTION_CONFIG,
                format!("This action already has a config block at {place}."),
            )
        });
        let body = config.map_or_else(
            || Body::missing_at(block.header),
            |inner| inner.body.clone(),
        );
        let decl = ResourceDecl {
            mode: Mode::Action,
            type_name: type_label.text.clone(),
            type_span: type_label.span,
            name: name_label.text.clone(),
            span: block.header,
            repetition: self.repetition(&content, "actions"),
            provider: content
                .attribute("provider")
                .and_then(|attribute| self.provider_ref(&attribute.expr)),
            depends_on: Vec::new(),
            lifecycle: LifecycleDecl::default(),
            provisioners: Vec::new(),
            connection: None,
            body,
            escape: None,
            within_check: None,
        };
        self.add_resource(decl, module);
    }

    pub(super) fn action_trigger(
        &mut self,
        block: &Block,
        mode: Mode,
    ) -> Option<ActionTriggerDecl> {
        if mode != Mode::Managed {
            self.error(
                &rules::resource::INVALID_ACTION_TRIGGER,
                "Only the life cycle of managed resources (\"resource\" blocks) can trigger actions.",
                block.header,
            );
            return None;
        }
        let arguments = ["events", "condition", "actions"];
        let content = self.content(&block.body, &schema(&arguments, &[]));
        let mut trigger = ActionTriggerDecl {
            span: block.header,
            events: Vec::new(),
            condition: content
                .attribute("condition")
                .map(|attribute| attribute.expr.clone()),
            actions: Vec::new(),
        };
        for name in ["events", "actions"] {
            let Some(attribute) = content.attribute(name) else {
                self.error(
                    &rules::resource::INVALID_ACTION_TRIGGER,
                    format!(
                        "An action_trigger block needs \"{name}\", a list with at least one entry."
                    ),
                    block.header,
                );
                return None;
            };
            match name {
                "events" => trigger.events = self.action_events(&attribute.expr),
                _ => trigger.actions = self.triggers(&attribute.expr),
            }
            let empty = static_expr::as_list(&attribute.expr).is_some_and(<[Expr]>::is_empty);
            if empty {
                self.error(
                    &rules::resource::INVALID_ACTION_TRIGGER,
                    format!("The list \"{name}\" of an action_trigger block must not be empty: nothing would ever be done."),
                    attribute.expr.span,
                );
            }
        }
        Some(trigger)
    }

    fn action_events(&mut self, expr: &Expr) -> Vec<ActionEvent> {
        let Some(items) = static_expr::as_list(expr) else {
            self.error(
                &rules::declaration::STATIC_LIST_REQUIRED,
                "A static list expression is required.",
                expr.span,
            );
            return Vec::new();
        };
        let mut found: Vec<ActionEvent> = Vec::new();
        for item in items {
            let word = keyword(item, self.is_json(item.span)).unwrap_or_default();
            let known = ActionEvent::ALL.iter().find(|(name, _)| *name == word);
            let problem = match known {
                Some((_, event)) if found.contains(event) => {
                    format!("The event {word} is in this list already.")
                }
                Some((_, event)) => {
                    found.push(*event);
                    continue;
                }
                None => {
                    let names = ActionEvent::ALL.map(|(name, _)| name);
                    let near = did_you_mean(&word, names);
                    format!(
                        "An event is one of {}, written without quotes.{near}",
                        names.join(", ")
                    )
                }
            };
            self.error(&rules::resource::INVALID_ACTION_EVENT, problem, item.span);
        }
        found
    }
}
