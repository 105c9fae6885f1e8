//! Function calls, and the forms that look like calls: `try`, `can`, `convert`, `type`.

use super::compile_call::not_enough;
use super::eval::{Evaluator, Failed, Outcome};
use super::node::{Call, Code, Convert, Spread};
use super::values;
use crate::diagnostic::Diagnostic;
use crate::functions::table::{Context, Fault, Function};
use crate::rules;
use crate::source::Span;
use std::fmt::Write as _;
use terrane_value::{Kind, Marks, Refinements, Type, Value};

impl Evaluator<'_> {
    #[inline(never)]
    pub(super) fn call(&mut self, call: &Call, code: &Code) -> Outcome {
        let span = code.span;
        let Some((mut args, last)) = self.arguments(&call.args, call.expand_last, span)? else {
            return Ok(Value::dynamic());
        };
        let function = call.function;
        if call.expand_last
            && let Some(diagnostic) = wrong_count(call, args.len(), span)
        {
            return self.blame(code, diagnostic);
        }
        let place = |at: usize| {
            let at = if at >= last { last } else { at };
            call.args.get(at).map_or(span, |arg| arg.span)
        };
        let mut failed = false;
        for at in 0..args.len() {
            let (Some(param), Some(value)) = (function.param(at), args.get_mut(at)) else {
                continue;
            };
            if param.accepts(value) {
                continue;
            }
            match values::convert(value, &param.ty.to_type()) {
                Ok(converted) => *value = converted,
                Err(why) => {
                    failed = true;
                    let diagnostic = wrong_argument(param.name, &why, function.signature())
                        .at(place(at))
                        .within(span);
                    self.blame::<()>(code, diagnostic).ok();
                }
            }
        }
        if failed {
            return Err(Failed);
        }
        let context = Context {
            functions: self.scope.functions(),
            providers: call.providers.as_ref(),
            work: self.work,
            sensitive: false,
        };
        function.invoke(args, context).or_else(|fault| {
            let diagnostic = call_error(call, fault, &place, span);
            self.blame(code, diagnostic)
        })
    }

    /// The values of all arguments, the expanded one spread out, and the place of the last argument expression. `None` if the
    /// argument to expand is unknown.
    pub(super) fn arguments(
        &mut self,
        written: &[Code],
        expand_last: bool,
        span: Span,
    ) -> Outcome<Option<(Vec<Value>, usize)>> {
        let last = written.len().saturating_sub(1);
        let Some((code, before)) = written.split_last().filter(|_| expand_last) else {
            return Ok(Some((self.all(written)?, last)));
        };
        // Where it is not known how many arguments there are, the others do not matter.
        let Some(items) = self.expansion(code, span)? else {
            return Ok(None);
        };
        let mut args = self.all(before)?;
        args.extend(items);
        Ok(Some((args, last)))
    }

    /// The values that an argument with `...` stands for; `None`: it is unknown.
    pub(super) fn expansion(&mut self, code: &Code, span: Span) -> Outcome<Option<Vec<Value>>> {
        let list = self.eval(code)?;
        let invalid = |detail: &str| {
            Diagnostic::error(&rules::call::INVALID_EXPANSION, detail)
                .at(code.span)
                .within(span)
        };
        if list.is_null() {
            let diagnostic = invalid("The expanding argument (indicated by ...) must not be null.");
            return self.blame(code, diagnostic);
        }
        let (plain, marks) = list.unmark();
        match plain.ty() {
            Type::Dynamic => Ok(None),
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => {
                if !plain.is_known() {
                    return Ok(None);
                }
                let items = plain.children().iter();
                Ok(Some(
                    items.map(|item| item.clone().with_marks(marks)).collect(),
                ))
            }
            _ => {
                let diagnostic = invalid(
                    "The expanding argument (indicated by ...) must be of a tuple, list, or set type.",
                );
                self.blame(code, diagnostic)
            }
        }
    }

    /// `try(a, list...)`, `can(list...)`: values that are there can't fail.
    pub(super) fn spread_call(&mut self, call: &Spread, span: Span) -> Outcome {
        let Some((code, before)) = call.args.split_last() else {
            return Err(Failed);
        };
        let Some(items) = self.expansion(code, span)? else {
            return Ok(Value::dynamic());
        };
        let count = before.len() + items.len();
        if count == 0 || (call.can && count > 1) {
            let diagnostic = Diagnostic::error(
                &rules::call::INVALID_EXPANSION,
                "\"try\" needs at least one argument, \"can\" exactly one.",
            );
            return self.fail(diagnostic.at(code.span).within(span));
        }
        if call.can {
            return match before.first() {
                Some(only) => self.can_call(only),
                None => Ok(Value::TRUE),
            };
        }
        let start = self.diagnostics.len();
        if !before.is_empty() {
            let found = self.try_call(before, span);
            if found.is_ok() || items.is_empty() {
                return found;
            }
            self.diagnostics.truncate(start);
        }
        Ok(match items.into_iter().next() {
            Some(value) if value.is_wholly_known() => value,
            _ => Value::dynamic(),
        })
    }

    #[inline(never)]
    pub(super) fn try_call(&mut self, args: &[Code], span: Span) -> Outcome {
        let start = self.diagnostics.len();
        let mut reasons = String::new();
        let mut related = Vec::new();
        for arg in args {
            if let Ok(value) = self.eval(arg) {
                self.diagnostics.truncate(start);
                // Once all is known, an index may turn out to be out of range and a later argument be taken instead, of another type.
                // A failure, on the other hand, is not undone by learning more.
                return Ok(if value.is_wholly_known() {
                    value
                } else {
                    Value::dynamic()
                });
            }
            if self.diagnostics.len() == start {
                // What failed for a cause that was reported elsewhere might have succeeded: another value in its place would only lead to errors that are none.
                return Err(Failed);
            }
            for diagnostic in self.diagnostics.drain(start..) {
                write!(
                    reasons,
                    "\n- {}\n  {}",
                    diagnostic.summary, diagnostic.detail
                )
                .ok();
                related.extend(
                    diagnostic
                        .subject
                        .map(|subject| (subject, diagnostic.summary)),
                );
            }
        }
        if args.is_empty() {
            return Err(Failed);
        }
        let mut diagnostic = Diagnostic::error(
            &rules::call::NO_EXPRESSION_SUCCEEDED,
            format!("Call to function \"try\" failed: no expression succeeded:{reasons}\n\nAt least one expression must produce a successful result."),
        )
        .at(span);
        diagnostic.related = related;
        diagnostic.function = Some(String::from("try(expressions...)"));
        self.fail(diagnostic)
    }

    #[inline(never)]
    pub(super) fn can_call(&mut self, arg: &Code) -> Outcome {
        let start = self.diagnostics.len();
        let outcome = self.eval(arg);
        if outcome.is_err() && self.diagnostics.len() == start {
            return Err(Failed);
        }
        self.diagnostics.truncate(start);
        Ok(match outcome {
            Ok(value) if !value.is_wholly_known() => {
                Value::unknown_refined(Type::Bool, Refinements::NOT_NULL)
            }
            outcome => Value::bool(outcome.is_ok()),
        })
    }

    #[inline(never)]
    pub(super) fn convert_call(&mut self, convert: &Convert, span: Span) -> Outcome {
        let value = self.eval(&convert.value)?;
        let value = match &convert.defaults {
            Some(defaults) => defaults.apply(&value),
            None => value,
        };
        match values::convert(&value, &convert.ty) {
            Ok(value) => Ok(value),
            Err(why) => {
                let diagnostic = Diagnostic::error(
                    &rules::call::CONVERSION_FAILED,
                    format!("Call to function \"convert\" failed: {why}."),
                )
                .at(span);
                self.blame(&convert.value, diagnostic)
            }
        }
    }

    pub(super) fn type_call(&mut self, arg: &Code) -> Outcome {
        let value = self.eval(arg)?;
        Ok(Value::string(values::type_expression(&value.ty())))
    }
}

