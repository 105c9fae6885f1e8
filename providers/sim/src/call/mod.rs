//! From a call to its effect and answer.

mod bulk;
mod change;
mod fill;

use crate::fault::{Fault, Operation};
use crate::schema::{Kind, identity, kind};
use crate::world::{Done, Entity, Handled, Inner, LogEntry};
use ecow::EcoString;
use terrane_model::provider::{
    Answer, Call, CallFailure, ImportTarget, ImportedObject, Private, ProviderDiagnostic,
    RawObject, Reply, Resolution,
};
use terrane_provider::args;
use terrane_provider::conform::{self, decode_stored};
use terrane_provider::plan::{PlanRequest, PlanResponse};
use terrane_value::{Type, Value};

/// What a call that may go wrong did.
struct Outcome {
    result: Result<Reply, CallFailure>,
    id: Option<EcoString>,
    effect: bool,
}

impl Outcome {
    fn of(reply: Reply) -> Self {
        Self {
            result: Ok(reply),
            id: None,
            effect: false,
        }
    }

    fn refused(summary: &str, detail: impl Into<String>) -> Self {
        Self::of(Reply::error(ProviderDiagnostic::error(summary, detail)))
    }
}

fn no_such(what: &str, name: &str) -> Outcome {
    Outcome::refused("Unknown type", format!("The cloud has no {what} {name}."))
}

impl Inner {
    pub(crate) fn handle(&mut self, call: Call) -> Handled {
        let (operation, type_name, subject) = about(&call);
        let token = match &call {
            Call::Apply { token, .. } => token.clone(),
            _ => EcoString::new(),
        };
        let (fault, took_ms) = self.fate(operation, &type_name, &subject);
        self.requests += self.requests_of(&call);
        let outcome = match fault {
            Some(fault) if fault.is_before() => struck(fault),
            _ => {
                let outcome = match self.ended_session(&call) {
                    Some(refusal) => refusal,
                    None => self.carry_out(call, fault),
                };
                match fault {
                    Some(Fault::ErrorAfter | Fault::LostAnswer | Fault::Partial) => {
                        spoil(outcome, fault)
                    }
                    _ => outcome,
                }
            }
        };
        let ok = matches!(&outcome.result, Ok(reply) if !reply.has_errors());
        self.log.push(LogEntry {
            operation,
            type_name,
            id: outcome.id,
            token,
            effect: outcome.effect,
            fault,
            ok,
        });
        Handled {
            result: outcome.result,
            took_ms,
        }
    }

    fn carry_out(&mut self, call: Call, fault: Option<Fault>) -> Outcome {
        match call {
            call @ Call::Apply { .. } => self.apply(call),
            Call::Plan {
                type_name,
                prior,
                proposed,
                config,
                private,
                identity,
                meta: _,
            } => {
                let request = PlanRequest {
                    prior,
                    proposed,
                    config,
                    private,
                    identity,
                };
                with_kind(&type_name, |kind| {
                    let values = [&request.prior, &request.proposed, &request.config];
                    fitting(kind, &values, |kind| Outcome::of(plan(kind, &request)))
                })
            }
            Call::Read {
                type_name,
                current,
                private,
                identity: _,
                meta: _,
            } => with_kind(&type_name, |kind| self.read(kind, &current, private, fault)),
            Call::ReadMany {
                type_name, objects, ..
            } => with_kind(&type_name, |kind| self.read_many(kind, objects, fault)),
            Call::Import { type_name, target } => {
                with_kind(&type_name, |kind| self.import(kind, &target))
            }
            Call::List {
                type_name,
                config,
                include_objects,
                limit,
            } => self.list(&type_name, &config, include_objects, limit),
            Call::Resolve {
                type_name,
                token,
                planned,
            } => with_kind(&type_name, |kind| self.resolve(kind, &token, &planned)),
            Call::ReadDataSource {
                type_name, config, ..
            } if type_name == "sim_network" => self.lookup(&config),
            Call::OpenEphemeral { type_name, config } if type_name == "sim_session" => {
                self.open_session(&config)
            }
            Call::RenewEphemeral { private, .. } => self.renew_session(private),
            Call::CloseEphemeral { private, .. } => {
                let (token, _) = session_of(&private);
                let effect = self.sessions.remove(&token);
                Outcome {
                    id: Some(token),
                    effect,
                    ..Outcome::of(Reply::ok(Answer::Done))
                }
            }
            call => without_world(call),
        }
    }

