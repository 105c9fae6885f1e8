//! Compiling function calls.

use super::Use;
use super::compile::Compiler;
use super::node::{Call, Called, Code, Convert, Node, ProviderCall, Spread};
use crate::diagnostic::Diagnostic;
use crate::functions::table::{self, Function};
use crate::functions::{BUILTIN, ConfiguredFunction, ProviderFunction};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast;

impl Compiler<'_> {
    pub(super) fn call(&mut self, call: &ast::Call, span: Span) -> Code {
        if !self.binder.allows_functions() {
            self.report(
                Diagnostic::error(
                    &rules::structure::FUNCTIONS_NOT_ALLOWED,
                    "Functions may not be called here.",
                )
                .at(span),
            );
            return Code::failed(span);
        }
        let name = call.name.as_str();
        if let Some(rest) = name.strip_prefix("provider::") {
            return self.provider_call(rest, call, span);
        }
        let plain = table_name(name).unwrap_or_default();
        match plain {
            "try" => return self.try_call(call, span),
            "can" => return self.can_call(call, span),
            "convert" => return self.convert_call(call, span),
            "type" if self.binder.allows_type_function() => return self.type_call(call, span),
            _ => {}
        }
        let Some(function) = table::find(plain) else {
            let diagnostic = Self::unknown_function(call, span);
            self.all(&call.args);
            return self.fault(diagnostic, span);
        };
        self.table_call(function, call, span)
    }

    fn table_call(&mut self, function: &'static Function, call: &ast::Call, span: Span) -> Code {
        let args = self.all(&call.args);
        let missing = function.params.get(call.args.len());
        let missing = missing.map(|param| param.name);
        let wanted = (function.params.len(), function.variadic.is_some());
        if let Some(mut diagnostic) = wrong_count(wanted, missing, call, span) {
            diagnostic.function = Some(function.signature());
            return self.fault(diagnostic, span);
        }
        let providers = function
            .renders_templates
            .then(|| self.binder.provider_names())
            .flatten();
        Code::new(
            Node::Call(Box::new(Call {
                function,
                name: call.name.clone(),
                args,
                expand_last: call.expand_last,
                close: close(call),
                providers,
            })),
            span,
        )
    }

    /// A call of what follows `provider::`.
    fn provider_call(&mut self, rest: &str, call: &ast::Call, span: Span) -> Code {
        if !rest.contains("::") {
            let diagnostic = Diagnostic::error(
                &rules::call::INCOMPLETE_PROVIDER_FUNCTION,
                format!(
                    "A function of a provider is called as \"provider::<local name of the provider>::<function>\", so after \"provider::{rest}\" the name of the function is missing."
                ),
            );
            self.all(&call.args);
            return self.fault(diagnostic.at(call.name_span).within(span), span);
        }
        if let Some(configured) = self.binder.configured_function(rest) {
            return self.configured_call(configured, call, span);
        }
        let found = match self.binder.provider_names() {
            Some(names) => names.find(rest, call.name_span),
            None => match rest.strip_prefix("terraform::").and_then(own_function) {
                Some(function) => return self.table_call(function, call, span),
                None => Err(Diagnostic::error(
                    &rules::call::NO_PROVIDER_FUNCTIONS,
                    format!("There is no function named \"provider::{rest}\": functions of providers can't be called here."),
                )
                .at(call.name_span)),
            },
        };
        let function = match found {
            Ok(function) => function,
            Err(diagnostic) => {
                self.all(&call.args);
                return self.fault(diagnostic.within(span), span);
            }
        };
        if function.provider == BUILTIN
            && let Some(function) = own_function(&function.name)
        {
            return self.table_call(function, call, span);
        }
        let args = self.all(&call.args);
        if let Some(diagnostic) = provider_count(&function, call, span) {
            return self.fault(diagnostic, span);
        }
        asked(Called::Known(function), args, call, span)
    }

    /// A call of a function of a provider configuration, which is read from its slot.
    fn configured_call(
        &mut self,
        function: ConfiguredFunction,
        call: &ast::Call,
        span: Span,
    ) -> Code {
        self.uses.push(Use {
            slot: function.slot,
            span: call.name_span,
            key: None,
            path: Vec::new(),
            tail: Vec::new(),
        });
        let args = self.all(&call.args);
        let known = function.known.as_deref();
        if let Some(diagnostic) = known.and_then(|known| provider_count(known, call, span)) {
            return self.fault(diagnostic, span);
        }
        asked(Called::Configured(function), args, call, span)
    }

    fn unknown_function(call: &ast::Call, span: Span) -> Diagnostic {
        let name = call.name.as_str();
        if let Some((namespace, _)) = name.split_once("::")
            && namespace != "core"
        {
            return Diagnostic::error(
                &rules::call::UNKNOWN_NAMESPACE,
                format!("The function namespace \"{namespace}\" is not valid. Provider function calls must use the \"provider::\" namespace prefix."),
            )
            .at(call.name_span)
            .within(span);
        }
        let plain = name.strip_prefix("core::").unwrap_or(name);
        let suggestion = table::suggest(plain)
            .map(|near| format!(" Did you mean \"{near}\"?"))
            .unwrap_or_default();
        Diagnostic::error(
            &rules::call::UNKNOWN_FUNCTION,
            format!("There is no function named \"{plain}\".{suggestion}"),
        )
        .at(call.name_span)
        .within(span)
    }

    fn try_call(&mut self, call: &ast::Call, span: Span) -> Code {
        let args = self.perhaps(|compiler| compiler.all(&call.args));
        if call.expand_last {
            return Self::spread(false, args, span);
        }
        if args.is_empty() {
            return self.fault(
                Diagnostic::error(
                    &rules::call::TRY_WITHOUT_ARGUMENTS,
                    "Call to function \"try\" failed: at least one argument is required.",
                )
                .at(call.name_span)
                .within(span),
                span,
            );
        }
        Code::new(Node::Try(args), span)
    }

    fn can_call(&mut self, call: &ast::Call, span: Span) -> Code {
        let args = self.perhaps(|compiler| compiler.all(&call.args));
        if call.expand_last {
            return Self::spread(true, args, span);
        }
        match <Box<[Code; 1]>>::try_from(args) {
            Ok(one) => {
                let [value] = *one;
                Code::new(Node::Can(Box::new(value)), span)
            }
            Err(_) => self.wrong_special("can", &["expression"], call, span),
        }
    }

    fn type_call(&mut self, call: &ast::Call, span: Span) -> Code {
        let args = self.all(&call.args);
        match <Box<[Code; 1]>>::try_from(args) {
            Ok(one) if !call.expand_last => {
                let [value] = *one;
                Code::new(Node::TypeOf(Box::new(value)), span)
            }
            _ => self.wrong_special("type", &["value"], call, span),
        }
    }

    fn convert_call(&mut self, call: &ast::Call, span: Span) -> Code {
        if call.expand_last {
            return self.no_expansion("convert", call, span);
        }
        let [value, ty] = call.args.as_slice() else {
            if let Some(value) = call.args.first() {
                self.expr(value);
            }
            return self.wrong_special("convert", &["value", "type"], call, span);
        };
        let value = self.expr(value);
        let before = self.diagnostics.len();
        let (ty, defaults) = self.type_argument(ty);
        if self.diagnostics.len() > before {
            return Code::failed(span);
        }
        Code::new(
            Node::Convert(Box::new(Convert {
                value,
                ty,
                defaults,
            })),
            span,
        )
    }

    fn spread(can: bool, args: Box<[Code]>, span: Span) -> Code {
        Code::new(Node::Spread(Box::new(Spread { can, args })), span)
    }

    fn no_expansion(&mut self, name: &str, call: &ast::Call, span: Span) -> Code {
        let place = call.args.last().map_or(span, |last| last.span);
        self.fault(
            Diagnostic::error(
                &rules::call::EXPANDED_EXPRESSION_ARGUMENTS,
                format!("The arguments of function \"{name}\" are expressions, not values: they can't be given by expansion (\"...\")."),
            )
            .at(place)
            .within(span),
            span,
        )
    }

    fn wrong_special(&mut self, name: &str, params: &[&str], call: &ast::Call, span: Span) -> Code {
        let diagnostic = match params.get(call.args.len()) {
            Some(missing) => not_enough(name, params.len(), false, missing, close(call)),
            None => too_many(name, params.len(), call, span),
        };
        self.fault(diagnostic.within(span), span)
    }

    /// A call that can't work. Where the expression may do without it, only evaluating it is an error: `try` and `can` are how people ask for
    /// functions that only some versions have.
    fn fault(&mut self, diagnostic: Diagnostic, span: Span) -> Code {
        if self.optional == 0 {
            self.report(diagnostic);
            return Code::failed(span);
        }
        Code::new(Node::Fault(Box::new(diagnostic)), span)
    }
}

