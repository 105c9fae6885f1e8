//! What becomes of the outputs of the root module when everything is done.

use crate::core::Core;
use terrane_config::validate::output_problems;
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::claim::{Access, Part};
use terrane_model::event::EventKind;
use terrane_model::snapshot::OutputState;
use terrane_plan::plan::{Action, PlanMode};
use terrane_plan::replay::Evaluator;
use terrane_value::Value;

impl Core {
    pub(crate) fn output_events(&mut self, evaluator: &Evaluator) -> Vec<EventKind> {
        let mut kinds = Vec::new();
        let config = self.config.clone();
        let declared = config
            .modules
            .first()
            .map(|root| root.outputs.as_slice())
            .unwrap_or_default();
        let removed = self
            .plan
            .outputs
            .iter()
            .filter(|output| output.action == Action::Delete);
        kinds.extend(removed.map(|output| EventKind::Output {
            name: output.name.clone(),
            value: None,
        }));
        if self.plan.mode == PlanMode::Destroy {
            return kinds;
        }
        let mut messages = Diagnostics::new();
        let left_out = self.plan.mode == PlanMode::RefreshOnly
            || !self.plan.targets.is_empty()
            || !self.plan.excludes.is_empty();
        let planned = &self.plan.outputs;
        let concerned = |name: &str| {
            let planned = planned.iter().find(|planned| planned.name == name);
            // What refreshing does not know remains as it is.
            let unknown =
                |after: &Value| self.plan.mode == PlanMode::RefreshOnly && !after.is_wholly_known();
            planned.is_some_and(|planned| {
                (planned.action != Action::NoOp || !left_out) && !unknown(&planned.after)
            })
        };
        let values = evaluator.outputs(&concerned, &mut messages);
        self.diagnostics.extend(messages);
        for ((name, value), output) in values.into_iter().zip(declared) {
            // What was not to change was not claimed, and may be written by somebody else just now.
            let part = Part::Output(name.clone());
            if self.plan.claim.access(&part) != Some(Access::Write) {
                continue;
            }
            // What was known when the plan was made holds, whatever became of the objects that it comes from.
            let known = || {
                let planned = planned.iter().find(|planned| planned.name == name)?;
                let changes = !matches!(planned.action, Action::NoOp | Action::Delete);
                (changes && planned.after.is_wholly_known()).then(|| planned.after.clone())
            };
            let Some(value) = value.or_else(known) else {
                continue;
            };
            // What was not known when the plan was made may turn out to hold what must not be stored.
            let problems = output_problems(output, true, &value);
            let harmful = problems.has_errors();
            self.diagnostics.extend(problems);
            if harmful || output.ephemeral {
                continue;
            }
            if value.is_null() {
                if self.snapshot.outputs.contains_key(&name) {
                    kinds.push(EventKind::Output { name, value: None });
                }
                continue;
            }
            let state = OutputState {
                value: value.unmark_deep(),
                sensitive: output.sensitive,
                deprecated: output.deprecated.clone(),
            };
            if self.snapshot.outputs.get(&name) != Some(&state) {
                kinds.push(EventKind::Output {
                    name,
                    value: Some(state),
                });
            }
        }
        kinds
    }
}
