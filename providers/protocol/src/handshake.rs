//! The line with which a plugin says how it can be reached (`opentofu.md` 7.4).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::fmt;
use std::path::PathBuf;

/// What every plugin expects to find in its environment, name and value: it is not a secret, only a sign that it wasn't started by hand.
pub const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
/// The variable that names the versions that the host speaks, `5,6`.
pub const VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";
/// The variable with the certificate (PEM) that the host will show; without it there is no TLS.
pub const CLIENT_CERTIFICATE: &str = "PLUGIN_CLIENT_CERT";
/// The variable with a folder for the socket.
pub const SOCKET_FOLDER: &str = "PLUGIN_UNIX_SOCKET_DIR";

/// Which messages are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `tfplugin5`
    Five,
    /// `tfplugin6`
    Six,
}

impl Protocol {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Five => 5,
            Self::Six => 6,
        }
    }

    /// The name of the provider service.
    #[must_use]
    pub const fn service(self) -> &'static str {
        match self {
            Self::Five => "tfplugin5.Provider",
            Self::Six => "tfplugin6.Provider",
        }
    }
}

/// Where a plugin listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP address on this machine, `127.0.0.1:10000`.
    Tcp(String),
}

/// What the line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// Which messages are spoken.
    pub protocol: Protocol,
    /// Where.
    pub endpoint: Endpoint,
    /// The certificate (DER) that the server will show; `None`: no TLS.
    pub certificate: Option<Vec<u8>>,
}

/// The line, without its end.
impl fmt::Display for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            protocol,
            endpoint,
            certificate,
        } = self;
        write!(f, "1|{}|", protocol.number())?;
        match endpoint {
            Endpoint::Unix(path) => write!(f, "unix|{}", path.display())?,
            Endpoint::Tcp(address) => write!(f, "tcp|{address}")?,
        }
        f.write_str("|grpc|")?;
        if let Some(certificate) = certificate {
            f.write_str(&STANDARD_NO_PAD.encode(certificate))?;
        }
        Ok(())
    }
}

/// A certificate is longer than this; a shorter text is a placeholder of servers without TLS.
const LONGEST_PLACEHOLDER: usize = 50;

impl Handshake {
    /// Reads the line.
    ///
    /// # Errors
    /// A sentence without final period, about a line that is no handshake or one for another protocol.
    pub fn parse(line: &str) -> Result<Self, String> {
        let parts: Vec<&str> = line.trim().split('|').collect();
        let [core, protocol, network, address, rest @ ..] = parts.as_slice() else {
            return Err(
                "its first line of output is not the handshake of a provider plugin".to_owned(),
            );
        };
        if *core != "1" {
            return Err(format!(
                "it speaks version {core} of the plugin handshake; only version 1 is known"
            ));
        }
        let protocol = match *protocol {
            "5" => Protocol::Five,
            "6" => Protocol::Six,
            other => {
                return Err(format!(
                    "it speaks version {other} of the provider protocol; versions 5 and 6 are known. Another release of the provider may do"
                ));
            }
        };
        let endpoint = match *network {
            "unix" => Endpoint::Unix(PathBuf::from(*address)),
            "tcp" => Endpoint::Tcp((*address).to_owned()),
            other => return Err(format!("it listens on a network of type {other:?}")),
        };
        if let Some(kind) = rest.first()
            && *kind != "grpc"
        {
            return Err(format!("it speaks {kind:?} instead of gRPC: it is too old"));
        }
        let certificate = match rest.get(1) {
            Some(text) if text.len() > LONGEST_PLACEHOLDER => Some(
                STANDARD_NO_PAD
                    .decode(text.trim_end_matches('='))
                    .or_else(|_| STANDARD.decode(text))
                    .map_err(|_| "its certificate is not base64".to_owned())?,
            ),
            _ => None,
        };
        Ok(Self {
            protocol,
            endpoint,
            certificate,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Handshake, Protocol};

    #[test]
    fn lines_that_plugins_write() {
        let plain = Handshake::parse("1|6|unix|/tmp/plugin123|grpc|\n").unwrap();
        assert_eq!(plain.protocol, Protocol::Six);
        assert_eq!(plain.endpoint, Endpoint::Unix("/tmp/plugin123".into()));
        assert_eq!(plain.certificate, None);
        let certificate = "A".repeat(80);
        let secured =
            Handshake::parse(&format!("1|5|tcp|127.0.0.1:10000|grpc|{certificate}|false")).unwrap();
        assert_eq!(secured.protocol, Protocol::Five);
        assert_eq!(secured.endpoint, Endpoint::Tcp("127.0.0.1:10000".into()));
        assert_eq!(secured.certificate.unwrap().len(), 60);
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        for line in [
            "1|6|unix|/tmp/x|grpc|",
            "1|5|tcp|127.0.0.1:4|grpc|",
            &format!("1|6|unix|/tmp/x|grpc|{}", "A".repeat(82)),
        ] {
            assert_eq!(Handshake::parse(line).unwrap().to_string(), line);
        }
    }

    #[test]
    fn lines_that_are_refused() {
        for (line, reason) in [
            ("hello", "not the handshake"),
            ("", "not the handshake"),
            ("2|6|unix|/x|grpc|", "version 2 of the plugin handshake"),
            ("1|4|unix|/x|grpc|", "version 4 of the provider protocol"),
            ("1|6|pipe|/x|grpc|", "\"pipe\""),
            ("1|6|unix|/x|netrpc|", "\"netrpc\""),
        ] {
            let error = Handshake::parse(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }
}
