//! Connecting, again and again until it works or the time is over.

use crate::auth::authenticate;
use crate::error::{SshError, why};
use crate::host_key::Checker;
use crate::proxy;
use crate::session::Session;
use crate::target::{Connection, Hop};
use russh::client::{Config, Handle};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKey};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// The longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// The longest time that one attempt may take: a machine that boots may take connections without ever serving them.
const MAX_ATTEMPT: Duration = Duration::from_secs(60);
/// How often to see whether the other side is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// After how many such questions without an answer it is not.
const MAX_SILENT: usize = 8;

/// Connects and proves who the user is.
///
/// A new machine refuses connections, knows no users, or makes its keys anew; so every failure but a wrong argument is tried again until the time of
/// `connection` is over. `failed` hears of each attempt that is.
///
/// # Errors
/// When the time is over, with the last failure; at once when trying again can't help.
pub async fn connect(
    connection: &Connection,
    failed: &mut (dyn FnMut(&SshError) + Send),
) -> Result<Session, SshError> {
    let deadline = Instant::now() + connection.timeout;
    let mut wait = connection.retry;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match tokio::time::timeout(left.min(MAX_ATTEMPT), attempt(connection)).await {
            Ok(Ok(session)) => return Ok(session),
            Ok(Err(error)) => error,
            Err(_) => SshError::Silence {
                place: connection.host.place(),
            },
        };
        if error.is_final() {
            return Err(error);
        }
        if Instant::now() + wait >= deadline {
            return Err(SshError::Timeout {
                address: connection.address(),
                timeout: connection.timeout,
                last: Box::new(error),
            });
        }
        failed(&error);
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(MAX_WAIT);
    }
}

async fn attempt(connection: &Connection) -> Result<Session, SshError> {
    let Connection {
        host,
        bastion,
        proxy: _,
        timeout: _,
        retry: _,
    } = connection;
    let Some(bastion) = bastion else {
        let stream = dial(connection, host).await?;
        let handle = login(stream, host, true).await?;
        return Ok(Session::new(handle, None, host));
    };
    let stream = dial(connection, bastion).await?;
    let through = login(stream, bastion, false).await?;
    let channel = through
        .channel_open_direct_tcpip(host.host.as_str(), u32::from(host.port), "127.0.0.1", 0)
        .await
        .map_err(|error| SshError::Connect {
            place: host.place(),
            problem: format!("the bastion {} did not forward: {error}", bastion.place()),
        })?;
    let handle = login(channel.into_stream(), host, true).await?;
    Ok(Session::new(handle, Some(through), host))
}

/// A connection to a machine, through the proxy if there is one.
async fn dial(connection: &Connection, hop: &Hop) -> Result<TcpStream, SshError> {
    let proxy = connection.proxy.as_ref();
    let (host, port) = proxy.map_or((hop.host.as_str(), hop.port), |proxy| {
        (proxy.host.as_str(), proxy.port)
    });
    let failed = |error: &io::Error| SshError::Connect {
        place: format!("{host}:{port}"),
        problem: why(error),
    };
    let mut stream = TcpStream::connect((host, port))
        .await
        .map_err(|error| failed(&error))?;
    stream.set_nodelay(true).map_err(|error| failed(&error))?;
    if let Some(proxy) = proxy {
        proxy::ask(proxy, &mut stream, &hop.host, hop.port).await?;
    }
    Ok(stream)
}

/// Speaks SSH over a stream. `is_end`: it is the machine to work on, whose programs may ask the agent as those of the user here.
async fn login<S>(stream: S, hop: &Hop, is_end: bool) -> Result<Handle<Checker>, SshError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let checker = Checker {
        expected: hop.host_key.clone(),
        host: hop.host.clone(),
        place: hop.place(),
        forwarded: hop.agent.clone().filter(|_| is_end),
    };
    let mut handle = russh::client::connect_stream(config(hop), stream, checker)
        .await
        .map_err(|error| match error {
            SshError::Protocol { problem, .. } => SshError::Connect {
                place: hop.place(),
                problem,
            },
            other => other,
        })?;
    authenticate(&mut handle, hop).await?;
    Ok(handle)
}

fn config(hop: &Hop) -> Arc<Config> {
    let mut config = Config {
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: MAX_SILENT,
        nodelay: true,
        ..Config::default()
    };
    if let Some(expected) = &hop.host_key {
        let key = &mut config.preferred.key;
        *key = Cow::Owned(preferred(key, expected));
        // The key to expect may be that of an authority.
        config.preferred.host_key_certificates = Cow::Owned(certificates());
    }
    Arc::new(config)
}

/// A server has keys of several kinds. It is to show the one that is expected.
fn preferred(all: &[Algorithm], expected: &PublicKey) -> Vec<Algorithm> {
    let is_kind = |algorithm: &Algorithm| match (algorithm, expected.algorithm()) {
        (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
        (one, other) => *one == other,
    };
    let mut sorted = all.to_vec();
    sorted.sort_by_key(|algorithm| !is_kind(algorithm));
    sorted
}

fn certificates() -> Vec<Algorithm> {
    let ecdsa = |curve| Algorithm::Ecdsa { curve };
    let rsa = |hash| Algorithm::Rsa { hash: Some(hash) };
    vec![
        Algorithm::Ed25519,
        ecdsa(EcdsaCurve::NistP256),
        ecdsa(EcdsaCurve::NistP384),
        ecdsa(EcdsaCurve::NistP521),
        rsa(HashAlg::Sha512),
        rsa(HashAlg::Sha256),
    ]
}
