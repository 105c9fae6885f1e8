//! A plugin within the test: the server's half of the protocol, for one resource type and one function.

use crate::handshake::{Endpoint, Protocol};
use crate::proto::schema::{
    Attribute5, Attribute6, Block5, Block6, Function, IdentitySchemasResponse, Parameter,
    Response5, Response6, Return, Schema5, Schema6, ServerCapabilities,
};
use crate::proto::{self, DynamicValue, Empty, Messages};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use prost::Message;
use std::convert::Infallible;
use std::future::{Ready, ready};
use terrane_value::{Type, Value, msgpack};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tonic::codegen::http;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

/// Listens until the test ends.
pub(super) fn listen(folder: &std::path::Path, protocol: Protocol) -> Endpoint {
    let path = folder.join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    drop(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(tokio::spawn(serve(stream, protocol)));
        }
    }));
    Endpoint::Unix(path)
}

/// Answers on one connection.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    protocol: Protocol,
) {
    let service = hyper::service::service_fn(move |request| route(request, protocol));
    let served = auto::Builder::new(TokioExecutor::new())
        .http2_only()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    drop(served);
}

type Incoming = http::Request<hyper::body::Incoming>;
type Outgoing = http::Response<tonic::body::Body>;

async fn route(request: Incoming, protocol: Protocol) -> Result<Outgoing, Infallible> {
    let path = request.uri().path().to_owned();
    let service = match protocol {
        Protocol::Five => "/tfplugin5.Provider/",
        Protocol::Six => "/tfplugin6.Provider/",
    };
    let method = path.strip_prefix(service).unwrap_or_default().to_owned();
    Ok(match (method.as_str(), protocol) {
        ("GetSchema", Protocol::Five) => unary(request, |_: Empty| Ok(schema5())).await,
        ("GetProviderSchema", Protocol::Six) => unary(request, |_: Empty| Ok(schema6())).await,
        ("GetResourceIdentitySchemas", Protocol::Six) => {
            unary(request, |_: Empty| Ok(IdentitySchemasResponse::default())).await
        }
        ("Configure", Protocol::Five) | ("ConfigureProvider", Protocol::Six) => {
            unary(
                request,
                |_: proto::ConfigureRequest| Ok(Messages::default()),
            )
            .await
        }
        ("PlanResourceChange", _) => unary(request, plan).await,
        ("ApplyResourceChange", _) => unary(request, apply).await,
        ("GetFunctions", _) => unary(request, more_functions).await,
        ("CallFunction", _) => unary(request, function).await,
        ("ReadResource", _) => {
            unary(request, |_: proto::ReadRequest| {
                Err::<proto::ReadResponse, _>(Status::internal("the cloud is on fire"))
            })
            .await
        }
        _ => {
            unary(request, |_: Empty| {
                Err::<Empty, _>(Status::unimplemented("no such method"))
            })
            .await
        }
    })
}

struct Handler<F>(F);

impl<Q, A, F: FnMut(Q) -> Result<A, Status>> UnaryService<Q> for Handler<F> {
    type Response = A;
    type Future = Ready<Result<Response<A>, Status>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        ready((self.0)(request.into_inner()).map(Response::new))
    }
}

async fn unary<Q, A, F>(request: Incoming, handle: F) -> Outgoing
where
    Q: Message + Default + 'static,
    A: Message + 'static,
    F: FnMut(Q) -> Result<A, Status>,
{
    Grpc::new(ProstCodec::<A, Q>::default())
        .unary(Handler(handle), request)
        .await
}

const ATTRIBUTES: [(&str, &str, bool); 2] =
    [("name", "\"string\"", true), ("id", "\"string\"", false)];

fn schema5() -> Response5 {
    let attributes = ATTRIBUTES.map(|(name, ty, required)| Attribute5 {
        name: name.into(),
        ty: ty.into(),
        required,
        computed: !required,
        ..Attribute5::default()
    });
    let block = Block5 {
        attributes: attributes.into(),
        ..Block5::default()
    };
    let schema = Schema5 {
        version: 2,
        block: Some(block),
    };
    Response5 {
        resource_schemas: [("cloud_thing".to_owned(), schema)].into(),
        functions: functions(),
        ..Response5::default()
    }
}

