//! Query files: `list` blocks, and what they may be given values with.

use super::{BAD_NAME, Decoder, is_name, schema};
use crate::load::decl::{ListDecl, ModuleDecl};
use crate::rules;
use ecow::EcoString;
use terrane_lang::syntax::body::{Block, Body, BodySchema};

impl Decoder<'_> {
    /// Decodes a query file into the module that it lies beside.
    pub(crate) fn query_file(&mut self, body: &Body, module: &mut ModuleDecl) {
        let blocks: [(&str, &[&'static str]); 4] = [
            ("list", &["type", "name"]),
            ("variable", &["name"]),
            ("locals", &[]),
            ("provider", &["name"]),
        ];
        let content = self.content(body, &schema(&[], &blocks));
        for block in &content.blocks {
            match block.kind.name.as_str() {
                "list" => self.list(block, module),
                "variable" => self.variable(block, module),
                "locals" => self.locals(block, module),
                "provider" => self.provider(block, module),
                _ => {}
            }
        }
    }

    fn list(&mut self, block: &Block, module: &mut ModuleDecl) {
        let [type_label, name_label] = block.labels.as_slice() else {
            return;
        };
        let optional = ["count", "for_each", "include_resource", "limit"];
        let content = self.content(
            &block.body,
            &BodySchema {
                attributes: std::iter::once((EcoString::from("provider"), true))
                    .chain(optional.map(|name| (name.into(), false)))
                    .collect(),
                blocks: vec![("config".into(), Vec::new())],
            },
        );
        if !is_name(&type_label.text) {
            let headline = rules::resource::INVALID_TYPE_NAME.named("Invalid list type name");
            self.error(headline, BAD_NAME, type_label.span);
        }
        if !is_name(&name_label.text) {
            let headline = rules::resource::INVALID_RESOURCE_NAME.named("Invalid list name");
            self.error(headline, BAD_NAME, name_label.span);
        }
        let config = self.single(&content, "config", |place| {
            (
                &rules::resource::DUPLICATE_LIST_CONFIG,
                format!("This list already has a config block at {place}."),
            )
        });
        let config = config.map(|inner| (inner.body.clone(), inner.header));
        let argument = |name: &str| {
            content
                .attribute(name)
                .map(|attribute| attribute.expr.clone())
        };
        let decl = ListDecl {
            type_name: type_label.text.clone(),
            type_span: type_label.span,
            name: name_label.text.clone(),
            span: block.header,
            repetition: self.repetition(&content, "listings"),
            provider: argument("provider").and_then(|expr| self.provider_ref(&expr)),
            include_resource: argument("include_resource"),
            limit: argument("limit"),
            config,
        };
        let same = |known: &&ListDecl| known.type_name == decl.type_name && known.name == decl.name;
        if let Some(earlier) = module.lists.iter().find(same).map(|known| known.span) {
            let detail = format!(
                "A {} list named \"{}\" was already declared at {}. The names of lists must be unique per type.",
                decl.type_name,
                decl.name,
                self.sources.locate(earlier)
            );
            return self.duplicate(&rules::resource::DUPLICATE_LIST, detail, decl.span, earlier);
        }
        module.lists.push(decl);
    }
}
