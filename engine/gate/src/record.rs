//! Decisions as text: a JSON object each. What is signed is not this text but what it says (`docs/formats/approvals.md`).

use crate::decision::{Decision, DecisionId, DecisionKind, Place, Statement};
use crate::key::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of the form.
const VERSION: u64 = 1;
/// Most decisions that a file may hold.
const MOST: usize = 10_000;

/// Why a text holds no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// A later version.
    Version(u64),
    /// Something in it is not what it should be.
    Malformed(String),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(
                f,
                "it has version {version}, and this terrane knows {VERSION}"
            ),
            Self::Malformed(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for RecordError {}

#[derive(Serialize)]
struct Wire {
    v: u64,
    id: String,
    decision: String,
    ledger: String,
    workspace: String,
    lineage: String,
    plan: String,
    actions: Vec<String>,
    comment: String,
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    key: String,
    signature: String,
}

/// The same, read: as many texts as there are actions are not copied.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<'a> {
    #[serde(rename = "v")]
    _version: u64,
    id: &'a str,
    decision: &'a str,
    ledger: &'a str,
    workspace: &'a str,
    lineage: &'a str,
    plan: &'a str,
    #[serde(borrow)]
    actions: Vec<&'a str>,
    comment: &'a str,
    at: u64,
    #[serde(default)]
    expires: Option<u64>,
    key: &'a str,
    signature: &'a str,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u64,
    decisions: Vec<serde_json::Value>,
}

/// A decision as a JSON object.
#[must_use]
pub fn to_json(decision: &Decision) -> serde_json::Value {
    let Decision {
        statement,
        key,
        signature,
    } = decision;
    let wire = Wire {
        v: VERSION,
        id: statement.id.to_string(),
        decision: statement.kind.name().to_owned(),
        ledger: hex::encode(statement.place.ledger),
        workspace: statement.place.workspace.to_string(),
        lineage: statement.place.lineage.to_string(),
        plan: hex::encode(statement.plan),
        actions: statement
            .items
            .iter()
            .map(|item| BASE64.encode(item))
            .collect(),
        comment: statement.comment.to_string(),
        at: statement.at_ms,
        expires: statement.expires_ms,
        key: key.to_string(),
        signature: BASE64.encode(signature),
    };
    // Strings, numbers and lists of strings have a form in JSON.
    serde_json::to_value(wire).unwrap_or_default()
}

/// Reads a decision. Its signature is not looked at.
///
/// # Errors
/// When it is none, or of a later version.
pub fn from_json(json: &serde_json::Value) -> Result<Decision, RecordError> {
    let version = json.get("v").and_then(serde_json::Value::as_u64);
    if let Some(version) = version.filter(|version| *version > VERSION) {
        return Err(RecordError::Version(version));
    }
    let bad = |what: &str| RecordError::Malformed(format!("`{what}` is not what it should be"));
    let wire = Read::deserialize(json)
        .map_err(|error| RecordError::Malformed(format!("it is no decision: {error}")))?;
    let kind = DecisionKind::ALL
        .into_iter()
        .find(|kind| kind.name() == wire.decision)
        .ok_or_else(|| bad("decision"))?;
    let items = wire.actions.iter().map(|item| unbase(item));
    Ok(Decision {
        statement: Statement {
            id: DecisionId(unhex(wire.id).ok_or_else(|| bad("id"))?),
            kind,
            place: Place {
                ledger: unhex(wire.ledger).ok_or_else(|| bad("ledger"))?,
                workspace: wire.workspace.into(),
                lineage: wire.lineage.into(),
            },
            plan: unhex(wire.plan).ok_or_else(|| bad("plan"))?,
            items: items.collect::<Option<_>>().ok_or_else(|| bad("actions"))?,
            comment: wire.comment.into(),
            at_ms: wire.at,
            expires_ms: wire.expires,
        },
        key: wire
            .key
            .parse::<PublicKey>()
            .map_err(|error| RecordError::Malformed(format!("`key`: {error}")))?,
        signature: unbase(wire.signature).ok_or_else(|| bad("signature"))?,
    })
}

