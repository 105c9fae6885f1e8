//! Reading the arguments of a block: typed, complete, and none too many.

use crate::secret::Secret;
use crate::settings::{Block, Mistake, MistakeKind, Part};
use std::collections::{BTreeMap, BTreeSet};
use terrane_value::convert::convert;
use terrane_value::{Kind, Type, Value};

/// The arguments of a block, as far as they were not read yet.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    part: Part,
    values: &'a BTreeMap<String, Value>,
    read: BTreeSet<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Arguments<'a> {
    pub(crate) fn new(part: Part, block: &'a Block) -> Self {
        Self {
            part,
            values: &block.arguments,
            read: BTreeSet::new(),
            mistakes: Vec::new(),
        }
    }

    /// Notes that an argument does not do. `detail` is whole sentences.
    pub(crate) fn invalid(&mut self, name: &str, detail: impl Into<String>) {
        self.mistake(MistakeKind::InvalidValue, Some(name), detail);
    }

    /// Notes a mistake.
    pub(crate) fn mistake(
        &mut self,
        kind: MistakeKind,
        argument: Option<&str>,
        detail: impl Into<String>,
    ) {
        self.mistakes.push(Mistake {
            part: self.part,
            argument: argument.map(str::to_owned),
            kind,
            detail: detail.into(),
        });
    }

    /// The value of an argument, unmarked; `None`: not given, or null.
    pub(crate) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.read.insert(name);
        let value = self.values.get(name)?.unmark_deep();
        if !value.is_wholly_known() {
            self.invalid(
                name,
                format!(
                    "The value of \"{name}\" is not known before anything is planned: use variables, local values and functions only."
                ),
            );
            return None;
        }
        (!value.is_null()).then_some(value)
    }

    fn converted(&mut self, name: &'static str, wanted: &Type, what: &str) -> Option<Value> {
        let value = self.value(name)?;
        match convert(&value, wanted) {
            Ok(value) => Some(value),
            Err(_) => {
                self.invalid(name, format!("The argument \"{name}\" must be {what}."));
                None
            }
        }
    }

    /// A text. An empty one counts as given.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.converted(name, &Type::String, "a string")
            .and_then(|value| value.as_str().map(str::to_owned))
    }

    /// A text that must be there and not be empty.
    pub(crate) fn required_text(&mut self, name: &'static str) -> String {
        let before = self.mistakes.len();
        match self.text(name) {
            Some(text) if !text.is_empty() => return text,
            Some(_) => self.invalid(name, format!("The argument \"{name}\" must not be empty.")),
            None if self.mistakes.len() == before => self.mistake(
                MistakeKind::MissingArgument,
                Some(name),
                format!("The argument \"{name}\" is required, but no value was given."),
            ),
            None => {}
        }
        String::new()
    }

    /// A text that must not be shown.
    pub(crate) fn secret(&mut self, name: &'static str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }

    /// A whole number.
    pub(crate) fn number(&mut self, name: &'static str) -> Option<u64> {
        let value = self.converted(name, &Type::Number, "a whole number")?;
        let number = value.as_number().and_then(terrane_value::Number::to_u64);
        if number.is_none() {
            self.invalid(
                name,
                format!("The argument \"{name}\" must be a whole number, 0 or more."),
            );
        }
        number
    }

    /// A whole number within bounds; `default` where it is not given.
    pub(crate) fn number_in(
        &mut self,
        name: &'static str,
        default: u32,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> u32 {
        let Some(number) = self.number(name) else {
            return default;
        };
        match u32::try_from(number) {
            Ok(number) if bounds.contains(&number) => number,
            _ => {
                let (least, most) = (bounds.start(), bounds.end());
                self.invalid(
                    name,
                    format!("The argument \"{name}\" is {number}, but it must be at least {least} and at most {most}."),
                );
                default
            }
        }
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.converted(name, &Type::Bool, "true or false")
            .and_then(|value| value.as_bool())
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let value = self.converted(name, &Type::list(Type::String), "a list of strings")?;
        let texts: Option<Vec<String>> = value
            .children()
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect();
        if texts.is_none() {
            self.invalid(
                name,
                format!("The argument \"{name}\" must not hold null values."),
            );
        }
        texts
    }

    /// A command: a program and its arguments.
    pub(crate) fn command(&mut self, name: &'static str) -> Vec<String> {
        let before = self.mistakes.len();
        let command = self.texts(name).unwrap_or_default();
        if command.first().is_none_or(String::is_empty) && self.mistakes.len() == before {
            self.mistake(
                MistakeKind::MissingArgument,
                Some(name),
                format!("The argument \"{name}\" is required: a list of a program and its arguments, such as [\"./keys\", \"--for-state\"]."),
            );
        }
        command
    }

    /// The arguments of a nested block that may occur once, as a block of its own.
    pub(crate) fn nested(&mut self, name: &'static str) -> Option<BTreeMap<String, Value>> {
        let value = self.value(name)?;
        let object = match value.kind() {
            Kind::Tuple([object]) | Kind::List([object]) => object.clone(),
            Kind::Object(_) | Kind::Map(_) => value.clone(),
            _ => {
                self.invalid(name, format!("Only one \"{name}\" block may be given."));
                return None;
            }
        };
        match object.kind() {
            Kind::Object(object) => Some(
                object
                    .iter()
                    .map(|(name, value)| (name.to_string(), value.clone()))
                    .collect(),
            ),
            Kind::Map(map) => Some(
                map.iter()
                    .map(|(name, value)| (name.to_string(), value.clone()))
                    .collect(),
            ),
            _ => {
                self.invalid(name, format!("\"{name}\" must be a block with arguments."));
                None
            }
        }
    }

    /// What was wrong, with the arguments that nobody asked for.
    pub(crate) fn finish(mut self) -> Vec<Mistake> {
        for name in self.values.keys() {
            if !self.read.contains(name.as_str()) {
                let known: Vec<&str> = self.read.iter().copied().collect();
                let there = match known.as_slice() {
                    [] => String::from("It takes none."),
                    known => format!("There are: {}.", known.join(", ")),
                };
                self.mistakes.push(Mistake {
                    part: self.part,
                    argument: Some(name.clone()),
                    kind: MistakeKind::UnsupportedArgument,
                    detail: format!("An argument named \"{name}\" is not expected here. {there}"),
                });
            }
        }
        self.mistakes
    }
}
