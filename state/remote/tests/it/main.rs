//! The stores from outside: on a disk, behind HTTP, in S3; beside the peer; killed; looked after.

#![expect(
    clippy::unwrap_used,
    reason = "what fails here fails the test, also in functions that tests share"
)]

mod common;
mod http;
mod kill;
mod local;
mod lost_answers;
mod s3;
mod samples;
mod sealed;
mod upkeep;

#[expect(
    unreachable_pub,
    clippy::print_stderr,
    reason = "shared with the tests of the binary"
)]
#[path = "../../../../tests/support/moto.rs"]
mod moto;

#[expect(unreachable_pub, reason = "shared with the tests of the binary")]
#[path = "../../../../tests/support/http_server.rs"]
mod server;
