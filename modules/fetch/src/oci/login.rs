//! Logging in to OCI registries: what the user's settings and the files of Docker and its like know, and tokens that registries give for it.

use super::{OciError, Reference};
use crate::client::{Client, Request};
use crate::credentials::Token;
use crate::settings::{OciCredentials, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use url::Url;

/// Who may log in where.
#[derive(Clone, Debug, Default)]
pub struct OciLogins {
    /// By `registry` or `registry/prefix`: of the settings.
    settings: BTreeMap<String, OciCredentials>,
    /// The same of files.
    files: BTreeMap<String, OciCredentials>,
}

impl OciLogins {
    /// What the settings say, and the files that they name or that are usual.
    #[must_use]
    pub fn new(env: &BTreeMap<String, String>, settings: &Settings) -> Self {
        let paths = match &settings.oci_credential_files {
            Some(paths) => paths.clone(),
            None if settings.oci_ambient_disabled => Vec::new(),
            None => usual(env),
        };
        let mut files = BTreeMap::new();
        for path in paths {
            let text = std::fs::read(&path).unwrap_or_default();
            for (place, credentials) in of_file(&text) {
                files.entry(place).or_insert(credentials);
            }
        }
        Self {
            settings: settings.oci_credentials.clone(),
            files,
        }
    }

    /// The login for a repository: the longest prefix wins, settings before files.
    fn of(&self, reference: &Reference) -> Option<&OciCredentials> {
        let place = format!("{}/{}", reference.registry, reference.repository);
        let applies = |prefix: &str| {
            let rest = place.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        [&self.settings, &self.files].into_iter().find_map(|known| {
            known
                .iter()
                .filter(|(prefix, _)| applies(prefix))
                .max_by_key(|(prefix, _)| prefix.len())
                .map(|(_, credentials)| credentials)
        })
    }
}

/// Where Docker, Podman and others keep logins.
fn usual(env: &BTreeMap<String, String>) -> Vec<PathBuf> {
    let variable = |name: &str| {
        env.get(name)
            .filter(|value| !value.is_empty())
            .map(Path::new)
    };
    let mut paths = Vec::new();
    paths.extend(variable("REGISTRY_AUTH_FILE").map(Path::to_owned));
    paths.extend(variable("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json")));
    let home = variable("HOME");
    match variable("XDG_CONFIG_HOME") {
        Some(dir) => paths.push(dir.join("containers/auth.json")),
        None => paths.extend(home.map(|home| home.join(".config/containers/auth.json"))),
    }
    match variable("DOCKER_CONFIG") {
        Some(dir) => paths.push(dir.join("config.json")),
        None => paths.extend(home.map(|home| home.join(".docker/config.json"))),
    }
    paths
}

/// `{"auths": {"registry": {"auth": "base64 of user:password"}}}`.
fn of_file(text: &[u8]) -> Vec<(String, OciCredentials)> {
    let Ok(content) = serde_json::from_slice::<Value>(text) else {
        return Vec::new();
    };
    let auths = content.get("auths").and_then(Value::as_object);
    let read = |(place, value): (&String, &Value)| {
        let pair = STANDARD.decode(value.get("auth")?.as_str()?).ok()?;
        let pair = String::from_utf8(pair).ok()?;
        let (user, password) = pair.split_once(':')?;
        let password = Token::new(password.trim_end_matches('\0').to_owned());
        // Docker writes addresses for its own registry.
        let place = place.trim_start_matches("https://").trim_end_matches('/');
        let place = if place == "index.docker.io/v1" {
            "docker.io"
        } else {
            place
        };
        Some((
            place.to_owned(),
            OciCredentials::Basic(user.to_owned(), password),
        ))
    };
    auths.into_iter().flatten().filter_map(read).collect()
}

/// What requests to a repository are sent with.
#[derive(Clone, Debug)]
pub(super) struct Authorization(Token);

impl Authorization {
    pub(super) fn on<'a>(&self, request: Request<'a>) -> Request<'a> {
        request.secret_header(AUTHORIZATION, self.0.secret())
    }
}

fn basic(user: &str, password: &Token) -> Token {
    let pair = STANDARD.encode(format!("{user}:{}", password.secret()));
    Token::new(format!("Basic {pair}"))
}

