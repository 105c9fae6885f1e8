//! Repetition: from `count`, `for_each` and `enabled` to instance keys (`opentofu.md` 2.6).

use super::Repeat;
use crate::plan::ExpansionKind;
use std::sync::Arc;
use terrane_config::config::{Module, Reference, Repetition};
use terrane_config::repetition::{self, Unknown};
use terrane_lang::diagnostic::Diagnostics;
use terrane_lang::expr::{Compiled, Scope};
use terrane_model::addr::InstanceKey;
use terrane_value::Value;

/// The instances of something in one module instance.
#[derive(Clone, Debug)]
pub(crate) struct Expanded {
    pub(crate) kind: ExpansionKind,
    /// Sorted.
    pub(crate) keys: Arc<[Option<InstanceKey>]>,
    /// The elements of `for_each`, by key.
    pub(crate) each: Option<Value>,
    /// Which instances there will be is not known: the one that there is stands for all.
    pub(crate) open: bool,
}

impl Expanded {
    fn open(kind: ExpansionKind) -> Self {
        let key = match kind {
            ExpansionKind::Single | ExpansionKind::Enabled => None,
            ExpansionKind::Count | ExpansionKind::ForEach => Some(InstanceKey::Any),
        };
        Self {
            kind,
            keys: Arc::from([key]),
            each: None,
            open: true,
        }
    }

    fn single(kind: ExpansionKind, exists: bool) -> Self {
        let keys: Arc<[_]> = if exists {
            Arc::from([None])
        } else {
            Arc::from([])
        };
        Self {
            kind,
            keys,
            each: None,
            open: false,
        }
    }
}

/// What `count` and `each` are for a key, given the value of `for_each`.
pub(crate) fn repeat_of(key: Option<&InstanceKey>, each: Option<&Value>) -> Repeat {
    match key {
        None => Repeat::None,
        Some(InstanceKey::Int(index)) => Repeat::Count(*index),
        Some(InstanceKey::Str(key)) => {
            let value = match each {
                Some(each) => each
                    .get(key)
                    .cloned()
                    .unwrap_or_else(|| Value::string(key.clone())),
                None => Value::dynamic(),
            };
            Repeat::Each(key.clone(), value)
        }
        Some(InstanceKey::Any) => Repeat::Any,
    }
}

/// Whether an expression says `each` or `count`. If not, it is evaluated without the value of `for_each`, which need not be there yet while applying.
pub(crate) fn uses_repetition(module: &Module, expr: &Compiled) -> bool {
    expr.uses().iter().any(|used| {
        matches!(
            module.slots[used.slot.0 as usize],
            Reference::EachValue | Reference::EachKey | Reference::CountIndex
        )
    })
}

/// Evaluates a repetition; where it is not known and that is allowed, one instance stands for all.
///
/// # Errors
/// When it is null, unknown where that is rejected, of the wrong type, ephemeral, or sensitive where that is not allowed.
pub(crate) fn expand(
    repetition: &Repetition,
    scope: &dyn Scope,
    unknown: Unknown,
) -> Result<Expanded, Diagnostics> {
    match repetition {
        Repetition::Single => Ok(Expanded::single(ExpansionKind::Single, true)),
        Repetition::Enabled(expr) => {
            let exists = repetition::enabled(expr, scope, unknown)?;
            Ok(match exists {
                Some(exists) => Expanded::single(ExpansionKind::Enabled, exists),
                None => Expanded::open(ExpansionKind::Enabled),
            })
        }
        Repetition::Count(expr) => {
            let Some(count) = repetition::count(expr, scope, unknown)? else {
                return Ok(Expanded::open(ExpansionKind::Count));
            };
            Ok(Expanded {
                kind: ExpansionKind::Count,
                keys: (0..count).map(|at| Some(InstanceKey::Int(at))).collect(),
                each: None,
                open: false,
            })
        }
        Repetition::ForEach(expr) => {
            let Some(elements) = repetition::for_each(expr, scope, unknown)? else {
                return Ok(Expanded::open(ExpansionKind::ForEach));
            };
            Ok(Expanded {
                kind: ExpansionKind::ForEach,
                keys: elements
                    .keys()
                    .map(|key| Some(InstanceKey::Str(key.clone())))
                    .collect(),
                each: Some(Value::object(elements)),
                open: false,
            })
        }
    }
}

/// Whether a key is one that a block of this kind can have.
pub(crate) fn fits(kind: ExpansionKind, key: Option<&InstanceKey>) -> bool {
    match kind {
        ExpansionKind::Single | ExpansionKind::Enabled => key.is_none(),
        ExpansionKind::Count => matches!(key, Some(InstanceKey::Int(_) | InstanceKey::Any)),
        ExpansionKind::ForEach => matches!(key, Some(InstanceKey::Str(_) | InstanceKey::Any)),
    }
}
