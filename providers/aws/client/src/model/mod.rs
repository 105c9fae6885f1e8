//! Operation models: what services there are, their operations, and the shapes of what goes in and out.
//!
//! Models are embedded compressed and decoded when a service is first used. Shapes refer to each other by number.

mod catalog;
mod files;
mod load;
mod page;

pub use catalog::{model, services};
pub use load::LoadError;
pub(crate) use page::Paginator;

use crate::endpoint::RuleSet;
use std::collections::BTreeMap;

/// The model of one service.
#[derive(Debug)]
pub struct Model {
    pub(crate) service: Box<str>,
    pub(crate) metadata: Metadata,
    pub(crate) operations: BTreeMap<Box<str>, Operation>,
    pub(crate) shapes: Vec<Shape>,
    /// Shapes that are errors, by their codes.
    pub(crate) errors: BTreeMap<Box<str>, ShapeId>,
    pub(crate) rules: RuleSet,
    pub(crate) pages: BTreeMap<Box<str>, Paginator>,
}

/// What holds for a whole service.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) protocol: Protocol,
    pub(crate) api_version: Box<str>,
    /// `1.0` or `1.1`.
    pub(crate) json_version: Box<str>,
    pub(crate) target_prefix: Box<str>,
    pub(crate) signing_name: Box<str>,
    pub(crate) service_id: Box<str>,
    pub(crate) xml_namespace: Option<Box<str>>,
    /// Errors may come with the codes of the time when it spoke the query protocol.
    pub(crate) query_compatible: bool,
}

/// How requests and answers are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Everything in a JSON body.
    Json,
    /// JSON bodies; other members in paths, queries and headers.
    RestJson,
    /// Forms in, XML out.
    Query,
    /// The same, otherwise spelled.
    Ec2,
    /// XML bodies; other members in paths, queries and headers.
    RestXml,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    pub(crate) name: Box<str>,
    pub(crate) method: Box<str>,
    pub(crate) uri: Box<str>,
    pub(crate) input: Option<Body>,
    pub(crate) output: Option<Body>,
    pub(crate) host_prefix: Option<Box<str>>,
    /// The request needs a checksum of its body.
    pub(crate) checksum_required: bool,
    /// The member that says which kind of checksum; it has been given, or not.
    pub(crate) checksum_member: Option<Box<str>>,
    pub(crate) unsigned: bool,
    pub(crate) unsigned_payload: bool,
    /// The model says that it may be sent twice.
    pub(crate) idempotent: bool,
    /// Parameters for the rules of addresses.
    pub(crate) static_context: Vec<(Box<str>, serde_json::Value)>,
}

/// Input or output of an operation.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) shape: ShapeId,
    pub(crate) result_wrapper: Option<Box<str>>,
    /// Name of the root element.
    pub(crate) location_name: Option<Box<str>>,
    pub(crate) xml_namespace: Option<Box<Namespace>>,
    /// The member that is the whole body, where the shape does not say it.
    pub(crate) payload: Option<Box<str>>,
}

/// The number of a shape within its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShapeId(pub(crate) u32);

/// A shape: a kind of values.
#[derive(Debug)]
pub struct Shape {
    pub(crate) name: Box<str>,
    pub(crate) kind: Kind,
    /// Of structures, by name.
    pub(crate) members: Box<[Member]>,
    /// Of lists the element; of maps the value.
    pub(crate) element: Option<Box<Member>>,
    /// Of maps.
    pub(crate) key: Option<Box<Member>>,
    /// The member that is the whole body.
    pub(crate) payload: Option<Box<str>>,
    pub(crate) flattened: bool,
    pub(crate) sensitive: bool,
    /// Any JSON.
    pub(crate) document: bool,
    pub(crate) event_stream: bool,
    pub(crate) exception: bool,
    /// Of errors: the code, where it is not the name.
    pub(crate) error_code: Option<Box<str>>,
    pub(crate) xml_order: Box<[Box<str>]>,
    pub(crate) xml_namespace: Option<Box<Namespace>>,
}

/// Kinds of shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Members by name.
    Structure,
    /// Elements in order.
    List,
    /// Values by name.
    Map,
    /// Text.
    String,
    /// Whole numbers, 64 bits at most.
    Integer,
    /// Numbers with a fraction.
    Float,
    /// True or false.
    Boolean,
    /// Bytes.
    Blob,
    /// A moment.
    Timestamp,
}

