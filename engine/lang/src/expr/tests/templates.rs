//! Templates.

use super::*;

#[test]
fn templates_join_parts_and_keep_prefixes() {
    check(&[
        ("\"a${n}b${true}\"", "\"a5btrue\""),
        ("\"${n}\"", "5"),
        ("\"%{ if n > 1 }big%{ else }small%{ endif }\"", "\"big\""),
        (
            "\"%{ for k, v in o }${k}=${v};%{ endfor }\"",
            "\"a=1;b=x;\"",
        ),
        (
            "\"id-${us}\"",
            "unknown(String, Refinements { not_null: true, prefix: Some(\"id-\"), min: None, max: None, min_length: None, max_length: None })",
        ),
        ("\"id-${us}\" == null", "false"),
        ("\"%{ for v in ul }x%{ endfor }\" == null", "false"),
        ("\"x${s}\"", "sensitive \"xsecret\""),
        ("\"%{ for v in sl }${v}%{ endfor }\"", "sensitive \"ab\""),
        ("\"e${\"\u{301}\"}\" == \"\u{e9}\"", "true"),
        (
            "\"x${null}\"",
            "! Invalid template interpolation value: The expression result is null. Cannot include a null value in a string template.",
        ),
        (
            "\"x${[]}\"",
            "! Invalid template interpolation value: Cannot include the given value in a string template: string required, but have tuple.",
        ),
    ]);
}

#[test]
fn a_lone_interpolation_in_a_template_keeps_its_type() {
    let functions = Functions::pure();
    for (text, expected) in [
        ("${n}", "5"),
        ("a${n}", "\"a5\""),
        ("${[n]}", "[5]"),
        ("", "\"\""),
    ] {
        let (expr, _) = parse_template(FileId(0), text);
        let value = Names::new(&names(), &functions).evaluate(&expr.expect("a template"));
        assert_eq!(format!("{:?}", value.unwrap()), expected, "{text}");
    }
}
