//! `state mv`.

use super::address;
use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use terrane_model::addr::{InstanceAddr, Mode, ModuleInstance, ResourceAddr, Target};
use terrane_model::event::EventKind;
use terrane_model::snapshot::Snapshot;

/// Gives everything that `from` means an address that corresponds to `to`. Returns the moves.
///
/// # Errors
/// When the addresses are not valid or not of one kind, nothing is there to move, something is in the way, or the state can't be written.
pub fn run(
    session: &Session,
    from: &str,
    to: &str,
    dry_run: bool,
) -> Result<Vec<(InstanceAddr, InstanceAddr)>, Failure> {
    let from = address::target(from)?;
    let to = address::target(to)?;
    let workspace = session.open()?;
    let snapshot = workspace.snapshot();
    let moves = moves(&snapshot, &from, &to)?;
    if !dry_run {
        let changes = moves
            .iter()
            .filter_map(|(from, to)| {
                let resource = snapshot.resources.get(&from.resource)?;
                Some(EventKind::Moved {
                    from: from.clone(),
                    to: to.clone(),
                    provider: resource.provider.clone(),
                })
            })
            .collect();
        session.commit(workspace, changes)?;
    }
    Ok(moves)
}

fn moves(
    snapshot: &Snapshot,
    from: &Target,
    to: &Target,
) -> Result<Vec<(InstanceAddr, InstanceAddr)>, Failure> {
    let invalid = |what: &str, detail: String| {
        Failure::input(
            rules::state::MOVE_ADDRESS.named(format!("Invalid {what} address")),
            detail,
        )
    };
    check_kinds(from, to)?;
    let sources: Vec<InstanceAddr> = snapshot
        .instances()
        .map(|(addr, ..)| addr)
        .filter(|addr| address::covers(from, addr))
        .collect();
    if sources.is_empty() {
        return Err(invalid(
            "source",
            format!("Cannot move {from}: does not match anything in the current state."),
        ));
    }
    // A single instance may be named by its resource alone; then the destination may be an instance, or a resource without keys.
    let single = match (from, to) {
        (Target::Module(_), _) => false,
        (Target::Resource(_), Target::Instance(_)) => {
            if sources.len() > 1 || sources[0].key.is_some() {
                return Err(invalid(
                    "target",
                    format!(
                        "Cannot move {from} to {to}: the target must also be a whole resource."
                    ),
                ));
            }
            true
        }
        (Target::Instance(_), _) => true,
        (Target::Resource(_), _) => false,
    };
    let mut moves = Vec::with_capacity(sources.len());
    for source in sources {
        let target = match (to, single) {
            (Target::Instance(instance), _) => instance.clone(),
            (Target::Resource(resource), true) => resource.instance(None),
            (Target::Resource(resource), false) => resource.instance(source.key.clone()),
            (Target::Module(module), _) => {
                let Target::Module(outer) = from else {
                    return Err(invalid("target", format!("Cannot move {from} to {to}.")));
                };
                within(&source, outer, module)
            }
        };
        if snapshot.instance(&target).is_some() {
            return Err(invalid(
                "target",
                format!(
                    "Cannot move to {target}: there is already a resource instance at that address in the current state."
                ),
            ));
        }
        moves.push((source, target));
    }
    let mut targets: Vec<&InstanceAddr> = moves.iter().map(|(_, to)| to).collect();
    targets.sort_unstable();
    if targets.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(invalid(
            "target",
            format!("Cannot move {from} to {to}: several instances would get the same address."),
        ));
    }
    Ok(moves)
}

