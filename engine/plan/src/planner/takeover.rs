//! `terrane import`: one object is taken into the state, outside of a plan.
//!
//! It is the planner with nothing to plan: only the provider configuration that the object needs is evaluated (from state, where it depends on
//! resources) and configured. An open creation of the same address is settled by it: the user has found the object.

use super::Core;
use super::imports::Wanted;
use super::prior::{ObjectId, Stage};
use crate::graph::{Node, NodeId, each_target};
use crate::machine::{PlanInput, ProviderInstance};
use crate::rules;
use crate::world::expand;
use std::sync::Arc;
use terrane_config::config::ModuleId;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_model::addr::{InstanceAddr, InstanceKey};
use terrane_model::event::{EventKind, ObjectAddr, Operation};
use terrane_model::provider::ImportTarget;
use terrane_value::Kind;

/// What is to be taken over.
#[derive(Debug)]
pub(super) struct Takeover {
    addr: InstanceAddr,
    target: ImportTarget,
    /// The block of the resource.
    declared: (ModuleId, u32),
    object: Option<ObjectId>,
    begun: bool,
}

impl Core {
    /// A core that only takes over one object.
    pub(crate) fn takeover(input: PlanInput, addr: InstanceAddr, target: ImportTarget) -> Self {
        let mut core = Self::unprepared(input);
        core.recovering = true;
        core.orphans_planned = true;
        match core.takeover_target(&addr) {
            Ok(declared) => {
                core.takeover = Some(Takeover {
                    addr,
                    target,
                    declared,
                    object: None,
                    begun: false,
                });
            }
            Err(problem) => core.diagnostics.push(*problem),
        }
        core.prepare();
        core
    }

    /// The block that the address leads to, if something may be imported there.
    fn takeover_target(&self, addr: &InstanceAddr) -> Result<(ModuleId, u32), Box<Diagnostic>> {
        let resource = &addr.resource;
        let occupied = self
            .snapshot
            .instance(addr)
            .is_some_and(|instance| instance.current.is_some());
        if occupied {
            return Err(Box::new(
                Diagnostic::error(
                    &rules::adoption::ALREADY_MANAGED,
                    format!("There is an object for {addr} in the state already. To import to this address you must first remove it from the state."),
                )
                .about(addr.to_string())
                .hint(format!("`terrane state rm {}` forgets it without destroying it", shell(addr))),
            ));
        }
        if let Some(found) = self.index.resource(resource) {
            return Ok(found);
        }
        if self.index.module(&resource.module).is_none() {
            return Err(Box::new(Diagnostic::error(
                &rules::adoption::IMPORT_TO_NO_MODULE,
                format!(
                    "{} is not defined in the configuration. Please add configuration for this module before importing into it.",
                    resource.module
                ),
            )));
        }
        let place = if resource.module.is_root() {
            "the root module".to_owned()
        } else {
            resource.module.to_string()
        };
        Err(Box::new(
            Diagnostic::error(
                &rules::adoption::IMPORT_TO_NO_BLOCK,
                format!(
                    "The resource address {:?} does not exist in the configuration. Before importing this resource, please create its configuration in {place}. For example:\n\nresource {:?} {:?} {{\n  # (resource arguments)\n}}",
                    resource.to_string(),
                    resource.type_name.as_str(),
                    resource.name.as_str(),
                ),
            )
            .about(addr.to_string())
            .hint("an import block and `terrane plan -generate-config-out=generated.tf` write the block for you"),
        ))
    }

    /// The nodes that it needs: the provider's configuration, and what tells which instance of it.
    pub(super) fn takeover_nodes(&self) -> Vec<NodeId> {
        let Some(takeover) = &self.takeover else {
            return Vec::new();
        };
        let (module, at) = takeover.declared;
        let used = &self.config.module(module).resources[at as usize].provider;
        let mut nodes = vec![self.graph.id(Node::Provider(used.provider))];
        let mut parent = self.config.module(module).parent;
        while let Some((outer, call)) = parent {
            nodes.push(self.graph.id(Node::Call(outer, call)));
            parent = self.config.module(outer).parent;
        }
        if let Some(key) = &used.key {
            let home = self
                .config
                .module(used.key_from.map_or(module, |(home, _)| home));
            for used in key.uses() {
                let reference = home.slots[used.slot.0 as usize];
                each_target(&self.config, home, reference, &mut |node| {
                    nodes.push(self.graph.id(node));
                });
            }
        }
        nodes
    }

