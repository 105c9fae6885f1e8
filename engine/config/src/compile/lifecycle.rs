//! The `lifecycle` block.

use super::Session;
use super::bind::{ModuleBinder, Place, check_steps, is_read_only};
use crate::config::{IgnoreChanges, Lifecycle, Reference, Trigger};
use crate::load::decl::{ResourceDecl, Traversal};
use crate::load::decode::lifecycle::relative_steps;
use crate::rules;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_lang::source::Span;
use terrane_lang::syntax::ast::{Expr, ExprKind, Ident, Step, StepKind};
use terrane_model::addr::Mode;
use terrane_model::schema::Schema;
use terrane_value::{Path, PathStep, Value};

impl Session<'_> {
    pub(super) fn lifecycle(
        &mut self,
        at: usize,
        decl: &ResourceDecl,
        own: u32,
        schema: &Schema,
    ) -> Lifecycle {
        let known = self.tables[at].resource_infos[own as usize]
            .schema
            .is_some();
        let place = Self::place_of(&decl.repetition);
        let condition = |kind, self_object| Place {
            own: Some(own),
            condition: Some(kind),
            self_object,
            ..place
        };
        let lifecycle = &decl.lifecycle;
        let prevent = Place {
            own: Some(own),
            ..place
        };
        Lifecycle {
            create_before_destroy: lifecycle.create_before_destroy,
            prevent_destroy: lifecycle
                .prevent_destroy
                .as_ref()
                .map(|expr| self.compiler(at, prevent).expr(expr)),
            skip_destroy: lifecycle.destroy == Some(false),
            ignore_changes: match &lifecycle.ignore_changes {
                _ if lifecycle.ignore_all => IgnoreChanges::All,
                None => IgnoreChanges::None,
                Some(paths) => {
                    let schema = known.then_some(schema);
                    let (paths, diagnostics) = ignored(paths, schema);
                    self.diagnostics.extend(diagnostics);
                    if paths.is_empty() {
                        IgnoreChanges::None
                    } else {
                        IgnoreChanges::Paths(paths)
                    }
                }
            },
            replace_triggered_by: lifecycle
                .replace_triggered_by
                .iter()
                .filter_map(|expr| self.trigger(at, expr, place))
                .collect(),
            action_triggers: lifecycle
                .action_triggers
                .iter()
                .map(|decl| self.action_trigger(at, decl, prevent))
                .collect(),
            preconditions: lifecycle
                .preconditions
                .iter()
                .map(|decl| self.condition(at, decl, condition("precondition", false)))
                .collect(),
            postconditions: lifecycle
                .postconditions
                .iter()
                .map(|decl| self.condition(at, decl, condition("postcondition", true)))
                .collect(),
        }
    }

    /// An entry of `replace_triggered_by`: a resource, one of its instances, or an attribute of one.
    fn trigger(&mut self, at: usize, expr: &Expr, place: Place) -> Option<Trigger> {
        let Some((root, steps)) = name_and_steps(expr) else {
            self.diagnostics.push(missing_trigger(expr.span));
            return None;
        };
        let resource = self.triggering(at, expr, &root, steps)?;
        // The index belongs to the reference whatever the repetition is.
        let names = if root.name == "resource" { 2 } else { 1 };
        let mut rest = steps.get(names..).unwrap_or(&[]);
        let mut key = None;
        if let Some((first, others)) = rest.split_first() {
            match &first.kind {
                StepKind::Index(index) => {
                    key = self.trigger_key(at, index, place);
                    key.as_ref()?;
                    rest = others;
                }
                StepKind::LegacyIndex(index) => {
                    let value = Value::number(*index);
                    key = Some(terrane_lang::expr::Compiled::constant(value, first.span));
                    rest = others;
                }
                _ => {}
            }
        }
        let schema = self.tables[at].resource_infos[resource as usize]
            .schema
            .clone();
        if let Some(schema) = schema
            && let Err(diagnostic) = check_steps(&schema.block, rest)
        {
            self.diagnostics.push(diagnostic);
            return None;
        }
        let Some(path) = path(rest) else {
            self.diagnostics.push(missing_trigger(expr.span));
            return None;
        };
        Some(Trigger {
            resource,
            key,
            path,
            span: expr.span,
        })
    }

    /// The resource that an entry of `replace_triggered_by` names.
    fn triggering(&mut self, at: usize, expr: &Expr, root: &Ident, steps: &[Step]) -> Option<u32> {
        const SUMMARY: &Rule = &rules::resource::INVALID_TRIGGER_REFERENCE;
        let mut binder = ModuleBinder {
            tables: &mut self.tables[at],
            place: Place {
                count: true,
                each: true,
                ..Place::default()
            },
        };
        let detail = match binder.whole(root, steps) {
            Ok((Reference::Resource(resource), _)) => {
                let info = &self.tables[at].resource_infos[resource as usize];
                if info.mode == Mode::Managed {
                    return Some(resource);
                }
                "Only managed resources can trigger a replacement."
            }
            Ok(_) => {
                "Only resources, count.index, and each.key may be used in replace_triggered_by."
            }
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic);
                return None;
            }
        };
        self.diagnostics
            .push(Diagnostic::error(SUMMARY, detail).at(expr.span));
        None
    }

    /// A key in `replace_triggered_by`, which may use only `count.index` and `each.key`.
    fn trigger_key(
        &mut self,
        at: usize,
        index: &Expr,
        place: Place,
    ) -> Option<terrane_lang::expr::Compiled> {
        if let Some((root, steps)) = terrane_lang::syntax::static_expr::as_traversal(index) {
            let attr = match steps.first().map(|step| &step.kind) {
                Some(StepKind::Attr(name)) => name.as_str(),
                _ => "",
            };
            let problem = match (root.name.as_str(), attr) {
                ("count", "index") | ("each", "key") => None,
                ("count", _) => Some((
                    &rules::resource::TRIGGER_COUNT_REFERENCE,
                    "Only count.index may be used in replace_triggered_by.",
                )),
                ("each", _) => Some((
                    &rules::resource::TRIGGER_EACH_REFERENCE,
                    "Only each.key may be used in replace_triggered_by.",
                )),
                _ => Some((
                    &rules::resource::TRIGGER_KEY_REFERENCE,
                    "Only resources, count.index, and each.key may be used in replace_triggered_by.",
                )),
            };
            if let Some((summary, detail)) = problem {
                self.diagnostics
                    .push(Diagnostic::error(summary, detail).at(index.span));
                return None;
            }
        }
        Some(self.compiler(at, place).expr(index))
    }
}

