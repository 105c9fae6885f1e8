//! Logs for whoever looks for the cause of something: to standard error, or behind what is in the file that `TF_LOG_PATH` names, when `TF_LOG` asks for them.

use std::collections::BTreeMap;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
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
    let path = env.get("TF_LOG_PATH").filter(|path| !path.is_empty());
    let (writer, problem) = writer(path.map(String::as_str));
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    // Only fails if logging was started before, which nobody does.
    if json {
        drop(registry.with(layer.json()).try_init());
    } else {
        drop(registry.with(layer).try_init());
    }
    if let Some(problem) = problem {
        tracing::warn!("{problem}");
    }
}

/// Where logs go, and why that is not the file that was named.
fn writer(path: Option<&str>) -> (BoxMakeWriter, Option<String>) {
    let Some(path) = path else {
        return (BoxMakeWriter::new(std::io::stderr), None);
    };
    match open(path) {
        Ok(file) => (BoxMakeWriter::new(file), None),
        Err(error) => {
            let problem = format!("the file {path} that TF_LOG_PATH names can't be used: {error}");
            (BoxMakeWriter::new(std::io::stderr), Some(problem))
        }
    }
}

/// Several processes may write to it. What it holds is for its owner: providers log what they like.
fn open(path: &str) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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
    use super::{filter, open, writer};
    use std::io::Write as _;

    #[test]
    fn a_file_is_written_on() {
        let name = format!("terrane-log-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let path = path.to_str().unwrap();
        for line in ["one\n", "two\n"] {
            open(path).unwrap().write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), "one\ntwo\n");
        assert_eq!(writer(Some(path)).1, None);
        std::fs::remove_file(path).unwrap();
        let (_, problem) = writer(Some("/nowhere/log"));
        assert!(problem.unwrap().contains("/nowhere/log"));
    }

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
