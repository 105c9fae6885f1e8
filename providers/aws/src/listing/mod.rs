//! What there is: lists of the objects of a type, for queries, and for objects that nobody manages.
//!
//! An object is identified as hashicorp/aws does it: by one attribute, the region and the account.

use crate::json;
use crate::provider::{self, Instance, resource};
use crate::table::{Phase, Table};
use futures::future::FutureExt as _;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use terrane_model::provider::{Answer, ListedObject, ProviderDiagnostic, Reply};
use terrane_model::schema::{
    Attribute, Block, IdentitySchema, NestedBlock, ProviderSchema, Schema,
};
use terrane_provider::native::{Answered, Refusal};
use terrane_provider::{args, conform};
use terrane_value::{EcoString, Type, Value};

mod networks;
mod services;
mod types;

use types::Lister;
pub(crate) use types::all;

/// How many whole objects are read at a time.
const AT_A_TIME: usize = 8;

pub(crate) fn lister(name: &str) -> Option<&'static Lister> {
    all().find(|lister| lister.name == name)
}

/// Schemas with lists, and with what identifies the objects in them.
pub(crate) fn with_lists(mut schema: ProviderSchema) -> ProviderSchema {
    for lister in all() {
        let about = resource(lister.name);
        let regional = about.is_ok_and(|about| !about.facts.about.is_global());
        let mut listing = Block::new();
        if regional {
            listing = listing.attr("region", Attribute::string().optional());
        }
        if is_ec2(lister) {
            let filter = Block::new()
                .attr("name", Attribute::string().required())
                .attr("values", Attribute::string_list().required());
            listing = listing.block("filter", NestedBlock::list(filter));
        }
        let name: EcoString = lister.name.into();
        let listing = Arc::new(Schema::new(0, listing));
        schema.list_resources.insert(name.clone(), listing);
        let mut attributes = vec![
            (lister.key, Type::String, true),
            ("account_id", Type::String, false),
        ];
        if regional {
            attributes.push(("region", Type::String, false));
        }
        let identity = Arc::new(IdentitySchema::new(attributes));
        schema.identities.insert(name, identity);
    }
    schema
}

fn is_ec2(lister: &Lister) -> bool {
    crate::resources::table(lister.name).is_some_and(|table| table.service == "ec2")
}

/// An import id by what identifies an object: the region goes behind it.
pub(crate) fn import_id(lister: &Lister, identity: &Value) -> Option<String> {
    let key = args::string(identity, lister.key)?;
    Some(match args::string(identity, "region") {
        Some(region) if !region.is_empty() => format!("{key}@{region}"),
        _ => key.to_owned(),
    })
}

/// The identity that was stored, by this provider or by the Go provider, as far as this one knows it.
pub(crate) fn stored(lister: &Lister, schema: &ProviderSchema, text: &str) -> Answered<Value> {
    let unreadable = |problem: String| Refusal::error("Unreadable stored identity", problem);
    let found: Json = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let Some(identity) = schema.identities.get(lister.name) else {
        return Ok(Value::NULL);
    };
    let attributes = identity.attributes.keys().map(|name| {
        let text = found.get(name.as_str()).and_then(Json::as_str);
        let value = text.map_or(Value::null(Type::String), Value::string_nfc);
        (name.clone(), value)
    });
    Ok(Value::object(attributes.collect::<Vec<_>>()))
}

fn is_gone(message: &ProviderDiagnostic) -> bool {
    message.summary == crate::run::GONE
}

/// The objects that lists within lists lead to.
fn items<'a>(answer: &'a Json, at: &str) -> Vec<&'a Json> {
    let mut found = vec![answer];
    for name in at.split('.') {
        found = found
            .into_iter()
            .filter_map(|item| item.get(name))
            .flat_map(|list| match list {
                Json::Array(items) => items.iter().collect(),
                other => vec![other],
            })
            .collect();
    }
    found
}