    /// The object as it is; with a stale read, as it was before its last change.
    fn read(
        &self,
        kind: &Kind,
        current: &Value,
        private: Private,
        fault: Option<Fault>,
    ) -> Outcome {
        let id = args::string(current, "id").unwrap_or_default();
        let found = self
            .entities
            .get(id)
            .filter(|entity| entity.type_name == kind.name);
        let state = match found {
            None => Value::null(kind.schema.block.implied_type().clone()),
            Some(Entity {
                before: Some(before),
                ..
            }) if fault == Some(Fault::Stale) => before.clone(),
            Some(entity) => entity.state.clone(),
        };
        let identity = found.map_or(Value::NULL, |entity| identity(&entity.id));
        Outcome {
            id: found.map(|entity| entity.id.clone()),
            ..Outcome::of(Reply::ok(Answer::Read {
                state,
                private,
                identity,
                deferred: None,
            }))
        }
    }

    fn import(&self, kind: &Kind, target: &ImportTarget) -> Outcome {
        let id = match target {
            ImportTarget::Id(id) => Some(id.as_str()),
            ImportTarget::Identity(identity) => args::string(identity, "id"),
        };
        let found = id
            .and_then(|id| self.entities.get(id))
            .filter(|entity| entity.type_name == kind.name);
        match found {
            Some(entity) => Outcome {
                id: Some(entity.id.clone()),
                ..Outcome::of(Reply::ok(Answer::Objects(vec![imported(entity)])))
            },
            None => Outcome::refused(
                "Object not found",
                format!(
                    "There is no {} with id {}.",
                    kind.name,
                    id.unwrap_or("(none)")
                ),
            ),
        }
    }

    fn resolve(&self, kind: &Kind, token: &str, planned: &Value) -> Outcome {
        // As for providers that look for the object: it takes what was planned, with its unknowns.
        let told = planned.get("id").is_some_and(|id| !id.is_known());
        let resolution = match self.done.get(token) {
            _ if !self.traits.resolves_tokens || !told => Resolution::CannotTell,
            None => Resolution::NeverHappened,
            Some(Done { id, state, .. }) => {
                let now = self.entities.get(id);
                Resolution::Happened(match (now, state) {
                    (Some(entity), Some(_)) => imported(entity),
                    _ => ImportedObject {
                        type_name: kind.name.into(),
                        state: Value::null(kind.schema.block.implied_type().clone()),
                        private: Private::default(),
                        identity: Value::NULL,
                    },
                })
            }
        };
        Outcome::of(Reply::ok(Answer::Resolved(resolution)))
    }

    fn lookup(&self, config: &Value) -> Outcome {
        let name = args::string(config, "name").unwrap_or_default();
        let mut found = self.entities.values().filter(|entity| {
            entity.type_name == "sim_network" && args::string(&entity.state, "name") == Some(name)
        });
        let (Some(entity), None) = (found.next(), found.next()) else {
            return Outcome::refused(
                "Network not found",
                format!("There is not exactly one network of name {name}."),
            );
        };
        let state = args::with_all(
            config,
            ["cidr", "id", "tags"].map(|name| (name, args::get(&entity.state, name))),
        );
        Outcome {
            id: Some(entity.id.clone()),
            ..Outcome::of(Reply::ok(Answer::Data {
                state,
                deferred: None,
            }))
        }
    }

