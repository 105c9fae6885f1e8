//! Objects, outputs and checks; and what repeats while they are read.

use super::addr::{WireConfigResource, WireKey, WireProvider, WireStep};
use super::value::{WirePathStep, WireValue, decode_path, encode_path};
use super::{WireError, value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ecow::EcoString;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;
use terrane_model::addr::{ConfigResource, InstanceKey, ModuleInstance, ProviderConfigAddr};
use terrane_model::snapshot::{
    CheckKind, CheckObject, CheckResult, CheckStatus, ObjectState, OutputState, Status,
};
use terrane_value::Path;

/// Remembers the last thing of a kind that was decoded, so that equal neighbours share memory.
pub(super) struct Last<W, T>(Option<(W, T)>);

impl<W: PartialEq + Clone, T: Clone> Last<W, T> {
    pub(super) fn get(&mut self, wire: W, make: impl FnOnce(W) -> T) -> T {
        if let Some((known, made)) = &self.0
            && *known == wire
        {
            return made.clone();
        }
        let made = make(wire.clone());
        self.0 = Some((wire, made.clone()));
        made
    }
}

impl<W, T> Default for Last<W, T> {
    fn default() -> Self {
        Self(None)
    }
}

/// Shares what neighbours in a file have in common: modules, providers, dependencies, names.
#[derive(Default)]
pub(super) struct Decoder {
    pub(super) modules: Last<Vec<WireStep>, ModuleInstance>,
    pub(super) providers: Last<WireProvider, ProviderConfigAddr>,
    dependencies: Last<Vec<WireConfigResource>, Arc<[ConfigResource]>>,
    names: [EcoString; 4],
    next_name: usize,
}

impl Decoder {
    /// The same text, shared with an equal one seen shortly before. (Up to 15 bytes are held in place anyway.)
    pub(super) fn name(&mut self, name: EcoString) -> EcoString {
        if name.len() <= 15 {
            return name;
        }
        if let Some(known) = self.names.iter().find(|known| **known == name) {
            return known.clone();
        }
        self.next_name = (self.next_name + 1) % self.names.len();
        self.names[self.next_name] = name.clone();
        name
    }
}

/// JSON text as it stands, checked to be JSON.
pub(super) fn raw<'a>(text: &'a str, what: &str) -> Result<&'a RawValue, WireError> {
    serde_json::from_str(text)
        .map_err(|error| WireError::Bad(format!("the {what} are not valid JSON: {error}")))
}

fn text(raw: &RawValue) -> Arc<str> {
    Arc::from(raw.get())
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireObject<'a> {
    #[serde(default, skip_serializing_if = "is_false")]
    tainted: bool,
    schema: u64,
    #[serde(borrow)]
    attrs: &'a RawValue,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sensitive: Vec<Vec<WirePathStep>>,
    /// Base64.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    private: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deps: Vec<WireConfigResource>,
    #[serde(default, skip_serializing_if = "is_false")]
    cbd: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    skip_destroy: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    identity: Option<WireIdentity<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_key: Option<WireKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_in_ms: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct WireIdentity<'a> {
    schema: u64,
    #[serde(borrow)]
    attrs: &'a RawValue,
}

impl<'a> WireObject<'a> {
    pub(super) fn encode(object: &'a ObjectState) -> Result<Self, WireError> {
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
        } = object;
        let identity = identity
            .as_ref()
            .map(|(schema, attrs)| {
                let attrs = raw(attrs, "identity attributes")?;
                Ok::<_, WireError>(WireIdentity {
                    schema: *schema,
                    attrs,
                })
            })
            .transpose()?;
        Ok(Self {
            tainted: *status == Status::Tainted,
            schema: *schema_version,
            attrs: raw(attributes, "attributes")?,
            sensitive: sensitive
                .iter()
                .map(encode_path)
                .collect::<Result<_, _>>()?,
            private: BASE64.encode(private),
            deps: dependencies.iter().map(WireConfigResource::from).collect(),
            cbd: *create_before_destroy,
            skip_destroy: *skip_destroy,
            identity,
            provider_key: provider_key.as_ref().map(WireKey::from),
            created_in_ms: *created_in_ms,
        })
    }

    pub(super) fn decode(self, decoder: &mut Decoder) -> Result<Arc<ObjectState>, WireError> {
        let Self {
            tainted,
            schema,
            attrs,
            sensitive,
            private,
            deps,
            cbd,
            skip_destroy,
            identity,
            provider_key,
            created_in_ms,
        } = self;
        let private = if private.is_empty() {
            Vec::new()
        } else {
            BASE64
                .decode(private.as_bytes())
                .map_err(|error| WireError::Bad(format!("private bytes: {error}")))?
        };
        Ok(Arc::new(ObjectState {
            status: if tainted {
                Status::Tainted
            } else {
                Status::Ready
            },
            schema_version: schema,
            attributes: text(attrs),
            sensitive: sensitive
                .into_iter()
                .map(decode_path)
                .collect::<Result<_, _>>()?,
            private: private.into(),
            dependencies: decoder.dependencies.get(deps, |deps| {
                deps.into_iter().map(ConfigResource::from).collect()
            }),
            create_before_destroy: cbd,
            skip_destroy,
            identity: identity.map(|WireIdentity { schema, attrs }| (schema, text(attrs))),
            provider_key: provider_key.map(InstanceKey::from),
            created_in_ms,
        }))
    }
}

