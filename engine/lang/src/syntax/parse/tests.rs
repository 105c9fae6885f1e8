use super::*;
use crate::source::SourceMap;
use crate::syntax::ast::{BinaryOp, Step, StepKind, Template, TemplatePart, UnaryOp};
use crate::syntax::body::Body;
use std::fmt::Write as _;

/// A tree in one line: `(+ a (call f b))`.
pub(in crate::syntax) fn show(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Null => "null".into(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::String(text) => format!("{text:?}"),
        ExprKind::Template(template) => format!("(template{})", show_template(template)),
        ExprKind::Wrap(inner) => format!("(wrap {})", show(inner)),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Chain(source, steps) => format!("{}{}", show(source), show_steps(steps)),
        ExprKind::Call(call) => {
            let args: String = call
                .args
                .iter()
                .map(|arg| format!(" {}", show(arg)))
                .collect();
            format!(
                "(call {}{args}{})",
                call.name,
                if call.expand_last { "..." } else { "" }
            )
        }
        ExprKind::Conditional(parts) => format!(
            "(? {} {} {})",
            show(&parts[0]),
            show(&parts[1]),
            show(&parts[2])
        ),
        ExprKind::Binary(operator, parts) => {
            format!(
                "({} {} {})",
                symbol(*operator),
                show(&parts[0]),
                show(&parts[1])
            )
        }
        ExprKind::Unary(UnaryOp::Neg, inner) => format!("(- {})", show(inner)),
        ExprKind::Unary(UnaryOp::Not, inner) => format!("(! {})", show(inner)),
        ExprKind::Tuple(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" "))
        }
        ExprKind::Object(items) => {
            let pairs: Vec<_> = items
                .iter()
                .map(|item| format!("{}={}", show(&item.key), show(&item.value)))
                .collect();
            format!("{{{}}}", pairs.join(" "))
        }
        ExprKind::For(parts) => {
            let mut out = String::from("(for");
            if let Some(key) = &parts.key_var {
                write!(out, " {},", key.name).unwrap();
            }
            write!(
                out,
                " {} in {} :",
                parts.value_var.name,
                show(&parts.collection)
            )
            .unwrap();
            if let Some(key) = &parts.key {
                write!(out, " {} =>", show(key)).unwrap();
            }
            write!(
                out,
                " {}{}",
                show(&parts.value),
                if parts.group { "..." } else { "" }
            )
            .unwrap();
            if let Some(condition) = &parts.condition {
                write!(out, " if {}", show(condition)).unwrap();
            }
            out + ")"
        }
        ExprKind::Parens(inner) => format!("({})", show(inner)),
    }
}

fn show_steps(steps: &[Step]) -> String {
    let step = |step: &Step| match &step.kind {
        StepKind::Attr(name) => format!(".{name}"),
        StepKind::Index(index) => format!("[{}]", show(index)),
        StepKind::LegacyIndex(index) => format!(".{index}"),
        StepKind::AttrSplat(each) => format!(".*<{}>", show_steps(each)),
        StepKind::FullSplat(each) => format!("[*]<{}>", show_steps(each)),
    };
    steps.iter().map(step).collect()
}

fn show_template(template: &Template) -> String {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Literal(text, _) => format!(" {text:?}"),
        TemplatePart::Interpolation(expr) => format!(" ${{{}}}", show(expr)),
        TemplatePart::If {
            condition,
            then,
            otherwise,
            ..
        } => {
            let otherwise = otherwise
                .as_ref()
                .map(|other| format!(" else{}", show_template(other)));
            format!(
                " %{{if {}{}{}}}",
                show(condition),
                show_template(then),
                otherwise.unwrap_or_default()
            )
        }
        TemplatePart::For {
            key_var,
            value_var,
            collection,
            body,
            ..
        } => {
            let key = key_var
                .as_ref()
                .map(|key| format!("{}, ", key.name))
                .unwrap_or_default();
            format!(
                " %{{for {key}{} in {}{}}}",
                value_var.name,
                show(collection),
                show_template(body)
            )
        }
    };
    template.parts.iter().map(part).collect()
}

fn symbol(operator: BinaryOp) -> &'static str {
    match operator {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Eq => "==",
        BinaryOp::NotEq => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEq => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEq => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Mod => "%",
    }
}

fn messages(text: &str, diagnostics: &Diagnostics) -> Vec<String> {
    let mut map = SourceMap::default();
    let _file = map.add("f", text);
    diagnostics
        .iter()
        .map(|d| {
            format!(
                "{} @{}",
                d.summary,
                map.locate(d.subject.unwrap()).trim_start_matches("f:")
            )
        })
        .collect()
}

