//! Configuration that is to be written for objects that are imported and not configured (`-generate-config-out`).
//!
//! When everything else is planned, so that the values that their blocks refer to are there, the objects are imported and read; a provider that can
//! write their configuration is asked for it. The plan itself does not hold them: whoever wants one plans again with what was written.

use super::prior::{ObjectId, Stage};
use super::{Core, Waiting, adopt};
use crate::generate::{Generated, resource_block};
use crate::machine::ProviderInstance;
use crate::rules;
use crate::world::{Place, Repeat};
use ecow::EcoString;
use std::fmt::Write as _;
use terrane_config::config::{Import, ProviderUse};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics};
use terrane_model::addr::InstanceKey;
use terrane_model::provider::{Answer, Call, CallFailure, ImportTarget, Reply};
use terrane_value::{Kind, Value};

/// One block to be written.
#[derive(Debug)]
pub(super) struct Draft {
    object: ObjectId,
    /// The `provider` argument.
    provider: Option<String>,
    /// The configuration that the provider gave.
    config: Option<Value>,
}

/// Whether an import leads to instances with keys.
pub(super) fn is_repeated(import: &Import) -> bool {
    let key = import.to.resource.as_ref().and_then(|to| to.key.as_ref());
    import.for_each.is_some() || key.is_some() || !import.keys.is_empty()
}

/// How far the writing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Drafting {
    #[default]
    NotBegun,
    Importing,
    Done,
}

impl Core {
    /// Goes on with writing configuration, when nothing is outstanding. Whether there was something to do.
    pub(super) fn draft(&mut self) -> bool {
        match self.drafting {
            Drafting::NotBegun => {
                self.drafting = Drafting::Importing;
                if self.options.generate {
                    self.begin_drafts();
                }
                true
            }
            Drafting::Importing => {
                self.drafting = Drafting::Done;
                self.ask_for_config();
                true
            }
            Drafting::Done => false,
        }
    }

    fn begin_drafts(&mut self) {
        let config = self.config.clone();
        for import in &config.imports {
            let (None, Some(provider)) = (import.resource, &import.provider) else {
                continue;
            };
            if is_repeated(import) {
                // That it can't be done was said at the beginning.
                continue;
            }
            for result in self.evaluate_import(import) {
                let begun = result.and_then(|(addr, repeat, wanted)| {
                    let (instance, written) = self.draft_provider(import, provider, repeat)?;
                    Ok((addr, instance, written, wanted))
                });
                match begun {
                    // Why a provider is not ready was reported.
                    Ok((_, instance, ..)) if !self.provider_ready(&instance) => {}
                    Ok((addr, instance, written, wanted)) => {
                        if self.prior.current(&addr.resource, &addr.key).is_some() {
                            // It is managed already, and will be planned to be destroyed: that its block is missing is another matter.
                            continue;
                        }
                        if let Some(object) = self.begin_import(&addr, &instance, wanted) {
                            self.drafts.push(Draft {
                                object,
                                provider: written,
                                config: None,
                            });
                        }
                    }
                    Err(diagnostics) => self.complain_once(diagnostics),
                }
            }
        }
    }

    /// The provider instance that an import block names, and how its resource block is to name it.
    fn draft_provider(
        &self,
        import: &Import,
        used: &ProviderUse,
        repeat: Repeat,
    ) -> Result<(ProviderInstance, Option<String>), Diagnostics> {
        let mut written = import.provider_name.as_ref().map(EcoString::to_string);
        let mut instance = ProviderInstance {
            config: used.provider,
            key: None,
        };
        if let Some(key) = &used.key {
            let value = key.eval(&self.world.scope(Place::ROOT).repeated(repeat), &[])?;
            let Kind::String(text) = value.unmarked().kind() else {
                return Err(Diagnostic::error(
                    &rules::planning::INVALID_PROVIDER_KEY,
                    "The key that chooses a provider instance must be a known string.",
                )
                .at(key.span())
                .into());
            };
            let key = InstanceKey::Str(text.clone());
            if let Some(written) = &mut written {
                let _written = write!(written, "{key}");
            }
            instance.key = Some(key);
        }
        Ok((instance, written))
    }

    fn ask_for_config(&mut self) {
        for at in 0..self.drafts.len() {
            let object = &self.prior.objects[self.drafts[at].object];
            let Some(provider) = object.provider.clone() else {
                continue;
            };
            let able = self
                .info(provider.config)
                .is_some_and(|info| info.abilities.generates_config);
            if object.stage == Stage::Ready && able {
                let call = Call::GenerateConfig {
                    type_name: object.addr.resource.type_name.clone(),
                    state: object.now.clone(),
                };
                self.ask(&provider, call, Waiting::Draft(at));
            }
        }
    }

    pub(super) fn draft_answered(&mut self, at: usize, outcome: Result<Reply, CallFailure>) {
        let object = self.drafts[at].object;
        let addr = self.prior.objects[object].addr.to_string();
        self.may_quote(Some(object), None);
        match outcome {
            Ok(reply) => {
                let failed = self.report_provider(&reply.diagnostics, &addr, &|_| None);
                if let (Some(Answer::Value(config)), false) = (reply.answer, failed)
                    && !config.is_null()
                {
                    self.drafts[at].config = Some(config);
                }
            }
            Err(failure) => {
                if let Some(provider) = self.prior.objects[object].provider.clone() {
                    self.report_failure(&failure, &provider, &addr, None);
                }
            }
        }
    }

    /// The blocks, in the order of addresses.
    pub(super) fn generated(&mut self) -> Vec<Generated> {
        let mut found: Vec<Generated> = std::mem::take(&mut self.drafts)
            .into_iter()
            .filter_map(|draft| {
                let object = &self.prior.objects[draft.object];
                let schema = object.schema.as_ref()?;
                if object.stage != Stage::Ready {
                    return None;
                }
                let value = draft.config.as_ref().unwrap_or(&object.now);
                let from = match object.importing.as_ref()? {
                    ImportTarget::Id(id) => format!("{id:?}"),
                    target @ ImportTarget::Identity(_) => adopt::target_text(target).to_string(),
                };
                Some(resource_block(
                    &object.addr,
                    &schema.block,
                    value,
                    draft.provider.as_deref(),
                    &from,
                ))
            })
            .collect();
        found.sort_by(|one, other| one.addr.cmp(&other.addr));
        found
    }
}
