//! `provisioner` blocks.

use super::{Decoder, schema};
use crate::load::decl::ProvisionerDecl;
use crate::rules;
use ecow::EcoString;
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::body::Block;
use terrane_lang::syntax::static_expr;

impl Decoder<'_> {
    /// `removed`: whether the block stands in a `removed` block, where only destroy-time provisioners make sense.
    pub(super) fn provisioner(&mut self, block: &Block, removed: bool) -> Option<ProvisionerDecl> {
        let label = block.labels.first()?;
        let (content, rest) = self.partial(
            &block.body,
            &schema(
                &["when", "on_failure"],
                &[("connection", &[]), ("lifecycle", &[]), ("_", &[])],
            ),
        );
        let json = self.is_json(block.header);
        match label.text.as_str() {
            "chef" | "habitat" | "puppet" | "salt-masterless" => {
                let detail = format!(
                    "The \"{}\" provisioner was removed. Use another provisioner, or build images that need none.",
                    label.text
                );
                self.error(
                    rules::resource::REMOVED_PROVISIONER.named(format!(
                        "The \"{}\" provisioner has been removed",
                        label.text
                    )),
                    detail,
                    block.header,
                );
                return None;
            }
            _ => {}
        }
        let mut found = ProvisionerDecl {
            type_name: label.text.clone(),
            type_span: label.span,
            span: block.header,
            on_destroy: false,
            continue_on_failure: false,
            body: rest,
            escape: self.escape(&content, "provisioner"),
            connection: None,
        };
        if let Some(attribute) = content.attribute("when") {
            match self.quoted_keyword(&attribute.expr, json).as_deref() {
                Some("create") => {}
                Some("destroy") => found.on_destroy = true,
                _ => self.error(
                    &rules::resource::INVALID_WHEN,
                    "The \"when\" argument requires one of the following keywords: create or destroy.",
                    attribute.expr.span,
                ),
            }
        }
        if removed && !found.on_destroy {
            self.error(
                &rules::resource::CREATE_PROVISIONER_IN_REMOVED,
                "Only destroy-time provisioners are allowed in \"removed\" blocks. To declare a destroy-time provisioner, set `when = destroy`.",
                block.header,
            );
        }
        if let Some(attribute) = content.attribute("on_failure") {
            match self.quoted_keyword(&attribute.expr, json).as_deref() {
                Some("continue") => found.continue_on_failure = true,
                Some("fail") => {}
                _ => self.error(
                    &rules::resource::INVALID_ON_FAILURE,
                    "The \"on_failure\" argument requires one of the following keywords: continue or fail.",
                    attribute.expr.span,
                ),
            }
        }
        for inner in content.blocks_of("lifecycle") {
            self.reserved_block("lifecycle", "provisioner", inner.header);
        }
        let connection = self.single(&content, "connection", |place| {
            (
                &rules::resource::DUPLICATE_CONNECTION,
                format!("This provisioner already has a connection block at {place}."),
            )
        });
        found.connection = connection.map(|inner| (inner.body.clone(), inner.header));
        Some(found)
    }

    /// A bare word. In quotes, as it was written once, it is accepted with a warning.
    fn quoted_keyword(&mut self, expr: &Expr, json: bool) -> Option<EcoString> {
        if !json && static_expr::literal_string(expr).is_some() {
            self.warning(
                &rules::resource::QUOTED_KEYWORD,
                "In this context, keywords are expected literally rather than in quotes. Remove the quotes surrounding this keyword to silence this warning.",
                expr.span,
            );
        }
        super::keyword(expr, true)
    }
}
