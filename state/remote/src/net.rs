//! Talking to servers: one thread with a runtime of its own for each store, and one kind of HTTP client.
//!
//! The methods of stores are called from asynchronous code, where a runtime must not be started. So requests run on a thread of the store,
//! and who asks waits for the answer on a channel.

use crate::ConfigError;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity, NoProxy, Proxy};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use terrane_model::with_causes;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// States larger than this are not read: something else is sent.
pub(crate) const LARGEST: usize = 4 << 30;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A thread that carries out requests. It is started when the first one comes, and ends with the store.
#[derive(Default)]
pub(crate) struct Worker {
    to: Mutex<Option<UnboundedSender<Job>>>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}

impl Worker {
    /// Carries out a request and waits for its end.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        request: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        let (done, answer) = mpsc::channel();
        let job: Job = Box::pin(async move {
            // Whoever asked waits for it.
            let _gone = done.send(request.await);
        });
        self.sender()?
            .send(job)
            .map_err(|_| io::Error::other("the thread for requests has ended"))?;
        answer
            .recv()
            .map_err(|_| io::Error::other("the thread for requests has ended"))
    }

    fn sender(&self) -> io::Result<UnboundedSender<Job>> {
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(to) = &*to {
            return Ok(to.clone());
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (sender, mut jobs) = unbounded_channel::<Job>();
        std::thread::Builder::new()
            .name(String::from("terrane-state-net"))
            .spawn(move || {
                runtime.block_on(async move {
                    while let Some(job) = jobs.recv().await {
                        drop(tokio::spawn(job));
                    }
                });
            })?;
        *to = Some(sender.clone());
        Ok(sender)
    }
}

/// What a client is made of. `Debug` shows no secrets, for there are none but the key.
#[derive(Clone, Default)]
pub(crate) struct ClientOptions {
    /// Certificates are not checked.
    pub(crate) insecure: bool,
    /// PEM: the authorities that are believed, in place of the system's.
    pub(crate) authorities: Option<Vec<u8>>,
    /// PEM: a certificate and its key.
    pub(crate) identity: Option<Vec<u8>>,
    pub(crate) http_proxy: Option<String>,
    pub(crate) https_proxy: Option<String>,
    pub(crate) no_proxy: Option<String>,
    /// How long to wait for a connection.
    pub(crate) connect_timeout: Option<Duration>,
    /// How long to wait while nothing comes.
    pub(crate) read_timeout: Option<Duration>,
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("insecure", &self.insecure)
            .finish_non_exhaustive()
    }
}

/// Names of the arguments that options come from, for errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientNames {
    pub(crate) authorities: &'static str,
    pub(crate) identity: &'static str,
}

impl ClientOptions {
    /// A client. Credentials never go along with a redirect: there are none that are followed to another host.
    pub(crate) fn client(&self, names: ClientNames) -> Result<Client, ConfigError> {
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(same_host())
            .connect_timeout(self.connect_timeout.unwrap_or(Duration::from_secs(30)))
            .read_timeout(self.read_timeout.unwrap_or(Duration::from_secs(120)));
        if self.insecure {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        if let Some(pem) = &self.authorities {
            let bad =
                |why: String| ConfigError::at(names.authorities, format!("no certificates: {why}"));
            let certificates =
                Certificate::from_pem_bundle(pem).map_err(|error| bad(with_causes(&error)))?;
            if certificates.is_empty() {
                return Err(bad(String::from("there is no PEM block in it")));
            }
            builder = builder.tls_certs_only(certificates);
        }
        if let Some(pem) = &self.identity {
            let identity = Identity::from_pem(pem).map_err(|error| {
                ConfigError::at(
                    names.identity,
                    format!("no certificate with its key: {}", with_causes(&error)),
                )
            })?;
            builder = builder.identity(identity);
        }
        let except = self.no_proxy.as_deref().and_then(NoProxy::from_string);
        let proxies = [
            self.http_proxy.as_deref().map(Proxy::http),
            self.https_proxy.as_deref().map(Proxy::https),
        ];
        for proxy in proxies.into_iter().flatten() {
            // The address may hold a password, so it is not shown.
            let proxy = proxy.map_err(|error| {
                ConfigError::whole(format!("no proxy: {}", with_causes(&error.without_url())))
            })?;
            builder = builder.proxy(proxy.no_proxy(except.clone()));
        }
        builder
            .build()
            .map_err(|error| ConfigError::whole(format!("no HTTP client: {}", with_causes(&error))))
    }
}

/// Redirects are followed where they stay on the same host and don't leave TLS.
fn same_host() -> Policy {
    const MOST: usize = 5;
    Policy::custom(|attempt| {
        let same = attempt.previous().last().is_some_and(|from| {
            let to = attempt.url();
            from.host_str() == to.host_str() && !(from.scheme() == "https" && to.scheme() == "http")
        });
        if !same {
            attempt.error("it leads to another host")
        } else if attempt.previous().len() > MOST {
            attempt.error("there are too many redirects")
        } else {
            attempt.follow()
        }
    })
}

/// The folder of a place that is known by an address: a name for people, and a digest that tells apart what the name does not.
pub(crate) fn desk_folder(
    data_dir: &std::path::Path,
    kind: &str,
    location: &str,
) -> std::path::PathBuf {
    use sha2::{Digest as _, Sha256};
    let digest = hex::encode(Sha256::digest(location.as_bytes()));
    let short = digest.get(..16).unwrap_or(&digest);
    data_dir.join("state").join(format!("{kind}-{short}"))
}

pub(crate) use terrane_store::files::folder_name;

#[cfg(test)]
mod tests {
    use super::{Worker, folder_name};

    #[test]
    fn requests_may_be_made_from_within_a_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let worker = Worker::default();
        let answer = runtime.block_on(async { worker.run(async { 6 * 7 }).unwrap() });
        assert_eq!(answer, 42);
        let worker = Worker::default();
        let failed: std::io::Result<()> = worker.run(async { panic!("within a request") });
        assert!(failed.is_err());
        assert_eq!(worker.run(async { 1 }).unwrap(), 1, "the thread goes on");
    }

    #[test]
    fn folders_tell_workspaces_apart() {
        assert_eq!(folder_name("a.b-c_1"), "a.b-c_1");
        assert_eq!(folder_name("Prod"), "%50rod");
        assert_eq!(folder_name(".x:y"), "%2ex%3ay");
    }
}
