//! The meaning of a plan: what it does, each action with a digest, whatever file it is in and whenever it was made.
//!
//! Everything that applying a plan does is an [`Item`]: changes of objects, what is recorded of others (outputs, moves, what refresh found). A
//! digest takes in the action, the address, the values (sensitive ones by keyed hash), and what it rests on ([`terrane_plan::basis`]): the declarations
//! that lead to it and the versions of what is read. What means the same in a new plan has the same digest, and keeps its approvals.

use ecow::{EcoString, eco_format};
use std::collections::BTreeMap;
use terrane_model::addr::Mode;
use terrane_plan::basis::{Basis, BasisInput, Canon, Hash};
use terrane_plan::plan::{Action, Drift, OutputChange, Plan, PlanMode, ResourceChange};
use terrane_plan::risk::{self, Risk, RiskClass};
use terrane_value::{Kind, Value};

/// What a plan does.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// Over all items: equal for plans that do the same.
    pub digest: Hash,
    /// Everything that it does, in the order of the plan.
    pub items: Vec<Item>,
    /// What objects it destroys.
    pub deletes: usize,
}

/// One thing that a plan does.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Names what it means.
    pub digest: Hash,
    /// The object, output or instance that it is about.
    pub address: EcoString,
    /// What it is called in gates: one or more of [`ACTIONS`].
    pub actions: Vec<&'static str>,
    /// The resource type; `output` for outputs.
    pub type_name: EcoString,
    /// The provider, as it is shown; empty for outputs.
    pub provider: EcoString,
    /// Whether it can be taken back.
    pub risk: Risk,
    /// Its tags before and after.
    pub tags: [Tags; 2],
    /// Whether an object is destroyed.
    pub destroys: bool,
}

/// What actions are called in gates.
pub const ACTIONS: [&str; 10] = [
    "create", "delete", "forget", "import", "move", "output", "read", "refresh", "replace",
    "update",
];

/// Tags of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tags {
    /// There is no object.
    #[default]
    Absent,
    /// Those that are known, with whether there may be others.
    Known(BTreeMap<EcoString, EcoString>, bool),
}

/// Attributes that hold tags.
const TAG_ATTRIBUTES: [&str; 4] = ["tags", "tags_all", "labels", "effective_labels"];

impl Meaning {
    /// Finds what a plan does.
    #[must_use]
    pub fn of(input: BasisInput<'_>) -> Self {
        let mut basis = Basis::new(input);
        let plan = input.plan;
        let mut items = Vec::new();
        // Where refreshing is all that is done, nothing is planned.
        if plan.mode != PlanMode::RefreshOnly {
            for change in plan.changes.iter().filter(|change| is_done(change)) {
                items.push(of_change(change, &input, &mut basis));
            }
        }
        for output in &plan.outputs {
            if output.action != Action::NoOp {
                items.push(of_output(output, &input, &mut basis));
            }
        }
        for (from, to) in &plan.moves {
            items.push(of_move(
                &from.to_string(),
                &to.to_string(),
                &basis.version(from),
            ));
        }
        for drift in &plan.drift {
            items.push(of_drift(drift, &input, &basis));
        }
        Self::new(plan, items)
    }

    fn new(plan: &Plan, items: Vec<Item>) -> Self {
        let mut canon = Canon::new("terrane meaning of a plan 1");
        canon.text(&plan.workspace);
        canon.tag(match plan.mode {
            PlanMode::Normal => 0,
            PlanMode::RefreshOnly => 1,
            PlanMode::Destroy => 2,
        });
        let mut digests: Vec<Hash> = items.iter().map(|item| item.digest).collect();
        digests.sort_unstable();
        canon.length(digests.len());
        digests.iter().for_each(|digest| canon.bytes(digest));
        Self {
            digest: canon.finish(),
            deletes: items.iter().filter(|item| item.destroys).count(),
            items,
        }
    }
}

