//! Plans, books and usage put together.

use crate::book::{Book, Price, Tier};
use crate::estimate::{Estimate, estimate};
use crate::plan::Plan;
use crate::rules::Rules;
use crate::usage::Usage;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn price(service: &str, attributes: &[(&str, &str)], unit: &str, tiers: &[(f64, f64)]) -> Price {
    Price {
        id: attributes
            .iter()
            .map(|(_, value)| *value)
            .collect::<Vec<_>>()
            .join("/"),
        service: service.to_owned(),
        region: "eu-central-1".to_owned(),
        attributes: (attributes.iter())
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        unit: unit.to_owned(),
        tiers: tiers
            .iter()
            .map(|&(from, price)| Tier { from, price })
            .collect(),
    }
}

fn instance(kind: &str, hourly: f64) -> Price {
    let attributes = [
        ("productFamily", "Compute Instance"),
        ("instanceType", kind),
        ("operatingSystem", "Linux"),
        ("tenancy", "Shared"),
        ("preInstalledSw", "NA"),
        ("capacitystatus", "Used"),
        ("licenseModel", "No License required"),
    ];
    price("AmazonEC2", &attributes, "Hrs", &[(0.0, hourly)])
}

fn book() -> Book {
    let volume = [("productFamily", "Storage"), ("volumeApiName", "gp3")];
    let storage = [
        ("productFamily", "Storage"),
        ("volumeType", "Standard"),
        ("storageClass", "General Purpose"),
        ("usagetype", "EUC1-TimedStorage-ByteHrs"),
    ];
    let prices = vec![
        instance("t3.micro", 0.012),
        instance("t3.large", 0.096),
        price("AmazonEC2", &volume, "GB-Mo", &[(0.0, 0.1)]),
        price("AmazonS3", &storage, "GB-Mo", &[(0.0, 0.02), (50.0, 0.01)]),
        price(
            "awskms",
            &[
                ("productFamily", "Encryption Key"),
                ("usagetype", "eu-central-1-KMS-Keys"),
            ],
            "Keys",
            &[(0.0, 1.0)],
        ),
    ];
    Book::new("USD", "a test", "2026-10-01", prices)
}

fn change(address: &str, action: &str, before: Value, after: Value, unknown: Value) -> Value {
    let (type_name, name) = address.rsplit_once('.').unwrap();
    let (module, type_name) = type_name.rsplit_once('.').unwrap_or(("", type_name));
    json!({
        "address": address, "module_address": module, "mode": "managed", "type": type_name, "name": name,
        "change": {"actions": [action], "before": before, "after": after, "after_unknown": unknown},
    })
}

fn cost(changes: Vec<Value>, usage: &str) -> Estimate {
    let plan = json!({"resource_changes": changes});
    let plan = Plan::parse("plan", &plan.to_string()).unwrap();
    let usage = Usage::parse("usage", usage).unwrap();
    estimate(&plan, &book(), &Rules::shipped().unwrap(), &usage)
}

const HERE: &str = r#"{"format": 1, "region": "eu-central-1"}"#;

#[test]
fn rules_that_ship_are_understood() {
    let rules = Rules::shipped().unwrap();
    assert!(rules.of("aws_instance").is_some() && rules.is_free("aws_iam_role"));
}

#[test]
fn a_change_costs_the_difference() {
    let of = |kind: &str| {
        json!({"instance_type": kind, "tenancy": "default", "root_block_device":
            [{"volume_type": "gp3", "volume_size": 20, "iops": 3000, "throughput": 125}], "ebs_block_device": []})
    };
    let found = cost(
        vec![change(
            "aws_instance.a",
            "update",
            of("t3.micro"),
            of("t3.large"),
            json!({}),
        )],
        HERE,
    );
    assert!(
        (found.before - (730.0 * 0.012 + 2.0)).abs() < 1e-9,
        "{found:#?}"
    );
    assert!((found.difference() - 730.0 * 0.084).abs() < 1e-9);
    assert_eq!(found.unpriced().count(), 0);
    // Without a usage file it is said what was assumed.
    let priced = found.lines[0].after[0].price.as_ref().unwrap();
    assert_eq!(priced.assumed, ["monthly_hours = 730"]);
}