    fn open_session(&mut self, config: &Value) -> Outcome {
        let user = args::string(config, "user").unwrap_or_default();
        if user == "nobody" {
            return Outcome::refused("No session", "The cloud does not know `nobody`.");
        }
        let ttl_ms = config.get("ttl_ms").and_then(Value::as_number);
        let ttl_ms = ttl_ms
            .and_then(terrane_value::Number::to_u64)
            .unwrap_or(SESSION_MS);
        let count = self.ask(&format!("session {user}")).to_string();
        let token = format!("session-{:016x}", self.hash(&["session", user, &count]));
        self.sessions.insert(token.as_str().into());
        let result = args::with(config, "token", Value::string(token.as_str()));
        Outcome {
            id: Some(token.as_str().into()),
            effect: true,
            ..Outcome::of(Reply::ok(Answer::Ephemeral {
                result,
                private: format!("{token} {ttl_ms}").into_bytes().into(),
                renew_after_ms: Some(ttl_ms),
            }))
        }
    }

    fn renew_session(&mut self, private: Private) -> Outcome {
        let (token, ttl_ms) = session_of(&private);
        if !self.sessions.contains(&token) {
            return Outcome::refused("No session", "There is no such session that is open.");
        }
        Outcome {
            id: Some(token),
            ..Outcome::of(Reply::ok(Answer::Ephemeral {
                result: Value::NULL,
                private,
                renew_after_ms: Some(ttl_ms),
            }))
        }
    }

    /// The refusal of a call that is made with the token of a session that is not open.
    fn ended_session(&self, call: &Call) -> Option<Outcome> {
        let (Call::Apply { config, .. } | Call::Configure { config, .. }) = call else {
            return None;
        };
        let ended = |attribute: &&str| {
            let token = args::string(config, attribute).unwrap_or_default();
            token.starts_with("session-") && !self.sessions.contains(token)
        };
        let attribute = ["secret_wo", "secret"].into_iter().find(ended)?;
        let problem = "The token is that of a session that is not open.";
        let complaint = args::complaint(attribute, "The session has ended", problem);
        Some(Outcome::of(Reply::error(complaint)))
    }
}

/// Token and time to live of a session, from its private bytes.
fn session_of(private: &[u8]) -> (EcoString, u64) {
    let text = String::from_utf8_lossy(private);
    let (token, ttl_ms) = text.split_once(' ').unwrap_or((&text, ""));
    (token.into(), ttl_ms.parse().unwrap_or(SESSION_MS))
}

/// A session must be renewed in this time, if it does not say another.
const SESSION_MS: u64 = 60_000;

/// What a call is about: operation, type, and the token or id by which its fate is told from that of others.
fn about(call: &Call) -> (Operation, EcoString, EcoString) {
    let none = EcoString::new;
    match call {
        Call::Apply {
            type_name,
            prior,
            planned,
            token,
            ..
        } => {
            let operation = match (prior.is_null(), planned.is_null()) {
                (true, _) => Operation::Create,
                (false, false) => Operation::Update,
                (false, true) => Operation::Delete,
            };
            (operation, type_name.clone(), token.clone())
        }
        Call::Read {
            type_name, current, ..
        } => {
            let id = args::string(current, "id").unwrap_or_default();
            (Operation::Read, type_name.clone(), id.into())
        }
        // What goes wrong with it does not depend on which objects happen to be asked for together.
        Call::ReadMany { type_name, .. } => (Operation::Read, type_name.clone(), none()),
        Call::ReadDataSource {
            type_name, config, ..
        } => {
            let name = args::string(config, "name").unwrap_or_default();
            (Operation::Read, type_name.clone(), name.into())
        }
        Call::OpenEphemeral { type_name, config } => {
            let user = args::string(config, "user").unwrap_or_default();
            (Operation::Open, type_name.clone(), user.into())
        }
        Call::RenewEphemeral { type_name, private } => {
            (Operation::Renew, type_name.clone(), session_of(private).0)
        }
        Call::CloseEphemeral { type_name, private } => {
            (Operation::Close, type_name.clone(), session_of(private).0)
        }
        Call::ValidateResource { type_name, .. }
        | Call::ValidateDataSource { type_name, .. }
        | Call::ValidateEphemeral { type_name, .. }
        | Call::UpgradeState { type_name, .. }
        | Call::UpgradeIdentity { type_name, .. }
        | Call::Plan { type_name, .. }
        | Call::Import { type_name, .. }
        | Call::Move { type_name, .. }
        | Call::List { type_name, .. }
        | Call::ValidateList { type_name, .. }
        | Call::ValidateAction { type_name, .. }
        | Call::PlanAction { type_name, .. }
        | Call::InvokeAction { type_name, .. }
        | Call::GenerateConfig { type_name, .. }
        | Call::Resolve { type_name, .. } => (Operation::Other, type_name.clone(), none()),
        Call::ValidateProviderConfig { .. }
        | Call::Configure { .. }
        | Call::GetFunctions
        | Call::CallFunction { .. } => (Operation::Other, none(), none()),
    }
}

