//! `validate`: checks the configuration without state or world. Providers are asked what they think of it; none is configured.

use crate::failure::{Failure, Report};
use crate::files::functions_for_validate;
use crate::load::{Loaded, Origin, load};
use crate::session::Session;
use crate::test;
use crate::variables::{self, VariableArgument};
use futures::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_config::config::Config;
use terrane_config::validate::{Question, Subject, questions};
use terrane_lang::diagnostic::{Diagnostic, Diagnostics, Headline};
use terrane_lang::source::{SourceMap, Span};
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::provider::{Call, ProviderDiagnostic};
use terrane_model::secrets::Secrets;
use terrane_model::snapshot::Snapshot;
use terrane_provider::Provider;
use terrane_value::Path;

/// Checks the configuration of the working directory, and the test files in it and in the folder `tests` (`None`: no test files). Errors are
/// in the report.
///
/// # Errors
/// When it can't be read.
pub async fn run(
    session: &Session,
    arguments: &[VariableArgument],
    tests: Option<&str>,
) -> Result<Report, Failure> {
    let collected = variables::collect(&session.env, arguments, &mut SourceMap::default())?;
    let nothing = Snapshot::default();
    match load(session, &nothing, Origin::Disk, &collected.values).await {
        Ok(mut loaded) => {
            let mut diagnostics = std::mem::take(&mut loaded.warnings);
            let functions = functions_for_validate().with_providers(loaded.registry.functions());
            diagnostics.extend(terrane_plan::cycles(&loaded.config));
            let (found, questions) = questions(&loaded.config, &functions);
            let certain = found.has_errors();
            diagnostics.extend(found);
            if !certain {
                diagnostics.extend(judge(&loaded, questions).await);
                diagnostics.drop_echoes();
            }
            if let Some(directory) = tests {
                diagnostics.extend(test::validate::check(session, directory, &mut loaded).await?);
            }
            Ok(Report {
                diagnostics,
                sources: loaded.sources,
            })
        }
        Err(Failure::Input(report)) => Ok(report),
        Err(failure) => Err(failure),
    }
}

/// How many questions are under way at the same time.
const AT_ONCE: usize = 64;

/// What providers say about a configuration of which only constants are known. One that can't be started or does not answer is told of.
async fn judge(loaded: &Loaded, questions: Vec<Question>) -> Diagnostics {
    let config = &loaded.config;
    let asked: BTreeSet<ProviderAddr> = (questions.iter())
        .map(|question| About::of(config, question.subject).provider)
        .collect();
    let start = asked.into_iter().map(|addr| async move {
        let provider = match loaded.registry.factory(&addr) {
            Ok(factory) => factory.start().await.map_err(|failure| failure.message),
            Err(problem) => Err(problem),
        };
        (addr, provider)
    });
    let started: BTreeMap<ProviderAddr, Result<Arc<dyn Provider>, String>> =
        futures::future::join_all(start).await.into_iter().collect();
    let started = &started;
    let answers = questions.into_iter().map(|question| async move {
        let about = About::of(config, question.subject);
        let mut secrets = Secrets::default();
        secrets.add(&question.value);
        let provider = match &started[&about.provider] {
            Ok(provider) => provider,
            Err(problem) => return about.unanswered(problem),
        };
        let waiting = || format!("{}: Still validating", about.address);
        let call = provider.call(about.call(question.value.unmark_deep()));
        let Some(answered) = loaded.registry.patience().wait(waiting, call).await else {
            let name = about.provider.for_display();
            return about.unanswered(&format!(
                "The provider {name} had not answered when you interrupted."
            ));
        };
        match answered {
            Ok(reply) => {
                let messages = reply.diagnostics.iter();
                messages
                    .map(|message| about.said(&secrets.hide_in(message)))
                    .collect()
            }
            Err(failure) => {
                let name = about.provider.for_display();
                about.unanswered(&secrets.no_answer(&name, &failure))
            }
        }
    });
    let answers: Vec<Vec<Diagnostic>> = futures::stream::iter(answers)
        .buffered(AT_ONCE)
        .collect()
        .await;
    let mut diagnostics = Diagnostics::new();
    // A provider that is not there is one problem, however many ask it.
    for one in answers.into_iter().flatten() {
        let known =
            one.code.is_some() && diagnostics.iter().any(|other| other.detail == one.detail);
        if !known {
            diagnostics.push(one);
        }
    }
    diagnostics
}

/// What a question is about.
struct About<'a> {
    config: &'a Config,
    subject: Subject,
    provider: ProviderAddr,
    address: String,
    header: Option<Span>,
}

impl<'a> About<'a> {
    fn of(config: &'a Config, subject: Subject) -> Self {
        match subject {
            Subject::Provider(id) => {
                let declared = config.provider(id);
                Self {
                    config,
                    subject,
                    provider: declared.addr.provider.clone(),
                    address: declared.addr.to_string(),
                    header: declared.span,
                }
            }
            Subject::Resource(module, at) => {
                let module = config.module(module);
                let resource = &module.resources[at as usize];
                let path = module.path.0.iter();
                let calls: String = path.map(|name| format!("module.{name}.")).collect();
                let kind = match resource.mode {
                    Mode::Managed => "",
                    Mode::Data => "data.",
                    Mode::Ephemeral => "ephemeral.",
                    Mode::Action => "action.",
                };
                let (type_name, name) = (&resource.type_name, &resource.name);
                Self {
                    config,
                    subject,
                    provider: config
                        .provider(resource.provider.provider)
                        .addr
                        .provider
                        .clone(),
                    address: format!("{calls}{kind}{type_name}.{name}"),
                    header: Some(resource.span),
                }
            }
        }
    }

    fn call(&self, config: terrane_value::Value) -> Call {
        let Subject::Resource(module, at) = self.subject else {
            return Call::ValidateProviderConfig { config };
        };
        let resource = &self.config.module(module).resources[at as usize];
        let type_name = resource.type_name.clone();
        match resource.mode {
            Mode::Managed => Call::ValidateResource { type_name, config },
            Mode::Data => Call::ValidateDataSource { type_name, config },
            Mode::Ephemeral => Call::ValidateEphemeral { type_name, config },
            Mode::Action => Call::ValidateAction { type_name, config },
        }
    }

    /// A message of the provider, at the argument that it names.
    fn said(&self, message: &ProviderDiagnostic) -> Diagnostic {
        let headline = Headline::foreign(message.summary.clone());
        let mut diagnostic = if message.is_error {
            Diagnostic::error(headline, &message.detail)
        } else {
            Diagnostic::warning(headline, &message.detail)
        };
        diagnostic.address = Some(self.address.clone());
        diagnostic.subject = self.place(message.attribute.as_ref());
        diagnostic
    }

    fn place(&self, path: Option<&Path>) -> Option<Span> {
        let header = self.header?;
        let body = match self.subject {
            Subject::Provider(id) => &self.config.provider(id).body,
            Subject::Resource(module, at) => {
                &self.config.module(module).resources[at as usize].body
            }
        };
        Some(path.map_or(header, |path| body.span_of(path)))
    }

    fn unanswered(&self, problem: &str) -> Vec<Diagnostic> {
        let mut diagnostic = Diagnostic::error(&terrane_plan::rules::answer::NO_ANSWER, problem);
        diagnostic.subject = self.header;
        vec![diagnostic]
    }
}
