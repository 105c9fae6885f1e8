//! The JSON form of stored objects: what `show -json` says without a plan (format 1.0).

use super::tree::{Object, Source, root};
use super::write::Writer;
use super::{STATE_FORMAT, Schemas, checks, value};
use crate::objchange::{mark_by_paths, schema_marks};
use std::fmt;
use terrane_model::addr::{DeposedKey, InstanceAddr, ModuleInstance, ProviderConfigAddr};
use terrane_model::snapshot::{ObjectState, Snapshot, Status};
use terrane_value::{Marks, Value, json};

/// Writes a snapshot. `version` is that of the program.
///
/// # Errors
/// Those of `out`.
pub fn state_json(
    out: &mut dyn fmt::Write,
    snapshot: &Snapshot,
    schemas: Schemas<'_>,
    version: &str,
) -> fmt::Result {
    let mut out = Writer::new(out);
    out.object(|out| {
        out.entry("format_version", STATE_FORMAT)?;
        if snapshot.resources.is_empty() && snapshot.outputs.is_empty() {
            return Ok(());
        }
        out.entry("terraform_version", version)?;
        out.key("values")?;
        out.object(|out| {
            if !snapshot.outputs.is_empty() {
                out.key("outputs")?;
                out.object(|out| {
                    for (name, output) in &snapshot.outputs {
                        out.key(name)?;
                        let deprecated = output.deprecated.as_deref();
                        self::output(out, &output.value, output.sensitive, deprecated)?;
                    }
                    Ok(())
                })?;
            }
            out.key("root_module")?;
            resources(out, snapshot, schemas)
        })?;
        if !snapshot.checks.is_empty() {
            out.key("checks")?;
            checks::write(out, &snapshot.checks)?;
        }
        Ok(())
    })
}

/// `{sensitive, deprecated, value, type}`
pub(super) fn output(
    out: &mut Writer<'_>,
    value: &Value,
    sensitive: bool,
    deprecated: Option<&str>,
) -> fmt::Result {
    out.object(|out| {
        out.key("sensitive")?;
        out.bool(sensitive)?;
        if let Some(message) = deprecated {
            out.entry("deprecated", message)?;
        }
        out.key("value")?;
        value::known(out, value)?;
        out.key("type")?;
        value::type_of(out, value)
    })
}

struct Row<'a> {
    addr: InstanceAddr,
    provider: &'a ProviderConfigAddr,
    deposed: Option<&'a DeposedKey>,
    object: &'a ObjectState,
}

fn resources(out: &mut Writer<'_>, snapshot: &Snapshot, schemas: Schemas<'_>) -> fmt::Result {
    let mut rows = Vec::with_capacity(snapshot.instance_count());
    for (addr, resource, instance) in snapshot.instances() {
        let current = instance.current.iter().map(|object| (None, object));
        let deposed = instance.deposed.iter();
        let deposed = deposed.map(|(key, object)| (Some(key), object));
        for (deposed, object) in current.chain(deposed) {
            rows.push(Row {
                addr: addr.clone(),
                provider: &resource.provider,
                deposed,
                object,
            });
        }
    }
    let source = Stored {
        schemas,
        rows: std::marker::PhantomData,
    };
    root(out, &rows, &source)
}

/// Everything that is stored.
struct Stored<'s, 'r> {
    schemas: Schemas<'s>,
    rows: std::marker::PhantomData<Row<'r>>,
}

impl<'r> Source for Stored<'_, 'r> {
    type Item = Row<'r>;

    fn module<'t>(&self, row: &'t Row<'r>) -> &'t ModuleInstance {
        &row.addr.resource.module
    }

    fn is_shown(&self, _row: &Row<'r>) -> bool {
        true
    }

    fn object<'t>(&self, row: &'t Row<'r>) -> Object<'t> {
        stored(row, self.schemas)
    }
}

fn stored<'a>(row: &'a Row<'_>, schemas: Schemas<'_>) -> Object<'a> {
    let object = row.object;
    Object {
        addr: &row.addr,
        provider: &row.provider.provider,
        schema_version: object.schema_version,
        value: stored_value(&row.addr, row.provider, object, schemas),
        depends_on: object
            .dependencies
            .iter()
            .map(ToString::to_string)
            .collect(),
        tainted: object.status == Status::Tainted,
        deposed: row.deposed.map(|key| key.0.as_str()),
        identity: object
            .identity
            .as_ref()
            .map_or((Value::NULL, None), |(version, text)| {
                let value = json::decode_implied(text).unwrap_or(Value::NULL);
                (value, Some(*version))
            }),
    }
}

/// The value of a stored object, marked by its schema and by what was sensitive in configuration. One that does not fit its schema (it
/// is of another version) is read as it stands.
#[must_use]
pub fn stored_value(
    addr: &InstanceAddr,
    provider: &ProviderConfigAddr,
    object: &ObjectState,
    schemas: Schemas<'_>,
) -> Value {
    let resource = &addr.resource;
    let schema = schemas(&provider.provider, resource.mode, &resource.type_name);
    let text = &object.attributes;
    let typed = schema.as_ref().and_then(|schema| {
        let value = crate::stored::decode(text, schema.block.implied_type()).ok()?;
        Some(schema_marks(&schema.block, &value))
    });
    let value = typed.unwrap_or_else(|| json::decode_implied(text).unwrap_or(Value::NULL));
    mark_by_paths(&value, &object.sensitive, &Marks::SENSITIVE)
}
