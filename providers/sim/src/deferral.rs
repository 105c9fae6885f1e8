//! Decisions that are put off.

use std::sync::OnceLock;
use terrane_model::provider::{Answer, Call, Deferred, Reply};
use terrane_provider::args;
use terrane_value::Value;

/// What one configured provider puts off: everything while its region is not known, where it may; and in the region `later` everything, whether it may
/// or not.
#[derive(Clone, Debug, Default)]
pub struct Deferral(OnceLock<Deferred>);

impl Deferral {
    /// The answer to a call that is put off. Has to see all calls, the one that configures too.
    pub fn answer(&self, call: &Call) -> Option<Reply> {
        if let Call::Configure { config, may_defer } = call {
            let unknown = config
                .get("region")
                .is_some_and(|region| !region.is_known());
            if *may_defer && unknown {
                self.0.get_or_init(|| Deferred::ProviderConfigUnknown);
            }
            if args::string(config, "region") == Some("later") {
                self.0.get_or_init(|| Deferred::AbsentPrerequisite);
            }
            return None;
        }
        self.0.get().and_then(|why| put_off(call, *why))
    }
}

fn put_off(call: &Call, why: Deferred) -> Option<Reply> {
    let deferred = Some(why);
    let answer = match call {
        Call::Read {
            current,
            private,
            identity,
            ..
        } => Answer::Read {
            state: current.clone(),
            private: private.clone(),
            identity: identity.clone(),
            deferred,
        },
        Call::Plan {
            proposed,
            private,
            identity,
            ..
        } => Answer::Plan {
            planned: proposed.clone(),
            requires_replace: Vec::new(),
            private: private.clone(),
            identity: identity.clone(),
            legacy_type_system: false,
            deferred,
        },
        Call::ReadDataSource { config, .. } => Answer::Data {
            state: Value::unknown(config.ty()),
            deferred,
        },
        Call::Import { .. } | Call::OpenEphemeral { .. } => Answer::Deferred(why),
        _ => return None,
    };
    Some(Reply::ok(answer))
}