/// Whether a change does something by itself. What is only moved is an item of its own.
fn is_done(change: &ResourceChange) -> bool {
    change.action != Action::NoOp || change.importing.is_some() || change.marks_only
}

fn of_change(change: &ResourceChange, input: &BasisInput<'_>, basis: &mut Basis<'_>) -> Item {
    let provider = &change.provider.provider;
    let before = basis.marked(provider, &change.addr, &change.before);
    let after = basis.marked(provider, &change.addr, &change.after);
    let mut canon = Canon::new("terrane action 1");
    canon.text(&change.addr.to_string());
    canon.option(
        change
            .previous_addr
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
    );
    canon.option(change.deposed.as_ref().map(|key| key.0.as_str()));
    canon.text(&change.provider.to_string());
    let key = change.provider_key.as_ref().map(ToString::to_string);
    canon.option(key.as_deref());
    canon.text(action_name(change.action));
    canon.option(change.reason.map(terrane_plan::view::json::reason_name));
    canon.value(&before, input.secret);
    canon.value(&after, input.secret);
    canon.value(&change.before_identity, input.secret);
    canon.value(&change.after_identity, input.secret);
    canon.length(change.replace_paths.len());
    for path in &change.replace_paths {
        canon.text(&format!("{path:?}"));
    }
    canon.tag(u8::from(change.importing.is_some()));
    if let Some(importing) = &change.importing {
        canon.option(importing.id.as_deref());
        canon.tag(u8::from(importing.unknown));
        canon.option(importing.generated_config.as_deref());
    }
    canon.number(change.schema_version);
    canon.tag(u8::from(change.create_before_destroy));
    canon.tag(u8::from(change.tainted));
    canon.tag(u8::from(change.marks_only));
    if change.action == Action::Delete || change.action.is_replace() {
        // What the provider is given to destroy it with.
        canon.bytes(&change.private);
    }
    canon.bytes(&basis.of_change(change));
    let resource = &change.addr.resource;
    let schema = (input.schemas)(provider, resource.mode, &resource.type_name);
    let destroys = resource.mode == Mode::Managed
        && matches!(
            change.action,
            Action::Delete | Action::DeleteThenCreate | Action::CreateThenDelete
        );
    let address = match &change.deposed {
        Some(key) => eco_format!("{} (deposed object {key})", change.addr),
        None => eco_format!("{}", change.addr),
    };
    Item {
        digest: canon.finish(),
        address,
        actions: action_names(change),
        type_name: resource.type_name.clone(),
        provider: provider.for_display().into(),
        risk: risk::assess(change, schema.as_deref()),
        tags: [tags(&before), tags(&after)],
        destroys,
    }
}

fn of_output(output: &OutputChange, input: &BasisInput<'_>, basis: &mut Basis<'_>) -> Item {
    let mark = |value: &Value| {
        if output.sensitive {
            value.clone().with_marks(&terrane_value::Marks::SENSITIVE)
        } else {
            value.clone()
        }
    };
    let mut canon = Canon::new("terrane output 1");
    canon.text(&output.name);
    canon.text(action_name(output.action));
    canon.value(&mark(&output.before), input.secret);
    canon.value(&mark(&output.after), input.secret);
    canon.tag(u8::from(output.sensitive));
    canon.bytes(&basis.of_output(&output.name));
    recorded(
        canon.finish(),
        eco_format!("output.{}", output.name),
        "output",
        "output".into(),
        "only what is recorded changes",
    )
}

fn of_move(from: &str, to: &str, version: &u64) -> Item {
    let mut canon = Canon::new("terrane move 1");
    canon.text(from);
    canon.text(to);
    canon.number(*version);
    let type_name = to.parse().ok().map_or_else(EcoString::new, |addr| {
        let addr: terrane_model::addr::InstanceAddr = addr;
        addr.resource.type_name
    });
    recorded(
        canon.finish(),
        to.into(),
        "move",
        type_name,
        "only its address changes",
    )
}

