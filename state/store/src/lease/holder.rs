//! Who holds a lease: the same facts that the peers write into their locks.

use crate::clock::{Clock as _, SystemClock, rfc3339};
use ecow::EcoString;
use serde::{Deserialize, Serialize};

/// Who holds a lease, or waits for one. Its JSON is the peers' `LockInfo`: all members are optional when it is read, and unknown ones are left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Holder {
    /// The id of the lock (a UUID): what `force-unlock` is given. With it a place in the queue is kept.
    #[serde(rename = "ID")]
    pub id: EcoString,
    /// What is being done: `apply`. The peers write `OperationTypeApply`, see [`Holder::operation_word`].
    pub operation: EcoString,
    /// More, for people: the process. May be empty.
    pub info: EcoString,
    /// `user@host`
    pub who: EcoString,
    /// The version of the program.
    pub version: EcoString,
    /// When the lock was asked for: RFC 3339, UTC.
    pub created: EcoString,
    /// The state, as the store names it. May be empty.
    pub path: EcoString,
}

/// A new id for a lock: a random UUID.
#[must_use]
pub fn new_lock_id() -> EcoString {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text: &str = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut text);
    text.into()
}

impl Holder {
    /// This process, now, under a new id. The user is taken from the environment, else from the system's list of users.
    #[must_use]
    pub fn this_process(operation: &str) -> Self {
        let var = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        };
        let user = var(&["USER", "LOGNAME", "USERNAME"])
            .or_else(registered_user)
            .unwrap_or_else(|| "unknown".to_owned());
        let host = var(&["HOSTNAME", "COMPUTERNAME"])
            .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())
            .unwrap_or_else(|| "localhost".to_owned());
        Self {
            id: new_lock_id(),
            operation: operation.into(),
            info: this_command().into(),
            who: format!("{user}@{}", host.trim()).into(),
            version: env!("CARGO_PKG_VERSION").into(),
            created: rfc3339(SystemClock.now_ms()).into(),
            path: EcoString::new(),
        }
    }

    /// The same with another path.
    #[must_use]
    pub fn at(mut self, path: impl Into<EcoString>) -> Self {
        self.path = path.into();
        self
    }

    /// The operation as people call it: `apply` for the peers' `OperationTypeApply` too.
    #[must_use]
    pub fn operation_word(&self) -> String {
        match self.operation.strip_prefix("OperationType") {
            Some(word) => word.to_lowercase(),
            None => self.operation.to_string(),
        }
    }

    /// For messages: `ana@host since 2026-11-20T17:00:00Z (apply, process 12)`.
    #[must_use]
    pub fn describe(&self) -> String {
        let who = match &*self.who {
            "" => "somebody unknown",
            who => who,
        };
        let mut text = who.to_owned();
        if !self.created.is_empty() {
            text.push_str(" since ");
            text.push_str(&self.created);
        }
        let word = self.operation_word();
        let info = super::process::without_mark(&self.info);
        let about: Vec<&str> = [word.as_str(), info.as_str()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        if !about.is_empty() {
            text.push_str(" (");
            text.push_str(&about.join(", "));
            text.push(')');
        }
        text
    }

    /// The peers' `LockInfo` as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts can always be written as JSON")
    }

    /// Reads a `LockInfo`. `None`: it is none.
    #[must_use]
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The name of the user whose process this is, or else the number: in containers and services no variable says it.
#[must_use]
pub fn registered_user() -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let uid = std::fs::metadata("/proc/self").ok()?.uid();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(name_of(&users, uid).unwrap_or_else(|| format!("uid-{uid}")))
    }
    #[cfg(not(unix))]
    None
}

/// The name of a user in a text like `/etc/passwd`.
#[cfg(unix)]
fn name_of(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// The process and what it was called with.
fn this_command() -> String {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    format!("process {}: {}", std::process::id(), command(words))
}

/// The program and its command. Nothing of the options: everybody who finds the lock reads this, and values of variables can be among them.
fn command(words: impl Iterator<Item = String>) -> String {
    const MOST: usize = 3;
    let mut words = words.peekable();
    let program = words.next();
    while words.next_if(|word| word.starts_with('-')).is_some() {}
    let command = words.take_while(|word| !word.starts_with('-'));
    let all: Vec<String> = program.into_iter().chain(command).take(MOST).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn users_without_a_variable_have_their_name_all_the_same() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\n\n:x:7:\nana:x:1000:1000::/home/ana:/bin/sh\nodd\n";
        for (uid, name) in [(0, Some("root")), (1000, Some("ana")), (7, None), (1, None)] {
            assert_eq!(super::name_of(users, uid).as_deref(), name);
        }
        assert!(super::registered_user().is_some_and(|name| !name.is_empty()));
    }

    use super::{Holder, command};

    /// What stands in a lock is read by many.
    #[test]
    fn options_are_not_told() {
        for (words, expect) in [
            ("terrane apply -var=password=secret", "terrane apply"),
            (
                "terrane -chdir=x apply -var password=secret",
                "terrane apply",
            ),
            ("terrane state mv a b", "terrane state mv"),
            ("terrane -version", "terrane"),
            ("", ""),
        ] {
            let words = words.split_whitespace().map(str::to_owned);
            assert_eq!(command(words), expect);
        }
    }

    #[test]
    fn a_lock_of_a_peer_is_read_and_written() {
        let text = r#"{"ID":"6d1c1f5e-31ba-7d9b-91a5-f4e0b6ee6f2d","Operation":"OperationTypeApply","Info":"","Who":"ana@build","Version":"1.11.4","Created":"2026-11-20T17:12:00.123456789Z","Path":"terraform.tfstate"}"#;
        let holder = Holder::from_json(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(holder.to_json()).unwrap(), text);
        assert_eq!(
            holder.describe(),
            "ana@build since 2026-11-20T17:12:00.123456789Z (apply)"
        );
    }

    #[test]
    fn what_is_missing_is_not_shown() {
        for (text, expect) in [
            ("{}", "somebody unknown"),
            (r#"{"Who":"a@b"}"#, "a@b"),
            (
                r#"{"Who":"a@b","Info":"process 7","More":1}"#,
                "a@b (process 7)",
            ),
            (r#"{"Operation":"state mv"}"#, "somebody unknown (state mv)"),
        ] {
            let holder = Holder::from_json(text.as_bytes()).unwrap();
            assert_eq!(holder.describe(), expect, "{text}");
        }
        assert_eq!(Holder::from_json(b"not JSON"), None);
    }
}
