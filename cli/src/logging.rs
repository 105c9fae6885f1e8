//! Logs for whoever looks for the cause of something: to standard error, when `TF_LOG` asks for them.

use std::collections::BTreeMap;
use tracing_subscriber::EnvFilter;

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
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(std::io::stderr);
    // Only fails if logging was started before, which nobody does.
    if json {
        drop(builder.json().try_init());
    } else {
        drop(builder.try_init());
    }
}
