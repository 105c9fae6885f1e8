//! Carrying out a table.

use crate::cx::{Cx, dns_suffix, partition, refusal};
use crate::facts::TypeFacts;
use crate::json;
use crate::read::{Reader, is_empty, known};
use crate::shape::{Operation, Shape};
use crate::table::{Id, Phase, Step, Table, When};
use crate::write::Fill;
use serde_json::{Value as Json, json};
use sha2::Digest as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use terrane_aws_client::{ApiError, Request};
use terrane_model::schema::Schema;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{Kind, Value};
use tokio::time::Instant;

mod change;
mod members;
mod parts;
mod patience;
mod sets;
mod tags;
mod wait;

pub(crate) use parts::{
    Trouble, blank, inputs, messages, object, places, same_at, seconds, separated, settled,
};
pub(crate) use tags::{all_tags, from_map, merged as merged_tags, to_map};

/// One call of the engine about one object.
pub struct Run<'a> {
    pub(crate) cx: &'a Cx,
    pub(crate) table: &'a Table,
    pub(crate) facts: &'a TypeFacts,
    pub(crate) schema: &'a Schema,
    pub(crate) phase: Phase,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) token: String,
    pub(crate) deadline: Instant,
    /// The configuration says how long it may take: then errors that go away are waited out as long.
    pub(crate) explicit: bool,
    /// Something was changed by this call: it cannot be asked for again as a whole.
    pub(crate) begun: AtomicBool,
    /// The object was just made, and was not seen yet.
    pub(crate) fresh: AtomicBool,
    /// On a change: the object as it was.
    pub(crate) prior: Value,
    /// What the first step of reading would answer, where it was read with others: none where it is gone.
    #[expect(clippy::option_option, reason = "not looked at, gone, or there")]
    pub(crate) seen: Option<Option<Json>>,
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run")
            .field("table", &self.table)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// Whether an operation changes what it is given, and leaves the rest.
