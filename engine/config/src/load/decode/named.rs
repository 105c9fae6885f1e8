//! Named values: `variable`, `locals`, `output`, and `check`.

use super::{BAD_NAME, Decoder, is_name, part, schema};
use crate::load::decl::{
    CheckDecl, ConditionDecl, LocalDecl, ModuleDecl, OutputDecl, TypeDecl, VariableDecl,
};
use crate::rules;
use crate::suggest::did_you_mean;
use ecow::EcoString;
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Headline};
use terrane_lang::expr::types;
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, ExprKind};
use terrane_lang::syntax::body::{Block, Content};
use terrane_lang::syntax::static_expr;
use terrane_value::convert::convert;

/// Names that mean something inside `module` blocks.
const RESERVED_VARIABLES: [&str; 9] = [
    "source",
    "version",
    "providers",
    "count",
    "for_each",
    "lifecycle",
    "depends_on",
    "locals",
    "provider",
];

impl Decoder<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "one argument after the other, each with its message"
    )]
    pub(super) fn variable(&mut self, block: &Block, module: &mut ModuleDecl) {
        let Some(label) = block.labels.first() else {
            return;
        };
        let name = label.text.clone();
        let names = [
            "description",
            "default",
            "type",
            "sensitive",
            "ephemeral",
            "nullable",
            "const",
            "deprecated",
        ];
        let content = self.content(&block.body, &schema(&names, &[("validation", &[])]));
        if !is_name(&name) {
            self.error(
                &rules::declaration::INVALID_VARIABLE_NAME,
                BAD_NAME,
                label.span,
            );
        } else if RESERVED_VARIABLES.contains(&name.as_str()) {
            let detail = format!(
                "The variable name \"{name}\" is reserved due to its special meaning inside module blocks."
            );
            self.error(
                &rules::declaration::RESERVED_VARIABLE_NAME,
                detail,
                label.span,
            );
        }
        let ty = content
            .attribute("type")
            .and_then(|attribute| self.type_constraint(&attribute.expr));
        let default = content.attribute("default").and_then(|attribute| {
            let value = self.take(super::constant(self.sources, &attribute.expr))?;
            Some((value, attribute.expr.span))
        });
        let deprecated = self.deprecation(&content, "variable");
        let validations = content
            .blocks_of("validation")
            .filter_map(|inner| {
                if self.overriding {
                    self.error(
                        &rules::files::OVERRIDE_VALIDATION,
                        "Variable \"validation\" blocks cannot be used in override files.",
                        inner.header,
                    );
                }
                self.condition(inner)
            })
            .collect();
        let mut decl = VariableDecl {
            description: self.string_argument(&content, "description"),
            sensitive: self.bool_argument(&content, "sensitive"),
            ephemeral: self.bool_argument(&content, "ephemeral"),
            nullable: self.bool_argument(&content, "nullable"),
            constant: self.bool_argument(&content, "const"),
            name,
            span: block.header,
            ty,
            default,
            deprecated,
            validations,
        };
        if self.overriding {
            self.override_variable(decl, module);
            return;
        }
        self.convert_default(&mut decl, None);
        if let Some(earlier) = module.index.variables.get(&decl.name) {
            let earlier = &module.variables[*earlier];
            self.duplicate(
                &rules::declaration::DUPLICATE_VARIABLE,
                format!(
                    "A variable named \"{}\" was already declared at {}. Variable names must be unique within a module.",
                    decl.name,
                    self.sources.locate(earlier.span)
                ),
                decl.span,
                earlier.span,
            );
            return;
        }
        let index = &mut module.index.variables;
        index.insert(decl.name.clone(), module.variables.len());
        module.variables.push(decl);
    }

    fn override_variable(&mut self, decl: VariableDecl, module: &mut ModuleDecl) {
        let Some(target) = module
            .variables
            .iter_mut()
            .find(|target| target.name == decl.name)
        else {
            let known = module.index.variables.keys();
            let near = did_you_mean(&decl.name, known.map(EcoString::as_str));
            let detail = format!(
                "There is no variable named \"{}\".{near} An override file can only override a variable that was already declared in a primary configuration file.",
                decl.name
            );
            self.error(&rules::files::MISSING_BASE_VARIABLE, detail, decl.span);
            return;
        };
        let VariableDecl {
            name: _,
            span,
            description,
            ty,
            default,
            sensitive,
            ephemeral,
            nullable,
            constant,
            deprecated,
            validations: _,
        } = decl;
        let retyped = ty.is_some() && default.is_none();
        replace(&mut target.description, description);
        replace(&mut target.ty, ty);
        replace(&mut target.default, default);
        replace(&mut target.sensitive, sensitive);
        replace(&mut target.ephemeral, ephemeral);
        replace(&mut target.nullable, nullable);
        replace(&mut target.constant, constant);
        replace(&mut target.deprecated, deprecated);
        let mut target = target.clone();
        self.convert_default(&mut target, retyped.then_some(span));
        if let Some(slot) = module
            .variables
            .iter_mut()
            .find(|slot| slot.name == target.name)
        {
            *slot = target;
        }
    }

    /// Converts the default to the type; `overridden` is the block that changed the type of an older default.
    fn convert_default(&mut self, decl: &mut VariableDecl, overridden: Option<Span>) {
        let Some((value, span)) = decl.default.clone() else {
            return;
        };
        if value.is_null() && decl.nullable == Some(false) {
            self.error(
                &rules::declaration::NULL_DEFAULT,
                "A null default value is not valid when nullable=false.",
                span,
            );
            decl.default = None;
            return;
        }
        let Some(ty) = &decl.ty else {
            return;
        };
        let filled = match &ty.defaults {
            Some(defaults) if !value.is_null() => defaults.apply(&value),
            _ => value,
        };
        match convert(&filled, &ty.ty) {
            Ok(value) => decl.default = Some((value, span)),
            Err(error) => {
                let (detail, span) = match overridden {
                    Some(header) => (
                        format!(
                            "Overriding this variable's type constraint has made its default value invalid: {error}."
                        ),
                        header,
                    ),
                    None => (
                        format!(
                            "This default value is not compatible with the variable's type constraint: {error}."
                        ),
                        part::span_of(self.sources, span, &error.path),
                    ),
                };
                self.error(&rules::declaration::INVALID_DEFAULT, detail, span);
                decl.default = None;
            }
        }
    }

    fn type_constraint(&mut self, expr: &Expr) -> Option<TypeDecl> {
        let reparsed;
        let mut expr = expr;
        if self.is_json(expr.span) && matches!(expr.kind, ExprKind::String(_)) {
            let (inner, diagnostics) =
                static_expr::reparse_string(expr, terrane_lang::syntax::parse::parse_expression)?;
            self.diagnostics.extend(diagnostics);
            reparsed = inner?;
            expr = &reparsed;
        }
        let (ty, defaults, diagnostics) = types::variable_type(expr);
        let failed = diagnostics.has_errors();
        self.diagnostics.extend(diagnostics);
        (!failed).then(|| TypeDecl {
            ty,
            defaults: defaults.map(Arc::new),
        })
    }

    fn deprecation(&mut self, content: &Content, what: &str) -> Option<ecow::EcoString> {
        let attribute = content.attribute("deprecated")?;
        let text = self.take(super::required_string(self.sources, &attribute.expr))?;
        if text.trim().is_empty() {
            let detail = format!(
                "The deprecation message of a {what} must not be empty: say what to use instead."
            );
            self.error(
                &rules::declaration::INVALID_DEPRECATED,
                detail,
                attribute.expr.span,
            );
            return None;
        }
        Some(text)
    }

    /// A block with `condition` and `error_message`.
    pub(crate) fn condition(&mut self, block: &Block) -> Option<ConditionDecl> {
        let mut wanted = schema(&["condition", "error_message"], &[]);
        for attribute in &mut wanted.attributes {
            attribute.1 = !self.overriding;
        }
        let content = self.content(&block.body, &wanted);
        let condition = content.attribute("condition")?.expr.clone();
        if static_expr::is_constant(&condition) || !mentions_object(&condition) {
            let kind = block.kind.name.as_str();
            // A rule of a variable is checked when names have a meaning: it must look at the variable itself.
            if kind != "validation" {
                let headline = rules::declaration::CONSTANT_CONDITION
                    .named(format!("Invalid {kind} expression"));
                self.error(
                    headline,
                    "The condition expression must refer to at least one object from elsewhere in the configuration, or else its result would not be checking anything.",
                    condition.span,
                );
            }
        }
        Some(ConditionDecl {
            condition,
            message: content.attribute("error_message")?.expr.clone(),
            span: block.header,
        })
    }

    pub(super) fn locals(&mut self, block: &Block, module: &mut ModuleDecl) {
        let (attributes, diagnostics) = block.body.just_attributes();
        self.diagnostics.extend(diagnostics);
        for attribute in attributes {
            self.check_name("local value", &attribute.name.name, attribute.name.span);
            let decl = LocalDecl {
                name: attribute.name.name,
                span: attribute.span,
                value: attribute.expr,
            };
            let earlier = module.index.locals.get(&decl.name).copied();
            let earlier = earlier.and_then(|at| module.locals.get_mut(at));
            match earlier {
                Some(earlier) if self.overriding => *earlier = decl,
                Some(earlier) => {
                    let earlier = earlier.span;
                    let detail = format!(
                        "A local value named \"{}\" was already defined at {}. Local value names must be unique within a module.",
                        decl.name,
                        self.sources.locate(earlier)
                    );
                    self.duplicate(
                        &rules::declaration::DUPLICATE_LOCAL,
                        detail,
                        decl.span,
                        earlier,
                    );
                }
                None if self.overriding => {
                    let known = module.index.locals.keys();
                    let near = did_you_mean(&decl.name, known.map(EcoString::as_str));
                    let detail = format!(
                        "There is no local value named \"{}\".{near} An override file can only override a local value that was already defined in a primary configuration file.",
                        decl.name
                    );
                    self.error(&rules::files::MISSING_BASE_LOCAL, detail, decl.span);
                }
                None => {
                    let index = &mut module.index.locals;
                    index.insert(decl.name.clone(), module.locals.len());
                    module.locals.push(decl);
                }
            }
        }
    }

    pub(super) fn output(&mut self, block: &Block, module: &mut ModuleDecl) {
        let Some(label) = block.labels.first() else {
            return;
        };
        let names = [
            "description",
            "value",
            "depends_on",
            "sensitive",
            "ephemeral",
            "deprecated",
        ];
        let mut wanted = schema(&names, &[("precondition", &[]), ("postcondition", &[])]);
        if let Some(value) = wanted
            .attributes
            .iter_mut()
            .find(|(name, _)| name == "value")
        {
            value.1 = !self.overriding;
        }
        let content = self.content(&block.body, &wanted);
        self.check_name("output", &label.text, label.span);
        let depends_on = match content.attribute("depends_on") {
            Some(attribute) => {
                self.forbid_overriding("depends_on", attribute.span);
                self.references(&attribute.expr)
            }
            None => Vec::new(),
        };
        let preconditions = self.output_conditions(&content);
        let decl = OutputDecl {
            name: label.text.clone(),
            span: block.header,
            description: self.string_argument(&content, "description"),
            value: content
                .attribute("value")
                .map(|attribute| attribute.expr.clone()),
            sensitive: self.bool_argument(&content, "sensitive"),
            ephemeral: self.bool_argument(&content, "ephemeral"),
            deprecated: self.deprecation(&content, "output"),
            depends_on,
            preconditions,
        };
        let earlier = module.index.outputs.get(&decl.name).copied();
        let earlier = earlier.and_then(|at| module.outputs.get_mut(at));
        match earlier {
            Some(earlier) if self.overriding => override_output(earlier, decl),
            Some(earlier) => {
                let earlier = earlier.span;
                let detail = format!(
                    "An output named \"{}\" was already defined at {}. Output names must be unique within a module.",
                    decl.name,
                    self.sources.locate(earlier)
                );
                self.duplicate(
                    &rules::declaration::DUPLICATE_OUTPUT,
                    detail,
                    decl.span,
                    earlier,
                );
            }
            None if self.overriding => {
                let known = module.index.outputs.keys();
                let near = did_you_mean(&decl.name, known.map(EcoString::as_str));
                let detail = format!(
                    "There is no output named \"{}\".{near} An override file can only override an output that was already defined in a primary configuration file.",
                    decl.name
                );
                self.error(&rules::files::MISSING_BASE_OUTPUT, detail, decl.span);
            }
            None => {
                let index = &mut module.index.outputs;
                index.insert(decl.name.clone(), module.outputs.len());
                module.outputs.push(decl);
            }
        }
    }

    fn output_conditions(&mut self, content: &Content) -> Vec<ConditionDecl> {
        let mut preconditions = Vec::new();
        for inner in &content.blocks {
            if inner.kind.name == "postcondition" {
                self.error(
                    &rules::declaration::OUTPUT_POSTCONDITION,
                    "Output values can only have preconditions, not postconditions.",
                    inner.header,
                );
                continue;
            }
            if self.overriding {
                self.error(
                    &rules::files::OVERRIDE_PRECONDITION,
                    "Override files cannot override \"precondition\" blocks.",
                    inner.header,
                );
            }
            preconditions.extend(self.condition(inner));
        }
        preconditions
    }

    pub(super) fn check(&mut self, block: &Block, module: &mut ModuleDecl) {
        if self.overriding {
            self.error(
                &rules::files::OVERRIDE_CHECK,
                "Override files cannot override check blocks.",
                block.header,
            );
            return;
        }
        let Some(label) = block.labels.first() else {
            return;
        };
        let content = self.content(
            &block.body,
            &schema(&[], &[("data", &["type", "name"]), ("assert", &[])]),
        );
        self.check_name("check block", &label.text, label.span);
        let index = module.checks.len();
        let mut data = content.blocks_of("data");
        if let Some(first) = data.next() {
            self.check_data(first, index, module);
        }
        if let Some(again) = data.next() {
            self.error(
                &rules::declaration::SEVERAL_CHECK_DATA,
                "This check block already has a data resource block. Check blocks may have only one.",
                again.header,
            );
        }
        let before = self.diagnostics.len();
        let asserts: Vec<&Block> = content.blocks_of("assert").collect();
        let assertions: Vec<ConditionDecl> = asserts
            .iter()
            .filter_map(|inner| self.condition(inner))
            .collect();
        let incomplete = block.body.is_incomplete();
        if asserts.is_empty() && !incomplete && before == self.diagnostics.len() {
            self.error(
                &rules::declaration::CHECK_WITHOUT_ASSERT,
                "Check blocks must have at least one assert block.",
                block.header,
            );
        }
        if let Some(earlier) = find(&module.checks, |earlier| earlier.name == label.text) {
            let detail = format!(
                "A check block named \"{}\" was already declared at {}. Check blocks must be unique within each module.",
                label.text,
                self.sources.locate(earlier.span)
            );
            let summary = rules::declaration::DUPLICATE_CHECK
                .named(format!("Duplicate check \"{}\" configuration", label.text));
            self.duplicate(summary, detail, block.header, earlier.span);
            return;
        }
        module.checks.push(CheckDecl {
            name: label.text.clone(),
            span: block.header,
            assertions,
        });
    }

    pub(super) fn duplicate(
        &mut self,
        headline: impl Into<Headline>,
        detail: String,
        span: Span,
        earlier: Span,
    ) {
        self.diagnostics.push(
            Diagnostic::error(headline, detail)
                .at(span)
                .related(earlier, "the first one"),
        );
    }
}

fn override_output(target: &mut OutputDecl, decl: OutputDecl) {
    let OutputDecl {
        name: _,
        span: _,
        description,
        value,
        sensitive,
        ephemeral,
        deprecated,
        depends_on: _,
        preconditions: _,
    } = decl;
    replace(&mut target.description, description);
    replace(&mut target.value, value);
    replace(&mut target.sensitive, sensitive);
    replace(&mut target.ephemeral, ephemeral);
    replace(&mut target.deprecated, deprecated);
}

/// Replaces what is there, if there is something to replace it with.
pub(super) fn replace<T>(target: &mut Option<T>, with: Option<T>) {
    if with.is_some() {
        *target = with;
    }
}

fn find<T>(items: &[T], matches: impl Fn(&T) -> bool) -> Option<&T> {
    items.iter().find(|item| matches(item))
}

/// Whether an expression mentions any name at all; `require_constant` counts function calls as well, which don't.
fn mentions_object(expr: &Expr) -> bool {
    static_expr::require_constant(expr)
        .iter()
        .any(|diagnostic| diagnostic.is(&terrane_lang::rules::structure::VARIABLES_NOT_ALLOWED))
}
