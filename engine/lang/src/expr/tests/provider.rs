//! Functions of providers: arguments are checked before, results after the call, and templates may call them too.

use crate::diagnostic::{Diagnostic, Diagnostics, Headline};
use crate::expr::simple::Names;
use crate::expr::work::Work;
use crate::expr::{Binder, Bound, Scope, Slot, compile};
use crate::functions::{
    Callee, ConfiguredFunction, Functions, ProviderFunction, ProviderFunctionError,
    ProviderFunctions, ProviderNames, ProviderParam,
};
use crate::source::{FileId, Span};
use crate::syntax::ast;
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
        of: Callee<'_>,
        function: &str,
        args: &[Value],
    ) -> Result<Value, ProviderFunctionError> {
        assert_eq!(of.provider, "example.com/a/x");
        assert!(args.iter().all(|arg| !arg.contains_marks()));
        *self.0.lock().expect("not poisoned") += 1;
        match function {
            "echo" => {
                let texts: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
                Ok(Value::string(texts.join("+")))
            }
            "open" => Ok(Value::bool(args.iter().all(Value::is_wholly_known))),
            "wrong" => Ok(Value::string("no number")),
            "greet" => {
                let greeting = of.config.and_then(Value::as_str).unwrap_or("nothing");
                let name = args[0].as_str().unwrap_or_default();
                Ok(Value::string(format!("{greeting} {name}")))
            }
            _ => Err(ProviderFunctionError {
                text: format!("{:?} is bad", args[0].as_str()),
                argument: Some(0),
            }),
        }
    }

    /// `greet` exists once there is a configuration that says so.
    fn describe(
        &self,
        of: Callee<'_>,
        function: &str,
    ) -> Result<Option<Arc<ProviderFunction>>, ProviderFunctionError> {
        let config = of.config.and_then(Value::as_str).expect("a configuration");
        if config == "refused" {
            return Err(ProviderFunctionError {
                text: String::from("bad configuration"),
                argument: None,
            });
        }
        Ok((function == "greet").then(|| {
            Arc::new(ProviderFunction {
                provider: of.provider.into(),
                name: function.into(),
                params: vec![param("name", Type::String)],
                variadic: None,
                returns: Type::String,
            })
        }))
    }
}

/// Slots by the alias in a call: `provider::x::mild::greet(…)`.
const CONFIGURATIONS: [&str; 5] = ["mild", "later", "refused", "mocked", "secret"];

/// All functions of the provider `x` are called on a configuration; `open` is known without it.
struct Configured(Functions);

impl Binder for Configured {
    fn bind(&mut self, root: &ast::Ident, _: &[ast::Step]) -> Result<Bound, Diagnostic> {
        Err(Diagnostic::error(Headline::foreign("Unknown"), root.name.as_str()).at(root.span))
    }

    fn configured_function(&mut self, name: &str) -> Option<ConfiguredFunction> {
        let (alias, name) = name.strip_prefix("x::")?.split_once("::")?;
        let slot = CONFIGURATIONS.iter().position(|known| *known == alias)?;
        let known = (name == "open").then(|| {
            let open = Known.find("x::open", Span::new(FileId(0), 0, 0));
            open.expect("it is known")
        });
        Some(ConfiguredFunction {
            provider: "example.com/a/x".into(),
            name: name.into(),
            known,
            slot: Slot(u32::try_from(slot).expect("few")),
        })
    }
}

impl Scope for Configured {
    fn value(&self, slot: Slot, _: Span) -> Result<Value, Diagnostics> {
        let config = CONFIGURATIONS[usize::try_from(slot.0).expect("few")];
        Ok(match config {
            "later" => Value::object([("greeting", Value::unknown(Type::String))]),
            "mocked" => Value::NULL,
            "secret" => Value::string(config).with_marks(&Marks::SENSITIVE),
            _ => Value::string(config),
        })
    }

    fn keyed(&self, slot: Slot, _: &Value, span: Span) -> Result<Value, Diagnostics> {
        self.value(slot, span)
    }

    fn functions(&self) -> &Functions {
        &self.0
    }

    fn name(&self, slot: Slot) -> EcoString {
        CONFIGURATIONS[usize::try_from(slot.0).expect("few")].into()
    }
}

/// A function of a configured provider depends on the configuration as on any other value.
#[test]
fn functions_of_configured_providers() {
    let sensitive = |value: Value| value.with_marks(&Marks::SENSITIVE);
    for (text, expected) in [
        (
            "provider::x::mild::greet(\"you\")",
            Ok(Value::string("mild you")),
        ),
        (
            "provider::x::secret::greet(\"you\")",
            Ok(Value::string("secret you")),
        ),
        (
            "provider::x::mild::greet(sensitive(1))",
            Ok(sensitive(Value::string("mild 1"))),
        ),
        // Nothing is known of a function before the configuration is.
        (
            "provider::x::later::greet(sensitive(1), 2)",
            Ok(sensitive(Value::dynamic())),
        ),
        ("provider::x::later::open(1)", Ok(Value::dynamic())),
        ("provider::x::mild::open(1)", Ok(Value::TRUE)),
        (
            "provider::x::mild::greet()",
            Err(
                "Function \"provider::x::mild::greet\" expects 1 argument(s). Missing value for \"name\".",
            ),
        ),
        (
            "provider::x::mild::greet(1, 2)",
            Err("Function \"provider::x::mild::greet\" expects only 1 argument(s)."),
        ),
        (
            "provider::x::mild::greet([])",
            Err("Invalid value for \"name\" parameter: string required, but have tuple."),
        ),
        (
            "provider::x::mild::absent()",
            Err(
                "The provider example.com/a/x has no function \"absent\", neither before it is configured nor as it is configured here.",
            ),
        ),
        (
            "try(provider::x::mild::absent(), 1)",
            Ok(Value::number(1u64)),
        ),
        (
            "provider::x::refused::greet(1)",
            Err("Call to function \"provider::x::refused::greet\" failed: bad configuration."),
        ),
        (
            "provider::x::mocked::greet(1)",
            Err(
                "The function \"provider::x::mocked::greet\" exists only on a provider that is configured, and this one is not: a mock stands in its place. Override the object that uses the function, or test with the provider itself.",
            ),
        ),
    ] {
        let functions = Functions::pure().with_providers(Arc::new(Door::default()));
        let mut names = Configured(functions);
        let (expr, _) = parse_expression(FileId(0), text);
        let (compiled, told) = compile(&expr.expect("an expression"), &mut names, &[]);
        assert!(told.is_empty(), "{text}: {told:?}");
        assert_eq!(compiled.uses().len(), 1, "{text}");
        let found = compiled.eval(&names, &[]).map_err(|all| {
            let details: Vec<String> = all.iter().map(|one| one.detail.clone()).collect();
            details.join("; ")
        });
        assert_eq!(found, expected.map_err(String::from), "{text}");
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
