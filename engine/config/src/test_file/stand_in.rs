//! What stands in for providers, objects and modules.

use super::decode::{OVERRIDES, decoder};
use super::{During, Mock, MockDefaults, Override, OverrideKind, TestProvider};
use crate::config::Endpoint;
use crate::load::decl::ProviderDecl;
use crate::load::decode::refactor::endpoint_text;
use crate::load::decode::{BAD_NAME, Decoder, constant, is_name, required_string, schema};
use crate::load::files::parse_file;
use crate::rules;
use ecow::EcoString;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::body::{Attribute, Block, Body, Content, NativeBody};
use terrane_model::addr::Mode;
use terrane_value::{Kind, Value};

const MOCKED: [&str; 2] = ["mock_resource", "mock_data"];

/// A body with nothing in it.
pub(super) fn empty_body(span: Span) -> Body {
    Body::Native(Arc::new(NativeBody {
        attributes: Vec::new(),
        blocks: Vec::new(),
        span,
        missing: span,
        incomplete: false,
    }))
}

fn mock_blocks() -> Vec<(&'static str, &'static [&'static str])> {
    let mut blocks: Vec<(&'static str, &'static [&'static str])> = Vec::new();
    blocks.extend(MOCKED.map(|kind| (kind, &["type"][..])));
    blocks.extend(OVERRIDES.map(|kind| (kind, &[][..])));
    blocks
}

pub(super) fn mock_file(
    sources: &mut SourceMap,
    path: &str,
    content: &[u8],
    mock: &mut Mock,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let is_json = path.ends_with(".json");
    let Some(body) = parse_file(sources, path.to_owned(), content, is_json, &mut diagnostics)
    else {
        return diagnostics;
    };
    let mut decoder = decoder(sources, false);
    let content = decoder.content(&body, &schema(&[], &mock_blocks()));
    let mut found = Mock::default();
    decoder.mock_content(&content, &mut found);
    diagnostics.extend(decoder.diagnostics);
    // The test file's own blocks win, whichever come first.
    let known = |defaults: &MockDefaults| {
        mock.defaults
            .iter()
            .any(|own| own.mode == defaults.mode && own.type_name == defaults.type_name)
    };
    let more: Vec<_> = found
        .defaults
        .into_iter()
        .filter(|defaults| !known(defaults))
        .collect();
    mock.defaults.extend(more);
    let known = |other: &Override| mock.overrides.iter().any(|own| own.target == other.target);
    let more: Vec<_> = found
        .overrides
        .into_iter()
        .filter(|other| !known(other))
        .collect();
    mock.overrides.extend(more);
    diagnostics
}

impl Decoder<'_> {
    pub(super) fn mock_provider(&mut self, block: &Block) -> Option<TestProvider> {
        let label = block.labels.first()?;
        let name = label.text.clone();
        if !is_name(&name) || name.chars().any(char::is_uppercase) {
            self.error(
                &rules::test_file::MOCK_NAME,
                format!(
                    "Provider names must be normalized. Replace \"{name}\" with \"{}\" to fix this error.",
                    name.to_lowercase()
                ),
                label.span,
            );
        }
        let content = self.content(
            &block.body,
            &schema(
                &["alias", "for_each", "source", "override_during"],
                &mock_blocks(),
            ),
        );
        let mut mock = Mock {
            source: content.attribute("source").and_then(|attribute| {
                let source = required_string(self.sources, &attribute.expr);
                Some((self.take(source)?, attribute.expr.span))
            }),
            during: self.during(&content),
            ..Mock::default()
        };
        self.mock_content(&content, &mut mock);
        let alias = content.attribute("alias").and_then(|attribute| {
            let alias = required_string(self.sources, &attribute.expr);
            let alias = self.take(alias)?;
            if !is_name(&alias) {
                self.error(
                    &rules::test_file::MOCK_ALIAS,
                    format!("An alias must be a valid name. {BAD_NAME}"),
                    attribute.expr.span,
                );
            }
            Some((alias, attribute.expr.span))
        });
        let for_each = content
            .attribute("for_each")
            .map(|attribute| attribute.expr.clone());
        if for_each.is_some() && alias.is_none() {
            self.error(
                &rules::test_file::FOR_EACH_ALIAS,
                "A provider configuration with \"for_each\" must also set \"alias\", through which its instances are referred to.",
                block.header,
            );
        }
        Some(TestProvider {
            name: name.clone(),
            alias: alias.as_ref().map(|(alias, _)| alias.clone()),
            span: block.header,
            mock: Some(mock),
            decl: ProviderDecl {
                name,
                alias,
                version: None,
                for_each,
                body: empty_body(block.header),
                escape: None,
                span: block.header,
                outside: None,
            },
        })
    }

    fn mock_content(&mut self, content: &Content, mock: &mut Mock) {
        for kind in MOCKED {
            let mode = if kind == "mock_data" {
                Mode::Data
            } else {
                Mode::Managed
            };
            for block in content.blocks_of(kind) {
                if let Some(defaults) = self.mock_defaults(block, mode) {
                    self.add_defaults(defaults, kind, mock);
                }
            }
        }
        mock.overrides.extend(self.overrides(content));
    }

    fn mock_defaults(&mut self, block: &Block, mode: Mode) -> Option<MockDefaults> {
        let label = block.labels.first()?;
        let content = self.content(&block.body, &schema(&["defaults", "override_during"], &[]));
        let values = match content.attribute("defaults") {
            Some(attribute) => self.object(attribute, "defaults", &block.kind.name)?,
            None => Value::object::<EcoString>([]),
        };
        Some(MockDefaults {
            mode,
            type_name: label.text.clone(),
            values,
            during: self.during(&content),
            span: block.header,
        })
    }

    fn add_defaults(&mut self, defaults: MockDefaults, kind: &str, mock: &mut Mock) {
        let same = |other: &&MockDefaults| {
            other.mode == defaults.mode && other.type_name == defaults.type_name
        };
        if let Some(earlier) = mock.defaults.iter().find(same) {
            let detail = format!(
                "A {kind} block for {} has already been defined at {}.",
                defaults.type_name,
                self.sources.locate(earlier.span)
            );
            self.diagnostics.push(
                Diagnostic::error(
                    rules::test_file::DUPLICATE_MOCK.named(format!("Duplicate {kind} block")),
                    detail,
                )
                .at(defaults.span)
                .related(earlier.span, "the first one"),
            );
            return;
        }
        mock.defaults.push(defaults);
    }

    /// The `override_…` blocks of a file, a run or a mock provider.
    pub(super) fn overrides(&mut self, content: &Content) -> Vec<Override> {
        let mut found: Vec<Override> = Vec::new();
        for block in &content.blocks {
            let kind = match block.kind.name.as_str() {
                "override_resource" => OverrideKind::Resource,
                "override_data" => OverrideKind::Data,
                "override_module" => OverrideKind::Module,
                _ => continue,
            };
            let Some(new) = self.override_block(block, kind) else {
                continue;
            };
            if let Some(earlier) = found.iter().find(|other| other.target == new.target) {
                let name = &block.kind.name;
                let article = if name.starts_with('o') { "An" } else { "A" };
                let detail = format!(
                    "{article} {name} block targeting {} has already been defined at {}.",
                    endpoint_text(&new.target),
                    self.sources.locate(earlier.span)
                );
                self.diagnostics.push(
                    Diagnostic::error(
                        rules::test_file::DUPLICATE_OVERRIDE
                            .named(format!("Duplicate {name} block")),
                        detail,
                    )
                    .at(new.span)
                    .related(earlier.span, "the first one"),
                );
                continue;
            }
            found.push(new);
        }
        found
    }

    fn override_block(&mut self, block: &Block, kind: OverrideKind) -> Option<Override> {
        let name = block.kind.name.as_str();
        let argument = match kind {
            OverrideKind::Module => "outputs",
            OverrideKind::Resource | OverrideKind::Data => "values",
        };
        let content = self.content(
            &block.body,
            &schema(&["target", argument, "override_during"], &[]),
        );
        let during = self.during(&content);
        let values = match content.attribute(argument) {
            Some(attribute) => self.object(attribute, argument, name),
            None => Some(Value::object::<EcoString>([])),
        };
        let Some(attribute) = content.attribute("target") else {
            self.error(
                &rules::test_file::MISSING_TARGET,
                format!("{name} blocks must specify a target address."),
                block.header,
            );
            return None;
        };
        let target = self.endpoint(&attribute.expr)?;
        self.check_target(kind, &target, name, attribute)?;
        Some(Override {
            kind,
            target,
            values: values?,
            during,
            span: block.header,
            target_span: attribute.expr.span,
        })
    }

    fn check_target(
        &mut self,
        kind: OverrideKind,
        target: &Endpoint,
        name: &str,
        attribute: &Attribute,
    ) -> Option<()> {
        let mode = target.resource.as_ref().map(|resource| resource.mode);
        let (fits, what) = match kind {
            OverrideKind::Resource => (
                matches!(mode, Some(Mode::Managed | Mode::Ephemeral)),
                "resources",
            ),
            OverrideKind::Data => (mode == Some(Mode::Data), "data sources"),
            OverrideKind::Module => (mode.is_none(), "modules"),
        };
        if fits {
            return Some(());
        }
        let detail = format!(
            "You can only target {what} from {name} blocks, not {}.",
            endpoint_text(target)
        );
        self.error(
            &rules::test_file::OVERRIDE_TARGET,
            detail,
            attribute.expr.span,
        );
        None
    }

    /// A constant object.
    fn object(&mut self, attribute: &Attribute, argument: &str, block: &str) -> Option<Value> {
        let value = constant(self.sources, &attribute.expr);
        let value = self.take(value)?;
        if matches!(value.kind(), Kind::Object(_)) {
            return Some(value);
        }
        let article = if argument.starts_with('o') { "an" } else { "a" };
        self.error(
            rules::test_file::OVERRIDE_VALUES.named(format!("Invalid {argument} attribute")),
            format!(
                "{block} blocks must specify {article} {argument} attribute that is an object."
            ),
            attribute.expr.span,
        );
        None
    }

    fn during(&mut self, content: &Content) -> Option<During> {
        let attribute = content.attribute("override_during")?;
        match self.word(&attribute.expr).as_deref() {
            Some("plan") => Some(During::Plan),
            Some("apply") => Some(During::Apply),
            _ => {
                self.error(
                    &rules::test_file::OVERRIDE_DURING,
                    "The override_during attribute must be a value of plan or apply.",
                    attribute.expr.span,
                );
                None
            }
        }
    }
}
