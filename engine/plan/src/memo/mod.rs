//! Answers that need not be asked for again: what a provider had nothing to say to, it has nothing to say to the next time.
//!
//! Most of what is asked while nothing has changed is answered with what was known beforehand: an object under the present schema is what is stored, a
//! configuration is fine, and, where nothing is to be done, the planned object is the proposed one. Of such an answer only the digest of its question is kept. The
//! same question is then answered here, by the same rule by which the answer was recognised: nothing that a provider made up is ever kept, and no value.
//!
//! Hidden inputs are part of the question, or keep it from being one: the program (its package's hash, the variables that it reads by name), what it is configured
//! with, the version of this engine. What a provider may find out elsewhere, such as how an object is now, is always asked. Plans are, too, unless the user says
//! that the providers plan by nothing but what they are asked: some do not (certificates that run out).
//!
//! Where digests are kept is not known here: see [`Memory`].

#[cfg(test)]
mod tests;

use crate::basis::{Canon, Hash};
use crate::machine::{ProviderInstance, RequestId};
use crate::objchange::write_only_values;
use ecow::EcoString;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use terrane_model::provider::{Answer, Call, CallFailure, Reply};
use terrane_model::schema::{Block, ProviderSchema};
use terrane_value::{Type, Value, json, msgpack};

/// Names a question whose answer is known.
pub type Digest = [u8; 16];

/// Raised when a question means something else than before.
const FORM: u64 = 1;

/// Where digests are kept.
pub trait Memory: fmt::Debug + Send {
    /// Whether a digest is there.
    fn knows(&mut self, digest: &Digest) -> bool;

    /// Adds one.
    fn learn(&mut self, digest: Digest);
}

/// The provider that is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Its instance.
    pub instance: &'a ProviderInstance,
    /// What tells this program from every other one. `None`: that can't be told, so nothing is kept of its answers.
    pub identity: Option<&'a str>,
    /// Its schemas.
    pub schema: &'a ProviderSchema,
}

/// Stands between a machine and its providers.
#[derive(Debug)]
pub struct Memo {
    memory: Box<dyn Memory>,
    /// Digests are of use only to who has it.
    secret: Hash,
    /// Whether plans are kept, too.
    plans: bool,
    /// What instances were configured with: its digest, `None` where not all of it was known.
    configured: BTreeMap<ProviderInstance, Option<Hash>>,
    /// Questions that were passed on.
    waiting: BTreeMap<u64, Question>,
}

#[derive(Debug)]
struct Question {
    digest: Hash,
    call: Call,
    about: About,
}

/// What it takes to recognise the answer.
#[derive(Clone, Debug)]
enum About {
    Fine,
    Stored(Type),
    Planned,
}

