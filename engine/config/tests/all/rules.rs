//! The examples of the rules: each makes the message that it is an example of.

use crate::support::FileSet;
use terrane_lang::diagnostic::{Rule, Severity};

/// Files that examples of module calls and functions may refer to are part of the example; this only splits them.
fn files(kind: &str, text: &str) -> Option<FileSet> {
    match kind {
        "terraform" => Some(crate::support::files(text)),
        "json" => Some([("main.tf.json".to_owned(), text.to_owned())].into()),
        _ => None,
    }
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    [terrane_lang::rules::AREAS, terrane_config::rules::AREAS]
        .into_iter()
        .flatten()
        .flat_map(|(_, rules)| *rules)
        .copied()
}

#[test]
fn examples_break_the_rule_that_they_are_about() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for rule in rules() {
        for (kind, text) in rule.examples() {
            let Some(files) = files(&kind, &text) else {
                continue;
            };
            checked += 1;
            let (found, sources) = crate::support::diagnose(files);
            let hit = found
                .iter()
                .any(|diagnostic| diagnostic.is(rule) && diagnostic.severity == rule.severity);
            if !hit {
                let codes: Vec<&str> = found.iter().filter_map(|found| found.code).collect();
                let shown = crate::support::render(&found, &sources);
                let word = match rule.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                };
                wrong.push(format!(
                    "{} {word} {}\n{text}--- got {codes:?}\n{shown}",
                    rule.code, rule.summary
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {checked} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(checked > 250, "only {checked} examples were checked");
}

/// Expressions that can't be computed, whatever `local.s` is, or only show their fault when it is looked at.
const HOPELESS: &[&str] = &[
    "local.s + 1",
    "-local.s",
    "!local.s",
    "local.s && true",
    "local.s ? 1 : 2",
    "local.s.x",
    "local.s[0]",
    "local.o.nope",
    "local.o[\"nope\"]",
    "local.o[local.s]",
    "local.m[local.s]",
    "[1][local.s]",
    "[for x in local.s : x]",
    "[for x in [1] : x if local.s]",
    "{ for x in [local.s, local.s] : x => 1 }",
    "\"${[local.s]}\"",
    "\"%{ for x in local.s }x%{ endfor }\"",
    "upper([local.s])",
    "parseint(local.s, 10)",
    "tonumber(local.s)",
    "tobool(local.s)",
    "jsondecode(local.s)",
    "yamldecode(\"- ${local.s}: [\")",
    "csvdecode(\"\\\"${local.s}\")",
    "base64decode(local.s)",
    "regex(\"^x\", local.s)",
    "regex(\"(${local.s}\", \"x\")",
    "format(local.s, 1)",
    "format(\"%d\", local.s)",
    "cidrsubnet(local.s, 1, 1)",
    "timeadd(local.s, \"1h\")",
    "timeadd(\"2020-01-01T00:00:00Z\", local.s)",
    "formatdate(\"YYYY\", local.s)",
    "one([local.s, local.s])",
    "index([], local.s)",
    "lookup({}, local.s)",
    "file(local.s)",
    "templatefile(local.s, {})",
    "templatestring(local.s, { a = local.s }).x",
    "max(local.s)",
    "max(local.s...)",
    "setproduct(local.s)",
    "zipmap([local.s], [])",
    "try(local.s.x, local.s.y)",
    "convert(local.s, number)",
    "urldecode(\"%zz${local.s}\")",
    "timecmp(local.s, local.s)",
    "uuidv5(local.s, local.s)",
    "range(local.s)",
    "merge(local.s)",
    "chunklist([1], local.s)",
    "substr(local.s, \"x\", 1)",
];

/// What fails with a secret in it tells everything but the secret.
#[test]
fn secrets_are_not_in_messages() {
    const CANARY: &str = "canary-7f3a";
    let mut silent = Vec::new();
    for expression in HOPELESS {
        let text = format!(
            "locals {{\n  s = sensitive(\"{CANARY}\")\n  o = {{ a = local.s, b = 1 }}\n  m = tomap({{ a = local.s }})\n}}\noutput \"x\" {{\n  value     = {expression}\n  sensitive = true\n}}\nresource \"terraform_data\" \"a\" {{\n  count = {expression}\n}}\nresource \"terraform_data\" \"b\" {{\n  for_each = {expression}\n}}\nresource \"test_thing\" \"c\" {{\n  number = {expression}\n}}\n"
        );
        let (found, _) = crate::support::diagnose(crate::support::files(&text));
        if found.is_empty() {
            silent.push(*expression);
        }
        for diagnostic in found.iter() {
            let told = format!("{diagnostic:?}");
            assert!(!told.contains(CANARY), "{expression}: {told}");
        }
    }
    assert!(silent.is_empty(), "nothing is said of {silent:?}");
}

/// What is wrong beside a file that can't be read is said in the same run, without what only follows from that file.
#[test]
fn mistakes_beside_a_broken_file() {
    let text = r#"-- bad.tf
variable "gone" {
  default =
}
resource "terraform_data" "broken" {
-- main.tf
resource "terraform_data" "a" {
  input = [var.gone, local.nowhere, upper(1, 2)]
  inptu = 1
}
module "m" {
  source = "./m"
  given  = 1
}
output "o" {
  value = module.m.out
}
-- m/main.tf
resource "terraform_data" "b" {
  input = local.nowhere
}
-- n/bad.tf
variable "x" {
"#;
    let found = crate::support::messages(text);
    let has = |part: &str| found.contains(part);
    assert!(has("Invalid expression"), "{found}");
    assert!(has("Unclosed configuration block"), "{found}");
    assert!(
        has("An argument named \"inptu\" is not expected here"),
        "{found}"
    );
    assert!(has("Too many function arguments"), "{found}");
    // The other module is whole: what it lacks is lacking.
    assert!(has("@ m/main.tf"), "{found}");
    assert!(
        has("An argument named \"given\" is not expected here"),
        "{found}"
    );
    // These may be declared in what can't be read.
    for line in found.lines().filter(|line| line.contains("@ main.tf")) {
        assert!(!line.contains("undeclared"), "{line}");
    }
    // A module that can't be read as a whole: neither its inputs nor its outputs are known.
    let text = "-- main.tf\nmodule \"n\" {\n source = \"./n\"\n x = 1\n}\noutput \"o\" {\n value = module.n.o\n}\n-- n/bad.tf\nvariable \"x\" {\n";
    let found = crate::support::messages(text);
    assert!(!found.contains("@ main.tf"), "{found}");
}
