//! `aws_iam_policy_document`: a policy as JSON, byte for byte as hashicorp/aws writes it.
//!
//! Members are in a fixed order, lists of actions, resources and identifiers in descending order, one value is no list, values of conditions stay in order;
//! letters that mean something in HTML are escaped.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use terrane_provider::args;
use terrane_provider::native::{Answered, Refusal};
use terrane_value::Value;

/// One or more texts: what was a list stays one.
#[derive(Clone, Debug, PartialEq)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    fn many(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::Many(texts) => texts.clone(),
        }
    }

    fn of(texts: Vec<String>) -> Self {
        match <[String; 1]>::try_from(texts) {
            Ok([text]) => Self::One(text),
            Err(texts) => Self::Many(texts),
        }
    }

    fn json(&self) -> Node {
        match self {
            Self::One(text) => Node::Text(text.clone()),
            Self::Many(texts) => Node::List(texts.iter().cloned().map(Node::Text).collect()),
        }
    }

    fn read(value: &Json) -> Option<Self> {
        match value {
            Json::String(text) => Some(Self::One(text.clone())),
            Json::Array(items) => Some(Self::Many(items.iter().map(crate::json::text).collect())),
            Json::Null => None,
            other => Some(Self::One(other.to_string())),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Statement {
    sid: String,
    effect: String,
    /// Action, NotAction, Resource, NotResource.
    lists: [Option<Texts>; 4],
    /// Principal, NotPrincipal: type and identifiers.
    principals: [Vec<(String, Texts)>; 2],
    /// Test, variable, values.
    conditions: Vec<(String, String, Texts)>,
}

const LISTS: [&str; 4] = ["Action", "NotAction", "Resource", "NotResource"];
const PRINCIPALS: [&str; 2] = ["Principal", "NotPrincipal"];

#[derive(Clone, Debug, Default)]
struct Document {
    version: String,
    id: String,
    statements: Vec<Statement>,
}

impl Document {
    fn merge(&mut self, other: Self) {
        if !other.id.is_empty() {
            self.id = other.id;
        }
        if other.version > self.version {
            self.version = other.version;
        }
        for statement in other.statements {
            let same =
                |known: &&mut Statement| !statement.sid.is_empty() && known.sid == statement.sid;
            match self.statements.iter_mut().find(same) {
                Some(known) => *known = statement,
                None => self.statements.push(statement),
            }
        }
    }
}

/// The data source.
pub(super) fn document(config: &Value) -> Answered<Value> {
    let text = |name: &str| args::string(config, name).unwrap_or_default().to_owned();
    let mut version = text("version");
    if version.is_empty() {
        "2012-10-17".clone_into(&mut version);
    }
    let mut merged = Document::default();
    if let Some(source) = Some(text("source_json")).filter(|source| !source.is_empty()) {
        merged.merge(read(&source)?);
    }
    let mut sids = std::collections::BTreeSet::new();
    for source in args::strings(config, "source_policy_documents").unwrap_or_default() {
        if source.is_empty() {
            continue;
        }
        let source = read(&source)?;
        for statement in source
            .statements
            .iter()
            .filter(|statement| !statement.sid.is_empty())
        {
            if !sids.insert(statement.sid.clone()) {
                return Err(duplicate(&statement.sid));
            }
        }
        merged.merge(source);
    }
    let mut own = Document {
        version: version.clone(),
        id: text("policy_id"),
        statements: Vec::new(),
    };
    let mut sids = std::collections::BTreeSet::new();
    for block in args::get(config, "statement").children() {
        let statement = statement(block, &version)?;
        if !statement.sid.is_empty() && !sids.insert(statement.sid.clone()) {
            return Err(duplicate(&statement.sid));
        }
        own.statements.push(statement);
    }
    merged.merge(own);
    for source in args::strings(config, "override_policy_documents").unwrap_or_default() {
        if !source.is_empty() {
            merged.merge(read(&source)?);
        }
    }
    if let Some(source) = Some(text("override_json")).filter(|source| !source.is_empty()) {
        merged.merge(read(&source)?);
    }
    let node = written(&merged);
    let (mut pretty, mut plain) = (String::new(), String::new());
    write(&node, Some(0), &mut pretty);
    write(&node, None, &mut plain);
    let id = crc32fast::hash(pretty.as_bytes()).to_string();
    let mut statements = args::get(config, "statement");
    statements = statements.map_children(|_, block| {
        let effect = args::get(block, "effect");
        if effect.is_null() {
            args::with(block, "effect", Value::string("Allow"))
        } else {
            block.clone()
        }
    });
    Ok(args::with_all(
        config,
        [
            ("id", Value::string(id)),
            ("json", Value::string(pretty)),
            ("minified_json", Value::string(plain)),
            ("version", Value::string(version)),
            ("statement", statements),
        ],
    ))
}

fn duplicate(sid: &str) -> Refusal {
    Refusal::error(
        "Duplicate Sid",
        format!("duplicate Sid ({sid}): the statements of a policy have different ones."),
    )
}

/// `&{…}` stands for `${…}`, which would be a template.
fn variables(text: &str, version: &str) -> Answered<String> {
    if version == "2008-10-17" && text.contains("&{") {
        return Err(Refusal::error(
            "Policy variables need a newer version",
            format!("{text:?}: variables are not supported in policies of version {version}."),
        ));
    }
    Ok(text.replace("&{", "${"))
}

fn statement(block: &Value, version: &str) -> Answered<Statement> {
    let list = |name: &str| args::strings(block, name).unwrap_or_default();
    let mut made = Statement {
        sid: args::string(block, "sid").unwrap_or_default().to_owned(),
        effect: args::string(block, "effect")
            .filter(|effect| !effect.is_empty())
            .unwrap_or("Allow")
            .to_owned(),
        ..Statement::default()
    };
    for (at, name) in ["actions", "not_actions", "resources", "not_resources"]
        .iter()
        .enumerate()
    {
        let mut texts = Vec::new();
        for text in list(name) {
            texts.push(if at < 2 {
                text.to_string()
            } else {
                variables(&text, version)?
            });
        }
        texts.sort_by(|left, right| right.cmp(left));
        if let (false, Some(slot)) = (texts.is_empty(), made.lists.get_mut(at)) {
            *slot = Some(Texts::of(texts));
        }
    }
    for (slot, name) in made
        .principals
        .iter_mut()
        .zip(["principals", "not_principals"])
    {
        for principal in args::get(block, name).children() {
            let mut identifiers = Vec::new();
            for identifier in args::strings(principal, "identifiers").unwrap_or_default() {
                identifiers.push(variables(&identifier, version)?);
            }
            identifiers.sort_by(|left, right| right.cmp(left));
            let kind = args::string(principal, "type")
                .unwrap_or_default()
                .to_owned();
            slot.push((kind, Texts::of(identifiers)));
        }
    }
    for condition in args::get(block, "condition").children() {
        let text = |name: &str| args::string(condition, name).unwrap_or_default().to_owned();
        let mut values = Vec::new();
        for value in args::strings(condition, "values").unwrap_or_default() {
            values.push(variables(&value, version)?);
        }
        made.conditions
            .push((text("test"), text("variable"), Texts::of(values)));
    }
    Ok(made)
}

fn read(source: &str) -> Answered<Document> {
    let json: Json = serde_json::from_str(source).map_err(|error| {
        Refusal::error(
            "Invalid policy document",
            format!("A source document is no JSON: {error}"),
        )
    })?;
    let text = |value: &Json, name: &str| crate::json::text_at(value, name).unwrap_or_default();
    let statements = match json.get("Statement") {
        Some(Json::Array(items)) => items.clone(),
        Some(one @ Json::Object(_)) => vec![one.clone()],
        _ => Vec::new(),
    };
    let statements = statements.iter().map(|statement| {
        let mut made = Statement {
            sid: text(statement, "Sid"),
            effect: text(statement, "Effect"),
            ..Statement::default()
        };
        for (slot, name) in made.lists.iter_mut().zip(LISTS) {
            *slot = statement.get(name).and_then(Texts::read);
        }
        for (slot, name) in made.principals.iter_mut().zip(PRINCIPALS) {
            match statement.get(name) {
                Some(Json::Object(kinds)) => {
                    slot.extend(
                        kinds
                            .iter()
                            .filter_map(|(kind, who)| Some((kind.clone(), Texts::read(who)?))),
                    );
                }
                Some(Json::String(all)) => {
                    slot.push(("*".to_owned(), Texts::Many(vec![all.clone()])));
                }
                _ => {}
            }
        }
        for (test, variables) in statement
            .get("Condition")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
        {
            for (variable, values) in variables.as_object().into_iter().flatten() {
                if let Some(values) = Texts::read(values) {
                    made.conditions.push((
                        test.clone(),
                        variable.clone(),
                        Texts::Many(values.many()),
                    ));
                }
            }
        }
        made
    });
    Ok(Document {
        version: text(&json, "Version"),
        id: text(&json, "Id"),
        statements: statements.collect(),
    })
}

/// JSON whose members have an order.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

fn written(document: &Document) -> Node {
    let mut members = Vec::new();
    let mut put = |name: &str, text: &str| {
        if !text.is_empty() {
            members.push((name.to_owned(), Node::Text(text.to_owned())));
        }
    };
    put("Version", &document.version);
    put("Id", &document.id);
    if !document.statements.is_empty() {
        let statements = document.statements.iter().map(written_statement).collect();
        members.push(("Statement".to_owned(), Node::List(statements)));
    }
    Node::Object(members)
}

fn written_statement(statement: &Statement) -> Node {
    let mut members = Vec::new();
    for (name, text) in [("Sid", &statement.sid), ("Effect", &statement.effect)] {
        if !text.is_empty() {
            members.push((name.to_owned(), Node::Text(text.clone())));
        }
    }
    for (name, list) in LISTS.iter().zip(&statement.lists) {
        if let Some(list) = list {
            members.push(((*name).to_owned(), list.json()));
        }
    }
    for (name, principals) in PRINCIPALS.iter().zip(&statement.principals) {
        if !principals.is_empty() {
            members.push(((*name).to_owned(), written_principals(principals)));
        }
    }
    if !statement.conditions.is_empty() {
        let mut tests: BTreeMap<&str, BTreeMap<&str, Texts>> = BTreeMap::new();
        for (test, variable, values) in &statement.conditions {
            let known = tests.entry(test).or_default();
            let together = match known.get(variable.as_str()) {
                Some(before) => {
                    let mut all = before.many();
                    all.extend(values.many());
                    Texts::Many(all)
                }
                None => values.clone(),
            };
            known.insert(variable, together);
        }
        let tests = tests.into_iter().map(|(test, variables)| {
            let variables = variables
                .into_iter()
                .map(|(name, values)| (name.to_owned(), values.json()));
            (test.to_owned(), Node::Object(variables.collect()))
        });
        members.push(("Condition".to_owned(), Node::Object(tests.collect())));
    }
    Node::Object(members)
}

fn written_principals(principals: &[(String, Texts)]) -> Node {
    if let [(kind, who)] = principals
        && kind == "*"
        && who.many() == ["*"]
    {
        return Node::Text("*".to_owned());
    }
    let mut kinds: BTreeMap<&str, Texts> = BTreeMap::new();
    for (kind, who) in principals {
        let sorted = match who {
            Texts::Many(texts) => {
                let mut texts = texts.clone();
                texts.sort_by(|left, right| right.cmp(left));
                Texts::Many(texts)
            }
            one @ Texts::One(_) => one.clone(),
        };
        let together = match kinds.get(kind.as_str()) {
            Some(before) => {
                let mut all = before.many();
                all.extend(sorted.many());
                Texts::Many(all)
            }
            None => sorted,
        };
        kinds.insert(kind, together);
    }
    Node::Object(
        kinds
            .into_iter()
            .map(|(kind, who)| (kind.to_owned(), who.json()))
            .collect(),
    )
}

/// With an indent of two, or in one line.
pub(super) fn write(node: &Node, indent: Option<usize>, out: &mut String) {
    let line = |depth: Option<usize>, out: &mut String| {
        if let Some(depth) = depth {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
    };
    let deeper = indent.map(|depth| depth + 1);
    match node {
        Node::Text(text) => quote(text, out),
        Node::List(items) if items.is_empty() => out.push_str("[]"),
        Node::Object(members) if members.is_empty() => out.push_str("{}"),
        Node::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(deeper, out);
                write(item, deeper, out);
            }
            line(indent, out);
            out.push(']');
        }
        Node::Object(members) => {
            out.push('{');
            for (at, (name, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                line(deeper, out);
                quote(name, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(value, deeper, out);
            }
            line(indent, out);
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                use std::fmt::Write as _;
                // Writing to a text cannot fail.
                write!(out, "\\u{:04x}", u32::from(letter)).expect("a text takes everything");
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Kind, of};
    use terrane_value::json as value_json;

    /// A configuration, with null for what is not written.
    fn config(json: &str) -> Value {
        let facts = of(Kind::Data, "aws_iam_policy_document").unwrap();
        let block = crate::facts::block_type(&facts.block);
        fn pad(block: &terrane_model::schema::Block, json: &Json) -> Json {
            let mut made = serde_json::Map::new();
            for name in block.attributes.keys() {
                made.insert(
                    name.to_string(),
                    json.get(name.as_str()).cloned().unwrap_or(Json::Null),
                );
            }
            for (name, nested) in &block.blocks {
                let items = json
                    .get(name.as_str())
                    .and_then(Json::as_array)
                    .cloned()
                    .unwrap_or_default();
                made.insert(
                    name.to_string(),
                    items.iter().map(|item| pad(&nested.block, item)).collect(),
                );
            }
            Json::Object(made)
        }
        let json = pad(&block, &serde_json::from_str(json).unwrap());
        value_json::decode(&json.to_string(), block.implied_type()).unwrap()
    }

    fn check(json: &str, expected: &str) {
        let made = document(&config(json)).unwrap();
        assert_eq!(args::string(&made, "minified_json"), Some(expected));
        let pretty: Json = serde_json::from_str(args::string(&made, "json").unwrap()).unwrap();
        assert_eq!(pretty, serde_json::from_str::<Json>(expected).unwrap());
    }

    #[test]
    fn documents_are_written_as_the_peers_write_them() {
        check("{}", r#"{"Version":"2012-10-17"}"#);
        check(
            r#"{"policy_id": "p", "statement": [
                {"sid": "1", "actions": ["s3:GetBucketLocation", "s3:ListAllMyBuckets"], "resources": ["arn:aws:s3:::*"]},
                {"actions": ["s3:ListBucket"], "resources": ["arn:aws:s3:::foo"],
                 "condition": [{"test": "StringLike", "variable": "s3:prefix", "values": ["home/", "", "home/&{aws:username}/"]}],
                 "not_principals": [{"type": "AWS", "identifiers": ["arn:blahblah:example"]}]},
                {"effect": "Deny", "not_actions": ["s3:*"], "not_resources": ["arn:aws:s3:::*"], "principals": [{"type": "*", "identifiers": ["*"]}]}]}"#,
            r#"{"Version":"2012-10-17","Id":"p","Statement":[{"Sid":"1","Effect":"Allow","Action":["s3:ListAllMyBuckets","s3:GetBucketLocation"],"Resource":"arn:aws:s3:::*"},{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::foo","NotPrincipal":{"AWS":"arn:blahblah:example"},"Condition":{"StringLike":{"s3:prefix":["home/","","home/${aws:username}/"]}}},{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::*","Principal":"*"}]}"#,
        );
    }

    #[test]
    fn later_documents_take_the_place_of_statements_with_the_same_sid() {
        check(
            r#"{"source_policy_documents": ["{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"a\",\"Effect\":\"Allow\",\"Action\":\"ec2:*\",\"Resource\":\"*\"}]}"],
                "statement": [{"sid": "b", "actions": ["s3:*"], "resources": ["*"]}],
                "override_policy_documents": ["{\"Statement\":[{\"Sid\":\"a\",\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"<&>\"}]}"]}"#,
            "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"a\",\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"\\u003c\\u0026\\u003e\"},{\"Sid\":\"b\",\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}",
        );
        let twice = config(r#"{"statement": [{"sid": "b"}, {"sid": "b"}]}"#);
        assert!(document(&twice).is_err());
    }

    /// Byte for byte what hashicorp/aws 5.100 makes of the same configuration.
    #[test]
    fn principals_and_conditions_are_put_together_as_the_go_provider_does() {
        check(
            r#"{"version": "2008-10-17", "policy_id": "an id", "statement": [
                {"actions": ["sts:AssumeRole", "sts:TagSession"],
                 "principals": [
                    {"type": "Service", "identifiers": ["firehose.amazonaws.com", "ec2.amazonaws.com"]},
                    {"type": "AWS", "identifiers": ["arn:aws:iam::1:root", "arn:aws:iam::2:root"]},
                    {"type": "AWS", "identifiers": ["arn:aws:iam::3:root"]},
                    {"type": "Federated", "identifiers": ["arn:aws:iam::1:saml-provider/p", "cognito-identity.amazonaws.com"]}],
                 "condition": [
                    {"test": "ForAnyValue:StringEquals", "variable": "kms:EncryptionContext:service", "values": ["pi"]},
                    {"test": "ForAnyValue:StringEquals", "variable": "kms:EncryptionContext:aws:pi:service", "values": ["rds", "b", "a"]},
                    {"test": "Bool", "variable": "aws:MultiFactorAuthPresent", "values": ["true"]}]},
                {"effect": "Deny", "not_actions": ["iam:*"], "not_resources": ["*"], "not_principals": [{"type": "*", "identifiers": ["*"]}]},
                {"actions": ["a:b"], "resources": ["x<y>&z"], "principals": [{"type": "AWS", "identifiers": ["*"]}]}]}"#,
            r#"{"Version":"2008-10-17","Id":"an id","Statement":[{"Effect":"Allow","Action":["sts:TagSession","sts:AssumeRole"],"Principal":{"AWS":["arn:aws:iam::2:root","arn:aws:iam::1:root","arn:aws:iam::3:root"],"Federated":["cognito-identity.amazonaws.com","arn:aws:iam::1:saml-provider/p"],"Service":["firehose.amazonaws.com","ec2.amazonaws.com"]},"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"ForAnyValue:StringEquals":{"kms:EncryptionContext:aws:pi:service":["rds","b","a"],"kms:EncryptionContext:service":"pi"}}},{"Effect":"Deny","NotAction":"iam:*","NotResource":"*","NotPrincipal":"*"},{"Effect":"Allow","Action":"a:b","Resource":"x\u003cy\u003e\u0026z","Principal":{"AWS":"*"}}]}"#,
        );
    }

    #[test]
    fn it_is_indented_by_two() {
        let made = document(&config(r#"{"statement": [{"actions": ["a", "b"]}]}"#)).unwrap();
        let expected = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [\n        \"b\",\n        \"a\"\n      ]\n    }\n  ]\n}";
        assert_eq!(args::string(&made, "json"), Some(expected));
    }
}
