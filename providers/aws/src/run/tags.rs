//! Tags: what everything gets, what is not looked at, and how they are read and changed.

use super::Run;
use crate::cx::Cx;
use crate::json;
use crate::read::entries;
use crate::shape::{Shape, squash};
use crate::table::Tags;
use crate::write::pairs;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use terrane_provider::args;
use terrane_provider::native::Answered;
use terrane_value::{Kind, Type, Value};

/// A map of strings as plain data. Null and unknown elements are left out.
pub(crate) fn to_map(value: &Value) -> BTreeMap<String, String> {
    match value.unmarked().kind() {
        Kind::Map(map) => map
            .iter()
            .filter_map(|(key, value)| {
                Some((key.to_string(), value.unmarked().as_str()?.to_owned()))
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// And back.
pub(crate) fn from_map(map: &BTreeMap<String, String>) -> Value {
    let entries = map
        .iter()
        .map(|(key, value)| (key.as_str().into(), Value::string(value.as_str())));
    Value::map(Type::String, entries.collect())
}

/// The tags that an object is to have.
pub(crate) fn all_tags(object: &Value) -> BTreeMap<String, String> {
    to_map(&args::get(object, "tags_all"))
}

/// The tags that everything gets; none where a block of the object has others, which can only be none.
fn defaults<'c>(cx: &'c Cx, object: &Value) -> Option<&'c BTreeMap<String, String>> {
    let first = |block: &Value| block.children().first().cloned();
    let other = args::get(object, "override_provider");
    let other = first(&other).and_then(|block| first(&args::get(&block, "default_tags")));
    other.is_none().then_some(&cx.default_tags)
}

/// Tags of the configuration of an object with those that everything gets.
pub(crate) fn merged(cx: &Cx, config: &Value) -> BTreeMap<String, String> {
    let mut all = defaults(cx, config).cloned().unwrap_or_default();
    all.extend(to_map(&args::get(config, "tags")));
    all.retain(|key, _| !cx.ignored.has(key));
    all
}

/// The member of an input that holds tags: a path.
fn member(shape: &Shape) -> Option<(String, &Shape)> {
    let found = ["tags", "taglist", "tagslist", "tagset", "addtags"]
        .iter()
        .find_map(|wanted| {
            let name = shape.names().find(|name| squash(name) == *wanted)?;
            Some((name.to_owned(), shape.member(name)?))
        });
    // All that is given may be in one member.
    let mut names = shape.names();
    let (None, Some(only), None) = (&found, names.next(), names.next()) else {
        return found;
    };
    let below = shape.member(only)?;
    let (name, tags) = member(below)?;
    Some((format!("{only}.{name}"), tags))
}

/// Where keys of tags that are removed go.
fn keys_member(shape: &Shape) -> Option<(&str, &Shape)> {
    let known = [
        "tagkeys",
        "tagkeylist",
        "keys",
        "tags",
        "tagslist",
        "removetagkeys",
    ];
    let name = shape
        .names()
        .find(|name| known.contains(&squash(name).as_str()))?;
    Some((name, shape.member(name)?))
}

fn written(shape: &Shape, tags: &BTreeMap<String, String>) -> Json {
    let values = from_map(tags);
    let Kind::Map(map) = values.kind() else {
        return Json::Null;
    };
    match shape {
        Shape::List(element) => pairs(
            element,
            map.iter().map(|(key, value)| (key.as_str(), value)),
        ),
        Shape::Structure { .. } => match shape.member("Items") {
            Some(items) => json!({"Items": written(items, tags)}),
            None => json!(tags),
        },
        _ => json!(tags),
    }
}

impl Run<'_> {
    /// Whether tags go with the creation.
    pub(crate) fn tags_with_creation(&self) -> bool {
        let Some(create) = &self.table.create else {
            return false;
        };
        let service = create.service.unwrap_or(self.table.service);
        let operation = self.cx.shapes.operation(service, create.operation);
        match self.table.tags {
            Tags::None | Tags::Hook => true,
            Tags::Ec2(_) => operation
                .is_some_and(|operation| operation.input.member("TagSpecifications").is_some()),
            Tags::Calls { .. } => {
                operation.is_some_and(|operation| member(&operation.input).is_some())
            }
        }
    }

    /// Puts tags into the input of a creation.
    pub(crate) fn put_tags(
        &self,
        shape: &Shape,
        tags: &BTreeMap<String, String>,
        input: &mut Json,
    ) {
        if tags.is_empty() {
            return;
        }
        match self.table.tags {
            Tags::Ec2(kind) => {
                if let Some(Shape::List(_)) = shape.member("TagSpecifications") {
                    let tags: Vec<Json> = tags
                        .iter()
                        .map(|(key, value)| json!({"Key": key, "Value": value}))
                        .collect();
                    json::put(
                        input,
                        "TagSpecifications",
                        json!([{"ResourceType": kind, "Tags": tags}]),
                    );
                }
            }
            Tags::Calls { .. } | Tags::Hook => {
                if let Some((name, shape)) = member(shape) {
                    json::put(input, &name, written(shape, tags));
                }
            }
            Tags::None => {}
        }
    }

    /// Adds and removes tags.
    pub(crate) async fn change_tags(
        &self,
        object: &Value,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) -> Answered<()> {
        let removed: Vec<&String> = before
            .keys()
            .filter(|key| !after.contains_key(*key))
            .collect();
        let added: BTreeMap<String, String> = after
            .iter()
            .filter(|(key, value)| before.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let (add, remove, key, of) = match self.table.tags {
            Tags::None | Tags::Hook => return Ok(()),
            Tags::Ec2(_) => (
                "CreateTags",
                "DeleteTags",
                "Resources",
                self.table.tagged_by,
            ),
            Tags::Calls {
                add,
                remove,
                key,
                of,
                ..
            } => (add, remove, key, of),
        };
        let service = self.table.service;
        let base = |operation: &str| -> Answered<(Json, Shape)> {
            let shape = self.operation(service, operation)?.input.clone();
            let mut input = json!({});
            for (at, key) in key.split(',').enumerate() {
                let text = of.split(',').nth(at).unwrap_or_default();
                let place = self.text(text, object);
                let value = match shape.at(key) {
                    Some(Shape::List(_)) => json!([place]),
                    _ => json!(place),
                };
                json::put(&mut input, key, value);
            }
            Ok((input, shape))
        };
        let what = format!("changing the tags of {}", self.what(object));
        if !removed.is_empty() {
            let (mut input, shape) = base(remove)?;
            let (keys, shape) = keys_member(&shape).unwrap_or(("TagKeys", &Shape::Any));
            let list = match shape {
                Shape::List(element) if matches!(**element, Shape::Structure { .. }) => {
                    removed.iter().map(|key| json!({"Key": key})).collect()
                }
                Shape::Structure { .. } if shape.member("Items").is_some() => {
                    json!({"Items": removed})
                }
                _ => json!(removed),
            };
            json::put(&mut input, keys, list);
            self.call(service, remove, input)
                .await
                .map_err(|error| crate::cx::refusal(&error, &what))?;
        }
        if !added.is_empty() {
            let (mut input, shape) = base(add)?;
            if let Some((name, shape)) = member(&shape) {
                json::put(&mut input, &name, written(shape, &added));
            }
            self.call(service, add, input)
                .await
                .map_err(|error| crate::cx::refusal(&error, &what))?;
        }
        Ok(())
    }

    /// The object with its tags as they are.
    pub(crate) async fn with_tags(
        &self,
        found: Value,
        prior: &Value,
        raw: &Json,
    ) -> Answered<Value> {
        if !self.schema.block.attributes.contains_key("tags_all") {
            return Ok(found);
        }
        let all: BTreeMap<String, String> = match self.table.tags {
            Tags::None | Tags::Hook => return Ok(found),
            Tags::Ec2(_) | Tags::Calls { list: None, .. } => {
                let holder = raw.as_object().and_then(|members| {
                    ["tags", "taglist", "tagset"].iter().find_map(|wanted| {
                        members
                            .iter()
                            .find(|(name, _)| squash(name) == *wanted)
                            .map(|(_, tags)| tags)
                    })
                });
                texts(holder.unwrap_or(&Json::Null))
            }
            Tags::Calls { list: Some(_), .. }
                if self.table.lazy_tags && all_tags(prior).is_empty() =>
            {
                BTreeMap::new()
            }
            Tags::Calls {
                list: Some(list),
                key,
                of,
                ..
            } => match self.listed_tags(list, key, of, &found).await {
                // Where the service cannot say it, they are as they were.
                Err(terrane_provider::native::Refusal::Failure(_)) if self.table.lazy_tags => {
                    all_tags(prior)
                }
                listed => listed?,
            },
        };
        Ok(self.put_found_tags(&found, prior, all))
    }

    /// What was found, split into the object's own tags and all.
    pub(crate) fn put_found_tags(
        &self,
        found: &Value,
        prior: &Value,
        all: BTreeMap<String, String>,
    ) -> Value {
        let mut all = all;
        all.retain(|key, _| !self.cx.ignored.has(key));
        let before = to_map(&args::get(prior, "tags"));
        let defaults = defaults(self.cx, prior);
        let default = |key: &String| defaults.and_then(|defaults| defaults.get(key));
        let mut own = all.clone();
        own.retain(|key, value| default(key) != Some(value) || before.get(key) == Some(value));
        let was_null = args::get(prior, "tags").is_null();
        let tags = if own.is_empty() && was_null {
            Value::null(Type::map(Type::String))
        } else {
            from_map(&own)
        };
        let found = args::with(found, "tags_all", from_map(&all));
        if self.schema.block.attributes.contains_key("tags") {
            args::with(&found, "tags", tags)
        } else {
            found
        }
    }

    async fn listed_tags(
        &self,
        list: &str,
        key: &str,
        of: &str,
        object: &Value,
    ) -> Answered<BTreeMap<String, String>> {
        let service = self.table.service;
        let shape = self.operation(service, list)?;
        let mut input = Map::new();
        for (at, key) in key.split(',').enumerate() {
            let text = of.split(',').nth(at).unwrap_or_default();
            let place = self.text(text, object);
            // The member that says of what may be a list here, and one thing there.
            let name = shape
                .input
                .names()
                .find(|name| squash(name).starts_with(&squash(key)))
                .unwrap_or(key);
            let value = match shape.input.member(name) {
                Some(Shape::List(_)) => json!([place]),
                _ => json!(place),
            };
            input.insert(name.to_owned(), value);
        }
        let answer = match self
            .whole(service, list, Json::Object(input), &["NoSuchTagSet"])
            .await
        {
            Ok(answer) => answer,
            // Some partitions and emulators have no tags of this.
            Err(error) if error.is(&["NoSuchTagSet"]) => return Ok(BTreeMap::new()),
            Err(error) => {
                let what = format!("reading the tags of {}", self.what(object));
                return Err(crate::cx::refusal(&error, &what));
            }
        };
        Ok(find_tags(&answer, 3).map(texts).unwrap_or_default())
    }
}

/// What holds tags in an answer.
fn find_tags(answer: &Json, depth: usize) -> Option<&Json> {
    let members = answer.as_object()?;
    let wanted = |name: &str| {
        matches!(
            squash(name).as_str(),
            "tags" | "taglist" | "tagset" | "resourcetaglist"
        )
    };
    if let Some((_, found)) = members
        .iter()
        .find(|(name, found)| wanted(name) && !found.is_null())
    {
        // A set of tags within a set of tags, or in the first of those that were asked for.
        let within = ["TagSet", "Items"].iter().find_map(|name| found.get(*name));
        let within = within.or_else(|| found.get(0)?.get("TagsList"));
        return Some(within.unwrap_or(found));
    }
    if depth == 0 {
        return None;
    }
    members.values().find_map(|below| match below {
        Json::Array(items) => items.first().and_then(|first| find_tags(first, depth - 1)),
        other => find_tags(other, depth - 1),
    })
}

fn texts(found: &Json) -> BTreeMap<String, String> {
    entries(found)
        .into_iter()
        .map(|(key, value)| (key, json::text(value)))
        .collect()
}
