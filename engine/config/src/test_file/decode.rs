//! Test files and their runs.

use super::{Checkable, Command, Run, RunModule, RunOptions, TestFile, TestProvider, TestVariable};
use crate::load::decl::{ModuleDecl, Traversal};
use crate::load::decode::{BAD_NAME, Decoder, is_name, keyword, required_string, schema};
use crate::load::files::parse_file;
use crate::load::source_addr;
use crate::rules;
use ecow::EcoString;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_lang::source::{SourceMap, Span};
use terrane_lang::syntax::ast::{Expr, StepKind};
use terrane_lang::syntax::body::{Attribute, Block, Content};
use terrane_model::addr::{InstanceAddr, ModuleInstance, ResourceAddr, Target};
use terrane_model::snapshot::CheckKind;

/// Blocks that stand in for objects and modules.
pub(super) const OVERRIDES: [&str; 3] = ["override_resource", "override_data", "override_module"];

const RUN_ARGUMENTS: [&str; 5] = [
    "command",
    "providers",
    "expect_failures",
    "state_key",
    "parallel",
];

pub(super) fn file(sources: &mut SourceMap, path: &str, content: &[u8]) -> (TestFile, Diagnostics) {
    let mut file = TestFile {
        path: path.to_owned(),
        own_extension: path.ends_with(".tofutest.hcl") || path.ends_with(".tofutest.json"),
        ..TestFile::default()
    };
    let mut diagnostics = Diagnostics::new();
    let is_json = path.ends_with(".json");
    let Some(body) = parse_file(sources, path.to_owned(), content, is_json, &mut diagnostics)
    else {
        return (file, diagnostics);
    };
    let mut decoder = decoder(sources, file.own_extension);
    let mut blocks: Vec<(&str, &[&'static str])> = vec![
        ("run", &["name"]),
        ("variables", &[]),
        ("provider", &["name"]),
        ("mock_provider", &["name"]),
        ("test", &[]),
    ];
    blocks.extend(OVERRIDES.map(|kind| (kind, &[][..])));
    let content = decoder.content(&body, &schema(&[], &blocks));
    decoder.test_file(&content, &mut file);
    diagnostics.extend(decoder.diagnostics);
    (file, diagnostics)
}

/// A decoder for one file.
pub(super) fn decoder(sources: &SourceMap, own_extension: bool) -> Decoder<'_> {
    Decoder {
        sources,
        diagnostics: Diagnostics::new(),
        overriding: false,
        own_extension,
    }
}

