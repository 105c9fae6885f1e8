//! Values in the shapes that the formats ask for.

use super::write::Writer;
use std::fmt;
use terrane_value::{Kind, Path, PathStep, Type, Value};

fn keys(value: &Value) -> &[ecow::EcoString] {
    match value.unmarked().kind() {
        Kind::Map(map) => map.keys(),
        Kind::Object(object) => object.names(),
        _ => &[],
    }
}

/// What is known of a value: unknown attributes and elements of maps are left out, unknown elements of sequences are null. An unknown
/// value must not be given.
pub(super) fn known(out: &mut Writer<'_>, value: &Value) -> fmt::Result {
    let value = value.unmarked();
    match value.kind() {
        Kind::Marked(..) | Kind::Null(_) | Kind::Unknown(..) => out.raw("null"),
        Kind::Bool(truth) => out.bool(truth),
        Kind::Number(number) => out.raw(&number.text()),
        Kind::String(text) => out.string(text),
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            out.array(|out| items.iter().try_for_each(|item| known(out, item)))
        }
        Kind::Map(_) | Kind::Object(_) => out.object(|out| {
            for (key, item) in keys(value).iter().zip(value.children()) {
                if item.is_known() {
                    out.key(key)?;
                    known(out, item)?;
                }
            }
            Ok(())
        }),
    }
}

/// `true` where a value is unknown, `false` where it is known; known parts of objects and maps are left out.
pub(super) fn unknown(out: &mut Writer<'_>, value: &Value) -> fmt::Result {
    let value = value.unmarked();
    match value.kind() {
        Kind::Unknown(..) => out.bool(true),
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            out.array(|out| items.iter().try_for_each(|item| unknown(out, item)))
        }
        Kind::Map(_) | Kind::Object(_) => out.object(|out| {
            for (key, item) in keys(value).iter().zip(value.children()) {
                let inner = item.unmarked();
                let plain = inner.is_known()
                    && matches!(
                        inner.kind(),
                        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_)
                    );
                if !plain {
                    out.key(key)?;
                    unknown(out, item)?;
                }
            }
            Ok(())
        }),
        _ => out.bool(false),
    }
}

/// `true` where a value is sensitive; parts of objects and maps that can't be are left out.
pub(super) fn sensitive(out: &mut Writer<'_>, value: &Value) -> fmt::Result {
    if value.marks().is_sensitive() {
        return out.bool(true);
    }
    if never_sensitive(value) {
        return out.bool(false);
    }
    let inner = value.unmarked();
    match inner.kind() {
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            out.array(|out| items.iter().try_for_each(|item| sensitive(out, item)))
        }
        Kind::Map(_) | Kind::Object(_) => out.object(|out| {
            for (key, item) in keys(inner).iter().zip(inner.children()) {
                if item.marks().is_sensitive() || !never_sensitive(item) {
                    out.key(key)?;
                    sensitive(out, item)?;
                }
            }
            Ok(())
        }),
        Kind::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => out.raw("[]"),
        _ => out.raw("{}"),
    }
}

/// Of an unmarked value: whether there are no parts that could be sensitive.
fn never_sensitive(value: &Value) -> bool {
    match value.unmarked().kind() {
        Kind::Null(_) | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => true,
        Kind::Unknown(ty, _) => ty.is_primitive() || *ty == Type::Dynamic,
        _ => false,
    }
}

/// A path as an array of names and indexes. Steps into sets can't be written; the path ends before one.
pub(super) fn path(out: &mut Writer<'_>, path: &Path) -> fmt::Result {
    out.array(|out| {
        for step in &path.0 {
            match step {
                PathStep::Attr(name) => out.string(name)?,
                PathStep::Index(key) => match key.unmarked().kind() {
                    Kind::String(name) => out.string(name)?,
                    Kind::Number(number) => out.raw(&number.text())?,
                    _ => break,
                },
            }
        }
        Ok(())
    })
}

/// The type of a value in the notation of the formats.
pub(super) fn type_of(out: &mut Writer<'_>, value: &Value) -> fmt::Result {
    let mut text = String::new();
    terrane_value::json::encode_type(&value.ty(), &mut text);
    out.raw(&text)
}
