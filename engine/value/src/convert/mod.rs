//! Conversion of values between types, and the type that several have in common.
//!
//! Whether a conversion is possible is first decided by the types alone ([`possible`]); what
//! remains can only fail at a value (text that is no number). A value that is of the type already
//! comes back as it is, shared. Null and unknown convert to anything that their type converts to;
//! marks stay where they are, or move to the set that an element becomes part of.

mod defaults;
mod mismatch;
mod possible;
mod result_type;
mod unify;

#[cfg(test)]
mod tests;

use crate::quote::Quoted;
use crate::shape::Shapes;
use crate::{
    EcoString, Kind, MapValue, Number, ObjectType, Path, PathStep, Refinements, Type, Value,
};
use result_type::{dynamic_replace, unknown_result};
use std::collections::BTreeMap;
use std::fmt;

pub use defaults::{Children, Defaults};
pub use mismatch::mismatch;
pub use possible::possible;
pub use unify::unify;

/// A value that does not convert.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertError {
    /// Which part; empty: the value itself, or its type as a whole.
    pub path: Path,
    /// What is required there, without a final period.
    pub message: String,
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.0.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for ConvertError {}

/// The value as one of type `wanted`. Where that is dynamic, at any depth, the type is taken from
/// the value; elements of
/// `list(any)`, `set(any)` and `map(any)` are brought to one type.
///
/// # Errors
/// Where the type does not convert, or a string is not what it should become.
pub fn convert(value: &Value, wanted: &Type) -> Result<Value, ConvertError> {
    if *wanted == Type::Dynamic || value.is_of(wanted) {
        return Ok(value.clone());
    }
    if !wanted.is_primitive()
        || !matches!(
            value.unmarked().kind(),
            Kind::Bool(_) | Kind::Number(_) | Kind::String(_)
        )
    {
        let ty = value.ty();
        if !possible(&ty, wanted, true) {
            let (path, message) = (Path::new(), mismatch(&ty, wanted));
            return Err(ConvertError { path, message });
        }
    }
    let (path, shapes) = (Vec::new(), Shapes::default());
    Conversion { path, shapes }.value(value, wanted)
}

/// A conversion under way. The types are known to fit.
struct Conversion {
    path: Vec<PathStep>,
    shapes: Shapes,
}

type Converted = Result<Value, ConvertError>;

impl Conversion {
    fn error<T>(&self, message: impl Into<String>) -> Result<T, ConvertError> {
        Err(ConvertError {
            path: Path(self.path.clone()),
            message: message.into(),
        })
    }

    fn value(&mut self, value: &Value, wanted: &Type) -> Converted {
        if *wanted == Type::Dynamic || value.is_of(wanted) {
            return Ok(value.clone());
        }
        if self.path.len() > crate::value::MAX_DEPTH {
            return self.error("the value is nested too deeply");
        }
        match value.kind() {
            Kind::Marked(marks, inner) => Ok(self.value(inner, wanted)?.with_marks(marks)),
            Kind::Unknown(ty, _) => {
                let target = dynamic_replace(ty, &wanted.without_optional());
                Ok(unknown_result(value, target))
            }
            Kind::Null(ty) => Ok(Value::null(dynamic_replace(ty, &wanted.without_optional()))),
            _ => match wanted {
                Type::Dynamic => Ok(value.clone()),
                Type::Bool | Type::Number | Type::String => self.primitive(value, wanted),
                Type::List(element) => self.list(value, element),
                Type::Set(element) => self.set(value, element),
                Type::Map(element) => self.map(value, element),
                Type::Tuple(elements) => self.tuple(value, elements),
                Type::Object(object) => self.object(value, object),
            },
        }
    }

    fn primitive(&self, value: &Value, wanted: &Type) -> Converted {
        match (value.kind(), wanted) {
            (Kind::Number(number), Type::String) => Ok(Value::string(number.text())),
            (Kind::Bool(truth), Type::String) => {
                Ok(Value::string(if truth { "true" } else { "false" }))
            }
            (Kind::String(text), Type::Number) => match Number::parse(text) {
                Some(number) => Ok(Value::number(number)),
                None => self.error("a number is required"),
            },
            (Kind::String(text), Type::Bool) => match text.as_str() {
                "true" | "1" => Ok(Value::TRUE),
                "false" | "0" => Ok(Value::FALSE),
                _ => match text.to_lowercase().as_str() {
                    lower @ ("true" | "false") => self.error(format!(
                        "a bool is required; to convert from string, use lowercase {lower:?}"
                    )),
                    _ => self.error("a bool is required"),
                },
            },
            _ => self.error(mismatch(&value.ty(), wanted)),
        }
    }

