//! `action_trigger` blocks: which actions are done when an object is made or changed.

use super::Session;
use super::bind::Place;
use super::lifecycle::name_and_steps;
use crate::config::{ActionTrigger, ActionUse};
use crate::load::decl::ActionTriggerDecl;
use crate::rules;
use crate::suggest::did_you_mean;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::expr::Compiled;
use terrane_lang::syntax::ast::{Expr, Step, StepKind};
use terrane_model::addr::Mode;
use terrane_value::Value;

impl Session<'_> {
    pub(super) fn action_trigger(
        &mut self,
        at: usize,
        decl: &ActionTriggerDecl,
        place: Place,
    ) -> ActionTrigger {
        let condition = Place {
            // Whether something is done after an object was made may depend on what it is.
            own: None,
            ..place
        };
        ActionTrigger {
            span: decl.span,
            events: decl.events.clone(),
            condition: (decl.condition.as_ref())
                .map(|expr| self.compiler(at, condition).expr(expr)),
            actions: (decl.actions.iter())
                .filter_map(|expr| self.action_use(at, expr, place))
                .collect(),
        }
    }

    /// `action.T.n` or `action.T.n[key]`.
    fn action_use(&mut self, at: usize, expr: &Expr, place: Place) -> Option<ActionUse> {
        match self.action_named(at, expr) {
            Ok((action, rest)) => {
                let key = match rest.map(|step| (&step.kind, step.span)) {
                    Some((StepKind::Index(index), _)) => Some(self.compiler(at, place).expr(index)),
                    Some((StepKind::LegacyIndex(index), span)) => {
                        Some(Compiled::constant(Value::number(*index), span))
                    }
                    _ => None,
                };
                Some(ActionUse {
                    action,
                    key,
                    span: expr.span,
                })
            }
            Err(detail) => {
                self.diagnostics.push(
                    Diagnostic::error(&rules::resource::INVALID_ACTION_REFERENCE, detail)
                        .at(expr.span),
                );
                None
            }
        }
    }

    fn action_named<'e>(
        &self,
        at: usize,
        expr: &'e Expr,
    ) -> Result<(u32, Option<&'e Step>), String> {
        const FORM: &str = "An entry of \"actions\" is the name of an action of this module: action.TYPE.NAME, perhaps with the key of one of its instances behind it.";
        let Some((root, [type_step, name_step, rest @ ..])) = name_and_steps(expr) else {
            return Err(FORM.into());
        };
        let (StepKind::Attr(type_name), StepKind::Attr(name)) = (&type_step.kind, &name_step.kind)
        else {
            return Err(FORM.into());
        };
        let key = match rest {
            [] => None,
            [step] if matches!(step.kind, StepKind::Index(_) | StepKind::LegacyIndex(_)) => {
                Some(step)
            }
            _ => return Err(FORM.into()),
        };
        if root.name != "action" {
            return Err(FORM.into());
        }
        let known = &self.tables[at].resources;
        let wanted = (Mode::Action, type_name.clone(), name.clone());
        match known.get(&wanted) {
            Some(action) => Ok((*action, key)),
            None => {
                let names = known.keys().filter(|(mode, ..)| *mode == Mode::Action);
                let names: Vec<String> =
                    names.map(|(_, of, name)| format!("{of}.{name}")).collect();
                let near = did_you_mean(
                    &format!("{type_name}.{name}"),
                    names.iter().map(String::as_str),
                );
                Err(format!(
                    "There is no action \"{type_name}\" named \"{name}\" in this module.{near}"
                ))
            }
        }
    }
}