/// A reference to a shape, with how it is written down in this place.
#[derive(Debug)]
pub struct Member {
    pub(crate) name: Box<str>,
    pub(crate) shape: ShapeId,
    pub(crate) required: bool,
    pub(crate) location: Location,
    pub(crate) location_name: Option<Box<str>>,
    pub(crate) query_name: Option<Box<str>>,
    pub(crate) flattened: bool,
    pub(crate) xml_attribute: bool,
    pub(crate) xml_namespace: Option<Box<Namespace>>,
    pub(crate) timestamp: Option<TimestampFormat>,
    pub(crate) json_value: bool,
    pub(crate) idempotency_token: bool,
    pub(crate) host_label: bool,
    pub(crate) context_param: Option<Box<str>>,
}

/// An XML namespace.
#[derive(Clone, Debug)]
pub(crate) struct Namespace {
    pub(crate) uri: Box<str>,
    pub(crate) prefix: Option<Box<str>>,
}

/// Where a member goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Location {
    #[default]
    Body,
    Uri,
    Query,
    Header,
    /// A map that becomes headers with a prefix.
    Headers,
    Status,
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimestampFormat {
    Iso8601,
    Rfc822,
    Unix,
}

impl Model {
    /// botocore's name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// How the service is spoken to.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.metadata.protocol
    }

    /// An operation.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// A shape of this model.
    ///
    /// # Panics
    /// When the number is that of another model.
    #[must_use]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    /// The shape that a path leads to: `Vpcs[].Tags[].Key`. `[]` is an element of a list, `{}` a value of a map.
    #[must_use]
    pub fn at(&self, from: ShapeId, path: &str) -> Option<ShapeId> {
        let mut at = from;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let name = part.trim_end_matches("[]").trim_end_matches("{}");
            let name = name.split(['[', '{']).next()?;
            if !name.is_empty() {
                at = self.shape(at).member(name)?.shape;
            }
            for _ in 0..part.matches(['[', '{']).count() {
                at = self.shape(at).element.as_ref()?.shape;
            }
        }
        Some(at)
    }
}

impl Operation {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shape of its input; `None`: it takes nothing.
    #[must_use]
    pub fn input(&self) -> Option<ShapeId> {
        self.input.as_ref().map(|body| body.shape)
    }

    /// The shape of its output; `None`: it gives nothing.
    #[must_use]
    pub fn output(&self) -> Option<ShapeId> {
        self.output.as_ref().map(|body| body.shape)
    }
}

impl Shape {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Of what kind its values are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Members of a structure, by name.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    /// A member of a structure.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member> {
        let at = self
            .members
            .binary_search_by(|member| (*member.name).cmp(name))
            .ok()?;
        self.members.get(at)
    }

    /// The shape of a list's elements, or of a map's values.
    #[must_use]
    pub fn element(&self) -> Option<ShapeId> {
        self.element.as_ref().map(|member| member.shape)
    }

    /// Values must not be shown.
    #[must_use]
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }
}

impl Member {
    /// Its name, which is its key in JSON.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shape of its values.
    #[must_use]
    pub fn shape(&self) -> ShapeId {
        self.shape
    }

    /// The service refuses requests without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// A token by which the service knows a request that it has had already. The client fills it where it is absent.
    #[must_use]
    pub fn is_idempotency_token(&self) -> bool {
        self.idempotency_token
    }

    /// Whether it is such a token of an operation of this service: as the model says, or where the model forgets to.
    #[must_use]
    pub fn is_token_of(&self, service: &str, operation: &str) -> bool {
        // By service: the member, and the operations; none: all of them.
        const FORGOTTEN: &[(&str, &str, &[&str])] = &[
            ("acm", "IdempotencyToken", &["RequestCertificate"]),
            ("ec2", "ClientToken", &[]),
            (
                "ecs",
                "clientToken",
                &["CreateService", "CreateTaskSet", "RunTask"],
            ),
            (
                "route53",
                "CallerReference",
                &[
                    "CreateHealthCheck",
                    "CreateHostedZone",
                    "CreateReusableDelegationSet",
                ],
            ),
        ];
        self.idempotency_token
            || FORGOTTEN.iter().any(|(of, member, operations)| {
                *of == service
                    && *member == self.name()
                    && (operations.is_empty() || operations.contains(&operation))
            })
    }

    /// Whether an answer has it in its body.
    pub(crate) fn is_in_answer_body(&self) -> bool {
        // Paths and queries are of requests alone.
        matches!(
            self.location,
            Location::Body | Location::Uri | Location::Query
        )
    }

    /// The name on the wire.
    pub(crate) fn wire_name(&self) -> &str {
        self.location_name.as_deref().unwrap_or(&self.name)
    }
}
