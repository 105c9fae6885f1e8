//! Services that tests of the binary share: S3 and DynamoDB by moto, servers of `backend "http"`, PostgreSQL.

#[expect(
    dead_code,
    unreachable_pub,
    clippy::print_stderr,
    reason = "shared with the tests of the stores"
)]
#[path = "../../support/moto.rs"]
pub(crate) mod moto;

#[expect(
    dead_code,
    unreachable_pub,
    reason = "shared with the tests of the stores"
)]
#[path = "../../support/http_server.rs"]
pub(crate) mod http_server;

use http_server::Server;
use moto::Moto;
use terrane_store_pg::testing::Server as Postgres;

/// A kind of place for states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Embedded,
    Local,
    Http,
    S3,
    Pg,
}

/// A place that holds nothing yet.
pub(crate) struct Spot {
    /// The `terraform` block; empty: none.
    pub(crate) block: String,
    pub(crate) http: Option<Server>,
    pub(crate) moto: Option<Moto>,
    /// The name of a database.
    pub(crate) database: Option<String>,
}

/// The arguments with which S3 means moto's server.
pub(crate) fn s3_arguments(moto: &Moto) -> String {
    let endpoint = moto.endpoint();
    format!(
        "    bucket         = \"{}\"\n    key            = \"net/s.tfstate\"\n    region         = \"us-east-1\"\n    access_key     = \"id\"\n    secret_key     = \"secret\"\n    use_path_style = true\n    use_lockfile   = true\n    endpoints = {{\n      s3       = \"{endpoint}\"\n      dynamodb = \"{endpoint}\"\n      sts      = \"{endpoint}\"\n    }}\n",
        moto.bucket
    )
}

impl Spot {
    /// A new one; `None`: the service can't be had here, which was said.
    pub(crate) fn new(kind: Kind, number: usize) -> Option<Self> {
        let mut spot = Self {
            block: String::new(),
            http: None,
            moto: None,
            database: None,
        };
        let (name, arguments) = match kind {
            Kind::Embedded => return Some(spot),
            Kind::Local => (
                "local",
                format!("    path = \"place-{number}/s.tfstate\"\n"),
            ),
            Kind::Http => {
                let server = Server::start(None);
                let url = format!("{}/state", server.address);
                spot.http = Some(server);
                (
                    "http",
                    format!(
                        "    address        = \"{url}\"\n    lock_address   = \"{url}\"\n    unlock_address = \"{url}\"\n    retry_max      = 0\n"
                    ),
                )
            }
            Kind::S3 => {
                let moto = spot.moto.insert(Moto::start()?);
                ("s3", s3_arguments(moto))
            }
            Kind::Pg => {
                let server = Postgres::shared();
                let database = spot.database.insert(server.database());
                let url = server.conn_str(database);
                ("pg", format!("    conn_str = \"{url}\"\n"))
            }
        };
        spot.block = format!("terraform {{\n  backend \"{name}\" {{\n{arguments}  }}\n}}\n");
        Some(spot)
    }
}
