//! Expressions that must be known before anything is planned: module sources and versions, backend arguments, `for_each` of providers.
//!
//! They may refer to variables, local values, `path` and nothing else. What they need is computed first and in order, with an explicit
//! stack, so that a long chain of local values needs no deep recursion.

use super::Tree;
use super::decl::VariableDecl;
use crate::rules;
use crate::variables::{input_value, unsuitable_input};
use ecow::EcoString;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Binder, Bound, Compiled, Scope, Slot, compile};
use terrane_lang::functions::{Functions, ProviderFunction, ProviderNames};
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, Ident, Step, StepKind};
use terrane_lang::syntax::body::{Body, BodySchema};
use terrane_value::convert::convert;
use terrane_value::{Marks, Type, Value};

/// What a static expression can refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Variable(EcoString),
    Local(EcoString),
    PathModule,
    PathRoot,
    PathCwd,
    Workspace,
}

type Key = (usize, Name);

/// Evaluates static expressions of a tree. What was computed is kept.
pub(crate) struct StaticEval<'a> {
    tree: &'a Tree,
    functions: Functions,
    /// `None`: it failed, and the failure was reported.
    known: RefCell<BTreeMap<Key, Option<Value>>>,
}

struct Names<'a> {
    tree: &'a Tree,
    module: usize,
    found: Vec<Name>,
}

impl Binder for Names<'_> {
    fn bind(&mut self, root: &Ident, steps: &[Step]) -> Result<Bound, Diagnostic> {
        let attr = match steps.first().map(|step| &step.kind) {
            Some(StepKind::Attr(name)) => Some(name.clone()),
            _ => None,
        };
        let decl = &self.tree.modules[self.module].decl;
        let end = steps
            .first()
            .map_or(root.span, |step| root.span.to(step.span));
        let name = match (root.name.as_str(), attr) {
            ("var", Some(name)) => {
                if !decl.index.variables.contains_key(&name) {
                    let declared = decl.index.variables.keys().map(EcoString::as_str);
                    let hint = crate::suggest::did_you_mean(&name, declared);
                    let detail = format!(
                        "An input variable with the name \"{name}\" has not been declared.{hint}"
                    );
                    return Err(
                        Diagnostic::error(&rules::reference::UNDECLARED_VARIABLE, detail).at(end),
                    );
                }
                Name::Variable(name)
            }
            ("local", Some(name)) => {
                if !decl.index.locals.contains_key(&name) {
                    let declared = decl.index.locals.keys().map(EcoString::as_str);
                    let hint = crate::suggest::did_you_mean(&name, declared);
                    let detail = format!(
                        "A local value with the name \"{name}\" has not been declared.{hint}"
                    );
                    return Err(
                        Diagnostic::error(&rules::reference::UNDECLARED_LOCAL, detail).at(end),
                    );
                }
                Name::Local(name)
            }
            ("path", Some(name)) if name == "module" => Name::PathModule,
            ("path", Some(name)) if name == "root" => Name::PathRoot,
            ("path", Some(name)) if name == "cwd" => Name::PathCwd,
            ("terraform" | "tofu", Some(name)) if name == "workspace" => Name::Workspace,
            _ => {
                return Err(Diagnostic::error(
                    &rules::static_value::DYNAMIC_VALUE,
                    "This value must be known before anything is planned, so it may refer only to input variables, local values and path: not to resources, data sources or modules.",
                )
                .at(end));
            }
        };
        let at = match self.found.iter().position(|known| *known == name) {
            Some(at) => at,
            None => {
                self.found.push(name);
                self.found.len() - 1
            }
        };
        Ok(Bound {
            slot: Slot(u32::try_from(at).unwrap_or(u32::MAX)),
            consumed: 1,
            key_at: None,
        })
    }

    fn provider_names(&mut self) -> Option<Arc<dyn ProviderNames>> {
        Some(Arc::new(NoProviderNames))
    }
}

struct Frame {
    key: Option<Key>,
    module: usize,
    names: Vec<Name>,
    next: usize,
    compiled: Compiled,
}

