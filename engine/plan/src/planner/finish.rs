//! Puts the plan together when everything is answered.

use super::prior::{Object, Stage};
use super::{Core, empty_plan};
use crate::exec::StepKind;
use crate::exec::build::Builder;
use crate::graph::{Node, NodeId};
use crate::machine::Planned;
use crate::plan::{Action, Base, OutputChange, Plan, PlanMode, ResourceChange};
use crate::rules;
use crate::stored;
use crate::world::Place;
use std::collections::{BTreeMap, BTreeSet};
use terrane_config::config::ModuleId;
use terrane_config::validate::output_problems;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::{InstanceAddr, Mode};
use terrane_value::{EcoString, Marks, Value, json};

pub(super) fn finish(mut core: Core) -> Planned {
    if core.graph.order().is_empty() && core.graph.len() > 0 || core.cancelled {
        return Planned {
            plan: None,
            diagnostics: core.diagnostics,
            generated: Vec::new(),
        };
    }
    core.put_off_needed();
    core.check_replace_requests();
    if core.options.mode == PlanMode::Normal {
        core.check_moves();
    }
    core.check_unused_imports();
    core.warn_about_shared_imports();
    let generated = core.generated();
    core.find_drift();
    let mut plan = empty_plan(&core);
    (plan.outputs, plan.left_out.outputs) = core.output_changes();
    plan.changes = in_order(std::mem::take(&mut core.changes));
    plan.deferred = core.put_off.finish();
    plan.left_out.objects = core.left_out();
    plan.ephemerals = std::mem::take(&mut core.ephemerals.instances);
    plan.ephemerals.sort_by(|a, b| a.addr.cmp(&b.addr));
    plan.invocations = std::mem::take(&mut core.actions.invocations);
    plan.drift = std::mem::take(&mut core.drift);
    plan.drift
        .sort_by(|a, b| (&a.addr, &a.deposed).cmp(&(&b.addr, &b.deposed)));
    plan.moves.clone_from(&core.prior.moves);
    plan.checks = std::mem::take(&mut core.checks).finish();
    plan.variables = core.plan_variables();
    plan.module_instances = core
        .world
        .all_places()
        .map(|place| core.world.module_cell(place).addr.clone())
        .collect();
    plan.base = core.base();
    plan.claim = core.claim(&plan);
    core.warn_about_forgotten(&plan.changes);
    plan.relevant = core.relevant(&plan.changes, &plan.outputs);
    if core.options.mode != PlanMode::RefreshOnly || !plan.invocations.is_empty() {
        core.order(&mut plan);
    }
    plan.errored = core.diagnostics.has_errors();
    let diagnostics = std::mem::take(&mut core.diagnostics);
    if plan.changes.len() >= APART_FROM {
        rayon::spawn(move || drop(core));
    }
    Planned {
        plan: Some(plan),
        diagnostics,
        generated,
    }
}

/// From so many changes on, what planning has left behind is taken apart while the caller goes on.
const APART_FROM: usize = 2_000;

/// Changes in the order of addresses. They are large, so their places are sorted, and each moves once.
fn in_order(changes: Vec<ResourceChange>) -> Vec<ResourceChange> {
    let by =
        |a: &ResourceChange, b: &ResourceChange| (&a.addr, &a.deposed).cmp(&(&b.addr, &b.deposed));
    if changes.is_sorted_by(|a, b| by(a, b).is_le()) {
        return changes;
    }
    let mut order: Vec<usize> = (0..changes.len()).collect();
    order.sort_by(|a, b| by(&changes[*a], &changes[*b]));
    let mut changes: Vec<Option<ResourceChange>> = changes.into_iter().map(Some).collect();
    let sorted = order.into_iter().filter_map(|at| changes[at].take());
    sorted.collect()
}

impl Core {
    /// Builds the execution graph.
    fn order(&mut self, plan: &mut Plan) {
        let built = Builder::new(&self.config, &self.graph, &self.world, plan)
            .build(&|addr| self.locate(addr));
        match built {
            Ok(graph) => plan.graph = graph,
            Err(steps) => {
                let name = |at: u32| plan.changes[at as usize].addr.to_string();
                let members = steps.iter().filter_map(|step| match step {
                    StepKind::Apply(at) => Some(name(*at)),
                    StepKind::Destroy(at) => Some(format!("{} (destroy)", name(*at))),
                    StepKind::Forget(at) => Some(format!("{} (forget)", name(*at))),
                    StepKind::Invoke(at) => {
                        Some(crate::action::title(&plan.invocations[*at as usize]))
                    }
                    StepKind::Open(_) | StepKind::Close(_) | StepKind::Join => None,
                });
                let members: Vec<String> = members.take(20).collect();
                self.diagnostics.push(Diagnostic::error(
                    rules::planning::STEP_CYCLE.named(format!("Cycle: {}", members.join(", "))),
                    "The planned steps wait for each other, so there is no order in which they could be carried out. This happens when objects are destroyed and created at the same time and some \
                     of them use create_before_destroy. Use -target to apply a part of the changes first.",
                ));
            }
        }
    }

