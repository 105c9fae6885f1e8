//! Types of values, and type constraints (types that may have optional attributes or `dynamic`
//! parts).

use ecow::EcoString;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A type. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Not decided: of a null or unknown value whose type is not known, or `any` in a constraint.
    Dynamic,
    /// `bool`
    Bool,
    /// `number`
    Number,
    /// `string`
    String,
    /// `list(T)`
    List(Arc<Self>),
    /// `set(T)`
    Set(Arc<Self>),
    /// `map(T)`
    Map(Arc<Self>),
    /// `tuple([T…])`
    Tuple(Arc<[Self]>),
    /// `object({k=T})`
    Object(Arc<ObjectType>),
}

/// The attributes of an object type, in lexical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectType {
    /// Name to type.
    pub attributes: BTreeMap<EcoString, Type>,
    /// Names that a value may leave out when it is converted to this type. Only in constraints.
    pub optional: BTreeSet<EcoString>,
    shape: Shape,
}

impl ObjectType {
    /// An object type.
    #[must_use]
    pub fn new(attributes: BTreeMap<EcoString, Type>, optional: BTreeSet<EcoString>) -> Self {
        let names = attributes.keys().cloned().collect();
        Self {
            attributes,
            optional,
            shape: Shape(names),
        }
    }

    /// The type of objects with these names, in the order of the types.
    pub(crate) fn named(names: &Arc<[EcoString]>, types: impl Iterator<Item = Type>) -> Self {
        Self {
            attributes: names.iter().cloned().zip(types).collect(),
            optional: BTreeSet::new(),
            shape: Shape(names.clone()),
        }
    }

    /// The names of the attributes, in order: shared by all objects that are made from the type, with [`crate::Value::object_shaped`].
    #[must_use]
    pub fn names(&self) -> Arc<[EcoString]> {
        // The attributes are open to whoever owns the type, and may have become more.
        if self.shape.0.len() == self.attributes.len() {
            self.shape.0.clone()
        } else {
            self.attributes.keys().cloned().collect()
        }
    }
}

/// What [`ObjectType::names`] hands out: no part of what the type is.
#[derive(Clone, Default)]
struct Shape(Arc<[EcoString]>);

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shape")
    }
}

impl PartialEq for Shape {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Shape {}

impl PartialOrd for Shape {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Shape {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

impl Hash for Shape {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Type {
    /// `list(element)`
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// `set(element)`
    #[must_use]
    pub fn set(element: Self) -> Self {
        Self::Set(Arc::new(element))
    }

    /// `map(element)`
    #[must_use]
    pub fn map(element: Self) -> Self {
        Self::Map(Arc::new(element))
    }

    /// `tuple(elements)`
    #[must_use]
    pub fn tuple(elements: impl IntoIterator<Item = Self>) -> Self {
        Self::Tuple(elements.into_iter().collect())
    }

    /// `object(attributes)` without optional ones.
    #[must_use]
    pub fn object<K: Into<EcoString>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        let attributes = attributes
            .into_iter()
            .map(|(name, ty)| (name.into(), ty))
            .collect();
        Self::Object(Arc::new(ObjectType::new(attributes, BTreeSet::new())))
    }

    /// `bool`, `number` or `string`.
    #[must_use]
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::Bool | Self::Number | Self::String)
    }

    /// List, set or map: all elements of one type.
    #[must_use]
    pub fn is_collection(&self) -> bool {
        matches!(self, Self::List(_) | Self::Set(_) | Self::Map(_))
    }

    /// The element type of a collection.
    #[must_use]
    pub fn element(&self) -> Option<&Self> {
        match self {
            Self::List(element) | Self::Set(element) | Self::Map(element) => Some(element),
            Self::Dynamic
            | Self::Bool
            | Self::Number
            | Self::String
            | Self::Tuple(_)
            | Self::Object(_) => None,
        }
    }