fn wrong_count(call: &Call, given: usize, span: Span) -> Option<Diagnostic> {
    let function = call.function;
    let wanted = (function.params.len(), function.variadic.is_some());
    let missing = function.params.get(given).map(|param| param.name);
    let last = call.args.last().map_or(span, |last| last.span);
    let mut diagnostic =
        count_error(&call.name, wanted, given, missing, (last, call.close))?.within(span);
    diagnostic.function = Some(function.signature());
    Some(diagnostic)
}

/// The message about too few or too many arguments, if they are: of so many parameters (and perhaps more), the first `missing` one, the
/// place of the last argument and of the closing parenthesis.
pub(super) fn count_error(
    name: &str,
    (wanted, more): (usize, bool),
    given: usize,
    missing: Option<&str>,
    (last, close): (Span, Span),
) -> Option<Diagnostic> {
    if let Some(missing) = missing {
        return Some(not_enough(name, wanted, more, missing, close));
    }
    (given > wanted && !more).then(|| {
        Diagnostic::error(
            &rules::call::TOO_MANY_ARGUMENTS,
            format!("Function \"{name}\" expects only {wanted} argument(s)."),
        )
        .at(last)
    })
}

pub(super) fn wrong_argument(param: &str, why: &str, signature: String) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        &rules::call::INVALID_ARGUMENT,
        format!("Invalid value for \"{param}\" parameter: {why}."),
    );
    diagnostic.function = Some(signature);
    diagnostic
}

