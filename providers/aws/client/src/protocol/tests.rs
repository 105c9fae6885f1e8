//! botocore's protocol cases (Apache-2.0, `tests/data/protocols.json.z`): what the SDKs agree on.

use super::{Answer, check, failure, read, write};
use crate::model::{Kind, Model, ShapeId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Cases that are not run, by their identifiers or the description of their suite, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("Test cases for HostWithPathOperation operation", ADDRESS),
    (
        "Test cases for PutWithContentEncoding operation",
        "requests are not compressed",
    ),
    ("QueryProtocolIdempotencyTokenAutoFill", TOKEN),
    ("Ec2ProtocolIdempotencyTokenAutoFill", TOKEN),
    ("RestJsonQueryIdempotencyTokenAutoFill", TOKEN),
    ("QueryIdempotencyTokenAutoFill", TOKEN),
    ("Idempotency token auto fill", TOKEN),
    (
        "RestJsonHttpChecksumRequired",
        "checksums are added by the client, not here",
    ),
    ("QueryFlattenedListArgWithXmlName", SMITHY),
    ("RestJsonHttpPayloadWithUnsetUnion", SMITHY),
    ("RestJsonNullAndEmptyHeaders", SMITHY),
    ("NullAndEmptyHeaders", SMITHY),
    ("BodyWithXmlName", SMITHY),
    ("RestXmlHttpPayloadWithUnion", SMITHY),
    ("HttpPayloadWithXmlName", SMITHY),
    ("HttpPayloadWithXmlNamespace", SMITHY),
    ("HttpPayloadWithXmlNamespaceAndPrefix", SMITHY),
    ("XmlAttributesOnPayload", SMITHY),
    ("Ec2ComplexError", SMITHY),
    ("ComplexError", SMITHY),
    ("RestJsonHttpPayloadTraitsWithNoBlobBody", SMITHY),
    ("HttpPayloadTraitsWithNoBlobBody", SMITHY),
    ("RestJsonDeserializesDenseSetMapAndSkipsNull", SMITHY),
    ("Tagged Unions", UNION),
    ("Unions", UNION),
    ("Supports header maps", "names of headers have no case"),
    ("RPC JSON Event Stream", EVENTS),
    ("REST XML Event Stream", EVENTS),
    (
        "legacy/output/json: Lists",
        "the model of the case is wrong: a map that says it is a string",
    ),
    (
        "legacy/input/query: Recursive shapes",
        "entries of maps are in the order of their keys",
    ),
    (
        "legacy/input/rest-json: Content-Type and JSON body",
        "no type is said of a body that is not there",
    ),
];
const ADDRESS: &str = "paths of addresses are joined by the client";
const TOKEN: &str = "tokens are filled in by the client";
const SMITHY: &str =
    "Smithy's case, which botocore's models do not express and botocore leaves out as well";
const UNION: &str = "unknown members of unions are left out like any other";
const EVENTS: &str = "streams of events are not read";

struct Count {
    passed: usize,
    left_out: BTreeMap<&'static str, usize>,
    failed: Vec<String>,
}

fn suites(direction: &str) -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/protocols.json.z");
    let packed = std::fs::File::open(path).unwrap();
    let files: BTreeMap<String, Vec<Value>> =
        serde_json::from_reader(flate2::read::ZlibDecoder::new(packed)).unwrap();
    let ours = files
        .into_iter()
        .filter(|(name, _)| name.contains(direction));
    ours.flat_map(|(name, suites)| suites.into_iter().map(move |suite| (name.clone(), suite)))
        .collect()
}

/// Runs all cases of a direction.
fn run(direction: &str, test: impl Fn(&Model, &str, &Value) -> Result<(), String>) {
    let mut count = Count {
        passed: 0,
        left_out: BTreeMap::new(),
        failed: Vec::new(),
    };
    for (file, suite) in suites(direction) {
        for case in suite["cases"].as_array().unwrap() {
            let id = case["id"].as_str().unwrap_or_default();
            let description = suite["description"].as_str().unwrap_or_default();
            let left_out = LEFT_OUT.iter().find(|(name, _)| {
                *name == id || *name == description || *name == format!("{file}: {description}")
            });
            if let Some((_, why)) = left_out {
                *count.left_out.entry(why).or_default() += 1;
                continue;
            }
            let name = case["given"]["name"].as_str().unwrap_or("OperationName");
            let mut shapes = suite["shapes"].clone();
            if shapes.is_null() {
                shapes = json!({});
            }
            let mut given = case["given"].clone();
            if file.contains("output/query") && given["output"].is_object() {
                // The cases leave it to who runs them to name the wrapper.
                given["output"]["resultWrapper"] = format!("{name}Result").into();
            }
            let model = json!({
                "metadata": suite["metadata"],
                "operations": { name: given },
                "shapes": shapes,
            });
            let outcome = Model::from_json("test", model.to_string().as_bytes())
                .map_err(|error| error.to_string())
                .and_then(|model| test(&model, name, case));
            match outcome {
                Ok(()) => count.passed += 1,
                Err(why) => count
                    .failed
                    .push(format!("{file}: {description} ({id}): {why}")),
            }
        }
    }
    println!("{} passed, left out: {:?}", count.passed, count.left_out);
    assert!(
        count.failed.is_empty(),
        "{} passed, {} failed:\n{}",
        count.passed,
        count.failed.len(),
        count.failed.join("\n")
    );
    assert!(count.passed > 200);
}

