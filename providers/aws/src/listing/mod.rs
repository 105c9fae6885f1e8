//! What there is: lists of the objects of a type, for queries, and for objects that nobody manages.
//!
//! `lists/*.txt` says how ([`types`]); objects are identified as hashicorp/aws has it ([`identity`]).

use crate::json;
use crate::provider::{self, Instance, resource};
use crate::table::{Phase, Table};
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use terrane_model::provider::{Answer, ListedObject, ProviderDiagnostic, Reply};
use terrane_model::schema::{Attribute, Block, NestedBlock, ProviderSchema, Schema};
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::{args, conform};
use terrane_value::{EcoString, Value};

mod find;
mod identity;
mod told;
mod types;

use find::{Found, Wanted, find};
pub(crate) use identity::{import_id, stored};
pub(crate) use types::lister;
use types::{How, Lister};

/// How many calls are made at a time.
const AT_A_TIME: usize = 8;

/// Schemas with lists, and with what identifies the objects in them.
pub(crate) fn with_lists(mut schema: ProviderSchema) -> ProviderSchema {
    for (lister, identity) in identity::schemas() {
        let name: EcoString = lister.name.into();
        schema.identities.insert(name.clone(), Arc::new(identity));
        if lister.how == How::Never {
            continue;
        }
        let mut listing = Block::new();
        if !lister.is_global {
            listing = listing.attr("region", Attribute::string().optional());
        }
        for name in lister.narrowed_by() {
            let narrows = match lister.needs == Some(name) {
                true => Attribute::string().required(),
                false => Attribute::string().optional(),
            };
            listing = listing.attr(name, narrows);
        }
        if lister.filter.is_some() {
            let filter = Block::new()
                .attr("name", Attribute::string().required())
                .attr("values", Attribute::string_list().required());
            listing = listing.block("filter", NestedBlock::list(filter));
        }
        let listing = Arc::new(Schema::new(0, listing));
        schema.list_resources.insert(name, listing);
    }
    schema
}

fn is_gone(message: &ProviderDiagnostic) -> bool {
    message.summary == crate::run::GONE
}

/// What people call it: its tag `Name`, or its name.
fn display(lister: &Lister, found: &Found) -> String {
    let mut told = lister
        .keys
        .iter()
        .rev()
        .map(|(name, _)| &*found.known[name]);
    let last = told.find(|text| !text.is_empty());
    named(&found.told.item, last.unwrap_or_default())
}

fn named(item: &Json, id: &str) -> String {
    let tags = item.get("Tags").map(crate::read::entries);
    let named = tags.into_iter().flatten().find(|(key, _)| key == "Name");
    let tag = named.map(|(_, value)| json::text(value));
    let tag = tag.filter(|name| !name.is_empty());
    tag.unwrap_or_else(|| id.rsplit(['/', ':']).next().unwrap_or(id).to_owned())
}

/// What lists are filtered by, as EC2 takes it.
fn filters(config: &Value) -> Vec<Json> {
    let filters = args::get(config, "filter");
    let filters = filters.children().iter().map(|filter| {
        let values = args::strings(filter, "values").unwrap_or_default();
        let values: Vec<&str> = values.iter().map(EcoString::as_str).collect();
        json!({"Name": args::string(filter, "name"), "Values": values})
    });
    filters.collect()
}

impl Instance {
    /// The objects of a type.
    pub(crate) async fn list(
        &self,
        type_name: &str,
        config: &Value,
        (whole, limit): (bool, u64),
    ) -> Answered<Reply> {
        let about = resource(type_name)?;
        let (Some(lister), Some(table)) = (lister(type_name), about.table) else {
            return Err(Refusal::error(
                "Not supported",
                format!("The provider cannot list objects of {type_name}."),
            ));
        };
        let blank = crate::run::blank(&about.facts, about.schema);
        let asked = match args::string(config, "region") {
            Some(region) if !region.is_empty() => {
                args::with(&blank, "region", Value::string(region))
            }
            _ => blank.clone(),
        };
        let run = self.run(table, &about, Phase::Read, &asked, "").await?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let most = if most == 0 { usize::MAX } else { most };
        let narrow = lister.narrowed_by().filter_map(|name| {
            let text = args::string(config, name).filter(|text| !text.is_empty())?;
            Some((name.to_owned(), text.to_owned()))
        });
        // Whether there is one within each is not known before it is looked for.
        let looks = lister.how == How::Each;
        let wanted = Wanted {
            narrow: narrow.collect(),
            filters: filters(config),
            most: if looks { usize::MAX } else { most },
        };
        let found = find(&run, lister, wanted).await?;
        let account = run.cx.caller().await?.account.clone();
        let schema = identity::schema(lister);
        let found = found.into_iter().map(|found| {
            let identity = identity::of(&schema, |name| match name {
                "account_id" => Some(&account),
                "region" => Some(&run.region),
                name => found.known.get(name).map(String::as_str),
            });
            let listed = ListedObject {
                identity,
                display_name: display(lister, &found),
                object: Value::NULL,
            };
            self.completed((lister, listed), (table, &about), &asked, (whole, looks))
                .boxed()
        });
        let found: Vec<_> = found.collect();
        let listed: Vec<ListedObject> = stream::iter(found)
            .buffered(AT_A_TIME)
            .try_filter_map(|one| std::future::ready(Ok(one)))
            .take(most)
            .try_collect()
            .await?;
        Ok(Reply::ok(Answer::Listed(listed)))
    }

