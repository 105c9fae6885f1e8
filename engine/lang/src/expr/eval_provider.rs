//! Calls of functions that providers define.

use super::eval::{Evaluator, Failed, Outcome};
use super::eval_call::{count_error, fault_error, wrong_argument};
use super::node::{Called, Code, ProviderCall};
use super::values;
use crate::diagnostic::Diagnostic;
use crate::functions::table::Fault;
use crate::functions::{Callee, ConfiguredFunction, ProviderFunction, ProviderFunctionError};
use crate::rules;
use crate::source::Span;
use std::sync::Arc;
use terrane_value::{Marks, Value};

/// What the provider of a call is configured with.
enum Config {
    /// It need not be configured.
    Without,
    /// With this.
    With(Value),
    /// With something that is not known yet.
    Unknown,
}

impl Config {
    fn of<'a>(&'a self, provider: &'a str) -> Callee<'a> {
        Callee {
            provider,
            config: match self {
                Self::With(config) => Some(config),
                Self::Without | Self::Unknown => None,
            },
        }
    }
}

fn fault(error: ProviderFunctionError) -> Fault {
    Fault {
        text: error.text.into(),
        argument: error.argument,
        safe: false,
    }
}

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
        let (function, config) = match function {
            Called::Known(function) => (function.clone(), Config::Without),
            Called::Configured(configured) => match self.configured(configured, name, code)? {
                (Some(function), config) => (function, config),
                // Not even the type of the result is known.
                (None, _) => {
                    let marks = args
                        .iter()
                        .fold(Marks::NONE, |all, arg| all.union(&arg.marks_deep()));
                    return Ok(Value::dynamic().with_marks(&marks));
                }
            },
        };
        let signature = || function.signature(name);
        // Compiling has counted where it could.
        if *expand_last || matches!(call.function, Called::Configured(_)) {
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
        let (known, marks) = self.fit(&function, name, &mut args, &place, code)?;
        if !known || matches!(config, Config::Unknown) {
            return Ok(Value::unknown(function.returns.clone()).with_marks(&marks));
        }
        let answer = self.ask(&function, &config, &args, span)?;
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

    /// Converts the arguments to the types of the parameters. Whether all are known that must be, and the marks of all.
    fn fit(
        &mut self,
        function: &ProviderFunction,
        name: &str,
        args: &mut [Value],
        place: &dyn Fn(usize) -> Span,
        code: &Code,
    ) -> Outcome<(bool, Marks)> {
        let (mut failed, mut known) = (false, true);
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
                    known &= param.allow_unknown || value.is_wholly_known();
                    continue;
                }
                Err(why) => why,
            };
            failed = true;
            let diagnostic = wrong_argument(&param.name, &problem, function.signature(name))
                .at(place(at))
                .within(code.span);
            self.blame::<()>(code, diagnostic).ok();
        }
        if failed {
            return Err(Failed);
        }
        Ok((known, marks))
    }

    /// The function of a configured provider, as far as it is known, and the configuration.
    fn configured(
        &mut self,
        called: &ConfiguredFunction,
        name: &str,
        code: &Code,
    ) -> Outcome<(Option<Arc<ProviderFunction>>, Config)> {
        let span = code.span;
        let config = self.slot(called.slot, span)?.unmark_deep();
        if !config.is_wholly_known() {
            return Ok((called.known.clone(), Config::Unknown));
        }
        if config.is_null() {
            let detail = format!(
                "The function \"{name}\" exists only on a provider that is configured, and this one is not: a mock stands in its place. Override the object that uses the function, or test with the provider itself."
            );
            return self.blame(
                code,
                Diagnostic::error(&rules::call::MOCKED_PROVIDER, detail).at(span),
            );
        }
        let config = Config::With(config);
        if let Some(known) = &called.known {
            return Ok((Some(known.clone()), config));
        }
        let providers = &self.scope.functions().providers;
        match providers.describe(config.of(&called.provider), &called.name) {
            Ok(Some(function)) => Ok((Some(function), config)),
            Ok(None) => {
                let detail = format!(
                    "The provider {} has no function \"{}\", neither before it is configured nor as it is configured here.",
                    called.provider, called.name
                );
                let rule = &rules::call::NO_CONFIGURED_FUNCTION;
                self.blame(code, Diagnostic::error(rule, detail).at(span))
            }
            Err(error) => {
                let text = format!("Call to function \"{name}\" failed: {}.", error.text);
                let rule = &rules::call::CALL_FAILED;
                self.blame(code, Diagnostic::error(rule, text).at(span))
            }
        }
    }

    /// The answer of the provider, in the type that it promised.
    fn ask(
        &mut self,
        function: &ProviderFunction,
        config: &Config,
        args: &[Value],
        span: Span,
    ) -> Outcome<Result<Value, Fault>> {
        let sent = args.iter().map(Value::size).sum::<usize>() as u64;
        if !self.work.spend(sent) {
            return self.exhausted(span);
        }
        let providers = &self.scope.functions().providers;
        Ok(providers
            .call(config.of(&function.provider), &function.name, args)
            .map_err(fault)
            .and_then(|result| {
                values::convert(&result.unmark_deep(), &function.returns)
                    .map_err(|why| Fault::new(format!("the provider returned a value of another type than it said: {why}; this is a bug in the provider")))
            }))
    }
}
