//! What the machine at the other end may be and do: whether it is the one that it should be, and whether it may ask the agent.

use crate::agent;
use crate::error::SshError;
use crate::target::Agent;
use russh::client::{ChannelOpenHandle, Handler, Msg, Session};
use russh::keys::{Certificate, HashAlg, PublicKey, PublicKeyOrCertificate};
use russh::{Channel, ChannelOpenFailure};
use std::time::{SystemTime, UNIX_EPOCH};

/// Compares the key of a machine with the one to expect, and carries its questions to the agent.
#[derive(Debug)]
pub(crate) struct Checker {
    /// `None`: any machine is accepted.
    pub(crate) expected: Option<PublicKey>,
    pub(crate) host: String,
    /// `host:port`
    pub(crate) place: String,
    /// The agent that programs there may ask; `None`: none.
    pub(crate) forwarded: Option<Agent>,
}

impl Handler for Checker {
    type Error = SshError;

    async fn check_server_key(&mut self, found: &PublicKeyOrCertificate) -> Result<bool, SshError> {
        let Some(expected) = &self.expected else {
            return Ok(true);
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let (fine, shown) = match found {
            PublicKeyOrCertificate::PublicKey { key, .. } => {
                (key.key_data() == expected.key_data(), fingerprint(key))
            }
            PublicKeyOrCertificate::Certificate(certificate) => (
                is_trusted(certificate, expected, &self.host, now),
                format!(
                    "a certificate for {}, signed by {}",
                    fingerprint(&PublicKey::new(certificate.public_key().clone(), "")),
                    certificate.signature_key().fingerprint(HashAlg::Sha256)
                ),
            ),
        };
        if fine {
            Ok(true)
        } else {
            Err(SshError::HostKeyMismatch {
                place: self.place.clone(),
                found: shown,
            })
        }
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), SshError> {
        let Some(agent) = &self.forwarded else {
            reply
                .reject(ChannelOpenFailure::AdministrativelyProhibited)
                .await;
            return Ok(());
        };
        match agent::stream(agent).await {
            Ok(mut stream) => {
                reply.accept().await;
                tokio::spawn(async move {
                    let mut there = channel.into_stream();
                    // Either side may hang up when it has what it wants.
                    drop(tokio::io::copy_bidirectional(&mut there, &mut stream).await);
                });
            }
            Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
        }
        Ok(())
    }
}

fn fingerprint(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

/// A certificate is as good as the key that it is for; or `expected` is the authority that signed it, for this host and this time.
fn is_trusted(certificate: &Certificate, expected: &PublicKey, host: &str, now: u64) -> bool {
    if certificate.public_key() == expected.key_data() {
        return true;
    }
    let principals = certificate.valid_principals();
    let named = principals.is_empty() || principals.iter().any(|name| name == host);
    certificate.cert_type().is_host()
        && named
        && certificate
            .validate_at(now, &[expected.fingerprint(HashAlg::Sha256)])
            .is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_trusted;
    use russh::keys::ssh_key::certificate::{Builder, CertType};
    use russh::keys::{PrivateKey, decode_secret_key};

    fn key(text: &str) -> PrivateKey {
        decode_secret_key(text, None).unwrap()
    }

    #[test]
    fn certificates_count_for_their_host_and_time() {
        let authority = key(include_str!("../tests/keys/ed25519"));
        let host = key(include_str!("../tests/keys/ecdsa.pem"));
        let make = |kind| {
            let mut builder =
                Builder::new([7; 16], host.public_key().key_data().clone(), 1000, 2000).unwrap();
            builder.cert_type(kind).unwrap();
            builder.valid_principal("example.com").unwrap();
            builder.sign(&authority).unwrap()
        };
        let certificate = make(CertType::Host);
        let trusted = authority.public_key();
        assert!(is_trusted(&certificate, trusted, "example.com", 1500));
        assert!(!is_trusted(&certificate, trusted, "example.org", 1500));
        assert!(!is_trusted(&certificate, trusted, "example.com", 2500));
        assert!(!is_trusted(
            &make(CertType::User),
            trusted,
            "example.com",
            1500
        ));
        assert!(is_trusted(&certificate, host.public_key(), "else", 9999));
    }
}
