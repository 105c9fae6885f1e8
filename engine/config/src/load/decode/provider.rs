//! `provider` blocks and `module` calls.

use super::named::replace;
use super::resource::merge;
use super::{BAD_NAME, Decoder, is_name, schema};
use crate::load::decl::{CallDecl, ModuleDecl, PassedProvider, ProviderDecl, ProviderRef};
use crate::rules;
use crate::suggest::did_you_mean;
use crate::version::Constraint;
use ecow::EcoString;
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::body::Block;
use terrane_lang::syntax::static_expr;

/// Arguments of every `provider` block.
pub(crate) const PROVIDER_ARGUMENTS: [&str; 6] = [
    "alias",
    "version",
    "for_each",
    "count",
    "depends_on",
    "source",
];
/// Blocks of every `provider` block.
pub(crate) const PROVIDER_BLOCKS: [(&str, &[&str]); 3] =
    [("_", &[]), ("lifecycle", &[]), ("locals", &[])];

/// Arguments of every `module` block.
pub(crate) const CALL_ARGUMENTS: [&str; 6] = [
    "source",
    "version",
    "count",
    "for_each",
    "depends_on",
    "providers",
];
/// Blocks of every `module` block.
pub(crate) const CALL_BLOCKS: [(&str, &[&str]); 4] = [
    ("_", &[]),
    ("lifecycle", &[]),
    ("locals", &[]),
    ("provider", &["type"]),
];

