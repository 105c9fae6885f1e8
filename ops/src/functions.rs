//! Functions of providers, for evaluation: a door that looks synchronous from inside.
//!
//! Evaluation happens in the middle of machines that run on a runtime, where waiting for a provider would block or panic. So one thread
//! of its own, with a runtime of its own, keeps the instances (one per provider and configuration, and one that is not configured, each
//! started by the first call) and answers one question after the other. Functions are pure: what was answered once is answered from memory.

use crate::interrupt::Patience;
use ecow::EcoString;
use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};

use futures::FutureExt as _;
use terrane_config::compile::provider_function;
use terrane_lang::functions::{Callee, ProviderFunction, ProviderFunctionError, ProviderFunctions};
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Answer, Call, CallFailure, Reply};
use terrane_model::schema::Function;
use terrane_provider::{Provider, Providers};
use terrane_value::Value;

type Failed = ProviderFunctionError;
type Answered = Result<Value, Failed>;
type Described = Result<Option<Arc<ProviderFunction>>, Failed>;
/// The functions of one instance.
type Functions = BTreeMap<EcoString, Arc<Function>>;

/// Which instance: the address of its provider, and what it is configured with.
#[derive(Clone, Debug, PartialEq)]
struct Of {
    provider: String,
    config: Option<Value>,
}

impl Of {
    fn new(callee: Callee<'_>) -> Self {
        Self {
            provider: callee.provider.to_owned(),
            config: callee.config.cloned(),
        }
    }

    fn is(&self, callee: Callee<'_>) -> bool {
        self.provider == callee.provider && self.config.as_ref() == callee.config
    }
}

/// How many answers are kept. Beyond that the memory is emptied and filled again.
const MOST_KEPT: usize = 65_536;

/// Calls functions of the providers of a command.
#[derive(Debug)]
pub(crate) struct Door {
    factories: Providers,
    patience: Patience,
    worker: OnceLock<Option<tokio::sync::mpsc::UnboundedSender<Request>>>,
    /// By function and arguments.
    known: Mutex<HashMap<Key, Vec<Known>>>,
    /// The functions of configured instances.
    described: Mutex<Vec<Offer>>,
}

/// Instance, and the functions that it has.
type Offer = (Of, Result<Arc<Functions>, Failed>);
/// Function, hash of the arguments.
type Key = (EcoString, u64);
/// Instance, arguments and what was answered.
type Known = (Of, Vec<Value>, Answered);

#[derive(Debug)]
struct Request {
    of: Of,
    question: Question,
}

#[derive(Debug)]
enum Question {
    Call(EcoString, Vec<Value>, mpsc::Sender<Answered>),
    Functions(mpsc::Sender<Result<Arc<Functions>, Failed>>),
}

impl Door {
    /// A door to these providers. Nothing is started before the first call.
    pub(crate) fn new(factories: Providers, patience: Patience) -> Self {
        Self {
            factories,
            patience,
            worker: OnceLock::new(),
            known: Mutex::new(HashMap::new()),
            described: Mutex::new(Vec::new()),
        }
    }

    fn worker(&self) -> Option<&tokio::sync::mpsc::UnboundedSender<Request>> {
        self.worker
            .get_or_init(|| {
                let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
                let (factories, patience) = (self.factories.clone(), self.patience.clone());
                std::thread::Builder::new()
                    .name(String::from("provider-functions"))
                    .spawn(move || serve(factories, &patience, receiver))
                    .ok()
                    .map(|_| sender)
            })
            .as_ref()
    }

    fn ask<T>(
        &self,
        of: Of,
        question: impl FnOnce(mpsc::Sender<Result<T, Failed>>) -> Question,
    ) -> Result<T, Failed> {
        let lost = || failure("the provider could not be asked");
        let (answer, answered) = mpsc::channel();
        let worker = self.worker().ok_or_else(lost)?;
        let question = question(answer);
        worker.send(Request { of, question }).map_err(|_| lost())?;
        answered.recv().map_err(|_| lost())?
    }

    /// The functions of an instance.
    fn functions(&self, of: Callee<'_>) -> Result<Arc<Functions>, Failed> {
        let mut known = self
            .described
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, functions)) = known.iter().find(|(other, _)| other.is(of)) {
            return functions.clone();
        }
        let functions = self.ask(Of::new(of), Question::Functions);
        known.push((Of::new(of), functions.clone()));
        functions
    }
}

impl ProviderFunctions for Door {
    fn call(&self, of: Callee<'_>, function: &str, args: &[Value]) -> Answered {
        let key: Key = (function.into(), hash(args));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answers = known.get(&key).into_iter().flatten();
        if let Some((.., answer)) = answers.find(|(other, to, _)| other.is(of) && to == args) {
            return answer.clone();
        }
        // Others wait: they may be about to ask the same.
        let answer = self.ask(Of::new(of), |answer| {
            Question::Call(function.into(), args.to_vec(), answer)
        });
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known
            .entry(key)
            .or_default()
            .push((Of::new(of), args.to_vec(), answer.clone()));
        answer
    }

