use super::{Lazily, provider_schema, schemas};
use crate::handshake::Protocol;
use crate::message::schema::{Entry, IdentitySchemasResponse, SchemasResponse};
use bytes::Bytes;
use prost::Message as _;
use std::sync::Arc;
use terrane_model::schema::{
    Attribute, Block, Description, Function, IdentitySchema, NestedBlock, Nesting, Parameter,
    ProviderSchema, Schema,
};
use terrane_value::Type;

fn sample(nested: bool) -> ProviderSchema {
    let rule = Block::new()
        .attr("port", Attribute::number().required())
        .attr("secret", Attribute::string().optional().sensitive());
    let mut thing = Block::new()
        .described(Description::markdown("A *thing*."))
        .attr("name", Attribute::string().required().described("A name."))
        .attr(
            "id",
            Attribute::string()
                .computed()
                .described(Description::markdown("An `id`.")),
        )
        .attr("key", Attribute::string().optional().write_only())
        .attr(
            "tags",
            Attribute::new(Type::map(Type::String))
                .optional()
                .computed(),
        )
        .block("rule", NestedBlock::set(rule));
    if nested {
        let inside = [("size", Attribute::number().optional())];
        thing = thing.attr("disk", Attribute::objects(Nesting::List, inside).optional());
    }
    let mut schema = ProviderSchema::default();
    let insert = |block| Arc::new(Schema::new(3, block));
    schema.resources.insert("x_thing".into(), insert(thing));
    let identity = IdentitySchema::new([("id", Type::String, true)]);
    schema
        .identities
        .insert("x_thing".into(), Arc::new(identity));
    let parameter = Parameter {
        name: "of".into(),
        ty: Type::list(Type::Dynamic),
        allow_null: true,
        allow_unknown: false,
        description: Description::markdown("What."),
    };
    let function = Function {
        parameters: vec![parameter.clone()],
        variadic: Some(parameter),
        returns: Type::Dynamic,
        summary: "S".into(),
        description: Description::markdown("D"),
        deprecated: Some("Use g.".into()),
    };
    schema.functions.insert("f".into(), Arc::new(function));
    schema
}

/// What was written is read as what it was, at once or later.
#[test]
fn there_and_back() {
    for (protocol, nested) in [(Protocol::Five, false), (Protocol::Six, true)] {
        let from = sample(nested);
        let written = schemas(protocol, &from).unwrap();
        let bytes = Bytes::from(written.encode_to_vec());
        for lazily in [Lazily::No, Lazily::Yes] {
            let read = SchemasResponse::decode(bytes.clone()).unwrap();
            let identities = super::identities(&from.identities);
            let read = provider_schema(protocol, read, identities, lazily).unwrap();
            assert_eq!(
                format!("{:?}", read.resources["x_thing"].block.attributes),
                format!("{:?}", from.resources["x_thing"].block.attributes)
            );
            assert_eq!(
                read.resources["x_thing"].block.implied_type(),
                from.resources["x_thing"].block.implied_type()
            );
            assert_eq!(
                read.resources["x_thing"].block.description,
                from.resources["x_thing"].block.description
            );
            assert_eq!(read.resources["x_thing"].version, 3);
            assert_eq!(
                format!("{:?} {:?}", read.functions, read.identities),
                format!("{:?} {:?}", from.functions, from.identities)
            );
        }
    }
}

#[test]
fn nested_attributes_are_of_version_6() {
    let problem = schemas(Protocol::Five, &sample(true)).unwrap_err();
    assert!(problem.contains("\"x_thing\""), "{problem}");
    assert!(problem.contains("\"disk\""), "{problem}");
}

#[test]
fn a_schema_that_makes_no_sense_is_named() {
    let entry = Entry {
        key: "x_bad".into(),
        value: Bytes::from_static(b"\xff\xff"),
    };
    let from = SchemasResponse {
        resource_schemas: vec![entry],
        ..SchemasResponse::default()
    };
    let problem = provider_schema(
        Protocol::Six,
        from,
        IdentitySchemasResponse::default(),
        Lazily::No,
    )
    .unwrap_err();
    assert!(problem.contains("resource \"x_bad\""), "{problem}");
}
