//! Who asks Google: tokens from service account keys, users, workload identities, machines, and by impersonation.

use crate::Surroundings;
use crate::arguments::Arguments;
use crate::http::{Answer, Request, Token, TokenMemory, form, send};
use crate::problem::{Problem, Result, fail};
use crate::secret::Secret;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// What the tokens are for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long tokens are asked for.
const LIFETIME: Duration = Duration::from_secs(3600);
/// How often a request is sent again.
const RETRIES: u32 = 2;
/// The longest file of credentials, in bytes.
const LONGEST: u64 = 1 << 20;
/// How many credentials may stand within one another.
const DEEPEST: usize = 8;

/// Who asks.
#[derive(Debug)]
pub(super) struct Google {
    access_token: Option<Secret>,
    /// A path, or the JSON itself.
    credentials: Option<Secret>,
    impersonate: Option<String>,
    delegates: Vec<String>,
    env: BTreeMap<String, String>,
    token_uri: String,
    iam: String,
    memory: TokenMemory,
}

/// A file of credentials. Secrets in it are wiped.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Credentials {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(User),
    ImpersonatedServiceAccount(Impersonated),
    ExternalAccount(External),
}

#[derive(Deserialize)]
struct ServiceAccount {
    client_email: String,
    private_key: Zeroizing<String>,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(default)]
    token_uri: Option<String>,
}

#[derive(Deserialize)]
struct User {
    client_id: String,
    client_secret: Zeroizing<String>,
    refresh_token: Zeroizing<String>,
    #[serde(default)]
    token_uri: Option<String>,
}

#[derive(Deserialize)]
struct Impersonated {
    service_account_impersonation_url: String,
    #[serde(default)]
    delegates: Vec<String>,
    source_credentials: Box<Credentials>,
}

#[derive(Deserialize)]
struct External {
    audience: String,
    subject_token_type: String,
    token_url: String,
    credential_source: Source,
    #[serde(default)]
    service_account_impersonation_url: Option<String>,
}

/// Where a workload's own token is.
#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Zeroizing<String>>,
    #[serde(default)]
    format: Option<Format>,
}

#[derive(Deserialize)]
struct Format {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    subject_token_field_name: Option<String>,
}

#[derive(Deserialize)]
struct Given {
    access_token: Zeroizing<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Generated {
    access_token: Zeroizing<String>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

impl Google {
    /// From the arguments, which are those of the `gcs` backend, and the environment.
    pub(super) fn new(arguments: &mut Arguments<'_>, surroundings: &Surroundings) -> Self {
        let env = &surroundings.env;
        let var = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| env.get(*name).filter(|value| !value.is_empty()))
                .cloned()
        };
        Self {
            access_token: arguments
                .secret("access_token")
                .filter(|token| token.len() > 0)
                .or_else(|| var(&["GOOGLE_OAUTH_ACCESS_TOKEN"]).map(Secret::new)),
            credentials: arguments
                .secret("credentials")
                .filter(|given| given.len() > 0)
                .or_else(|| {
                    var(&["GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_CREDENTIALS"]).map(Secret::new)
                }),
            impersonate: arguments
                .text("impersonate_service_account")
                .filter(|account| !account.is_empty())
                .or_else(|| {
                    var(&[
                        "GOOGLE_BACKEND_IMPERSONATE_SERVICE_ACCOUNT",
                        "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
                    ])
                }),
            delegates: arguments
                .texts("impersonate_service_account_delegates")
                .unwrap_or_default(),
            env: env.clone(),
            token_uri: surroundings.endpoints.google_token.clone(),
            iam: surroundings.endpoints.iam_credentials.clone(),
            memory: TokenMemory::default(),
        }
    }

