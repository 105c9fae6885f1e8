//! From the name of a call to what answers it.

use crate::service::{Parts, Service};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt as _};
use hyper::body::Incoming;
use prost::Message;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use terrane_protocol::Rpc;
use terrane_protocol::message::{Empty, StdioData};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{Grpc, ServerStreamingService, StreamingService, UnaryService};
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

/// The largest message that is taken.
const MAX_MESSAGE: usize = 256 << 20;

/// A call as it comes over HTTP.
pub type Asked = http::Request<Incoming>;
/// Its answer.
pub type Answered = http::Response<Body>;
type Streamed<A> = BoxFuture<'static, Result<BoxStream<'static, Result<A, Status>>, Status>>;

/// The answer of the health service: it serves.
#[derive(Clone, PartialEq, Message)]
struct Health {
    #[prost(int32, tag = "1")]
    status: i32,
}

impl Service {
    /// Answers one call: for a server of one's own.
    pub fn route(self, request: Asked) -> BoxFuture<'static, Result<Answered, Infallible>> {
        let path = request.uri().path().to_owned();
        let (service, method) = path
            .strip_prefix('/')
            .and_then(|path| path.split_once('/'))
            .unwrap_or_default();
        let parts = self.0;
        let answered = match (service, method) {
            ("plugin.GRPCController", "Shutdown") => {
                parts.shutdown.notify_one();
                unary(parts, request, |_, _: Empty| async { Ok(Empty {}) }.boxed())
            }
            ("plugin.GRPCStdio", "StreamStdio") => {
                // What a provider writes goes to its own standard error, so there is nothing to tell: but the stream stays open as long as it serves.
                let none = |_: Arc<Parts>, _: Empty| {
                    async { Ok(stream::pending::<Result<StdioData, Status>>().boxed()) }.boxed()
                };
                streaming(parts, request, none)
            }
            ("plugin.GRPCBroker", "StartStream") => broker(request),
            ("grpc.health.v1.Health", "Check") => {
                let serving = |_: Arc<Parts>, _: Empty| async { Ok(Health { status: 1 }) }.boxed();
                unary(parts, request, serving)
            }
            (name, method) if name == parts.protocol.service() => {
                match Rpc::by_name(parts.protocol, method) {
                    Some(rpc) => provider(parts, rpc, request),
                    None => unimplemented(parts, request),
                }
            }
            _ => unimplemented(parts, request),
        };
        answered.map(Ok).boxed()
    }
}

/// Calls of the provider service.
fn provider(parts: Arc<Parts>, rpc: Rpc, request: Asked) -> BoxFuture<'static, Answered> {
    macro_rules! by {
        ($method:ident) => {
            unary(parts, request, |parts, asked| {
                async move { parts.$method(asked).await }.boxed()
            })
        };
    }
    match rpc {
        Rpc::GetMetadata => by!(metadata),
        Rpc::GetSchemas => by!(all_schemas),
        Rpc::GetIdentitySchemas => by!(identity_schemas),
        Rpc::GetFunctions => by!(functions),
        Rpc::ValidateProvider => by!(validate_provider),
        Rpc::ValidateResource => by!(validate_resource),
        Rpc::ValidateDataSource => by!(validate_data_source),
        Rpc::ValidateEphemeral => by!(validate_ephemeral),
        Rpc::ValidateList => by!(validate_list),
        Rpc::ValidateAction => by!(validate_action),
        Rpc::UpgradeState => by!(upgrade_state),
        Rpc::UpgradeIdentity => by!(upgrade_identity),
        Rpc::Configure => by!(configure),
        Rpc::Read => by!(read),
        Rpc::Plan => by!(plan),
        Rpc::Apply => by!(apply),
        Rpc::Import => by!(import),
        Rpc::Move => by!(take_over),
        Rpc::ReadDataSource => by!(read_data_source),
        Rpc::GenerateConfig => by!(generate_config),
        Rpc::OpenEphemeral => by!(open_ephemeral),
        Rpc::RenewEphemeral => by!(renew_ephemeral),
        Rpc::CloseEphemeral => by!(close_ephemeral),
        Rpc::CallFunction => by!(call_function),
        Rpc::PlanAction => by!(plan_action),
        Rpc::Stop => by!(stop),
        Rpc::List => streaming(parts, request, |parts, asked| {
            async move { Ok(stream::iter(parts.list(asked).await?.into_iter().map(Ok)).boxed()) }
                .boxed()
        }),
        Rpc::InvokeAction => streaming(parts, request, |parts, asked| {
            async move { Ok(stream::iter(parts.invoke(asked).await?.into_iter().map(Ok)).boxed()) }
                .boxed()
        }),
    }
}

