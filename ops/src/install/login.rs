//! `login` and `logout`: tokens for hosts.

use super::setup;
use crate::failure::{Failure, Report};
use crate::rules::install as rules;
use crate::session::Session;
use std::time::Duration;
use terrane_fetch::Host;
use terrane_fetch::credentials::Token;
use terrane_install::login::{Method, PATIENCE, method};
use terrane_lang::diagnostic::Diagnostics;
use terrane_model::with_causes;

/// The host that is meant where none is named.
pub const DEFAULT_HOST: &str = "app.terraform.io";

/// The user, while logging in.
pub trait Door: Send {
    /// Whether a token of this host may be kept; `by_browser`: it is made there.
    fn confirm(&mut self, host: &str, by_browser: bool) -> bool;
    /// The page that is to be opened in the browser; and how long is waited for the browser to come back, where it does.
    fn open(&mut self, page: &str, waits: Option<Duration>);
    /// A token that the user has made. `None`: no answer.
    fn token(&mut self, host: &str) -> Option<String>;
}

fn host(text: &str) -> Result<Host, Failure> {
    Host::parse(text).map_err(|error| Failure::input(&rules::LOGIN_FAILED, format!("{error}.")))
}

fn failed(error: &dyn std::error::Error) -> Failure {
    let text = super::sentence(&with_causes(error));
    Failure::input(&rules::LOGIN_FAILED, format!("{text}."))
}

/// Gets a token and keeps it. The answer says where; `None`: the user does not want to.
///
/// # Errors
/// When the host knows no logging in or refuses, or the token can't be kept.
pub async fn login(
    session: &Session,
    name: &str,
    door: &mut dyn Door,
) -> Result<Option<String>, Failure> {
    let host = host(name)?;
    let mut diagnostics = Diagnostics::new();
    let network = setup::network(session, &mut diagnostics)
        .map_err(|diagnostic| Failure::Input(Report::plain(diagnostic)))?;
    let discovery = &network.discovery;
    let shown = host.display();
    let token = match method(discovery, &host)
        .await
        .map_err(|error| failed(&error))?
    {
        Method::Browser(flow) => {
            if !door.confirm(&shown, true) {
                return Ok(None);
            }
            let waiting = flow.begin().await.map_err(|error| failed(&error))?;
            door.open(waiting.url.as_str(), Some(PATIENCE));
            let token = waiting.finish(discovery.client()).await;
            token.map_err(|error| failed(&error))?
        }
        Method::Prompt { page } => {
            if !door.confirm(&shown, false) {
                return Ok(None);
            }
            door.open(page.as_str(), None);
            match door.token(&shown).map(|text| text.trim().to_owned()) {
                Some(text) if !text.is_empty() => Token::new(text),
                _ => return Err(Failure::input(&rules::LOGIN_FAILED, "No token was given.")),
            }
        }
    };
    let kept = discovery.credentials().store(&host, &token).await;
    let place = kept.map_err(|error| failed(&error))?;
    Ok(Some(place.display().to_string()))
}

/// Forgets the token of a host. Tells its name, and whether there was one.
///
/// # Errors
/// When it can't be forgotten.
pub async fn logout(session: &Session, name: &str) -> Result<(String, bool), Failure> {
    let failed = |error: &dyn std::error::Error| {
        let text = super::sentence(&with_causes(error));
        Failure::input(
            rules::LOGIN_FAILED.named("Logout failed"),
            format!("{text}."),
        )
    };
    let host = Host::parse(name).map_err(|error| failed(&error))?;
    let mut diagnostics = Diagnostics::new();
    let network = setup::network(session, &mut diagnostics)
        .map_err(|diagnostic| Failure::Input(Report::plain(diagnostic)))?;
    let credentials = network.discovery.credentials();
    // Where that can't be told, it is asked to forget all the same.
    let known = !matches!(credentials.token(&host).await, Ok(None));
    let forgotten = credentials.forget(&host).await;
    forgotten.map_err(|error| failed(&error))?;
    Ok((host.display(), known))
}
