//! `~/.netrc`: user and password of a host, as curl and the peers read them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use terrane_fetch::Url;

/// Adds user and password to an address that has none, if the file knows its host.
pub(super) fn with_login(url: &Url, env: &BTreeMap<String, String>) -> Url {
    let mut url = url.clone();
    // Passwords don't go in the clear, but to this machine.
    if !url.username().is_empty() || url.scheme() != "https" {
        return url;
    }
    let Some((user, password)) = file(env)
        .and_then(|path| std::fs::read_to_string(path).ok())
        .and_then(|text| login(&text, url.host_str()?))
    else {
        return url;
    };
    // Both fail only for addresses that can have no user.
    let _unchanged = url.set_username(&user);
    let _unchanged = url.set_password(Some(&password));
    url
}

fn file(env: &BTreeMap<String, String>) -> Option<PathBuf> {
    if let Some(path) = env.get("NETRC").filter(|path| !path.is_empty()) {
        return Some(PathBuf::from(path));
    }
    let home = env.get("HOME").filter(|home| !home.is_empty())?;
    Some(Path::new(home).join(".netrc"))
}

/// User and password of a machine, else those of `default`.
fn login(text: &str, host: &str) -> Option<(String, String)> {
    let mut words = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace);
    let mut applies = false;
    let (mut user, mut password) = (None, None);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if applies {
                    break;
                }
                applies = word == "default" || words.next() == Some(host);
            }
            "login" => user = words.next().filter(|_| applies).or(user),
            "password" => password = words.next().filter(|_| applies).or(password),
            // Macros go on to the end; nobody has them.
            "macdef" => break,
            _ => {}
        }
    }
    applies.then_some(())?;
    Some((user?.to_owned(), password.unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::login;

    #[test]
    fn machines_and_their_logins() {
        let text = "# mine\nmachine a.com login me password one\nmachine b.com\n  login you\n  password two\ndefault login any password three\n";
        for (host, expect) in [
            ("a.com", ("me", "one")),
            ("b.com", ("you", "two")),
            ("c.com", ("any", "three")),
        ] {
            let (user, password) = login(text, host).unwrap();
            assert_eq!((user.as_str(), password.as_str()), expect, "{host}");
        }
        assert_eq!(login("machine a.com login x password y", "b.com"), None);
        assert_eq!(login("", "b.com"), None);
    }
}