fn expr_of(text: &str) -> String {
    let (expr, diagnostics) = parse_expression(FileId(0), text);
    assert!(
        diagnostics.is_empty(),
        "{text}: {:?}",
        messages(text, &diagnostics)
    );
    show(&expr.unwrap())
}

/// Every expression, and the tree that it becomes.
#[test]
fn expressions_become_trees() {
    for (text, tree) in [
        ("1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"),
        (
            "a || b && c == d < e + f * -g",
            "(|| a (&& b (== c (< d (+ e (* f (- g)))))))",
        ),
        ("a - b - c", "(- (- a b) c)"),
        ("!a.b[0]", "(! a.b[0])"),
        ("--1", "(- (- 1))"),
        ("a ? b : c ? d : e", "(? a b (? c d e))"),
        ("a ? b ? c : d : e", "(? a (? b c d) e)"),
        ("(a) + (b\n)", "(+ (a) (b))"),
        (
            "a.b.0.c[\"x\"].*.d.1.e[0].f",
            "a.b.0.c[\"x\"].*<.d.1.e>[0].f",
        ),
        ("a[*].b[0][*].c", "a[*]<.b[0][*]<.c>>"),
        ("f()[0].a", "(call f)[0].a"),
        ("f(a, b...)", "(call f a b...)"),
        ("f(\na,\nb,\n)", "(call f a b)"),
        ("a::b::c(1)", "(call a::b::c 1)"),
        ("[1, 2,]", "[1 2]"),
        ("[\n1\n,\n2\n]", "[1 2]"),
        ("{ a = 1, b : 2\n c = 3\n}", "{a=1 b=2 c=3}"),
        (
            "{ (a) = 1, \"b\" = 2, \"${c}\" = 3, true = 4, 5 = 6 }",
            "{(a)=1 \"b\"=2 (wrap c)=3 \"true\"=4 \"5\"=6}",
        ),
        ("{ a.b = 1 }", "{a.b=1}"),
        ("[for v in c : v if v]", "(for v in c : v if v)"),
        ("[\nfor k, v in c :\n v\n]", "(for k, v in c : v)"),
        (
            "{for k, v in c : k => v... if true}",
            "(for k, v in c : k => v... if true)",
        ),
        (
            "[for v in [for w in x : w] : v]",
            "(for v in (for w in x : w) : v)",
        ),
        ("if", "if"),
        ("a /* b */ + # c\n", "BAD"),
        ("\"a${b}c\"", "(template \"a\" ${b} \"c\")"),
        ("\"${b}\"", "(wrap b)"),
        ("\"${~ b ~}\"", "(wrap b)"),
        ("\" ${~ b }\"", "(template \"\" ${b})"),
        ("\"\"", "\"\""),
        ("\"$${a}%%{b}$a%$${\"", "\"${a}%{b}$a%${\""),
        ("\"$$${1}\"", "\"$${1}\""),
        (
            "\"\\n\\t\\\"\\\\\\u00e9\\U0001F600\"",
            "\"\\n\\t\\\"\\\\é😀\"",
        ),
        ("\"e\\u0301\"", "\"é\""),
        (
            "\"%{ if a }x%{ else }y%{ endif }z\"",
            "(template %{if a \"x\" else \"y\"} \"z\")",
        ),
        (
            "\"%{ for k, v in a ~} \\n x ${v}%{ endfor }\"",
            "(template %{for k, v in a \"x \" ${v}})",
        ),
        ("\"${\"${a}\"}\"", "(wrap (wrap a))"),
        (
            "\"a ${ { b = \"}\" }.b } c\"",
            "(template \"a \" ${{b=\"}\"}.b} \" c\")",
        ),
        ("é-1", "é-1"),
    ] {
        if tree == "BAD" {
            assert!(parse_expression(FileId(0), text).0.is_none(), "{text}");
        } else {
            assert_eq!(expr_of(text), tree, "{text}");
        }
    }
}

