//! Parts of values by key or name, and how many there are.

use crate::convert::convert;
use crate::quote::Quoted;
use crate::{EcoString, Kind, Number, Refinements, Type, Value};
use std::fmt;

/// Why a part cannot be had. [`AccessError::summary`] and `Display` are the two halves of the
/// diagnostic.
#[derive(Clone, Debug, PartialEq)]
pub enum AccessError {
    /// An index of null.
    IndexOfNull,
    /// An attribute of null.
    AttributeOfNull,
    /// The key is null.
    NullKey,
    /// The key is of the wrong type: what is required instead.
    KeyType(EcoString),
    /// A negative index.
    NegativeIndex,
    /// An index that is no whole number.
    FractionalIndex,
    /// An index beyond the end: whether there is no element at all.
    IndexBeyondEnd {
        /// The collection has no elements.
        empty: bool,
    },
    /// A map or object has no such key.
    NoSuchKey,
    /// An index of a set.
    IndexOfSet,
    /// An index of what has no parts.
    NoIndices,
    /// The object has no such attribute.
    NoSuchAttribute(EcoString),
    /// The map has no such element, asked for as an attribute.
    NoSuchElement(EcoString),
    /// An attribute of a list of objects.
    AttributeOfList(EcoString),
    /// An attribute of a set of objects.
    AttributeOfSet,
    /// An attribute of what has none.
    NoAttributes,
    /// An attribute of a primitive, whose type is named.
    AttributeOfPrimitive(String),
}

impl AccessError {
    /// The headline.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        match self {
            Self::IndexOfNull => "Attempt to index null value",
            Self::AttributeOfNull => "Attempt to get attribute from null value",
            Self::NullKey
            | Self::KeyType(_)
            | Self::NegativeIndex
            | Self::FractionalIndex
            | Self::IndexBeyondEnd { .. }
            | Self::NoSuchKey
            | Self::IndexOfSet
            | Self::NoIndices => "Invalid index",
            Self::NoSuchElement(_) => "Missing map element",
            Self::NoSuchAttribute(_)
            | Self::AttributeOfList(_)
            | Self::AttributeOfSet
            | Self::NoAttributes
            | Self::AttributeOfPrimitive(_) => "Unsupported attribute",
        }
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NONE: &str = "The given key does not identify an element in this collection value";
        match self {
            Self::IndexOfNull => f.write_str("This value is null, so it does not have any indices."),
            Self::AttributeOfNull => {
                f.write_str("This value is null, so it does not have any attributes.")
            }
            Self::NullKey => f.write_str("Can't use a null value as an indexing key."),
            Self::KeyType(required) => write!(f, "{NONE}: {required}."),
            Self::NegativeIndex => {
                write!(f, "{NONE}: a negative number is not a valid index for a sequence.")
            }
            Self::FractionalIndex => write!(
                f,
                "{NONE}: indexing a sequence requires a whole number, but the given index has a fractional part."
            ),
            Self::IndexBeyondEnd { empty: true } => {
                write!(f, "{NONE}: the collection has no elements.")
            }
            Self::IndexBeyondEnd { empty: false } => write!(
                f,
                "{NONE}: the given index is greater than or equal to the length of the collection."
            ),
            Self::NoSuchKey => write!(f, "{NONE}."),
            Self::IndexOfSet => f.write_str(
                "Elements of a set are identified only by their value and don't have any separate index or key to select with, so it's only possible to perform operations across all elements of the set.",
            ),
            Self::NoIndices => f.write_str("This value does not have any indices."),
            Self::NoSuchAttribute(name) => {
                write!(
                    f,
                    "This object does not have an attribute named {}.",
                    Quoted(name)
                )
            }
            Self::NoSuchElement(name) => {
                write!(f, "This map does not have an element with the key {}.",
                    Quoted(name))
            }
            Self::AttributeOfList(name) => write!(
                f,
                "Can't access attributes on a list of objects. Did you mean to access attribute {} for a specific element of the list, or across all elements of the list?",
                Quoted(name)
            ),
            Self::AttributeOfSet => f.write_str(
                "Can't access attributes on a set of objects. Did you mean to access an attribute across all elements of the set?",
            ),
            Self::NoAttributes => f.write_str("This value does not have any attributes."),
            Self::AttributeOfPrimitive(ty) => {
                write!(f, "Can't access attributes on a primitive-typed value ({ty}).")
            }
        }
    }
}