/// The name in the table of what a call names.
fn table_name(name: &str) -> Option<&str> {
    let plain = name.strip_prefix("core::").unwrap_or(name);
    (!plain.contains("::")).then_some(plain)
}

/// A function of the provider that is built in.
fn own_function(name: &str) -> Option<&'static Function> {
    table::find(&format!("terraform::{name}"))
}

/// The closing parenthesis.
fn close(call: &ast::Call) -> Span {
    Span::new(
        call.parens.file,
        call.parens.end.saturating_sub(1),
        call.parens.end,
    )
}

/// The message about too few or too many arguments, if there is no expansion, which only evaluation can count.
fn wrong_count(
    (wanted, more): (usize, bool),
    missing: Option<&str>,
    call: &ast::Call,
    span: Span,
) -> Option<Diagnostic> {
    if call.expand_last {
        return None;
    }
    let diagnostic = match missing {
        Some(missing) => not_enough(&call.name, wanted, more, missing, close(call)),
        None if call.args.len() > wanted && !more => too_many(&call.name, wanted, call, span),
        None => return None,
    };
    Some(diagnostic.within(span))
}

/// "Not enough function arguments"
pub(super) fn not_enough(
    name: &str,
    wanted: usize,
    more: bool,
    missing: &str,
    close: Span,
) -> Diagnostic {
    let at_least = if more { " at least" } else { "" };
    Diagnostic::error(
        &rules::call::NOT_ENOUGH_ARGUMENTS,
        format!("Function \"{name}\" expects{at_least} {wanted} argument(s). Missing value for \"{missing}\"."),
    )
    .at(close)
}

fn too_many(name: &str, wanted: usize, call: &ast::Call, span: Span) -> Diagnostic {
    Diagnostic::error(
        &rules::call::TOO_MANY_ARGUMENTS,
        format!("Function \"{name}\" expects only {wanted} argument(s)."),
    )
    .at(call.args.get(wanted).map_or(span, |extra| extra.span))
}

fn asked(function: Called, args: Box<[Code]>, call: &ast::Call, span: Span) -> Code {
    Code::new(
        Node::ProviderCall(Box::new(ProviderCall {
            function,
            name: call.name.clone(),
            args,
            expand_last: call.expand_last,
            close: close(call),
        })),
        span,
    )
}

/// What is wrong with the number of arguments of a function of a provider, if something is.
fn provider_count(function: &ProviderFunction, call: &ast::Call, span: Span) -> Option<Diagnostic> {
    let missing = function.params.get(call.args.len());
    let missing = missing.map(|param| param.name.as_str());
    let wanted = (function.params.len(), function.variadic.is_some());
    let mut diagnostic = wrong_count(wanted, missing, call, span)?;
    diagnostic.function = Some(function.signature(&call.name));
    Some(diagnostic)
}
