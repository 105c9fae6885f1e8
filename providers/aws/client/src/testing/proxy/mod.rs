//! A proxy that makes faults, for tests: it stands before an emulator, which has none of its own.
//!
//! Rules name an action, how often they hold, and what goes wrong. The action is the name of the operation where the request has it (json, query,
//! ec2); otherwise method and path, where `*` stands for anything: `PUT /bucket*`.

mod answer;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wire::Message;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// "Too fast", in the way of the service. Nothing is carried out.
    Throttle,
    /// The service is broken. Nothing is carried out.
    Broken,
    /// The request is carried out, and the answer is that the service is broken.
    BrokenAfter,
    /// The connection ends without an answer. Nothing is carried out.
    Reset,
    /// The request is carried out, and the connection ends without an answer.
    ResetAfter,
    /// The answer comes so much later.
    Delay(Duration),
    /// The service refuses with this code, status and message. Nothing is carried out.
    Refuse {
        /// HTTP status.
        status: u16,
        /// The code.
        code: String,
        /// The message.
        message: String,
    },
    /// The answer has one text in place of another: a state that is not there yet.
    Replace {
        /// What the emulator says.
        from: String,
        /// What is said in its place.
        to: String,
    },
}

/// When something goes wrong.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The action.
    pub action: String,
    /// Requests that pass before the rule holds.
    pub after: u32,
    /// Requests that it holds for.
    pub times: u32,
    /// What happens to them.
    pub fault: Fault,
}

impl Rule {
    /// A rule for the first so many requests.
    pub fn new(action: impl Into<String>, times: u32, fault: Fault) -> Self {
        Self {
            action: action.into(),
            after: 0,
            times,
            fault,
        }
    }

    /// The object is not there for the first so many reads: the service is not consistent at once.
    pub fn not_found(action: impl Into<String>, times: u32, code: impl Into<String>) -> Self {
        let fault = Fault::Refuse {
            status: 404,
            code: code.into(),
            message: String::from("it does not exist"),
        };
        Self::new(action, times, fault)
    }
}

/// A request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The action.
    pub action: String,
    /// What was made of it.
    pub fault: Option<Fault>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    seen: Vec<Seen>,
}

/// The proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// Starts a proxy before a server: `127.0.0.1:5000`.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn start(upstream: impl Into<String>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::<Mutex<State>>::default();
        let upstream: Arc<str> = upstream.into().into();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, upstream) = (Arc::clone(&shared), Arc::clone(&upstream));
                // A connection that breaks concerns only who opened it.
                drop(tokio::spawn(async move {
                    serve(stream, &state, &upstream).await.ok()
                }));
            }
        });
        Ok(Self {
            address,
            state,
            task,
        })
    }

    /// Its address: `http://127.0.0.1:…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a rule. The first one that holds is followed.
    pub fn add(&self, rule: Rule) {
        lock(&self.state).rules.push(rule);
    }

    /// All requests so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state).seen.clone()
    }

    /// How many requests of an action came.
    #[must_use]
    pub fn count(&self, action: &str) -> usize {
        let state = lock(&self.state);
        let ours = state.seen.iter().filter(|seen| fits(action, &seen.action));
        ours.count()
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests of one connection, one after the other.
async fn serve(mut stream: TcpStream, state: &Mutex<State>, upstream: &str) -> io::Result<()> {
    let mut rest = VecDeque::new();
    while let Some(request) = wire::read(&mut stream, &mut rest).await? {
        let action = answer::action(&request);
        let fault = next(state, &action);
        let reply = match &fault {
            None => forward(upstream, &request).await?,
            Some(Fault::Throttle) => answer::throttle(&request),
            Some(Fault::Broken) => answer::broken(&request),
            Some(Fault::BrokenAfter) => {
                forward(upstream, &request).await?;
                answer::broken(&request)
            }
            Some(Fault::Reset) => return reset(stream),
            Some(Fault::ResetAfter) => {
                forward(upstream, &request).await?;
                return reset(stream);
            }
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(*time).await;
                forward(upstream, &request).await?
            }
            Some(Fault::Refuse {
                status,
                code,
                message,
            }) => answer::refuse(&request, *status, code, message),
            Some(Fault::Replace { from, to }) => {
                let mut reply = forward(upstream, &request).await?;
                let body = String::from_utf8_lossy(&reply.body).replace(from, to);
                reply.body = body.into_bytes();
                reply
            }
        };
        stream.write_all(&reply.bytes()).await?;
    }
    Ok(())
}

/// The fault for this request; it is noted.
fn next(state: &Mutex<State>, action: &str) -> Option<Fault> {
    let mut state = lock(state);
    let mut found = None;
    for rule in &mut state.rules {
        if found.is_none() && fits(&rule.action, action) && rule.times > 0 {
            if rule.after > 0 {
                rule.after -= 1;
            } else {
                rule.times -= 1;
                found = Some(rule.fault.clone());
            }
        }
    }
    state.seen.push(Seen {
        action: action.to_owned(),
        fault: found.clone(),
    });
    found
}

/// Whether an action fits a pattern with `*`.
fn fits(pattern: &str, action: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| action.strip_prefix(first)) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => end.is_empty() || action.ends_with(end),
    }
}

async fn forward(upstream: &str, request: &Message) -> io::Result<Message> {
    let mut stream = TcpStream::connect(upstream).await?;
    let mut request = request.clone();
    // One answer, and then the end: no length has to be understood.
    request.set("connection", "close");
    stream.write_all(&request.bytes()).await?;
    let mut rest = VecDeque::new();
    wire::read(&mut stream, &mut rest)
        .await?
        .ok_or_else(|| io::Error::other("the emulator sent nothing"))
}

/// Ends a connection the hard way: what was sent is not waited for.
fn reset(stream: TcpStream) -> io::Result<()> {
    stream.set_zero_linger()?;
    drop(stream);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit() {
        assert!(fits("CreateVpc", "CreateVpc"));
        assert!(!fits("CreateVpc", "CreateVpcEndpoint"));
        assert!(fits("PUT /b*", "PUT /bucket?acl"));
        assert!(fits("PUT /*?acl", "PUT /bucket?acl"));
        assert!(!fits("PUT /*?acl", "PUT /bucket?policy"));
        assert!(fits("*", "anything"));
    }
}