impl std::error::Error for AccessError {}

/// `collection[key]`. The key is converted to what the collection needs: a number for lists and
/// tuples, a string for maps and objects. The marks of both go to the result.
///
/// # Errors
/// Where there is no such element, and for what has none.
pub fn index(collection: &Value, key: &Value) -> Result<Value, AccessError> {
    let marks = collection.marks().union(key.marks());
    let (collection, key) = (collection.unmarked(), key.unmarked());
    if collection.is_null() {
        return Err(AccessError::IndexOfNull);
    }
    if key.is_null() {
        return Err(AccessError::NullKey);
    }
    let ty = collection.ty();
    let part = match &ty {
        Type::Dynamic => Ok(Value::dynamic()),
        Type::Set(_) => Err(AccessError::IndexOfSet),
        Type::List(_) | Type::Tuple(_) => by_position(collection, &ty, key),
        Type::Map(_) | Type::Object(_) => by_name(collection, &ty, key),
        Type::Bool | Type::Number | Type::String => Err(AccessError::NoIndices),
    };
    part.map(|part| part.with_marks(&marks))
}

fn key_as(key: &Value, ty: &Type) -> Result<Value, AccessError> {
    convert(key, ty).map_err(|error| AccessError::KeyType(error.message.into()))
}

fn by_position(collection: &Value, ty: &Type, key: &Value) -> Result<Value, AccessError> {
    let key = key_as(key, &Type::Number)?;
    let unknown = || Value::unknown(ty.element().cloned().unwrap_or(Type::Dynamic));
    let Some(number) = key.as_number() else {
        return Ok(unknown());
    };
    if number.signum() < 0 {
        return Err(AccessError::NegativeIndex);
    }
    if !number.is_integer() {
        return Err(AccessError::FractionalIndex);
    }
    let position = number.to_usize();
    let found = match (collection.kind(), ty) {
        (Kind::Unknown(..), Type::Tuple(types)) => position
            .and_then(|position| types.get(position))
            .map(|ty| Value::unknown(ty.clone())),
        (Kind::Unknown(..), _) => Some(unknown()),
        _ => position.and_then(|position| collection.children().get(position).cloned()),
    };
    found.ok_or_else(|| {
        let empty = match ty {
            Type::Tuple(types) => types.is_empty(),
            _ => collection.children().is_empty(),
        };
        AccessError::IndexBeyondEnd { empty }
    })
}

fn by_name(collection: &Value, ty: &Type, key: &Value) -> Result<Value, AccessError> {
    let key = key_as(key, &Type::String)?;
    let Some(name) = key.as_str() else {
        return Ok(Value::unknown(
            ty.element().cloned().unwrap_or(Type::Dynamic),
        ));
    };
    match (collection.kind(), ty) {
        // As with the peers: what an object will hold under a key is not told before the object is known, not even its type.
        (Kind::Unknown(..), Type::Object(_)) => Ok(Value::dynamic()),
        (Kind::Unknown(..), _) => Ok(Value::unknown(
            ty.element().cloned().unwrap_or(Type::Dynamic),
        )),
        _ => collection.get(name).cloned().ok_or(AccessError::NoSuchKey),
    }
}

/// Whether [`index`] with a key that has the right type already would find an element: a bool,
/// unknown where it cannot be decided.
#[must_use]
pub fn has_index(collection: &Value, key: &Value) -> Value {
    let marks = collection.marks().union(key.marks());
    let (collection, key) = (collection.unmarked(), key.unmarked());
    let ty = collection.ty();
    let wanted = match &ty {
        Type::List(_) | Type::Tuple(_) => Type::Number,
        Type::Map(_) | Type::Object(_) => Type::String,
        Type::Dynamic => return Value::undecided(&marks),
        Type::Set(_) | Type::Bool | Type::Number | Type::String => {
            return Value::FALSE.with_marks(&marks);
        }
    };
    let key_type = key.ty();
    if key_type != wanted && key_type != Type::Dynamic {
        return Value::FALSE.with_marks(&marks);
    }
    let fixed = matches!(ty, Type::Tuple(_) | Type::Object(_));
    if !key.is_known() || (!collection.is_known() && !fixed) {
        return Value::undecided(&marks);
    }
    Value::bool(index(collection, key).is_ok()).with_marks(&marks)
}

