//! Connections through a proxy.

use crate::error::{SshError, why};
use crate::target::{Proxy, ProxyScheme};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::io;
use std::net::IpAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest answer of a proxy that is read.
const MAX_HEAD: usize = 16 * 1024;

/// Asks the proxy at the other end of `stream` to forward to a host.
pub(crate) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    proxy: &Proxy,
    stream: &mut S,
    host: &str,
    port: u16,
) -> Result<(), SshError> {
    let answer = match proxy.scheme {
        ProxyScheme::Http => http(proxy, stream, host, port).await,
        ProxyScheme::Socks5 => socks5(proxy, stream, host, port).await,
    };
    answer.map_err(|error| SshError::Proxy {
        place: format!("{}:{}", proxy.host, proxy.port),
        problem: why(&error),
    })
}

async fn http<S: AsyncRead + AsyncWrite + Unpin>(
    proxy: &Proxy,
    stream: &mut S,
    host: &str,
    port: u16,
) -> io::Result<()> {
    let place = if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    };
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
    if let Some((name, password)) = &proxy.login {
        let credentials = BASE64_STANDARD.encode(format!("{name}:{password}"));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&credentials);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    // What follows the empty line belongs to SSH: it must not be read.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_HEAD {
            return Err(io::Error::other("its answer is too long"));
        }
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Err(io::Error::other("it closed the connection"));
        }
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.lines().next().unwrap_or_default();
    let mut words = status.splitn(3, ' ');
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/"));
    match words.next() {
        Some(code) if is_http && code.len() == 3 && code.starts_with('2') => Ok(()),
        Some(code) if is_http => {
            let reason = words.next().unwrap_or_default();
            Err(io::Error::other(
                format!("{code} {reason}").trim().to_owned(),
            ))
        }
        _ => Err(io::Error::other("its answer is not HTTP")),
    }
}

/// RFC 1928, and 1929 for the login.
async fn socks5<S: AsyncRead + AsyncWrite + Unpin>(
    proxy: &Proxy,
    stream: &mut S,
    host: &str,
    port: u16,
) -> io::Result<()> {
    const NOTHING: u8 = 0;
    const LOGIN: u8 = 2;
    let methods: &[u8] = match proxy.login {
        Some(_) => &[5, 2, NOTHING, LOGIN],
        None => &[5, 1, NOTHING],
    };
    stream.write_all(methods).await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    match (answer, &proxy.login) {
        ([5, NOTHING], _) => {}
        ([5, LOGIN], Some((name, password))) => {
            let mut message = vec![1];
            put(&mut message, name.as_bytes())?;
            put(&mut message, password.as_bytes())?;
            stream.write_all(&message).await?;
            stream.read_exact(&mut answer).await?;
            if answer[1] != 0 {
                return Err(io::Error::other("user name or password is wrong"));
            }
        }
        ([5, _], Some(_)) => return Err(io::Error::other("it wants another way to log in")),
        ([5, _], None) => return Err(io::Error::other("it wants a user name and a password")),
        _ => return Err(io::Error::other("it does not speak SOCKS 5")),
    }
    let mut request = vec![5, 1, 0];
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            request.push(1);
            request.extend(address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            request.push(4);
            request.extend(address.octets());
        }
        Err(_) => {
            request.push(3);
            put(&mut request, host.as_bytes())?;
        }
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [version, reply, _, kind] = head;
    if version != 5 {
        return Err(io::Error::other("it does not speak SOCKS 5"));
    }
    if reply != 0 {
        return Err(io::Error::other(match reply {
            1 => "general failure",
            2 => "not allowed by its rules",
            3 => "network unreachable",
            4 => "host unreachable",
            5 => "connection refused by the host",
            6 => "time to live expired",
            7 => "it can't connect",
            8 => "it does not know this type of address",
            _ => "unknown reason",
        }));
    }
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return Err(io::Error::other("its answer makes no sense")),
    };
    let mut bound = vec![0; length + 2];
    stream.read_exact(&mut bound).await?;
    Ok(())
}

/// A text with its length before it.
fn put(message: &mut Vec<u8>, text: &[u8]) -> io::Result<()> {
    let length = u8::try_from(text.len())
        .map_err(|_| io::Error::other("a name, password or host is longer than 255 bytes"))?;
    message.push(length);
    message.extend(text);
    Ok(())
}

#[cfg(test)]
mod tests;
