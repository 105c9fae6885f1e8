//! AWS as one object that is kept: whole lives of types that no emulator has.
//!
//! What is put is kept as it came; a test says how the service shows it. Inputs and answers are held against the models of the operations, so that neither a
//! table nor a test makes up members.

use crate::script::{Through, lost, no, too_fast};
use crate::support::{Made, World, differences};
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};
use terrane_aws::Aws;
use terrane_aws::shape::{Shape, Shapes};
use terrane_aws_client::{Api, ApiError, ErrorKind, Request};
use terrane_model::provider::{Answer, Reply};

/// A type, and how the service behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    pub(crate) type_name: &'static str,
    /// Operations that make, change and delete the object. What they put is kept.
    pub(crate) create: &'static str,
    pub(crate) update: &'static [&'static str],
    pub(crate) delete: &'static str,
    /// The answer to an operation while the object is there, made of all that was put.
    pub(crate) shown: fn(&str, &Json) -> Json,
    /// The answer to everything else where it is not there: an error, or none for nothing at all.
    pub(crate) gone: Option<&'static str>,
}

/// The life of an object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    pub(crate) config: Json,
    /// Another configuration that is reached in place; null: there is none.
    pub(crate) other: Json,
    /// Arguments that ask for a new object when they are this: the argument, and its path in the plan where that is not its name.
    pub(crate) renewed: Vec<(Json, &'static str)>,
    pub(crate) import: &'static str,
    /// What an import does not know.
    pub(crate) unknown: &'static [&'static str],
    /// What was sent: operation, path, value.
    pub(crate) sent: Vec<(&'static str, &'static str, Json)>,
    /// It is deleted by forgetting it.
    pub(crate) stays: bool,
    /// It is made by more than one call of equal weight: a refusal does not leave nothing behind.
    pub(crate) steps: bool,
    /// What it is of is there before it.
    pub(crate) there: bool,
    /// There always is one: nobody else can delete it.
    pub(crate) lasts: bool,
    /// What is shown says what there is.
    pub(crate) listed: bool,
}

/// The answer to an operation whose output has this form, made of all that was put.
pub(crate) type Shown = Box<dyn Fn(&str, &Shape, &Json) -> Json + Send + Sync>;

struct Cloud {
    service: Service,
    shown: Shown,
    shapes: Arc<dyn Shapes>,
    kept: Mutex<Option<Json>>,
    asked: Mutex<Vec<(String, Json)>>,
    refusal: Mutex<Option<(&'static str, ErrorKind)>>,
}

impl std::fmt::Debug for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cloud").field(&self.service).finish()
    }
}

impl Cloud {
    async fn world(service: Service, shown: Shown) -> (World, Arc<Self>) {
        let cloud = Arc::new(Self {
            service,
            shown,
            shapes: terrane_aws::shapes(),
            kept: Mutex::default(),
            asked: Mutex::default(),
            refusal: Mutex::default(),
        });
        let environment = [("TERRANE_AWS_POLL_SCALE".to_owned(), "0".to_owned())];
        let door = Arc::new(Through(cloud.clone()));
        let aws = Aws::with(door, terrane_aws::shapes(), environment.into()).listing();
        (World::of(&aws, json!({})).await, cloud)
    }

    fn kept(&self) -> Option<Json> {
        self.kept.lock().unwrap().clone()
    }

    fn keep(&self, object: Option<Json>) {
        *self.kept.lock().unwrap() = object;
    }

    fn inputs(&self, operation: &str) -> Vec<Json> {
        let asked = self.asked.lock().unwrap();
        let ours = asked.iter().filter(|(name, _)| name == operation);
        ours.map(|(_, input)| input.clone()).collect()
    }

    /// What becomes of the object.
    fn carry_out(&self, operation: &str, input: &Json) {
        let mut kept = self.kept.lock().unwrap();
        if operation == self.service.delete {
            *kept = None;
        } else if operation == self.service.create && kept.is_none() {
            *kept = Some(input.clone());
        } else if let Some(object) = kept.as_mut()
            && (operation == self.service.create || self.service.update.contains(&operation))
        {
            let members = input.as_object().unwrap();
            for (name, value) in members {
                object[name] = value.clone();
            }
        } else if let Some(object) = kept.as_mut() {
            tag(operation, input, object);
        }
    }
}

