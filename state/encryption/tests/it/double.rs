//! A double of a service on the loopback interface.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method, path and version.
    pub(crate) first: String,
    /// In lower case.
    pub(crate) headers: String,
    pub(crate) body: String,
}

/// Ends with the test: nothing waits for it.
pub(crate) struct Double {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Double {
    /// Answers each request with a status and a body.
    pub(crate) fn start(answer: impl Fn(&Request) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let request = read(&stream);
                let (status, body) = answer(&request);
                log.lock().expect("no panic").push(request);
                let text = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(text.as_bytes()).expect("written");
            }
        });
        Self { address, seen }
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("no panic").clone()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).expect("a request");
    let mut headers = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header");
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').expect("a header");
        let name = name.to_lowercase();
        if name == "content-length" {
            length = value.trim().parse().expect("a length");
        }
        headers.extend([name.as_str(), ":", value]);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    Request {
        first,
        headers,
        body: String::from_utf8(body).expect("text"),
    }
}
