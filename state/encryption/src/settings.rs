//! The `encryption` block as data, and what can be wrong with it.

use std::collections::BTreeMap;
use terrane_value::Value;

/// The whole block, references resolved to positions.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The `key_provider` blocks. Each comes after the one that it is chained to.
    pub key_providers: Vec<Block>,
    /// The `method` blocks.
    pub methods: Vec<Block>,
    /// What `state` says.
    pub state: Option<Target>,
    /// What `plan` says.
    pub plan: Option<Target>,
    /// What `remote_state_data_sources` says of all data sources that it does not name.
    pub remote_default: Option<Target>,
    /// What it says of those that it names.
    pub remote: BTreeMap<String, Target>,
}

/// A `key_provider` or `method` block.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The first label: `pbkdf2`, `aes_gcm`.
    pub kind: String,
    /// The second label.
    pub name: String,
    /// The arguments but for the one in `keys`; nested blocks are tuples of objects. May be marked.
    pub arguments: BTreeMap<String, Value>,
    /// The key provider that `keys` (in a method) or `chain` (in a key provider) refers to, by position.
    pub keys: Option<usize>,
}

/// What a block such as `state` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Positions of methods: the one that writes, then those that may have written what is read. Empty where there is no `method`.
    pub methods: Vec<usize>,
    /// Whether nothing may be written or read unencrypted.
    pub enforced: bool,
}

/// Something wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub part: Part,
    /// The argument, where it is about one.
    pub argument: Option<String>,
    /// What kind of mistake.
    pub kind: MistakeKind,
    /// What is wrong and what to do, in whole sentences. Holds no values that could be secret.
    pub detail: String,
}

/// A part of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key provider at this position.
    KeyProvider(usize),
    /// The method at this position.
    Method(usize),
    /// The `state` block.
    State,
    /// The `plan` block.
    Plan,
}

/// The kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MistakeKind {
    /// There is no key provider or method of this type.
    UnknownType,
    /// Something of the language that this program does not have.
    NotAvailable,
    /// An argument that must be there is not.
    MissingArgument,
    /// There is no such argument.
    UnsupportedArgument,
    /// The value of an argument does not do.
    InvalidValue,
    /// `enforced` contradicts what else is said.
    Enforced,
}
