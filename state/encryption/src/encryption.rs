//! From settings to doors.

use crate::arguments::Arguments;
use crate::key::{
    AwsKms, AzureVault, External as ExternalKeys, GcpKms, KeyProvider, KeySource, OpenBao, Pbkdf2,
};
use crate::method::{AesGcm, Does, External as ExternalMethod, KEY_LENGTHS, Method};
use crate::settings::{Block, Mistake, MistakeKind, Part, Settings, Target};
use crate::target::Door;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_store::seal::{Plain, Seal};
use terrane_value::Kind;

/// Key providers that there are.
const KEY_PROVIDERS: &[&str] = &[
    "aws_kms",
    "azure_vault",
    "external",
    "gcp_kms",
    "openbao",
    "pbkdf2",
];
/// Methods that there are.
const METHODS: &[&str] = &["aes_gcm", "external", "unencrypted"];

/// What key providers may know of the outside.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The environment: addresses and credentials of services.
    pub env: BTreeMap<String, String>,
    /// Addresses of services; but in tests those that everybody uses.
    #[doc(hidden)]
    pub endpoints: Endpoints,
}

/// Addresses of services that neither settings nor environment name.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Google's key management.
    pub cloud_kms: String,
    /// Google's tokens of other accounts.
    pub iam_credentials: String,
    /// Google's tokens where credentials name no other place.
    pub google_token: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            cloud_kms: String::from("https://cloudkms.googleapis.com"),
            iam_credentials: String::from("https://iamcredentials.googleapis.com"),
            google_token: String::from("https://oauth2.googleapis.com/token"),
        }
    }
}

/// Encryption as configured: a door for each thing that may be encrypted.
#[derive(Clone, Debug)]
pub struct Encryption {
    state: Arc<dyn Seal>,
    plan: Arc<dyn Seal>,
    remote_default: Arc<dyn Seal>,
    remote: BTreeMap<String, Arc<dyn Seal>>,
}

impl Default for Encryption {
    /// Nothing is encrypted.
    fn default() -> Self {
        Self {
            state: Arc::new(Plain),
            plan: Arc::new(Plain),
            remote_default: Arc::new(Plain),
            remote: BTreeMap::new(),
        }
    }
}

impl Encryption {
    /// Checks settings, and makes doors of them. Asks nobody for a key yet.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn build(settings: &Settings, surroundings: &Surroundings) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut sources: Vec<Option<Arc<KeySource>>> = Vec::new();
        for (at, block) in settings.key_providers.iter().enumerate() {
            let chain = block.keys.and_then(|at| sources.get(at).cloned().flatten());
            sources.push(key_source(
                Part::KeyProvider(at),
                block,
                chain,
                surroundings,
                &mut mistakes,
            ));
        }
        let methods: Vec<Option<Arc<Method>>> = settings
            .methods
            .iter()
            .enumerate()
            .map(|(at, block)| method(Part::Method(at), block, &sources, &mut mistakes))
            .collect();
        for (part, target) in [(Part::State, &settings.state), (Part::Plan, &settings.plan)] {
            if let Some(target) = target {
                mistakes.extend(unenforceable(part, target, &methods));
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let door = |what: &'static str, target: Option<&Target>| -> Arc<dyn Seal> {
            let methods: Vec<Arc<Method>> = target
                .map_or(&[][..], |target| target.methods.as_slice())
                .iter()
                .filter_map(|at| methods.get(*at).cloned().flatten())
                .collect();
            if methods.is_empty() {
                Arc::new(Plain)
            } else {
                Arc::new(Door { what, methods })
            }
        };
        let remote = "the state of the other configuration";
        Ok(Self {
            state: door("the state", settings.state.as_ref()),
            plan: door("the plan", settings.plan.as_ref()),
            remote_default: door(remote, settings.remote_default.as_ref()),
            remote: settings
                .remote
                .iter()
                .map(|(name, target)| (name.clone(), door(remote, Some(target))))
                .collect(),
        })
    }

    /// The door of the states of this configuration.
    #[must_use]
    pub fn state(&self) -> &Arc<dyn Seal> {
        &self.state
    }

    /// The door of its saved plans.
    #[must_use]
    pub fn plan(&self) -> &Arc<dyn Seal> {
        &self.plan
    }

    /// The door of the state that a `terraform_remote_state` data source reads: the first of these names that the settings have, from the
    /// most to the least exact (`module.name[0]`, `module.name`), else the default.
    #[must_use]
    pub fn remote_state<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> &Arc<dyn Seal> {
        names
            .into_iter()
            .find_map(|name| self.remote.get(name))
            .unwrap_or(&self.remote_default)
    }
}