/// Heredocs keep their line breaks; `<<-` loses the indentation that all lines share.
#[test]
fn heredocs_are_read_line_by_line() {
    for (text, tree) in [
        ("<<E\n a\n  b\nE\n", "\" a\\n  b\\n\""),
        ("<<-E\n a\n\n  b\n  E\n", "\"a\\n\\n b\\n\""),
        (
            "<<-E\n    foo\n  ${a}\n    bar\n  E\n",
            "(template \"  foo\\n\" ${a} \"\\n  bar\\n\")",
        ),
        (
            "<<-E\nfoo\n    ${1}\n    bar\nE\n",
            "(template \"foo\\n    \" ${1} \"\\n    bar\\n\")",
        ),
        (
            "<<-E\n  %{ for x in y ~}\n  - ${x}\n  %{ endfor ~}\n  E\n",
            "(template %{for x in y \"  - \" ${x} \"\\n\"})",
        ),
        ("<<E\nE x\nE,\n E \n", "\"E x\\nE,\\n\""),
        ("<<E\na\r\nb\r\nE\r\n", "\"a\\r\\nb\\r\\n\""),
        ("<<E\n\\n $${a}\nE\n", "\"\\\\n ${a}\\n\""),
        ("<<E\nE\n", "\"\""),
        ("[<<E\na\nE\n, 1]", "[\"a\\n\" 1]"),
    ] {
        let (expr, diagnostics) = parse_expression(FileId(0), text);
        assert!(
            diagnostics.is_empty(),
            "{text}: {:?}",
            messages(text, &diagnostics)
        );
        assert_eq!(show(&expr.unwrap()), tree, "{text}");
    }
}

/// A bare template is trimmed line by line as a heredoc is.
#[test]
fn bare_templates() {
    for (text, tree) in [
        ("", "\"\""),
        ("a \"b\" \\n", "\"a \\\"b\\\" \\\\n\""),
        ("${a}", "(wrap a)"),
        (
            "A%{ if true ~}\n   \n  x%{ endif }",
            "(template \"A\" %{if true \"   \\n  x\"})",
        ),
    ] {
        let (expr, diagnostics) = parse_template(FileId(0), text);
        assert!(
            diagnostics.is_empty(),
            "{text}: {:?}",
            messages(text, &diagnostics)
        );
        assert_eq!(show(&expr.unwrap()), tree, "{text}");
    }
}

fn check_errors(text: &str, expect: &[&str]) {
    let (_, diagnostics) = parse_body(FileId(0), text);
    assert_eq!(messages(text, &diagnostics), expect, "{text}");
}

