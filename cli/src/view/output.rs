//! The two streams.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

/// Standard output (data) and standard error (talk about what went wrong).
///
/// What goes to standard output is held back until [`Self::flush`], which everything that waits must call before. A failure to write is
/// remembered until the end of the program: there it decides the exit code.
#[derive(Debug)]
pub(crate) struct Output {
    out: BufWriter<Stdout>,
    color: bool,
    failed: Option<io::Error>,
}

impl Output {
    /// `color`: whether colours are wanted, where there is a terminal to show them.
    pub(crate) fn new(color: bool) -> Self {
        Self {
            out: BufWriter::with_capacity(64 * 1024, io::stdout()),
            color,
            failed: None,
        }
    }

    /// No colours from now on.
    pub(crate) fn no_color(&mut self) {
        self.color = false;
    }

    /// Whether standard output takes colours.
    pub(crate) fn color(&self) -> bool {
        self.color && self.is_terminal()
    }

    /// Whether standard error takes colours.
    pub(crate) fn error_color(&self) -> bool {
        self.color && io::stderr().is_terminal()
    }

    /// Whether standard output is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Columns to wrap text at.
    pub(crate) fn width(&self) -> usize {
        if !self.is_terminal() {
            return 78;
        }
        let (_, columns) = console::Term::stdout().size();
        usize::from(columns).max(20)
    }

    /// Writes text to standard output as it is.
    pub(crate) fn print(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes());
        self.note(written);
    }

    /// Writes text to standard error, behind everything that went to standard output.
    pub(crate) fn error(&mut self, text: &str) {
        drop(self.flush());
        // There is nobody left to tell.
        drop(io::stderr().lock().write_all(text.as_bytes()));
    }

    /// Hands on what was held back. Gives the first failure there ever was.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let written = self.out.flush();
        self.note(written);
        match &self.failed {
            None => Ok(()),
            Some(error) => Err(error.kind().into()),
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}
