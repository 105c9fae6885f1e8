//! Resources.

use super::bind::Place;
use super::{Session, index};
use crate::body::CompiledBody;
use crate::config::{ProviderUse, Resource};
use crate::load::decl::{ModuleDecl, ProviderRef, ResourceDecl};
use crate::load::providers::{local_name, provider_addr, resolve};
use crate::rules;
use std::sync::Arc;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::Schema;

impl Session<'_> {
    pub(super) fn resources(&mut self, at: usize) -> Vec<Resource> {
        let decl = self.decl(at);
        let mut found = Vec::new();
        for (own, resource) in decl.resources.iter().enumerate() {
            found.push(self.resource(at, &decl, index(own), resource));
        }
        found
    }

    fn resource(
        &mut self,
        at: usize,
        module: &ModuleDecl,
        own: u32,
        decl: &ResourceDecl,
    ) -> Resource {
        let known = self.tables[at].resource_infos[own as usize].schema.clone();
        let repetition = self.repetition(at, &decl.repetition, Some(own));
        let place = Place {
            own: Some(own),
            check: decl.within_check.map(index),
            ..Self::place_of(&decl.repetition)
        };
        let body = match &known {
            Some(schema) => self.compiler(at, place).body(
                &decl.body,
                decl.escape.as_ref(),
                &schema.block,
                decl.span,
            ),
            None => CompiledBody::empty(Arc::default(), decl.span),
        };
        let schema = known.unwrap_or_else(|| Arc::new(Schema::default()));
        Resource {
            mode: decl.mode,
            type_name: decl.type_name.clone(),
            name: decl.name.clone(),
            span: decl.span,
            repetition,
            provider: self.provider_use(at, module, decl),
            body,
            depends_on: self.depends_on(at, &decl.depends_on, Some(own)),
            lifecycle: self.lifecycle(at, decl, own, &schema),
            provisioners: self.provisioners(at, decl, place),
            within_check: decl.within_check.map(index),
            schema,
        }
    }

    fn provider_use(&mut self, at: usize, module: &ModuleDecl, decl: &ResourceDecl) -> ProviderUse {
        let addr = provider_addr(module, &local_name(decl));
        let place = Self::place_of(&decl.repetition);
        self.used_provider(at, &addr, decl.provider.as_ref(), place, decl.span)
    }

    /// The configuration that a `provider` argument means, or without one the module's own of that provider.
    pub(super) fn used_provider(
        &mut self,
        at: usize,
        addr: &ProviderAddr,
        reference: Option<&ProviderRef>,
        place: Place,
        header: Span,
    ) -> ProviderUse {
        let alias = reference.and_then(|provider| provider.alias.as_ref());
        let span = reference.map_or(header, |provider| provider.span);
        let resolved = resolve(self.tree, at, addr, alias);
        let provider = match &resolved {
            Some(resolved) => self.providers.id(&resolved.addr),
            // The loader reported that there is none.
            None => self.providers.default_of(addr),
        };
        let own_key = reference.and_then(|provider| provider.key.as_ref());
        let mut found = ProviderUse {
            provider,
            key: None,
            key_from: None,
            span,
        };
        if let Some(key) = own_key {
            found.key = Some(self.compiler(at, place).expr(key));
        } else if let Some((module, call, key)) = resolved.and_then(|resolved| resolved.key) {
            let repetition = self.tree.modules[module].decl.calls[call]
                .repetition
                .clone();
            let place = Self::place_of(&repetition);
            found.key = Some(self.compiler(module, place).expr(&key));
            found.key_from = Some((crate::config::ModuleId(index(module)), index(call)));
        }
        let multiple = self.providers.has_instances(provider);
        if multiple != found.key.is_some() {
            let (summary, detail) = if multiple {
                (
                    &rules::provider::PROVIDER_KEY_REQUIRED,
                    "This provider configuration has \"for_each\", so a reference to it must say which instance is meant, with an instance key in brackets behind the alias.",
                )
            } else {
                (
                    &rules::provider::UNEXPECTED_PROVIDER_KEY,
                    "This provider configuration has no \"for_each\", so a reference to it must not have an instance key.",
                )
            };
            self.diagnostics
                .push(Diagnostic::error(summary, detail).at(span));
        }
        found
    }
}