    /// The whole object of what was found; `None`: there is none.
    async fn completed(
        &self,
        (lister, mut listed): (&Lister, ListedObject),
        (table, about): (&'static Table, &provider::Type<'_>),
        asked: &Value,
        (whole, looks): (bool, bool),
    ) -> Answered<Option<ListedObject>> {
        if whole || looks {
            let Some(id) = identity::own_id(lister, table, &listed.identity) else {
                return Ok(None);
            };
            let run = self.run(table, about, Phase::Read, asked, "").await?;
            let object = match run.import(&id, asked).await {
                Ok(object) => object.state,
                Err(Refusal::Messages(said)) if said.iter().any(is_gone) => return Ok(None),
                Err(refusal) => return Err(refusal),
            };
            if whole {
                listed.object = object;
            }
        }
        Ok(Some(listed))
    }

    /// Whether a configuration of a listing has its form.
    pub(crate) fn check_list(
        schema: &ProviderSchema,
        type_name: &str,
        config: &Value,
    ) -> Answered<()> {
        let Some(listing) = schema.list_resources.get(type_name) else {
            return Err(Refusal::error(
                "Unknown list resource",
                type_name.to_owned(),
            ));
        };
        conform::check(config, listing, "configuration").map_err(Refusal::from)
    }
}

#[cfg(test)]
mod tests {
    use super::types::all;
    use super::types::{How, Lister};
    use super::{lister, named};
    use crate::model::Models;
    use crate::shape::{Shape, Shapes as _};
    use serde_json::json;

    /// The forms of what is listed, and of what holds it, the nearest first; for each place where it may be.
    fn chains(models: &Models, lister: &Lister) -> Vec<Vec<Shape>> {
        let name = lister.name;
        let How::Call(operation, at) = lister.how else {
            let above = lister.within.as_ref().map(|within| within.name);
            return above.map_or(vec![vec![Shape::Any]], |name| {
                chains(models, super::lister(name).unwrap())
            });
        };
        let service = service(lister);
        let then = lister.then.iter().map(|then| (then.operation, then.at));
        let mut all = vec![Vec::new()];
        for (operation, at) in std::iter::once((operation, at)).chain(then) {
            let found = models.operation(service, operation);
            let found = found.unwrap_or_else(|| panic!("{name}: {operation}"));
            let places = at.split(',');
            all = places
                .flat_map(|at| all.iter().map(move |chain| (at, chain)))
                .map(|(at, chain)| {
                    let mut chain = chain.clone();
                    chain.insert(0, found.output.clone());
                    for part in at.split('.').filter(|part| !part.is_empty()) {
                        let below = part_of(&chain[0], part);
                        let below = below.unwrap_or_else(|| panic!("{name}: no {part} of {at}"));
                        chain.insert(0, below);
                    }
                    chain
                })
                .collect();
        }
        all
    }

