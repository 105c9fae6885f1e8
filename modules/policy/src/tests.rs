//! What policies say about small plans.

use crate::{
    Exempt, Input, Level, Namespaces, Policies, PolicyError, Report, Source, Sources, Verdict,
    library, read,
};
use std::fs;

fn module(text: &str) -> Source {
    Source {
        name: "policy/a.rego".to_owned(),
        text: text.to_owned(),
    }
}

fn policies(text: &str) -> Result<Policies, PolicyError> {
    Policies::compile(Sources {
        policies: vec![module(text)],
        ..Sources::default()
    })
}

fn check(text: &str, plan: &str) -> Result<Report, PolicyError> {
    policies(text)?.check(&Input::plan(plan), &Namespaces::Main)
}

const PLAN: &str = r#"{
  "resource_changes": [
    { "address": "aws_s3_bucket.a", "type": "aws_s3_bucket", "change": { "actions": ["create"], "after": { "acl": "public-read" } } },
    { "address": "aws_s3_bucket.b", "type": "aws_s3_bucket", "change": { "actions": ["create"], "after": { "acl": "private" } } }
  ]
}"#;

/// Level, rule, message, addresses.
fn told(report: &Report) -> Vec<String> {
    let results = report.results.iter();
    results
        .map(|one| {
            format!(
                "{:?} {} {}: {} [{}] {}:{}",
                one.level,
                one.namespace,
                one.rule,
                one.message,
                one.addresses.join(" "),
                one.file,
                one.line
            )
        })
        .collect()
}

/// The forms in which rules are written, in both versions of the language. That each gives these messages was seen with OPA's semantics of partial
/// sets in mind: a set is in order, and says the same thing once.
#[test]
fn rules_of_all_forms_are_understood() {
    for (text, expected) in [
        // The present version.
        (
            "package main\nimport rego.v1\ndeny contains msg if {\n  some c in input.resource_changes\n  c.change.after.acl == \"public-read\"\n  msg := sprintf(\"%s is public\", [c.address])\n}",
            &["Deny main deny: aws_s3_bucket.a is public [aws_s3_bucket.a] policy/a.rego:3"][..],
        ),
        // Without the import, which the present version does not need.
        (
            "package main\nwarn_acl contains msg if {\n  some c in input.resource_changes\n  msg := c.change.after.acl\n}",
            &[
                "Warn main warn_acl: private [] policy/a.rego:2",
                "Warn main warn_acl: public-read [] policy/a.rego:2",
            ],
        ),
        // The earlier one.
        (
            "package main\n\ndeny[msg] {\n  c := input.resource_changes[_]\n  c.change.after.acl == \"public-read\"\n  msg = sprintf(\"%v is public\", [c.address])\n}\n\ndeny[msg] { msg := \"always\" }",
            &[
                "Deny main deny: always [] policy/a.rego:3",
                "Deny main deny: aws_s3_bucket.a is public [aws_s3_bucket.a] policy/a.rego:3",
            ],
        ),
        (
            "package main\nimport future.keywords.in\nviolation[{\"msg\": msg, \"details\": {\"address\": c.address}}] {\n  some c in input.resource_changes\n  c.change.after.acl == \"private\"\n  msg := \"not open\"\n}",
            &["Deny main violation: not open [aws_s3_bucket.b] policy/a.rego:3"],
        ),
        // Words of the present version in comments and texts of the earlier one.
        (
            "package main\n# if it contains one\nwarn[msg] { msg := \"tell if it \\\" contains one\" } # if",
            &["Warn main warn: tell if it \" contains one [] policy/a.rego:3"],
        ),
        // A function of the earlier version that has the name of a word of the present one.
        (
            "package main\ncontains(all, one) {\n  all[_] = one\n}\nwarn[msg] { contains([1], 1); msg := \"has one\" }",
            &["Warn main warn: has one [] policy/a.rego:5"],
        ),
        // A value that is no set.
        (
            "package main\ndeny := \"no\" if input",
            &["Deny main deny: no [] policy/a.rego:2"],
        ),
        (
            "package main\ndeny if input",
            &["Deny main deny: the rule deny holds [] policy/a.rego:2"],
        ),
        (
            "package main\ndefault deny := false\ndeny if input.nothing",
            &[],
        ),
        (
            "package main\nrequire_approval_a contains {\"msg\": \"ask\", \"address\": \"a.b\"}",
            &["RequireApproval main require_approval_a: ask [a.b] policy/a.rego:2"],
        ),
        // A built-in function that fails makes what needs it undefined, as with OPA.
        (
            "package main\ndeny contains msg if {\n  to_number(\"x\") == 1\n  msg := \"never\"\n}",
            &[],
        ),
    ] {
        let report = check(text, PLAN).unwrap_or_else(|error| panic!("{text}\n{error}"));
        assert_eq!(told(&report), expected, "{text}");
    }
}

