//! Where the database is and as whom to connect: what `conn_str` and the environment say.
//!
//! The form of `conn_str` is the one of libpq (a URL, or words `key=value`); what it leaves out comes from libpq's environment
//! variables, then from the defaults of the peers. Their driver asks for TLS where nothing is said about it, and so does this.

mod parse;
mod password;

use crate::client::Connector;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::collections::BTreeMap;
use std::time::Duration;

/// How the environment is looked at.
pub(crate) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Environment variables and the parameters that they stand for.
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGAPPNAME", "application_name"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGOPTIONS", "options"),
    ("PGTZ", "timezone"),
];
/// Variables of libpq that mean something this client can't do. They are refused, not ignored, for they often decide who is talked to.
const REFUSED: &[&str] = &[
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGREQUIREPEER",
    "PGREQUIRESSL",
];

/// Parameters by their names in libpq.
type Parameters = BTreeMap<String, String>;

/// Reads `conn_str` and the environment.
///
/// # Errors
/// In words for the user, never with a password in them.
pub(crate) fn connector(conn_str: &str, env: Env<'_>) -> Result<Connector, String> {
    let mut parameters = from_environment(env)?;
    let own = parse::parameters(conn_str)?;
    if own.contains_key("host") && !own.contains_key("hostaddr") {
        parameters.remove("hostaddr");
    }
    parameters.extend(own);
    build(parameters, env)
}

fn from_environment(env: Env<'_>) -> Result<Parameters, String> {
    for name in REFUSED {
        if env(name).is_some_and(|value| !value.is_empty()) {
            return Err(format!(
                "the environment variable {name} is set, which terrane does not support; unset it, and say in conn_str what it stands for"
            ));
        }
    }
    Ok(VARIABLES
        .iter()
        .filter_map(|(name, parameter)| {
            let value = env(name).filter(|value| !value.is_empty())?;
            Some(((*parameter).to_owned(), value))
        })
        .collect())
}

fn build(mut parameters: Parameters, env: Env<'_>) -> Result<Connector, String> {
    let mut take = |name: &str| parameters.remove(name).filter(|value| !value.is_empty());
    let name = take("host");
    let host = take("hostaddr")
        .or(name)
        .unwrap_or_else(|| "localhost".to_owned());
    if host.contains(',') {
        return Err("conn_str names several hosts; terrane connects to one: name the one that takes writes, or a proxy before them".to_owned());
    }
    let port = match take("port") {
        None => 5432,
        Some(text) => text
            .parse()
            // Not shown: where a `/` in a password is not written %2F, this is a piece of it.
            .map_err(|_| "the port of the database is not a number between 0 and 65535; in a URL, `/`, `@` and `:` of a password are written %2F, %40 and %3A".to_owned())?,
    };
    let user = take("user")
        .or_else(|| env("USER"))
        .or_else(|| env("LOGNAME"));
    let Some(user) = user else {
        return Err("conn_str names no user, and the environment has neither PGUSER nor USER; write `postgres://USER@HOST/DATABASE`".to_owned());
    };
    let database = take("dbname").unwrap_or_else(|| user.clone());
    let is_socket = host.starts_with('/') || host.starts_with('@');
    let timeout = connect_timeout(take("connect_timeout"))?;
    let pass_file = take("passfile");
    let password = take("password").or_else(|| {
        password::find(
            pass_file.as_deref(),
            env,
            [&host, &port.to_string(), &database, &user],
        )
    });
    let root = take("sslrootcert");
    let mode = ssl_mode(take("sslmode"), root.is_some(), is_socket)?;
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(port)
        .username(&user)
        .database(&database)
        .ssl_mode(mode)
        .application_name(&take("application_name").unwrap_or_else(|| "terrane".to_owned()))
        .password(password.as_deref().unwrap_or_default());
    options = if is_socket {
        options.socket(&host)
    } else {
        options.host(&host)
    };
    if let Some(root) = root {
        options = options.ssl_root_cert(root);
    }
    if let Some(cert) = take("sslcert") {
        options = options.ssl_client_cert(cert);
    }
    if let Some(key) = take("sslkey") {
        options = options.ssl_client_key(key);
    }
    if let Some(words) = take("options") {
        options = options.options(parse::server_options(&words)?);
    }
    for ignored in [
        "fallback_application_name",
        "sslinline",
        "sslsni",
        "gssencmode",
        "target_session_attrs",
        "channel_binding",
    ] {
        drop(take(ignored));
    }
    // A machine that vanishes must not keep its locks for the two hours that are the default of most systems.
    options = options.options([
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
    ]);
    // Everything else is a setting of the session, as with the peers' driver.
    options = options.options(parameters.iter());
    let place = if is_socket {
        format!("{database} at {host}")
    } else {
        format!("{database} at {host}:{port}")
    };
    Ok(Connector::new(options, timeout, place))
}

fn connect_timeout(text: Option<String>) -> Result<Duration, String> {
    const DEFAULT: Duration = Duration::from_secs(15);
    let Some(text) = text else { return Ok(DEFAULT) };
    match text.parse::<i64>() {
        Ok(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.unsigned_abs())),
        Ok(_) => Ok(DEFAULT),
        Err(_) => Err(format!(
            "connect_timeout is {text:?}; it is a number of seconds"
        )),
    }
}

fn ssl_mode(text: Option<String>, has_root: bool, is_socket: bool) -> Result<PgSslMode, String> {
    let mode = match text.as_deref() {
        // There is no TLS on a socket of the file system, whatever is asked for.
        _ if is_socket => PgSslMode::Disable,
        // A root certificate that is given is meant to be checked.
        None | Some("require") if has_root => PgSslMode::VerifyCa,
        None | Some("require") => PgSslMode::Require,
        Some("disable") => PgSslMode::Disable,
        Some("allow" | "prefer") => PgSslMode::Prefer,
        Some("verify-ca") => PgSslMode::VerifyCa,
        Some("verify-full") => PgSslMode::VerifyFull,
        Some(other) => {
            return Err(format!(
                "sslmode is {other:?}; it is one of disable, allow, prefer, require, verify-ca and verify-full"
            ));
        }
    };
    Ok(mode)
}

#[cfg(test)]
mod tests;