impl Decoder<'_> {
    pub(crate) fn provider(&mut self, block: &Block, module: &mut ModuleDecl) {
        let Some(label) = block.labels.first() else {
            return;
        };
        let (content, rest) =
            self.partial(&block.body, &schema(&PROVIDER_ARGUMENTS, &PROVIDER_BLOCKS));
        let name = label.text.clone();
        if !is_name(&name) || name.chars().any(char::is_uppercase) {
            self.error(
                &rules::provider::INVALID_LOCAL_NAME,
                "Provider names must be normalized. Only lowercase letters, digits and dashes are allowed.",
                label.span,
            );
        }
        for reserved in ["count", "depends_on", "source"] {
            if let Some(attribute) = content.attribute(reserved) {
                self.error(
                    &rules::provider::RESERVED_ARGUMENT,
                    format!("The provider argument name \"{reserved}\" is reserved for use in a future version."),
                    attribute.name.span,
                );
            }
        }
        for inner in &content.blocks {
            if inner.kind.name != "_" {
                self.reserved_block(&inner.kind.name, "provider", inner.header);
            }
        }
        let decl = ProviderDecl {
            alias: content.attribute("alias").and_then(|attribute| {
                let alias = self.take(super::required_string(self.sources, &attribute.expr))?;
                if !is_name(&alias) {
                    self.error(
                        &rules::provider::INVALID_ALIAS,
                        format!("An alias must be a valid name. {BAD_NAME}"),
                        attribute.expr.span,
                    );
                }
                Some((alias, attribute.expr.span))
            }),
            version: content
                .attribute("version")
                .and_then(|attribute| self.provider_version(&attribute.expr)),
            for_each: content
                .attribute("for_each")
                .map(|attribute| attribute.expr.clone()),
            body: rest,
            escape: self.escape(&content, "provider"),
            span: block.header,
            name,
            outside: None,
        };
        if decl.for_each.is_some() && decl.alias.is_none() {
            self.error(
                &rules::provider::ALIAS_REQUIRED,
                "A provider configuration with \"for_each\" must also set \"alias\", through which its instances are referred to.",
                decl.span,
            );
        }
        self.add_provider(decl, module);
    }

    fn provider_version(&mut self, expr: &Expr) -> Option<(EcoString, terrane_lang::source::Span)> {
        self.warning(
            &rules::provider::VERSION_IN_PROVIDER_BLOCK,
            "Provider version constraints belong into the required_providers block. The \"version\" argument will be removed in a future version; move its value there to silence this warning.",
            expr.span,
        );
        let text = self.take(super::required_string(self.sources, expr))?;
        if Constraint::parse(&text).is_none() {
            self.error(
                &rules::settings::INVALID_VERSION_CONSTRAINT,
                "This string does not use correct version constraint syntax.",
                expr.span,
            );
            return None;
        }
        Some((text, expr.span))
    }

    fn add_provider(&mut self, decl: ProviderDecl, module: &mut ModuleDecl) {
        let alias = |decl: &ProviderDecl| decl.alias.as_ref().map(|(alias, _)| alias.clone());
        let earlier = module
            .providers
            .iter_mut()
            .find(|other| other.name == decl.name && alias(other) == alias(&decl));
        match earlier {
            Some(target) if self.overriding => {
                let ProviderDecl {
                    name: _,
                    alias: _,
                    version,
                    for_each,
                    body,
                    escape,
                    span: _,
                    outside: _,
                } = decl;
                replace(&mut target.version, version);
                replace(&mut target.for_each, for_each);
                replace(&mut target.escape, escape);
                target.body = merge(target.body.clone(), body);
            }
            Some(earlier) => {
                let earlier = earlier.span;
                let place = self.sources.locate(earlier);
                let detail = match &decl.alias {
                    None => format!(
                        "A default (non-aliased) provider configuration for \"{}\" was already given at {place}. If multiple configurations are required, set the \"alias\" argument for alternative configurations.",
                        decl.name
                    ),
                    Some((alias, _)) => format!(
                        "A provider configuration for \"{}\" with alias \"{alias}\" was already given at {place}. Each configuration for the same provider must have a distinct alias.",
                        decl.name
                    ),
                };
                self.duplicate(
                    &rules::provider::DUPLICATE_CONFIGURATION,
                    detail,
                    decl.span,
                    earlier,
                );
            }
            // An absent default configuration stands for an empty one, which an override file may well fill.
            None if self.overriding && decl.alias.is_some() => {
                let detail = match &decl.alias {
                    None => format!(
                        "There is no {} provider configuration. An override file can only override a provider configuration that was already defined in a primary configuration file.",
                        decl.name
                    ),
                    Some((alias, _)) => format!(
                        "There is no {} provider configuration with the alias \"{alias}\". An override file can only override an aliased provider configuration that was already defined in a primary configuration file.",
                        decl.name
                    ),
                };
                self.error(&rules::files::MISSING_BASE_PROVIDER, detail, decl.span);
            }
            None => module.providers.push(decl),
        }
    }

    pub(super) fn call(&mut self, block: &Block, module: &mut ModuleDecl) {
        let Some(label) = block.labels.first() else {
            return;
        };
        let mut wanted = schema(&CALL_ARGUMENTS, &CALL_BLOCKS);
        for attribute in &mut wanted.attributes {
            attribute.1 = attribute.0 == "source" && !self.overriding;
        }
        let (content, rest) = self.partial(&block.body, &wanted);
        self.check_name("module instance", &label.text, label.span);
        let mut repetition = self.repetition(&content, "modules");
        let lifecycle = self
            .single(&content, "lifecycle", |place| {
                (
                    &rules::declaration::DUPLICATE_LIFECYCLE,
                    format!("This module call already has a lifecycle block at {place}."),
                )
            })
            .cloned();
        if let Some(inner) = lifecycle {
            let inner = self.content(&inner.body, &schema(&["enabled"], &[]));
            if let Some(attribute) = inner.attribute("enabled") {
                self.enabled(attribute, &mut repetition);
            }
        }
        for inner in &content.blocks {
            if matches!(inner.kind.name.as_str(), "locals" | "provider") {
                self.reserved_block(&inner.kind.name, "module", inner.header);
            }
        }
        let argument = |name: &str| {
            content
                .attribute(name)
                .map(|attribute| attribute.expr.clone())
        };
        let decl = CallDecl {
            name: label.text.clone(),
            span: block.header,
            source: argument("source"),
            version: argument("version"),
            repetition,
            depends_on: match content.attribute("depends_on") {
                Some(attribute) => {
                    self.forbid_overriding("depends_on", attribute.span);
                    self.references(&attribute.expr)
                }
                None => Vec::new(),
            },
            providers: content
                .attribute("providers")
                .map(|attribute| self.passed_providers(&attribute.expr)),
            body: rest,
            escape: self.escape(&content, "module"),
        };
        self.add_call(decl, module);
    }

    fn add_call(&mut self, decl: CallDecl, module: &mut ModuleDecl) {
        let earlier = module.index.calls.get(&decl.name).copied();
        let earlier = earlier.and_then(|at| module.calls.get_mut(at));
        match earlier {
            Some(target) if self.overriding => {
                let CallDecl {
                    name: _,
                    span: _,
                    source,
                    version,
                    repetition,
                    depends_on: _,
                    providers,
                    body,
                    escape,
                } = decl;
                if source.is_some() {
                    // A new source without a version must not keep the old version.
                    target.source = source;
                    target.version = version;
                } else {
                    replace(&mut target.version, version);
                }
                if repetition.count.is_some() || repetition.for_each.is_some() {
                    target.repetition = repetition;
                }
                replace(&mut target.providers, providers);
                replace(&mut target.escape, escape);
                target.body = merge(target.body.clone(), body);
            }
            Some(earlier) => {
                let earlier = earlier.span;
                let detail = format!(
                    "A module call named \"{}\" was already defined at {}. Module calls must have unique names within a module.",
                    decl.name,
                    self.sources.locate(earlier)
                );
                self.duplicate(
                    &rules::declaration::DUPLICATE_MODULE_CALL,
                    detail,
                    decl.span,
                    earlier,
                );
            }
            None if self.overriding => {
                let known = module.index.calls.keys();
                let near = did_you_mean(&decl.name, known.map(EcoString::as_str));
                let detail = format!(
                    "There is no module call named \"{}\".{near} An override file can only override a module call that was defined in a primary configuration file.",
                    decl.name
                );
                self.error(&rules::files::MISSING_BASE_MODULE_CALL, detail, decl.span);
            }
            None => {
                let index = &mut module.index.calls;
                index.insert(decl.name.clone(), module.calls.len());
                module.calls.push(decl);
            }
        }
    }

    pub(crate) fn passed_providers(&mut self, expr: &Expr) -> Vec<PassedProvider> {
        let Some(items) = static_expr::as_map(expr) else {
            self.error(
                &rules::provider::STATIC_MAP_REQUIRED,
                "A static map expression is required.",
                expr.span,
            );
            return Vec::new();
        };
        let mut passed: Vec<PassedProvider> = Vec::new();
        for item in items {
            // A key in quotes is as good as one without.
            let key = match &item.key.kind {
                ExprKind::String(text) => {
                    let (name, alias) = match text.split_once('.') {
                        Some((name, alias)) => (name, Some(EcoString::from(alias))),
                        None => (text.as_str(), None),
                    };
                    Some(ProviderRef {
                        name: name.into(),
                        alias,
                        key: None,
                        span: item.key.span,
                    })
                }
                _ => self.provider_ref(&item.key),
            };
            let value = self.provider_ref(&item.value);
            let (Some(child), Some(parent)) = (key, value) else {
                continue;
            };
            let same = |other: &&PassedProvider| {
                other.child.name == child.name && other.child.alias == child.alias
            };
            if let Some(earlier) = passed.iter().find(same) {
                let detail = format!(
                    "A provider configuration was already passed for {} at {}. Each child provider configuration can be assigned only once.",
                    written(&child),
                    self.sources.locate(earlier.child.span)
                );
                self.error(&rules::provider::DUPLICATE_PASSED, detail, child.span);
                continue;
            }
            passed.push(PassedProvider { child, parent });
        }
        passed
    }
}

/// `name` or `name.alias`.
pub(crate) fn written(provider: &ProviderRef) -> String {
    match &provider.alias {
        Some(alias) => format!("{}.{alias}", provider.name),
        None => provider.name.to_string(),
    }
}
