//! Configurations of any size, of `terraform_data` alone, so that nothing but the engines is measured.

use std::fmt::Write as _;

/// A configuration that grows.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name on the command line and in tables.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Its files, by path, for about so many resource instances. `true`: with one small change.
    pub files: fn(usize, bool) -> Vec<(String, String)>,
}

/// All of them.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "count",
        about: "two resources of n/2 instances, the second reads the first by `count.index`",
        files: count,
    },
    Shape {
        name: "blocks",
        about: "n blocks, each reads block i/10",
        files: blocks,
    },
    Shape {
        name: "modules",
        about: "a module with two resources, called n/2 times by `for_each`",
        files: modules,
    },
    Shape {
        name: "wide",
        about: "one resource of n instances, and an output that reads them all",
        files: wide,
    },
    Shape {
        name: "payload",
        about: "n instances of 4 KiB each",
        files: payload,
    },
    Shape {
        name: "outputs",
        about: "n blocks, and one output that reads each by its name",
        files: outputs,
    },
    Shape {
        name: "chains",
        about: "n/200 chains of 200 blocks",
        files: chains,
    },
    Shape {
        name: "variables",
        about: "n modules, each called by itself, with 60 variables and a resource",
        files: variables,
    },
    Shape {
        name: "nested",
        about: "`for_each` over n keys, handed through three levels of modules",
        files: nested,
    },
];

/// The shape of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.name == name)
}

fn main_alone(text: String) -> Vec<(String, String)> {
    vec![("main.tf".to_owned(), text)]
}

fn count(n: usize, changed: bool) -> Vec<(String, String)> {
    let half = n / 2;
    let first = if changed {
        r#"count.index == 0 ? "changed" : "a-${count.index}""#
    } else {
        r#""a-${count.index}""#
    };
    main_alone(format!(
        "resource \"terraform_data\" \"a\" {{\n  count = {half}\n  input = {first}\n}}\n\
         resource \"terraform_data\" \"b\" {{\n  count = {half}\n  input = \"b-${{terraform_data.a[count.index].output}}\"\n}}\n"
    ))
}

/// Block `i`, which reads another, or has a text of its own.
fn block(text: &mut String, i: usize, reads: Option<usize>, own: &str) {
    let input = reads.map_or_else(
        || format!("\"{own}\""),
        |other| format!("terraform_data.r{other}.output"),
    );
    write!(
        text,
        "resource \"terraform_data\" \"r{i}\" {{\n  input = {input}\n}}\n"
    )
    .ok();
}

const fn mark(changed: bool) -> &'static str {
    if changed { "changed" } else { "root" }
}

fn blocks(n: usize, changed: bool) -> Vec<(String, String)> {
    let mut text = String::new();
    for i in 0..n {
        block(&mut text, i, (i > 0).then_some(i / 10), mark(changed));
    }
    main_alone(text)
}

fn modules(n: usize, changed: bool) -> Vec<(String, String)> {
    let name = if changed {
        r#"each.key == "0" ? "changed" : each.key"#
    } else {
        "each.key"
    };
    vec![
        (
            "main.tf".to_owned(),
            format!(
                "module \"m\" {{\n  source   = \"./m\"\n  for_each = toset([for i in range({}) : tostring(i)])\n  name     = {name}\n}}\n",
                n / 2
            ),
        ),
        (
            "m/main.tf".to_owned(),
            "variable \"name\" {}\nlocals { x = \"n-${var.name}\" }\n\
             resource \"terraform_data\" \"a\" { input = local.x }\n\
             resource \"terraform_data\" \"b\" { input = terraform_data.a.output }\n\
             output \"o\" { value = terraform_data.b.output }\n"
                .to_owned(),
        ),
    ]
}

