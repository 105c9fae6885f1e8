//! What one evaluation may cost: a message at the bound, quickly, and never an abort.

use crate::expr::simple::Names;
use crate::expr::work::Work;
use crate::functions::{Files, Functions, Impure, Random};
use crate::source::FileId;
use crate::syntax::parse::parse_expression;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_value::{EcoString, Type, Value};

/// Each template renders itself twice.
#[derive(Debug)]
struct Echo;

impl Files for Echo {
    fn read(&self, _: &str) -> Result<Arc<[u8]>, String> {
        const TEMPLATE: &str = "${templatefile(\"a\", {})}${templatefile(\"a\", {})}";
        Ok(Arc::from(TEMPLATE.as_bytes()))
    }

    fn exists(&self, _: &str) -> Result<bool, String> {
        Ok(true)
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn absolute(&self, path: &str) -> String {
        path.to_owned()
    }

    fn home(&self) -> Option<String> {
        None
    }
}

#[derive(Debug)]
struct Zeros;

impl Random for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fn names() -> BTreeMap<EcoString, Value> {
    let mib = "x".repeat(1 << 20);
    let list = |count: usize| {
        let items = (0..count).map(|at| Value::string(at.to_string())).collect();
        Value::list(Type::String, items)
    };
    let mut deep = Value::TRUE;
    for _ in 0..256 {
        deep = Value::tuple(vec![deep]);
    }
    let mut twice = Value::tuple(vec![Value::TRUE, Value::TRUE]);
    for _ in 0..20 {
        twice = Value::tuple(vec![twice.clone(), twice]);
    }
    [
        ("mib", Value::string(mib.as_str())),
        ("lines", Value::string("\n".repeat(1 << 20))),
        ("thousand", list(1000)),
        ("many", list(1 << 16)),
        ("deep", deep),
        ("twice", twice),
    ]
    .into_iter()
    .map(|(name, value)| (EcoString::from(name), value))
    .collect()
}

fn messages(text: &str, work: &Work) -> Vec<String> {
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    let Some(expr) = expr else {
        return vec![format!("{diagnostics:?}")];
    };
    let functions = Functions {
        files: Arc::new(Echo),
        impure: Some(Impure {
            now: "2025-01-02T03:04:06Z".into(),
            random: Arc::new(Zeros),
        }),
        ..Functions::pure()
    };
    match Names::new(&names(), &functions).evaluate_at(&expr, work) {
        Ok(_) => Vec::new(),
        Err(diagnostics) => diagnostics
            .iter()
            .map(|one| format!("{}: {}", one.summary, one.detail))
            .collect(),
    }
}

#[test]
fn results_have_a_largest_size() {
    let text = "the result would be longer than 256 MiB.";
    let elements = "the result would have more than 4194304 elements.";
    for (expression, expected) in [
        ("join(mib, thousand)", text),
        (
            "replace(mib, \"x\", thousand[0] == \"0\" ? mib : \"\")",
            text,
        ),
        ("replace(mib, \"/x/\", mib)", text),
        ("replace(mib, \"/(x)/\", \"${mib}$1\")", text),
        ("indent(1000, lines)", text),
        (
            "split(\"x\", join(\"\", [mib, mib, mib, mib, mib]))",
            elements,
        ),
        (
            "split(\"\", join(\"\", [mib, mib, mib, mib, mib]))",
            elements,
        ),
        (
            "setproduct(thousand, thousand, thousand)",
            "the product has more than 1048576 elements.",
        ),
        ("setproduct(thousand, [mib, mib])", elements),
        (
            "format(\"%9999999d\", 1)",
            "a width, precision or index in the format is too large.",
        ),
        (
            "bcrypt(\"x\", 31)",
            "cost 31 would take minutes or longer; at most 18 is accepted.",
        ),
        (
            "[for a in thousand : many]",
            "The result of this expression is too large: values may hold at most 4194304 elements, counting those of elements, and 256 MiB of text.",
        ),
        (
            "{for a in thousand : \"${a}${mib}\" => mib}",
            "The result of this expression is too large: values may hold at most 4194304 elements, counting those of elements, and 256 MiB of text.",
        ),
        (
            "\"%{ for a in thousand }${mib}%{ endfor }\"",
            "The result of this expression is too large: values may hold at most 4194304 elements, counting those of elements, and 256 MiB of text.",
        ),
        (
            "[twice, twice, twice]",
            "The result of this expression is too large: values may hold at most 4194304 elements, counting those of elements, and 256 MiB of text.",
        ),
        ("[deep]", "Values may be nested at most 256 levels deep."),
    ] {
        let found = messages(expression, &Work::new());
        assert_eq!(found.len(), 1, "{expression}: {found:?}");
        assert!(found[0].ends_with(expected), "{expression}: {found:?}");
    }
}

#[test]
fn loops_within_loops_end() {
    for expression in [
        "[for a in thousand : [for b in thousand : 1 if a == b]]",
        "sum([for a in many : 1])",
        "\"%{ for a in many }%{ if false }x%{ endif }%{ endfor }\"",
        "[for a in thousand : contains(many, \"nothing\")]",
        "[for a in thousand : sha256(mib)]",
        "[for a in thousand : regexall(\"(a{1000}){1000}${a}\", \"a\")]",
        "[for a in thousand : bcrypt(a, 12)]",
        "many[*]",
    ] {
        let found = messages(expression, &Work::of(50_000));
        if expression == "many[*]" {
            // Nothing is evaluated for an element.
            assert!(found.is_empty(), "{expression}: {found:?}");
            continue;
        }
        assert_eq!(found.len(), 1, "{expression}: {found:?}");
        assert!(
            found[0].contains("too many steps"),
            "{expression}: {found:?}"
        );
    }
}

#[test]
fn templates_that_double_end() {
    let found = messages("templatefile(\"a\", {})", &Work::new());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].ends_with("maximum recursion depth of templates that render templates reached."),
        "{found:?}"
    );
}

