//! Functions of providers, for evaluation: a door that looks synchronous from inside.
//!
//! Evaluation happens in the middle of machines that run on a runtime, where waiting for a provider would block or panic. So one thread
//! of its own, with a runtime of its own, keeps the instances (unconfigured, one per provider, started by the first call) and answers
//! one question after the other. Functions are pure: what was answered once is answered from memory.

use ecow::EcoString;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};

use futures::FutureExt as _;
use terrane_lang::functions::{ProviderFunctionError, ProviderFunctions};
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Answer, Call};
use terrane_provider::{Provider, Providers};
use terrane_value::Value;

type Answered = Result<Value, ProviderFunctionError>;
type Question = (String, EcoString, Vec<Value>);

/// How many answers are kept. Beyond that the memory is emptied and filled again.
const MOST_KEPT: usize = 65_536;

/// Calls functions of the providers of a command.
#[derive(Debug)]
pub(crate) struct Door {
    factories: Providers,
    worker: OnceLock<Option<tokio::sync::mpsc::UnboundedSender<Request>>>,
    /// By provider, function and arguments.
    known: Mutex<HashMap<Key, Vec<Known>>>,
}

/// Provider, function, hash of the arguments.
type Key = (String, EcoString, u64);
/// Arguments and what was answered.
type Known = (Vec<Value>, Answered);

#[derive(Debug)]
struct Request {
    question: Question,
    answer: mpsc::Sender<Answered>,
}

impl Door {
    /// A door to these providers. Nothing is started before the first call.
    pub(crate) fn new(factories: Providers) -> Self {
        Self {
            factories,
            worker: OnceLock::new(),
            known: Mutex::new(HashMap::new()),
        }
    }

    fn worker(&self) -> Option<&tokio::sync::mpsc::UnboundedSender<Request>> {
        self.worker
            .get_or_init(|| {
                let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
                let factories = self.factories.clone();
                std::thread::Builder::new()
                    .name(String::from("provider-functions"))
                    .spawn(move || serve(factories, receiver))
                    .ok()
                    .map(|_| sender)
            })
            .as_ref()
    }

    fn ask(&self, question: Question) -> Answered {
        let lost = || failure("the provider could not be asked");
        let (answer, answered) = mpsc::channel();
        let worker = self.worker().ok_or_else(lost)?;
        worker
            .send(Request { question, answer })
            .map_err(|_| lost())?;
        answered.recv().map_err(|_| lost())?
    }
}

impl ProviderFunctions for Door {
    fn call(&self, provider: &str, function: &str, args: &[Value]) -> Answered {
        let key: Key = (provider.to_owned(), function.into(), hash(args));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = known.get(&key);
        if let Some((_, answer)) = answers.into_iter().flatten().find(|(of, _)| of == args) {
            return answer.clone();
        }
        // Others wait: they may be about to ask the same.
        let answer = self.ask((provider.to_owned(), function.into(), args.to_vec()));
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known
            .entry(key)
            .or_default()
            .push((args.to_vec(), answer.clone()));
        answer
    }
}

fn hash(args: &[Value]) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    for arg in args {
        hasher.write_u64(arg.content_hash());
    }
    hasher.finish()
}

fn failure(text: impl Into<String>) -> ProviderFunctionError {
    ProviderFunctionError {
        text: text.into(),
        argument: None,
    }
}

/// Answers until nobody can ask any more.
fn serve(factories: Providers, mut requests: tokio::sync::mpsc::UnboundedReceiver<Request>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        // Dropping the receiver tells whoever asks.
        return;
    };
    runtime.block_on(async {
        let mut started: HashMap<String, Arc<dyn Provider>> = HashMap::new();
        while let Some(Request { question, answer }) = requests.recv().await {
            let answered = AssertUnwindSafe(carry_out(&factories, &mut started, question))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(failure("the provider crashed; this is a bug in it")));
            // Whoever asked may be gone.
            drop(answer.send(answered));
        }
    });
    runtime.shutdown_background();
}

async fn carry_out(
    factories: &Providers,
    started: &mut HashMap<String, Arc<dyn Provider>>,
    (addr, name, arguments): Question,
) -> Answered {
    let provider = match started.get(&addr) {
        Some(provider) => provider.clone(),
        None => {
            let factory = parsed(&addr).and_then(|addr| factories.get(&addr));
            let Some(factory) = factory else {
                return Err(failure(format!("the provider {addr} is not available")));
            };
            let provider = factory.start().await.map_err(|problem| {
                failure(format!(
                    "the provider {addr} could not be started: {}",
                    problem.message
                ))
            })?;
            started.insert(addr, provider.clone());
            provider
        }
    };
    let count = arguments.len();
    tracing::debug!(function = name.as_str(), "call function");
    let reply = provider.call(Call::CallFunction { name, arguments }).await;
    let reply = reply.map_err(|problem| failure(problem.message))?;
    if let Some(problem) = reply.diagnostics.iter().find(|message| message.is_error) {
        let text = [
            problem.summary.as_str(),
            problem.detail.trim_end_matches('.'),
        ];
        let text: Vec<&str> = text.into_iter().filter(|text| !text.is_empty()).collect();
        return Err(failure(text.join(": ")));
    }
    match reply.answer {
        Some(Answer::Function(Ok(value))) => Ok(value),
        Some(Answer::Function(Err((text, argument)))) => Err(ProviderFunctionError {
            text: text.trim_end_matches('.').to_owned(),
            argument: argument
                .and_then(|at| usize::try_from(at).ok())
                .filter(|at| *at < count),
        }),
        _ => Err(failure(
            "the provider gave an answer of another kind; this is a bug in it",
        )),
    }
}

fn parsed(addr: &str) -> Option<ProviderAddr> {
    let mut parts = addr.splitn(3, '/');
    Some(ProviderAddr {
        host: parts.next()?.into(),
        namespace: parts.next()?.into(),
        type_name: parts.next()?.into(),
    })
}
