//! Why an action is planned: what leads to it, back to a variable, a line of the configuration, another object, or the world outside.

mod trace;

use crate::failure::Failure;
use crate::load::Loaded;
use crate::rules;
use std::collections::BTreeSet;
use terrane_config::config::Resource;
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::InstanceAddr;
use terrane_plan::plan::{Action, ActionReason, Plan, ResourceChange};
use terrane_value::display::shortened;
use terrane_value::{Kind, PathStep, Value};
use trace::Trace;

/// How deep causes are followed: beyond that the chain says more than a person reads.
const DEPTH: usize = 24;
/// How many characters of a text are shown.
const SHOWN: usize = 48;

/// A cause, and what caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// A sentence without its period.
    pub text: String,
    /// Where the configuration says so.
    pub place: Option<Place>,
    /// What leads to it.
    pub causes: Vec<Self>,
}

/// A line of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What stands there, without blanks around it.
    pub source: String,
}

impl Cause {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            place: None,
            causes: Vec::new(),
        }
    }

    fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    fn because(mut self, causes: Vec<Self>) -> Self {
        self.causes = causes;
        self
    }
}

/// Says why what a plan does to an object is planned.
///
/// # Errors
/// When the plan knows no such object.
pub fn why(plan: &Plan, loaded: &Loaded, addr: &InstanceAddr) -> Result<Cause, Failure> {
    let Some(change) = change_of(plan, addr) else {
        let resource = addr.resource.config();
        let mut others: Vec<String> = (plan.changes.iter())
            .filter(|change| change.addr.resource.config() == resource)
            .map(|change| format!("- {}", change.addr))
            .collect();
        others.dedup();
        let hint = if others.is_empty() {
            "`terrane state list` and the configuration say which there are.".to_owned()
        } else {
            format!("Of this resource there are:\n{}", others.join("\n"))
        };
        return Err(Failure::input(
            &rules::planning::NOT_IN_PLAN,
            format!("The plan has no object {addr}. {hint}"),
        ));
    };
    let mut story = Story {
        plan,
        loaded,
        told: BTreeSet::new(),
    };
    Ok(story.change(change, 0))
}

fn change_of<'p>(plan: &'p Plan, addr: &InstanceAddr) -> Option<&'p ResourceChange> {
    let mut changes = plan.changes.iter();
    changes.find(|change| change.addr == *addr && change.deposed.is_none())
}

/// What is done, as the end of a sentence.
fn done(action: Action) -> &'static str {
    match action {
        Action::NoOp => "stays as it is",
        Action::Create => "will be created",
        Action::Read => "will be read during apply",
        Action::Update => "will be changed in place",
        Action::Delete => "will be destroyed",
        Action::Forget => "will be forgotten, and not destroyed",
        Action::DeleteThenCreate => "will be destroyed and created anew",
        Action::CreateThenDelete => "will be replaced: the new one is created first",
        Action::ForgetThenCreate => "will be forgotten, and a new one created",
    }
}

struct Story<'a> {
    plan: &'a Plan,
    loaded: &'a Loaded,
    /// Objects that were told about already: the second time a name is enough.
    told: BTreeSet<String>,
}

impl<'a> Story<'a> {
    fn sources(&self) -> &SourceMap {
        &self.loaded.sources
    }

    fn place(&self, span: Span) -> Option<Place> {
        let file = self.sources().get(span.file)?;
        let line = file.position(span.start).line;
        let index = usize::try_from(line).ok()?.checked_sub(1)?;
        Some(Place {
            file: file.path.clone(),
            line,
            source: file
                .text
                .lines()
                .nth(index)
                .unwrap_or_default()
                .trim()
                .to_owned(),
        })
    }

    fn change(&mut self, change: &ResourceChange, depth: usize) -> Cause {
        let addr = change.addr.to_string();
        let cause = Cause::new(format!("{addr} {}", done(change.action)));
        if depth > DEPTH || !self.told.insert(addr) {
            return cause;
        }
        let mut causes = self.reasons(change, depth);
        if !change.before.is_null() && !change.after.is_null() {
            let attributes = self.attributes(change, depth, causes.is_empty());
            causes.extend(attributes);
        }
        if let Some(previous) = &change.previous_addr {
            causes.push(Cause::new(format!(
                "it was {previous} before, and a `moved` block or a move of the provider says so"
            )));
        }
        if change.marks_only {
            causes.push(Cause::new("only what is kept of it beside its attributes changes (sensitive parts, dependencies)"));
        }
        if causes.is_empty() && change.action == Action::NoOp {
            causes.push(Cause::new("configuration, state and object agree"));
        }
        cause.because(causes)
    }

