//! What rules can ask. `None` is "not set", by which a condition fails.

use super::{Scope, partition};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// What is not encoded in an address: RFC 3986's unreserved characters.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The value of a call; more nested calls than any rule has are not set.
pub(super) fn call(name: &str, arguments: &[Value], scope: &Scope, depth: usize) -> Option<Value> {
    if depth > 16 {
        return None;
    }
    let values: Vec<Option<Value>> = arguments
        .iter()
        .map(|argument| evaluate(argument, scope, depth))
        .collect();
    let get = |at: usize| values.get(at).and_then(Option::as_ref);
    let text = |at: usize| get(at).and_then(Value::as_str);
    let truth = |at: usize| get(at).and_then(Value::as_bool);
    Some(match name {
        "isSet" => Value::Bool(get(0).is_some()),
        "not" => Value::Bool(matches!(get(0), None | Some(Value::Bool(false)))),
        "booleanEquals" => Value::Bool(truth(0)? == truth(1)?),
        "stringEquals" => Value::Bool(text(0)? == text(1)?),
        "getAttr" => attribute(get(0)?, text(1)?)?,
        "uriEncode" => utf8_percent_encode(text(0)?, UNRESERVED).to_string().into(),
        "substring" => substring(
            text(0)?,
            get(1)?.as_u64()?,
            get(2)?.as_u64()?,
            truth(3).unwrap_or(false),
        )?,
        "parseURL" => parse_url(text(0)?)?,
        "isValidHostLabel" => Value::Bool(is_host_label(text(0)?, truth(1).unwrap_or(false))),
        "aws.partition" => serde_json::to_value(partition(text(0)?).outputs()).ok()?,
        "aws.parseArn" => parse_arn(text(0)?)?,
        "aws.isVirtualHostableS3Bucket" => {
            Value::Bool(is_bucket_host(text(0)?, truth(1).unwrap_or(false)))
        }
        _ => return None,
    })
}

fn evaluate(value: &Value, scope: &Scope, depth: usize) -> Option<Value> {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("ref").and_then(Value::as_str) {
                return scope.get(name).cloned();
            }
            let name = object.get("fn").and_then(Value::as_str)?;
            let arguments = object.get("argv").and_then(Value::as_array)?;
            call(name, arguments, scope, depth + 1)
        }
        Value::String(template) => Some(fill(template, scope).into()),
        other => Some(other.clone()),
    }
}

/// The text of a template, of a reference or of a call.
pub(super) fn text(value: &Value, scope: &Scope) -> String {
    match evaluate(value, scope, 0) {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// A tree of templates, filled in.
pub(super) fn filled(value: &Value, scope: &Scope) -> Value {
    match value {
        Value::String(template) => fill(template, scope).into(),
        Value::Array(items) => items.iter().map(|item| filled(item, scope)).collect(),
        Value::Object(items) => items
            .iter()
            .map(|(name, item)| (name.clone(), filled(item, scope)))
            .collect(),
        other => other.clone(),
    }
}

/// A template with `{name}` and `{name#attribute}` replaced; `{{` and `}}` are braces.
fn fill(template: &str, scope: &Scope) -> String {
    if !template.contains(['{', '}']) {
        return template.to_owned();
    }
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            out.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            out.push('}');
            rest = after;
        } else if let Some((name, after)) =
            from.strip_prefix('{').and_then(|from| from.split_once('}'))
        {
            let (name, path) = name.split_once('#').unwrap_or((name, ""));
            let value = scope.get(name);
            let value = match path {
                "" => value.cloned(),
                path => value.and_then(|value| attribute(value, path)),
            };
            match value {
                Some(Value::String(text)) => out.push_str(&text),
                Some(other) => out.push_str(&other.to_string()),
                None => {}
            }
            rest = after;
        } else {
            out.push_str(from);
            rest = "";
        }
    }
    out.push_str(rest);
    out
}

/// `a.b[2]` of a value.
fn attribute(value: &Value, path: &str) -> Option<Value> {
    let mut at = value;
    for part in path.split(['.', '#']) {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (
                name,
                Some(index.trim_end_matches(']').parse::<usize>().ok()?),
            ),
            None => (part, None),
        };
        if !name.is_empty() {
            at = at.get(name)?;
        }
        if let Some(index) = index {
            at = at.get(index)?;
        }
    }
    Some(at.clone())
}

fn substring(text: &str, start: u64, stop: u64, reverse: bool) -> Option<Value> {
    let (start, stop) = (usize::try_from(start).ok()?, usize::try_from(stop).ok()?);
    if start >= stop || text.len() < stop || !text.is_ascii() {
        return None;
    }
    let range = if reverse {
        text.len() - stop..text.len() - start
    } else {
        start..stop
    };
    text.get(range).map(Value::from)
}

fn parse_url(text: &str) -> Option<Value> {
    let (scheme, rest) = text.split_once("://")?;
    if !matches!(scheme, "http" | "https") || rest.contains(['?', '#']) {
        return None;
    }
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let url = url::Url::parse(text).ok()?;
    let host = url.host_str()?;
    let mut normalized = url.path().to_owned();
    if !normalized.ends_with('/') {
        normalized.push('/');
    }
    Some(json!({
        "scheme": scheme,
        "authority": authority,
        "path": path,
        "normalizedPath": normalized,
        "isIp": is_ip(host),
    }))
}

/// Whether a host is an address of IPv4 or IPv6, in brackets or not.
pub(crate) fn is_ip(host: &str) -> bool {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>()
        .is_ok()
}

/// Whether a text can be a part of a host name.
pub(crate) fn is_host_label(text: &str, subdomains: bool) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.starts_with(|first: char| first.is_ascii_alphanumeric())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if subdomains {
        text.split('.').all(label)
    } else {
        label(text)
    }
}

fn is_bucket_host(text: &str, subdomains: bool) -> bool {
    (3..=63).contains(&text.len())
        && !text.chars().any(|c| c.is_ascii_uppercase())
        && text.parse::<std::net::Ipv4Addr>().is_err()
        && !text.ends_with('-')
        && is_host_label(text, subdomains)
}

fn parse_arn(text: &str) -> Option<Value> {
    let mut parts = text.splitn(6, ':');
    let ("arn", partition, service, region, account, resource) = (
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
    ) else {
        return None;
    };
    if partition.is_empty() || service.is_empty() || resource.is_empty() {
        return None;
    }
    let resource: Vec<&str> = resource.split([':', '/']).collect();
    Some(json!({
        "partition": partition,
        "service": service,
        "region": region,
        "accountId": account,
        "resourceId": resource,
    }))
}