/// Tags, in whatever form the service has them: kept as it takes them on creation.
fn tag(operation: &str, input: &Json, object: &mut Json) {
    let name = ["tags", "Tags"]
        .into_iter()
        .find(|name| input.get(*name).is_some());
    match (operation, name) {
        ("TagResource", Some(name))
            if input[name].is_object() && input[name]["Items"].is_null() =>
        {
            for (key, value) in input[name].as_object().unwrap() {
                object[name][key] = value.clone();
            }
        }
        ("TagResource" | "AddTagsToResource", Some(name)) => {
            let list = |tags: &Json| tags.get("Items").unwrap_or(tags).as_array().cloned();
            let new = list(&input[name]).unwrap();
            let mut all = list(&object[name]).unwrap_or_default();
            all.retain(|one| new.iter().all(|other| other["Key"] != one["Key"]));
            all.extend(new);
            object[name] = match input[name].get("Items") {
                Some(_) => json!({"Items": all}),
                None => all.into(),
            };
        }
        ("UntagResource" | "RemoveTagsFromResource", _) => {
            let keys = ["tagKeys", "TagKeys"]
                .iter()
                .find_map(|key| input.get(*key));
            let keys = keys.unwrap();
            let keys = keys.get("Items").unwrap_or(keys).as_array().unwrap();
            for name in ["tags", "Tags"] {
                let tags = match object.get_mut(name) {
                    Some(Json::Object(tags)) if !tags.contains_key("Items") => {
                        tags.retain(|key, _| !keys.contains(&json!(key)));
                        continue;
                    }
                    Some(Json::Object(tags)) => tags.get_mut("Items"),
                    other => other,
                };
                if let Some(Json::Array(tags)) = tags {
                    tags.retain(|tag| !keys.contains(&tag["Key"]));
                }
            }
        }
        _ => {}
    }
}

#[async_trait]
impl Api for Cloud {
    async fn call(&self, request: Request) -> Result<Json, ApiError> {
        let Request {
            service,
            operation,
            input,
            ..
        } = request;
        let error = |code: &str, kind| {
            Err(ApiError::new(
                &service,
                &operation,
                code,
                "it says so",
                kind,
            ))
        };
        let form = self.shapes.operation(&service, &operation);
        let form = form.unwrap_or_else(|| panic!("{service} has no {operation}"));
        assert_eq!(misfit(&form.input, &input, &operation, true), None);
        self.asked
            .lock()
            .unwrap()
            .push((operation.clone(), input.clone()));
        if let Some((code, kind)) = self.refusal.lock().unwrap().take() {
            return error(code, kind);
        }
        let there = self.kept().is_some() || operation == self.service.create;
        if !there {
            return match self.service.gone {
                Some(code) => error(code, ErrorKind::Refused),
                None => Ok(json!({})),
            };
        }
        let before = self.kept();
        self.carry_out(&operation, &input);
        let object = self.kept().or(before).unwrap();
        let answer = (self.shown)(&operation, &form.output, &object);
        assert_eq!(misfit(&form.output, &answer, &operation, false), None);
        Ok(answer)
    }
}

/// What is not as the model says: members that it does not have, values of another form, and, of a whole input, members that are missing.
pub(crate) fn misfit(shape: &Shape, value: &Json, at: &str, whole: bool) -> Option<String> {
    match (shape, value) {
        (_, Json::Null) | (Shape::Any, _) => None,
        (Shape::Structure { members, required }, Json::Object(found)) => {
            let missing = required
                .iter()
                .find(|name| whole && found.get(*name).is_none_or(Json::is_null));
            if let Some(name) = missing {
                return Some(format!("{at}: no {name}"));
            }
            found.iter().find_map(|(name, value)| {
                match members.iter().find(|(member, _)| member == name) {
                    Some((_, shape)) => misfit(shape, value, &format!("{at}.{name}"), whole),
                    None => Some(format!("{at}: there is no member {name}")),
                }
            })
        }
        (Shape::List(element), Json::Array(items)) => items
            .iter()
            .find_map(|item| misfit(element, item, &format!("{at}[]"), whole)),
        (Shape::Map(element), Json::Object(items)) => items
            .iter()
            .find_map(|(key, item)| misfit(element, item, &format!("{at}.{key}"), whole)),
        (Shape::Text | Shape::Blob, Json::String(_) | Json::Number(_))
        | (Shape::Number, Json::Number(_))
        | (Shape::Bool, Json::Bool(_)) => None,
        _ => Some(format!("{at}: {value} is no {shape:?}")),
    }
}

