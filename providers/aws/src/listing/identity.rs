//! What identifies objects: as hashicorp/aws has it (`identities.txt`), else what their list tells.
//!
//! A line of `identities.txt`, which `cargo run -p xtask -- aws-schemas` writes, is a type, with `@` and the version of the identity where it is not 0, where
//! it is (`regional`, `global`; `plain`: what identifies it says that itself), and attributes: `name`, `name:number`, `name:bool`; `?`: not needed for an import.

use super::types::{Lister, all};
use crate::run::{places, separated};
use crate::table::{Id, Table};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use terrane_model::schema::IdentitySchema;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::{EcoString, Kind, Type, Value};

static KNOWN: LazyLock<BTreeMap<&'static str, IdentitySchema>> = LazyLock::new(|| {
    let lines = include_str!("identities.txt").lines();
    lines.filter_map(parse).collect()
});

fn parse(line: &'static str) -> Option<(&'static str, IdentitySchema)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let (name, version) = match name.split_once('@') {
        Some((name, version)) => (name, version.parse().ok()?),
        None => (name, 0),
    };
    let place = words.next()?;
    let mut attributes: BTreeMap<EcoString, (Type, bool)> = words
        .map(|word| {
            let (word, needed) = match word.strip_suffix('?') {
                Some(word) => (word, false),
                None => (word, true),
            };
            let (name, ty) = match word.split_once(':') {
                Some((name, "number")) => (name, Type::Number),
                Some((name, _)) => (name, Type::Bool),
                None => (word, Type::String),
            };
            (name.into(), (ty, needed))
        })
        .collect();
    attributes.extend(placed(place == "plain", place == "global"));
    let schema = IdentitySchema {
        version,
        attributes,
    };
    Some((name, schema))
}

/// Where an object is: its account and region.
fn placed(is_plain: bool, is_global: bool) -> impl Iterator<Item = (EcoString, (Type, bool))> {
    let account = (!is_plain).then_some("account_id");
    let region = (!is_plain && !is_global).then_some("region");
    let names = account.into_iter().chain(region);
    names.map(|name| (name.into(), (Type::String, false)))
}

/// What identifies objects of a type.
pub(crate) fn schema(lister: &Lister) -> IdentitySchema {
    if let Some(known) = KNOWN.get(lister.name) {
        return known.clone();
    }
    let own = lister.keys.iter().map(|(name, _)| {
        (
            EcoString::from(*name),
            (Type::String, lister.is_needed(name)),
        )
    });
    let attributes = own.chain(placed(false, lister.is_global)).collect();
    IdentitySchema {
        version: 0,
        attributes,
    }
}

/// All identities, by type.
pub(super) fn schemas() -> impl Iterator<Item = (&'static Lister, IdentitySchema)> {
    all().map(|lister| (lister, schema(lister)))
}

/// An identity of texts.
pub(super) fn of<'t>(schema: &IdentitySchema, text: impl Fn(&str) -> Option<&'t str>) -> Value {
    let attributes = schema.attributes.iter().map(|(name, (ty, _))| {
        let text = text(name).filter(|text| !text.is_empty());
        let value = match (text, ty) {
            (None, _) => Value::null(ty.clone()),
            (Some(text), Type::Number) => text
                .parse::<i64>()
                .map_or(Value::null(Type::Number), Value::number),
            (Some(text), Type::Bool) => Value::bool(text == "true"),
            (Some(text), _) => Value::string_nfc(text),
        };
        (name.clone(), value)
    });
    Value::object(attributes.collect::<Vec<_>>())
}

/// The identity that was stored, by this provider or by the Go provider, as far as this one knows it.
pub(crate) fn stored(lister: &Lister, text: &str) -> Answered<Value> {
    let unreadable = |problem: String| Refusal::error("Unreadable stored identity", problem);
    let found: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let texts: BTreeMap<String, String> = found
        .into_iter()
        .map(|(name, value)| (name, crate::json::text(&value)))
        .collect();
    let text = |name: &str| texts.get(name).map(String::as_str);
    Ok(of(&schema(lister), text))
}

/// The pattern that an import id of the type has.
fn pattern(lister: &Lister, table: &Table, schema: &IdentitySchema) -> Option<&'static str> {
    let known = &schema.attributes;
    let own = [lister.id, table.import];
    let made = match table.id {
        Id::Of(pattern) => Some(pattern),
        Id::Out(_) => None,
    };
    let mut patterns = own.into_iter().chain([made]).flatten();
    patterns.find(|pattern| {
        let mut places = places(pattern).into_iter();
        places.all(|name| known.contains_key(name.rsplit('|').next().unwrap_or(&name)))
    })
}

/// The one attribute that tells it all.
fn only(schema: &IdentitySchema) -> Option<&EcoString> {
    let needed: Vec<_> = schema
        .attributes
        .iter()
        .filter(|(_, (_, is))| *is)
        .collect();
    match needed[..] {
        [(name, _)] => Some(name),
        _ => None,
    }
}

