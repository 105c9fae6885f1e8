//! The meaning of a plan: what it does, each action with a digest, whatever file it is in and whenever it was made.
//!
//! Everything that applying a plan does is an [`Item`]: changes of objects, what is recorded of others (outputs, moves, what refresh found). A
//! digest takes in the action, the address, the values (sensitive ones by keyed hash), what state holds and what is written to it, the program that
//! does it, and what it rests on ([`terrane_plan::basis`]): the declarations that lead to it and the versions of what is read. What means the
//! same in a new plan has the same digest, and keeps its approvals.
//!
//! Gates select by what is said here of an object. Where it is moved, that is said of both places: a gate must not be passed by leaving its field.

use ecow::{EcoString, eco_format};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_model::addr::{InstanceAddr, Mode, ProviderAddr};
use terrane_model::schema::Schema;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_plan::action::{ActionCause, ActionInvocation};
use terrane_plan::basis::{Basis, BasisInput, Canon, Hash, Rest, marked};
use terrane_plan::exec::StepKind;
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
    /// The digests of all items with their places, sorted.
    by_digest: Vec<(Hash, usize)>,
}

/// One thing that a plan does.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Names what it means.
    pub digest: Hash,
    /// The object, output or instance that it is about, as it is shown.
    pub address: EcoString,
    /// All addresses that the instance has or had, without what is deposed of it: one or more.
    pub addresses: Vec<EcoString>,
    /// What it is called in gates: one or more of [`ACTIONS`].
    pub actions: Vec<&'static str>,
    /// The resource type, and the one that it had before; `output` for outputs.
    pub types: Vec<EcoString>,
    /// The provider, as it is shown; empty for outputs.
    pub provider: EcoString,
    /// Whether it can be taken back.
    pub risk: Risk,
    /// Its tags as they are stored, before and after.
    pub tags: [Tags; 3],
    /// Whether an object is destroyed.
    pub destroys: bool,
    /// Whether the plan names another object than the state does, as only a provider can know: people may say yes to that, a rule alone does not.
    pub is_doubtful: bool,
}