    fn describe(&self, of: Callee<'_>, function: &str) -> Described {
        let functions = self.functions(of)?;
        Ok(functions
            .get(function)
            .map(|signature| Arc::new(provider_function(of.provider.into(), function, signature))))
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
fn serve(
    factories: Providers,
    patience: &Patience,
    mut requests: tokio::sync::mpsc::UnboundedReceiver<Request>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        // Dropping the receiver tells whoever asks.
        return;
    };
    runtime.block_on(async {
        let mut started = Vec::new();
        while let Some(Request { of, question }) = requests.recv().await {
            // Whoever asked may be gone.
            match question {
                Question::Call(name, arguments, answer) => {
                    let waiting = waiting(&of, &name);
                    let work = carry_out(&factories, &mut started, of, name, arguments);
                    drop(answer.send(awaited(patience, waiting, work).await));
                }
                Question::Functions(answer) => {
                    let waiting = waiting(&of, "");
                    let work = list(&factories, &mut started, of);
                    drop(answer.send(awaited(patience, waiting, work).await));
                }
            }
        }
    });
    runtime.shutdown_background();
}

/// What is said while an answer does not come.
fn waiting(of: &Of, function: &str) -> String {
    let name = parsed(&of.provider).map_or_else(|| of.provider.clone(), |addr| addr.for_display());
    match function {
        "" => format!("provider {name}: Still asking for its functions"),
        function => format!("provider {name}: Still calling the function {function}"),
    }
}

/// The answer, if there is one before the user interrupts. A provider that crashes fails only this question.
async fn awaited<T>(
    patience: &Patience,
    waiting: String,
    work: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let work = AssertUnwindSafe(work).catch_unwind();
    match patience.wait(|| waiting.clone(), work).await {
        Some(Ok(answered)) => answered,
        Some(Err(_)) => Err(failure(CRASHED)),
        None => Err(failure("it did not answer before it was interrupted")),
    }
}

/// The instances that were started, each with why it can't be used if it can't.
type Started = Vec<(Of, Result<Arc<dyn Provider>, Failed>)>;

/// An instance, which is started and configured if it was not.
async fn instance(
    factories: &Providers,
    started: &mut Started,
    of: &Of,
) -> Result<Arc<dyn Provider>, Failed> {
    if let Some((_, provider)) = started.iter().find(|(other, _)| other == of) {
        return provider.clone();
    }
    let provider = start(factories, of).await;
    started.push((of.clone(), provider.clone()));
    provider
}

async fn start(factories: &Providers, of: &Of) -> Result<Arc<dyn Provider>, Failed> {
    let Of {
        provider: addr,
        config,
    } = of;
    let factory = parsed(addr).and_then(|addr| factories.get(&addr));
    let Some(factory) = factory else {
        return Err(failure(format!("the provider {addr} is not available")));
    };
    let provider = factory.start().await.map_err(|problem| {
        failure(format!(
            "the provider {addr} could not be started: {}",
            problem.message
        ))
    })?;
    if let Some(config) = config {
        for call in [
            Call::ValidateProviderConfig {
                config: config.clone(),
            },
            Call::Configure {
                may_defer: false,
                config: config.clone(),
            },
        ] {
            answered(provider.call(call).await).map_err(|problem| {
                failure(format!(
                    "the provider {addr} could not be configured: {}",
                    problem.text
                ))
            })?;
        }
    }
    Ok(provider)
}

/// The answer, if there is one and no error beside it.
fn answered(reply: Result<Reply, CallFailure>) -> Result<Option<Answer>, Failed> {
    let reply = reply.map_err(|problem| failure(problem.message))?;
    if let Some(problem) = reply.diagnostics.iter().find(|message| message.is_error) {
        let text = [
            problem.summary.as_str(),
            problem.detail.trim_end_matches('.'),
        ];
        let text: Vec<&str> = text.into_iter().filter(|text| !text.is_empty()).collect();
        return Err(failure(text.join(": ")));
    }
    Ok(reply.answer)
}

const CRASHED: &str = "the provider crashed; this is a bug in it";
const OTHER_KIND: &str = "the provider gave an answer of another kind; this is a bug in it";

async fn list(
    factories: &Providers,
    started: &mut Started,
    of: Of,
) -> Result<Arc<Functions>, Failed> {
    let provider = instance(factories, started, &of).await?;
    match answered(provider.call(Call::GetFunctions).await)? {
        Some(Answer::Functions(functions)) => Ok(Arc::new(functions)),
        _ => Err(failure(OTHER_KIND)),
    }
}

async fn carry_out(
    factories: &Providers,
    started: &mut Started,
    of: Of,
    name: EcoString,
    arguments: Vec<Value>,
) -> Answered {
    let provider = instance(factories, started, &of).await?;
    let count = arguments.len();
    tracing::debug!(function = name.as_str(), "call function");
    match answered(provider.call(Call::CallFunction { name, arguments }).await)? {
        Some(Answer::Function(Ok(value))) => Ok(value),
        Some(Answer::Function(Err((text, argument)))) => Err(ProviderFunctionError {
            text: text.trim_end_matches('.').to_owned(),
            argument: argument
                .and_then(|at| usize::try_from(at).ok())
                .filter(|at| *at < count),
        }),
        _ => Err(failure(OTHER_KIND)),
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
