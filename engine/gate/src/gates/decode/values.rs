//! Values of arguments: constants of the kind that each argument takes.

use super::Decoder;
use crate::gates::Glob;
use crate::key::PublicKey;
use crate::rules::gates as rules;
use ecow::EcoString;
use terrane_lang::expr::simple::constant;
use terrane_lang::source::Span;
use terrane_lang::syntax::body::{Attribute, Content};
use terrane_lang::syntax::suggest::suggestion;
use terrane_model::span;
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// Values of arguments.
impl Decoder {
    pub(super) fn value(&mut self, attribute: &Attribute, ty: &Type) -> Option<Value> {
        let value = match constant(&attribute.expr) {
            Ok(value) => value,
            Err(found) => {
                self.diagnostics.extend(found);
                return None;
            }
        };
        match convert(&value, ty) {
            Ok(value) if !value.is_null() && value.is_wholly_known() => Some(value),
            Ok(_) => {
                let detail = format!("The argument \"{}\" needs a value.", attribute.name.name);
                self.error(&rules::INVALID_GATE_VALUE, detail, attribute.expr.span);
                None
            }
            Err(problem) => {
                let name = &attribute.name.name;
                let detail = format!("The argument \"{name}\" can't have this value: {problem}.");
                self.error(&rules::INVALID_GATE_VALUE, detail, attribute.expr.span);
                None
            }
        }
    }

    pub(super) fn bool_of(&mut self, attribute: &Attribute) -> Option<bool> {
        self.value(attribute, &Type::Bool)?.as_bool()
    }

    pub(super) fn bool(&mut self, content: &Content, name: &str) -> bool {
        let attribute = content.attribute(name);
        attribute
            .and_then(|attribute| self.bool_of(attribute))
            .unwrap_or(false)
    }

    pub(super) fn text(&mut self, content: &Content, name: &str) -> Option<EcoString> {
        let value = self.value(content.attribute(name)?, &Type::String)?;
        value.as_str().map(EcoString::from)
    }

    /// A list of texts; each with the place of the whole.
    pub(super) fn texts(&mut self, content: &Content, name: &str) -> Vec<(EcoString, Span)> {
        let Some(attribute) = content.attribute(name) else {
            return Vec::new();
        };
        let span = attribute.expr.span;
        let value = self.value(attribute, &Type::list(Type::String));
        let texts = value.map(|value| strings(&value)).unwrap_or_default();
        texts.into_iter().map(|text| (text, span)).collect()
    }

    pub(super) fn globs(&mut self, content: &Content, name: &str) -> Vec<Glob> {
        let texts = self.texts(content, name).into_iter();
        texts.map(|(text, _)| Glob::new(text)).collect()
    }

    pub(super) fn keys(&mut self, content: &Content) -> Vec<PublicKey> {
        let mut keys = Vec::new();
        for (text, span) in self.texts(content, "keys") {
            match text.parse() {
                Ok(key) => keys.push(key),
                Err(problem) => {
                    self.error(&rules::INVALID_KEY, format!("{text:?}: {problem}."), span);
                }
            }
        }
        keys
    }

    /// People, by their names and those of groups.
    pub(super) fn from(&mut self, content: &Content, name: &str) -> Option<Vec<EcoString>> {
        let mut people = Vec::new();
        for (who, span) in self.texts(content, name) {
            if self.gates.people.contains_key(&who) {
                people.push(who);
            } else if let Some(members) = self.gates.groups.get(&who) {
                people.extend(members.iter().cloned());
            } else {
                self.unknown(&who, span);
            }
        }
        people.sort_unstable();
        people.dedup();
        Some(people)
    }

    pub(super) fn tags(&mut self, content: &Content) -> Vec<(EcoString, Glob)> {
        let Some(attribute) = content.attribute("tags") else {
            return Vec::new();
        };
        let Some(value) = self.value(attribute, &Type::map(Type::String)) else {
            return Vec::new();
        };
        let Kind::Map(map) = value.kind() else {
            return Vec::new();
        };
        map.iter()
            .filter_map(|(name, value)| Some((name.clone(), Glob::new(value.as_str()?))))
            .collect()
    }

    pub(super) fn number(&mut self, content: &Content, name: &str) -> Option<u64> {
        let attribute = content.attribute(name)?;
        let value = self.value(attribute, &Type::Number)?;
        let number = value.as_number().and_then(terrane_value::Number::to_u64);
        if number.is_none() {
            let detail = format!("The argument \"{name}\" must be a whole number, 0 or more.");
            self.error(&rules::INVALID_GATE_VALUE, detail, attribute.expr.span);
        }
        number
    }

    pub(super) fn amount(&mut self, content: &Content, name: &str) -> Option<f64> {
        let value = self.value(content.attribute(name)?, &Type::Number)?;
        value.as_number().map(terrane_value::Number::to_f64)
    }

    pub(super) fn duration(&mut self, content: &Content, name: &str) -> Option<u64> {
        let attribute = content.attribute(name)?;
        let text = self.text(content, name)?;
        let found = span::parse(&text);
        if found.is_none() {
            let detail =
                format!("{text:?} is no length of time. Write it as in `8h`, `30m` or `7d`.");
            self.error(&rules::INVALID_GATE_VALUE, detail, attribute.expr.span);
        }
        found
    }

    pub(super) fn moment(&mut self, content: &Content, name: &str) -> Option<u64> {
        let attribute = content.attribute(name)?;
        let text = self.text(content, name)?;
        let found = text.parse::<jiff::Timestamp>().ok();
        let found = found.and_then(|at| u64::try_from(at.as_millisecond()).ok());
        if found.is_none() {
            let detail = format!("{text:?} is no moment. Write it as in `2027-01-31T00:00:00Z`.");
            self.error(&rules::INVALID_GATE_VALUE, detail, attribute.expr.span);
            // Better never than always.
            return Some(0);
        }
        found
    }

    pub(super) fn unknown(&mut self, name: &str, span: Span) {
        let known = self.gates.people.keys().chain(self.gates.groups.keys());
        let near = suggestion(name, known.map(EcoString::as_str))
            .map(|near| format!(" Did you mean {near:?}?"))
            .unwrap_or_default();
        let detail = format!("There is no person and no group named {name:?}.{near}");
        self.error(&rules::UNKNOWN_PERSON, detail, span);
    }

    pub(super) fn unknown_word(&mut self, what: &str, word: &str, known: &[&str], span: Span) {
        let near = suggestion(word, known.iter().copied())
            .map(|near| format!(" Did you mean {near:?}?"))
            .unwrap_or_default();
        let detail = format!(
            "{word:?} is no {what}.{near} There are {}.",
            known.join(", ")
        );
        self.error(&rules::UNKNOWN_WORD, detail, span);
    }
}

pub(super) fn strings(value: &Value) -> Vec<EcoString> {
    let items = value.children().iter();
    items
        .filter_map(|item| item.as_str().map(EcoString::from))
        .collect()
}
