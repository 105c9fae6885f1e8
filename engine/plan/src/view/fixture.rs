//! Reads the JSON form of a plan back into a plan, for the tests of the views: what the peers print for a plan can then be compared with
//! what the views make of the same plan. Types are lost on the way: sequences become tuples, maps objects.

use crate::exec::ExecGraph;
use crate::plan::{
    Action, ActionReason, Base, Drift, Importing, OutputChange, Plan, PlanMode, RelevantAttribute,
    ResourceChange,
};
use ecow::EcoString;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{
    DeposedKey, InstanceAddr, Mode, ModulePath, ProviderAddr, ProviderConfigAddr,
};
use terrane_model::schema::{Attribute, AttributeType, Block, Schema};
use terrane_model::snapshot::{CheckKind, CheckObject, CheckResult, CheckStatus};
use terrane_value::{Marks, Number, Path, PathStep, Type, Value};

fn attribute(ty: Type, optional: bool, computed: bool) -> Attribute {
    Attribute {
        ty: AttributeType::Plain(ty),
        required: !optional && !computed,
        optional,
        computed,
        sensitive: false,
        write_only: false,
        deprecated: None,
        description: "".into(),
    }
}

/// Schemas of the provider that is built into the peers.
pub(crate) fn schemas(_provider: &ProviderAddr, _mode: Mode, name: &str) -> Option<Arc<Schema>> {
    let attributes: Vec<(&str, Attribute)> = match name {
        "terraform_data" => vec![
            ("id", attribute(Type::String, false, true)),
            ("input", attribute(Type::Dynamic, true, false)),
            ("output", attribute(Type::Dynamic, false, true)),
            ("triggers_replace", attribute(Type::Dynamic, true, false)),
        ],
        "terraform_remote_state" => vec![
            ("backend", attribute(Type::String, false, false)),
            ("config", attribute(Type::Dynamic, true, false)),
            ("defaults", attribute(Type::Dynamic, true, false)),
            ("outputs", attribute(Type::Dynamic, false, true)),
            ("workspace", attribute(Type::String, true, false)),
        ],
        _ => return None,
    };
    let attributes = attributes
        .into_iter()
        .map(|(name, attribute)| (name.into(), attribute))
        .collect();
    let block = Block {
        attributes,
        ..Block::default()
    };
    Some(Arc::new(Schema {
        version: 0,
        block: Arc::new(block),
    }))
}

fn is_true(json: Option<&Json>) -> bool {
    json == Some(&Json::Bool(true))
}

/// A value from its known part, where it is unknown, and where it is sensitive.
fn value(known: Option<&Json>, unknown: Option<&Json>, sensitive: Option<&Json>) -> Value {
    let bare = if is_true(unknown) {
        Value::dynamic()
    } else {
        match (known, unknown) {
            (Some(Json::Object(_)), _) | (None, Some(Json::Object(_))) => {
                object(known, unknown, sensitive)
            }
            (Some(Json::Array(items)), _) => {
                let part = |json: Option<&Json>, at: usize| json?.get(at).cloned();
                let items = items.iter().enumerate().map(|(at, item)| {
                    let (unknown, sensitive) = (part(unknown, at), part(sensitive, at));
                    value(Some(item), unknown.as_ref(), sensitive.as_ref())
                });
                Value::tuple(items.collect())
            }
            (Some(Json::String(text)), _) => Value::string(text.as_str()),
            (Some(Json::Bool(truth)), _) => Value::bool(*truth),
            (Some(Json::Number(number)), _) => {
                Value::number(Number::parse(number.as_str()).expect("a number"))
            }
            _ => Value::NULL,
        }
    };
    if is_true(sensitive) {
        return bare.with_marks(&Marks::SENSITIVE);
    }
    bare
}

fn object(known: Option<&Json>, unknown: Option<&Json>, sensitive: Option<&Json>) -> Value {
    let keys = |json: Option<&Json>| {
        let object = json.and_then(Json::as_object).cloned();
        object
            .into_iter()
            .flat_map(|object| object.into_iter().map(|(key, _)| key))
    };
    let unknown_keys = keys(unknown).filter(|key| {
        let unknown = unknown.and_then(|unknown| unknown.get(key));
        is_true(unknown) || known.is_some_and(|known| known.get(key).is_some())
    });
    let all: std::collections::BTreeSet<String> = keys(known).chain(unknown_keys).collect();
    Value::object(all.into_iter().map(|key| {
        let part = |json: Option<&Json>| json.and_then(|json| json.get(&key)).cloned();
        let (known, unknown, sensitive) = (part(known), part(unknown), part(sensitive));
        let value = value(known.as_ref(), unknown.as_ref(), sensitive.as_ref());
        (EcoString::from(key), value)
    }))
}