/// What people call it: its tag `Name`, or its name.
fn display(item: &Json, id: &str) -> String {
    let tags = item.get("Tags").map(crate::read::entries);
    let named = tags.into_iter().flatten().find(|(key, _)| key == "Name");
    let tag = named.map(|(_, value)| json::text(value));
    let tag = tag.filter(|name| !name.is_empty());
    tag.unwrap_or_else(|| id.rsplit(['/', ':']).next().unwrap_or(id).to_owned())
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
        let mut input: Json = serde_json::from_str(lister.input).unwrap_or_else(|_| json!({}));
        let filters = args::get(config, "filter");
        let filters: Vec<Json> = filters
            .children()
            .iter()
            .map(|filter| {
                let values = args::strings(filter, "values").unwrap_or_default();
                let values: Vec<&str> = values.iter().map(EcoString::as_str).collect();
                json!({"Name": args::string(filter, "name"), "Values": values})
            })
            .collect();
        if !filters.is_empty() {
            let operation = run.operation(table.service, lister.operation)?;
            let member = ["Filters", "Filter"]
                .into_iter()
                .find(|name| operation.input.member(name).is_some());
            json::put(&mut input, member.unwrap_or("Filters"), filters.into());
        }
        let answer = run.ask(lister.operation, input).await?;
        let account = run.cx.caller().await?.account.clone();
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let most = if most == 0 { usize::MAX } else { most };
        let mut found = Vec::new();
        for item in items(&answer, lister.at) {
            let text = |path: &str| json::text_at(item, path).unwrap_or_default();
            let skipped = lister.skips.iter().any(|(path, is)| text(path) == *is);
            let id = match lister.id {
                "" => json::text(item),
                path => text(path),
            };
            if skipped || id.is_empty() || found.len() >= most {
                continue;
            }
            let mut attributes = vec![
                (EcoString::from(lister.key), Value::string(id.as_str())),
                ("account_id".into(), Value::string(account.as_str())),
            ];
            if !about.facts.about.is_global() {
                attributes.push(("region".into(), Value::string(run.region.as_str())));
            }
            found.push((
                id.clone(),
                ListedObject {
                    identity: Value::object(attributes),
                    display_name: display(item, &id),
                    object: Value::NULL,
                },
            ));
        }
        let listed: Vec<Option<ListedObject>> = stream::iter(found)
            .map(|one| self.completed(one, (table, &about), &asked, whole).boxed())
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        let listed = listed.into_iter().flatten().collect();
        Ok(Reply::ok(Answer::Listed(listed)))
    }

    /// The whole object of what was found; `None`: it is gone by now.
    async fn completed(
        &self,
        (id, mut listed): (String, ListedObject),
        (table, about): (&'static Table, &provider::Type<'_>),
        asked: &Value,
        whole: bool,
    ) -> Answered<Option<ListedObject>> {
        if whole {
            let run = self.run(table, about, Phase::Read, asked, "").await?;
            listed.object = match run.import(&id, asked).await {
                Ok(object) => object.state,
                Err(Refusal::Messages(said)) if said.iter().any(is_gone) => return Ok(None),
                Err(refusal) => return Err(refusal),
            };
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
    use super::{all, display, items};
    use crate::facts::{self, Kind};
    use crate::model::Models;
    use crate::shape::Shapes as _;
    use serde_json::json;

    #[test]
    fn every_list_fits_its_operation_and_its_type() {
        let models = Models::default();
        for lister in all() {
            let name = lister.name;
            let table = crate::resources::table(name).unwrap_or_else(|| panic!("{name}"));
            let operation = models.operation(table.service, lister.operation);
            let operation = operation.unwrap_or_else(|| panic!("{name}: {}", lister.operation));
            let path = lister.at.replace('.', ".0.");
            // Counted lists have no places.
            let path = path.replace("DistributionList.0.Items", "DistributionList.Items");
            let item = operation.output.at(&format!("{path}.0"));
            let item = item.unwrap_or_else(|| panic!("{name}: nothing at {}", lister.at));
            let known = lister.id.is_empty() || item.at(lister.id).is_some();
            assert!(known, "{name}: no {}", lister.id);
            for (skipped, _) in lister.skips {
                assert!(item.at(skipped).is_some(), "{name}: no {skipped}");
            }
            let facts = facts::of(Kind::Resource, name).unwrap();
            assert!(facts.block.attributes.contains_key(lister.key), "{name}");
        }
    }

    #[test]
    fn lists_within_lists_and_names() {
        let answer = json!({"R": [{"I": [{"a": 1}]}, {"I": [{"a": 2}]}], "L": {"Items": ["x"]}});
        assert_eq!(items(&answer, "R.I").len(), 2);
        assert_eq!(items(&answer, "L.Items"), [&json!("x")]);
        let tagged = json!({"Tags": [{"Key": "Name", "Value": "n"}]});
        assert_eq!(display(&tagged, "vpc-1"), "n");
        assert_eq!(display(&json!({}), "arn:aws:sns:r:1:t"), "t");
    }
}
