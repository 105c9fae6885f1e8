//! What machines see: compared with what the peer wrote for the same plans.

use super::{PlanContext, plan_json, planned_change_json, resource_json, state_json};
use crate::view::fixture;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{DeposedKey, InstanceAddr, ProviderConfigAddr};
use terrane_model::snapshot::{
    InstanceState, ObjectState, OutputState, ResourceState, Snapshot, Status,
};
use terrane_value::{Path, Value};

fn write(plan: &crate::plan::Plan) -> String {
    let context = PlanContext {
        schemas: &fixture::schemas,
        version: "1.11.4",
        configuration: None,
    };
    let mut out = String::new();
    plan_json(&mut out, plan, context).expect("a string takes everything");
    out
}

/// Resources in one order, and without what the fixture does not know: types.
fn normal(json: &mut Json) {
    match json {
        Json::Array(items) => {
            items.iter_mut().for_each(normal);
            items.sort_by_key(|item| item["address"].as_str().map(ToOwned::to_owned));
        }
        Json::Object(entries) => {
            for key in ["sensitive_values", "after_sensitive"] {
                if let Some(Json::Object(sensitive)) = entries.get_mut(key) {
                    sensitive.remove("output");
                }
            }
            if entries.contains_key("sensitive") {
                entries.remove("type");
            }
            entries.values_mut().for_each(normal);
        }
        _ => {}
    }
}

#[test]
fn plans_are_written_as_the_peer_writes_them() {
    for json in [
        include_str!("../golden/modules.plan.json"),
        include_str!("../golden/sequences.plan.json"),
        include_str!("../golden/changes.plan.json"),
    ] {
        let mut expected: Json = serde_json::from_str(json).expect("JSON");
        // The peer lists objects that are forgotten among the planned ones, with null for their values.
        let resources = expected["planned_values"]["root_module"]["resources"].as_array_mut();
        resources
            .expect("an array")
            .retain(|resource| resource.get("values").is_some());
        // What a resource depends on is not in the fixture either.
        let prior = expected["prior_state"]["values"]["root_module"]["resources"].as_array_mut();
        for resource in prior.into_iter().flatten() {
            resource
                .as_object_mut()
                .expect("an object")
                .remove("depends_on");
        }
        let mut found: Json = serde_json::from_str(&write(&fixture::plan(json))).expect("JSON");
        // What this engine adds stands under one key of its own.
        let own = found.as_object_mut().expect("an object").remove("terrane");
        let risks = own.map(|own| own["risks"].clone()).expect("risks");
        let first = risks.get(0).expect("the actions of managed objects");
        assert_eq!(first["class"], "reversible", "{first}");
        normal(&mut expected);
        normal(&mut found);
        for (key, expected) in expected.as_object().expect("an object") {
            assert_eq!(&found[key], expected, "{key}");
        }
        assert_eq!(
            found.as_object().expect("an object").len(),
            expected.as_object().expect("an object").len()
        );
    }
}

#[test]
fn keys_stand_in_the_order_of_the_format() {
    let json = write(&fixture::plan(include_str!("../golden/modules.plan.json")));
    let keys = [
        "{\"format_version\":\"1.2\",\"terraform_version\":",
        ",\"variables\":",
        ",\"planned_values\":",
        ",\"resource_changes\":",
        ",\"output_changes\":",
        ",\"prior_state\":",
        ",\"relevant_attributes\":",
        ",\"checks\":",
        ",\"timestamp\":",
        ",\"applyable\":",
        ",\"complete\":",
        ",\"errored\":",
    ];
    let mut rest = json.as_str();
    for key in keys {
        let (_, behind) = rest.split_once(key).expect(key);
        rest = behind;
    }
}

