//! Asking: providers are configured, what is asked is held against their rules, then all are asked at once.

use super::listing::{Asked, Prepared};
use crate::drive::{Pool, ask_all};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::load::Loaded;
use crate::rules;
use crate::ui::Ui;
use std::collections::BTreeSet;
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::source::Span;
use terrane_model::provider::{Answer, Call, CallFailure, ListedObject, Reply};
use terrane_plan::machine::ProviderInstance;
use terrane_value::Value;

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) diagnostics: Diagnostics,
    /// By listing.
    pub(super) found: Vec<Vec<Object>>,
}

/// One object that was listed.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) listed: ListedObject,
    /// The configuration that its provider would write for it.
    pub(super) config: Option<Value>,
}

/// Asks everything. What a provider refuses is among the messages.
pub(super) async fn ask(
    prepared: &Prepared,
    loaded: &Loaded,
    pool: &mut Pool,
    (interrupt, configured): (&Interrupt, &mut BTreeSet<ProviderInstance>),
    ui: &mut dyn Ui,
) -> Result<Answers, Failure> {
    let mut teller = Teller {
        prepared,
        loaded,
        diagnostics: Diagnostics::new(),
    };
    let nothing = || prepared.listings.iter().map(|_| Vec::new()).collect();
    for configure in [false, true] {
        let new = prepared.providers.iter();
        let new = new.filter(|(provider, _)| !configured.contains(*provider));
        let asked: Vec<&ProviderInstance> = new.clone().map(|(provider, _)| provider).collect();
        let calls = new.map(|(provider, config)| {
            let config = config.unmark_deep();
            let may_defer = false;
            let call = match configure {
                false => Call::ValidateProviderConfig { config },
                true => Call::Configure { config, may_defer },
            };
            (provider.clone(), call)
        });
        let outcomes = ask_all(pool, calls.collect(), interrupt, ui).await?;
        for (provider, outcome) in asked.into_iter().zip(outcomes) {
            teller.of_provider(provider, outcome);
        }
        if teller.diagnostics.has_errors() {
            let diagnostics = teller.diagnostics;
            let found = nothing();
            return Ok(Answers { diagnostics, found });
        }
    }
    configured.extend(prepared.providers.keys().cloned());
    let calls = |make: fn(&Asked) -> Call| -> Vec<(ProviderInstance, Call)> {
        let listings = prepared.listings.iter();
        listings
            .map(|asked| (asked.provider.clone(), make(asked)))
            .collect()
    };
    let outcomes = ask_all(pool, calls(validate), interrupt, ui).await?;
    for (asked, outcome) in prepared.listings.iter().zip(outcomes) {
        teller.of_listing(asked, outcome);
    }
    if teller.diagnostics.has_errors() {
        let diagnostics = teller.diagnostics;
        let found = nothing();
        return Ok(Answers { diagnostics, found });
    }
    let outcomes = ask_all(pool, calls(list), interrupt, ui).await?;
    let mut found = Vec::new();
    for (asked, outcome) in prepared.listings.iter().zip(outcomes) {
        let listed = match teller.of_listing(asked, outcome) {
            Some(Answer::Listed(listed)) => listed,
            _ => Vec::new(),
        };
        let most = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        if asked.is_usual_limit && listed.len() >= most {
            let problem = Diagnostic::warning(
                &rules::query::LIMIT_REACHED,
                format!(
                    "{most} objects were listed, and there may be more: no more are asked for unless the block says so. Set its limit argument."
                ),
            );
            teller.add(problem, &asked.addr, Some(asked.span));
        }
        let objects = listed.into_iter().take(most);
        found.push(
            objects
                .map(|listed| Object {
                    listed,
                    config: None,
                })
                .collect(),
        );
    }
    let mut answers = Answers {
        diagnostics: teller.diagnostics,
        found,
    };
    configs(prepared, loaded, &mut answers, pool, interrupt, ui).await?;
    Ok(answers)
}

fn validate(asked: &Asked) -> Call {
    Call::ValidateList {
        type_name: asked.type_name.clone(),
        config: asked.config.unmark_deep(),
        include_objects: asked.include_objects,
        limit: asked.limit,
    }
}

