//! Blocks in sets that say the same in another way.

use super::Run;
use crate::read::is_empty;
use terrane_model::schema::Nesting;
use terrane_provider::args;
use terrane_value::{Kind, Value};

/// How many elements of a set are compared with each that was read.
const MOST_COMPARED: usize = 200;

/// Whether two objects say the same: what is null in one may be the zero of its type in the other.
fn alike(left: &Value, right: &Value) -> bool {
    match (left.kind(), right.kind()) {
        (Kind::Object(attributes), Kind::Object(_)) => attributes
            .iter()
            .all(|(name, value)| right.get(name).is_some_and(|other| alike(value, other))),
        _ => left == right || (left.is_known() && is_empty(left) && is_empty(right)),
    }
}

impl Run<'_> {
    /// Blocks of sets that differ from one that was there only in how they say nothing are that one: null, or the zero of a type.
    pub(super) fn elements_as_they_were(&self, found: &Value, prior: &Value) -> Value {
        let sets = self
            .schema
            .block
            .blocks
            .iter()
            .filter(|(_, nested)| nested.nesting == Nesting::Set);
        let changes = sets.filter_map(|(name, nested)| {
            let (now, before) = (found.get(name)?, prior.get(name)?);
            if now == before || !matches!(now.kind(), Kind::Set(_)) || !before.is_known() {
                return None;
            }
            let kept = now.children().iter().map(|item| {
                let mut all = before.children().iter().take(MOST_COMPARED);
                all.find(|one| alike(one, item)).unwrap_or(item).clone()
            });
            let element = nested.block.implied_type().clone();
            Some((name.as_str(), Value::set(element, kept.collect())))
        });
        args::with_all(found, changes.collect::<Vec<_>>())
    }
}