/// Lives the life of an object, with all that may happen in it.
pub(crate) async fn live(service: Service, life: Life) {
    let shown =
        Box::new(move |operation: &str, _: &Shape, put: &Json| (service.shown)(operation, put));
    live_with(service, shown, life).await;
}

/// The same, with other answers.
pub(crate) async fn live_with(service: Service, shown: Shown, life: Life) {
    let (world, cloud) = Cloud::world(service, shown).await;
    if !life.steps {
        refusals(&world, &cloud, &life.config).await;
    }
    if life.there {
        cloud.keep(Some(json!({})));
    }
    let made = world.create(service.type_name, life.config.clone()).await;
    if life.listed {
        world.is_listed(&made).await;
    }
    if !life.import.is_empty() {
        let config = life.config.clone();
        world.adopt(&made, life.import, config, life.unknown).await;
    }
    for (change, path) in &life.renewed {
        let mut config = life.config.clone();
        for (name, value) in change.as_object().unwrap() {
            config[name] = value.clone();
        }
        let renewed = world.replaced(&made, config).await;
        assert_eq!(
            renewed,
            [format!(".{path}")],
            "{}: {change}",
            service.type_name
        );
    }
    let made = match &life.other {
        Json::Null => made,
        other => changed(&world, &cloud, made, other).await,
    };
    if !life.lasts {
        unseen(&world, &cloud, &made).await;
    }
    if life.stays {
        world.let_go(&made).await;
    } else {
        world.delete(&made).await;
        assert!(cloud.kept().is_none());
    }
    for (operation, path, value) in &life.sent {
        let inputs = cloud.inputs(operation);
        let found = inputs
            .iter()
            .any(|input| input.pointer(path).unwrap_or(&Json::Null) == value);
        assert!(found, "{operation} {path}: {value} is not in {inputs:#?}");
    }
}

/// Changed in place; changed back by somebody else, that is seen.
async fn changed(world: &World, cloud: &Cloud, made: Made, other: &Json) -> Made {
    let before = cloud.kept();
    let now = world.update(&made, other.clone()).await;
    let after = cloud.kept();
    cloud.keep(before);
    let seen = world.read(&now).await;
    let drift = differences(&now.state, &seen);
    assert!(
        !drift.is_empty(),
        "{}: a change is not seen",
        made.type_name
    );
    cloud.keep(after);
    now
}

/// Somebody else deletes it: that is seen, and it may be deleted again.
async fn unseen(world: &World, cloud: &Cloud, made: &Made) {
    let kept = cloud.kept();
    cloud.keep(None);
    assert!(world.read(made).await.is_null(), "{made:?} is there");
    world.let_go(made).await;
    cloud.keep(kept);
}

/// What a creation that does not succeed leaves behind.
async fn refusals(world: &World, cloud: &Cloud, config: &Json) {
    let type_name = cloud.service.type_name;
    let next = |said: crate::script::Said| {
        *cloud.refusal.lock().unwrap() = said.err();
    };
    next(no("AccessDenied"));
    let reply = world.try_create(type_name, config.clone()).await.unwrap();
    let Reply {
        answer: Some(Answer::Apply { state, .. }),
        diagnostics,
    } = reply
    else {
        panic!("{type_name}: {reply:?}")
    };
    assert!(state.is_null(), "{type_name}: {state:?}");
    assert!(
        diagnostics
            .iter()
            .any(|one| one.detail.contains("AccessDenied"))
    );
    next(too_fast());
    let failure = world
        .try_create(type_name, config.clone())
        .await
        .unwrap_err();
    assert!(failure.retry_after_ms.is_some() && !failure.may_have_happened);
    next(lost());
    let failure = world
        .try_create(type_name, config.clone())
        .await
        .unwrap_err();
    assert!(failure.may_have_happened, "{type_name}: {failure:?}");
    cloud.keep(None);
    let first = cloud.asked.lock().unwrap().len();
    assert_eq!(first, 3, "{type_name}: nothing is asked again by itself");
}
