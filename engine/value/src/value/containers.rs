//! What maps and objects hold.

use super::{MapValue, ObjectValue, Value};
use crate::{ObjectType, Type};
use ecow::EcoString;
use std::sync::Arc;

impl MapValue {
    /// Keys in lexical order.
    #[must_use]
    pub fn keys(&self) -> &[EcoString] {
        &self.keys
    }

    /// Values in the order of the keys.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Keys with values, in lexical order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&EcoString, &Value)> {
        self.keys.iter().zip(self.values.iter())
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.keys
            .binary_search_by(|name| name.as_str().cmp(key))
            .ok()
            .map(|at| &self.values[at])
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The element type.
    #[must_use]
    pub fn element_type(&self) -> &Type {
        self.ty.element().unwrap_or(&Type::Dynamic)
    }
}

impl ObjectValue {
    /// Names in lexical order.
    #[must_use]
    pub fn names(&self) -> &Arc<[EcoString]> {
        &self.names
    }

    /// Values in the order of the names.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Names with values, in lexical order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&EcoString, &Value)> {
        self.names.iter().zip(self.values.iter())
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.names
            .binary_search_by(|known| known.as_str().cmp(name))
            .ok()
            .map(|at| &self.values[at])
    }

    /// How many attributes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The object type.
    #[must_use]
    pub fn ty(&self) -> &Type {
        self.ty.get_or_init(|| {
            let types = self.values.iter().map(Value::ty);
            Type::Object(Arc::new(ObjectType::named(&self.names, types)))
        })
    }
}
