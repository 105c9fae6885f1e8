//! What operations say to the user while they run, and what they ask. Results are returned, not said.

use crate::failure::Report;
use terrane_model::addr::InstanceAddr;

/// Something that only the user can answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The value of a root variable that has none.
    Variable {
        /// Its name.
        name: String,
        /// Its description; may be empty.
        description: String,
        /// Whether the answer must not be shown.
        sensitive: bool,
    },
    /// An argument of the backend that is required and not set.
    BackendArgument {
        /// The kind of backend.
        backend: String,
        /// Its name.
        name: String,
        /// Its description; may be empty.
        description: String,
        /// Whether the answer must not be shown.
        sensitive: bool,
    },
    /// Whether states are to be copied from one store to another.
    Migrate {
        /// Where they are, for people.
        from: String,
        /// Where they are to be.
        to: String,
        /// How many instances are to be copied.
        instances: usize,
        /// Of which workspaces.
        workspaces: Vec<String>,
    },
    /// Whether the state of a workspace is to be overwritten by another.
    Overwrite {
        /// The workspace.
        workspace: String,
        /// Where the one is that would be copied, for people.
        from: String,
        /// Where the other one is.
        to: String,
        /// Serial and number of instances of the one that would be copied.
        ours: (u64, usize),
        /// The same of the one that would be overwritten.
        theirs: (u64, usize),
        /// The latter is a later version of the former.
        newer: bool,
    },
    /// Whether to go on with the current workspace only, since the target has room for no other.
    OnlyCurrentWorkspace {
        /// The current workspace.
        workspace: String,
        /// The target, for people.
        to: String,
        /// How many others stay behind.
        others: usize,
    },
}

/// The user, as operations see them.
pub trait Ui: Send {
    /// Planning made progress.
    fn planning(&mut self, progress: &terrane_plan::machine::Progress);

    /// Applying made progress.
    fn applying(&mut self, progress: &terrane_apply::Progress);

    /// A provisioner wrote a line.
    fn provisioner_output(&mut self, addr: &InstanceAddr, provisioner: &str, line: &str);

    /// How many requests are waiting for an answer, and how many wait for a slot. Called before every wait, and at least once a second
    /// while one lasts: the moment to flush, redraw, and say what takes long.
    fn waiting(&mut self, in_flight: usize, queued: usize);

    /// A call that leaves the world as it is takes long: `cloud_thing.a: Still planning... [10s elapsed]`. What is being applied is for [`Self::waiting`].
    fn still(&mut self, text: &str) {
        self.note(text);
    }

    /// Something happens to a provider that is being installed.
    fn installing(&mut self, event: &crate::install::Event) {
        let _nobody_looks = event;
    }

    /// All of it has happened.
    fn installed(&mut self) {}

    /// Something to be said at once, for people only.
    fn note(&mut self, text: &str);

    /// Messages to be shown at once.
    fn report(&mut self, report: &Report);

    /// Asks. `None`: no answer can be had (no input, end of file).
    fn ask(&mut self, question: &Question) -> Option<String>;
}

/// A user who sees nothing and answers nothing.
#[derive(Debug)]
pub struct Silent;

impl Ui for Silent {
    fn planning(&mut self, _: &terrane_plan::machine::Progress) {}
    fn applying(&mut self, _: &terrane_apply::Progress) {}
    fn provisioner_output(&mut self, _: &InstanceAddr, _: &str, _: &str) {}
    fn waiting(&mut self, _: usize, _: usize) {}
    fn note(&mut self, _: &str) {}
    fn report(&mut self, _: &Report) {}
    fn ask(&mut self, _: &Question) -> Option<String> {
        None
    }
}
