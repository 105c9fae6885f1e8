//! Whether what a provider made is what it planned.

use super::access::{attr, attribute_type, brief, entry, item, keys};
use ecow::EcoString;
use terrane_model::schema::{Block, NestedBlock, Nesting};
use terrane_value::{Kind, Path, PathStep, Type, Value};

/// Where an actual object is not what was planned: paths and what differs there.
///
/// What was planned known must be so; what was planned unknown may be anything of its type that its refinements allow. Sets may
/// shrink, for elements may turn out to be equal, but not grow.
///
/// The values may carry marks: they, and the schema, keep messages from showing what is sensitive.
#[must_use]
pub fn assert_object_compatible(
    block: &Block,
    planned: &Value,
    actual: &Value,
) -> Vec<(Path, String)> {
    let mut problems = Problems::default();
    problems.block(block, planned, actual);
    problems.found
}

#[derive(Default)]
struct Problems {
    path: Path,
    found: Vec<(Path, String)>,
}

impl Problems {
    fn say(&mut self, what: impl Into<String>) {
        self.found.push((self.path.clone(), what.into()));
    }

    fn within(&mut self, step: PathStep, look: impl FnOnce(&mut Self)) {
        self.path.0.push(step);
        look(self);
        self.path.0.pop();
    }

    fn at(&mut self, index: usize, look: impl FnOnce(&mut Self)) {
        let key = Value::number(i64::try_from(index).unwrap_or(i64::MAX));
        self.within(PathStep::Index(key), look);
    }

    fn key(&mut self, key: &EcoString, look: impl FnOnce(&mut Self)) {
        self.within(PathStep::Index(Value::string(key.clone())), look);
    }

    fn name(&mut self, name: &EcoString, look: impl FnOnce(&mut Self)) {
        self.within(PathStep::Attr(name.clone()), look);
    }

    fn block(&mut self, block: &Block, planned: &Value, actual: &Value) {
        match (planned.is_null(), actual.is_null()) {
            (true, true) => return,
            (true, false) => return self.say("was absent, but now present"),
            (false, true) => return self.say("was present, but now absent"),
            (false, false) => {}
        }
        for (name, attribute) in &block.attributes {
            let ty = || attribute_type(attribute);
            let (planned, actual) = (attr(planned, name, ty), attr(actual, name, ty));
            let hidden = attribute.has_sensitive()
                || attribute.has_write_only()
                || is_sensitive(&planned)
                || is_sensitive(&actual);
            let known = self.found.len();
            self.name(name, |this| {
                this.value(&planned.unmark_deep(), &actual.unmark_deep());
                if hidden && this.found.len() > known {
                    this.found.truncate(known);
                    this.say("inconsistent values for sensitive attribute");
                }
            });
        }
        for (name, nested) in &block.blocks {
            let ty = || nested.value_type();
            let (planned, actual) = (attr(planned, name, ty), attr(actual, name, ty));
            self.name(name, |this| this.blocks(nested, &planned, &actual));
        }
    }

    fn blocks(&mut self, nested: &NestedBlock, planned: &Value, actual: &Value) {
        let block = &nested.block;
        if let Nesting::Single | Nesting::Group = nested.nesting {
            // An unknown block may turn out to be none.
            if planned.is_known() || !actual.is_null() {
                self.block(block, planned, actual);
            }
            return;
        }
        // An unknown collection of blocks may turn out to be any, and whether a collection is null or empty tells nothing.
        let comparable = |value: &Value| value.is_known() && !value.is_null();
        if !comparable(planned) || !comparable(actual) {
            return;
        }
        let ty = || block.implied_type().clone();
        match nested.nesting {
            Nesting::List => {
                let (before, after) = (planned.children().len(), actual.children().len());
                if before != after {
                    self.say(format!("block count changed from {before} to {after}"));
                    return;
                }
                for index in 0..before {
                    if let (Some(planned), Some(actual)) =
                        (item(planned, index, ty), item(actual, index, ty))
                    {
                        self.at(index, |this| this.block(block, &planned, &actual));
                    }
                }
            }
            Nesting::Map => {
                self.same_keys("block key", planned, actual);
                for key in keys(planned) {
                    if let (Some(planned), Some(actual)) =
                        (entry(planned, key, ty), entry(actual, key, ty))
                    {
                        self.key(key, |this| this.block(block, &planned, &actual));
                    }
                }
            }
            _ => {
                let hidden = block.has_sensitive() || is_sensitive(planned) || is_sensitive(actual);
                let first = self.found.len();
                self.set(planned, actual, "block set length", &|planned, actual| {
                    assert_object_compatible(block, planned, actual).is_empty()
                });
                if hidden && self.found.len() > first {
                    self.found.truncate(first);
                    self.say("inconsistent values for a set of blocks with sensitive attributes");
                }
            }
        }
    }

    fn same_keys(&mut self, what: &str, planned: &Value, actual: &Value) {
        for key in keys(planned) {
            if actual.get(key).is_none() {
                self.say(format!("{what} {key:?} has vanished"));
            }
        }
        for key in keys(actual) {
            if planned.get(key).is_none() {
                self.say(format!("new {what} {key:?} has appeared"));
            }
        }
    }

