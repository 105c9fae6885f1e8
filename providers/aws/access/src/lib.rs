//! Who asks AWS: keys that are written down, those of the shared files (also by roles, SSO and programs), of a token, of the machine; and the
//! SDK's requests over an HTTP client of ours.
//!
//! A leaf, since the stores of states, the sources of modules and the provider ask in the same way. It knows nothing of any of them.

mod connector;
mod sources;

pub use connector::Connector;
pub use sources::Sources;

/// An error with its causes. Some say what their causes say again, which is left out.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text
}
