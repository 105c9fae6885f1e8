//! Changes of the world.

use super::{Outcome, fill, with_kind};
use crate::schema::{Kind, identity};
use crate::world::{Done, Entity, Inner};
use ecow::EcoString;
use terrane_model::provider::{Answer, Call, Private, Reply};
use terrane_provider::native::Change;
use terrane_provider::{args, conform};
use terrane_value::Value;

impl Inner {
    pub(super) fn apply(&mut self, call: Call) -> Outcome {
        let Call::Apply {
            type_name,
            prior,
            planned,
            config,
            private,
            identity,
            token,
            meta: _,
        } = call
        else {
            return Outcome::refused("Unexpected call", "Not a change.");
        };
        let change = Change {
            prior,
            planned,
            config,
            private,
            identity,
            token,
        };
        with_kind(&type_name, |kind| {
            let values = [&change.prior, &change.planned, &change.config];
            if let Some(problem) = values
                .into_iter()
                .find_map(|value| conform::check(value, &kind.schema, "call").err())
            {
                return Outcome::of(Reply::error(problem));
            }
            if let Some(outcome) = self.again(kind, &change) {
                return outcome;
            }
            if change.planned.is_null() {
                return self.delete(kind, change);
            }
            if !change.config.is_wholly_known() {
                return Outcome::refused("Configuration is not known", "A mistake of the engine.");
            }
            if change.prior.is_null() {
                self.create(kind, change)
            } else {
                self.update(kind, change)
            }
        })
    }

    /// What came of the change of this token, if it was made before.
    fn again(&self, kind: &Kind, change: &Change) -> Option<Outcome> {
        let token = &change.token;
        let done = self
            .done
            .get(token)
            .filter(|_| self.traits.idempotent && !token.is_empty())?;
        if done.type_name != kind.name {
            return Some(Outcome::refused(
                "Token used twice",
                "The token names a change of another type.",
            ));
        }
        let state = done.state.clone();
        Some(answer(kind, state, &done.id, change.private.clone(), false))
    }

    fn remember(&mut self, kind: &Kind, token: &str, id: &EcoString, state: Option<Value>) {
        let done = Done {
            type_name: kind.name.into(),
            id: id.clone(),
            state,
        };
        self.done.insert(token.into(), done);
    }

    fn create(&mut self, kind: &Kind, change: Change) -> Outcome {
        let Change {
            planned,
            config,
            private,
            token,
            ..
        } = change;
        let id = self.new_id(kind, &token);
        let state = args::with(&planned, "id", Value::string(id.clone()));
        let state = fill::unknowns(&state, &config, &mut |path| self.hash(&[&id, path]));
        if let Some(problem) = self.broken_rule(kind, &state, &id) {
            return Outcome::refused("Refused by the cloud", problem);
        }
        self.remember(kind, &token, &id, Some(state.clone()));
        let entity = Entity {
            type_name: kind.name.into(),
            id: id.clone(),
            state: state.clone(),
            token,
            before: None,
        };
        let token = entity.token.clone();
        self.entities.insert(id.clone(), entity);
        self.note(kind.name, &id, &token);
        answer(kind, Some(state), &id, private, true)
    }

    /// An id that depends on the token alone, unless that one is taken.
    fn new_id(&mut self, kind: &Kind, token: &str) -> EcoString {
        loop {
            let count = self.ask(&format!("id {} {token}", kind.name)).to_string();
            let hash = self.hash(&["id", kind.name, token, &count]);
            let id = EcoString::from(format!("{}-{:012x}", kind.prefix, hash >> 16));
            if !self.entities.contains_key(&id) {
                return id;
            }
        }
    }

    fn update(&mut self, kind: &Kind, change: Change) -> Outcome {
        let Change {
            prior,
            planned,
            config,
            private,
            identity: _,
            token,
        } = change;
        let id = EcoString::from(args::string(&prior, "id").unwrap_or_default());
        let count = self.ask(&format!("change {id}")).to_string();
        let state = fill::unknowns(&planned, &config, &mut |path| {
            self.hash(&[&id, path, &count])
        });
        if !self.entities.contains_key(&id) {
            return Outcome::refused(
                "Object not found",
                format!("There is no {} with id {id}.", kind.name),
            );
        }
        if let Some(problem) = self.broken_rule(kind, &state, &id) {
            return Outcome::refused("Refused by the cloud", problem);
        }
        self.remember(kind, &token, &id, Some(state.clone()));
        if let Some(entity) = self.entities.get_mut(&id) {
            entity.before = Some(std::mem::replace(&mut entity.state, state.clone()));
        }
        self.note(kind.name, &id, &token);
        answer(kind, Some(state), &id, private, true)
    }

    fn delete(&mut self, kind: &Kind, change: Change) -> Outcome {
        let Change {
            prior,
            private,
            token,
            ..
        } = change;
        let id = EcoString::from(args::string(&prior, "id").unwrap_or_default());
        if let Some(dependent) = self.dependent(kind.name, &id) {
            let problem = format!("{id} is in use by {}.", dependent.id);
            return Outcome {
                id: Some(id),
                ..Outcome::refused("Refused by the cloud", problem)
            };
        }
        let effect = self.entities.remove(&id).is_some();
        self.remember(kind, &token, &id, None);
        self.note(kind.name, &id, &token);
        answer(kind, None, &id, private, effect)
    }
}

fn answer(
    kind: &Kind,
    state: Option<Value>,
    id: &EcoString,
    private: Private,
    effect: bool,
) -> Outcome {
    let identity = if state.is_some() {
        identity(id)
    } else {
        Value::NULL
    };
    let gone = || Value::null(kind.schema.block.implied_type().clone());
    let answer = Answer::Apply {
        state: state.unwrap_or_else(gone),
        private,
        identity,
        legacy_type_system: false,
    };
    Outcome {
        id: Some(id.clone()),
        effect,
        ..Outcome::of(Reply::ok(answer))
    }
}
