//! `provider_meta` blocks: constants that a module tells a provider beside each of its resources.

use super::Session;
use crate::config::ProviderMeta;
use crate::load::decl::ProviderMetaDecl;
use crate::load::providers::provider_addr;
use crate::rules;
use crate::suggest::did_you_mean;
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::schema::Block;
use terrane_value::Value;
use terrane_value::convert::convert;

impl Session<'_> {
    pub(super) fn provider_metas(&mut self, at: usize) -> Vec<ProviderMeta> {
        let module = self.decl(at);
        let mut found = Vec::new();
        for decl in &module.provider_metas {
            let provider = provider_addr(&module, &decl.name);
            // A provider that nothing needs has no schema here, and is told nothing.
            let schema = self
                .schemas
                .get(&provider)
                .and_then(|known| known.provider_meta.as_ref())
                .map(|schema| schema.block.clone());
            let value = schema.map(|block| self.meta_value(decl, &block));
            found.push(ProviderMeta {
                provider,
                value,
                span: decl.span,
            });
        }
        found
    }

    fn meta_value(&mut self, decl: &ProviderMetaDecl, block: &Block) -> Value {
        let mut problems = Vec::new();
        for (name, ..) in &decl.arguments {
            if !block.attributes.contains_key(&name.name) {
                let known = block.attributes.keys().map(EcoString::as_str);
                let hint = did_you_mean(&name.name, known);
                let detail = format!(
                    "An argument named \"{}\" is not expected here.{hint}",
                    name.name
                );
                problems.push(
                    Diagnostic::error(&rules::settings::UNSUPPORTED_META, detail).at(name.span),
                );
            }
        }
        let mut attributes: Vec<(EcoString, Value)> = Vec::new();
        for (name, attribute) in &block.attributes {
            let ty = attribute.value_type();
            let given = decl
                .arguments
                .iter()
                .find(|(given, ..)| given.name == *name);
            let value = match given {
                Some((_, value, span)) => match convert(value, &ty) {
                    Ok(value) => value,
                    Err(problem) => {
                        let detail =
                            format!("Inappropriate value for attribute \"{name}\": {problem}.");
                        problems.push(
                            Diagnostic::error(&rules::body::ATTRIBUTE_TYPE, detail).at(*span),
                        );
                        Value::null(ty)
                    }
                },
                None => {
                    if attribute.required {
                        let detail = format!(
                            "The argument \"{name}\" is required, but no definition was found."
                        );
                        problems.push(
                            Diagnostic::error(&rules::settings::MISSING_META, detail).at(decl.span),
                        );
                    }
                    Value::null(ty)
                }
            };
            attributes.push((name.clone(), value));
        }
        self.diagnostics.extend(problems);
        let blocks = block
            .blocks
            .iter()
            .map(|(name, nested)| (name.clone(), nested.empty_value()));
        Value::object(attributes.into_iter().chain(blocks))
    }
}
