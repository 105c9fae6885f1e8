//! `list` blocks of query files.

use super::Session;
use super::bind::Place;
use crate::body::CompiledBody;
use crate::config::List;
use crate::load::decl::{ListDecl, ModuleDecl};
use crate::load::decode::provider::written;
use crate::load::providers::{list_provider, provider_addr, type_prefix};
use crate::rules;
use crate::suggest::did_you_mean;
use ecow::EcoString;
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::syntax::body::Body;
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::Schema;

impl Session<'_> {
    /// Those of the root module.
    pub(super) fn lists(&mut self) -> Vec<List> {
        if self.tree.modules.is_empty() {
            return Vec::new();
        }
        let root = self.decl(0);
        let names = root
            .lists
            .iter()
            .map(|decl| (decl.type_name.clone(), decl.name.clone()));
        self.tables[0].lists = names.zip(0u32..).collect();
        let lists = root.lists.iter();
        lists.map(|decl| self.list(&root, decl)).collect()
    }

    fn list(&mut self, module: &ModuleDecl, decl: &ListDecl) -> List {
        let addr = provider_addr(module, &list_provider(decl));
        let schema = self.list_schema(&addr, decl);
        let place = Self::place_of(&decl.repetition);
        let place = Place {
            list: true,
            ..place
        };
        let nothing = (Body::missing_at(decl.span), decl.span);
        let (body, span) = decl.config.as_ref().unwrap_or(&nothing);
        let body = match &schema {
            Some(schema) => self
                .compiler(0, place)
                .body(body, None, &schema.block, *span),
            None => CompiledBody::empty(Arc::default(), *span),
        };
        let mut expr = |expr: &_| self.compiler(0, place).expr(expr);
        let include_resource = decl.include_resource.as_ref().map(&mut expr);
        let limit = decl.limit.as_ref().map(&mut expr);
        let implied = |reference: &&_| {
            let reference: &crate::load::decl::ProviderRef = reference;
            reference.alias.is_none() && reference.name == type_prefix(&decl.type_name)
        };
        List {
            type_name: decl.type_name.clone(),
            name: decl.name.clone(),
            span: decl.span,
            repetition: self.repetition_in(
                0,
                &decl.repetition,
                Place {
                    list: true,
                    ..Place::default()
                },
            ),
            provider: self.used_provider(0, &addr, decl.provider.as_ref(), place, decl.span),
            provider_name: (decl.provider.as_ref())
                .filter(|reference| !implied(reference))
                .map(|reference| EcoString::from(written(reference))),
            body,
            include_resource,
            limit,
        }
    }

    fn list_schema(&mut self, addr: &ProviderAddr, decl: &ListDecl) -> Option<Arc<Schema>> {
        let schemas = self.provider_schema(addr, decl.span)?;
        let type_name = &decl.type_name;
        if let Some(schema) = schemas.list_resources.get(type_name) {
            return Some(schema.clone());
        }
        let mut detail = format!(
            "The provider {} can't list objects of the type \"{type_name}\".",
            addr.for_display()
        );
        let known = schemas.list_resources.keys().map(EcoString::as_str);
        detail.push_str(&did_you_mean(type_name, known));
        self.diagnostics.push(
            Diagnostic::error(&rules::resource::INVALID_LIST_RESOURCE, detail).at(decl.type_span),
        );
        None
    }
}