/// What actions are called in gates.
pub const ACTIONS: [&str; 11] = [
    "create", "delete", "forget", "import", "invoke", "move", "output", "read", "refresh",
    "replace", "update",
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
/// Blocks that hold one tag each.
const TAG_BLOCK: &str = "tag";

impl Meaning {
    /// Finds what a plan does.
    #[must_use]
    pub fn of(input: BasisInput<'_>) -> Self {
        let mut basis = Basis::new(input);
        let plan = input.plan;
        let mut work = Vec::new();
        let carried = carried_out(plan);
        for (at, change) in plan.changes.iter().enumerate() {
            if carried.as_ref().is_none_or(|carried| carried[at]) {
                if is_done(change) {
                    let resource = &change.addr.resource;
                    let provider = &change.provider.provider;
                    work.push(Work::Change {
                        change,
                        rest: basis.look_up(change),
                        schema: basis.schema(provider, resource.mode, &resource.type_name),
                    });
                } else if names_anew(change) {
                    let at = change.previous_addr.as_ref().unwrap_or(&change.addr);
                    work.push(Work::Naming {
                        change,
                        version: basis.version(at),
                    });
                }
            }
        }
        // Declarations were looked up one after the other, for many share them; what is left to do has nothing in common.
        let common = Common {
            plan,
            basis: &basis,
            secret: input.secret,
            programs: input.programs,
        };
        let done = work.into_par_iter().map(|work| match work {
            Work::Change {
                change,
                rest,
                schema,
            } => of_change(change, &common, rest, schema.as_deref()),
            Work::Naming { change, version } => of_naming(change, &common, version),
        });
        let mut items: Vec<Item> = done.collect();
        for output in &plan.outputs {
            if output.action != Action::NoOp {
                items.push(of_output(output, &input, &mut basis));
            }
        }
        for invocation in &plan.invocations {
            items.push(of_invocation(invocation, &input, &mut basis));
        }
        for (from, to) in &plan.moves {
            items.push(of_move(from, to, &input, &basis));
        }
        for drift in &plan.drift {
            items.push(of_drift(drift, &input, &basis));
        }
        Self::new(plan, items)
    }

    fn new(plan: &Plan, items: Vec<Item>) -> Self {
        let mut canon = Canon::new("terrane meaning of a plan 2");
        canon.text(&plan.workspace);
        canon.tag(match plan.mode {
            PlanMode::Normal => 0,
            PlanMode::RefreshOnly => 1,
            PlanMode::Destroy => 2,
        });
        let digests = items.iter().enumerate();
        let mut by_digest: Vec<(Hash, usize)> =
            digests.map(|(at, item)| (item.digest, at)).collect();
        by_digest.sort_unstable();
        canon.length(by_digest.len());
        by_digest.iter().for_each(|(digest, _)| canon.bytes(digest));
        Self {
            digest: canon.finish(),
            deletes: items.iter().filter(|item| item.destroys).count(),
            items,
            by_digest,
        }
    }

    /// The places of the items with these digests.
    #[must_use]
    pub fn places(&self, digests: &[Hash]) -> Vec<usize> {
        let mut found = Vec::new();
        let mut rest = self.by_digest.as_slice();
        let mut before: Option<&Hash> = None;
        for wanted in digests {
            // They are in order where they come from a decision, so that both lists are walked once.
            if before.is_some_and(|before| before > wanted) {
                rest = &self.by_digest;
            }
            before = Some(wanted);
            let near = rest
                .iter()
                .take(8)
                .take_while(|(digest, _)| digest < wanted);
            let skip = match near.count() {
                8 => rest.partition_point(|(digest, _)| digest < wanted),
                few => few,
            };
            rest = rest.get(skip..).unwrap_or_default();
            let same = rest.iter().take_while(|(digest, _)| digest == wanted);
            found.extend(same.last().map(|(_, at)| *at));
        }
        found
    }
}

/// Where refreshing is all that is done, nothing is planned but what steps carry out: for an action that is asked for, something may have to be read. By
/// place; `None`: everything is carried out.
fn carried_out(plan: &Plan) -> Option<Vec<bool>> {
    if plan.mode != PlanMode::RefreshOnly {
        return None;
    }
    let mut carried = vec![false; plan.changes.len()];
    for step in &plan.graph.steps {
        let (StepKind::Apply(of) | StepKind::Destroy(of) | StepKind::Forget(of)) = step.kind else {
            continue;
        };
        let slot = usize::try_from(of).ok().and_then(|of| carried.get_mut(of));
        if let Some(slot) = slot {
            *slot = true;
        }
    }
    Some(carried)
}

/// Whether a change does something by itself. What is only moved is an item of its own.
fn is_done(change: &ResourceChange) -> bool {
    change.action != Action::NoOp || change.importing.is_some() || change.marks_only
}

/// Whether state is to name an object otherwise that is not changed: by another identity, or as one of another provider instance.
fn names_anew(change: &ResourceChange) -> bool {
    let Some(stored) = change.stored.as_ref() else {
        return false;
    };
    let identity = &change.before_identity;
    let told = !identity.is_null() && identity.is_wholly_known();
    let same = || {
        let text = terrane_plan::stored::encode(identity, &identity.ty()).ok();
        text.is_some() && stored.identity.as_ref().map(|(_, kept)| kept) == text.as_ref()
    };
    change.addr.resource.mode == Mode::Managed
        && change.deposed.is_none()
        && (stored.provider_key != change.provider_key || told && !same())
}

/// What is known of a change before what it means is written down.
enum Work<'a> {
    Change {
        change: &'a ResourceChange,
        /// What it rests on.
        rest: Rest,
        schema: Option<Arc<Schema>>,
    },
    Naming {
        change: &'a ResourceChange,
        /// Of its instance.
        version: u64,
    },
}

/// What is the same for all changes.
struct Common<'a> {
    plan: &'a Plan,
    basis: &'a Basis<'a>,
    secret: &'a Hash,
    programs: &'a BTreeMap<ProviderAddr, EcoString>,
}

