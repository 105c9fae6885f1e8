//! Expressions, templates and functions.

use crate::spans::check_diagnostics;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::simple::{Names, constant};
use terrane_lang::expr::types::variable_type;
use terrane_lang::functions::{Files, Functions};
use terrane_lang::source::FileId;
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::parse::{parse_expression, parse_template};
use terrane_value::{EcoString, Marks, Type, Value, json, msgpack};

/// Values of all kinds, by short names.
fn names() -> BTreeMap<EcoString, Value> {
    let number = |value: i64| Value::number(value);
    let texts = |items: &[&str]| items.iter().map(|item| Value::string(*item)).collect();
    let object = Value::object([
        ("a", number(1)),
        ("b", Value::string("x")),
        (
            "c",
            Value::tuple(vec![Value::TRUE, Value::null(Type::String)]),
        ),
    ]);
    [
        ("a", Value::list(Type::String, texts(&["a", "b"]))),
        (
            "m",
            Value::map(
                Type::Number,
                [("k".into(), number(2)), ("l".into(), number(-3))].into(),
            ),
        ),
        ("n", number(5)),
        ("o", object.clone()),
        ("s", Value::string("h\u{e9}llo ${x}")),
        ("e", Value::string("")),
        (
            "t",
            Value::tuple(vec![number(0), object, Value::null(Type::Dynamic)]),
        ),
        ("u", Value::dynamic()),
        ("us", Value::unknown(Type::String)),
        ("un", Value::unknown(Type::Number)),
        ("ul", Value::unknown(Type::list(Type::String))),
        ("um", Value::unknown(Type::map(Type::Number))),
        ("uo", Value::object([("k", Value::unknown(Type::Bool))])),
        ("z", Value::null(Type::Dynamic)),
        ("p", Value::string("secret").with_marks(&Marks::SENSITIVE)),
        (
            "pl",
            Value::list(Type::String, texts(&["p", "q"])).with_marks(&Marks::SENSITIVE),
        ),
        ("set", Value::set_sorted(Type::String, texts(&["a", "b"]))),
    ]
    .map(|(name, value)| (EcoString::from(name), value))
    .into()
}

/// Every file holds the text.
#[derive(Debug)]
struct Same(Arc<[u8]>);

impl Files for Same {
    fn read(&self, _path: &str) -> Result<Arc<[u8]>, String> {
        Ok(Arc::clone(&self.0))
    }

    fn exists(&self, path: &str) -> Result<bool, String> {
        Ok(path.len().is_multiple_of(2))
    }

    fn list(&self, _dir: &str) -> Result<Vec<String>, String> {
        Ok(vec!["a.tf".into(), "b/c.txt".into()])
    }

    fn absolute(&self, path: &str) -> String {
        format!("/{path}")
    }

    fn home(&self) -> Option<String> {
        None
    }
}

fn functions_with(text: &str) -> Functions {
    Functions {
        files: Arc::new(Same(text.as_bytes().into())),
        ..Functions::pure()
    }
}

/// A file that may be read as a template again, by itself.
pub(crate) fn template(data: &[u8]) {
    let text = &*crate::text(data);
    let (expr, diagnostics) = parse_template(FileId(0), text);
    check_diagnostics(text, &diagnostics);
    let Some(expr) = expr else { return };
    let functions = functions_with(text);
    match Names::new(&names(), &functions).evaluate(&expr) {
        Ok(value) => round_trip(&value),
        Err(diagnostics) => check_failure(text, &diagnostics),
    }
}

/// An expression, also as a type constraint and as a constant.
pub(crate) fn expression(data: &[u8]) {
    let text = &*crate::text(data);
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    check_diagnostics(text, &diagnostics);
    let Some(expr) = expr else { return };
    let functions = functions_with("x${s}");
    let names = names();
    let mut names = Names::new(&names, &functions).with_type_function();
    match names.evaluate(&expr) {
        Ok(value) => {
            round_trip(&value);
            let again = names.evaluate(&expr).expect("it had a value just now");
            assert!(value == again, "{text}: {value:?} and then {again:?}");
        }
        Err(diagnostics) => check_failure(text, &diagnostics),
    }
    if let Ok(value) = constant(&expr) {
        round_trip(&value);
    }
    let (ty, defaults, _) = variable_type(&expr);
    drop((ty.friendly_name(), defaults));
}

/// Messages of an evaluation name places in the text. (Those about another file carry no place.)
fn check_failure(text: &str, diagnostics: &Diagnostics) {
    check_diagnostics(text, diagnostics);
}

