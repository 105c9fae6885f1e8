//! Logging in to a host: by the browser (OAuth 2.0 with PKCE), or with a token that the user copies from a page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use terrane_fetch::credentials::Token;
use terrane_fetch::discovery::{Discovery, DiscoveryError, LOGIN};
use terrane_fetch::{Client, FetchError, Host, Url};
use tokio::net::TcpListener;

mod browser;

/// How long the user may take in the browser.
pub const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How one logs in to a host.
#[derive(Debug)]
pub enum Method {
    /// By the browser.
    Browser(Flow),
    /// With a token that the user makes on a page.
    Prompt {
        /// The page, if it is known.
        page: Url,
    },
}

/// What a host says about logging in by the browser.
#[derive(Clone, Debug)]
pub struct Flow {
    client: String,
    authz: Url,
    token: Url,
    ports: (u16, u16),
    scopes: Vec<String>,
}

/// Why logging in fails.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The host can't be asked.
    #[error("{}", terrane_model::with_causes(.0))]
    Discovery(#[from] DiscoveryError),
    /// The host offers nothing of the kind.
    #[error("{0} offers no logging in")]
    NotOffered(String),
    /// What the host says about it can't be used.
    #[error("what {host} says about logging in can't be used: {problem}")]
    Unusable {
        /// Which host.
        host: String,
        /// A part of a sentence.
        problem: String,
    },
    /// The browser can't come back.
    #[error(
        "none of the ports {0} to {1}, which the host wants the browser to come back to, is free"
    )]
    Ports(u16, u16),
    /// The browser did not come back.
    #[error("nobody came back from the browser within {} minutes", PATIENCE.as_secs() / 60)]
    Patience,
    /// The host refused.
    #[error("the host refused: {0}")]
    Refused(String),
    /// The token can't be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The port can't be listened on.
    #[error("waiting for the browser failed: {0}")]
    Listen(#[from] std::io::Error),
}

#[derive(Deserialize)]
struct Described {
    client: String,
    #[serde(default)]
    grant_types: Option<Vec<String>>,
    authz: Option<String>,
    token: String,
    #[serde(default)]
    ports: Option<(u16, u16)>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    token_type: String,
}

/// How one logs in to a host.
///
/// # Errors
/// When it offers nothing of the kind.
pub async fn method(discovery: &Discovery, host: &Host) -> Result<Method, LoginError> {
    let unusable = |problem: String| LoginError::Unusable {
        host: host.display(),
        problem,
    };
    if let Some((value, base)) = discovery.raw(host, LOGIN).await? {
        let said: Described =
            serde_json::from_value(value).map_err(|error| unusable(error.to_string()))?;
        let grants = said
            .grant_types
            .unwrap_or_else(|| vec![String::from("authz_code")]);
        if !grants.iter().any(|grant| grant == "authz_code") {
            return Err(unusable(format!(
                "it knows {} only, and terrane knows authz_code",
                grants.join(", ")
            )));
        }
        let address = |text: &str| {
            let url = base.join(text).map_err(|error| error.to_string())?;
            let fine = url.scheme() == "https" || base.scheme() == "http" || is_this_machine(&url);
            if fine {
                Ok(url)
            } else {
                Err(format!("{text:?} is not under TLS (https)"))
            }
        };
        let authz = said
            .authz
            .ok_or_else(|| unusable(String::from("it has no authz")))?;
        let (from, to) = said.ports.unwrap_or((1024, 65535));
        if from < 1024 || to < from {
            return Err(unusable(format!("{from} to {to} are no ports to be used")));
        }
        return Ok(Method::Browser(Flow {
            client: said.client,
            authz: address(&authz).map_err(unusable)?,
            token: address(&said.token).map_err(unusable)?,
            ports: (from, to),
            scopes: said.scopes.unwrap_or_default(),
        }));
    }
    // Hosts of the peer's product have a page where tokens are made.
    for service in ["tfe.v2.1", "tfe.v2"] {
        if discovery.raw(host, service).await?.is_some() {
            let page = format!(
                "https://{}/app/settings/tokens?source=terrane-login",
                host.ascii()
            );
            let page = Url::parse(&page).map_err(|error| unusable(error.to_string()))?;
            return Ok(Method::Prompt { page });
        }
    }
    Err(LoginError::NotOffered(host.display()))
}

fn is_this_machine(url: &Url) -> bool {
    url.host_str()
        .is_some_and(|name| matches!(name, "localhost" | "127.0.0.1" | "[::1]"))
}

/// A login that waits for the browser.
#[derive(Debug)]
pub struct Waiting {
    /// What the browser is to open.
    pub url: Url,
    flow: Flow,
    listener: TcpListener,
    redirect: String,
    verifier: String,
    state: String,
}

/// 256 random bits as text.
fn random() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Flow {
    /// Listens for the browser, and says what it is to open.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn begin(self) -> Result<Waiting, LoginError> {
        let (from, to) = self.ports;
        let mut bound = None;
        for port in from..=to {
            if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
                bound = Some((listener, port));
                break;
            }
        }
        let (listener, port) = bound.ok_or(LoginError::Ports(from, to))?;
        let (verifier, state) = (random(), random());
        let redirect = format!("http://localhost:{port}/login");
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let mut url = self.authz.clone();
        url.query_pairs_mut()
            .append_pair("client_id", &self.client)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("redirect_uri", &redirect)
            .append_pair("response_type", "code")
            .append_pair("state", &state);
        if !self.scopes.is_empty() {
            url.query_pairs_mut()
                .append_pair("scope", &self.scopes.join(" "));
        }
        Ok(Waiting {
            url,
            flow: self,
            listener,
            redirect,
            verifier,
            state,
        })
    }
}

impl Waiting {
    /// Waits for the browser and gets the token.
    ///
    /// # Errors
    /// When the user or the host refuses, or nobody comes.
    pub async fn finish(self, client: &Client) -> Result<Token, LoginError> {
        let code = browser::code(&self.listener, &self.state);
        let code = tokio::time::timeout(PATIENCE, code).await;
        let code = code.map_err(|_| LoginError::Patience)??;
        let mut form = self.flow.token.clone();
        form.query_pairs_mut()
            .clear()
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", &code)
            .append_pair("client_id", &self.flow.client)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("code_verifier", &self.verifier);
        let body = form.query().unwrap_or_default().as_bytes().to_vec();
        let url = self.flow.token.clone();
        let plain = is_this_machine(&url);
        let answer = client
            .get(url)
            .plain(plain)
            .retries(0)
            .post("application/x-www-form-urlencoded", body)
            .send()
            .await?
            .success()?;
        // What the answer holds is secret, so it is in no message.
        let granted: Granted = serde_json::from_slice(&answer.body)
            .map_err(|_| answer.odd("it holds no access_token"))?;
        if !granted.token_type.is_empty() && !granted.token_type.eq_ignore_ascii_case("bearer") {
            return Err(LoginError::Refused(format!(
                "it gives a token of type {:?}, and only bearer tokens can be used",
                granted.token_type
            )));
        }
        Ok(Token::new(granted.access_token))
    }
}
