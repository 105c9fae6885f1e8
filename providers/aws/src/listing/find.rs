//! What there is: lists, and lists of what is within what was listed.

use super::AT_A_TIME;
use super::told::{Here, Told, at_mark, cut, is_like, items};
use super::types::{Choice, How, Lister, Then, lister};
use crate::json;
use crate::run::Run;
use crate::shape::Shape;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_provider::native::{Answered, Refusal};

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What identifies it, and what it is within.
    pub(super) known: BTreeMap<&'static str, String>,
    pub(super) told: Arc<Told>,
}

impl Found {
    fn text(&self, path: &str) -> String {
        let known = self.known.get(path).cloned();
        let at = || self.told.text(path);
        known.or_else(at).unwrap_or_default()
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Attributes that are to be this.
    pub(super) narrow: BTreeMap<String, String>,
    pub(super) filters: Vec<Json>,
    /// No more than so many are needed.
    pub(super) most: usize,
}

/// What is called like this, or has an ARN that ends so.
fn is_meant(found: &str, wanted: &str) -> bool {
    let ends = |one: &str, other: &str| {
        one.strip_suffix(other)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', ':']))
    };
    ends(found, wanted) || ends(wanted, found)
}

/// What is in an object, in what holds it in the answer, or of the object of the other type that it is within.
fn text(path: &str, told: &Told, above: Option<&Found>) -> String {
    let found = match path.strip_prefix('^') {
        None => told.text(path),
        Some(path) => {
            let (path, cuts) = at_mark(path);
            above.and_then(|above| cut(&above.text(path), cuts))
        }
    };
    found.unwrap_or_default()
}

/// What is told, and where.
#[derive(Clone, Copy)]
struct Scene<'a> {
    above: Option<&'a Found>,
    here: &'a Here,
}

impl Scene<'_> {
    /// Whether an object is what all of this says.
    fn is(self, told: &Told, choice: &Choice) -> bool {
        choice.iter().all(|(path, texts)| {
            let found = text(path, told, self.above);
            texts
                .iter()
                .any(|meant| match meant.starts_with(['^', '.']) {
                    true => found == text(meant, told, self.above),
                    false => is_like(&found, &self.here.filled(meant)),
                })
        })
    }

    /// What is meant of that which was told.
    fn chosen(self, lister: &Lister, mut all: Vec<Arc<Told>>) -> Vec<Arc<Told>> {
        all.retain(|told| {
            lister.only.iter().all(|choice| self.is(told, choice))
                && !lister.skips.iter().any(|choice| self.is(told, choice))
        });
        let Some((name, number)) = lister.last else {
            return all;
        };
        let mut last: BTreeMap<String, (i64, Arc<Told>)> = BTreeMap::new();
        for told in all {
            let number = text(number, &told, self.above).parse().unwrap_or(0);
            let name = text(name, &told, self.above);
            if last.get(&name).is_none_or(|(known, _)| *known < number) {
                last.insert(name, (number, told));
            }
        }
        last.into_values().map(|(_, told)| told).collect()
    }
}

/// `None`: it is not told what it is.
fn identified(lister: &Lister, told: &Arc<Told>, above: Option<&Found>) -> Option<Found> {
    let mut known = above.map(|above| above.known.clone()).unwrap_or_default();
    let mut own = BTreeMap::new();
    for (name, path) in &lister.keys {
        let text = match path.strip_prefix(':') {
            Some(text) => text.to_owned(),
            None => text(path, told, above),
        };
        own.insert(*name, text);
    }
    let mut needed = lister.keys.iter().map(|(name, _)| name).rev();
    let last = needed.find(|name| lister.is_needed(name));
    if last.is_some_and(|name| own[name].is_empty()) {
        return None;
    }
    known.append(&mut own);
    Some(Found {
        known,
        told: Arc::clone(told),
    })
}

