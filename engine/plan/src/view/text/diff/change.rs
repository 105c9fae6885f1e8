//! The two sides of a comparison and what is known about it.

use crate::plan::Action;
use terrane_value::{Kind, Path, PathStep, Value};

/// The rest of paths that lead to, or into, a part. One that is empty has arrived.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Paths<'a>(Vec<&'a [PathStep]>);

impl<'a> Paths<'a> {
    pub(in super::super) fn new(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        Self(paths.into_iter().map(|path| path.0.as_slice()).collect())
    }

    /// Whether one leads exactly here.
    pub(super) fn arrive(&self) -> bool {
        self.0.iter().any(|path| path.is_empty())
    }

    /// Whether none leads here or further.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn child(&self, matches: impl Fn(&PathStep) -> bool) -> Self {
        let rest = self.0.iter().filter_map(|path| match path.split_first() {
            Some((step, rest)) if matches(step) => Some(rest),
            _ => None,
        });
        Self(rest.collect())
    }
}

/// A comparison to be made.
#[derive(Clone, Debug)]
pub(in super::super) struct Change<'a> {
    /// `None`: there is nothing, not even null.
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    /// Whether a null counts as something, as in a map that has the key.
    pub(super) explicit: bool,
    pub(super) replace: Paths<'a>,
    /// What is looked at; `None`: everything.
    pub(super) relevant: Option<Paths<'a>>,
    /// Whether schemas may hide values.
    pub(super) hide: bool,
}

impl<'a> Change<'a> {
    /// Two sides of which null means that there is nothing. With `show`, nothing is sensitive.
    pub(in super::super) fn new(before: &Value, after: &Value, show: bool) -> Self {
        let side = |value: &Value| {
            Some(if show {
                value.unmark_deep()
            } else {
                value.clone()
            })
        };
        Self {
            before: side(before),
            after: side(after),
            explicit: false,
            replace: Paths::default(),
            relevant: None,
            hide: !show,
        }
    }