fn text<'a>(json: &'a Json, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str()
}

fn action(change: &Json) -> Action {
    let names: Vec<&str> = change["actions"]
        .as_array()
        .expect("actions")
        .iter()
        .filter_map(Json::as_str)
        .collect();
    match names.as_slice() {
        ["no-op"] => Action::NoOp,
        ["create"] => Action::Create,
        ["read"] => Action::Read,
        ["update"] => Action::Update,
        ["delete", "create"] => Action::DeleteThenCreate,
        ["create", "delete"] => Action::CreateThenDelete,
        ["delete"] => Action::Delete,
        ["forget"] => Action::Forget,
        ["forget", "create"] => Action::ForgetThenCreate,
        other => panic!("unknown actions {other:?}"),
    }
}

const REASONS: [ActionReason; 14] = [
    ActionReason::ReplaceBecauseCannotUpdate,
    ActionReason::ReplaceBecauseTainted,
    ActionReason::ReplaceByRequest,
    ActionReason::ReplaceByTriggers,
    ActionReason::DeleteBecauseNoResourceConfig,
    ActionReason::DeleteBecauseWrongRepetition,
    ActionReason::DeleteBecauseCountIndex,
    ActionReason::DeleteBecauseEnabledFalse,
    ActionReason::DeleteBecauseEachKey,
    ActionReason::DeleteBecauseNoModule,
    ActionReason::DeleteBecauseNoMoveTarget,
    ActionReason::ReadBecauseConfigUnknown,
    ActionReason::ReadBecauseDependencyPending,
    ActionReason::ReadBecauseCheckNested,
];

fn path(json: &Json) -> Path {
    let steps = json
        .as_array()
        .expect("a path")
        .iter()
        .map(|step| match step {
            Json::String(name) => PathStep::Attr(name.as_str().into()),
            Json::Number(at) => {
                PathStep::Index(Value::number(Number::parse(at.as_str()).expect("a number")))
            }
            other => panic!("not a step: {other}"),
        });
    Path(steps.collect())
}

fn change(json: &Json) -> ResourceChange {
    let change = &json["change"];
    let action = action(change);
    let addr: InstanceAddr = text(json, "address")
        .expect("address")
        .parse()
        .expect("an address");
    let provider: ProviderAddr = text(json, "provider_name")
        .expect("provider_name")
        .parse()
        .expect("a provider");
    let reason = text(json, "action_reason").map(|name| {
        let mut reasons = REASONS.into_iter();
        reasons
            .find(|reason| super::json::reason_name(*reason) == name)
            .expect("a known reason")
    });
    let importing = change.get("importing").map(|importing| Importing {
        id: text(importing, "id").map(EcoString::from),
        unknown: false,
        generated_config: None,
    });
    let paths = change.get("replace_paths").and_then(Json::as_array);
    ResourceChange {
        previous_addr: text(json, "previous_address").map(|addr| addr.parse().expect("an address")),
        deposed: text(json, "deposed").map(|key| DeposedKey(key.into())),
        provider: ProviderConfigAddr {
            module: ModulePath::root(),
            provider,
            alias: None,
        },
        provider_key: None,
        action,
        reason,
        before: value(change.get("before"), None, change.get("before_sensitive")),
        after: value(
            change.get("after"),
            change
                .get("after_unknown")
                .filter(|unknown| **unknown != serde_json::json!({})),
            change.get("after_sensitive"),
        ),
        replace_paths: paths.into_iter().flatten().map(path).collect(),
        private: Arc::new([]),
        before_identity: Value::NULL,
        after_identity: Value::NULL,
        importing,
        schema_version: 0,
        dependencies: Arc::new([]),
        create_before_destroy: action == Action::CreateThenDelete,
        tainted: reason == Some(ActionReason::ReplaceBecauseTainted),
        marks_only: false,
        stored: None,
        addr,
    }
}

