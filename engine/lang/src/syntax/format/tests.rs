use super::format;

#[track_caller]
fn check(text: &str, expect: &str) {
    let once = format(text).expect("the text parses");
    assert_eq!(once, expect, "{text}");
    assert_eq!(
        format(&once).expect("the result parses"),
        once,
        "twice is as once: {text}"
    );
}

#[test]
fn spaces_between_tokens() {
    for (text, expect) in [
        ("a=1", "a = 1"),
        ("a = -1", "a = -1"),
        ("a = b -  -1", "a = b - -1"),
        ("a = !  b", "a = !b"),
        ("a = b [ 0 ] . c", "a = b[0].c"),
        (
            "a = { for k , v in {b=1} : k => v ... if v }",
            "a = { for k, v in { b = 1 } : k => v... if v }",
        ),
        ("a = [for x in[1] : x]", "a = [for x in [1] : x]"),
        ("a = f ( 1 ,2 )", "a = f(1, 2)"),
        ("a = b::c (1)", "a = b::c(1)"),
        ("a = b ?c:d", "a = b ? c : d"),
        (
            "a = \"x${ b }%{ if  c ~}y%{ endif }\"",
            "a = \"x${b}%{if c~}y%{endif}\"",
        ),
        ("a = \"${ {b=1} }x\"", "a = \"${ { b = 1 } }x\""),
        ("a = [ ]", "a = []"),
        ("a = { }", "a = {}"),
        ("b { c=1 }", "b { c = 1 }"),
        ("b  x \"y\"{}", "b \"x\" \"y\" {}"),
        ("a = 1 /* b */", "a = 1 /* b */"),
    ] {
        check(&format!("{text}\n"), &format!("{expect}\n"));
    }
}

#[test]
fn neighbouring_lines_are_aligned() {
    check(
        "a=1\nbbb=2 # x\ncé = 3 # y\n\nd=4\n",
        "a   = 1\nbbb = 2 # x\ncé  = 3 # y\n\nd = 4\n",
    );
    check("a = [\n1,\n2 ]\nbbb = 3\n", "a = [\n  1,\n2]\nbbb = 3\n");
    check(
        "a = <<E\n  x ${ b }\nE\nccc = 1\n",
        "a   = <<E\n  x ${b}\nE\nccc = 1\n",
    );
}

#[test]
fn lines_are_indented_by_open_brackets() {
    let text = "a {\nb {\nc = f({\nd = 1\n}, [\n2\n])\n}\n# e\n}\n";
    check(
        text,
        "a {\n  b {\n    c = f({\n      d = 1\n      }, [\n      2\n    ])\n  }\n  # e\n}\n",
    );
}

/// A line may begin in the midst of a sequence of a heredoc.
#[test]
fn brackets_in_heredocs_do_not_indent() {
    check(
        "l {\nl=<<E\n%{if n(\n)}%{endif}\nE\n}\n",
        "l {\n  l = <<E\n%{if n(\n)}%{endif}\nE\n}\n",
    );
}

#[test]
fn old_spellings_are_replaced() {
    for (text, expect) in [
        ("a = \"${b}\"", "a = b"),
        ("a = \"${~ b ~}\" # c", "a = b # c"),
        ("a = \"${b}${c}\"", "a = \"${b}${c}\""),
        ("a = \"${f(\"${b}\")}\"", "a = f(\"${b}\")"),
        ("a = \"${\nb ?\nc : d\n}\"", "a = (b ?\nc : d)"),
        ("a = [\"${b}\"]", "a = [\"${b}\"]"),
        (
            "variable \"v\" { type = \"list\" }",
            "variable \"v\" { type = list(string) }",
        ),
        (
            "variable \"v\" { type = map }",
            "variable \"v\" { type = map(any) }",
        ),
        ("other \"v\" { type = map }", "other \"v\" { type = map }"),
    ] {
        check(&format!("{text}\n"), &format!("{expect}\n"));
    }
}

/// Where the peers lose what the author wrote, it stays: comments between labels, and labels with doubled signs.
#[test]
fn comments_and_doubled_signs_in_headers_stay() {
    check(
        "a /* b */ c \"d$${e\" /* f */ {}\n",
        "a /* b */ \"c\" \"d$${e\" /* f */ {}\n",
    );
}

#[test]
fn labels_have_the_escapes_that_they_need() {
    check(
        "a \"d\\te\\u00e9\\\"\\\\\" \"\u{a0}e\u{301}\\U000E0001\" e\u{301} {}\n",
        "a \"d\\te\u{e9}\\\"\\\\\" \"\\u00a0\u{e9}\\U000e0001\" \"\u{e9}\" {}\n",
    );
}

#[test]
fn what_cannot_be_parsed_is_not_touched() {
    assert!(format("a = [\n").is_err());
    check("\u{feff}a=1\r\n", "a = 1\r\n");
    check("", "");
    check("a=1\n  ", "a = 1\n  ");
}
