//! `version`.

use crate::app::App;
use crate::args::Parsed;
use crate::exit::Exit;
use terrane_ops::install::selections;

/// The platform in the words of the peers.
fn platform() -> String {
    let os = std::env::consts::OS;
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    let os = if os == "macos" { "darwin" } else { os };
    format!("{os}_{arch}")
}

pub(crate) fn run(app: &mut App, parsed: &Parsed) -> Exit {
    let version = env!("CARGO_PKG_VERSION");
    let text = if parsed.is("json", false) {
        // A folder without configuration, or one with a damaged lock file, selects nothing.
        let session = app.session(parsed, "version").ok();
        let selected = session.and_then(|session| selections(&session).ok());
        let body = serde_json::json!({
            "terrane_version": version,
            // Tools that read the output of the peers look for this name.
            "terraform_version": version,
            "platform": platform(),
            "provider_selections": selected.unwrap_or_default(),
        });
        format!("{body:#}\n")
    } else {
        format!("Terrane v{version}\non {}\n", platform())
    };
    app.out().print(&text);
    Exit::OK
}
