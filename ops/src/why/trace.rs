//! Following references: from an argument to variables, other objects, modules.

use super::{Cause, Story, brief};
use crate::load::Loaded;
use std::collections::BTreeSet;
use terrane_config::body::{CompiledBody, NestedItem};
use terrane_config::config::{ModuleId, Reference, Repetition, Resource, Trigger};
use terrane_lang::expr::{Compiled, Use};
use terrane_lang::source::Span;
use terrane_model::addr::{ConfigResource, InstanceAddr};
use terrane_plan::plan::{Action, ResourceChange};

/// What an argument or block is set to.
pub(super) struct Setting<'c> {
    /// Where.
    pub(super) span: Span,
    /// What it refers to.
    pub(super) uses: Vec<&'c Use>,
}

/// The resource of an instance, and its module.
pub(super) fn resource_of<'l>(
    loaded: &'l Loaded,
    addr: &InstanceAddr,
) -> Option<(u32, &'l Resource)> {
    let ConfigResource {
        module,
        mode,
        type_name,
        name,
    } = addr.resource.config();
    let modules = &loaded.config.modules;
    let found = modules.iter().find(|found| found.path == module)?;
    let ModuleId(id) = found.id;
    let mut resources = found.resources.iter();
    let resource =
        resources.find(|one| one.mode == mode && one.type_name == type_name && one.name == name)?;
    Some((id, resource))
}

/// What sets an attribute, or blocks of a type.
pub(super) fn setting<'c>(body: &'c CompiledBody, name: &str) -> Option<Setting<'c>> {
    let position = body
        .schema
        .attributes
        .keys()
        .position(|known| known == name);
    if let Some(Some(expr)) = position.and_then(|at| body.attributes.get(at)) {
        return Some(Setting {
            span: expr.span(),
            uses: expr.uses().iter().collect(),
        });
    }
    let position = body.schema.blocks.keys().position(|known| known == name)?;
    let blocks = body.blocks.get(position)?;
    let mut uses = Vec::new();
    let mut span = None;
    for block in blocks {
        match block {
            NestedItem::Static { body, .. } => {
                span = span.or(Some(body.span));
                inside(body, &mut uses);
            }
            NestedItem::Dynamic {
                for_each,
                content,
                span: header,
                ..
            } => {
                span = span.or(Some(*header));
                uses.extend(for_each.uses());
                inside(content, &mut uses);
            }
        }
    }
    span.map(|span| Setting { span, uses })
}

fn inside<'c>(body: &'c CompiledBody, uses: &mut Vec<&'c Use>) {
    for expr in body.attributes.iter().flatten() {
        uses.extend(expr.uses());
    }
    for block in body.blocks.iter().flatten() {
        match block {
            NestedItem::Static { body, .. } => inside(body, uses),
            NestedItem::Dynamic {
                for_each, content, ..
            } => {
                uses.extend(for_each.uses());
                inside(content, uses);
            }
        }
    }
}

