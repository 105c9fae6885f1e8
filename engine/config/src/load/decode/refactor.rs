//! Statements about addresses: `moved`, `removed`, `import`.

use super::{Decoder, schema};
use crate::config::{Endpoint, EndpointResource};
use crate::load::decl::{ImportDecl, ModuleDecl, MovedDecl, RemovedDecl, Traversal};
use crate::rules;
use ecow::EcoString;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, ExprKind, Step, StepKind};
use terrane_lang::syntax::body::{Block, BodySchema, Content};
use terrane_model::addr::{InstanceKey, Mode, ModuleStep};

fn required(names: &[&str], blocks: &[(&str, &[&'static str])]) -> BodySchema {
    let mut found = schema(names, blocks);
    for attribute in &mut found.attributes {
        attribute.1 = true;
    }
    found
}

impl Decoder<'_> {
    fn forbid_in_override(&mut self, block: &Block) -> bool {
        if self.overriding {
            let kind = &block.kind.name;
            self.error(
                rules::refactor::OVERRIDE_RECORD.named(format!("Cannot override '{kind}' blocks")),
                format!("Records of {kind} objects can appear only in normal files, not in override files."),
                block.header,
            );
        }
        self.overriding
    }

    pub(super) fn moved(&mut self, block: &Block, module: &mut ModuleDecl) {
        if self.forbid_in_override(block) {
            return;
        }
        let content = self.content(&block.body, &required(&["from", "to"], &[]));
        let mut end = |name: &str| {
            let expr = &content.attribute(name)?.expr;
            self.endpoint(expr)
        };
        let (from, to) = (end("from"), end("to"));
        let (Some(from), Some(to)) = (from, to) else {
            return;
        };
        let kind = |end: &Endpoint| end.resource.as_ref().map(|resource| resource.mode);
        if from.resource.is_some() != to.resource.is_some() {
            self.error(
                &rules::refactor::MOVED_ACROSS_LEVELS,
                "The \"from\" and \"to\" addresses must either both refer to resources or both refer to modules.",
                block.header,
            );
            return;
        }
        if kind(&from) == Some(Mode::Ephemeral) || kind(&to) == Some(Mode::Ephemeral) {
            self.error(
                &rules::refactor::MOVED_EPHEMERAL,
                "The resource referenced by a \"moved\" block must not be ephemeral: ephemeral resources have no place in the state to move from or to.",
                block.header,
            );
            return;
        }
        if kind(&from) != kind(&to) {
            self.error(
                &rules::refactor::MOVED_ACROSS_MODES,
                "The \"from\" and \"to\" addresses must either both refer to managed resources or both refer to data resources.",
                block.header,
            );
            return;
        }
        module.moved.push(MovedDecl {
            from,
            to,
            span: block.header,
        });
    }

    pub(super) fn removed(&mut self, block: &Block, module: &mut ModuleDecl) {
        if self.forbid_in_override(block) {
            return;
        }
        let content = self.content(
            &block.body,
            &required(
                &["from"],
                &[
                    ("lifecycle", &[]),
                    ("connection", &[]),
                    ("provisioner", &["type"]),
                ],
            ),
        );
        let connection = self
            .single(&content, "connection", |place| {
                (
                    &rules::resource::DUPLICATE_CONNECTION,
                    format!("The removed block already has a connection block at {place}."),
                )
            })
            .map(|inner| (inner.body.clone(), inner.header));
        let destroy = self.removed_destroy(&content, block);
        let mut provisioners = Vec::new();
        for inner in content.blocks_of("provisioner") {
            provisioners.extend(self.provisioner(inner, true));
        }
        let Some(attribute) = content.attribute("from") else {
            return;
        };
        let Some(from) = self.endpoint(&attribute.expr) else {
            return;
        };
        let span = attribute.expr.span;
        if !self.can_be_removed(&from, span) {
            return;
        }
        match &from.resource {
            None if !provisioners.is_empty() => self.error(
                &rules::refactor::PROVISIONER_OF_MODULE,
                "Provisioners are allowed only where a \"removed\" block refers to a resource, not to a module.",
                block.header,
            ),
            None => {
                if let Some((_, span)) = &connection {
                    self.error(
                        &rules::refactor::CONNECTION_OF_MODULE,
                        "A connection is for provisioners, which are allowed only where a \"removed\" block refers to a resource, not to a module.",
                        *span,
                    );
                }
            }
            _ => {}
        }
        module.removed.push(RemovedDecl {
            from,
            destroy,
            provisioners,
            connection,
            span: block.header,
        });
    }

    /// Whether a `removed` block destroys; it should say so.
    fn removed_destroy(&mut self, content: &Content, block: &Block) -> bool {
        let lifecycle = self
            .single(content, "lifecycle", |place| {
                (
                    &rules::declaration::DUPLICATE_LIFECYCLE,
                    format!("The removed block already has a lifecycle block at {place}."),
                )
            })
            .cloned();
        let mut said = block.body.is_incomplete();
        let destroy = lifecycle.and_then(|inner| {
            said |= inner.body.is_incomplete();
            let inner = self.content(&inner.body, &schema(&["destroy"], &[]));
            let before = self.diagnostics.len();
            let destroy = self.bool_argument(&inner, "destroy");
            said |= destroy.is_some() || self.diagnostics.len() > before;
            destroy
        });
        if !said {
            self.warning(
                &rules::refactor::REMOVED_WITHOUT_LIFECYCLE,
                "It is recommended to set \"destroy\" in the \"lifecycle\" block of a \"removed\" block to say whether the objects are to be destroyed. It is not set, so they will be forgotten: no longer managed, but not destroyed.",
                block.header,
            );
        }
        destroy.unwrap_or(false)
    }

    /// Whether the address is one that a `removed` block may name.
    fn can_be_removed(&mut self, from: &Endpoint, span: Span) -> bool {
        if from.modules.iter().any(|step| step.key.is_some()) {
            self.error(
                &rules::refactor::REMOVED_MODULE_INSTANCE,
                "Module address must be a module (e.g. \"module.foo\"), not a module instance (e.g. \"module.foo[1]\").",
                span,
            );
            return false;
        }
        match &from.resource {
            Some(resource) if resource.key.is_some() => {
                self.error(
                    &rules::refactor::REMOVED_RESOURCE_INSTANCE,
                    "Resource address must be a resource (e.g. \"test_instance.foo\"), not a resource instance (e.g. \"test_instance.foo[1]\").",
                    span,
                );
                false
            }
            Some(resource) if resource.mode != Mode::Managed => {
                let what = if resource.mode == Mode::Data {
                    "Data source"
                } else {
                    "Ephemeral resource"
                };
                self.error(
                    rules::refactor::REMOVED_UNMANAGED.named(format!("{what} address not allowed")),
                    "Only managed resources and modules can be removed this way: for others it is enough to remove the block from the configuration.",
                    span,
                );
                false
            }
            _ => true,
        }
    }

    pub(super) fn import(&mut self, block: &Block, module: &mut ModuleDecl) {
        if self.forbid_in_override(block) {
            return;
        }
        let mut wanted = schema(&["to", "for_each", "id", "identity", "provider"], &[]);
        if let Some(to) = wanted.attributes.first_mut() {
            to.1 = true;
        }
        let content = self.content(&block.body, &wanted);
        let argument = |name: &str| {
            content
                .attribute(name)
                .map(|attribute| attribute.expr.clone())
        };
        let (id, identity) = (argument("id"), argument("identity"));
        match (&id, &identity) {
            (None, None) if content.attribute("to").is_some() && !block.body.is_incomplete() => self.error(
                &rules::refactor::IMPORT_WITHOUT_ID,
                "The argument \"id\" is required, but no definition was found. (An import block needs either \"id\" or \"identity\".)",
                content.missing,
            ),
            (Some(_), Some(identity)) => self.error(
                &rules::refactor::IMPORT_ID_AND_IDENTITY,
                "Only one of the arguments \"id\" and \"identity\" can be set.",
                identity.span,
            ),
            _ => {}
        }
        let provider = content
            .attribute("provider")
            .and_then(|attribute| self.provider_ref(&attribute.expr));
        let Some(to) = content.attribute("to") else {
            return;
        };
        let Some(target) = self.import_expr(&to.expr) else {
            return;
        };
        let for_each = argument("for_each").map(|expr| {
            let span = expr.span;
            (expr, span)
        });
        let found = match import_target(&target) {
            Ok(found) => found,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return;
            }
        };
        if found.1.is_empty() && for_each.is_none() {
            if let Some(earlier) = module.index.imports.get(&found.0).copied() {
                let address = endpoint_text(&found.0);
                let detail = format!(
                    "An import block for the resource \"{address}\" was already declared at {}. A resource can have only one import block.",
                    self.sources.locate(earlier)
                );
                let summary = rules::refactor::DUPLICATE_IMPORT
                    .named(format!("Duplicate import configuration for \"{address}\""));
                self.duplicate(summary, detail, target.span, earlier);
                return;
            }
            module.index.imports.insert(found.0, block.header);
        }
        module.imports.push(ImportDecl {
            to: target,
            for_each,
            id,
            identity,
            provider,
            span: block.header,
        });
    }

    /// The `to` argument as an expression; in JSON syntax it is read from the string.
    fn import_expr(&mut self, expr: &Expr) -> Option<Expr> {
        if !matches!(expr.kind, ExprKind::String(_)) {
            return Some(expr.clone());
        }
        if !self.is_json(expr.span) {
            self.error(
                &terrane_lang::rules::structure::NOT_STATIC,
                super::expr::NOT_STATIC,
                expr.span,
            );
            return None;
        }
        let (inner, diagnostics) = terrane_lang::syntax::static_expr::reparse_string(
            expr,
            terrane_lang::syntax::parse::parse_expression,
        )?;
        self.diagnostics.extend(diagnostics);
        inner
    }

    pub(crate) fn endpoint(&mut self, expr: &Expr) -> Option<Endpoint> {
        let found = self.reference(expr, false)?;
        match static_endpoint(&found) {
            Ok(end) => Some(end),
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                None
            }
        }
    }
}

