//! Claims as they are written down: in lease tables.

use super::WireError;
use super::addr::{WireAddr, WireConfigResource};
use super::object::Decoder;
use ecow::EcoString;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use terrane_model::claim::{Access, Claim, Part};

#[derive(Serialize, Deserialize, Default)]
struct WireClaim {
    /// `r` or `w`: the whole state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<WireAccess>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resources: Vec<(WireAccess, WireConfigResource)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    instances: Vec<(WireAccess, WireAddr)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<(WireAccess, EcoString)>,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
enum WireAccess {
    #[serde(rename = "r")]
    Read,
    #[serde(rename = "w")]
    Write,
}

impl From<Access> for WireAccess {
    fn from(access: Access) -> Self {
        match access {
            Access::Read => Self::Read,
            Access::Write => Self::Write,
        }
    }
}

impl From<WireAccess> for Access {
    fn from(access: WireAccess) -> Self {
        match access {
            WireAccess::Read => Self::Read,
            WireAccess::Write => Self::Write,
        }
    }
}

/// A claim as JSON: `{"instances":[["w",{"type":"t","name":"a"}]]}`.
///
/// # Errors
/// When it can't be written.
pub fn encode_claim(claim: &Claim) -> Result<Box<RawValue>, WireError> {
    let mut wire = WireClaim {
        all: claim.to_all().map(WireAccess::from),
        ..WireClaim::default()
    };
    for (part, access) in claim.parts() {
        let access = access.into();
        match part {
            Part::Resource(addr) => wire.resources.push((access, (&addr).into())),
            Part::Instance(addr) => wire.instances.push((access, WireAddr::instance(&addr))),
            Part::Output(name) => wire.outputs.push((access, name)),
        }
    }
    serde_json::value::to_raw_value(&wire).map_err(|error| WireError::Bad(error.to_string()))
}

/// Reads what [`encode_claim`] gives.
///
/// # Errors
/// When it is not that.
pub fn decode_claim(text: &str) -> Result<Claim, WireError> {
    let WireClaim {
        all,
        resources,
        instances,
        outputs,
    } = serde_json::from_str(text).map_err(|error| WireError::Bad(error.to_string()))?;
    let mut claim = all.map_or_else(Claim::nothing, |access| Claim::all(access.into()));
    let mut decoder = Decoder::default();
    for (access, addr) in resources {
        claim.add(Part::Resource(addr.into()), access.into());
    }
    for (access, addr) in instances {
        claim.add(Part::Instance(addr.decode(&mut decoder)), access.into());
    }
    for (access, name) in outputs {
        claim.add(Part::Output(name), access.into());
    }
    Ok(claim)
}
