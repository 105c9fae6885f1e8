//! What the items of a settings file mean.

use super::hcl1::{Item, Value};
use super::{HelperSettings, OciCredentials, Settings, SettingsError, installation};
use crate::credentials::Token;
use crate::host::Host;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(super) type Found<T> = Result<T, SettingsError>;

/// How deep a JSON file is read.
const MAX_DEPTH: usize = 50;

pub(super) fn settings(items: &[Item], env: &BTreeMap<String, String>) -> Found<Settings> {
    let mut settings = Settings::default();
    for body in bodies(items, "provider_installation")? {
        settings
            .dev_overrides
            .extend(installation::overrides(body)?);
        let more = installation::methods(body)?;
        // With overrides only, nothing is said about where the other providers come from.
        if !more.is_empty() || settings.dev_overrides.is_empty() {
            settings.installation.get_or_insert_default().extend(more);
        }
    }
    let path = |text: String| PathBuf::from(filled_in(&text, env));
    settings.plugin_cache_dir = text(items, "plugin_cache_dir")?.map(path);
    settings.plugin_cache_may_break_lock_file =
        flag(items, "plugin_cache_may_break_dependency_lock_file")?;
    for (label, body, item) in labelled(items, "host")? {
        let services = services(body)?;
        settings.hosts.insert(host(label, item)?, services);
    }
    for (label, body, item) in labelled(items, "credentials")? {
        if let Some(token) = text(body, "token")? {
            settings
                .credentials
                .insert(host(label, item)?, Token::new(token));
        }
    }
    for (label, body, item) in labelled(items, "credentials_helper")? {
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
        if label.is_empty() || !label.chars().all(plain) {
            return Err(wrong(item, format!("{label:?} is no name of a program")));
        }
        settings.credentials_helper = Some(HelperSettings {
            name: label.to_owned(),
            args: list(body, "args")?.unwrap_or_default(),
        });
    }
    for body in bodies(items, "registry_protocols")? {
        settings.registry_retries = number(body, "retry_count")?;
        settings.registry_timeout_seconds = number(body, "request_timeout_seconds")?;
    }
    oci(items, env, &mut settings)?;
    Ok(settings)
}

fn oci(items: &[Item], env: &BTreeMap<String, String>, settings: &mut Settings) -> Found<()> {
    for (label, body, _) in labelled(items, "oci_credentials")? {
        let user = text(body, "username")?;
        let password = text(body, "password")?.map(Token::new);
        let found = match (user, password, text(body, "access_token")?) {
            (Some(user), Some(password), _) => OciCredentials::Basic(user, password),
            (_, _, Some(token)) => OciCredentials::Bearer(Token::new(token)),
            _ => continue,
        };
        settings.oci_credentials.insert(label.to_owned(), found);
    }
    for body in bodies(items, "oci_default_credentials")? {
        let said = argument(body, "discover_ambient_credentials");
        settings.oci_ambient_disabled =
            matches!(said, Some(item) if item.value == Value::Bool(false));
        let files = list(body, "docker_style_config_files")?;
        let paths = |files: Vec<String>| {
            files
                .iter()
                .map(|file| filled_in(file, env).into())
                .collect()
        };
        settings.oci_credential_files = files.map(paths);
    }
    Ok(())
}

/// The services of a `host` block: an argument or a block.
fn services(body: &[Item]) -> Found<BTreeMap<String, serde_json::Value>> {
    let mut found = BTreeMap::new();
    for services in bodies(body, "services")? {
        for item in services {
            if let Some(id) = item.keys.first() {
                found.insert(id.clone(), json(&item.value));
            }
        }
    }
    Ok(found)
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => match text.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => text.as_str().into(),
        },
        Value::List(values) => values.iter().map(json).collect(),
        Value::Object(items) => items
            .iter()
            .filter_map(|item| Some((item.keys.first()?.clone(), json(&item.value))))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// The items of a JSON object. Lines are not known.
pub(super) fn of_json(value: serde_json::Value) -> Found<Vec<Item>> {
    match of_json_value(value, 0)? {
        Value::Object(items) => Ok(items),
        _ => Err(SettingsError {
            line: 1,
            problem: String::from("an object is expected"),
        }),
    }
}

fn of_json_value(value: serde_json::Value, depth: usize) -> Found<Value> {
    if depth > MAX_DEPTH {
        return Err(SettingsError {
            line: 1,
            problem: String::from("values are nested too deeply"),
        });
    }
    Ok(match value {
        serde_json::Value::Null => Value::List(Vec::new()),
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => Value::Number(number.to_string()),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(values) => Value::List(
            values
                .into_iter()
                .map(|value| of_json_value(value, depth + 1))
                .collect::<Found<_>>()?,
        ),
        serde_json::Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| {
                    Ok(Item {
                        keys: vec![key],
                        value: of_json_value(value, depth + 1)?,
                        line: 1,
                    })
                })
                .collect::<Found<_>>()?,
        ),
    })
}