fn bad_address(detail: &str, span: Span) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(&rules::refactor::INVALID_ADDRESS, detail).at(span))
}

fn bad_import(detail: &str, span: Span) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(&rules::refactor::INVALID_IMPORT_ADDRESS, detail).at(span))
}

pub(crate) fn static_endpoint(found: &Traversal) -> Result<Endpoint, Box<Diagnostic>> {
    let expr = Expr {
        kind: if found.steps.is_empty() {
            ExprKind::Name(found.root.name.clone())
        } else {
            let root = Expr {
                kind: ExprKind::Name(found.root.name.clone()),
                span: found.root.span,
            };
            ExprKind::Chain(Box::new(root), found.steps.clone())
        },
        span: found.span,
    };
    let (end, keys) = address(&expr, true)?;
    match keys.first() {
        None => Ok(end),
        Some((_, key)) => Err(bad_address(
            "An instance key must be a literal here.",
            key.span,
        )),
    }
}

/// Where an `import` block points to, and the keys that are expressions, by depth.
pub(crate) fn import_target(expr: &Expr) -> Result<Address, Box<Diagnostic>> {
    let (end, keys) = address(expr, false).map_err(|mut problem| {
        let rule = &rules::refactor::INVALID_IMPORT_ADDRESS;
        problem.code = Some(rule.code);
        problem.summary = rule.summary.into();
        problem
    })?;
    match &end.resource {
        None => Err(bad_import(
            "A resource instance address is required here. The module path must be followed by a resource instance specification.",
            expr.span,
        )),
        Some(resource) if resource.mode != Mode::Managed => Err(bad_import(
            "Only managed resources can be imported.",
            expr.span,
        )),
        Some(_) => Ok((end, keys)),
    }
}

