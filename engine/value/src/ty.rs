//! Types of values, and type constraints (types that may have optional attributes or `dynamic` parts).

use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
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
        Self::Object(Arc::new(ObjectType {
            attributes,
            optional: BTreeSet::new(),
        }))
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

    /// The same type with no attribute optional, at any depth: the type that a converted value has.
    #[must_use]
    pub fn without_optional(&self) -> Self {
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
}
