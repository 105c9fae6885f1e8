//! Schemas by name, some of which may not have been read yet.

use super::Schema;
use ecow::EcoString;
use std::collections::{BTreeMap, btree_map};
use std::fmt;
use std::ops::Index;
use std::sync::{Arc, OnceLock};

/// Makes a schema when it is first asked for; the same whenever it is called.
pub type Reader = Arc<dyn Fn() -> Schema + Send + Sync>;

/// Schemas by name. A large provider has thousands, of which a configuration uses a few: those that come from a cache are read when they are asked for.
#[derive(Clone, Default)]
pub struct Schemas {
    entries: BTreeMap<EcoString, Entry>,
}

#[derive(Clone)]
struct Entry {
    ready: OnceLock<Arc<Schema>>,
    reader: Option<Reader>,
}

impl Entry {
    fn schema(&self) -> &Arc<Schema> {
        self.ready
            .get_or_init(|| Arc::new(self.reader.as_ref().map(|read| read()).unwrap_or_default()))
    }
}

impl Schemas {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; one that had its name gives way.
    pub fn insert(&mut self, name: EcoString, schema: Arc<Schema>) {
        let entry = Entry {
            ready: OnceLock::from(schema),
            reader: None,
        };
        self.entries.insert(name, entry);
    }

    /// Adds one that is read when it is asked for.
    pub fn insert_lazy(&mut self, name: EcoString, reader: Reader) {
        let entry = Entry {
            ready: OnceLock::new(),
            reader: Some(reader),
        };
        self.entries.insert(name, entry);
    }

    /// The one with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Schema>> {
        self.entries.get(name).map(Entry::schema)
    }

    /// The one with this name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Arc<Schema>> {
        let entry = self.entries.get_mut(name)?;
        entry.schema();
        entry.ready.get_mut()
    }

    /// Whether there is one with this name.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// All names, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &EcoString> + Clone {
        self.entries.keys()
    }

    /// All, in order of their names. Reads what was not read yet.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.entries.iter())
    }

    /// All, in order of their names. Reads what was not read yet.
    pub fn values(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.entries.values().map(Entry::schema)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many were read.
    #[must_use]
    pub fn ready(&self) -> usize {
        let ready = |entry: &&Entry| entry.ready.get().is_some();
        self.entries.values().filter(ready).count()
    }
}

/// What is not read yet is shown by its name.
impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.iter();
        f.debug_map()
            .entries(entries.map(|(name, entry)| (name, entry.ready.get())))
            .finish()
    }
}

impl Index<&str> for Schemas {
    type Output = Arc<Schema>;

    /// # Panics
    /// When there is none with this name.
    fn index(&self, name: &str) -> &Self::Output {
        self.get(name)
            .expect("whoever indexes knows that the name is there")
    }
}

impl<K: Into<EcoString>> FromIterator<(K, Arc<Schema>)> for Schemas {
    fn from_iter<I: IntoIterator<Item = (K, Arc<Schema>)>>(from: I) -> Self {
        let mut schemas = Self::new();
        for (name, schema) in from {
            schemas.insert(name.into(), schema);
        }
        schemas
    }
}

/// Names and schemas.
pub struct Iter<'a>(btree_map::Iter<'a, EcoString, Entry>);

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} schemas", self.0.len())
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a EcoString, &'a Arc<Schema>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, entry) = self.0.next()?;
        Some((name, entry.schema()))
    }
}

impl<'a> IntoIterator for &'a Schemas {
    type Item = (&'a EcoString, &'a Arc<Schema>);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Schema, Schemas};
    use std::sync::Arc;

    #[test]
    fn only_what_is_asked_for_is_read() {
        let mut schemas = Schemas::new();
        schemas.insert("a".into(), Arc::default());
        for name in ["b", "c"] {
            schemas.insert_lazy(
                name.into(),
                Arc::new(|| Schema::new(7, super::super::Block::new())),
            );
        }
        assert_eq!(schemas.ready(), 1);
        assert!(schemas.contains_key("b") && schemas.get("d").is_none());
        assert_eq!(schemas.keys().count(), 3);
        assert_eq!(schemas.ready(), 1);
        assert_eq!(schemas["b"].version, 7);
        assert_eq!(schemas.ready(), 2);
        assert_eq!(
            schemas
                .iter()
                .map(|(_, schema)| schema.version)
                .sum::<u64>(),
            14
        );
    }
}
