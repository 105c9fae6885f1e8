//! State behind HTTP: fetched, stored and locked by requests, as the peers make them.

mod request;

use crate::net::{ClientNames, ClientOptions, Worker, desk_folder, folder_name};
use crate::whole::kept::Note;
use crate::whole::{Held, LockOutcome, Place, Stored, Tag, WholeFileStore};
use crate::{ConfigError, Surroundings};
use request::{Answer, Requests, Retries};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use terrane_store::backend::Args;
use terrane_store::lease::Holder;
use terrane_store::seal::Seal;
use terrane_store::{StateStore, StoreError};

const NAMES: ClientNames = ClientNames {
    authorities: "client_ca_certificate_pem",
    identity: "client_certificate_pem",
};

pub(crate) fn open(
    args: &Args<'_>,
    surroundings: &Surroundings,
    seal: Arc<dyn Seal>,
) -> Result<Arc<dyn StateStore>, ConfigError> {
    let place = HttpPlace::new(args, surroundings)?;
    Ok(Arc::new(WholeFileStore::new(
        Arc::new(place),
        surroundings,
        seal,
    )))
}

/// A server that keeps one state.
#[derive(Clone, Debug)]
struct HttpPlace {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: Url,
    update_method: Method,
    lock: Option<(Url, Method)>,
    unlock: Option<(Url, Method)>,
    requests: Requests,
    desk: PathBuf,
}

fn address(args: &Args<'_>, name: &str, var: &str) -> Result<Option<Url>, ConfigError> {
    let Some(text) = args.text(name, &[var]) else {
        return Ok(None);
    };
    let bad = |why: &str| ConfigError::at(name, format!("`{text}` is not an HTTP address: {why}"));
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it must begin with `http://` or `https://`"));
    }
    Ok(Some(url))
}

fn method(args: &Args<'_>, name: &str, var: &str, usual: &str) -> Result<Method, ConfigError> {
    let text = args.text(name, &[var]).unwrap_or(usual);
    Method::from_bytes(text.as_bytes())
        .map_err(|_| ConfigError::at(name, format!("`{text}` can't be an HTTP method")))
}

impl HttpPlace {
    fn new(args: &Args<'_>, surroundings: &Surroundings) -> Result<Self, ConfigError> {
        let url = address(args, "address", "TF_HTTP_ADDRESS")?;
        let Some(url) = url else {
            args.needed("address", &["TF_HTTP_ADDRESS"])?;
            return Err(ConfigError::at("address", "it must be set"));
        };
        let lock = address(args, "lock_address", "TF_HTTP_LOCK_ADDRESS")?;
        let unlock = address(args, "unlock_address", "TF_HTTP_UNLOCK_ADDRESS")?;
        let lock_method = method(args, "lock_method", "TF_HTTP_LOCK_METHOD", "LOCK")?;
        let unlock_method = method(args, "unlock_method", "TF_HTTP_UNLOCK_METHOD", "UNLOCK")?;
        let update_method = method(args, "update_method", "TF_HTTP_UPDATE_METHOD", "POST")?;
        let options = client_options(args)?;
        let seconds = |name, var: &str, usual| {
            let seconds = args.number(name, &[var])?.unwrap_or(usual);
            Ok::<_, ConfigError>(Duration::from_secs(seconds))
        };
        let retries = Retries {
            most: args
                .number("retry_max", &["TF_HTTP_RETRY_MAX"])?
                .unwrap_or(2),
            wait_min: seconds("retry_wait_min", "TF_HTTP_RETRY_WAIT_MIN", 1)?,
            wait_max: seconds("retry_wait_max", "TF_HTTP_RETRY_WAIT_MAX", 30)?,
        };
        if retries.wait_min > retries.wait_max {
            return Err(ConfigError::at(
                "retry_wait_min",
                "it is longer than `retry_wait_max`",
            ));
        }
        let login = args.text("username", &["TF_HTTP_USERNAME"]).map(|name| {
            let password = args.text("password", &["TF_HTTP_PASSWORD"]);
            (name.to_owned(), password.unwrap_or("").to_owned())
        });
        let requests = Requests {
            client: options.client(NAMES)?,
            worker: Worker::default(),
            retries,
            login,
            headers: headers(args)?,
        };
        let location = without_password(&url);
        Ok(Self {
            shared: Arc::new(Shared {
                desk: desk_folder(&surroundings.data_dir, "http", &location),
                address: url,
                update_method,
                lock: lock.map(|url| (url, lock_method)),
                unlock: unlock.map(|url| (url, unlock_method)),
                requests,
            }),
        })
    }
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // Fails for addresses without a host, which have no password.
        let _no_host = url.set_password(None);
    }
    url.to_string()
}

