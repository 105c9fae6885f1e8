//! Schemas as they cross the protocol. Version 5 is the smaller one: no nested attributes, other numbers for two fields of an attribute.

use super::Diagnostic;
use prost::Message;
use std::collections::HashMap;

/// The messages around attributes are the same in both versions, except for what an attribute is.
macro_rules! schemas {
    ($attribute:ident, $schema:ident, $block:ident, $nested_block:ident, $response:ident) => {
        #[derive(Clone, PartialEq, Message)]
        pub(crate) struct $schema {
            #[prost(int64, tag = "1")]
            pub(crate) version: i64,
            #[prost(message, optional, tag = "2")]
            pub(crate) block: Option<$block>,
        }

        #[derive(Clone, PartialEq, Message)]
        pub(crate) struct $block {
            #[prost(int64, tag = "1")]
            pub(crate) version: i64,
            #[prost(message, repeated, tag = "2")]
            pub(crate) attributes: Vec<$attribute>,
            #[prost(message, repeated, tag = "3")]
            pub(crate) block_types: Vec<$nested_block>,
            #[prost(string, tag = "4")]
            pub(crate) description: String,
            #[prost(int32, tag = "5")]
            pub(crate) description_kind: i32,
            #[prost(bool, tag = "6")]
            pub(crate) deprecated: bool,
            #[prost(string, tag = "7")]
            pub(crate) deprecation_message: String,
        }

        #[derive(Clone, PartialEq, Message)]
        pub(crate) struct $nested_block {
            #[prost(string, tag = "1")]
            pub(crate) type_name: String,
            #[prost(message, optional, tag = "2")]
            pub(crate) block: Option<$block>,
            /// 1: single, 2: list, 3: set, 4: map, 5: group.
            #[prost(int32, tag = "3")]
            pub(crate) nesting: i32,
            #[prost(int64, tag = "4")]
            pub(crate) min_items: i64,
            #[prost(int64, tag = "5")]
            pub(crate) max_items: i64,
        }

        #[derive(Clone, PartialEq, Message)]
        pub(crate) struct $response {
            #[prost(message, optional, tag = "1")]
            pub(crate) provider: Option<$schema>,
            #[prost(map = "string, message", tag = "2")]
            pub(crate) resource_schemas: HashMap<String, $schema>,
            #[prost(map = "string, message", tag = "3")]
            pub(crate) data_source_schemas: HashMap<String, $schema>,
            #[prost(message, repeated, tag = "4")]
            pub(crate) diagnostics: Vec<Diagnostic>,
            #[prost(message, optional, tag = "5")]
            pub(crate) provider_meta: Option<$schema>,
            #[prost(message, optional, tag = "6")]
            pub(crate) server_capabilities: Option<ServerCapabilities>,
            #[prost(map = "string, message", tag = "7")]
            pub(crate) functions: HashMap<String, Function>,
            #[prost(map = "string, message", tag = "8")]
            pub(crate) ephemeral_resource_schemas: HashMap<String, $schema>,
            #[prost(map = "string, message", tag = "9")]
            pub(crate) list_resource_schemas: HashMap<String, $schema>,
        }
    };
}

schemas!(Attribute5, Schema5, Block5, NestedBlock5, Response5);
schemas!(Attribute6, Schema6, Block6, NestedBlock6, Response6);

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Attribute5 {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) ty: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(crate) description: String,
    #[prost(bool, tag = "4")]
    pub(crate) required: bool,
    #[prost(bool, tag = "5")]
    pub(crate) optional: bool,
    #[prost(bool, tag = "6")]
    pub(crate) computed: bool,
    #[prost(bool, tag = "7")]
    pub(crate) sensitive: bool,
    #[prost(int32, tag = "8")]
    pub(crate) description_kind: i32,
    #[prost(bool, tag = "9")]
    pub(crate) deprecated: bool,
    #[prost(bool, tag = "10")]
    pub(crate) write_only: bool,
    #[prost(string, tag = "11")]
    pub(crate) deprecation_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Attribute6 {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) ty: Vec<u8>,
    #[prost(string, tag = "3")]
    pub(crate) description: String,
    #[prost(bool, tag = "4")]
    pub(crate) required: bool,
    #[prost(bool, tag = "5")]
    pub(crate) optional: bool,
    #[prost(bool, tag = "6")]
    pub(crate) computed: bool,
    #[prost(bool, tag = "7")]
    pub(crate) sensitive: bool,
    #[prost(int32, tag = "8")]
    pub(crate) description_kind: i32,
    #[prost(bool, tag = "9")]
    pub(crate) deprecated: bool,
    #[prost(message, optional, tag = "10")]
    pub(crate) nested_type: Option<Object>,
    #[prost(bool, tag = "11")]
    pub(crate) write_only: bool,
    #[prost(string, tag = "12")]
    pub(crate) deprecation_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Object {
    #[prost(message, repeated, tag = "1")]
    pub(crate) attributes: Vec<Attribute6>,
    /// 1: single, 2: list, 3: set, 4: map.
    #[prost(int32, tag = "3")]
    pub(crate) nesting: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct ServerCapabilities {
    #[prost(bool, tag = "1")]
    pub(crate) plan_destroy: bool,
    #[prost(bool, tag = "2")]
    pub(crate) get_provider_schema_optional: bool,
    #[prost(bool, tag = "3")]
    pub(crate) move_resource_state: bool,
    #[prost(bool, tag = "4")]
    pub(crate) generate_resource_config: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Function {
    #[prost(message, repeated, tag = "1")]
    pub(crate) parameters: Vec<Parameter>,
    #[prost(message, optional, tag = "2")]
    pub(crate) variadic_parameter: Option<Parameter>,
    #[prost(message, optional, tag = "3")]
    pub(crate) returns: Option<Return>,
    #[prost(string, tag = "4")]
    pub(crate) summary: String,
    #[prost(string, tag = "5")]
    pub(crate) description: String,
    #[prost(int32, tag = "6")]
    pub(crate) description_kind: i32,
    #[prost(string, tag = "7")]
    pub(crate) deprecation_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Parameter {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) ty: Vec<u8>,
    #[prost(bool, tag = "3")]
    pub(crate) allow_null_value: bool,
    #[prost(bool, tag = "4")]
    pub(crate) allow_unknown_values: bool,
    #[prost(string, tag = "5")]
    pub(crate) description: String,
    #[prost(int32, tag = "6")]
    pub(crate) description_kind: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Return {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) ty: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct IdentitySchemasResponse {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) identity_schemas: HashMap<String, IdentitySchema>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct IdentitySchema {
    #[prost(int64, tag = "1")]
    pub(crate) version: i64,
    #[prost(message, repeated, tag = "2")]
    pub(crate) identity_attributes: Vec<IdentityAttribute>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct IdentityAttribute {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) ty: Vec<u8>,
    #[prost(bool, tag = "3")]
    pub(crate) required_for_import: bool,
    #[prost(bool, tag = "4")]
    pub(crate) optional_for_import: bool,
    #[prost(string, tag = "5")]
    pub(crate) description: String,
}
