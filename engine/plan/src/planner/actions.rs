//! Actions: which of them are done, when everything else is planned.
//!
//! Nothing refers to an action, so its instances are evaluated and validated like those of other blocks and then kept. When all changes are known, the
//! `action_trigger` blocks of what is made or changed say which are done (or `-invoke` does), and the providers are asked whether they can.

use super::{Core, Waiting};
use crate::action::{ActionCause, ActionInvocation, title};
use crate::graph::Node;
use crate::machine::ProviderInstance;
use crate::plan::{Action, PlanMode};
use crate::planner::targets;
use crate::rules;
use crate::world::Place;
use std::collections::BTreeMap;
use terrane_config::config::{ActionEvent, ActionTrigger, ActionUse};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_lang::expr::Scope;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode};
use terrane_model::provider::{Call, CallFailure, Reply};
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// An action that could be done.
#[derive(Debug)]
struct Possible {
    provider: ProviderInstance,
    config: Value,
}

/// What is known of actions.
#[derive(Debug, Default)]
pub(super) struct Actions {
    possible: BTreeMap<InstanceAddr, Possible>,
    planned: bool,
    pub(super) invocations: Vec<ActionInvocation>,
    providers: Vec<ProviderInstance>,
}

/// Where the block stands that triggers something, and for which object.
struct Triggering<'a> {
    resource: &'a InstanceAddr,
    place: Place,
    at: u32,
}

impl Core {
    /// The configuration of an action is good.
    pub(super) fn action_ready(&mut self, id: usize) {
        let task = &self.tasks[id];
        let possible = Possible {
            provider: task.provider.clone(),
            config: task.config.clone(),
        };
        self.actions.possible.insert(task.addr.clone(), possible);
        // Nobody asks for its value.
        self.settle(id, Ok(Value::dynamic()));
    }

    /// Finds out what is done, and asks whether that can be. `false`: that was done before, or there is nothing to ask.
    pub(super) fn plan_actions(&mut self) -> bool {
        if self.recovering || std::mem::replace(&mut self.actions.planned, true) {
            return false;
        }
        if self.diagnostics.has_errors() {
            return false;
        }
        if let Some(target) = self.options.invoke.clone() {
            let named = self.actions.possible.keys();
            let named: Vec<InstanceAddr> = named
                .filter(|addr| targets::names(&target, addr))
                .cloned()
                .collect();
            if named.is_empty() {
                self.diagnostics.push(Diagnostic::error(
                    &rules::planning::NO_SUCH_ACTION,
                    "The option -invoke names no action of this configuration, or one that has no instances. An action is named like this: -invoke=action.TYPE.NAME",
                ));
            }
            for addr in named {
                self.invoke(&addr, ActionCause::Invoked);
            }
        } else if self.options.mode == PlanMode::Normal {
            self.triggered_actions();
        }
        for at in 0..self.actions.invocations.len() {
            let invocation = &self.actions.invocations[at];
            let call = Call::PlanAction {
                type_name: invocation.addr.resource.type_name.clone(),
                config: invocation.config.unmark_deep(),
            };
            let provider = self.actions.providers[at].clone();
            self.ask(&provider, call, Waiting::Action(at));
        }
        !self.actions.invocations.is_empty()
    }

    fn triggered_actions(&mut self) {
        let config = self.config.clone();
        let mut changes: Vec<(InstanceAddr, Action)> = (self.changes.iter())
            .filter(|change| change.deposed.is_none())
            .filter(|change| change.addr.resource.mode == Mode::Managed)
            .map(|change| (change.addr.clone(), change.action))
            .collect();
        changes.sort();
        for (resource, action) in changes {
            let events = match action {
                Action::Update => [ActionEvent::BeforeUpdate, ActionEvent::AfterUpdate],
                Action::Create => [ActionEvent::BeforeCreate, ActionEvent::AfterCreate],
                action if action.is_replace() => {
                    [ActionEvent::BeforeCreate, ActionEvent::AfterCreate]
                }
                _ => continue,
            };
            let Some((node, place, _)) = self.locate(&resource) else {
                continue;
            };
            let Node::Resource(module, at) = self.graph.node(node) else {
                continue;
            };
            let triggers = &config.module(module).resources[at as usize].lifecycle;
            for event in events {
                for (block, trigger) in (0u32..).zip(&triggers.action_triggers) {
                    if trigger.events.contains(&event) {
                        let what = Triggering {
                            resource: &resource,
                            place,
                            at,
                        };
                        self.trigger_actions(&what, trigger, (event, block));
                    }
                }
            }
        }
    }

