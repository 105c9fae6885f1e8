//! Calls of functions that providers define.

use super::eval::{Evaluator, Failed, Outcome};
use super::eval_call::{count_error, fault_error, wrong_argument};
use super::node::{Code, ProviderCall};
use super::values;
use crate::functions::ProviderFunction;
use crate::functions::table::Fault;
use crate::source::Span;
use terrane_value::{Marks, Value};

impl Evaluator<'_> {
    #[inline(never)]
    pub(super) fn provider_call(&mut self, call: &ProviderCall, code: &Code) -> Outcome {
        let span = code.span;
        let ProviderCall {
            function,
            name,
            args: written,
            expand_last,
            close,
        } = call;
        let Some((mut args, last)) = self.arguments(written, *expand_last, span)? else {
            return Ok(Value::dynamic());
        };
        let signature = || function.signature(name);
        if *expand_last {
            let missing = function.params.get(args.len());
            let missing = missing.map(|param| param.name.as_str());
            let wanted = (function.params.len(), function.variadic.is_some());
            let last = written.last().map_or(span, |last| last.span);
            if let Some(mut diagnostic) =
                count_error(name, wanted, args.len(), missing, (last, *close))
            {
                diagnostic.function = Some(signature());
                return self.blame(code, diagnostic.within(span));
            }
        }
        let place = |at: usize| written.get(at.min(last)).map_or(span, |arg| arg.span);
        let (mut failed, mut unknown) = (false, false);
        let mut marks = Marks::NONE;
        for (at, value) in args.iter_mut().enumerate() {
            let Some(param) = function.param(at) else {
                continue;
            };
            let problem = match values::convert(value, &param.ty) {
                Ok(converted) if converted.is_null() && !param.allow_null => {
                    String::from("argument must not be null")
                }
                Ok(converted) => {
                    if converted.contains_marks() {
                        marks = marks.union(&converted.marks_deep());
                    }
                    *value = converted.unmark_deep();
                    unknown |= !param.allow_unknown && !value.is_wholly_known();
                    continue;
                }
                Err(why) => why,
            };
            failed = true;
            let diagnostic = wrong_argument(&param.name, &problem, signature())
                .at(place(at))
                .within(span);
            self.blame::<()>(code, diagnostic).ok();
        }
        if failed {
            return Err(Failed);
        }
        if unknown {
            return Ok(Value::unknown(function.returns.clone()).with_marks(&marks));
        }
        let answer = self.ask(function, &args, span)?;
        match answer {
            Ok(result) => Ok(result.with_marks(&marks)),
            Err(fault) => {
                let fault = if marks.is_sensitive() {
                    fault.hidden()
                } else {
                    fault
                };
                let param = fault.argument.and_then(|at| function.param(at));
                let param = param.map(|param| param.name.as_str());
                let diagnostic = fault_error(name, param, fault, signature(), &place, span);
                self.blame(code, diagnostic)
            }
        }
    }

    /// The answer of the provider, in the type that it promised.
    fn ask(
        &mut self,
        function: &ProviderFunction,
        args: &[Value],
        span: Span,
    ) -> Outcome<Result<Value, Fault>> {
        let sent = args.iter().map(Value::size).sum::<usize>() as u64;
        if !self.work.spend(sent) {
            return self.exhausted(span);
        }
        let providers = &self.scope.functions().providers;
        Ok(providers
            .call(&function.provider, &function.name, args)
            .map_err(|error| Fault {
                text: error.text.into(),
                argument: error.argument,
                safe: false,
            })
            .and_then(|result| {
                values::convert(&result.unmark_deep(), &function.returns)
                    .map_err(|why| Fault::new(format!("the provider returned a value of another type than it said: {why}; this is a bug in the provider")))
            }))
    }
}
