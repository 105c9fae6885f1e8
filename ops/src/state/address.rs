//! Addresses that the user gives, and what of the state they mean.

use crate::failure::Failure;
use crate::rules;
use terrane_model::addr::{InstanceAddr, ModuleInstance, Target};

/// Reads an address.
pub(super) fn target(text: &str) -> Result<Target, Failure> {
    text.parse()
        .map_err(|error: terrane_model::addr::AddrError| {
            Failure::input(&rules::state::INVALID_ADDRESS, format!("{error}."))
        })
}

/// Reads the address of one instance.
pub(super) fn instance(text: &str) -> Result<InstanceAddr, Failure> {
    match target(text)? {
        Target::Instance(instance) => Ok(instance),
        Target::Resource(resource) => Ok(resource.instance(None)),
        Target::Module(module) => Err(Failure::input(
            &rules::state::INSTANCE_REQUIRED,
            format!(
                "{module} is a module. The address of one resource instance is needed, such as {module}.aws_instance.example."
            ),
        )),
    }
}

/// Whether an address means this instance.
pub(super) fn covers(target: &Target, addr: &InstanceAddr) -> bool {
    match target {
        Target::Module(module) => within(module, &addr.resource.module),
        Target::Resource(resource) => {
            let wanted = &addr.resource;
            resource.mode == wanted.mode
                && resource.type_name == wanted.type_name
                && resource.name == wanted.name
                && same_module(&resource.module, &wanted.module)
        }
        Target::Instance(instance) => {
            instance.key == addr.key && covers(&Target::Resource(instance.resource.clone()), addr)
        }
    }
}

/// Whether a module instance lies within what `outer` means: a step without a key stands for all instances of its call.
fn within(outer: &ModuleInstance, inner: &ModuleInstance) -> bool {
    outer.0.len() <= inner.0.len()
        && outer
            .0
            .iter()
            .zip(inner.0.iter())
            .all(|(out, step)| out.name == step.name && (out.key.is_none() || out.key == step.key))
}

fn same_module(outer: &ModuleInstance, inner: &ModuleInstance) -> bool {
    outer.0.len() == inner.0.len() && within(outer, inner)
}
