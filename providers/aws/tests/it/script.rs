//! AWS as a list of answers: for what no emulator says.

use crate::support::World;
use async_trait::async_trait;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use terrane_aws::config::Given;
use terrane_aws::{Aws, Door, Opened};
use terrane_aws_client::{Api, ApiError, ErrorKind, Request};
use terrane_provider::native::Answered;

/// An answer, or an error of this code and kind.
pub(crate) type Said = Result<Json, (&'static str, ErrorKind)>;

/// The service says no.
pub(crate) fn no(code: &'static str) -> Said {
    Err((code, ErrorKind::Refused))
}

/// "Too fast".
pub(crate) fn too_fast() -> Said {
    Err(("Throttling", ErrorKind::Throttled))
}

/// The answer is lost.
pub(crate) fn lost() -> Said {
    let kind = ErrorKind::NoAnswer {
        may_have_happened: true,
    };
    Err(("NoAnswer", kind))
}

/// Answers by operation, in order; the last one stays. What has none is answered with nothing.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<BTreeMap<String, VecDeque<Said>>>,
    asked: Mutex<Vec<(String, Json)>>,
}

impl Script {
    /// A provider that is answered so.
    pub(crate) async fn world(
        answers: impl IntoIterator<Item = (&'static str, Vec<Said>)>,
        config: Json,
    ) -> (World, Arc<Self>) {
        let script = Arc::new(Self::default());
        script.set(answers);
        let environment = [("TERRANE_AWS_POLL_SCALE".to_owned(), "0".to_owned())];
        let aws = Aws::with(
            Arc::new(Through(script.clone())),
            terrane_aws::shapes(),
            environment.into(),
        )
        .listing();
        (World::of(&aws, config).await, script)
    }

    /// Further answers.
    pub(crate) fn set(&self, answers: impl IntoIterator<Item = (&'static str, Vec<Said>)>) {
        let answers = answers
            .into_iter()
            .map(|(operation, answers)| (operation.to_owned(), answers.into()));
        self.answers.lock().unwrap().extend(answers);
    }

    /// The operations that were asked for.
    pub(crate) fn operations(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(name, _)| name.clone()).collect()
    }

    /// What an operation was asked with, each time.
    pub(crate) fn inputs(&self, operation: &str) -> Vec<Json> {
        let asked = self.asked.lock().unwrap();
        let ours = asked.iter().filter(|(name, _)| name == operation);
        ours.map(|(_, input)| input.clone()).collect()
    }

    /// Forgets what was asked.
    pub(crate) fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }
}

#[async_trait]
impl Api for Script {
    async fn call(&self, request: Request) -> Result<Json, ApiError> {
        let Request {
            service,
            operation,
            input,
            ..
        } = request;
        let mut answers = self.answers.lock().unwrap();
        let said = match answers.get_mut(&operation) {
            Some(answers) if answers.len() > 1 => answers.pop_front(),
            Some(answers) => answers.front().cloned(),
            None => None,
        };
        self.asked.lock().unwrap().push((operation.clone(), input));
        said.unwrap_or(Ok(json!({}))).map_err(|(code, kind)| {
            ApiError::new(&service, &operation, code, "the service says so", kind)
        })
    }
}

/// The way to whoever answers.
#[derive(Debug)]
pub(crate) struct Through<T>(pub(crate) Arc<T>);

#[async_trait]
impl<T: Api + 'static> Door for Through<T> {
    async fn open(&self, _given: &Given) -> Answered<Opened> {
        let identity = terrane_aws_client::Identity {
            account: "123456789012".into(),
            arn: "arn:aws:iam::123456789012:user/u".into(),
            partition: "aws".into(),
            user_id: "U".into(),
        };
        Ok((self.0.clone(), "eu-west-1".into(), Some(identity)))
    }
}
