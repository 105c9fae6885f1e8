//! The provider of the fake plugin: things that are nowhere but in the state.

use async_trait::async_trait;
use terrane_model::addr::ProviderAddr;
use terrane_model::schema::{Attribute, Block, Function, Parameter, Schema};
use terrane_provider::args;
use terrane_provider::native::{
    Answered, Change, DataSource, Ephemeral, NativeFunction, NativeProvider, Object, Resource,
};
use terrane_value::{Type, Value};

#[derive(Debug)]
struct Thing;

fn block() -> Block {
    Block::new()
        .attr("name", Attribute::string().required())
        .attr("id", Attribute::string().computed())
}

#[async_trait]
impl Resource for Thing {
    fn schema(&self) -> Schema {
        Schema::new(1, block())
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let state = args::with_all(&change.planned, [("id", Value::string("thing-1"))]);
        Ok(Object::new(state))
    }
}

#[async_trait]
impl DataSource for Thing {
    fn schema(&self) -> Schema {
        Schema::new(0, block())
    }

    async fn read(
        &self,
        config: Value,
    ) -> Answered<(Value, Vec<terrane_model::provider::ProviderDiagnostic>)> {
        let found = args::with_all(&config, [("id", Value::string("thing-1"))]);
        Ok((found, Vec::new()))
    }
}

#[async_trait]
impl Ephemeral for Thing {
    fn schema(&self) -> Schema {
        Schema::new(0, block())
    }

    async fn open(&self, config: Value) -> Answered<Value> {
        Ok(args::with_all(&config, [("id", Value::string("thing-1"))]))
    }
}

#[derive(Debug)]
struct Echo;

impl NativeFunction for Echo {
    fn signature(&self) -> Function {
        Function::new(Type::String, "The same.").parameter(Parameter::new("text", Type::String))
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, (String, Option<u64>)> {
        Ok(arguments.first().cloned().unwrap_or(Value::NULL))
    }
}

/// The provider `acme/cloud`.
#[must_use]
pub fn provider() -> NativeProvider {
    NativeProvider::builder(ProviderAddr::default_host("acme", "cloud"), "1.0.0")
        .resource("cloud_thing", Thing)
        .data_source("cloud_thing", Thing)
        .ephemeral("cloud_thing", Thing)
        .function("echo", Echo)
        .moves_state()
        .build()
}
