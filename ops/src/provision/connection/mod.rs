//! `connection`: which machine, as whom, and through what.

use super::{Say, text};
use std::path::PathBuf;
use std::time::Duration;
use terrane_ssh::{Agent, Connection, Hop, Platform, Proxy, ProxyScheme, Session, connect};
use terrane_value::Value;

/// How long to try to connect where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// How long to wait before the second attempt.
const RETRY: Duration = Duration::from_secs(1);
/// The port of SSH.
const PORT: u16 = 22;

/// A machine to work on.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) connection: Connection,
    pub(super) platform: Platform,
    /// Where scripts are stored there; `%RAND%` stands for a number.
    pub(super) script_path: String,
    /// To be said before anything is done.
    notes: Vec<String>,
}

/// The agent that the environment names.
pub(super) fn environment_agent() -> Option<PathBuf> {
    std::env::var_os("SSH_AUTH_SOCK")
        .filter(|socket| !socket.is_empty())
        .map(PathBuf::from)
}

impl Remote {
    /// Reads the arguments of the block. `agent`: where an agent listens.
    pub(super) fn from_config(config: &Value, agent: Option<PathBuf>) -> Result<Self, String> {
        if config.is_null() {
            return Err(String::from(
                "There is no connection block, so it is not known which machine this is about. Add one to the provisioner or to its resource.",
            ));
        }
        let some = |name: &str| text(config, name).filter(|text| !text.is_empty());
        match some("type").as_deref() {
            None | Some("ssh") => {}
            Some("winrm") => {
                return Err(String::from(
                    "Connections of type \"winrm\" are not supported. Windows has an SSH server (OpenSSH): use type = \"ssh\" with target_platform = \"windows\".",
                ));
            }
            Some(other) => {
                return Err(format!(
                    "There is no connection type {other:?}: it can only be \"ssh\"."
                ));
            }
        }
        let platform = match some("target_platform").as_deref() {
            None | Some("unix") => Platform::Unix,
            Some("windows") => Platform::Windows,
            Some(other) => {
                return Err(format!(
                    "target_platform is either \"unix\" or \"windows\", not {other:?}."
                ));
            }
        };
        let host = some("host").ok_or("The host of the connection must not be empty.")?;
        let mut notes = Vec::new();
        let agent = agent_of(config, agent, &mut notes)?;
        let reader = Reader { config, agent };
        let host = reader.host(&host, platform)?;
        let bastion = reader.bastion(&host)?;
        let timeout = match some("timeout") {
            None => TIMEOUT,
            Some(written) => duration(&written).unwrap_or_else(|| {
                notes.push(format!(
                    "Warning: {written:?} is not a duration such as \"5m\" or \"90s\"; the timeout is 5m."
                ));
                TIMEOUT
            }),
        };
        Ok(Self {
            connection: Connection {
                proxy: reader.proxy()?,
                host,
                bastion,
                timeout,
                retry: RETRY,
            },
            platform,
            script_path: some("script_path").unwrap_or_else(|| {
                String::from(match platform {
                    Platform::Unix => "/tmp/terraform_%RAND%.sh",
                    Platform::Windows => "C:/windows/temp/terraform_%RAND%.cmd",
                })
            }),
            notes,
        })
    }

    /// What is said before connecting, without secrets.
    fn describe(&self) -> Vec<String> {
        let Connection {
            host,
            bastion,
            proxy,
            timeout: _,
            retry: _,
        } = &self.connection;
        let mut lines = self.notes.clone();
        lines.push(String::from("Connecting to remote host via SSH..."));
        lines.extend(describe(host));
        let platform = match self.platform {
            Platform::Unix => "unix",
            Platform::Windows => "windows",
        };
        lines.push(format!("  Target Platform: {platform}"));
        if let Some(bastion) = bastion {
            lines.push(String::from("Using configured bastion host..."));
            lines.extend(describe(bastion));
        }
        if let Some(proxy) = proxy {
            lines.push(String::from("Using configured proxy host..."));
            lines.push(format!("  Proxy: {}:{}", proxy.host, proxy.port));
        }
        lines
    }
}

fn describe(hop: &Hop) -> [String; 8] {
    [
        format!("  Host: {}", hop.host),
        format!("  Port: {}", hop.port),
        format!("  User: {}", hop.user),
        format!("  Password: {}", hop.password.is_some()),
        format!("  Private key: {}", hop.has_key()),
        format!("  Certificate: {}", hop.has_certificate()),
        format!("  SSH Agent: {}", hop.agent.is_some()),
        format!("  Checking Host Key: {}", hop.checks_host_key()),
    ]
}

/// Connects, saying what is done.
pub(super) async fn open(remote: &Remote, say: Say<'_>) -> Result<Session, String> {
    for line in remote.describe() {
        say(&line);
    }
    let session = connect(&remote.connection, &mut |error| {
        say(&format!("Not yet: {}. Trying again...", error.sentence()));
    })
    .await
    .map_err(|error| format!("Connecting failed: {}.", error.sentence()))?;
    say("Connected!");
    Ok(session)
}