/// What `lister` lists, asked for by `run`, which may be that of a type within it.
pub(super) fn find<'a>(
    run: &'a Run<'_>,
    lister: &'static Lister,
    wanted: Wanted,
) -> BoxFuture<'a, Answered<Vec<Found>>> {
    async move {
        let above = match &lister.within {
            None => vec![None],
            Some(within) => above(run, lister, within.name, &wanted).await?,
        };
        let How::Call(operation, at) = lister.how else {
            let items = above.iter().flatten();
            let found = items.filter_map(|above| identified(lister, &above.told, Some(above)));
            return Ok(found.collect());
        };
        let here = Here {
            region: run.region.clone(),
            account: run.cx.caller().await?.account.clone(),
        };
        let none = [json!({})];
        let inputs: Vec<Json> = lister
            .inputs
            .iter()
            .filter_map(|text| serde_json::from_str(&here.filled(text)).ok())
            .collect();
        let inputs = if inputs.is_empty() {
            &none[..]
        } else {
            &inputs
        };
        let (narrow, filters) = (&wanted.narrow, &*wanted.filters);
        let mut calls = Vec::new();
        for above in &above {
            for input in inputs {
                let one = one(
                    run,
                    lister,
                    (operation, at),
                    (input, filters),
                    (above.as_ref(), &here),
                );
                calls.push(one.boxed());
            }
        }
        let mut answers = stream::iter(calls).buffered(AT_A_TIME);
        let mut all = Vec::new();
        // Several answers may tell of the same object.
        let mut seen = BTreeSet::new();
        while let Some(found) = answers.next().await {
            all.extend(found?.into_iter().filter(|found| {
                let mut narrow = narrow.iter();
                narrow.all(|(name, text)| is_meant(&found.text(name), text))
                    && seen.insert(found.known.clone())
            }));
            if all.len() >= wanted.most {
                break;
            }
        }
        all.truncate(wanted.most);
        Ok(all)
    }
    .boxed()
}

/// What these may be within.
async fn above(
    run: &Run<'_>,
    of: &'static Lister,
    name: &str,
    wanted: &Wanted,
) -> Answered<Vec<Option<Found>>> {
    let Some(above) = lister(name) else {
        return Err(Refusal::error(
            "Unknown list",
            format!("There is no list of {name}. This is a mistake of the provider."),
        ));
    };
    let keys = of.keys.iter().filter_map(|(name, path)| {
        let text = wanted.narrow.get(*name)?;
        let path = path.strip_prefix('^')?;
        let is_known = above.keys.iter().any(|(name, _)| *name == path);
        is_known.then(|| (path.to_owned(), text.clone()))
    });
    let wanted = Wanted {
        narrow: keys.collect(),
        filters: Vec::new(),
        most: usize::MAX,
    };
    let found = find(run, above, wanted).await?;
    Ok(found.into_iter().map(Some).collect())
}

/// What one call tells, and what is asked about that.
async fn one(
    run: &Run<'_>,
    lister: &Lister,
    (operation, at): (&str, &str),
    (input, filters): (&Json, &[Json]),
    (above, here): (Option<&Found>, &Here),
) -> Answered<Vec<Found>> {
    let input = first(run, lister, operation, (input, filters), above)?;
    let Some(answer) = ask(run, lister, operation, input).await? else {
        return Ok(Vec::new());
    };
    let mut told = items(&Told::new(answer, None), at);
    for then in &lister.then {
        let more: Vec<_> = told
            .iter()
            .map(|one| about(run, lister, then, one).boxed())
            .collect();
        let more: Vec<_> = stream::iter(more).buffered(AT_A_TIME).try_collect().await?;
        told = more.concat();
    }
    let told = Scene { above, here }.chosen(lister, told);
    let found = told.iter().filter_map(|one| identified(lister, one, above));
    Ok(found.collect())
}

/// What is told about something that was found.
async fn about(
    run: &Run<'_>,
    lister: &Lister,
    then: &Then,
    one: &Arc<Told>,
) -> Answered<Vec<Arc<Told>>> {
    let operation = run.operation(service(run, lister), then.operation)?;
    let mut input = json!({});
    for (member, path) in &then.sets {
        let text = one.text(path).unwrap_or_default();
        set(&operation.input, &mut input, (member, text));
    }
    let answer = ask(run, lister, then.operation, input).await?;
    let answer = answer.map(|answer| Told::new(answer, Some(one)));
    Ok(answer.map_or_else(Vec::new, |answer| items(&answer, then.at)))
}