fn of_drift(drift: &Drift, input: &BasisInput<'_>, basis: &Basis<'_>) -> Item {
    let provider = &drift.provider.provider;
    let marked = |value: &Value| basis.marked(provider, &drift.addr, value);
    let mut canon = Canon::new("terrane refresh 1");
    canon.text(&drift.addr.to_string());
    canon.option(
        drift
            .previous_addr
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
    );
    canon.option(drift.deposed.as_ref().map(|key| key.0.as_str()));
    canon.text(&drift.provider.to_string());
    canon.value(&marked(&drift.before), input.secret);
    canon.value(&marked(&drift.after), input.secret);
    canon.value(&drift.identity.0, input.secret);
    canon.value(&drift.identity.1, input.secret);
    canon.tag(u8::from(drift.refreshed.is_some()));
    canon.number(basis.version(drift.previous_addr.as_ref().unwrap_or(&drift.addr)));
    recorded(
        canon.finish(),
        eco_format!("{}", drift.addr),
        "refresh",
        drift.addr.resource.type_name.clone(),
        "what was found is recorded",
    )
}

/// Something that touches no object.
fn recorded(
    digest: Hash,
    address: EcoString,
    action: &'static str,
    type_name: EcoString,
    reason: &str,
) -> Item {
    Item {
        digest,
        address,
        actions: vec![action],
        type_name,
        provider: EcoString::new(),
        risk: Risk {
            class: RiskClass::Reversible,
            reason: reason.into(),
        },
        tags: [Tags::Absent, Tags::Absent],
        destroys: false,
    }
}

/// A name for each action, for digests.
fn action_name(action: Action) -> &'static str {
    match action {
        Action::NoOp => "no-op",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::DeleteThenCreate => "delete, create",
        Action::CreateThenDelete => "create, delete",
        Action::Delete => "delete",
        Action::Forget => "forget",
        Action::ForgetThenCreate => "forget, create",
    }
}

/// What a change is called in gates.
fn action_names(change: &ResourceChange) -> Vec<&'static str> {
    let mut names = match change.action {
        Action::NoOp => Vec::new(),
        Action::Create => vec!["create"],
        Action::Read => vec!["read"],
        Action::Update => vec!["update"],
        Action::DeleteThenCreate | Action::CreateThenDelete => vec!["replace"],
        Action::Delete => vec!["delete"],
        Action::Forget => vec!["forget"],
        Action::ForgetThenCreate => vec!["forget", "create"],
    };
    if change.importing.is_some() {
        names.push("import");
    }
    if names.is_empty() {
        // Only what is recorded of it changes.
        names.push("refresh");
    }
    names
}

/// The tags of an object.
fn tags(object: &Value) -> Tags {
    let (object, _) = object.unmark();
    if object.is_null() {
        return Tags::Absent;
    }
    let Kind::Object(attributes) = object.kind() else {
        return Tags::Known(BTreeMap::new(), true);
    };
    let mut known = BTreeMap::new();
    let mut others = false;
    for name in TAG_ATTRIBUTES {
        let Some(value) = attributes.get(name) else {
            continue;
        };
        let (value, marks) = value.unmark();
        let mut add = |key: &EcoString, value: &Value| {
            let (value, marks) = value.unmark();
            match value.as_str() {
                Some(text) if !marks.is_sensitive() => {
                    known.insert(key.clone(), EcoString::from(text));
                }
                _ if value.is_null() => {}
                // Which it is can't be known, or not be looked at.
                _ => others = true,
            }
        };
        match value.kind() {
            _ if marks.is_sensitive() => others = true,
            Kind::Map(map) => map.iter().for_each(|(key, value)| add(key, value)),
            Kind::Object(object) => object.iter().for_each(|(key, value)| add(key, value)),
            Kind::Null(_) => {}
            _ => others = true,
        }
    }
    Tags::Known(known, others)
}