    /// Whether `dynamic` occurs anywhere in it.
    #[must_use]
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Self::has_dynamic),
            Self::Object(object) => object.attributes.values().any(Self::has_dynamic),
        }
    }

    /// Whether an attribute is optional, at any depth.
    #[must_use]
    pub fn has_optional(&self) -> bool {
        match self {
            Self::Dynamic | Self::Bool | Self::Number | Self::String => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_optional(),
            Self::Tuple(elements) => elements.iter().any(Self::has_optional),
            Self::Object(object) => {
                !object.optional.is_empty() || object.attributes.values().any(Self::has_optional)
            }
        }
    }

    /// The same type with no attribute optional, at any depth: the type that a converted value has.
    #[must_use]
    pub fn without_optional(&self) -> Self {
        if !self.has_optional() {
            return self.clone();
        }
        match self {
            Self::Dynamic | Self::Bool | Self::Number | Self::String => self.clone(),
            Self::List(element) => Self::list(element.without_optional()),
            Self::Set(element) => Self::set(element.without_optional()),
            Self::Map(element) => Self::map(element.without_optional()),
            Self::Tuple(elements) => Self::tuple(elements.iter().map(Self::without_optional)),
            Self::Object(object) => Self::object(
                object
                    .attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.without_optional())),
            ),
        }
    }

    /// Whether both are the same type when optional attributes are taken for plain ones.
    #[must_use]
    pub fn same_shape(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b))
            | (Self::Set(a), Self::Set(b))
            | (Self::Map(a), Self::Map(b)) => Arc::ptr_eq(a, b) || a.same_shape(b),
            (Self::Tuple(a), Self::Tuple(b)) => {
                Arc::ptr_eq(a, b)
                    || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same_shape(b)))
            }
            (Self::Object(a), Self::Object(b)) => {
                let (left, right) = (&a.attributes, &b.attributes);
                let mut pairs = left.iter().zip(right.iter());
                Arc::ptr_eq(a, b)
                    || (left.len() == right.len()
                        && pairs.all(|((a, x), (b, y))| a == b && x.same_shape(y)))
            }
            _ => self == other,
        }
    }

    /// Whether a value of this type is acceptable where `wanted` is, as it is: the same type, but
    /// anything where `wanted` is dynamic.
    #[must_use]
    pub fn conforms(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (_, Self::Dynamic) => true,
            (Self::List(a), Self::List(b))
            | (Self::Set(a), Self::Set(b))
            | (Self::Map(a), Self::Map(b)) => a.conforms(b),
            (Self::Tuple(a), Self::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.conforms(b))
            }
            (Self::Object(a), Self::Object(b)) => {
                let (left, right) = (&a.attributes, &b.attributes);
                let mut pairs = left.iter().zip(right.iter());
                left.len() == right.len() && pairs.all(|((a, x), (b, y))| a == b && x.conforms(y))
            }
            _ => self == wanted,
        }
    }

    /// The name for people: `list of string`, `object`, `dynamic`.
    #[must_use]
    pub fn friendly_name(&self) -> String {
        self.name_for_people("dynamic", "dynamic")
    }

    /// The name for people of what is asked for: as [`Self::friendly_name`], but `any type` and
    /// `list of any single type`.
    #[must_use]
    pub fn friendly_constraint_name(&self) -> String {
        self.name_for_people("any type", "any single type")
    }

    fn name_for_people(&self, dynamic: &str, dynamic_element: &str) -> String {
        let of = |kind: &str, element: &Self| {
            if *element == Self::Dynamic {
                format!("{kind} of {dynamic_element}")
            } else {
                format!(
                    "{kind} of {}",
                    element.name_for_people(dynamic, dynamic_element)
                )
            }
        };
        match self {
            Self::Dynamic => dynamic.to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Number => "number".to_owned(),
            Self::String => "string".to_owned(),
            Self::List(element) => of("list", element),
            Self::Set(element) => of("set", element),
            Self::Map(element) => of("map", element),
            Self::Tuple(_) => "tuple".to_owned(),
            Self::Object(_) => "object".to_owned(),
        }
    }
}

/// As it is written in a configuration: `object({a=list(string),b=optional(any)})`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dynamic => f.write_str("any"),
            Self::Bool => f.write_str("bool"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::List(element) => write!(f, "list({element})"),
            Self::Set(element) => write!(f, "set({element})"),
            Self::Map(element) => write!(f, "map({element})"),
            Self::Tuple(elements) => {
                f.write_str("tuple([")?;
                for (at, element) in elements.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(f, "{comma}{element}")?;
                }
                f.write_str("])")
            }
            Self::Object(object) => {
                f.write_str("object({")?;
                for (at, (name, ty)) in object.attributes.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    if object.optional.contains(name) {
                        write!(f, "{comma}{name}=optional({ty})")?;
                    } else {
                        write!(f, "{comma}{name}={ty}")?;
                    }
                }
                f.write_str("})")
            }
        }
    }
}