/// An address, and its keys that are expressions, by depth.
type Address = (Endpoint, Vec<(usize, Expr)>);

fn address(expr: &Expr, module_alone: bool) -> Result<Address, Box<Diagnostic>> {
    const SYNTAX: &str = "A resource address has the form TYPE.NAME, with an optional index in brackets, perhaps behind a module path.";
    let (root, steps): (&EcoString, &[Step]) = match &expr.kind {
        ExprKind::Name(name) => (name, &[]),
        ExprKind::Chain(source, steps) => match &source.kind {
            ExprKind::Name(name) => (name, steps),
            _ => return Err(bad_address(SYNTAX, expr.span)),
        },
        _ => return Err(bad_address(SYNTAX, expr.span)),
    };
    let mut reader = AddressReader {
        word: Some(root.clone()),
        steps,
        span: expr.span,
        keys: Vec::new(),
    };
    let mut modules = Vec::new();
    let mut word = reader.name("An address is required here.")?;
    while word == "module" {
        let name = reader.name("Prefix \"module.\" must be followed by a module name.")?;
        let key = reader.key(modules.len())?;
        modules.push(ModuleStep { name, key });
        if reader.is_done() && module_alone {
            let end = Endpoint {
                modules,
                resource: None,
            };
            return Ok((end, reader.keys));
        }
        word = reader.name("A resource instance address is required here. The module path must be followed by a resource instance specification.")?;
    }
    if matches!(
        word.as_str(),
        "count"
            | "each"
            | "local"
            | "path"
            | "self"
            | "terraform"
            | "tofu"
            | "var"
            | "template"
            | "lazy"
            | "arg"
    ) {
        let detail = format!(
            "The keyword \"{word}\" is reserved and cannot be used to target a resource address. If you are targeting a resource type that uses a reserved keyword, please prefix your address with \"resource.\"."
        );
        return Err(bad_address(&detail, expr.span));
    }
    let mode = match word.as_str() {
        "data" => Mode::Data,
        "ephemeral" => Mode::Ephemeral,
        _ => Mode::Managed,
    };
    if mode != Mode::Managed || word == "resource" {
        word = reader.name("A resource type name is required.")?;
    }
    let name = reader.name("Resource specification must include a resource type and name.")?;
    let key = reader.key(modules.len())?;
    if !reader.is_done() {
        return Err(bad_address(
            "Unexpected extra operators after address.",
            expr.span,
        ));
    }
    let resource = EndpointResource {
        mode,
        type_name: word,
        name,
        key,
    };
    let end = Endpoint {
        modules,
        resource: Some(resource),
    };
    Ok((end, reader.keys))
}

