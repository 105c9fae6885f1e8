//! What there is in the fake cloud.

use std::sync::{Arc, OnceLock};
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::{
    Attribute, Block, Function, IdentitySchema, NestedBlock, Parameter, ProviderSchema, Schema,
};
use terrane_provider::args;
use terrane_provider::plan::Rules;
use terrane_value::{Type, Value};

/// Where the provider comes from: `terrane.dev/test/sim`.
#[must_use]
pub fn addr() -> ProviderAddr {
    ProviderAddr {
        host: "terrane.dev".into(),
        namespace: "test".into(),
        type_name: "sim".into(),
    }
}

/// What the world knows of a resource type beside its schema.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) schema: Arc<Schema>,
    pub(crate) rules: Rules,
    /// Attributes that hold the id of another object, and its type.
    pub(crate) references: &'static [(&'static str, &'static str)],
    /// An attribute that no two objects of the type may share.
    pub(crate) unique: Option<&'static str>,
    /// Ids begin so.
    pub(crate) prefix: &'static str,
}

fn computed(text: &str) -> Attribute {
    Attribute::string().computed().described(text)
}

fn tags() -> Attribute {
    Attribute::string_map()
        .optional()
        .described("Changes in place.")
}

fn network() -> Block {
    Block::new()
        .attr(
            "cidr",
            Attribute::string()
                .required()
                .described("A change needs a new network."),
        )
        .attr("id", computed("Chosen by the cloud."))
        .attr("name", Attribute::string().required())
        .attr("tags", tags())
}

fn subnet() -> Block {
    Block::new()
        .attr("cidr", Attribute::string().required())
        .attr("id", computed("Chosen by the cloud."))
        .attr(
            "name",
            Attribute::string()
                .optional()
                .computed()
                .described("Chosen by the cloud if not set."),
        )
        .attr(
            "network_id",
            Attribute::string()
                .required()
                .described("The network, which must exist. A change needs a new subnet."),
        )
        .attr("tags", tags())
}

fn instance() -> Block {
    let disk = Block::new()
        .attr("device", computed("Chosen by the cloud."))
        .attr(
            "kind",
            Attribute::string()
                .optional()
                .described("A change needs a new instance."),
        )
        .attr("size", Attribute::number().required());
    let rule = Block::new()
        .attr("id", computed("Chosen by the cloud."))
        .attr("port", Attribute::number().required())
        .attr("protocol", Attribute::string().optional());
    let endpoint = Block::new()
        .attr("address", computed("Chosen by the cloud."))
        .attr("path", Attribute::string().required());
    let boot = Block::new().attr("order", Attribute::string_list().optional());
    Block::new()
        .attr("id", computed("Chosen by the cloud."))
        .attr(
            "image",
            Attribute::string()
                .required()
                .described("A change needs a new instance."),
        )
        .attr(
            "ip_address",
            computed("Chosen anew by the cloud at every change."),
        )
        .attr(
            "name",
            Attribute::string()
                .required()
                .described("Changes in place."),
        )
        .attr("password", Attribute::string().optional().sensitive())
        .attr(
            "secret_wo",
            Attribute::string().optional().sensitive().write_only(),
        )
        .attr("secret_wo_version", Attribute::number().optional())
        .attr(
            "serial",
            Attribute::number()
                .computed()
                .described("Chosen once by the cloud."),
        )
        .attr(
            "size",
            Attribute::string()
                .optional()
                .computed()
                .described("`small`, `medium` or `large`. Changes in place; `small` if not set."),
        )
        .attr(
            "subnet_id",
            Attribute::string()
                .optional()
                .described("The subnet, which must exist."),
        )
        .attr("tags", tags())
        .block("boot", NestedBlock::single(boot))
        .block("disk", NestedBlock::list(disk).at_most(8))
        .block("endpoint", NestedBlock::map(endpoint))
        .block("rule", NestedBlock::set(rule))
}

fn disk() -> Block {
    Block::new()
        .attr("id", computed("Chosen by the cloud."))
        .attr(
            "instance_id",
            Attribute::string()
                .optional()
                .described("The instance, which must exist. Changes in place."),
        )
        .attr(
            "name",
            Attribute::string()
                .required()
                .described("No two disks have the same. A change needs a new disk."),
        )
        .attr(
            "size",
            Attribute::number()
                .required()
                .described("Changes in place."),
        )
        .attr(
            "zone",
            Attribute::string()
                .optional()
                .described("A change needs a new disk (of the same name)."),
        )
}

/// What matters of it is how long it takes ([`usual_ms`]).
fn service() -> Block {
    Block::new()
        .attr("id", computed("Chosen by the cloud."))
        .attr(
            "name",
            Attribute::string()
                .required()
                .described("Changes in place."),
        )
        .attr(
            "needs",
            Attribute::string_list()
                .optional()
                .described("Ids of what it uses. Changes in place."),
        )
}

fn service_kind(name: &'static str, prefix: &'static str) -> Kind {
    Kind {
        name,
        schema: Arc::new(Schema::new(0, service())),
        rules: Rules::new(),
        references: &[],
        unique: None,
        prefix,
    }
}