/// What is forgotten is not gone: nothing is saved by that, and no budget is made room in.
#[test]
fn what_is_forgotten_costs_what_it_did() {
    let old = json!({"instance_type": "t3.large"});
    let new = json!({"instance_type": "t3.micro"});
    let of = |action: &str, before: &Value, after: &Value| {
        let mut one = change(
            "aws_instance.a",
            action,
            before.clone(),
            after.clone(),
            json!({}),
        );
        if action == "forget" && !after.is_null() {
            one["change"]["actions"] = json!(["forget", "create"]);
        }
        cost(vec![one], HERE)
    };
    let forgotten = of("forget", &old, &Value::Null);
    assert!(
        forgotten.before > 1.0 && forgotten.difference() == 0.0,
        "{forgotten:#?}"
    );
    let deleted = of("delete", &old, &Value::Null);
    assert!(deleted.difference() < -1.0, "{deleted:#?}");
    let created = of("create", &Value::Null, &new);
    let both = of("forget", &old, &new);
    assert!(
        (both.difference() - created.difference()).abs() < 1e-9,
        "{both:#?}"
    );
    let unknown = json!({"instance_type": "x9.huge"});
    assert_eq!(of("forget", &unknown, &Value::Null).unpriced().count(), 1);
}

#[test]
fn usage_that_no_rule_asks_for_is_told() {
    let usage = r#"{"format": 1, "types": {"aws_instance": {"monthly_hours": 1, "monthly_ours": 2}, "aws_mystery": {"monthly_hours": 1}},
        "resources": {"aws_s3_bucket.*": {"storage_gbb": 1}}}"#;
    assert_eq!(
        cost(Vec::new(), usage).unknown_usage,
        [
            "monthly_ours of aws_instance",
            "monthly_hours of aws_mystery",
            "storage_gbb of aws_s3_bucket.*"
        ]
    );
}

#[test]
fn what_is_not_known_is_assumed_or_named() {
    let after = json!({"instance_type": "t3.micro"});
    let unknown = json!({"root_block_device": true, "ebs_block_device": true, "tenancy": true});
    let usage = r#"{"format": 1, "region": "eu-central-1", "types": {"aws_instance": {"monthly_hours": 100}}}"#;
    let found = cost(
        vec![change(
            "aws_instance.a",
            "create",
            Value::Null,
            after,
            unknown,
        )],
        usage,
    );
    let line = &found.lines[0];
    // The book has no price for gp2, which is what an unknown disk is taken for.
    assert_eq!(
        line.missing(),
        [
            "the price book has no price for AmazonEC2 in eu-central-1, productFamily Storage, volumeApiName gp2",
        ]
    );
    // Most machines have no more disks: that is assumed, and said apart from usage, of which a file could say otherwise.
    let priced = line.after[0].price.as_ref().unwrap();
    assert_eq!(priced.assumed, [] as [&str; 0]);
    assert_eq!(
        priced.assumed_attributes,
        ["tenancy = \"default\"", "ebs_block_device = []"]
    );
    // What is not there costs nothing, not less than nothing.
    assert!(found.lines[0].now().is_sign_positive());
    assert!((found.after - 1.2).abs() < 1e-9);
    let unknown_type = cost(
        vec![change(
            "aws_instance.a",
            "create",
            Value::Null,
            json!({}),
            json!({"instance_type": true}),
        )],
        HERE,
    );
    assert_eq!(
        unknown_type.lines[0].missing(),
        ["`instance_type` is known after apply"]
    );
    assert!(unknown_type.after.abs() < 1e-9);
    assert_eq!(unknown_type.unpriced().count(), 1);
}

/// What is sensitive is looked at by nobody: no message has it, and no price tells it.
#[test]
fn what_is_sensitive_is_as_if_it_were_not_known() {
    let object = json!({"instance_type": "t3.canary", "root_block_device": [{"volume_type": "canary", "volume_size": 20}]});
    let rows = [
        (
            json!({"instance_type": true}),
            "`instance_type` is sensitive",
        ),
        (json!(true), "`instance_type` is sensitive"),
        (
            json!({"instance_type": true, "root_block_device": [{"volume_type": true}]}),
            "`instance_type` is sensitive",
        ),
    ];
    for (sensitive, reason) in rows {
        let mut change = change(
            "aws_instance.a",
            "update",
            object.clone(),
            object.clone(),
            json!({"ebs_block_device": []}),
        );
        change["change"]["before_sensitive"] = sensitive.clone();
        change["change"]["after_sensitive"] = sensitive;
        let found = cost(vec![change], HERE);
        assert!(found.lines[0].missing().contains(&reason), "{found:#?}");
        let told = format!("{found:?}");
        assert!(!told.contains("t3.canary"), "{told}");
    }
}

