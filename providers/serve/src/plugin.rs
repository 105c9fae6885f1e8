//! A program as a plugin: what it reads from its environment, and what it says first.

use crate::listen::{Listener, listen, socket};
use crate::service::{Service, speaks};
use crate::{logging, tls};
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use terrane_model::provider::ProviderInfo;
use terrane_protocol::handshake::{CLIENT_CERTIFICATE, COOKIE, SOCKET_FOLDER, VERSIONS};
use terrane_protocol::{Endpoint, Handshake, Protocol};
use terrane_provider::ProviderFactory;

/// How long connections may take to end after the host said goodbye.
const FAREWELL: Duration = Duration::from_millis(100);

/// Why a plugin does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody started it as a plugin.
    #[error(
        "this program is a provider plugin: Terraform, OpenTofu or terrane start it. To run it in a debugger, start it with --debug"
    )]
    ByHand,
    /// There is no version of the protocol that host and provider speak.
    #[error("no common version of the protocol: the host speaks {host}; the provider {own}")]
    Versions {
        /// The host's.
        host: String,
        /// What the provider can do.
        own: String,
    },
    /// What it needs of the machine is not there.
    #[error("{0}")]
    Machine(#[from] std::io::Error),
    /// The provider can't be used.
    #[error("{0}")]
    Provider(String),
}

/// The whole main function of a plugin.
pub fn run(factory: impl ProviderFactory) -> ExitCode {
    logging::start();
    let debug = std::env::args().any(|argument| argument == "--debug" || argument == "-debug");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(serve(&factory, debug));
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; then nobody wants to know.
            drop(writeln!(std::io::stderr(), "{error}"));
            ExitCode::FAILURE
        }
    }
}

/// Serves until the host says that it is enough; with `debug`, until it is interrupted.
///
/// # Errors
/// When it can't begin.
pub async fn serve(factory: &dyn ProviderFactory, debug: bool) -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if !debug && variable(COOKIE.0).as_deref() != Some(COOKIE.1) {
        return Err(Error::ByHand);
    }
    let info = factory
        .info()
        .await
        .map_err(|failure| Error::Provider(failure.message))?;
    let protocol = negotiate(variable(VERSIONS).as_deref(), &info)?;
    let service = Service::new(factory, protocol)
        .await
        .map_err(|failure| Error::Provider(failure.message))?;
    let mut own_folder = None;
    let listener = open(variable(SOCKET_FOLDER), &mut own_folder).await?;
    let (tls, certificate) = match variable(CLIENT_CERTIFICATE).filter(|_| !debug) {
        Some(host) => {
            let (settings, certificate) = tls::settings(&host).map_err(Error::Provider)?;
            (Some(settings), Some(certificate))
        }
        None => (None, None),
    };
    let listener = listener.with_tls(tls);
    let endpoint = listener.endpoint().clone();
    let greeting = if debug {
        reattach(factory, protocol, &endpoint)
    } else {
        Handshake {
            protocol,
            endpoint,
            certificate,
        }
        .to_string()
    };
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{greeting}").and_then(|()| stdout.flush())?;
    tokio::select! {
        ended = listen(listener, service.clone()) => ended?,
        () = service.ended() => tokio::time::sleep(FAREWELL).await,
        () = interrupted(debug) => {}
    }
    Ok(())
}

/// The highest version that both sides speak. A host that names none is of the time when there was version 5. Every provider can be spoken to in version 6; whether
/// it can in version 5 is looked at only where it matters, since that takes all of its schemas.
fn negotiate(host: Option<&str>, info: &ProviderInfo) -> Result<Protocol, Error> {
    let host = host.unwrap_or("5,6");
    let wanted = |number: &str| host.split(',').any(|version| version.trim() == number);
    if wanted("6") {
        return Ok(Protocol::Six);
    }
    let own = match speaks(Protocol::Five, info) {
        Ok(_) if wanted("5") => return Ok(Protocol::Five),
        Ok(_) => "5 and 6".to_owned(),
        Err(problem) => format!("6 alone, since {problem}"),
    };
    Err(Error::Versions {
        host: host.to_owned(),
        own,
    })
}

