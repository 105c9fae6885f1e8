//! Compiling function calls.

use super::compile::Compiler;
use super::node::{Call, Code, Convert, Node};
use crate::diagnostic::Diagnostic;
use crate::functions::table::{self, Function};
use crate::rules;
use crate::source::Span;
use crate::syntax::ast;

impl Compiler<'_> {
    pub(super) fn call(&mut self, call: &ast::Call, span: Span) -> Code {
        if !self.binder.allows_functions() {
            self.report(
                Diagnostic::error(
                    &rules::call::FUNCTIONS_NOT_ALLOWED,
                    "Functions may not be called here.",
                )
                .at(span),
            );
            return Code::failed(span);
        }
        let name = call.name.as_str();
        let plain = table_name(name).unwrap_or_default();
        match plain {
            "try" => return self.try_call(call, span),
            "can" => return self.can_call(call, span),
            "convert" => return self.convert_call(call, span),
            "type" if self.binder.allows_type_function() => return self.type_call(call, span),
            _ => {}
        }
        let Some(function) = table::find(plain) else {
            let diagnostic = self.unknown_function(call, span);
            self.all(&call.args);
            return self.fault(diagnostic, span);
        };
        let args = self.all(&call.args);
        if !call.expand_last
            && let Some(diagnostic) = wrong_count(function, call, span)
        {
            return self.fault(diagnostic, span);
        }
        Code::new(
            Node::Call(Box::new(Call {
                function,
                name: call.name.clone(),
                args,
                expand_last: call.expand_last,
                close: close(call),
            })),
            span,
        )
    }

    fn unknown_function(&mut self, call: &ast::Call, span: Span) -> Diagnostic {
        let name = call.name.as_str();
        if let Some((namespace, rest)) = name.split_once("::")
            && namespace != "core"
        {
            if namespace == "provider" {
                return self
                    .binder
                    .provider_function(rest, call.name_span)
                    .at(call.name_span)
                    .within(span);
            }
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
            return self.no_expansion("try", call, span);
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
            return self.no_expansion("can", call, span);
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

/// The name in the table of what a call names: functions of the built-in provider stand there with its name.
fn table_name(name: &str) -> Option<&str> {
    if let Some(rest) = name.strip_prefix("core::") {
        return (!rest.contains("::")).then_some(rest);
    }
    match name.strip_prefix("provider::") {
        Some(rest) => rest.contains("::").then_some(rest),
        None => (!name.contains("::")).then_some(name),
    }
}

/// The closing parenthesis.
fn close(call: &ast::Call) -> Span {
    Span::new(
        call.parens.file,
        call.parens.end.saturating_sub(1),
        call.parens.end,
    )
}

fn wrong_count(function: &Function, call: &ast::Call, span: Span) -> Option<Diagnostic> {
    let given = call.args.len();
    let wanted = function.params.len();
    let diagnostic = if let Some(missing) = function.params.get(given) {
        not_enough(
            &call.name,
            wanted,
            function.variadic.is_some(),
            missing.name,
            close(call),
        )
    } else if given > wanted && function.variadic.is_none() {
        too_many(&call.name, wanted, call, span)
    } else {
        return None;
    };
    let mut diagnostic = diagnostic.within(span);
    diagnostic.function = Some(function.signature());
    Some(diagnostic)
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
