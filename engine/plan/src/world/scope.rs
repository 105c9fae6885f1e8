//! What names mean in one instance: the [`Scope`] that expressions are evaluated in.

use super::{Place, Repeat, World};
use crate::graph::{Node, resource_name};
use crate::plan::ExpansionKind;
use ecow::EcoString;
use std::sync::Arc;
use terrane_config::config::{Module, Reference};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Rule};
use terrane_lang::expr::{Scope, Slot};
use terrane_lang::functions::Functions;
use terrane_lang::source::Span;
use terrane_lang::syntax::suggest::suggestion;
use terrane_model::addr::InstanceKey;
use terrane_value::{Kind, Type, Value};

/// The scope of one instance (or of a module instance, without repetition).
#[derive(Clone, Debug)]
pub(crate) struct InstanceScope<'w> {
    pub(crate) world: &'w World,
    pub(crate) place: Place,
    pub(crate) repeat: Repeat,
    /// `self`, and with it the resource that may be referred to although it is not in the world yet.
    pub(crate) own: Option<Value>,
    /// A variable that is held against its rules, with the value that the world does not have yet.
    pub(crate) judged: Option<(u32, Value)>,
}

impl<'w> InstanceScope<'w> {
    /// The same, with repetition.
    #[must_use]
    pub(crate) fn repeated(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// The same, with `self`.
    #[must_use]
    pub(crate) fn with_self(mut self, own: Value) -> Self {
        self.own = Some(own);
        self
    }

    fn module(&self) -> &'w Module {
        self.world.config.module(self.place.module)
    }

    fn reference(&self, slot: Slot) -> Option<Reference> {
        self.module().slots.get(slot.0 as usize).copied()
    }

    fn cell(&self, node: Node, pos: u32) -> Result<Value, Diagnostics> {
        self.world
            .compute(node, pos)?
            .map_err(|()| Diagnostics::new())
    }

    fn count_index(&self, span: Span) -> Result<Value, Diagnostics> {
        match &self.repeat {
            Repeat::Count(index) => Ok(Value::number(*index)),
            Repeat::Any => Ok(Value::unknown(Type::Number)),
            Repeat::None | Repeat::Each(..) | Repeat::Item(..) => Err(Diagnostic::error(
                &terrane_config::rules::reference::COUNT_NOT_AVAILABLE,
                "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" blocks, and only when the \"count\" argument is set.",
            )
            .at(span)
            .into()),
        }
    }

    fn each(
        &self,
        span: Span,
        pick: impl Fn(Value, &Value) -> Value,
    ) -> Result<Value, Diagnostics> {
        match &self.repeat {
            Repeat::Each(key, value) => Ok(pick(Value::string(key.clone()), value)),
            Repeat::Item(index, value) => Ok(pick(Value::number(*index), value)),
            Repeat::Any => Ok(pick(Value::unknown(Type::String), &Value::dynamic())),
            Repeat::None | Repeat::Count(_) => Err(Diagnostic::error(
                &terrane_config::rules::reference::EACH_NOT_AVAILABLE,
                "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the \"for_each\" argument is set.",
            )
            .at(span)
            .into()),
        }
    }

    /// An output of a called module that has one instance.
    fn single_output(&self, call: u32, output: u32, span: Span) -> Result<Value, Diagnostics> {
        let Some(cell) = self.world.call_cell(self.place, call) else {
            return Err(Diagnostics::new());
        };
        if cell.open && cell.kind == ExpansionKind::Enabled {
            return Ok(Value::dynamic());
        }
        let child = self.module().calls[call as usize].module;
        let name = &self.world.config.module(child).outputs[output as usize].name;
        let problem = match cell.kind {
            ExpansionKind::Single => return self.cell(Node::Output(child, output), cell.first),
            ExpansionKind::Enabled if cell.keys.is_empty() => {
                "This value is null, so it does not have any attributes.".to_owned()
            }
            ExpansionKind::Enabled => return self.cell(Node::Output(child, output), cell.first),
            ExpansionKind::Count | ExpansionKind::ForEach => {
                let call = &self.module().calls[call as usize].name;
                let (argument, example) = if cell.kind == ExpansionKind::Count {
                    ("count", "count.index")
                } else {
                    ("for_each", "each.key")
                };
                format!(
                    "Because module.{call} has \"{argument}\" set, its attributes must be accessed on specific instances.\n\nFor example, to correlate with indices of a referring resource, use:\n    module.{call}[{example}].{name}"
                )
            }
        };
        Err(Diagnostic::error(
            &terrane_config::rules::reference::UNSUPPORTED_ATTRIBUTE,
            problem,
        )
        .at(span)
        .into())
    }

