//! What identifies stored objects: read in the form of the present schema, upgraded by the provider where it was stored in an older one.

use super::prior::{ObjectId, Stage};
use super::{Core, Waiting};
use crate::rules;
use crate::stored;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::{InstanceAddr, ProviderAddr};
use terrane_model::provider::{Answer, Call, CallFailure, RawObject, Reply};
use terrane_value::Value;

impl Core {
    /// Reads the stored identity of an object. `false`: the provider has to be asked first, and [`Self::identity_answered`] goes on.
    pub(super) fn identity_ready(&mut self, id: ObjectId) -> bool {
        let object = &self.prior.objects[id];
        let (Some((version, json)), Some(provider)) =
            (object.stored.identity.clone(), object.provider.clone())
        else {
            return true;
        };
        let type_name = object.addr.resource.type_name.clone();
        let addr = &self.config.provider(provider.config).addr.provider;
        // A type that has no identity any more needs none.
        let Some(schema) = self.identity_schema(addr, &type_name).cloned() else {
            return true;
        };
        if version < schema.version {
            self.prior.objects[id].stage = Stage::Asked;
            let stored = RawObject {
                schema_version: version,
                json,
            };
            self.ask(
                &provider,
                Call::UpgradeIdentity { type_name, stored },
                Waiting::Identity(id),
            );
            return false;
        }
        let identity = stored::decode(&json, &schema.object_type());
        self.prior.objects[id].identity = identity.unwrap_or(Value::NULL);
        true
    }

    pub(super) fn identity_answered(&mut self, id: ObjectId, outcome: Result<Reply, CallFailure>) {
        let object = &self.prior.objects[id];
        let (addr, provider) = (object.addr.to_string(), object.provider.clone());
        let reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                self.may_quote(Some(id), None);
                if let Some(provider) = provider {
                    self.report_failure(&failure, &provider, &addr, None);
                }
                return self.object_failed(id);
            }
        };
        let span = self.object_span(id);
        if !reply.diagnostics.is_empty() {
            self.may_quote(Some(id), None);
        }
        if self.report_provider(&reply.diagnostics, &addr, &|_| span) {
            return self.object_failed(id);
        }
        let Some(Answer::Value(identity)) = reply.answer else {
            return self.unreadable(id, "the provider could not upgrade what identifies it");
        };
        let kept = provider.and_then(|provider| {
            let addr = &self.config.provider(provider.config).addr.provider;
            let type_name = &self.prior.objects[id].addr.resource.type_name;
            self.stored_identity(addr, type_name, &identity)
        });
        let object = &mut self.prior.objects[id];
        // As if state had always held it in this form, so that it is not asked again.
        std::sync::Arc::make_mut(&mut object.stored).identity = kept;
        object.identity = identity;
        let value = object.old.clone();
        self.object_upgraded(id, value);
    }

    /// An object was moved to a type or provider that can't take it over.
    pub(super) fn can_not_take_over(
        &mut self,
        id: ObjectId,
        from: &InstanceAddr,
        provider: &ProviderAddr,
    ) {
        let addr = self.prior.objects[id].addr.clone();
        self.diagnostics.push(
            Diagnostic::error(
                &rules::adoption::MOVE_NOT_SUPPORTED,
                format!(
                    "A moved block moves {from} to {addr}, but the provider {} can't take over objects of other types or providers. To keep the object, forget it with a removed block and import it to the new address.",
                    provider.for_display()
                ),
            )
            .about(addr.to_string()),
        );
        self.object_failed(id);
    }

    /// With targets, what was moved must be among them: half of a move can't be planned.
    pub(super) fn check_moved_scope(&mut self) {
        let objects = self.prior.objects.iter();
        let left: Vec<&InstanceAddr> = objects
            .filter(|object| !object.in_scope && object.deposed.is_none())
            .filter(|object| object.previous.is_some())
            .map(|object| &object.addr)
            .collect();
        if left.is_empty() {
            return;
        }
        let (option, way_out) = if self.options.targets.is_empty() {
            ("-exclude", "exclude less".to_owned())
        } else {
            let more: Vec<String> = left
                .iter()
                .map(|addr| format!("-target={}", super::takeover::shell(addr)))
                .collect();
            ("-target", format!("add {}", more.join(" ")))
        };
        let list: Vec<String> = left.iter().map(|addr| format!("  - {addr}")).collect();
        self.diagnostics.push(
            Diagnostic::error(
                &rules::adoption::MOVED_OUT_OF_SCOPE,
                format!("Resource instances in your current state have moved to new addresses in the latest configuration, and they must be part of the plan. The {option} options leave out:\n{}", list.join("\n")),
            )
            .hint(format!("leave out the {option} options, or {way_out}")),
        );
    }
}
