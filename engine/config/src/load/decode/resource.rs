//! `resource`, `data` and `ephemeral` blocks.

use super::named::replace;
use super::{BAD_NAME, Decoder, is_name, schema};
use crate::load::decl::{LifecycleDecl, ModuleDecl, ProviderRef, RepetitionDecl, ResourceDecl};
use crate::rules;
use crate::suggest::did_you_mean;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, ExprKind, StepKind};
use terrane_lang::syntax::body::{Block, Body, Content};
use terrane_lang::syntax::static_expr;
use terrane_model::addr::Mode;

/// Arguments that every resource has, whatever its type.
pub(crate) const META_ARGUMENTS: [&str; 4] = ["count", "for_each", "provider", "depends_on"];
/// Blocks that every resource has, whatever its type.
pub(crate) const META_BLOCKS: [(&str, &[&str]); 5] = [
    ("lifecycle", &[]),
    ("connection", &[]),
    ("provisioner", &["type"]),
    ("_", &[]),
    ("locals", &[]),
];

impl Decoder<'_> {
    pub(super) fn resource(&mut self, block: &Block, module: &mut ModuleDecl) {
        let Some(decl) = self.resource_decl(block) else {
            return;
        };
        self.add_resource(decl, module);
    }

    /// The data source of a `check` block, which takes no repetition and no lifecycle.
    pub(super) fn check_data(&mut self, block: &Block, check: usize, module: &mut ModuleDecl) {
        let Some(mut decl) = self.resource_decl(block) else {
            return;
        };
        let RepetitionDecl {
            count,
            for_each,
            enabled: _,
        } = &decl.repetition;
        for (name, argument) in [("count", count), ("for_each", for_each)] {
            if let Some((_, span)) = argument {
                let detail = format!(
                    "The \"{name}\" argument is not supported on data resources nested within a check block."
                );
                self.error(
                    rules::resource::META_ARGUMENT_IN_CHECK
                        .named(format!("Invalid \"{name}\" attribute")),
                    detail,
                    *span,
                );
            }
        }
        let (content, _) = self.partial(&block.body, &schema(&[], &META_BLOCKS));
        if let Some(lifecycle) = content.blocks_of("lifecycle").next() {
            self.error(
                &rules::resource::LIFECYCLE_IN_CHECK,
                "The \"lifecycle\" block is not supported on data resources nested within a check block.",
                lifecycle.header,
            );
        }
        decl.repetition = RepetitionDecl::default();
        decl.within_check = Some(check);
        self.add_resource(decl, module);
    }

    pub(super) fn add_resource(&mut self, decl: ResourceDecl, module: &mut ModuleDecl) {
        let key = (decl.mode, decl.type_name.clone(), decl.name.clone());
        let at = module.index.resources.get(&key).copied();
        let (type_name, name) = (decl.type_name.clone(), decl.name.clone());
        match at {
            Some(at) if self.overriding => {
                let target = module.resources[at].clone();
                module.resources[at] = self.override_resource(target, decl);
            }
            Some(at) => {
                let earlier = module.resources[at].span;
                let place = self.sources.locate(earlier);
                let (summary, what) = match decl.mode {
                    Mode::Managed => (
                        rules::resource::DUPLICATE_RESOURCE
                            .named(format!("Duplicate resource \"{type_name}\" configuration")),
                        format!("A {type_name} resource"),
                    ),
                    Mode::Data => (
                        rules::resource::DUPLICATE_DATA
                            .named(format!("Duplicate data \"{type_name}\" configuration")),
                        format!("A {type_name} data resource"),
                    ),
                    Mode::Ephemeral => (
                        rules::resource::DUPLICATE_EPHEMERAL
                            .named(format!("Duplicate ephemeral \"{type_name}\" configuration")),
                        format!("A {type_name} ephemeral resource"),
                    ),
                    Mode::Action => (
                        rules::resource::DUPLICATE_ACTION
                            .named(format!("Duplicate action \"{type_name}\" configuration")),
                        format!("A {type_name} action"),
                    ),
                };
                let detail = format!(
                    "{what} named \"{name}\" was already declared at {place}. Resource names must be unique per type in each module."
                );
                self.duplicate(summary, detail, decl.span, earlier);
            }
            None if self.overriding => {
                let what = match decl.mode {
                    Mode::Managed => "resource",
                    Mode::Data => "data resource",
                    Mode::Ephemeral => "ephemeral resource",
                    Mode::Action => "action",
                };
                let known = module
                    .index
                    .resources
                    .keys()
                    .filter(|(mode, of, _)| *mode == decl.mode && *of == type_name);
                let near = did_you_mean(&name, known.map(|(_, _, name)| name.as_str()));
                let detail = format!(
                    "There is no {type_name} {what} named \"{name}\".{near} An override file can only override a {} block defined in a primary configuration file.",
                    word(decl.mode)
                );
                self.error(
                    rules::files::MISSING_BASE_RESOURCE
                        .named(format!("Missing {what} to override")),
                    detail,
                    decl.span,
                );
            }
            None => {
                let index = &mut module.index.resources;
                index.insert(key, module.resources.len());
                module.resources.push(decl);
            }
        }
    }

    fn resource_decl(&mut self, block: &Block) -> Option<ResourceDecl> {
        let [type_label, name_label] = block.labels.as_slice() else {
            return None;
        };
        let mode = match block.kind.name.as_str() {
            "data" => Mode::Data,
            "ephemeral" => Mode::Ephemeral,
            _ => Mode::Managed,
        };
        let (content, rest) = self.partial(&block.body, &schema(&META_ARGUMENTS, &META_BLOCKS));
        let kind = match mode {
            Mode::Data => "data source",
            Mode::Ephemeral => "ephemeral resource",
            Mode::Managed => "resource",
            Mode::Action => "action",
        };
        if !is_name(&type_label.text) {
            self.error(
                rules::resource::INVALID_TYPE_NAME.named(format!("Invalid {kind} type name")),
                BAD_NAME,
                type_label.span,
            );
        }
        if !is_name(&name_label.text) {
            self.error(
                rules::resource::INVALID_RESOURCE_NAME.named(format!(
                    "Invalid {} name",
                    if mode == Mode::Data {
                        "data resource"
                    } else {
                        kind
                    }
                )),
                BAD_NAME,
                name_label.span,
            );
        }
        let mut repetition = self.repetition(&content, "resources");
        let lifecycle_block = self
            .single(&content, "lifecycle", |place| {
                (
                    &rules::declaration::DUPLICATE_LIFECYCLE,
                    format!("This resource already has a lifecycle block at {place}."),
                )
            })
            .cloned();
        let lifecycle = match &lifecycle_block {
            Some(inner) => self.lifecycle(inner, mode, &mut repetition),
            None => LifecycleDecl::default(),
        };
        let mut decl = ResourceDecl {
            mode,
            type_name: type_label.text.clone(),
            type_span: type_label.span,
            name: name_label.text.clone(),
            span: block.header,
            repetition,
            provider: content
                .attribute("provider")
                .and_then(|attribute| self.provider_ref(&attribute.expr)),
            depends_on: match content.attribute("depends_on") {
                Some(attribute) => {
                    self.forbid_overriding("depends_on", attribute.span);
                    self.references(&attribute.expr)
                }
                None => Vec::new(),
            },
            lifecycle,
            provisioners: Vec::new(),
            connection: None,
            body: rest,
            escape: self.escape(&content, "resource"),
            within_check: None,
        };
        self.resource_blocks(&content, &mut decl);
        Some(decl)
    }

    /// Provisioners and connection, and blocks that are reserved.
    fn resource_blocks(&mut self, content: &Content, decl: &mut ResourceDecl) {
        let kind = word(decl.mode);
        for inner in &content.blocks {
            match inner.kind.name.as_str() {
                "connection" | "provisioner" if decl.mode != Mode::Managed => {
                    let name = &inner.kind.name;
                    self.error(
                        &rules::resource::BLOCK_OF_MANAGED_ONLY,
                        format!("Blocks of type \"{name}\" are not expected here: they are valid only in \"resource\" blocks."),
                        inner.kind.span,
                    );
                }
                "provisioner" => decl.provisioners.extend(self.provisioner(inner, false)),
                "locals" => self.reserved_block("locals", kind, inner.header),
                _ => {}
            }
        }
        if decl.mode == Mode::Managed {
            let connection = self.single(content, "connection", |place| {
                (
                    &rules::resource::DUPLICATE_CONNECTION,
                    format!("This resource already has a connection block at {place}."),
                )
            });
            decl.connection = connection.map(|inner| (inner.body.clone(), inner.header));
        }
    }

    pub(super) fn reserved_block(&mut self, name: &str, inside: &str, span: Span) {
        self.error(
            rules::resource::RESERVED_BLOCK_TYPE
                .named(format!("Reserved block type name in {inside} block")),
            format!("The block type name \"{name}\" is reserved for use in a future version."),
            span,
        );
    }

    /// The body of the `_` block.
    pub(super) fn escape(&mut self, content: &Content, what: &str) -> Option<Body> {
        let block = self.single(content, "_", |place| {
            (
                &rules::resource::DUPLICATE_ESCAPING_BLOCK,
                format!("The special block type \"_\" can be used to force particular arguments to be interpreted as {what}-type-specific rather than as meta-arguments, but each {what} block can have only one such block. The first escaping block was at {place}."),
            )
        })?;
        Some(block.body.clone())
    }

    /// `count` and `for_each`.
    pub(super) fn repetition(&mut self, content: &Content, what: &str) -> RepetitionDecl {
        let argument = |name: &str| {
            content
                .attribute(name)
                .map(|attribute| (attribute.expr.clone(), attribute.name.span))
        };
        let found = RepetitionDecl {
            count: argument("count"),
            for_each: argument("for_each"),
            enabled: None,
        };
        if let (Some((_, count)), Some((_, span))) = (&found.count, &found.for_each) {
            let detail = format!(
                "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only one should be used to be explicit about the number of {what} to be created."
            );
            self.diagnostics.push(
                terrane_lang::diagnostic::Diagnostic::error(
                    &rules::resource::COUNT_WITH_FOR_EACH,
                    detail,
                )
                .at(*span)
                .related(*count, "the other one"),
            );
        }
        found
    }

    pub(super) fn forbid_overriding(&mut self, name: &str, span: Span) {
        if self.overriding {
            self.error(
                &rules::files::UNSUPPORTED_OVERRIDE,
                format!("The \"{name}\" argument may not be overridden."),
                span,
            );
        }
    }

    /// `name`, `name.alias` or `name.alias[key]`.
    pub(super) fn provider_ref(&mut self, expr: &Expr) -> Option<ProviderRef> {
        const FORM: &str = "The provider argument requires a provider type name, optionally followed by a period and then a configuration alias.";
        let reparsed;
        let mut target = expr;
        if static_expr::literal_string(expr).is_some() {
            if !self.is_json(expr.span) {
                self.warning(
                    &rules::declaration::QUOTED_REFERENCE,
                    "In this context, references are expected literally rather than in quotes. Remove the quotes surrounding this reference to silence this warning.",
                    expr.span,
                );
            }
            let (inner, diagnostics) =
                static_expr::reparse_string(expr, terrane_lang::syntax::parse::parse_expression)?;
            self.diagnostics.extend(diagnostics);
            reparsed = inner?;
            target = &reparsed;
        }
        let mut found = ProviderRef {
            name: ecow::EcoString::new(),
            alias: None,
            key: None,
            span: expr.span,
        };
        // A provider may be named as a keyword is: `null` is one.
        let (root, steps) = match &target.kind {
            ExprKind::Chain(source, steps) => (static_expr::as_keyword(source), steps.as_slice()),
            _ => (static_expr::as_keyword(target), &[][..]),
        };
        let Some(root) = root else {
            self.error(
                &rules::resource::INVALID_PROVIDER_REFERENCE,
                FORM,
                expr.span,
            );
            return None;
        };
        found.name = root;
        let mut kinds = steps.iter().map(|step| &step.kind);
        match (kinds.next(), kinds.next(), kinds.next()) {
            (None, ..) => {}
            (Some(StepKind::Attr(alias)), None, _) => found.alias = Some(alias.clone()),
            (Some(StepKind::Attr(alias)), Some(StepKind::Index(key)), None) => {
                found.alias = Some(alias.clone());
                found.key = Some(key.clone());
            }
            _ => {
                self.error(
                    &rules::resource::INVALID_PROVIDER_REFERENCE,
                    FORM,
                    expr.span,
                );
                return None;
            }
        }
        Some(found)
    }

    /// What an override file changes. Arguments that both have are the later one's; blocks of a type that the later one has replace all
    /// of that type.
    fn override_resource(&mut self, target: ResourceDecl, decl: ResourceDecl) -> ResourceDecl {
        let ResourceDecl {
            mode,
            type_name,
            type_span,
            name,
            span,
            mut repetition,
            provider,
            depends_on,
            mut lifecycle,
            provisioners,
            connection,
            body,
            escape,
            within_check,
        } = target;
        if decl.repetition.count.is_some() || decl.repetition.for_each.is_some() {
            repetition = decl.repetition;
        }
        self.override_lifecycle(&mut lifecycle, decl.lifecycle);
        ResourceDecl {
            mode,
            type_name,
            type_span,
            name,
            span,
            repetition,
            provider: decl.provider.or(provider),
            depends_on,
            lifecycle,
            provisioners: if decl.provisioners.is_empty() {
                provisioners
            } else {
                decl.provisioners
            },
            connection: decl.connection.or(connection),
            body: merge(body, decl.body),
            escape: decl.escape.or(escape),
            within_check,
        }
    }

    fn override_lifecycle(&mut self, target: &mut LifecycleDecl, decl: LifecycleDecl) {
        let LifecycleDecl {
            create_before_destroy,
            prevent_destroy,
            destroy,
            ignore_all,
            ignore_changes,
            replace_triggered_by,
            action_triggers,
            preconditions,
            postconditions,
        } = decl;
        replace(&mut target.create_before_destroy, create_before_destroy);
        replace(&mut target.prevent_destroy, prevent_destroy);
        replace(&mut target.destroy, destroy);
        if ignore_all || ignore_changes.is_some() {
            target.ignore_all = ignore_all;
            target.ignore_changes = ignore_changes;
        }
        if !replace_triggered_by.is_empty() {
            target.replace_triggered_by = replace_triggered_by;
        }
        if !action_triggers.is_empty() {
            target.action_triggers = action_triggers;
        }
        // Conditions in an override file were reported where they were decoded.
        drop((preconditions, postconditions));
    }
}

/// One body over another.
pub(super) fn merge(under: Body, over: Body) -> Body {
    match under {
        Body::Merged(mut bodies) => {
            bodies.push(over);
            Body::Merged(bodies)
        }
        under => Body::Merged(vec![under, over]),
    }
}

/// The keyword of the block.
pub(super) fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Managed => "resource",
        Mode::Data => "data",
        Mode::Ephemeral => "ephemeral",
        Mode::Action => "action",
    }
}
