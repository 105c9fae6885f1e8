//! Shapes out of the client's operation models.

use crate::shape::{Operation, Shape, Shapes};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use terrane_aws_client::model::{Kind, Model, ShapeId, model};

/// How deep shapes are looked at: some hold themselves.
const DEEPEST: usize = 14;

/// By service and operation.
type Known = BTreeMap<(String, String), Option<Arc<Operation>>>;

/// The client's models, operation by operation as they are used.
#[derive(Debug, Default)]
pub(crate) struct Models {
    known: Mutex<Known>,
}

impl Shapes for Models {
    fn operation(&self, service: &str, operation: &str) -> Option<Arc<Operation>> {
        let key = (service.to_owned(), operation.to_owned());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(key)
            .or_insert_with(|| look(service, operation).map(Arc::new))
            .clone()
    }
}

fn look(service: &str, name: &str) -> Option<Operation> {
    let model = model(service)?.ok()?;
    let operation = model.operation(name)?;
    let form = |id: Option<ShapeId>| id.map_or_else(empty, |id| shape(model, id, &mut Vec::new()));
    let tokens = operation.input().map(|id| {
        model
            .shape(id)
            .members()
            .filter(|member| member.is_token_of(service, name))
            .map(|member| member.name().to_owned())
            .collect()
    });
    Some(Operation {
        input: form(operation.input()),
        output: form(operation.output()),
        tokens: tokens.unwrap_or_default(),
    })
}

fn empty() -> Shape {
    Shape::Structure {
        members: Vec::new(),
        required: Vec::new(),
    }
}

/// `within`: the shapes around this one.
fn shape(model: &Model, id: ShapeId, within: &mut Vec<ShapeId>) -> Shape {
    if within.len() > DEEPEST || within.contains(&id) {
        return Shape::Any;
    }
    let about = model.shape(id);
    within.push(id);
    let mut below = |id: ShapeId| shape(model, id, within);
    let made = match about.kind() {
        Kind::Structure => Shape::Structure {
            members: about
                .members()
                .map(|member| (member.name().to_owned(), below(member.shape())))
                .collect(),
            required: about
                .members()
                .filter(|member| member.is_required())
                .map(|member| member.name().to_owned())
                .collect(),
        },
        Kind::List => Shape::List(Box::new(about.element().map_or(Shape::Any, below))),
        Kind::Map => Shape::Map(Box::new(about.element().map_or(Shape::Any, below))),
        Kind::String | Kind::Timestamp => Shape::Text,
        Kind::Integer | Kind::Float => Shape::Number,
        Kind::Boolean => Shape::Bool,
        Kind::Blob => Shape::Blob,
    };
    within.pop();
    made
}