fn changes(operation: &str) -> bool {
    ["Modify", "Update"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

/// What is said of an object that is not there.
pub(crate) const GONE: &str = "Cannot import non-existent remote object";

/// Codes that say that something is wrong with a request, whatever it is.
const VAGUE: &[&str] = &[
    "BadRequestException",
    "InvalidParameterException",
    "InvalidParameterValue",
    "InvalidRequestException",
    "ValidationError",
    "ValidationException",
];

/// How long something may take where neither the configuration nor the facts say it.
const USUAL_SECONDS: u64 = 20 * 60;
/// How long what was made may take to be seen.
const PROPAGATION: Duration = Duration::from_secs(120);

impl<'a> Run<'a> {
    /// Begins a call about this object.
    pub(crate) async fn begin(
        cx: &'a Cx,
        (table, facts, schema): (&'a Table, &'a TypeFacts, &'a Schema),
        phase: Phase,
        object: &Value,
        token: &str,
    ) -> Answered<Run<'a>> {
        let region = args::string(object, "region")
            .filter(|region| !region.is_empty())
            .unwrap_or(&cx.region)
            .to_owned();
        let account = if table.mentions("{account}") {
            cx.caller().await?.account.clone()
        } else {
            String::new()
        };
        let written = object
            .get("timeouts")
            .and_then(|timeouts| args::string(timeouts, phase.name()))
            .and_then(seconds);
        let limit = written
            .or_else(|| facts.about.timeouts.get(phase.name()).copied())
            .unwrap_or(USUAL_SECONDS);
        Ok(Run {
            cx,
            table,
            facts,
            schema,
            phase,
            region,
            account,
            token: token.to_owned(),
            deadline: Instant::now() + Duration::from_secs(limit),
            explicit: written.is_some(),
            begun: AtomicBool::new(false),
            fresh: AtomicBool::new(false),
            prior: Value::NULL,
            seen: None,
        })
    }

    /// What is being done, for messages.
    pub(crate) fn what(&self, object: &Value) -> String {
        let doing = match self.phase {
            Phase::Create => "creating",
            Phase::Read => "reading",
            Phase::Update => "updating",
            Phase::Delete => "deleting",
        };
        let id = args::string(object, "id")
            .filter(|id| !id.is_empty())
            .or_else(|| args::string(object, "name"))
            .map(|id| format!(" ({id})"))
            .unwrap_or_default();
        format!(
            "{doing} {} {}{id}",
            self.facts.about.human_name, self.table.name
        )
    }

    /// The operation of a step.
    pub(crate) fn operation(&self, service: &str, operation: &str) -> Answered<Arc<Operation>> {
        self.cx.shapes.operation(service, operation).ok_or_else(|| {
            Refusal::error(
                "Unknown operation",
                format!("There is no operation {operation} of {service}. This is a mistake of the provider."),
            )
        })
    }

    fn service(&self, step: &Step) -> &'static str {
        step.service.unwrap_or(self.table.service)
    }

    /// A text with places, for an object: a value where it is one place, else text.
    pub(crate) fn expand(&self, text: &str, object: &Value) -> Value {
        let whole = text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .filter(|name| !name.contains('{'));
        if let Some(name) = whole {
            return self.place(name, object);
        }
        let mut made = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            made.push_str(before);
            let value = self.place(name, object);
            match value.kind() {
                Kind::String(text) => made.push_str(text),
                Kind::Number(number) => made.push_str(&number.to_string()),
                Kind::Bool(value) => made.push_str(if value { "true" } else { "false" }),
                _ => {}
            }
            rest = tail;
        }
        made.push_str(rest);
        Value::string(made)
    }

    fn place(&self, name: &str, object: &Value) -> Value {
        let text = |text: &str| Value::string(text);
        if let Some((mark, name)) = separated(name) {
            let found = self.text(&format!("{{{name}}}"), object);
            let marked = if found.is_empty() {
                found
            } else {
                format!("{mark}{found}")
            };
            return Value::string(marked);
        }
        match name {
            "account" => text(&self.account),
            "partition" => text(partition(&self.region)),
            "suffix" => text(dns_suffix(&self.region)),
            "token" => text(&self.token("")),
            "region" => text(&self.region),
            _ => {
                let mut value = object.clone();
                for part in name.split('.') {
                    value = match part.parse::<usize>() {
                        Ok(at) => value.children().get(at).cloned().unwrap_or(Value::NULL),
                        Err(_) => args::get(&value, part),
                    };
                }
                value
            }
        }
    }

    /// The text of a place, empty where there is nothing.
    pub(crate) fn text(&self, text: &str, object: &Value) -> String {
        match self.expand(text, object).kind() {
            Kind::String(text) => text.to_string(),
            Kind::Number(number) => number.to_string(),
            _ => String::new(),
        }
    }

    /// A name for a call of this change, the same when the change is asked for again.
    pub(crate) fn token(&self, of: &str) -> String {
        let digest = sha2::Sha256::digest(format!("{}\n{of}", self.token));
        let mut text = hex::encode(digest);
        text.truncate(32);
        text
    }

    fn fill<'s>(&'s self, step: &'s Step) -> Fill<'s> {
        Fill {
            names: &self.table.names,
            only: &step.only,
            except: &step.except,
            // What is put as a whole is without what is left out; what is changed needs to be told.
            prior: (self.phase == Phase::Update
                && !self.prior.is_null()
                && changes(step.operation))
            .then_some(&self.prior),
        }
    }

    /// The input of a call.
    pub(crate) fn input(&self, step: &Step, operation: &Operation, object: &Value) -> Json {
        let mut input = json!({});
        let fill = self.fill(step);
        for (member, text) in &step.sets {
            let shape = operation.input.at(member).unwrap_or(&Shape::Any);
            let value = self.expand(text, object);
            let name = text.trim_start_matches('{').trim_end_matches('}');
            let sent = fill
                .value(None, shape, &value, "", 0)
                .or_else(|| fill.cleared(name, &value, shape));
            if let Some(value) = sent {
                json::put(&mut input, member, value);
            }
        }
        if step.fills {
            let part = self.part(step, operation, object);
            let target = step.target(&operation.input);
            if step.inside.is_empty() {
                fill.root(&self.facts.block, target, &part, &mut input);
            } else {
                let mut inner = json::get(&input, step.inside)
                    .cloned()
                    .unwrap_or_else(|| json!({}));
                fill.root(&self.facts.block, target, &part, &mut inner);
                json::put(&mut input, step.inside, inner);
            }
        }
        for (name, member, nothing) in &step.clears {
            let was = !is_empty(&args::get(&self.prior, name));
            if was && is_empty(&args::get(object, name)) {
                let nothing = serde_json::from_str(nothing).unwrap_or_default();
                json::put(&mut input, member, nothing);
            }
        }
        if let Some((member, pairs)) = step.map {
            let texts = pairs
                .iter()
                .filter_map(|(name, key)| Some(((*key).to_owned(), self.mapped(name, object)?)));
            let shape = operation.input.at(member).unwrap_or(&Shape::Any);
            if let Some(texts) = members::bag(shape, texts) {
                json::put(&mut input, member, texts);
            }
        }
        if self.phase == Phase::Create || step.fills {
            for name in &operation.tokens {
                if input.get(name).is_none() && !self.token.is_empty() {
                    json::put(&mut input, name, self.token(step.operation).into());
                }
            }
        }
        if let Some(change) = self.table.input {
            let nothing = Value::NULL;
            let seen = if step.empties { &nothing } else { object };
            change(step.operation, &mut input, seen);
        }
        for (member, value) in &step.omits {
            if json::get(&input, member) == Some(value) {
                json::put(&mut input, member, Json::Null);
            }
        }
        input
    }

    /// The object, or of it what changes and what the operation requires.
    fn part(&self, step: &Step, operation: &Operation, object: &Value) -> Value {
        let (true, Kind::Object(attributes)) =
            (step.partial && !self.prior.is_null(), object.kind())
        else {
            return object.clone();
        };
        let target = step.target(&operation.input);
        let required: &[String] = match target {
            Shape::Structure { required, .. } => required,
            _ => &[],
        };
        let fill = self.fill(step);
        // What does not change is not there, rather than null: null would be taken for a wish to clear it.
        let left: Vec<_> = attributes
            .iter()
            .filter(|(name, _)| {
                let needed = fill
                    .places(name, target)
                    .iter()
                    .any(|(place, _)| required.contains(place));
                needed || !same_at(&self.prior, object, name)
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Value::object(left)
    }

    /// An attribute as a text of a map: on creation if it is set, on a change if it changes.
    fn mapped(&self, name: &str, object: &Value) -> Option<String> {
        let (before, value) = (members::at(&self.prior, name), members::at(object, name));
        let text = match value.kind() {
            Kind::String(text) => text.to_string(),
            Kind::Number(number) => number.to_string(),
            Kind::Bool(value) => value.to_string(),
            // A choice has no text that says nothing.
            _ if before.as_bool() == Some(true) => "false".to_owned(),
            _ => String::new(),
        };
        if self.prior.is_null() {
            (!text.is_empty()).then_some(text)
        } else {
            let same = before == value || (is_empty(&before) && is_empty(&value));
            (!same).then_some(text)
        }
    }

    /// Calls a step, again while its error is one that goes away.
    pub(crate) async fn call_step(&self, step: &Step, object: &Value) -> Result<Json, Trouble> {
        let service = self.service(step);
        let operation = self
            .operation(service, step.operation)
            .map_err(Trouble::Refused)?;
        let mut input = self.input(step, &operation, object);
        if !step.carries.is_empty() {
            let found = Box::pin(self.raw(object)).await.map_err(Trouble::Refused)?;
            let Some((_, answer)) = found else {
                return match self.phase {
                    // What is not there any more has nothing that would have to be said with its end.
                    Phase::Delete => Ok(Json::Null),
                    _ => Err(Trouble::Refused(Refusal::error(
                        "Object is gone",
                        format!("{}: it is not there any more.", self.what(object)),
                    ))),
                };
            };
            for (path, member) in &step.carries {
                if let Some(value) = json::get(&answer, path) {
                    json::put(&mut input, member, value.clone());
                }
            }
        }
        if let Some((key, text, pairs)) = step.each {
            for (name, wanted) in pairs {
                if let Some(value) = self.mapped(name, object) {
                    let mut input = input.clone();
                    json::put(&mut input, key, (*wanted).into());
                    json::put(&mut input, text, value.into());
                    self.call(service, step.operation, input)
                        .await
                        .map_err(Trouble::Api)?;
                }
            }
            return Ok(Json::Null);
        }
        if self.phase == Phase::Create
            && self
                .table
                .create
                .as_ref()
                .is_some_and(|create| create.operation == step.operation)
            // What overwrites takes no tags with it: a function adds them.
            && input.get("Overwrite") != Some(&json!(true))
        {
            self.put_tags(&operation.input, &all_tags(object), &mut input);
        }
        let answer = self
            .whole(service, step.operation, input, &step.none_when)
            .await;
        answer.map_err(Trouble::Api)
    }

    /// Calls an operation, again while its error is one that goes away.
    pub(crate) async fn call(
        &self,
        service: &str,
        operation: &str,
        input: Json,
    ) -> Result<Json, ApiError> {
        self.page(service, operation, input, &[]).await
    }

    /// Calls an operation of which errors of these codes mean that there is nothing.
    async fn page(
        &self,
        service: &str,
        operation: &str,
        input: Json,
        none: &[&str],
    ) -> Result<Json, ApiError> {
        let ask = || {
            self.cx
                .call(service, operation, &self.region, input.clone())
        };
        self.patiently((service, operation), none, ask).await
    }

    /// Calls an operation; one that lists does so to its end.
    pub(crate) async fn whole(
        &self,
        service: &str,
        operation: &str,
        input: Json,
        none: &[&str],
    ) -> Result<Json, ApiError> {
        if !patience::reads(operation) {
            return self.page(service, operation, input, none).await;
        }
        let region = (!self.region.is_empty()).then_some(self.region.as_str());
        let ask = || {
            let request = Request::new(service, operation, input.clone()).in_region(region);
            terrane_aws_client::pages(&*self.cx.api, request)
        };
        self.patiently((service, operation), none, ask).await
    }

    /// Calls an operation of the table's service. An error is a refusal as [`crate::cx::refusal`] has it.
    pub(crate) async fn ask(&self, operation: &str, input: Json) -> Answered<Json> {
        let answer = self.whole(self.table.service, operation, input, &[]).await;
        answer.map_err(|error| self.refused(&error))
    }

    /// The same; `None` where one of these errors comes.
    pub(crate) async fn ask_unless(
        &self,
        operation: &str,
        input: Json,
        none: &[&str],
    ) -> Answered<Option<Json>> {
        let answer = self.whole(self.table.service, operation, input, none).await;
        self.unless(answer, none)
    }

    /// The same, one page only.
    pub(crate) async fn page_unless(
        &self,
        operation: &str,
        input: Json,
        none: &[&str],
    ) -> Answered<Option<Json>> {
        let answer = self.page(self.table.service, operation, input, none).await;
        self.unless(answer, none)
    }

    fn unless(&self, answer: Result<Json, ApiError>, none: &[&str]) -> Answered<Option<Json>> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is(none) => Ok(None),
            Err(error) => Err(self.refused(&error)),
        }
    }

    pub(crate) fn refused(&self, error: &ApiError) -> Refusal {
        refusal(error, &format!("{} {}", self.phase.name(), self.table.name))
    }

    /// Whether this call has changed something already.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Whether an error means that there is no such object.
    pub(crate) fn is_not_found(&self, error: &ApiError) -> bool {
        // Facts have the names of types in the SDK, answers the codes: `NoSuchEntityException` is `NoSuchEntity`.
        let bare = |code: &str| {
            let code = code.rsplit('.').next().unwrap_or(code);
            let code = code.strip_suffix("Exception").unwrap_or(code);
            code.strip_suffix("Fault").unwrap_or(code).to_owned()
        };
        let code = error.code.as_str();
        self.table.not_found.contains(&code)
            || self.facts.about.not_found_errors.iter().any(|known| {
                // Some mean it with a certain message only.
                if let Some((of, message)) = known.split_once(" ~ ") {
                    return of == code && error.message.contains(message.trim_matches('"'));
                }
                // What says no more than that something is wrong means it with such a message only.
                if VAGUE.contains(&code) {
                    let message = error.message.to_ascii_lowercase();
                    let absent = ["not exist", "not found", "no such"];
                    return known == code && absent.iter().any(|text| message.contains(text));
                }
                known == code || (!known.ends_with(".NotFound") && bare(known) == bare(code))
            })
    }

    /// The object in the answer of the first step of reading; `None`: it is gone.
    pub(crate) async fn raw(&self, object: &Value) -> Answered<Option<(Json, Json)>> {
        let Some(step) = self.table.read.first() else {
            return Ok(Some((json!({}), json!({}))));
        };
        if let Some(seen) = &self.seen {
            let kept = seen.as_ref().filter(|found| !self.is_gone(found));
            return Ok(kept.map(|found| (self.answered(step, found.clone()), Json::Null)));
        }
        let answer = match self.call_step(step, object).await {
            Ok(answer) => answer,
            Err(Trouble::Api(error))
                if self.is_not_found(&error) || step.none_when.contains(&error.code.as_str()) =>
            {
                return Ok(None);
            }
            Err(trouble) => return Err(trouble.refusal(&self.what(object))),
        };
        let Some(found) = self.pick(step, &answer, object) else {
            return Ok(None);
        };
        Ok((!self.is_gone(&found)).then_some((found, answer)))
    }

    /// Whether what is still shown is gone.
    fn is_gone(&self, found: &Json) -> bool {
        self.table.gone_when.iter().any(|(path, states)| {
            json::text_at(found, path).is_some_and(|state| states.contains(&state.as_str()))
        })
    }

    /// What a step looks for in an answer.
    pub(crate) fn pick(&self, step: &Step, answer: &Json, object: &Value) -> Option<Json> {
        let path = match self.expand(step.at, object).kind() {
            Kind::String(path) => path.to_string(),
            _ => String::new(),
        };
        let found = if path.is_empty() {
            Some(answer)
        } else {
            json::get(answer, &path)
        };
        let mut found = found?.clone();
        for (path, member) in &step.lifts {
            if let Some(value) = json::get(answer, path) {
                json::put(&mut found, member, value.clone());
            }
        }
        Some(self.answered(step, found))
    }

    /// What was found, in the form that it is read in.
    fn answered(&self, step: &Step, found: Json) -> Json {
        let mut found = match step.bag {
            Some(pairs) => members::unpacked(&found, pairs),
            None => found,
        };
        if let Some(change) = self.table.answer {
            change(step.operation, &mut found);
        }
        found
    }

    /// How the object is now; `None`: it is gone.
    pub(crate) async fn find(&self, object: &Value) -> Answered<Option<Value>> {
        if let Some(hooks) = &self.table.hooks
            && let Some(found) = hooks.read(self, object).await?
        {
            let Some(found) = found else { return Ok(None) };
            return self.completed(found, object, &Json::Null).await.map(Some);
        }
        let Some((raw, _)) = self.raw(object).await? else {
            return Ok(None);
        };
        let mut found = object.clone();
        for (at, step) in self.table.read.iter().enumerate() {
            let operation = self.operation(self.service(step), step.operation)?;
            let answer = if at == 0 {
                Some(raw.clone())
            } else {
                match self.call_step(step, &found).await {
                    Ok(answer) => self.pick(step, &answer, &found),
                    Err(Trouble::Api(error)) if step.none_when.contains(&error.code.as_str()) => {
                        None
                    }
                    Err(trouble) => return Err(trouble.refusal(&self.what(object))),
                }
            };
            found = self.merged(step, &operation, answer, &found);
        }
        self.completed(found, object, &raw).await.map(Some)
    }

    pub(crate) fn merged(
        &self,
        step: &Step,
        operation: &Operation,
        answer: Option<Json>,
        found: &Value,
    ) -> Value {
        let reader = Reader {
            names: &self.table.names,
            local: &self.table.local,
            quiet: &self.table.quiet,
            empties: self.facts.about.empty_is_none(),
            lasting: matches!(self.table.id, Id::Out(_)),
        };
        let block = &self.schema.block;
        if let Some(name) = step.into {
            let before = args::get(found, name);
            let Some(ty) = block
                .attributes
                .get(name)
                .map(terrane_model::schema::Attribute::value_type)
            else {
                return found.clone();
            };
            let value = match answer {
                Some(answer) => reader.value(&ty, &answer, &before, name, 0),
                None if is_empty(&before) => before.clone(),
                None => Value::null(ty),
            };
            let same = self
                .facts
                .block
                .attributes
                .get(name)
                .is_some_and(|about| crate::same::same(&before, &value, about.sameness()));
            return if same {
                found.clone()
            } else {
                args::with(found, name, value)
            };
        }
        // What keys a bag may have is not known.
        let shape = operation.output.at(step.at).filter(|_| step.bag.is_none());
        let answer = answer.unwrap_or_else(|| json!({}));
        reader.root(
            (&self.facts.block, block),
            shape,
            &answer,
            found,
            &step.only,
        )
    }

    /// With id, region, ARN and tags, and what hooks know.
    async fn completed(&self, found: Value, prior: &Value, raw: &Json) -> Answered<Value> {
        let mut found = found;
        if self.schema.block.attributes.contains_key("region") {
            found = args::with(&found, "region", Value::string(self.region.as_str()));
        }
        // A function may have found another id.
        if args::get(&found, "id").is_null() {
            found = self.with_id(&found, args::get(prior, "id"));
        }
        if let (Some(arn), true) = (
            self.table.arn,
            self.schema.block.attributes.contains_key("arn"),
        ) {
            found = args::with(&found, "arn", Value::string(self.text(arn, &found)));
        }
        for derived in &self.table.derived {
            let whole = self.text(derived.of, &found);
            let part = derived.cut.of(&whole);
            if !part.is_empty() {
                found = args::with(&found, derived.name, Value::string(part));
            }
        }
        found = self.with_tags(found, prior, raw).await?;
        if let Some(hooks) = &self.table.hooks {
            found = hooks.found(self, found, prior, raw).await?;
        }
        if let Some(change) = self.table.found {
            found = change(self, found, raw);
        }
        // What is always told and is not told now is as it was.
        for (name, path) in &self.table.told {
            let before = args::get(prior, name);
            if json::get(raw, path).is_none() && !before.is_null() {
                found = args::with(&found, name, before);
            }
        }
        let found = self.elements_as_they_were(&found, prior);
        let mut found = known(&self.unsaid_as_it_was(&found, prior));
        // Blocks are never null but where one at most is nested.
        for (name, nested) in &self.schema.block.blocks {
            if found.get(name).is_some_and(Value::is_null) {
                found = args::with(&found, name, nested.empty_value());
            }
        }
        Ok(found)
    }

    /// Arguments that say nothing are null or empty, as they were.
    fn unsaid_as_it_was(&self, found: &Value, prior: &Value) -> Value {
        let changes = self
            .facts
            .block
            .attributes
            .iter()
            .filter(|(_, about)| !about.computed && !about.required)
            .filter_map(|(name, _)| {
                let (value, before) = (found.get(name)?, prior.get(name)?);
                let nothing = is_empty(value) && is_empty(before) && value != before;
                (nothing && before.is_known()).then(|| (name.as_str(), before.clone()))
            });
        args::with_all(found, changes.collect::<Vec<_>>())
    }

    /// Whether a step is to be made on a change from `prior` to `planned`.
    pub(crate) fn applies(
        &self,
        step: &Step,
        operation: &Operation,
        prior: &Value,
        planned: &Value,
    ) -> bool {
        let changed = |name: &str| !same_at(prior, planned, name);
        match &step.when {
            When::Any(names) => names.iter().any(|name| changed(name)),
            When::Set(name) => changed(name) && !is_empty(&args::get(planned, name)),
            When::Unset(name) => changed(name) && is_empty(&args::get(planned, name)),
            // What a step leaves to the function that changes inputs is sent by it, too.
            When::Changed => {
                let made = |name: &&&str| {
                    self.table.input.is_some() && self.table.by_function.contains(*name)
                };
                self.inputs(step, operation)
                    .iter()
                    .any(|name| changed(name))
                    || step.except.iter().filter(made).any(|name| changed(name))
            }
        }
    }

    /// The attributes that go into the input of a step.
    pub(crate) fn inputs(&self, step: &Step, operation: &Operation) -> Vec<String> {
        parts::inputs(self.table, self.facts, step, operation)
    }

    /// The id of an object that was just made.
    pub(crate) fn new_id(&self, object: &Value, answer: &Json) -> Option<String> {
        let id = match self.table.id {
            Id::Out(path) => {
                let text = json::text_at(answer, path)?;
                self.table.id_cut.of(&text).to_owned()
            }
            Id::Of(text) => self.text(text, object),
        };
        (!id.is_empty()).then_some(id)
    }
}
