//! Schemas as they cross the protocol. Version 5 is the smaller one: no nested attributes, other numbers for two fields of an attribute.

#![expect(
    missing_docs,
    reason = "the fields are named and explained by the protocol's own description"
)]

use super::Diagnostic;
use bytes::Bytes;
use prost::Message;
use std::collections::HashMap;

/// All schemas, each still as it came: they are read one by one, when they are needed. Whether they are of version 5 or 6 is not to be seen here.
#[derive(Clone, PartialEq, Message)]
pub struct SchemasResponse {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub provider: Option<Bytes>,
    #[prost(message, repeated, tag = "2")]
    pub resource_schemas: Vec<Entry>,
    #[prost(message, repeated, tag = "3")]
    pub data_source_schemas: Vec<Entry>,
    #[prost(message, repeated, tag = "4")]
    pub diagnostics: Vec<Diagnostic>,
    #[prost(bytes = "bytes", optional, tag = "5")]
    pub provider_meta: Option<Bytes>,
    #[prost(message, optional, tag = "6")]
    pub server_capabilities: Option<ServerCapabilities>,
    #[prost(map = "string, message", tag = "7")]
    pub functions: HashMap<String, Function>,
    #[prost(message, repeated, tag = "8")]
    pub ephemeral_resource_schemas: Vec<Entry>,
    #[prost(message, repeated, tag = "9")]
    pub list_resource_schemas: Vec<Entry>,
    #[prost(map = "string, message", tag = "11")]
    pub action_schemas: HashMap<String, ActionSchema>,
}

/// An entry of a map, as maps are written.
#[derive(Clone, PartialEq, Message)]
pub struct Entry {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
}

/// A schema in a box of its own.
#[derive(Clone, PartialEq, Message)]
pub struct ActionSchema {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub schema: Option<Bytes>,
}

/// The messages around attributes are the same in both versions, except for what an attribute is.
macro_rules! schemas {
    ($attribute:ident, $schema:ident, $block:ident, $nested_block:ident) => {
        #[derive(Clone, PartialEq, Message)]
        pub struct $schema {
            #[prost(int64, tag = "1")]
            pub version: i64,
            #[prost(message, optional, tag = "2")]
            pub block: Option<$block>,
        }

        #[derive(Clone, PartialEq, Message)]
        pub struct $block {
            #[prost(int64, tag = "1")]
            pub version: i64,
            #[prost(message, repeated, tag = "2")]
            pub attributes: Vec<$attribute>,
            #[prost(message, repeated, tag = "3")]
            pub block_types: Vec<$nested_block>,
            #[prost(string, tag = "4")]
            pub description: String,
            #[prost(int32, tag = "5")]
            pub description_kind: i32,
            #[prost(bool, tag = "6")]
            pub deprecated: bool,
            #[prost(string, tag = "7")]
            pub deprecation_message: String,
        }

        #[derive(Clone, PartialEq, Message)]
        pub struct $nested_block {
            #[prost(string, tag = "1")]
            pub type_name: String,
            #[prost(message, optional, tag = "2")]
            pub block: Option<$block>,
            /// 1: single, 2: list, 3: set, 4: map, 5: group.
            #[prost(int32, tag = "3")]
            pub nesting: i32,
            #[prost(int64, tag = "4")]
            pub min_items: i64,
            #[prost(int64, tag = "5")]
            pub max_items: i64,
        }
    };
}

schemas!(Attribute5, Schema5, Block5, NestedBlock5);
schemas!(Attribute6, Schema6, Block6, NestedBlock6);

#[derive(Clone, PartialEq, Message)]
pub struct Attribute5 {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub ty: Vec<u8>,
    #[prost(string, tag = "3")]
    pub description: String,
    #[prost(bool, tag = "4")]
    pub required: bool,
    #[prost(bool, tag = "5")]
    pub optional: bool,
    #[prost(bool, tag = "6")]
    pub computed: bool,
    #[prost(bool, tag = "7")]
    pub sensitive: bool,
    #[prost(int32, tag = "8")]
    pub description_kind: i32,
    #[prost(bool, tag = "9")]
    pub deprecated: bool,
    #[prost(bool, tag = "10")]
    pub write_only: bool,
    #[prost(string, tag = "11")]
    pub deprecation_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Attribute6 {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub ty: Vec<u8>,
    #[prost(string, tag = "3")]
    pub description: String,
    #[prost(bool, tag = "4")]
    pub required: bool,
    #[prost(bool, tag = "5")]
    pub optional: bool,
    #[prost(bool, tag = "6")]
    pub computed: bool,
    #[prost(bool, tag = "7")]
    pub sensitive: bool,
    #[prost(int32, tag = "8")]
    pub description_kind: i32,
    #[prost(bool, tag = "9")]
    pub deprecated: bool,
    #[prost(message, optional, tag = "10")]
    pub nested_type: Option<Object>,
    #[prost(bool, tag = "11")]
    pub write_only: bool,
    #[prost(string, tag = "12")]
    pub deprecation_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Object {
    #[prost(message, repeated, tag = "1")]
    pub attributes: Vec<Attribute6>,
    /// 1: single, 2: list, 3: set, 4: map.
    #[prost(int32, tag = "3")]
    pub nesting: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct ServerCapabilities {
    #[prost(bool, tag = "1")]
    pub plan_destroy: bool,
    #[prost(bool, tag = "2")]
    pub get_provider_schema_optional: bool,
    #[prost(bool, tag = "3")]
    pub move_resource_state: bool,
    #[prost(bool, tag = "4")]
    pub generate_resource_config: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Function {
    #[prost(message, repeated, tag = "1")]
    pub parameters: Vec<Parameter>,
    #[prost(message, optional, tag = "2")]
    pub variadic_parameter: Option<Parameter>,
    #[prost(message, optional, tag = "3")]
    pub returns: Option<Return>,
    #[prost(string, tag = "4")]
    pub summary: String,
    #[prost(string, tag = "5")]
    pub description: String,
    #[prost(int32, tag = "6")]
    pub description_kind: i32,
    #[prost(string, tag = "7")]
    pub deprecation_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Parameter {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub ty: Vec<u8>,
    #[prost(bool, tag = "3")]
    pub allow_null_value: bool,
    #[prost(bool, tag = "4")]
    pub allow_unknown_values: bool,
    #[prost(string, tag = "5")]
    pub description: String,
    #[prost(int32, tag = "6")]
    pub description_kind: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct Return {
    #[prost(bytes = "vec", tag = "1")]
    pub ty: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct IdentitySchemasResponse {
    #[prost(map = "string, message", tag = "1")]
    pub identity_schemas: HashMap<String, IdentitySchema>,
    #[prost(message, repeated, tag = "2")]
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, PartialEq, Message)]
pub struct IdentitySchema {
    #[prost(int64, tag = "1")]
    pub version: i64,
    #[prost(message, repeated, tag = "2")]
    pub identity_attributes: Vec<IdentityAttribute>,
}

#[derive(Clone, PartialEq, Message)]
pub struct IdentityAttribute {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub ty: Vec<u8>,
    #[prost(bool, tag = "3")]
    pub required_for_import: bool,
    #[prost(bool, tag = "4")]
    pub optional_for_import: bool,
    #[prost(string, tag = "5")]
    pub description: String,
}