#[cfg(unix)]
async fn open(
    folder: Option<String>,
    own: &mut Option<tempfile::TempDir>,
) -> Result<Listener, Error> {
    let folder = match folder {
        Some(folder) => folder.into(),
        None => {
            // Only its owner may enter a temporary folder.
            let made = tempfile::Builder::new().prefix("plugin").tempdir()?;
            own.insert(made).path().to_owned()
        }
    };
    Ok(Listener::unix(socket(&folder))?)
}

#[cfg(not(unix))]
async fn open(
    _folder: Option<String>,
    _own: &mut Option<tempfile::TempDir>,
) -> Result<Listener, Error> {
    let port = |name: &str, default: u16| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    };
    let ports = port("PLUGIN_MIN_PORT", 10_000)..=port("PLUGIN_MAX_PORT", 25_000);
    Ok(Listener::tcp(ports).await?)
}

/// What to set before a command that is to use this very process.
fn reattach(factory: &dyn ProviderFactory, protocol: Protocol, endpoint: &Endpoint) -> String {
    let (network, address) = match endpoint {
        Endpoint::Unix(path) => ("unix", path.display().to_string()),
        Endpoint::Tcp(address) => ("tcp", address.clone()),
    };
    let addr = factory.addr();
    let entry = |host: &str| {
        let name = format!("{host}/{}/{}", addr.namespace, addr.type_name);
        let about = serde_json::json!({
            "Protocol": "grpc",
            "ProtocolVersion": protocol.number(),
            "Pid": std::process::id(),
            "Test": true,
            "Addr": { "Network": network, "String": address },
        });
        (name, about)
    };
    let entries = ["registry.terraform.io", "registry.opentofu.org"]
        .map(entry)
        .into_iter()
        .chain([entry(&addr.host)])
        .collect::<serde_json::Map<_, _>>();
    format!(
        "Provider started. Set this before the command that is to use it:\n\n\tTF_REATTACH_PROVIDERS='{}'\n",
        serde_json::Value::Object(entries)
    )
}

/// Ends when the user interrupts, in debug mode; else never: interrupts at the terminal are for the host, which tells us.
async fn interrupted(debug: bool) {
    loop {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        if debug {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Protocol, negotiate};
    use std::sync::Arc;
    use terrane_model::provider::{Abilities, ProviderInfo};
    use terrane_model::schema::{Attribute, Block, Nesting, ProviderSchema, Schema};

    fn info(nested: bool) -> ProviderInfo {
        let mut schema = ProviderSchema::default();
        let mut block = Block::new().attr("name", Attribute::string().required());
        if nested {
            let inside = [("size", Attribute::number().optional())];
            block = block.attr("disk", Attribute::objects(Nesting::List, inside).optional());
        }
        let thing = Arc::new(Schema::new(0, block));
        schema.resources.insert("x_thing".into(), thing);
        ProviderInfo {
            schema: Arc::new(schema),
            abilities: Abilities::default(),
            reads_many: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn the_highest_common_version_is_spoken() {
        for (host, nested, expected) in [
            (Some("5,6"), false, Ok(Protocol::Six)),
            (Some("6, 5"), true, Ok(Protocol::Six)),
            (Some("5"), false, Ok(Protocol::Five)),
            (Some("6"), true, Ok(Protocol::Six)),
            (None, false, Ok(Protocol::Six)),
            (Some("5"), true, Err("attribute \"disk\"")),
            (Some("4"), false, Err("5 and 6")),
        ] {
            match (negotiate(host, &info(nested)), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{host:?}"),
                (Err(error), Err(text)) => {
                    let error = error.to_string();
                    assert!(error.contains(text), "{host:?}: {error}");
                }
                (found, expected) => panic!("{host:?}: {found:?} instead of {expected:?}"),
            }
        }
    }
}