#[test]
fn failures_that_are_caught_cost_too() {
    let expression = "[for a in thousand : can([for b in many : a + b])]";
    let found = messages(expression, &Work::of(50_000));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("Expression takes too many steps: "),
        "{found:?}"
    );
}

#[test]
fn everyday_sizes_are_far_below() {
    for expression in [
        "[for a in thousand : [for b in thousand : b]]",
        "{for a in thousand : a => sha256(a)}",
        "length(distinct(concat(many, many)))",
        "length(matchkeys(many, many, thousand))",
    ] {
        assert!(
            messages(expression, &Work::new()).is_empty(),
            "{expression}"
        );
    }
}

/// The answer of a template that renders itself, `n` times, on a thread with a small stack.
fn counted(template: &'static str, n: usize) -> Result<String, String> {
    #[derive(Debug)]
    struct One(&'static str);
    impl Files for One {
        fn read(&self, _: &str) -> Result<Arc<[u8]>, String> {
            Ok(Arc::from(self.0.as_bytes()))
        }
        fn exists(&self, _: &str) -> Result<bool, String> {
            Ok(true)
        }
        fn list(&self, _: &str) -> Result<Vec<String>, String> {
            Ok(Vec::new())
        }
        fn absolute(&self, path: &str) -> String {
            path.to_owned()
        }
        fn home(&self) -> Option<String> {
            None
        }
    }
    let functions = Functions {
        files: Arc::new(One(template)),
        ..Functions::pure()
    };
    let work = move || {
        let call = format!("templatefile(\"a\", {{n = {n}}})");
        let (expr, _) = parse_expression(FileId(0), &call);
        let expr = expr.expect("an expression");
        let made = Names::new(&BTreeMap::new(), &functions).evaluate(&expr);
        made.map(|value| value.as_str().unwrap_or_default().to_owned())
            .map_err(|found| found.iter().map(|one| one.detail.clone()).collect())
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    thread.expect("a thread").join().expect("no panic")
}

#[test]
fn a_thousand_templates_within_each_other() {
    let plain = "${n > 0 ? templatefile(\"a\", {n = n - 1}) : \"end\"}";
    assert_eq!(counted(plain, 1023).as_deref(), Ok("end"));
    let error = counted(plain, 1024).unwrap_err();
    assert!(error.contains("maximum recursion depth"), "{error}");
    // Each takes much stack.
    let deep = format!(
        "{}templatefile(\"a\", {{n = n - 1}}){}",
        "${n == 0 ? \"end\" : ".to_owned() + &"true ? (".repeat(100),
        ") : \"\"".repeat(100) + "}"
    );
    assert_eq!(counted(deep.leak(), 300).as_deref(), Ok("end"));
    // What is wrong in the innermost one is said, and not a thousand times.
    let error = counted("${n > 0 ? templatefile(\"a\", {n = n - 1}) : n.x}", 1000).unwrap_err();
    assert!(error.len() < 2_500, "{}: {error}", error.len());
    assert!(error.contains("Can't access attributes"), "{error}");
}
