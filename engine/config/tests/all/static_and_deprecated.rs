//! What must be known before anything is planned, and what should not be used any more.

use crate::support::messages;

/// How often a text is among the messages about a configuration.
fn count(text: &str, wanted: &str) -> usize {
    messages(text)
        .lines()
        .filter(|line| line.contains(wanted))
        .count()
}

#[test]
fn a_variable_that_says_it_is_not_const_is_not_used_before_planning() {
    let with = |declared: &str| {
        format!(
            "-- main.tf\nvariable \"s\" {{\n default = \"./m\"\n {declared}\n}}\nvariable \"other\" {{\n const = true\n default = 1\n}}\nmodule \"m\" {{\n source = var.s\n}}\n-- m/main.tf\n"
        )
    };
    assert_eq!(count(&with("const = true"), "error"), 0);
    assert_eq!(count(&with(""), "error"), 0);
    assert_eq!(count(&with("const = false"), "Variable is not const"), 1);
}

#[test]
fn a_const_variable_is_given_what_is_known() {
    let with = |value: &str| {
        format!(
            "-- main.tf\nlocals {{\n a = \"x\"\n}}\nmodule \"n\" {{\n source = \"./n\"\n}}\nmodule \"m\" {{\n source = \"./m\"\n c = {value}\n}}\n-- m/main.tf\nvariable \"c\" {{\n const = true\n}}\n-- n/main.tf\noutput \"o\" {{\n value = 1\n}}\n"
        )
    };
    assert_eq!(count(&with("upper(local.a)"), "error"), 0);
    let told = messages(&with("module.n.o"));
    assert!(
        told.contains("is declared with const = true, so its value must be known"),
        "{told}"
    );
}

#[test]
fn secrets_do_not_choose_modules_or_backends() {
    for mark in ["sensitive", "ephemeral"] {
        let text = format!(
            "-- main.tf\nvariable \"s\" {{\n default = \"./m\"\n {mark} = true\n}}\nlocals {{\n s = var.s\n}}\nterraform {{\n backend \"local\" {{\n path = local.s\n }}\n}}\nmodule \"m\" {{\n source = local.s\n}}\n-- m/main.tf\n"
        );
        assert_eq!(count(&text, "Invalid module source"), 1, "{mark}");
        assert_eq!(count(&text, "Invalid backend argument"), 1, "{mark}");
    }
}

#[test]
fn each_use_of_a_deprecated_output_is_told_once() {
    let with = |expr: &str, repeated: &str| {
        format!(
            "-- main.tf\nmodule \"m\" {{\n source = \"./m\"\n {repeated}\n}}\nlocals {{\n a = {expr}\n b = [local.a, local.a]\n}}\n-- m/main.tf\noutput \"o\" {{\n value = 1\n deprecated = \"Use p.\"\n}}\noutput \"p\" {{\n value = 1\n}}\n"
        )
    };
    let told = "Value derived from a deprecated source";
    for (expr, repeated, times) in [
        ("module.m.o", "", 1),
        ("module.m.o + module.m.o", "", 2),
        ("module.m.p", "", 0),
        ("module.m[0].o", "count = 1", 1),
        ("module.m[*].o", "count = 1", 1),
        ("module.m[*].p", "count = 1", 0),
        ("module.m[\"a\"].o", "for_each = toset([\"a\"])", 1),
    ] {
        assert_eq!(count(&with(expr, repeated), told), times, "{expr}");
    }
}