    fn trigger_actions(
        &mut self,
        what: &Triggering<'_>,
        trigger: &ActionTrigger,
        (event, block): (ActionEvent, u32),
    ) {
        match self.chosen(what, trigger) {
            Ok(chosen) => {
                for (position, addr) in chosen {
                    let cause = ActionCause::Lifecycle {
                        resource: what.resource.clone(),
                        event,
                        block,
                        position,
                    };
                    self.invoke(&addr, cause);
                }
            }
            Err(diagnostics) => self.report(diagnostics, &what.resource.to_string()),
        }
    }

    /// The actions that a block stands for, each with its place in the list; none if its condition does not hold.
    fn chosen(
        &self,
        what: &Triggering<'_>,
        trigger: &ActionTrigger,
    ) -> Result<Vec<(u32, InstanceAddr)>, Diagnostics> {
        let key = what.resource.key.as_ref();
        let repeat = self.world.repeat(what.place, what.at, key)?;
        let scope = self.world.scope(what.place).repeated(repeat);
        if let Some(condition) = &trigger.condition {
            let value = condition.eval(&scope, &[])?;
            let problem = match convert(value.unmarked(), &Type::Bool) {
                _ if value.marks().is_ephemeral() => {
                    "it is made of ephemeral values, which are others when the plan is applied"
                        .into()
                }
                Err(error) => error.to_string(),
                Ok(value) => match value.kind() {
                    Kind::Bool(true) => String::new(),
                    Kind::Bool(false) => return Ok(Vec::new()),
                    Kind::Unknown(..) => {
                        "whether it holds is not known before the plan is applied".into()
                    }
                    _ => "it has to be true or false, not null".into(),
                },
            };
            if !problem.is_empty() {
                return Err(Diagnostic::error(
                    &rules::planning::INVALID_ACTION_CONDITION,
                    format!("The condition of an action_trigger block can't be used: {problem}."),
                )
                .at(condition.span())
                .into());
            }
        }
        let mut chosen = Vec::new();
        for (position, used) in (0u32..).zip(&trigger.actions) {
            let addrs = self.action_instances(what.place, used, &scope)?;
            chosen.extend(addrs.into_iter().map(|addr| (position, addr)));
        }
        Ok(chosen)
    }

    fn action_instances(
        &self,
        place: Place,
        used: &ActionUse,
        scope: &dyn Scope,
    ) -> Result<Vec<InstanceAddr>, Diagnostics> {
        let resource = self.world.resource_addr(place, used.action);
        let cell = self.world.resource_cell(place, used.action);
        let keys: &[Option<InstanceKey>] = cell.map_or(&[], |cell| &cell.keys);
        let Some(key) = &used.key else {
            return Ok(keys
                .iter()
                .map(|key| resource.instance(key.clone()))
                .collect());
        };
        let key = match key.eval(scope, &[])?.unmarked().kind() {
            Kind::String(key) => Some(InstanceKey::Str(key.clone())),
            Kind::Number(index) => index.to_u64().map(InstanceKey::Int),
            _ => None,
        };
        if key.is_some() && keys.contains(&key) {
            return Ok(vec![resource.instance(key)]);
        }
        Err(Diagnostic::error(
            &rules::planning::NO_SUCH_ACTION,
            format!("The key that this entry gives is that of no instance of {resource}, or is not known yet."),
        )
        .at(used.span)
        .into())
    }

    fn invoke(&mut self, addr: &InstanceAddr, cause: ActionCause) {
        // What could not be evaluated was reported.
        let Some(possible) = self.actions.possible.get(addr) else {
            return;
        };
        let invocation = ActionInvocation {
            addr: addr.clone(),
            provider: self.config.provider(possible.provider.config).addr.clone(),
            provider_key: possible.provider.key.clone(),
            config: possible.config.clone(),
            cause,
        };
        self.secrets.add(&invocation.config);
        self.actions.providers.push(possible.provider.clone());
        self.actions.invocations.push(invocation);
    }

    pub(super) fn action_answered(&mut self, at: usize, outcome: Result<Reply, CallFailure>) {
        let invocation = &self.actions.invocations[at];
        let (address, place) = (title(invocation), invocation.addr.resource.clone());
        let config = self.config.clone();
        let declared = self.index.resource(&place);
        let declared = declared.map(|(module, at)| &config.module(module).resources[at as usize]);
        match outcome {
            Ok(reply) => {
                self.report_provider(&reply.diagnostics, &address, &|path| {
                    let declared = declared?;
                    Some(path.map_or(declared.span, |path| declared.body.span_of(path)))
                });
            }
            Err(failure) => {
                let provider = self.actions.providers[at].clone();
                let span = declared.map(|declared| declared.span);
                self.report_failure(&failure, &provider, &address, span);
            }
        }
    }
}
