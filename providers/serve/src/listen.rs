//! Connections of hosts.

use crate::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terrane_protocol::Endpoint;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio_rustls::TlsAcceptor;

/// Where hosts connect.
#[derive(Debug)]
pub struct Listener {
    kind: Kind,
    endpoint: Endpoint,
    tls: Option<Arc<ServerConfig>>,
}

#[derive(Debug)]
enum Kind {
    #[cfg(unix)]
    Unix(UnixListener),
    Tcp(TcpListener),
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Listener {
    /// At a Unix socket of this name.
    ///
    /// # Errors
    /// When it can't be made.
    #[cfg(unix)]
    pub fn unix(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        Ok(Self {
            kind: Kind::Unix(UnixListener::bind(&path)?),
            endpoint: Endpoint::Unix(path),
            tls: None,
        })
    }

    /// At a port of this machine, reachable from nowhere else: the first free one of these.
    ///
    /// # Errors
    /// When none is free.
    pub async fn tcp(ports: impl IntoIterator<Item = u16>) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for port in ports {
            match TcpListener::bind(("127.0.0.1", port)).await {
                Ok(listener) => {
                    let address = listener.local_addr()?.to_string();
                    return Ok(Self {
                        kind: Kind::Tcp(listener),
                        endpoint: Endpoint::Tcp(address),
                        tls: None,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// With TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Arc<ServerConfig>>) -> Self {
        self.tls = tls;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        Ok(match &self.kind {
            #[cfg(unix)]
            Kind::Unix(listener) => Box::new(listener.accept().await?.0),
            Kind::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Without it each answer waits for an acknowledgement.
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
        })
    }
}

/// Answers whoever connects, until the returned future is dropped.
///
/// # Errors
/// When nobody can connect any more.
pub async fn listen(listener: Listener, service: Service) -> io::Result<()> {
    loop {
        let stream = listener.accept().await?;
        let (service, tls) = (service.clone(), listener.tls.clone());
        drop(tokio::spawn(async move {
            match tls {
                None => serve(stream, service).await,
                Some(tls) => match TlsAcceptor::from(tls).accept(stream).await {
                    Ok(stream) => serve(stream, service).await,
                    Err(error) => tracing::warn!(%error, "a connection was refused"),
                },
            }
        }));
    }
}

/// Answers on one connection.
async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, service: Service) {
    let service = hyper::service::service_fn(move |request| service.clone().route(request));
    let mut builder = auto::Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .initial_connection_window_size(8 << 20)
        .initial_stream_window_size(8 << 20)
        .max_concurrent_streams(None);
    let served = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(error, "a connection broke off");
    }
}

/// A name for a socket in a folder.
pub(crate) fn socket(folder: &Path) -> PathBuf {
    folder.join(format!("plugin{}", std::process::id()))
}