impl Memo {
    /// Over a memory. `plans`: whether what is planned is kept, too.
    #[must_use]
    pub fn new(memory: Box<dyn Memory>, secret: Hash, plans: bool) -> Self {
        Self {
            memory,
            secret,
            plans,
            configured: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// Looks at a call before it is made; the answer, if it is known. If not, [`Self::told`] must be called with what came of it.
    pub fn answer(&mut self, id: RequestId, asked: &Asked<'_>, call: &Call) -> Option<Reply> {
        let Asked {
            instance,
            identity,
            schema,
        } = *asked;
        if let Call::Configure { config, may_defer } = call {
            let digest = config.is_wholly_known().then(|| {
                let mut canon = Canon::new("terrane memo: configuration");
                canon.tag(u8::from(*may_defer));
                canon.value(config, &self.secret);
                canon.finish()
            });
            self.configured.insert(instance.clone(), digest);
            return None;
        }
        let (about, parts) = self.parts(instance, schema, call)?;
        let digest = self.digest(identity?, instance, &parts)?;
        for legacy in [false, true] {
            if self.memory.knows(&short(&digest, legacy)) {
                return expected(call, &about, legacy);
            }
            if !matches!(about, About::Planned) {
                break;
            }
        }
        let question = Question {
            digest,
            call: call.clone(),
            about,
        };
        self.waiting.insert(id.0, question);
        None
    }

    /// What came of a call.
    pub fn told(&mut self, id: RequestId, outcome: &Result<Reply, CallFailure>) {
        let Some(question) = self.waiting.remove(&id.0) else {
            return;
        };
        let Ok(reply) = outcome else {
            return;
        };
        let legacy = matches!(
            &reply.answer,
            Some(Answer::Plan {
                legacy_type_system: true,
                ..
            })
        );
        if expected(&question.call, &question.about, legacy).as_ref() == Some(reply) {
            self.memory.learn(short(&question.digest, legacy));
        }
    }

    /// What a question says, in the form in which providers are told; `None`: it is none of those whose answers are kept.
    fn parts(
        &self,
        instance: &ProviderInstance,
        schema: &ProviderSchema,
        call: &Call,
    ) -> Option<(About, Vec<Vec<u8>>)> {
        match call {
            Call::ValidateResource { type_name, config } => {
                let block = &schema.resources.get(type_name)?.block;
                let said = validated(block, config)?;
                Some((About::Fine, named(b"resource", type_name, [said])))
            }
            Call::ValidateDataSource { type_name, config } => {
                let block = &schema.data_sources.get(type_name)?.block;
                let said = validated(block, config)?;
                Some((About::Fine, named(b"data", type_name, [said])))
            }
            Call::UpgradeState { type_name, stored } => {
                let schema = schema.resources.get(type_name)?;
                if stored.schema_version != schema.version {
                    return None;
                }
                let ty = schema.block.implied_type().clone();
                let said = stored.json.as_bytes().to_vec();
                Some((About::Stored(ty), named(b"stored", type_name, [said])))
            }
            Call::Plan {
                type_name,
                prior,
                proposed,
                config,
                private,
                meta,
                identity,
            } if self.plans => {
                self.configured.get(instance)?.as_ref()?;
                let block = &schema.resources.get(type_name)?.block;
                if prior.is_null() || config.is_null() {
                    return None;
                }
                let said = [
                    validated(block, config)?,
                    encoded(prior, block.implied_type())?,
                    encoded(proposed, block.implied_type())?,
                    private.to_vec(),
                    encoded(meta, &Type::Dynamic)?,
                    encoded(identity, &Type::Dynamic)?,
                ];
                Some((About::Planned, named(b"plan", type_name, said)))
            }
            _ => None,
        }
    }

    fn digest(
        &self,
        identity: &str,
        instance: &ProviderInstance,
        parts: &[Vec<u8>],
    ) -> Option<Hash> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        let mut add = |bytes: &[u8]| {
            mac.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(bytes);
        };
        add(&FORM.to_le_bytes());
        add(env!("CARGO_PKG_VERSION").as_bytes());
        add(identity.as_bytes());
        match self.configured.get(instance) {
            Some(Some(configured)) => add(configured),
            Some(None) | None => add(b""),
        }
        for part in parts {
            add(part);
        }
        Some(mac.finalize().into_bytes().into())
    }
}

/// The name of a question in memory. Whether the provider's SDK is excused from the rules is the one thing that its answer says by itself.
fn short(digest: &Hash, legacy: bool) -> Digest {
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short[0] = (short[0] & 0xfe) | u8::from(legacy);
    short
}

fn named<const N: usize>(what: &[u8], type_name: &EcoString, said: [Vec<u8>; N]) -> Vec<Vec<u8>> {
    [what.to_vec(), type_name.as_bytes().to_vec()]
        .into_iter()
        .chain(said)
        .collect()
}

fn encoded(value: &Value, ty: &Type) -> Option<Vec<u8>> {
    msgpack::encode(value, ty).ok()
}

/// A configuration as providers are told it. One with values that are for the provider alone is none of which anything is kept.
fn validated(block: &Block, config: &Value) -> Option<Vec<u8>> {
    if !write_only_values(block, config).is_empty() {
        return None;
    }
    encoded(config, block.implied_type())
}

/// The answer of a provider that has nothing to say.
fn expected(call: &Call, about: &About, legacy: bool) -> Option<Reply> {
    let answer = match (about, call) {
        (About::Fine, _) => Answer::Done,
        (About::Stored(ty), Call::UpgradeState { stored, .. }) => {
            Answer::Value(json::decode(&stored.json, ty).ok()?)
        }
        (
            About::Planned,
            Call::Plan {
                proposed,
                private,
                identity,
                ..
            },
        ) => Answer::Plan {
            planned: proposed.clone(),
            requires_replace: Vec::new(),
            private: private.clone(),
            identity: identity.clone(),
            legacy_type_system: legacy,
            deferred: None,
        },
        _ => return None,
    };
    Some(Reply::ok(answer))
}
