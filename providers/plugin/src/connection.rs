//! A connection to a plugin: gRPC over a Unix socket or TCP, with or without TLS.

use hyper_util::rt::TokioIo;
use prost::Message;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use terrane_protocol::message::{Empty, StdioData};
use terrane_protocol::{Endpoint, Protocol, Rpc};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint as Target};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// The largest message that is taken: as the Go implementation's own servers allow.
const MAX_MESSAGE: usize = 256 << 20;
/// How much may be under way in one call before the receiver says more. Schemas are large and the way is short.
const WINDOW: u32 = 8 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// The largest headers that are taken: the message of a call that failed is one, and may hold the trace of a panic. As the Go implementation allows.
const MAX_HEADERS: u32 = 16 << 20;

/// A connection over which calls are made, any number at once.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    grpc: Grpc<Channel>,
    protocol: Protocol,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(
        protocol: Protocol,
        endpoint: Endpoint,
        tls: Option<ClientConfig>,
    ) -> Result<Self, tonic::transport::Error> {
        let tls = tls.map(|config| TlsConnector::from(Arc::new(config)));
        let connector = tower::service_fn(move |_| connect(endpoint.clone(), tls.clone()));
        let channel = Target::from_static("http://localhost")
            .initial_connection_window_size(WINDOW)
            .initial_stream_window_size(WINDOW)
            .http2_max_header_list_size(MAX_HEADERS)
            .connect_timeout(CONNECT_TIMEOUT)
            .connect_with_connector(connector)
            .await?;
        let grpc = Grpc::new(channel)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        Ok(Self { grpc, protocol })
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Makes a call of the provider service.
    pub(crate) async fn call<Q, A>(&self, rpc: Rpc, request: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.unary(rpc.path(self.protocol), request).await
    }

    /// Makes a call of the provider service whose answer is a stream.
    pub(crate) async fn stream<Q, A>(&self, rpc: Rpc, request: Q) -> Result<Streaming<A>, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        self.server_streaming(rpc.path(self.protocol), request)
            .await
    }

    /// What the plugin writes to its standard output and error, as long as it runs.
    pub(crate) async fn stdio(&self) -> Result<Streaming<StdioData>, Status> {
        let path = "/plugin.GRPCStdio/StreamStdio".to_owned();
        self.server_streaming(path, Empty {}).await
    }

    /// Asks the plugin to end. The answer may be lost, since it does.
    pub(crate) async fn shut_down(&self) {
        let path = "/plugin.GRPCController/Shutdown".to_owned();
        let asked: Result<Empty, Status> = self.unary(path, Empty {}).await;
        if let Err(status) = asked
            && status.code() == Code::Unimplemented
        {
            tracing::debug!("the plugin can't be asked to end");
        }
    }

    async fn unary<Q, A>(&self, path: String, request: Q) -> Result<A, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc.clone();
        ready(&mut grpc).await?;
        let codec = ProstCodec::<Q, A>::default();
        let answer = grpc.unary(Request::new(request), uri(path)?, codec).await?;
        Ok(answer.into_inner())
    }

    async fn server_streaming<Q, A>(&self, path: String, request: Q) -> Result<Streaming<A>, Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc.clone();
        ready(&mut grpc).await?;
        let codec = ProstCodec::<Q, A>::default();
        let answer = grpc
            .server_streaming(Request::new(request), uri(path)?, codec)
            .await?;
        Ok(answer.into_inner())
    }
}

async fn ready(grpc: &mut Grpc<Channel>) -> Result<(), Status> {
    grpc.ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))
}

fn uri(path: String) -> Result<PathAndQuery, Status> {
    PathAndQuery::try_from(path).map_err(|error| Status::internal(error.to_string()))
}

/// A stream of bytes in both directions.
trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for S {}

async fn connect(
    endpoint: Endpoint,
    tls: Option<TlsConnector>,
) -> io::Result<TokioIo<Box<dyn Stream>>> {
    let plain: Box<dyn Stream> = match endpoint {
        Endpoint::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Endpoint::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // Without it each call waits 40 ms for an acknowledgement (measured).
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    };
    let Some(tls) = tls else {
        return Ok(TokioIo::new(plain));
    };
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    Ok(TokioIo::new(Box::new(tls.connect(name, plain).await?)))
}
