//! Comparing values: of a declared type, or of whatever type they have.

use super::change::{Change, equal, same};
use super::{Body, Diff, sequence};
use crate::plan::Action;
use ecow::EcoString;
use terrane_value::{Kind, Type, Value};

/// Values of an attribute of this type.
pub(super) fn typed(change: &Change<'_>, ty: &Type) -> Diff {
    if let Some(hidden) = sensitive(change, |change| typed(change, ty)) {
        return hidden;
    }
    if let Some(unknown) = unknown(change, |change| typed(change, ty)) {
        return unknown;
    }
    match ty {
        Type::Dynamic => dynamic(change),
        Type::Bool | Type::Number | Type::String => plain(change),
        Type::Object(object) => {
            let names = object.attributes.keys().cloned();
            object_of(change, names, true, |change, name| {
                typed(
                    change,
                    object.attributes.get(name).unwrap_or(&Type::Dynamic),
                )
            })
        }
        Type::Map(element) => map_of(change, true, |change| typed(change, element)),
        Type::List(element) => {
            let objects = matches!(**element, Type::Object(_));
            list(change, |_| objects, |change| typed(change, element))
        }
        Type::Set(element) => set(change, false, |change| typed(change, element)),
        Type::Tuple(types) => {
            let mut action = change.whole();
            let elements = by_place(change, &mut action, |change, at| {
                typed(change, types.get(at).unwrap_or(&Type::Dynamic))
            });
            let body = Body::List {
                elements,
                context: true,
            };
            done(change, action, body)
        }
    }
}

/// What kind of thing a value is when its type is not declared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    Bool,
    Number,
    String,
    Sequence,
    Mapping,
}

fn shape(value: Option<&Value>) -> Shape {
    match value.map(|value| value.unmarked().kind()) {
        None | Some(Kind::Null(_) | Kind::Unknown(..) | Kind::Marked(..)) => Shape::Null,
        Some(Kind::Bool(_)) => Shape::Bool,
        Some(Kind::Number(_)) => Shape::Number,
        Some(Kind::String(_)) => Shape::String,
        Some(Kind::List(_) | Kind::Set(_) | Kind::Tuple(_)) => Shape::Sequence,
        Some(Kind::Map(_) | Kind::Object(_)) => Shape::Mapping,
    }
}

/// Values of no declared type: an output, a part of a JSON text, an attribute that takes anything.
pub(in super::super) fn dynamic(change: &Change<'_>) -> Diff {
    if let Some(hidden) = sensitive(change, dynamic) {
        return hidden;
    }
    if let Some(unknown) = unknown(change, dynamic) {
        return unknown;
    }
    let (before, after) = (shape(change.before.as_ref()), shape(change.after.as_ref()));
    let created = before == Shape::Null && change.nothing_before();
    let deleted = after == Shape::Null && change.nothing_after();
    if before != after && !created && !deleted {
        let mut gone = of_shape(&change.as_delete(), before);
        let mut come = of_shape(&change.as_create(), after);
        // Said once, behind both.
        gone.replace = false;
        come.replace = false;
        let body = Body::Retyped(Box::new(gone), Box::new(come));
        return done(change, Action::Update, body);
    }
    of_shape(change, if before == Shape::Null { after } else { before })
}

fn of_shape(change: &Change<'_>, shape: Shape) -> Diff {
    match shape {
        Shape::Null | Shape::Bool | Shape::Number | Shape::String => plain(change),
        Shape::Sequence => {
            let objects = |value: &Value| self::shape(Some(value)) == Shape::Mapping;
            list(change, objects, dynamic)
        }
        Shape::Mapping => {
            let mut action = change.whole();
            let entries = change.keys().into_iter().map(|key| {
                let diff = dynamic(&change.key(&key));
                action = Diff::sum(action, diff.action);
                (key, diff)
            });
            let entries = entries.collect();
            done(
                change,
                action,
                Body::Object {
                    entries,
                    plain: true,
                },
            )
        }
    }
}

/// A diff of this comparison.
pub(super) fn done(change: &Change<'_>, action: Action, body: Body) -> Diff {
    Diff {
        action,
        replace: change.replace.arrive(),
        body,
    }
}

fn plain(change: &Change<'_>) -> Diff {
    let body = Body::Plain {
        before: change.before.clone(),
        after: change.after.clone(),
    };
    done(change, change.action(), body)
}

