//! Functions of providers: arguments are checked before, results after the call, and templates may call them too.

use super::simple::Names;
use super::work::Work;
use crate::diagnostic::{Diagnostic, Headline};
use crate::functions::{
    Functions, ProviderFunction, ProviderFunctionError, ProviderFunctions, ProviderNames,
    ProviderParam,
};
use crate::source::{FileId, Span};
use crate::syntax::parse::parse_expression;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use terrane_value::{EcoString, Marks, Type, Value};

/// `x::echo(text string, more any...) string` and others.
#[derive(Debug)]
struct Known;

fn param(name: &str, ty: Type) -> ProviderParam {
    ProviderParam {
        name: name.into(),
        ty,
        allow_null: false,
        allow_unknown: false,
    }
}

impl ProviderNames for Known {
    fn find(&self, name: &str, span: Span) -> Result<Arc<ProviderFunction>, Diagnostic> {
        let open = ProviderParam {
            allow_null: true,
            allow_unknown: true,
            ..param("value", Type::Dynamic)
        };
        let (params, variadic, returns) = match name {
            "x::echo" => (
                vec![param("text", Type::String)],
                Some(param("more", Type::String)),
                Type::String,
            ),
            "x::open" => (vec![open], None, Type::Dynamic),
            "x::wrong" => (vec![], None, Type::Number),
            "x::fails" => (vec![param("text", Type::String)], None, Type::String),
            _ => {
                return Err(Diagnostic::error(
                    Headline::foreign("Unknown provider function"),
                    name,
                )
                .at(span));
            }
        };
        Ok(Arc::new(ProviderFunction {
            provider: "example.com/a/x".into(),
            name: name.split_once("::").expect("two parts").1.into(),
            params,
            variadic,
            returns,
        }))
    }
}

#[derive(Debug, Default)]
struct Door(Mutex<usize>);

impl ProviderFunctions for Door {
    fn call(
        &self,
        provider: &str,
        function: &str,
        args: &[Value],
    ) -> Result<Value, ProviderFunctionError> {
        assert_eq!(provider, "example.com/a/x");
        assert!(args.iter().all(|arg| !arg.contains_marks()));
        *self.0.lock().expect("not poisoned") += 1;
        match function {
            "echo" => {
                let texts: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
                Ok(Value::string(texts.join("+")))
            }
            "open" => Ok(Value::bool(args.iter().all(Value::is_wholly_known))),
            "wrong" => Ok(Value::string("no number")),
            _ => Err(ProviderFunctionError {
                text: format!("{:?} is bad", args[0].as_str()),
                argument: Some(0),
            }),
        }
    }
}

/// The value or the messages, and how often the provider was asked.
fn evaluate(text: &str) -> (Result<Value, Vec<String>>, usize) {
    let door = Arc::new(Door::default());
    let functions = Functions::pure().with_providers(door.clone());
    let values: BTreeMap<EcoString, Value> = [
        ("u", Value::unknown(Type::String)),
        ("ul", Value::unknown(Type::list(Type::String))),
        ("l", Value::tuple(vec![Value::unknown(Type::String)])),
        ("s", Value::string("secret").with_marks(&Marks::SENSITIVE)),
        ("e", Value::string("brief").with_marks(&Marks::EPHEMERAL)),
    ]
    .into_iter()
    .map(|(name, value)| (EcoString::from(name), value))
    .collect();
    let (expr, _) = parse_expression(FileId(0), text);
    let expr = expr.expect("an expression");
    let result = Names::new(&values, &functions)
        .for_template(Some(Arc::new(Known)))
        .evaluate_at(&expr, &Work::new())
        .map_err(|all| all.iter().map(|one| one.detail.clone()).collect());
    let calls = *door.0.lock().expect("not poisoned");
    (result, calls)
}

#[test]
fn arguments_are_converted_and_marks_come_back() {
    let both = Marks::SENSITIVE.union(&Marks::EPHEMERAL);
    for (text, expected, calls) in [
        ("provider::x::echo(1, true)", Value::string("1+true"), 1),
        (
            "provider::x::echo([\"a\", \"b\", \"c\"]...)",
            Value::string("a+b+c"),
            1,
        ),
        (
            "provider::x::echo(s, e)",
            Value::string("secret+brief").with_marks(&both),
            1,
        ),
        ("provider::x::echo(u)", Value::unknown(Type::String), 0),
        (
            "provider::x::echo(s, u)",
            Value::unknown(Type::String).with_marks(&Marks::SENSITIVE),
            0,
        ),
        ("provider::x::echo(ul...)", Value::dynamic(), 0),
        ("provider::x::open(null)", Value::TRUE, 1),
        ("provider::x::open(l)", Value::FALSE, 1),
        (
            "provider::x::open({ a = s })",
            Value::TRUE.with_marks(&Marks::SENSITIVE),
            1,
        ),
        (
            "templatestring(\"<$${provider::x::echo(a)}>\", { a = \"b\" })",
            Value::string("<b>"),
            1,
        ),
        (
            "templatestring(\"$${templatestring(\\\"$$${provider::x::echo(a)}\\\", { a = a })}\", { a = \"b\" })",
            Value::string("b"),
            1,
        ),
    ] {
        let (value, asked) = evaluate(text);
        assert_eq!(value, Ok(expected), "{text}");
        assert_eq!(asked, calls, "{text}");
    }
}

#[test]
fn mistakes_are_told_by_parameter() {
    for (text, expected, calls) in [
        (
            "provider::x::echo()",
            "Function \"provider::x::echo\" expects at least 1 argument(s). Missing value for \"text\".",
            0,
        ),
        (
            "provider::x::echo([]...)",
            "Function \"provider::x::echo\" expects at least 1 argument(s). Missing value for \"text\".",
            0,
        ),
        (
            "provider::x::wrong(1)",
            "Function \"provider::x::wrong\" expects only 0 argument(s).",
            0,
        ),
        (
            "provider::x::wrong([1]...)",
            "Function \"provider::x::wrong\" expects only 0 argument(s).",
            0,
        ),
        (
            "provider::x::echo(null)",
            "Invalid value for \"text\" parameter: argument must not be null.",
            0,
        ),
        (
            "provider::x::echo(\"a\", [])",
            "Invalid value for \"more\" parameter: string required, but have tuple.",
            0,
        ),
        (
            "provider::x::fails(\"a\")",
            "Invalid value for \"text\" parameter: Some(\"a\") is bad.",
            1,
        ),
        (
            "provider::x::fails(s)",
            "Invalid value for \"text\" parameter: the value is not suitable; it is not shown because it is sensitive.",
            1,
        ),
        (
            "provider::x::wrong()",
            "Call to function \"provider::x::wrong\" failed: the provider returned a value of another type than it said: a number is required; this is a bug in the provider.",
            1,
        ),
        ("provider::x::none(1)", "x::none", 0),
        (
            "provider::x(1)",
            "A function of a provider is called as \"provider::<local name of the provider>::<function>\", so after \"provider::x\" the name of the function is missing.",
            0,
        ),
        (
            "other::x(1)",
            "The function namespace \"other\" is not valid. Provider function calls must use the \"provider::\" namespace prefix.",
            0,
        ),
    ] {
        let (value, asked) = evaluate(text);
        assert_eq!(value, Err(vec![expected.to_owned()]), "{text}");
        assert_eq!(asked, calls, "{text}");
    }
}
