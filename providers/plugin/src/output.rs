//! What a plugin writes: log lines go to our log, and the last ones are kept, to be shown if it dies.

use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

/// How many lines are kept.
const KEPT_LINES: usize = 60;
/// How much of a line is kept, in bytes. A flood without line ends does not fill the memory.
const KEPT_BYTES: u64 = 16 << 10;

/// The last lines that a plugin wrote.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastWords(Arc<Mutex<VecDeque<String>>>);

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
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    }

    /// The panic message and what follows it, or else the last few lines. Empty if nothing was written.
    pub(crate) fn text(&self) -> String {
        const FEW: usize = 10;
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
                Ok(false) | Err(_) => return,
            }
        }
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
            "error" => tracing::error!(provider = name, module, "{message}"),
            "warn" => tracing::warn!(provider = name, module, "{message}"),
            "info" => tracing::info!(provider = name, module, "{message}"),
            "debug" => tracing::debug!(provider = name, module, "{message}"),
            _ => tracing::trace!(provider = name, module, "{message}"),
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
