//! SARIF 2.1.0, which code hosts show beside the lines of a change.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use terrane_ops::policies::{Level, PolicyResult, Report};

/// Where a resource is declared: file and line, from 1.
pub(crate) type Place = (String, u32);

/// What policies said. `place`: where an address is declared, if that is known.
pub(crate) fn sarif(report: &Report, place: &dyn Fn(&str) -> Option<Place>) -> Value {
    let mut rules: BTreeMap<String, &PolicyResult> = BTreeMap::new();
    for result in &report.results {
        rules.entry(id(result)).or_insert(result);
    }
    let results: Vec<Value> = report
        .results
        .iter()
        .map(|result| {
            json!({
                "ruleId": id(result),
                "ruleIndex": rules.keys().position(|name| *name == id(result)),
                "level": level(result.level),
                "message": { "text": result.text() },
                "locations": locations(result, place),
            })
        })
        .collect();
    let rules: Vec<Value> = rules
        .iter()
        .map(|(id, result)| {
            json!({
                "id": id,
                "name": result.rule,
                "shortDescription": { "text": format!("{} of {}", result.rule, result.namespace) },
                "defaultConfiguration": { "level": level(result.level) },
                "properties": { "policyFile": result.file, "policyLine": result.line },
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "terrane",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": results,
        }],
    })
}

fn id(result: &PolicyResult) -> String {
    format!("{}.{}", result.namespace, result.rule)
}

/// A path as a reference of RFC 3986, as SARIF wants it.
fn uri(path: &str) -> String {
    let path = path.trim_start_matches("./").replace('\\', "/");
    // A colon in the first part would make a scheme of it.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            uri.extend(["%", &format!("{byte:02X}")]);
        }
    }
    uri
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::RequireApproval => "note",
    }
}

/// A location for each address; that of the rule where there is none, since hosts drop results without a file.
fn locations(result: &PolicyResult, place: &dyn Fn(&str) -> Option<Place>) -> Vec<Value> {
    let physical = |file: &str, line: u32| {
        json!({
            "artifactLocation": { "uri": uri(file) },
            "region": { "startLine": line },
        })
    };
    let of_rule = || physical(&result.file, result.line.max(1));
    if result.addresses.is_empty() {
        return vec![json!({ "physicalLocation": of_rule() })];
    }
    result
        .addresses
        .iter()
        .map(|address| {
            let place = place(address).map_or_else(of_rule, |(file, line)| physical(&file, line));
            json!({
                "physicalLocation": place,
                "logicalLocations": [{ "fullyQualifiedName": address, "kind": "resource" }],
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_are_references() {
        for (path, expected) in [
            ("./main.tf", "main.tf"),
            ("a\\b.tf", "a/b.tf"),
            ("my files/50% #1?.tf", "my%20files/50%25%20%231%3F.tf"),
            ("c:x.rego", "c%3Ax.rego"),
            ("grün.tf", "gr%C3%BCn.tf"),
        ] {
            assert_eq!(uri(path), expected);
        }
    }
}