struct AddressReader<'a> {
    /// The root, until it is read.
    word: Option<EcoString>,
    steps: &'a [Step],
    span: Span,
    keys: Vec<(usize, Expr)>,
}

impl AddressReader<'_> {
    fn is_done(&self) -> bool {
        self.word.is_none() && self.steps.is_empty()
    }

    fn name(&mut self, missing: &str) -> Result<EcoString, Box<Diagnostic>> {
        if let Some(word) = self.word.take() {
            return Ok(word);
        }
        match self.steps.split_first() {
            Some((step, rest)) => match &step.kind {
                StepKind::Attr(name) => {
                    self.steps = rest;
                    Ok(name.clone())
                }
                _ => Err(bad_address(missing, step.span)),
            },
            None => Err(bad_address(missing, self.span)),
        }
    }

    /// A key, if one stands there. One that is an expression is kept apart.
    fn key(&mut self, depth: usize) -> Result<Option<InstanceKey>, Box<Diagnostic>> {
        let Some((step, rest)) = self.steps.split_first() else {
            return Ok(None);
        };
        let key = match &step.kind {
            StepKind::Attr(_) => return Ok(None),
            StepKind::LegacyIndex(index) => InstanceKey::Int(*index),
            StepKind::Index(index) => match &index.kind {
                ExprKind::String(text) => InstanceKey::Str(text.clone()),
                ExprKind::Number(number) => match number.to_string().parse() {
                    Ok(index) => InstanceKey::Int(index),
                    Err(_) => {
                        return Err(bad_address(
                            "An instance key must be a whole number or a string.",
                            index.span,
                        ));
                    }
                },
                _ => {
                    self.keys.push((depth, index.clone()));
                    self.steps = rest;
                    return Ok(None);
                }
            },
            StepKind::AttrSplat(_) | StepKind::FullSplat(_) => {
                return Err(bad_address(
                    "An instance key must be a whole number or a string.",
                    step.span,
                ));
            }
        };
        self.steps = rest;
        Ok(Some(key))
    }
}

/// The address as people write it.
pub(crate) fn endpoint_text(end: &Endpoint) -> String {
    let mut parts: Vec<String> = end
        .modules
        .iter()
        .map(|ModuleStep { name, key }| {
            let key = key.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("module.{name}{key}")
        })
        .collect();
    if let Some(resource) = &end.resource {
        let EndpointResource {
            mode,
            type_name,
            name,
            key,
        } = resource;
        let prefix = match mode {
            Mode::Managed => "",
            Mode::Data => "data.",
            Mode::Ephemeral => "ephemeral.",
            Mode::Action => "action.",
        };
        let key = key.as_ref().map(ToString::to_string).unwrap_or_default();
        parts.push(format!("{prefix}{type_name}.{name}{key}"));
    }
    parts.join(".")
}