    /// Asks for the object, once everything that it needs is there. Whether there was something to do.
    pub(super) fn begin_takeover(&mut self) -> bool {
        let Some(takeover) = self.takeover.as_mut().filter(|takeover| !takeover.begun) else {
            return false;
        };
        takeover.begun = true;
        let (addr, target) = (takeover.addr.clone(), takeover.target.clone());
        let (module, at) = takeover.declared;
        if self.diagnostics.has_errors() {
            return true;
        }
        match self.takeover_provider(&addr, module, at) {
            Ok(provider) if self.provider_ready(&provider) => {
                let span = self.config.module(module).resources[at as usize].span;
                let wanted = Wanted {
                    target,
                    span,
                    target_span: span,
                };
                let object = self.begin_import(&addr, &provider, wanted);
                if let Some(takeover) = &mut self.takeover {
                    takeover.object = object;
                }
            }
            // A configuration that failed was reported; one that depends on an object that is not there was not.
            Ok(provider) => {
                if !self.diagnostics.has_errors() {
                    let name = self.config.provider(provider.config).addr.to_string();
                    self.diagnostics.push(Diagnostic::error(
                        &rules::adoption::PROVIDER_NOT_READY,
                        format!("To import {addr}, {name} has to be configured, and its configuration depends on values that are not known before something is applied. Let it depend on variables only, or apply what it depends on first."),
                    ));
                }
            }
            Err(diagnostics) => self.report(diagnostics, &addr),
        }
        true
    }

    /// Which provider instance is asked.
    fn takeover_provider(
        &self,
        addr: &InstanceAddr,
        module: ModuleId,
        at: u32,
    ) -> Result<ProviderInstance, Diagnostics> {
        let fail = |rule: &'static Rule, detail: String| {
            Diagnostics::from(Diagnostic::error(rule, detail))
        };
        let used = &self.config.module(module).resources[at as usize].provider;
        let Some(place) = self.world.place_of(&addr.resource.module) else {
            return Err(fail(
                &rules::adoption::IMPORT_TO_NO_MODULE,
                format!(
                    "{} is not among the instances of its module call, as configured. Change the address, or the \"count\" or \"for_each\" of the call.",
                    addr.resource.module
                ),
            ));
        };
        let mut instance = ProviderInstance {
            config: used.provider,
            key: None,
        };
        let Some(key) = &used.key else {
            return Ok(instance);
        };
        let (place, repeat) = match used.key_from {
            None => (place, expand::repeat_of(addr.key.as_ref(), None)),
            Some(call) => self.world.caller(place, call)?,
        };
        let value = key.eval(&self.world.scope(place).repeated(repeat), &[])?;
        match value.unmarked().kind() {
            Kind::String(text) => instance.key = Some(InstanceKey::Str(text.clone())),
            _ => {
                return Err(fail(
                    &rules::planning::INVALID_PROVIDER_KEY,
                    "The key that chooses a provider instance must be a known string.".into(),
                ));
            }
        }
        Ok(instance)
    }

    /// The events that record the object.
    pub(crate) fn finish_takeover(mut self) -> (Vec<EventKind>, Diagnostics) {
        let found = self
            .takeover
            .as_ref()
            .and_then(|takeover| takeover.object)
            .filter(|object| self.prior.objects[*object].stage == Stage::Ready);
        let (Some(id), false) = (found, self.cancelled) else {
            return (Vec::new(), self.diagnostics);
        };
        let object = &self.prior.objects[id];
        let addr = object.addr.clone();
        let provider = object.provider_addr.clone();
        let state = match self.imported_state(id) {
            Ok(state) => Some(Arc::new(state)),
            Err(problem) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        &rules::adoption::CAN_NOT_STORE,
                        format!("The object that the provider returned for {addr} can't be written to the state: {problem}."),
                    )
                    .about(addr.to_string()),
                );
                return (Vec::new(), self.diagnostics);
            }
        };
        let object = ObjectAddr {
            instance: addr,
            deposed: None,
        };
        let mut events = vec![EventKind::Set {
            object: object.clone(),
            provider: provider.clone(),
            state: state.clone(),
        }];
        // What a cut off run may have created is found now.
        let open =
            self.snapshot.open.iter().filter(|(_, intent)| {
                intent.operation == Operation::Create && intent.object == object
            });
        events.extend(open.map(|(op, _)| EventKind::Ended {
            op: *op,
            object: object.clone(),
            provider: provider.clone(),
            state: state.clone(),
        }));
        (events, self.diagnostics)
    }
}

/// An address as an argument of a command line.
pub(super) fn shell(addr: &InstanceAddr) -> String {
    let text = addr.to_string();
    let plain = text
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.'));
    if plain {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}