/// Paths of `ignore_changes`, checked against the schema.
fn ignored(list: &[Traversal], schema: Option<&Schema>) -> (Vec<(Path, Span)>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut found = Vec::new();
    for entry in list {
        let steps = relative_steps(entry);
        if let Some(schema) = schema {
            if let Err(diagnostic) = check_steps(&schema.block, &steps) {
                diagnostics.push(diagnostic);
                continue;
            }
            let attribute = schema.block.attributes.get(&entry.root.name);
            if let [_] = steps.as_slice()
                && attribute.is_some_and(is_read_only)
            {
                let name = &entry.root.name;
                let detail = format!(
                    "Adding an attribute name to ignore_changes means that future changes to the argument in configuration are ignored after the object has been created, retaining the value originally configured.\n\nThe attribute {name} is decided by the provider alone and therefore there can be no configured value to compare with. Including this attribute in ignore_changes has no effect. Remove the attribute from ignore_changes to quiet this warning."
                );
                diagnostics.push(
                    Diagnostic::warning(&rules::resource::REDUNDANT_IGNORE_CHANGES, detail)
                        .at(entry.span),
                );
            }
        }
        if let Some(path) = path(&steps) {
            found.push((path, entry.span));
        }
    }
    (found, diagnostics)
}

/// Static steps as a path.
fn path(steps: &[Step]) -> Option<Path> {
    let step = |step: &Step| {
        Some(match &step.kind {
            StepKind::Attr(name) => PathStep::Attr(name.clone()),
            StepKind::LegacyIndex(index) => PathStep::Index(Value::number(*index)),
            StepKind::Index(index) => match &index.kind {
                ExprKind::String(text) => PathStep::Index(Value::string(text.clone())),
                ExprKind::Number(number) => PathStep::Index(Value::number(number.clone())),
                _ => return None,
            },
            StepKind::AttrSplat(_) | StepKind::FullSplat(_) => return None,
        })
    };
    steps.iter().map(step).collect::<Option<Vec<_>>>().map(Path)
}

fn missing_trigger(span: Span) -> Diagnostic {
    Diagnostic::error(
        &rules::resource::TRIGGER_WITHOUT_RESOURCE,
        "Missing resource reference in replace_triggered_by expression.",
    )
    .at(span)
}

/// The name that a chain begins with, and its steps.
pub(super) fn name_and_steps(expr: &Expr) -> Option<(Ident, &[Step])> {
    let (root, steps) = match &expr.kind {
        ExprKind::Name(_) => (expr, &[][..]),
        ExprKind::Chain(source, steps) => (source.as_ref(), steps.as_slice()),
        _ => return None,
    };
    let ExprKind::Name(name) = &root.kind else {
        return None;
    };
    let root = Ident {
        name: name.clone(),
        span: root.span,
    };
    Some((root, steps))
}
