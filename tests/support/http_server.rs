//! A server that keeps one state, as `backend "http"` wants it, on the loopback.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
pub struct Inner {
    pub state: Option<Vec<u8>>,
    pub lock: Option<Vec<u8>>,
    pub seen: Vec<Seen>,
    /// Answers given in place of what would be right, one for each request.
    pub instead: VecDeque<Instead>,
    /// `Basic …`, if it wants a login.
    pub login: Option<String>,
    /// What is said about the digest of the state.
    pub md5: Option<String>,
    /// There is no room.
    pub refuses_states: bool,
    /// It stores what it is sent, whoever has the lock.
    pub careless: bool,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Instead {
    /// This status.
    Status(u16, &'static str),
    /// The request is carried out, and the connection is cut.
    CutAfter,
    /// The request is carried out, and this status is the answer.
    StatusAfter(u16),
    /// As usual.
    Right,
}

pub type Tls = Arc<rustls::ServerConfig>;

#[derive(Clone)]
pub struct Server {
    pub address: String,
    pub inner: Arc<Mutex<Inner>>,
}

impl Server {
    pub fn start(tls: Option<Tls>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = format!(
            "{scheme}://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let inner: Arc<Mutex<Inner>> = Arc::default();
        let server = Self {
            address,
            inner: Arc::clone(&inner),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (inner, tls) = (Arc::clone(&inner), tls.clone());
                std::thread::spawn(move || match tls {
                    None => answer(stream, &inner),
                    Some(tls) => {
                        let connection = rustls::ServerConnection::new(tls).unwrap();
                        answer(rustls::StreamOwned::new(connection, stream), &inner);
                    }
                });
            }
        });
        server
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.inner.lock().unwrap())
    }
}

/// One request per connection is answered.
fn answer(stream: impl Read + Write, inner: &Mutex<Inner>) {
    let mut reader = BufReader::new(stream);
    let Some(seen) = read(&mut reader) else {
        return;
    };
    let mut inner = inner.lock().unwrap();
    inner.seen.push(seen.clone());
    let instead = inner.instead.pop_front().unwrap_or(Instead::Right);
    let (status, body) = match instead {
        Instead::Status(status, body) => (status, body.as_bytes().to_vec()),
        Instead::CutAfter => {
            let _answer = right(&mut inner, &seen);
            return;
        }
        Instead::StatusAfter(status) => {
            let _answer = right(&mut inner, &seen);
            (status, Vec::new())
        }
        Instead::Right => right(&mut inner, &seen),
    };
    let md5 = inner
        .md5
        .as_ref()
        .filter(|_| seen.method == "GET")
        .map_or_else(String::new, |md5| format!("Content-MD5: {md5}\r\n"));
    drop(inner);
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{md5}Connection: close\r\n\r\n",
        body.len()
    );
    let stream = reader.get_mut();
    let _sent = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body))
        .and_then(|()| stream.flush());
}

fn read(reader: &mut impl std::io::BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':')?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut seen = Seen {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    let len: usize = seen
        .header("content-length")
        .and_then(|len| len.parse().ok())
        .unwrap_or(0);
    seen.body.resize(len, 0);
    reader.read_exact(&mut seen.body).ok()?;
    Some(seen)
}

fn id(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    Some(value.get("ID")?.as_str()?.to_owned())
}

fn right(inner: &mut Inner, seen: &Seen) -> (u16, Vec<u8>) {
    if inner.login.is_some() && seen.header("authorization") != inner.login.as_deref() {
        return (401, Vec::new());
    }
    match seen.method.as_str() {
        "GET" => match &inner.state {
            Some(state) => (200, state.clone()),
            None => (404, b"none".to_vec()),
        },
        "POST" | "PUT" if inner.refuses_states => (507, b"no room".to_vec()),
        "POST" | "PUT" => {
            let wanted = seen.target.split_once("ID=").map(|(_, id)| id.to_owned());
            let held = inner.lock.as_deref().and_then(id);
            if wanted != held && !inner.careless {
                return (409, inner.lock.clone().unwrap_or_default());
            }
            inner.state = Some(seen.body.clone());
            (200, Vec::new())
        }
        "DELETE" => {
            inner.state = None;
            (200, Vec::new())
        }
        "LOCK" => match &inner.lock {
            Some(lock) => (423, lock.clone()),
            None => {
                inner.lock = Some(seen.body.clone());
                (200, Vec::new())
            }
        },
        "UNLOCK" => match &inner.lock {
            Some(lock) if id(lock) == id(&seen.body) => {
                inner.lock = None;
                (200, Vec::new())
            }
            Some(lock) => (409, lock.clone()),
            None => (200, Vec::new()),
        },
        _ => (405, Vec::new()),
    }
}