fn wide(n: usize, changed: bool) -> Vec<(String, String)> {
    let first = mark(changed);
    main_alone(format!(
        "locals {{\n  items = {{ for i in range({n}) : format(\"k%06d\", i) => i == 0 ? \"{first}\" : \"v${{i}}\" }}\n}}\n\
         resource \"terraform_data\" \"a\" {{\n  for_each = local.items\n  input    = {{ key = each.key, value = each.value, tags = {{ team = \"t${{length(each.key)}}\" }} }}\n}}\n\
         output \"all\" {{ value = {{ for k, r in terraform_data.a : k => r.output.value }} }}\n\
         output \"n\" {{ value = length(terraform_data.a) }}\n"
    ))
}

fn payload(n: usize, changed: bool) -> Vec<(String, String)> {
    let first = mark(changed);
    main_alone(format!(
        "resource \"terraform_data\" \"a\" {{\n  count = {n}\n  input = {{\n    id   = count.index == 0 ? \"{first}\" : tostring(count.index)\n\
         \x20   blob = join(\"\", [for i in range(256) : \"0123456789abcdef\"])\n  }}\n}}\n"
    ))
}

fn outputs(n: usize, changed: bool) -> Vec<(String, String)> {
    let mut text = String::new();
    for i in 0..n {
        let own = if i == 0 { mark(changed) } else { "own" };
        block(&mut text, i, None, own);
    }
    text.push_str("output \"all\" {\n  value = {\n");
    for i in 0..n {
        writeln!(text, "    r{i} = terraform_data.r{i}.output").ok();
    }
    text.push_str("  }\n}\n");
    main_alone(text)
}

/// How long a chain is.
const LINKS: usize = 200;

fn chains(n: usize, changed: bool) -> Vec<(String, String)> {
    let mut text = String::new();
    for i in 0..n {
        let first = i % LINKS == 0;
        let own = if i == 0 { mark(changed) } else { "own" };
        block(&mut text, i, (!first).then(|| i - 1), own);
    }
    main_alone(text)
}

/// How many variables a module has.
const VARIABLES: usize = 60;

fn variables(n: usize, changed: bool) -> Vec<(String, String)> {
    let mut root = String::new();
    for i in 0..n {
        write!(root, "module \"m{i}\" {{\n  source = \"./m\"\n").ok();
        for v in 0..VARIABLES {
            let value = if changed && i == 0 && v == 0 {
                "changed".to_owned()
            } else {
                format!("v{v}-{i}")
            };
            writeln!(root, "  v{v} = \"{value}\"").ok();
        }
        root.push_str("}\n");
    }
    let mut module = String::new();
    for v in 0..VARIABLES {
        writeln!(module, "variable \"v{v}\" {{\n  type = string\n}}").ok();
    }
    module.push_str("resource \"terraform_data\" \"a\" {\n  input = [");
    for v in 0..VARIABLES {
        write!(module, "var.v{v}, ").ok();
    }
    module.push_str("]\n}\noutput \"o\" { value = terraform_data.a.output }\n");
    vec![
        ("main.tf".to_owned(), root),
        ("m/main.tf".to_owned(), module),
    ]
}

fn nested(n: usize, changed: bool) -> Vec<(String, String)> {
    let first = mark(changed);
    let level = |source: &str| {
        format!(
            "variable \"items\" {{ type = map(string) }}\nmodule \"next\" {{\n  source = \"{source}\"\n  items  = var.items\n}}\n\
             output \"o\" {{ value = module.next.o }}\n"
        )
    };
    vec![
        (
            "main.tf".to_owned(),
            format!(
                "module \"a\" {{\n  source = \"./a\"\n  items  = {{ for i in range({n}) : format(\"k%06d\", i) => i == 0 ? \"{first}\" : \"v${{i}}\" }}\n}}\n\
                 output \"o\" {{ value = length(module.a.o) }}\n"
            ),
        ),
        ("a/main.tf".to_owned(), level("../b")),
        ("b/main.tf".to_owned(), level("../c")),
        (
            "c/main.tf".to_owned(),
            "variable \"items\" { type = map(string) }\n\
             resource \"terraform_data\" \"a\" {\n  for_each = var.items\n  input    = each.value\n}\n\
             output \"o\" { value = { for k, r in terraform_data.a : k => r.output } }\n"
                .to_owned(),
        ),
    ]
}