fn of_change(
    change: &ResourceChange,
    input: &Common<'_>,
    rest: Rest,
    schema: Option<&Schema>,
) -> Item {
    let provider = &change.provider.provider;
    let before = marked(schema, &change.before);
    let after = marked(schema, &change.after);
    let mut canon = Canon::new("terrane action 2");
    let addresses = addresses(&change.addr, change.previous_addr.as_ref());
    let mut texts = addresses.iter();
    canon.text(texts.next().map_or("", EcoString::as_str));
    canon.option(texts.next().map(EcoString::as_str));
    canon.option(change.deposed.as_ref().map(|key| key.0.as_str()));
    canon.text(&change.provider.to_string());
    canon.option(input.programs.get(provider).map(EcoString::as_str));
    let key = change.provider_key.as_ref().map(ToString::to_string);
    canon.option(key.as_deref());
    stored(&mut canon, change.stored.as_deref(), input.secret);
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
        canon.secret(&change.private, input.secret);
    }
    canon.bytes(&input.basis.of_change(change, rest));
    let resource = &change.addr.resource;
    let destroys = resource.mode == Mode::Managed
        && matches!(
            change.action,
            Action::Delete | Action::DeleteThenCreate | Action::CreateThenDelete
        );
    let address = match &change.deposed {
        Some(key) => eco_format!("{} (deposed object {key})", change.addr),
        None => addresses.first().cloned().unwrap_or_default(),
    };
    let kept = change.stored.as_deref().and_then(kept);
    Item {
        digest: canon.finish(),
        address,
        addresses,
        actions: action_names(change),
        types: types(&change.addr, change.previous_addr.as_ref()),
        provider: provider.for_display().into(),
        risk: risk::of_change(input.plan, change, schema),
        tags: [
            kept.as_ref().map_or(Tags::Absent, tags),
            tags(&before),
            tags(&after),
        ],
        destroys,
        is_doubtful: kept.is_some_and(|kept| other_object(&kept, &before)),
    }
}

/// Where something is and was.
fn addresses(addr: &InstanceAddr, previous: Option<&InstanceAddr>) -> Vec<EcoString> {
    let all = std::iter::once(addr).chain(previous);
    all.map(|addr| eco_format!("{addr}")).collect()
}

/// What something is and was.
fn types(addr: &InstanceAddr, previous: Option<&InstanceAddr>) -> Vec<EcoString> {
    let mut all = vec![addr.resource.type_name.clone()];
    let before = previous.map(|addr| addr.resource.type_name.clone());
    all.extend(before.filter(|before| *before != addr.resource.type_name));
    all
}

/// What state holds of an object, as far as that can be told without its schema.
fn kept(stored: &ObjectState) -> Option<Value> {
    terrane_value::json::decode_implied(&stored.attributes).ok()
}

/// Whether two objects are named otherwise.
fn other_object(one: &Value, other: &Value) -> bool {
    let id = |object: &Value| {
        let (object, _) = object.unmark();
        let id = object.get("id")?.unmark_deep();
        id.as_str().map(EcoString::from)
    };
    matches!((id(one), id(other)), (Some(one), Some(other)) if one != other)
}

/// Takes in what state holds or will hold of an object. Its texts may hold secrets.
fn stored(canon: &mut Canon, object: Option<&ObjectState>, secret: &Hash) {
    canon.tag(u8::from(object.is_some()));
    let Some(object) = object else { return };
    let ObjectState {
        status,
        schema_version,
        attributes,
        sensitive,
        private,
        dependencies,
        create_before_destroy,
        skip_destroy,
        identity,
        provider_key,
        created_in_ms,
    } = object;
    canon.tag(match status {
        Status::Ready => 0,
        Status::Tainted => 1,
    });
    canon.number(*schema_version);
    canon.secret(attributes.as_bytes(), secret);
    canon.length(sensitive.len());
    for path in sensitive {
        canon.text(&format!("{path:?}"));
    }
    canon.secret(private, secret);
    canon.length(dependencies.len());
    for on in dependencies.iter() {
        canon.text(&on.to_string());
    }
    canon.tag(u8::from(*create_before_destroy));
    canon.tag(u8::from(*skip_destroy));
    canon.tag(u8::from(identity.is_some()));
    if let Some((version, identity)) = identity {
        canon.number(*version);
        canon.secret(identity.as_bytes(), secret);
    }
    let key = provider_key.as_ref().map(ToString::to_string);
    canon.option(key.as_deref());
    canon.number(created_in_ms.map_or(0, |ms| u64::from(ms) + 1));
}

