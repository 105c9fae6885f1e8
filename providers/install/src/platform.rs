//! Operating system and processor in the words of the peers: `linux_amd64`.

use std::fmt;
use std::str::FromStr;

/// What a package was made for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// `linux`, `darwin`, `windows`, …
    pub os: String,
    /// `amd64`, `arm64`, …
    pub arch: String,
}

impl Platform {
    /// What this program runs on.
    #[must_use]
    pub fn current() -> Self {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "powerpc64" => "ppc64",
            other => other,
        };
        Self {
            os: os.to_owned(),
            arch: arch.to_owned(),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.os, self.arch)
    }
}

/// The text is not of the form `os_arch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a platform is written OS_ARCH, such as linux_amd64")]
pub struct NoPlatform;

impl FromStr for Platform {
    type Err = NoPlatform;

    fn from_str(text: &str) -> Result<Self, NoPlatform> {
        let word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let (os, arch) = text.split_once('_').ok_or(NoPlatform)?;
        if !word(os) || !word(arch) {
            return Err(NoPlatform);
        }
        Ok(Self {
            os: os.to_owned(),
            arch: arch.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn the_form_of_platforms() {
        for (text, good) in [
            ("linux_amd64", true),
            ("windows_386", true),
            ("linux", false),
            ("linux_", false),
            ("_amd64", false),
            ("linux_amd64_v2", false),
            ("../x_y", false),
            ("Linux_amd64", false),
        ] {
            let parsed = text.parse::<Platform>();
            assert_eq!(parsed.is_ok(), good, "{text}");
            if let Ok(platform) = parsed {
                assert_eq!(platform.to_string(), text);
            }
        }
        assert!(Platform::current().to_string().parse::<Platform>().is_ok());
    }
}