fn output(name: &str, change: &Json) -> OutputChange {
    let sensitive =
        is_true(change.get("after_sensitive")) || is_true(change.get("before_sensitive"));
    OutputChange {
        name: name.into(),
        action: action(change),
        before: value(change.get("before"), None, None),
        after: value(change.get("after"), change.get("after_unknown"), None),
        sensitive,
    }
}

/// Data sources that were read while planning are only in the prior state.
fn read_while_planning(json: &Json) -> Vec<ResourceChange> {
    let resources = &json["prior_state"]["values"]["root_module"]["resources"];
    let resources = resources.as_array().cloned().unwrap_or_default();
    let data = resources
        .iter()
        .filter(|resource| resource["mode"] == "data");
    data.map(|resource| {
        let mut read = change(&serde_json::json!({
            "address": resource["address"],
            "provider_name": resource["provider_name"],
            "change": {"actions": ["no-op"]},
        }));
        read.after = value(
            resource.get("values"),
            None,
            resource.get("sensitive_values"),
        );
        read
    })
    .collect()
}

fn check(json: &Json) -> CheckResult {
    let status = |json: &Json| match text(json, "status") {
        Some("pass") => CheckStatus::Pass,
        Some("fail") => CheckStatus::Fail,
        Some("error") => CheckStatus::Error,
        _ => CheckStatus::Unknown,
    };
    let addr =
        |json: &Json| EcoString::from(text(&json["address"], "to_display").expect("to_display"));
    let objects = json["instances"].as_array().cloned().unwrap_or_default();
    CheckResult {
        kind: match text(&json["address"], "kind") {
            Some("check") => CheckKind::Check,
            Some("resource") => CheckKind::Resource,
            Some("output_value") => CheckKind::Output,
            _ => CheckKind::Variable,
        },
        config_addr: addr(json),
        status: status(json),
        objects: objects
            .iter()
            .map(|object| CheckObject {
                addr: addr(object),
                status: status(object),
                failures: object["problems"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|problem| text(problem, "message"))
                    .map(EcoString::from)
                    .collect(),
            })
            .collect(),
    }
}

/// The plan that this JSON shows.
pub(crate) fn plan(json: &str) -> Plan {
    let json: Json = serde_json::from_str(json).expect("JSON");
    let list = |key: &str| {
        json.get(key)
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let map = |key: &str| {
        json.get(key)
            .and_then(Json::as_object)
            .cloned()
            .unwrap_or_default()
    };
    let mut changes: Vec<_> = list("resource_changes").iter().map(change).collect();
    changes.extend(read_while_planning(&json));
    changes.sort_by(|a, b| (&a.addr, &a.deposed).cmp(&(&b.addr, &b.deposed)));
    let drift = list("resource_drift")
        .into_iter()
        .map(|drift| change(&drift))
        .map(|change| Drift {
            addr: change.addr,
            previous_addr: change.previous_addr,
            deposed: change.deposed,
            provider: change.provider,
            before: change.before,
            after: change.after,
            identity: (Value::NULL, Value::NULL),
            refreshed: None,
        });
    let relevant = list("relevant_attributes")
        .iter()
        .map(|relevant| RelevantAttribute {
            resource: text(relevant, "resource").expect("resource").to_owned(),
            path: path(&relevant["attribute"]),
        })
        .collect();
    let variables: BTreeMap<EcoString, Value> = map("variables")
        .iter()
        .map(|(name, variable)| (name.into(), value(variable.get("value"), None, None)))
        .collect();
    Plan {
        mode: PlanMode::Normal,
        timestamp: text(&json, "timestamp").unwrap_or_default().into(),
        workspace: "default".into(),
        variables,
        targets: Vec::new(),
        excludes: Vec::new(),
        force_replace: Vec::new(),
        base: Base::default(),
        ephemerals: Vec::new(),
        apply_time_variables: Vec::new(),
        given: BTreeMap::new(),
        deferred: Vec::new(),
        left_out: crate::plan::LeftOut::default(),
        invocations: Vec::new(),
        changes,
        outputs: map("output_changes")
            .iter()
            .map(|(name, change)| output(name, change))
            .collect(),
        drift: drift.collect(),
        moves: Vec::new(),
        checks: list("checks").iter().map(check).collect(),
        module_instances: Vec::new(),
        relevant,
        claim: terrane_model::claim::Claim::whole(),
        graph: ExecGraph::default(),
        notes: BTreeMap::new(),
        errored: is_true(json.get("errored")),
    }
}
