//! Where states are kept: the embedded store, or what the `backend` block of the root module names.
//!
//! In reading order: the kinds of backends that there are, the block in the configuration, what `init` has chosen and written down, which
//! store a command works with, what `init` does, and how states are moved from one store to another.

pub mod catalog;
mod choose;
mod declared;
pub mod init;
pub mod migrate;
pub(crate) mod record;

pub(crate) use choose::{choose, replay};

use crate::session::STATE_DIR;
use std::sync::Arc;
use terrane_store::StateStore;
use terrane_value::Value;

/// Where states are kept.
#[derive(Clone, Debug, Default)]
pub(crate) enum Settings {
    /// Beside the configuration, in the folder of the embedded store.
    #[default]
    Embedded,
    /// Where a backend says.
    Backend(Configured),
}

/// A backend with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    /// `s3`, `http`, …
    pub(crate) kind: String,
    /// An object of the implied type of its schema: what the block says, with what was given at `init`.
    pub(crate) config: Value,
    /// Names what the block alone says, so that a change of it is noticed.
    pub(crate) hash: String,
}

impl Settings {
    /// Whether both mean the same place.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Embedded, Self::Embedded) => true,
            (Self::Backend(left), Self::Backend(right)) => {
                left.kind == right.kind && left.config == right.config
            }
            (Self::Embedded, Self::Backend(_)) | (Self::Backend(_), Self::Embedded) => false,
        }
    }

    /// For messages: `the backend "s3"`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Embedded => format!("the embedded store ({STATE_DIR})"),
            Self::Backend(backend) => format!("the backend {:?}", backend.kind),
        }
    }
}

/// A store, and what names it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<dyn StateStore>,
}

impl Place {
    /// Whether it is the embedded store.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.settings, Settings::Embedded)
    }

    /// For messages: the backend and where it is.
    pub(crate) fn describe(&self) -> String {
        match &self.settings {
            Settings::Embedded => self.settings.describe(),
            Settings::Backend(backend) => {
                // One schema of a database can hold states in two ways.
                let layout = match backend.config.get("layout") {
                    None => String::new(),
                    Some(layout) => {
                        let layout = layout.as_str().unwrap_or("states").to_owned();
                        format!(", layout {layout}")
                    }
                };
                let kind = self.settings.describe();
                format!("{kind} ({}{layout})", self.store.location())
            }
        }
    }
}