/// Only like can become like.
fn check_kinds(from: &Target, to: &Target) -> Result<(), Failure> {
    let refuse = |why: &str| {
        Err(Failure::input(
            &rules::state::INVALID_MOVE,
            format!("Cannot move {from} to {to}: {why}."),
        ))
    };
    let resource = |target: &Target| -> Option<ResourceAddr> {
        match target {
            Target::Module(_) => None,
            Target::Resource(resource) => Some(resource.clone()),
            Target::Instance(instance) => Some(instance.resource.clone()),
        }
    };
    match (resource(from), resource(to)) {
        (None, None) => Ok(()),
        (Some(_), None) => refuse("the target must also be a resource or an instance of one"),
        (None, Some(_)) => refuse("the target must also be a module"),
        (Some(from), Some(to)) if from.mode != to.mode => refuse(match from.mode {
            Mode::Managed => {
                "a managed resource can be moved only to another managed resource address"
            }
            Mode::Data | Mode::Ephemeral | Mode::Action => {
                "a data resource can be moved only to another data resource address"
            }
        }),
        (Some(from), Some(to)) if from.type_name != to.type_name => {
            refuse("resource types don't match")
        }
        _ => Ok(()),
    }
}

/// The address of an instance when the module `outer` around it becomes `module`. The last step keeps the key of the instance, where
/// neither side names one.
fn within(source: &InstanceAddr, outer: &ModuleInstance, module: &ModuleInstance) -> InstanceAddr {
    let depth = outer.0.len();
    let mut steps: Vec<_> = module.0.to_vec();
    let unkeyed =
        |instance: &ModuleInstance| instance.0.last().is_none_or(|step| step.key.is_none());
    if unkeyed(outer)
        && unkeyed(module)
        && let Some(last) = steps.last_mut()
        && let Some(own) = depth
            .checked_sub(1)
            .and_then(|at| source.resource.module.0.get(at))
    {
        last.key.clone_from(&own.key);
    }
    steps.extend(source.resource.module.0.iter().skip(depth).cloned());
    let mut target = source.clone();
    target.resource.module = ModuleInstance(steps.into());
    target
}

#[cfg(test)]
mod tests {
    use super::moves;
    use terrane_model::addr::{InstanceAddr, Target};
    use terrane_model::snapshot::Snapshot;
    use terrane_store::conformance::sample;

    fn state(addresses: &[&str]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for text in addresses {
            let instance = match text.parse().unwrap() {
                Target::Instance(instance) => instance,
                Target::Resource(resource) => resource.instance(None),
                Target::Module(_) => unreachable!("only resources are in a state"),
            };
            snapshot.fold(&sample::set(&instance, "{}").kind);
        }
        snapshot
    }

    fn check(from: &str, to: &str, expect: Option<&[&str]>) {
        let snapshot = state(&[
            "t.x[0]",
            "t.x[1]",
            "t.y",
            "module.m[\"a\"].t.z",
            "module.m[\"b\"].t.z",
        ]);
        let moved = moves(&snapshot, &from.parse().unwrap(), &to.parse().unwrap());
        let show = |addr: &InstanceAddr| addr.to_string();
        let moved = moved
            .ok()
            .map(|moves| moves.iter().map(|(_, to)| show(to)).collect::<Vec<_>>());
        assert_eq!(
            moved.as_deref(),
            expect
                .map(|expect| expect
                    .iter()
                    .map(|&text| text.into())
                    .collect::<Vec<String>>())
                .as_deref(),
            "{from} to {to}"
        );
    }

    #[test]
    fn what_moves_keeps_the_keys_that_are_not_named() {
        check("t.x", "t.w", Some(&["t.w[0]", "t.w[1]"]));
        check("t.x[0]", "t.w[\"k\"]", Some(&["t.w[\"k\"]"]));
        check("t.x[1]", "t.w", Some(&["t.w"]));
        check("t.y", "t.w[0]", Some(&["t.w[0]"]));
        check("t.y", "module.n.t.y", Some(&["module.n.t.y"]));
        check(
            "module.m",
            "module.n",
            Some(&["module.n[\"a\"].t.z", "module.n[\"b\"].t.z"]),
        );
        check("module.m[\"a\"]", "module.o", Some(&["module.o.t.z"]));
        check("module.m[\"a\"].t.z", "t.zz", Some(&["t.zz"]));
    }

    #[test]
    fn nothing_is_overwritten_and_kinds_are_kept() {
        check("t.x[0]", "t.x[1]", None);
        check("t.x", "t.y[0]", None);
        check("t.none", "t.w", None);
        check("t.y", "module.k", None);
        check("t.y", "data.t.y", None);
        check("t.y", "u.y", None);
        check("t.y", "t.y", None);
    }
}