/// An object that stays as it is, and by which state will know it otherwise.
fn of_naming(change: &ResourceChange, input: &Common<'_>, version: u64) -> Item {
    let mut canon = Canon::new("terrane naming 2");
    canon.text(&change.addr.to_string());
    canon.text(&change.provider.to_string());
    let key = change.provider_key.as_ref().map(ToString::to_string);
    canon.option(key.as_deref());
    stored(&mut canon, change.stored.as_deref(), input.secret);
    canon.value(&change.before_identity, input.secret);
    canon.number(version);
    recorded(
        canon.finish(),
        "refresh",
        (&change.addr, change.previous_addr.as_ref()),
        "only what it is known by is recorded",
    )
}

/// An action that is done: by whom, with what, and why.
fn of_invocation(
    invocation: &ActionInvocation,
    input: &BasisInput<'_>,
    basis: &mut Basis<'_>,
) -> Item {
    let ActionInvocation {
        addr,
        provider,
        provider_key,
        config,
        cause,
    } = invocation;
    let mut canon = Canon::new("terrane invocation 1");
    canon.text(&addr.to_string());
    canon.text(&provider.to_string());
    let program = input.programs.get(&provider.provider);
    canon.option(program.map(EcoString::as_str));
    canon.option(provider_key.as_ref().map(ToString::to_string).as_deref());
    canon.value(
        &basis.marked(&provider.provider, addr, config),
        input.secret,
    );
    if let ActionCause::Lifecycle {
        resource,
        event,
        block,
        position,
    } = cause
    {
        canon.text(&resource.to_string());
        canon.text(event.name());
        canon.number(u64::from(*block));
        canon.number(u64::from(*position));
    }
    canon.bytes(&basis.of_invocation(invocation));
    Item {
        digest: canon.finish(),
        address: terrane_plan::action::title(invocation).into(),
        addresses: vec![eco_format!("{addr}")],
        actions: vec!["invoke"],
        types: vec![addr.resource.type_name.clone()],
        provider: provider.provider.for_display().into(),
        risk: Risk {
            class: RiskClass::Disruptive,
            reason: "what an action does is not known, and no plan takes it back".into(),
        },
        tags: Default::default(),
        destroys: false,
        is_doubtful: false,
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
    let address = eco_format!("output.{}", output.name);
    Item {
        addresses: vec![address.clone()],
        types: vec!["output".into()],
        ..touching_nothing(
            canon.finish(),
            address,
            "output",
            "only what is recorded changes",
        )
    }
}

fn of_move(
    from: &InstanceAddr,
    to: &InstanceAddr,
    input: &BasisInput<'_>,
    basis: &Basis<'_>,
) -> Item {
    let mut canon = Canon::new("terrane move 2");
    canon.text(&from.to_string());
    canon.text(&to.to_string());
    canon.number(basis.version(from));
    // What another type or provider has made of it.
    let changes = &input.plan.changes;
    let first = changes.partition_point(|change| change.addr < *to);
    let mut is_doubtful = false;
    for change in changes
        .iter()
        .skip(first)
        .take_while(|change| change.addr == *to)
    {
        canon.option(change.deposed.as_ref().map(|key| key.0.as_str()));
        canon.text(&change.provider.to_string());
        let program = input.programs.get(&change.provider.provider);
        canon.option(program.map(EcoString::as_str));
        stored(&mut canon, change.stored.as_deref(), input.secret);
        let kept = change.stored.as_deref().and_then(kept);
        is_doubtful |= kept.is_some_and(|kept| other_object(&kept, &change.before));
    }
    Item {
        is_doubtful,
        ..recorded(
            canon.finish(),
            "move",
            (to, Some(from)),
            "only its address changes",
        )
    }
}

fn of_drift(drift: &Drift, input: &BasisInput<'_>, basis: &Basis<'_>) -> Item {
    let provider = &drift.provider.provider;
    let marked = |value: &Value| basis.marked(provider, &drift.addr, value);
    let mut canon = Canon::new("terrane refresh 2");
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
    canon.option(input.programs.get(provider).map(EcoString::as_str));
    stored(&mut canon, drift.refreshed.as_deref(), input.secret);
    canon.number(basis.version(drift.previous_addr.as_ref().unwrap_or(&drift.addr)));
    Item {
        is_doubtful: other_object(&drift.before, &drift.after),
        ..recorded(
            canon.finish(),
            "refresh",
            (&drift.addr, drift.previous_addr.as_ref()),
            "what was found is recorded",
        )
    }
}

/// Something about an instance that touches no object.
fn recorded(
    digest: Hash,
    action: &'static str,
    (addr, previous): (&InstanceAddr, Option<&InstanceAddr>),
    reason: &str,
) -> Item {
    Item {
        addresses: addresses(addr, previous),
        types: types(addr, previous),
        ..touching_nothing(digest, eco_format!("{addr}"), action, reason)
    }
}

/// Something that touches no object.
fn touching_nothing(digest: Hash, address: EcoString, action: &'static str, reason: &str) -> Item {
    Item {
        digest,
        address,
        addresses: Vec::new(),
        actions: vec![action],
        types: Vec::new(),
        provider: EcoString::new(),
        risk: Risk {
            class: RiskClass::Reversible,
            reason: reason.into(),
        },
        tags: [Tags::Absent, Tags::Absent, Tags::Absent],
        destroys: false,
        is_doubtful: false,
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
    let mut found = Found::default();
    for name in TAG_ATTRIBUTES {
        let Some(value) = attributes.get(name) else {
            continue;
        };
        let (value, marks) = value.unmark();
        match value.kind() {
            _ if marks.is_sensitive() => found.others = true,
            Kind::Map(map) => map.iter().for_each(|(key, value)| found.add(key, value)),
            Kind::Object(object) => object.iter().for_each(|(key, value)| found.add(key, value)),
            Kind::Null(_) => {}
            _ => found.others = true,
        }
    }
    // Some types have a block for each tag.
    if let Some(value) = attributes.get(TAG_BLOCK) {
        let (value, marks) = value.unmark();
        match value.kind() {
            _ if marks.is_sensitive() => found.others = true,
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
                items.iter().for_each(|item| found.add_block(item));
            }
            Kind::Null(_) => {}
            _ => found.others = true,
        }
    }
    Tags::Known(found.known, found.others)
}

/// Tags that were found.
#[derive(Default)]
struct Found {
    known: BTreeMap<EcoString, EcoString>,
    /// There may be others: which can't be known, or not be looked at.
    others: bool,
}

impl Found {
    fn add(&mut self, key: &EcoString, value: &Value) {
        let (value, marks) = value.unmark();
        match value.as_str() {
            Some(text) if !marks.is_sensitive() => {
                self.known.insert(key.clone(), EcoString::from(text));
            }
            _ if value.is_null() => {}
            _ => self.others = true,
        }
    }

    /// `tag { key = "a", value = "b" }`
    fn add_block(&mut self, block: &Value) {
        let (block, marks) = block.unmark();
        let key = block.get("key").map(Value::unmark);
        match (key, block.get("value")) {
            (Some((key, hidden)), Some(value))
                if !marks.is_sensitive() && !hidden.is_sensitive() =>
            {
                match key.as_str() {
                    Some(key) => self.add(&key.into(), value),
                    None => self.others = true,
                }
            }
            _ => self.others = true,
        }
    }
}
