use super::{partition, region_is_known};
use crate::model::model;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// botocore's own cases, for all services: region, FIPS, IPv6, buckets, ARNs.
#[test]
fn rules_lead_where_botocore_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/endpoints.json.z");
    let packed = std::fs::File::open(folder).unwrap();
    let cases: BTreeMap<String, Vec<Value>> =
        serde_json::from_reader(flate2::read::ZlibDecoder::new(packed)).unwrap();
    let (mut passed, mut failed) = (0, Vec::new());
    for (service, cases) in &cases {
        let rules = &model(service).unwrap().unwrap().rules;
        for case in cases {
            let given = case["params"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let found = rules.resolve(&given);
            let expect = &case["expect"];
            let fine = match (&found, expect.get("endpoint")) {
                (Ok(found), Some(endpoint)) => {
                    let same = endpoint["url"].as_str() == Some(&found.url);
                    let wanted = endpoint.get("properties").cloned().unwrap_or(json!({}));
                    let ours = match &found.properties {
                        Value::Null => json!({}),
                        other => other.clone(),
                    };
                    same && (wanted == ours || wanted == json!({}))
                }
                (Err(text), None) => {
                    expect["error"].as_str() == Some(text)
                        || text.contains("is needed to find the address")
                }
                _ => false,
            };
            if fine {
                passed += 1;
            } else {
                failed.push(format!("{service}: {}: {found:?}", case["documentation"]));
            }
        }
    }
    assert!(failed.is_empty(), "{passed} passed; {}", failed.join("\n"));
    assert!(passed > 2_000, "{passed}");
    println!("{passed} passed");
}

#[test]
fn regions_are_in_their_parts() {
    for (region, name) in [
        ("eu-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-east-99", "aws"),
        ("cn-south-7", "aws-cn"),
        ("elsewhere", "aws"),
    ] {
        assert_eq!(partition(region).name(), name, "{region}");
    }
    assert!(region_is_known("eu-west-1"));
    assert!(!region_is_known("eu-west-9"));
    assert!(!region_is_known("aws-global"));
}