fn headers(args: &Args<'_>) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    for (name, value) in args.map("headers") {
        let bad = |what: &str| ConfigError::at("headers", format!("`{name}` {what}"));
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| bad("can't be the name of a header"))?;
        if key == "content-type" || key == "content-md5" {
            return Err(bad("is set by terrane itself"));
        }
        if key == "authorization" && args.text("username", &["TF_HTTP_USERNAME"]).is_some() {
            return Err(bad("can't be set together with `username`"));
        }
        let value =
            HeaderValue::from_str(&value).map_err(|_| bad("has a value that can't be sent"))?;
        headers.append(key, value);
    }
    Ok(headers)
}

fn client_options(args: &Args<'_>) -> Result<ClientOptions, ConfigError> {
    let certificate = args.text(
        "client_certificate_pem",
        &["TF_HTTP_CLIENT_CERTIFICATE_PEM"],
    );
    let key = args.text(
        "client_private_key_pem",
        &["TF_HTTP_CLIENT_PRIVATE_KEY_PEM"],
    );
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(format!("{certificate}\n{key}").into_bytes()),
        (None, None) => None,
        (Some(_), None) => {
            return Err(ConfigError::at(
                "client_private_key_pem",
                "it must be set where `client_certificate_pem` is",
            ));
        }
        (None, Some(_)) => {
            return Err(ConfigError::at(
                "client_certificate_pem",
                "it must be set where `client_private_key_pem` is",
            ));
        }
    };
    let authorities = args.text(
        "client_ca_certificate_pem",
        &["TF_HTTP_CLIENT_CA_CERTIFICATE_PEM"],
    );
    Ok(ClientOptions {
        insecure: args.flag("skip_cert_verification", &[])?.unwrap_or(false),
        authorities: authorities.map(|pem| pem.as_bytes().to_vec()),
        identity,
        http_proxy: args.var(&["http_proxy", "HTTP_PROXY"]).map(str::to_owned),
        https_proxy: args.var(&["https_proxy", "HTTPS_PROXY"]).map(str::to_owned),
        no_proxy: args.var(&["no_proxy", "NO_PROXY"]).map(str::to_owned),
        ..ClientOptions::default()
    })
}

impl Shared {
    /// The error for an answer that is none of those that are understood.
    fn unexpected(&self, doing: &str, url: &Url, answer: &Answer) -> StoreError {
        let hint = match answer.status {
            StatusCode::UNAUTHORIZED => "; it wants a login: set `username` and `password`",
            StatusCode::FORBIDDEN => "; the login is not allowed to do that",
            _ => "",
        };
        let said = answer.said();
        StoreError::Refused(format!(
            "{doing} failed: {} answered {}{hint}{said}",
            without_password(url),
            answer.status
        ))
    }

    fn fetch(&self) -> Result<Option<Stored>, StoreError> {
        let doing = format!(
            "fetching the state from {}",
            without_password(&self.address)
        );
        let answer = self
            .requests
            .send(&doing, Method::GET, &self.address, None)?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(self.unexpected("fetching the state", &self.address, &answer)),
        }
        answer.check_md5(&doing)?;
        if answer.body.is_empty() {
            return Ok(None);
        }
        Ok(Some(Stored {
            bytes: answer.body,
            tag: None,
        }))
    }

    fn store(&self, bytes: &[u8], lock: Option<&str>) -> Result<(), StoreError> {
        let mut url = self.address.clone();
        if let Some(id) = lock {
            url.query_pairs_mut().append_pair("ID", id);
        }
        let doing = format!("storing the state at {}", without_password(&self.address));
        let answer = self
            .requests
            .send(&doing, self.update_method.clone(), &url, Some(bytes))?;
        match answer.status {
            StatusCode::OK | StatusCode::CREATED | StatusCode::NO_CONTENT => Ok(()),
            _ => Err(self.unexpected("storing the state", &self.address, &answer)),
        }
    }

    fn unlock(&self, info: &Holder) -> Result<(), StoreError> {
        let Some((url, method)) = &self.unlock else {
            return Ok(());
        };
        let doing = format!("unlocking the state at {}", without_password(url));
        let body = info.to_json();
        let answer = self
            .requests
            .send(&doing, method.clone(), url, Some(&body))?;
        if answer.status == StatusCode::OK || answer.status == StatusCode::NO_CONTENT {
            return Ok(());
        }
        Err(self.unexpected("unlocking the state", url, &answer))
    }
}

