//! What is wrong with a configuration, by the facts of its type: arguments that exclude each other, choices, ranges, JSON.

use crate::facts::{AttributeFacts, BlockFacts, Relations};
use terrane_model::provider::ProviderDiagnostic;
use terrane_provider::args;
use terrane_value::{Kind, Path, PathStep, Value};

/// Complaints about a configuration, which may hold unknowns.
pub(crate) fn check(facts: &BlockFacts, config: &Value) -> Vec<ProviderDiagnostic> {
    let mut complaints = Vec::new();
    block(facts, config, config, &Path::new(), &mut complaints);
    complaints
}

fn block(
    facts: &BlockFacts,
    root: &Value,
    config: &Value,
    path: &Path,
    out: &mut Vec<ProviderDiagnostic>,
) {
    if config.is_null() || !config.is_known() {
        return;
    }
    for (name, about) in &facts.attributes {
        let path = path.attr(name.as_str());
        let value = args::get(config, name);
        relations(name, &about.relations, root, is_set(&value), &path, out);
        out.extend(attribute(name, about, &value).map(|complaint| complaint.at(path)));
    }
    for (name, about) in &facts.blocks {
        let path = path.attr(name.as_str());
        let value = args::get(config, name);
        relations(name, &about.relations, root, is_set(&value), &path, out);
        match value.kind() {
            Kind::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    let index = Value::number(i64::try_from(at).unwrap_or(i64::MAX));
                    block(about, root, item, &path.then(PathStep::Index(index)), out);
                }
            }
            Kind::Set(items) => {
                for item in items {
                    block(about, root, item, &path, out);
                }
            }
            Kind::Object(_) => block(about, root, &value, &path, out),
            _ => {}
        }
    }
}

/// Whether the configuration says something here: an empty list of blocks is nothing.
fn is_set(value: &Value) -> bool {
    match value.kind() {
        Kind::Null(_) => false,
        Kind::List(items) | Kind::Set(items) => !items.is_empty(),
        _ => true,
    }
}

/// What is at `a.0.b` of the whole configuration; unknown counts as unknown.
fn at(root: &Value, path: &str) -> Value {
    path.split('.').fold(root.clone(), |value, part| {
        if !value.is_known() {
            return value;
        }
        match part.parse::<usize>() {
            Ok(index) => value.children().get(index).cloned().unwrap_or(Value::NULL),
            Err(_) => args::get(&value, part),
        }
    })
}

fn relations(
    name: &str,
    facts: &Relations,
    root: &Value,
    set: bool,
    path: &Path,
    out: &mut Vec<ProviderDiagnostic>,
) {
    let known = |other: &String| at(root, other).is_known();
    let is = |other: &String| is_set(&at(root, other));
    if set {
        for other in facts.conflicts_with.iter().filter(|other| *other != name) {
            if is(other) && known(other) {
                out.push(
                    ProviderDiagnostic::error(
                        "Conflicting configuration arguments",
                        format!("{name:?} and {other:?} cannot be set together."),
                    )
                    .at(path.clone()),
                );
            }
        }
        for other in facts.required_with.iter().filter(|other| *other != name) {
            if !is(other) {
                out.push(
                    ProviderDiagnostic::error(
                        "Missing required argument",
                        format!("{name:?} needs {other:?} beside it."),
                    )
                    .at(path.clone()),
                );
            }
        }
    }
    group(name, &facts.exactly_one_of, root, true, path, out);
    group(name, &facts.at_least_one_of, root, false, path, out);
}

fn group(
    name: &str,
    names: &[String],
    root: &Value,
    one: bool,
    path: &Path,
    out: &mut Vec<ProviderDiagnostic>,
) {
    // The first of a group speaks for all.
    if names.first().is_none_or(|first| first != name) {
        return;
    }
    let set: Vec<&String> = names
        .iter()
        .filter(|name| is_set(&at(root, name)))
        .collect();
    let certain = set.iter().filter(|name| at(root, name).is_known()).count();
    if set.is_empty() {
        out.push(ProviderDiagnostic::error(
            "Invalid combination of arguments",
            format!("One of {} must be set.", names.join(", ")),
        ));
    } else if one && certain > 1 {
        out.push(
            ProviderDiagnostic::error(
                "Invalid combination of arguments",
                format!("Only one of {} can be set.", names.join(", ")),
            )
            .at(path.clone()),
        );
    }
}

fn attribute(name: &str, about: &AttributeFacts, value: &Value) -> Option<ProviderDiagnostic> {
    if value.is_null() || !value.is_known() {
        return None;
    }
    let rule = about.validate.as_deref()?;
    let (how, rest) = rule.split_once(' ').unwrap_or((rule, ""));
    let numbers: Vec<i64> = rest
        .split(' ')
        .filter_map(|word| word.replace('_', "").parse().ok())
        .collect();
    // A secret is not said again.
    let got = |said: &dyn std::fmt::Display| match about.sensitive || about.write_only {
        true => String::new(),
        false => format!(", got {said}"),
    };
    let problem = match (how, value.kind()) {
        ("validation.StringInSlice", Kind::String(text)) => {
            let choices: Vec<&str> = rest.split('"').skip(1).step_by(2).collect();
            let folds = rest.ends_with("true");
            let fits = |choice: &&str| {
                *choice == text.as_str() || (folds && choice.eq_ignore_ascii_case(text))
            };
            (rest.starts_with("string \"") && !choices.iter().any(fits)).then(|| {
                format!(
                    "expected {name} to be one of {choices:?}{}",
                    got(&format_args!("{text:?}"))
                )
            })
        }
        ("validation.IntBetween", Kind::Number(number)) => {
            match (numbers.as_slice(), number.to_i64()) {
                ([least, most], Some(number)) if !(*least..=*most).contains(&number) => {
                    Some(format!(
                        "expected {name} to be in the range ({least} - {most}){}",
                        got(&number)
                    ))
                }
                _ => None,
            }
        }
        ("validation.IntAtLeast", Kind::Number(number)) => {
            match (numbers.as_slice(), number.to_i64()) {
                ([least], Some(number)) if number < *least => Some(format!(
                    "expected {name} to be at least {least}{}",
                    got(&number)
                )),
                _ => None,
            }
        }
        ("validation.StringLenBetween", Kind::String(text)) => match numbers.as_slice() {
            [least, most] => {
                let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
                (!(*least..=*most).contains(&length)).then(|| {
                    format!(
                        "expected length of {name} to be in the range ({least} - {most}){}",
                        got(&text)
                    )
                })
            }
            _ => None,
        },
        ("validation.StringIsJSON" | "verify.ValidIAMPolicyJSON", Kind::String(text))
            if !text.is_empty() =>
        {
            serde_json::from_str::<serde::de::IgnoredAny>(text)
                .err()
                .map(|error| format!("{name:?} contains an invalid JSON: {error}"))
        }
        ("verify.ValidARN", Kind::String(text)) if !text.is_empty() => {
            let parts = text.splitn(6, ':').count();
            (!text.starts_with("arn:") || parts < 6)
                .then(|| format!("{name:?} is an invalid ARN{}: arn:partition:service:region:account:resource is expected", got(&text)))
        }
        _ => None,
    };
    problem.map(|problem| ProviderDiagnostic::error(format!("Invalid value of {name}"), problem))
}
