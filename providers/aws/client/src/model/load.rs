//! A model out of botocore's JSON.

use super::{
    Body, Kind, Location, Member, Metadata, Model, Namespace, Operation, Paginator, Protocol,
    Shape, ShapeId, TimestampFormat,
};
use crate::endpoint::RuleSet;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

type Text = Box<str>;

/// Why a model can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the operation model can't be read: {0}")]
pub struct LoadError(pub(crate) String);

#[derive(Deserialize)]
struct RawModel {
    metadata: RawMetadata,
    #[serde(default)]
    operations: BTreeMap<Text, RawOperation>,
    #[serde(default)]
    shapes: BTreeMap<Text, RawShape>,
    #[serde(default)]
    endpoints: RuleSet,
    #[serde(default)]
    pagination: BTreeMap<Text, Paginator>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    protocol: Text,
    #[serde(default)]
    protocols: Vec<Text>,
    #[serde(default)]
    api_version: Text,
    #[serde(default)]
    json_version: Option<Text>,
    #[serde(default)]
    target_prefix: Text,
    #[serde(default)]
    endpoint_prefix: Text,
    #[serde(default)]
    signing_name: Option<Text>,
    #[serde(default)]
    service_id: Text,
    #[serde(default)]
    xml_namespace: Option<RawNamespace>,
    #[serde(default)]
    aws_query_compatible: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawNamespace {
    Uri(Text),
    Full {
        uri: Text,
        #[serde(default)]
        prefix: Option<Text>,
    },
}

impl From<RawNamespace> for Namespace {
    fn from(raw: RawNamespace) -> Self {
        match raw {
            RawNamespace::Uri(uri) => Self { uri, prefix: None },
            RawNamespace::Full { uri, prefix } => Self { uri, prefix },
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHttp {
    #[serde(default)]
    method: Option<Text>,
    #[serde(default)]
    request_uri: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOperation {
    #[serde(default)]
    http: RawHttp,
    #[serde(default)]
    input: Option<RawBody>,
    #[serde(default)]
    output: Option<RawBody>,
    #[serde(default)]
    endpoint: Option<RawEndpoint>,
    #[serde(default)]
    http_checksum_required: bool,
    #[serde(default)]
    http_checksum: Option<RawChecksum>,
    #[serde(default)]
    authtype: Option<Text>,
    #[serde(default)]
    auth: Vec<Text>,
    #[serde(default)]
    unsigned_payload: bool,
    #[serde(default)]
    idempotent: bool,
    #[serde(default)]
    static_context_params: BTreeMap<Text, RawStatic>,
}

#[derive(Deserialize)]
struct RawStatic {
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEndpoint {
    #[serde(default)]
    host_prefix: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawChecksum {
    #[serde(default)]
    request_algorithm_member: Option<Text>,
    #[serde(default)]
    request_checksum_required: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBody {
    shape: Text,
    #[serde(default)]
    result_wrapper: Option<Text>,
    #[serde(default)]
    location_name: Option<Text>,
    #[serde(default)]
    xml_namespace: Option<RawNamespace>,
    #[serde(default)]
    payload: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawShape {
    #[serde(rename = "type")]
    kind: Text,
    #[serde(default)]
    members: BTreeMap<Text, RawMember>,
    #[serde(default)]
    member: Option<RawMember>,
    #[serde(default)]
    key: Option<RawMember>,
    #[serde(default)]
    value: Option<RawMember>,
    #[serde(default)]
    required: Vec<Text>,
    #[serde(default)]
    payload: Option<Text>,
    #[serde(default)]
    flattened: bool,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    document: bool,
    #[serde(default)]
    eventstream: bool,
    #[serde(default)]
    exception: bool,
    #[serde(default)]
    error: Option<RawError>,
    #[serde(default)]
    xml_order: Box<[Text]>,
    #[serde(default)]
    location_name: Option<Text>,
    #[serde(default)]
    xml_namespace: Option<RawNamespace>,
    #[serde(default)]
    timestamp_format: Option<Text>,
    #[serde(default)]
    jsonvalue: bool,
    #[serde(default)]
    location: Option<Text>,
}

#[derive(Deserialize)]
struct RawError {
    #[serde(default)]
    code: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMember {
    shape: Text,
    #[serde(default)]
    location: Option<Text>,
    #[serde(default)]
    location_name: Option<Text>,
    #[serde(default)]
    query_name: Option<Text>,
    #[serde(default)]
    flattened: bool,
    #[serde(default)]
    xml_attribute: bool,
    #[serde(default)]
    xml_namespace: Option<RawNamespace>,
    #[serde(default)]
    timestamp_format: Option<Text>,
    #[serde(default)]
    jsonvalue: bool,
    #[serde(default)]
    idempotency_token: bool,
    #[serde(default)]
    host_label: bool,
    #[serde(default)]
    context_param: Option<RawContext>,
}

#[derive(Deserialize)]
struct RawContext {
    name: Text,
}

impl Model {
    /// Reads a model as botocore writes it, with the rules of addresses and the pages beside it.
    pub(crate) fn from_json(service: &str, json: &[u8]) -> Result<Self, LoadError> {
        let raw: RawModel =
            serde_json::from_slice(json).map_err(|error| LoadError(error.to_string()))?;
        let protocol = protocol(&raw.metadata)?;
        let names: Vec<&str> = raw.shapes.keys().map(|name| &**name).collect();
        let traits: Vec<Traits> = raw
            .shapes
            .values()
            .map(|shape| Traits {
                location_name: shape.location_name.clone(),
                timestamp: shape.timestamp_format.as_deref().and_then(timestamp),
                flattened: shape.flattened,
                json_value: shape.jsonvalue,
                location: shape.location.clone(),
            })
            .collect();
        let resolver = Resolver {
            names: names.iter().map(|name| (*name).into()).collect(),
            traits,
            buckets_in_address: service == "s3",
        };
        let operations = raw
            .operations
            .into_iter()
            .map(|(name, operation)| Ok((name.clone(), resolver.operation(name, operation)?)))
            .collect::<Result<_, LoadError>>()?;
        let shapes = raw
            .shapes
            .into_iter()
            .map(|(name, shape)| resolver.shape(name, shape))
            .collect::<Result<Vec<_>, LoadError>>()?;
        Ok(Self {
            service: service.into(),
            errors: errors(&shapes),
            metadata: Metadata {
                protocol,
                api_version: raw.metadata.api_version,
                json_version: raw.metadata.json_version.unwrap_or_else(|| "1.0".into()),
                target_prefix: raw.metadata.target_prefix,
                signing_name: raw
                    .metadata
                    .signing_name
                    .unwrap_or(raw.metadata.endpoint_prefix),
                service_id: raw.metadata.service_id,
                xml_namespace: raw
                    .metadata
                    .xml_namespace
                    .map(|raw| Namespace::from(raw).uri),
                query_compatible: raw.metadata.aws_query_compatible.is_some(),
            },
            operations,
            shapes,
            rules: raw.endpoints,
            pages: raw.pagination,
        })
    }
}

/// The first of the protocols that the service offers and that is known here.
fn protocol(metadata: &RawMetadata) -> Result<Protocol, LoadError> {
    let known = |name: &str| {
        Some(match name {
            "json" => Protocol::Json,
            "rest-json" => Protocol::RestJson,
            "query" => Protocol::Query,
            "ec2" => Protocol::Ec2,
            "rest-xml" => Protocol::RestXml,
            _ => return None,
        })
    };
    std::iter::once(&metadata.protocol)
        .chain(&metadata.protocols)
        .find_map(|name| known(name))
        .ok_or_else(|| LoadError(format!("no protocol that is known: {}", metadata.protocol)))
}

fn errors(shapes: &[Shape]) -> BTreeMap<Text, ShapeId> {
    let mut errors = BTreeMap::new();
    for (at, shape) in shapes.iter().enumerate() {
        if shape.exception || shape.error_code.is_some() {
            let id = id(at);
            errors.insert(shape.name.clone(), id);
            if let Some(code) = &shape.error_code {
                errors.insert(code.clone(), id);
            }
        }
    }
    errors
}

fn id(at: usize) -> ShapeId {
    ShapeId(u32::try_from(at).unwrap_or(u32::MAX))
}

/// What a shape says for all places where it is used.
struct Traits {
    location_name: Option<Text>,
    timestamp: Option<TimestampFormat>,
    flattened: bool,
    json_value: bool,
    location: Option<Text>,
}

struct Resolver {
    /// Ascending, as shapes are.
    names: Vec<Text>,
    traits: Vec<Traits>,
    buckets_in_address: bool,
}

impl Resolver {
    fn find(&self, name: &str) -> Result<(ShapeId, &Traits), LoadError> {
        self.names
            .binary_search_by(|known| (**known).cmp(name))
            .ok()
            .and_then(|at| Some((id(at), self.traits.get(at)?)))
            .ok_or_else(|| LoadError(format!("there is no shape {name}")))
    }

    fn body(&self, raw: RawBody) -> Result<Body, LoadError> {
        let (shape, traits) = self.find(&raw.shape)?;
        Ok(Body {
            shape,
            result_wrapper: raw.result_wrapper,
            location_name: raw.location_name.or_else(|| traits.location_name.clone()),
            xml_namespace: raw.xml_namespace.map(|raw| Box::new(raw.into())),
            payload: raw.payload,
        })
    }

    fn operation(&self, name: Text, mut raw: RawOperation) -> Result<Operation, LoadError> {
        // The rules of addresses put the bucket where it belongs: into the host, or into the path.
        if self.buckets_in_address
            && let Some(uri) = &raw.http.request_uri
            && let Some(rest) = uri.strip_prefix("/{Bucket}")
        {
            let slash = if rest.starts_with('/') { "" } else { "/" };
            raw.http.request_uri = Some(format!("{slash}{rest}").into());
        }
        let none = |kind: &Text| matches!(&**kind, "none" | "smithy.api#noAuth");
        let checksum = raw.http_checksum;
        Ok(Operation {
            name,
            method: raw.http.method.unwrap_or_else(|| "POST".into()),
            uri: raw.http.request_uri.unwrap_or_else(|| "/".into()),
            input: raw.input.map(|raw| self.body(raw)).transpose()?,
            output: raw.output.map(|raw| self.body(raw)).transpose()?,
            host_prefix: raw.endpoint.and_then(|endpoint| endpoint.host_prefix),
            checksum_required: raw.http_checksum_required
                || checksum
                    .as_ref()
                    .is_some_and(|checksum| checksum.request_checksum_required),
            checksum_member: checksum.and_then(|checksum| checksum.request_algorithm_member),
            unsigned: raw.authtype.as_ref().is_some_and(none) || raw.auth.first().is_some_and(none),
            unsigned_payload: raw.unsigned_payload
                || raw.authtype.as_deref() == Some("v4-unsigned-body"),
            idempotent: raw.idempotent,
            static_context: raw
                .static_context_params
                .into_iter()
                .map(|(name, raw)| (name, raw.value))
                .collect(),
        })
    }

    fn member(&self, name: Text, raw: RawMember, required: bool) -> Result<Member, LoadError> {
        let (shape, traits) = self.find(&raw.shape)?;
        let location = match raw
            .location
            .as_ref()
            .or(traits.location.as_ref())
            .map(|text| &**text)
        {
            None => Location::Body,
            Some("uri") => Location::Uri,
            Some("querystring") => Location::Query,
            Some("header") => Location::Header,
            Some("headers") => Location::Headers,
            Some("statusCode") => Location::Status,
            Some(other) => return Err(LoadError(format!("{name} is in {other}"))),
        };
        Ok(Member {
            name,
            shape,
            required,
            location,
            location_name: raw.location_name.or_else(|| traits.location_name.clone()),
            query_name: raw.query_name,
            flattened: raw.flattened || traits.flattened,
            xml_attribute: raw.xml_attribute,
            xml_namespace: raw.xml_namespace.map(|raw| Box::new(raw.into())),
            timestamp: raw
                .timestamp_format
                .as_deref()
                .and_then(timestamp)
                .or(traits.timestamp),
            json_value: raw.jsonvalue || traits.json_value,
            idempotency_token: raw.idempotency_token,
            host_label: raw.host_label,
            context_param: raw.context_param.map(|raw| raw.name),
        })
    }

    fn shape(&self, name: Text, raw: RawShape) -> Result<Shape, LoadError> {
        let kind = match &*raw.kind {
            "structure" => Kind::Structure,
            "list" => Kind::List,
            "map" => Kind::Map,
            "string" | "character" => Kind::String,
            "integer" | "long" | "short" | "byte" | "biginteger" => Kind::Integer,
            "float" | "double" | "bigdecimal" => Kind::Float,
            "boolean" => Kind::Boolean,
            "blob" => Kind::Blob,
            "timestamp" => Kind::Timestamp,
            other => return Err(LoadError(format!("{name} is of the type {other}"))),
        };
        let plain = |raw: Option<RawMember>, name: &str| {
            raw.map(|raw| self.member(name.into(), raw, false).map(Box::new))
                .transpose()
        };
        let element = match kind {
            Kind::Map => plain(raw.value, "value")?,
            _ => plain(raw.member, "member")?,
        };
        let required = raw.required;
        Ok(Shape {
            kind,
            members: raw
                .members
                .into_iter()
                .map(|(name, raw)| {
                    let needed = required.contains(&name);
                    self.member(name, raw, needed)
                })
                .collect::<Result<_, _>>()?,
            element,
            key: plain(raw.key, "key")?,
            payload: raw.payload,
            flattened: raw.flattened,
            sensitive: raw.sensitive,
            document: raw.document,
            event_stream: raw.eventstream,
            exception: raw.exception,
            error_code: raw.error.and_then(|error| error.code),
            xml_order: raw.xml_order,
            xml_namespace: raw.xml_namespace.map(|raw| Box::new(raw.into())),
            name,
        })
    }
}

fn timestamp(name: &str) -> Option<TimestampFormat> {
    Some(match name {
        "iso8601" => TimestampFormat::Iso8601,
        "rfc822" => TimestampFormat::Rfc822,
        "unixTimestamp" => TimestampFormat::Unix,
        _ => return None,
    })
}
