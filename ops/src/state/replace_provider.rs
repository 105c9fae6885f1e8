//! `state replace-provider`: resources that another provider manages from now on.

use crate::failure::Failure;
use crate::rules;
use crate::session::{OpenWorkspace, Session};
use terrane_model::addr::{AddrError, ProviderAddr, ProviderConfigAddr, ResourceAddr};
use terrane_model::event::{EventKind, ObjectAddr};
use terrane_model::snapshot::Snapshot;

/// A replacement that was looked up and waits for the user's word.
#[derive(Debug)]
pub struct Replacement {
    /// The provider so far.
    pub from: ProviderAddr,
    /// The provider from now on.
    pub to: ProviderAddr,
    /// The resources that it concerns.
    pub resources: Vec<ResourceAddr>,
    workspace: OpenWorkspace,
    changes: Vec<EventKind>,
}

/// Finds what a provider manages. Nothing is changed yet, but the state stays open.
///
/// # Errors
/// When an address is not valid, a change by that provider is still open, or the state can't be opened.
pub fn prepare(session: &Session, from: &str, to: &str) -> Result<Replacement, Failure> {
    let from = provider(from)?;
    let to = provider(to)?;
    let workspace = session.open()?;
    let snapshot = workspace.snapshot();
    let open = snapshot.open.values();
    if let Some(intent) = open
        .into_iter()
        .find(|intent| intent.provider.provider == from)
    {
        return Err(Failure::input(
            &rules::state::OPEN_CHANGE,
            format!(
                "A run was cut off while {from} changed {}. Run `terrane plan` first, which finds out what became of it.",
                intent.object.instance
            ),
        ));
    }
    let (resources, changes) = changes(&snapshot, &from, &to);
    Ok(Replacement {
        from,
        to,
        resources,
        workspace,
        changes,
    })
}

/// Carries out a replacement.
///
/// # Errors
/// When the state can't be written.
pub fn commit(session: &Session, replacement: Replacement) -> Result<(), Failure> {
    let Replacement {
        workspace, changes, ..
    } = replacement;
    session.commit(workspace, changes)
}

/// The resources of a provider, and their objects under the other one.
fn changes(
    snapshot: &Snapshot,
    from: &ProviderAddr,
    to: &ProviderAddr,
) -> (Vec<ResourceAddr>, Vec<EventKind>) {
    let mut resources = Vec::new();
    let mut changes = Vec::new();
    for (addr, resource) in &snapshot.resources {
        if resource.provider.provider != *from {
            continue;
        }
        resources.push(addr.clone());
        let provider = ProviderConfigAddr {
            provider: to.clone(),
            ..resource.provider.clone()
        };
        for (key, instance) in &resource.instances {
            let current = instance.current.iter().map(|object| (None, object));
            let deposed = instance.deposed.iter();
            let deposed = deposed.map(|(key, object)| (Some(key.clone()), object));
            for (deposed, object) in current.chain(deposed) {
                changes.push(EventKind::Set {
                    object: ObjectAddr {
                        instance: addr.instance(key.clone()),
                        deposed,
                    },
                    provider: provider.clone(),
                    state: Some(object.clone()),
                });
            }
        }
    }
    (resources, changes)
}

fn provider(text: &str) -> Result<ProviderAddr, Failure> {
    text.parse().map_err(|error: AddrError| {
        Failure::input(&rules::state::PROVIDER_ADDRESS, format!("{error}."))
    })
}

#[cfg(test)]
mod tests {
    use super::changes;
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use terrane_model::addr::{DeposedKey, InstanceAddr, ProviderAddr, Target};
    use terrane_model::event::EventKind;
    use terrane_model::snapshot::{ObjectState, Snapshot, Status};

    fn instance(text: &str) -> InstanceAddr {
        match text.parse().unwrap() {
            Target::Instance(instance) => instance,
            Target::Resource(resource) => resource.instance(None),
            Target::Module(_) => panic!("not an instance"),
        }
    }

    fn object(attributes: &str) -> Arc<ObjectState> {
        Arc::new(ObjectState {
            status: Status::Ready,
            schema_version: 0,
            attributes: attributes.into(),
            sensitive: Vec::new(),
            private: [].into(),
            dependencies: [].into(),
            create_before_destroy: false,
            skip_destroy: false,
            identity: None,
            provider_key: None,
            created_in_ms: None,
        })
    }

    /// All objects of the provider change hands, deposed ones too; those of others and the objects themselves stay as they are.
    #[test]
    fn all_objects_of_a_provider_change_hands() {
        let mut snapshot = Snapshot::default();
        for (addr, provider, deposed) in [
            ("a_b.x[0]", "old/a", None),
            ("a_b.x[1]", "old/a", Some("0a0a0a0a")),
            ("a_b.y", "other/a", None),
        ] {
            let config = format!("provider[\"registry.opentofu.org/{provider}\"].west");
            let addr = instance(addr);
            let resource = snapshot
                .resources
                .entry(addr.resource.clone())
                .or_insert_with(|| terrane_model::snapshot::ResourceState {
                    provider: config.parse().unwrap(),
                    instances: BTreeMap::new(),
                });
            let state = resource.instances.entry(addr.key).or_default();
            state.current = Some(object("{\"id\":\"1\"}"));
            if let Some(key) = deposed {
                state
                    .deposed
                    .insert(DeposedKey(key.into()), object("{\"id\":\"0\"}"));
            }
        }
        let from: ProviderAddr = "registry.opentofu.org/old/a".parse().unwrap();
        let to: ProviderAddr = "new/a".parse().unwrap();
        let (resources, events) = changes(&snapshot, &from, &to);
        assert_eq!(resources.len(), 1);
        assert_eq!(events.len(), 3);
        let mut after = snapshot.clone();
        for event in &events {
            assert!(matches!(event, EventKind::Set { .. }));
            after.fold(event);
        }
        let found = |name: &str| after.resources[&instance(name).resource].clone();
        assert_eq!(found("a_b.x").provider.provider, to);
        assert_eq!(found("a_b.x").provider.alias.as_deref(), Some("west"));
        assert_eq!(found("a_b.x").instances.len(), 2);
        assert_eq!(
            found("a_b.x").instances,
            snapshot.resources[&instance("a_b.x").resource].instances
        );
        assert_eq!(
            found("a_b.y"),
            snapshot.resources[&instance("a_b.y").resource]
        );
    }
}