/// Does what a registry asks for with `WWW-Authenticate`.
pub(super) async fn answer(
    client: &Client,
    logins: &OciLogins,
    reference: &Reference,
    challenge: &str,
) -> Result<Authorization, OciError> {
    let failed = |why: &str| OciError::Login {
        registry: reference.registry.clone(),
        why: why.to_owned(),
    };
    let known = logins.of(reference);
    let (scheme, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return match known {
            Some(OciCredentials::Basic(user, password)) => Ok(Authorization(basic(user, password))),
            _ => Err(failed("it asks for user and password, and none are known")),
        };
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(failed("it asks for a kind of login that is not known"));
    }
    if let Some(OciCredentials::Bearer(token)) = known {
        return Ok(Authorization(Token::new(format!(
            "Bearer {}",
            token.secret()
        ))));
    }
    let parameters = parameters(rest);
    let realm = parameters
        .get("realm")
        .and_then(|realm| Url::parse(realm).ok());
    let mut realm = realm.ok_or_else(|| failed("it names no place that gives tokens"))?;
    let host = realm.host_str().unwrap_or_default().to_owned();
    let registry = reference.registry.split(':').next().unwrap_or_default();
    let scope = format!("repository:{}:pull", reference.repository);
    {
        let mut query = realm.query_pairs_mut();
        if let Some(service) = parameters.get("service") {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &scope);
    }
    let mut request = client.get(realm).limit(1 << 20);
    if let Some(OciCredentials::Basic(user, password)) = known {
        if !related(registry, &host) {
            return Err(failed(&format!(
                "it sends to {host} for a token, which is somebody else, so user and password are not sent there"
            )));
        }
        request = request.secret_header(AUTHORIZATION, basic(user, password).secret());
    }
    let content = request.send().await?.success()?.json()?;
    let token = content.get("token").or_else(|| content.get("access_token"));
    let token = token.and_then(Value::as_str);
    let token = token.ok_or_else(|| failed("the answer holds no token"))?;
    Ok(Authorization(Token::new(format!("Bearer {token}"))))
}

/// Whether a place that gives tokens belongs to a registry: the same host, or one of the same domain (`auth.docker.io`, `registry-1.docker.io`).
fn related(registry: &str, other: &str) -> bool {
    let domain = |host: &str| {
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        let parts: Vec<&str> = host.rsplit('.').take(2).collect();
        (!is_address && parts.len() == 2).then(|| parts.join("."))
    };
    registry == other || domain(registry).is_some_and(|known| domain(other) == Some(known))
}

/// `key="value",key=value`.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        let key = key.trim_matches([' ', ',']).to_ascii_lowercase();
        found.insert(key, value.to_owned());
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{OciLogins, of_file, parameters, related};
    use crate::oci::Reference;
    use crate::settings::{OciCredentials, Settings};
    use std::collections::BTreeMap;

    #[test]
    fn challenges() {
        let found =
            parameters(r#"realm="https://auth.example.com/token?a=b", service="x y",scope=z"#);
        assert_eq!(found["realm"], "https://auth.example.com/token?a=b");
        assert_eq!(found["service"], "x y");
        assert_eq!(found["scope"], "z");
        assert!(parameters("").is_empty());
    }

    #[test]
    fn places_of_tokens() {
        assert!(related("registry-1.docker.io", "auth.docker.io"));
        assert!(related("127.0.0.1", "127.0.0.1"));
        assert!(!related("10.0.0.1", "20.0.0.1"));
        assert!(!related("registry.example.com", "example.org"));
        assert!(!related("localhost", "other"));
    }

    #[test]
    fn the_longest_prefix_wins() {
        let files = of_file(br#"{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"},"a.com":{"auth":"dTpw"},"bad":{"auth":"?"},"none":{}}}"#);
        let places: Vec<&str> = files.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["a.com", "docker.io"]);
        let text = "oci_credentials \"a.com/x\" { username = \"u\" password = \"1\" }\noci_credentials \"a.com\" { access_token = \"t\" }\noci_default_credentials { discover_ambient_credentials = false }";
        let env = BTreeMap::new();
        let logins = OciLogins::new(&env, &Settings::parse(text, &env).unwrap());
        let of = |place: &str| {
            logins
                .of(&Reference::parse(place, None, None).unwrap())
                .cloned()
        };
        assert!(matches!(of("a.com/x/y"), Some(OciCredentials::Basic(..))));
        assert!(matches!(of("a.com/xy"), Some(OciCredentials::Bearer(_))));
        assert_eq!(of("b.com/x"), None);
    }
}
