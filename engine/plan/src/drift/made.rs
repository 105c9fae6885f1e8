//! What came to an object because other objects of the state are what they are: the rules of a group, the routes of a table, the interface of an address.
//!
//! Some objects show what others have made of them, in attributes that the configuration could set and does not. What state holds of them was read before
//! the others were made, so right after an apply they differ, though nobody has touched anything. Such a difference is known by its values: another object
//! names this one, and holds all that has come, each value as often. So what somebody else has added differs in at least one value, and is told.

use super::{Class, Difference};
use ecow::EcoString;
use std::collections::{BTreeMap, BTreeSet};
use terrane_model::schema::Schema;
use terrane_value::{Kind, Type, Value};

/// Attributes of other objects that say nothing about this one.
const ASIDE: &[&str] = &["tags", "tags_all", "labels", "effective_labels"];

/// What says of a part of an object that it is about the object itself, where that is `true`; others say it by naming the object once more.
const ITSELF: &str = "self";

/// What objects are named by in others.
const NAMES: &[&str] = &["id", "arn"];

/// Values, and how often each is there. Numbers and texts that read the same are the same: providers do not agree on which is which.
type Bag = BTreeMap<EcoString, usize>;

/// The names of an object in others.
pub(crate) fn names_of(object: &Value) -> impl Iterator<Item = EcoString> + '_ {
    let texts = NAMES.iter().filter_map(|name| object.get(name)?.as_str());
    texts.filter(|text| !text.is_empty()).map(EcoString::from)
}

/// Whether something has come where the configuration is silent: in an attribute that the provider sets if nobody else does.
pub(crate) fn may_be_made(difference: &Difference, schema: &Schema) -> bool {
    let root = difference.root();
    let attribute = root.and_then(|root| schema.block.attributes.get(root));
    // Of blocks no schema says whether the provider fills them.
    let is_block = root.is_some_and(|root| schema.block.blocks.contains_key(root));
    difference.class > Class::Harmless
        && difference.configurable
        && !difference.is_sensitive()
        && (attribute.is_some_and(|attribute| attribute.optional && attribute.computed) || is_block)
        && !is_something(&difference.before)
        && is_something(&difference.after)
}

/// An object that may have made something of another.
#[derive(Clone, Debug)]
struct Maker {
    /// Its type.
    kind: EcoString,
    holds: Bag,
}

impl Maker {
    /// What it says about an object with these names. Who names it twice says something about it and itself.
    fn about(&self, names: &BTreeSet<EcoString>) -> Self {
        let mut maker = self.clone();
        let often: usize = names.iter().filter_map(|name| self.holds.get(name)).sum();
        if often > 1 {
            *maker.holds.entry(ITSELF.into()).or_default() += often - 1;
        }
        maker
    }

    /// Whether it is of this attribute: it says so, or its type does.
    fn is_of(&self, attribute: &str) -> bool {
        self.kind.split('_').any(|word| word == attribute) || self.holds.contains_key(attribute)
    }
}

/// Objects of the state, by the names of others that they hold.
#[derive(Debug, Default)]
pub(crate) struct Makers {
    by_name: BTreeMap<EcoString, Vec<Maker>>,
}

impl Makers {
    /// Of the objects of a state, with their types, those that name one of these.
    pub(crate) fn of<'v>(
        wanted: &BTreeSet<EcoString>,
        objects: impl Iterator<Item = (&'v EcoString, &'v Value)>,
    ) -> Self {
        let mut makers = Self::default();
        if wanted.is_empty() {
            return makers;
        }
        for (kind, object) in objects {
            // No object explains itself, by whichever of its names.
            let own: BTreeSet<EcoString> = names_of(object).collect();
            let holds = bag(object);
            let named = holds.keys().filter(|text| wanted.contains(*text));
            let named: Vec<EcoString> =
                named.filter(|text| !own.contains(*text)).cloned().collect();
            let kind = kind.clone();
            let maker = Maker { kind, holds };
            for name in named {
                makers.by_name.entry(name).or_default().push(maker.clone());
            }
        }
        makers
    }

    /// Says of the differences of an object which come from others.
    pub(crate) fn explain(&self, object: &Value, schema: &Schema, differences: &mut [Difference]) {
        let names: BTreeSet<EcoString> = names_of(object).collect();
        let makers: Vec<Maker> = (names.iter())
            .filter_map(|name| self.by_name.get(name))
            .flatten()
            .map(|maker| maker.about(&names))
            .collect();
        if makers.is_empty() {
            return;
        }
        for difference in differences {
            if !may_be_made(difference, schema) {
                continue;
            }
            let makers = makers.iter();
            let bags: Vec<&Bag> = match difference.root().filter(|root| has_twin(schema, root)) {
                None => makers.map(|maker| &maker.holds).collect(),
                Some(root) => makers
                    .filter(|maker| maker.is_of(root))
                    .map(|maker| &maker.holds)
                    .collect(),
            };
            if is_made(&difference.after, &bags) {
                difference.class = Class::Harmless;
                difference.why = "another object of the state, which names this one, says the same";
            }
        }
    }
}