    /// Where the instance of a change is configured.
    pub(super) fn locate(&self, addr: &InstanceAddr) -> Option<(NodeId, Place, usize)> {
        let (module, at) = self.index.resource(&addr.resource)?;
        let place = self.world.place_of(&addr.resource.module)?;
        let index = self
            .world
            .resource_cell(place, at)?
            .keys
            .binary_search(&addr.key)
            .ok()?;
        Some((self.graph.id(Node::Resource(module, at)), place, index))
    }

    /// The stored objects that take no part: what is not in scope and, while destroying, what was read from data sources. Nothing was asked about them, so
    /// they are shown as they are stored.
    fn left_out(&self) -> Vec<ResourceChange> {
        let destroying = self.is_destroy();
        if self.scope.is_all() && !destroying {
            return Vec::new();
        }
        let was_read = |object: &Object| {
            let resource = &object.addr.resource;
            destroying && resource.mode == Mode::Data && self.index.resource(resource).is_some()
        };
        let objects = self.prior.objects.iter().enumerate();
        let mut left_out: Vec<ResourceChange> = objects
            .filter(|(_, object)| {
                object.importing.is_none() && (!object.in_scope || was_read(object))
            })
            .map(|(id, object)| {
                let text = &object.stored.attributes;
                let typed = object
                    .schema
                    .as_ref()
                    .and_then(|schema| stored::decode(text, schema.block.implied_type()).ok());
                let value = typed.or_else(|| json::decode_implied(text).ok());
                let value = self.marked(id, &value.unwrap_or(Value::NULL));
                ResourceChange {
                    before: value.clone(),
                    after: value,
                    ..self.change_of(id)
                }
            })
            .collect();
        left_out.sort_by(|a, b| (&a.addr, &a.deposed).cmp(&(&b.addr, &b.deposed)));
        left_out
    }

    fn plan_variables(&self) -> BTreeMap<EcoString, Value> {
        let Some(root) = self.config.modules.first() else {
            return BTreeMap::new();
        };
        // Defaults too: the plan is complete in itself, and tools that read it expect them.
        let variables = (0u32..)
            .zip(&root.variables)
            .filter(|(_, variable)| !variable.ephemeral);
        let value = |at: u32| {
            self.world
                .value_cell(Node::Variable(ModuleId(0), at), 0)?
                .get()?
                .clone()
                .ok()
        };
        variables
            .filter_map(|(at, variable)| Some((variable.name.clone(), value(at)?)))
            .collect()
    }

