//! Places for states, with a way to see all that is stored there.

use crate::folder::Folder;
use crate::services::http_server::Server;
use crate::services::moto::Moto;
use std::path::Path;
use terrane_store_pg::testing::Server as Postgres;

/// Reads everything that is stored.
type Stored = Box<dyn Fn(&Path) -> Vec<u8> + Send>;
/// Replaces what is stored.
type Put = Box<dyn Fn(&Path, &[u8]) + Send>;

/// A place for states.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// The `backend` block, or nothing.
    pub(crate) backend: String,
    pub(crate) env: Vec<(&'static str, String)>,
    /// Everything that is stored there.
    stored: Stored,
    /// Replaces it, where it is one piece.
    pub(crate) put: Option<Put>,
}

impl Place {
    pub(crate) fn stored(&self, folder: &Folder) -> Vec<u8> {
        (self.stored)(folder.path())
    }

    pub(crate) fn env<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = self.env.iter().map(|(name, value)| (*name, value.as_str()));
        own.chain(more.iter().copied()).collect()
    }
}

fn all_of(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return bytes;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() {
            all_of(&path)
        } else {
            std::fs::read(&path).unwrap()
        });
    }
    bytes
}

/// All places. What can't be had here is left out, loudly.
pub(crate) fn places() -> Vec<Place> {
    let mut all = vec![embedded(), local(), over_http()];
    all.extend(s3());
    all.extend(["states", "rows"].map(pg));
    all
}

fn embedded() -> Place {
    Place {
        name: "embedded",
        backend: String::new(),
        env: Vec::new(),
        stored: Box::new(|folder| all_of(&folder.join("terrane.state"))),
        put: None,
    }
}

fn local() -> Place {
    Place {
        name: "local",
        backend: String::from("backend \"local\" {\n  path = \"s.tfstate\"\n}\n"),
        env: Vec::new(),
        stored: Box::new(|folder| std::fs::read(folder.join("s.tfstate")).unwrap_or_default()),
        put: Some(Box::new(|folder, bytes| {
            std::fs::write(folder.join("s.tfstate"), bytes).unwrap();
        })),
    }
}

fn over_http() -> Place {
    let server = Server::start(None);
    let other = server.clone();
    let address = &server.address;
    Place {
        name: "http",
        backend: format!(
            "backend \"http\" {{\n  address        = \"{address}/s\"\n  lock_address   = \"{address}/s\"\n  unlock_address = \"{address}/s\"\n}}\n"
        ),
        env: Vec::new(),
        stored: Box::new(move |_| server.with(|inner| inner.state.clone().unwrap_or_default())),
        put: Some(Box::new(move |_, bytes| {
            other.with(|inner| inner.state = Some(bytes.to_vec()));
        })),
    }
}

fn s3() -> Option<Place> {
    let moto = Moto::start()?;
    let (endpoint, bucket) = (moto.endpoint(), moto.bucket.clone());
    let other = Moto::at(moto.port, &bucket);
    Some(Place {
        name: "s3",
        backend: format!(
            "backend \"s3\" {{\n  bucket         = \"{bucket}\"\n  key            = \"s\"\n  region         = \"us-east-1\"\n  use_path_style = true\n  use_lockfile   = true\n  endpoints      = {{ s3 = \"{endpoint}\" }}\n  skip_credentials_validation = true\n  skip_requesting_account_id  = true\n  skip_metadata_api_check     = true\n  skip_region_validation      = true\n}}\n"
        ),
        env: vec![
            ("AWS_ACCESS_KEY_ID", String::from("x")),
            ("AWS_SECRET_ACCESS_KEY", String::from("canary-s3-key-77Rt")),
        ],
        stored: Box::new(move |_| moto.object("s").unwrap_or_default()),
        put: Some(Box::new(move |_, bytes| {
            other.put_object("s", std::str::from_utf8(bytes).unwrap());
        })),
    })
}

pub(crate) fn pg(layout: &'static str) -> Place {
    let server = Postgres::shared();
    let database = server.database();
    Place {
        name: if layout == "rows" {
            "pg, rows"
        } else {
            "pg, states"
        },
        backend: format!("backend \"pg\" {{\n  layout = \"{layout}\"\n}}\n"),
        env: vec![("PG_CONN_STR", server.conn_str(&database))],
        stored: Box::new(move |_| {
            let tables = server.psql(
                &database,
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
            );
            tables
                .lines()
                .flat_map(|table| {
                    // Bytes as they are: `bytea` is shown in hexadecimal otherwise.
                    let rows = server.psql(
                        &database,
                        &format!("SET bytea_output = 'escape'; SELECT * FROM {table}"),
                    );
                    rows.into_bytes()
                })
                .collect()
        }),
        put: None,
    }
}
