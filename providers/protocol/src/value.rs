//! Values and messages, to the protocol and back.

use crate::message::{self as proto, DynamicValue, IdentityData, Selector};
use bytes::Bytes;
use terrane_model::provider::{Deferred, ProviderDiagnostic, RawObject};
use terrane_model::schema::IdentitySchema;
use terrane_value::{Path, PathStep, Type, Value, json, msgpack};

const ERROR: i32 = 1;
const WARNING: i32 = 2;

/// A value for the plugin. An absent one (the engine's untyped null) is null of the type.
///
/// # Errors
/// A sentence without final period, if the value is not of the type.
pub fn encode(value: &Value, ty: &Type) -> Result<DynamicValue, String> {
    let msgpack = msgpack::encode(value, ty).map_err(|error| error.to_string())?;
    Ok(DynamicValue {
        msgpack: msgpack.into(),
        json: Bytes::new(),
    })
}

/// A value from the plugin. An absent one is null.
///
/// # Errors
/// A sentence without final period, if the bytes hold no value of the type.
pub fn decode(value: Option<DynamicValue>, ty: &Type) -> Result<Value, String> {
    let Some(DynamicValue { msgpack, json }) = value else {
        return Ok(Value::null(ty.clone()));
    };
    if !msgpack.is_empty() {
        return msgpack::decode(&msgpack, ty).map_err(|error| error.to_string());
    }
    if json.is_empty() {
        return Ok(Value::null(ty.clone()));
    }
    let text = std::str::from_utf8(&json).map_err(|_| "its JSON is not text".to_owned())?;
    json::decode(text, ty).map_err(|error| error.to_string())
}

/// The type of identities.
pub fn identity_type(schema: &IdentitySchema) -> Type {
    Type::object(
        schema
            .attributes
            .iter()
            .map(|(name, (ty, _))| (name.clone(), ty.clone())),
    )
}

/// An identity for the plugin; none if it is null or the type has none.
pub fn encode_identity(
    identity: &Value,
    schema: Option<&IdentitySchema>,
) -> Result<Option<IdentityData>, String> {
    match schema {
        Some(schema) if !identity.is_null() => Ok(Some(IdentityData {
            identity_data: Some(encode(identity, &identity_type(schema))?),
        })),
        _ => Ok(None),
    }
}

/// An identity from the plugin; null if there is none.
pub fn decode_identity(
    identity: Option<IdentityData>,
    schema: Option<&IdentitySchema>,
) -> Result<Value, String> {
    match (identity.and_then(|data| data.identity_data), schema) {
        (Some(data), Some(schema)) => decode(Some(data), &identity_type(schema)),
        _ => Ok(Value::NULL),
    }
}

/// A stored object from the host. Objects in the form of states before version 4 are not read.
///
/// # Errors
/// A sentence without final period, if it has another form.
pub fn stored(version: i64, raw: Option<proto::RawState>) -> Result<RawObject, String> {
    let raw = raw.unwrap_or_default();
    if !raw.flatmap.is_empty() {
        return Err("the stored object has the form of Terraform 0.11 and before".to_owned());
    }
    let json = std::str::from_utf8(&raw.json).map_err(|_| "its JSON is not text".to_owned())?;
    Ok(RawObject {
        schema_version: u64::try_from(version).unwrap_or(0),
        json: json.into(),
    })
}

/// A stored object for the plugin.
pub fn raw(stored: &RawObject) -> proto::RawState {
    proto::RawState {
        json: stored.json.as_bytes().to_vec(),
        flatmap: std::collections::HashMap::new(),
    }
}

/// Numbers of schema versions, which the protocol has signed.
pub fn version(of: u64) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

/// Messages.
pub fn diagnostics(from: Vec<proto::Diagnostic>) -> Vec<ProviderDiagnostic> {
    from.into_iter()
        .map(|diagnostic| ProviderDiagnostic {
            is_error: diagnostic.severity != WARNING,
            summary: diagnostic.summary,
            detail: diagnostic.detail,
            attribute: diagnostic.attribute.as_ref().map(path),
        })
        .collect()
}

/// Messages for the host.
#[must_use]
pub fn messages(from: Vec<ProviderDiagnostic>) -> Vec<proto::Diagnostic> {
    from.into_iter()
        .map(|diagnostic| proto::Diagnostic {
            severity: if diagnostic.is_error { ERROR } else { WARNING },
            summary: diagnostic.summary,
            detail: diagnostic.detail,
            attribute: diagnostic.attribute.as_ref().map(steps),
        })
        .collect()
}

/// A path for the host; it ends at an element of a set, which the protocol can't name.
#[must_use]
pub fn steps(from: &Path) -> proto::AttributePath {
    let steps = from.0.iter().map_while(|step| {
        let selector = match step {
            PathStep::Attr(name) => Selector::AttributeName(name.to_string()),
            PathStep::Index(index) => match (index.as_str(), index.as_number()) {
                (Some(key), _) => Selector::ElementKeyString(key.to_owned()),
                (None, Some(number)) => Selector::ElementKeyInt(number.to_i64()?),
                (None, None) => return None,
            },
        };
        Some(proto::Step {
            selector: Some(selector),
        })
    });
    proto::AttributePath {
        steps: steps.collect(),
    }
}

/// A path; it ends where a step says nothing.
pub fn path(from: &proto::AttributePath) -> Path {
    let steps = from.steps.iter().map_while(|step| {
        Some(match step.selector.as_ref()? {
            Selector::AttributeName(name) => PathStep::Attr(name.as_str().into()),
            Selector::ElementKeyString(key) => PathStep::Index(Value::string(key.as_str())),
            Selector::ElementKeyInt(index) => PathStep::Index(Value::number(*index)),
        })
    });
    Path(steps.collect())
}

/// Why the provider could not decide, for the host.
#[must_use]
pub fn reason(from: Option<Deferred>) -> Option<proto::Deferred> {
    let reason = match from? {
        Deferred::Unknown => 0,
        Deferred::ResourceConfigUnknown => 1,
        Deferred::ProviderConfigUnknown => 2,
        Deferred::AbsentPrerequisite => 3,
    };
    Some(proto::Deferred { reason })
}

/// Why the provider could not decide.
pub fn deferred(from: Option<proto::Deferred>) -> Option<Deferred> {
    from.map(|deferred| match deferred.reason {
        1 => Deferred::ResourceConfigUnknown,
        2 => Deferred::ProviderConfigUnknown,
        3 => Deferred::AbsentPrerequisite,
        _ => Deferred::Unknown,
    })
}
