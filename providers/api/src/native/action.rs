//! Actions: what a provider does beside making and changing objects.

use super::dispatch::{done, known, unknown};
use super::{Answered, Parts};
use crate::conform;
use async_trait::async_trait;
use std::fmt;
use terrane_model::provider::{Answer, Call, ProviderDiagnostic, Reply};
use terrane_model::schema::Schema;
use terrane_value::Value;

/// What an action has to say: lines that tell how far it got, and messages.
#[derive(Clone, Debug, Default)]
pub struct Invoked {
    /// In the order in which they are to be read.
    pub progress: Vec<String>,
    /// Errors among them mean that the action failed.
    pub diagnostics: Vec<ProviderDiagnostic>,
}

/// A type of action. It is invoked once for each time that a plan says so, and never to find out what it would do.
#[async_trait]
pub trait Action: Send + Sync + fmt::Debug {
    /// What it may be told. Asked once. Nothing in it is computed: an action gives no values.
    fn schema(&self) -> Schema;

    /// What is wrong with a configuration that fits the schema. It may hold unknowns.
    async fn validate(&self, _config: &Value) -> Vec<ProviderDiagnostic> {
        Vec::new()
    }

    /// Whether it can be done, as far as that can be told before. The configuration may hold unknowns.
    async fn plan(&self, _config: &Value) -> Answered<Vec<ProviderDiagnostic>> {
        Ok(Vec::new())
    }

    /// Does it. The configuration is wholly known.
    async fn invoke(&self, config: Value) -> Answered<Invoked>;
}

impl Parts {
    fn action(&self, type_name: &str) -> Answered<(&dyn Action, &Schema)> {
        let schema = self.schema.actions.get(type_name);
        match (self.actions.get(type_name), schema) {
            (Some(action), Some(schema)) => Ok((action.as_ref(), schema)),
            _ => Err(unknown("action type", type_name)),
        }
    }

    /// Validates, plans or does.
    pub(super) async fn act(&self, call: Call) -> Answered<Reply> {
        match call {
            Call::ValidateAction { type_name, config } => {
                let (action, schema) = self.action(&type_name)?;
                conform::check(&config, schema, "configuration")?;
                Ok(done(action.validate(&config).await))
            }
            Call::PlanAction { type_name, config } => {
                let (action, schema) = self.action(&type_name)?;
                conform::check(&config, schema, "configuration")?;
                Ok(done(action.plan(&config).await?))
            }
            Call::InvokeAction { type_name, config } => {
                let (action, schema) = self.action(&type_name)?;
                conform::check(&config, schema, "configuration")?;
                let Invoked {
                    progress,
                    diagnostics,
                } = action.invoke(known(config)?).await?;
                Ok(Reply {
                    answer: Some(Answer::Invoked(progress)),
                    diagnostics,
                })
            }
            _ => Err(unknown("call", "of an action")),
        }
    }
}