    /// The elements of a sequence, each as one of type `wanted`.
    fn elements(&mut self, items: &[Value], wanted: &Type) -> Result<Vec<Value>, ConvertError> {
        let mut converted = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let step = PathStep::Index(Value::number(at));
            converted.push(self.part(step, item, wanted)?);
        }
        Ok(converted)
    }

    fn part(&mut self, step: PathStep, value: &Value, wanted: &Type) -> Converted {
        if *wanted == Type::Dynamic || value.is_of(wanted) {
            return Ok(value.clone());
        }
        self.path.push(step);
        let converted = self.value(value, wanted);
        self.path.pop();
        converted
    }

    /// What the elements of a sequence should become: for `any`, the type that those of a tuple
    /// have in common.
    fn element_type(&self, value: &Value, wanted: &Type, kind: &str) -> Result<Type, ConvertError> {
        if *wanted != Type::Dynamic || !matches!(value.kind(), Kind::Tuple(_) | Kind::Object(_)) {
            return Ok(wanted.clone());
        }
        match unify::of_values(value.children()) {
            Some(ty) => Ok(ty),
            None => self.error(format!("all {kind} elements must have the same type")),
        }
    }

    fn list(&mut self, value: &Value, wanted: &Type) -> Converted {
        if let Kind::Set(_) = value.kind() {
            let (min, max) = crate::ops::length_bounds(value);
            if min != max {
                let ty = dynamic_replace(&value.ty(), &Type::list(wanted.without_optional()));
                let bounds = Refinements::NOT_NULL.length(min, max);
                return Ok(Value::unknown_with(ty, bounds));
            }
        }
        if value.children().is_empty() {
            return Ok(Value::list(empty_element(value, wanted), Vec::new()));
        }
        let element = self.element_type(value, wanted, "list")?;
        let items = self.elements(value.children(), &element)?;
        if !element.has_dynamic() {
            return Ok(Value::list(element.without_optional(), items));
        }
        let items = self.unified(value, items)?;
        match Value::list_of(items) {
            Some(list) => Ok(list),
            None => self.error("element types must all match for conversion to list"),
        }
    }

    /// Elements whose types were left open, brought to one type; only those of tuples.
    fn unified(&mut self, value: &Value, items: Vec<Value>) -> Result<Vec<Value>, ConvertError> {
        if !matches!(value.kind(), Kind::Tuple(_)) {
            return Ok(items);
        }
        match unify::of_values(&items) {
            Some(ty) => self.elements(&items, &ty),
            None => self.error("cannot find a common base type for all elements"),
        }
    }

    fn set(&mut self, value: &Value, wanted: &Type) -> Converted {
        if value.children().is_empty() {
            return Ok(Value::set(empty_element(value, wanted), Vec::new()));
        }
        let element = self.element_type(value, wanted, "set")?;
        let items = self.elements(value.children(), &element)?;
        if !element.has_dynamic() {
            return Ok(Value::set(element.without_optional(), items));
        }
        match Value::set_of(items) {
            Some(set) => Ok(set),
            None => self.error("element types must all match for conversion to set"),
        }
    }

    fn map(&mut self, value: &Value, wanted: &Type) -> Converted {
        if value.children().is_empty() {
            return Ok(Value::map(empty_element(value, wanted), BTreeMap::new()));
        }
        let element = self.element_type(value, wanted, "map")?;
        let keys: Vec<EcoString> = match value.kind() {
            Kind::Map(map) => map.keys().to_vec(),
            Kind::Object(object) => object.names().to_vec(),
            _ => Vec::new(),
        };
        let mut entries = BTreeMap::new();
        for (key, item) in keys.into_iter().zip(value.children()) {
            let step = PathStep::Index(Value::string(key.clone()));
            let item = self.part(step, item, &element)?;
            entries.insert(key, item);
        }
        if !element.has_dynamic() {
            return Ok(Value::map(element.without_optional(), entries));
        }
        if element.is_collection() || matches!(element, Type::Object(_)) {
            let values: Vec<Value> = entries.values().cloned().collect();
            let Some(ty) = unify::of_values(&values) else {
                return self.error("cannot find a common base type for all elements");
            };
            for (key, item) in &mut entries {
                let step = PathStep::Index(Value::string(key.clone()));
                *item = self.part(step, item, &ty)?;
            }
        }
        match Value::map_of(entries) {
            Some(map) => Ok(map),
            None => self.error("element types must all match for conversion to map"),
        }
    }

    fn tuple(&mut self, value: &Value, wanted: &[Type]) -> Converted {
        let mut items = Vec::with_capacity(wanted.len());
        for (at, (item, ty)) in value.children().iter().zip(wanted).enumerate() {
            let step = PathStep::Index(Value::number(at));
            items.push(self.part(step, item, ty)?);
        }
        Ok(Value::tuple(items))
    }

    fn object(&mut self, value: &Value, wanted: &ObjectType) -> Converted {
        let from_map = match value.kind() {
            Kind::Map(map) => Some(map),
            _ => None,
        };
        let mut attributes = Vec::with_capacity(wanted.attributes.len());
        for (name, ty) in &wanted.attributes {
            let attribute = match (value.get(name), from_map) {
                (Some(item), Some(map)) => self.element_as_attribute(map, name, item, ty)?,
                (Some(item), None) => self.part(PathStep::Attr(name.clone()), item, ty)?,
                (None, _) if wanted.optional.contains(name) => Value::null(ty.without_optional()),
                (None, _) => {
                    return self.error(format!(
                        "map has no element for required attribute {}",
                        Quoted(name)
                    ));
                }
            };
            attributes.push(attribute);
        }
        let names = self.shapes.names(wanted.attributes.keys());
        Ok(Value::object_shaped(names, attributes))
    }

    /// An element of a map becomes an attribute. An optional one may be of a type that does not
    /// convert: that only matters where there is such an element.
    fn element_as_attribute(
        &mut self,
        map: &MapValue,
        name: &EcoString,
        item: &Value,
        wanted: &Type,
    ) -> Converted {
        let from = map.element_type();
        if !possible(from, wanted, true) {
            let why = mismatch(&item.ty(), wanted);
            return self.error(format!(
                "map element type is incompatible with attribute {}: {why}",
                Quoted(name)
            ));
        }
        self.part(PathStep::Index(Value::string(name.clone())), item, wanted)
    }
}

/// The element type of a converted collection that has no elements.
fn empty_element(value: &Value, wanted: &Type) -> Type {
    match value.ty().element() {
        Some(own) if *wanted == Type::Dynamic => own.clone(),
        _ => wanted.without_optional(),
    }
}
