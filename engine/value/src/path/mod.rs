//! Paths into values.

mod marks;
mod walk;

#[cfg(test)]
mod tests;

use crate::ops::{self, AccessError};
use crate::quote::Quoted;
use crate::{Kind, Value};
use ecow::EcoString;
use std::fmt;

pub use walk::{diff, replace, transform, walk};

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum PathStep {
    /// An attribute of an object.
    Attr(EcoString),
    /// An element of a list, tuple (number), map (string) or set (the element itself).
    Index(Value),
}

/// Steps from a value to a part of it. Empty: the value itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(pub Vec<PathStep>);

impl Path {
    /// The value itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This path and then an attribute.
    #[must_use]
    pub fn attr(&self, name: impl Into<EcoString>) -> Self {
        self.then(PathStep::Attr(name.into()))
    }

    /// This path and then an element.
    #[must_use]
    pub fn index(&self, key: Value) -> Self {
        self.then(PathStep::Index(key))
    }

    /// This path and then a step.
    #[must_use]
    pub fn then(&self, step: PathStep) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Whether `prefix` leads to a value that holds the one this path leads to (or that very one).
    #[must_use]
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }
}

impl Path {
    /// The part of a value that the path leads to, with the marks of everything on the way.
    ///
    /// # Errors
    /// Where there is no such part.
    pub fn get(&self, value: &Value) -> Result<Value, AccessError> {
        let mut part = value.clone();
        for step in &self.0 {
            part = match step {
                PathStep::Attr(name) => ops::get_attr(&part, name)?,
                PathStep::Index(key) => match part.unmarked().kind() {
                    Kind::Set(_) if part.set_has(key) => key.clone().with_marks(part.marks()),
                    Kind::Set(_) => return Err(AccessError::NoSuchKey),
                    _ => ops::index(&part, key)?,
                },
            };
        }
        Ok(part)
    }
}

/// As in a configuration: `.name[0]["key"]`. An element of a set has no key: `[...]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                PathStep::Attr(name) => write!(f, ".{name}")?,
                PathStep::Index(key) => match key.unmarked().kind() {
                    Kind::Number(number) => write!(f, "[{number}]")?,
                    Kind::String(text) => write!(f, "[{}]", Quoted(text))?,
                    _ => f.write_str("[...]")?,
                },
            }
        }
        Ok(())
    }
}