/// Calls in which `x` is the text.
const CALLS: &[&str] = &[
    "jsondecode(x)",
    "yamldecode(x)",
    "csvdecode(x)",
    "yamlencode({ (x) = [x, \"a\"] })",
    "jsonencode([x, { (x) = x }])",
    "templatestring(x, { a = 1, s = x })",
    "templatefile(x, { a = 1, s = \"t\" })",
    "regex(x, \"Hello, w\u{f6}rld 12:34\")",
    "regexall(x, \"aab aab\")",
    "replace(\"a.b.c-1\", x, \"<$1>\")",
    "replace(x, \"/[a-z]+/\", x)",
    "format(x, 1, \"b\", true, [1, \"x\"], 2.5, null)",
    "formatlist(x, [\"a\", \"b\"], 3)",
    "formatdate(x, \"2024-02-29T13:04:05+01:00\")",
    "formatdate(\"YYYY-MM-DD'T'hh:mm:ssZ EEE MMM aa\", x)",
    "timeadd(x, \"1h\")",
    "timeadd(\"2024-02-29T13:04:05Z\", x)",
    "timecmp(x, \"2024-02-29T13:04:05Z\")",
    "cidrhost(x, 1)",
    "cidrnetmask(x)",
    "cidrsubnet(x, 4, 2)",
    "cidrsubnets(x, 4, 4, 8)",
    "cidrcontains(\"10.0.0.0/8\", x)",
    "parseint(x, 36)",
    "tonumber(x)",
    "tobool(x)",
    "base64decode(x)",
    "base64gunzip(x)",
    "base64gzip(x)",
    "textdecodebase64(x, \"UTF-16LE\")",
    "textencodebase64(x, \"Shift_JIS\")",
    "textencodebase64(\"a\", x)",
    "urldecode(x)",
    "urlencode(x)",
    "rsadecrypt(x, x)",
    "uuidv5(x, x)",
    "uuidv5(\"dns\", x)",
    "title(x)",
    "split(\" \", x)",
    "strrev(x)",
    "substr(x, 1, 3)",
    "length(x)",
    "indent(2, x)",
    "chomp(trimspace(x))",
    "trim(x, \"a\")",
    "startswith(x, \"a\")",
    "strcontains(x, x)",
    "pathexpand(x)",
    "dirname(x)",
    "basename(x)",
    "abspath(x)",
    "fileset(\".\", x)",
    "sha512(x)",
    "bcrypt(x)",
    "filebase64sha256(x)",
    "provider::terraform::decode_tfvars(x)",
    "provider::terraform::encode_expr({ (x) = x })",
    "x == 5 ? x : upper(x)",
    "\"${x}%{ for c in split(\"\", x) }${c}%{ endfor }\"",
];

/// The calls, read once.
fn calls() -> &'static [Expr] {
    static CALLS_READ: OnceLock<Vec<Expr>> = OnceLock::new();
    CALLS_READ.get_or_init(|| {
        let read = |text: &&str| {
            let (expr, diagnostics) = parse_expression(FileId(0), text);
            expr.unwrap_or_else(|| panic!("{text}: {diagnostics:?}"))
        };
        CALLS.iter().map(read).collect()
    })
}

/// How many of the calls one input is for.
const CALLS_AT_ONCE: usize = 4;

/// Some of the calls, of which the first byte says which, on a text.
pub(crate) fn functions(data: &[u8]) {
    let (first, data) = data.split_first().unwrap_or((&0, &[]));
    // Some take long for long texts, by their nature.
    let text = &*crate::text(data.get(..4096).unwrap_or(data));
    let values = BTreeMap::from([(EcoString::from("x"), Value::string_nfc(text))]);
    let functions = functions_with(text);
    let mut names = Names::new(&values, &functions);
    let calls = calls();
    let first = usize::from(*first) * CALLS_AT_ONCE % calls.len();
    for call in calls.iter().cycle().skip(first).take(CALLS_AT_ONCE) {
        if let Ok(value) = names.evaluate(call) {
            round_trip(&value);
        }
    }
}

/// What comes back from a codec goes through it unchanged. (The first time digits beyond a number's precision are lost, as in the peers,
/// and long refinements are shortened.)
pub(crate) fn round_trip(value: &Value) {
    let value = value.unmark_deep();
    // Descriptions can't fail either.
    drop(format!("{value:?}"));
    for ty in [value.ty(), Type::Dynamic] {
        let once = |value: &Value| {
            let bytes = msgpack::encode(value, &ty).ok()?;
            let back = msgpack::decode(&bytes, &ty);
            Some(back.unwrap_or_else(|error| panic!("{value:?} as {ty:?}: {error:?}")))
        };
        if let Some(back) = once(&value) {
            assert_eq!(once(&back).as_ref(), Some(&back), "{value:?}");
        }
        let once = |value: &Value| {
            let text = json::encode(value, &ty).ok()?;
            let back = json::decode(&text, &ty);
            Some(back.unwrap_or_else(|error| panic!("{value:?} as {ty:?}: {error:?}")))
        };
        if let Some(back) = once(&value) {
            assert_eq!(once(&back).as_ref(), Some(&back), "{value:?}");
        }
    }
}