impl Decoder<'_> {
    fn test_file(&mut self, content: &Content, file: &mut TestFile) {
        for block in &content.blocks {
            match block.kind.name.as_str() {
                "run" => {
                    if let Some(run) = self.run(block) {
                        self.add_run(run, file);
                    }
                }
                "provider" => {
                    let mut scratch = ModuleDecl::default();
                    self.provider(block, &mut scratch);
                    for decl in scratch.providers {
                        let provider = TestProvider {
                            name: decl.name.clone(),
                            alias: decl.alias.as_ref().map(|(alias, _)| alias.clone()),
                            span: block.header,
                            mock: None,
                            decl,
                        };
                        self.add_test_provider(provider, file);
                    }
                }
                "mock_provider" => {
                    if let Some(provider) = self.mock_provider(block) {
                        self.add_test_provider(provider, file);
                    }
                }
                // Settings for all runs. What there is concerns only in how far runs may overlap.
                "test" => {
                    let content = self.content(&block.body, &schema(&["parallel"], &[]));
                    self.bool_argument(&content, "parallel");
                }
                _ => {}
            }
        }
        file.variables = self.test_variables(content, "test file");
        file.overrides = self.overrides(content);
    }

    fn add_run(&mut self, run: Run, file: &mut TestFile) {
        if let Some(earlier) = file.runs.iter().find(|other| other.name == run.name) {
            let detail = format!(
                "This test file already has a run named {} at {}. Runs of one file must have different names, since later ones refer to earlier ones by name.",
                run.name,
                self.sources.locate(earlier.span)
            );
            self.diagnostics.push(
                Diagnostic::error(&rules::test_file::DUPLICATE_RUN, detail)
                    .at(run.span)
                    .related(earlier.span, "the first one"),
            );
            return;
        }
        file.runs.push(run);
    }

    fn add_test_provider(&mut self, provider: TestProvider, file: &mut TestFile) {
        let same =
            |other: &&TestProvider| other.name == provider.name && other.alias == provider.alias;
        if let Some(earlier) = file.providers.iter().find(same) {
            let name = match &provider.alias {
                Some(alias) => format!("{}.{alias}", provider.name),
                None => provider.name.to_string(),
            };
            let detail = format!(
                "A provider for {name} is already defined at {}.",
                self.sources.locate(earlier.span)
            );
            self.diagnostics.push(
                Diagnostic::error(&rules::test_file::DUPLICATE_PROVIDER, detail)
                    .at(provider.span)
                    .related(earlier.span, "the first one"),
            );
            return;
        }
        file.providers.push(provider);
    }

    /// The first `variables` block of a file or a run.
    fn test_variables(&mut self, content: &Content, whose: &str) -> Vec<TestVariable> {
        let Some(block) = self.only(content, "variables", whose) else {
            return Vec::new();
        };
        let (attributes, found) = block.body.just_attributes();
        self.diagnostics.extend(found);
        attributes
            .into_iter()
            .map(|Attribute { name, expr, .. }| TestVariable {
                name: name.name,
                span: name.span,
                value: expr,
            })
            .collect()
    }

    /// The one block of a type; more are reported.
    fn only(&mut self, content: &Content, kind: &str, whose: &str) -> Option<Block> {
        self.single(content, kind, |place| {
            (
                several(kind),
                format!("This {whose} already has a {kind} block at {place}."),
            )
        })
        .cloned()
    }

    fn run(&mut self, block: &Block) -> Option<Run> {
        let label = block.labels.first()?;
        if !is_name(&label.text) {
            self.error(&rules::test_file::BAD_RUN_NAME, BAD_NAME, label.span);
        }
        let mut blocks: Vec<(&str, &[&'static str])> = vec![
            ("plan_options", &[]),
            ("assert", &[]),
            ("variables", &[]),
            ("module", &[]),
        ];
        blocks.extend(OVERRIDES.map(|kind| (kind, &[][..])));
        let content = self.content(&block.body, &schema(&RUN_ARGUMENTS, &blocks));
        let mut problems = Diagnostics::new();
        let options = match self.only(&content, "plan_options", "run block") {
            Some(inner) => self.plan_options(&inner, &mut problems),
            None => RunOptions::default(),
        };
        let asserts: Vec<_> = content
            .blocks_of("assert")
            .filter_map(|inner| self.condition(inner))
            .collect();
        // Runs of one file follow each other anyway; the argument only has to make sense.
        self.bool_argument(&content, "parallel");
        Some(Run {
            name: label.text.clone(),
            span: block.header,
            command: self.command(&content),
            options,
            variables: self.test_variables(&content, "run block"),
            module: self
                .only(&content, "module", "run block")
                .and_then(|inner| self.run_module(&inner)),
            state_key: content.attribute("state_key").and_then(|attribute| {
                let value = required_string(self.sources, &attribute.expr);
                self.take(value)
            }),
            expected: self.expected(&content, &mut problems),
            overrides: self.overrides(&content),
            problems,
            assertions: asserts.len(),
            providers: content
                .attribute("providers")
                .map(|attribute| self.passed_providers(&attribute.expr)),
            asserts,
        })
    }

    /// A bare word out of a few.
    pub(super) fn word(&self, expr: &Expr) -> Option<EcoString> {
        keyword(expr, self.is_json(expr.span))
    }

    fn command(&mut self, content: &Content) -> Command {
        let Some(attribute) = content.attribute("command") else {
            return Command::Apply;
        };
        match self.word(&attribute.expr).as_deref() {
            Some("apply") => Command::Apply,
            Some("plan") => Command::Plan,
            _ => {
                self.error(
                    &rules::test_file::COMMAND_KEYWORD,
                    "The \"command\" argument requires one of the following keywords without quotes: apply or plan.",
                    attribute.expr.span,
                );
                Command::Apply
            }
        }
    }

    fn plan_options(&mut self, block: &Block, problems: &mut Diagnostics) -> RunOptions {
        let content = self.content(
            &block.body,
            &schema(&["mode", "refresh", "replace", "target"], &[]),
        );
        let mut options = RunOptions::default();
        if let Some(attribute) = content.attribute("mode") {
            match self.word(&attribute.expr).as_deref() {
                Some("normal") => {}
                Some("refresh-only") => options.refresh_only = true,
                _ => self.error(
                    &rules::test_file::MODE_KEYWORD,
                    "The \"mode\" argument requires one of the following keywords without quotes: normal or refresh-only.",
                    attribute.expr.span,
                ),
            }
        }
        if let Some(refresh) = self.bool_argument(&content, "refresh") {
            options.refresh = refresh;
        }
        let span_of = |name: &str| content.attribute(name).map(|attribute| attribute.span);
        if options.refresh_only {
            if let (false, Some(span)) = (options.refresh, span_of("refresh")) {
                self.error(
                    &rules::test_file::PLAN_OPTIONS,
                    "The \"refresh\" option cannot be set to false when running a test in \"refresh-only\" mode.",
                    span,
                );
            }
            if let Some(span) = span_of("replace") {
                self.error(
                    &rules::test_file::PLAN_OPTIONS,
                    "The \"replace\" option cannot be set when running a test in \"refresh-only\" mode.",
                    span,
                );
            }
        }
        let targets = self.addresses(&content, "target", problems);
        options.targets = targets.into_iter().map(|(target, _)| target).collect();
        for (found, span) in self.addresses(&content, "replace", problems) {
            match found {
                Target::Instance(addr) => options.replace.push(addr),
                Target::Resource(addr) => options.replace.push(addr.instance(None)),
                Target::Module(_) => problems.push(
                    Diagnostic::error(
                        &rules::test_file::REPLACE_ADDRESS,
                        "A resource instance address is required here. The module path must be followed by a resource instance specification.",
                    )
                    .at(span),
                ),
            }
        }
        options
    }

    /// The addresses of a list, with their places.
    fn addresses(
        &mut self,
        content: &Content,
        name: &str,
        problems: &mut Diagnostics,
    ) -> Vec<(Target, Span)> {
        let Some(attribute) = content.attribute(name) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for reference in self.references(&attribute.expr) {
            match crate::load::decode::refactor::static_endpoint(&reference) {
                Ok(end) => found.push((target_of(&end), reference.span)),
                Err(diagnostic) => problems.push(*diagnostic),
            }
        }
        found
    }

    fn run_module(&mut self, block: &Block) -> Option<RunModule> {
        let content = self.content(&block.body, &schema(&["source", "version"], &[]));
        let Some(attribute) = content.attribute("source") else {
            self.error(
                &rules::test_file::MODULE_SOURCE,
                "You must specify a source attribute when executing alternate modules during test executions.",
                block.header,
            );
            return None;
        };
        let span = attribute.expr.span;
        let source = required_string(self.sources, &attribute.expr);
        let source = self.take(source)?;
        let version = match content.attribute("version") {
            Some(attribute) => {
                let version = required_string(self.sources, &attribute.expr);
                self.take(version)
            }
            None => None,
        };
        if let Err((rule, detail)) = source_addr::classify(&source, version.is_some()) {
            self.error(rule, detail, span);
            return None;
        }
        Some(RunModule {
            source,
            version,
            span,
        })
    }

    fn expected(&mut self, content: &Content, problems: &mut Diagnostics) -> Vec<Checkable> {
        let Some(attribute) = content.attribute("expect_failures") else {
            return Vec::new();
        };
        let mut found: Vec<Checkable> = Vec::new();
        for reference in self.references(&attribute.expr) {
            match checkable(&reference) {
                Some(checkable) => found.push(checkable),
                None => {
                    let text = self.sources.text(reference.span);
                    let detail = format!(
                        "You cannot expect failures from {text}. You can only expect failures from checkable objects of the module that the run executes: input variables, output values, check blocks, managed resources and data sources."
                    );
                    problems.push(
                        Diagnostic::error(&rules::test_file::EXPECT_FAILURES, detail)
                            .at(reference.span),
                    );
                }
            }
        }
        found
    }
}

