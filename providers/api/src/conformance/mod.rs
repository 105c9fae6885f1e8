//! The suite that every provider passes: [`check`] puts a provider through the life of its objects and reports what breaks the contract.
//!
//! A test of a provider is a list of [`Case`]s and the claim that `check` finds nothing:
//!
//! ```ignore
//! let cases = [Case::resource("null_resource", [("triggers", map)]).changed([("triggers", other)])];
//! assert_eq!(conformance::check(&factory, &cases).await, Vec::<String>::new());
//! ```
//!
//! The suite panics never; a provider that panics fails the test that runs it.

mod contract;
mod life;
mod schema;
#[cfg(test)]
mod tests;

pub use contract::{apply_faults, plan_faults, proposed_new};
pub use schema::schema_faults;

use crate::ProviderFactory;
use ecow::EcoString;
use terrane_model::provider::{Call, ProviderInfo};
use terrane_model::schema::Block;
use terrane_value::Value;

/// Attributes by name; the others are null, blocks are absent.
pub type Settings = Vec<(EcoString, Value)>;

/// One story to put a provider through.
#[derive(Clone, Debug)]
pub struct Case {
    kind: CaseKind,
    type_name: EcoString,
    config: Settings,
    changed: Option<Settings>,
    import_id: Option<EcoString>,
    vanishes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CaseKind {
    /// Valid configuration of a resource: lives its whole life.
    Resource,
    /// Valid configuration of a data source.
    Data,
    /// Configuration of a resource that validation must refuse.
    Refused,
}

fn settings<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Settings {
    pairs
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

impl Case {
    fn new<'a>(
        kind: CaseKind,
        type_name: &str,
        config: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Self {
        Self {
            kind,
            type_name: type_name.into(),
            config: settings(config),
            changed: None,
            import_id: None,
            vanishes: false,
        }
    }

    /// A resource with this configuration.
    #[must_use]
    pub fn resource<'a>(
        type_name: &str,
        config: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Self {
        Self::new(CaseKind::Resource, type_name, config)
    }

    /// A data source with this configuration.
    #[must_use]
    pub fn data<'a>(type_name: &str, config: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        Self::new(CaseKind::Data, type_name, config)
    }

    /// A configuration of a resource that validation must refuse.
    #[must_use]
    pub fn refused<'a>(
        type_name: &str,
        config: impl IntoIterator<Item = (&'a str, Value)>,
    ) -> Self {
        Self::new(CaseKind::Refused, type_name, config)
    }

    /// Then the configuration changes to this one.
    #[must_use]
    pub fn changed<'a>(mut self, config: impl IntoIterator<Item = (&'a str, Value)>) -> Self {
        self.changed = Some(settings(config));
        self
    }

    /// And an import with this id finds an object.
    #[must_use]
    pub fn imports(mut self, id: &str) -> Self {
        self.import_id = Some(id.into());
        self
    }

    /// And a deleted object is not found any more by reading it.
    #[must_use]
    pub fn vanishes(mut self) -> Self {
        self.vanishes = true;
        self
    }
}

/// A configuration value: what is not among the settings is null or absent.
#[must_use]
pub fn config_value(block: &Block, settings: &Settings) -> Value {
    let set = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    crate::args::with_all(&block.empty_value(), set)
}

/// Puts a provider through all cases. Gives what broke the contract, in words; empty is the claim to make.
///
/// A provider that is not configured by its factory is configured with an empty configuration.
pub async fn check(factory: &dyn ProviderFactory, cases: &[Case]) -> Vec<String> {
    let info: ProviderInfo = match factory.info().await {
        Ok(info) => info,
        Err(failure) => return vec![format!("info: {}", failure.message)],
    };
    let mut faults = schema_faults(&info.schema);
    let provider = match factory.start().await {
        Ok(provider) => provider,
        Err(failure) => return vec![format!("start: {}", failure.message)],
    };
    let config = info.schema.provider.block.empty_value();
    let may_defer = false;
    match provider.call(Call::Configure { config, may_defer }).await {
        Ok(reply) if !reply.has_errors() => {}
        Ok(reply) => faults.push(format!("configure: {:?}", reply.diagnostics)),
        Err(failure) => faults.push(format!("configure: {}", failure.message)),
    }
    let mut run = life::Run {
        provider: provider.as_ref(),
        info: &info,
        faults: Vec::new(),
        at: String::new(),
        calls: 0,
    };
    run.bad_names().await;
    run.bad_values().await;
    for (number, case) in cases.iter().enumerate() {
        run.at = format!("case {number} ({})", case.type_name);
        run.case(case).await;
    }
    faults.append(&mut run.faults);
    faults
}
