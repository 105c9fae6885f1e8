//! Data sources: read while planning where that is possible, else left for apply (`opentofu.md` 5.9).

use super::conditions;
use super::managed::Step;
use super::{Core, Waiting};
use crate::machine::Progress;
use crate::objchange;
use crate::plan::{Action, ActionReason, DeferredReason, PlanMode, ResourceChange};
use crate::rules;
use crate::world::Place;
use std::sync::Arc;
use terrane_config::config::{Reference, Repetition};
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::expr::Use;
use terrane_model::addr::Mode;
use terrane_model::provider::{Call, Private, ProviderDiagnostic};
use terrane_model::snapshot::CheckKind;
use terrane_value::Value;

impl Core {
    /// The configuration of a data source is acceptable: read it, or plan to.
    pub(super) fn read_data(&mut self, id: usize) {
        let task = &self.tasks[id];
        let resource = self.world.resource(task.place.module, task.at);
        let (block, type_name) = (resource.schema.block.clone(), resource.type_name.clone());
        let config = task.config.unmark_deep();
        if let Some(reason) = self.deferral_of(id) {
            return self.data_deferred(id, reason);
        }
        let reason = if !config.is_wholly_known() {
            Some(ActionReason::ReadBecauseConfigUnknown)
        } else if self.data_waits(task.place, task.at) {
            Some(ActionReason::ReadBecauseDependencyPending)
        } else {
            None
        };
        if let Some(reason) = reason {
            let unknown = objchange::planned_unknown_object(&block, &config);
            return self.data_decided(id, Action::Read, Some(reason), unknown);
        }
        let provider = task.provider.clone();
        let meta = self.meta_at(task.place, provider.config);
        self.progress.push(Progress::ReadStart(task.addr.clone()));
        self.tasks[id].step = Step::ReadingData;
        self.ask(
            &provider,
            Call::ReadDataSource {
                type_name,
                config,
                meta,
            },
            Waiting::Task(id),
        );
    }

    /// Whether something that it explicitly depends on (itself, or through the calls around it) has pending changes. For data sources a managed resource
    /// that they refer to themselves is as good as one in `depends_on`: what they find may be the work of that.
    /// Of its own module only the same instance counts.
    pub(super) fn data_waits(&self, place: Place, at: u32) -> bool {
        let module = place.module;
        let declared = self.config.module(module);
        let resource = &declared.resources[at as usize];
        if resource.mode == Mode::Data {
            let mut waits = false;
            let mut look = |used: &Use| {
                if let Some(Reference::Resource(on)) =
                    declared.slots.get(used.slot.0 as usize).copied()
                    && !waits
                    && declared.resources[on as usize].mode == Mode::Managed
                {
                    waits = self.resource_changing(module, on, place);
                }
            };
            if let Repetition::Count(many) | Repetition::ForEach(many) | Repetition::Enabled(many) =
                &resource.repetition
            {
                many.uses().iter().for_each(&mut look);
            }
            resource.body.each_use(&mut look);
            if waits {
                return true;
            }
        }
        if declared.resources[at as usize]
            .depends_on
            .iter()
            .any(|entry| self.reference_changing(module, entry.on, place))
        {
            return true;
        }
        let mut parent = declared.parent;
        while let Some((outer, call)) = parent {
            let declared = self.config.module(outer);
            if declared.calls[call as usize]
                .depends_on
                .iter()
                .any(|entry| self.reference_changing(outer, entry.on, place))
            {
                return true;
            }
            parent = declared.parent;
        }
        // What conditions speak of must have happened before they are checked.
        let lifecycle = &declared.resources[at as usize].lifecycle;
        let conditions =
            !lifecycle.preconditions.is_empty() || !lifecycle.postconditions.is_empty();
        let node = self.graph.id(crate::graph::Node::Resource(module, at));
        conditions && {
            let deps = self.resource_deps[node.index()].as_deref().unwrap_or(&[]);
            deps.iter()
                .filter_map(|dep| self.index.config_resource(dep))
                .any(|(module, at)| {
                    let declared = &self.config.module(module).resources[at as usize];
                    declared.mode == Mode::Managed && self.resource_changing(module, at, place)
                })
        }
    }

