//! Calls that are under way: what is waited for, in words.

use super::queue::Queued;
use crate::clock::elapsed;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use terrane_model::addr::{InstanceAddr, ProviderAddr};
use terrane_model::provider::Call;
use terrane_plan::machine::RequestId;

/// How often a call that takes long is mentioned.
const STILL: Duration = Duration::from_secs(10);
/// How many calls are named where there are many.
const NAMED: usize = 5;

/// The calls that are under way.
#[derive(Debug, Default)]
pub(super) struct Flying(BTreeMap<RequestId, Flight>);

#[derive(Debug)]
struct Flight {
    provider: ProviderAddr,
    about: Option<InstanceAddr>,
    /// `planning`.
    doing: &'static str,
    /// Views tell by themselves how it goes on.
    is_shown: bool,
    since: Instant,
    mentioned: Instant,
}

impl Flying {
    pub(super) fn begins(&mut self, queued: &Queued, provider: &ProviderAddr) {
        let now = Instant::now();
        let call = &queued.asked.call;
        let flight = Flight {
            provider: provider.clone(),
            about: queued.asked.about.clone(),
            doing: doing(call),
            is_shown: matches!(
                call,
                Call::Apply { .. } | Call::OpenEphemeral { .. } | Call::CloseEphemeral { .. }
            ),
            since: now,
            mentioned: now,
        };
        self.0.insert(queued.id, flight);
    }

    pub(super) fn ends(&mut self, id: RequestId) {
        self.0.remove(&id);
    }

    /// What has taken long and was not mentioned for a while.
    pub(super) fn long(&mut self) -> Vec<String> {
        let now = Instant::now();
        let long = |flight: &&mut Flight| {
            !flight.is_shown && now.duration_since(flight.mentioned) >= STILL
        };
        (self.0.values_mut())
            .filter(long)
            .map(|flight| {
                flight.mentioned = now;
                let passed = elapsed(now.duration_since(flight.since));
                format!(
                    "{}: Still {}... [{passed} elapsed]",
                    flight.name(),
                    flight.doing
                )
            })
            .collect()
    }

    /// What is under way, the longest first: `cloud_thing.a: planning for 12s`.
    pub(super) fn list(&self) -> Vec<String> {
        let now = Instant::now();
        let mut flights: Vec<&Flight> = self.0.values().collect();
        flights.sort_by_key(|flight| flight.since);
        let more = flights.len().saturating_sub(NAMED);
        let mut list: Vec<String> = (flights.into_iter().take(NAMED))
            .map(|flight| {
                let passed = elapsed(now.duration_since(flight.since));
                format!("{}: {} for {passed}", flight.name(), flight.doing)
            })
            .collect();
        if more > 0 {
            list.push(format!("{more} more"));
        }
        list
    }
}

impl Flight {
    fn name(&self) -> String {
        match &self.about {
            Some(addr) => addr.to_string(),
            None => format!("provider {}", self.provider.for_display()),
        }
    }
}

/// What a call does, for people.
fn doing(call: &Call) -> &'static str {
    match call {
        Call::Configure { .. } => "configuring",
        Call::GetFunctions | Call::CallFunction { .. } => "calling functions",
        Call::ValidateProviderConfig { .. }
        | Call::ValidateResource { .. }
        | Call::ValidateDataSource { .. }
        | Call::ValidateEphemeral { .. }
        | Call::ValidateList { .. }
        | Call::ValidateAction { .. } => "validating",
        Call::UpgradeState { .. } | Call::UpgradeIdentity { .. } => "bringing up to date",
        Call::Read { .. } | Call::ReadMany { .. } => "refreshing state",
        Call::Plan { .. } | Call::PlanAction { .. } => "planning",
        Call::Apply { .. } => "applying",
        Call::Import { .. } => "importing",
        Call::Move { .. } => "moving",
        Call::ReadDataSource { .. } => "reading",
        Call::OpenEphemeral { .. } => "opening",
        Call::RenewEphemeral { .. } => "renewing",
        Call::CloseEphemeral { .. } => "closing",
        Call::List { .. } => "listing",
        Call::InvokeAction { .. } => "invoking",
        Call::GenerateConfig { .. } => "generating configuration",
        Call::Resolve { .. } => "looking what has happened",
    }
}