    /// The contents of two texts; `None`: there is none.
    pub(in super::super) fn texts(before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            before,
            after,
            explicit: true,
            replace: Paths::default(),
            relevant: None,
            hide: true,
        }
    }

    pub(in super::super) fn replacing(mut self, paths: Paths<'a>) -> Self {
        self.replace = paths;
        self
    }

    pub(in super::super) fn only(mut self, relevant: Option<Paths<'a>>) -> Self {
        self.relevant = relevant;
        self
    }

    /// The same comparison of other values.
    pub(super) fn with(&self, before: Option<Value>, after: Option<Value>) -> Self {
        Self {
            before,
            after,
            ..self.clone()
        }
    }

    /// What was goes, and nothing comes.
    pub(super) fn as_delete(&self) -> Self {
        self.with(self.before.clone(), None)
    }

    /// What comes comes anew.
    pub(super) fn as_create(&self) -> Self {
        self.with(None, self.after.clone())
    }

    pub(super) fn implicit(mut self) -> Self {
        self.explicit = false;
        self
    }

    /// Nothing, or null that counts as nothing.
    fn nothing(&self, side: Option<&Value>) -> bool {
        side.is_none_or(|value| !self.explicit && value.is_null())
    }

    pub(super) fn nothing_before(&self) -> bool {
        self.nothing(self.before.as_ref())
    }

    pub(super) fn nothing_after(&self) -> bool {
        self.nothing(self.after.as_ref())
    }

    /// Null or nothing on both sides.
    pub(super) fn empty(&self) -> bool {
        let null = |side: &Option<Value>| side.as_ref().is_none_or(Value::is_null);
        null(&self.before) && null(&self.after)
    }

    pub(super) fn sensitive(&self) -> (bool, bool) {
        let marked = |side: &Option<Value>| {
            side.as_ref()
                .is_some_and(|value| value.marks().is_sensitive())
        };
        (marked(&self.before), marked(&self.after))
    }

    pub(super) fn unknown(&self) -> bool {
        self.after.as_ref().is_some_and(|value| !value.is_known())
    }

    /// What became of a value that has no parts.
    pub(super) fn action(&self) -> Action {
        match (self.nothing_before(), self.nothing_after()) {
            (true, true) => Action::NoOp,
            (true, false) => Action::Create,
            (false, true) => Action::Delete,
            (false, false) if same(self.before.as_ref(), self.after.as_ref()) => Action::NoOp,
            (false, false) => Action::Update,
        }
    }

    /// What became of a whole, before its parts are looked at.
    pub(super) fn whole(&self) -> Action {
        let null = |side: &Option<Value>| side.as_ref().is_none_or(Value::is_null);
        match (null(&self.before), null(&self.after)) {
            (true, true) | (false, false) => Action::NoOp,
            (true, false) => Action::Create,
            (false, true) => Action::Delete,
        }
    }

    /// The attribute of an object, or the element of a map, on both sides.
    pub(super) fn key(&self, name: &str) -> Self {
        let side =
            |value: &Option<Value>| value.as_ref().and_then(|value| value.get(name)).cloned();
        let step = |step: &PathStep| match step {
            PathStep::Attr(attr) => attr == name,
            PathStep::Index(key) => key.unmarked().as_str() == Some(name),
        };
        let child = self.child(side(&self.before), side(&self.after), &step);
        if child.irrelevant() {
            let before = child.before.clone();
            child.with(before.clone(), before)
        } else {
            child
        }
    }

    /// Elements at these places; `None`: there is none on that side.
    pub(super) fn at(&self, before: Option<usize>, after: Option<usize>) -> Self {
        let side =
            |value: &Option<Value>, at: Option<usize>| value.as_ref()?.children().get(at?).cloned();
        let place = before.or(after);
        let step = |step: &PathStep| match step {
            PathStep::Attr(_) => false,
            PathStep::Index(key) => {
                let number = key.unmarked().as_number();
                number.and_then(terrane_value::Number::to_usize) == place
            }
        };
        let mut child = self.child(side(&self.before, before), side(&self.after, after), &step);
        // A list of which some elements are of interest and others not can't be shown well, so all of them are.
        child.relevant = None;
        child
    }

    fn child(
        &self,
        before: Option<Value>,
        after: Option<Value>,
        step: &dyn Fn(&PathStep) -> bool,
    ) -> Self {
        Self {
            before,
            after,
            explicit: true,
            replace: self.replace.child(step),
            relevant: self
                .relevant
                .as_ref()
                .filter(|relevant| !relevant.arrive())
                .map(|relevant| relevant.child(step)),
            hide: self.hide,
        }
    }

    fn irrelevant(&self) -> bool {
        let paths = self.relevant.as_ref();
        paths.is_some_and(Paths::is_empty)
    }

    /// How many parts there are on each side.
    pub(super) fn lengths(&self) -> (usize, usize) {
        let length = |side: &Option<Value>| side.as_ref().map_or(0, |value| value.children().len());
        (length(&self.before), length(&self.after))
    }

    /// All keys of both sides, sorted.
    pub(super) fn keys(&self) -> Vec<ecow::EcoString> {
        let mut all = Vec::new();
        for side in [&self.before, &self.after].into_iter().flatten() {
            match side.unmarked().kind() {
                Kind::Map(map) => all.extend_from_slice(map.keys()),
                Kind::Object(object) => all.extend_from_slice(object.names()),
                _ => {}
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Whether two sides hold the same, marks aside.
pub(super) fn same(before: Option<&Value>, after: Option<&Value>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => equal(before, after),
        (None, None) => true,
        (Some(value), None) | (None, Some(value)) => value.is_null(),
    }
}

/// As people see it: marks and the types of nulls do not matter.
pub(super) fn equal(before: &Value, after: &Value) -> bool {
    before == after
        || (before.is_null() && after.is_null())
        || ((before.contains_marks() || after.contains_marks())
            && before.unmark_deep() == after.unmark_deep())
}