impl Place for HttpPlace {
    fn location(&self) -> String {
        without_password(&self.shared.address)
    }

    fn name(&self, _workspace: &str) -> String {
        without_password(&self.shared.address)
    }

    fn has_workspaces(&self) -> bool {
        false
    }

    fn desk(&self, workspace: &str) -> PathBuf {
        self.shared.desk.join(folder_name(workspace))
    }

    fn list(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    fn get(&self, _workspace: &str, _begun: &[String]) -> Result<Option<Stored>, StoreError> {
        self.shared.fetch()
    }

    fn lock(&self, _workspace: &str, info: &Holder) -> Result<LockOutcome, StoreError> {
        let shared = &self.shared;
        let held = |info: Option<Holder>| {
            LockOutcome::Locked(Box::new(HeldHttp {
                shared: Arc::clone(shared),
                info,
            }))
        };
        let Some((url, method)) = &shared.lock else {
            return Ok(held(None));
        };
        let doing = format!("locking the state at {}", without_password(url));
        let body = info.to_json();
        let answer = shared
            .requests
            .send(&doing, method.clone(), url, Some(&body))?;
        match answer.status {
            StatusCode::OK | StatusCode::NO_CONTENT | StatusCode::CREATED => {
                Ok(held(Some(info.clone())))
            }
            StatusCode::CONFLICT | StatusCode::LOCKED => {
                let holder = Holder::from_json(&answer.body);
                if holder.as_ref().is_some_and(|holder| holder.id == info.id) {
                    // An earlier try of the same request had come through, and its answer was lost.
                    return Ok(held(Some(info.clone())));
                }
                Ok(LockOutcome::HeldBy(holder))
            }
            _ => Err(shared.unexpected("locking the state", url, &answer)),
        }
    }

    fn without_lock(&self, _workspace: &str) -> Box<dyn Held> {
        Box::new(HeldHttp {
            shared: Arc::clone(&self.shared),
            info: None,
        })
    }

    fn break_lock(&self, _workspace: &str, id: &str) -> Result<(), StoreError> {
        if self.shared.unlock.is_none() {
            return Err(StoreError::Refused(String::from(
                "the backend has no `unlock_address`, so a lock can't be taken away from here",
            )));
        }
        self.shared.unlock(&Holder {
            id: id.into(),
            ..Holder::default()
        })
    }

    fn locks(&self) -> bool {
        self.shared.lock.is_some()
    }

    fn lasts(&self, _holder: Option<&Holder>) -> bool {
        // The protocol knows no time.
        true
    }

    fn tells_holder(&self) -> bool {
        false
    }

    fn holder(&self, _workspace: &str) -> Result<Option<Holder>, StoreError> {
        // There is no request that only asks.
        Ok(None)
    }

    fn delete(&self, _workspace: &str) -> Result<(), StoreError> {
        let shared = &self.shared;
        let doing = format!(
            "removing the state at {}",
            without_password(&shared.address)
        );
        let answer = shared
            .requests
            .send(&doing, Method::DELETE, &shared.address, None)?;
        match answer.status {
            StatusCode::OK | StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => Ok(()),
            _ => Err(shared.unexpected("removing the state", &shared.address, &answer)),
        }
    }

    fn write_every_ms(&self) -> Option<u64> {
        // Beside the state nothing can be kept, so it is itself written while a run goes on, in case that this machine is lost.
        Some(10_000)
    }
}

/// The state, locked where the server locks.
#[derive(Debug)]
struct HeldHttp {
    shared: Arc<Shared>,
    info: Option<Holder>,
}

impl Held for HeldHttp {
    fn get(&mut self, _begun: &[String]) -> Result<Option<Stored>, StoreError> {
        self.shared.fetch()
    }

    fn is_held(&mut self) -> Result<Option<bool>, StoreError> {
        // There is no request that only asks.
        Ok(None)
    }

    fn put(&mut self, bytes: &[u8], _expected: &Tag, _note: &Note) -> Result<Tag, StoreError> {
        let id = self.info.as_ref().map(|info| &*info.id);
        self.shared.store(bytes, id)?;
        Ok(None)
    }

    fn unlock(self: Box<Self>) -> Result<(), StoreError> {
        match &self.info {
            Some(info) => self.shared.unlock(info),
            None => Ok(()),
        }
    }
}
