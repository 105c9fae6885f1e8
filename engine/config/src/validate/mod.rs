//! Checking a configuration without a state and without values: everything that is not constant is unknown, of the type that it will have,
//! and all expressions are evaluated, so that wrong types, wrong indexes and missing attributes are found.
//!
//! Cycles of references are not found here but where the graph is built; here the value of a cycle's members is unknown.

mod dormant;
mod inputs;
mod scope;

use crate::body::CompiledBody;
use crate::compile::provider::unneeded;
use crate::config::{
    Condition, Config, Import, Module, ModuleId, Output, ProviderId, Provisioner, Reference,
    Repetition, Resource,
};
use crate::repetition::{self, Unknown};
use crate::rules;
use dormant::{Key, may_be_absent, told};
use scope::{Known, Member, ModuleScope};
use std::cell::RefCell;
use std::collections::BTreeMap;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::{Compiled, Scope, all_values_involved};
use terrane_lang::functions::Functions;
use terrane_lang::source::Span;
use terrane_model::addr::Mode;
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// A part of the configuration that its provider can judge.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which part.
    pub subject: Subject,
    /// What is known of its arguments, with marks: everything that is not constant is unknown.
    pub value: Value,
}

/// What a provider is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A `provider` block.
    Provider(ProviderId),
    /// A resource or data source of a module, by its number there.
    Resource(ModuleId, u32),
}

/// All messages that can be had without values. `functions` are those of a run that neither plans nor applies.
pub fn validate(config: &Config, functions: &Functions) -> Diagnostics {
    questions(config, functions).0
}

/// All messages that can be had without values, and what providers can be asked about what has none: in the order of modules and declarations, providers last.
pub fn questions(config: &Config, functions: &Functions) -> (Diagnostics, Vec<Question>) {
    let checker = checked(config, functions, true);
    (
        told(config, functions, checker.diagnostics, &checker.dormant),
        checker.questions,
    )
}

/// What stops a plan whatever the values are. `whole`: whether everything takes part in it; else what follows from the types of resources is left to the plan, which looks at what
/// does take part.
pub fn certain_errors(config: &Config, functions: &Functions, whole: bool) -> Diagnostics {
    let checker = checked(config, functions, true);
    let dormant = if whole {
        checker.dormant
    } else {
        let keys = checker.diagnostics.iter().map(dormant::key);
        keys.map(|key| (key, true)).collect()
    };
    let mut found = told(config, functions, checker.diagnostics, &dormant);
    if !found.has_errors() {
        found = Diagnostics::new();
    }
    found
}

/// Looks at everything. `typed`: whether resources have the types of their schemas.
fn checked<'a>(config: &'a Config, functions: &'a Functions, typed: bool) -> Checker<'a> {
    let mut checker = Checker {
        config,
        functions,
        typed,
        known: RefCell::new(BTreeMap::new()),
        diagnostics: Diagnostics::new(),
        questions: Vec::new(),
        may_be_absent: may_be_absent(config),
        resting: false,
        sorted: 0,
        dormant: BTreeMap::new(),
    };
    for module in &config.modules {
        checker.within(checker.is_absent(module.id), |checker| {
            checker.module(module);
        });
    }
    for (at, provider) in (0u32..).zip(&config.providers) {
        let place = Place {
            module: provider.module,
            own: None,
        };
        let Some(header) = provider.span else {
            continue;
        };
        let earlier = std::mem::take(&mut checker.diagnostics);
        checker.sorted = 0;
        let value = checker.body(place, &provider.body, header, false);
        let own = std::mem::replace(&mut checker.diagnostics, earlier);
        checker.sorted = checker.diagnostics.len();
        if provider.used {
            // What its instances are configured with is not known before there are some.
            if let Some(value) = value.filter(|_| provider.for_each.is_none()) {
                let subject = Subject::Provider(ProviderId(at));
                checker.questions.push(Question { subject, value });
            }
            checker.diagnostics.extend(own);
        } else if provider.problems.is_empty() {
            checker.diagnostics.extend(own.into_iter().map(unneeded));
        }
    }
    for import in &config.imports {
        checker.import(import);
    }
    checker
}

