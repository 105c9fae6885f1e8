//! Logs for whoever looks for the cause of something: to standard error, when `TF_LOG` asks for them.

use std::collections::BTreeMap;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging: `TF_LOG` is a level (`trace`, `debug`, `info`, `warn`, `error`), `JSON` (level trace, as JSON), or a filter of
/// `tracing-subscriber`. Unset, empty or `off`: no logs.
pub(crate) fn start(env: &BTreeMap<String, String>) {
    let wanted = ["TF_LOG", "TF_LOG_CORE"]
        .iter()
        .find_map(|name| env.get(*name).filter(|value| !value.is_empty()));
    let Some(wanted) = wanted.filter(|value| !value.eq_ignore_ascii_case("off")) else {
        return;
    };
    let json = wanted.eq_ignore_ascii_case("json");
    let filter = if json { "trace" } else { wanted.as_str() };
    let filter =
        EnvFilter::try_new(filter.to_lowercase()).unwrap_or_else(|_| EnvFilter::new("trace"));
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

/// Whether a message may be shown at all: other people's crates say at their finest levels what they write and send (the embedded store each row,
/// HTTP its headers), and values that are secret are in that.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("terrane") || *metadata.level() <= Level::WARN
}