    /// What is not about single attributes.
    fn reasons(&mut self, change: &ResourceChange, depth: usize) -> Vec<Cause> {
        let mut causes = Vec::new();
        let loaded: &'a Loaded = self.loaded;
        let resource = trace::resource_of(loaded, &change.addr);
        let block = resource.and_then(|(_, resource)| self.place(resource.span));
        if change.action == Action::Create {
            let gone = self.plan.drift.iter().any(|drift| {
                drift.addr == change.addr && drift.deposed.is_none() && drift.after.is_null()
            });
            causes.push(if gone {
                Cause::new("the state has it, but it is gone: it was deleted outside of terrane")
                    .at(block.clone())
            } else if change.importing.is_some() {
                Cause::new("it is to be imported, and there is no such object").at(block.clone())
            } else {
                Cause::new("it is configured, and the state has no such object").at(block.clone())
            });
        }
        if let (Some((module, resource)), true) = (resource, change.action == Action::Create) {
            causes.extend(
                self.trace(depth, None)
                    .repetition(module, &resource.repetition),
            );
        }
        match change.reason {
            Some(reason) => causes.extend(self.reason(change, reason, depth)),
            None if change.action == Action::Delete => {
                causes.push(Cause::new("everything is to be destroyed").at(block));
            }
            None => {}
        }
        causes
    }

    /// What the planner says about it.
    fn reason(
        &mut self,
        change: &ResourceChange,
        reason: ActionReason,
        depth: usize,
    ) -> Vec<Cause> {
        let mut causes = Vec::new();
        let loaded: &'a Loaded = self.loaded;
        let resource = trace::resource_of(loaded, &change.addr);
        let block = resource.and_then(|(_, resource)| self.place(resource.span));
        let repeated = |story: &mut Self| {
            resource.map_or_else(Vec::new, |(module, resource)| {
                story
                    .trace(depth, None)
                    .repetition(module, &resource.repetition)
            })
        };
        match reason {
            // The attributes say it.
            ActionReason::ReplaceBecauseCannotUpdate => {}
            ActionReason::ReplaceBecauseTainted => causes.push(Cause::new(
                "it is tainted: an earlier apply created it and then failed, or `terrane taint` was called",
            )),
            ActionReason::ReplaceByRequest => causes.push(Cause::new("-replace asks for it")),
            ActionReason::ReplaceByTriggers => {
                if let Some((module, resource)) = resource {
                    let mut trace = self.trace(depth, Some((module, resource)));
                    for trigger in &resource.lifecycle.replace_triggered_by {
                        causes.extend(trace.trigger(module, trigger));
                    }
                }
            }
            ActionReason::DeleteBecauseNoResourceConfig => causes.push(Cause::new(format!(
                "the state has it, and no block of the configuration describes {} any more",
                change.addr.resource.config()
            ))),
            ActionReason::DeleteBecauseWrongRepetition => causes.push(
                Cause::new("the block has `count` or `for_each` where it had none, or none where it had, or the other of both; a `moved` block would keep the object").at(block),
            ),
            ActionReason::DeleteBecauseCountIndex => {
                let why = repeated(self);
                causes.push(Cause::new("its index is beyond `count`").at(block).because(why));
            }
            ActionReason::DeleteBecauseEachKey => {
                let why = repeated(self);
                causes.push(Cause::new("its key is not in `for_each` any more").at(block).because(why));
            }
            ActionReason::DeleteBecauseEnabledFalse => {
                let why = repeated(self);
                causes.push(Cause::new("`enabled` is false").at(block).because(why));
            }
            ActionReason::DeleteBecauseNoModule => causes.push(Cause::new(format!(
                "{} is not called any more",
                change.addr.resource.module
            ))),
            ActionReason::DeleteBecauseNoMoveTarget => causes.push(Cause::new(
                "it was moved to an address that no block describes",
            )),
            ActionReason::ReadBecauseConfigUnknown => {
                causes.push(Cause::new("its arguments are known after apply").at(block).because(
                    resource.map_or_else(Vec::new, |(module, resource)| {
                        self.trace(depth, Some((module, resource))).pending(module, &resource.body)
                    }),
                ));
            }
            ActionReason::ReadBecauseDependencyPending => causes.push(
                Cause::new("something that it depends on is changed before").at(block),
            ),
            ActionReason::ReadBecauseCheckNested => {
                causes.push(Cause::new("a `check` looks at it at the end of apply").at(block));
            }
        }
        causes
    }

