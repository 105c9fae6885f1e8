//! Actions in saved plans.

use super::FileError;
use super::Reader;
use super::addrs::{read_instance, read_key, write_instance, write_key};
use super::values::{Shared, Tables};
use crate::action::{ActionCause, ActionInvocation};
use crate::plan::Plan;
use terrane_config::config::ActionEvent;
use terrane_value::bytes::Writer;

type Result<T> = std::result::Result<T, FileError>;

pub(super) fn write(plan: &Plan, tables: &mut Tables) -> Result<Writer> {
    let mut out = Writer::default();
    out.length(plan.invocations.len());
    for invocation in &plan.invocations {
        let ActionInvocation {
            addr,
            provider,
            provider_key,
            config,
            cause,
        } = invocation;
        write_instance(&mut out, addr);
        tables.provider(&mut out, provider);
        write_key(&mut out, provider_key.as_ref());
        tables.value(&mut out, config)?;
        match cause {
            ActionCause::Invoked => out.byte(0),
            ActionCause::Lifecycle {
                resource,
                event,
                block,
                position,
            } => {
                let known = ActionEvent::ALL.iter().zip(1u8..);
                let tag = known
                    .filter(|((_, known), _)| known == event)
                    .map(|(_, at)| at);
                out.byte(tag.last().unwrap_or(0));
                write_instance(&mut out, resource);
                out.number(u64::from(*block));
                out.number(u64::from(*position));
            }
        }
    }
    Ok(out)
}

pub(super) fn read(bytes: &mut Reader<'_>, shared: &Shared) -> Result<ActionInvocation> {
    Ok(ActionInvocation {
        addr: read_instance(bytes)?,
        provider: shared.provider(bytes)?,
        provider_key: read_key(bytes)?,
        config: shared.value(bytes)?,
        cause: match bytes.byte()? {
            0 => ActionCause::Invoked,
            tag => {
                let (_, event) = ActionEvent::ALL
                    .get(usize::from(tag) - 1)
                    .ok_or(FileError::Malformed("an action has no event"))?;
                ActionCause::Lifecycle {
                    event: *event,
                    resource: read_instance(bytes)?,
                    block: bytes.number32()?,
                    position: bytes.number32()?,
                }
            }
        },
    })
}
