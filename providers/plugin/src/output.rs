//! What a plugin writes: log lines go to our log, and the last ones are kept, to be shown if it dies.

use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::sync::watch;

/// How many lines are kept.
const KEPT_LINES: usize = 60;
/// How much of a line is kept, in bytes. A flood without line ends does not fill the memory.
const KEPT_BYTES: u64 = 16 << 10;

/// The last lines that a plugin wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastWords {
    lines: Arc<Mutex<VecDeque<String>>>,
    /// Whether the stream was read to its end.
    ended: Arc<watch::Sender<bool>>,
}

/// A log line in the form of the plugin libraries.
#[derive(Deserialize)]
struct LogLine {
    #[serde(rename = "@level")]
    level: String,
    #[serde(rename = "@message")]
    message: String,
    #[serde(rename = "@module", default)]
    module: String,
}

impl LastWords {
    fn add(&self, line: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// The panic message and what follows it, or else the last few lines. Empty if nothing was written.
    pub(crate) fn text(&self) -> String {
        const FEW: usize = 10;
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let from = lines
            .iter()
            .position(|line| line.starts_with("panic:") || line.starts_with("fatal error:"))
            .unwrap_or(lines.len().saturating_sub(FEW));
        let shown: Vec<&str> = lines.iter().skip(from).map(String::as_str).collect();
        shown.join("\n")
    }

    /// Reads a stream to its end.
    pub(crate) async fn drain(self, name: String, stream: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        loop {
            line.clear();
            match read_line(&mut reader, &mut line).await {
                Ok(true) => self.line(&name, &String::from_utf8_lossy(&line)),
                Ok(false) | Err(_) => break,
            }
        }
        self.ended.send_replace(true);
    }

    /// Waits until everything was read that a plugin wrote before it ended. No longer than a moment: what it has started may hold the stream open.
    pub(crate) async fn complete(&self) {
        const MOMENT: Duration = Duration::from_millis(500);
        let mut ended = self.ended.subscribe();
        // Whatever was read by then has to do.
        drop(tokio::time::timeout(MOMENT, ended.wait_for(|ended| *ended)).await);
    }

    /// Takes one line.
    pub(crate) fn line(&self, name: &str, line: &str) {
        let line = line.trim_end();
        let Ok(log) = serde_json::from_str::<LogLine>(line) else {
            if !line.is_empty() {
                self.add(line);
                tracing::debug!(provider = name, "{line}");
            }
            return;
        };
        let LogLine {
            level,
            message,
            module,
        } = log;
        match level.as_str() {
            "error" => {
                self.add(&message);
                tracing::error!(provider = name, module, "{message}");
            }
            "warn" => tracing::warn!(provider = name, module, "{message}"),
            "info" => tracing::info!(provider = name, module, "{message}"),
            "debug" => tracing::debug!(provider = name, module, "{message}"),
            _ => tracing::trace!(provider = name, module, "{message}"),
        }
    }
}

/// Puts lines together out of pieces.
#[derive(Debug, Default)]
pub(crate) struct Pieces(Vec<u8>);

impl Pieces {
    /// Takes a piece, and gives the lines that it ends. What is beyond the kept length of a line is dropped.
    pub(crate) fn take(&mut self, piece: &[u8], mut line: impl FnMut(&str)) {
        let most = usize::try_from(KEPT_BYTES).unwrap_or(usize::MAX);
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = most.saturating_sub(self.0.len());
            self.0.extend(part.iter().take(room));
            if part.ends_with(b"\n") {
                line(&String::from_utf8_lossy(&self.0));
                self.0.clear();
            }
        }
    }

    /// What is left at the end.
    pub(crate) fn finish(&mut self, mut line: impl FnMut(&str)) {
        if !self.0.is_empty() {
            line(&String::from_utf8_lossy(&self.0));
            self.0.clear();
        }
    }
}

/// Reads up to a line end, keeping its beginning only. `false` at the end of the stream.
async fn read_line(
    reader: &mut (impl tokio::io::AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
) -> std::io::Result<bool> {
    let mut any = false;
    loop {
        let buffer = reader.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(buffer.len(), |at| at + 1);
        let room = usize::try_from(KEPT_BYTES)
            .unwrap_or(usize::MAX)
            .saturating_sub(line.len());
        line.extend(buffer.iter().take(taken.min(room)));
        reader.consume(taken);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT_BYTES, LastWords, Pieces};

    #[test]
    fn lines_in_pieces() {
        let mut pieces = Pieces::default();
        let mut lines = Vec::new();
        for piece in ["one\ntw", "o", "\n\nthr", "ee"] {
            pieces.take(piece.as_bytes(), |line| {
                lines.push(line.trim_end().to_owned());
            });
        }
        pieces.finish(|line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "", "three"]);
        let flood = vec![b'x'; 10 << 20];
        pieces.take(&flood, |_| panic!("there is no end of a line"));
        pieces.finish(|line| assert_eq!(u64::try_from(line.len()).unwrap(), KEPT_BYTES));
    }

    #[tokio::test]
    async fn of_a_flood_the_end_is_kept() {
        let flood = "a line of no importance\n".repeat(200_000) + "panic: all is lost\nat once\n";
        let words = LastWords::default();
        words.clone().drain("x".to_owned(), flood.as_bytes()).await;
        assert_eq!(words.text(), "panic: all is lost\nat once");
    }
}