/// A way to answer.
struct Handler<F>(Arc<Parts>, F);

impl<Q, A, F> UnaryService<Q> for Handler<F>
where
    F: Fn(Arc<Parts>, Q) -> BoxFuture<'static, Result<A, Status>>,
    A: 'static,
{
    type Response = A;
    type Future = BoxFuture<'static, Result<Response<A>, Status>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let answer = (self.1)(self.0.clone(), request.into_inner());
        async move { unbroken(answer).await.map(Response::new) }.boxed()
    }
}

impl<Q, A, F> ServerStreamingService<Q> for Handler<F>
where
    F: Fn(Arc<Parts>, Q) -> Streamed<A>,
    A: 'static,
{
    type Response = A;
    type ResponseStream = BoxStream<'static, Result<A, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let answer = (self.1)(self.0.clone(), request.into_inner());
        async move { unbroken(answer).await.map(Response::new) }.boxed()
    }
}

/// A provider that panics fails the call, not the process with all other calls.
async fn unbroken<A>(answer: BoxFuture<'static, Result<A, Status>>) -> Result<A, Status> {
    match AssertUnwindSafe(answer).catch_unwind().await {
        Ok(answered) => answered,
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Err(Status::internal(format!("the provider panicked: {text}")))
        }
    }
}

fn grpc<Q, A>() -> Grpc<ProstCodec<A, Q>>
where
    Q: Message + Default + 'static,
    A: Message + 'static,
{
    Grpc::new(ProstCodec::<A, Q>::default())
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(usize::MAX)
}

fn unary<Q, A, F>(parts: Arc<Parts>, request: Asked, answer: F) -> BoxFuture<'static, Answered>
where
    Q: Message + Default + 'static,
    A: Message + 'static,
    F: Fn(Arc<Parts>, Q) -> BoxFuture<'static, Result<A, Status>> + Send + Sync + 'static,
{
    let answered = async move { grpc::<Q, A>().unary(Handler(parts, answer), request).await };
    answered.boxed()
}

fn streaming<Q, A, F>(parts: Arc<Parts>, request: Asked, answer: F) -> BoxFuture<'static, Answered>
where
    Q: Message + Default + 'static,
    A: Message + 'static,
    F: Fn(Arc<Parts>, Q) -> Streamed<A> + Send + Sync + 'static,
{
    let answered = async move {
        grpc::<Q, A>()
            .server_streaming(Handler(parts, answer), request)
            .await
    };
    answered.boxed()
}

fn unimplemented(parts: Arc<Parts>, request: Asked) -> BoxFuture<'static, Answered> {
    let none = |_: Arc<Parts>, _: Empty| {
        async {
            Err::<Empty, _>(Status::unimplemented(
                "the provider does not know this call",
            ))
        }
        .boxed()
    };
    unary(parts, request, none)
}

/// Hosts open this stream to arrange more connections, which nobody needs. It stays open.
struct Broker;

impl StreamingService<Empty> for Broker {
    type Response = Empty;
    type ResponseStream = BoxStream<'static, Result<Empty, Status>>;
    type Future = BoxFuture<'static, Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _request: Request<Streaming<Empty>>) -> Self::Future {
        async { Ok(Response::new(stream::pending().boxed())) }.boxed()
    }
}

fn broker(request: Asked) -> BoxFuture<'static, Answered> {
    let answered = async move { grpc::<Empty, Empty>().streaming(Broker, request).await };
    answered.boxed()
}