pub(super) fn wrong(item: &Item, problem: impl Into<String>) -> SettingsError {
    SettingsError {
        line: item.line,
        problem: problem.into(),
    }
}

/// The bodies of all blocks of a type.
pub(super) fn bodies<'a>(items: &'a [Item], name: &str) -> Found<Vec<&'a [Item]>> {
    let mut found = Vec::new();
    for item in named(items, name) {
        match &item.value {
            Value::Object(items) => found.push(items.as_slice()),
            // In JSON, blocks may be in a list.
            Value::List(values) => {
                for value in values {
                    let Value::Object(items) = value else {
                        return Err(wrong(item, format!("{name} is a block: {name} {{ … }}")));
                    };
                    found.push(items);
                }
            }
            _ => return Err(wrong(item, format!("{name} is a block: {name} {{ … }}"))),
        }
    }
    Ok(found)
}

/// The bodies of all blocks of a type with their label, which may be a key of the body too: `host "x" { … }`, `host = { "x" = { … } }`.
fn labelled<'a>(items: &'a [Item], name: &str) -> Found<Vec<(&'a str, &'a [Item], &'a Item)>> {
    let mut found = Vec::new();
    for item in named(items, name) {
        let shape = || wrong(item, format!("{name} is a block: {name} \"…\" {{ … }}"));
        let Value::Object(body) = &item.value else {
            return Err(shape());
        };
        match item.keys.as_slice() {
            [_, label] => found.push((label.as_str(), body.as_slice(), item)),
            [_] => {
                for inner in body {
                    let ([label], Value::Object(body)) = (inner.keys.as_slice(), &inner.value)
                    else {
                        return Err(shape());
                    };
                    found.push((label, body, inner));
                }
            }
            _ => return Err(shape()),
        }
    }
    Ok(found)
}

fn named<'a>(items: &'a [Item], name: &str) -> impl Iterator<Item = &'a Item> {
    items
        .iter()
        .filter(move |item| item.keys.first().is_some_and(|key| key == name))
}

/// The last argument of a name.
fn argument<'a>(items: &'a [Item], name: &str) -> Option<&'a Item> {
    named(items, name)
        .last()
        .filter(|item| item.keys.len() == 1)
}

pub(super) fn text(items: &[Item], name: &str) -> Found<Option<String>> {
    match argument(items, name) {
        None => Ok(None),
        Some(item) => match &item.value {
            Value::Text(text) => Ok(Some(text.clone())),
            _ => Err(wrong(item, format!("{name} is a text in quotes"))),
        },
    }
}

pub(super) fn flag(items: &[Item], name: &str) -> Found<bool> {
    match argument(items, name) {
        None => Ok(false),
        Some(item) => match &item.value {
            Value::Bool(value) => Ok(*value),
            Value::Text(text) if text == "true" => Ok(true),
            Value::Text(text) if text == "false" => Ok(false),
            _ => Err(wrong(item, format!("{name} is true or false"))),
        },
    }
}

pub(super) fn number(items: &[Item], name: &str) -> Found<Option<u32>> {
    match argument(items, name) {
        None => Ok(None),
        Some(item) => match &item.value {
            Value::Number(text) | Value::Text(text) => text.parse().ok(),
            _ => None,
        }
        .map(Some)
        .ok_or_else(|| wrong(item, format!("{name} is a whole number, 0 or more"))),
    }
}

pub(super) fn list(items: &[Item], name: &str) -> Found<Option<Vec<String>>> {
    let Some(item) = argument(items, name) else {
        return Ok(None);
    };
    let shape = || wrong(item, format!("{name} is a list of texts"));
    let Value::List(values) = &item.value else {
        return Err(shape());
    };
    let texts = values.iter().map(|value| match value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err(shape()),
    });
    texts.collect::<Found<_>>().map(Some)
}

fn host(label: &str, item: &Item) -> Found<Host> {
    Host::parse(label).map_err(|error| wrong(item, error.to_string()))
}

/// `$NAME` and `${NAME}` replaced by variables of the environment; nothing for those that are not set.
pub(super) fn filled_in(text: &str, env: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, after) = if let Some(inner) = after.strip_prefix('{') {
            inner.split_once('}').unwrap_or((inner, ""))
        } else {
            let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
            let end = after.find(|char| !plain(char)).unwrap_or(after.len());
            after.split_at(end)
        };
        out.push_str(env.get(name).map_or("", String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}