/// Follows references of one argument.
pub(super) struct Trace<'s, 'a> {
    story: &'s mut Story<'a>,
    depth: usize,
    /// References that lie on the way or were followed already.
    seen: BTreeSet<(u32, Reference)>,
    /// What repeats around the argument: what `each` and `count` mean.
    around: Option<(u32, &'a Repetition)>,
}

impl<'s, 'a> Trace<'s, 'a> {
    pub(super) fn new(
        story: &'s mut Story<'a>,
        depth: usize,
        around: Option<(u32, &'a Repetition)>,
    ) -> Self {
        Self {
            story,
            depth: depth + 1,
            seen: BTreeSet::new(),
            around,
        }
    }

    /// What the references of an argument lead to. If one of them leads to something that changes, only those that do.
    pub(super) fn uses(&mut self, module: u32, uses: &[&Use]) -> Vec<Cause> {
        let mut found: Vec<(bool, Cause)> = Vec::new();
        for used in uses {
            found.extend(self.used(module, used));
        }
        let some = found.iter().any(|(changes, _)| *changes);
        (found.into_iter())
            .filter(|(changes, _)| *changes || !some)
            .map(|(_, cause)| cause)
            .collect()
    }

    fn expr(&mut self, module: u32, expr: &Compiled) -> Vec<Cause> {
        let uses: Vec<&Use> = expr.uses().iter().collect();
        self.uses(module, &uses)
    }

    /// What how often something is there depends on.
    pub(super) fn repetition(&mut self, module: u32, repetition: &Repetition) -> Vec<Cause> {
        let (name, expr) = match repetition {
            Repetition::Single => return Vec::new(),
            Repetition::Count(expr) => ("count", expr),
            Repetition::ForEach(expr) => ("for_each", expr),
            Repetition::Enabled(expr) => ("enabled", expr),
        };
        let causes = self.expr(module, expr);
        let place = self.story.place(expr.span());
        vec![
            Cause::new(format!("`{name}` says which instances there are"))
                .at(place)
                .because(causes),
        ]
    }

    /// An entry of `replace_triggered_by`.
    pub(super) fn trigger(&mut self, module: u32, trigger: &Trigger) -> Option<Cause> {
        let (changes, cause) = self.resource(module, trigger.resource, "")?;
        let place = self.story.place(trigger.span);
        changes.then(|| {
            Cause::new("`replace_triggered_by` names what changes")
                .at(place)
                .because(vec![cause])
        })
    }

    /// What of a body is not known because something else is changed before.
    pub(super) fn pending(&mut self, module: u32, body: &CompiledBody) -> Vec<Cause> {
        let mut uses = Vec::new();
        inside(body, &mut uses);
        self.uses(module, &uses)
    }

    /// A reference: whether it leads to something that changes, and the cause.
    fn used(&mut self, module: u32, used: &Use) -> Option<(bool, Cause)> {
        let loaded: &'a Loaded = self.story.loaded;
        let slots = &loaded.config.modules.get(module as usize)?.slots;
        let reference = *slots.get(used.slot.0 as usize)?;
        let path: String = used.path.iter().flat_map(|name| [".", name]).collect();
        self.follow(module, reference, &path)
    }

    fn follow(&mut self, module: u32, reference: Reference, path: &str) -> Option<(bool, Cause)> {
        if !self.seen.insert((module, reference)) || self.seen.len() > 1000 {
            return None;
        }
        match reference {
            Reference::Variable(variable) => self.variable(module, variable),
            Reference::Local(local) => self.local(module, local),
            Reference::Resource(index) => self.resource(module, index, path),
            Reference::CallOutput(call, output) => self.output(module, call, output),
            Reference::Call(call) => {
                let loaded: &'a Loaded = self.story.loaded;
                let found = loaded.config.modules.get(module as usize)?;
                let call = found.calls.get(call as usize)?;
                let place = self.story.place(call.span);
                Some((
                    false,
                    Cause::new(format!("module.{} as a whole", call.name)).at(place),
                ))
            }
            Reference::Workspace => Some((
                false,
                Cause::new(format!(
                    "terraform.workspace is {:?}",
                    self.story.plan.workspace
                )),
            )),
            Reference::EachKey | Reference::EachValue | Reference::CountIndex => {
                let (module, repetition) = self.around?;
                let causes = self.repetition(module, repetition);
                Some((false, causes.into_iter().next()?))
            }
            Reference::SelfObject
            | Reference::PathModule
            | Reference::PathRoot
            | Reference::PathCwd
            | Reference::Applying
            | Reference::Provider(_)
            | Reference::List(_) => None,
        }
    }

    fn variable(&mut self, module: u32, variable: u32) -> Option<(bool, Cause)> {
        let loaded: &'a Loaded = self.story.loaded;
        let config = &loaded.config;
        let found = config.modules.get(module as usize)?;
        let declared = found.variables.get(variable as usize)?;
        let name = &declared.name;
        let Some((ModuleId(parent), call)) = found.parent else {
            let plan = self.story.plan;
            let value = plan.variables.get(name);
            let text = match value {
                Some(value) => format!("var.{name} is {}", brief(value)),
                None => format!("var.{name}"),
            };
            let how = if plan.given.contains_key(name) {
                ", which was given"
            } else if value.is_some() {
                ", its default"
            } else {
                ""
            };
            let place = self.story.place(declared.span);
            return Some((false, Cause::new(text + how).at(place)));
        };
        let call = config
            .modules
            .get(parent as usize)?
            .calls
            .get(call as usize)?;
        let text = format!("var.{name} of {}", found.path);
        let Some(Some(input)) = call.inputs.get(variable as usize) else {
            let place = self.story.place(declared.span);
            return Some((false, Cause::new(text + " has its default").at(place)));
        };
        let place = self.story.place(input.span());
        let outside = self.around.replace((parent, &call.repetition));
        let found = self.all(parent, input);
        self.around = outside;
        Some(through(Cause::new(text).at(place), found))
    }

    fn local(&mut self, module: u32, local: u32) -> Option<(bool, Cause)> {
        let loaded: &'a Loaded = self.story.loaded;
        let found = loaded.config.modules.get(module as usize)?;
        let local = found.locals.get(local as usize)?;
        let place = self.story.place(local.span);
        let causes = self.all(module, &local.value);
        Some(through(
            Cause::new(format!("local.{}", local.name)).at(place),
            causes,
        ))
    }

    fn output(&mut self, module: u32, call: u32, output: u32) -> Option<(bool, Cause)> {
        let loaded: &'a Loaded = self.story.loaded;
        let config = &loaded.config;
        let call = config
            .modules
            .get(module as usize)?
            .calls
            .get(call as usize)?;
        let ModuleId(child) = call.module;
        let output = config
            .modules
            .get(child as usize)?
            .outputs
            .get(output as usize)?;
        let place = self.story.place(output.span);
        let causes = self.all(child, &output.value);
        let text = format!("module.{}.{}", call.name, output.name);
        Some(through(Cause::new(text).at(place), causes))
    }

    fn all(&mut self, module: u32, expr: &Compiled) -> Vec<(bool, Cause)> {
        let uses = expr.uses().iter();
        uses.filter_map(|used| self.used(module, used)).collect()
    }

    fn resource(&mut self, module: u32, index: u32, path: &str) -> Option<(bool, Cause)> {
        let depth = self.depth;
        let story = &mut *self.story;
        let loaded: &'a Loaded = story.loaded;
        let found = loaded.config.modules.get(module as usize)?;
        let resource = found.resources.get(index as usize)?;
        let addr = ConfigResource {
            module: found.path.clone(),
            mode: resource.mode,
            type_name: resource.type_name.clone(),
            name: resource.name.clone(),
        };
        let plan = story.plan;
        let changing: Vec<&ResourceChange> = (plan.changes.iter())
            .filter(|change| change.addr.resource.config() == addr && change.deposed.is_none())
            .filter(|change| change.action != Action::NoOp)
            .collect();
        let Some(first) = changing.first() else {
            let place = story.place(resource.span);
            return Some((
                false,
                Cause::new(format!("{addr}{path}, which stays as it is")).at(place),
            ));
        };
        let mut cause = story.change(first, depth);
        if changing.len() > 1 {
            cause.text = format!("{}, and {} more of {addr}", cause.text, changing.len() - 1);
        }
        if !path.is_empty() {
            cause.text = format!("{addr}{path}: {}", cause.text);
        }
        let place = story.place(resource.span);
        Some((true, cause.at(place)))
    }
}

/// Something that only hands on. If part of what it hands on changes, that part is told.
fn through(cause: Cause, found: Vec<(bool, Cause)>) -> (bool, Cause) {
    let changes = found.iter().any(|(changes, _)| *changes);
    let causes = found.into_iter().filter(|(own, _)| *own || !changes);
    let causes = causes.map(|(_, cause)| cause).collect();
    (changes, cause.because(causes))
}