    /// One output of one instance of a called module.
    fn keyed_output(
        &self,
        call: u32,
        output: u32,
        key: &Value,
        span: Span,
    ) -> Result<Value, Diagnostics> {
        let Some(cell) = self.world.call_cell(self.place, call) else {
            return Err(Diagnostics::new());
        };
        if cell.open {
            return Ok(Value::dynamic().with_marks(key.marks()));
        }
        let child = self.module().calls[call as usize].module;
        let name = format!("module.{}", self.module().calls[call as usize].name);
        let index = match pick(cell.kind, &cell.keys, key, &name, span)? {
            Picked::Index(index) => index,
            Picked::Whole => {
                let all = self.world.module_value(self.place, call)?;
                let element = index_value(&all, key, span)?;
                let output = &self.world.config.module(child).outputs[output as usize].name;
                return terrane_value::ops::get_attr(&element, output)
                    .map_err(|problem| access_error(&problem, span));
            }
        };
        let pos = cell.first + u32::try_from(index).expect("as many as module instances");
        Ok(self
            .cell(Node::Output(child, output), pos)?
            .with_marks(key.marks()))
    }
}

impl Scope for InstanceScope<'_> {
    fn value(&self, slot: Slot, span: Span) -> Result<Value, Diagnostics> {
        let Some(reference) = self.reference(slot) else {
            return Err(Diagnostics::new());
        };
        let (world, place) = (self.world, self.place);
        match reference {
            Reference::Variable(at) => match &self.judged {
                Some((judged, value)) if *judged == at => Ok(value.clone()),
                _ => self.cell(Node::Variable(place.module, at), place.pos),
            },
            Reference::Local(at) => self.cell(Node::Local(place.module, at), place.pos),
            Reference::Resource(at) => world.whole(place, at),
            Reference::Call(call) => world.module_value(place, call),
            Reference::CallOutput(call, output) => self.single_output(call, output, span),
            Reference::CountIndex => self.count_index(span),
            Reference::EachKey => self.each(span, |key, _| key),
            Reference::EachValue => self.each(span, |_, value| value.clone()),
            Reference::SelfObject => self.own.clone().ok_or_else(|| {
                Diagnostic::error(&terrane_config::rules::reference::SELF_NOT_AVAILABLE, "The \"self\" object is not available in this context. It can be used only in resource provisioner, connection, and postcondition blocks.").at(span).into()
            }),
            Reference::PathModule => Ok(Value::string(self.module().dir.clone())),
            Reference::PathRoot => {
                let root = world.config.modules.first();
                Ok(Value::string(root.map_or_else(|| ".".into(), |root| root.dir.clone())))
            }
            Reference::PathCwd => Ok(Value::string(world.cwd.clone())),
            Reference::Workspace => Ok(Value::string(world.workspace.clone())),
            Reference::Applying => Ok(Value::bool(world.applying).with_marks(&terrane_value::Marks::EPHEMERAL)),
            // What a function gives is not secret because its provider is configured with secrets.
            Reference::Provider(provider) => {
                let config = self.cell(Node::Provider(provider), 0)?;
                Ok(config.unmark_deep())
            }
            // Nothing that is planned refers to these.
            Reference::List(_) => Ok(Value::dynamic()),
        }
    }

    fn keyed(&self, slot: Slot, key: &Value, span: Span) -> Result<Value, Diagnostics> {
        let Some(reference) = self.reference(slot) else {
            return Err(Diagnostics::new());
        };
        match reference {
            Reference::Resource(at) => {
                let Some(cell) = self.world.resource_cell(self.place, at) else {
                    return Err(Diagnostics::new());
                };
                if cell.failed {
                    return Err(Diagnostics::new());
                }
                if cell.open {
                    return Ok(Value::dynamic().with_marks(key.marks()));
                }
                let name = resource_name(self.module(), at);
                match pick(cell.kind, &cell.keys, key, &name, span)? {
                    Picked::Index(index) => match &cell.values[index] {
                        Some(Ok(value)) => Ok(value.clone().with_marks(key.marks())),
                        Some(Err(())) | None => Err(Diagnostics::new()),
                    },
                    Picked::Whole => index_value(&self.world.whole(self.place, at)?, key, span),
                }
            }
            Reference::CallOutput(call, output) => self.keyed_output(call, output, key, span),
            _ => index_value(&self.value(slot, span)?, key, span),
        }
    }

    fn functions(&self) -> &Functions {
        &self.world.functions
    }

    fn name(&self, slot: Slot) -> EcoString {
        self.keyed_name(slot, "")
    }

    fn keyed_name(&self, slot: Slot, key: &str) -> EcoString {
        let reference = self.reference(slot);
        reference.map_or_else(EcoString::new, |reference| {
            self.world.config.name_of(self.module(), reference, key)
        })
    }
}

fn index_value(value: &Value, key: &Value, span: Span) -> Result<Value, Diagnostics> {
    terrane_value::ops::index(value, key).map_err(|problem| access_error(&problem, span))
}