fn call_error(call: &Call, fault: Fault, place: &dyn Fn(usize) -> Span, span: Span) -> Diagnostic {
    let function = call.function;
    let param = fault.argument.and_then(|at| function.param(at));
    let param = param.map(|param| param.name);
    fault_error(&call.name, param, fault, function.signature(), place, span)
}

/// The message of a function that failed: about the argument for `param`, or about the call.
pub(super) fn fault_error(
    name: &str,
    param: Option<&str>,
    fault: Fault,
    signature: String,
    place: &dyn Fn(usize) -> Span,
    span: Span,
) -> Diagnostic {
    if let (Some(at), Some(param)) = (fault.argument, param) {
        return wrong_argument(param, &fault.text, signature)
            .at(place(at))
            .within(span);
    }
    let mut diagnostic = Diagnostic::error(
        &rules::call::CALL_FAILED,
        format!("Call to function \"{name}\" failed: {}.", fault.text),
    )
    .at(span);
    diagnostic.function = Some(signature);
    diagnostic
}

impl Function {
    /// Calls the function with arguments that have the types of its parameters: deals with nulls, unknown values and marks that the
    /// function does not want to see.
    pub(crate) fn invoke(
        &self,
        mut args: Vec<Value>,
        mut context: Context<'_>,
    ) -> Result<Value, Fault> {
        let mut marks = Marks::NONE;
        let (mut dynamic, mut unknown) = (false, false);
        for (at, value) in args.iter_mut().enumerate() {
            let Some(param) = self.param(at) else {
                continue;
            };
            if value.contains_marks() {
                let inside = value.marks_deep();
                context.sensitive |= inside.is_sensitive();
                if !param.marked {
                    marks = marks.union(&inside);
                    *value = value.unmark_deep();
                }
            }
            match value.unmarked().kind() {
                Kind::Null(_) if !param.null => {
                    return Err(Fault::new("argument must not be null").at(at));
                }
                Kind::Unknown(ty, _) if !param.unknown => {
                    dynamic |= *ty == Type::Dynamic && param.ty.is_any() && !param.typed;
                    unknown = true;
                }
                Kind::Unknown(Type::Dynamic, _) if param.open => dynamic = true,
                _ => {}
            }
        }
        let sensitive = context.sensitive;
        // What looks at large arguments without making a large result costs too.
        let seen: usize = args.iter().map(cost).sum();
        context.charge(seen)?;
        let result = if dynamic {
            Ok(Value::dynamic())
        } else if unknown {
            self.unknown_result(&args)
        } else {
            (self.run)(&args, &context)
        };
        match result {
            Ok(value) => {
                context.charge(value.size())?;
                Ok(value.with_marks(&marks))
            }
            Err(fault) if sensitive => Err(fault.hidden()),
            Err(fault) => Err(fault),
        }
    }

    /// The result where an argument is not known: of the right type, and not null unless the function may give null.
    fn unknown_result(&self, args: &[Value]) -> Result<Value, Fault> {
        let ty = self.returns.of(args)?;
        Ok(if self.nullable {
            Value::unknown(ty)
        } else {
            Value::unknown_with(ty, Refinements::NOT_NULL)
        })
    }
}

/// The steps that it takes to look at an argument. Texts are looked at as a whole, of collections usually a part.
fn cost(value: &Value) -> usize {
    match value.kind() {
        Kind::String(_) => value.size(),
        _ => value.size() / 256,
    }
}