#[test]
fn nothing_without_a_price_is_zero() {
    let rows = [
        ("aws_mystery.a", HERE, "no rule says what this type costs"),
        (
            "aws_kms_key.a",
            r#"{"format": 1}"#,
            "its region is not known; a usage file can say it",
        ),
        (
            "aws_kms_key.a",
            r#"{"format": 1, "region": "eu-west-1"}"#,
            "the price book has no price for awskms in eu-west-1, productFamily Encryption Key, usagetype KMS-Keys",
        ),
    ];
    for (address, usage, reason) in rows {
        let found = cost(
            vec![change(address, "create", Value::Null, json!({}), json!({}))],
            usage,
        );
        assert_eq!(found.lines[0].missing(), [reason]);
        let unpriced: Vec<&str> = found.unpriced().map(|line| line.address.as_str()).collect();
        assert_eq!(unpriced, [address]);
    }
    let free = cost(
        vec![change(
            "aws_iam_role.a",
            "create",
            Value::Null,
            json!({}),
            json!({}),
        )],
        HERE,
    );
    assert_eq!((free.free, free.lines.len()), (1, 0));
}

#[test]
fn regions_come_from_the_object_or_its_provider() {
    let rows = [
        json!({"region": "eu-central-1"}),
        json!({"availability_zone": "eu-central-1b"}),
        json!({"arn": "arn:aws:kms:eu-central-1:1:key/x"}),
    ];
    for object in rows {
        let found = cost(
            vec![change(
                "aws_kms_key.a",
                "no-op",
                object.clone(),
                object,
                json!({}),
            )],
            r#"{"format": 1}"#,
        );
        assert!((found.before - 1.0).abs() < 1e-9 && found.difference().abs() < 1e-9);
    }
    let by_provider = |expression: Value| {
        let plan = json!({
            "variables": {"region": {"value": "eu-central-1"}},
            "resource_changes": [change("module.m[\"a]\"].aws_kms_key.a", "create", Value::Null, json!({}), json!({}))],
            "configuration": {
                "provider_config": {"aws": {"expressions": {"region": expression}}},
                "root_module": {"module_calls": {"m": {"module": {"resources": [
                    {"address": "aws_kms_key.a", "provider_config_key": "aws"},
                ]}}}},
            },
        });
        Plan::parse("plan", &plan.to_string()).unwrap().items[0]
            .region
            .clone()
    };
    assert_eq!(
        by_provider(json!({"constant_value": "eu-central-1"})).as_deref(),
        Some("eu-central-1")
    );
    assert_eq!(
        by_provider(json!({"references": ["var.region"]})).as_deref(),
        Some("eu-central-1")
    );
    assert_eq!(
        by_provider(json!({"references": ["var.region", "local.x"]})),
        None
    );
}

#[test]
fn tiers_count_one_after_the_other() {
    let tiered = price("x", &[], "GB", &[(0.0, 0.0), (10.0, 2.0), (20.0, 1.0)]);
    for (amount, cost) in [
        (0.0, 0.0),
        (10.0, 0.0),
        (15.0, 10.0),
        (20.0, 20.0),
        (25.0, 25.0),
    ] {
        assert!((tiered.of(amount) - cost).abs() < 1e-9, "{amount}");
    }
    let found = cost(
        vec![change(
            "aws_s3_bucket.a",
            "create",
            Value::Null,
            json!({}),
            json!({}),
        )],
        HERE,
    );
    assert!((found.after - 1.5).abs() < 1e-9);
}

#[test]
fn usage_is_that_of_the_address_then_of_the_type() {
    let usage = r#"{"format": 1, "region": "eu-central-1", "types": {"aws_s3_bucket": {"storage_gb": 10}},
        "resources": {"module.*.aws_s3_bucket.*": {"storage_gb": 20}, "module.m.aws_s3_bucket.b": {"storage_gb": 30}}}"#;
    for (address, cost_of) in [
        ("aws_s3_bucket.b", 0.2),
        ("module.m.aws_s3_bucket.a", 0.4),
        ("module.m.aws_s3_bucket.b", 0.6),
    ] {
        let found = cost(
            vec![change(address, "create", Value::Null, json!({}), json!({}))],
            usage,
        );
        assert!((found.after - cost_of).abs() < 1e-9, "{address}: {found:?}");
    }
}

