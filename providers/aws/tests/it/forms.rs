//! Every call of every type against the models of its operations, with all arguments written: what a table or a function puts into an input is there.

use crate::kept::misfit;
use crate::script::Through;
use crate::support::World;
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use terrane_aws::Aws;
use terrane_aws::shape::Shapes;
use terrane_aws_client::{Api, ApiError, ErrorKind, Request};
use terrane_model::provider::{Call, Private};
use terrane_model::schema::{Block, Nesting};
use terrane_value::{Type, Value};

/// A service that has no answers, and looks at what it is asked.
#[derive(Debug)]
struct Looker {
    shapes: Arc<dyn Shapes>,
    found: Mutex<BTreeSet<String>>,
    type_name: Mutex<String>,
    asked: Mutex<usize>,
    /// How many more are answered: what waits for a state waits no longer then.
    left: Mutex<usize>,
    /// Whether all are refused, or answered with nothing.
    refuses: Mutex<bool>,
}

#[async_trait]
impl Api for Looker {
    async fn call(&self, request: Request) -> Result<Json, ApiError> {
        let name = format!("{} {}", request.service, request.operation);
        let problem = match self.shapes.operation(&request.service, &request.operation) {
            None => Some(format!("there is no operation {name}")),
            Some(form) => misfit(&form.input, &request.input, &name, false),
        };
        *self.asked.lock().unwrap() += 1;
        if let Some(problem) = problem {
            let type_name = self.type_name.lock().unwrap().clone();
            self.found
                .lock()
                .unwrap()
                .insert(format!("{type_name}: {problem}"));
        }
        let none_left = {
            let mut left = self.left.lock().unwrap();
            *left = left.saturating_sub(1);
            *left == 0
        };
        if none_left || *self.refuses.lock().unwrap() {
            let error = (request.service, request.operation);
            return Err(ApiError::new(
                &error.0,
                &error.1,
                "No",
                "no",
                ErrorKind::Refused,
            ));
        }
        Ok(json!({}))
    }
}

/// How many requests of one call are answered.
const MOST: usize = 60;

/// A value of a type, one of two.
fn value(ty: &Type, other: bool) -> Value {
    let one = || vec![value_of(ty, other)];
    match ty {
        Type::String => Value::string(if other { "two" } else { "one" }),
        Type::Number => Value::number(if other { 2 } else { 1 }),
        Type::Bool => Value::bool(!other),
        Type::List(element) => Value::list((**element).clone(), one()),
        Type::Set(element) => Value::set((**element).clone(), one()),
        Type::Map(element) => Value::map(
            (**element).clone(),
            [("k".into(), value(element, other))].into(),
        ),
        Type::Object(object) => Value::object(
            object
                .attributes
                .iter()
                .map(|(name, ty)| (name.clone(), value(ty, other)))
                .collect::<Vec<_>>(),
        ),
        _ => Value::null(ty.clone()),
    }
}

fn value_of(ty: &Type, other: bool) -> Value {
    match ty {
        Type::List(element) | Type::Set(element) => value(element, other),
        _ => Value::NULL,
    }
}

/// A block in which all is written. Computed is what `computed` says: as it was, or nothing.
fn block(schema: &Block, other: bool, computed: bool) -> Value {
    let empty = schema.empty_value();
    let terrane_value::Kind::Object(attributes) = empty.kind() else {
        return empty;
    };
    let values = attributes.iter().map(|(name, none)| {
        let value = match (schema.attributes.get(name), schema.blocks.get(name)) {
            (Some(attribute), _) if attribute.computed && !attribute.optional && !computed => {
                none.clone()
            }
            (Some(attribute), _) => value(&attribute.value_type(), other),
            // Times would be waited for.
            (None, Some(_)) if name.as_str() == "timeouts" => none.clone(),
            (None, Some(nested)) => {
                let inner = block(&nested.block, other, computed);
                let element = nested.block.implied_type().clone();
                match nested.nesting {
                    Nesting::Set => Value::set(element, vec![inner]),
                    Nesting::List => Value::list(element, vec![inner]),
                    _ => inner,
                }
            }
            (None, None) => none.clone(),
        };
        (name.clone(), value)
    });
    Value::object(values.collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_in_the_models() {
    let looker = Arc::new(Looker {
        shapes: terrane_aws::shapes(),
        found: Mutex::default(),
        type_name: Mutex::default(),
        asked: Mutex::default(),
        left: Mutex::default(),
        refuses: Mutex::default(),
    });
    let environment = [("TERRANE_AWS_POLL_SCALE".to_owned(), "0".to_owned())];
    let door = Arc::new(Through(looker.clone()));
    let aws = Aws::with(door, terrane_aws::shapes(), environment.into());
    let world = World::of(&aws, json!({})).await;
    for name in terrane_aws::types() {
        *looker.type_name.lock().unwrap() = name.to_owned();
        let schema = world.block(name);
        let none = world.null(name);
        let (one, two) = (block(schema, false, true), block(schema, true, true));
        for (prior, planned) in [(&none, &one), (&one, &two), (&one, &none)] {
            for refuses in [true, false] {
                *looker.refuses.lock().unwrap() = refuses;
                *looker.left.lock().unwrap() = MOST;
                let call = Call::Apply {
                    type_name: name.into(),
                    prior: prior.clone(),
                    planned: planned.clone(),
                    config: planned.clone(),
                    private: Private::default(),
                    meta: Value::NULL,
                    identity: Value::NULL,
                    token: "token".into(),
                };
                drop(world.attempt(call).await);
            }
        }
        *looker.refuses.lock().unwrap() = false;
        *looker.left.lock().unwrap() = MOST;
        let call = Call::Read {
            type_name: name.into(),
            current: one.clone(),
            private: Private::default(),
            meta: Value::NULL,
            identity: Value::NULL,
        };
        drop(world.attempt(call).await);
    }
    let found = looker.found.lock().unwrap();
    assert!(found.is_empty(), "{}: {found:#?}", found.len());
    assert!(*looker.asked.lock().unwrap() > 1000);
}
