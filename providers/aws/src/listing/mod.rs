//! What there is: lists of the objects of a type, for queries, and for objects that nobody manages.
//!
//! `lists/*.txt` says how ([`types`]); objects are identified as hashicorp/aws has it ([`identity`]).

use crate::json;
use crate::provider::{self, Instance, resource};
use crate::table::{Phase, Table};
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value as Json, json};
use std::borrow::Cow;
use std::sync::Arc;
use terrane_model::provider::{Answer, ListedObject, ProviderDiagnostic, Reply};
use terrane_model::schema::{Attribute, Block, NestedBlock, ProviderSchema, Schema};
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::{args, conform};
use terrane_value::{EcoString, Value};

mod find;
mod identity;
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
        if !identity::is_listed(lister) {
            continue;
        }
        let mut listing = Block::new();
        if !lister.is_global {
            listing = listing.attr("region", Attribute::string().optional());
        }
        for name in lister.narrowed_by() {
            listing = listing.attr(name, Attribute::string().optional());
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

/// The objects that lists within lists lead to.
fn items<'a>(answer: &'a Json, at: &str) -> Vec<Cow<'a, Json>> {
    let mut found = vec![Cow::Borrowed(answer)];
    for name in at.split('.').filter(|name| !name.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|item| within(item, name))
            .collect();
    }
    found
}

/// What a member of an object is, or holds.
fn within<'a>(item: Cow<'a, Json>, name: &str) -> Vec<Cow<'a, Json>> {
    let parts = |json: &'a Json| -> Vec<Cow<'a, Json>> {
        match (json, name) {
            (Json::Object(map), "*") => map
                .iter()
                .map(|(key, value)| Cow::Owned(json!({"key": key, "value": value})))
                .collect(),
            (json, name) => match json.get(name) {
                None | Some(Json::Null) => Vec::new(),
                Some(Json::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
                Some(other) => vec![Cow::Borrowed(other)],
            },
        }
    };
    match item {
        Cow::Borrowed(json) => parts(json),
        // Of what a map holds.
        Cow::Owned(json) => within(Cow::Borrowed(&json), name)
            .into_iter()
            .map(|part| Cow::Owned(part.into_owned()))
            .collect(),
    }
}

/// What people call it: its tag `Name`, or its name.
fn display(lister: &Lister, found: &Found) -> String {
    let last = lister
        .keys
        .last()
        .and_then(|(name, _)| found.known.get(name));
    named(&found.item, last.map(String::as_str).unwrap_or_default())
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
            let Some(id) = import_id(lister, table, &listed.identity) else {
                return Ok(None);
            };
            let id = id.rsplit_once('@').map_or(&*id, |(id, _)| id);
            let run = self.run(table, about, Phase::Read, asked, "").await?;
            let object = match run.import(id, asked).await {
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
    use super::{items, lister, named};
    use crate::model::Models;
    use crate::shape::{Shape, Shapes as _};
    use serde_json::json;

    /// The form of what is listed. Counted lists have no places.
    fn item(models: &Models, lister: &Lister) -> Shape {
        let name = lister.name;
        match lister.how {
            How::Call(operation, at) => {
                let table = crate::resources::table(name).unwrap_or_else(|| panic!("{name}"));
                let service = lister.service.unwrap_or(table.service);
                let found = models.operation(service, operation);
                let found = found.unwrap_or_else(|| panic!("{name}: {operation}"));
                let mut shape = &found.output;
                for part in at.split('.').filter(|part| !part.is_empty()) {
                    shape = match (shape, part) {
                        (Shape::Map(element), "*") => element,
                        (shape, part) => shape
                            .member(part)
                            .unwrap_or_else(|| panic!("{name}: no {part} of {at}")),
                    };
                    if let Shape::List(element) = shape {
                        shape = element;
                    }
                }
                if at.ends_with('*') {
                    let members =
                        vec![("key".into(), Shape::Text), ("value".into(), shape.clone())];
                    return Shape::Structure {
                        members,
                        required: Vec::new(),
                    };
                }
                shape.clone()
            }
            How::Each | How::Never => {
                let above = lister.within.as_ref().map(|within| within.name);
                above.map_or(Shape::Any, |name| {
                    item(models, super::lister(name).unwrap())
                })
            }
        }
    }

    #[test]
    fn every_list_fits_its_operation() {
        let models = Models::default();
        for one in all() {
            let name = one.name;
            let own = item(&models, one);
            let above = one.within.as_ref().map(|within| {
                let above = lister(within.name);
                let above = above.unwrap_or_else(|| panic!("{name}: no {}", within.name));
                (above, item(&models, above))
            });
            let told = |path: &str| {
                let (above, shape) = above.as_ref().unwrap_or_else(|| panic!("{name}: in what?"));
                let mut known = Some(*above);
                while let Some(one) = known {
                    if one.keys.iter().any(|(key, _)| *key == path) {
                        return true;
                    }
                    let within = one.within.as_ref();
                    known = within.and_then(|within| lister(within.name));
                }
                shape.at(path).is_some()
            };
            for (key, path) in &one.keys {
                let fits = match path.strip_prefix('^') {
                    Some(path) => told(path),
                    None => path.starts_with(':') || *path == "." || own.at(path).is_some(),
                };
                assert!(fits, "{name}: no {path} for {key}");
            }
            for (path, _) in one.skips.iter().chain(&one.only) {
                assert!(*path == "." || own.at(path).is_some(), "{name}: no {path}");
            }
            let How::Call(operation, _) = one.how else {
                assert_eq!(one.how == How::Each, one.within.is_some(), "{name}");
                continue;
            };
            let table = crate::resources::table(name).unwrap();
            let operation = models.operation(one.service.unwrap_or(table.service), operation);
            let input = &operation.unwrap().input;
            let mut given: Vec<String> = Vec::new();
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
            if let Shape::Structure { required, .. } = input {
                let missing = required.iter().find(|member| !given.contains(*member));
                assert_eq!(missing, None, "{name}");
            }
        }
    }

    #[test]
    fn lists_within_lists_and_names() {
        let answer = json!({"R": [{"I": [{"a": 1}]}, {"I": [{"a": 2}]}], "L": {"Items": ["x"]}, "M": {"k": {"b": [1]}}});
        assert_eq!(items(&answer, "R.I").len(), 2);
        assert_eq!(*items(&answer, "L.Items")[0], json!("x"));
        assert_eq!(
            *items(&answer, "M.*")[0],
            json!({"key": "k", "value": {"b": [1]}})
        );
        assert_eq!(*items(&answer, "M.*.value.b")[0], json!(1));
        assert_eq!(items(&answer, ".").len(), 1);
        let tagged = json!({"Tags": [{"Key": "Name", "Value": "n"}]});
        assert_eq!(named(&tagged, "vpc-1"), "n");
        assert_eq!(named(&json!({}), "arn:aws:sns:r:1:t"), "t");
    }
}