/// An import id by what identifies an object, without its region. `None`: it is not told well enough.
pub(super) fn own_id(lister: &Lister, table: &Table, identity: &Value) -> Option<String> {
    let text = |name: &str| match identity.get(name).map(Value::kind) {
        Some(Kind::String(text)) => text.to_string(),
        Some(Kind::Number(number)) => number.to_string(),
        Some(Kind::Bool(is)) => is.to_string(),
        _ => String::new(),
    };
    let schema = schema(lister);
    let id = match pattern(lister, table, &schema) {
        Some(pattern) => filled(pattern, text)?,
        None => text(only(&schema)?),
    };
    (!id.is_empty()).then_some(id)
}

/// The same with the region behind it.
pub(crate) fn import_id(lister: &Lister, table: &Table, identity: &Value) -> Option<String> {
    let id = own_id(lister, table, identity)?;
    Some(match args::string(identity, "region") {
        Some(region) if !region.is_empty() => format!("{id}@{region}"),
        _ => id,
    })
}

/// A pattern with texts in its places; a place that begins with a mark, or a text and `|`, may have none.
fn filled(pattern: &str, text: impl Fn(&str) -> String) -> Option<String> {
    let mut made = String::new();
    let mut rest = pattern;
    while let Some((literal, after)) = rest.split_once('{') {
        let (place, tail) = after.split_once('}')?;
        made.push_str(literal);
        let (mark, name) = match (place.split_once('|'), separated(place)) {
            (Some((mark, name)), _) => (Some(mark.to_owned()), name),
            (None, Some((mark, name))) => (Some(mark.to_string()), name),
            (None, None) => (None, place),
        };
        match (mark, text(name)) {
            (None, text) if text.is_empty() => return None,
            (Some(_), text) if text.is_empty() => {}
            (mark, text) => {
                made.push_str(&mark.unwrap_or_default());
                made.push_str(&text);
            }
        }
        rest = tail;
    }
    Some(made + rest)
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, all, filled, import_id, of, only, own_id, parse, pattern, schema};
    use crate::facts::{self, Kind};
    use crate::resources::table;

    #[test]
    fn lines_are_understood() {
        let lines = include_str!("identities.txt").lines();
        assert_eq!(lines.count(), KNOWN.len());
        let (name, schema) = parse("t@1 regional a b:number c:bool?").unwrap();
        assert_eq!((name, schema.version), ("t", 1));
        let named: Vec<_> = schema.attributes.keys().map(|name| name.as_str()).collect();
        assert_eq!(named, ["a", "account_id", "b", "c", "region"]);
        assert!(schema.attributes["b"].1 && !schema.attributes["c"].1);
    }

    /// Every list tells what identifies its objects, and an object can be imported by that.
    #[test]
    fn identities_are_told_and_lead_to_objects() {
        for lister in all() {
            let name = lister.name;
            let schema = schema(lister);
            let needed = schema.attributes.iter().filter(|(_, (_, is))| *is);
            for (attribute, _) in needed {
                let told = lister
                    .keys
                    .iter()
                    .any(|(key, _)| *key == attribute.as_str());
                assert!(told, "{name}: nothing says what {attribute} is");
            }
            for (key, _) in &lister.keys {
                assert!(schema.attributes.contains_key(*key), "{name}: {key}");
                let facts = facts::of(Kind::Resource, name).unwrap();
                let is_own = facts.block.attributes.contains_key(*key);
                assert!(is_own || KNOWN.contains_key(name), "{name}: {key}");
            }
            let table = table(name).unwrap_or_else(|| panic!("no {name}"));
            let leads = pattern(lister, table, &schema).is_some() || only(&schema).is_some();
            assert!(leads, "{name}: no import id");
            let about = facts::of(Kind::Resource, name).unwrap();
            assert_eq!(lister.is_global, about.about.is_global(), "{name}");
        }
    }

    /// An at sign may be a part of a name: only a region that is told stands behind one.
    #[test]
    fn names_may_have_at_signs() {
        let line = |name: &str| (super::super::lister(name).unwrap(), table(name).unwrap());
        let (lister, of_users) = line("aws_iam_user");
        let text = |name: &str| (name == "name").then_some("a@b.eu-west-1");
        let identity = of(&schema(lister), text);
        let own = own_id(lister, of_users, &identity);
        assert_eq!(own.as_deref(), Some("a@b.eu-west-1"));
        assert_eq!(import_id(lister, of_users, &identity), own);
        let (lister, of_groups) = line("aws_cloudwatch_log_group");
        let identity = of(&schema(lister), |name| match name {
            "name" => Some("a@b"),
            "region" => Some("eu-west-1"),
            _ => None,
        });
        let own = own_id(lister, of_groups, &identity);
        assert_eq!(own.as_deref(), Some("a@b"));
        let with_region = import_id(lister, of_groups, &identity);
        assert_eq!(with_region.as_deref(), Some("a@b@eu-west-1"));
    }

    #[test]
    fn places_of_patterns() {
        let text = |name: &str| match name {
            "a" => "1".to_owned(),
            _ => String::new(),
        };
        assert_eq!(filled("{a}/{:b}x", text).unwrap(), "1/x");
        assert_eq!(filled("{a}{_|a}{|a}{_|b}{|b}", text).unwrap(), "1_11");
        assert_eq!(filled("{a}/{b}", text), None);
    }
}
