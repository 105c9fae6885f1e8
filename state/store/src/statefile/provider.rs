//! Addresses of provider configurations as state files write them.

use super::TERRAFORM_REGISTRY;
use ecow::EcoString;
use terrane_model::addr::{
    InstanceAddr, InstanceKey, ModuleInstance, ProviderAddr, ProviderConfigAddr,
};

/// Reads `module.a.provider["host/ns/type"].alias["key"]`, and `provider.type.alias` of Terraform 0.12.
pub(super) fn parse_provider(
    text: &str,
) -> Result<(ProviderConfigAddr, Option<InstanceKey>), String> {
    let bad = || format!("`{text}` is not the address of a provider configuration");
    let (module, rest) = match text.split_once("provider[\"") {
        Some((module, rest)) if module.is_empty() || module.ends_with('.') => (module, rest),
        _ => return parse_legacy_provider(text).ok_or_else(bad),
    };
    let module: ModuleInstance = module.trim_end_matches('.').parse().map_err(|_| bad())?;
    let (source, rest) = rest.split_once("\"]").ok_or_else(bad)?;
    let provider = match source.split('/').collect::<Vec<_>>()[..] {
        // What Terraform 0.13 makes of providers of 0.12 whose namespace it does not know.
        [host, "-", type_name] if is_name(type_name) => ProviderAddr {
            host: host.into(),
            namespace: "-".into(),
            type_name: type_name.into(),
        },
        _ => source.parse().map_err(|_| bad())?,
    };
    let (alias, key) = match rest.strip_prefix('.') {
        None if rest.is_empty() => (None, None),
        None => return Err(bad()),
        Some(rest) => {
            let (alias, key) = rest.split_at(rest.find('[').unwrap_or(rest.len()));
            if !is_name(alias) {
                return Err(bad());
            }
            // A key is written as in the address of an instance.
            let instance: InstanceAddr = format!("a.a{key}").parse().map_err(|_| bad())?;
            (Some(EcoString::from(alias)), instance.key)
        }
    };
    Ok((
        ProviderConfigAddr {
            module: module.path(),
            provider: ours(provider),
            alias,
        },
        key,
    ))
}

fn parse_legacy_provider(text: &str) -> Option<(ProviderConfigAddr, Option<InstanceKey>)> {
    let (module, rest) = match text.strip_prefix("provider.") {
        Some(rest) => ("", rest),
        None => text.split_once(".provider.")?,
    };
    let module: ModuleInstance = module.parse().ok()?;
    let mut parts = rest.split('.');
    let type_name = parts.next().filter(|name| is_name(name))?;
    let alias = parts.next().map(EcoString::from);
    if parts.next().is_some() || alias.as_ref().is_some_and(|alias| !is_name(alias)) {
        return None;
    }
    let provider = if type_name == "terraform" {
        ProviderAddr::builtin()
    } else {
        ProviderAddr::default_host("-", type_name)
    };
    let addr = ProviderConfigAddr {
        module: module.path(),
        provider,
        alias,
    };
    Some((addr, None))
}

/// Whether it can be written into an address and read from it again.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|char| char.is_alphanumeric() || matches!(char, '-' | '_'))
}

fn ours(mut provider: ProviderAddr) -> ProviderAddr {
    if provider.host == TERRAFORM_REGISTRY {
        provider.host = ProviderAddr::DEFAULT_HOST.into();
    }
    provider
}
