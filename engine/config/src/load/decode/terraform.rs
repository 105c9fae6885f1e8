//! The `terraform` and `language` blocks: what the module needs of engine and providers, where state is kept.

use super::{Decoder, constant_string, is_name, schema};
use crate::load::decl::{
    BackendDecl, ModuleDecl, ProviderMetaDecl, RequiredProvider, RequiredProviders,
};
use crate::rules;
use crate::version::{Constraint, Version};
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, ExprKind, StepKind};
use terrane_lang::syntax::body::Block;
use terrane_lang::syntax::static_expr;
use terrane_model::addr::ProviderAddr;

/// The version of the language that this engine speaks: the release of OpenTofu whose configurations it understands.
pub const LANGUAGE_VERSION: &str = "1.12.0";
/// The version of Terraform that behaviour is compared with.
const PEER_VERSION: &str = "1.11.4";

const BAD_CONSTRAINT: &str = "This string does not use correct version constraint syntax.";

impl Decoder<'_> {
    pub(super) fn terraform(&mut self, block: &Block, module: &mut ModuleDecl) {
        let content = self.content(
            &block.body,
            &schema(
                &["required_version", "experiments", "language"],
                &[
                    ("backend", &["type"]),
                    ("cloud", &[]),
                    ("required_providers", &[]),
                    ("provider_meta", &["provider"]),
                    ("encryption", &[]),
                ],
            ),
        );
        if let Some(attribute) = content.attribute("required_version") {
            self.required_version(&attribute.expr, module);
        }
        for inner in &content.blocks {
            match inner.kind.name.as_str() {
                "backend" | "cloud" => self.backend(inner, module),
                "required_providers" => self.required_providers(inner, module),
                "provider_meta" => self.provider_meta(inner, module),
                "encryption" => module.encryption.push(inner.clone()),
                _ => {}
            }
        }
    }

    /// Only a file with this language's own extension constrains this engine: in a `.tf` file the constraint is meant for another one.
    fn required_version(&mut self, expr: &Expr, module: &mut ModuleDecl) {
        let Some(Some(text)) = self.take(constant_string(self.sources, expr)) else {
            return;
        };
        let Some(constraint) = Constraint::parse(&text) else {
            self.error(
                &rules::settings::INVALID_VERSION_CONSTRAINT,
                BAD_CONSTRAINT,
                expr.span,
            );
            return;
        };
        if self.own_extension {
            self.must_allow(&constraint, expr.span, module);
            return;
        }
        let allows = |version: &str| {
            Version::parse(version).is_some_and(|version| constraint.allows(&version))
        };
        if !allows(LANGUAGE_VERSION) && !allows(PEER_VERSION) {
            self.warning(
                &rules::settings::VERSION_NOT_ENFORCED,
                format!("In a .tf file, required_version is about another program, so this constraint stops nothing here. It allows neither version {LANGUAGE_VERSION} of OpenTofu, whose language is read, nor version {PEER_VERSION} of Terraform: what was written for other versions may mean something else. A constraint in a .tofu file is held against {LANGUAGE_VERSION}."),
                expr.span,
            );
        }
    }

    fn must_allow(&mut self, constraint: &Constraint, span: Span, module: &mut ModuleDecl) {
        let version = Version::parse(LANGUAGE_VERSION);
        if version.is_some_and(|version| !constraint.allows(&version)) {
            module.incompatible = true;
            self.error(
                &rules::settings::INCOMPATIBLE_MODULE,
                format!("This module is not compatible with version {LANGUAGE_VERSION} of the language. To proceed, either choose another supported version or update this version constraint. Version constraints are normally set for good reason, so updating the constraint may lead to other errors or unexpected behavior."),
                span,
            );
        }
    }

    pub(super) fn language(&mut self, block: &Block, module: &mut ModuleDecl) {
        if self.overriding {
            self.error(
                &rules::settings::OVERRIDE_LANGUAGE,
                "Language blocks may appear only in the main configuration files of a module, not in override files.",
                block.header,
            );
            return;
        }
        let content = self.content(
            &block.body,
            &schema(&["edition", "experiments"], &[("compatible_with", &[])]),
        );
        if let Some(attribute) = content.attribute("edition") {
            let word = super::keyword(&attribute.expr, self.is_json(attribute.span));
            if word.as_deref() != Some("tofu2024") {
                self.error(
                    &rules::settings::UNSUPPORTED_EDITION,
                    "The only supported language edition is the keyword tofu2024.",
                    attribute.expr.span,
                );
            }
        }
        if let Some(attribute) = content.attribute("experiments") {
            match static_expr::as_list(&attribute.expr) {
                Some([]) => {}
                Some([first, ..]) => {
                    let name = super::keyword(first, true).unwrap_or_default();
                    self.error(
                        &rules::settings::UNKNOWN_EXPERIMENT,
                        format!("There is no experiment named \"{name}\" in this version."),
                        first.span,
                    );
                }
                None => self.error(
                    &rules::declaration::STATIC_LIST_REQUIRED,
                    "A static list expression is required.",
                    attribute.expr.span,
                ),
            }
        }
        for inner in content.blocks_of("compatible_with") {
            let (content, _) = self.partial(&inner.body, &schema(&["opentofu"], &[]));
            let Some(attribute) = content.attribute("opentofu") else {
                continue;
            };
            let Some(Some(text)) = self.take(constant_string(self.sources, &attribute.expr)) else {
                continue;
            };
            match Constraint::parse(&text) {
                None => self.error(
                    &rules::settings::INVALID_VERSION_CONSTRAINT,
                    BAD_CONSTRAINT,
                    attribute.expr.span,
                ),
                Some(constraint) if constraint.names_prerelease() => self.error(
                    &rules::settings::PRERELEASE_CONSTRAINT,
                    "A compatibility constraint must not name a pre-release version.",
                    attribute.expr.span,
                ),
                Some(constraint) => self.must_allow(&constraint, attribute.expr.span, module),
            }
        }
    }

    fn backend(&mut self, block: &Block, module: &mut ModuleDecl) {
        let cloud = block.kind.name == "cloud";
        let decl = BackendDecl {
            type_name: block
                .labels
                .first()
                .map_or_else(|| "cloud".into(), |label| label.text.clone()),
            body: block.body.clone(),
            span: block.header,
            cloud,
        };
        if let Some(earlier) = &module.backend
            && !self.overriding
        {
            let place = self.sources.locate(earlier.span);
            let (summary, detail) = match (earlier.cloud, cloud) {
                (false, false) => (
                    &rules::settings::DUPLICATE_BACKEND,
                    format!(
                        "A module may have only one backend configuration. The backend was previously configured at {place}."
                    ),
                ),
                (true, true) => (
                    &rules::settings::DUPLICATE_CLOUD,
                    format!(
                        "A module may have only one \"cloud\" block configuring a cloud backend. A cloud backend was previously configured at {place}."
                    ),
                ),
                _ => (
                    &rules::settings::BACKEND_AND_CLOUD,
                    format!(
                        "A module may declare either one \"cloud\" block or one \"backend\" block, not both. The other one is configured at {place}."
                    ),
                ),
            };
            self.diagnostics.push(
                Diagnostic::error(summary, detail)
                    .at(block.header)
                    .related(earlier.span, "the first one"),
            );
            return;
        }
        module.backend = Some(decl);
    }

    fn provider_meta(&mut self, block: &Block, module: &mut ModuleDecl) {
        let Some(label) = block.labels.first() else {
            return;
        };
        let earlier = module
            .provider_metas
            .iter()
            .find(|meta| meta.name == label.text);
        if let Some(earlier) = earlier
            && !self.overriding
        {
            let detail = format!(
                "A provider_meta block for provider \"{}\" was already declared at {}. Providers may only have one provider_meta block per module.",
                label.text,
                self.sources.locate(earlier.span)
            );
            self.error(
                &rules::settings::DUPLICATE_PROVIDER_META,
                detail,
                block.header,
            );
            return;
        }
        let (attributes, diagnostics) = block.body.just_attributes();
        self.diagnostics.extend(diagnostics);
        let mut arguments = Vec::new();
        for attribute in attributes {
            if let Some(value) = self.take(super::constant(self.sources, &attribute.expr)) {
                arguments.push((attribute.name, value, attribute.expr.span));
            }
        }
        let decl = ProviderMetaDecl {
            name: label.text.clone(),
            arguments,
            span: block.header,
        };
        match module
            .provider_metas
            .iter_mut()
            .find(|meta| meta.name == label.text)
        {
            Some(overridden) => *overridden = decl,
            None => module.provider_metas.push(decl),
        }
    }

    pub(super) fn misplaced_requirements(&mut self, block: &Block) {
        self.error(
            &rules::settings::MISPLACED_REQUIRED_PROVIDERS,
            "A \"required_providers\" block must be nested inside a \"terraform\" block.",
            block.header,
        );
    }

    fn required_providers(&mut self, block: &Block, module: &mut ModuleDecl) {
        if let Some(earlier) = module.required_providers.span
            && !self.overriding
        {
            let detail = format!(
                "A module may have only one required providers configuration. The required providers were previously configured at {}.",
                self.sources.locate(earlier)
            );
            self.diagnostics.push(
                Diagnostic::error(&rules::settings::DUPLICATE_REQUIRED_PROVIDERS, detail)
                    .at(block.header)
                    .related(earlier, "the first one"),
            );
            return;
        }
        let (attributes, diagnostics) = block.body.just_attributes();
        self.diagnostics.extend(diagnostics);
        let mut found = RequiredProviders {
            span: Some(block.header),
            ..RequiredProviders::default()
        };
        for attribute in &attributes {
            let name = &attribute.name.name;
            if !is_name(name) || name.chars().any(char::is_uppercase) {
                self.error(
                    &rules::provider::INVALID_LOCAL_NAME,
                    "Provider names must be normalized. Only lowercase letters, digits and dashes are allowed.",
                    attribute.name.span,
                );
                continue;
            }
            if let Some(entry) = self.required_provider(name, &attribute.expr) {
                found.entries.insert(
                    name.clone(),
                    RequiredProvider {
                        span: attribute.name.span.to(attribute.expr.span),
                        ..entry
                    },
                );
            }
        }
        if self.overriding {
            module.required_providers.entries.extend(found.entries);
            module.required_providers.span.get_or_insert(block.header);
        } else {
            module.required_providers = found;
        }
    }

    fn required_provider(&mut self, name: &EcoString, expr: &Expr) -> Option<RequiredProvider> {
        let mut entry = RequiredProvider {
            addr: implied_provider(name),
            constraint: None,
            aliases: Vec::new(),
            span: expr.span,
        };
        if let ExprKind::Object(items) = &expr.kind {
            for item in items {
                let key = static_expr::literal_key(item).map(EcoString::as_str);
                match key {
                    Some("version") => entry.constraint = self.constraint(&item.value),
                    Some("source") => {
                        let value = self.take(super::constant(self.sources, &item.value))?;
                        let Some(text) = value.as_str().map(EcoString::from) else {
                            self.error(
                                &rules::settings::INVALID_SOURCE,
                                "Source must be specified as a string.",
                                item.value.span,
                            );
                            return None;
                        };
                        entry.addr = self.provider_source(&text, item.value.span)?;
                    }
                    Some("configuration_aliases") => {
                        entry.aliases = self.configuration_aliases(name, &item.value);
                    }
                    _ => self.error(
                        &rules::settings::UNKNOWN_REQUIREMENT,
                        "required_providers objects can only contain \"version\", \"source\" and \"configuration_aliases\" attributes. To configure a provider, use a \"provider\" block.",
                        item.key.span,
                    ),
                }
            }
            return Some(entry);
        }
        let value = self.take(super::constant(self.sources, expr))?;
        if value.as_str().is_none() {
            self.error(
                &rules::settings::INVALID_REQUIREMENT,
                "required_providers entries must be strings or objects.",
                expr.span,
            );
            return None;
        }
        entry.constraint = self.constraint(expr);
        Some(entry)
    }

    fn constraint(&mut self, expr: &Expr) -> Option<(EcoString, Span)> {
        let text = self.take(super::required_string(self.sources, expr))?;
        if Constraint::parse(&text).is_none() {
            self.error(
                &rules::settings::INVALID_VERSION_CONSTRAINT,
                BAD_CONSTRAINT,
                expr.span,
            );
            return None;
        }
        Some((text, expr.span))
    }

    fn provider_source(&mut self, text: &str, span: Span) -> Option<ProviderAddr> {
        if text.split('/').count() > 3 || text.is_empty() {
            self.error(
                &rules::settings::PROVIDER_SOURCE_PARTS,
                "The \"source\" attribute must be in the format \"[hostname/][namespace/]name\"",
                span,
            );
            return None;
        }
        let found = if text == "terraform" {
            Ok(ProviderAddr::default_host("hashicorp", "terraform"))
        } else {
            text.parse::<ProviderAddr>()
        };
        match found {
            Ok(addr) => Some(addr),
            Err(error) => {
                let detail = format!("Invalid provider source \"{text}\": {}.", error.problem);
                self.error(&rules::settings::INVALID_PROVIDER_SOURCE, detail, span);
                None
            }
        }
    }

    fn configuration_aliases(&mut self, local: &str, expr: &Expr) -> Vec<(EcoString, Span)> {
        let Some(items) = static_expr::as_list(expr) else {
            self.error(
                &rules::settings::INVALID_CONFIGURATION_ALIASES,
                "A list of provider configuration references is required, like [name.alias].",
                expr.span,
            );
            return Vec::new();
        };
        let mut aliases = Vec::new();
        for item in items {
            let Some(found) = self.reference(item, false) else {
                continue;
            };
            let alias = match found.steps.as_slice() {
                [step] => match &step.kind {
                    StepKind::Attr(alias) => Some(alias.clone()),
                    _ => None,
                },
                _ => None,
            };
            match alias {
                Some(alias) if found.root.name == local => aliases.push((alias, item.span)),
                Some(_) => self.error(
                    &rules::settings::FOREIGN_CONFIGURATION_ALIAS,
                    format!("Configuration aliases must be prefixed with the provider local name \"{local}\"."),
                    item.span,
                ),
                None => self.error(
                    &rules::settings::MALFORMED_CONFIGURATION_ALIAS,
                    "A configuration alias has the form name.alias.",
                    item.span,
                ),
            }
        }
        aliases
    }
}

/// The provider that a local name stands for where nothing else is said.
pub(crate) fn implied_provider(local: &str) -> ProviderAddr {
    if local == "terraform" {
        ProviderAddr::builtin()
    } else {
        ProviderAddr::default_host("hashicorp", local.to_lowercase())
    }
}