fn key_source(
    part: Part,
    block: &Block,
    chain: Option<Arc<KeySource>>,
    surroundings: &Surroundings,
    mistakes: &mut Vec<Mistake>,
) -> Option<Arc<KeySource>> {
    let mut arguments = Arguments::new(part, block);
    let addr = format!("key_provider.{}.{}", block.kind, block.name);
    let stored_as = match arguments.text("encrypted_metadata_alias") {
        Some(alias) if alias.is_empty() => {
            arguments.invalid(
                "encrypted_metadata_alias",
                "The alias must not be empty: leave it out to use the name of the block.",
            );
            addr.clone()
        }
        alias => alias.unwrap_or_else(|| addr.clone()),
    };
    if block.keys.is_some() && block.kind != "pbkdf2" {
        arguments.mistake(
            MistakeKind::UnsupportedArgument,
            Some("chain"),
            "Only key providers of type \"pbkdf2\" can be chained to another one.",
        );
    }
    let provider: Box<dyn KeyProvider> = match block.kind.as_str() {
        "pbkdf2" => Box::new(Pbkdf2::new(&mut arguments, block.keys.is_some())),
        "aws_kms" => Box::new(AwsKms::new(&mut arguments)),
        "azure_vault" => Box::new(AzureVault::new(&mut arguments, surroundings)),
        "external" => Box::new(ExternalKeys::new(&mut arguments)),
        "gcp_kms" => Box::new(GcpKms::new(&mut arguments, surroundings)),
        "openbao" => Box::new(OpenBao::new(&mut arguments, &surroundings.env)),
        kind => {
            mistakes.push(unknown(part, "key provider", kind, KEY_PROVIDERS));
            return None;
        }
    };
    let found = arguments.finish();
    let fine = found.is_empty();
    mistakes.extend(found);
    fine.then(|| {
        Arc::new(KeySource {
            addr,
            stored_as,
            provider,
            chain,
            memory: std::sync::Mutex::default(),
        })
    })
}

fn unknown(part: Part, what: &str, kind: &str, known: &[&str]) -> Mistake {
    Mistake {
        part,
        argument: None,
        kind: MistakeKind::UnknownType,
        detail: format!(
            "There is no {what} of type \"{kind}\". There are: {}.",
            known.join(", ")
        ),
    }
}

fn method(
    part: Part,
    block: &Block,
    sources: &[Option<Arc<KeySource>>],
    mistakes: &mut Vec<Mistake>,
) -> Option<Arc<Method>> {
    let mut arguments = Arguments::new(part, block);
    let keys = block.keys.and_then(|at| sources.get(at).cloned().flatten());
    let does = match block.kind.as_str() {
        "unencrypted" => {
            if block.keys.is_some() {
                arguments.mistake(
                    MistakeKind::UnsupportedArgument,
                    Some("keys"),
                    "The method \"unencrypted\" takes no keys.",
                );
            }
            Some(Does::Unencrypted)
        }
        "aes_gcm" => {
            if block.keys.is_none() {
                arguments.mistake(
                    MistakeKind::MissingArgument,
                    Some("keys"),
                    "The argument \"keys\" is required: a reference to a key provider, such as key_provider.pbkdf2.main.",
                );
            }
            check_key_length(&mut arguments, keys.as_deref());
            let aad = aad(&mut arguments);
            keys.map(|keys| Does::AesGcm(AesGcm { keys, aad }))
        }
        "external" => Some(Does::External(ExternalMethod::new(&mut arguments, keys))),
        kind => {
            mistakes.push(unknown(part, "method", kind, METHODS));
            return None;
        }
    };
    let found = arguments.finish();
    let fine = found.is_empty();
    mistakes.extend(found);
    does.filter(|_| fine).map(|does| {
        Arc::new(Method {
            addr: format!("method.{}.{}", block.kind, block.name),
            does,
        })
    })
}

fn check_key_length(arguments: &mut Arguments<'_>, keys: Option<&KeySource>) {
    if let Some(keys) = keys
        && let Some(length) = keys.provider.key_length()
        && !KEY_LENGTHS.contains(&length)
    {
        arguments.invalid(
            "keys",
            format!(
                "{} gives keys of {length} bytes, but the method \"aes_gcm\" takes keys of 16, 24 or 32: set its key length to one of these.",
                keys.addr
            ),
        );
    }
}

/// Bytes, as a list of numbers.
fn aad(arguments: &mut Arguments<'_>) -> Vec<u8> {
    let Some(value) = arguments.value("aad") else {
        return Vec::new();
    };
    let bytes = match value.kind() {
        Kind::Tuple(items) | Kind::List(items) => items
            .iter()
            .map(|item| {
                item.as_number()
                    .and_then(terrane_value::Number::to_u64)
                    .and_then(|number| u8::try_from(number).ok())
            })
            .collect(),
        _ => None,
    };
    bytes.unwrap_or_else(|| {
        arguments.invalid(
            "aad",
            "The argument \"aad\" must be a list of whole numbers from 0 to 255: the bytes that are authenticated along.",
        );
        Vec::new()
    })
}

fn unenforceable(part: Part, target: &Target, methods: &[Option<Arc<Method>>]) -> Option<Mistake> {
    if !target.enforced {
        return None;
    }
    let block = if part == Part::Plan { "plan" } else { "state" };
    let plain = target
        .methods
        .iter()
        .filter_map(|at| methods.get(*at).cloned().flatten())
        .find(|method| !method.encrypts());
    let detail = match plain {
        Some(method) => format!(
            "The `{block}` block has enforced = true, so {} can't be used in it, neither to write nor to read. Take it out, or take enforced out for as long as you migrate.",
            method.addr
        ),
        None if target.methods.is_empty() => format!(
            "The `{block}` block has enforced = true, but no method, so nothing could be written. Set its method, here or in the environment variable TF_ENCRYPTION."
        ),
        None => return None,
    };
    Some(Mistake {
        part,
        argument: Some(String::from("enforced")),
        kind: MistakeKind::Enforced,
        detail,
    })
}
