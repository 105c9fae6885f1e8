//! Private keys and certificates, as text.

use crate::error::SshError;
use russh::keys::{Certificate, Error, HashAlg, PrivateKey, decode_secret_key};
use std::sync::Arc;

/// What proves who a user is.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) certificate: Option<Certificate>,
}

/// Reads a private key, and a certificate for it.
pub(crate) fn identity(key: &str, certificate: Option<&str>) -> Result<Identity, SshError> {
    // Lines of a heredoc are often indented, and text of Windows ends them otherwise.
    let lines: Vec<&str> = key.trim().lines().map(str::trim).collect();
    let encrypted = |line: &&str| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
    if lines.iter().any(encrypted) || lines.first().is_some_and(|line| line.contains("ENCRYPTED")) {
        return Err(SshError::KeyEncrypted);
    }
    if !lines
        .first()
        .is_some_and(|line| line.starts_with("-----BEGIN ") || line.starts_with("PuTTY-"))
    {
        return Err(SshError::Key {
            problem: String::from(
                "it does not begin with `-----BEGIN`; the argument holds the key itself, such as `file(\"~/.ssh/id_ed25519\")`",
            ),
        });
    }
    let key = decode_secret_key(&lines.join("\n"), None).map_err(|error| match error {
        Error::KeyIsEncrypted => SshError::KeyEncrypted,
        other => SshError::Key {
            problem: other.to_string(),
        },
    })?;
    let certificate = match certificate {
        Some(text) => {
            let found =
                Certificate::from_openssh(text.trim()).map_err(|error| SshError::Certificate {
                    problem: error.to_string(),
                })?;
            if found.public_key() != key.public_key().key_data() {
                return Err(SshError::Certificate {
                    problem: String::from("it belongs to another private key"),
                });
            }
            Some(found)
        }
        None => None,
    };
    Ok(Identity {
        key: Arc::new(key),
        certificate,
    })
}

/// The hashes to sign with, best first. `offered`: what the server said about RSA, if it said something.
#[expect(
    clippy::option_option,
    reason = "the server may have said nothing, or that there is nothing but SHA-1"
)]
pub(crate) fn hashes(is_rsa: bool, offered: Option<Option<HashAlg>>) -> Vec<Option<HashAlg>> {
    match (is_rsa, offered) {
        (false, _) => vec![None],
        (true, Some(hash)) => vec![hash],
        // Servers that say nothing are old: some know nothing but SHA-1.
        (true, None) => vec![Some(HashAlg::Sha512), None],
    }
}

#[cfg(test)]
mod tests {
    use super::{hashes, identity};
    use crate::error::SshError;
    use russh::keys::HashAlg;

    const PLAIN: &str = include_str!("../tests/keys/ed25519");
    const ENCRYPTED: &str = include_str!("../tests/keys/ed25519_encrypted");
    const PEM: &str = include_str!("../tests/keys/rsa.pem");
    const PEM_ENCRYPTED: &str = include_str!("../tests/keys/rsa_encrypted.pem");
    const EC: &str = include_str!("../tests/keys/ecdsa.pem");

    #[test]
    fn keys_of_all_formats_are_read() {
        for key in [PLAIN, PEM, EC] {
            assert!(identity(key, None).is_ok(), "{key}");
            let indented: String = key.lines().map(|line| format!("    {line}\r\n")).collect();
            assert!(identity(&indented, None).is_ok());
        }
    }

    #[test]
    fn encrypted_keys_are_named_so() {
        for key in [ENCRYPTED, PEM_ENCRYPTED] {
            assert!(matches!(identity(key, None), Err(SshError::KeyEncrypted)));
        }
    }

    #[test]
    fn a_path_is_not_a_key() {
        let error = identity("~/.ssh/id_ed25519", None).unwrap_err();
        assert!(error.to_string().contains("file("), "{error}");
        assert!(identity("", None).is_err());
        assert!(identity("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", None).is_err());
    }

    #[test]
    fn old_servers_are_offered_two_hashes() {
        assert_eq!(hashes(false, None), [None]);
        assert_eq!(
            hashes(true, Some(Some(HashAlg::Sha256))),
            [Some(HashAlg::Sha256)]
        );
        assert_eq!(hashes(true, None), [Some(HashAlg::Sha512), None]);
    }
}
