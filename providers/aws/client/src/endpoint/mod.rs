//! Where a service is: rules that the models bring along, evaluated for region, settings and parameters of the request.

mod function;
mod partition;
#[cfg(test)]
mod tests;

pub(crate) use function::{is_host_label, is_ip};
pub use partition::{Partition, partition, region_is_known, regions};

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Deeper than any rules are.
const MAX_DEPTH: usize = 64;

/// The rules of a service.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RuleSet {
    #[serde(default)]
    parameters: BTreeMap<Box<str>, Parameter>,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    #[serde(default)]
    built_in: Option<Box<str>>,
    #[serde(default)]
    default: Option<Value>,
    #[serde(default)]
    required: bool,
}

/// Exactly one of `rules`, `endpoint` and `error` is there.
#[derive(Debug, Deserialize)]
struct Rule {
    #[serde(default)]
    conditions: Vec<Condition>,
    #[serde(default)]
    rules: Option<Vec<Self>>,
    #[serde(default)]
    endpoint: Option<Target>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(rename = "fn")]
    function: Box<str>,
    argv: Vec<Value>,
    #[serde(default)]
    assign: Option<Box<str>>,
}

#[derive(Debug, Deserialize)]
struct Target {
    url: Value,
    #[serde(default)]
    properties: Value,
    #[serde(default)]
    headers: BTreeMap<Box<str>, Vec<Value>>,
}

/// An address, and what to sign requests to it with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Properties as the rules have them.
    pub(crate) properties: Value,
}

/// How requests are signed, where the rules say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signing {
    pub(crate) name: Option<String>,
    pub(crate) region: Option<String>,
}

impl Endpoint {
    /// The first way to sign that is known here.
    ///
    /// # Errors
    /// When the address wants signatures that are not known here.
    pub(crate) fn signing(&self) -> Result<Signing, String> {
        let Some(schemes) = self.properties.get("authSchemes").and_then(Value::as_array) else {
            return Ok(Signing::default());
        };
        let text = |scheme: &Value, key: &str| scheme.get(key)?.as_str().map(str::to_owned);
        schemes
            .iter()
            .find(|scheme| scheme.get("name").and_then(Value::as_str) == Some("sigv4"))
            .map(|scheme| Signing {
                name: text(scheme, "signingName"),
                region: text(scheme, "signingRegion"),
            })
            .ok_or_else(|| {
                String::from(
                    "this address wants signatures of another kind (sigv4a or those of S3 Express) than this client makes",
                )
            })
    }
}

/// What the rules are evaluated for: built-in parameters and those of the request, by name.
pub(crate) type Parameters = BTreeMap<String, Value>;

impl RuleSet {
    /// The address for these parameters: by their names in the rules, or by those of built-in ones (`AWS::Region`).
    ///
    /// # Errors
    /// What the rules say against it.
    pub(crate) fn resolve(&self, given: &Parameters) -> Result<Endpoint, String> {
        let mut scope = Scope::default();
        for (name, parameter) in &self.parameters {
            let built_in = || given.get(&**parameter.built_in.as_ref()?);
            let value = given
                .get(&**name)
                .or_else(built_in)
                .filter(|value| !value.is_null())
                .or(parameter.default.as_ref());
            match value {
                Some(value) => scope.set(name, value.clone()),
                None if parameter.required => {
                    return Err(format!(
                        "the parameter {name} is needed to find the address"
                    ));
                }
                None => {}
            }
        }
        first(&self.rules, &mut scope, 0)?.ok_or_else(|| {
            String::from("the rules of the service lead to no address for these settings")
        })
    }
}

/// Values by name; later ones are dropped when the rule that set them is left.
#[derive(Default)]
struct Scope(Vec<(Box<str>, Value)>);

impl Scope {
    fn set(&mut self, name: &str, value: Value) {
        self.0.push((name.into(), value));
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().rev().find(|(known, _)| &**known == name);
        found.map(|(_, value)| value)
    }
}

fn first(rules: &[Rule], scope: &mut Scope, depth: usize) -> Result<Option<Endpoint>, String> {
    if depth > MAX_DEPTH {
        return Err(String::from("the rules are nested too deeply"));
    }
    for rule in rules {
        let before = scope.0.len();
        let found = one(rule, scope, depth);
        scope.0.truncate(before);
        if let Some(found) = found? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn one(rule: &Rule, scope: &mut Scope, depth: usize) -> Result<Option<Endpoint>, String> {
    for condition in &rule.conditions {
        let value = function::call(&condition.function, &condition.argv, scope, 0);
        let Some(value) = value.filter(|value| *value != Value::Bool(false)) else {
            return Ok(None);
        };
        if let Some(name) = &condition.assign {
            scope.set(name, value);
        }
    }
    if let Some(rules) = &rule.rules {
        return first(rules, scope, depth + 1);
    }
    if let Some(error) = &rule.error {
        return Err(function::text(error, scope));
    }
    Ok(rule.endpoint.as_ref().map(|target| Endpoint {
        url: function::text(&target.url, scope),
        headers: target
            .headers
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
            .map(|(name, value)| (name.to_string(), function::text(value, scope)))
            .collect(),
        properties: function::filled(&target.properties, scope),
    }))
}