#[test]
fn requests_are_written_as_botocore_says() {
    run("input", |model, name, case| {
        let operation = model.operation(name).unwrap();
        let params = match operation.input() {
            Some(shape) => ours(model, shape, &case["params"]),
            None => json!({}),
        };
        let input = match operation.input() {
            Some(shape) => check(model, shape, params)?,
            None => Map::new(),
        };
        let wire = write(model, operation, &input)?;
        let expect = &case["serialized"];
        let mut uri = wire.path.clone();
        if !wire.query.is_empty() {
            uri = format!("{uri}?{}", wire.query_text());
        }
        let wanted = expect["uri"].as_str().unwrap_or("/");
        if sorted_query(&uri) != sorted_query(wanted) {
            return Err(format!("address {uri}, not {wanted}"));
        }
        if let Some(method) = expect["method"].as_str()
            && method != wire.method
        {
            return Err(format!("method {}, not {method}", wire.method));
        }
        for (header, value) in expect["headers"].as_object().into_iter().flatten() {
            let wanted = value.as_str().unwrap_or_default();
            let found = wire.header(header).unwrap_or("nothing");
            let same = found == wanted
                || found.replace(", ", ",") == wanted.replace(", ", ",")
                || found == format!("{wanted}; charset=utf-8");
            if !same {
                return Err(format!("header {header} is {found}, not {wanted}"));
            }
        }
        for header in expect["forbidHeaders"].as_array().into_iter().flatten() {
            if wire.header(header.as_str().unwrap()).is_some() {
                return Err(format!("header {header} is there"));
            }
        }
        if let Some(body) = expect["body"].as_str() {
            same_body(&String::from_utf8_lossy(&wire.body), body)?;
        }
        Ok(())
    });
}

#[test]
fn answers_are_read_as_botocore_says() {
    run("output", |model, name, case| {
        let operation = model.operation(name).unwrap();
        let response = &case["response"];
        let answer = Answer {
            status: u16::try_from(response["status_code"].as_u64().unwrap_or(200)).unwrap(),
            headers: response["headers"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()))
                .collect(),
            body: response["body"].as_str().unwrap_or_default().into(),
        };
        if let Some(error) = case.get("error") {
            let found = failure(model, &answer);
            if found.code != case["errorCode"].as_str().unwrap_or_default() {
                return Err(format!("code {}, not {}", found.code, case["errorCode"]));
            }
            let message = case["errorMessage"].as_str().unwrap_or_default();
            if found.message != message {
                return Err(format!("message {}, not {message}", found.message));
            }
            let detail = found.detail.as_object().cloned().unwrap_or_default();
            for (name, value) in error.as_object().unwrap() {
                let wanted = match model.errors.get(found.code.as_str()) {
                    Some(id) => match model.shape(*id).member(name) {
                        Some(member) => ours(model, member.shape(), value),
                        None => continue,
                    },
                    None => continue,
                };
                if detail.get(name) != Some(&wanted) {
                    return Err(format!("{name}: {:?}, not {wanted}", detail.get(name)));
                }
            }
            return Ok(());
        }
        let found = read(model, operation, &answer)?;
        let wanted = match operation.output() {
            Some(shape) => ours(model, shape, &case["result"]),
            None => json!({}),
        };
        if same(&found, &wanted) {
            Ok(())
        } else {
            Err(format!("found {found}, not {wanted}"))
        }
    });
}

/// Equal, numbers by value.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

pub(crate) fn same_body(found: &str, wanted: &str) -> Result<(), String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let fine = match (parse(found), parse(wanted)) {
        (Some(a), Some(b)) => same(&a, &b),
        _ if wanted.trim_start().starts_with('<') => {
            super::xmltree::parse(found.as_bytes()).map(canonical)?
                == super::xmltree::parse(wanted.as_bytes()).map(canonical)?
        }
        _ => sorted_query(&format!("?{found}")) == sorted_query(&format!("?{wanted}")),
    };
    if fine {
        Ok(())
    } else {
        Err(format!("body {found}, not {wanted}"))
    }
}

/// A tree with its children in one order, since members are written in that of their names, and without white space between them.
fn canonical(element: super::xmltree::Element) -> String {
    let mut children: Vec<String> = element.children.into_iter().map(canonical).collect();
    let mut attributes = element.attributes;
    attributes.sort();
    children.sort();
    format!(
        "{} {attributes:?} {} {children:?}",
        element.name,
        element.text.trim()
    )
}

fn sorted_query(uri: &str) -> (String, Vec<String>) {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut parts: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.trim_end_matches('=').replace('+', "%20"))
        .collect();
    parts.sort();
    (path.to_owned(), parts)
}

/// A value of the cases in our form: blobs are text there, and times are seconds.
fn ours(model: &Model, id: ShapeId, value: &Value) -> Value {
    let shape = model.shape(id);
    let element = |item: &Value| match shape.element() {
        Some(element) => ours(model, element, item),
        None => item.clone(),
    };
    match (shape.kind(), value) {
        (Kind::Structure, Value::Object(members)) if !shape.document => members
            .iter()
            .map(|(name, item)| {
                let item = match shape.member(name) {
                    Some(member) if member.json_value && !item.is_string() => {
                        item.to_string().into()
                    }
                    Some(member) => ours(model, member.shape(), item),
                    None => item.clone(),
                };
                (name.clone(), item)
            })
            .collect(),
        (Kind::List, Value::Array(items)) => items.iter().map(element).collect(),
        (Kind::Map, Value::Object(items)) => items
            .iter()
            .map(|(key, item)| (key.clone(), element(item)))
            .collect(),
        (Kind::Blob, Value::String(text)) => STANDARD.encode(text).into(),
        (Kind::Timestamp, Value::Number(number)) => {
            super::text::read_time(&number.to_string()).unwrap()
        }
        (_, value) => value.clone(),
    }
}
