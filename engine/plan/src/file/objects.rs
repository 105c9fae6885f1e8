//! Stored objects and results of checks.

use super::FileError;
use super::Reader;
use super::Result;
use super::addrs::{read_key, write_key};
use super::values::{Shared, Tables};
use std::sync::Arc;
use terrane_model::snapshot::{
    CheckKind, CheckObject, CheckResult, CheckStatus, ObjectState, Status,
};
use terrane_value::bytes::Writer;

pub(super) fn write_state(
    out: &mut Writer,
    tables: &mut Tables,
    state: Option<&ObjectState>,
) -> Result<()> {
    out.bool(state.is_some());
    let Some(state) = state else {
        return Ok(());
    };
    let ObjectState {
        status,
        schema_version,
        attributes,
        sensitive,
        private,
        dependencies,
        create_before_destroy,
        skip_destroy,
        identity,
        provider_key,
        created_in_ms,
    } = state;
    out.bool(*status == Status::Tainted);
    out.number(*schema_version);
    out.text(attributes);
    tables.paths(out, sensitive)?;
    out.blob(private);
    tables.dependencies(out, dependencies);
    out.bool(*create_before_destroy);
    out.bool(*skip_destroy);
    out.option(identity.as_ref(), |out, (version, identity)| {
        out.number(*version);
        out.text(identity);
    });
    write_key(out, provider_key.as_ref());
    out.option(*created_in_ms, |out, ms| out.number(u64::from(ms)));
    Ok(())
}

pub(super) fn read_state(
    bytes: &mut Reader<'_>,
    shared: &Shared,
) -> Result<Option<Arc<ObjectState>>> {
    bytes.option(|bytes| {
        Ok(Arc::new(ObjectState {
            status: if bytes.bool()? {
                Status::Tainted
            } else {
                Status::Ready
            },
            schema_version: bytes.number()?,
            attributes: bytes.str()?.into(),
            sensitive: shared.paths(bytes)?,
            private: bytes.shared()?,
            dependencies: shared.dependencies(bytes)?,
            create_before_destroy: bytes.bool()?,
            skip_destroy: bytes.bool()?,
            identity: bytes.option(|bytes| Ok((bytes.number()?, bytes.str()?.into())))?,
            provider_key: read_key(bytes)?,
            created_in_ms: bytes.option(Reader::number32)?,
        }))
    })
}

fn write_status(out: &mut Writer, status: CheckStatus) {
    out.byte(match status {
        CheckStatus::Pass => 0,
        CheckStatus::Fail => 1,
        CheckStatus::Error => 2,
        CheckStatus::Unknown => 3,
    });
}

fn read_status(bytes: &mut Reader<'_>) -> Result<CheckStatus> {
    Ok(match bytes.byte()? {
        0 => CheckStatus::Pass,
        1 => CheckStatus::Fail,
        2 => CheckStatus::Error,
        3 => CheckStatus::Unknown,
        _ => return Err(FileError::Malformed("a check has no status")),
    })
}

pub(super) fn write_check(out: &mut Writer, check: &CheckResult) {
    let CheckResult {
        kind,
        config_addr,
        status,
        objects,
    } = check;
    out.byte(match kind {
        CheckKind::Resource => 0,
        CheckKind::Output => 1,
        CheckKind::Check => 2,
        CheckKind::Variable => 3,
    });
    out.text(config_addr);
    write_status(out, *status);
    out.list(objects.iter(), |out, object| {
        let CheckObject {
            addr,
            status,
            failures,
        } = object;
        out.text(addr);
        write_status(out, *status);
        out.list(failures.iter(), |out, failure| out.text(failure));
    });
}

pub(super) fn read_check(bytes: &mut Reader<'_>) -> Result<CheckResult> {
    let kind = match bytes.byte()? {
        0 => CheckKind::Resource,
        1 => CheckKind::Output,
        2 => CheckKind::Check,
        3 => CheckKind::Variable,
        _ => return Err(FileError::Malformed("a check is of no kind")),
    };
    Ok(CheckResult {
        kind,
        config_addr: bytes.text()?,
        status: read_status(bytes)?,
        objects: bytes.list(|bytes| {
            Ok(CheckObject {
                addr: bytes.text()?,
                status: read_status(bytes)?,
                failures: bytes.list(Reader::text)?,
            })
        })?,
    })
}