/// How long making (or destroying) an object of a type takes in a real cloud, in milliseconds, as users of Amazon's see it: a network (VPC), a gateway (NAT), a
/// database (RDS) and so on.
#[must_use]
pub fn usual_ms(type_name: &str) -> u64 {
    match type_name {
        "sim_network" => 2_000,
        "sim_subnet" => 1_000,
        "sim_role" => 8_000,
        "sim_disk" => 5_000,
        "sim_instance" => 30_000,
        "sim_queue" => 60_000,
        "sim_gateway" => 90_000,
        "sim_database" => 480_000,
        _ => 1_000,
    }
}

/// All resource types.
pub(crate) fn kinds() -> &'static [Kind] {
    static KINDS: OnceLock<Vec<Kind>> = OnceLock::new();
    KINDS.get_or_init(|| {
        vec![
            Kind {
                name: "sim_network",
                schema: Arc::new(Schema::new(0, network())),
                rules: Rules::new().replace(&["cidr"]),
                references: &[],
                unique: None,
                prefix: "net",
            },
            Kind {
                name: "sim_subnet",
                schema: Arc::new(Schema::new(0, subnet())),
                rules: Rules::new().replace(&["network_id"]),
                references: &[("network_id", "sim_network")],
                unique: None,
                prefix: "sub",
            },
            Kind {
                name: "sim_instance",
                schema: Arc::new(Schema::new(1, instance())),
                rules: Rules::new()
                    .replace(&["image", "disk.kind"])
                    .unset_is("size", Value::string("small"))
                    .recomputed(&["ip_address"]),
                references: &[("subnet_id", "sim_subnet")],
                unique: None,
                prefix: "ins",
            },
            Kind {
                name: "sim_disk",
                schema: Arc::new(Schema::new(0, disk())),
                rules: Rules::new().replace(&["name", "zone"]),
                references: &[("instance_id", "sim_instance")],
                unique: Some("name"),
                prefix: "dsk",
            },
            service_kind("sim_role", "rol"),
            service_kind("sim_queue", "que"),
            service_kind("sim_gateway", "gat"),
            service_kind("sim_database", "dbs"),
        ]
    })
}

pub(crate) fn kind(name: &str) -> Option<&'static Kind> {
    kinds().iter().find(|kind| kind.name == name)
}

/// The identity of every object.
pub(crate) fn identity(id: &str) -> Value {
    Value::object([("id", Value::string(id))])
}

/// The data source `sim_network`.
pub(crate) fn network_lookup() -> Block {
    Block::new()
        .attr("cidr", computed("Its addresses."))
        .attr("id", computed("Its id."))
        .attr(
            "name",
            Attribute::string()
                .required()
                .described("The network to find."),
        )
        .attr("tags", Attribute::string_map().computed())
}

/// The ephemeral resource `sim_session`. Its token is good as a `secret_wo` of an instance and as the `secret` of a provider configuration, but
/// only while the session is open.
pub(crate) fn session() -> Block {
    Block::new()
        .attr("token", Attribute::string().computed().sensitive())
        .attr(
            "ttl_ms",
            Attribute::number().optional().described(
                "It must be renewed before so many milliseconds have passed; 60,000 if not set.",
            ),
        )
        .attr(
            "user",
            Attribute::string()
                .required()
                .described("Any but `nobody`."),
        )
}

/// All schemas.
#[must_use]
pub fn provider_schema() -> Arc<ProviderSchema> {
    static SCHEMA: OnceLock<Arc<ProviderSchema>> = OnceLock::new();
    SCHEMA
        .get_or_init(|| {
            let config = Block::new()
                .attr(
                    "region",
                    Attribute::string()
                        .optional()
                        .described("Any but `nowhere`."),
                )
                .attr("secret", Attribute::string().optional().sensitive());
            let listing = Block::new().attr("name_prefix", Attribute::string().optional());
            let listing = Arc::new(Schema::new(0, listing));
            let mut schema = ProviderSchema {
                provider: Schema::new(0, config),
                ..ProviderSchema::default()
            };
            for kind in kinds() {
                schema
                    .resources
                    .insert(kind.name.into(), kind.schema.clone());
                let identity = IdentitySchema::new([("id", Type::String, true)]);
                schema
                    .identities
                    .insert(kind.name.into(), Arc::new(identity));
                schema
                    .list_resources
                    .insert(kind.name.into(), listing.clone());
            }
            let insert = |block| Arc::new(Schema::new(0, block));
            schema
                .data_sources
                .insert("sim_network".into(), insert(network_lookup()));
            schema
                .ephemeral_resources
                .insert("sim_session".into(), insert(session()));
            let join = Function {
                variadic: Some(Parameter::new("parts", Type::String)),
                ..Function::new(Type::String, "Joins names.")
            };
            let join = join.parameter(Parameter::new("separator", Type::String));
            schema.functions.insert("join".into(), Arc::new(join));
            Arc::new(schema)
        })
        .clone()
}

/// A configuration of a `sim_network`.
#[must_use]
pub fn network_config(name: &str, cidr: &str) -> Value {
    let empty = network().empty_value();
    args::with_all(
        &empty,
        [("name", Value::string(name)), ("cidr", Value::string(cidr))],
    )
}

/// A configuration of a `sim_instance`.
#[must_use]
pub fn instance_config(name: &str, image: &str) -> Value {
    let empty = instance().empty_value();
    args::with_all(
        &empty,
        [
            ("name", Value::string(name)),
            ("image", Value::string(image)),
        ],
    )
}
