//! Comparing objects whose schema is known.

use super::change::Change;
use super::value::{
    by_place, done, map_of, object_of, sensitive, set, set_elements, typed, unknown,
};
use super::{Blocks, Body, Diff};
use crate::plan::Action;
use ecow::EcoString;
use terrane_model::schema::{Attribute, AttributeType, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{Marks, Value};

/// An object and what became of it.
pub(in super::super) fn block(change: &Change<'_>, schema: &Block) -> Diff {
    let (before, after) = change.sensitive();
    if before || after {
        return hidden(change, before, after, |change| block(change, schema));
    }
    if let Some(diff) = unknown(change, |change| block(change, schema)) {
        return diff;
    }
    let mut action = change.whole();
    let mut attributes = Vec::new();
    for (name, attribute) in &schema.attributes {
        if attribute.write_only {
            // Whether it has a value can't be told, so it is there as long as the object is.
            let whole = match change.whole() {
                whole @ (Action::Create | Action::Delete) => whole,
                _ => Action::NoOp,
            };
            let diff = done(&change.key(name), whole, Body::WriteOnly);
            attributes.push((name.clone(), diff));
            continue;
        }
        let mut child = change.key(name).implicit();
        // Old providers can't tell an empty string from none, so neither is shown.
        for side in [&mut child.before, &mut child.after] {
            if side.as_ref().and_then(|value| value.unmarked().as_str()) == Some("") {
                *side = None;
            }
        }
        let diff = attribute_diff(&child, attribute);
        if diff.action == Action::NoOp && child.empty() {
            continue;
        }
        action = Diff::sum(action, diff.action);
        attributes.push((name.clone(), diff));
    }
    let mut blocks = Vec::new();
    for (name, nested) in &schema.blocks {
        if let Some(found) = nested_blocks(&change.key(name).implicit(), name, nested) {
            let actions = found.items.iter().map(|(_, diff)| diff.action);
            action = actions.fold(action, Diff::sum);
            blocks.push(found);
        }
    }
    done(change, action, Body::Block { attributes, blocks })
}

/// A block of which nothing is shown.
fn hidden(
    change: &Change<'_>,
    before: bool,
    after: bool,
    compare: impl Fn(&Change<'_>) -> Diff,
) -> Diff {
    let bare = |side: &Option<Value>| side.as_ref().map(Value::unmark_deep);
    let inner = compare(&change.with(bare(&change.before), bare(&change.after))).action;
    let action = if inner == Action::NoOp && before != after {
        Action::Update
    } else {
        inner
    };
    let body = Body::SensitiveBlock {
        inner,
        before,
        after,
    };
    done(change, action, body)
}

fn nested_blocks(change: &Change<'_>, name: &EcoString, nested: &NestedBlock) -> Option<Blocks> {
    let found = |items: Vec<(Option<EcoString>, Diff)>| Blocks {
        name: name.clone(),
        items,
        replace: change.replace.arrive(),
    };
    let (before, after) = change.sensitive();
    if before || after {
        // The marks are on all blocks of the type together; each of them is shown as hidden.
        let spread = |side: &Option<Value>, sensitive: bool| {
            let value = side.as_ref()?.unmarked().clone();
            if !sensitive || nested.nesting == Nesting::Single || nested.nesting == Nesting::Group {
                let marks = if sensitive {
                    Marks::SENSITIVE
                } else {
                    Marks::NONE
                };
                return Some(value.with_marks(&marks));
            }
            Some(value.map_children(|_, child| child.clone().with_marks(&Marks::SENSITIVE)))
        };
        let change = change.with(spread(&change.before, before), spread(&change.after, after));
        return items(&change, nested).map(found);
    }
    items(change, nested).map(found)
}

fn items(change: &Change<'_>, nested: &NestedBlock) -> Option<Vec<(Option<EcoString>, Diff)>> {
    let mut action = Action::NoOp;
    let unlabelled = |diffs: Vec<Diff>| diffs.into_iter().map(|diff| (None, diff)).collect();
    if let Nesting::Single | Nesting::Group = nested.nesting {
        let diff = block(change, &nested.block);
        let nothing = diff.action == Action::NoOp && change.empty();
        return (!nothing).then(|| vec![(None, diff)]);
    }
    if change.unknown() {
        // How many there will be is not known: those that are there go, and something comes.
        let gone = change.as_delete();
        let mut diffs = by_place(&gone, &mut action, |change, _| block(change, &nested.block));
        diffs.push(done(change, Action::Create, Body::Unknown(None)));
        return Some(unlabelled(diffs));
    }
    let diffs: Vec<(Option<EcoString>, Diff)> = match nested.nesting {
        Nesting::Map => change
            .keys()
            .into_iter()
            .map(|key| {
                let diff = block(&change.key(&key), &nested.block);
                (Some(key), diff)
            })
            .collect(),
        Nesting::Set => unlabelled(set_elements(change, &mut action, |change| {
            block(change, &nested.block)
        })),
        _ => unlabelled(by_place(change, &mut action, |change, _| {
            block(change, &nested.block)
        })),
    };
    (!diffs.is_empty()).then_some(diffs)
}

fn attribute_diff(change: &Change<'_>, attribute: &Attribute) -> Diff {
    if attribute.sensitive && change.hide {
        let mark = |side: &Option<Value>| {
            let value = side.clone()?;
            Some(value.with_marks(&Marks::SENSITIVE))
        };
        // A side that has nothing counts as sensitive too: that there will be something is not a change of sensitivity.
        let null = || Some(Value::NULL.with_marks(&Marks::SENSITIVE));
        let marked = change.with(
            mark(&change.before).or_else(null),
            mark(&change.after).or_else(null),
        );
        return unmarked_attribute_diff(&marked, attribute);
    }
    unmarked_attribute_diff(change, attribute)
}

fn unmarked_attribute_diff(change: &Change<'_>, attribute: &Attribute) -> Diff {
    match &attribute.ty {
        AttributeType::Plain(ty) => typed(change, ty),
        AttributeType::Nested(nested) => nested_attribute(change, nested),
    }
}

fn nested_attribute(change: &Change<'_>, nested: &NestedObject) -> Diff {
    if let Some(diff) = sensitive(change, |change| nested_attribute(change, nested)) {
        return diff;
    }
    if let Some(diff) = unknown(change, |change| nested_attribute(change, nested)) {
        return diff;
    }
    match nested.nesting {
        Nesting::Single | Nesting::Group => nested_object(change, nested),
        Nesting::Map => map_of(change, false, |change| nested_element(change, nested)),
        Nesting::Set => set(change, true, |change| nested_element(change, nested)),
        Nesting::List => {
            let mut action = change.whole();
            let elements = by_place(change, &mut action, |change, _| {
                nested_element(change, nested)
            });
            let body = Body::List {
                elements,
                context: false,
            };
            done(change, action, body)
        }
    }
}

fn nested_element(change: &Change<'_>, nested: &NestedObject) -> Diff {
    if let Some(diff) = sensitive(change, |change| nested_object(change, nested)) {
        return diff;
    }
    if let Some(diff) = unknown(change, |change| nested_object(change, nested)) {
        return diff;
    }
    nested_object(change, nested)
}

fn nested_object(change: &Change<'_>, nested: &NestedObject) -> Diff {
    let names = nested.attributes.keys().cloned();
    object_of(change, names, false, |change, name| {
        match nested.attributes.get(name) {
            Some(attribute) => attribute_diff(change, attribute),
            None => super::value::dynamic(change),
        }
    })
}