/// Whether another attribute holds the same kind of things: what an object says of outgoing traffic is no reason for incoming traffic.
fn has_twin(schema: &Schema, root: &str) -> bool {
    let block = &schema.block;
    let Type::Object(object) = block.implied_type() else {
        return false;
    };
    let of = |name: &str| object.attributes.get(name).cloned();
    let Some(ty) = of(root).filter(|ty| matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_)))
    else {
        return false;
    };
    let names = block.attributes.keys().chain(block.blocks.keys());
    names
        .filter(|name| *name != root)
        .any(|name| of(name).as_ref() == Some(&ty))
}

/// Whether each part of a value is held by one of the others.
fn is_made(value: &Value, others: &[&Bag]) -> bool {
    let parts = parts(value);
    let holds = |bag: &&Bag, part: &Bag| {
        part.iter()
            .all(|(text, count)| bag.get(text).is_some_and(|have| have >= count))
    };
    let made = |part: &Bag| !part.is_empty() && others.iter().any(|bag| holds(bag, part));
    !parts.is_empty() && parts.iter().all(made)
}

/// A value as the parts that others may have made singly: each element of its collections, with everything beside them. A rule for two networks can come
/// from two objects, but not the network from one and the port from another.
fn parts(value: &Value) -> Vec<Bag> {
    let mut beside = Bag::new();
    let mut elements: Vec<Bag> = Vec::new();
    match value.unmarked().kind() {
        Kind::Object(object) => {
            for (name, inner) in object.iter() {
                part(name, inner, &mut beside, &mut elements);
            }
        }
        Kind::Map(map) => {
            for (_, inner) in map.iter() {
                part("", inner, &mut beside, &mut elements);
            }
        }
        _ => part("", value, &mut beside, &mut elements),
    }
    if elements.is_empty() {
        return vec![beside];
    }
    for element in &mut elements {
        for (text, count) in &beside {
            *element.entry(text.clone()).or_default() += count;
        }
    }
    elements
}

fn part(name: &str, value: &Value, beside: &mut Bag, elements: &mut Vec<Bag>) {
    match value.unmarked().kind() {
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            let bags = items.iter().map(bag);
            elements.extend(bags.filter(|bag| !bag.is_empty()));
        }
        _ => field(name, value, beside),
    }
}

fn bag(value: &Value) -> Bag {
    let mut bag = Bag::new();
    match value.unmarked().kind() {
        Kind::Object(object) => {
            for (name, inner) in object.iter() {
                if !ASIDE.contains(&name.as_str()) {
                    field(name, inner, &mut bag);
                }
            }
        }
        _ => collect(value, &mut bag),
    }
    bag
}

/// All values of an attribute.
fn field(name: &str, value: &Value, bag: &mut Bag) {
    match value.unmarked().kind() {
        Kind::Bool(true) if name == ITSELF => *bag.entry(ITSELF.into()).or_default() += 1,
        _ => collect(value, bag),
    }
}

/// All values within a value. What is not set, empty or false says nothing; a number that is not set is zero to whoever shows it, and so is the -1 of who
/// leaves a number open.
fn collect(value: &Value, bag: &mut Bag) {
    let text: EcoString = match value.unmarked().kind() {
        Kind::String(text) if text.is_empty() => return,
        Kind::String(text) => document(text).unwrap_or_else(|| text.clone()),
        Kind::Number(number) => match ecow::eco_format!("{number}") {
            open if open == "-1" => "0".into(),
            text => text,
        },
        Kind::Null(Type::Number) => "0".into(),
        Kind::Bool(true) => "true".into(),
        Kind::Null(_) | Kind::Unknown(..) | Kind::Bool(false) | Kind::Marked(..) => return,
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
            return items.iter().for_each(|item| collect(item, bag));
        }
        Kind::Map(map) => return map.iter().for_each(|(_, item)| collect(item, bag)),
        Kind::Object(object) => {
            return object
                .iter()
                .for_each(|(name, item)| field(name, item, bag));
        }
    };
    *bag.entry(text).or_default() += 1;
}

