//! Connection strings: `postgres://user:password@host:port/database?key=value`, or `key=value` words.

use super::Parameters;
use percent_encoding::percent_decode_str;

/// The parameters that a connection string sets.
pub(super) fn parameters(conn_str: &str) -> Result<Parameters, String> {
    let text = conn_str.trim();
    match text
        .strip_prefix("postgres://")
        .or_else(|| text.strip_prefix("postgresql://"))
    {
        Some(rest) => url(rest),
        None if text.contains("://") => {
            Err("conn_str is a URL of another kind; it begins with `postgres://`".to_owned())
        }
        None => words(text),
    }
}

fn url(rest: &str) -> Result<Parameters, String> {
    let mut found = Parameters::new();
    let rest = rest.split('#').next().unwrap_or_default();
    let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = front.split_once('/').unwrap_or((front, ""));
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (user, place),
        None => ("", authority),
    };
    let (user, password) = match user.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user, None),
    };
    put(&mut found, "user", user)?;
    put(&mut found, "password", password.unwrap_or_default())?;
    let (host, port) = host_and_port(place)?;
    put(&mut found, "host", host)?;
    put(&mut found, "port", port)?;
    put(&mut found, "dbname", path)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = value.replace('+', " ");
        let key = decoded("a parameter", key)?;
        put(&mut found, &key, &value)?;
    }
    Ok(found)
}

/// `[::1]:5432`, `host:5432`, `host`, or nothing.
fn host_and_port(place: &str) -> Result<(&str, &str), String> {
    if let Some(rest) = place.strip_prefix('[') {
        let Some((host, after)) = rest.split_once(']') else {
            return Err("the host in conn_str begins with `[` and has no `]`".to_owned());
        };
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if after.is_empty() => Ok((host, "")),
            None => Err("there is something between the host and the port in conn_str".to_owned()),
        };
    }
    Ok(place.rsplit_once(':').unwrap_or((place, "")))
}

fn put(found: &mut Parameters, key: &str, value: &str) -> Result<(), String> {
    if !value.is_empty() {
        found.insert(key.to_owned(), decoded(key, value)?);
    }
    Ok(())
}

fn decoded(what: &str, text: &str) -> Result<String, String> {
    let valid = text.split('%').skip(1).all(|after| {
        after
            .as_bytes()
            .get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) if valid && !decoded.contains('\0') => Ok(decoded.into_owned()),
        _ => Err(format!(
            "`%` in conn_str is not followed by two hexadecimal digits, or they make no text ({what}); a `%` itself is written %25"
        )),
    }
}

/// `key = value`, `key='a value'`, with backslashes before quotes and backslashes.
fn words(text: &str) -> Result<Parameters, String> {
    let mut found = Parameters::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|char| char.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(found);
        }
        let mut key = String::new();
        while let Some(char) = chars.next_if(|char| !char.is_whitespace() && *char != '=') {
            key.push(char);
        }
        while chars.next_if(|char| char.is_whitespace()).is_some() {}
        if key.is_empty() || chars.next() != Some('=') {
            return Err("conn_str is neither a URL that begins with `postgres://` nor words of the form `key=value`".to_owned());
        }
        while chars.next_if(|char| char.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match chars.next() {
                Some('\\') => value.extend(chars.next()),
                Some('\'') if quoted => break,
                Some(char) if !quoted && char.is_whitespace() => break,
                Some(char) => value.push(char),
                None if quoted => {
                    return Err(format!(
                        "the quote after `{key}=` in conn_str is not closed"
                    ));
                }
                None => break,
            }
        }
        if value.contains('\0') {
            return Err(format!("the value of {key} in conn_str has a zero byte"));
        }
        found.insert(key, value);
    }
}

/// The settings in `options`: `-c name=value`, `-cname=value` or `--name=value`, a backslash before a space that belongs to a value.
pub(super) fn server_options(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut words = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let Some(word) = words.last_mut() else { break };
        match char {
            '\\' => word.extend(chars.next()),
            char if char.is_whitespace() => words.push(String::new()),
            char => word.push(char),
        }
    }
    let mut found = Vec::new();
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let setting = if word == "-c" {
            words.next()
        } else {
            word.strip_prefix("--")
                .or_else(|| word.strip_prefix("-c"))
                .map(str::to_owned)
        };
        match setting
            .as_deref()
            .and_then(|setting| setting.split_once('='))
        {
            Some((name, value)) => found.push((name.replace('-', "_"), value.to_owned())),
            None => {
                return Err(format!(
                    "`options` of the connection has {word:?}; terrane knows `-c name=value` and `--name=value`"
                ));
            }
        }
    }
    Ok(found)
}
