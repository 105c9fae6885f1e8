//! Objects that come from elsewhere: from a store, another type, the world.

use super::{Answered, Talk, Trouble, out, out_identity, unexpected, with};
use terrane_model::provider::{Answer, Call, ImportTarget, ImportedObject};
use terrane_protocol::value::{decode, decode_identity, raw, version};
use terrane_protocol::{Rpc, message as proto};
use terrane_value::Value;

impl Talk {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm per call, each a translation there and back"
    )]
    pub(super) async fn find(&self, call: Call) -> Answered {
        match call {
            Call::UpgradeState { type_name, stored } => {
                let ty = self.resource_type(&type_name)?;
                let request = proto::UpgradeRequest {
                    version: version(stored.schema_version),
                    raw: Some(raw(&stored)),
                    type_name: type_name.into(),
                };
                let response: proto::UpgradeStateResponse =
                    self.ask(Rpc::UpgradeState, request).await?;
                let state = decode(response.upgraded_state, ty)?;
                Ok(with(Answer::Value(state), response.diagnostics))
            }
            Call::UpgradeIdentity { type_name, stored } => {
                let identities = self.identity(&type_name);
                let request = proto::UpgradeRequest {
                    version: version(stored.schema_version),
                    raw: Some(raw(&stored)),
                    type_name: type_name.to_string(),
                };
                let response: proto::UpgradeIdentityResponse =
                    self.ask(Rpc::UpgradeIdentity, request).await?;
                let identity = decode_identity(response.upgraded_identity, identities)?;
                Ok(with(Answer::Value(identity), response.diagnostics))
            }
            Call::Move {
                source_provider,
                source_type,
                stored,
                private,
                identity,
                type_name,
            } => {
                let ty = self.resource_type(&type_name)?;
                let identities = self.identity(&type_name);
                let identity_version = identity.as_ref().map_or(0, |raw| raw.schema_version);
                let request = proto::MoveRequest {
                    source_provider_address: source_provider.into(),
                    source_type_name: source_type.into(),
                    source_schema_version: version(stored.schema_version),
                    source_state: Some(raw(&stored)),
                    target_type_name: type_name.to_string(),
                    source_private: private.to_vec(),
                    source_identity: identity.as_ref().map(raw),
                    source_identity_schema_version: version(identity_version),
                };
                let response: proto::MoveResponse = self.ask(Rpc::Move, request).await?;
                let object = ImportedObject {
                    state: decode(response.target_state, ty)?,
                    private: response.target_private.into(),
                    identity: decode_identity(response.target_identity, identities)?,
                    type_name,
                };
                Ok(with(Answer::Objects(vec![object]), response.diagnostics))
            }
            Call::Import { type_name, target } => {
                let (id, identity) = match target {
                    ImportTarget::Id(id) => (id.to_string(), Value::NULL),
                    ImportTarget::Identity(identity) => (String::new(), identity),
                };
                let request = proto::ImportRequest {
                    id,
                    client_capabilities: Some(self.capabilities()),
                    identity: out_identity(&identity, self.identity(&type_name))?,
                    type_name: type_name.into(),
                };
                let response: proto::ImportResponse = self.ask(Rpc::Import, request).await?;
                if let Some(deferred) = self.deferral(response.deferred)? {
                    return Ok(with(Answer::Deferred(deferred), response.diagnostics));
                }
                let objects = response
                    .imported_resources
                    .into_iter()
                    .map(|found| self.imported(found))
                    .collect::<Result<_, Trouble>>()?;
                Ok(with(Answer::Objects(objects), response.diagnostics))
            }
            Call::GenerateConfig { type_name, state } => {
                let ty = self.resource_type(&type_name)?;
                let request = proto::GenerateConfigRequest {
                    state: Some(out(&state, ty)?),
                    type_name: type_name.into(),
                };
                let response: proto::GenerateConfigResponse =
                    self.ask(Rpc::GenerateConfig, request).await?;
                let config = decode(response.config, ty)?;
                Ok(with(Answer::Value(config), response.diagnostics))
            }
            other => Err(unexpected(&other)),
        }
    }

    fn imported(&self, from: proto::ImportedResource) -> Result<ImportedObject, Trouble> {
        let Ok(ty) = self.resource_type(&from.type_name) else {
            return Err(Trouble::Sense(format!(
                "it found an object of the type {:?}, which it has not",
                from.type_name
            )));
        };
        let identities = self.identity(&from.type_name);
        Ok(ImportedObject {
            state: decode(from.state, ty)?,
            private: from.private.into(),
            identity: decode_identity(from.identity, identities)?,
            type_name: from.type_name.into(),
        })
    }
}
