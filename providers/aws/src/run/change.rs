//! Making, changing, deleting and finding objects.

use super::{Run, Trouble, all_tags, messages, object, settled};
use crate::read::is_empty;
use crate::table::{Phase, Step};
use serde_json::json;
use std::sync::atomic::Ordering;
use terrane_model::provider::{CallFailure, Resolution};
use terrane_provider::args;
use terrane_provider::native::{Answered, Object, Refusal};
use terrane_value::{Kind, Type, Value};

impl Run<'_> {
    /// Makes an object. What exists although something went wrong comes back with the error.
    pub(crate) async fn create(&self, planned: &Value, config: &Value) -> Answered<Object> {
        let wanted = with_write_only(&self.named(planned), config);
        let (id, made) = self.made(&wanted).await?;
        let made = self.with_id(&made, Value::string(id));
        self.begun.store(true, Ordering::Relaxed);
        self.fresh.store(true, Ordering::Relaxed);
        match self.finished(&made).await {
            Ok(found) => Ok(object(settled(planned, &found), Vec::new())),
            Err(refusal) => Ok(object(settled(planned, &made), messages(refusal))),
        }
    }

    async fn made(&self, wanted: &Value) -> Answered<(String, Value)> {
        if let Some(hooks) = &self.table.hooks
            && let Some((id, made)) = hooks.create(self, wanted).await?
        {
            return Ok((id, crate::read::known(&made)));
        }
        let Some(step) = &self.table.create else {
            return Err(Refusal::error(
                "No creation",
                format!("{} cannot be created.", self.table.name),
            ));
        };
        let answer = match self.call_step(step, wanted).await {
            Ok(answer) => answer,
            Err(trouble) => return Err(trouble.refusal(&self.what(wanted))),
        };
        let Some(id) = self.new_id(wanted, &answer) else {
            // It was made, and nobody knows what it is called.
            return Err(Refusal::Failure(CallFailure {
                message: format!(
                    "{} {}: the answer has no id",
                    self.what(wanted),
                    step.operation
                ),
                retry_after_ms: None,
                may_have_happened: true,
            }));
        };
        // What the answer to the creation says is known, should reading fail; some things are said here only.
        let operation = self.operation(self.table.service, step.operation)?;
        let picked = crate::json::get(&answer, step.at)
            .cloned()
            .unwrap_or_else(|| json!({}));
        let reader = crate::read::Reader {
            names: &self.table.names,
            local: &self.table.local,
            quiet: &[],
            empties: false,
            lasting: false,
        };
        let blank = crate::read::known(wanted);
        let said = reader.root(
            (&self.facts.block, &self.schema.block),
            operation.output.at(step.at),
            &picked,
            &blank,
            &[],
        );
        Ok((id, crate::read::known(&crate::read::settle(wanted, &said))))
    }

    /// What follows the creation: waiting, further calls, tags, reading.
    async fn finished(&self, made: &Value) -> Answered<Value> {
        self.wait_for(Phase::Create, made).await?;
        for step in &self.table.then {
            if self.is_needed_at_first(step, made)? {
                self.call_step(step, made)
                    .await
                    .map_err(|trouble| Refusal::Messages(trouble.messages(&self.what(made))))?;
            }
        }
        self.add_members(made)
            .await
            .map_err(|trouble| Refusal::Messages(trouble.messages(&self.what(made))))?;
        if let Some(hooks) = &self.table.hooks {
            hooks.created(self, made).await?;
        }
        if !self.tags_with_creation() {
            self.change_tags(made, &std::collections::BTreeMap::new(), &all_tags(made))
                .await?;
        }
        self.find_new(made).await
    }

    fn is_needed_at_first(&self, step: &Step, made: &Value) -> Answered<bool> {
        let operation =
            self.operation(step.service.unwrap_or(self.table.service), step.operation)?;
        let nothing = Value::NULL;
        if let (Some(initially), Some(name)) =
            (&step.initially, self.inputs(step, &operation).first())
        {
            let value = args::get(made, name);
            let same = match value.kind() {
                Kind::Bool(value) => initially.as_bool() == Some(value),
                Kind::String(text) => initially.as_str() == Some(text),
                Kind::Number(number) => initially.as_i64() == number.to_i64(),
                _ => value.is_null(),
            };
            return Ok(!same);
        }
        Ok(match &step.when {
            crate::table::When::Unset(_) => false,
            _ => {
                let keys: Vec<String> = step
                    .sets
                    .iter()
                    .flat_map(|(_, text)| super::places(text))
                    .collect();
                let filled = self.inputs(step, &operation);
                let own: Vec<&String> = filled.iter().filter(|name| !keys.contains(name)).collect();
                if own.is_empty() {
                    self.applies(step, &operation, &nothing, made)
                } else {
                    own.iter().any(|name| !is_empty(&args::get(made, name)))
                }
            }
        })
    }

    /// Changes an object in place.
    pub(crate) async fn update(
        &mut self,
        prior: &Value,
        planned: &Value,
        config: &Value,
    ) -> Answered<Object> {
        let wanted = with_write_only(&crate::read::known(planned), config);
        self.prior = prior.clone();
        match self.changed(prior, &wanted).await {
            Ok(()) => {}
            Err(trouble) if !self.has_begun() => return Err(trouble.refusal(&self.what(prior))),
            Err(trouble) => return Ok(object(prior.clone(), trouble.messages(&self.what(prior)))),
        }
        let found = match self.wait_for(Phase::Update, &wanted).await {
            Ok(()) => self.find_new(&wanted).await,
            Err(refusal) => Err(refusal),
        };
        match found {
            Ok(found) => {
                let settled = settled(planned, &found);
                Ok(object(self.with_decided(&settled, &found), Vec::new()))
            }
            Err(refusal) => Ok(object(settled(planned, prior), messages(refusal))),
        }
    }

    /// What AWS alone decides is as it was found, whatever was planned of it.
    fn with_decided(&self, settled: &Value, found: &Value) -> Value {
        let decided = self
            .facts
            .block
            .attributes
            .iter()
            .filter(|(name, about)| {
                about.computed && !about.optional && !about.required && *name != "tags_all"
            })
            .filter_map(|(name, _)| Some((name.as_str(), found.get(name)?.clone())));
        let decided = args::with_all(settled, decided.collect::<Vec<_>>());
        match self.table.id {
            // The id of what is known by its attributes does not change with them; others may be found anew.
            crate::table::Id::Of(_) => decided,
            crate::table::Id::Out(_) => self.with_id(&decided, args::get(found, "id")),
        }
    }

    async fn changed(&self, prior: &Value, wanted: &Value) -> Result<(), Trouble> {
        if let Some(hooks) = &self.table.hooks {
            let first = hooks.changing(self, prior, wanted).await;
            first.map_err(Trouble::Refused)?;
        }
        for step in &self.table.update {
            let operation = self
                .operation(step.service.unwrap_or(self.table.service), step.operation)
                .map_err(Trouble::Refused)?;
            if self.applies(step, &operation, prior, wanted) {
                let called = self.call_step(step, wanted).await;
                match called {
                    Ok(_) => {}
                    Err(Trouble::Api(error)) if step.none_when.contains(&error.code.as_str()) => {}
                    Err(trouble) => return Err(trouble),
                }
            }
        }
        self.change_members(prior, wanted).await?;
        if let Some(hooks) = &self.table.hooks {
            hooks
                .update(self, prior, wanted)
                .await
                .map_err(Trouble::Refused)?;
        }
        let (before, after) = (all_tags(prior), all_tags(wanted));
        if before != after {
            self.change_tags(prior, &before, &after)
                .await
                .map_err(Trouble::Refused)?;
        }
        Ok(())
    }

    /// Deletes an object. One that is gone counts as deleted.
    pub(crate) async fn delete(&self, prior: &Value) -> Answered<()> {
        // What is to be kept is only forgotten.
        if args::bool(prior, "skip_destroy") == Some(true) {
            return Ok(());
        }
        if let Some(hooks) = &self.table.hooks
            && hooks.delete(self, prior).await?
        {
            return Ok(());
        }
        for step in &self.table.delete {
            let called = self.call_step(step, prior).await;
            match called {
                Ok(_) => {}
                Err(Trouble::Api(error))
                    if self.is_not_found(&error)
                        || step.none_when.contains(&error.code.as_str()) => {}
                Err(trouble) => return Err(trouble.refusal(&self.what(prior))),
            }
        }
        self.wait_for(Phase::Delete, prior).await
    }

    /// Finds an object by an import id, with or without `@region` at its end.
    pub(crate) async fn import(&self, id: &str, blank: &Value) -> Answered<Object> {
        let mut stub = self.with_id(blank, Value::string_nfc(id));
        if self.schema.block.attributes.contains_key("region") {
            stub = args::with(&stub, "region", Value::string(self.region.as_str()));
        }
        // Of what is imported all is shown.
        for (name, about) in &self.facts.block.blocks {
            if about.keeps()
                && let Some(block) = self.schema.block.blocks.get(name.as_str())
            {
                stub = args::with(&stub, name, Value::null(block.value_type()));
            }
        }
        let special = self.table.hooks.as_ref().and_then(|hooks| hooks.import(id));
        let pattern = match (self.table.import, self.table.id) {
            (Some(pattern), _) | (None, crate::table::Id::Of(pattern)) => pattern,
            (None, crate::table::Id::Out(_)) => "{id}",
        };
        let parts = match special {
            Some(parts) => parts,
            None => parse(pattern, id).ok_or_else(|| {
                Refusal::error(
                    "Unexpected import id",
                    format!(
                        "The id {id:?} does not have the form {pattern} of {}.",
                        self.table.name
                    ),
                )
            })?,
        };
        for (name, text) in parts {
            if name == "id" {
                stub = self.with_id(&stub, Value::string_nfc(&text));
                continue;
            }
            let ty = self
                .schema
                .block
                .attributes
                .get(name)
                .map(terrane_model::schema::Attribute::value_type);
            let value = match ty {
                Some(Type::Number) => text
                    .parse::<i64>()
                    .map_or(Value::null(Type::Number), Value::number),
                Some(Type::Bool) => Value::bool(text == "true"),
                Some(Type::List(_)) => Value::list(Type::String, listed(&text)),
                Some(Type::Set(_)) => Value::set(Type::String, listed(&text)),
                Some(_) => Value::string_nfc(&text),
                None => continue,
            };
            stub = args::with(&stub, name, value);
        }
        if let Some(hooks) = &self.table.hooks {
            stub = hooks.imported(self, stub).await?;
        }
        match self.find(&stub).await? {
            Some(found) => Ok(Object::new(match self.table.id {
                // The id is made of what it is known by, not of the text that it was asked for with.
                // A function may know a better one.
                crate::table::Id::Of(text)
                    if !text.contains("{id}")
                        && args::get(&found, "id") == args::get(&stub, "id") =>
                {
                    self.with_id(&found, Value::string(self.text(text, &found)))
                }
                _ => found,
            })),
            None => Err(Refusal::error(
                super::GONE,
                format!(
                    "AWS has no {} with the id {id:?} in {}.",
                    self.table.name, self.region
                ),
            )),
        }
    }

    /// Whether a creation that was interrupted has happened: where the id is made of what was planned, the object can be looked for.
    pub(crate) async fn resolve(&self, planned: &Value) -> Answered<Resolution> {
        let crate::table::Id::Of(text) = self.table.id else {
            return Ok(Resolution::CannotTell);
        };
        let named = self.named(planned);
        let known = super::places(text).iter().all(|name| {
            named
                .get(name)
                .is_some_and(|value| value.is_wholly_known() && !value.is_null())
        });
        if planned.is_null() || !known {
            return Ok(Resolution::CannotTell);
        }
        let id = Value::string(self.text(text, &named));
        let stub = self.with_id(&crate::read::known(&named), id);
        let Some(found) = self.find(&stub).await? else {
            return Ok(Resolution::NeverHappened);
        };
        // It is ours if it is as it was to be, and has something that shows it: its tags, or a name that this change alone makes. Where creating means to
        // set what is there anyway, it does not matter whose it was.
        let wanted = all_tags(planned);
        let sets = self
            .table
            .create
            .as_ref()
            .is_some_and(|step| !step.operation.starts_with("Create"));
        let tagged = self.schema.block.attributes.contains_key("tags_all");
        let shown = !wanted.is_empty() || named != *planned || (sets && !tagged);
        if !shown || wanted != all_tags(&found) || !agree(&named, &found) {
            return Ok(Resolution::CannotTell);
        }
        Ok(Resolution::Happened(
            terrane_model::provider::ImportedObject {
                type_name: self.table.name.into(),
                state: settled(&named, &found),
                private: terrane_model::provider::Private::default(),
                identity: Value::NULL,
            },
        ))
    }

    /// With an id, if the type has such an attribute.
    pub(crate) fn with_id(&self, object: &Value, id: Value) -> Value {
        if self.schema.block.attributes.contains_key("id") {
            args::with(object, "id", id)
        } else {
            object.clone()
        }
    }

    /// With names that were left to the provider: the prefix, and what is made of the name of the change.
    pub(crate) fn named(&self, planned: &Value) -> Value {
        let mut named = planned.clone();
        for prefix in self.facts.block.attributes.keys() {
            let Some(name) = prefix.strip_suffix("_prefix") else {
                continue;
            };
            let Some(about) = self.facts.block.attributes.get(name) else {
                continue;
            };
            let is_left = planned.get(name).is_some_and(|value| !value.is_known());
            if about.computed && about.optional && is_left && !self.token.is_empty() {
                let before = args::string(planned, prefix)
                    .filter(|text| !text.is_empty())
                    .unwrap_or(self.table.prefix);
                let mut unique = self.token(name);
                unique.truncate(26);
                // Queues and topics that keep an order say so at the end of their names.
                let fifo = ["fifo_queue", "fifo_topic"]
                    .iter()
                    .any(|kept| args::bool(planned, kept) == Some(true));
                let end = if fifo { ".fifo" } else { "" };
                let whole = format!("{before}{unique}{end}");
                named = args::with(&named, name, Value::string(whole));
            }
        }
        named
    }
}

