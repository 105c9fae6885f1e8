//! The report of drift: what is shown, written as JSON (`docs/formats/drift.md`), sent and kept. Nothing sensitive is in it.

use super::{Class, Drifted};
use crate::shown::as_json;
use serde::Serialize;
use terrane_model::snapshot::Snapshot;
use terrane_plan::machine::Surveyed;
use terrane_value::Value;

/// The version of the format. A change of the number before the point is one that readers must know of.
pub const FORMAT_VERSION: &str = "1.1";
/// What stands in place of a sensitive value.
pub const HIDDEN: &str = "(sensitive)";

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// [`FORMAT_VERSION`]
    pub format_version: &'static str,
    /// The workspace.
    pub workspace: String,
    /// The state: its lineage; empty before the first write.
    pub lineage: String,
    /// And its serial.
    pub serial: u64,
    /// RFC 3339
    pub started_at: String,
    /// RFC 3339
    pub finished_at: String,
    /// Whether everything was read that was asked for.
    pub complete: bool,
    /// How many calls of providers it took. One that reads or lists many objects is one.
    pub calls: u64,
    /// Counts.
    pub summary: Summary,
    /// Objects that are not as the state holds them, in the order of addresses.
    pub drifted: Vec<Object>,
    /// Objects that the state does not know, by type and name.
    pub unmanaged: Vec<Stranger>,
    /// Types that were listed wholly.
    pub listed: Vec<ListedType>,
    /// Types that could not be listed, or not wholly.
    pub unlisted: Vec<NotListed>,
    /// Instances that could not be read.
    pub unread: Vec<String>,
    /// What the last report told of, and is not so any more.
    pub resolved: Vec<Resolved>,
}

/// Counts of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Read.
    pub read: usize,
    /// Not to be read.
    pub unread: usize,
    /// Gone.
    pub gone: usize,
    /// With a difference on which security depends.
    pub security: usize,
    /// With another difference that can be configured.
    pub changed: usize,
    /// With harmless differences only.
    pub harmless: usize,
    /// Listed, and not in the state.
    pub unmanaged: usize,
    /// Of all these, those that the last report did not have.
    pub new: usize,
    /// Those that the last report had.
    pub resolved: usize,
}

/// An object that is not as the state holds it.
#[derive(Clone, Debug, Serialize)]
pub struct Object {
    /// Its address.
    pub address: String,
    /// The key of the deposed object, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The provider configuration that state names.
    pub provider: String,
    /// Its `id`.
    pub id: Option<String>,
    /// The worst of its differences.
    pub class: &'static str,
    /// The last report did not tell of it, or otherwise.
    pub new: bool,
    /// When a report first told of it so. RFC 3339
    pub since: String,
    /// How it differs; empty if it is gone.
    pub differences: Vec<Difference>,
}

/// A difference.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// Where: `tags["a"]`. For an element of a set, the set.
    pub attribute: String,
    /// What it means.
    pub class: &'static str,
    /// Why.
    pub why: &'static str,
    /// Whether a configuration may set it.
    pub configurable: bool,
    /// Whether the values are not shown.
    pub sensitive: bool,
    /// As the state holds it; null if it is not there.
    pub before: serde_json::Value,
    /// As it is; null if it is not there.
    pub after: serde_json::Value,
}

/// An object that the state does not know.
#[derive(Clone, Debug, Serialize)]
pub struct Stranger {
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its name for people; may be empty.
    pub name: String,
    /// What identifies it: what an `import` block takes as its `identity`.
    pub identity: serde_json::Value,
    /// The provider configuration that listed it.
    pub provider: String,
    /// The last report did not tell of it.
    pub new: bool,
    /// When a report first told of it. RFC 3339
    pub since: String,
}

/// A type that was listed.
#[derive(Clone, Debug, Serialize)]
pub struct ListedType {
    /// The type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The provider configuration.
    pub provider: String,
}

/// A type that could not be listed.
#[derive(Clone, Debug, Serialize)]
pub struct NotListed {
    /// The type, or a name that the user gave.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The provider configuration; `None`: no provider has a type of this name.
    pub provider: Option<String>,
    /// Why.
    pub problem: String,
}

