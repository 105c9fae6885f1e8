//! A provider within the test, and the plugin that it is: served by the serving side of the house.

use async_trait::async_trait;
use std::path::Path as FilePath;
use terrane_model::addr::ProviderAddr;
use terrane_model::provider::{Private, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, Function, IdentitySchema, Parameter, Schema};
use terrane_protocol::{Endpoint, Protocol};
use terrane_provider::args;
use terrane_provider::native::{
    Answered, Change, NativeFunction, NativeProvider, Object, Refusal, Resource,
};
use terrane_provider::plan::Rules;
use terrane_serve::{Listener, Service, listen};
use terrane_value::{Type, Value};

#[derive(Debug)]
struct Thing;

#[async_trait]
impl Resource for Thing {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr("name", Attribute::string().required())
            .attr("id", Attribute::string().computed());
        Schema::new(2, block)
    }

    fn rules(&self) -> Rules {
        Rules::new().replace(&["name"])
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new([("id", Type::String, true)]))
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let state = args::with_all(&change.planned, [("id", Value::string("thing-1"))]);
        Ok(Object {
            private: Private::from(&b"kept"[..]),
            identity: Value::object([("id", Value::string("thing-1"))]),
            diagnostics: vec![ProviderDiagnostic::warning("Slow", "It took its time.")],
            ..Object::new(state)
        })
    }

    async fn read(&self, object: Object) -> Answered<Option<Object>> {
        match args::string(&object.state, "name") {
            Some("gone") => Ok(None),
            Some("panic") => panic!("the cloud is on fire"),
            Some("bad") => Err(Refusal::error("No luck", "The cloud says no.")),
            _ => Ok(Some(object)),
        }
    }
}

#[derive(Debug)]
struct Shout;

impl NativeFunction for Shout {
    fn signature(&self) -> Function {
        Function::new(Type::String, "Shouts.").parameter(Parameter::new("text", Type::String))
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, (String, Option<u64>)> {
        match arguments.first().and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Ok(Value::string(text.to_uppercase())),
            _ => Err(("nothing to shout".to_owned(), Some(0))),
        }
    }
}

pub(super) fn addr() -> ProviderAddr {
    ProviderAddr::default_host("acme", "cloud")
}

pub(super) fn provider() -> NativeProvider {
    NativeProvider::builder(addr(), "1.0.0")
        .resource("cloud_thing", Thing)
        .function("shout", Shout)
        .build()
}

/// The type of `cloud_thing`.
pub(super) fn thing_type() -> Type {
    Type::object([("name", Type::String), ("id", Type::String)])
}

/// Listens until the test ends, on a Unix socket or TCP.
pub(super) async fn start(folder: Option<&FilePath>, protocol: Protocol) -> Endpoint {
    let service = Service::new(&provider(), protocol).await.unwrap();
    let listener = match folder {
        Some(folder) => Listener::unix(folder.join("socket")).unwrap(),
        None => Listener::tcp([0]).await.unwrap(),
    };
    let endpoint = listener.endpoint().clone();
    drop(tokio::spawn(listen(listener, service)));
    endpoint
}