    fn service(lister: &Lister) -> &'static str {
        let table = crate::resources::table(lister.name);
        let table = table.unwrap_or_else(|| panic!("{}", lister.name));
        lister.service.unwrap_or(table.service)
    }

    /// What a part of a place leads to. A text may be JSON.
    fn part_of(shape: &Shape, part: &str) -> Option<Shape> {
        let below = match (shape, part) {
            (Shape::Text | Shape::Any, _) => return Some(Shape::Any),
            (Shape::Map(element), "*") => {
                let members = vec![
                    ("key".into(), Shape::Text),
                    ("value".into(), (**element).clone()),
                ];
                return Some(Shape::Structure {
                    members,
                    required: Vec::new(),
                });
            }
            (shape, part) => shape.member(part)?,
        };
        Some(match below {
            Shape::List(element) => (**element).clone(),
            other => other.clone(),
        })
    }

    /// Whether something may be there.
    fn may_be(chain: &[Shape], path: &str) -> bool {
        let path = path.split(['<', '>', '#']).next().unwrap_or_default();
        match path.strip_prefix("../") {
            Some(path) => chain[1..].iter().any(|shape| shape.at(path).is_some()),
            None => path == "." || chain[0].at(path).is_some(),
        }
    }

    #[test]
    fn every_list_fits_its_operation() {
        let models = Models::default();
        for one in all() {
            let name = one.name;
            let own = chains(&models, one);
            let above = one.within.as_ref().map(|within| {
                let above = lister(within.name);
                let above = above.unwrap_or_else(|| panic!("{name}: no {}", within.name));
                (above, chains(&models, above))
            });
            let told = |path: &str| {
                let (above, chains) = above.as_ref().unwrap_or_else(|| panic!("{name}: in what?"));
                let mut known = Some(*above);
                while let Some(one) = known {
                    if one.keys.iter().any(|(key, _)| *key == path) {
                        return true;
                    }
                    let within = one.within.as_ref();
                    known = within.and_then(|within| lister(within.name));
                }
                chains.iter().all(|chain| may_be(chain, path))
            };
            let fits = |path: &str| {
                let bare = path.split(['<', '>', '#']).next().unwrap_or_default();
                match bare.strip_prefix('^') {
                    Some(path) => told(path),
                    None => path.starts_with(':') || own.iter().all(|chain| may_be(chain, path)),
                }
            };
            for (key, path) in &one.keys {
                assert!(fits(path), "{name}: no {path} for {key}");
            }
            for (path, texts) in one.skips.iter().chain(&one.only).flatten() {
                assert!(fits(path), "{name}: no {path}");
                let mut others = texts.iter().filter(|text| text.starts_with(['^', '.']));
                assert!(others.all(|other| fits(other)), "{name}: {texts:?}");
            }
            if let Some((path, number)) = one.last {
                assert!(fits(path) && fits(number), "{name}: no {path}, {number}");
            }
            if let Some(needed) = one.needs {
                let is_own = one.keys.iter().any(|(key, _)| *key == needed);
                assert!(is_own, "{name}: no {needed}");
            }
            let How::Call(operation, _) = one.how else {
                assert_eq!(one.how == How::Each, one.within.is_some(), "{name}");
                continue;
            };
            fits_input(&models, one, operation, &told);
            fits_questions(&models, one);
        }
    }

    /// What is asked with is what the operation takes.
    fn fits_input(models: &Models, one: &Lister, operation: &str, told: &dyn Fn(&str) -> bool) {
        let name = one.name;
        let mut given: Vec<String> = Vec::new();
        let operation = models.operation(service(one), operation);
        let input = &operation.unwrap().input;
        for (member, path) in one.within.iter().flat_map(|within| &within.sets) {
            assert!(input.at(member).is_some(), "{name}: no {member}");
            assert!(told(path), "{name}: no {path} for {member}");
            given.extend(member.split('.').next().map(str::to_owned));
        }
        for text in &one.inputs {
            let asked: serde_json::Map<_, _> =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            for member in asked.keys() {
                assert!(input.member(member).is_some(), "{name}: no {member}");
            }
            given.extend(asked.keys().cloned());
        }
        if let Some(member) = one.filter {
            assert!(input.member(member).is_some(), "{name}: no {member}");
        }
        assert_eq!(missing(input, &given), None, "{name}");
    }

    /// What is asked about what was found is told, and taken.
    fn fits_questions(models: &Models, one: &Lister) {
        let name = one.name;
        let mut before = Lister {
            then: Vec::new(),
            ..one.clone()
        };
        for then in &one.then {
            let found = models.operation(service(one), then.operation).unwrap();
            let known = chains(models, &before);
            for (member, path) in &then.sets {
                assert!(found.input.at(member).is_some(), "{name}: no {member}");
                let fits = known.iter().all(|chain| may_be(chain, path));
                assert!(fits, "{name}: no {path} for {member}");
            }
            let given = then.sets.iter().map(|(member, _)| (*member).to_owned());
            let given: Vec<_> = given.collect();
            assert_eq!(missing(&found.input, &given), None, "{name}");
            before.then.push(then.clone());
        }
    }

    /// What an input must have, and is not given.
    fn missing(input: &Shape, given: &[String]) -> Option<String> {
        let Shape::Structure { required, .. } = input else {
            return None;
        };
        let mut required = required.iter();
        required.find(|member| !given.contains(member)).cloned()
    }

    #[test]
    fn objects_have_names() {
        let tagged = json!({"Tags": [{"Key": "Name", "Value": "n"}]});
        assert_eq!(named(&tagged, "vpc-1"), "n");
        assert_eq!(named(&json!({}), "arn:aws:sns:r:1:t"), "t");
    }
}
