//! Names of hosts as they stand in addresses of modules and providers: the service host, to which discovery belongs.

use std::fmt;
use url::Url;

/// A host with its port, normalised: two that mean the same are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    /// In ASCII: labels of other scripts as `xn--…`.
    name: String,
    /// None for that of HTTPS.
    port: Option<u16>,
}

/// Why a text is no name of a host. A sentence without final period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostError(String);

impl Host {
    /// Reads `example.com`, `Müller.example:8443`, `localhost:8080`. Addresses of IP version 6 are no names of hosts.
    ///
    /// # Errors
    /// When it is no name of a host.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let wrong = |why: &str| HostError(format!("{text:?} is no name of a host: {why}"));
        let (name, port) = match text.split_once(':') {
            None => (text, None),
            Some((name, port)) => {
                let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
                let port = digits.then(|| port.parse::<u16>().ok()).flatten();
                let port = port.filter(|port| *port != 0);
                let port = port.ok_or_else(|| wrong("the port is a number from 1 to 65535"))?;
                (name, (port != 443).then_some(port))
            }
        };
        if name.is_empty() {
            return Err(wrong("it is empty"));
        }
        let name = idna::domain_to_ascii_strict(name)
            .map_err(|_| wrong("it has characters that no name of a host can have"))?;
        if name.is_empty() || name.split('.').any(str::is_empty) {
            return Err(wrong("a part between dots is empty"));
        }
        Ok(Self { name, port })
    }

    /// As it is sent: `xn--mller-kva.example:8443`.
    #[must_use]
    pub fn ascii(&self) -> String {
        match self.port {
            None => self.name.clone(),
            Some(port) => format!("{}:{port}", self.name),
        }
    }

    /// As people read it: `müller.example:8443`.
    #[must_use]
    pub fn display(&self) -> String {
        let (name, result) = idna::domain_to_unicode(&self.name);
        let name = if result.is_ok() {
            name
        } else {
            self.name.clone()
        };
        match self.port {
            None => name,
            Some(port) => format!("{name}:{port}"),
        }
    }

    /// The name without port, in ASCII.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host of an address; None if it has none.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let name = url.host_str()?.to_owned();
        let port = url.port_or_known_default().filter(|port| *port != 443);
        Some(Self { name, port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display())
    }
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn names_that_mean_the_same_are_equal() {
        for (text, ascii, display) in [
            ("example.com", "example.com", "example.com"),
            ("EXAMPLE.com:443", "example.com", "example.com"),
            ("example.com:8443", "example.com:8443", "example.com:8443"),
            ("Испытание.com", "xn--80akhbyknj4f.com", "испытание.com"),
            (
                "xn--80akhbyknj4f.com",
                "xn--80akhbyknj4f.com",
                "испытание.com",
            ),
            ("localhost:1", "localhost:1", "localhost:1"),
            ("127.0.0.1:5000", "127.0.0.1:5000", "127.0.0.1:5000"),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!(host.ascii(), ascii, "{text}");
            assert_eq!(host.display(), display, "{text}");
        }
    }

    #[test]
    fn what_is_no_host() {
        for text in [
            "",
            ":80",
            "a..b",
            "a b",
            "a/b",
            "a:",
            "a:0",
            "a:99999",
            "a:+1",
            "[::1]",
            "u@h",
            "a_b.c",
            "-a.com",
            "a:1:2",
            "é\u{0}.com",
        ] {
            assert!(Host::parse(text).is_err(), "{text:?}");
        }
    }
}