/// Functions of providers can't be called before providers are there.
#[derive(Debug)]
struct NoProviderNames;

impl ProviderNames for NoProviderNames {
    fn find(&self, name: &str, span: Span) -> Result<Arc<ProviderFunction>, Diagnostic> {
        Err(Diagnostic::error(
            &rules::static_value::STATIC_PROVIDER_FUNCTION,
            format!("This value must be known before any provider is there, so it can't use the function \"provider::{name}\" of a provider."),
        )
        .at(span))
    }
}

struct FrameScope<'a> {
    eval: &'a StaticEval<'a>,
    frame: &'a Frame,
}

impl Scope for FrameScope<'_> {
    fn value(&self, slot: Slot, _span: Span) -> Result<Value, Diagnostics> {
        let name = self.frame.names.get(slot.0 as usize);
        let known = self.eval.known.borrow();
        name.and_then(|name| known.get(&(self.frame.module, name.clone())))
            .cloned()
            .flatten()
            .ok_or_else(Diagnostics::new)
    }

    fn keyed(&self, slot: Slot, _key: &Value, span: Span) -> Result<Value, Diagnostics> {
        self.value(slot, span)
    }

    fn functions(&self) -> &Functions {
        &self.eval.functions
    }

    fn name(&self, slot: Slot) -> EcoString {
        match self.frame.names.get(slot.0 as usize) {
            Some(name) => shown(name),
            None => EcoString::new(),
        }
    }
}

/// How a name is written.
fn shown(name: &Name) -> EcoString {
    match name {
        Name::Variable(name) => ecow::eco_format!("var.{name}"),
        Name::Local(name) => ecow::eco_format!("local.{name}"),
        Name::PathModule => "path.module".into(),
        Name::PathRoot => "path.root".into(),
        Name::PathCwd => "path.cwd".into(),
        Name::Workspace => "terraform.workspace".into(),
    }
}

/// A text, if it is known.
fn known(text: Option<&EcoString>) -> Value {
    text.map_or_else(
        || Value::unknown(Type::String),
        |text| Value::string(text.clone()),
    )
}

/// What a name needs before it has a value.
enum Step1 {
    Ready(Option<Value>),
    Compute(usize, Expr),
}

