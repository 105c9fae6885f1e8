//! How much plugins are asked to log.
//!
//! The libraries that most plugins are made with write several log lines for every call, as JSON with the place in the source, unless they are told
//! not to: more than half of what a small plugin does in a plan. Lines that nobody will see are not asked for.

use std::ffi::OsString;
use tracing::{Level, enabled};

/// Where the lines of plugins appear in our log.
macro_rules! shown {
    ($level:ident) => {
        enabled!(target: "terrane_plugin::output", Level::$level)
    };
}

/// The variables that tell the plugin `name` (an address) how much to log: as much as is shown. Errors always, since they are quoted if the plugin dies.
/// What the user has set stays: `set` says whether a variable is.
pub(crate) fn variables(
    name: &str,
    set: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (String, &'static str)> {
    let type_name = name.rsplit('/').next().unwrap_or(name);
    let own = type_name.replace('-', "_").to_uppercase();
    let level = level();
    ["TF_LOG_SDK".to_owned(), format!("TF_LOG_PROVIDER_{own}")]
        .into_iter()
        .filter(move |variable| !set(variable))
        .map(move |variable| (variable, level))
}

/// Whether the environment of this process has a variable, which plugins inherit.
pub(crate) fn in_environment(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value: OsString| !value.is_empty())
}

fn level() -> &'static str {
    if shown!(TRACE) {
        "trace"
    } else if shown!(DEBUG) {
        "debug"
    } else if shown!(INFO) {
        "info"
    } else if shown!(WARN) {
        "warn"
    } else {
        "error"
    }
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn nothing_that_nobody_sees() {
        let asked: Vec<_> = variables("registry.terraform.io/acme/big-cloud", |_| false).collect();
        assert_eq!(
            asked,
            [
                ("TF_LOG_SDK".to_owned(), "error"),
                ("TF_LOG_PROVIDER_BIG_CLOUD".to_owned(), "error"),
            ]
        );
    }

    #[test]
    fn what_the_user_set_stays() {
        let asked: Vec<_> = variables("acme/cloud", |name| name == "TF_LOG_SDK").collect();
        assert_eq!(asked, [("TF_LOG_PROVIDER_CLOUD".to_owned(), "error")]);
    }
}
