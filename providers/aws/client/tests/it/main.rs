//! The client against moto, and against moto with faults. Without Python, this is left out, loudly.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

#[expect(
    dead_code,
    unreachable_pub,
    clippy::print_stderr,
    reason = "shared with the tests of stores and of the binary, which use more of it"
)]
#[path = "../../../../../tests/support/moto.rs"]
mod moto;

mod faults;
mod script;
mod services;
mod setup;

use serde_json::{Value, json};
use terrane_aws_client::{Api as _, ApiError, Client, Keys, Request, Settings};

/// Settings for a server on this machine. Each test has an account of its own, so that they don't see each other.
fn settings(url: &str, account: &str) -> Settings {
    let mut settings = Settings {
        region: Some("eu-central-1".into()),
        s3_use_path_style: true,
        first_pause_ms: Some(1),
        headers: vec![("x-moto-account-id".into(), account.into())],
        ..Settings::default()
    };
    settings
        .environment
        .insert("AWS_ENDPOINT_URL".into(), url.into());
    settings.access.keys = Some(Keys {
        id: "mock".into(),
        secret: "mock".into(),
        token: None,
    });
    settings
}

async fn client(url: &str, account: &str) -> Client {
    Client::new(settings(url, account)).await.unwrap()
}

async fn ask(client: &Client, service: &str, operation: &str, input: Value) -> Value {
    call(client, service, operation, input).await.unwrap()
}

async fn call(
    client: &Client,
    service: &str,
    operation: &str,
    input: Value,
) -> Result<Value, ApiError> {
    client.call(Request::new(service, operation, input)).await
}

/// How many things of a listing there are.
async fn count(client: &Client, service: &str, operation: &str, key: &str) -> usize {
    let answer = ask(client, service, operation, json!({})).await;
    answer[key].as_array().map_or(0, Vec::len)
}