    /// The attributes that differ. `alone`: nothing else says why, so that those too are told that only follow.
    fn attributes(&mut self, change: &ResourceChange, depth: usize, alone: bool) -> Vec<Cause> {
        let (Kind::Object(before), Kind::Object(after)) = (
            change.before.unmarked().kind(),
            change.after.unmarked().kind(),
        ) else {
            return Vec::new();
        };
        let loaded: &'a Loaded = self.loaded;
        let resource = trace::resource_of(loaded, &change.addr);
        let mut causes = Vec::new();
        // Attributes that the provider decides anew follow from the others, and stand behind them.
        let mut decided = Vec::new();
        for (name, now) in after.iter() {
            let was = before.get(name).cloned().unwrap_or(Value::NULL);
            if was == *now {
                continue;
            }
            let replaces = change
                .replace_paths
                .iter()
                .any(|path| matches!(path.0.first(), Some(PathStep::Attr(first)) if first == name));
            let forces = if replaces {
                ", which can't be changed in place"
            } else {
                ""
            };
            let text = format!("{name}: {} → {}{forces}", brief(&was), brief(now));
            let drifted = self.drifted(change, name);
            let set = resource.and_then(|(module, resource)| {
                trace::setting(&resource.body, name).map(|found| (module, found))
            });
            let Some((module, setting)) = set else {
                let why = match (drifted, now.is_wholly_known()) {
                    (Some(drifted), _) => vec![drifted],
                    (None, false) => vec![Cause::new(
                        "no argument sets it: the provider decides it during apply",
                    )],
                    (None, true) => vec![Cause::new("no argument sets it: the provider plans it")],
                };
                decided.push((replaces, Cause::new(text).because(why)));
                continue;
            };
            let place = self.place(setting.span);
            let mut why: Vec<Cause> = drifted.into_iter().collect();
            why.extend(self.trace(depth, resource).uses(module, &setting.uses));
            if why.is_empty() {
                why.push(Cause::new(
                    "the configuration says so, and it said something else when this was applied",
                ));
            }
            causes.push(Cause::new(text).at(place).because(why));
        }
        // What only follows is not told, unless nothing else is there.
        let all = alone && causes.is_empty();
        let decided = decided.into_iter().filter(|(replaces, _)| all || *replaces);
        causes.extend(decided.map(|(_, cause)| cause));
        causes
    }

    /// Whether an attribute was changed outside.
    fn drifted(&self, change: &ResourceChange, name: &str) -> Option<Cause> {
        let mut drift = self.plan.drift.iter();
        let drift =
            drift.find(|drift| drift.addr == change.addr && drift.deposed == change.deposed)?;
        let (was, now) = (drift.before.get(name)?, drift.after.get(name)?);
        (was != now).then(|| {
            Cause::new(format!(
                "it was changed outside of terrane: the state has {}, and the object {}",
                brief(was),
                brief(now)
            ))
        })
    }

    /// Follows references of a resource.
    fn trace(&mut self, depth: usize, of: Option<(u32, &'a Resource)>) -> Trace<'_, 'a> {
        Trace::new(
            self,
            depth,
            of.map(|(module, resource)| (module, &resource.repetition)),
        )
    }
}

/// A value in a few words. What is sensitive is not shown.
fn brief(value: &Value) -> String {
    match value.kind() {
        Kind::Marked(marks, _) if marks.is_sensitive() => "(sensitive value)".to_owned(),
        Kind::Marked(marks, _) if marks.is_ephemeral() => "(ephemeral value)".to_owned(),
        Kind::Marked(_, inner) => brief(inner),
        Kind::Null(_) => "null".to_owned(),
        Kind::Unknown(..) => "(known after apply)".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.text().to_string(),
        Kind::String(text) => terrane_plan::view::text::quoted(&shortened(text, SHOWN)),
        Kind::Tuple(items) | Kind::List(items) | Kind::Set(items) => match items.len() {
            0 => "[]".to_owned(),
            1 => "[1 element]".to_owned(),
            count => format!("[{count} elements]"),
        },
        Kind::Map(map) => entries(map.len()),
        Kind::Object(object) => entries(object.len()),
    }
}

fn entries(count: usize) -> String {
    match count {
        0 => "{}".to_owned(),
        1 => "{1 entry}".to_owned(),
        count => format!("{{{count} entries}}"),
    }
}