    /// What the plan read of state: every object in scope, and for new ones that there was none.
    fn base(&self) -> Base {
        // What is left out may be depended on: what of this matters, the claim tells.
        let known = self.prior.objects.iter().filter(|object| {
            (object.stage != Stage::Waiting || !object.in_scope) && object.importing.is_none()
        });
        let read = known.map(|object| {
            let addr = object.previous.as_ref().unwrap_or(&object.addr);
            (addr.clone(), object.changed_at)
        });
        let read = read.collect();
        Base {
            lineage: self.snapshot.lineage.clone(),
            serial: self.snapshot.serial,
            read,
            open: self.snapshot.open.keys().copied().collect(),
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "outputs that are there, then those that are gone, by one set of rules"
    )]
    fn output_changes(&mut self) -> (Vec<OutputChange>, Vec<OutputChange>) {
        let mut changes = BTreeMap::new();
        let mut left_out = Vec::new();
        let config = self.config.clone();
        for (name, state) in &self.snapshot.outputs {
            let marks = if state.sensitive {
                Marks::SENSITIVE
            } else {
                Marks::NONE
            };
            let before = state.value.clone().with_marks(&marks);
            let after = Value::NULL;
            changes.insert(
                name.clone(),
                OutputChange {
                    name: name.clone(),
                    action: Action::Delete,
                    before,
                    after,
                    sensitive: state.sensitive,
                },
            );
        }
        let destroy = self.is_destroy();
        if destroy && !(self.options.targets.is_empty() && self.options.excludes.is_empty()) {
            // Not all goes: an output tells of what stays, or of what was, until a plan looks at everything again.
            left_out.extend(changes.into_values().map(|change| OutputChange {
                action: Action::NoOp,
                after: change.before.clone(),
                ..change
            }));
            return (Vec::new(), left_out);
        }
        let outputs = config
            .modules
            .first()
            .map(|root| root.outputs.as_slice())
            .unwrap_or_default();
        for (at, output) in (0u32..).zip(outputs).filter(|_| !destroy) {
            let node = Node::Output(ModuleId(0), at);
            let in_scope = self.scope.node(self.graph.id(node));
            let value = self
                .world
                .value_cell(node, 0)
                .and_then(|cell| cell.get())
                .cloned();
            if !in_scope {
                left_out.extend(changes.remove(&output.name).map(|change| OutputChange {
                    action: Action::NoOp,
                    after: change.before.clone(),
                    ..change
                }));
                continue;
            }
            // What is put off has its old value until it is done.
            let waits = self.waits_for_deferred(self.graph.id(node), None);
            let value = value.filter(|_| !waits);
            let Some(Ok(after)) = value else {
                if let Some(change) = changes.get_mut(&output.name) {
                    change.action = Action::NoOp;
                    change.after = change.before.clone();
                }
                continue;
            };
            self.diagnostics
                .extend(output_problems(output, true, &after));
            let before = changes
                .get(&output.name)
                .map_or(Value::NULL, |change| change.before.clone());
            let stored = self.snapshot.outputs.get(&output.name);
            let same = stored.is_some_and(|stored| {
                stored.sensitive == output.sensitive && stored.value == after.unmark_deep()
            });
            let action = match (stored, after.is_null() && after.is_known()) {
                (None, true) => Action::NoOp,
                (None, false) => Action::Create,
                (Some(_), _) if same => Action::NoOp,
                (Some(_), _) => Action::Update,
            };
            // A null is no output: there was none, and there will be none.
            let after = if stored.is_none() && action == Action::NoOp {
                Value::NULL
            } else {
                after
            };
            let sensitive = output.sensitive || stored.is_some_and(|stored| stored.sensitive);
            changes.insert(
                output.name.clone(),
                OutputChange {
                    name: output.name.clone(),
                    action,
                    before,
                    after,
                    sensitive,
                },
            );
        }
        if !destroy && !self.scope.is_all() {
            // That an output is gone is seen by a plan that looks at everything.
            let declared: BTreeSet<&str> = outputs.iter().map(|output| &*output.name).collect();
            let (staying, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = (changes.into_iter())
                .partition(|(name, _): &(EcoString, OutputChange)| declared.contains(&**name));
            left_out.extend(gone.into_values().map(|change| OutputChange {
                action: Action::NoOp,
                after: change.before.clone(),
                ..change
            }));
            changes = staying;
        }
        if destroy && !self.scope.is_all() {
            // Outputs go with the last object, not with some.
            left_out.extend(changes.into_values().map(|change| OutputChange {
                action: Action::NoOp,
                after: change.before.clone(),
                ..change
            }));
            changes = BTreeMap::new();
        }
        left_out.sort_by(|a: &OutputChange, b| a.name.cmp(&b.name));
        (changes.into_values().collect(), left_out)
    }

    /// What is forgotten is not destroyed: say so, for nobody looks after it then.
    fn warn_about_forgotten(&mut self, changes: &[ResourceChange]) {
        let forgotten = changes
            .iter()
            .filter(|change| matches!(change.action, Action::Forget | Action::ForgetThenCreate));
        let list: Vec<String> = forgotten
            .map(|change| match &change.deposed {
                Some(key) => format!("  - {} (deposed object {key})", change.addr),
                None => format!("  - {}", change.addr),
            })
            .collect();
        if list.is_empty() {
            return;
        }
        self.diagnostics.push(Diagnostic::warning(
            &rules::planning::FORGOTTEN,
            format!(
                "If this plan is applied, these objects are taken out of the state, and they are not destroyed:\n{}\n\nTo have them managed again, import them.",
                list.join("\n")
            ),
        ));
    }

    /// `-replace` of something that is not there does nothing; say so.
    fn check_replace_requests(&mut self) {
        for addr in self.options.replace.clone() {
            if self
                .changes
                .iter()
                .chain(self.put_off.changes())
                .any(|change| change.addr == addr && change.deposed.is_none())
            {
                continue;
            }
            let siblings: Vec<String> = self
                .changes
                .iter()
                .filter(|change| change.addr.resource == addr.resource)
                .take(5)
                .map(|change| format!("-replace='{}'", change.addr))
                .collect();
            let hint = if siblings.is_empty() {
                String::new()
            } else {
                format!(
                    " To replace particular instances of this resource, use one or more of:\n  {}",
                    siblings.join("\n  ")
                )
            };
            self.diagnostics.push(
                Diagnostic::warning(&rules::planning::UNMATCHED_REPLACE, format!("Your force-replace request for {addr} doesn't match any resource instance.{hint}")).about(addr.to_string()),
            );
        }
    }
}
