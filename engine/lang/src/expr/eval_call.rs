//! Function calls, and the forms that look like calls: `try`, `can`, `convert`, `type`.

use super::compile_call::not_enough;
use super::eval::{Evaluator, Failed, Outcome};
use super::node::{Call, Code, Convert};
use super::values;
use crate::diagnostic::Diagnostic;
use crate::functions::table::{Context, Fault, Function, Param};
use crate::rules;
use crate::source::Span;
use std::fmt::Write as _;
use terrane_value::{Kind, Marks, Refinements, Type, Value};

impl Evaluator<'_> {
    #[inline(never)]
    pub(super) fn call(&mut self, call: &Call, code: &Code) -> Outcome {
        let span = code.span;
        let Some((mut args, last)) = self.arguments(call, span)? else {
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
                    let diagnostic = argument_error(param, &why, function)
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
            depth: self.depth,
            sensitive: false,
        };
        function.invoke(args, context).or_else(|fault| {
            let diagnostic = call_error(call, fault, &place, span);
            self.blame(code, diagnostic)
        })
    }

    /// The values of all arguments, the expanded one spread out, and the place of the last argument expression. `None` if the
    /// argument to expand is unknown.
    fn arguments(&mut self, call: &Call, span: Span) -> Outcome<Option<(Vec<Value>, usize)>> {
        let mut args = self.all(&call.args)?;
        let last = call.args.len().saturating_sub(1);
        if !call.expand_last {
            return Ok(Some((args, last)));
        }
        let (Some(list), Some(code)) = (args.pop(), call.args.last()) else {
            return Err(Failed);
        };
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
                args.extend(
                    plain
                        .children()
                        .iter()
                        .map(|item| item.clone().with_marks(marks)),
                );
                Ok(Some((args, last)))
            }
            _ => {
                let diagnostic = invalid(
                    "The expanding argument (indicated by ...) must be of a tuple, list, or set type.",
                );
                self.blame(code, diagnostic)
            }
        }
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
        if reasons.is_empty() {
            // Everything failed for a cause that was reported elsewhere.
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
    let wanted = function.params.len();
    let mut diagnostic = if let Some(missing) = function.params.get(given) {
        let more = function.variadic.is_some();
        not_enough(&call.name, wanted, more, missing.name, call.close).within(span)
    } else if given > wanted && function.variadic.is_none() {
        Diagnostic::error(
            &rules::call::TOO_MANY_ARGUMENTS,
            format!(
                "Function \"{}\" expects only {wanted} argument(s).",
                call.name
            ),
        )
        .at(call.args.last().map_or(span, |last| last.span))
        .within(span)
    } else {
        return None;
    };
    diagnostic.function = Some(function.signature());
    Some(diagnostic)
}

fn argument_error(param: &Param, why: &str, function: &Function) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(
        &rules::call::INVALID_ARGUMENT,
        format!("Invalid value for \"{}\" parameter: {why}.", param.name),
    );
    diagnostic.function = Some(function.signature());
    diagnostic
}

fn call_error(call: &Call, fault: Fault, place: &dyn Fn(usize) -> Span, span: Span) -> Diagnostic {
    let function = call.function;
    if let Some(at) = fault.argument
        && let Some(param) = function.param(at)
    {
        return argument_error(param, &fault.text, function)
            .at(place(at))
            .within(span);
    }
    let mut diagnostic = Diagnostic::error(
        &rules::call::CALL_FAILED,
        format!("Call to function \"{}\" failed: {}.", call.name, fault.text),
    )
    .at(span);
    diagnostic.function = Some(function.signature());
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
                    dynamic |= *ty == Type::Dynamic && param.ty.is_any();
                    unknown = true;
                }
                _ => {}
            }
        }
        let sensitive = context.sensitive;
        let result = if dynamic {
            Ok(Value::dynamic())
        } else if unknown {
            self.unknown_result(&args)
        } else {
            (self.run)(&args, &context)
        };
        match result {
            Ok(value) => Ok(value.with_marks(&marks)),
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