/// Calls that are answered from what is written in them.
fn without_world(call: Call) -> Outcome {
    match call {
        Call::ValidateProviderConfig { config } | Call::Configure { config, .. } => {
            if args::string(&config, "region") == Some("nowhere") {
                return Outcome::of(Reply::error(args::complaint(
                    "region",
                    "Unknown region",
                    "The cloud has no region `nowhere`.",
                )));
            }
            Outcome::of(Reply::ok(Answer::Done))
        }
        Call::ValidateResource { type_name, config } => with_kind(&type_name, |kind| {
            fitting(kind, &[&config], |_| {
                Outcome::of(Reply {
                    answer: Some(Answer::Done),
                    diagnostics: validate(&config),
                })
            })
        }),
        Call::ValidateDataSource { type_name, .. } if type_name == "sim_network" => {
            Outcome::of(Reply::ok(Answer::Done))
        }
        Call::ValidateEphemeral { type_name, .. } if type_name == "sim_session" => {
            Outcome::of(Reply::ok(Answer::Done))
        }
        Call::ValidateList {
            type_name, config, ..
        } if type_name == "sim_network" => match args::string(&config, "name_prefix") {
            Some("") => Outcome::of(Reply::error(args::complaint(
                "name_prefix",
                "Empty prefix",
                "Leave it out to find all.",
            ))),
            _ => Outcome::of(Reply::ok(Answer::Done)),
        },
        Call::UpgradeState { type_name, stored } => {
            with_kind(&type_name, |kind| upgrade(kind, &stored))
        }
        Call::UpgradeIdentity { stored, .. } => {
            let ty = Type::object([("id", Type::String)]);
            match decode_stored(&stored.json, &ty) {
                Ok(value) => Outcome::of(Reply::ok(Answer::Value(value))),
                Err(problem) => Outcome::refused("Unreadable stored identity", problem),
            }
        }
        Call::GenerateConfig { type_name, state } => with_kind(&type_name, |kind| {
            let unset = kind.schema.block.attributes.iter();
            let unset = unset
                .filter(|(_, attribute)| !attribute.required && !attribute.optional)
                .map(|(name, attribute)| (name.as_str(), Value::null(attribute.value_type())));
            let config = args::with_all(&state, unset);
            Outcome::of(Reply::ok(Answer::Value(config)))
        }),
        Call::CallFunction { name, arguments } if name == "join" => {
            let words: Option<Vec<&str>> = arguments.iter().map(Value::as_str).collect();
            let result = match words.as_deref() {
                Some([separator, parts @ ..]) => Ok(Value::string(parts.join(separator))),
                _ => Err(("strings are required".to_owned(), Some(0))),
            };
            Outcome::of(Reply::ok(Answer::Function(result)))
        }
        Call::CallFunction { name, .. } => no_such("function", &name),
        call => {
            let (_, type_name, _) = about(&call);
            no_such("operation for", &type_name)
        }
    }
}

