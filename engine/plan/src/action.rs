//! Actions: what providers do beside making and changing objects. State holds nothing of them.
//!
//! A plan lists each invocation with the step that makes it; applying evaluates the configuration of the action again and asks the provider.

use terrane_config::config::ActionEvent;
use terrane_model::addr::{InstanceAddr, InstanceKey, ProviderConfigAddr};
use terrane_value::Value;

/// An action that is going to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionInvocation {
    /// The action: of the mode [`terrane_model::addr::Mode::Action`].
    pub addr: InstanceAddr,
    /// Who does it.
    pub provider: ProviderConfigAddr,
    /// The instance of that provider configuration.
    pub provider_key: Option<InstanceKey>,
    /// What it is told, with marks; parts may be unknown until it is done.
    pub config: Value,
    /// Why.
    pub cause: ActionCause,
}

/// Why an action is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionCause {
    /// Somebody asked for it (`-invoke`).
    Invoked,
    /// An object is made or changed.
    Lifecycle {
        /// The object.
        resource: InstanceAddr,
        /// When.
        event: ActionEvent,
        /// Index of the `action_trigger` block within its `lifecycle` block.
        block: u32,
        /// Index in the list `actions` of that block.
        position: u32,
    },
}

/// The names of parts of an action's address, for messages.
#[must_use]
pub fn title(invocation: &ActionInvocation) -> String {
    match &invocation.cause {
        ActionCause::Invoked => invocation.addr.to_string(),
        ActionCause::Lifecycle {
            resource, event, ..
        } => {
            let when = if event.is_before() { "before" } else { "after" };
            format!("{} ({when} {resource})", invocation.addr)
        }
    }
}
