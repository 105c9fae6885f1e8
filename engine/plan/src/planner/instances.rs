//! Instances of provider configurations with `for_each`: what becomes of objects whose instance is not there any more.

use super::Core;
use super::prior::{ObjectId, Stage};
use crate::machine::ProviderInstance;
use crate::rules;
use terrane_lang::diagnostic::Diagnostic;
use terrane_lang::source::Span;
use terrane_model::addr::{InstanceAddr, InstanceKey, Mode};

impl Core {
    /// The message that a configured instance names a provider instance that there is not.
    pub(super) fn no_such_instance(
        &self,
        addr: &InstanceAddr,
        provider: &ProviderInstance,
        span: Span,
    ) -> Option<Diagnostic> {
        let declared = self.config.provider(provider.config);
        let (Some(instances), Some(InstanceKey::Str(key))) = (&declared.for_each, &provider.key)
        else {
            return None;
        };
        if instances.contains_key(key) {
            return None;
        }
        let known: Vec<String> = instances
            .keys()
            .take(10)
            .map(|key| format!("{key:?}"))
            .collect();
        let hint = if known.is_empty() {
            "its \"for_each\" has no elements".to_owned()
        } else {
            format!("its instances are {}", known.join(", "))
        };
        let diagnostic = Diagnostic::error(
            &rules::adoption::NO_PROVIDER_INSTANCE,
            format!("{addr} is to be managed by the instance {key:?} of {}, which its \"for_each\" does not give.", declared.addr),
        )
        .at(span)
        .about(addr.to_string())
        .hint(hint);
        Some(match declared.span {
            Some(span) => diagnostic.related(span, "the provider configuration"),
            None => diagnostic,
        })
    }

    /// The instance that an object was managed by is gone, and its block names another one: that one is asked about it.
    pub(super) fn hand_over(&mut self, id: ObjectId, provider: &ProviderInstance) {
        let object = &self.prior.objects[id];
        let lost = object.stage == Stage::Waiting
            && object.in_scope
            && object
                .provider
                .as_ref()
                .is_some_and(|known| !self.by_instance.contains_key(known));
        if !lost || !self.provider_ready(provider) {
            return;
        }
        if let Some(waiting) = object
            .provider
            .as_ref()
            .and_then(|known| self.unread.get_mut(known))
        {
            waiting.retain(|other| *other != id);
        }
        self.prior.objects[id].provider = Some(provider.clone());
        self.read_object(id);
    }

    /// Objects that are to go, and whose provider instance is gone already.
    pub(super) fn check_lost_instances(&mut self) {
        let mut found = Vec::new();
        for object in &self.prior.objects {
            let concerned = object.addr.resource.mode == Mode::Managed
                && object.in_scope
                && !object.claimed
                && object.stage == Stage::Waiting;
            let Some(provider) = object.provider.as_ref().filter(|_| concerned) else {
                continue;
            };
            let declared = self.config.provider(provider.config);
            let (what, way_out) = match (&provider.key, &declared.for_each) {
                (Some(InstanceKey::Str(key)), Some(instances)) if !instances.contains_key(key) => (
                    format!("{}[{key:?}]", declared.addr),
                    format!("give the \"for_each\" of the provider its element {key:?} back, apply, then remove it again"),
                ),
                (Some(key), None) => (
                    format!("{}{key}", declared.addr),
                    "give the provider configuration its \"for_each\" back, apply, then remove it again".to_owned(),
                ),
                (None, Some(_)) => (
                    declared.addr.to_string(),
                    "take the \"for_each\" out of the provider configuration, apply, then add it again".to_owned(),
                ),
                // Its configuration failed, or has no instance because its module has none; that is said elsewhere.
                _ => continue,
            };
            let addr = object.addr.to_string();
            let mut diagnostic = Diagnostic::error(
                &rules::adoption::LOST_PROVIDER_INSTANCE,
                format!("To work with {addr} its original provider instance at {what} is required, but it has been removed. This occurs when an element is removed from the \"for_each\" of a provider configuration while objects created by that instance still exist in the state: often because the same collection is used for the \"for_each\" of the resources, or of the module around them. An element must be removed there first, and from the provider after that has been applied."),
            )
            .about(addr)
            .hint(way_out);
            diagnostic.subject = declared.span;
            found.push(diagnostic);
        }
        self.diagnostics.extend(found);
    }
}
