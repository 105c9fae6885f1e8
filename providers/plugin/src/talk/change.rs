//! Reading, planning and applying.

use super::{Answered, Talk, out, out_identity, unexpected, with};
use terrane_model::provider::{Answer, Call};
use terrane_protocol::value::{decode, decode_identity, path};
use terrane_protocol::{Rpc, message as proto};

impl Talk {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm per call, each a translation there and back"
    )]
    pub(super) async fn change(&self, call: Call) -> Answered {
        match call {
            Call::Read {
                type_name,
                current,
                private,
                meta,
                identity,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let request = proto::ReadRequest {
                    current_state: Some(out(&current, ty)?),
                    private: private.to_vec(),
                    provider_meta: self.meta(&meta)?,
                    client_capabilities: Some(self.capabilities()),
                    current_identity: out_identity(&identity, identities)?,
                    type_name: type_name.into(),
                };
                let response: proto::ReadResponse = self.ask(Rpc::Read, request).await?;
                let answer = Answer::Read {
                    state: decode(response.new_state, ty)?,
                    private: response.private.into(),
                    identity: decode_identity(response.new_identity, identities)?,
                    deferred: self.deferral(response.deferred)?,
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::Plan {
                type_name,
                prior,
                proposed,
                config,
                private,
                meta,
                identity,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let request = proto::PlanRequest {
                    prior_state: Some(out(&prior, ty)?),
                    proposed_new_state: Some(out(&proposed, ty)?),
                    config: Some(out(&config, ty)?),
                    prior_private: private.to_vec(),
                    provider_meta: self.meta(&meta)?,
                    client_capabilities: Some(self.capabilities()),
                    prior_identity: out_identity(&identity, identities)?,
                    type_name: type_name.into(),
                };
                let response: proto::PlanResponse = self.ask(Rpc::Plan, request).await?;
                let answer = Answer::Plan {
                    planned: decode(response.planned_state, ty)?,
                    requires_replace: response.requires_replace.iter().map(path).collect(),
                    private: response.planned_private.into(),
                    identity: decode_identity(response.planned_identity, identities)?,
                    legacy_type_system: response.legacy_type_system,
                    deferred: self.deferral(response.deferred)?,
                };
                Ok(with(answer, response.diagnostics))
            }
            Call::Apply {
                type_name,
                prior,
                planned,
                config,
                private,
                meta,
                identity,
                token: _,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let request = proto::ApplyRequest {
                    prior_state: Some(out(&prior, ty)?),
                    planned_state: Some(out(&planned, ty)?),
                    config: Some(out(&config, ty)?),
                    planned_private: private.to_vec(),
                    provider_meta: self.meta(&meta)?,
                    planned_identity: out_identity(&identity, identities)?,
                    type_name: type_name.into(),
                };
                let response: proto::ApplyResponse = self.ask(Rpc::Apply, request).await?;
                let answer = Answer::Apply {
                    state: decode(response.new_state, ty)?,
                    private: response.private.into(),
                    identity: decode_identity(response.new_identity, identities)?,
                    legacy_type_system: response.legacy_type_system,
                };
                Ok(with(answer, response.diagnostics))
            }
            other => Err(unexpected(&other)),
        }
    }
}