/// What is shown instead if one of the sides is sensitive.
pub(super) fn sensitive(
    change: &Change<'_>,
    compare: impl Fn(&Change<'_>) -> Diff,
) -> Option<Diff> {
    let (before, after) = change.sensitive();
    if !before && !after {
        return None;
    }
    let bare = |side: &Option<Value>| side.as_ref().map(Value::unmark_deep);
    let inner = compare(&change.with(bare(&change.before), bare(&change.after))).action;
    let nothing = change.nothing_before() && change.nothing_after();
    let action = if inner == Action::NoOp && before != after && !nothing {
        Action::Update
    } else {
        inner
    };
    let body = Body::Sensitive {
        inner,
        before,
        after,
    };
    Some(done(change, action, body))
}

/// What is shown if the value will be known after apply.
pub(super) fn unknown(change: &Change<'_>, compare: impl Fn(&Change<'_>) -> Diff) -> Option<Diff> {
    if !change.unknown() {
        return None;
    }
    if change.before.as_ref().is_none_or(Value::is_null) {
        return Some(done(change, Action::Create, Body::Unknown(None)));
    }
    let mut before = compare(&change.as_delete());
    before.replace = false;
    let body = Body::Unknown(Some(Box::new(before)));
    Some(done(change, Action::Update, body))
}

/// An object of known attributes. Those that are null on both sides are left out.
pub(super) fn object_of(
    change: &Change<'_>,
    names: impl Iterator<Item = EcoString>,
    plain: bool,
    compare: impl Fn(&Change<'_>, &str) -> Diff,
) -> Diff {
    let mut action = change.whole();
    let mut entries = Vec::new();
    for name in names {
        let child = change.key(&name).implicit();
        let diff = compare(&child, &name);
        if diff.action == Action::NoOp && child.empty() {
            continue;
        }
        action = Diff::sum(action, diff.action);
        entries.push((name, diff));
    }
    done(change, action, Body::Object { entries, plain })
}

pub(super) fn map_of(
    change: &Change<'_>,
    plain: bool,
    compare: impl Fn(&Change<'_>) -> Diff,
) -> Diff {
    let mut action = change.whole();
    let entries = change.keys().into_iter().map(|key| {
        let diff = compare(&change.key(&key));
        action = Diff::sum(action, diff.action);
        (key, diff)
    });
    let entries = entries.collect();
    done(change, action, Body::Map { entries, plain })
}

fn list(
    change: &Change<'_>,
    is_object: impl Fn(&Value) -> bool,
    compare: impl Fn(&Change<'_>) -> Diff,
) -> Diff {
    let children = |side: &Option<Value>| {
        side.as_ref()
            .map_or(&[][..], Value::children)
            .iter()
            .map(Value::unmark_deep)
            .collect::<Vec<_>>()
    };
    let (before, after) = (children(&change.before), children(&change.after));
    let pairs = sequence::pairs(&before, &after, equal, is_object);
    let mut action = change.whole();
    let elements = pairs.into_iter().map(|(before, after)| {
        let diff = compare(&change.at(before, after));
        action = Diff::sum(action, diff.action);
        diff
    });
    let elements = elements.collect();
    let body = Body::List {
        elements,
        context: true,
    };
    done(change, action, body)
}

/// Elements by their places.
pub(super) fn by_place(
    change: &Change<'_>,
    action: &mut Action,
    compare: impl Fn(&Change<'_>, usize) -> Diff,
) -> Vec<Diff> {
    let (before, after) = change.lengths();
    let pairs = sequence::by_place(before, after).into_iter().enumerate();
    pairs
        .map(|(at, (before, after))| {
            let diff = compare(&change.at(before, after), at);
            *action = Diff::sum(*action, diff.action);
            diff
        })
        .collect()
}

/// Elements of sets: which are the same, which go, which come.
pub(super) fn set_elements(
    change: &Change<'_>,
    action: &mut Action,
    compare: impl Fn(&Change<'_>) -> Diff,
) -> Vec<Diff> {
    let children = |side: &Option<Value>| {
        let children = side.as_ref().map_or(&[][..], Value::children);
        children.iter().map(Value::unmark_deep).collect::<Vec<_>>()
    };
    let (before, after) = (children(&change.before), children(&change.after));
    let pairs = sequence::unordered(&before, &after, |a, b| same(Some(a), Some(b)));
    pairs
        .into_iter()
        .map(|(before, after)| {
            let diff = compare(&change.at(before, after));
            *action = Diff::sum(*action, diff.action);
            diff
        })
        .collect()
}

pub(super) fn set(change: &Change<'_>, push: bool, compare: impl Fn(&Change<'_>) -> Diff) -> Diff {
    let mut action = change.whole();
    let elements = set_elements(change, &mut action, compare);
    done(change, action, Body::Set { elements, push })
}