/// The rule that a block of this type stands only once.
fn several(kind: &str) -> &'static Rule {
    match kind {
        "variables" => &rules::test_file::SEVERAL_VARIABLES,
        "module" => &rules::test_file::SEVERAL_MODULES,
        _ => &rules::test_file::SEVERAL_PLAN_OPTIONS,
    }
}

/// What a reference of `expect_failures` names.
fn checkable(reference: &Traversal) -> Option<Checkable> {
    let Traversal { root, steps, span } = reference;
    let name = |at: usize| match steps.get(at).map(|step| &step.kind) {
        Some(StepKind::Attr(name)) => Some(name),
        _ => None,
    };
    let of = |kind, addr: EcoString| Checkable {
        kind,
        addr,
        key: None,
        span: *span,
    };
    let kind = match root.name.as_str() {
        "var" => Some(CheckKind::Variable),
        "output" => Some(CheckKind::Output),
        "check" => Some(CheckKind::Check),
        "local" | "module" | "run" | "each" | "count" | "path" | "terraform" | "tofu" | "self" => {
            return None;
        }
        _ => None,
    };
    if let Some(kind) = kind {
        let found = of(kind, ecow::eco_format!("{}.{}", root.name, name(0)?));
        return (steps.len() == 1).then_some(found);
    }
    let end = crate::load::decode::refactor::static_endpoint(reference).ok()?;
    let resource = end.resource.filter(|_| end.modules.is_empty())?;
    let addr = ResourceAddr {
        module: ModuleInstance::root(),
        mode: resource.mode,
        type_name: resource.type_name,
        name: resource.name,
    };
    Some(Checkable {
        key: resource.key,
        ..of(CheckKind::Resource, addr.local().into())
    })
}

/// The address of an end as one that a plan can be aimed at.
pub(super) fn target_of(end: &crate::config::Endpoint) -> Target {
    let module = ModuleInstance(end.modules.clone().into());
    let Some(resource) = &end.resource else {
        return Target::Module(module);
    };
    let addr = ResourceAddr {
        module,
        mode: resource.mode,
        type_name: resource.type_name.clone(),
        name: resource.name.clone(),
    };
    match &resource.key {
        Some(key) => Target::Instance(InstanceAddr {
            resource: addr,
            key: Some(key.clone()),
        }),
        None => Target::Resource(addr),
    }
}