/// What is wrong, and where; one message for each faulty item.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn mistakes_are_reported_where_they_are() {
    for (text, expect) in [
        ("a 1", "Argument or block definition required @1,1-2"),
        ("a =", "Missing expression @1,4-4"),
        ("a =\n", "Invalid expression @1,4-2,1"),
        ("a = \"x\nb = \"\"\n", "Invalid multi-line string @1,7-2,1"),
        ("a = [1 2]\n", "Missing item separator @1,8-9"),
        (
            "a = [1, 2\n",
            "Unterminated tuple constructor expression @1,5-6",
        ),
        ("a = f(1 2)\n", "Missing argument separator @1,9-10"),
        ("a = f(1\n", "Unterminated function call @1,5-7"),
        ("a = 1 b = 2\n", "Missing newline after argument @1,7-8"),
        ("a = 'x'\n", "Invalid character @1,5-6"),
        ("a = \u{201c}x\u{201d}\n", "Invalid character @1,5-6"),
        ("a = 1;\n", "Invalid character @1,6-7"),
        ("a = `x`\n", "Invalid character @1,5-6"),
        ("a = b & c\n", "Unsupported operator @1,7-8"),
        ("a = 1 \r b\n", "Invalid character @1,7-8"),
        ("a = \"\\d\"\n", "Invalid escape sequence @1,6-8"),
        ("a = \"\\u12\"\n", "Invalid escape sequence @1,6-10"),
        ("a = \"\\ud800\"\n", "Invalid escape sequence @1,6-12"),
        ("\"a\" = 1\n", "Invalid argument name @1,1-4"),
        ("a = { b }\n", "Missing key/value separator @1,9-10"),
        ("a = { b\n}\n", "Missing attribute value @1,8-2,1"),
        (
            "a = { b = 1 c = 2 }\n",
            "Missing attribute separator @1,13-14",
        ),
        ("a = <<E\nx\n", "Unterminated template string @1,5-6"),
        ("a = <<E\nx\nE", "Unterminated template string @1,5-6"),
        ("}\n", "Argument or block definition required @1,1-2"),
        ("a = 1\na = 2\n", "Attribute redefined @2,1-2"),
        (
            "a = b ? 1\n",
            "Missing false expression in conditional @1,10-2,1",
        ),
        ("a = [for x [1] : x]\n", "Invalid 'for' expression @1,12-13"),
        (
            "a = [for x in y : x => x]\n",
            "Invalid 'for' expression @1,21-23",
        ),
        (
            "a = {for x in y : x}\n",
            "Invalid 'for' expression @1,20-21",
        ),
        ("a = \"%{ if b }\"\n", "Unexpected end of template @1,15-16"),
        ("a = \"%{ else }\"\n", "Unexpected else directive @1,6-15"),
        (
            "a = \"%{ iff b }\"\n",
            "Invalid template control keyword @1,9-12",
        ),
        (
            "a = \"${b\"\n",
            "Unclosed template interpolation sequence @1,6-8",
        ),
        (
            "a = \"${b c}\"\n",
            "Extra characters after interpolation expression @1,10-11",
        ),
        ("a {\n", "Unclosed configuration block @1,3-4"),
        ("a = 1.2.3\n", "Invalid number literal @1,5-10"),
        ("a = b.0.1\n", "Invalid legacy index syntax @1,7-10"),
        ("a = b.*.*\n", "Nested splat expression not allowed @1,9-10"),
        ("a = b.\n", "Invalid attribute name @1,7-2,1"),
        (
            "a = b[*\n]\n",
            "Missing close bracket on splat index @1,8-2,1",
        ),
        ("a = (1\n", "Unbalanced parentheses @2,1-1"),
        ("a b = 1\n", "Invalid block definition @1,5-6"),
        (
            "a { b = 1, c = 2 }\n",
            "Invalid single-argument block definition @1,10-11",
        ),
        ("a { b {} }\n", "Argument definition required @1,5-8"),
        (
            "a {} b {}\n",
            "Missing newline after block definition @1,6-7",
        ),
        ("a \"${b}\" {}\n", "Invalid string literal @1,4-6"),
        ("/* a\n", "Unterminated comment @1,1-2"),
        ("a = f::(1)\n", "Missing function name @1,8-9"),
        ("a = f::g\n", "Missing open parenthesis @1,9-2,1"),
        ("a = f(b..., c)\n", "Missing closing parenthesis @1,8-11"),
    ] {
        check_errors(text, &[expect]);
    }
    check_errors("a = \"x\n", &["Invalid multi-line string @1,7-2,1"]);
    // The quote that ends it below is not another one that begins; the second line of two such strings is.
    for end in ["", ")", "],"] {
        let text = format!("a = \"x\n  y\"{end}\nb = 1\n");
        check_errors(&text, &["Invalid multi-line string @1,7-2,1"]);
    }
    check_errors(
        "a = \"x\nb = \"y\n",
        &[
            "Invalid multi-line string @1,7-2,1",
            "Invalid multi-line string @2,7-3,1",
        ],
    );
}

/// Parsing goes on behind each faulty item, and the items between them are kept.
#[test]
fn many_mistakes_in_one_run() {
    let text = "a = 1 2\nb = \"x ${y\nc = [1, 2\nd = 3\ne {\n  f = (1\n  g = 2\n}\nh = {\n  i j\n}\nk = 4\n";
    check_errors(
        text,
        &[
            "Missing newline after argument @1,7-8",
            "Unclosed template interpolation sequence @2,8-10",
            "Missing item separator @4,1-2",
            "Unbalanced parentheses @7,3-4",
            "Missing key/value separator @10,5-6",
        ],
    );
    let (body, _) = parse_body(FileId(0), text);
    let names: Vec<_> = body
        .attributes
        .iter()
        .map(|attribute| attribute.name.name.as_str())
        .collect();
    assert_eq!(names, ["a", "d", "k"]);
    let Body::Native(inner) = &body.blocks[0].body else {
        panic!("native")
    };
    assert_eq!(inner.attributes[0].name.name, "g");
}

#[test]
fn blocks_know_their_places() {
    let text = "\u{feff}a \"b\" c {\n  d = 1 # e\n\n  f {}\n  g { h = 2 }\n}\n";
    let (body, diagnostics) = parse_body(FileId(0), text);
    assert!(diagnostics.is_empty());
    let mut map = SourceMap::default();
    let _file = map.add("f", text);
    let block = &body.blocks[0];
    assert_eq!(map.text(block.header), "a \"b\" c");
    assert_eq!(
        block
            .labels
            .iter()
            .map(|label| map.text(label.span))
            .collect::<Vec<_>>(),
        ["\"b\"", "c"]
    );
    assert!(map.text(block.span).ends_with("  g { h = 2 }\n}"));
    let Body::Native(inner) = &block.body else {
        panic!("native")
    };
    assert_eq!(map.text(inner.attributes[0].span), "d = 1");
    assert_eq!(map.text(inner.missing), "{");
    assert_eq!(inner.blocks.len(), 2);
    assert_eq!(map.text(inner.blocks[1].span), "g { h = 2 }");
}

