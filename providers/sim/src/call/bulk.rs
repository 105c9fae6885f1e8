//! Many objects at a time, and what it costs: the cloud answers in pages.

use super::{Outcome, no_such};
use crate::fault::Fault;
use crate::schema::{Kind, identity, kind};
use crate::world::Inner;
use terrane_model::provider::{Answer, BulkRead, Call, KnownObject, ListedObject, Reply};
use terrane_provider::args;
use terrane_value::Value;

/// How many objects are on a page of a listing, and how many ids can be asked for in one request.
pub(crate) const PAGE: usize = 100;

impl Inner {
    /// How many requests of the cloud's API a call takes: none where the provider answers by itself.
    pub(super) fn requests_of(&self, call: &Call) -> u64 {
        let pages = |objects: usize| objects.div_ceil(PAGE).max(1);
        let count = match call {
            Call::Read { .. }
            | Call::Apply { .. }
            | Call::Import { .. }
            | Call::Resolve { .. }
            | Call::ReadDataSource { .. } => 1,
            // Either these are asked for by their ids, or all are listed.
            Call::ReadMany {
                type_name, objects, ..
            } => pages(objects.len()).min(pages(self.count_of(type_name))),
            Call::List {
                type_name, limit, ..
            } => {
                let limit = match limit {
                    0 => usize::MAX,
                    limit => usize::try_from(*limit).unwrap_or(usize::MAX),
                };
                pages(self.count_of(type_name).min(limit))
            }
            _ => 0,
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    fn count_of(&self, type_name: &str) -> usize {
        self.entities
            .values()
            .filter(|entity| entity.type_name == type_name)
            .count()
    }

    /// Each as if it were read by itself.
    pub(super) fn read_many(
        &self,
        kind: &'static Kind,
        objects: Vec<KnownObject>,
        fault: Option<Fault>,
    ) -> Outcome {
        let answers = objects.into_iter().map(|object| {
            let KnownObject {
                current,
                private,
                identity: _,
            } = object;
            // What has no id can't be looked for among others.
            if args::string(&current, "id").is_none() {
                return BulkRead::Singly;
            }
            match self.read(kind, &current, private, fault).result {
                Ok(reply) => BulkRead::Read(reply),
                Err(_) => BulkRead::Singly,
            }
        });
        Outcome::of(Reply::ok(Answer::ReadMany(answers.collect())))
    }

    pub(super) fn list(&self, type_name: &str, config: &Value, whole: bool, limit: u64) -> Outcome {
        if kind(type_name).is_none() {
            return no_such("listing of", type_name);
        }
        let limit = match limit {
            0 => usize::MAX,
            limit => usize::try_from(limit).unwrap_or(usize::MAX),
        };
        let prefix = args::string(config, "name_prefix").unwrap_or_default();
        let found = self
            .entities
            .values()
            .filter(|entity| entity.type_name == type_name)
            .map(|entity| {
                (
                    entity,
                    args::string(&entity.state, "name").unwrap_or_default(),
                )
            })
            .filter(|(_, name)| name.starts_with(prefix))
            .take(limit)
            .map(|(entity, name)| ListedObject {
                identity: identity(&entity.id),
                display_name: name.to_owned(),
                object: if whole {
                    entity.state.clone()
                } else {
                    Value::NULL
                },
            });
        Outcome::of(Reply::ok(Answer::Listed(found.collect())))
    }
}