/// Messages about the value of an output: sensitive or ephemeral values where they must not be.
pub fn output_problems(output: &Output, is_root: bool, value: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    if is_root && !output.ephemeral && value.contains_infinity() {
        let detail = "The value is or holds an infinite number, as a division by zero gives it. It can't be stored.";
        found
            .push(Diagnostic::error(&rules::body::INFINITE_NUMBER, detail).at(output.value.span()));
    }
    if !value.contains_marks() {
        return found;
    }
    let marks = value.marks_deep();
    if is_root && marks.is_sensitive() && !output.sensitive {
        found.push(
            Diagnostic::error(
                &rules::condition::SENSITIVE_OUTPUT,
                "To reduce the risk of accidentally exporting sensitive data that was intended to be only internal, any root module output containing sensitive data must be explicitly marked as sensitive, to confirm your intent.\n\nIf you do intend to export this data, annotate the output value as sensitive by adding the following argument:\n    sensitive = true",
            )
            .at(output.span),
        );
    }
    if marks.is_ephemeral() && !output.ephemeral {
        found.push(
            Diagnostic::error(
                &rules::condition::EPHEMERAL_OUTPUT,
                "This output value is not declared as returning an ephemeral value, so it cannot be set to a result derived from an ephemeral value.",
            )
            .at(output.value.span()),
        );
    }
    found
}

/// Which of the values that take part in an expression are sensitive.
fn secrets_involved(expr: &Compiled, scope: &dyn Scope) -> Vec<(String, String)> {
    let mut values = all_values_involved(expr, scope);
    values.retain(|(_, text)| text.contains("sensitive"));
    values
}

/// What a condition is one of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Variable,
    Output,
    /// A resource or a check.
    Other,
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
struct Place {
    module: ModuleId,
    /// The resource that `self` stands for.
    own: Option<u32>,
}

struct Checker<'a> {
    config: &'a Config,
    functions: &'a Functions,
    typed: bool,
    known: RefCell<Known>,
    diagnostics: Diagnostics,
    questions: Vec<Question>,
    may_be_absent: Vec<bool>,
    /// Whether what is looked at may have no instances.
    resting: bool,
    /// How many of the messages have been looked at for that.
    sorted: usize,
    /// Messages, and whether all they are about may have no instances.
    dormant: BTreeMap<Key, bool>,
}

/// A member whose dependencies are being computed.
struct Frame {
    member: Member,
    needs: Vec<Member>,
    next: usize,
}

