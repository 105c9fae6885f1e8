//! Values that must be known before anything is planned.

use crate::support::{files, folder, functions, join, messages, render};
use terrane_config::load::{Loader, Surroundings, Tree};

/// Loads with a workspace, a working directory and files. The backend's path as JSON, the asked module sources, and all messages.
fn loaded(text: &str) -> (Tree, Vec<String>, String) {
    let all = files(text);
    let mut loader = Loader::new(folder(&all, ".").expect("a root module")).within(Surroundings {
        workspace: Some("prod".into()),
        cwd: Some("/work".into()),
        functions: Some(functions(all.clone())),
    });
    let mut asked = Vec::new();
    while let Some(request) = loader.poll() {
        asked.push(request.source.to_string());
        let found = folder(&all, &join(&request.caller_dir, &request.source));
        loader.provide(&request, found);
    }
    let (tree, sources, diagnostics) = loader.finish();
    let shown = render(&diagnostics, &sources);
    (tree, asked, shown)
}

#[test]
fn what_static_values_may_use() {
    for (expr, want) in [
        ("\"x\"", "x"),
        ("local.a", "from local"),
        ("var.v", "from var"),
        ("\"${terraform.workspace}/s\"", "prod/s"),
        ("\"${tofu.workspace}/s\"", "prod/s"),
        ("\"${path.cwd}/s\"", "/work/s"),
        ("\"${path.module}/${path.root}\"", "./."),
        ("upper(file(\"name.txt\"))", "NAME\n"),
        ("jsondecode(\"{\\\"k\\\":1}\").k", "1"),
        ("[for k in [\"a\"] : \"${k}!\"][0]", "a!"),
        ("local.deep.list[1]", "two"),
    ] {
        let text = format!(
            "-- main.tf\nvariable \"v\" {{\n default = \"from var\"\n}}\nlocals {{\n a = \"from local\"\n deep = {{ list = [\"one\", \"two\"] }}\n}}\nterraform {{\n backend \"local\" {{\n  path = {expr}\n }}\n}}\n-- name.txt\nname\n"
        );
        let (tree, _, shown) = loaded(&text);
        assert_eq!(shown, "", "{expr}");
        let value = tree.backend.unwrap().arguments["path"].clone();
        let value = terrane_value::convert::convert(&value, &terrane_value::Type::String).unwrap();
        assert_eq!(value.as_str(), Some(want), "{expr}");
    }
}

#[test]
fn what_a_backend_must_not_hold() {
    for (declared, expr, message) in [
        (
            "variable \"v\" {\n default = \"x\"\n sensitive = true\n}",
            "var.v",
            "is derived from a sensitive value",
        ),
        (
            "variable \"v\" {\n default = \"x\"\n ephemeral = true\n}",
            "var.v",
            "is derived from an ephemeral value",
        ),
        (
            "locals {\n s = sensitive(\"x\")\n}",
            "\"${local.s}/y\"",
            "is derived from a sensitive value",
        ),
        ("", "timestamp()", "is not known before anything is planned"),
        (
            "resource \"terraform_data\" \"a\" {}",
            "terraform_data.a.id",
            "error: Dynamic value in static context",
        ),
        (
            "variable \"v\" {}",
            "var.v",
            "error: Variable value not provided",
        ),
        (
            "variable \"v\" {\n default = \"x\"\n const = false\n}",
            "var.v",
            "error: Variable is not const",
        ),
        (
            "locals {\n a = local.b\n b = local.a\n}",
            "local.a",
            "must be known before anything is planned, and depends on itself",
        ),
        (
            "",
            "var.nope",
            "error: Reference to undeclared input variable",
        ),
    ] {
        let text =
            format!("{declared}\nterraform {{\n backend \"local\" {{\n  path = {expr}\n }}\n}}\n");
        let (_, _, shown) = loaded(&text);
        assert!(shown.contains(message), "{expr}\n{shown}");
        assert_eq!(shown.lines().count(), 1, "{expr}\n{shown}");
    }
}

#[test]
fn sources_of_modules_within_modules() {
    let text = "-- main.tf\nmodule \"a\" {\n source = \"./a\"\n env = \"${terraform.workspace}\"\n}\n-- a/main.tf\nvariable \"env\" {\n type = string\n}\nvariable \"missing\" {\n default = null\n}\nlocals {\n dir = \"./${var.env}\"\n}\nmodule \"b\" {\n source = local.dir\n version = var.missing\n}\n-- a/prod/main.tf\noutput \"x\" {\n value = 1\n}\n";
    let (_, asked, shown) = loaded(text);
    assert_eq!(shown, "");
    assert_eq!(asked, ["./a", "./prod"]);
}

#[test]
fn values_that_variables_do_not_take() {
    let text = "-- main.tf\nmodule \"a\" {\n source = \"./a\"\n env = []\n}\n-- a/main.tf\nvariable \"env\" {\n type = string\n}\nmodule \"b\" {\n source = var.env\n}\n";
    let (_, _, shown) = loaded(text);
    assert!(
        shown.starts_with("error: Invalid value for input variable"),
        "{shown}"
    );
    let secret = "-- main.tf\nmodule \"a\" {\n source = \"./a\"\n env = \"./m\"\n}\n-- a/main.tf\nvariable \"env\" {\n sensitive = true\n}\nmodule \"b\" {\n source = var.env\n}\n";
    let (_, _, shown) = loaded(secret);
    assert!(shown.contains("must not depend on sensitive"), "{shown}");
}

#[test]
fn constant_variables_take_constants() {
    for (given, want) in [
        ("\"x\"", ""),
        ("local.l", ""),
        (
            "terraform_data.a.id",
            "error: Dynamic value in static context",
        ),
        (
            "\"${local.dynamic}\"",
            "error: Dynamic value in static context",
        ),
    ] {
        let text = format!(
            "-- main.tf\nresource \"terraform_data\" \"a\" {{}}\nlocals {{\n l = \"x\"\n dynamic = terraform_data.a.id\n}}\nmodule \"m\" {{\n source = \"./m\"\n name = {given}\n}}\n-- m/main.tf\nvariable \"name\" {{\n const = true\n}}\n"
        );
        let got = messages(&text);
        assert!(
            got.starts_with(want) && got.is_empty() == want.is_empty(),
            "{given}\n{got}"
        );
    }
}

#[test]
fn instances_of_providers_are_known_before_planning() {
    for (expr, message) in [
        ("toset([\"a\"])", ""),
        ("{ a = 1 }", ""),
        ("[\"a\"]", "error: Invalid provider instance keys"),
        ("null", "error: Invalid provider instance keys"),
        (
            "sensitive({ a = 1 })",
            "error: Invalid provider instance keys",
        ),
        (
            "{ a = terraform_data.x.id }",
            "error: Dynamic value in static context",
        ),
    ] {
        let text = format!(
            "resource \"terraform_data\" \"x\" {{}}\nprovider \"test\" {{\n alias = \"by\"\n for_each = {expr}\n}}\nresource \"test_thing\" \"t\" {{\n provider = test.by[\"a\"]\n}}\n"
        );
        let got = messages(&text);
        assert!(
            got.starts_with(message) && got.is_empty() == message.is_empty(),
            "{expr}\n{got}"
        );
    }
}
