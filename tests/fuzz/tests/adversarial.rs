//! Inputs made to be hard: a hundred kilobytes of one thing. Every reader ends soon, with a bounded number of messages, on a small stack.

use std::sync::Arc;
use std::time::Duration;
use terrane_config::load::{Loader, ModuleFile, ModuleFolder};
use terrane_lang::diagnostic::{Diagnostics, Style, render_all};
use terrane_lang::expr::simple::Names;
use terrane_lang::functions::Functions;
use terrane_lang::source::{FileId, SourceMap};
use terrane_lang::syntax::ast::Expr;
use terrane_lang::syntax::body::{Body, BodySchema};
use terrane_lang::syntax::format::format;
use terrane_lang::syntax::json;
use terrane_lang::syntax::parse::{parse_body, parse_expression, parse_template};

/// Bytes of each input.
const SIZE: usize = 1 << 17;

/// Far more computing than one of them takes, far less than one whose work grows with the square of its size would.
const LIMIT: Duration = Duration::from_secs(60);

/// What is worth a word.
const SLOW: Duration = Duration::from_secs(3);

/// How long this thread has computed. What else the machine has to do does not count.
fn computed() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    time.expect("threads have a clock").into()
}

/// Messages about one file.
const MESSAGES: usize = 210;

/// `unit` until the text is long enough, between other parts.
fn long(before: &str, unit: &str, after: &str) -> String {
    let count = SIZE / unit.len();
    let mut text = String::with_capacity(SIZE + before.len() + after.len());
    text.push_str(before);
    text.push_str(&unit.repeat(count));
    text.push_str(after);
    text
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn inputs() -> Vec<(String, String)> {
    let mut inputs = Vec::new();
    for unit in [
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "\"",
        "\"${",
        "${",
        "%{",
        "%{ if ",
        "%{ for x in ",
        "<<E\n",
        "a = <<E\n",
        "<<-E\n${",
        "\\",
        "#",
        "/*",
        "//\n",
        "\n",
        "\r",
        "\r\n",
        " ",
        "\t",
        "-",
        "!",
        "- !",
        "a.",
        "a[",
        ".b",
        ".*",
        "[*]",
        "[0]",
        "a ? ",
        "a ? b : ",
        "a + ",
        "a && ",
        "a || b && ",
        "1,",
        "a=",
        "a = 1\n",
        "a = 1 ",
        "a {\n",
        "a {}\n",
        "a \"b\" ",
        "a b ",
        "{ a = ",
        "{ a = 1 }, ",
        "[for x in ",
        "[for x in y : ",
        "{ for k, v in ",
        "f(",
        "f(a, ",
        "a::",
        "\u{0}",
        "\u{feff}",
        "e\u{301}",
        "\u{301}",
        "~}",
        "$${",
        "$",
        "%",
        "%%{",
        "=>",
        "...",
        "?",
        ":",
        "'",
        ";",
        "\"a\" = 1\n",
        "\"a\": 1,",
        "{\"a\":",
        "[1,",
        "\"a\",",
        "\"a\\u0041\",",
        "x y z = \n",
        "a = [\n",
        "a = \"\n",
        "a = \"${\n",
        "}\n",
        "resource \"a\" \"b\" {\n",
        "9",
        "1e9",
        "0.",
        "tru,",
        "//,",
        "/**/",
        "locals {\n",
        "variable \"a\" {}\n",
        "output \"a\" { value = 1 }\n",
        "dynamic \"a\" {\n",
        "content {\n",
    ] {
        for (before, after) in [
            ("", ""),
            ("a = ", "\n"),
            ("a = \"", "\"\n"),
            ("a = [", "]\n"),
            ("b {\n", "}\n"),
            ("{\"locals\":", "}"),
            ("{\"locals\":{", "}}"),
            ("{\"a\":\"", "\"}"),
        ] {
            inputs.push((
                format!("{before}{unit}\u{2026}{after}"),
                long(before, unit, after),
            ));
        }
    }
    let numbered = |make: &dyn Fn(usize) -> String| (0..SIZE / 16).map(make).collect::<String>();
    for (name, text) in [
        ("many names", numbered(&|at| std::format!("a{at} = 1\n"))),
        (
            "many locals",
            std::format!(
                "locals {{\n{}}}\n",
                numbered(&|at| std::format!("a{at} = 1\n"))
            ),
        ),
        (
            "many unknown arguments",
            std::format!(
                "variable \"x\" {{\n{}}}\n",
                numbered(&|at| std::format!("a{at} = 1\n"))
            ),
        ),
        (
            "many unknown blocks",
            numbered(&|at| std::format!("a{at} {{}}\n")),
        ),
        (
            "many properties",
            std::format!(
                "{{{}\"z\":1}}",
                numbered(&|at| std::format!("\"a{at}\":1,"))
            ),
        ),
        (
            "one object",
            std::format!("a = {{ {} }}\n", numbered(&|at| std::format!("a{at} = 1,"))),
        ),
        (
            "one line of blocks",
            numbered(&|at| std::format!("a \"b{at}\" {{}} ")),
        ),
    ] {
        inputs.push((name.to_owned(), text));
    }
    inputs
}

fn check(what: &str, input: &str, text: &str, diagnostics: &Diagnostics) {
    assert!(
        diagnostics.len() <= MESSAGES,
        "{what} of {input}: {} messages",
        diagnostics.len()
    );
    let mut sources = SourceMap::default();
    sources.add("main.tf", text);
    let shown = render_all(&sources, diagnostics.iter(), Style::Boxed, 80);
    assert!(
        shown.len() < 1 << 20,
        "{what} of {input}: {} bytes of messages",
        shown.len()
    );
}

fn schema() -> BodySchema {
    BodySchema {
        attributes: vec![("x".into(), true)],
        blocks: vec![("a".into(), vec![]), ("locals".into(), vec![])],
    }
}

fn evaluate(expr: Option<Expr>, input: &str, text: &str) {
    if let Some(expr) = expr {
        let functions = Functions::pure();
        if let Err(diagnostics) = Names::new(&[].into(), &functions).evaluate(&expr) {
            check("value", input, text, &diagnostics);
        }
    }
}

fn load(name: &str, text: &str) -> Diagnostics {
    let file = ModuleFile {
        name: name.to_owned(),
        content: text.as_bytes().to_vec(),
    };
    let mut loader = Loader::new(ModuleFolder {
        dir: ".".into(),
        files: vec![file],
    });
    assert!(loader.poll().is_none_or(|_| true));
    loader.finish().2
}

fn read_all(input: &str, text: &str) {
    let step = |what: &str, read: &dyn Fn()| {
        let began = computed();
        read();
        let took = computed().saturating_sub(began);
        if took > SLOW {
            use std::io::Write as _;
            drop(writeln!(
                std::io::stderr(),
                "{what} of {input:?} took {took:?}"
            ));
        }
        assert!(took < LIMIT, "{what} of {input} took {took:?}");
    };
    step("file", &|| {
        let (body, diagnostics) = parse_body(FileId(0), text);
        check("file", input, text, &diagnostics);
        let (_, diagnostics) = Body::Native(Arc::new(body)).content(&schema());
        check("content", input, text, &diagnostics);
    });
    step("expression", &|| {
        let (expr, diagnostics) = parse_expression(FileId(0), text);
        check("expression", input, text, &diagnostics);
        evaluate(expr, input, text);
    });
    step("template", &|| {
        let (expr, diagnostics) = parse_template(FileId(0), text);
        check("template", input, text, &diagnostics);
        evaluate(expr, input, text);
    });
    step("layout", &|| drop(format(text)));
    step("JSON", &|| {
        let (body, diagnostics) = json::parse_body(FileId(0), text);
        check("JSON", input, text, &diagnostics);
        let body = Body::from(body);
        check("JSON content", input, text, &body.content(&schema()).1);
        check("JSON attributes", input, text, &body.just_attributes().1);
    });
    step("module", &|| drop(load("main.tf", text)));
    step("JSON module", &|| drop(load("main.tf.json", text)));
}

/// `TERRANE_ADVERSARIAL` says which part is run in how many: `all`, or nothing for every 29th.
#[test]
fn hard_inputs_end_soon() {
    let step = if std::env::var("TERRANE_ADVERSARIAL").is_ok() {
        1
    } else {
        29
    };
    let work = move || {
        for (input, text) in inputs().iter().step_by(step) {
            read_all(input, text);
        }
    };
    // The stack of tokio's workers.
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    if let Err(panic) = thread.expect("a thread").join() {
        std::panic::resume_unwind(panic);
    }
}