/// Something that is not so any more.
#[derive(Clone, Debug, Serialize)]
pub struct Resolved {
    /// The address, or type and identity of an object that was not managed.
    pub what: String,
    /// What it was.
    pub class: String,
    /// Since when. RFC 3339
    pub since: String,
}

impl Report {
    /// What a survey found, without times and without what was known before.
    pub(super) fn new(surveyed: &Surveyed, stored: &Snapshot, workspace: &str) -> Self {
        let drifted: Vec<Object> = surveyed.drifted.iter().map(object).collect();
        let unmanaged = surveyed.unmanaged.iter().map(|one| Stranger {
            type_name: one.type_name.to_string(),
            name: one.name.clone(),
            identity: plain(&one.identity),
            provider: one.provider.to_string(),
            new: true,
            since: String::new(),
        });
        let listed = surveyed
            .listed
            .iter()
            .map(|(type_name, provider)| ListedType {
                type_name: type_name.to_string(),
                provider: provider.to_string(),
            });
        let unlisted = surveyed.unlisted.iter().map(|one| NotListed {
            type_name: one.type_name.to_string(),
            provider: one.provider.as_ref().map(ToString::to_string),
            problem: one.problem.clone(),
        });
        let mut report = Self {
            format_version: FORMAT_VERSION,
            workspace: workspace.to_owned(),
            lineage: stored.lineage.to_string(),
            serial: stored.serial,
            complete: surveyed.unread.is_empty() && !surveyed.cancelled,
            drifted,
            unmanaged: unmanaged.collect(),
            listed: listed.collect(),
            unlisted: unlisted.collect(),
            unread: surveyed.unread.iter().map(ToString::to_string).collect(),
            ..Self::default()
        };
        report.summary.read = surveyed.read;
        report.count();
        report
    }

    /// Counts again.
    pub fn count(&mut self) {
        let of = |class: Class| {
            let class = class.name();
            let fitting = self.drifted.iter().filter(|object| object.class == class);
            fitting.count()
        };
        let new = self.drifted.iter().filter(|object| object.new).count();
        let strangers = self.unmanaged.iter().filter(|object| object.new).count();
        self.summary = Summary {
            read: self.summary.read,
            unread: self.unread.len(),
            gone: of(Class::Gone),
            security: of(Class::Security),
            changed: of(Class::Changed),
            harmless: of(Class::Harmless),
            unmanaged: self.unmanaged.len(),
            new: new + strangers,
            resolved: self.resolved.len(),
        };
    }

    /// Whether there is something of at least this class; of what is new only, if that is all that counts.
    #[must_use]
    pub fn has(&self, least: Class, only_new: bool) -> bool {
        self.drifted.iter().any(|object| {
            let class = Class::named(object.class);
            class.is_some_and(|class| class >= least) && (object.new || !only_new)
        })
    }

    /// As JSON, in one line.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a report has text keys and finite numbers only")
    }
}

fn object(drifted: &Drifted) -> Object {
    let differences = drifted.differences.iter().map(|one| {
        let sensitive = one.is_sensitive();
        let shown = |value: &Value| match sensitive {
            _ if value.is_null() => serde_json::Value::Null,
            true => HIDDEN.into(),
            false => plain(value),
        };
        Difference {
            attribute: one.path.to_string().trim_start_matches('.').to_owned(),
            class: one.class.name(),
            why: one.why,
            configurable: one.configurable,
            sensitive,
            before: shown(&one.before),
            after: shown(&one.after),
        }
    });
    Object {
        address: drifted.addr.to_string(),
        deposed: drifted.deposed.as_ref().map(ToString::to_string),
        type_name: drifted.addr.resource.type_name.to_string(),
        provider: drifted.provider.to_string(),
        id: drifted.id().map(str::to_owned),
        class: drifted.class().name(),
        new: true,
        since: String::new(),
        differences: differences.collect(),
    }
}

/// A value that holds nothing sensitive.
fn plain(value: &Value) -> serde_json::Value {
    as_json(value).unwrap_or_else(|| "(not known)".into())
}
