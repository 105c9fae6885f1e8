//! Shapes of what operations take and give, and how their members are found by the names of attributes.

use std::fmt;
use std::sync::Arc;

/// The form of a value of the API.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Members by name.
    Structure {
        /// Name and form.
        members: Vec<(String, Self)>,
        /// Those that must be given.
        required: Vec<String>,
    },
    /// Any number of one form.
    List(Box<Self>),
    /// Strings to one form.
    Map(Box<Self>),
    /// Text; times and choices too.
    Text,
    /// Bytes, as base64.
    Blob,
    /// A number.
    Number,
    /// A bool.
    Bool,
    /// Anything (a document, or deeper than shapes are looked at).
    Any,
}

/// What an operation takes and gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// A structure.
    pub input: Shape,
    /// A structure.
    pub output: Shape,
    /// Members of the input by which the service knows a request that it has had already.
    pub tokens: Vec<String>,
}

/// Who knows operations.
pub trait Shapes: Send + Sync + fmt::Debug {
    /// The operation of a service (botocore's name), if there is one.
    fn operation(&self, service: &str, operation: &str) -> Option<Arc<Operation>>;
}

impl Shape {
    /// Whether a text is sent although it is empty: a structure without that member is refused.
    pub(crate) fn asks_for(&self, name: &str, value: &serde_json::Value) -> bool {
        match self {
            Self::Structure { required, .. } => {
                value.is_string() && required.iter().any(|member| member == name)
            }
            _ => false,
        }
    }

    /// The member of a structure.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Structure { members, .. } => members
                .iter()
                .find(|(member, _)| member == name)
                .map(|(_, shape)| shape),
            _ => None,
        }
    }

    /// The names of the members of a structure.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let members = match self {
            Self::Structure { members, .. } => members.as_slice(),
            _ => &[],
        };
        members.iter().map(|(name, _)| name.as_str())
    }

    /// The shape at a path of members, numbers and `[key=value]` choices standing for elements of lists.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Self> {
        let mut shape = self;
        for step in crate::json::steps(path) {
            shape = match (shape, step) {
                (Self::Any, _) => return Some(shape),
                (
                    Self::List(element),
                    crate::json::Step::Index(_) | crate::json::Step::Where(..),
                ) => element,
                (Self::Map(element), crate::json::Step::Member(_)) => element,
                (_, crate::json::Step::Member(name)) => shape.member(name)?,
                _ => return None,
            };
        }
        Some(shape)
    }
}

/// A name without what tells spellings apart: `EnableDNSSupport` and `enable_dns_support` are the same.
pub(crate) fn squash(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// Names of the API for names of attributes, where the rule does not find them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// What stands before names in the API: `Role` finds `RoleName` for `name`.
    pub(crate) nouns: Vec<&'static str>,
    /// Dotted path of the attribute (or its name alone, at any depth, with `*.`), and its path in the API, relative to what it is in.
    pub(crate) renames: Vec<(&'static str, &'static str)>,
}

impl Names {
    /// Paths under which an attribute is looked for first.
    pub(crate) fn explicit<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'static str> + 'a {
        let name = path.rsplit('.').next().unwrap_or(path);
        self.renames
            .iter()
            .filter(move |(from, _)| {
                *from == path || from.strip_prefix("*.").is_some_and(|rest| rest == name)
            })
            .map(|(_, to)| *to)
    }

    /// The member that is meant by an attribute among these.
    pub(crate) fn find<'a>(
        &self,
        path: &str,
        members: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<&'a str> {
        let name = path.rsplit('.').next().unwrap_or(path);
        let wanted = squash(name);
        let is = |text: &str| members.clone().find(|member| squash(member) == text);
        if let Some(found) = is(&wanted) {
            return Some(found);
        }
        if !path.contains('.') {
            for noun in &self.nouns {
                if let Some(found) = is(&format!("{}{wanted}", squash(noun))) {
                    return Some(found);
                }
            }
        }
        let others = [
            format!("{wanted}s"),
            format!("{wanted}es"),
            wanted
                .strip_suffix('y')
                .map_or_else(String::new, |stem| format!("{stem}ies")),
            wanted.strip_suffix('s').unwrap_or_default().to_owned(),
            wanted
                .strip_suffix("ies")
                .map_or_else(String::new, |stem| format!("{stem}y")),
        ];
        others
            .iter()
            .filter(|other| other.len() > 2)
            .find_map(|other| is(other))
    }
}