    /// A token.
    pub(super) fn token(&self) -> Result<Secret> {
        self.memory.token(|| {
            let token = self.own_token()?;
            let Some(account) = &self.impersonate else {
                return Ok(token);
            };
            if !account
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "@.-_:".contains(c))
            {
                return fail(format!("{account:?} is not the name of a service account"));
            }
            let url = format!(
                "{}/v1/projects/-/serviceAccounts/{account}:generateAccessToken",
                self.iam
            );
            impersonated(&url, &self.delegates, &token)
        })
    }

    /// The project that pays for the requests, where one is named.
    pub(super) fn quota_project(&self) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Quota {
            #[serde(default)]
            quota_project_id: Option<String>,
        }
        if let Some(project) = self.env.get("GOOGLE_CLOUD_QUOTA_PROJECT") {
            return Ok(Some(project.clone()).filter(|project| !project.is_empty()));
        }
        if self.access_token.is_some() {
            return Ok(None);
        }
        let Some((text, _)) = self.text_of_credentials()? else {
            return Ok(None);
        };
        Ok(serde_json::from_slice::<Quota>(&text)
            .ok()
            .and_then(|quota| quota.quota_project_id)
            .filter(|project| !project.is_empty()))
    }

    fn own_token(&self) -> Result<Token> {
        if let Some(token) = &self.access_token {
            return Ok(Token {
                secret: token.clone(),
                lifetime: LIFETIME,
            });
        }
        match self.text_of_credentials()? {
            Some((text, place)) => {
                // What serde says of a text may quote it.
                let credentials: Credentials = serde_json::from_slice(&text).map_err(|error| {
                    Problem(format!(
                        "{place} are not credentials of a known type: service_account, authorized_user, impersonated_service_account or external_account ({:?} at line {}, column {})",
                        error.classify(),
                        error.line(),
                        error.column()
                    ))
                })?;
                self.token_of(&credentials, 0)
                    .map_err(|problem| problem.within(&place))
            }
            None => self.token_of_machine(),
        }
    }

    /// The JSON of the credentials, and where they were found; `None`: there are none but perhaps the machine's.
    fn text_of_credentials(&self) -> Result<Option<(Zeroizing<Vec<u8>>, String)>> {
        if let Some(given) = &self.credentials {
            let text = given.text()?.trim();
            if text.starts_with('{') {
                let text = Zeroizing::new(text.as_bytes().to_vec());
                return Ok(Some((text, String::from("the given credentials"))));
            }
            let path = match text.strip_prefix("~/").zip(self.env.get("HOME")) {
                Some((rest, home)) => Path::new(home).join(rest),
                None => PathBuf::from(text),
            };
            // A mistyped key must not be shown as the name of a file.
            return contents(&path).map_or_else(
                |_| {
                    fail("the given credentials are neither JSON nor the path of a file that can be read")
                },
                |text| Ok(Some((text, format!("the credentials in {}", path.display())))),
            );
        }
        let found = match self.env.get("GOOGLE_APPLICATION_CREDENTIALS") {
            Some(path) if !path.is_empty() => PathBuf::from(path),
            _ => match self.well_known() {
                Some(path) if path.is_file() => path,
                _ => return Ok(None),
            },
        };
        let place = format!("the credentials in {}", found.display());
        let text =
            contents(&found).map_err(|error| Problem(format!("{place} can't be read: {error}")))?;
        Ok(Some((text, place)))
    }

    /// Where `gcloud auth application-default login` leaves credentials.
    fn well_known(&self) -> Option<PathBuf> {
        let dir = |name: &str| {
            self.env
                .get(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let folder = dir("CLOUDSDK_CONFIG")
            .or_else(|| dir("APPDATA").map(|home| home.join("gcloud")))
            .or_else(|| dir("HOME").map(|home| home.join(".config").join("gcloud")))?;
        Some(folder.join("application_default_credentials.json"))
    }

    fn token_of(&self, credentials: &Credentials, depth: usize) -> Result<Token> {
        match credentials {
            Credentials::ServiceAccount(account) => self.token_of_account(account),
            Credentials::AuthorizedUser(user) => given(&Request {
                url: user.token_uri.as_ref().unwrap_or(&self.token_uri),
                content_type: FORM,
                body: Some(form(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", &user.client_id),
                    ("client_secret", &user.client_secret),
                    ("refresh_token", &user.refresh_token),
                ])),
                retries: RETRIES,
                ..Request::default()
            }),
            Credentials::ImpersonatedServiceAccount(_) if depth >= DEEPEST => {
                fail("too many credentials stand within one another")
            }
            Credentials::ImpersonatedServiceAccount(to) => impersonated(
                &to.service_account_impersonation_url,
                &to.delegates,
                &self.token_of(&to.source_credentials, depth + 1)?,
            ),
            Credentials::ExternalAccount(external) => external.token(),
        }
    }

    /// A token for what the account's key has signed (RFC 7523).
    fn token_of_account(&self, account: &ServiceAccount) -> Result<Token> {
        let aud = account.token_uri.as_ref().unwrap_or(&self.token_uri);
        let iat = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|_| Problem(String::from("the clock of this machine is before 1970")))?
            .as_secs();
        let header = Header {
            alg: "RS256",
            typ: "JWT",
            kid: account.private_key_id.as_deref(),
        };
        let claims = Claims {
            iss: &account.client_email,
            scope: SCOPE,
            aud,
            iat,
            exp: iat + LIFETIME.as_secs(),
        };
        let assertion = signed(&header, &claims, &account.private_key)?;
        given(&Request {
            url: aud,
            content_type: FORM,
            body: Some(form(&[
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", &assertion),
            ])),
            retries: RETRIES,
            ..Request::default()
        })
    }

    fn token_of_machine(&self) -> Result<Token> {
        let host = self
            .env
            .get("GCE_METADATA_HOST")
            .filter(|host| !host.is_empty())
            .map_or("169.254.169.254", String::as_str);
        given(&Request {
            url: &format!(
                "http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
            ),
            headers: &[("metadata-flavor", "Google")],
            direct: true,
            ..Request::default()
        })
        .map_err(|problem| {
            Problem(format!(
                "there are no credentials: set \"credentials\" or GOOGLE_CREDENTIALS, or run `gcloud auth application-default login` (this machine has none of its own: {problem})"
            ))
        })
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// The token that is in the answer to a request.
fn given(request: &Request<'_>) -> Result<Token> {
    let answer = send(request).map_err(|problem| problem.within("asking for a token"))?;
    if answer.status != 200 {
        return fail(format!("no token was given: {}", answer.reason()));
    }
    let given: Given = answer.json("a token service")?;
    Ok(Token {
        secret: Secret::new(given.access_token.as_bytes()),
        lifetime: given.expires_in.map_or(LIFETIME, Duration::from_secs),
    })
}

/// A token of another account, for which `own` may ask.
fn impersonated(url: &str, delegates: &[String], own: &Token) -> Result<Token> {
    #[derive(Serialize)]
    struct Wanted<'a> {
        delegates: Vec<String>,
        scope: [&'a str; 1],
        lifetime: String,
    }
    let delegates = delegates.iter().map(|delegate| {
        if delegate.starts_with("projects/") {
            delegate.clone()
        } else {
            format!("projects/-/serviceAccounts/{delegate}")
        }
    });
    let wanted = Wanted {
        delegates: delegates.collect(),
        scope: [SCOPE],
        lifetime: format!("{}s", LIFETIME.as_secs()),
    };
    let bearer = Zeroizing::new(format!("Bearer {}", own.secret.text()?));
    let answer: Answer = send(&Request {
        url,
        headers: &[("authorization", &bearer)],
        content_type: "application/json",
        body: Some(Zeroizing::new(
            serde_json::to_vec(&wanted).map_err(|error| Problem(error.to_string()))?,
        )),
        retries: RETRIES,
        ..Request::default()
    })
    .map_err(|problem| problem.within("impersonating the service account"))?;
    if answer.status != 200 {
        return fail(format!(
            "the service account can't be impersonated (that needs the role \"Service Account Token Creator\" on it): {}",
            answer.reason()
        ));
    }
    let made: Generated = answer.json("the IAM service")?;
    Ok(Token {
        secret: Secret::new(made.access_token.as_bytes()),
        lifetime: LIFETIME,
    })
}

impl External {
    fn token(&self) -> Result<Token> {
        let subject = self.credential_source.token()?;
        let token = given(&Request {
            url: &self.token_url,
            content_type: FORM,
            body: Some(form(&[
                (
                    "grant_type",
                    "urn:ietf:params:oauth:grant-type:token-exchange",
                ),
                (
                    "requested_token_type",
                    "urn:ietf:params:oauth:token-type:access_token",
                ),
                ("audience", &self.audience),
                ("scope", SCOPE),
                ("subject_token_type", &self.subject_token_type),
                ("subject_token", &subject),
            ])),
            retries: RETRIES,
            ..Request::default()
        })?;
        match &self.service_account_impersonation_url {
            Some(url) => impersonated(url, &[], &token),
            None => Ok(token),
        }
    }
}

impl Source {
    fn token(&self) -> Result<Zeroizing<String>> {
        let text = match (&self.file, &self.url) {
            (Some(file), _) => contents(Path::new(file))
                .map_err(|error| Problem(format!("the token in {file} can't be read: {error}")))?,
            (None, Some(url)) => {
                let headers: Vec<(&str, &str)> = self
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let answer = send(&Request {
                    url,
                    headers: &headers,
                    retries: RETRIES,
                    ..Request::default()
                })
                .map_err(|problem| problem.within("asking for the token of the workload"))?;
                if answer.status != 200 {
                    return fail(format!(
                        "the token of the workload was not given: {}",
                        answer.reason()
                    ));
                }
                answer.body
            }
            (None, None) => {
                return fail(
                    "its credential_source is of a kind that is not known here: there are \"file\" and \"url\"",
                );
            }
        };
        let field = self
            .format
            .as_ref()
            .filter(|format| format.kind == "json")
            .map(|format| format.subject_token_field_name.as_deref().unwrap_or(""));
        let found = match field {
            None => String::from_utf8(text.to_vec())
                .ok()
                .map(|text| text.trim().to_owned()),
            Some(field) => serde_json::from_slice::<BTreeMap<String, serde_json::Value>>(&text)
                .ok()
                .and_then(|fields| Some(fields.get(field)?.as_str()?.to_owned())),
        };
        found.filter(|token| !token.is_empty()).map_or_else(
            || fail("the token of the workload can't be understood"),
            |token| Ok(Zeroizing::new(token)),
        )
    }
}

/// A file, if it is not too long.
fn contents(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::new());
    let file = std::fs::File::open(path)?;
    file.take(LONGEST).read_to_end(&mut text)?;
    Ok(text)
}