/// The parts of a list that an import id holds.
fn listed(text: &str) -> Vec<Value> {
    text.split(',').map(Value::string_nfc).collect()
}

/// Whether everything that was planned and known is so.
fn agree(planned: &Value, found: &Value) -> bool {
    let Kind::Object(planned) = planned.kind() else {
        return false;
    };
    let mut known = planned.iter().filter(|(_, value)| value.is_wholly_known());
    known.all(|(name, value)| {
        let found = args::get(found, name);
        found == *value || (is_empty(value) && is_empty(&found))
    })
}

/// A plan has no write-only values; the configuration has.
fn with_write_only(planned: &Value, config: &Value) -> Value {
    let Kind::Object(object) = planned.kind() else {
        return planned.clone();
    };
    let changes: Vec<(&str, Value)> = object
        .iter()
        .filter(|(name, value)| name.ends_with("_wo") && value.is_null())
        .filter_map(|(name, _)| Some((name.as_str(), config.get(name)?.clone())))
        .collect();
    args::with_all(planned, changes)
}

/// The parts of an id, by a text with places: the last one takes what is left.
pub(crate) fn parse<'p>(pattern: &'p str, id: &str) -> Option<Vec<(&'p str, String)>> {
    let mut parts = Vec::new();
    let mut rest = id;
    let mut pattern = pattern;
    while let Some(open) = pattern.find('{') {
        let (literal, after) = pattern.split_at(open);
        rest = rest.strip_prefix(literal)?;
        let (name, tail) = after.get(1..)?.split_once('}')?;
        let end = tail.find('{').unwrap_or(tail.len());
        let (separator, _) = tail.split_at(end);
        let value = if separator.is_empty() {
            std::mem::take(&mut rest)
        } else {
            let (value, _) = rest.split_once(separator)?;
            rest = rest.get(value.len()..)?;
            value
        };
        if value.is_empty() {
            return None;
        }
        parts.push((name, value.to_owned()));
        pattern = tail;
    }
    rest.strip_prefix(pattern)?.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn ids_are_taken_apart() {
        let table: &[(&str, &str, Option<Vec<&str>>)] = &[
            ("{name}", "a/b", Some(vec!["a/b"])),
            (
                "{role}/{policy_arn}",
                "r/arn:aws:iam::1:policy/p",
                Some(vec!["r", "arn:aws:iam::1:policy/p"]),
            ),
            ("{a}:{b}", "x", None),
            ("{a}:{b}", ":x", None),
            ("{bucket},{name}", "b,n", Some(vec!["b", "n"])),
        ];
        for (pattern, id, expected) in table {
            let parts = parse(pattern, id)
                .map(|parts| parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>());
            let expected = expected
                .clone()
                .map(|parts| parts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(parts, expected, "{pattern} {id}");
        }
    }
}
