//! What a resource type is: a table of calls.
//!
//! A table says which operations make, read, change and delete an object, and what its id is. Which attribute goes where is a rule ([`Names`]): an
//! attribute `visibility_timeout` is the member `VisibilityTimeout`; a table says only what the rule does not find. What AWS does oddly is done by
//! functions that a table names.
//!
//! Texts of tables hold places in braces: `{name}` is the attribute, `{id}` the object's id, `{account}`, `{region}`, `{partition}`, `{suffix}` (of host names)
//! are what they say, `{token}` is the name of the change. A text that is one place only stands for the value, whatever its type. A place that begins with a
//! mark, `{:qualifier}`, is the mark and what is there, or nothing.

use crate::run::Run;
use crate::shape::Names;
use async_trait::async_trait;
use serde_json::Value as Json;
use terrane_provider::native::Answered;
use terrane_provider::plan::PlanResponse;
use terrane_value::Value;

mod build;

pub(crate) use build::op;

/// Whether what is planned of an attribute is no other than what was (prior, plan).
pub(crate) type Alike = fn(&Value, &Value) -> bool;

/// A resource type.
pub struct Table {
    /// Its name: `aws_sqs_queue`.
    pub name: &'static str,
    /// botocore's name of its service.
    pub service: &'static str,
    pub(crate) names: Names,
    pub(crate) local: Vec<&'static str>,
    pub(crate) quiet: Vec<&'static str>,
    pub(crate) unsupported: Vec<&'static str>,
    pub(crate) by_function: Vec<&'static str>,
    pub(crate) at_first: Vec<&'static str>,
    pub(crate) create: Option<Step>,
    pub(crate) then: Vec<Step>,
    pub(crate) read: Vec<Step>,
    pub(crate) update: Vec<Step>,
    pub(crate) delete: Vec<Step>,
    pub(crate) id: Id,
    pub(crate) arn: Option<&'static str>,
    pub(crate) import: Option<&'static str>,
    pub(crate) tags: Tags,
    pub(crate) tagged_by: &'static str,
    pub(crate) lazy_tags: bool,
    pub(crate) told: Vec<(&'static str, &'static str)>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) retries: Vec<Retry>,
    pub(crate) not_found: Vec<&'static str>,
    pub(crate) gone_when: Vec<(&'static str, &'static [&'static str])>,
    pub(crate) recomputed: Vec<(&'static str, &'static [&'static str])>,
    /// Attributes of which some other value than the one in the state is no change.
    pub(crate) alike: Vec<(&'static str, Alike)>,
    pub(crate) replaced_by: Vec<&'static str>,
    pub(crate) members: Vec<Members>,
    pub(crate) derived: Vec<Derived>,
    pub(crate) bulk: Option<Bulk>,
    pub(crate) prefix: &'static str,
    pub(crate) id_cut: Cut,
    pub(crate) input: Option<fn(&str, &mut Json, &Value)>,
    pub(crate) answer: Option<fn(&str, &mut Json)>,
    pub(crate) found: Option<fn(&Run<'_>, Value, &Json) -> Value>,
    pub(crate) planned: Option<fn(&Value, &Value, &mut PlanResponse)>,
    pub(crate) hooks: Option<Box<dyn Hooks>>,
}

/// Where the id comes from.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// The answer to the creation: a path.
    Out(&'static str),
    /// Attributes: a text with places.
    Of(&'static str),
}

/// A call.
#[derive(Clone, Debug)]
pub struct Step {
    pub(crate) operation: &'static str,
    pub(crate) service: Option<&'static str>,
    pub(crate) sets: Vec<(&'static str, &'static str)>,
    /// Attributes are put into the input by the rule.
    pub(crate) fills: bool,
    pub(crate) only: Vec<&'static str>,
    pub(crate) except: Vec<&'static str>,
    /// A member that is a map of texts: attributes and their keys there. On a change only those that change.
    pub(crate) map: Option<(&'static str, Pairs)>,
    /// One call for each of these that is set or changes: the members for its key and its text.
    pub(crate) each: Option<(&'static str, &'static str, Pairs)>,
    /// On a change the rule puts only what changes into the input (and what the operation requires).
    pub(crate) partial: bool,
    /// The member that the rule puts attributes into; empty: the input itself.
    pub(crate) inside: &'static str,
    /// Where the object is in the answer.
    pub(crate) at: &'static str,
    /// Paths of the answer, and what they are called in the object: what is told beside it.
    pub(crate) lifts: Vec<(&'static str, &'static str)>,
    /// The attribute that the answer is; none: its attributes are found by the rule.
    pub(crate) into: Option<&'static str>,
    pub(crate) when: When,
    /// Functions that change inputs see an object of which nothing is set: what is put is nothing.
    pub(crate) empties: bool,
    /// Errors that mean: nothing there.
    pub(crate) none_when: Vec<&'static str>,
    /// On creation: not needed while the attribute is this.
    pub(crate) initially: Option<Json>,
    /// What is read is a map of texts, or a list of keys and values: attributes and their keys there.
    pub(crate) bag: Option<Pairs>,
    /// Members that are not sent while they are this.
    pub(crate) omits: Vec<(&'static str, Json)>,
    /// Paths of the answer to reading, and the members that they go into.
    pub(crate) carries: Vec<(&'static str, &'static str)>,
    /// Attributes that were set and are not any more: the member, and the JSON that clears it.
    pub(crate) clears: Vec<(&'static str, &'static str, &'static str)>,
}

/// An attribute whose elements are added and removed by calls of their own.
#[derive(Clone, Debug)]
pub struct Members {
    pub(crate) attribute: &'static str,
    pub(crate) add: Step,
    pub(crate) remove: Step,
    /// The member that they go into.
    pub(crate) member: &'static str,
}

impl Members {
    /// The member that elements, or lists of them, are put into.
    pub(crate) fn list(&self) -> &'static str {
        self.member.split('.').next().unwrap_or(self.member)
    }
}

/// An attribute that is made of others.
#[derive(Clone, Copy, Debug)]
pub struct Derived {
    pub(crate) name: &'static str,
    /// A text with places.
    pub(crate) of: &'static str,
    pub(crate) cut: Cut,
}

/// What is left of a text.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// All of it.
    Whole,
    /// What comes after the first of this.
    After(&'static str),
    /// What comes after the last of this.
    Last(&'static str),
    /// What comes before the last of this.
    BeforeLast(&'static str),
}

impl Cut {
    /// What is left.
    pub(crate) fn of(self, text: &str) -> &str {
        match self {
            Self::Whole => text,
            Self::After(mark) => text.split_once(mark).map_or("", |(_, rest)| rest),
            Self::BeforeLast(mark) => text.rsplit_once(mark).map_or(text, |(rest, _)| rest),
            Self::Last(mark) => text.rsplit_once(mark).map_or(text, |(_, rest)| rest),
        }
    }
}

/// How many objects are read in one call.
#[derive(Clone, Debug)]
pub struct Bulk {
    /// At most so many.
    pub(crate) most: u32,
    /// The call, and the member of each object that is its id; none: the first step of reading.
    pub(crate) step: Option<(Step, &'static str)>,
}

/// Attributes, and the keys of a map of texts.
pub(crate) type Pairs = &'static [(&'static str, &'static str)];

/// When a call is made on a change.
#[derive(Clone, Debug)]
pub enum When {
    /// When an attribute that is in its input changes.
    Changed,
    /// When one of these changes.
    Any(Vec<&'static str>),
    /// When this one changes to something.
    Set(&'static str),
    /// When this one changes to nothing.
    Unset(&'static str),
}

/// How tags are kept.
#[derive(Clone, Copy, Debug)]
pub enum Tags {
    /// There are none.
    None,
    /// As in EC2: given on creation with this type of resource, found in the object.
    Ec2(&'static str),
    /// By calls of the service that take a key.
    Calls {
        /// Reads them; none: they are found in the object.
        list: Option<&'static str>,
        /// Adds.
        add: &'static str,
        /// Removes.
        remove: &'static str,
        /// The member of all three that says of what.
        key: &'static str,
        /// What is put there.
        of: &'static str,
    },
    /// By other means: a hook.
    Hook,
}

/// Waiting for a state.
#[derive(Clone, Debug)]
pub struct Wait {
    pub(crate) on: Phase,
    /// Path in the object.
    pub(crate) path: &'static str,
    /// Where it goes.
    pub(crate) target: &'static [&'static str],
    /// On the way there; all others are failures, if there are any.
    pub(crate) pending: &'static [&'static str],
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// An object is made.
    Create,
    /// It is looked at.
    Read,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// An error that goes away.
#[derive(Clone, Debug)]
pub struct Retry {
    pub(crate) on: &'static [Phase],
    pub(crate) code: &'static str,
    /// In the message; may be empty.
    pub(crate) message: &'static str,
    pub(crate) seconds: u64,
}

/// What a table cannot say. Each answers `None` for: as the table says.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Makes the object: its id and what is known of it, before it is read.
    async fn create(&self, _run: &Run<'_>, _planned: &Value) -> Answered<Option<(String, Value)>> {
        Ok(None)
    }

    /// After the object was made, before it is read.
    async fn created(&self, _run: &Run<'_>, _object: &Value) -> Answered<()> {
        Ok(())
    }

    /// Reads the object: `Some(None)`: it is gone.
    async fn read(&self, _run: &Run<'_>, _object: &Value) -> Answered<Option<Option<Value>>> {
        Ok(None)
    }

    /// After it was read by the table. `raw`: what the first step of reading answered; null where a function read it.
    async fn found(
        &self,
        _run: &Run<'_>,
        object: Value,
        _prior: &Value,
        _raw: &Json,
    ) -> Answered<Value> {
        Ok(object)
    }

    /// Before the table changes the object.
    async fn changing(&self, _run: &Run<'_>, _prior: &Value, _planned: &Value) -> Answered<()> {
        Ok(())
    }

    /// Changes the object, beside what the table does, and after it.
    async fn update(&self, _run: &Run<'_>, _prior: &Value, _planned: &Value) -> Answered<()> {
        Ok(())
    }

    /// Before it is deleted. `true`: that was all.
    async fn delete(&self, _run: &Run<'_>, _object: &Value) -> Answered<bool> {
        Ok(false)
    }

    /// What is known of an object by its import id, if that is not as the table says.
    fn import(&self, _id: &str) -> Option<Vec<(&'static str, String)>> {
        None
    }

    /// What is known by an import id, with what has to be looked up before the object can be read.
    async fn imported(&self, _run: &Run<'_>, known: Value) -> Answered<Value> {
        Ok(known)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Table").field(&self.name).finish()
    }
}
