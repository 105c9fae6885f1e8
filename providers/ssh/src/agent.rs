//! Keys that an agent holds.

use crate::error::why;
use crate::target::Agent;
use russh::keys::HashAlg;
use russh::keys::PublicKey;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::{AgentClient, AgentStream};

pub(crate) type Client = AgentClient<Box<dyn AgentStream + Send + Unpin>>;

/// The most keys of an agent that are tried: servers hang up after a few.
const MAX_KEYS: usize = 32;

/// Connects to an agent and lists its keys, the preferred one first. `Err`: why it can't be done.
pub(crate) async fn open(agent: &Agent) -> Result<(Client, Vec<AgentIdentity>), String> {
    let mut client = reach(agent).await?;
    let mut identities = client
        .request_identities()
        .await
        .map_err(|error| format!("the agent gave no keys: {error}"))?;
    if let Some(wanted) = &agent.identity {
        let known = public_half(wanted);
        identities.sort_by_key(|identity| !is_wanted(identity, wanted, known.as_ref()));
    }
    identities.truncate(MAX_KEYS);
    Ok((client, identities))
}

async fn reach(agent: &Agent) -> Result<Client, String> {
    let stream = stream(agent)
        .await
        .map_err(|error| unreachable(agent, &error))?;
    Ok(AgentClient::connect(stream).dynamic())
}

/// A connection to an agent.
#[cfg(unix)]
pub(crate) async fn stream(agent: &Agent) -> std::io::Result<tokio::net::UnixStream> {
    tokio::net::UnixStream::connect(&agent.socket).await
}

/// A connection to an agent.
#[cfg(windows)]
pub(crate) async fn stream(
    agent: &Agent,
) -> std::io::Result<tokio::net::windows::named_pipe::NamedPipeClient> {
    tokio::net::windows::named_pipe::ClientOptions::new().open(&agent.socket)
}

fn unreachable(agent: &Agent, error: &std::io::Error) -> String {
    format!(
        "the agent at {} can't be reached: {}",
        agent.socket.display(),
        why(error)
    )
}

/// The public key that `wanted` is the text of, or the path of a file with.
fn public_half(wanted: &str) -> Option<PublicKey> {
    if let Ok(key) = PublicKey::from_openssh(wanted.trim()) {
        return Some(key);
    }
    let paths = [wanted.to_owned(), format!("{wanted}.pub")];
    paths
        .iter()
        .filter(|path| path.ends_with(".pub"))
        .find_map(|path| PublicKey::from_openssh(std::fs::read_to_string(path).ok()?.trim()).ok())
}

fn is_wanted(identity: &AgentIdentity, wanted: &str, known: Option<&PublicKey>) -> bool {
    let key = identity.public_key();
    identity.comment() == wanted
        || known.is_some_and(|known| known.key_data() == key.key_data())
        || key.fingerprint(HashAlg::Sha256).to_string() == wanted
}

#[cfg(test)]
mod tests {
    use super::{is_wanted, public_half};
    use russh::keys::agent::AgentIdentity;
    use russh::keys::{HashAlg, decode_secret_key};

    #[test]
    fn a_key_is_named_in_four_ways() {
        let private = decode_secret_key(include_str!("../tests/keys/ed25519"), None).unwrap();
        let public = private.public_key();
        let identity = AgentIdentity::PublicKey {
            key: public.clone(),
            comment: "me@laptop".into(),
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("id");
        std::fs::write(dir.path().join("id.pub"), public.to_openssh().unwrap()).unwrap();
        let path = path.to_str().unwrap().to_owned();
        for (wanted, expect) in [
            ("me@laptop".to_owned(), true),
            (public.fingerprint(HashAlg::Sha256).to_string(), true),
            (public.to_openssh().unwrap(), true),
            (format!("{path}.pub"), true),
            (path, true),
            ("you@laptop".to_owned(), false),
        ] {
            let known = public_half(&wanted);
            assert_eq!(
                is_wanted(&identity, &wanted, known.as_ref()),
                expect,
                "{wanted}"
            );
        }
    }
}