    /// Both are unmarked.
    fn value(&mut self, planned: &Value, actual: &Value) {
        if planned == actual {
            return;
        }
        let wanted = planned.ty();
        if wanted == Type::Dynamic && !planned.is_known() {
            return;
        }
        let ty = actual.ty();
        let untyped_null = actual.is_null() && ty == Type::Dynamic;
        if !untyped_null && !ty.conforms(&wanted) {
            let problem = format!("wrong final value type: {wanted} required, but have {ty}");
            return self.say(problem);
        }
        if !planned.is_known() {
            if !planned.range().may_include(actual) {
                self.say(format!(
                    "final value {} does not conform to planning placeholder {}",
                    brief(actual),
                    refined(planned)
                ));
            }
            return;
        }
        match (planned.is_null(), actual.is_null()) {
            (true, true) => return,
            (true, false) => return self.say(format!("was null, but now {}", brief(actual))),
            (false, true) => return self.say(format!("was {}, but now null", brief(planned))),
            (false, false) => {}
        }
        if !actual.is_known() {
            return self.say("was known, but now unknown");
        }
        self.content(planned, actual);
    }

    fn content(&mut self, planned: &Value, actual: &Value) {
        match (planned.kind(), actual.kind()) {
            (Kind::List(before), Kind::List(after)) | (Kind::Tuple(before), Kind::Tuple(after)) => {
                for (index, (before, after)) in before.iter().zip(after).enumerate() {
                    self.at(index, |this| this.value(before, after));
                }
                for index in after.len()..before.len() {
                    self.say(format!("element {index} has vanished"));
                }
                for index in before.len()..after.len() {
                    self.say(format!("new element {index} has appeared"));
                }
            }
            (Kind::Map(before), Kind::Map(after)) => {
                self.same_keys("element", planned, actual);
                for (key, before) in before.iter() {
                    if let Some(after) = after.get(key) {
                        self.key(key, |this| this.value(before, after));
                    }
                }
            }
            (Kind::Object(before), Kind::Object(after)) => {
                self.same_keys("attribute", planned, actual);
                for (name, before) in before.iter() {
                    if let Some(after) = after.get(name) {
                        self.name(name, |this| this.value(before, after));
                    }
                }
            }
            (Kind::Set(_), Kind::Set(_)) => {
                self.set(planned, actual, "length", &|planned, actual| {
                    let mut inner = Self::default();
                    inner.value(planned, actual);
                    inner.found.is_empty()
                });
            }
            _ => self.say(format!("was {}, but now {}", brief(planned), brief(actual))),
        }
    }

    /// Each element of either set must have a counterpart in the other.
    fn set(
        &mut self,
        planned: &Value,
        actual: &Value,
        length: &str,
        compatible: &dyn Fn(&Value, &Value) -> bool,
    ) {
        let (before, after) = (planned.children(), actual.children());
        // Elements that are the same on both sides need no search; they stand in the same order there.
        let mut alike = vec![false; after.len()];
        let mut unmatched = Vec::new();
        let mut next = 0;
        for element in before {
            let same = after.iter().skip(next).position(|other| other == element);
            match same {
                Some(offset) if element.is_wholly_known() => {
                    if let Some(flag) = alike.get_mut(next + offset) {
                        *flag = true;
                    }
                    next += offset + 1;
                }
                _ => unmatched.push(element),
            }
        }
        for element in unmatched {
            if !after.iter().any(|other| compatible(element, other)) {
                let problem = format!(
                    "planned set element {} does not correlate with any element in actual",
                    brief(element)
                );
                self.say(problem);
            }
        }
        for (element, alike) in after.iter().zip(alike) {
            if !alike && !before.iter().any(|other| compatible(other, element)) {
                let problem = format!(
                    "actual set element {} does not correlate with any element in plan",
                    brief(element)
                );
                self.say(problem);
            }
        }
        if after.len() > before.len() {
            let (before, after) = (before.len(), after.len());
            self.say(format!("{length} changed from {before} to {after}"));
        }
    }
}

fn is_sensitive(value: &Value) -> bool {
    value.marks_deep().is_sensitive()
}

/// What is known of an unknown value, for a message.
fn refined(value: &Value) -> String {
    let Kind::Unknown(ty, refinements) = value.unmarked().kind() else {
        return brief(value);
    };
    let mut text = vec![format!("unknown {ty}")];
    if refinements.not_null {
        text.push("not null".to_owned());
    }
    if let Some(prefix) = &refinements.prefix {
        text.push(format!("beginning with {prefix:?}"));
    }
    if let Some((number, _)) = &refinements.min {
        text.push(format!("at least {number}"));
    }
    if let Some((number, _)) = &refinements.max {
        text.push(format!("at most {number}"));
    }
    if let Some(length) = refinements.min_length {
        text.push(format!("of length at least {length}"));
    }
    if let Some(length) = refinements.max_length {
        text.push(format!("of length at most {length}"));
    }
    format!("({})", text.join(", "))
}