/// What few objects have, where the rest is kept in another form.
#[derive(Serialize, Deserialize)]
pub(crate) struct More {
    sensitive: Vec<Vec<WirePathStep>>,
    provider_key: Option<WireKey>,
}

impl More {
    pub(crate) fn encode(
        sensitive: &[Path],
        provider_key: Option<&InstanceKey>,
    ) -> Result<Vec<u8>, WireError> {
        let sensitive = sensitive.iter().map(encode_path);
        super::write(&Self {
            sensitive: sensitive.collect::<Result<_, _>>()?,
            provider_key: provider_key.map(WireKey::from),
        })
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<(Vec<Path>, Option<InstanceKey>), WireError> {
        let Self {
            sensitive,
            provider_key,
        } = serde_json::from_slice(bytes).map_err(|error| WireError::Bad(error.to_string()))?;
        let sensitive = sensitive.into_iter().map(decode_path);
        Ok((
            sensitive.collect::<Result<_, _>>()?,
            provider_key.map(InstanceKey::from),
        ))
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireOutput {
    value: WireValue,
    #[serde(default, skip_serializing_if = "is_false")]
    sensitive: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deprecated: Option<EcoString>,
}

impl WireOutput {
    pub(super) fn encode(output: &OutputState) -> Result<Self, WireError> {
        let OutputState {
            value,
            sensitive,
            deprecated,
        } = output;
        Ok(Self {
            value: value::encode_typed(value)?,
            sensitive: *sensitive,
            deprecated: deprecated.clone(),
        })
    }

    pub(super) fn decode(self) -> Result<OutputState, WireError> {
        let Self {
            value,
            sensitive,
            deprecated,
        } = self;
        Ok(OutputState {
            value: value::decode_typed(&value)?,
            sensitive,
            deprecated,
        })
    }
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum WireCheckStatus {
    Pass,
    Fail,
    Error,
    Unknown,
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum WireCheckKind {
    Resource,
    Output,
    Check,
    Variable,
}

#[derive(Serialize, Deserialize)]
pub(super) struct WireCheck {
    kind: WireCheckKind,
    addr: EcoString,
    status: WireCheckStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    objects: Vec<WireCheckObject>,
}

#[derive(Serialize, Deserialize)]
struct WireCheckObject {
    addr: EcoString,
    status: WireCheckStatus,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    failures: Vec<EcoString>,
}

impl From<CheckStatus> for WireCheckStatus {
    fn from(status: CheckStatus) -> Self {
        match status {
            CheckStatus::Pass => Self::Pass,
            CheckStatus::Fail => Self::Fail,
            CheckStatus::Error => Self::Error,
            CheckStatus::Unknown => Self::Unknown,
        }
    }
}

impl From<WireCheckStatus> for CheckStatus {
    fn from(status: WireCheckStatus) -> Self {
        match status {
            WireCheckStatus::Pass => Self::Pass,
            WireCheckStatus::Fail => Self::Fail,
            WireCheckStatus::Error => Self::Error,
            WireCheckStatus::Unknown => Self::Unknown,
        }
    }
}

impl From<CheckKind> for WireCheckKind {
    fn from(kind: CheckKind) -> Self {
        match kind {
            CheckKind::Resource => Self::Resource,
            CheckKind::Output => Self::Output,
            CheckKind::Check => Self::Check,
            CheckKind::Variable => Self::Variable,
        }
    }
}

impl From<WireCheckKind> for CheckKind {
    fn from(kind: WireCheckKind) -> Self {
        match kind {
            WireCheckKind::Resource => Self::Resource,
            WireCheckKind::Output => Self::Output,
            WireCheckKind::Check => Self::Check,
            WireCheckKind::Variable => Self::Variable,
        }
    }
}

impl From<&CheckResult> for WireCheck {
    fn from(check: &CheckResult) -> Self {
        let CheckResult {
            kind,
            config_addr,
            status,
            objects,
        } = check;
        let object = |object: &CheckObject| {
            let CheckObject {
                addr,
                status,
                failures,
            } = object;
            WireCheckObject {
                addr: addr.clone(),
                status: (*status).into(),
                failures: failures.clone(),
            }
        };
        Self {
            kind: (*kind).into(),
            addr: config_addr.clone(),
            status: (*status).into(),
            objects: objects.iter().map(object).collect(),
        }
    }
}

impl From<WireCheck> for CheckResult {
    fn from(check: WireCheck) -> Self {
        let WireCheck {
            kind,
            addr,
            status,
            objects,
        } = check;
        let object = |object: WireCheckObject| {
            let WireCheckObject {
                addr,
                status,
                failures,
            } = object;
            CheckObject {
                addr,
                status: status.into(),
                failures,
            }
        };
        Self {
            kind: kind.into(),
            config_addr: addr,
            status: status.into(),
            objects: objects.into_iter().map(object).collect(),
        }
    }
}
