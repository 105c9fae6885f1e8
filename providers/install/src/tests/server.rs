//! A server on this machine that answers what a test says, and remembers who asked for what.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The connection is closed after so many bytes of the body.
    pub(super) cut: Option<usize>,
}

impl Reply {
    pub(super) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            body: body.into(),
            ..Self::default()
        }
    }

    pub(super) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(super) fn redirect(to: &str) -> Self {
        Self {
            status: 302,
            headers: vec![("Location".to_owned(), to.to_owned())],
            ..Self::default()
        }
    }
}

/// Path and `Authorization` of a request.
pub(super) type Seen = (String, Option<String>);

#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) port: u16,
    routes: Arc<Mutex<BTreeMap<String, Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            routes: Arc::default(),
            seen: Arc::default(),
        };
        let shared = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                tokio::spawn(async move { drop(shared.serve(stream).await) });
            }
        });
        server
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn route(&self, path: &str, reply: Reply) {
        self.routes.lock().unwrap().insert(path.to_owned(), reply);
    }

    /// All requests so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|(seen, _)| seen == path).count()
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut part = [0; 1024];
            match stream.read(&mut part).await? {
                0 => return Ok(()),
                count => request.extend_from_slice(&part[..count]),
            }
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let token = text.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("authorization")
                .then(|| value.to_owned())
        });
        self.seen.lock().unwrap().push((path.clone(), token));
        let reply = self.routes.lock().unwrap().get(&path).cloned();
        let Reply {
            status,
            headers,
            body,
            cut,
        } = reply.unwrap_or_else(|| Reply::status(404));
        let mut head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.extend([&name, ": ", &value, "\r\n"]);
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await?;
        stream
            .write_all(&body[..cut.unwrap_or(body.len()).min(body.len())])
            .await?;
        stream.shutdown().await
    }
}
