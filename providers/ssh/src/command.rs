//! Commands on the other machine.

use crate::error::SshError;
use russh::client::Msg;
use russh::{Channel, ChannelMsg, Pty};
use std::fmt;
use std::time::Duration;

/// The longest piece of a line that is passed on at once.
const MAX_LINE: usize = 64 * 1024;
/// How long output is still read after the command has ended: something that it left in the background may hold its streams.
const LINGER: Duration = Duration::from_secs(5);

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With a status.
    Status(u32),
    /// By a signal, such as `KILL`.
    Signal(String),
}

impl Exit {
    /// Whether it ended well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        *self == Self::Status(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exited with status {status}"),
            Self::Signal(name) => write!(f, "was killed by signal {name}"),
        }
    }
}

/// The output of one stream, cut into lines.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn take(&mut self, bytes: &[u8], line: &mut (dyn FnMut(&str) + Send)) {
        self.0.extend(bytes);
        while let Some(end) = self.0.iter().position(|byte| *byte == b'\n') {
            let rest = self.0.split_off(end + 1);
            self.rest(line);
            self.0 = rest;
        }
        if self.0.len() >= MAX_LINE {
            self.rest(line);
        }
    }

    fn rest(&mut self, line: &mut (dyn FnMut(&str) + Send)) {
        if !self.0.is_empty() {
            let text = String::from_utf8_lossy(&self.0);
            line(text.trim_end_matches(['\n', '\r']));
            self.0.clear();
        }
    }
}

pub(crate) async fn run(
    mut channel: Channel<Msg>,
    command: &str,
    terminal: bool,
    address: &str,
    line: &mut (dyn FnMut(&str) + Send),
) -> Result<Exit, SshError> {
    if terminal {
        let modes = [
            (Pty::ECHO, 0),
            (Pty::TTY_OP_ISPEED, 14_400),
            (Pty::TTY_OP_OSPEED, 14_400),
        ];
        // A server that gives none runs the command without.
        channel
            .request_pty(false, "xterm", 80, 40, 0, 0, &modes)
            .await?;
    }
    channel.exec(true, command).await?;
    // There is nothing to be read by it.
    channel.eof().await?;
    let (mut out, mut err) = (Lines::default(), Lines::default());
    let mut exit = None;
    loop {
        let message = if exit.is_some() {
            match tokio::time::timeout(LINGER, channel.wait()).await {
                Ok(message) => message,
                Err(_) => break,
            }
        } else {
            channel.wait().await
        };
        match message {
            Some(ChannelMsg::Data { data }) => out.take(&data, line),
            Some(ChannelMsg::ExtendedData { data, .. }) => err.take(&data, line),
            Some(ChannelMsg::ExitStatus { exit_status }) => exit = Some(Exit::Status(exit_status)),
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                exit = Some(Exit::Signal(format!("{signal_name:?}")));
            }
            Some(ChannelMsg::Failure) => {
                return Err(SshError::Protocol {
                    what: "running a command failed",
                    problem: format!("{address} does not run commands"),
                });
            }
            Some(ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
    }
    out.rest(line);
    err.rest(line);
    exit.ok_or_else(|| SshError::Lost {
        address: address.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Lines, MAX_LINE};

    #[test]
    fn output_is_cut_into_lines() {
        let mut seen = Vec::new();
        let mut line = |text: &str| seen.push(text.to_owned());
        let mut lines = Lines::default();
        for piece in ["a\r", "\nb", "c\n\nd", "\u{fc}"] {
            lines.take(piece.as_bytes(), &mut line);
        }
        lines.rest(&mut line);
        assert_eq!(seen, ["a", "bc", "", "d\u{fc}"]);
    }

    #[test]
    fn endless_lines_come_in_pieces() {
        let mut seen = 0;
        let mut lines = Lines::default();
        lines.take(&vec![b'x'; MAX_LINE + 1], &mut |_| seen += 1);
        assert_eq!((seen, lines.0.len()), (1, 0));
    }
}
