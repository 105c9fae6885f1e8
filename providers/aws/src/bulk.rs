//! Many objects in one call: for types whose first step of reading answers lists, or that have a call which does.

use crate::json;
use crate::provider::{Instance, resource};
use crate::run::Run;
use crate::shape::Shape;
use crate::table::{Phase, Step, Table};
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use terrane_model::provider::{Answer, BulkRead, KnownObject, Reply};
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::{args, conform};
use terrane_value::Value;

/// How many of the objects of one answer are completed at a time.
const AT_A_TIME: usize = 8;

/// How the objects of a type are read together.
struct Reading {
    step: Step,
    /// The member of the input that takes ids.
    ids: String,
    /// The filter that takes them in its place: an id that is not there is no error then.
    filter: Option<&'static str>,
    /// The lists that lead to the objects.
    at: Vec<&'static str>,
    /// The member of an object that is its id.
    key: String,
    /// What the id is made of.
    id: &'static str,
}

/// `VpcId` as filters have it: `vpc-id`.
fn dashed(name: &str) -> String {
    let mut made = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !made.is_empty() {
            made.push('-');
        }
        made.push(letter.to_ascii_lowercase());
    }
    made
}

fn reading(table: &Table, takes: impl Fn(&Step, &str) -> bool) -> Option<Reading> {
    let bulk = table.bulk.as_ref()?;
    let (step, key) = match &bulk.step {
        Some((step, key)) => (step, Some((*key).to_owned())),
        None => (table.read.first()?, None),
    };
    let (ids, id) = *step.sets.first()?;
    let key = key.unwrap_or_else(|| ids.strip_suffix('s').unwrap_or(ids).to_owned());
    let filter = ["Filters", "Filter"]
        .into_iter()
        .find(|name| table.service == "ec2" && bulk.step.is_none() && takes(step, name));
    Some(Reading {
        step: step.clone(),
        ids: ids.to_owned(),
        filter,
        at: step
            .at
            .split('.')
            .filter(|part| part.parse::<usize>().is_err())
            .collect(),
        key,
        id,
    })
}

/// The objects that lists within lists lead to.
fn items<'a>(answer: &'a Json, lists: &[&str]) -> Vec<&'a Json> {
    let mut found = vec![answer];
    for list in lists {
        found = found
            .into_iter()
            .filter_map(|item| item.get(*list).and_then(Json::as_array))
            .flatten()
            .collect();
    }
    found
}

impl Reading {
    /// What is there, by id; `None`: it cannot be read like this.
    async fn all(&self, run: &Run<'_>, ids: &[String]) -> Answered<Option<BTreeMap<String, Json>>> {
        let service = self.step.service.unwrap_or(run.table.service);
        let mut input = json!({});
        let operation = run.operation(service, self.step.operation)?;
        for (member, text) in self.step.sets.iter().skip(1) {
            let shape = operation.input.at(member).unwrap_or(&Shape::Any);
            let value = Value::string(*text);
            if let Some(value) = crate::write::plain(shape, &value) {
                json::put(&mut input, member, value);
            }
        }
        match self.filter {
            Some(filter) => {
                json::put(
                    &mut input,
                    filter,
                    json!([{"Name": dashed(&self.key), "Values": ids}]),
                );
            }
            None => json::put(&mut input, &self.ids, json!(ids)),
        }
        let answer = run.whole(service, self.step.operation, input, &[]).await;
        let answer = match answer {
            Ok(answer) => answer,
            // One that is not there is an error for all: they are asked for one by one.
            Err(error) if run.is_not_found(&error) => return Ok(None),
            Err(error) => {
                return Err(crate::cx::refusal(
                    &error,
                    &format!("reading {}", run.table.name),
                ));
            }
        };
        let found = items(&answer, &self.at).into_iter();
        Ok(Some(
            found
                .filter_map(|item| Some((json::text_at(item, &self.key)?, item.clone())))
                .collect(),
        ))
    }
}

/// Completes what was read with others.
async fn look(run: Run<'_>, at: usize, current: &Value) -> (usize, Answered<Option<Value>>) {
    (at, run.find(current).await)
}

impl Instance {
    /// How objects of one type are now.
    pub(crate) async fn read_many(
        &self,
        type_name: &str,
        objects: Vec<KnownObject>,
    ) -> Answered<Reply> {
        let about = resource(type_name)?;
        let mut answers = vec![BulkRead::Singly; objects.len()];
        let Some(table) = about.table else {
            return Ok(Reply::ok(Answer::ReadMany(answers)));
        };
        let gone = Value::null(about.schema.block.implied_type().clone());
        let mut regions: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, object) in objects.iter().enumerate() {
            let fits = conform::check(&object.current, about.schema, "object").is_ok();
            if fits && !object.current.is_null() {
                let region = args::string(&object.current, "region").unwrap_or_default();
                regions.entry(region.to_owned()).or_default().push(at);
            }
        }
        for places in regions.into_values() {
            let mut runs = Vec::new();
            for at in places {
                let object = &objects[at].current;
                let run = self.run(table, &about, Phase::Read, object, "").await?;
                runs.push((at, run));
            }
            let Some((_, first)) = runs.first() else {
                continue;
            };
            let takes = |step: &Step, member: &str| {
                let operation = first.operation(table.service, step.operation);
                operation.is_ok_and(|operation| operation.input.member(member).is_some())
            };
            let Some(reading) = reading(table, takes) else {
                continue;
            };
            let ids: Vec<String> = runs
                .iter()
                .map(|(at, run)| run.text(reading.id, &objects[*at].current))
                .collect();
            let Some(all) = reading.all(first, &ids).await? else {
                continue;
            };
            let mut looks = Vec::new();
            for ((at, mut run), id) in runs.into_iter().zip(ids) {
                run.seen = Some(all.get(&id).cloned());
                looks.push(look(run, at, &objects[at].current).boxed());
            }
            let found: Vec<_> = stream::iter(looks)
                .buffer_unordered(AT_A_TIME)
                .collect()
                .await;
            for (at, found) in found {
                let reply = match found {
                    Ok(state) => Reply::ok(Answer::Read {
                        state: state.unwrap_or_else(|| gone.clone()),
                        private: objects[at].private.clone(),
                        identity: objects[at].identity.clone(),
                        deferred: None,
                    }),
                    Err(Refusal::Messages(diagnostics)) => Reply {
                        answer: None,
                        diagnostics,
                    },
                    // Too fast, or no answer: it is asked for again by itself.
                    Err(Refusal::Failure(_)) => continue,
                };
                answers[at] = BulkRead::Read(reply);
            }
        }
        Ok(Reply::ok(Answer::ReadMany(answers)))
    }
}

#[cfg(test)]
mod tests {
    use super::{dashed, items};
    use serde_json::json;

    #[test]
    fn names_of_filters_and_lists_within_lists() {
        assert_eq!(dashed("NatGatewayId"), "nat-gateway-id");
        let answer = json!({"R": [{"I": [1, 2]}, {"I": [3]}, {}]});
        assert_eq!(
            items(&answer, &["R", "I"]),
            [&json!(1), &json!(2), &json!(3)]
        );
    }
}