impl Checker<'_> {
    fn module(&mut self, module: &Module) {
        let place = Place {
            module: module.id,
            own: None,
        };
        for at in 0..module.locals.len() {
            self.compute((module.id, Named::Local(index(at))));
        }
        for at in 0..module.outputs.len() {
            self.compute((module.id, Named::Output(index(at))));
        }
        for variable in &module.variables {
            self.conditions(place, &variable.validations, Of::Variable);
        }
        for output in &module.outputs {
            self.conditions(place, &output.preconditions, Of::Output);
        }
        for call in &module.calls {
            let repeated = !matches!(call.repetition, Repetition::Single);
            self.within(self.resting || repeated, |checker| {
                checker.call(place, call);
            });
        }
        for (at, resource) in module.resources.iter().enumerate() {
            let repeated = !matches!(resource.repetition, Repetition::Single);
            self.within(self.resting || repeated, |checker| {
                checker.resource(place, index(at), resource);
            });
        }
        for check in &module.checks {
            self.conditions(place, &check.assertions, Of::Other);
        }
    }

    /// Evaluates an expression, what it refers to first.
    fn eval(&mut self, place: Place, expr: &Compiled) -> Option<Value> {
        self.prepare(place.module, expr);
        let scope = self.scope(place);
        match expr.eval(&scope, &[]) {
            Ok(value) => Some(value),
            Err(found) => {
                self.diagnostics.extend(found);
                None
            }
        }
    }

    fn scope(&self, place: Place) -> ModuleScope<'_> {
        ModuleScope {
            config: self.config,
            functions: self.functions,
            typed: self.typed,
            known: &self.known,
            module: self.config.module(place.module),
            own: place.own,
            given: None,
        }
    }

    fn prepare(&mut self, module: ModuleId, expr: &Compiled) {
        for member in self.needs(module, expr) {
            self.compute(member);
        }
    }

    /// The local values and outputs that an expression refers to.
    fn needs(&self, module: ModuleId, expr: &Compiled) -> Vec<Member> {
        let mut found = Vec::new();
        for used in expr.uses() {
            self.need(module, used.slot.0, &mut found);
        }
        found
    }

    fn need(&self, id: ModuleId, slot: u32, found: &mut Vec<Member>) {
        let module = self.config.module(id);
        match module.slots.get(slot as usize) {
            Some(Reference::Local(at)) => found.push((id, Named::Local(*at))),
            Some(Reference::CallOutput(call, output)) => {
                if let Some(call) = module.calls.get(*call as usize) {
                    found.push((call.module, Named::Output(*output)));
                }
            }
            Some(Reference::Call(call)) => {
                if let Some(call) = module.calls.get(*call as usize)
                    && call.module > id
                {
                    let outputs = self.config.module(call.module).outputs.len();
                    found.extend((0..outputs).map(|at| (call.module, Named::Output(index(at)))));
                }
            }
            _ => {}
        }
    }

    /// The definition of a member.
    fn definition(&self, member: Member) -> Option<Compiled> {
        let module = self.config.module(member.0);
        match member.1 {
            Named::Local(at) => module
                .locals
                .get(at as usize)
                .map(|local| local.value.clone()),
            Named::Output(at) => module
                .outputs
                .get(at as usize)
                .map(|output| output.value.clone()),
        }
    }

    /// Computes a local value or an output, what it refers to first. With a stack of its own, since chains may be long.
    fn compute(&mut self, member: Member) {
        let mut stack: Vec<Frame> = Vec::new();
        self.open(member, &mut stack);
        while let Some(frame) = stack.last_mut() {
            if let Some(next) = frame.needs.get(frame.next).copied() {
                frame.next += 1;
                self.open(next, &mut stack);
            } else if let Some(done) = stack.pop() {
                let absent = self.is_absent(done.member.0);
                self.within(absent, |checker| checker.finish(done.member));
            }
        }
    }

    /// Begins to compute a member, if nobody has. Until it is done its value is unknown, which is what a cycle finds.
    fn open(&mut self, member: Member, stack: &mut Vec<Frame>) {
        if self.known.borrow().contains_key(&member) {
            return;
        }
        let Some(expr) = self.definition(member) else {
            return;
        };
        self.known
            .borrow_mut()
            .insert(member, Some(Value::dynamic()));
        stack.push(Frame {
            member,
            needs: self.needs(member.0, &expr),
            next: 0,
        });
    }

    fn finish(&mut self, member: Member) {
        let Some(expr) = self.definition(member) else {
            return;
        };
        let place = Place {
            module: member.0,
            own: None,
        };
        let result = expr.eval(&self.scope(place), &[]);
        let mut value = match result {
            Ok(value) => Some(value),
            Err(found) => {
                self.diagnostics.extend(found);
                None
            }
        };
        if let (Named::Output(at), Some(found)) = (member.1, &value) {
            let module = self.config.module(member.0);
            if let Some(output) = module.outputs.get(at as usize) {
                let mut problems = output_problems(output, module.path.is_root(), found);
                for problem in problems.iter_mut() {
                    problem.values = secrets_involved(&expr, &self.scope(place));
                }
                self.diagnostics.extend(problems);
                value = Some(scope::output_value(output, found.clone()));
            }
        }
        self.known.borrow_mut().insert(member, value);
    }

    fn conditions(&mut self, place: Place, conditions: &[Condition], of: Of) {
        for condition in conditions {
            if let Some(value) = self.eval(place, &condition.condition) {
                self.condition(place, condition, of, &value);
            }
            let Some(message) = self.eval(place, &condition.message) else {
                continue;
            };
            if let Err(error) = convert(message.unmarked(), &Type::String) {
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::condition::ERROR_MESSAGE_TYPE,
                        format!("Unsuitable value for error message: {error}."),
                    )
                    .at(condition.message.span()),
                );
            }
        }
    }

    fn condition(&mut self, place: Place, condition: &Condition, of: Of, value: &Value) {
        let invalid = match of {
            Of::Variable => &rules::condition::VALIDATION_RESULT,
            Of::Output | Of::Other => &rules::condition::CONDITION_RESULT,
        };
        let (rule, detail) = match convert(value.unmarked(), &Type::Bool) {
            Err(error) => (invalid, format!("Invalid condition result value: {error}.")),
            Ok(value) if value.is_null() => (
                invalid,
                "Condition expression must return either true or false, not null.".to_owned(),
            ),
            // Variables are told of where they are given a value; of a resource the peers say nothing before it is planned.
            Ok(value) if of == Of::Output && matches!(value.kind(), Kind::Bool(false)) => {
                self.prepare(place.module, &condition.message);
                (
                    &rules::condition::PRECONDITION_NEVER_HOLDS,
                    inputs::message(condition, &self.scope(place)),
                )
            }
            Ok(_) => return,
        };
        let mut diagnostic = Diagnostic::error(rule, detail).at(condition.condition.span());
        // Values that are not known have types, and those tell why.
        diagnostic.values = all_values_involved(&condition.condition, &self.scope(place));
        self.diagnostics.push(diagnostic);
    }

    fn repetition(&mut self, place: Place, repetition: &Repetition) {
        let (Repetition::Count(expr) | Repetition::ForEach(expr) | Repetition::Enabled(expr)) =
            repetition
        else {
            return;
        };
        self.prepare(place.module, expr);
        let scope = self.scope(place);
        let problems = match repetition {
            Repetition::Single => None,
            Repetition::Count(expr) => repetition::count(expr, &scope, Unknown::Allowed).err(),
            Repetition::ForEach(expr) => repetition::for_each(expr, &scope, Unknown::Allowed).err(),
            Repetition::Enabled(expr) => repetition::enabled(expr, &scope, Unknown::Allowed).err(),
        };
        self.diagnostics.extend(problems.into_iter().flatten());
    }

    fn resource(&mut self, place: Place, at: u32, resource: &Resource) {
        self.repetition(place, &resource.repetition);
        // A schema that could not be had was reported; nothing can be said about the body then.
        let has_schema = !resource.schema.block.attributes.is_empty()
            || !resource.schema.block.blocks.is_empty();
        if has_schema {
            let stored = resource.mode != Mode::Ephemeral;
            let value = self.body(place, &resource.body, resource.span, stored);
            if let Some(value) = value {
                let subject = Subject::Resource(place.module, at);
                self.questions.push(Question { subject, value });
            }
        }
        let lifecycle = &resource.lifecycle;
        if let Some(prevent) = &lifecycle.prevent_destroy
            && let Some(value) = self.eval(place, prevent)
        {
            let problem = match convert(value.unmarked(), &Type::Bool) {
                Err(error) => Some(format!("Unsuitable value: {error}.")),
                Ok(value) if value.is_null() => {
                    Some("Unsuitable value: it has to be true or false, not null.".to_owned())
                }
                Ok(_) => None,
            };
            let rule = &rules::resource::PREVENT_DESTROY_TYPE;
            let found = problem.map(|problem| Diagnostic::error(rule, problem).at(prevent.span()));
            self.diagnostics.extend(found);
        }
        self.conditions(place, &lifecycle.preconditions, Of::Other);
        let with_self = Place {
            own: Some(at),
            ..place
        };
        self.conditions(with_self, &lifecycle.postconditions, Of::Other);
        for provisioner in &resource.provisioners {
            self.provisioner(with_self, provisioner);
        }
    }

    fn provisioner(&mut self, place: Place, provisioner: &Provisioner) {
        self.body(place, &provisioner.body, provisioner.span, false);
        if let Some(connection) = &provisioner.connection {
            self.body(place, connection, provisioner.span, false);
        }
    }

    /// Evaluates a body. `stored`: whether its value is kept, so that it must not be ephemeral.
    /// The value of a body, if it has one that is good.
    fn body(
        &mut self,
        place: Place,
        body: &CompiledBody,
        header: Span,
        stored: bool,
    ) -> Option<Value> {
        let mut needs = Vec::new();
        body.each_use(&mut |used| self.need(place.module, used.slot.0, &mut needs));
        for member in needs {
            self.compute(member);
        }
        let result = body.eval(&self.scope(place), &[]);
        match result {
            Ok(value) if stored => {
                let problems = body.unstorable(&value);
                let good = !problems.has_errors();
                self.diagnostics.extend(problems);
                good.then_some(value)
            }
            Ok(value) => Some(value),
            Err(mut found) => {
                for diagnostic in found.iter_mut() {
                    diagnostic.context = diagnostic.context.or(Some(header));
                }
                self.diagnostics.extend(found);
                None
            }
        }
    }

    fn import(&mut self, import: &Import) {
        let place = Place {
            module: ModuleId(0),
            own: None,
        };
        if let Some(expr) = &import.for_each {
            self.prepare(place.module, expr);
            let scope = self.scope(place);
            if let Ok(value) = expr.eval(&scope, &[])
                && !matches!(
                    value.unmarked().kind(),
                    Kind::Tuple(_) | Kind::List(_) | Kind::Unknown(..)
                )
            {
                let problems = repetition::for_each(expr, &scope, Unknown::Allowed).err();
                self.diagnostics.extend(problems.into_iter().flatten());
            }
        }
        for (_, key) in &import.keys {
            self.eval(place, key);
        }
        if let Some(identity) = &import.identity {
            self.eval(place, identity);
        }
        let Some(id) = &import.id else {
            return;
        };
        let Some(value) = self.eval(place, id) else {
            return;
        };
        if let Some(problem) = import_id_problem(&value) {
            self.diagnostics.push(
                Diagnostic::error(&rules::refactor::INVALID_IMPORT_ID, problem).at(id.span()),
            );
        }
    }
}

/// What is wrong with the value of an `id` argument of an `import` block.
#[must_use]
pub fn import_id_problem(value: &Value) -> Option<String> {
    if value.marks().is_sensitive() {
        return Some("The import ID cannot be sensitive.".into());
    }
    if value.marks().is_ephemeral() {
        return Some("The import ID cannot be ephemeral.".into());
    }
    if value.is_null() {
        return Some("The import ID cannot be null.".into());
    }
    match convert(value.unmarked(), &Type::String) {
        Err(error) => Some(format!("The import ID value is unsuitable: {error}.")),
        Ok(text) if text.as_str() == Some("") => Some(
            "The import ID value evaluates to an empty string, please provide a non-empty value."
                .into(),
        ),
        Ok(_) => None,
    }
}

/// Something with an expression that others refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Local(u32),
    Output(u32),
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