#[test]
fn bad_files_are_refused() {
    let price = |tiers: &str| {
        format!(
            r#"{{"format": 1, "currency": "USD", "prices": [{{"service": "s", "attributes": {{}}, "unit": "Hrs", "tiers": {tiers}}}]}}"#
        )
    };
    let rows = [
        ("{}".to_owned(), "b is no price book"),
        (
            r#"{"format": 2}"#.to_owned(),
            "b has format 2, and this program knows format 1",
        ),
        (price("[]"), "b: The price of s has no tiers."),
        (
            price(r#"[{"from": 1, "price": 1}]"#),
            "b: The price of s has a first tier that does not begin at 0.",
        ),
        (
            price(r#"[{"from": 0, "price": -1}]"#),
            "b: The price of s has a negative number.",
        ),
    ];
    for (text, message) in rows {
        assert_eq!(Book::parse("b", &text).unwrap_err().to_string(), message);
    }
    let mut euros = book();
    euros.currency = "EUR".to_owned();
    assert!(Book::join(vec![book(), euros]).is_err());
    let joined = Book::join(vec![book(), book()]).unwrap();
    assert_eq!(joined.prices.len(), book().prices.len());
    assert_eq!(Book::parse("b", &joined.write().unwrap()).unwrap(), joined);
}

#[test]
fn offer_files_are_read_as_far_as_rules_ask() {
    let product = |family: &str, attributes: Value| json!({"productFamily": family, "attributes": attributes});
    let nat = |usage: &str, region: &str| {
        product(
            "NAT Gateway",
            json!({"servicecode": "AmazonEC2", "regionCode": region, "usagetype": usage, "group": "x"}),
        )
    };
    let term = |unit: &str, begin: &str, price: &str| json!({"t": {"priceDimensions": {"d": {"unit": unit, "beginRange": begin, "endRange": "Inf", "pricePerUnit": {"USD": price}}}}});
    // Terms before products, as no promise says that they come behind.
    let offer = json!({
        "publicationDate": "2026-10-01T00:00:00Z",
        "terms": {
            "OnDemand": {
                "N": term("Hrs", "0", "0.0520000000"),
                "R": term("Hrs", "0", "9"),
                "O": term("Hrs", "0", "9"),
                "B": term("GB", "0", "0.052"),
            },
            "Reserved": {"N": term("Hrs", "0", "0.01")},
        },
        "products": {
            "N": nat("EUC1-NatGateway-Hours", "eu-central-1"),
            "R": nat("EUC1-RegionalNatGateway-Hours", "eu-central-1"),
            "O": nat("NatGateway-Hours", "us-east-1"),
            "B": nat("EUC1-NatGateway-Bytes", "eu-central-1"),
            "X": product("Other", json!({"servicecode": "AmazonEC2", "regionCode": "eu-central-1"})),
        },
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.json");
    std::fs::write(&path, offer.to_string()).unwrap();
    let found = read(&path, "eu-central-1", None).unwrap();
    assert_eq!(found.published, "2026-10-01T00:00:00Z");
    let told: Vec<(&str, &str, f64)> = (found.prices.iter())
        .map(|price| (price.id.as_str(), price.unit.as_str(), price.of(1.0)))
        .collect();
    assert_eq!(told, [("B", "GB", 0.052), ("N", "Hrs", 0.052)]);
    assert_eq!(
        found.prices[1].attributes,
        BTreeMap::from([
            ("productFamily".to_owned(), "NAT Gateway".to_owned()),
            ("usagetype".to_owned(), "EUC1-NatGateway-Hours".to_owned()),
        ])
    );
    std::fs::write(&path, "{}").unwrap();
    assert!(read(&path, "eu-central-1", None).is_err());
}

fn read(
    path: &std::path::Path,
    region: &str,
    reserved: Option<&str>,
) -> Result<crate::import::Offer, crate::CostError> {
    let reserved = reserved.map(|text| text.parse().unwrap());
    let choice = crate::import::Choice {
        regions: &BTreeSet::from([region.to_owned()]),
        currency: "USD",
        reserved: reserved.as_ref(),
    };
    crate::import::offer(path, &Rules::shipped().unwrap(), &choice)
}

/// An offer file as it is documented, with all that the published ones have: several terms, reservations, tiers, regions.
fn published() -> Value {
    let instance = |kind: &str, region: &str| {
        json!({"sku": kind, "productFamily": "Compute Instance", "attributes": {
            "servicecode": "AmazonEC2", "location": "EU (Frankfurt)", "locationType": "AWS Region",
            "regionCode": region, "instanceType": "t3.micro", "operatingSystem": "Linux",
            "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used",
            "licenseModel": "No License required", "usagetype": "EUC1-BoxUsage:t3.micro",
        }})
    };
    let mut old = instance("OLD", "");
    old["attributes"]
        .as_object_mut()
        .unwrap()
        .remove("regionCode");
    let hours = |price: &str| json!({"rateCode": "h", "description": "", "beginRange": "0", "endRange": "Inf", "unit": "Hrs", "pricePerUnit": {"USD": price}, "appliesTo": []});
    let once = |price: &str| json!({"rateCode": "u", "description": "Upfront Fee", "unit": "Quantity", "pricePerUnit": {"USD": price}, "appliesTo": []});
    let term = |effective: &str, attributes: Value, dimensions: Value| json!({"offerTermCode": "c", "sku": "s", "effectiveDate": effective, "priceDimensions": dimensions, "termAttributes": attributes});
    let lease = |length: &str, class: &str, payment: &str| json!({"LeaseContractLength": length, "OfferingClass": class, "PurchaseOption": payment});
    let plain = || json!({});
    json!({
        "formatVersion": "v1.0", "offerCode": "AmazonEC2", "version": "20261001000000",
        "publicationDate": "2026-10-01T00:00:00Z",
        "products": {
            "A": instance("A", "eu-central-1"),
            "U": instance("U", "us-east-1"),
            "OLD": old,
            "S": {"sku": "S", "productFamily": "Storage", "attributes": {
                "servicecode": "AmazonS3", "regionCode": "eu-central-1", "volumeType": "Standard",
                "storageClass": "General Purpose", "usagetype": "EUC1-TimedStorage-ByteHrs"}},
        },
        "terms": {
            "OnDemand": {
                "A": {
                    "A.1": term("2020-01-01T00:00:00Z", plain(), json!({"d": hours("0.0200000000")})),
                    "A.2": term("2026-09-01T00:00:00Z", plain(), json!({"d": hours("0.0120000000")})),
                    "A.3": term("2027-01-01T00:00:00Z", plain(), json!({"d": hours("0.0500000000")})),
                },
                "U": {"U.1": term("2026-09-01T00:00:00Z", plain(), json!({"d": hours("0.0104")}))},
                "OLD": {"O.1": term("2016-12-01T00:00:00Z", plain(), json!({"d": hours("9")}))},
            },
            "Reserved": {"A": {
                "A.r1": term("2026-09-01T00:00:00Z", lease("1yr", "standard", "Partial Upfront"), json!({"h": hours("0.0035"), "u": once("30.66")})),
                "A.r2": term("2026-09-01T00:00:00Z", lease("3yr", "standard", "All Upfront"), json!({"h": hours("0.0000000000"), "u": once("131.4")})),
                "A.r3": term("2026-09-01T00:00:00Z", lease("1 yr", "convertible", "No Upfront"), json!({"h": hours("0.009")})),
            }},
        },
    })
}

#[test]
fn terms_of_a_price_list_are_those_that_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.json");
    std::fs::write(&path, published().to_string()).unwrap();
    for (region, reserved, sku, hour) in [
        // The one that has begun last; what begins next year is not in force.
        ("eu-central-1", None, "A", 0.012),
        ("us-east-1", None, "U", 0.0104),
        (
            "eu-central-1",
            Some("1yr,partial-upfront"),
            "A",
            0.0035 + 30.66 / 8760.0,
        ),
        (
            "eu-central-1",
            Some("All Upfront, standard, 3yr"),
            "A",
            131.4 / 26_280.0,
        ),
        (
            "eu-central-1",
            Some("1yr,no-upfront,convertible"),
            "A",
            0.009,
        ),
        // What can't be reserved so is paid on demand.
        ("eu-central-1", Some("3yr,no-upfront"), "A", 0.012),
        ("us-east-1", Some("1yr,partial-upfront"), "U", 0.0104),
    ] {
        let found = read(&path, region, reserved).unwrap();
        let told: Vec<(&str, f64)> = (found.prices.iter())
            .map(|price| (price.id.as_str(), price.of(1.0)))
            .collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].0, sku);
        assert!(
            (told[0].1 - hour).abs() < 1e-12,
            "{region} {reserved:?}: {told:?}"
        );
    }
    for (text, problem) in [
        ("", "says nothing"),
        ("1yr", "how it is paid"),
        ("no-upfront", "for how long"),
        ("2yr,no-upfront", "says nothing"),
        ("1yr,3yr,no-upfront", "comes second"),
    ] {
        let refused = text.parse::<crate::import::Reserved>().unwrap_err();
        assert!(refused.contains(problem), "{text}: {refused}");
    }
}
