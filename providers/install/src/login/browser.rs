//! What the browser comes back to: a server for one answer.

use super::LoginError;
use std::sync::Arc;
use std::time::Duration;
use terrane_fetch::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How large a request of the browser may be.
const MAX_REQUEST: usize = 16 * 1024;
/// How long a browser may take to send one.
const REQUEST_TIME: Duration = Duration::from_secs(10);
/// How many connections are served at once. Browsers open a handful.
const MAX_CONNECTIONS: usize = 64;

/// The code that the browser brings along with this state.
///
/// Browsers open connections ahead of time and leave them unused, so that the answer may come by the second or third one: all are served at once.
pub(super) async fn code(listener: &TcpListener, state: &str) -> Result<String, LoginError> {
    let state: Arc<str> = state.into();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                let (stream, _) = accepted?;
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let served = tokio::time::timeout(REQUEST_TIME, serve(stream, &state)).await;
                    // A connection that breaks, or says nothing, is none.
                    served.ok().and_then(Result::ok).flatten()
                });
            }
            Some(served) = connections.join_next() => {
                if let Ok(Some(code)) = served {
                    return code;
                }
            }
        }
    }
}

/// Answers one request; `None`: it was about something else.
async fn serve(
    mut stream: TcpStream,
    state: &str,
) -> std::io::Result<Option<Result<String, LoginError>>> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 2048];
        let count = stream.read(&mut part).await?;
        if count == 0 || request.len() > MAX_REQUEST {
            return Ok(None);
        }
        request.extend_from_slice(part.get(..count).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&request);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let asked = Url::parse("http://localhost").and_then(|base| base.join(path));
    let Ok(asked) = asked else {
        return Ok(None);
    };
    if method != Some("GET") || asked.path() != "/login" {
        reply(&mut stream, "404 Not Found", "There is nothing here.").await?;
        return Ok(None);
    }
    let value = |name: &str| {
        let mut pairs = asked.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    if value("state").as_deref() != Some(state) {
        // Any page may send the browser here; only the host knows the state.
        let text = "This is the answer to another login. It is not used.";
        reply(&mut stream, "403 Forbidden", text).await?;
        return Ok(None);
    }
    let outcome = if let Some(error) = value("error") {
        let why: String = value("error_description")
            .unwrap_or(error)
            .chars()
            .filter(|char| !char.is_control())
            .take(300)
            .collect();
        Err(LoginError::Refused(why))
    } else {
        value("code").ok_or_else(|| LoginError::Refused(String::from("it gave no code")))
    };
    let page = match &outcome {
        Ok(_) => "The login is done. This page can be closed.",
        Err(_) => "The login failed. The terminal says why; this page can be closed.",
    };
    // The code counts, even if the browser is gone before it has seen the page.
    reply(&mut stream, "200 OK", page).await.ok();
    Ok(Some(outcome))
}

async fn reply(stream: &mut TcpStream, status: &str, text: &str) -> std::io::Result<()> {
    let body = format!("<!doctype html><title>terrane</title><p>{text}</p>\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
