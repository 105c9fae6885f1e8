//! `help()` and `help(name)`: what can be read about functions.

use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::functions::help;
use terrane_lang::rules;
use terrane_lang::syntax::ast::{Call, ExprKind};

/// The text that a call of `help` asks for. The name may stand in quotes, as it must with a namespace.
pub(super) fn text(call: &Call) -> Result<String, Diagnostic> {
    let [argument] = call.args.as_slice() else {
        return match call.args.get(1) {
            None => Ok(help::overview()),
            Some(more) => Err(Diagnostic::error(
                &rules::call::TOO_MANY_ARGUMENTS,
                "help takes the name of one function, or nothing.",
            )
            .at(more.span)),
        };
    };
    let name = match &argument.kind {
        ExprKind::Name(name) => name.as_str(),
        ExprKind::String(name) => name.as_str(),
        _ => "",
    };
    help::help(name).map(|found| found.render()).ok_or_else(|| {
        let near = help::suggestion(name)
            .map(|near| format!(" Did you mean \"{near}\"?"))
            .unwrap_or_default();
        Diagnostic::error(
            &rules::call::UNKNOWN_FUNCTION,
            format!("There is no function named \"{name}\".{near} help() lists all."),
        )
        .at(argument.span)
    })
}