/// The agent to use: the one there is, unless it is not wanted.
fn agent_of(
    config: &Value,
    socket: Option<PathBuf>,
    notes: &mut Vec<String>,
) -> Result<Option<Agent>, String> {
    let wanted = config
        .get("agent")
        .and_then(|agent| agent.unmarked().as_bool());
    let identity = text(config, "agent_identity").filter(|identity| !identity.is_empty());
    match (wanted, socket) {
        (Some(false), _) => {
            if identity.is_some() {
                notes.push(String::from(
                    "Warning: agent_identity is of no use where agent is false.",
                ));
            }
            Ok(None)
        }
        (_, Some(socket)) => Ok(Some(Agent { socket, identity })),
        (Some(true), None) => Err(String::from(
            "The connection asks for an agent, but SSH_AUTH_SOCK does not say where one listens.",
        )),
        (None, None) => Ok(None),
    }
}

/// Reads the arguments of the hops.
struct Reader<'a> {
    config: &'a Value,
    agent: Option<Agent>,
}

impl Reader<'_> {
    fn some(&self, name: &str) -> Option<String> {
        text(self.config, name).filter(|text| !text.is_empty())
    }

    fn port(&self, name: &str) -> Result<Option<u16>, String> {
        let value = self.config.get(name).map(Value::unmarked);
        let Some(number) = value.and_then(Value::as_number) else {
            return Ok(None);
        };
        match number.to_usize().map(u16::try_from) {
            // Zero is what is not set.
            Some(Ok(0)) => Ok(None),
            Some(Ok(port)) => Ok(Some(port)),
            _ => Err(format!(
                "The {name} of the connection is not between 1 and 65535."
            )),
        }
    }

    fn host(&self, host: &str, platform: Platform) -> Result<Hop, String> {
        let user = self.some("user").unwrap_or_else(|| {
            String::from(match platform {
                Platform::Unix => "root",
                Platform::Windows => "Administrator",
            })
        });
        let port = self.port("port")?.unwrap_or(PORT);
        let mut hop = Hop::new(host, port, &user).map_err(|error| wrong("host", &error))?;
        hop.password = self.some("password");
        hop.agent = self.agent.clone();
        self.finish(hop, "")
    }

    /// Whatever is not said of a bastion is as for the host.
    fn bastion(&self, host: &Hop) -> Result<Option<Hop>, String> {
        let Some(name) = self.some("bastion_host") else {
            return Ok(None);
        };
        let user = self
            .some("bastion_user")
            .unwrap_or_else(|| host.user.clone());
        let port = self.port("bastion_port")?.unwrap_or(host.port);
        let mut hop =
            Hop::new(&name, port, &user).map_err(|error| wrong("bastion_host", &error))?;
        hop.password = self
            .some("bastion_password")
            .or_else(|| host.password.clone());
        hop.agent = self.agent.clone();
        self.finish(hop, "bastion_").map(Some)
    }

    /// With key, certificate and host key.
    fn finish(&self, mut hop: Hop, prefix: &str) -> Result<Hop, String> {
        let own = |name: &str| self.some(&format!("{prefix}{name}"));
        // A key of its own has a certificate of its own.
        let (key, certificate) = match own("private_key") {
            Some(key) => (Some(key), own("certificate")),
            None => (
                self.some("private_key"),
                own("certificate").or_else(|| self.some("certificate")),
            ),
        };
        match (key, certificate) {
            (Some(key), certificate) => {
                hop = hop
                    .with_key(&key, certificate.as_deref())
                    .map_err(|error| wrong(&format!("{prefix}private_key"), &error))?;
            }
            (None, Some(_)) => {
                return Err(format!(
                    "The connection has a {prefix}certificate, but no private_key that it belongs to."
                ));
            }
            (None, None) => {}
        }
        if let Some(key) = own("host_key") {
            hop = hop
                .with_host_key(&key)
                .map_err(|error| wrong(&format!("{prefix}host_key"), &error))?;
        }
        Ok(hop)
    }

    fn proxy(&self) -> Result<Option<Proxy>, String> {
        let Some(host) = self.some("proxy_host") else {
            return Ok(None);
        };
        let (scheme, default) = match self.some("proxy_scheme").as_deref() {
            // The peers speak to both in clear text.
            None | Some("http") => (ProxyScheme::Http, 80),
            Some("https") => (ProxyScheme::Http, 443),
            Some("socks5") => (ProxyScheme::Socks5, 1080),
            Some(other) => {
                return Err(format!(
                    "proxy_scheme is one of \"http\", \"https\" and \"socks5\", not {other:?}."
                ));
            }
        };
        let login = self
            .some("proxy_user_name")
            .map(|name| (name, self.some("proxy_user_password").unwrap_or_default()));
        Ok(Some(Proxy {
            scheme,
            host,
            port: self.port("proxy_port")?.unwrap_or(default),
            login,
        }))
    }
}

fn wrong(argument: &str, error: &terrane_ssh::SshError) -> String {
    format!("The {argument} of the connection is not usable: {error}.")
}

/// A duration as Go writes it: `1h30m`, `90s`, `1.5m`, `500ms`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut seconds = 0.0;
    let mut parts = 0;
    while !rest.is_empty() {
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after
            .find(|char: char| char.is_ascii_digit() || char == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let unit = match unit {
            "ns" => 1e-9,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        parts += 1;
        rest = after;
    }
    // More than a century is as good as for ever, and less than the clock can hold.
    (parts > 0).then(|| Duration::from_secs_f64(seconds.min(3e9)))
}

#[cfg(test)]
mod tests;
