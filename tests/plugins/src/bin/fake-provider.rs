//! A plugin that misbehaves in the way that `FAKE_FAULT` names: a fault, and behind an `@` the calls at which it happens (by their names in version 6).

use bytes::{BufMut as _, Bytes};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::Write as _;
use std::sync::Arc;
use terrane_plugin_tests::cloud;
use terrane_protocol::message::{self as proto, DynamicValue};
use terrane_protocol::{Handshake, Protocol, Rpc};
use terrane_serve::{Answered, Asked, Service};
use terrane_value::{Type, Value, msgpack};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

/// What a plugin must be able to do. `bare`: it can do nothing else, not even hand on its output.
const LEAST: [Rpc; 11] = [
    Rpc::GetSchemas,
    Rpc::ValidateProvider,
    Rpc::ValidateResource,
    Rpc::ValidateDataSource,
    Rpc::UpgradeState,
    Rpc::Configure,
    Rpc::Read,
    Rpc::Plan,
    Rpc::Apply,
    Rpc::ReadDataSource,
    Rpc::Stop,
];

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let fault = std::env::var("FAKE_FAULT").unwrap_or_default();
    let (fault, at) = fault.split_once('@').unwrap_or((&fault, ""));
    match fault {
        "silent" => loop {
            tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        },
        // A program that a plugin has started: keeps a file locked.
        "child" => {
            let Ok(file) = std::fs::File::create(at) else {
                return std::process::ExitCode::FAILURE;
            };
            drop(file.lock());
            drop(writeln!(std::io::stdout(), "locked"));
            loop {
                tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
            }
        }
        "noise" => {
            drop(std::io::stdout().write_all(&[0xff; 200_000]));
            return std::process::ExitCode::FAILURE;
        }
        _ => {}
    }
    if fault == "flood" {
        drop(std::thread::spawn(flood));
    }
    let at = at
        .split(',')
        .filter_map(|name| Rpc::by_name(Protocol::Six, name));
    match serve(fault.to_owned(), at.collect()).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(_) => std::process::ExitCode::FAILURE,
    }
}

/// Writes to standard error as fast as it is read.
fn flood() {
    let line =
        b"a line of no importance, one of very many that nobody will ever read\n".repeat(1000);
    loop {
        if std::io::stderr().write_all(&line).is_err() {
            return;
        }
    }
}

#[expect(clippy::exit, reason = "the host wants the program to end")]
async fn serve(fault: String, at: Arc<[Rpc]>) -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::var("PLUGIN_UNIX_SOCKET_DIR")?;
    let path = std::path::Path::new(&folder).join("socket");
    let listener = tokio::net::UnixListener::bind(&path)?;
    let provider = cloud::provider();
    let service = Service::new(&provider, Protocol::Six)
        .await
        .map_err(|failure| failure.message)?;
    let handshake = Handshake {
        protocol: Protocol::Six,
        endpoint: terrane_protocol::Endpoint::Unix(path),
        certificate: None,
    };
    writeln!(std::io::stdout(), "{handshake}")?;
    let (ended, stays) = (service.clone(), fault == "parent");
    drop(tokio::spawn(async move {
        ended.ended().await;
        if !stays {
            std::process::exit(0);
        }
    }));
    loop {
        let (stream, _) = listener.accept().await?;
        let (service, fault, at) = (service.clone(), fault.clone(), at.clone());
        let answer = hyper::service::service_fn(move |request: Asked| {
            answer(service.clone(), fault.clone(), at.clone(), request)
        });
        let serve = async move {
            let builder = auto::Builder::new(TokioExecutor::new()).http2_only();
            drop(builder.serve_connection(TokioIo::new(stream), answer).await);
        };
        drop(tokio::spawn(serve));
    }
}

async fn answer(
    service: Service,
    fault: String,
    at: Arc<[Rpc]>,
    request: Asked,
) -> Result<Answered, Infallible> {
    let path = request.uri().path().to_owned();
    if fault == "bare" && !LEAST.iter().any(|rpc| path == rpc.path(Protocol::Six)) {
        return Ok(Status::unimplemented("there is no such call").into_http());
    }
    if !at.iter().any(|at| path == at.path(Protocol::Six)) {
        return service.route(request).await;
    }
    Ok(match fault.as_str() {
        "crash" => {
            drop(writeln!(
                std::io::stderr(),
                "some line\npanic: the roof is on fire\n\ngoroutine 1"
            ));
            std::process::abort();
        }
        "hang" => {
            // Whoever wants to know that it hangs listens there.
            let listener = std::env::var("FAKE_FILE").unwrap_or_default();
            let _told = tokio::net::UnixStream::connect(listener).await;
            std::future::pending().await
        }
        "garbage" => raw(request, Bytes::from_static(b"\xff\xff\xff\xff\xff")).await,
        "nonsense" => raw(request, everywhere(&Bytes::from_static(b"\xc1\xff\x00"))).await,
        "wrong-type" => {
            let number = msgpack::encode(&Value::number(7), &Type::Number).unwrap_or_default();
            raw(request, everywhere(&number.into())).await
        }
        "big" => {
            let text = Value::object([
                ("name", Value::string("x".repeat(60 << 20))),
                ("id", Value::string("1")),
            ]);
            let ty = Type::object([("name", Type::String), ("id", Type::String)]);
            let big = msgpack::encode(&text, &ty).unwrap_or_default();
            raw(request, everywhere(&big.into())).await
        }
        "deferred" => raw(request, deferred()).await,
        "empty" => raw(request, Bytes::new()).await,
        "trace" => {
            Status::internal("a line of a trace\n".repeat(10_000) + "its last line").into_http()
        }
        "parent" => {
            let file = std::env::var("FAKE_FILE").unwrap_or_default();
            Status::internal(start_child(&file).unwrap_or_else(|error| error.to_string()))
                .into_http()
        }
        _ => return service.route(request).await,
    })
}

/// A message with this value wherever an answer may have one: under the numbers 1 and 3.
fn everywhere(bytes: &Bytes) -> Bytes {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Both {
        #[prost(message, optional, tag = "1")]
        first: Option<DynamicValue>,
    }
    let value = DynamicValue {
        msgpack: bytes.clone(),
        json: Bytes::new(),
    };
    let both = Both { first: Some(value) };
    prost::Message::encode_to_vec(&both).into()
}

/// Starts a program that outlives this one, and waits until it says that it is there.
fn start_child(file: &str) -> std::io::Result<String> {
    let mut child = std::process::Command::new(std::env::current_exe()?)
        .env("FAKE_FAULT", format!("child@{file}"))
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    let mut said = String::new();
    if let Some(stdout) = child.stdout.take() {
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut said)?;
    }
    Ok(said)
}

fn deferred() -> Bytes {
    let response = proto::ReadResponse {
        deferred: Some(proto::Deferred { reason: 2 }),
        ..proto::ReadResponse::default()
    };
    prost::Message::encode_to_vec(&response).into()
}

/// Bytes as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = ();
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
        let length = bytes::Buf::remaining(buffer);
        bytes::Buf::advance(buffer, length);
        Ok(Some(()))
    }
}

struct Given(Bytes);

impl UnaryService<()> for Given {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, _request: Request<()>) -> Self::Future {
        ready(Ok(Response::new(self.0.clone())))
    }
}

async fn raw(request: Asked, bytes: Bytes) -> Answered {
    Grpc::new(Raw)
        .max_decoding_message_size(256 << 20)
        .unary(Given(bytes), request)
        .await
}
