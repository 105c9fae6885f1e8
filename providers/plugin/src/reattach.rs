//! `TF_REATTACH_PROVIDERS`: plugins that somebody else started, in a debugger as a rule (`opentofu.md` 7.4).

use crate::factory::{DEVELOPMENT, Origin, PluginFactory};
use serde::Deserialize;
use std::collections::BTreeMap;
use terrane_model::addr::ProviderAddr;
use terrane_protocol::{Endpoint, Protocol};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    protocol_version: u32,
    addr: Address,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Address {
    network: String,
    string: String,
}

/// The plugins that a value of the variable names.
///
/// # Errors
/// A sentence without final period about what is wrong with it.
pub fn reattached(value: &str) -> Result<Vec<PluginFactory>, String> {
    let entries: BTreeMap<String, Entry> =
        serde_json::from_str(value).map_err(|error| format!("it is not as expected: {error}"))?;
    entries
        .into_iter()
        .map(|(name, entry)| {
            let origin = origin(&entry).map_err(|problem| format!("{name}: {problem}"))?;
            let addr =
                address(&name).ok_or_else(|| format!("{name} is no address of a provider"))?;
            Ok(PluginFactory::new(addr, DEVELOPMENT, origin))
        })
        .collect()
}

fn origin(entry: &Entry) -> Result<Origin, String> {
    if !matches!(entry.protocol.as_str(), "grpc" | "") {
        return Err(format!("it speaks {:?} instead of gRPC", entry.protocol));
    }
    let protocol = match entry.protocol_version {
        // Before there was a version in it, there was version 5.
        0 | 5 => Protocol::Five,
        6 => Protocol::Six,
        other => return Err(format!("version {other} of the protocol is not known")),
    };
    let Address { network, string } = &entry.addr;
    let endpoint = match network.as_str() {
        "unix" => Endpoint::Unix(string.into()),
        "tcp" => Endpoint::Tcp(string.clone()),
        other => return Err(format!("a network of type {other:?} is not known")),
    };
    Ok(Origin::Running { protocol, endpoint })
}

/// `[HOST/]NAMESPACE/TYPE`, or a type alone.
pub(crate) fn address(text: &str) -> Option<ProviderAddr> {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    match parts.as_slice() {
        [host, namespace, type_name] => Some(ProviderAddr {
            host: (*host).into(),
            namespace: (*namespace).into(),
            type_name: (*type_name).into(),
        }),
        [namespace, type_name] => Some(ProviderAddr::default_host(*namespace, *type_name)),
        [type_name] => Some(ProviderAddr::default_host("hashicorp", *type_name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::reattached;
    use terrane_provider::ProviderFactory as _;

    #[test]
    fn what_a_debugged_provider_prints() {
        let value = r#"{"registry.terraform.io/acme/cloud":{"Protocol":"grpc","ProtocolVersion":6,"Pid":7,"Test":true,"Addr":{"Network":"unix","String":"/tmp/plugin1"}},"acme/old":{"Protocol":"grpc","Pid":8,"Test":true,"Addr":{"Network":"tcp","String":"127.0.0.1:4"}}}"#;
        let found: Vec<String> = reattached(value)
            .unwrap()
            .iter()
            .map(|factory| factory.addr().to_string())
            .collect();
        assert_eq!(
            found,
            [
                "registry.opentofu.org/acme/old",
                "registry.terraform.io/acme/cloud"
            ]
        );
    }

    #[test]
    fn what_is_refused() {
        for (value, reason) in [
            ("", "not as expected"),
            (
                r#"{"a//b":{"Addr":{"Network":"unix","String":"/x"}}}"#,
                "no address",
            ),
            (
                r#"{"a/b":{"Addr":{"Network":"pipe","String":"/x"}}}"#,
                "\"pipe\"",
            ),
            (
                r#"{"a/b":{"ProtocolVersion":4,"Addr":{"Network":"unix","String":"/x"}}}"#,
                "version 4",
            ),
            (
                r#"{"a/b":{"Protocol":"netrpc","Addr":{"Network":"unix","String":"/x"}}}"#,
                "netrpc",
            ),
        ] {
            let error = reattached(value).unwrap_err();
            assert!(error.contains(reason), "{value}: {error}");
        }
    }
}
