//! The provider against moto. Without Python, this is left out, loudly.

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
#[path = "../../../../tests/support/moto.rs"]
mod moto;

mod accounts;
mod alike;
mod apis;
mod edge;
mod forms;
mod front;
mod kept;
mod life;
mod listed;
mod lives;
mod plain;
mod refused;
mod script;
mod services;
mod sources;
mod stores;
mod support;
mod unset;