fn schema6() -> Response6 {
    let attributes = ATTRIBUTES.map(|(name, ty, required)| Attribute6 {
        name: name.into(),
        ty: ty.into(),
        required,
        computed: !required,
        ..Attribute6::default()
    });
    let block = Block6 {
        attributes: attributes.into(),
        ..Block6::default()
    };
    let schema = Schema6 {
        version: 2,
        block: Some(block),
    };
    Response6 {
        resource_schemas: [("cloud_thing".to_owned(), schema)].into(),
        functions: functions(),
        server_capabilities: Some(ServerCapabilities {
            plan_destroy: true,
            ..ServerCapabilities::default()
        }),
        ..Response6::default()
    }
}

fn functions() -> std::collections::HashMap<String, Function> {
    let parameter = Parameter {
        name: "text".into(),
        ty: "\"string\"".into(),
        ..Parameter::default()
    };
    let shout = Function {
        parameters: vec![parameter],
        returns: Some(Return {
            ty: "\"string\"".into(),
        }),
        ..Function::default()
    };
    [("shout".to_owned(), shout)].into()
}

/// The type of `cloud_thing`.
pub(super) fn thing_type() -> Type {
    Type::object([("name", Type::String), ("id", Type::String)])
}

fn value(from: Option<DynamicValue>, ty: &Type) -> Result<Value, Status> {
    let bytes = from.map(|value| value.msgpack).unwrap_or_default();
    msgpack::decode(&bytes, ty).map_err(|error| Status::invalid_argument(error.to_string()))
}

fn dynamic(value: &Value, ty: &Type) -> Option<DynamicValue> {
    Some(DynamicValue {
        msgpack: msgpack::encode(value, ty).unwrap(),
        json: Vec::new(),
    })
}

fn with_id(thing: &Value, id: Value) -> Value {
    let name = thing.get("name").cloned().unwrap_or(Value::NULL);
    Value::object([("name", name), ("id", id)])
}

fn plan(request: proto::PlanRequest) -> Result<proto::PlanResponse, Status> {
    let ty = thing_type();
    let proposed = value(request.proposed_new_state, &ty)?;
    Ok(proto::PlanResponse {
        planned_state: dynamic(&with_id(&proposed, Value::unknown(Type::String)), &ty),
        planned_private: b"planned".to_vec(),
        requires_replace: vec![proto::AttributePath {
            steps: vec![proto::Step {
                selector: Some(proto::Selector::AttributeName("name".into())),
            }],
        }],
        ..proto::PlanResponse::default()
    })
}

fn apply(request: proto::ApplyRequest) -> Result<proto::ApplyResponse, Status> {
    let ty = thing_type();
    if request.planned_private != b"planned" {
        return Err(Status::invalid_argument("the private bytes were lost"));
    }
    let planned = value(request.planned_state, &ty)?;
    Ok(proto::ApplyResponse {
        new_state: dynamic(&with_id(&planned, Value::string("thing-1")), &ty),
        private: b"kept".to_vec(),
        diagnostics: vec![proto::Diagnostic {
            severity: 2,
            summary: "Slow".into(),
            ..proto::Diagnostic::default()
        }],
        ..proto::ApplyResponse::default()
    })
}

/// What it has once it is configured.
fn more_functions(_: proto::Empty) -> Result<proto::GetFunctionsResponse, Status> {
    let functions = functions();
    let again = functions.values().map(|one| ("yell".into(), one.clone()));
    Ok(proto::GetFunctionsResponse {
        functions: again.collect(),
        ..proto::GetFunctionsResponse::default()
    })
}

fn function(request: proto::CallFunctionRequest) -> Result<proto::CallFunctionResponse, Status> {
    let argument = value(request.arguments.into_iter().next(), &Type::String)?;
    let text = argument.as_str().unwrap_or_default();
    if text.is_empty() {
        return Ok(proto::CallFunctionResponse {
            error: Some(proto::FunctionError {
                text: "nothing to shout".into(),
                function_argument: Some(0),
            }),
            ..proto::CallFunctionResponse::default()
        });
    }
    Ok(proto::CallFunctionResponse {
        result: dynamic(&Value::string(text.to_uppercase()), &Type::String),
        ..proto::CallFunctionResponse::default()
    })
}