/// A text where an input takes it, or a list of it.
fn set(shape: &Shape, input: &mut Json, (member, text): (&str, String)) {
    let is_list = matches!(shape.at(member), Some(Shape::List(_)));
    let value = if is_list { json!([text]) } else { json!(text) };
    json::put(input, member, value);
}

fn service<'a>(run: &Run<'a>, lister: &Lister) -> &'a str {
    let table = crate::resources::table(lister.name);
    let service = lister.service.or(table.map(|table| table.service));
    service.unwrap_or(run.table.service)
}

/// What is asked with at first.
fn first(
    run: &Run<'_>,
    lister: &Lister,
    operation: &str,
    (input, filters): (&Json, &[Json]),
    above: Option<&Found>,
) -> Answered<Json> {
    let mut input = input.clone();
    if let (Some(within), Some(above)) = (&lister.within, above) {
        let operation = run.operation(service(run, lister), operation)?;
        for (member, path) in &within.sets {
            set(&operation.input, &mut input, (member, above.text(path)));
        }
    }
    if let (Some(member), false) = (lister.filter, filters.is_empty()) {
        json::put(&mut input, member, filters.into());
    }
    Ok(input)
}

/// `None`: the one that there may be is not there, or what they are within is gone by now.
async fn ask(
    run: &Run<'_>,
    lister: &Lister,
    operation: &str,
    input: Json,
) -> Answered<Option<Json>> {
    let service = service(run, lister);
    match run.whole(service, operation, input, &[]).await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if run.is_not_found(&error) => Ok(None),
        // One of several kinds that this region does not have.
        Err(error) if lister.inputs.len() > 1 && error.is(&["ValidationException"]) => Ok(None),
        Err(error) => Err(run.refused(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Here, Lister, Scene, Told, identified, is_meant, items};
    use serde_json::{Value as Json, json};

    fn told(line: &'static str, answer: Json, above: Option<&Found>) -> Vec<Found> {
        let lister = Lister::parse(line).unwrap();
        let super::How::Call(_, at) = lister.how else {
            panic!("{line}")
        };
        let here = &Here::default();
        let all = items(&Told::new(answer, None), at);
        let all = Scene { above, here }.chosen(&lister, all);
        let found = all.iter().filter_map(|one| identified(&lister, one, above));
        found.collect()
    }

    #[test]
    fn what_is_told_is_identified() {
        let above = told("p Op A name=Name", json!({"A": [{"Name": "above"}]}), None);
        let line = "t Op A b=^name n=N o?=O in p skip N=x* only K=,k";
        let answer = json!({"A": [{"N": "a"}, {"N": "xy"}, {"N": "b", "K": "other"}, {"N": "c", "K": "k"}, {"O": "o"}]});
        let found = told(line, answer, above.first());
        let names: Vec<_> = found.iter().map(|one| one.known["n"].as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(found[0].known["b"], "above");
        assert_eq!(found[0].known["o"], "");
    }

    /// Objects within an object of the answer, some of which are that object's own.
    #[test]
    fn what_holds_it_is_known_too() {
        let line = "t Op A.B b=../N a=N<: skip N=../N&K=k skip K=x only N=../M,^name,c:*";
        let answer = json!({"M": "m", "A": [{"N": "o", "B": [{"N": "c:1"}, {"N": "o", "K": "k"}, {"N": "c:2", "K": "x"}, {"N": "m"}, {"N": "z"}]}]});
        let found = told(line, answer, None);
        let names: Vec<_> = found.iter().map(|one| &*one.known["a"]).collect();
        assert_eq!(names, ["c", "m"]);
        assert!(found.iter().all(|one| one.known["b"] == "o"));
        let answer = json!({"A": [{"N": "a", "R": 9}, {"N": "b", "R": 1}, {"N": "a", "R": 10}]});
        let found = told("t Op A r=R last N=R", answer, None);
        let numbers: Vec<_> = found.iter().map(|one| &*one.known["r"]).collect();
        assert_eq!(numbers, ["10", "1"]);
    }

    #[test]
    fn names_and_arns_mean_the_same() {
        assert!(is_meant("arn:a:cluster/c", "c") && is_meant("c", "arn:a:cluster/c"));
        assert!(!is_meant("arn:a:cluster/cc", "c"));
    }
}
