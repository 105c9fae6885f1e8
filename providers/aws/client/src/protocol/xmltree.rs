//! XML as a tree. Names are without their prefix; comments and instructions are left out.

use super::MAX_DEPTH;
use std::borrow::Cow;
use xmlparser::{ElementEnd, Token, Tokenizer};

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    /// Names with their prefix: `xsi:type`. Declarations of namespaces are among them.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Self>,
    /// All text directly within.
    pub(super) text: String,
}

impl Element {
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The root of a document.
pub(super) fn parse(body: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(body).map_err(|error| format!("it is no UTF-8: {error}"))?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    for token in Tokenizer::from(text) {
        let token = token.map_err(|error| format!("it is no XML: {error}"))?;
        match token {
            Token::ElementStart { local, .. } => {
                if open.len() > MAX_DEPTH {
                    return Err(String::from("it is nested too deeply"));
                }
                open.push(Element {
                    name: local.as_str().to_owned(),
                    ..Element::default()
                });
            }
            Token::Attribute {
                prefix,
                local,
                value,
                ..
            } => {
                if let Some(element) = open.last_mut() {
                    let name = match prefix.as_str() {
                        "" => local.as_str().to_owned(),
                        prefix => format!("{prefix}:{local}"),
                    };
                    let value = unescape(value.as_str())?.into_owned();
                    element.attributes.push((name, value));
                }
            }
            Token::ElementEnd { end, .. } => {
                let closes = match end {
                    ElementEnd::Open => false,
                    ElementEnd::Empty => true,
                    ElementEnd::Close(_, local) => {
                        let name = open.last().map(|element| element.name.as_str());
                        if name != Some(local.as_str()) {
                            return Err(format!("it is no XML: </{local}> closes nothing"));
                        }
                        true
                    }
                };
                if closes && let Some(element) = open.pop() {
                    match open.last_mut() {
                        Some(parent) => parent.children.push(element),
                        None => root = Some(element),
                    }
                }
            }
            Token::Text { text } => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&unescape(text.as_str())?);
                }
            }
            Token::Cdata { text, .. } => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(text.as_str());
                }
            }
            _ => {}
        }
    }
    root.filter(|_| open.is_empty())
        .ok_or_else(|| String::from("it is no XML: it ends too early"))
}

/// A text with its five entities and its numbered ones replaced; there are no others.
fn unescape(text: &str) -> Result<Cow<'_, str>, String> {
    if !text.contains(['&', '\r']) {
        return Ok(Cow::Borrowed(text));
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, from)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = from
            .split_once(';')
            .ok_or("it is no XML: an entity without end")?;
        let code = |digits: &str, radix| {
            u32::from_str_radix(digits, radix)
                .ok()
                .and_then(char::from_u32)
        };
        let replaced = match entity {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            other => match (other.strip_prefix("#x"), other.strip_prefix('#')) {
                (Some(hex), _) => code(hex, 16),
                (None, Some(decimal)) => code(decimal, 10),
                (None, None) => None,
            },
        };
        out.push(replaced.ok_or_else(|| format!("it is no XML: &{entity}; is not known"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// Writes a text so that it can stand in an element or in an attribute.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\r' => out.push_str("&#xD;"),
            '\n' => out.push_str("&#xA;"),
            '\u{85}' => out.push_str("&#x85;"),
            '\u{2028}' => out.push_str("&#x2028;"),
            other => out.push(other),
        }
    }
}
