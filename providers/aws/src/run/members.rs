//! Parts that are not members of inputs and answers: bags of keys and values, and elements that are added and removed by calls of their own.

use super::{Run, Trouble, same_at};
use crate::json;
use crate::read::{entries, is_empty};
use crate::shape::{Operation, Shape};
use crate::table::{Members, Pairs, Step};
use crate::write::{Fill, pairs};
use serde_json::{Value as Json, json};
use terrane_provider::args;
use terrane_value::Value;

/// What is at a dotted path, through the first elements of lists of blocks.
pub(super) fn at(object: &Value, path: &str) -> Value {
    let mut value = object.clone();
    for part in path.split('.') {
        if let Some(first) = value.children().first()
            && value.ty().element().is_some()
        {
            value = first.clone();
        }
        value = args::get(&value, part);
    }
    value.unmarked().clone()
}

/// Keys and texts in the form that the API wants; `None`: there are none.
pub(super) fn bag(shape: &Shape, texts: impl Iterator<Item = (String, String)>) -> Option<Json> {
    let texts: Vec<(String, String)> = texts.collect();
    if texts.is_empty() {
        return None;
    }
    Some(match shape {
        Shape::List(element) => {
            let values: Vec<(&str, Value)> = texts
                .iter()
                .map(|(key, text)| (key.as_str(), Value::string(text.as_str())))
                .collect();
            pairs(element, values.iter().map(|(key, value)| (*key, value)))
        }
        _ => Json::Object(
            texts
                .into_iter()
                .map(|(key, text)| (key, text.into()))
                .collect(),
        ),
    })
}

/// Keys and texts as the attributes that they are of.
pub(super) fn unpacked(found: &Json, pairs: Pairs) -> Json {
    let mut made = json!({});
    let texts = entries(found);
    for (name, key) in pairs {
        if let Some((_, value)) = texts.iter().find(|(other, _)| other == key) {
            json::put(&mut made, name, (*value).clone());
        }
    }
    made
}

/// The elements of `after` that `before` has not.
fn news(before: &Value, after: &Value) -> Vec<Value> {
    let new = after.children().iter();
    new.filter(|item| !before.children().contains(item))
        .cloned()
        .collect()
}

impl Run<'_> {
    /// Adds what the creation did not take.
    pub(super) async fn add_members(&self, made: &Value) -> Result<(), Trouble> {
        for members in &self.table.members {
            if let Some(create) = &self.table.create {
                let service = create.service.unwrap_or(self.table.service);
                let operation = self
                    .operation(service, create.operation)
                    .map_err(Trouble::Refused)?;
                let takes = self.inputs(create, &operation);
                if takes.iter().any(|name| name == members.attribute) {
                    continue;
                }
            }
            let all = args::get(made, members.attribute);
            self.each_member(members, &members.add, made, all.children())
                .await?;
        }
        Ok(())
    }

    /// Removes what is not there any more, and adds what is new.
    pub(super) async fn change_members(
        &self,
        prior: &Value,
        wanted: &Value,
    ) -> Result<(), Trouble> {
        for members in &self.table.members {
            if same_at(prior, wanted, members.attribute) {
                continue;
            }
            let of = |object| args::get(object, members.attribute);
            let (before, after) = (of(prior), of(wanted));
            // What is to be found out is not asked for.
            let block = &self.facts.block;
            let attribute = block.attributes.get(members.attribute);
            let block = block.blocks.get(members.attribute);
            let computed = attribute.is_some_and(|about| about.computed)
                || block.is_some_and(|about| about.computed);
            if after.is_null() && computed {
                continue;
            }
            self.each_member(members, &members.remove, prior, &news(&after, &before))
                .await?;
            self.each_member(members, &members.add, wanted, &news(&before, &after))
                .await?;
        }
        Ok(())
    }

    async fn each_member(
        &self,
        members: &Members,
        step: &Step,
        object: &Value,
        items: &[Value],
    ) -> Result<(), Trouble> {
        let items: Vec<&Value> = items.iter().filter(|item| !is_empty(item)).collect();
        if items.is_empty() {
            return Ok(());
        }
        let service = step.service.unwrap_or(self.table.service);
        let operation = self
            .operation(service, step.operation)
            .map_err(Trouble::Refused)?;
        for input in self.member_inputs(members, step, &operation, object, &items) {
            match self.call(service, step.operation, input).await {
                Ok(_) => {}
                Err(error) if error.is(&step.none_when) => {}
                Err(error) => return Err(Trouble::Api(error)),
            }
        }
        Ok(())
    }

    fn member_inputs(
        &self,
        members: &Members,
        step: &Step,
        operation: &Operation,
        object: &Value,
        items: &[&Value],
    ) -> Vec<Json> {
        let base = self.input(step, operation, object);
        let list = members.list();
        let below = members
            .member
            .split_once('.')
            .map_or("", |(_, below)| below);
        let fill = Fill {
            names: &self.table.names,
            only: &[],
            except: &[],
            prior: None,
        };
        let nested = self.facts.block.blocks.get(members.attribute);
        let shape = operation.input.at(list);
        let element = match shape {
            Some(Shape::List(element)) => element,
            Some(other) => other,
            None => &Shape::Any,
        };
        let values = items.iter().filter_map(|item| {
            let shape = if below.is_empty() {
                element
            } else {
                element.at(below).unwrap_or(&Shape::Any)
            };
            let value = fill.value(nested, shape, item, members.attribute, 0)?;
            if below.is_empty() {
                return Some(value);
            }
            let mut made = json!({});
            json::put(&mut made, below, value);
            Some(made)
        });
        if matches!(shape, Some(Shape::List(_))) {
            let mut input = base;
            json::put(&mut input, list, values.collect());
            return vec![input];
        }
        values
            .map(|value| {
                let mut input = base.clone();
                json::put(&mut input, list, value);
                input
            })
            .collect()
    }
}