/// `value.name`: an attribute of an object, or the element of a map. The marks of the value go to
/// the result.
///
/// # Errors
/// Where there is no such attribute, and for what has none.
pub fn get_attr(value: &Value, name: &str) -> Result<Value, AccessError> {
    let (inner, marks) = value.unmark();
    let part = match inner.kind() {
        Kind::Null(_) => Err(AccessError::AttributeOfNull),
        Kind::Object(object) => object
            .get(name)
            .cloned()
            .ok_or_else(|| AccessError::NoSuchAttribute(name.into())),
        Kind::Map(map) => map
            .get(name)
            .cloned()
            .ok_or_else(|| AccessError::NoSuchElement(name.into())),
        Kind::Unknown(Type::Dynamic, _) => Ok(Value::dynamic()),
        Kind::Unknown(Type::Map(element), _) => Ok(Value::unknown((**element).clone())),
        Kind::Unknown(Type::Object(object), _) => object
            .attributes
            .get(name)
            .map(|ty| Value::unknown(ty.clone()))
            .ok_or_else(|| AccessError::NoSuchAttribute(name.into())),
        _ => Err(no_attributes(&inner.ty(), name)),
    };
    part.map(|part| part.with_marks(marks))
}

fn no_attributes(ty: &Type, name: &str) -> AccessError {
    let objects = matches!(ty.element(), Some(Type::Object(_)));
    match ty {
        Type::List(_) if objects => AccessError::AttributeOfList(name.into()),
        Type::Set(_) if objects => AccessError::AttributeOfSet,
        Type::Bool | Type::Number | Type::String => {
            AccessError::AttributeOfPrimitive(ty.friendly_name())
        }
        _ => AccessError::NoAttributes,
    }
}

/// Smallest and largest length that a list, set or map may turn out to have. Unknown elements of a
/// set may be equal to others.
#[must_use]
pub fn length_bounds(collection: &Value) -> (u64, u64) {
    let value = collection.unmarked();
    let count = value.children().len() as u64;
    match value.kind() {
        Kind::Unknown(_, refinements) => (
            refinements.min_length.unwrap_or(0),
            refinements.max_length.unwrap_or(u64::MAX),
        ),
        Kind::Set(_) if count > 1 && !value.is_wholly_known() => (1, count),
        _ => (count, count),
    }
}

/// How many elements or attributes, as a number with the marks of the value; unknown with bounds
/// where it is not known yet. `None` for null and for what has no parts.
#[must_use]
pub fn length(value: &Value) -> Option<Value> {
    let (inner, marks) = value.unmark();
    // The type of a tuple or object is made when it is asked for: not for this.
    if let Kind::Tuple(parts) = inner.kind() {
        return Some(Value::number(parts.len()).with_marks(marks));
    }
    if let Kind::Object(object) = inner.kind() {
        return Some(Value::number(object.len()).with_marks(marks));
    }
    let ty = inner.ty();
    let known = match &ty {
        _ if inner.is_null() => return None,
        Type::Tuple(types) => types.len() as u64,
        Type::Object(object) => object.attributes.len() as u64,
        Type::List(_) | Type::Set(_) | Type::Map(_) => match length_bounds(inner) {
            (min, max) if min == max => min,
            (min, max) => {
                // Lengths are signed for the peers, and so is the bound that says nothing.
                let max = i64::try_from(max).unwrap_or(i64::MAX);
                let bounds = Refinements::NOT_NULL
                    .at_least(Number::from_u64(min))
                    .at_most(Number::from_i64(max));
                return Some(Value::unknown_with(Type::Number, bounds).with_marks(marks));
            }
        },
        Type::Dynamic => {
            let bounds = Refinements::NOT_NULL.at_least(Number::from_u64(0));
            return Some(Value::unknown_with(Type::Number, bounds).with_marks(marks));
        }
        Type::Bool | Type::Number | Type::String => return None,
    };
    Some(Value::number(known).with_marks(marks))
}