fn access_error(problem: &terrane_value::ops::AccessError, span: Span) -> Diagnostics {
    Diagnostic::error(
        terrane_lang::rules::expr::of_access(problem),
        problem.to_string(),
    )
    .at(span)
    .into()
}

/// Which instance a key means.
pub(crate) enum Picked {
    /// The one at this place among the keys.
    Index(usize),
    /// That can be told only of the whole.
    Whole,
}

/// Finds the instance that a key means.
pub(crate) fn pick(
    kind: ExpansionKind,
    keys: &Arc<[Option<InstanceKey>]>,
    key: &Value,
    name: &str,
    span: Span,
) -> Result<Picked, Diagnostics> {
    let fail = |rule: &'static Rule, detail: String| {
        let mut diagnostic = Diagnostic::error(rule, detail).at(span);
        if rule != &terrane_config::rules::reference::UNEXPECTED_INSTANCE_KEY {
            diagnostic.values.push((name.to_owned(), instances(keys)));
        }
        Err(diagnostic.into())
    };
    let wanted = match (kind, key.unmarked().kind()) {
        (ExpansionKind::Single | ExpansionKind::Enabled, _) => {
            return fail(
                &terrane_config::rules::reference::UNEXPECTED_INSTANCE_KEY,
                format!(
                    "Because {name} does not have \"count\" or \"for_each\" set, references to it must not include an index key. Remove the bracketed index to refer to the single instance of this resource."
                ),
            );
        }
        (_, Kind::Unknown(..) | Kind::Null(_)) => return Ok(Picked::Whole),
        (ExpansionKind::Count, Kind::Number(number)) => {
            match number.to_u64().filter(|_| number.is_integer()) {
                Some(index) => Some(InstanceKey::Int(index)),
                None => return Ok(Picked::Whole),
            }
        }
        (ExpansionKind::Count, Kind::String(text)) => match text.parse() {
            Ok(index) => Some(InstanceKey::Int(index)),
            Err(_) => return Ok(Picked::Whole),
        },
        (ExpansionKind::ForEach, Kind::String(text)) => Some(InstanceKey::Str(text.clone())),
        _ => return Ok(Picked::Whole),
    };
    if let (ExpansionKind::Count, Some(InstanceKey::Int(index))) = (kind, &wanted) {
        // The keys of a count are 0, 1, 2 …, but for those that a partial plan left out.
        if let Some(index) = usize::try_from(*index)
            .ok()
            .filter(|index| keys.get(*index) == Some(&wanted))
            .or_else(|| keys.binary_search(&wanted).ok())
        {
            return Ok(Picked::Index(index));
        }
        let problem = match keys.len() {
            0 => "the collection has no elements.".to_owned(),
            length => format!(
                "the given index is greater than or equal to the length of the collection ({length})."
            ),
        };
        return fail(
            &terrane_config::rules::reference::INSTANCE_BEYOND_COUNT,
            format!(
                "The given key does not identify an element in this collection value: {problem}"
            ),
        );
    }
    match keys.binary_search(&wanted) {
        Ok(index) => Ok(Picked::Index(index)),
        Err(_) => fail(
            &terrane_config::rules::reference::NO_SUCH_INSTANCE,
            format!(
                "The given key does not identify an element in this collection value.{}",
                known_keys(keys, &wanted)
            ),
        ),
    }
}

/// How many instances there are, and their keys, if these are texts and few.
fn instances(keys: &[Option<InstanceKey>]) -> String {
    const MOST: usize = 4;
    let names: Vec<String> = (keys.iter().flatten())
        .filter_map(|key| match key {
            InstanceKey::Str(text) => Some(format!("{text:?}")),
            InstanceKey::Int(_) | InstanceKey::Any => None,
        })
        .take(MOST + 1)
        .collect();
    let count = match keys.len() {
        0 => "has no instances".to_owned(),
        1 => "has 1 instance".to_owned(),
        many => format!("has {many} instances"),
    };
    match names.len() {
        1..=MOST => format!("{count}: {}", names.join(", ")),
        _ => count,
    }
}

/// The key that may be meant, or else the keys that there are, if they are few.
fn known_keys(keys: &[Option<InstanceKey>], wanted: &Option<InstanceKey>) -> String {
    const MOST: usize = 8;
    let names: Vec<&str> = (keys.iter().flatten())
        .filter_map(|key| match key {
            InstanceKey::Str(text) => Some(text.as_str()),
            InstanceKey::Int(_) | InstanceKey::Any => None,
        })
        .collect();
    if let Some(InstanceKey::Str(wanted)) = wanted
        && let Some(near) = suggestion(wanted, names.iter().copied())
    {
        return format!(" Did you mean {near:?}?");
    }
    match names.len() {
        0 => " There are no instances.".to_owned(),
        1..=MOST => {
            let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            match names.as_slice() {
                [only] => format!(" There is only {only}."),
                names => format!(" There are {}.", names.join(", ")),
            }
        }
        _ => String::new(),
    }
}
