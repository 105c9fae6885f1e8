//! What there is: lists, and lists of what is within what was listed.

use super::types::{Choice, How, Lister, lister};
use super::{AT_A_TIME, items};
use crate::json;
use crate::run::Run;
use crate::shape::Shape;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, StreamExt as _};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use terrane_provider::native::{Answered, Refusal};

/// What was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What identifies it, and what it is within.
    pub(super) known: BTreeMap<&'static str, String>,
    pub(super) item: Json,
}

impl Found {
    fn text(&self, path: &str) -> String {
        let known = self.known.get(path).cloned();
        let at = || json::text_at(&self.item, path);
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

fn chosen(item: &Json, (path, texts): &Choice) -> bool {
    let found = match *path {
        "." => json::text(item),
        path => json::text_at(item, path).unwrap_or_default(),
    };
    texts.iter().any(|text| match text.strip_suffix('*') {
        Some(start) => found.starts_with(start),
        None => found == *text,
    })
}

/// What one answer holds.
fn told(lister: &Lister, at: &str, answer: &Json, above: Option<&Found>) -> Vec<Found> {
    let items = items(answer, at).into_iter().filter(|item| {
        lister.only.iter().all(|choice| chosen(item, choice))
            && !lister.skips.iter().any(|choice| chosen(item, choice))
    });
    items
        .filter_map(|item| identified(lister, &item, above))
        .collect()
}

/// `None`: it is not told what it is.
fn identified(lister: &Lister, item: &Json, above: Option<&Found>) -> Option<Found> {
    let mut known = above.map(|above| above.known.clone()).unwrap_or_default();
    let mut own = BTreeMap::new();
    for (name, path) in &lister.keys {
        let text = match (path.strip_prefix('^'), path.strip_prefix(':')) {
            (Some(path), _) => above?.text(path),
            (None, Some(text)) => text.to_owned(),
            (None, None) if *path == "." => json::text(item),
            (None, None) => json::text_at(item, path).unwrap_or_default(),
        };
        own.insert(*name, text);
    }
    let last = lister.keys.last();
    if last.is_some_and(|(name, _)| own[name].is_empty()) {
        return None;
    }
    known.append(&mut own);
    Some(Found {
        known,
        item: item.clone(),
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
            let found = items.filter_map(|above| identified(lister, &above.item, Some(above)));
            return Ok(found.collect());
        };
        let none = [json!({})];
        let inputs: Vec<Json> = lister
            .inputs
            .iter()
            .filter_map(|text| serde_json::from_str(text).ok())
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
                    above.as_ref(),
                );
                calls.push(one.boxed());
            }
        }
        let mut answers = stream::iter(calls).buffered(AT_A_TIME);
        let mut all = Vec::new();
        while let Some(found) = answers.next().await {
            all.extend(found?.into_iter().filter(|found| {
                let mut narrow = narrow.iter();
                narrow.all(|(name, text)| is_meant(&found.text(name), text))
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

/// What one call tells.
async fn one(
    run: &Run<'_>,
    lister: &Lister,
    (operation, at): (&str, &str),
    input: (&Json, &[Json]),
    above: Option<&Found>,
) -> Answered<Vec<Found>> {
    let answer = ask(run, lister, operation, input, above).await?;
    Ok(told(lister, at, &answer, above))
}

async fn ask(
    run: &Run<'_>,
    lister: &Lister,
    operation: &str,
    (input, filters): (&Json, &[Json]),
    above: Option<&Found>,
) -> Answered<Json> {
    let table = crate::resources::table(lister.name);
    let service = lister.service.or(table.map(|table| table.service));
    let service = service.unwrap_or(run.table.service);
    let mut input = input.clone();
    if let (Some(within), Some(above)) = (&lister.within, above) {
        let operation = run.operation(service, operation)?;
        for (member, path) in &within.sets {
            let text = above.text(path);
            let shape = operation.input.at(member);
            let list = matches!(shape, Some(Shape::List(_)));
            let value = if list { json!([text]) } else { json!(text) };
            json::put(&mut input, member, value);
        }
    }
    if let (Some(member), false) = (lister.filter, filters.is_empty()) {
        json::put(&mut input, member, filters.into());
    }
    match run.whole(service, operation, input, &[]).await {
        Ok(answer) => Ok(answer),
        // The one that there may be is not there, or what they are within is gone by now.
        Err(error) if run.is_not_found(&error) => Ok(json!({})),
        Err(error) => Err(run.refused(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Lister, chosen, identified, is_meant, told};
    use serde_json::json;

    #[test]
    fn what_is_told_is_identified() {
        let line = "t Op A n=N b=^name in p skip N=x* only K=,k";
        let lister = Lister::parse(line).unwrap();
        let parent = Lister::parse("p Op A name=Name").unwrap();
        let above = identified(&parent, &json!({"Name": "above"}), None).unwrap();
        let answer =
            json!({"A": [{"N": "a"}, {"N": "xy"}, {"N": "b", "K": "other"}, {"N": "c", "K": "k"}]});
        let found = told(&lister, "A", &answer, Some(&above));
        let names: Vec<_> = found.iter().map(|one| one.known["n"].as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(found[0].known["b"], "above");
        assert!(chosen(&json!("x"), &(".", vec!["x"])));
    }

    #[test]
    fn names_and_arns_mean_the_same() {
        assert!(is_meant("arn:a:cluster/c", "c") && is_meant("c", "arn:a:cluster/c"));
        assert!(!is_meant("arn:a:cluster/cc", "c"));
    }
}
