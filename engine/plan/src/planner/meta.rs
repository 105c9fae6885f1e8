//! `provider_meta`: what a module tells a provider beside each of its resources.

use super::Core;
use crate::rules;
use crate::world::Place;
use terrane_config::config::ProviderId;
use terrane_lang::diagnostic::Diagnostic;
use terrane_model::addr::{Mode, ModuleInstance};
use terrane_value::Value;

impl Core {
    /// What is told beside a configured resource.
    pub(super) fn meta_at(&self, place: Place, provider: ProviderId) -> Value {
        let provider = &self.config.provider(provider).addr.provider;
        self.config.module(place.module).meta(provider)
    }

    /// What is told beside a stored object; nothing if its module is not configured any more.
    pub(super) fn meta_for(&self, module: &ModuleInstance, provider: ProviderId) -> Value {
        let provider = &self.config.provider(provider).addr.provider;
        self.index.module(module).map_or(Value::NULL, |module| {
            self.config.module(module).meta(provider)
        })
    }

    /// Providers that are to be told something, and do not listen.
    pub(super) fn check_metas(&mut self) {
        for module in &self.config.modules {
            for meta in module
                .provider_metas
                .iter()
                .filter(|meta| meta.value.is_none())
            {
                let concerned = (0u32..).zip(&module.resources).find(|(_, resource)| {
                    matches!(resource.mode, Mode::Managed | Mode::Data)
                        && self
                            .config
                            .provider(resource.provider.provider)
                            .addr
                            .provider
                            == meta.provider
                });
                let Some((at, _)) = concerned else {
                    continue;
                };
                let addr = self.config_addr(module.id, at);
                self.diagnostics.push(
                    Diagnostic::error(
                        rules::adoption::NO_PROVIDER_META.named(format!(
                            "Provider {} doesn't support provider_meta",
                            meta.provider.for_display()
                        )),
                        format!("The resource {addr} belongs to a provider that doesn't support provider_meta blocks. Remove the block."),
                    )
                    .at(meta.span),
                );
            }
        }
    }
}