/// The deepest that is accepted fits a thread of 2 MiB in a debug build, and more is a message.
#[test]
fn nesting_is_bounded() {
    let deep = |open: &str, middle: &str, close: &str, count: usize| {
        let text = format!(
            "x = {}{middle}{}\ny = 1\n",
            open.repeat(count),
            close.repeat(count)
        );
        let (body, diagnostics) = parse_body(FileId(0), &text);
        assert!(
            body.attributes
                .iter()
                .any(|attribute| attribute.name.name == "y"),
            "{open}"
        );
        diagnostics
            .into_iter()
            .map(|diagnostic| diagnostic.summary)
            .collect::<Vec<_>>()
    };
    let all = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || {
            for (open, middle, close) in [
                ("(", "1", ")"),
                ("[", "", "]"),
                ("{a=", "1", "}"),
                ("f(", "1", ")"),
                ("x[", "1", "]"),
                ("1+(", "2", ")"),
                ("a ? b : (", "2", ")"),
                ("[for a in b : ", "1", "]"),
                ("{for a in b : a => ", "1", "}"),
            ] {
                assert_eq!(
                    deep(open, middle, close, 240),
                    Vec::<String>::new(),
                    "{open}"
                );
                assert_eq!(
                    deep(open, middle, close, 10_000),
                    ["Too deeply nested"],
                    "{open}"
                );
            }
            assert_eq!(deep("\"${", "1", "}\"", 10_000), ["Too deeply nested"]);
            assert_eq!(deep("\"%{ if a }", "1", "%{ endif }\"", 10_000).len(), 1);
            for (open, middle, close) in [
                ("!", "a", ""),
                ("a + ", "1", ""),
                ("a ? b : ", "c", ""),
                ("", "a", "[*]"),
            ] {
                assert_eq!(
                    deep(open, middle, close, 10_000),
                    ["Expression too complex"],
                    "{open}{close}"
                );
            }
            for (open, middle, close) in [
                ("a || ", "b", ""),
                ("a && b || ", "c", ""),
                ("", "a", ".b"),
                ("", "a", "[0]"),
            ] {
                assert_eq!(
                    deep(open, middle, close, 10_000),
                    Vec::<String>::new(),
                    "{open}{close}"
                );
            }
            let blocks = format!("{}{}", "a {\n".repeat(10_000), "}\n".repeat(10_000));
            let (_, diagnostics) = parse_body(FileId(0), &blocks);
            assert_eq!(
                diagnostics.iter().next().unwrap().summary,
                "Too deeply nested"
            );
            assert_eq!(diagnostics.len(), 1);
        });
    all.unwrap().join().unwrap();
}

/// Long chains of logical operators become shallow trees with the operands in order.
#[test]
fn logical_chains_are_balanced() {
    let names: Vec<String> = (0..1000).map(|index| format!("v{index}")).collect();
    let (expr, _) = parse_expression(FileId(0), &names.join(" || "));
    let mut found = Vec::new();
    fn leaves(expr: &Expr, depth: u32, found: &mut Vec<String>) {
        assert!(depth < 30);
        match &expr.kind {
            ExprKind::Binary(BinaryOp::Or, parts) => {
                parts.iter().for_each(|part| leaves(part, depth + 1, found));
            }
            _ => found.push(show(expr)),
        }
    }
    leaves(&expr.unwrap(), 0, &mut found);
    assert_eq!(found, names);
}

#[test]
fn addresses() {
    assert!(
        parse_traversal(FileId(0), "module.a[\"x\"].b.c[0]")
            .0
            .is_some()
    );
    for text in ["a[b]", "f(a)", "a[*]", "a +", "", "a b"] {
        assert!(parse_traversal(FileId(0), text).0.is_none(), "{text}");
    }
}

#[test]
fn bytes_must_be_utf8() {
    assert_eq!(decode("f", "é".as_bytes()).unwrap(), "é");
    let message = decode("f.tf", b"a\nb\xff").unwrap_err();
    assert_eq!(message.summary, "Invalid character encoding");
    assert!(
        message
            .detail
            .ends_with("The first byte of f.tf that is not UTF-8 is on line 2.")
    );
}
