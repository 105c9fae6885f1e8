//! Logs for whoever looks for the cause of something: to standard error, when `TF_LOG` asks for them.

use std::collections::BTreeMap;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Where what providers write comes from.
const PROVIDERS: &str = "terrane_plugin::output";

/// Starts logging: `TF_LOG` (or `TF_LOG_CORE`) is a level (`trace`, `debug`, `info`, `warn`, `error`), `JSON` (level trace, as JSON), or a filter of
/// `tracing-subscriber`; `TF_LOG_PROVIDER` is a level for what providers write. Unset, empty or `off`: no logs.
pub(crate) fn start(env: &BTreeMap<String, String>) {
    let level = |names: &[&str]| {
        let set = names
            .iter()
            .find_map(|name| env.get(*name).filter(|value| !value.is_empty()));
        set.map(|value| value.to_lowercase())
    };
    let core = level(&["TF_LOG_CORE", "TF_LOG"]);
    let providers = level(&["TF_LOG_PROVIDER"]);
    let json = [&core, &providers]
        .iter()
        .any(|wanted| wanted.as_deref() == Some("json"));
    let Some(filter) = filter(core.as_deref(), providers.as_deref()) else {
        return;
    };
    let filter = EnvFilter::try_new(&filter).unwrap_or_else(|_| EnvFilter::new("trace"));
    let registry = tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(may_be_logged));
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stderr);
    // Only fails if logging was started before, which nobody does.
    if json {
        drop(registry.with(layer.json()).try_init());
    } else {
        drop(registry.with(layer).try_init());
    }
}

/// What is let through; `None`: nothing.
fn filter(core: Option<&str>, providers: Option<&str>) -> Option<String> {
    let plain = |wanted: &str| if wanted == "json" { "trace" } else { wanted }.to_owned();
    match (core.map(plain), providers.map(plain)) {
        (None, None) => None,
        (Some(core), None) => (core != "off").then_some(core),
        (core, Some(providers)) => {
            let core = core.unwrap_or_else(|| "off".to_owned());
            (core != "off" || providers != "off").then(|| format!("{core},{PROVIDERS}={providers}"))
        }
    }
}

/// Whether a message may be shown at all: other people's crates say at their finest levels what they write and send (the embedded store each row,
/// HTTP its headers), and values that are secret are in that.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("terrane") || *metadata.level() <= Level::WARN
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn what_is_let_through() {
        for (core, providers, expected) in [
            (None, None, None),
            (Some("off"), None, None),
            (Some("debug"), None, Some("debug")),
            (Some("json"), None, Some("trace")),
            (None, Some("warn"), Some("off,terrane_plugin::output=warn")),
            (
                Some("info"),
                Some("off"),
                Some("info,terrane_plugin::output=off"),
            ),
            (Some("off"), Some("off"), None),
        ] {
            assert_eq!(filter(core, providers).as_deref(), expected);
        }
    }
}
