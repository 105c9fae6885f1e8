//! Messages of HTTP/1.1, as far as an emulator and our client write them.

use std::collections::VecDeque;
use std::io;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// A request or an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    /// The first line.
    pub(super) first: String,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Message {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            if name != "content-length" && name != "transfer-encoding" {
                out.extend([name, ": ", value, "\r\n"]);
            }
        }
        // An answer to HEAD has the length of what it leaves out.
        let length = match (self.body.len(), self.header("content-length")) {
            (0, Some(length)) if self.first.starts_with("HTTP/") => length.to_owned(),
            (length, _) => length.to_string(),
        };
        out.extend(["content-length: ", &length, "\r\n\r\n"]);
        let mut out = out.into_bytes();
        out.extend_from_slice(&self.body);
        out
    }
}

/// The next message; `None`: the connection has ended.
pub(super) async fn read(
    stream: &mut TcpStream,
    rest: &mut VecDeque<u8>,
) -> io::Result<Option<Message>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match next(stream, rest).await? {
            Some(byte) => head.push(byte),
            None => return Ok(None),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.split("\r\n");
    let mut message = Message {
        first: lines.next().unwrap_or_default().to_owned(),
        ..Message::default()
    };
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            let header = (name.to_lowercase(), value.trim().to_owned());
            message.headers.push(header);
        }
    }
    let answer = message.first.starts_with("HTTP/");
    let length = message.header("content-length");
    let length = length.and_then(|length| length.parse::<usize>().ok());
    while length.map_or(answer, |length| message.body.len() < length) {
        match next(stream, rest).await? {
            Some(byte) => message.body.push(byte),
            // An answer without length, or one to HEAD.
            None if answer => break,
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
    Ok(Some(message))
}

async fn next(stream: &mut TcpStream, rest: &mut VecDeque<u8>) -> io::Result<Option<u8>> {
    if rest.is_empty() {
        let mut buffer = [0; 16 * 1024];
        let count = stream.read(&mut buffer).await?;
        rest.extend(buffer.iter().take(count));
    }
    Ok(rest.pop_front())
}
