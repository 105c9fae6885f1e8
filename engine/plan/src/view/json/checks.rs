//! Results of checks.

use super::tree::{instance_key, mode_name};
use super::write::Writer;
use std::fmt;
use terrane_model::addr::{ConfigResource, InstanceAddr, InstanceKey, ModuleInstance};
use terrane_model::snapshot::{CheckKind, CheckResult, CheckStatus};

/// `[{address, status, instances: [{address, status, problems}]}]`, by address.
pub(super) fn write(out: &mut Writer<'_>, checks: &[CheckResult]) -> fmt::Result {
    let mut sorted: Vec<&CheckResult> = checks.iter().collect();
    sorted.sort_by(|a, b| a.config_addr.cmp(&b.config_addr));
    out.array(|out| {
        for check in sorted {
            let CheckResult {
                kind,
                config_addr,
                status,
                objects,
            } = check;
            out.object(|out| {
                out.key("address")?;
                config_address(out, *kind, config_addr)?;
                out.entry("status", status_name(*status))?;
                if objects.is_empty() {
                    return Ok(());
                }
                out.key("instances")?;
                out.array(|out| {
                    objects.iter().try_for_each(|object| {
                        out.object(|out| {
                            out.key("address")?;
                            object_address(out, *kind, &object.addr)?;
                            out.entry("status", status_name(object.status))?;
                            if object.failures.is_empty() {
                                return Ok(());
                            }
                            out.key("problems")?;
                            out.array(|out| {
                                object.failures.iter().try_for_each(|message| {
                                    out.object(|out| out.entry("message", message))
                                })
                            })
                        })
                    })
                })
            })?;
        }
        Ok(())
    })
}

fn status_name(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Unknown => "unknown",
    }
}

/// Splits `module.a.module.b.output.x` into `module.a.module.b` and `x`, by the last occurrence of the prefix.
fn split<'a>(addr: &'a str, prefix: &str) -> (Option<&'a str>, &'a str) {
    let middle = format!(".{prefix}");
    match addr.rsplit_once(&middle) {
        Some((module, name)) => (Some(module), name),
        None => (None, addr.strip_prefix(prefix).unwrap_or(addr)),
    }
}

fn config_address(out: &mut Writer<'_>, kind: CheckKind, addr: &str) -> fmt::Result {
    let (kind, prefix) = match kind {
        CheckKind::Resource => return config_resource(out, addr),
        CheckKind::Output => ("output_value", "output."),
        CheckKind::Check => ("check", "check."),
        CheckKind::Variable => ("var", "var."),
    };
    let (module, name) = split(addr, prefix);
    out.object(|out| {
        out.entry("kind", kind)?;
        if let Some(module) = module {
            out.entry("module", module)?;
        }
        out.entry("name", name)?;
        out.entry("to_display", addr)
    })
}

fn config_resource(out: &mut Writer<'_>, addr: &str) -> fmt::Result {
    out.object(|out| {
        out.entry("kind", "resource")?;
        if let Ok(resource) = addr.parse::<ConfigResource>() {
            out.entry("mode", mode_name(resource.mode))?;
            if !resource.module.is_root() {
                out.entry("module", &resource.module.to_string())?;
            }
            out.entry("name", &resource.name)?;
            out.entry("to_display", addr)?;
            return out.entry("type", &resource.type_name);
        }
        out.entry("to_display", addr)
    })
}

fn object_address(out: &mut Writer<'_>, kind: CheckKind, addr: &str) -> fmt::Result {
    let (key, module): (Option<InstanceKey>, Option<String>) = match kind {
        CheckKind::Resource => match addr.parse::<InstanceAddr>() {
            Ok(InstanceAddr { resource, key }) => (
                key,
                (!resource.module.is_root()).then(|| resource.module.to_string()),
            ),
            Err(_) => (None, None),
        },
        CheckKind::Output => (None, split(addr, "output.").0.map(ToOwned::to_owned)),
        CheckKind::Check => (None, split(addr, "check.").0.map(ToOwned::to_owned)),
        CheckKind::Variable => (None, split(addr, "var.").0.map(ToOwned::to_owned)),
    };
    // Only what is a module instance is shown as one: a key may hold text that looks like an address.
    let module = module.filter(|module| module.parse::<ModuleInstance>().is_ok());
    out.object(|out| {
        if let Some(key) = key {
            out.key("instance_key")?;
            instance_key(out, &key)?;
        }
        if let Some(module) = module {
            out.entry("module", &module)?;
        }
        out.entry("to_display", addr)
    })
}
