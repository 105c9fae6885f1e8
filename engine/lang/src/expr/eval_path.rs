//! Steps of a path: attributes, indices, splats.

use super::eval::{Evaluator, Failed, Outcome};
use super::node::{Code, Step, StepKind};
use super::values;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::Rule;
use crate::rules;
use crate::source::Span;
use crate::syntax::suggest::suggestion;
use terrane_value::{Kind, Refinements, Type, Value, ops};

/// What goes wrong in one step: rule, detail, and a way out.
type Fault = (&'static Rule, String, Option<&'static str>);

impl Evaluator<'_> {
    /// Applies steps one after the other. `start` is the place of what they are applied to.
    #[inline(never)]
    pub(super) fn path(
        &mut self,
        mut value: Value,
        steps: &[Step],
        start: Span,
        whole: &Code,
    ) -> Outcome {
        for step in steps {
            value = match &step.kind {
                StepKind::Attr(name) => match attribute(&value, name) {
                    Ok(value) => value,
                    Err(fault) => return self.step_fault(fault, step, start, whole),
                },
                StepKind::Index(code) => {
                    let key = self.eval(code)?;
                    match index(&value, &key) {
                        Ok(value) => value,
                        Err(fault) => return self.step_fault(fault, step, start, whole),
                    }
                }
                StepKind::Splat(each) => self.splat(value, each, step, start, whole)?,
            };
        }
        Ok(value)
    }

    #[inline(never)]
    fn step_fault<T>(
        &mut self,
        (rule, detail, hint): Fault,
        step: &Step,
        start: Span,
        whole: &Code,
    ) -> Outcome<T> {
        let mut diagnostic = Diagnostic::error(rule, detail)
            .at(step.span)
            .within(start.to(step.span));
        diagnostic.hint = hint.map(String::from);
        self.blame(whole, diagnostic)
    }

    #[inline(never)]
    fn splat(
        &mut self,
        source: Value,
        each: &[Step],
        step: &Step,
        start: Span,
        whole: &Code,
    ) -> Outcome {
        let (plain, marks) = source.unmark();
        if let Kind::Tuple(items) = plain.kind() {
            // Without asking for its type, which is as large as it is.
            let mut made = Vec::with_capacity(items.len());
            for item in items {
                made.push(self.deeper(item.clone(), each, step, whole)?);
            }
            return Ok(Value::tuple(made).with_marks(marks));
        }
        let ty = plain.ty();
        let sequence = matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_));
        if plain.is_null() {
            if !sequence {
                return Ok(Value::tuple(Vec::new()).with_marks(marks));
            }
            let fault = (
                &rules::expr::SPLAT_OF_NULL,
                String::from(
                    "Splat expressions (with the * symbol) cannot be applied to null sequences.",
                ),
                None,
            );
            return self.step_fault(fault, step, start, whole);
        }
        if ty == Type::Dynamic {
            return Ok(Value::dynamic().with_marks(marks));
        }
        if !sequence {
            if !plain.is_surely_not_null() {
                // It may still turn out to be null, and the tuple empty.
                return Ok(Value::dynamic().with_marks(marks));
            }
            let item = self.deeper(plain.clone(), each, step, whole)?;
            return Ok(Value::tuple(vec![item]).with_marks(marks));
        }
        let result = match plain.kind() {
            Kind::Unknown(_, refinements) => {
                self.splat_unknown(&ty, refinements, each, step, whole)?
            }
            _ => {
                let items = plain.children();
                let mut made = Vec::with_capacity(items.len());
                for item in items {
                    made.push(self.deeper(item.clone(), each, step, whole)?);
                }
                match &ty {
                    Type::Tuple(_) => Value::tuple(made),
                    _ if made.is_empty() => {
                        let element =
                            Value::unknown(ty.element().cloned().unwrap_or(Type::Dynamic));
                        let element = self.deeper(element, each, step, whole)?.ty();
                        Value::list(element, made)
                    }
                    _ => values::list_or_tuple(made),
                }
            }
        };
        Ok(result.with_marks(marks))
    }

    fn splat_unknown(
        &mut self,
        ty: &Type,
        refinements: &Refinements,
        each: &[Step],
        step: &Step,
        whole: &Code,
    ) -> Outcome {
        if let Type::Tuple(elements) = ty {
            let mut types = Vec::with_capacity(elements.len());
            for element in elements.iter() {
                let item = self.deeper(Value::unknown(element.clone()), each, step, whole)?;
                types.push(item.ty());
            }
            return Ok(Value::unknown_with(
                Type::tuple(types),
                Refinements::NOT_NULL,
            ));
        }
        let element = Value::unknown(ty.element().cloned().unwrap_or(Type::Dynamic));
        let element = self.deeper(element, each, step, whole)?.ty();
        let known = Refinements {
            not_null: true,
            min_length: refinements.min_length,
            max_length: refinements.max_length,
            ..Refinements::NONE
        };
        Ok(Value::unknown_with(Type::list(element), known))
    }

    /// The steps behind a splat, for one element. They may hold splats themselves.
    fn deeper(&mut self, value: Value, each: &[Step], step: &Step, whole: &Code) -> Outcome {
        if each.is_empty() {
            return Ok(value);
        }
        if self.depth >= super::eval::MAX_DEPTH {
            return Err(Failed);
        }
        self.depth += 1;
        let outcome = self.path(value, each, step.span, whole);
        self.depth -= 1;
        outcome
    }
}

