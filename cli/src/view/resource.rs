//! How resources and durations are written, in text and in JSON.

use serde::Serialize;
use terrane_ops::model::addr::{InstanceAddr, InstanceKey};

/// An instance in the machine-readable output.
#[derive(Debug, Serialize)]
pub(super) struct ResourceJson {
    addr: String,
    module: String,
    resource: String,
    implied_provider: String,
    resource_type: String,
    resource_name: String,
    resource_key: Option<KeyJson>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum KeyJson {
    Int(u64),
    Str(String),
}

impl ResourceJson {
    pub(super) fn new(addr: &InstanceAddr) -> Self {
        let resource = &addr.resource;
        let key = addr
            .key
            .as_ref()
            .map_or_else(String::new, InstanceKey::to_string);
        let implied = resource
            .type_name
            .split_once('_')
            .map_or(resource.type_name.as_str(), |(prefix, _)| prefix);
        Self {
            addr: addr.to_string(),
            module: resource.module.to_string(),
            resource: format!("{}{key}", resource.local()),
            implied_provider: implied.to_owned(),
            resource_type: resource.type_name.to_string(),
            resource_name: resource.name.to_string(),
            resource_key: addr.key.as_ref().map(|key| match key {
                InstanceKey::Int(index) => KeyJson::Int(*index),
                InstanceKey::Str(text) => KeyJson::Str(text.to_string()),
                InstanceKey::Any => KeyJson::Str("*".to_owned()),
            }),
        }
    }
}

pub(crate) use terrane_ops::clock::elapsed;

/// What is being done, in the words of the peers: while it runs, while it still runs, and when it is done.
pub(crate) fn action_words(
    action: terrane_ops::planning::plan::Action,
) -> (&'static str, &'static str, &'static str) {
    use terrane_ops::planning::plan::Action;
    match action {
        Action::Create => ("Creating", "creating", "Creation"),
        Action::Update => ("Modifying", "modifying", "Modifications"),
        Action::Delete => ("Destroying", "destroying", "Destruction"),
        Action::Read => ("Reading", "reading", "Read"),
        Action::Forget => ("Forgetting", "forgetting", "Forgetting"),
        Action::NoOp
        | Action::DeleteThenCreate
        | Action::CreateThenDelete
        | Action::ForgetThenCreate => ("Working", "working", "Work"),
    }
}

/// An action in the machine-readable output.
pub(super) fn action_json(addr: &InstanceAddr) -> serde_json::Value {
    let ResourceJson {
        addr,
        module,
        resource,
        implied_provider,
        resource_type,
        resource_name,
        resource_key,
    } = ResourceJson::new(addr);
    serde_json::json!({
        "addr": addr,
        "module": module,
        "action": resource,
        "implied_provider": implied_provider,
        "action_type": resource_type,
        "action_name": resource_name,
        "action_key": resource_key,
    })
}
