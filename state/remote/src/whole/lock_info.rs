//! What the peers write into their locks.

use serde::{Deserialize, Serialize};

/// Who holds a lock. All members are optional when it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockInfo {
    #[serde(rename = "ID", default)]
    pub(crate) id: String,
    #[serde(rename = "Operation", default)]
    pub(crate) operation: String,
    #[serde(rename = "Info", default)]
    pub(crate) info: String,
    #[serde(rename = "Who", default)]
    pub(crate) who: String,
    #[serde(rename = "Version", default)]
    pub(crate) version: String,
    #[serde(rename = "Created", default)]
    pub(crate) created: String,
    #[serde(rename = "Path", default)]
    pub(crate) path: String,
}

impl LockInfo {
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts can always be written as JSON")
    }

    pub(crate) fn from_json(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes)
            .ok()
            .filter(|info: &Self| !info.id.is_empty())
    }

    /// For messages.
    pub(crate) fn describe(&self) -> String {
        let Self {
            id,
            operation,
            info,
            who,
            created,
            version: _,
            path: _,
        } = self;
        let mut text = if who.is_empty() {
            String::from("somebody unknown")
        } else {
            who.clone()
        };
        if !created.is_empty() {
            text.push_str(" since ");
            text.push_str(created);
        }
        let word = operation
            .strip_prefix("OperationType")
            .map_or_else(|| operation.clone(), str::to_lowercase);
        let about: Vec<String> = [word, info.clone(), format!("lock {id}")]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        text.push_str(&format!(" ({})", about.join(", ")));
        text
    }
}