    pub(super) fn data_read(&mut self, id: usize, state: Value) {
        let task = &self.tasks[id];
        let resource = self.world.resource(task.place.module, task.at);
        let (addr, span, block) = (
            task.addr.clone(),
            resource.span,
            resource.schema.block.clone(),
        );
        let problem = if state.is_null() {
            Some("it returned no object")
        } else if !state.is_wholly_known() {
            Some("the object holds values that are not known")
        } else if !super::fits::fits(&state, block.implied_type()) {
            Some("the object does not have the type that the schema says")
        } else {
            None
        };
        if let Some(problem) = problem {
            let detail = format!(
                "The provider's answer for {addr} is not valid: {problem}. This is a bug in the provider, which should be reported in its own issue tracker."
            );
            self.diagnostics.push(
                Diagnostic::error(&rules::answer::INVALID_DATA_OBJECT, detail)
                    .at(span)
                    .about(addr.to_string()),
            );
            return self.task_failed(id);
        }
        // What a check looks at is looked at once more when everything is done.
        let again = resource.within_check.is_some() && self.options.mode == PlanMode::Normal;
        self.progress
            .push(Progress::ReadDone(addr, super::objects::id_of(&state)));
        if again {
            let reason = ActionReason::ReadBecauseCheckNested;
            self.data_decided(id, Action::Read, Some(reason), state);
        } else {
            self.data_decided(id, Action::NoOp, None, state);
        }
    }

    /// The data source of a check could not be read: that is a failure of the check, and nothing else depends on it.
    pub(super) fn check_data_failed(&mut self, id: usize, messages: &[ProviderDiagnostic]) {
        let task = &self.tasks[id];
        let (place, at) = (task.place, task.at);
        let resource = self.world.resource(place.module, at);
        let unknown =
            objchange::planned_unknown_object(&resource.schema.block, &task.config.unmark_deep());
        if let Some(check) = resource.within_check {
            let name = &self.config.module(place.module).checks[check as usize].name;
            let name = format!("check.{name}");
            let (config_addr, addr) = (
                self.config_within(place.module, &name),
                self.within(place, &name),
            );
            for outcome in conditions::unread(messages) {
                let kind = CheckKind::Check;
                self.checks.record(kind, &config_addr, &addr, &outcome);
            }
        }
        if self.options.mode == PlanMode::Normal {
            let reason = ActionReason::ReadBecauseCheckNested;
            return self.data_decided(id, Action::Read, Some(reason), unknown);
        }
        self.settle(id, Ok(unknown));
    }

    /// Reading is put off.
    pub(super) fn data_deferred(&mut self, id: usize, reason: DeferredReason) {
        let task = &self.tasks[id];
        let resource = self.world.resource(task.place.module, task.at);
        let config = task.config.unmark_deep();
        let unknown = objchange::planned_unknown_object(&resource.schema.block, &config);
        self.tasks[id].deferred = Some(reason);
        self.data_decided(id, Action::Read, None, unknown);
    }

    fn data_decided(
        &mut self,
        id: usize,
        action: Action,
        reason: Option<ActionReason>,
        value: Value,
    ) {
        let task = &self.tasks[id];
        let node = task.node;
        let resource = self.world.resource(task.place.module, task.at);
        let block = resource.schema.block.clone();
        let mut after = objchange::schema_marks(&block, &value);
        if task.config.contains_marks() {
            for (path, marks) in objchange::marked_paths(&task.config) {
                after = objchange::mark_by_paths(&after, &[path], &marks);
            }
        }
        let before = if action == Action::Read {
            Value::null(block.implied_type().clone())
        } else {
            after.clone()
        };
        let stored = task.object.map(|object| &self.prior.objects[object]);
        let change = ResourceChange {
            addr: task.addr.clone(),
            previous_addr: stored.and_then(|object| object.previous.clone()),
            deposed: None,
            provider: self.config.provider(task.provider.config).addr.clone(),
            provider_key: task.provider.key.clone(),
            action,
            reason,
            before,
            after: after.clone(),
            replace_paths: Vec::new(),
            private: Private::from([]),
            before_identity: Value::NULL,
            after_identity: Value::NULL,
            importing: None,
            // What was read is never upgraded, so versions of schemas say nothing here; as with the peers.
            schema_version: 0,
            dependencies: self.resource_deps[node.index()]
                .clone()
                .unwrap_or_else(|| Arc::from([])),
            create_before_destroy: false,
            tainted: false,
            marks_only: false,
            stored: stored.map(|object| object.stored.clone()),
        };
        if let Some(reason) = self.tasks[id].deferred {
            return self.put_off_task(id, reason, change);
        }
        if action == Action::Read {
            self.changing.insert((node.index(), task.place.pos));
        }
        self.changes.push(change);
        self.settle_checked(id, after);
    }
}
