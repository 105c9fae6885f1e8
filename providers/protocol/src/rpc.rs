//! The calls of the provider service, by their names in either version.

use crate::handshake::Protocol;

macro_rules! rpcs {
    ($($(#[$doc:meta])* $variant:ident: $five:literal, $six:literal;)*) => {
        /// A call of the provider service.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rpc {
            $($(#[$doc])* $variant,)*
        }

        impl Rpc {
            /// All calls.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in a version of the protocol.
            #[must_use]
            pub const fn name(self, protocol: Protocol) -> &'static str {
                match (self, protocol) {
                    $((Self::$variant, Protocol::Five) => $five,
                      (Self::$variant, Protocol::Six) => $six,)*
                }
            }
        }
    };
}

rpcs! {
    /// What there is, without schemas.
    GetMetadata: "GetMetadata", "GetMetadata";
    /// All schemas.
    GetSchemas: "GetSchema", "GetProviderSchema";
    /// Schemas of identities.
    GetIdentitySchemas: "GetResourceIdentitySchemas", "GetResourceIdentitySchemas";
    /// Is this configuration of the provider acceptable?
    ValidateProvider: "PrepareProviderConfig", "ValidateProviderConfig";
    /// Is this configuration of a resource acceptable?
    ValidateResource: "ValidateResourceTypeConfig", "ValidateResourceConfig";
    /// Is this configuration of a data source acceptable?
    ValidateDataSource: "ValidateDataSourceConfig", "ValidateDataResourceConfig";
    /// Is this configuration of an ephemeral resource acceptable?
    ValidateEphemeral: "ValidateEphemeralResourceConfig", "ValidateEphemeralResourceConfig";
    /// Is this configuration of a listing acceptable?
    ValidateList: "ValidateListResourceConfig", "ValidateListResourceConfig";
    /// Is this configuration of an action acceptable?
    ValidateAction: "ValidateActionConfig", "ValidateActionConfig";
    /// From a stored object to one of the present schema.
    UpgradeState: "UpgradeResourceState", "UpgradeResourceState";
    /// From a stored identity to one of the present schema.
    UpgradeIdentity: "UpgradeResourceIdentity", "UpgradeResourceIdentity";
    /// Here is your configuration.
    Configure: "Configure", "ConfigureProvider";
    /// How is this object now?
    Read: "ReadResource", "ReadResource";
    /// What would come of this change?
    Plan: "PlanResourceChange", "PlanResourceChange";
    /// Make this change.
    Apply: "ApplyResourceChange", "ApplyResourceChange";
    /// Find this object.
    Import: "ImportResourceState", "ImportResourceState";
    /// Take over an object of another type.
    Move: "MoveResourceState", "MoveResourceState";
    /// Read a data source.
    ReadDataSource: "ReadDataSource", "ReadDataSource";
    /// Write the configuration of an object.
    GenerateConfig: "GenerateResourceConfig", "GenerateResourceConfig";
    /// Open an ephemeral resource.
    OpenEphemeral: "OpenEphemeralResource", "OpenEphemeralResource";
    /// Keep it open.
    RenewEphemeral: "RenewEphemeralResource", "RenewEphemeralResource";
    /// Close it.
    CloseEphemeral: "CloseEphemeralResource", "CloseEphemeralResource";
    /// List objects (answered by a stream).
    List: "ListResource", "ListResource";
    /// Signatures of functions.
    GetFunctions: "GetFunctions", "GetFunctions";
    /// Call a function.
    CallFunction: "CallFunction", "CallFunction";
    /// What would an action do?
    PlanAction: "PlanAction", "PlanAction";
    /// Do it (answered by a stream).
    InvokeAction: "InvokeAction", "InvokeAction";
    /// End calls in flight soon.
    Stop: "Stop", "StopProvider";
}

impl Rpc {
    /// The call of this name.
    #[must_use]
    pub fn by_name(protocol: Protocol, name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|rpc| rpc.name(protocol) == name)
    }

    /// Where it is to be found: `/tfplugin6.Provider/ReadResource`.
    #[must_use]
    pub fn path(self, protocol: Protocol) -> String {
        format!("/{}/{}", protocol.service(), self.name(protocol))
    }

    /// Whether it changes the world, so that losing its answer matters.
    #[must_use]
    pub fn changes(self) -> bool {
        matches!(self, Self::Apply | Self::InvokeAction)
    }
}

#[cfg(test)]
mod tests {
    use super::{Protocol, Rpc};

    #[test]
    fn names_are_found_again() {
        for protocol in [Protocol::Five, Protocol::Six] {
            for rpc in Rpc::ALL {
                assert_eq!(Rpc::by_name(protocol, rpc.name(protocol)), Some(*rpc));
            }
            assert_eq!(Rpc::by_name(protocol, "Nothing"), None);
        }
        assert_eq!(
            Rpc::GetSchemas.path(Protocol::Five),
            "/tfplugin5.Provider/GetSchema"
        );
    }
}