/// A document in JSON, written in one way, whatever the order of its keys was.
fn document(text: &str) -> Option<EcoString> {
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut out = EcoString::new();
    write_sorted(&document, &mut out);
    Some(out)
}

fn write_sorted(value: &serde_json::Value, out: &mut EcoString) {
    match value {
        serde_json::Value::Object(fields) => {
            out.push('{');
            let fields: BTreeMap<&String, &serde_json::Value> = fields.iter().collect();
            for (name, value) in fields {
                out.push_str(&serde_json::Value::from(name.as_str()).to_string());
                out.push(':');
                write_sorted(value, out);
                out.push(',');
            }
            out.push('}');
        }
        serde_json::Value::Array(items) => {
            out.push('[');
            for item in items {
                write_sorted(item, out);
                out.push(',');
            }
            out.push(']');
        }
        value => out.push_str(&value.to_string()),
    }
}

/// Whether a value says anything.
fn is_something(value: &Value) -> bool {
    match value.unmarked().kind() {
        Kind::Null(_) | Kind::Unknown(..) => false,
        Kind::String(text) => !text.is_empty(),
        Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => !items.is_empty(),
        Kind::Map(map) => !map.is_empty(),
        Kind::Bool(_) | Kind::Number(_) | Kind::Object(_) | Kind::Marked(..) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::Makers;
    use crate::drift::compare;
    use std::collections::BTreeSet;
    use terrane_model::schema::{Attribute, Block, NestedBlock, Schema};
    use terrane_value::{EcoString, Type, Value, json};

    /// A group of rules, as clouds show it: `ingress` is optional and computed.
    fn schema() -> Schema {
        let rule = Type::object([
            ("cidrs", Type::set(Type::String)),
            ("from", Type::Number),
            ("protocol", Type::String),
            ("self", Type::Bool),
            ("to", Type::Number),
        ]);
        let rules = || {
            Attribute::new(Type::set(rule.clone()))
                .optional()
                .computed()
        };
        let block = Block::new()
            .attr("id", Attribute::string().computed())
            .attr("ingress", rules())
            .attr("egress", rules())
            .attr("interface", Attribute::string().optional().computed())
            .attr("set", Attribute::string().optional())
            .block(
                "inline",
                NestedBlock::set(Block::new().attr("text", Attribute::string().optional())),
            );
        Schema::new(0, block)
    }

    fn other(text: &str) -> Value {
        let content: serde_json::Value = serde_json::from_str(text).unwrap();
        let fields = content.as_object().unwrap().iter().map(|(name, value)| {
            let value = match value {
                serde_json::Value::Null => Value::null(Type::Number),
                serde_json::Value::Number(number) => Value::number(number.as_i64().unwrap()),
                value => Value::string(value.as_str().unwrap()),
            };
            (EcoString::from(name.as_str()), value)
        });
        Value::object(fields)
    }

    /// The classes of the differences of a group to which this has come, beside these objects.
    #[track_caller]
    fn check(came: &str, others: &[&str], expected: &[&str]) {
        let schema = schema();
        let value = |text: &str| {
            let mut all = serde_json::json!({"id": "g-1", "ingress": [], "egress": [], "inline": [], "interface": "", "set": null});
            let given: serde_json::Value = serde_json::from_str(text).unwrap();
            all.as_object_mut()
                .unwrap()
                .extend(given.as_object().unwrap().clone());
            json::decode(&all.to_string(), schema.block.implied_type()).unwrap()
        };
        let (before, after) = (value("{}"), value(came));
        let mut found = compare("x_thing", &schema, &before, &after);
        let others: Vec<Value> = others.iter().map(|text| other(text)).collect();
        let wanted = BTreeSet::from(["g-1".into()]);
        let kind = EcoString::from("x_thing_attachment");
        let makers = Makers::of(
            &wanted,
            others.iter().chain([&after]).map(|other| (&kind, other)),
        );
        makers.explain(&before, &schema, &mut found);
        let found: Vec<&str> = found.iter().map(|one| one.class.name()).collect();
        assert_eq!(found, expected, "{came}");
    }

    const HTTPS: &str = r#"{"ingress":[{"cidrs":["10.0.0.0/8"],"from":443,"to":443,"protocol":"tcp","self":false}]}"#;

    #[test]
    fn what_others_say_is_not_drift() {
        let rule = r#"{"group":"g-1","cidr":"10.0.0.0/8","from":443,"to":443,"protocol":"tcp","type":"ingress"}"#;
        check(HTTPS, &[rule], &["harmless"]);
        check(HTTPS, &[], &["security"]);
        check(HTTPS, &[&rule.replace("g-1", "g-2")], &["security"]);
        check(
            r#"{"interface":"i-1"}"#,
            &[r#"{"a":"g-1","b":"i-1"}"#],
            &["harmless"],
        );
        check(
            r#"{"interface":"i-1"}"#,
            &[r#"{"a":"g-1","b":"i-2"}"#],
            &["changed"],
        );
        // A document is the same whatever the order of its keys is.
        check(
            r#"{"interface":"{\"a\":1,\"b\":[{\"d\":2,\"c\":3}]}"}"#,
            &[r#"{"a":"g-1","b":"{\"b\": [{\"c\": 3, \"d\": 2}], \"a\": 1}"}"#],
            &["harmless"],
        );
        check(
            r#"{"inline":[{"text":"t"}]}"#,
            &[r#"{"a":"g-1","b":"t"}"#],
            &["harmless"],
        );
        // What the configuration alone can set comes from nobody else.
        check(
            r#"{"set":"i-1"}"#,
            &[r#"{"a":"g-1","b":"i-1"}"#],
            &["changed"],
        );
        // All protocols have no ports, which are shown as zero.
        for ports in [r#""from":null,"to":null"#, r#""from":-1,"to":-1"#] {
            let rule = format!(
                r#"{{"group":"g-1","cidr":"10.0.0.0/8",{ports},"protocol":"-1","type":"ingress"}}"#
            );
            check(
                r#"{"ingress":[{"cidrs":["10.0.0.0/8"],"from":0,"to":0,"protocol":"-1","self":false}]}"#,
                &[&rule],
                &["harmless"],
            );
        }
    }

    /// Whoever opens more than another object says is seen, however alike it looks.
    #[test]
    fn what_is_more_than_others_say_is_drift() {
        let rule = |cidr: &str, from: u16, to: u16| {
            format!(
                r#"{{"group":"g-1","cidr":"{cidr}","from":{from},"to":{to},"protocol":"tcp","type":"ingress"}}"#
            )
        };
        let shown = |cidrs: &str, from: u16, to: u16| {
            format!(
                r#"{{"ingress":[{{"cidrs":[{cidrs}],"from":{from},"to":{to},"protocol":"tcp","self":false}}]}}"#
            )
        };
        let two = [&*rule("10.0.0.0/8", 443, 8443), &*rule("0.0.0.0/0", 80, 80)];
        for (cidrs, from, to, expected) in [
            ("\"10.0.0.0/8\"", 443, 8443, "harmless"),
            ("\"0.0.0.0/0\"", 80, 80, "harmless"),
            // The network of the one and the ports of the other.
            ("\"0.0.0.0/0\"", 443, 8443, "security"),
            ("\"10.0.0.0/8\",\"0.0.0.0/0\"", 443, 8443, "security"),
            // Ports that are there, but not so.
            ("\"10.0.0.0/8\"", 443, 443, "security"),
            ("\"0.0.0.0/0\"", 0, 80, "security"),
            ("\"0.0.0.0/0\",\"::/0\"", 80, 80, "security"),
        ] {
            check(&shown(cidrs, from, to), &two, &[expected]);
        }
        // Two objects for two networks are shown as one rule.
        let both = [&*rule("10.0.0.0/8", 80, 80), &*rule("0.0.0.0/0", 80, 80)];
        check(
            &shown("\"10.0.0.0/8\",\"0.0.0.0/0\"", 80, 80),
            &both,
            &["harmless"],
        );
        // What may go out may not come in for that, and the other way round.
        let out = both.map(|rule| rule.replace("ingress", "egress"));
        let out = [out[0].as_str(), out[1].as_str()];
        let came = shown("\"10.0.0.0/8\",\"0.0.0.0/0\"", 80, 80);
        check(&came, &out, &["security"]);
        check(&came.replace("ingress", "egress"), &out, &["harmless"]);
        // For everybody in the group itself, too.
        let own = HTTPS.replace("false", "true");
        check(&own, &[&rule("10.0.0.0/8", 443, 443)], &["security"]);
        // Unless just that is said: by its name once more.
        let own = own.replace("\"10.0.0.0/8\"", "");
        let itself = rule("g-1", 443, 443);
        check(&own, &[&itself], &["harmless"]);
        check(&own, &[&rule("g-2", 443, 443)], &["security"]);
        check(&own, &[&rule("g-1", 80, 80)], &["security"]);
        check(&own, &[&itself.replace("ingress", "egress")], &["security"]);
        let flag =
            r#"{"group":"g-1","on":"yes","from":443,"to":443,"protocol":"tcp","type":"ingress"}"#;
        check(&own, &[flag], &["security"]);
    }
}