fn list(asked: &Asked) -> Call {
    Call::List {
        type_name: asked.type_name.clone(),
        config: asked.config.unmark_deep(),
        include_objects: asked.include_objects,
        limit: asked.limit,
    }
}

/// Asks the providers that can write configuration themselves to do so. One that fails leaves it to this program.
async fn configs(
    prepared: &Prepared,
    loaded: &Loaded,
    answers: &mut Answers,
    pool: &mut Pool,
    interrupt: &Interrupt,
    ui: &mut dyn Ui,
) -> Result<(), Failure> {
    let mut calls = Vec::new();
    let mut places = Vec::new();
    for (at, (asked, objects)) in prepared.listings.iter().zip(&answers.found).enumerate() {
        let provider = &loaded.config.provider(asked.provider.config).addr.provider;
        let info = loaded.registry.infos().get(provider);
        if !info.is_some_and(|info| info.abilities.generates_config) {
            continue;
        }
        for (which, object) in objects.iter().enumerate() {
            if object.listed.object.is_null() {
                continue;
            }
            let call = Call::GenerateConfig {
                type_name: asked.type_name.clone(),
                state: object.listed.object.clone(),
            };
            calls.push((asked.provider.clone(), call));
            places.push((at, which));
        }
    }
    let outcomes = ask_all(pool, calls, interrupt, ui).await?;
    for ((at, which), outcome) in places.into_iter().zip(outcomes) {
        if let Ok(reply) = outcome
            && !reply.has_errors()
            && let Some(Answer::Value(config)) = reply.answer
            && let Some(object) = answers.found.get_mut(at).and_then(|all| all.get_mut(which))
        {
            object.config = (!config.is_null()).then_some(config);
        }
    }
    Ok(())
}

/// Turns what providers say into messages.
struct Teller<'t> {
    prepared: &'t Prepared,
    loaded: &'t Loaded,
    diagnostics: Diagnostics,
}

impl Teller<'_> {
    fn of_provider(&mut self, provider: &ProviderInstance, outcome: Result<Reply, CallFailure>) {
        let declared = self.loaded.config.provider(provider.config);
        let address = declared.addr.to_string();
        let span_of = |path: Option<&terrane_value::Path>| {
            let span = declared.span?;
            Some(path.map_or(span, |path| declared.body.span_of(path)))
        };
        self.told(provider, outcome, &address, &span_of);
    }

    fn of_listing(&mut self, asked: &Asked, outcome: Result<Reply, CallFailure>) -> Option<Answer> {
        let list = self.loaded.config.lists.get(asked.list);
        let span_of = |path: Option<&terrane_value::Path>| {
            let place = list.zip(path).map(|(list, path)| list.body.span_of(path));
            Some(place.unwrap_or(asked.span))
        };
        self.told(&asked.provider, outcome, &asked.addr, &span_of)
    }

    /// The answer, unless an error came with it.
    fn told(
        &mut self,
        provider: &ProviderInstance,
        outcome: Result<Reply, CallFailure>,
        address: &str,
        span_of: &dyn Fn(Option<&terrane_value::Path>) -> Option<Span>,
    ) -> Option<Answer> {
        let reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                let provider = &self.loaded.config.provider(provider.config).addr.provider;
                let secrets = &self.prepared.secrets;
                let problem = Diagnostic::error(
                    &rules::query::NO_ANSWER,
                    secrets.no_answer(&provider.for_display(), &failure),
                );
                self.add(problem, address, span_of(None));
                return None;
            }
        };
        let failed = reply.has_errors();
        for message in &reply.diagnostics {
            let message = self.prepared.secrets.hide_in(message);
            let headline = Headline::foreign(message.summary.clone());
            let diagnostic = match message.is_error {
                true => Diagnostic::error(headline, &message.detail),
                false => Diagnostic::warning(headline, &message.detail),
            };
            self.add(diagnostic, address, span_of(message.attribute.as_ref()));
        }
        reply.answer.filter(|_| !failed)
    }

    fn add(&mut self, mut diagnostic: Diagnostic, address: &str, span: Option<Span>) {
        diagnostic.subject = span;
        self.diagnostics.push(diagnostic.about(address));
    }
}