#[test]
fn what_is_no_message_is_an_error() {
    for (text, expected) in [
        (
            "package main\ndeny contains 1",
            "the rule data.main.deny gives a set with 1 in it",
        ),
        (
            "package main\ndeny contains {\"message\": \"x\"}",
            "an object without `msg`",
        ),
        (
            "package main\ndeny contains {\"msg\": 1}",
            "an object whose `msg` is no string",
        ),
        ("package main\ndeny := 4", "the number 4"),
    ] {
        let error = check(text, PLAN).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn mistakes_are_told_with_their_places() {
    for (text, expected) in [
        (
            "package main\ndeny contains msg if {\n  msg := \n}",
            "policy/a.rego",
        ),
        ("deny contains 1", "policy/a.rego"),
        ("package main\ndeny[msg] { msg := }", "policy/a.rego"),
    ] {
        let error = policies(text).unwrap_err();
        assert!(matches!(error, PolicyError::Syntax { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let unknown = check("package main\ndeny contains nowhere(input)", PLAN).unwrap_err();
    assert!(unknown.to_string().contains("nowhere"), "{unknown}");
}

#[test]
fn packages_are_chosen() {
    let policies = policies("package terraform.tags\nwarn contains \"t\"").unwrap();
    let input = Input::plan(PLAN);
    let error = policies.check(&input, &Namespaces::Main).unwrap_err();
    assert!(
        error.to_string().contains("the package main has no rule")
            && error.to_string().contains("terraform.tags"),
        "{error}"
    );
    for namespaces in [
        Namespaces::All,
        Namespaces::Named(vec!["terraform.tags".to_owned()]),
    ] {
        let report = policies.check(&input, &namespaces).unwrap();
        assert_eq!(report.count(Level::Warn), 1);
        assert!(!report.denies());
    }
}

#[test]
fn exceptions_take_rules_back() {
    let text = "package main\nimport rego.v1\ndeny_public contains \"public\"\ndeny_other contains \"other\"\nexception contains rules if {\n  input.resource_changes\n  rules := [\"public\"]\n}";
    let report = check(text, PLAN).unwrap();
    assert_eq!(
        told(&report),
        ["Deny main deny_other: other [] policy/a.rego:4"]
    );
    assert_eq!(
        report.exempt,
        [Exempt {
            namespace: "main".to_owned(),
            rule: "deny_public".to_owned(),
            messages: vec!["public".to_owned()],
        }]
    );
}

/// Policies see sensitive values, but what they say does not hold them.
#[test]
fn secrets_are_not_told() {
    let plan = r#"{
      "variables": { "token": { "value": "tok-12345" } },
      "configuration": { "root_module": { "variables": { "token": { "sensitive": true } } } },
      "resource_changes": [{ "address": "a.b", "change": {
        "after": { "password": "hunter22", "list": [{ "key": "hunter2" }, { "key": "seen" }] },
        "after_sensitive": { "password": true, "list": [{ "key": true }] }
      } }]
    }"#;
    let text = "package main\nimport rego.v1\ndeny contains {\"msg\": msg, \"value\": [after.password]} if {\n  after := input.resource_changes[0].change.after\n  count(after.password) == 8\n  msg := sprintf(\"%s %s %s %s\", [after.password, after.list[0].key, after.list[1].key, input.variables.token.value])\n  print(after.password)\n}";
    let report = check(text, plan).unwrap();
    let told = serde_json::to_string(&report).unwrap();
    assert!(!told.contains("hunter") && !told.contains("tok-"), "{told}");
    assert_eq!(
        report.results[0].message,
        "(sensitive value) (sensitive value) seen (sensitive value)"
    );
    assert_eq!(report.printed.len(), 1, "{report:?}");
}

#[test]
fn data_is_found_under_its_folders() {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "policy/lib/x.rego",
        "package main\ndeny contains msg if msg := concat(\" \", [data.top, data.regions.eu.name, data.conftest.file.name])",
    );
    write("policy/.hidden/bad.rego", "this is no policy");
    write("data/a.yaml", "top: one\n");
    write("data/regions/eu/b.json", "{\"name\": \"two\"}");
    write("data/readme.txt", "no data");
    let policies =
        Policies::compile(read(&[dir.path().join("policy")], &[dir.path().join("data")]).unwrap())
            .unwrap();
    let report = policies
        .check(&Input::named("{}", "x.json"), &Namespaces::Main)
        .unwrap();
    assert_eq!(report.results[0].message, "one two x.json");

    write("data/c.json", "{\"top\": \"other\"}");
    let sources = read(&[dir.path().join("policy")], &[dir.path().join("data")]).unwrap();
    let error = Policies::compile(sources).unwrap_err();
    assert!(matches!(error, PolicyError::Data { .. }), "{error:?}");
    write("empty/x.txt", "");
    let error = read(&[dir.path().join("empty")], &[]).unwrap_err();
    assert!(matches!(error, PolicyError::NoPolicy(_)), "{error:?}");
    let error = read(&[dir.path().join("gone")], &[]).unwrap_err();
    assert!(matches!(error, PolicyError::Unreadable { .. }), "{error:?}");
}

#[test]
fn tests_of_policies_are_run() {
    let tests = policies("package main_test\nimport rego.v1\ntest_a if input.x == 1 with input as {\"x\": 1}\ntest_b if {\n  print(\"seen\")\n  1 == 2\n}\ntest_c if nowhere == 1\ntodo_test_d if false")
        .map(|policies| policies.test().unwrap());
    // A name that is nowhere is found before anything is run.
    assert!(tests.is_err() || tests.unwrap().len() == 4);
    let tests = policies("package main_test\nimport rego.v1\ntest_a if input.x == 1 with input as {\"x\": 1}\ntest_b if {\n  print(\"seen\")\n  1 == 2\n}\ntodo_test_d if false")
        .unwrap()
        .test()
        .unwrap();
    let told: Vec<_> = tests
        .iter()
        .map(|test| (test.name.as_str(), &test.verdict))
        .collect();
    assert_eq!(
        told,
        [
            ("test_a", &Verdict::Passed),
            ("test_b", &Verdict::Failed),
            ("todo_test_d", &Verdict::Todo),
        ]
    );
    assert!(tests[1].printed[0].contains("seen"), "{tests:?}");
}

/// What ships passes its own tests, and its settings are data.
#[test]
fn the_library_passes_its_tests() {
    let mut sources = Sources::default();
    for file in library() {
        let source = Source {
            name: file.name.to_owned(),
            text: file.text.to_owned(),
        };
        if file.name.ends_with(".rego") {
            sources.policies.push(source);
        } else if file.name.ends_with(".json") {
            sources.data.push((Vec::new(), source));
        }
    }
    let policies = Policies::compile(sources).unwrap();
    let tests = policies.test().unwrap();
    assert!(tests.len() > 30, "{}", tests.len());
    for test in &tests {
        assert_eq!(test.verdict, Verdict::Passed, "{test:?}");
    }
    let report = policies
        .check(&Input::plan(PLAN), &Namespaces::All)
        .unwrap();
    assert_eq!(report.rules, 11, "{report:?}");
}

/// What does not end is ended.
#[test]
fn an_evaluation_has_an_end() {
    let text = "package main\ndeny contains \"x\" if {\n  some a in numbers.range(1, 100000)\n  some b in numbers.range(1, 100000)\n  a * b == -1\n}";
    let mut policies = policies(text).unwrap();
    policies.most_time(std::time::Duration::from_millis(50));
    let error = policies
        .check(&Input::plan("{}"), &Namespaces::Main)
        .unwrap_err();
    assert!(matches!(error, PolicyError::Evaluation { .. }), "{error:?}");
}