/// `value.name`
pub(super) fn attribute(value: &Value, name: &str) -> Result<Value, Fault> {
    // Fast: the attribute of a plain object.
    if let Kind::Object(object) = value.kind()
        && let Some(found) = object.get(name)
    {
        return Ok(found.clone());
    }
    ops::get_attr(value, name).map_err(|error| fault(error, value, Some(name)))
}

/// `value[key]`
pub(super) fn index(value: &Value, key: &Value) -> Result<Value, Fault> {
    // Fast: the element of a plain container.
    let found = match (value.kind(), key.kind()) {
        (Kind::List(items) | Kind::Tuple(items), Kind::Number(number)) => {
            number.to_usize().and_then(|at| items.get(at))
        }
        (Kind::Map(map), Kind::String(name)) => map.get(name),
        (Kind::Object(object), Kind::String(name)) => object.get(name),
        _ => None,
    };
    match found {
        Some(found) => Ok(found.clone()),
        None => ops::index(value, key).map_err(|error| {
            let name = (!key.marks().is_sensitive()).then(|| key.unmarked().kind());
            let name = match name {
                Some(Kind::String(name)) => Some(name.as_str()),
                _ => None,
            };
            fault(error, value, name)
        }),
    }
}

/// What is said of an access to a part of `value`, by `name` if it is one that may be shown.
#[inline(never)]
fn fault(error: ops::AccessError, value: &Value, name: Option<&str>) -> Fault {
    use ops::AccessError as Error;
    let mut detail = error.to_string();
    let hint = match &error {
        Error::NoSuchAttribute(_) | Error::NoSuchElement(_) | Error::NoSuchKey => {
            if let Some(name) = name {
                detail.push_str(&known_names(value, name));
            }
            None
        }
        Error::IndexBeyondEnd { empty: false } if !value.marks().is_sensitive() => {
            let length = value.unmarked().children().len();
            if detail.ends_with('.') {
                detail.pop();
                detail.extend([format!(" ({length}).")]);
            }
            None
        }
        Error::NegativeIndex => Some("element(list, -1) takes the last element"),
        Error::IndexOfSet => Some(
            "one(set) takes the only element, tolist(set)[0] the first in sorted order; a \"for\" expression finds one by what it is",
        ),
        Error::AttributeOfNull | Error::IndexOfNull => Some(
            "if it may be null, say what to take instead: try(value.name, null), or a condition",
        ),
        Error::AttributeOfList(_) | Error::NoAttributes if elements_have(value, name) => Some(
            "it is the elements that have this attribute: put [*] before it to take it of all, [0] to take it of the first",
        ),
        _ => None,
    };
    (rules::expr::of_access(&error), detail, hint)
}

/// Whether the elements of a list or tuple have an attribute of this name.
fn elements_have(value: &Value, name: Option<&str>) -> bool {
    let (Kind::List(items) | Kind::Tuple(items), Some(name)) = (value.unmarked().kind(), name)
    else {
        return false;
    };
    items.iter().any(|item| match item.unmarked().kind() {
        Kind::Object(object) => object.get(name).is_some(),
        Kind::Map(map) => map.get(name).is_some(),
        _ => false,
    })
}

/// The name that may be meant, or else the names that there are, if they are few and may be shown.
fn known_names(value: &Value, name: &str) -> String {
    const MOST: usize = 8;
    if value.marks().is_sensitive() {
        return String::new();
    }
    let names: Vec<&str> = match value.unmarked().kind() {
        Kind::Object(object) => object.iter().map(|(name, _)| name.as_str()).collect(),
        Kind::Map(map) => map.iter().map(|(name, _)| name.as_str()).collect(),
        _ => return String::new(),
    };
    if let Some(near) = suggestion(name, names.iter().copied()) {
        return format!(" Did you mean {}?", values::quote(near));
    }
    if names.is_empty() || names.len() > MOST {
        return String::new();
    }
    let names: Vec<String> = names.into_iter().map(values::quote).collect();
    match names.as_slice() {
        [only] => format!(" There is only {only}."),
        names => format!(" There are {}.", names.join(", ")),
    }
}
