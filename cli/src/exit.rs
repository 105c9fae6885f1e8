//! Exit codes.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(pub(crate) u8);

impl Exit {
    /// All went well.
    pub(crate) const OK: Self = Self(0);
    /// Something did not.
    pub(crate) const ERROR: Self = Self(1);
    /// `plan -detailed-exitcode`: there are changes.
    pub(crate) const CHANGES: Self = Self(2);
    /// `fmt -check`: a file is not in the standard layout.
    pub(crate) const UNFORMATTED: Self = Self(3);
    /// There is no such command.
    pub(crate) const NO_COMMAND: Self = Self(127);
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}
