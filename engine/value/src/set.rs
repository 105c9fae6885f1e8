//! Sets: which elements are the same, and in what order they stand. Also the constructors of lists
//! and maps from elements whose common type is not known beforehand.
//!
//! Order: strings by code point, numbers by value, `false` before `true`; everything else by a text
//! made of its content, which the peers use as well. Unknown elements follow the known ones, null
//! comes last. Unknown elements are never the same as any other.

use crate::ops::equal;
use crate::quote::Quoted;
use crate::{EcoString, Kind, Marks, Type, Value};
use std::cmp::Ordering;
use std::collections::BTreeMap;

impl Value {
    /// A set of these items, in any order and with duplicates. Marks on items, at any depth, become
    /// marks of the set. Items that are dynamic (null or unknown without a type) become null or
    /// unknown of `element`.
    #[must_use]
    pub fn set(element: Type, items: Vec<Self>) -> Self {
        let mut marks = Marks::NONE;
        let items = items
            .into_iter()
            .map(|item| {
                let item = if item.contains_marks() {
                    marks = marks.union(&item.marks_deep());
                    item.unmark_deep()
                } else {
                    item
                };
                item.typed(&element)
            })
            .collect();
        let items = match element {
            Type::String | Type::Number | Type::Bool => sort_primitive(items),
            _ => sort_by_content(items),
        };
        Self::set_sorted(element, items).with_marks(&marks)
    }

    /// A list of items of one type, which is that of the first whose type is known. `None` if there
    /// are several types.
    #[must_use]
    pub fn list_of(items: Vec<Self>) -> Option<Self> {
        let element = common_type(&items)?;
        let items = items.into_iter().map(|item| item.typed(&element)).collect();
        Some(Self::list(element, items))
    }

    /// A set of items of one type, as [`Value::list_of`].
    #[must_use]
    pub fn set_of(items: Vec<Self>) -> Option<Self> {
        let element = common_type(&items)?;
        Some(Self::set(element, items))
    }

    /// A map of values of one type, as [`Value::list_of`].
    #[must_use]
    pub fn map_of(entries: BTreeMap<EcoString, Self>) -> Option<Self> {
        let element = common_type(entries.values())?;
        let entries = entries
            .into_iter()
            .map(|(key, value)| (key, value.typed(&element)))
            .collect();
        Some(Self::map(element, entries))
    }

    /// Null or unknown without a type becomes null or unknown of this type; everything else stays.
    #[must_use]
    pub fn typed(self, ty: &Type) -> Self {
        if *ty == Type::Dynamic {
            return self;
        }
        match self.kind() {
            Kind::Null(Type::Dynamic) => Self::null(ty.clone()),
            Kind::Unknown(Type::Dynamic, _) => Self::unknown(ty.clone()),
            Kind::Marked(marks, inner) => inner.clone().typed(ty).with_marks(marks),
            _ => self,
        }
    }

    /// Whether this set surely has this element. An unknown element is in no set, and a known one
    /// is not found in an unknown one. Marks do not matter.
    #[must_use]
    pub fn set_has(&self, element: &Self) -> bool {
        let Kind::Set(items) = self.unmarked().kind() else {
            return false;
        };
        let element = element.unmark_deep();
        match self.ty() {
            Type::Set(ty) if ty.is_primitive() && element.is_known() => items
                .binary_search_by(|item| compare_primitive(item, &element))
                .is_ok(),
            _ => items.iter().any(|item| same(item, &element)),
        }
    }
}

/// The type that all share, dynamic ones aside. Dynamic if there is no other; `None` if there are
/// several.
fn common_type<'a>(items: impl IntoIterator<Item = &'a Value>) -> Option<Type> {
    let mut common = Type::Dynamic;
    for item in items {
        if item.is_of(&common) || item.is_of(&Type::Dynamic) {
            continue;
        }
        if common != Type::Dynamic {
            return None;
        }
        common = item.ty();
    }
    Some(common)
}

/// Whether both are surely the same.
fn same(a: &Value, b: &Value) -> bool {
    equal(a, b).as_bool() == Some(true)
}

/// Known before unknown before null.
fn rank(value: &Value) -> u8 {
    match value.kind() {
        Kind::Null(_) => 2,
        Kind::Unknown(..) => 1,
        _ => 0,
    }
}

fn compare_primitive(a: &Value, b: &Value) -> Ordering {
    match (a.kind(), b.kind()) {
        (Kind::String(a), Kind::String(b)) => a.cmp(b),
        (Kind::Number(a), Kind::Number(b)) if a == b => Ordering::Equal,
        (Kind::Number(a), Kind::Number(b)) => a.compare(b),
        (Kind::Bool(a), Kind::Bool(b)) => a.cmp(&b),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn sort_primitive(mut items: Vec<Value>) -> Vec<Value> {
    let exact = |a: &Value, b: &Value| match (a.kind(), b.kind()) {
        (Kind::Number(a), Kind::Number(b)) => a.compare(b),
        _ => compare_primitive(a, b),
    };
    if !items.is_sorted_by(|a, b| exact(a, b) == Ordering::Less) {
        items.sort_by(exact);
    }
    items.dedup_by(|a, b| a.is_known() && compare_primitive(a, b) == Ordering::Equal);
    items
}

fn sort_by_content(items: Vec<Value>) -> Vec<Value> {
    if items.len() < 2 {
        return items;
    }
    let mut keyed: Vec<(u8, Vec<u8>, Value)> = items
        .into_iter()
        .map(|item| {
            let mut key = Vec::new();
            content_key(&item, &mut key);
            (rank(&item), key, item)
        })
        .collect();
    keyed.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let mut kept: Vec<(Vec<u8>, Value)> = Vec::with_capacity(keyed.len());
    for (_, key, item) in keyed {
        // Values that differ only beyond what the key shows share it, so all of them are looked at.
        // One that is not wholly known is never the same as another.
        let mut alike = kept.iter().rev().take_while(|(other, _)| *other == key);
        if !item.is_wholly_known() || !alike.any(|(_, other)| same(other, &item)) {
            kept.push((key, item));
        }
    }
    kept.into_iter().map(|(_, item)| item).collect()
}

/// The text that elements of no natural order are sorted by.
fn content_key(value: &Value, key: &mut Vec<u8>) {
    let mut parts = |open: u8, items: &[Value], close: u8| {
        key.push(open);
        for item in items {
            content_key(item, key);
            key.push(b';');
        }
        key.push(close);
    };
    match value.kind() {
        Kind::Marked(_, inner) => content_key(inner, key),
        Kind::Unknown(..) => key.push(b'?'),
        Kind::Null(_) => key.push(b'~'),
        Kind::Bool(true) => key.push(b'T'),
        Kind::Bool(false) => key.push(b'F'),
        Kind::Number(number) => {
            let text = number.format(crate::number::Notation::General, Some(10));
            key.extend_from_slice(text.as_bytes());
        }
        Kind::String(text) => quote(text, key),
        Kind::List(items) | Kind::Set(items) => parts(b'[', items, b']'),
        Kind::Tuple(items) => parts(b'<', items, b'>'),
        Kind::Object(object) => parts(b'<', object.values(), b'>'),
        Kind::Map(map) => {
            key.push(b'{');
            for (name, item) in map.iter() {
                quote(name, key);
                key.push(b':');
                content_key(item, key);
                key.push(b';');
            }
            key.push(b'}');
        }
    }
}

fn quote(text: &str, key: &mut Vec<u8>) {
    key.extend(Quoted(text).to_string().bytes());
}
