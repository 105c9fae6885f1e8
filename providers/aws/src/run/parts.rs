//! Small parts of carrying out tables: troubles, errors that go away, lengths of time, objects.

use crate::cx::{message, refusal};
use crate::facts::TypeFacts;
use crate::read::{is_empty, known, settle};
use crate::shape::Operation;
use crate::table::{Id, Phase, Retry, Step, Table};
use crate::write::Fill;
use terrane_aws_client::ApiError;
use terrane_model::provider::ProviderDiagnostic;
use terrane_model::schema::Schema;
use terrane_provider::args;
use terrane_provider::native::{Object, Refusal};
use terrane_value::Value;

/// Whether an attribute (the first part of a path) is the same in both.
pub(crate) fn same_at(prior: &Value, planned: &Value, name: &str) -> bool {
    let name = name.split('.').next().unwrap_or(name);
    let (before, after) = (args::get(prior, name), args::get(planned, name));
    terrane_provider::plan::same(&before, &after) || (is_empty(&before) && is_empty(&after))
}

/// The names in braces.
pub(crate) fn places(text: &str) -> Vec<String> {
    text.split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| separated(name).map_or(name, |(_, name)| name))
        .map(|name| name.split('.').next().unwrap_or(name).to_owned())
        .filter(|name| {
            !matches!(
                name.as_str(),
                "account" | "partition" | "suffix" | "token" | "region"
            )
        })
        .collect()
}

/// A place that begins with a mark is the mark and what is there, or nothing: `{name}{:qualifier}`.
pub(crate) fn separated(place: &str) -> Option<(char, &str)> {
    let mark = place.chars().next()?;
    let is_mark = !mark.is_ascii_alphanumeric() && mark != '_';
    is_mark.then(|| (mark, place.get(mark.len_utf8()..).unwrap_or_default()))
}

/// Why a step has no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The API's error.
    Api(ApiError),
    /// Something else.
    Refused(Refusal),
}

impl Trouble {
    /// Where nothing was done yet.
    pub(crate) fn refusal(self, what: &str) -> Refusal {
        match self {
            Self::Api(error) => refusal(&error, what),
            Self::Refused(refusal) => refusal,
        }
    }

    /// Where something was done: a message beside the object.
    pub(crate) fn messages(self, what: &str) -> Vec<ProviderDiagnostic> {
        match self {
            Self::Api(error) => vec![message(&error, what)],
            Self::Refused(refusal) => messages(refusal),
        }
    }
}

/// A refusal as messages.
pub(crate) fn messages(refusal: Refusal) -> Vec<ProviderDiagnostic> {
    match refusal {
        Refusal::Messages(messages) => messages,
        Refusal::Failure(failure) => {
            vec![ProviderDiagnostic::error(
                "AWS did not answer",
                failure.message,
            )]
        }
    }
}

/// `1h30m`, `90s` in seconds.
pub(crate) fn seconds(text: &str) -> Option<u64> {
    let mut total = 0.0;
    let mut digits = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() || letter == '.' {
            digits.push(letter);
            continue;
        }
        let unit = match letter {
            'h' => 3600.0,
            'm' if letters.peek() == Some(&'s') => {
                letters.next();
                0.001
            }
            'm' => 60.0,
            's' => 1.0,
            _ => return None,
        };
        total += std::mem::take(&mut digits).parse::<f64>().ok()? * unit;
    }
    if !digits.is_empty() || !(0.0..=1e8).contains(&total) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "in bounds, see above"
    )]
    let whole = total as u64;
    Some(whole)
}

const CHANGES: &[Phase] = &[Phase::Create, Phase::Update, Phase::Delete];

/// Errors that go away, of any service.
pub(super) static USUAL: &[Retry] = &[
    Retry {
        on: CHANGES,
        code: "OperationAborted",
        message: "",
        seconds: 60,
    },
    Retry {
        on: CHANGES,
        code: "ConcurrentModification",
        message: "",
        seconds: 120,
    },
    Retry {
        on: CHANGES,
        code: "ConcurrentModificationException",
        message: "",
        seconds: 60,
    },
];

/// The attributes that go into the input of a step.
pub(crate) fn inputs(
    table: &Table,
    facts: &TypeFacts,
    step: &Step,
    operation: &Operation,
) -> Vec<String> {
    let fill = Fill {
        names: &table.names,
        only: &step.only,
        except: &step.except,
        prior: None,
    };
    let mut names: Vec<String> = Vec::new();
    if step.fills {
        let all = facts
            .block
            .attributes
            .keys()
            .chain(facts.block.blocks.keys());
        for name in all {
            if fill.takes(name, &facts.block)
                && !fill.places(name, step.target(&operation.input)).is_empty()
            {
                names.push(name.clone());
            }
        }
    }
    let mapped = step.map.map_or(&[] as &[_], |(_, pairs)| pairs);
    let each = step.each.map_or(&[] as &[_], |(_, _, pairs)| pairs);
    names.extend(
        mapped
            .iter()
            .chain(each)
            .map(|(name, _)| name.split('.').next().unwrap_or(name).to_owned()),
    );
    for (_, text) in &step.sets {
        for name in places(text) {
            if name != "id" && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

impl Table {
    pub(super) fn mentions(&self, place: &str) -> bool {
        let steps = self
            .create
            .iter()
            .chain(&self.then)
            .chain(&self.read)
            .chain(&self.update)
            .chain(&self.delete)
            .chain(self.members.iter().flat_map(|one| [&one.add, &one.remove]));
        let mut texts =
            steps.flat_map(|step| step.sets.iter().map(|(_, text)| *text).chain([step.at]));
        let tags = match self.tags {
            crate::table::Tags::Calls { of, .. } => of,
            _ => "",
        };
        let id = match self.id {
            Id::Of(text) => text,
            Id::Out(_) => "",
        };
        let mut derived = self.derived.iter();
        texts.any(|text| text.contains(place))
            || derived.any(|derived| derived.of.contains(place))
            || [self.arn.unwrap_or_default(), tags, id]
                .iter()
                .any(|text| text.contains(place))
    }
}

/// An object and what was said about it.
pub(crate) fn object(state: Value, diagnostics: Vec<ProviderDiagnostic>) -> Object {
    Object {
        diagnostics,
        ..Object::new(state)
    }
}

/// What was planned, with what is known by now.
pub(crate) fn settled(planned: &Value, actual: &Value) -> Value {
    known(&settle(planned, actual))
}

/// An object of which nothing is known, with the defaults of what only this program knows.
pub(crate) fn blank(facts: &TypeFacts, schema: &Schema) -> Value {
    let empty = schema.block.empty_value();
    let defaults: Vec<(&str, Value)> = facts
        .block
        .attributes
        .iter()
        .filter_map(|(name, about)| {
            let ty = schema.block.attributes.get(name.as_str())?.value_type();
            let default = about.default.as_ref()?;
            Some((
                name.as_str(),
                terrane_value::json::decode(&default.to_string(), &ty).ok()?,
            ))
        })
        .collect();
    args::with_all(&empty, defaults)
}
