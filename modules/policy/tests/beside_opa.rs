//! What OPA gives: cases in which evaluators differ, each with the results of OPA 0.69.0.

use serde_json::Value;
use std::collections::BTreeSet;
use terrane_policy::{Input, Namespaces, Policies, Source, Sources};

#[test]
fn policies_give_what_opa_gives() {
    let cases: Value = serde_json::from_str(include_str!("../testdata/beside-opa.json")).unwrap();
    let input = cases["input"].to_string();
    let mut wrong = Vec::new();
    for case in cases["cases"].as_array().unwrap() {
        let modules = case["modules"].as_array().unwrap().iter();
        let policies = modules.enumerate().map(|(at, text)| Source {
            name: format!("policy/{at}.rego"),
            text: text.as_str().unwrap().to_owned(),
        });
        let sources = Sources {
            policies: policies.collect(),
            ..Sources::default()
        };
        let report = Policies::compile(sources)
            .and_then(|policies| policies.check(&Input::plan(&input), &Namespaces::All));
        let found: Result<BTreeSet<[String; 3]>, _> = report.map(|report| {
            let results = report.results.into_iter();
            results
                .map(|one| [one.namespace, one.rule, one.message])
                .collect()
        });
        let expected: BTreeSet<[String; 3]> =
            serde_json::from_value(case["expected"].clone()).unwrap();
        if found.as_ref().ok() != Some(&expected) {
            wrong.push(format!(
                "{}: OPA says {expected:?}, and here it is {found:?}",
                case["about"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