fn object(attributes: &str) -> Arc<ObjectState> {
    Arc::new(ObjectState {
        status: Status::Tainted,
        schema_version: 0,
        attributes: attributes.into(),
        sensitive: vec![Path::new().attr("input")],
        private: Arc::new([]),
        dependencies: Arc::new(["terraform_data.b".parse().expect("an address")]),
        create_before_destroy: false,
        skip_destroy: false,
        identity: None,
        provider_key: None,
        created_in_ms: None,
    })
}

#[test]
fn state_is_written_as_the_format_says() {
    let addr: InstanceAddr = "module.m[1].terraform_data.a[\"k\"]"
        .parse()
        .expect("an address");
    let provider: ProviderConfigAddr = "provider[\"terraform.io/builtin/terraform\"]"
        .parse()
        .expect("a provider");
    let text = r#"{"id":"i","input":{"value":"<s>","type":"string"},"output":{"value":[1],"type":["list","number"]},"triggers_replace":null}"#;
    let instance = InstanceState {
        current: Some(object(text)),
        deposed: BTreeMap::from([(DeposedKey("0123abcd".into()), object(text))]),
        changed_at: 1,
    };
    let mut snapshot = Snapshot::default();
    let mut out = String::new();
    state_json(&mut out, &snapshot, &fixture::schemas, "1.0.0").expect("a string");
    assert_eq!(out, r#"{"format_version":"1.0"}"#);

    snapshot.resources.insert(
        addr.resource.clone(),
        ResourceState {
            provider,
            instances: BTreeMap::from([(addr.key.clone(), instance)]),
        },
    );
    let output = OutputState {
        value: Value::TRUE,
        sensitive: true,
        deprecated: None,
    };
    snapshot.outputs.insert("o".into(), output);
    let mut out = String::new();
    state_json(&mut out, &snapshot, &fixture::schemas, "1.0.0").expect("a string");
    let resource = |more: &str| {
        format!(
            r#"{{"address":"module.m[1].terraform_data.a[\"k\"]","mode":"managed","type":"terraform_data","name":"a","index":"k","provider_name":"terraform.io/builtin/terraform","schema_version":0,"values":{{"id":"i","input":"\u003cs\u003e","output":[1],"triggers_replace":null}},"sensitive_values":{{"input":true,"output":[false]}},"depends_on":["terraform_data.b"],"tainted":true{more}}}"#
        )
    };
    let (current, deposed) = (resource(""), resource(r#","deposed_key":"0123abcd""#));
    assert_eq!(
        out,
        format!(
            r#"{{"format_version":"1.0","terraform_version":"1.0.0","values":{{"outputs":{{"o":{{"sensitive":true,"value":true,"type":"bool"}}}},"root_module":{{"child_modules":[{{"resources":[{current},{deposed}],"address":"module.m[1]"}}]}}}}}}"#
        )
    );
}

#[test]
fn small_objects_of_the_line_by_line_output() {
    let addr: InstanceAddr = "module.m.aws_x.a[3]".parse().expect("an address");
    assert_eq!(
        resource_json(&addr),
        r#"{"addr":"module.m.aws_x.a[3]","module":"module.m","resource":"aws_x.a[3]","implied_provider":"aws","resource_type":"aws_x","resource_name":"a","resource_key":3}"#
    );
    let plan = fixture::plan(include_str!("../golden/changes.plan.json"));
    let json = |addr: &str| {
        let mut changes = plan.changes.iter();
        let change = changes
            .find(|change| change.addr.to_string() == addr)
            .expect(addr);
        let json: Json = serde_json::from_str(&planned_change_json(change)).expect("JSON");
        (json["action"].clone(), json["reason"].clone())
    };
    assert_eq!(json("terraform_data.moved"), ("move".into(), Json::Null));
    assert_eq!(json("terraform_data.imp2"), ("import".into(), Json::Null));
    assert_eq!(
        json("terraform_data.taint"),
        ("replace".into(), "tainted".into())
    );
    assert_eq!(json("terraform_data.forget").0, Json::from("remove"));
}
