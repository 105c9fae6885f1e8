//! Many objects in one call: reading those that are known, listing all that there are.

use super::dispatch::{done, known, read_reply, unknown};
use super::{Answered, Found, Object, Parts, Refusal, Wanted};
use crate::conform;
use ecow::EcoString;
use std::collections::BTreeMap;
use terrane_model::provider::{Answer, BulkRead, Call, KnownObject, Reply};
use terrane_value::Value;

impl Parts {
    /// Which types can be read in bulk, with how many at a time.
    pub(super) fn reads_many(&self) -> BTreeMap<EcoString, u32> {
        self.resources
            .iter()
            .filter_map(|(name, entry)| Some((name.clone(), entry.resource.reads_many()?)))
            .collect()
    }

    /// What does not fit the schema is left to be read singly, which says what is wrong with it.
    pub(super) async fn read_many(
        &self,
        type_name: &str,
        objects: Vec<KnownObject>,
    ) -> Answered<Reply> {
        let entry = self.resource(type_name)?;
        let mut answers = vec![BulkRead::Singly; objects.len()];
        let mut asked = Vec::with_capacity(objects.len());
        let mut places = Vec::with_capacity(objects.len());
        for (place, object) in objects.into_iter().enumerate() {
            let KnownObject {
                current,
                private,
                identity,
            } = object;
            if current.is_null() || conform::check(&current, &entry.schema, "object").is_err() {
                continue;
            }
            places.push(place);
            asked.push(Object {
                state: current,
                private,
                identity,
                diagnostics: Vec::new(),
            });
        }
        let found = entry.resource.read_many(asked).await?;
        if found.len() != places.len() {
            return Err(Refusal::error(
                "Invalid answer",
                format!("Reading many objects of {type_name} gave another number of them."),
            ));
        }
        let gone = Value::null(entry.schema.block.implied_type().clone());
        for (place, found) in places.into_iter().zip(found) {
            answers[place] = match found {
                Found::Is(object) => BulkRead::Read(read_reply(object)),
                Found::Gone => BulkRead::Read(read_reply(Object::new(gone.clone()))),
                Found::Refused(diagnostics) => BulkRead::Read(Reply {
                    answer: None,
                    diagnostics,
                }),
                Found::Singly => BulkRead::Singly,
            };
        }
        Ok(Reply::ok(Answer::ReadMany(answers)))
    }

    /// Lists, or looks at the configuration of a listing.
    pub(super) async fn list(&self, call: Call) -> Answered<Reply> {
        let (type_name, config, wanted) = match call {
            Call::List {
                type_name,
                config,
                include_objects: objects,
                limit,
            } => (type_name, config, Some(Wanted { objects, limit })),
            Call::ValidateList {
                type_name, config, ..
            } => (type_name, config, None),
            _ => return Err(Refusal::error("Unexpected call", "Not a listing.")),
        };
        let schema = self.schema.list_resources.get(&type_name);
        let (Some(listing), Some(schema)) = (self.listings.get(&type_name), schema) else {
            return Err(unknown("list resource", &type_name));
        };
        conform::check(&config, schema, "configuration")?;
        let Some(wanted) = wanted else {
            return Ok(done(listing.validate(&config).await));
        };
        let (objects, diagnostics) = listing.list(known(config)?, wanted).await?;
        Ok(Reply {
            answer: Some(Answer::Listed(objects)),
            diagnostics,
        })
    }
}
