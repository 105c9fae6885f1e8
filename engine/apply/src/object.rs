//! Objects as state holds them, from values.

use std::sync::Arc;
use terrane_model::addr::ConfigResource;
use terrane_model::provider::Private;
use terrane_model::schema::Block;
use terrane_model::snapshot::{ObjectState, Status};
use terrane_plan::objchange;
use terrane_plan::plan::ResourceChange;
use terrane_plan::stored;
use terrane_value::{Path, Value};

/// The stored form of an object. `identity`: what identifies it (or null), and the version of the schema of that.
///
/// # Errors
/// A sentence, when the value is not wholly known or does not fit the schema.
pub(crate) fn state_of(
    change: &ResourceChange,
    block: &Block,
    value: &Value,
    private: Private,
    identity: (&Value, u64),
    status: Status,
) -> Result<ObjectState, String> {
    let kept = objchange::strip_write_only(block, value);
    let attributes = stored::encode(&kept, block.implied_type())?;
    let identity = match identity {
        (value, _) if value.is_null() => None,
        (value, version) => Some((version, stored::encode(value, &value.ty())?)),
    };
    Ok(ObjectState {
        status,
        schema_version: change.schema_version,
        attributes,
        sensitive: sensitive_paths(&kept),
        private,
        dependencies: change.dependencies.clone(),
        create_before_destroy: change.create_before_destroy,
        skip_destroy: false,
        identity,
        provider_key: change.provider_key.clone(),
        created_in_ms: None,
    })
}

/// The stored form of a data source that was read while planning.
pub(crate) fn data_state(change: &ResourceChange, block: &Block) -> Option<ObjectState> {
    let value = change.after.unmark_deep();
    let attributes = stored::encode(&value, block.implied_type()).ok()?;
    let dependencies: Arc<[ConfigResource]> = Arc::from([]);
    Some(ObjectState {
        status: Status::Ready,
        schema_version: change.schema_version,
        attributes,
        sensitive: sensitive_paths(&change.after),
        private: Private::from([]),
        dependencies,
        create_before_destroy: false,
        skip_destroy: false,
        identity: None,
        provider_key: change.provider_key.clone(),
        created_in_ms: None,
    })
}

pub(crate) fn sensitive_paths(value: &Value) -> Vec<Path> {
    if !value.contains_marks() {
        return Vec::new();
    }
    objchange::marked_paths(value)
        .into_iter()
        .filter(|(_, marks)| marks.is_sensitive())
        .map(|(path, _)| path)
        .collect()
}

/// The planned object for an intent: what is known of it, sensitive values left out. With it the object can be looked for after a crash.
pub(crate) fn planned_text(planned: &Value) -> Arc<str> {
    /// `None`: left out, so that it is not taken for a null that was planned.
    fn known(value: &Value) -> Option<Value> {
        if value.marks().is_sensitive() || !value.is_known() {
            return None;
        }
        let value = value.unmarked();
        match value.kind() {
            terrane_value::Kind::Object(object) => {
                Some(Value::object(object.iter().filter_map(|(name, value)| {
                    Some((name.clone(), known(value)?))
                })))
            }
            _ if value.is_wholly_known() && !value.contains_marks() => Some(value.clone()),
            _ => None,
        }
    }
    known(planned)
        .and_then(|known| terrane_value::json::encode_plain(&known).ok())
        .map_or_else(|| "{}".into(), Into::into)
}