/// A signed token (RFC 7515): header, claims and signature.
fn signed(
    header: &impl Serialize,
    claims: &impl Serialize,
    key: &str,
) -> Result<Zeroizing<String>> {
    let part = |value: &dyn Fn() -> serde_json::Result<Vec<u8>>| {
        value()
            .map(|text| URL_SAFE_NO_PAD.encode(text))
            .map_err(|error| Problem(error.to_string()))
    };
    let said = format!(
        "{}.{}",
        part(&|| serde_json::to_vec(header))?,
        part(&|| serde_json::to_vec(claims))?
    );
    let unusable = || {
        Problem(String::from(
            "the private key in them is not an RSA key as PEM",
        ))
    };
    let key = private_key(key).ok_or_else(unusable)?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        said.as_bytes(),
        &mut signature,
    )
    .map_err(|_| unusable())?;
    Ok(Zeroizing::new(format!(
        "{said}.{}",
        URL_SAFE_NO_PAD.encode(signature)
    )))
}

/// The key in a PEM text: PKCS#8, or PKCS#1 as old keys have it.
fn private_key(pem: &str) -> Option<RsaKeyPair> {
    let begin = pem.find("-----BEGIN ")?;
    let rest = pem.get(begin..)?.split_once("PRIVATE KEY-----")?;
    let old = rest.0.ends_with("RSA ");
    let body: Zeroizing<String> = Zeroizing::new(
        rest.1
            .split("-----END")
            .next()?
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .collect(),
    );
    let der = Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?);
    if old {
        RsaKeyPair::from_der(&der).ok()
    } else {
        RsaKeyPair::from_pkcs8(&der).ok()
    }
}