fn with_kind(type_name: &str, answer: impl FnOnce(&'static Kind) -> Outcome) -> Outcome {
    match kind(type_name) {
        Some(kind) => answer(kind),
        None => no_such("resource type", type_name),
    }
}

/// Answers if the values fit the schema.
fn fitting(
    kind: &'static Kind,
    values: &[&Value],
    answer: impl FnOnce(&'static Kind) -> Outcome,
) -> Outcome {
    let mut wrong = values
        .iter()
        .filter_map(|value| conform::check(value, &kind.schema, "call").err());
    match wrong.next() {
        Some(problem) => Outcome::of(Reply::error(problem)),
        None => answer(kind),
    }
}

fn imported(entity: &Entity) -> ImportedObject {
    ImportedObject {
        type_name: entity.type_name.clone(),
        state: entity.state.clone(),
        private: Private::default(),
        identity: identity(&entity.id),
    }
}

fn validate(config: &Value) -> Vec<ProviderDiagnostic> {
    let mut problems = Vec::new();
    if let Some(cidr) = args::string(config, "cidr")
        && !cidr.contains('/')
    {
        let detail = format!("An address range looks like 10.0.0.0/16, not like {cidr}.");
        problems.push(args::complaint("cidr", "Invalid address range", detail));
    }
    if let Some(size) = args::string(config, "size")
        && !["small", "medium", "large"].contains(&size)
    {
        let detail = "The sizes are small, medium and large.";
        problems.push(args::complaint("size", "Invalid size", detail));
    }
    if args::bool(config, "size").is_none() {
        problems.extend(
            args::int(config, "size").and_then(|_| args::check_range(config, "size", 1, 1 << 20)),
        );
    }
    problems
}

fn plan(kind: &Kind, request: &PlanRequest) -> Reply {
    let response = if request.proposed.is_null() {
        PlanResponse::new(request, request.proposed.clone())
    } else {
        kind.rules.plan(&kind.schema, request)
    };
    let PlanResponse {
        planned,
        requires_replace,
        private,
        identity,
        deferred,
        diagnostics,
    } = response;
    Reply {
        answer: Some(Answer::Plan {
            planned,
            requires_replace,
            private,
            identity,
            legacy_type_system: false,
            deferred,
        }),
        diagnostics,
    }
}

/// Version 0 of instances called their size `type`.
fn upgrade(kind: &Kind, stored: &RawObject) -> Outcome {
    let ty = kind.schema.block.implied_type();
    if stored.schema_version > kind.schema.version {
        return Outcome::refused("Stored by a newer provider", "This one is too old for it.");
    }
    let old_name = Type::object([("type", Type::String)]);
    let upgraded = decode_stored(&stored.json, ty).and_then(|object| {
        if kind.name == "sim_instance" && stored.schema_version == 0 {
            let size = decode_stored(&stored.json, &old_name)?;
            return Ok(args::with(&object, "size", args::get(&size, "type")));
        }
        Ok(object)
    });
    match upgraded {
        Ok(object) => Outcome::of(Reply::ok(Answer::Value(object))),
        Err(problem) => Outcome::refused("Unreadable stored object", problem),
    }
}

/// What a caller sees of a fault that struck before the effect.
fn struck(fault: Fault) -> Outcome {
    let failure = |message: &str, retry_after_ms, may_have_happened| Outcome {
        result: Err(CallFailure {
            message: message.to_owned(),
            retry_after_ms,
            may_have_happened,
        }),
        id: None,
        effect: false,
    };
    match fault {
        Fault::Throttled(after_ms) => failure("too many requests", Some(after_ms), false),
        Fault::LostRequest => failure("connection lost", None, true),
        _ => Outcome::refused(
            "Cloud error",
            "The cloud had a bad moment. Nothing was done.",
        ),
    }
}

/// What a caller sees of a fault that struck after the effect.
fn spoil(outcome: Outcome, fault: Option<Fault>) -> Outcome {
    let Outcome { result, id, effect } = outcome;
    let Ok(reply) = result else {
        return Outcome { result, id, effect };
    };
    if reply.has_errors() {
        let result = Ok(reply);
        return Outcome { result, id, effect };
    }
    let error = ProviderDiagnostic::error("Cloud error", "The cloud had a bad moment, half way.");
    let whole = matches!(&reply.answer, Some(Answer::Apply { state, .. }) if !state.is_null());
    let result = match fault {
        Some(Fault::LostAnswer) => Err(CallFailure {
            message: "connection lost".to_owned(),
            retry_after_ms: None,
            may_have_happened: true,
        }),
        Some(Fault::Partial) if whole => Ok(Reply {
            diagnostics: vec![error],
            ..reply
        }),
        _ => Ok(Reply::error(error)),
    };
    Outcome { result, id, effect }
}