impl<'a> StaticEval<'a> {
    pub(crate) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            functions: tree
                .surroundings
                .functions
                .clone()
                .unwrap_or_else(Functions::pure),
            known: RefCell::new(BTreeMap::new()),
        }
    }

    /// The value of an expression in a module.
    pub(crate) fn eval(&self, module: usize, expr: &Expr) -> Result<Value, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut stack = vec![self.frame(None, module, expr)?];
        let mut open: BTreeSet<Key> = BTreeSet::new();
        while let Some(frame) = stack.last_mut() {
            if let Some(name) = frame.names.get(frame.next).cloned() {
                frame.next += 1;
                let key = (frame.module, name);
                if self.known.borrow().contains_key(&key) {
                    continue;
                }
                if open.contains(&key) {
                    let span = expr.span;
                    problems.push(
                        Diagnostic::error(
                            &rules::static_value::CIRCULAR_REFERENCE,
                            format!(
                                "{} must be known before anything is planned, and depends on itself.",
                                shown(&key.1)
                            ),
                        )
                        .at(span),
                    );
                    self.known.borrow_mut().insert(key, None);
                    continue;
                }
                match self.resolve(&key, &mut problems) {
                    Step1::Ready(value) => {
                        self.known.borrow_mut().insert(key, value);
                    }
                    Step1::Compute(module, expr) => {
                        match self.frame(Some(key.clone()), module, &expr) {
                            Ok(frame) => {
                                open.insert(key);
                                stack.push(frame);
                            }
                            Err(found) => {
                                problems.extend(found);
                                self.known.borrow_mut().insert(key, None);
                            }
                        }
                    }
                }
                continue;
            }
            let Some(frame) = stack.pop() else { break };
            let scope = FrameScope {
                eval: self,
                frame: &frame,
            };
            let result = frame.compiled.eval(&scope, &[]);
            let Some(key) = frame.key else {
                return match result {
                    Ok(_) if problems.has_errors() => Err(problems),
                    Ok(value) => Ok(value),
                    Err(found) => {
                        problems.extend(found);
                        Err(problems)
                    }
                };
            };
            let value = match result {
                Ok(value) => self.convert_variable(&key, value, &mut problems),
                Err(found) => {
                    problems.extend(found);
                    None
                }
            };
            self.known.borrow_mut().insert(key, value);
        }
        Err(problems)
    }

    fn frame(&self, key: Option<Key>, module: usize, expr: &Expr) -> Result<Frame, Diagnostics> {
        let mut binder = Names {
            tree: self.tree,
            module,
            found: Vec::new(),
        };
        let (compiled, diagnostics) = compile(expr, &mut binder, &[]);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        Ok(Frame {
            key,
            module,
            names: binder.found,
            next: 0,
            compiled,
        })
    }

    fn variable(&self, module: usize, name: &str) -> Option<&'a VariableDecl> {
        let decl = &self.tree.modules.get(module)?.decl;
        let at = decl.index.variables.get(name)?;
        decl.variables.get(*at)
    }

    fn resolve(&self, key: &Key, problems: &mut Diagnostics) -> Step1 {
        let (module, name) = key;
        let here = &self.tree.modules[*module];
        match name {
            Name::PathModule => Step1::Ready(Some(Value::string(here.dir.clone()))),
            Name::PathRoot => Step1::Ready(Some(Value::string("."))),
            Name::PathCwd => Step1::Ready(Some(known(self.tree.surroundings.cwd.as_ref()))),
            Name::Workspace => Step1::Ready(Some(known(self.tree.surroundings.workspace.as_ref()))),
            Name::Local(name) => match here
                .decl
                .index
                .locals
                .get(name)
                .and_then(|at| here.decl.locals.get(*at))
            {
                Some(local) => Step1::Compute(*module, local.value.clone()),
                None => Step1::Ready(None),
            },
            Name::Variable(name) => {
                let Some(variable) = self.variable(*module, name) else {
                    return Step1::Ready(None);
                };
                let some_const = || {
                    let mut all = here.decl.variables.iter();
                    all.any(|other| other.constant == Some(true))
                };
                if variable
                    .constant
                    .map_or_else(some_const, |constant| !constant)
                {
                    let detail = format!(
                        "The variable \"{name}\" is used where its value must be known before anything is planned, but it need not be: it says const = false, or other variables of the module say const = true and it does not. Give it const = true, or use another variable."
                    );
                    problems.push(
                        Diagnostic::error(&rules::static_value::NOT_CONSTANT, detail)
                            .at(variable.span),
                    );
                    return Step1::Ready(None);
                }
                let given = match here.parent {
                    None => {
                        if let Some(value) = self.tree.variables.get(name) {
                            return Step1::Ready(Some(marked(variable, value.clone())));
                        }
                        None
                    }
                    Some((parent, call)) => {
                        let call = &self.tree.modules[parent].decl.calls[call];
                        let escaped = call.escape.as_ref().and_then(|body| input(body, name));
                        escaped
                            .or_else(|| input(&call.body, name))
                            .map(|expr| Step1::Compute(parent, expr))
                    }
                };
                if let Some(given) = given {
                    return given;
                }
                if variable.default.is_some() {
                    let value = input_value(&variable.without_rules(), None);
                    return Step1::Ready(value.ok());
                }
                let detail = format!(
                    "The variable \"{name}\" is used where its value must be known before anything is planned, but it has no value. Set it on the command line, in a variables file or in the environment, or give it a default."
                );
                problems.push(
                    Diagnostic::error(&rules::static_value::VARIABLE_NOT_PROVIDED, detail)
                        .at(variable.span),
                );
                Step1::Ready(None)
            }
        }
    }

    /// What a variable makes of the value that its call gives it.
    fn convert_variable(
        &self,
        key: &Key,
        value: Value,
        problems: &mut Diagnostics,
    ) -> Option<Value> {
        let (module, Name::Variable(name)) = key else {
            return Some(value);
        };
        let Some(variable) = self.variable(*module, name) else {
            return Some(value);
        };
        let declared = variable.without_rules();
        match input_value(&declared, Some(&value)) {
            Ok(value) => Some(value),
            Err(problem) => {
                let here = &self.tree.modules[*module];
                let addr = format!("{}.var.{name}", here.path);
                let place = here.parent.map_or(variable.span, |(parent, call)| {
                    self.tree.modules[parent].decl.calls[call].span
                });
                problems.push(unsuitable_input(&declared, &addr, place, &problem));
                None
            }
        }
    }

    /// A string that is known and may be shown; null counts as not given.
    pub(crate) fn string(
        &self,
        module: usize,
        expr: &Expr,
        what: &str,
    ) -> Result<Option<EcoString>, Diagnostics> {
        let value = self.eval(module, expr)?;
        let fail = |detail: String| -> Result<Option<EcoString>, Diagnostics> {
            Err(Diagnostic::error(
                rules::static_value::INVALID_STATIC_VALUE.named(format!("Invalid {what}")),
                detail,
            )
            .at(expr.span)
            .into())
        };
        if value.marks().is_sensitive() || value.marks().is_ephemeral() {
            return fail(format!(
                "The {what} must not depend on sensitive or ephemeral values, since it would be shown."
            ));
        }
        match convert(value.unmarked(), &Type::String) {
            Err(error) => fail(format!("Unsuitable value: {error}.")),
            Ok(value) if !value.is_known() => fail(format!(
                "The {what} must be known before anything is planned."
            )),
            Ok(value) => Ok(value.as_str().map(EcoString::from)),
        }
    }

    /// The arguments of a block whose schema is not known: attributes, and nested blocks as tuples of objects.
    pub(crate) fn body(
        &self,
        body: &Body,
        problems: &mut Diagnostics,
    ) -> BTreeMap<EcoString, (Value, Span)> {
        let mut found = BTreeMap::new();
        let Body::Native(native) = body else {
            let (attributes, diagnostics) = body.just_attributes();
            problems.extend(diagnostics);
            for attribute in attributes {
                match self.eval(0, &attribute.expr) {
                    Ok(value) => {
                        found.insert(attribute.name.name, (value, attribute.name.span));
                    }
                    Err(diagnostics) => problems.extend(diagnostics),
                }
            }
            return found;
        };
        for attribute in &native.attributes {
            match self.eval(0, &attribute.expr) {
                Ok(value) => {
                    found.insert(attribute.name.name.clone(), (value, attribute.name.span));
                }
                Err(diagnostics) => problems.extend(diagnostics),
            }
        }
        let mut blocks: BTreeMap<EcoString, (Vec<Value>, Span)> = BTreeMap::new();
        for block in &native.blocks {
            let inner = self.body(&block.body, problems);
            let object = Value::object(inner.into_iter().map(|(name, (value, _))| (name, value)));
            let entry = blocks
                .entry(block.kind.name.clone())
                .or_insert_with(|| (Vec::new(), block.header));
            entry.0.push(object);
        }
        for (name, (items, span)) in blocks {
            found.insert(name, (Value::tuple(items), span));
        }
        found
    }
}

/// A value with the marks of its variable.
fn marked(variable: &VariableDecl, value: Value) -> Value {
    let mut marks = Marks::NONE;
    if variable.sensitive == Some(true) {
        marks = marks.union(&Marks::SENSITIVE);
    }
    if variable.ephemeral == Some(true) {
        marks = marks.union(&Marks::EPHEMERAL);
    }
    value.with_marks(&marks)
}

/// The expression of an input of a module call.
pub(crate) fn input(body: &Body, name: &str) -> Option<Expr> {
    let wanted = BodySchema {
        attributes: vec![(name.into(), false)],
        blocks: Vec::new(),
    };
    let (content, _, _) = body.partial_content(&wanted);
    content
        .attribute(name)
        .map(|attribute| attribute.expr.clone())
}
