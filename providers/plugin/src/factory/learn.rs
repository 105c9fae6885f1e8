//! What a plugin offers: asked, or read from what was kept.

use super::refused;
use crate::cache::Kept;
use crate::process::Process;
use bytes::Bytes;
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use terrane_model::provider::{Abilities, CallFailure, ProviderInfo};
use terrane_protocol::message::schema::{
    IdentitySchemasResponse, SchemasResponse, ServerCapabilities,
};
use terrane_protocol::message::{Empty, FunctionsResponse};
use terrane_protocol::schema::{Lazily, provider_schema};
use terrane_protocol::{Protocol, Rpc, value};
use tonic::{Code, Status};

/// How long a plugin may take to say what it offers. The largest need a few seconds.
const TIMEOUT: Duration = Duration::from_secs(300);

/// What is known of a plugin before it is configured.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) info: ProviderInfo,
    /// The key under which this was kept, if it was read from there.
    pub(crate) key: Option<String>,
    /// A process that was not asked for schemas can be used all the same.
    pub(crate) needs_no_asking: bool,
}

impl Known {
    /// What was kept. `None` if it makes no sense.
    pub(crate) fn read(kept: Kept, key: &str) -> Option<Self> {
        let schemas = SchemasResponse::decode(kept.schemas.clone()).ok()?;
        let identities = IdentitySchemasResponse::decode(kept.identities.clone()).ok()?;
        let mut known = known(kept.protocol()?, schemas, identities).ok()?;
        known.key = Some(key.to_owned());
        Some(known)
    }
}

/// What a response that was read once already says.
fn known(
    protocol: Protocol,
    schemas: SchemasResponse,
    identities: IdentitySchemasResponse,
) -> Result<Known, String> {
    let ServerCapabilities {
        plan_destroy,
        get_provider_schema_optional,
        move_resource_state,
        generate_resource_config,
    } = schemas.server_capabilities.unwrap_or_default();
    let schema = provider_schema(protocol, schemas, identities, Lazily::Yes)?;
    Ok(Known {
        info: ProviderInfo {
            schema: Arc::new(schema),
            abilities: Abilities {
                plan_destroy,
                move_state: move_resource_state,
                generates_config: generate_resource_config,
                ..Abilities::default()
            },
            reads_many: std::collections::BTreeMap::new(),
        },
        key: None,
        needs_no_asking: get_provider_schema_optional,
    })
}

/// Asks a process. An error is a sentence without final period.
pub(crate) async fn ask(process: &Process) -> Result<(Kept, Known), String> {
    let asked = async {
        let mut schemas: SchemasResponse = bounded(process, Rpc::GetSchemas).await?;
        check(&std::mem::take(&mut schemas.diagnostics))?;
        let mut identities: IdentitySchemasResponse =
            match bounded(process, Rpc::GetIdentitySchemas).await {
                // Older plugins have none.
                Err(Problem::Status(status)) if status.code() == Code::Unimplemented => {
                    IdentitySchemasResponse::default()
                }
                answered => answered?,
            };
        check(&std::mem::take(&mut identities.diagnostics))?;
        if schemas.functions.is_empty() {
            functions(process, &mut schemas).await;
        }
        Ok::<_, Problem>((schemas, identities))
    };
    let (schemas, identities) = asked.await.map_err(|problem| match problem {
        Problem::Status(status) => status.message().to_owned(),
        Problem::Told(text) => text,
    })?;
    let protocol = process.connection.protocol();
    // All are read once, so that a mistake in any of them is found; and then dropped, since few are needed.
    drop(provider_schema(
        protocol,
        schemas.clone(),
        identities.clone(),
        Lazily::No,
    )?);
    let kept = Kept::new(
        protocol,
        Bytes::from(schemas.encode_to_vec()),
        Bytes::from(identities.encode_to_vec()),
    );
    Ok((kept, known(protocol, schemas, identities)?))
}

/// Asks a process for its schemas although they are known: some can do nothing before they were asked. The answer is not compared, since what a plugin writes
/// has no certain order.
pub(crate) async fn ask_all_the_same(process: &Process, name: &str) -> Result<(), CallFailure> {
    let asked: Result<SchemasResponse, _> = bounded(process, Rpc::GetSchemas).await;
    let problem = match asked {
        Ok(_) => return Ok(()),
        Err(Problem::Status(status)) => status.message().to_owned(),
        Err(Problem::Told(text)) => text,
    };
    let problem = process.obituary().await.unwrap_or(problem);
    Err(refused(format!(
        "the provider {name} could not say what it offers: {problem}"
    )))
}

/// Some plugins tell their functions only when they are asked for these.
async fn functions(process: &Process, schemas: &mut SchemasResponse) {
    let told: Result<FunctionsResponse, _> = bounded(process, Rpc::GetFunctions).await;
    if let Ok(told) = told
        && check(&told.diagnostics).is_ok()
    {
        schemas.functions = told.functions;
    }
}

enum Problem {
    Status(Status),
    Told(String),
}

async fn bounded<A>(process: &Process, rpc: Rpc) -> Result<A, Problem>
where
    A: prost::Message + Default + 'static,
{
    let call = process.connection.call(rpc, Empty {});
    match tokio::time::timeout(TIMEOUT, call).await {
        Ok(answered) => answered.map_err(Problem::Status),
        Err(_) => Err(Problem::Told(format!(
            "it did not answer within {} seconds",
            TIMEOUT.as_secs()
        ))),
    }
}

fn check(messages: &[terrane_protocol::message::Diagnostic]) -> Result<(), Problem> {
    let messages = value::diagnostics(messages.to_vec());
    match messages.into_iter().find(|message| message.is_error) {
        Some(error) if error.detail.is_empty() => Err(Problem::Told(error.summary)),
        Some(error) => Err(Problem::Told(format!(
            "{}: {}",
            error.summary, error.detail
        ))),
        None => Ok(()),
    }
}