/// Bytes in Base64, just so many.
fn unbase<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let written = BASE64.decode_slice(text, &mut bytes).ok()?;
    (written == N).then_some(bytes)
}

/// Bytes in lower-case hexadecimal, just so many.
fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = hex::decode(text).ok()?.try_into().ok()?;
    (hex::encode(bytes) == text).then_some(bytes)
}

/// The file beside a plan: all decisions about it.
#[must_use]
pub fn write_file(decisions: &[Decision]) -> String {
    let file = File {
        v: VERSION,
        decisions: decisions.iter().map(to_json).collect(),
    };
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads the file beside a plan.
///
/// # Errors
/// When it is none, or of a later version.
pub fn read_file(text: &str) -> Result<Vec<Decision>, RecordError> {
    let file: File = serde_json::from_str(text)
        .map_err(|error| RecordError::Malformed(format!("it is no file of decisions: {error}")))?;
    if file.v > VERSION {
        return Err(RecordError::Version(file.v));
    }
    if file.decisions.len() > MOST {
        return Err(RecordError::Malformed(format!(
            "it holds more than {MOST} decisions"
        )));
    }
    file.decisions.iter().map(from_json).collect()
}

#[cfg(test)]
mod tests {
    use super::{from_json, read_file, to_json, write_file};
    use crate::decision::{Decision, DecisionId, DecisionKind, Place, Statement};
    use crate::key::PrivateKey;
    use serde_json::{Value, json};

    fn sample() -> Decision {
        Statement {
            id: DecisionId([7; 16]),
            kind: DecisionKind::Approve,
            place: Place {
                ledger: [1; 16],
                workspace: "prod".into(),
                lineage: "l".into(),
            },
            plan: [2; 32],
            items: vec![[9; 32], [3; 32], [9; 32]],
            comment: "fine".into(),
            at_ms: 1_000,
            expires_ms: Some(2_000),
        }
        .sign(&PrivateKey::from_seed(&[5; 32]))
    }

    #[test]
    fn what_is_written_is_read() {
        let decision = sample();
        assert!(decision.is_genuine());
        assert_eq!(decision.statement.items, [[3; 32], [9; 32]]);
        let read = read_file(&write_file(std::slice::from_ref(&decision))).unwrap();
        assert_eq!(read, [decision]);
        assert!(read[0].is_genuine());
    }

    /// Whatever field is edited, the signature does not fit any more, or it is no decision.
    #[test]
    fn an_edited_decision_is_found() {
        let json = to_json(&sample());
        for (field, value) in [
            ("id", json!("08080808080808080808080808080808")),
            ("decision", json!("reject")),
            ("ledger", json!("02020202020202020202020202020202")),
            ("workspace", json!("test")),
            ("lineage", json!("m")),
            ("plan", json!("03".repeat(32))),
            ("actions", json!([])),
            ("comment", json!("not fine")),
            ("at", json!(1_001)),
            ("expires", json!(3_000)),
            ("expires", Value::Null),
            (
                "key",
                json!(PrivateKey::from_seed(&[6; 32]).public().to_string()),
            ),
            ("signature", json!("A".repeat(86))),
        ] {
            let mut edited = json.clone();
            edited[field] = value;
            assert_ne!(edited, json, "{field}");
            let read = from_json(&edited);
            assert!(!read.is_ok_and(|read| read.is_genuine()), "{field}");
        }
    }

    /// Every byte of the text: what can still be read either says the same or is not genuine.
    #[test]
    fn no_byte_can_be_changed_unseen() {
        let decision = sample();
        let text = write_file(std::slice::from_ref(&decision));
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(text) = String::from_utf8(bytes) else {
                    continue;
                };
                for read in read_file(&text).into_iter().flatten() {
                    assert!(read == decision || !read.is_genuine(), "{at} {bit}: {text}");
                }
            }
        }
    }
}
